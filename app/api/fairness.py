"""Me and fairness: flags about me with what became of them, whether I stand in a ranking, and that of my teams."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from app import clock
from app.accounts import consents
from app.db import db
from app.fairness import months, operations, queries
from app.fairness.models import KINDS, MEASURES, REASONS, STATES, FairnessFlag
from app.fairness.months import TeamStanding
from app.gate import allow, me, my_scope

bp = Blueprint(
    "fairness_api", __name__, url_prefix="/api/v1/me", description="Flags about me; rankings by choice"
)
MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])\Z"


class FlagOut(Schema):
    """Nothing of another person, whom it may be about too. `reason`, `note` and `decided_at` are null while open."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    month = fields.String(required=True)
    figures = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    reason = fields.String(required=True, allow_none=True, validate=validate.OneOf(REASONS))
    note = fields.String(required=True, allow_none=True)
    first_seen_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)


class FlagsOut(Schema):
    flags = fields.List(fields.Nested(FlagOut), required=True)


class RankingIn(Schema):
    shown = fields.Boolean(required=True)


class RankingSaid(Schema):
    """Null: never asked."""

    shown = fields.Boolean(required=True, allow_none=True)


class RankedOut(Schema):
    rank = fields.Integer(required=True)
    name = fields.String(required=True)
    value = fields.Float(required=True)
    mine = fields.Boolean(required=True)


class TeamRankingOut(Schema):
    """`off`: the team shows none; `few`: too few said yes. Then there are no entries."""

    team_id = fields.Integer(required=True)
    team = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["off", "few", "shown"]))
    measure = fields.String(required=True, validate=validate.OneOf(MEASURES))
    entries = fields.List(fields.Nested(RankedOut), required=True)


class RankingOut(Schema):
    shown = fields.Boolean(required=True, allow_none=True)
    month = fields.String(required=True)
    teams = fields.List(fields.Nested(TeamRankingOut), required=True)


class MonthIn(Schema):
    month = fields.String(validate=validate.Regexp(MONTH))


@bp.get("/flags")
@bp.response(200, FlagsOut)
@allow()
def flags() -> Any:
    """What the checks asked about me, newest first, and what became of it."""
    return {"flags": [flag_doc(flag) for flag in queries.flags_about(me())]}


def flag_doc(flag: FairnessFlag) -> dict[str, Any]:
    return {
        "kind": flag.kind, "month": f"{flag.month:%Y-%m}", "figures": flag.figures, "state": flag.state,
        "reason": flag.reason, "note": flag.note, "first_seen_at": flag.first_seen_at, "decided_at": flag.decided_at,
    }  # fmt: skip


@bp.put("/ranking")
@allow()
@bp.arguments(RankingIn)
@bp.response(200, RankingSaid)
def be_ranked(body: dict[str, Any]) -> Any:
    """Whether I stand in a ranking of my team: at once, and as often as I like. A no costs nothing."""
    operations.be_ranked(me(), body["shown"], clock.now())
    db.session.commit()
    return {"shown": body["shown"]}


@bp.get("/team/ranking")
@allow()
@bp.arguments(MonthIn, location="query")
@bp.response(200, RankingOut)
def team_ranking(asked: dict[str, Any]) -> Any:
    """The rankings of my teams, of this month unless told: those alone who said yes, where the team did."""
    now = clock.now()
    teams = queries.own_teams(my_scope())
    zone = teams[0][3] if teams else "UTC"
    month = date.fromisoformat(f"{asked['month']}-01") if "month" in asked else clock.local_day(now, zone)
    found = [
        months.standing_of(township_id, team_id, name, month, its_zone, now)
        for team_id, name, township_id, its_zone in teams
    ]
    return {
        "shown": consents.answers_of(me().id)["ranking"], "month": f"{month:%Y-%m}",
        "teams": [team_doc(one) for one in found],
    }  # fmt: skip


def team_doc(one: TeamStanding) -> dict[str, Any]:
    state = "off" if one.ranking is None else "few" if one.ranking.few else "shown"
    entries = [
        {"rank": e.rank, "name": e.name, "value": e.value, "mine": e.person_id == me().id}
        for e in (one.ranking.entries if one.ranking else ())
    ]
    return {
        "team_id": one.team_id,
        "team": one.team,
        "state": state,
        "measure": one.measure,
        "entries": entries,
    }
