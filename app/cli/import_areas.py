"""`flask import areas`: counties, townships, villages and grids with their figures."""

from __future__ import annotations

from typing import Any

import shapely

from app.areas.operations import AreaRow
from app.areas.rules import PARENT_LEVEL, is_area_code
from app.geofiles.guard import POLYGONS
from app.geofiles.problems import Problem
from app.geofiles.reader import Reading, Row
from app.geofiles.values import Values

TYPES = POLYGONS
LEVELS = {
    **{level: level for level in PARENT_LEVEL},
    **dict.fromkeys(("县", "区", "市", "县级"), "county"),
    **dict.fromkeys(("镇", "乡", "街道", "乡镇", "镇街"), "township"),
    **dict.fromkeys(("村", "社区", "村社", "行政村"), "village"),
    "网格": "grid",
}
# A .dbf has ten bytes for a name: population_source comes back as populati_1.
FIELDS: dict[str, tuple[str, ...]] = {
    "code": ("area_code", "代码", "编码", "区划代码"),
    "name": ("名称",),
    "level": ("级别", "层级"),
    "parent_code": ("parent", "parent_cod", "上级代码", "上级编码"),
    "population": ("pop", "人口", "实有人口"),
    "population_source": ("pop_source", "populati_1", "人口来源"),
    "population_on": ("pop_on", "populati_2", "人口日期"),
    "households": ("户数",),
    "priority_weight": ("weight", "priority_w", "priority_", "权重"),
}


def area_rows(reading: Reading) -> tuple[list[AreaRow], list[Problem]]:
    """The rows of a file and what is wrong with them."""
    problems: list[Problem] = []
    return [_area(row, Values(row.line, row.attributes, problems)) for row in reading.rows], problems


def _area(row: Row, values: Values) -> AreaRow:
    level = values.choice("level", LEVELS)
    code = values.needed("code")
    if code and level and not is_area_code(code, level):
        values.fault("area_code_wrong", code=code)
    population = values.whole("population", 0, 100_000_000)
    source, counted_on = values.text("population_source"), values.day("population_on")
    if population is not None and (source is None or counted_on is None):
        values.fault("population_without_source")
    return AreaRow(
        line=row.line, code=code, name=values.needed("name"), level=level, parent_code=values.text("parent_code"),
        shape=multi(row.geometry), population=population, population_source=source, population_on=counted_on,
        households=values.whole("households", 0, 100_000_000),
        priority_weight=values.decimal("priority_weight", "1.0", "0.1", "10"),
    )  # fmt: skip


def multi(shape: Any) -> Any:
    """A Polygon as the MultiPolygon that holds it."""
    return shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])
