"""Questions of the leader's pages about check-ins: how far a crew has come, and what waits for a person.

Every one takes the caller's Scope, or shifts that were reached through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.checkins import queries
from app.checkins.contests import is_held
from app.checkins.models import Answer, Checkin, Cosign
from app.db import db
from app.duty.board import CrewShift
from app.duty.models import Duty, Shift
from app.errors import NotFound
from app.hotspots.models import Hotspot
from app.routes.models import Checkpoint, Route, RouteVersion
from app.teams.scope import Scope, led_team_rows


@dataclass(frozen=True)
class Progress:
    """Required checkpoints with a counted check-in of anybody in the crew; the last one reached, in words."""

    done: int = 0
    required: int = 0
    last_name: str | None = None
    last_at: datetime | None = None
    left: tuple[str, ...] = field(default=())


def progress_of(shifts: Sequence[CrewShift]) -> dict[int, Progress]:
    """By shift id; every shift has an answer. Places and times only, never a position."""
    wanted = _required({s.route_version_id for s in shifts if s.route_version_id})
    counted = _counted(shifts)
    found = {}
    for shift in shifts:
        required = wanted.get(shift.route_version_id or 0, {})
        reached = counted.get(shift.id, [])
        ids = {checkpoint_id for checkpoint_id, _, _ in reached}
        last = reached[-1] if reached else (0, None, None)
        left = tuple(name for checkpoint_id, name in required.items() if checkpoint_id not in ids)
        found[shift.id] = Progress(len(required) - len(left), len(required), last[1], last[2], left)
    return found


def _required(route_version_ids: set[int]) -> dict[int, dict[int, str]]:
    rows = db.session.execute(
        select(Checkpoint.route_version_id, Checkpoint.id, Checkpoint.name)
        .where(Checkpoint.route_version_id.in_(route_version_ids), Checkpoint.required)
        .order_by(Checkpoint.route_version_id, Checkpoint.seq)
    )
    found: dict[int, dict[int, str]] = {}
    for version_id, checkpoint_id, name in rows:
        found.setdefault(version_id, {})[checkpoint_id] = name
    return found


def _counted(shifts: Sequence[CrewShift]) -> dict[int, list[tuple[int, str, datetime]]]:
    """Counted check-ins at checkpoints by shift, in time order."""
    rows = db.session.execute(
        select(Duty.shift_id, Checkpoint.id, Checkpoint.name, Checkin.effective_at)
        .join(Duty, and_(Duty.township_id == Checkin.township_id, Duty.id == Checkin.duty_id))
        .join(Checkpoint, Checkpoint.id == Checkin.checkpoint_id)
        .where(
            Duty.township_id.in_({s.township_id for s in shifts}), Duty.shift_id.in_([s.id for s in shifts]),
            Checkin.verdict == "counted",
        )
        .order_by(Checkin.effective_at, Checkin.id)
    )  # fmt: skip
    found: dict[int, list[tuple[int, str, datetime]]] = {}
    for shift_id, checkpoint_id, name, at in rows:
        found.setdefault(shift_id, []).append((checkpoint_id, name, at))
    return found


# --- review ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """A check-in as the review shows it. `place` is the checkpoint's or hotspot's name."""

    checkin: Checkin
    name: str
    place: str
    radius_m: int
    shift_id: int
    day: date
    starts_at: datetime
    ends_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    route: str | None

    @property
    def id(self) -> UUID:
        return self.checkin.id


def _answered() -> Any:
    """The member has said something that nobody has decided on yet."""
    return (
        select(Answer.id)
        .where(
            Answer.township_id == Checkin.township_id, Answer.item_id == Checkin.id, Answer.about == "checkin",
            Answer.closed_at.is_(None),
        )
        .exists()
    )  # fmt: skip


def _held(scope: Scope) -> Any:
    return and_(
        or_(is_held(), _answered()),
        led_team_rows(scope, Duty.township_id, Duty.team_id),
    )  # fmt: skip


def _others(scope: Scope, since: datetime) -> Any:
    """Not counted and not made good by another try; or counted with a remark. Nobody has looked yet."""
    better = aliased(Checkin)
    made_good = (
        select(better.id)
        .where(
            better.township_id == Checkin.township_id, better.duty_id == Checkin.duty_id,
            better.checkpoint_id == Checkin.checkpoint_id, better.verdict == "counted",
        )
        .exists()
    )  # fmt: skip
    refused = and_(Checkin.verdict == "not_counted", ~made_good)
    flagged = and_(Checkin.verdict == "counted", func.cardinality(Checkin.reasons) > 0)
    return and_(
        or_(refused, flagged), Checkin.reviewed_at.is_(None), Checkin.effective_at > since, ~_answered(),
        led_team_rows(scope, Duty.township_id, Duty.team_id),
    )  # fmt: skip


def waiting_count(scope: Scope) -> int:
    return _count(_held(scope))


def waiting_on(scope: Scope, shift_id: int) -> int:
    """What waits for a person on one shift."""
    return _count(and_(_held(scope), Duty.shift_id == shift_id))


def other_count(scope: Scope, now: datetime) -> int:
    return _count(_others(scope, now - timedelta(days=14)))


def _count(which: Any) -> int:
    statement = (
        select(func.count())
        .select_from(Checkin)
        .join(Duty, and_(Duty.township_id == Checkin.township_id, Duty.id == Checkin.duty_id))
        .where(which)
    )
    return int(db.session.scalar(statement) or 0)


def held_checkins(scope: Scope, limit: int = 100) -> list[Waiting]:
    """What waits for a person, oldest first."""
    return _waiting(
        _waiting_rows().where(_held(scope)).order_by(Checkin.effective_at, Checkin.id).limit(limit)
    )


def other_checkins(scope: Scope, now: datetime, limit: int = 100) -> list[Waiting]:
    """Not counted or counted with a remark in the last 14 days, newest first."""
    which = _others(scope, now - timedelta(days=14))
    return _waiting(
        _waiting_rows().where(which).order_by(Checkin.effective_at.desc(), Checkin.id).limit(limit)
    )


def decided_checkins(scope: Scope, person_id: int, since: datetime, limit: int = 5) -> list[Waiting]:
    """What this person decided lately, newest first: a wrong tap can be set right."""
    return _waiting(
        _waiting_rows()
        .where(
            Checkin.reviewed_by == person_id, Checkin.reviewed_at > since,
            led_team_rows(scope, Duty.township_id, Duty.team_id),
        )
        .order_by(Checkin.reviewed_at.desc())
        .limit(limit)
    )  # fmt: skip


def checkin_of(scope: Scope, checkin_id: UUID) -> Waiting:
    """One check-in of a team that the caller steers, or NotFound."""
    found = _waiting(
        _waiting_rows().where(Checkin.id == checkin_id, led_team_rows(scope, Duty.township_id, Duty.team_id))
    )
    if not found:
        raise NotFound()
    return found[0]


def _waiting_rows() -> Any:
    return (
        select(
            Checkin, Person.name.label("person"), func.coalesce(Checkpoint.name, Hotspot.name).label("place"),
            Checkpoint.radius_m, Shift.id.label("shift_id"), Shift.day, Shift.starts_at, Shift.ends_at,
            Duty.started_at, Duty.ended_at, Route.name.label("route"),
        )
        .join(Duty, and_(Duty.township_id == Checkin.township_id, Duty.id == Checkin.duty_id))
        .join(Shift, and_(Shift.township_id == Duty.township_id, Shift.id == Duty.shift_id))
        .join(Person, Person.id == Checkin.person_id)
        .outerjoin(Checkpoint, Checkpoint.id == Checkin.checkpoint_id)
        .outerjoin(Hotspot, Hotspot.id == Checkin.hotspot_id)
        .outerjoin(RouteVersion, RouteVersion.id == Shift.route_version_id)
        .outerjoin(Route, Route.id == RouteVersion.route_id)
    )  # fmt: skip


def _waiting(statement: Any) -> list[Waiting]:
    return [
        Waiting(
            r.Checkin, r.person, r.place, r.radius_m or 0, r.shift_id, r.day, r.starts_at, r.ends_at, r.started_at,
            r.ended_at, r.route,
        )
        for r in db.session.execute(statement)
    ]  # fmt: skip


@dataclass(frozen=True)
class Neighbours:
    """The check-ins just before and after in effective time: (place, when)."""

    before: tuple[str, datetime] | None
    after: tuple[str, datetime] | None


def neighbours_of(checkin: Checkin) -> Neighbours:
    place = func.coalesce(Checkpoint.name, Hotspot.name)
    rows = [
        (row[0], row[1], row[2])
        for row in db.session.execute(
            select(place, Checkin.effective_at, Checkin.id)
            .outerjoin(Checkpoint, Checkpoint.id == Checkin.checkpoint_id)
            .outerjoin(Hotspot, Hotspot.id == Checkin.hotspot_id)
            .where(Checkin.township_id == checkin.township_id, Checkin.duty_id == checkin.duty_id)
            .order_by(Checkin.effective_at, Checkin.id)
        )
    ]
    at = next(i for i, row in enumerate(rows) if row[2] == checkin.id)
    before = rows[at - 1][:2] if at > 0 else None
    after = rows[at + 1][:2] if at + 1 < len(rows) else None
    return Neighbours(before, after)


def cosigners_of(checkin: Checkin) -> list[str]:
    """Who has vouched for it, by name, whatever it is worth."""
    which = (
        select(Person.name)
        .join(Cosign, Cosign.person_id == Person.id)
        .where(
            Cosign.township_id == checkin.township_id, Cosign.checkin_id == checkin.id,
            Cosign.person_id != checkin.person_id,
        )
        .distinct()
        .order_by(Person.name)
    )  # fmt: skip
    return list(db.session.scalars(which))


def offset_from_place(checkin: Checkin) -> tuple[float, float] | None:
    """(east, north) metres from the checkpoint to the claim; None without a position or at a hotspot."""
    whose = select(Duty).where(Duty.township_id == checkin.township_id, Duty.id == checkin.duty_id)
    rows = queries.rows_of_duty(db.session.scalars(whose).one())
    return next((row.offset_m for row in rows if row.checkin.id == checkin.id), None)
