"""Full-time members and volunteers of a township beside their targets, by village."""

from __future__ import annotations

from dataclasses import asdict
from fractions import Fraction
from typing import Any

from flask_smorest import Blueprint
from marshmallow import fields, validate

from app import clock
from app.api.coverage import AreaOut, answer, area_doc
from app.api.schemas import Base
from app.gate import allow, my_scope
from app.strength import figures, queries
from app.strength.figures import Line, Shared, Strength
from app.strength.rules import BASES, COSTS, KINDS, Counts, Demand, Standing

bp = Blueprint(
    "strength_api", __name__, url_prefix="/api/v1/areas", description="Members beside their targets"
)
PARTS = {"description": "people; parts of one where a team is shared by villages"}


class CountsOut(Base):
    registered = fields.Float(required=True, metadata=PARTS)
    active = fields.Float(required=True, metadata={"description": "with a valid duty within `active_days`"})
    trained = fields.Float(required=True)
    insured = fields.Float(required=True)


class StandingOut(CountsOut):
    target = fields.Integer(required=True)
    gap = fields.Float(required=True, metadata={"description": "target less active, not below nothing"})


class MonthOut(Base):
    day = fields.Date(required=True)
    registered = fields.Float(required=True)
    active = fields.Float(required=True)


class CostOut(Base):
    """Whole fen a year; lines that are never one."""

    wages = fields.Integer(required=True)
    allowances = fields.Integer(required=True)
    recognition = fields.Integer(required=True)
    insurance = fields.Integer(required=True)
    total = fields.Integer(required=True)


class StrengthKindOut(StandingOut):
    months = fields.List(
        fields.Nested(MonthOut), required=True, metadata={"description": "twelve month ends, and the day"}
    )


class StrengthVillageOut(Base):
    area = fields.Nested(AreaOut, required=True)
    population = fields.Integer(required=True, allow_none=True)
    households = fields.Integer(required=True, allow_none=True)
    priority_weight = fields.Float(required=True)
    full_time = fields.Nested(StrengthKindOut, required=True)
    volunteer = fields.Nested(StrengthKindOut, required=True)
    needs_joint_team = fields.Boolean(required=True)
    joint_teams = fields.List(fields.String(), required=True)
    cost = fields.Nested(CostOut, required=True)


class StrengthPartOut(Base):
    code = fields.String(required=True)
    registered = fields.Float(required=True)


class SharedTeamOut(Base):
    """A team of several villages, and how many of it count in each: by priority weight × population."""

    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    registered = fields.Float(required=True)
    whole_township = fields.Boolean(required=True)
    parts = fields.List(fields.Nested(StrengthPartOut), required=True)


class DemandOut(Base):
    """What the volunteer target would ask: one of so many, and of all of them in a month."""

    base = fields.String(required=True, validate=validate.OneOf(BASES))
    of = fields.Integer(required=True)
    target = fields.Integer(required=True)
    one_in = fields.Float(required=True, allow_none=True)
    outings_a_month = fields.Float(required=True)
    hours_a_month = fields.Float(required=True)
    given_hours_30_days = fields.Float(required=True)


class StrengthSettingsOut(Base):
    """The policy `staffing` in force: settings, and no law. Money is in fen."""

    full_time_per_mille = fields.Float(required=True)
    joint_below = fields.Integer(required=True)
    volunteer_percent = fields.Float(required=True)
    volunteer_base = fields.String(required=True, validate=validate.OneOf(BASES))
    active_days = fields.Integer(required=True)
    outings_a_month = fields.Float(required=True)
    outing_h = fields.Float(required=True)
    wage_fen_a_month = fields.Integer(required=True)
    allowance_fen_a_month = fields.Integer(required=True)
    volunteer_allowance_fen_an_outing = fields.Integer(required=True)
    insurance_fen_a_year = fields.Integer(required=True)
    points_a_month = fields.Float(required=True)
    fen_a_point = fields.Integer(required=True)


