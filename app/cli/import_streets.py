"""`flask import streets`: a township's street network, each import a new version."""

from __future__ import annotations

from typing import Any

import shapely

from app.coverage.pieces import cut
from app.geo import projector
from app.geofiles.guard import LINES
from app.geofiles.problems import Problem
from app.geofiles.reader import Reading
from app.geofiles.values import Values
from app.routes.operations import StreetRow

TYPES = LINES
FIELDS: dict[str, tuple[str, ...]] = {
    "name": ("street", "路名", "名称"),
    "highway": ("fclass", "class", "道路等级", "类型"),
}


def street_rows(reading: Reading, metres_crs: str) -> tuple[list[StreetRow], list[Problem]]:
    """The streets of a file; a line in several parts is several streets."""
    problems: list[Problem] = []
    rows = []
    for row in reading.rows:
        values = Values(row.line, row.attributes, problems)
        name, highway = values.text("name"), values.text("highway", 40)
        for part in shapely.get_parts(row.geometry):
            length = length_m(part, metres_crs)
            if length <= 0:
                values.fault("line_without_length")
                continue
            rows.append(StreetRow(row.line, part, length, cut(length), name, highway))
    return rows, problems


def length_m(line: Any, metres_crs: str) -> float:
    """Metres of a WGS-84 line in a projected system: the same sum that numbers its pieces later."""
    xy = projector(metres_crs)(*shapely.get_coordinates(line).T)
    return float(shapely.length(shapely.linestrings(xy[0], xy[1])))
