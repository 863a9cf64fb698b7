"""A township's scorecard of a quarter: the bundle, its villages, and each indicator with what it rests on."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from flask_smorest import Blueprint
from marshmallow import fields, validate

from app import clock
from app.api.coverage import AreaOut, answer
from app.api.schemas import Base
from app.areas.models import Area
from app.assessment import figures, operations, queries
from app.assessment.models import INDICATORS, Assessment
from app.assessment.rules import GRADES, Card, Place, Quarter, quarter_of
from app.errors import NotFound
from app.gate import allow, my_scope

bp = Blueprint(
    "assessment_api", __name__, url_prefix="/api/v1/areas", description="Scorecards of places and work"
)
PHASES = ("draft", "published", "returned", "accepted", "frozen", "superseded")


class ScorecardQuery(Base):
    quarter = fields.String(
        load_default=None, validate=validate.Regexp(r"^20[0-9]{2}-Q[1-4]\Z"),
        metadata={"description": "2026-Q4; the newest with a version unless said otherwise"},
    )  # fmt: skip


class ScorecardLineOut(Base):
    """`value` of `num` and `den`; `used` after shrinking towards the township; `missing` says why there is nothing."""

    indicator = fields.String(required=True, validate=validate.OneOf(INDICATORS))
    num = fields.Float(required=True, allow_none=True)
    den = fields.Float(required=True, allow_none=True)
    n = fields.Integer(required=True)
    value_percent = fields.Float(required=True, allow_none=True)
    used_percent = fields.Float(required=True, allow_none=True)
    points = fields.Float(required=True, allow_none=True)
    weight = fields.Float(required=True, metadata={"description": "with what missing ones handed on"})
    missing = fields.String(required=True, allow_none=True)
    evidence = fields.List(fields.Dict(), required=True)


class ScorecardPlaceOut(Base):
    area = fields.Nested(AreaOut, required=True)
    score = fields.Float(required=True, allow_none=True)
    indicators = fields.List(fields.Nested(ScorecardLineOut), required=True)


class ScorecardVillageOut(ScorecardPlaceOut):
    tier = fields.String(required=True, validate=validate.OneOf(["priority", "ordinary"]))
    weight = fields.Float(required=True, metadata={"description": "priority weight × population"})
    final = fields.Float(required=True, allow_none=True)
    grade = fields.String(required=True, allow_none=True, validate=validate.OneOf(GRADES))
    rank = fields.Integer(required=True, allow_none=True)


class ScorecardOut(Base):
    quarter = fields.String(required=True)
    version = fields.Integer(required=True)
    phase = fields.String(required=True, validate=validate.OneOf(PHASES))
    rules = fields.Integer(required=True)
    measured_until = fields.Date(required=True)
    settings = fields.Dict(required=True)
    township = fields.Nested(ScorecardPlaceOut, required=True)
    bundle = fields.Float(required=True, allow_none=True)
    villages = fields.List(fields.Nested(ScorecardVillageOut), required=True)


@bp.route("/<code>/scorecard")
@allow("reviewer", "admin")
@bp.arguments(ScorecardQuery, location="query")
@bp.response(200, ScorecardOut)
def area_scorecard(query: dict[str, Any], code: str) -> Any:
    """A township's quarter: the version that counts, else the newest. Not found while there is none."""
    township = queries.reach_township(my_scope(), code)
    quarter = _quarter(query["quarter"], township)
    one = queries.frozen_version(township.id, quarter) or queries.latest(township.id, quarter)
    if one is None:
        raise NotFound()
    return answer(_doc(one))


def _quarter(text: str | None, township: Area) -> date:
    if text is not None:
        return date(int(text[:4]), int(text[-1]) * 3 - 2, 1)
    known = queries.quarters_of([township.id])
    return known[0] if known else quarter_of(clock.local_day(clock.now(), township.time_zone)).first


def _doc(one: Assessment) -> dict[str, Any]:
    found = figures.read(one.figures)
    newest = queries.latest(one.township_id, one.quarter)
    result = found.result
    villages = [
        {
            **_place(v.place, v.card, found), "tier": v.place.tier, "weight": float(v.place.weight),
            "final": _number(v.final), "grade": v.grade, "rank": v.rank,
        }
        for v in result.villages
    ]  # fmt: skip
    return {
        "quarter": f"{one.quarter.year}-Q{Quarter(one.quarter).number}", "version": one.n, "rules": one.rules,
        "phase": operations.phase_of(one, newest.n if newest else one.n), "measured_until": found.last,
        "settings": one.figures["policy"], "township": _place(result.township, result.card, found),
        "bundle": _number(result.bundle), "villages": villages,
    }  # fmt: skip


def _place(place: Place, card: Card, found: figures.Figures) -> dict[str, Any]:
    level = "township" if place.tier == "township" else "village"
    return {
        "area": {"code": place.code, "name": place.name, "level": level}, "score": _number(card.score),
        "indicators": [
            {
                "indicator": line.indicator, **_measured(place, line.indicator), "points": _number(line.points),
                "value_percent": _percent(line.value), "used_percent": _percent(line.used),
                "weight": _number(line.weight), "evidence": found.evidence[place.id][line.indicator],
            }
            for line in card.lines
        ],
    }  # fmt: skip


def _measured(place: Place, indicator: str) -> dict[str, Any]:
    m = place.measured[indicator]
    if m.why is not None:
        return {"num": None, "den": None, "n": 0, "missing": m.why}
    return {"num": float(m.num), "den": float(m.den), "n": m.n, "missing": None}


def _number(value: Fraction | None) -> float | None:
    return None if value is None else round(float(value), 4)


def _percent(value: Fraction | None) -> float | None:
    return None if value is None else round(float(value) * 100, 4)
