"""Leave: asked by a member's phone, decided by a leader; while it is approved no roster takes the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select, update
from sqlalchemy.dialects.postgresql import insert

from app import clock, stream
from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas.models import Area
from app.db import db
from app.duty import choices
from app.duty.models import Leave, SwapStep
from app.errors import Conflict, DomainError, FieldError, NotFound
from app.teams.models import Team, TeamMember
from app.teams.scope import Scope, led_team_rows

LONGEST_DAYS = 366
REFUSALS = ("too_few_people", "too_short_notice", "talk_first")


@dataclass(frozen=True)
class AwayAsk:
    """Somebody's leave as the leader sees it; `shifts` are those they are planned for in that time."""

    leave: Leave
    name: str
    zone: str
    shifts: tuple[choices.Booking, ...] = ()

    @property
    def state(self) -> str:
        return state_of(self.leave)


def state_of(leave: Leave) -> str:
    return "withdrawn" if leave.withdrawn else leave.decision or "asked"


# --- what a phone says ----------------------------------------------------------------------------


def record_leave(
    township_id: int, person_id: int, item_id: UUID, from_on: date, to_on: date, phrase: str, at: datetime
) -> None:
    """Raises DomainError for days that are none."""
    if not from_on <= to_on <= from_on + timedelta(days=LONGEST_DAYS):
        raise DomainError("leave_days")
    gone = select(SwapStep.id).where(
        SwapStep.township_id == township_id, SwapStep.ask_id == item_id, SwapStep.person_id == person_id
    )
    db.session.execute(
        insert(Leave)
        .values(
            township_id=township_id, id=item_id, person_id=person_id, from_on=from_on, to_on=to_on, phrase=phrase,
            asked_at=at, withdrawn=gone.exists(),
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    tell(township_id, person_id)


def withdraw_leave(township_id: int, person_id: int, leave_id: UUID) -> bool:
    """True when it is there; the person comes again, whatever had been decided."""
    done = db.session.execute(
        update(Leave)
        .where(Leave.township_id == township_id, Leave.id == leave_id, Leave.person_id == person_id)
        .values(withdrawn=True)
        .returning(Leave.id)
    )
    tell(township_id, person_id)
    return done.first() is not None


def tell(township_id: int, person_id: int) -> None:
    teams = db.session.scalars(
        select(TeamMember.team_id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(
            TeamMember.person_id == person_id, TeamMember.left_on.is_(None), Team.township_id == township_id
        )
    )
    stream.tell("swap", people=[person_id], teams=teams.all())


# --- what a leader decides ------------------------------------------------------------------------


def decide_leave(
    person: Person, scope: Scope, leave_id: UUID, decision: str, reason: str | None, now: datetime
) -> Leave:
    """Approved or refused, once; the same again changes nothing. Raises NotFound outside the teams led."""
    leave = db.session.scalar(select(Leave).where(Leave.id == leave_id, _led(scope)).with_for_update())
    if leave is None:
        raise NotFound()
    if decision not in ("approved", "refused"):
        raise DomainError("invalid", [FieldError("/decision", "field_needed")])
    if decision == "refused" and reason not in REFUSALS:
        raise DomainError("invalid", [FieldError("/reason", "field_needed")])
    if leave.withdrawn:
        raise Conflict("leave_withdrawn")
    if leave.decision == decision:
        return leave
    if leave.decision is not None:
        raise Conflict("leave_decided")
    leave.decision, leave.decided_by, leave.decided_at = decision, person.id, now
    leave.decided_why = reason if decision == "refused" else None
    record_audit(leave.township_id, person.id, f"leave.{decision}", "leave", str(leave.id), now)
    db.session.flush()
    tell(leave.township_id, leave.person_id)
    return leave


def leave_asks(scope: Scope, now: datetime) -> list[AwayAsk]:
    """What waits for the leader, soonest first, and after it what was decided and is not over yet."""
    rows = db.session.execute(
        select(Leave, Person.name, Area.time_zone)
        .join(Person, Person.id == Leave.person_id)
        .join(Area, Area.id == Leave.township_id)
        .where(_led(scope), Leave.withdrawn.is_(False), Leave.to_on >= (now - timedelta(days=1)).date())
        .order_by(Leave.decision.is_not(None), Leave.from_on, Leave.id)
    )
    return [AwayAsk(r[0], r[1], r[2], _shifts_in(scope, r[0], r[2])) for r in rows]


def waiting_leaves(scope: Scope, now: datetime) -> int:
    return sum(ask.leave.decision is None for ask in leave_asks(scope, now))


def _shifts_in(scope: Scope, leave: Leave, zone: str) -> tuple[choices.Booking, ...]:
    first, last = clock.day_span(leave.from_on, leave.to_on, zone)
    return tuple(choices.bookings_of(scope, leave.township_id, [leave.person_id], first, last, None))


def _led(scope: Scope) -> Any:
    """Leaves of members of the teams that the caller steers."""
    return (
        select(TeamMember.team_id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(
            TeamMember.person_id == Leave.person_id, TeamMember.left_on.is_(None),
            Team.township_id == Leave.township_id, led_team_rows(scope, Team.township_id, Team.id),
        )
        .exists()
    )  # fmt: skip


# --- what others ask ------------------------------------------------------------------------------


def people_away(township_id: int, person_ids: Sequence[int], first: date, last: date) -> dict[int, Leave]:
    """Who of these people has approved leave on any of the days first..last."""
    rows = db.session.scalars(
        select(Leave).where(
            Leave.township_id == township_id, Leave.person_id.in_(person_ids), Leave.decision == "approved",
            Leave.withdrawn.is_(False), and_(Leave.from_on <= last, Leave.to_on >= first),
        )
    )  # fmt: skip
    return {leave.person_id: leave for leave in rows}


def own_leaves(township_id: int, person_id: int, since: date) -> list[Leave]:
    which = select(Leave).where(
        Leave.township_id == township_id, Leave.person_id == person_id, Leave.to_on >= since
    )
    return list(db.session.scalars(which.order_by(Leave.from_on, Leave.id)))
