"""Who was planned and did not come without a word: found 72 h after the shift, excused by somebody else; and the months
that are over, whose on-time bonus is priced then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas.models import Area
from app.areas.policies import place_of, policies_in_force
from app.clock import local_day
from app.db import db
from app.duty.models import Assignment, Decline, Duty, Leave, Shift, Swap, SwapStep
from app.errors import Conflict
from app.incentives import queries
from app.incentives.models import EXCUSES, EndedMonth, NoShow
from app.incentives.operations import post_month
from app.incentives.rules import SETTLES_AFTER, policy_from
from app.incentives.steering import refuse_same, refuse_unknown
from app.teams.models import Team
from app.teams.scope import Scope, reach_row, steered_rows

# A shift that nobody looked at for so long is left alone: its month may have been told to people already.
LOOK_BACK = timedelta(days=14)


@dataclass(frozen=True)
class Missed:
    township_id: int
    shift_id: int
    person_id: int
    day: date


def due(now: datetime, limit: int) -> list[Missed]:
    """Places of planned shifts whose people neither came nor said so, 72 h after the shift's end."""
    ended = and_(Shift.ends_at <= now - SETTLES_AFTER, Shift.ends_at > now - SETTLES_AFTER - LOOK_BACK)
    rows = db.session.execute(
        select(Shift.township_id, Shift.id, Assignment.person_id, Shift.day, Shift.starts_at)
        .join(
            Assignment,
            and_(Assignment.township_id == Shift.township_id, Assignment.shift_id == Shift.id),
        )
        .where(ended, Shift.status == "planned", ~_came(), ~_known(), or_(Assignment.active, _declined()))
        .order_by(Shift.ends_at, Shift.township_id, Shift.id, Assignment.person_id)
    ).all()  # fmt: skip
    found: list[Missed] = []
    for row in rows:
        one = Missed(row.township_id, row.id, row.person_id, row.day)
        if not has_said(one, row.starts_at - _notice(row.township_id, row.day)):
            found.append(one)
        if len(found) >= limit:
            break
    return found


def _notice(township_id: int, day: date) -> timedelta:
    policy = policy_from(policies_in_force(township_id, day).body("incentives"))
    return timedelta(minutes=policy.notice_min)


def _came() -> ColumnElement[bool]:
    return (
        select(Duty.id)
        .where(
            Duty.township_id == Shift.township_id, Duty.shift_id == Shift.id, Duty.person_id == Assignment.person_id
        )
        .exists()
    )  # fmt: skip


def _known() -> ColumnElement[bool]:
    return (
        select(NoShow.day)
        .where(
            NoShow.township_id == Shift.township_id, NoShow.shift_id == Shift.id,
            NoShow.person_id == Assignment.person_id,
        )
        .exists()
    )  # fmt: skip


def _declined() -> ColumnElement[bool]:
    """Who declined too late is off the roster and has given no notice; whom the leader took off has nothing to give."""
    return (
        select(Decline.id)
        .where(
            Decline.township_id == Shift.township_id, Decline.shift_id == Shift.id,
            Decline.person_id == Assignment.person_id,
        )
        .exists()
    )  # fmt: skip


def has_said(one: Missed, until: datetime) -> bool:
    """By then they had declined, asked for somebody to take the shift, or asked for leave on its day; what was taken
    back is as if it had not been said, and what a leader refused was still said."""
    township, shift, person = one.township_id, one.shift_id, one.person_id
    back = and_(SwapStep.township_id == township, SwapStep.person_id == person, SwapStep.kind == "withdraw")
    said: Sequence[Any] = (
        select(Decline.id).where(
            Decline.township_id == township, Decline.shift_id == shift, Decline.person_id == person,
            Decline.said_at <= until,
        ),
        select(Swap.id).where(
            Swap.township_id == township, Swap.shift_id == shift, Swap.person_id == person, Swap.asked_at <= until,
            ~select(SwapStep.id).where(back, SwapStep.ask_id == Swap.id).exists(),
        ),
        select(Leave.id).where(
            Leave.township_id == township, Leave.person_id == person, Leave.from_on <= one.day,
            Leave.to_on >= one.day, Leave.asked_at <= until, ~Leave.withdrawn,
        ),
    )  # fmt: skip
    return any(db.session.scalar(select(each.exists())) for each in said)


def record(one: Missed, now: datetime) -> None:
    """Safe to repeat; priced at once."""
    values = {**one.__dict__, "found_at": now}
    db.session.execute(insert(NoShow).values(values).on_conflict_do_nothing())
    post_month(one.township_id, one.person_id, one.day, place_of(one.township_id).zone, now)


