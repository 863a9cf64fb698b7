"""The measures of an area and its children, and the duties behind a street's, hotspot's or route's figures."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from app import clock
from app.areas.models import Area
from app.clock import rfc3339
from app.coverage import behind, drawn, measures, queries, series, single
from app.coverage.behind import Line, Why
from app.coverage.hours import BYS, By
from app.coverage.measures import MOST_TIMES, Measures, period_of
from app.coverage.queries import Period
from app.coverage.rules import GRADES
from app.coverage.series import HOURLY, HOURLY_UNITS, Week
from app.errors import Forbidden
from app.gate import allow, my_scope

bp = Blueprint(
    "coverage_api", __name__, url_prefix="/api/v1/coverage", description="Coverage, with its evidence"
)
FORMULA = "coverage.formula."


class PeriodQuery(Schema):
    """Dates in the area's zone, `to` included; the last seven days unless said otherwise, 400 at most."""

    first = fields.Date(data_key="from", load_default=None)
    last = fields.Date(data_key="to", load_default=None)


class TimesQuery(PeriodQuery):
    """`times`: streets count where at least so many different shifts walked; of older days, each is one time."""

    times = fields.Integer(load_default=1, validate=validate.Range(1, MOST_TIMES))


class SeriesQuery(PeriodQuery):
    by = fields.String(load_default="day", validate=validate.OneOf([*BYS, "hour_of_week"]))


class PartsQuery(PeriodQuery):
    by = fields.String(load_default="day", validate=validate.OneOf(BYS))


class PolygonIn(PeriodQuery):
    """A GeoJSON Polygon in WGS-84 degrees, at least a hectare, at most 2,000 vertices."""

    polygon = fields.Nested(
        Schema.from_dict(
            {
                "type": fields.String(required=True, validate=validate.Equal("Polygon")),
                "coordinates": fields.List(
                    fields.List(fields.List(fields.Float(), validate=validate.Length(2, 2))),
                    required=True, validate=validate.Length(1),
                ),
            },
            name="PolygonGeometry",
        ),
        required=True,
    )  # fmt: skip


class MeasureOut(Schema):
    value = fields.Float(required=True, allow_none=True)
    unit = fields.String(required=True)
    grade = fields.String(required=True, allow_none=True, validate=validate.OneOf([*GRADES, "mixed"]))
    n = fields.Integer(required=True)


MEASURES = {"keys": fields.String(), "values": fields.Nested(MeasureOut), "required": True}


class AreaOut(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)
    level = fields.String(required=True)


class ChildOut(AreaOut):
    measures = fields.Dict(**MEASURES)


class PeriodOut(Schema):
    first = fields.Date(data_key="from", required=True)
    last = fields.Date(data_key="to", required=True)


class CoverageOut(PeriodOut):
    area = fields.Nested(AreaOut, required=True)
    measures = fields.Dict(**MEASURES)
    children = fields.List(fields.Nested(ChildOut), required=True)


class PointOut(PeriodOut):
    measures = fields.Dict(**MEASURES)


class HourlyOut(Schema):
    """168 values, Monday 00:00 first. Of `observed` there is also what lay inside risk windows."""

    unit = fields.String(required=True)
    grade = fields.String(required=True, allow_none=True)
    n = fields.Integer(required=True)
    values = fields.List(fields.Float(), required=True)


class SeriesOut(PeriodOut):
    area = fields.Nested(AreaOut, required=True)
    by = fields.String(required=True)
    points = fields.List(fields.Nested(PointOut), metadata={"description": "by day, week or month"})
    hours = fields.Dict(
        keys=fields.String(), values=fields.Nested(HourlyOut), metadata={"description": "by hour of the week"}
    )


class WindowOut(Schema):
    """A risk window as it recurs: how often it came, how often somebody visited. Monday is 0."""

    weekday = fields.Integer(required=True)
    from_min = fields.Integer(required=True)
    to_min = fields.Integer(required=True)
    times = fields.Integer(required=True)
    attended = fields.Integer(required=True)


class SingleSeriesOut(PeriodOut):
    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)
    by = fields.String(required=True)
    points = fields.List(fields.Nested(PointOut), metadata={"description": "by day, week or month"})
    hours = fields.Dict(
        keys=fields.String(), values=fields.Nested(HourlyOut), metadata={"description": "of a hotspot"}
    )
    windows = fields.List(fields.Nested(WindowOut), metadata={"description": "of a hotspot"})