class StrengthOut(Base):
    area = fields.Nested(AreaOut, required=True)
    day = fields.Date(required=True)
    population = fields.Integer(required=True)
    settings = fields.Nested(StrengthSettingsOut, required=True)
    full_time = fields.Nested(StrengthKindOut, required=True)
    volunteer = fields.Nested(StrengthKindOut, required=True)
    could_join = fields.List(
        fields.List(fields.String()),
        required=True,
        metadata={"description": "Codes of neighbouring villages that could have a full-time team together."},
    )
    cost = fields.Nested(CostOut, required=True)
    demand = fields.Nested(DemandOut, required=True)
    villages = fields.List(fields.Nested(StrengthVillageOut), required=True)
    shared_teams = fields.List(fields.Nested(SharedTeamOut), required=True)
    without_figures = fields.List(
        fields.String(), required=True, metadata={"description": "codes of villages not in the targets"}
    )


@bp.route("/<code>/strength")
@allow("reviewer", "admin")
@bp.response(200, StrengthOut)
def area_strength(code: str) -> Any:
    """A township's members beside their targets today, by village, with the year behind and what the gap costs.

    The gap of the township is the sum of its villages' gaps: more than enough in one fills none in another.
    """
    township = queries.reach(my_scope(), code)
    day = clock.local_day(clock.now(), township.time_zone)
    return answer(_doc(figures.strength_of(township, day)))


def _doc(found: Strength) -> dict[str, Any]:
    days = [day.isoformat() for day in found.days]
    whole: dict[str, Any] = {
        kind: {
            **_counts(found.counts(kind)), "target": found.target(kind), "gap": _number(found.gap(kind)),
            "months": _months(days, found.trend(kind)),
        }
        for kind in KINDS
    }  # fmt: skip
    return {
        "area": area_doc(found.township), "day": days[-1], "population": found.people,
        "settings": asdict(found.policy), **whole,
        "could_join": [[v.code for v in group] for group in found.joint],
        "cost": _cost(found), "demand": _demand(found.demand, found.given_h),
        "villages": [_village(line, days) for line in found.lines],
        "shared_teams": [_shared(one) for one in found.shared], "without_figures": [v.code for v in found.unknown],
    }  # fmt: skip


def _number(value: Fraction) -> float:
    return round(float(value), 4)


def _counts(counts: Counts) -> dict[str, float]:
    return {key: _number(value) for key, value in asdict(counts).items()}


def _standing(one: Standing) -> dict[str, Any]:
    return {**_counts(one.counts), "target": one.target, "gap": _number(one.gap)}


def _months(days: list[str], trend: list[Counts]) -> list[dict[str, Any]]:
    return [
        {"day": day, "registered": _number(one.registered), "active": _number(one.active)}
        for day, one in zip(days, trend, strict=True)
    ]


def _cost(of: Line | Strength) -> dict[str, int]:
    return {key: getattr(of.cost, key) for key in (*COSTS, "total")}


def _village(line: Line, days: list[str]) -> dict[str, Any]:
    v = line.village
    return {
        "area": {"code": v.code, "name": v.name, "level": "village"}, "population": v.population,
        "households": v.households, "priority_weight": float(v.priority_weight),
        **{k: {**_standing(line.standing[k]), "months": _months(days, line.trend[k])} for k in KINDS},
        "needs_joint_team": line.needs_joint, "joint_teams": line.joint_teams, "cost": _cost(line),
    }  # fmt: skip


def _shared(one: Shared) -> dict[str, Any]:
    return {
        "name": one.team.name, "kind": one.team.kind, "registered": _number(one.registered),
        "whole_township": one.team.whole_township,
        "parts": [{"code": v.code, "registered": _number(n)} for v, n in one.parts],
    }  # fmt: skip


def _demand(demand: Demand, given: Fraction) -> dict[str, Any]:
    return {
        "base": demand.base, "of": demand.of, "target": demand.target,
        "one_in": None if demand.one_in is None else _number(demand.one_in),
        "outings_a_month": _number(demand.outings), "hours_a_month": _number(demand.hours),
        "given_hours_30_days": _number(given),
    }  # fmt: skip
