"""Lone members on duty: when each last gave a sign of life, and who is overdue.

A question to what is stored, asked every minute: nothing is armed, so nothing is forgotten by a process that dies.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, not_, select
from sqlalchemy.orm import aliased

from app.alarms import operations as alarms
from app.alarms import queries, rules
from app.alarms.models import Alarm, Watch
from app.checkins.models import Checkin
from app.db import db
from app.duty.models import Duty, DutyEvent, Shift
from app.duty.queries import of_duty

# Older duties are closed by now, or nobody believes any more that somebody is out.
LOOK_BACK = timedelta(hours=24)


@dataclass(frozen=True)
class Overdue:
    """Somebody who was asked at `asked_at` and has not said anything."""

    township_id: int
    shift_id: int
    person_id: int
    asked_at: datetime


def overdue(now: datetime) -> list[Overdue]:
    """Who did not answer in time and is out alone."""
    found = []
    for duty in _lone_duties(now):
        policy = alarms.policy_of(duty.township_id, now)
        asked_at = rules.answer_due(signs_of(duty), policy)
        if asked_at is not None and rules.is_overdue(asked_at, now, policy):
            found.append(Overdue(duty.township_id, duty.shift_id, duty.person_id, asked_at))
    return found


def raise_for(lone: Overdue, now: datetime) -> bool:
    return alarms.raise_no_answer(lone.township_id, lone.shift_id, lone.person_id, lone.asked_at, now)


def unanswered() -> list[Duty]:
    """Duties with an open alarm about their member's silence."""
    return list(
        db.session.scalars(
            select(Duty).join(
                Alarm,
                and_(
                    Alarm.township_id == Duty.township_id, Alarm.shift_id == Duty.shift_id,
                    Alarm.person_id == Duty.person_id, Alarm.kind == "no_answer", Alarm.state.in_(queries.OPEN),
                ),
            )
        )
    )  # fmt: skip


def end_if_heard(duty: Duty, now: datetime) -> None:
    """A check-in or an end that came meanwhile ends the alarm about its member's silence."""
    ended_at = None if "forgotten_end" in duty.flags else duty.ended_at
    known = [at for at in (*signs_of(duty), ended_at) if at is not None]
    if known:
        alarms.end_answered(duty.township_id, duty.shift_id, duty.person_id, max(known), now)


def signs_of(duty: Duty) -> list[datetime | None]:
    """The start, a resumption, the last check-in, the last OK, and a leader's look. Not the track: a phone in a ditch
    goes on recording."""
    last_checkin = select(func.max(Checkin.effective_at)).where(of_duty(Checkin, duty))
    resumed = select(func.max(DutyEvent.effective_at)).where(
        of_duty(DutyEvent, duty), DutyEvent.kind == "resume"
    )
    mine = (duty.township_id, duty.shift_id, duty.person_id)
    watch = db.session.get(Watch, mine, populate_existing=True)
    looked = select(func.max(Alarm.ended_at)).where(
        Alarm.township_id == mine[0], Alarm.shift_id == mine[1], Alarm.person_id == mine[2],
        Alarm.state == "closed", not_(Alarm.silent),
    )  # fmt: skip
    asked = [db.session.scalar(one) for one in (last_checkin, resumed, looked)]
    return [duty.started_at, watch.ok_at if watch else None, *asked]


def _lone_duties(now: datetime) -> list[Duty]:
    """On duty, not paused, the only one of the crew who is out, and no alarm of theirs is open."""
    other = aliased(Duty)
    with_others = exists().where(
        other.township_id == Duty.township_id, other.shift_id == Duty.shift_id, other.id != Duty.id,
        other.state.in_(queries.ON_DUTY),
    )  # fmt: skip
    has_alarm = exists().where(
        Alarm.township_id == Duty.township_id, Alarm.person_id == Duty.person_id,
        Alarm.state.in_(queries.OPEN), not_(Alarm.silent),
    )  # fmt: skip
    return list(
        db.session.scalars(
            select(Duty)
            .join(Shift, and_(Shift.township_id == Duty.township_id, Shift.id == Duty.shift_id))
            .where(
                Duty.day >= (now - LOOK_BACK).date(), Duty.state == "on", Duty.started_at > now - LOOK_BACK,
                Shift.ends_at > now - timedelta(minutes=60), not_(with_others), not_(has_alarm),
            )
            .order_by(Duty.township_id, Duty.id)
        )
    )  # fmt: skip
