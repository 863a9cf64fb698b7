"""GeoJSON, GeoPackage, Shapefile (also zipped) and tables (CSV, XLSX) to rows in WGS-84, each looked at by the guard.

GDAL and the reader of tables run in a child process with limits; here only geometry arrives that the guard let through.
"""

import base64
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely

from app.geofiles.child import Child, ChildLost
from app.geofiles.guard import Guard
from app.geofiles.problems import FileRefused, Problem
from app.geofiles.zips import unpack_shapefile

MAX_BYTES = {".geojson": 64 << 20, ".json": 64 << 20, ".gpkg": 256 << 20, ".shp": 256 << 20, ".zip": 64 << 20}
# Tables with a column for each coordinate; only for what has points.
TABLE_BYTES = {".csv": 16 << 20, ".xlsx": 16 << 20}
CPU_S, WALL_S, MEMORY_MB = 60, 120.0, 1536


@dataclass(frozen=True)
class Row:
    """One feature: its number from 1, its shape in WGS-84 (lon, lat), and the attributes that were asked for."""

    line: int
    geometry: Any
    attributes: Mapping[str, Any]


@dataclass
class Reading:
    """A file read: rows that may be used, problems of the others, and what the report says about the file."""

    crs: str
    encoding: str
    features: int
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


def read(
    path: Path,
    crs: str | None,
    layer: str | None,
    types: tuple[str, ...],
    fields: Mapping[str, tuple[str, ...]],
    tables: bool = False,
) -> Reading:
    """All rows of a file; `tables`: CSV and XLSX are taken too.

    `crs` is a code PROJ knows, gcj02, bd09, or None for the file's own; `types` are the allowed geometry types;
    `fields` maps a wanted attribute to the names it may have in a file. Other attributes are dropped and counted.
    Raises FileRefused when the file as a whole can't be used.
    """
    with _plain_file(path, MAX_BYTES | (TABLE_BYTES if tables else {})) as file:
        child_of = "sheet_child" if file.suffix.lower() in TABLE_BYTES else "file_child"
        options = {"path": str(file), "crs": crs, "layer": layer, "cpu_s": CPU_S, "memory_mb": MEMORY_MB}
        with Child(child_of, options) as child, Guard(types) as guard:
            info = _ask(child, 0).get("info", {})
            names = _names(info["fields"], fields)
            reading = Reading(info["crs"], info["encoding"], info["features"])
            reading.dropped.update(name for name in info["fields"] if name not in names)
            while rows := _ask(child, len(reading.rows) + len(reading.problems))["rows"]:
                for raw in rows:
                    _take(reading, guard, raw, names)
    return reading


@contextmanager
def _plain_file(path: Path, most: Mapping[str, int]) -> Iterator[Path]:
    suffix = path.suffix.lower()
    if suffix not in most:
        raise FileRefused("file_kind_unknown", found=suffix[:20])
    if not path.is_file():
        raise FileRefused("file_missing")
    if path.stat().st_size > most[suffix]:
        raise FileRefused("file_too_big", limit_mb=most[suffix] >> 20)
    if suffix != ".zip":
        yield path.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="xunfang-import-") as folder:
        yield unpack_shapefile(path, Path(folder))


def _ask(child: Child, done: int) -> dict[str, Any]:
    try:
        answer = child.ask(b"", WALL_S)
    except ChildLost as lost:
        code = "file_takes_too_long" if lost.code == "check_took_too_long" else "file_crashes_reader"
        raise FileRefused(code, line=done) from lost
    if "code" in answer:
        raise FileRefused(answer["code"], **answer["values"])
    return answer


def _names(found: list[str], fields: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """From the names in the file to ours; of two that mean the same, the first stands."""
    ours: dict[str, str] = {}
    for name in found:
        for field_name, others in fields.items():
            if name.strip().lower() in (field_name, *others) and field_name not in ours.values():
                ours[name] = field_name
    return ours


def _take(reading: Reading, guard: Guard, raw: dict[str, Any], names: Mapping[str, str]) -> None:
    # A line of a table is known by its number in the table, headings and empty lines counted.
    line = raw.get("line") or len(reading.rows) + len({problem.line for problem in reading.problems}) + 1
    attributes = {ours: raw["attributes"].get(name) for name, ours in names.items()}
    if raw["wkb"] is None:
        reading.problems.append(Problem(line, raw["code"] or "geometry_missing"))
        return
    wkb = base64.b64decode(raw["wkb"])
    refusal = guard.check(wkb)
    if refusal or raw["code"]:
        problem = Problem(line, refusal.code, refusal.values) if refusal else Problem(line, raw["code"])
        reading.problems.append(problem)
        return
    reading.rows.append(Row(line, shapely.from_wkb(wkb), attributes))
