"""Everything that the system holds about one person, for that person: every row of the own, and nothing of others.

What belongs to whom is a closed list: a table that names a person has to be put on one of the three below, and a test
holds the list against the schema. Never in it: secrets and their hashes, ids of other people, and what an alarm knows
beyond what its phone knows (somebody may be made to export their data).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import Column, ColumnElement, LargeBinary, Table, and_, or_, select
from sqlalchemy.dialects.postgresql import BIT, Range

from app.accounts.models import Person
from app.accounts.queries import account_trail, looks_of
from app.areas.policies import place_of, policies_in_force
from app.checkins.models import Checkin
from app.clock import rfc3339
from app.db import db
from app.duty.models import Duty, Shift
from app.field.hours import grade_of
from app.geo import as_geojson
from app.hotspots.models import Hotspot
from app.incentives.models import PointEntry
from app.routes.models import Checkpoint
from app.teams.models import Team
from app.tracks.queries import segments_of
from app.tracks.rules import Fix, is_gap
from app.tracks.rules import policy_from as track_policy

# Table → the column that says whose row it is, or the columns of which one does.
OWN: dict[str, str | tuple[str, ...]] = {
    "people": "id", "sessions": "person_id", "consents": "person_id", "second_factors": "person_id",
    "calendar_feeds": "person_id", "access_tokens": "person_id", "team_members": "person_id",
    "role_grants": "person_id",
    "assignments": "person_id", "duties": "person_id", "point_entries": "person_id", "item_states": "author_id",
    "quarantine_items": "session_person_id", "crew_ticks": "person_id", "handovers": "person_id", "swaps": "person_id",
    "swap_steps": "person_id", "declines": "person_id", "leaves": "person_id", "loggers": "person_id",
    "cosigns": "person_id", "answers": "person_id", "incidents": "reporter_id", "incident_photos": "author_id",
    "fairness_flags": ("person_a", "person_b"),
    "verified_hazards": "reporter_id", "training_attendances": "person_id", "no_shows": "person_id",
    "false_checkins": "person_id",
    "point_submissions": "person_id", "point_approvals": "person_id", "point_audits": "person_id",
    "point_notice_lines": "person_id", "point_objections": "person_id",
    "shop_orders": "person_id", "donations": "person_id", "certificates": "person_id",
    "commitments": "person_id",
}  # fmt: skip
# Rows of the own duties.
OF_DUTIES = (
    "duty_events",
    "checkins",
    "place_presences",
    "street_presences",
    "route_presences",
    "settled_visits",
)
LEFT_OUT = {
    "segments": "in tracks.gpx",
    "inbox_items": "in `sent`, by their states",
    "audits": "in `looks` and `account`",
    "sign_in_codes": "a secret of a day at most; `account` says that it was made",
    "pins": "secrets", "pin_uses": "secrets",
    "push_addresses": "an address of the browser that opens it to whoever has it; `consents` says that it is on",
    "alarms": "an export that somebody is made to make must not differ", "alarm_steps": "the same",
    "watches": "the same",
    "logger_fixes": "two days at most, then in tracks.gpx",
    "shifts": "the team's; mine are in `assignments` and `duties`", "hotspots": "the township's",
    "analysis_runs": "the township's", "hotspot_proposals": "the township's", "recorded_incidents": "the township's",
    "campaigns": "the township's", "campaign_areas": "the township's",
    "team_rankings": "the team's; mine is in `consents`",
    "plan_runs": "the team's; what was taken of one is in `assignments`",
    "route_versions": "the team's", "network_versions": "the township's", "policy_versions": "the township's",
    "policy_changes": "the area's", "policy_bounds": "the county's",
    "policy_trials": "what a draft would have made of points: never counted; who may see it is in `looks`",
    "repricings": "mine are in `point_entries`, with why",
    **{
        name: "the township's"
        for name in (
            "assessments", "assessment_reviews", "assessment_freezes", "assessment_returns", "assessment_notices",
            "assessment_plan_items",
        )
    },
    "point_notices": "the township's; my line is in `point_notice_lines`",
    "frozen_months": "the township's", "ended_months": "the township's", "holidays": "the area's",
    "training_sessions": "the team's; mine are in `training_attendances`",
    "monthly_reports": "the township's", "report_schedules": "the township's",
    "checkpoint_codes": "the route's", "code_displays": "the route's",
    "shop_items": "the township's", "donation_purposes": "the township's",
    "disbursements": "what of mine was paid stands in `commitments`",
    "pots": "the township's", "money_sources": "the township's", "allocations": "the township's",
    "village_grades": "the township's", "grant_rounds": "the township's",
}  # fmt: skip
# Lists of other people, or of what is theirs, in own rows; and what else names another there.
OTHERS = {
    ("crew_ticks", "present"),
    ("fairness_flags", "duty_ids"),
    ("point_approvals", "entered_by"),
    ("point_audits", "had_part"),
}
NAMES_OTHERS = {("fairness_flags", name) for name in ("subject", "checkin_ids", "report_ids")}
SECRETS = {"password_hash"}
NOT_SHOWN = {"proof", "nonce"}  # of a body: what a PIN was shown by


@dataclass(frozen=True)
class Sheet:
    """A table for people: codes of its columns, and the rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class Trail:
    """A duty's track; each run is without a gap."""

    name: str
    runs: list[list[Fix]]


