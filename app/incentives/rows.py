"""The facts that are priced beside duties (row_rules.py), read for one person's months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, and_, case, cast, func, select, union
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from app.areas.models import Area
from app.db import db
from app.duty import queries as duties
from app.duty.models import Duty, Shift
from app.incentives.models import (
    EndedMonth,
    FalseCheckin,
    Holiday,
    NoShow,
    TrainingAttendance,
    TrainingSession,
    VerifiedHazard,
)  # fmt: skip
from app.incentives.row_rules import Attended, MonthFacts
from app.incentives.rules import Hazard

Worked = Sequence[tuple[Duty, Shift]]
# What the causes of priced lines begin with; others' deeds with points (approval, the shop) have their own.
CAUSES = ("duty", "incident", "training", "month", "shift", "case")


def facts_between(
    township_id: int, person_id: int, first: date, last: date, worked: Worked
) -> dict[date, MonthFacts]:
    """By first day of the month, from `first`'s to `last`'s; `worked` are the duties of all of them."""
    missed, excused = _missed(township_id, person_id, first, last)
    attended, gone = _attended(township_id, person_id, quarter_of(first), last)
    cases, over = _cases(township_id, person_id, first, last), _ended_months(township_id, first, last)
    found = {}
    while first <= last:
        until = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        found[first] = MonthFacts(
            township_id, person_id, first, until, first in over,
            tuple(one for one in attended if quarter_of(first) <= one.day <= until),
            tuple(_started(duty, shift) for duty, shift in worked if first <= duty.day <= until and _is_valid(duty)),
            *(_of_month(each, first, until) for each in (missed, cases, excused, gone)),
        )  # fmt: skip
        first = until + timedelta(days=1)
    return found


def _of_month(each: Sequence[tuple[Any, date]], first: date, last: date) -> tuple[tuple[Any, date], ...]:
    return tuple(one for one in each if first <= one[1] <= last)


def _is_valid(duty: Duty) -> bool:
    return duty.started_at is not None and duty.voided_at is None


def _started(duty: Duty, shift: Shift) -> tuple[date, float]:
    assert duty.started_at is not None
    return duty.day, (duty.started_at - shift.starts_at).total_seconds() / 60


def _ended_months(township_id: int, first: date, last: date) -> set[date]:
    return set(
        db.session.scalars(
            select(EndedMonth.month).where(
                EndedMonth.township_id == township_id, EndedMonth.month.between(first, last)
            )
        )
    )


def quarter_of(day: date) -> date:
    """The first day of a day's quarter."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _attended(
    township_id: int, person_id: int, first: date, last: date
) -> tuple[list[Attended], list[tuple[str, date]]]:
    """Confirmed sessions, and causes of those that were taken back since."""
    stands = TrainingAttendance.taken_back_at.is_(None).label("stands")
    rows = db.session.execute(
        select(TrainingSession.id, TrainingSession.day, TrainingSession.minutes, stands)
        .join(TrainingAttendance, _its_session())
        .where(
            TrainingAttendance.township_id == township_id, TrainingAttendance.person_id == person_id,
            TrainingAttendance.confirmed_at.is_not(None), TrainingSession.day.between(first, last),
        )
        .order_by(TrainingSession.day, TrainingSession.id)
    ).all()  # fmt: skip
    each = [(Attended(f"training:{row.id}:{person_id}", row.day, row.minutes), row.stands) for row in rows]
    return [one for one, stands in each if stands], [
        (one.cause, one.day) for one, stands in each if not stands
    ]


def _its_session() -> Any:
    return and_(
        TrainingAttendance.township_id == TrainingSession.township_id,
        TrainingAttendance.session_id == TrainingSession.id,
    )


def _missed(
    township_id: int, person_id: int, first: date, last: date
) -> tuple[list[tuple[int, date]], list[tuple[int, date]]]:
    """Shifts without a word and without a duty since; and those that turned out otherwise."""
    came = (
        select(Duty.id)
        .where(
            Duty.township_id == township_id, Duty.shift_id == NoShow.shift_id, Duty.person_id == NoShow.person_id
        )
        .exists()
    )  # fmt: skip
    rows = db.session.execute(
        select(NoShow.shift_id, NoShow.day, and_(NoShow.excused_at.is_(None), ~came).label("stands"))
        .where(
            NoShow.township_id == township_id,
            NoShow.person_id == person_id,
            NoShow.day.between(first, last),
        )
        .order_by(NoShow.day, NoShow.shift_id)
    ).all()
    each = [((r.shift_id, r.day), r.stands) for r in rows]
    return [one for one, stands in each if stands], [one for one, stands in each if not stands]


