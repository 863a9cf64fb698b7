"""`flask import routes`: lines with a name and a team, and their checkpoints."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely

from app.cli.import_streets import length_m
from app.coverage.pieces import cut
from app.geofiles.gpx import Gpx, Trace
from app.geofiles.guard import LINES, POINTS, Guard
from app.geofiles.problems import Problem
from app.geofiles.reader import Reading
from app.geofiles.values import Values
from app.hotspots.windows import minutes_from
from app.routes.models import CHECKPOINT_CATEGORIES
from app.routes.operations import CheckpointRow, RouteRow

TYPES = (*LINES, *POINTS)
CATEGORIES = {category: category for category in CHECKPOINT_CATEGORIES}
METHODS = {method: method for method in ("gps", "code", "nfc", "photo")}
FIELDS: dict[str, tuple[str, ...]] = {
    "name": ("名称",),
    "team": ("team_name", "队伍"),
    "ordered": ("固定顺序",),
    "route": ("route_name", "线路"),
    "seq": ("序号",),
    "category": ("类别",),
    "radius_m": ("radius", "半径"),
    "method": ("方式",),
    "required": ("必到",),
    "window": ("时段",),
}


@dataclass(frozen=True)
class Defaults:
    """What the command line says for files that don't: GPX has no team, and a track may have no name."""

    team: str | None
    name: str | None
    ordered: bool
    checkpoints_every_m: int | None


@dataclass(frozen=True)
class _Line:
    line: int
    name: str
    team: str
    ordered: bool
    shape: Any


@dataclass(frozen=True)
class _Point:
    route: str | None
    seq: int
    row: CheckpointRow


def route_rows(
    readings: Sequence[Reading], defaults: Defaults, metres_crs: str
) -> tuple[list[RouteRow], list[Problem]]:
    """Routes from GIS files: lines are routes, points are checkpoints that name their route."""
    problems: list[Problem] = []
    lines, points = [], []
    for row in (row for reading in readings for row in reading.rows):
        values = Values(row.line, row.attributes, problems)
        if row.geometry.geom_type == "Point":
            points.append(_point(row.geometry, values))
        elif len(shapely.get_parts(row.geometry)) != 1:
            values.fault("route_in_parts", n=len(shapely.get_parts(row.geometry)))
        else:
            name = values.needed("name") if defaults.name is None else defaults.name
            team = values.text("team") or defaults.team or ""
            ordered = values.flag("ordered", defaults.ordered)
            lines.append(_Line(row.line, name, team, ordered, shapely.get_parts(row.geometry)[0]))
    return _join(lines, points, defaults, metres_crs, problems), problems


def gpx_rows(gpx: Gpx, defaults: Defaults, metres_crs: str) -> tuple[list[RouteRow], list[Problem]]:
    """Routes from GPX: each `rte` or `trk` is a route, each `wpt` a checkpoint of the file's only route."""
    problems = list(gpx.problems)
    if problems:
        return [], problems
    lines = []
    with Guard(LINES) as guard:
        for trace in gpx.traces:
            values = Values(trace.line, {"name": trace.name}, problems)
            name = values.needed("name") if defaults.name is None else defaults.name
            shape = _shape(trace, values, guard)
            if shape is not None:
                lines.append(_Line(trace.line, name, defaults.team or "", defaults.ordered, shape))
    points = []
    for waypoint in gpx.waypoints:
        values = Values(waypoint.line, {"name": waypoint.name}, problems)
        points.append(_point(shapely.Point(waypoint.fix.lon, waypoint.fix.lat), values))
    return _join(lines, points, defaults, metres_crs, problems), problems


def _shape(trace: Trace, values: Values, guard: Guard) -> Any:
    """The line of a trace: one part of at least two places. A gap is never joined."""
    parts = [part for part in trace.parts if len(part) > 1]
    if len(parts) != 1:
        values.fault("route_in_parts", n=len(parts))
        return None
    lonlat = [(fix.lon, fix.lat) for fix in parts[0]]
    # A recorder that stands still repeats itself; a repeated vertex says nothing about a route.
    kept = [lonlat[0], *(place for before, place in itertools.pairwise(lonlat) if place != before)]
    shape = shapely.LineString(kept if len(kept) > 1 else lonlat)
    refusal = guard.check(shape.wkb)
    if refusal is not None:
        values.fault(refusal.code, **refusal.values)
    return shape if refusal is None else None


def _point(shape: Any, values: Values) -> _Point:
    start = end = None
    if window := values.text("window"):
        try:
            start, end = minutes_from(window)
        except ValueError:
            values.fault("window_unreadable", found=window[:60])
    row = CheckpointRow(
        line=values.line, name=values.needed("name"), shape=shape,
        category=values.choice("category", CATEGORIES, "street"),
        radius_m=values.whole("radius_m", 10, 200) or 40, method=values.choice("method", METHODS, "gps"),
        required=values.flag("required", True), window_from_min=start, window_to_min=end,
    )  # fmt: skip
    return _Point(values.text("route"), values.whole("seq", 1, 999) or 0, row)


def _join(
    lines: list[_Line], points: list[_Point], defaults: Defaults, metres_crs: str, problems: list[Problem]
) -> list[RouteRow]:
    """Each route with its checkpoints, in the order of `seq` and then of the file."""
    by_name: dict[str, list[_Point]] = {line.name: [] for line in lines}
    for point in points:
        route = point.route or (lines[0].name if len(lines) == 1 else None)
        if route not in by_name:
            problems.append(Problem(point.row.line, "checkpoint_route_unknown", {"route": route or "-"}))
        else:
            by_name[route].append(point)
    rows = []
    for line in lines:
        length = length_m(line.shape, metres_crs)
        found = tuple(point.row for point in sorted(by_name[line.name], key=lambda point: point.seq))
        if not found and defaults.checkpoints_every_m:
            found = _generated(line, length, defaults.checkpoints_every_m)
        rows.append(
            RouteRow(line.line, line.name, line.team, line.shape, length, cut(length), line.ordered, found)
        )
    return rows


def _generated(line: _Line, length: float, every_m: int) -> tuple[CheckpointRow, ...]:
    """Checkpoints at both ends and about every `every_m` metres; a round needs no second one where it began."""
    intervals = max(1, round(length / every_m))
    shares = [i / intervals for i in range(intervals + 1)]
    places = shapely.line_interpolate_point(line.shape, shares, normalized=True)
    if len(places) > 2 and places[0].distance(places[-1]) < 1e-4:
        places = places[:-1]
    return tuple(
        CheckpointRow(line=line.line, name=f"{line.name[:70]} {i}", shape=place)
        for i, place in enumerate(places, start=1)
    )
