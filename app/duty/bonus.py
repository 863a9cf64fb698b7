"""Points for a shift that is hard to fill: set before it begins and before anybody is on duty in it, seen by all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from app import stream
from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.db import db
from app.duty import choices, queries
from app.duty.models import Assignment, Shift
from app.errors import Conflict, DomainError, FieldError
from app.teams.models import Team
from app.teams.scope import Criterion, Scope, reach_row, steered_rows

LEAST, MOST = 5, 10
CHOICES = (0, *range(LEAST, MOST + 1))


def set_bonus(
    person: Person, scope: Scope, shift_id: int, expected_version: int, bonus: int, now: datetime
) -> Shift:
    """By a leader of the team or a reviewer; 0 takes it away. The same again changes nothing. Raises Conflict
    `changed_meanwhile`, `shift_cancelled` or `bonus_too_late`."""
    if bonus not in CHOICES:
        raise DomainError("invalid", [FieldError("/bonus", "bonus_range")])
    shift = reach(scope, shift_id, to_change=True)
    if shift.bonus == bonus:
        return shift
    if shift.version != expected_version:
        raise Conflict("changed_meanwhile", yours=expected_version, theirs=shift.version)
    if shift.status != "planned":
        raise Conflict("shift_cancelled")
    if now >= shift.starts_at or choices.people_on_duty(shift.township_id, shift.id):
        raise Conflict("bonus_too_late")
    shift.bonus, shift.version = bonus, shift.version + 1
    shift.changed_by, shift.changed_at = person.id, now
    record_audit(shift.township_id, person.id, "shift.bonus", "shift", shift.id, now, bonus=bonus)
    stream.tell(
        "plan",
        people=queries.planned_people(shift.township_id, shift.id),
        teams=[shift.team_id],
        shift_id=shift.id,
    )
    db.session.flush()
    return shift


def _steered(scope: Scope) -> Criterion:
    return steered_rows(scope, Shift.township_id, Shift.team_id)


def reach(scope: Scope, shift_id: int, *, to_change: bool = False) -> Shift:
    one = select(Shift).where(Shift.id == shift_id, _steered(scope))
    return reach_row(one, to_change=Shift if to_change else None)


@dataclass(frozen=True)
class ToCome:
    """A shift that has not begun, with its team and how many are planned for it."""

    shift: Shift
    team: str
    planned: int


def to_come(scope: Scope, township_id: int, now: datetime, until: datetime) -> list[ToCome]:
    """Those with a free place or a bonus, by their beginning."""
    planned = (
        select(func.count(Assignment.id))
        .where(
            Assignment.township_id == Shift.township_id, Assignment.shift_id == Shift.id, Assignment.active
        )
        .correlate(Shift)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Shift, Team.name, planned)
        .join(Team, Team.id == Shift.team_id)
        .where(
            Shift.township_id == township_id, Shift.status == "planned", Shift.starts_at > now,
            Shift.starts_at < until, _steered(scope), or_(Shift.bonus > 0, planned < Shift.crew_wanted),
        )
        .order_by(Shift.starts_at, Shift.id)
    ).all()  # fmt: skip
    return [ToCome(row[0], row[1], row[2]) for row in rows]