class DrawnHotspotOut(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    dosage_attainment = fields.Nested(MeasureOut, required=True)


class DrawnOut(PeriodOut):
    area_m2 = fields.Float(required=True)
    clipped = fields.Boolean(
        required=True, metadata={"description": "a part lay outside what the caller reads"}
    )
    shifts = fields.Integer(
        required=True, metadata={"description": "at least so many stand behind it; none is named"}
    )
    measures = fields.Dict(**MEASURES)
    hotspots = fields.List(fields.Nested(DrawnHotspotOut), required=True)


class LineOut(Schema):
    day = fields.Date(required=True)
    starts_at = fields.String(required=True, metadata={"format": "date-time"})
    ends_at = fields.String(required=True, metadata={"format": "date-time"})
    team = fields.String(required=True)
    crew = fields.Integer(required=True)
    grade = fields.String(required=True, allow_none=True)
    value = fields.Float(required=True, allow_none=True)
    unit = fields.String(required=True)


class VisitOut(Schema):
    start = fields.String(required=True, metadata={"format": "date-time"})
    end = fields.String(required=True, metadata={"format": "date-time"})
    minutes = fields.Float(required=True)
    qualified = fields.Boolean(required=True)
    grade = fields.String(required=True, allow_none=True)


class FoldedOut(Schema):
    day = fields.Date(required=True)
    shifts = fields.Integer(required=True)
    value = fields.Float(required=True)


class WhyOut(PeriodOut):
    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)
    main = fields.String(required=True)
    formula = fields.String(required=True, metadata={"description": "code of the sentence that says how"})
    measures = fields.Dict(**MEASURES)
    last_at = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
    in_review = fields.Integer(required=True)
    duties = fields.List(fields.Nested(LineOut), required=True)
    other_teams = fields.Integer(
        required=True, metadata={"description": "shifts of teams that the caller does not read"}
    )
    visits = fields.List(fields.Nested(VisitOut), required=True)
    folded = fields.List(fields.Nested(FoldedOut), required=True)


@bp.route("/areas/<code>")
@allow()
@bp.arguments(TimesQuery, location="query")
@bp.response(200, CoverageOut)
def area(query: dict[str, Any], code: str) -> Any:
    """The measures of an area and its children. A plain member reads the home township's and its villages' totals."""
    now = clock.now()
    found = measures.reach(my_scope(), code)
    period = period_of(query["first"], query["last"], found.time_zone, now, query["times"])
    coverage = measures.coverage_of(my_scope(), found, period, now)
    return answer(
        {
            "area": area_doc(found), "from": period.first.isoformat(), "to": period.last.isoformat(),
            "measures": measures_doc(coverage.measures),
            "children": [{**area_doc(child), "measures": measures_doc(m)} for child, m in coverage.children],
        }
    )  # fmt: skip


@bp.route("/areas/<code>/series")
@allow()
@bp.arguments(SeriesQuery, location="query")
@bp.response(200, SeriesOut)
def area_series(query: dict[str, Any], code: str) -> Any:
    """The measures of an area by day, week or month, or by the hour of the week. For those who read it in full."""
    now, scope = clock.now(), my_scope()
    found = measures.reach(scope, code)
    if found.id not in queries.measured_ids(scope):
        raise Forbidden()
    period = period_of(query["first"], query["last"], found.time_zone, now)
    coverage = measures.coverage_of(scope, found, period, now, with_children=False)
    if query["by"] == "hour_of_week":
        parts: dict[str, Any] = {"hours": week_doc(series.week_of(coverage, now))}
    else:
        points = series.points_of(coverage, query["by"], now)
        parts = {"points": [{**period_doc(p.period), "measures": measures_doc(p.measures)} for p in points]}
    return answer({"area": area_doc(found), **period_doc(period), "by": query["by"], **parts})


@bp.route("/polygon", methods=["POST"])
@allow("leader", "reviewer", "admin")
@bp.arguments(PolygonIn)
@bp.response(200, DrawnOut)
def polygon(asked: dict[str, Any]) -> Any:
    """The measures of a drawn area, where at least three shifts stand behind them. Nothing is stored."""
    now, scope = clock.now(), my_scope()
    zone = queries.zone_of(scope.visible_area_ids)
    period = period_of(asked["first"], asked["last"], zone, now)
    found = drawn.measure(scope, asked["polygon"]["coordinates"], period, now)
    return answer(
        {
            **period_doc(period), "area_m2": round(found.area_m2), "clipped": found.clipped,
            "shifts": found.shifts, "measures": measures_doc(found.measures),
            "hotspots": [
                {
                    "id": f.hotspot.id, "name": f.hotspot.name,
                    "dosage_attainment": asdict(measures.hotspot_measures([f])["dosage_attainment"]),
                }
                for f in found.hotspots
            ],
        }
    )  # fmt: skip


@bp.route("/streets/<int:street_id>")
@allow()
@bp.arguments(TimesQuery, location="query")
@bp.response(200, WhyOut)
def street(query: dict[str, Any], street_id: int) -> Any:
    """The duties behind a street's coverage: day, times, team; never a person, never a trail."""
    days = query["first"], query["last"]
    return answer(why_doc(behind.why("street", my_scope(), street_id, *days, clock.now(), query["times"])))


@bp.route("/hotspots/<int:hotspot_id>")
@allow()
@bp.arguments(PeriodQuery, location="query")
@bp.response(200, WhyOut)
def hotspot(query: dict[str, date | None], hotspot_id: int) -> Any:
    """The visits to a hotspot with their minutes and evidence, and the duties behind them."""
    return answer(
        why_doc(behind.why("hotspot", my_scope(), hotspot_id, query["first"], query["last"], clock.now()))
    )