@dataclass(frozen=True)
class Export:
    data: dict[str, Any]
    sheets: dict[str, Sheet]
    zone: str


def export_of(person: Person, now: datetime) -> Export:
    """All but the tracks, which come duty by duty from `trails_of`."""
    township_id = person.home_township_id or 0
    duties = _duties(person)
    data: dict[str, Any] = {"made_at": rfc3339(now), "person": _own_rows("people", person)[0]}
    for name in OWN:
        if name != "people":
            data[name] = _own_rows(name, person)
    for name in OF_DUTIES:
        data[name] = _rows_of_duties(name, township_id, [duty.id for duty, _, _ in duties])
    data["sent"] = _sent(person)
    data["looks"] = [
        {"at": rfc3339(look.at), "who": look.who, "what": look.what, "day": look.day, "why": look.why}
        for look in looks_of(person)
    ]
    data["account"] = [
        {"at": rfc3339(line.at), "action": line.action, "detail": line.detail}
        for line in account_trail(person)
    ]
    sheets = {
        "duties": _duty_sheet(duties),
        "checkins": _checkin_sheet(person),
        "points": _point_sheet(person),
    }
    return Export(data, sheets, _zone(township_id))


def trails_of(person: Person) -> Iterator[Trail]:
    """One for each duty with a stored track, the oldest first, read one at a time."""
    for duty, _, team in _duties(person):
        if duty.fixes:
            policy = track_policy(policies_in_force(duty.township_id, duty.day).body("tracks"))
            by: dict[int, list[Fix]] = {}
            for stored in segments_of(duty):
                by.setdefault(stored.by, []).extend(stored.fixes)
            runs = [run for fixes in by.values() for run in _runs(fixes, policy)]
            if runs:
                yield Trail(f"{duty.day.isoformat()} {team}", runs)


def _runs(fixes: list[Fix], policy: Any) -> list[list[Fix]]:
    """In order of time, each fix once, cut where too long a silence lies between two."""
    runs: list[list[Fix]] = []
    for fix in sorted(set(fixes), key=lambda f: (f.t_s, f.lon_e7, f.lat_e7)):
        if not runs or is_gap(runs[-1][-1], fix, policy):
            runs.append([])
        runs[-1].append(fix)
    return runs


# --- rows as they stand ---------------------------------------------------------------------------


def _own_rows(name: str, person: Person) -> list[dict[str, Any]]:
    table = db.metadata.tables[name]
    mine = or_(*(table.c[column] == person.id for column in columns_of(name)))
    if "township_id" in table.c:
        mine = and_(mine, table.c.township_id == (person.home_township_id or 0))
    return _rows(table, mine)


def columns_of(name: str) -> tuple[str, ...]:
    own = OWN[name]
    return (own,) if isinstance(own, str) else own


def _rows_of_duties(name: str, township_id: int, duty_ids: Sequence[int]) -> list[dict[str, Any]]:
    table = db.metadata.tables[name]
    return _rows(table, and_(table.c.township_id == township_id, table.c.duty_id.in_(duty_ids)))


def _rows(table: Table, which: ColumnElement[bool]) -> list[dict[str, Any]]:
    shown = [column for column in table.columns if _is_shown(table, column)]
    read = [as_geojson(c) if isinstance(c.type, Geometry) else c for c in shown]
    order = list(table.primary_key.columns)
    names = [column.name for column in shown]
    return [
        {name: _plain(value, column) for name, value, column in zip(names, row, shown, strict=True)}
        for row in db.session.execute(select(*read).where(which).order_by(*order))
    ]


def _is_shown(table: Table, column: Column[Any]) -> bool:
    """No secret, no bits, and nobody else."""
    if column.name in SECRETS or (table.name, column.name) in OTHERS | NAMES_OTHERS:
        return False
    if isinstance(column.type, (LargeBinary, BIT)) or isinstance(
        getattr(column.type, "item_type", None), LargeBinary
    ):
        return False
    names_people = any(key.column.table.name == "people" for key in column.foreign_keys)
    return not names_people or column.name == OWN.get(table.name, "person_id")


