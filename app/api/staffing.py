"""Pairs needed, planned and out by the hour of the week, and what each hotspot wants."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import fields, validate

from app import clock
from app.api.coverage import AreaOut, PeriodOut, PeriodQuery, answer, area_doc, period_doc
from app.api.schemas import Base
from app.gate import allow, my_scope
from app.planning import rules, staffing
from app.planning.rules import Grid, Minutes
from app.planning.staffing import Place, Staffing

bp = Blueprint(
    "staffing_api", __name__, url_prefix="/api/v1/coverage", description="Pairs needed, planned and out"
)
BASES = ("measured", "township", "estimated", "guideline")


class MinutesOut(Base):
    """The median with its quartiles where it is measured; `township`: of all its hotspots, as this one has too few."""

    minutes = fields.Float(required=True)
    n = fields.Integer(required=True)
    basis = fields.String(required=True, validate=validate.OneOf(BASES))
    low = fields.Float(required=True, allow_none=True)
    high = fields.Float(required=True, allow_none=True)


class PlaceOut(Base):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    visits = fields.Integer(required=True, metadata={"description": "wanted in a week: one a two-hour slot"})
    visit = fields.Nested(MinutesOut, required=True)
    way = fields.Nested(
        MinutesOut, required=True, allow_none=True, metadata={"description": "to the nearest other hotspot"}
    )
    pair_hours = fields.Float(required=True)


class PairsOut(Base):
    """168 values, Monday 00:00 first; 0.15 is nine minutes of a pair."""

    week = fields.Float(required=True, metadata={"description": "pair-hours of the week"})
    values = fields.List(fields.Float(), required=True)


class StaffingOut(PeriodOut):
    area = fields.Nested(AreaOut, required=True)
    unit = fields.String(required=True, validate=validate.Equal("pairs"))
    need = fields.Nested(PairsOut, required=True)
    whole = fields.List(
        fields.Integer(), required=True, metadata={"description": "whole pairs that the need asks for"}
    )
    planned = fields.Nested(PairsOut, required=True)
    worked = fields.Nested(PairsOut, required=True)
    gap = fields.Nested(PairsOut, required=True, metadata={"description": "need less planned"})
    missing = fields.Float(
        required=True, metadata={"description": "pair-hours a week, of the hours that lack"}
    )
    shifts = fields.Integer(required=True)
    lone = fields.Integer(required=True, metadata={"description": "shifts with fewer than two people"})
    route_hours = fields.Float(
        required=True, metadata={"description": "to walk the routes of the planned pairs once; not in `need`"}
    )
    any_visit = fields.Nested(MinutesOut, required=True)
    hotspots = fields.List(fields.Nested(PlaceOut), required=True)


@bp.route("/areas/<code>/staffing")
@allow()
@bp.arguments(PeriodQuery, location="query")
@bp.response(200, StaffingOut)
def area_staffing(query: dict[str, Any], code: str) -> Any:
    """The mean week of a township or village, in pairs by the hour. For those who read the area in full.

    The days are widened to whole weeks, Monday to Sunday; the last four that are over unless said otherwise.
    """
    now = clock.now()
    area = staffing.reach(my_scope(), code)
    period = staffing.period_of(query["first"], query["last"], area.time_zone, now)
    return answer(_doc(staffing.staffing_of(area, period, now)))


def _doc(found: Staffing) -> dict[str, Any]:
    return {
        "area": area_doc(found.area), **period_doc(found.period), "unit": "pairs",
        **{key: _pairs(getattr(found, key)) for key in ("need", "planned", "worked", "gap")},
        "whole": rules.whole_pairs(found.need).ravel().tolist(), "missing": round(found.missing_h, 4),
        "shifts": found.shifts, "lone": found.lone, "route_hours": round(found.route_h, 4),
        "any_visit": _minutes(found.any_visit), "hotspots": [_place(place) for place in found.places],
    }  # fmt: skip


def _pairs(grid: Grid) -> dict[str, Any]:
    return {"week": round(float(grid.sum()), 4), "values": grid.ravel().round(4).tolist()}


def _minutes(found: Minutes) -> dict[str, Any]:
    low, high = (None if value is None else round(value, 2) for value in (found.low, found.high))
    return {"minutes": round(found.minutes, 2), "n": found.n, "basis": found.basis, "low": low, "high": high}


def _place(place: Place) -> dict[str, Any]:
    return {
        "id": place.hotspot.id, "name": place.hotspot.name, "visits": len(place.slots),
        "visit": _minutes(place.visit), "way": _minutes(place.way) if place.way else None,
        "pair_hours": round(place.week_min / 60, 4),
    }  # fmt: skip