def _cases(township_id: int, person_id: int, first: date, last: date) -> list[tuple[int, date]]:
    rows = db.session.execute(
        select(FalseCheckin.id, Duty.day)
        .join(Duty, and_(Duty.township_id == FalseCheckin.township_id, Duty.id == FalseCheckin.duty_id))
        .where(
            FalseCheckin.township_id == township_id, FalseCheckin.person_id == person_id,
            FalseCheckin.outcome == "upheld", Duty.day.between(first, last),
        )
        .order_by(Duty.day, FalseCheckin.id)
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def hazards_of(township_id: int, worked: Worked) -> dict[int, tuple[Hazard, ...]]:
    """By duty: what its person was the first to report in it, and another person verified; also what was taken back."""
    rows = db.session.execute(
        select(Duty.id, VerifiedHazard)
        .join(Duty, _its_duty())
        .where(VerifiedHazard.township_id == township_id, Duty.id.in_([duty.id for duty, _ in worked]))
        .order_by(VerifiedHazard.reported_at, VerifiedHazard.incident_id, VerifiedHazard.n)
    )  # fmt: skip
    found: dict[int, tuple[Hazard, ...]] = {}
    for duty_id, row in rows:
        one = Hazard(str(row.incident_id), row.severity, row.reported_at, row.taken_back_at is not None)
        found[duty_id] = (*found.get(duty_id, ()), one)
    return found


def holidays_between(township_id: int, first: date, last: date) -> frozenset[date]:
    """Public holidays; a day that the township calls a working day is none, whatever its county says."""
    township_first = case((Holiday.area_id == township_id, 0), else_=1)
    rows = db.session.execute(
        select(Holiday.day, Holiday.kind)
        .join(Area, Area.id == township_id)
        .where(Holiday.area_id.in_([Area.id, Area.county_id]), Holiday.day.between(first, last))
        .ext(distinct_on(Holiday.day))
        .order_by(Holiday.day, township_first)
    )
    return frozenset(row.day for row in rows if row.kind == "holiday")


def holidays_for(township_id: int, worked: Worked) -> frozenset[date]:
    """Those that meet duties, with the day after each for who works past midnight."""
    days = [duty.day for duty, _ in worked]
    return holidays_between(township_id, min(days), max(days) + timedelta(days=1)) if days else frozenset()


def months_of(township_id: int, person_id: int, after: date, until: date) -> list[date]:
    """First days of the months, later than a day, in which a person has anything that is priced."""
    month = func.date_trunc("month", TrainingSession.day)
    trained = (
        select(cast(month, Date))
        .join(TrainingAttendance, _its_session())
        .where(
            TrainingAttendance.township_id == township_id, TrainingAttendance.person_id == person_id,
            TrainingSession.day > after, TrainingSession.day <= until,
        )
    )  # fmt: skip
    missed = select(cast(func.date_trunc("month", NoShow.day), Date)).where(
        NoShow.township_id == township_id, NoShow.person_id == person_id, NoShow.day > after, NoShow.day <= until
    )  # fmt: skip
    beside = db.session.scalars(union(trained, missed))
    return sorted({*duties.months_worked(township_id, person_id, after, until), *beside})


def people_beside(township_id: int) -> Any:
    """A select of whoever has a fact here that is priced without a duty."""
    return union(
        select(TrainingAttendance.person_id).where(TrainingAttendance.township_id == township_id),
        select(NoShow.person_id).where(NoShow.township_id == township_id),
    )


# --- what was taken back --------------------------------------------------------------------------


@dataclass(frozen=True)
class TakenBack:
    """A confirmation that is none any more, and nothing was confirmed in its place under the same cause."""

    rule: str
    cause: str
    why: str
    at: datetime


def taken_back_of(township_id: int, person_id: int, first: date, last: date) -> list[TakenBack]:
    """Of a person's work of these days, by day."""
    mine = (TrainingAttendance.township_id == township_id, TrainingAttendance.person_id == person_id)
    trained = db.session.execute(
        select(TrainingAttendance, TrainingSession.day)
        .join(TrainingSession, _its_session())
        .where(*mine, TrainingAttendance.taken_back_at.is_not(None), TrainingSession.day.between(first, last))
    ).all()
    found = [(day, _gone("training", f"training:{row.session_id}:{person_id}", row)) for row, day in trained]
    found += [(day, _gone("hazard", f"incident:{row.incident_id}", row)) for row, day in _hazards_gone(
        township_id, person_id, first, last)]  # fmt: skip
    return [one for _, one in sorted(found, key=lambda each: (each[0], each[1].cause))]


def _gone(rule: str, cause: str, row: TrainingAttendance | VerifiedHazard) -> TakenBack:
    assert row.taken_back_at is not None and row.taken_back_why is not None
    return TakenBack(rule, cause, row.taken_back_why, row.taken_back_at)


def _hazards_gone(township_id: int, person_id: int, first: date, last: date) -> Sequence[Any]:
    newer = aliased(VerifiedHazard)
    followed = select(newer.n).where(
        newer.township_id == township_id, newer.incident_id == VerifiedHazard.incident_id, newer.n > VerifiedHazard.n
    )  # fmt: skip
    return db.session.execute(
        select(VerifiedHazard, Duty.day)
        .join(Duty, _its_duty())
        .where(
            VerifiedHazard.township_id == township_id, VerifiedHazard.reporter_id == person_id,
            VerifiedHazard.taken_back_at.is_not(None), Duty.day.between(first, last), ~followed.exists(),
        )
    ).all()  # fmt: skip


def _its_duty() -> Any:
    return and_(
        Duty.township_id == VerifiedHazard.township_id, Duty.shift_id == VerifiedHazard.shift_id,
        Duty.person_id == VerifiedHazard.reporter_id,
    )  # fmt: skip