def _plain(value: Any, column: Column[Any]) -> Any:
    if value is not None and isinstance(column.type, Geometry):
        return json.loads(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, (date, UUID)):
        return str(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Range):
        return [_plain(value.lower, column), _plain(value.upper, column)]
    if isinstance(value, (list, tuple)):
        return [_plain(one, column) for one in value]
    return value


def _sent(person: Person) -> list[dict[str, Any]]:
    """What the own phones sent, as far as it is still kept."""
    inbox = db.metadata.tables["inbox_items"]
    states = db.metadata.tables["item_states"]
    mine = select(states.c.id).where(
        states.c.township_id == (person.home_township_id or 0), states.c.author_id == person.id
    )
    here = inbox.c.township_id == (person.home_township_id or 0)
    rows = _rows(inbox, and_(here, inbox.c.id.in_(mine), inbox.c.author_id == person.id))
    for row in rows:
        if isinstance(row.get("body"), dict):
            row["body"] = {k: v for k, v in row["body"].items() if k not in NOT_SHOWN}
    return rows


# --- tables for people ----------------------------------------------------------------------------


def _duties(person: Person) -> list[tuple[Duty, Shift, str]]:
    rows = db.session.execute(
        select(Duty, Shift, Team.name)
        .join(Shift, and_(Shift.township_id == Duty.township_id, Shift.id == Duty.shift_id))
        .join(Team, Team.id == Duty.team_id)
        .where(Duty.township_id == (person.home_township_id or 0), Duty.person_id == person.id)
        .order_by(Shift.starts_at, Duty.id)
    ).all()
    return [(row[0], row[1], row[2]) for row in rows]


def _duty_sheet(duties: Sequence[tuple[Duty, Shift, str]]) -> Sheet:
    columns = (
        "day",
        "team",
        "starts_at",
        "ends_at",
        "started_at",
        "ended_at",
        "minutes",
        "km",
        "grade",
        "state",
    )
    rows = [
        (
            duty.day, team, shift.starts_at, shift.ends_at, duty.started_at, duty.ended_at, duty.worked_s // 60,
            round(duty.track_m / 1000, 1), grade_of(duty), duty.state,
        )
        for duty, shift, team in duties
    ]  # fmt: skip
    return Sheet(columns, rows)


def _checkin_sheet(person: Person) -> Sheet:
    columns = ("at", "place", "phase", "method", "verdict", "reasons", "distance_m", "accuracy_m", "position")
    rows = db.session.execute(
        select(Checkin, Checkpoint.name, Hotspot.name, as_geojson(Checkin.position))
        .join(Duty, and_(Duty.township_id == Checkin.township_id, Duty.id == Checkin.duty_id))
        .outerjoin(Checkpoint, Checkpoint.id == Checkin.checkpoint_id)
        .outerjoin(Hotspot, Hotspot.id == Checkin.hotspot_id)
        .where(Duty.township_id == (person.home_township_id or 0), Duty.person_id == person.id)
        .order_by(Checkin.effective_at, Checkin.id)
    )
    return Sheet(columns, [_checkin_row(*row) for row in rows])


def _checkin_row(
    c: Checkin, checkpoint: str | None, hotspot: str | None, position: str | None
) -> tuple[Any, ...]:
    lon_lat = json.loads(position)["coordinates"] if position else None
    return (
        c.effective_at, checkpoint or hotspot, c.phase, c.method, c.verdict, " ".join(c.reasons),
        None if c.distance_m is None else round(c.distance_m), c.accuracy_m,
        f"{lon_lat[0]:.7f} {lon_lat[1]:.7f}" if lon_lat else None,
    )  # fmt: skip


def _point_sheet(person: Person) -> Sheet:
    """What goes out of the own account (a reversal) stands with a minus."""
    rows = db.session.scalars(
        select(PointEntry)
        .where(PointEntry.township_id == (person.home_township_id or 0), PointEntry.person_id == person.id)
        .order_by(PointEntry.earned_on, PointEntry.id)
    )
    own = f"person:{person.id}:"
    lines = [
        (e.earned_on, e.rule, (1 if e.credit_account.startswith(own) else -1) * e.amount_half / 2, json.dumps(e.detail))
        for e in rows
    ]  # fmt: skip
    return Sheet(("day", "rule", "points", "detail"), lines)


def _zone(township_id: int) -> str:
    return place_of(township_id).zone if township_id else "UTC"