def excuse(person: Person, scope: Scope, shift_id: int, person_id: int, why: str, now: datetime) -> NoShow:
    """By a leader of the team or a reviewer, other than the member. Another's excuse stands (Conflict)."""
    refuse_unknown("excuse", why, EXCUSES)
    row = reach(scope, shift_id, person_id, to_change=True)
    refuse_same(person.id, row.person_id, "own_no_show")
    if row.excuse is not None:
        if row.excuse != why:
            raise Conflict("no_show_excused")
        return row
    row.excuse, row.excused_by, row.excused_at = why, person.id, now
    db.session.flush()
    post_month(row.township_id, row.person_id, row.day, place_of(row.township_id).zone, now)
    record_audit(
        row.township_id,
        person.id,
        "no_show.excused",
        "shift",
        row.shift_id,
        now,
        member_id=row.person_id,
        why=why,
    )
    return row


def reach(scope: Scope, shift_id: int, person_id: int, *, to_change: bool = False) -> NoShow:
    which = (
        select(NoShow)
        .join(Shift, and_(Shift.township_id == NoShow.township_id, Shift.id == NoShow.shift_id))
        .where(
            NoShow.shift_id == shift_id, NoShow.person_id == person_id,
            steered_rows(scope, NoShow.township_id, Shift.team_id),
        )
    )  # fmt: skip
    return reach_row(which, to_change=NoShow if to_change else None)


@dataclass(frozen=True)
class Shown:
    row: NoShow
    name: str
    team: str
    starts_at: datetime
    ends_at: datetime
    came: bool
    excused_by: str | None


def seen(scope: Scope, township_id: int, first: date, last: date) -> list[Shown]:
    """Of a month, within the caller's reach; those that count first."""
    by = aliased(Person)
    came = (
        select(Duty.id)
        .where(
            Duty.township_id == NoShow.township_id, Duty.shift_id == NoShow.shift_id,
            Duty.person_id == NoShow.person_id,
        )
        .exists()
    )  # fmt: skip
    rows = db.session.execute(
        select(NoShow, Person.name, Team.name, Shift.starts_at, Shift.ends_at, came, by.name)
        .join(Shift, and_(Shift.township_id == NoShow.township_id, Shift.id == NoShow.shift_id))
        .join(Team, Team.id == Shift.team_id)
        .join(Person, Person.id == NoShow.person_id)
        .outerjoin(by, by.id == NoShow.excused_by)
        .where(
            NoShow.township_id == township_id, NoShow.day.between(first, last),
            steered_rows(scope, NoShow.township_id, Shift.team_id),
        )
        .order_by(NoShow.day.desc(), Person.name)
    ).all()  # fmt: skip
    return sorted((Shown(*row) for row in rows), key=lambda one: bool(one.row.excuse or one.came))


# --- months that are over -------------------------------------------------------------------------


def months_over(now: datetime) -> list[tuple[int, date]]:
    """(township, month) of the last months with duties that are over in the township and not yet said to be."""
    month = cast(func.date_trunc("month", Duty.day), Date)
    since = (now - timedelta(days=100)).date().replace(day=1)
    rows = db.session.execute(
        select(Duty.township_id, month.label("month"), Area.time_zone)
        .join(Area, Area.id == Duty.township_id)
        .where(Duty.day >= since)
        .distinct()
        .order_by(month, Duty.township_id)
    ).all()
    known = {
        (row[0], row[1]) for row in db.session.execute(select(EndedMonth.township_id, EndedMonth.month)).all()
    }
    return [
        (row.township_id, row.month)
        for row in rows
        if (row.township_id, row.month) not in known
        and row.month < local_day(now, row.time_zone).replace(day=1)
    ]


def end_month(township_id: int, month: date, now: datetime) -> None:
    """From now on the month's on-time bonus counts; everybody with a duty in it is priced once more. Safe to repeat.
    Postings wait: whose first duty comes in this moment would else be priced beside it."""
    queries.lock_months(township_id)
    values = {"township_id": township_id, "month": month, "ended_at": now}
    db.session.execute(insert(EndedMonth).values(values).on_conflict_do_nothing())
    following = (month + timedelta(days=32)).replace(day=1)
    people = db.session.scalars(
        select(Duty.person_id)
        .where(Duty.township_id == township_id, Duty.day >= month, Duty.day < following)
        .distinct()
        .order_by(Duty.person_id)
    ).all()
    zone = place_of(township_id).zone
    for person_id in people:
        post_month(township_id, person_id, month, zone, now)