@bp.route("/routes/<int:route_id>")
@allow()
@bp.arguments(PeriodQuery, location="query")
@bp.response(200, WhyOut)
def route(query: dict[str, date | None], route_id: int) -> Any:
    """The duties behind a route's completion."""
    return answer(
        why_doc(behind.why("route", my_scope(), route_id, query["first"], query["last"], clock.now()))
    )


@bp.route("/hotspots/<int:hotspot_id>/series")
@allow()
@bp.arguments(SeriesQuery, location="query")
@bp.response(200, SingleSeriesOut)
def hotspot_series(query: dict[str, Any], hotspot_id: int) -> Any:
    """A hotspot by day, week or month, or by the hour of the week; its risk windows each for itself."""
    now = clock.now()
    why = behind.why("hotspot", my_scope(), hotspot_id, query["first"], query["last"], now)
    week, windows = behind.hotspot_week(hotspot_id, why.period, now)
    kept = [{**asdict(w.window), "times": w.times, "attended": w.attended} for w in windows]
    if query["by"] == "hour_of_week":
        return answer({**single_doc(why, query["by"]), "hours": week_doc(week), "windows": kept})
    return answer({**single_doc(why, query["by"]), **points_doc(why, query["by"]), "windows": kept})


@bp.route("/routes/<int:route_id>/series")
@allow()
@bp.arguments(PartsQuery, location="query")
@bp.response(200, SingleSeriesOut)
def route_series(query: dict[str, Any], route_id: int) -> Any:
    """A route by day, week or month."""
    why = behind.why("route", my_scope(), route_id, query["first"], query["last"], clock.now())
    return answer({**single_doc(why, query["by"]), **points_doc(why, query["by"])})


@bp.route("/streets/<int:street_id>/series")
@allow()
@bp.arguments(PartsQuery, location="query")
@bp.response(200, SingleSeriesOut)
def street_series(query: dict[str, Any], street_id: int) -> Any:
    """The share of a street that was walked by day, week or month, days that are folded included."""
    why = behind.why("street", my_scope(), street_id, query["first"], query["last"], clock.now())
    return answer({**single_doc(why, query["by"]), **points_doc(why, query["by"])})


def single_doc(why: Why, by: str) -> dict[str, Any]:
    return {"id": why.id, "kind": why.kind, "name": why.name, **period_doc(why.period), "by": by}


def points_doc(why: Why, by: By) -> dict[str, Any]:
    points = single.points_of(why.kind, my_scope(), why, by, clock.now())
    return {"points": [{**period_doc(p.period), "measures": measures_doc(p.measures)} for p in points]}


def answer(doc: dict[str, Any]) -> Response:
    response: Response = jsonify(doc)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def area_doc(area: Area) -> dict[str, str]:
    return {"code": area.code, "name": area.name, "level": area.level}


def period_doc(period: Period) -> dict[str, str]:
    return {"from": period.first.isoformat(), "to": period.last.isoformat()}


def week_doc(week: Week) -> dict[str, Any]:
    """Each grid as a row of 168, and beside `observed` what of it lay in risk windows, and how long these were."""
    grids = {**{key: (key, key) for key in HOURLY}, "observed_in_risk": ("observed_in_risk", "observed")}
    found = {
        name: {
            "unit": HOURLY_UNITS[of], "grade": week.grades.get(of), "n": week.n.get(of, 0),
            "values": getattr(week, grid).ravel().round(2).tolist(),
        }
        for name, (grid, of) in grids.items()
    }  # fmt: skip
    risk = {
        "unit": "min",
        "grade": None,
        "n": week.n["observed"],
        "values": week.risk.ravel().round(2).tolist(),
    }
    return {**found, "risk": risk}


def measures_doc(found: Measures) -> dict[str, Any]:
    return {key: asdict(measure) for key, measure in found.items()}


def line_doc(line: Line) -> dict[str, Any]:
    times = {"starts_at": rfc3339(line.starts_at), "ends_at": rfc3339(line.ends_at)}
    return {**asdict(line), "day": line.day.isoformat(), **times}


def why_doc(why: Why) -> dict[str, Any]:
    return {
        "id": why.id, "kind": why.kind, "name": why.name, "main": why.main, "formula": FORMULA + why.main,
        "from": why.period.first.isoformat(), "to": why.period.last.isoformat(),
        "measures": measures_doc(why.measures), "last_at": rfc3339(why.last_at), "in_review": why.held,
        "duties": [line_doc(line) for line in why.duties], "other_teams": why.elsewhere,
        "visits": [
            {
                "start": rfc3339(v.start), "end": rfc3339(v.end), "minutes": round(v.observed_min, 2),
                "qualified": v.qualified, "grade": v.grade,
            }
            for v in why.visits
        ],
        "folded": [{"day": f.day.isoformat(), "shifts": f.shifts, "value": f.value} for f in why.folded],
    }  # fmt: skip
