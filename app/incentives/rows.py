"""The facts that are priced beside duties, read for one person's month, and what they add to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, and_, case, cast, func, select, union
from sqlalchemy.dialects.postgresql import distinct_on

from app.areas.models import Area
from app.areas.policies import PoliciesOf
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
from app.incentives.row_rules import (
    Attended,
    Punctuality,
    is_punctual,
    not_below_nothing,
    price_false_checkin,
    price_no_show,
    price_on_time,
    price_training,
)  # fmt: skip
from app.incentives.rules import Hazard, Line, Policy, apply_caps, policy_from

Worked = Sequence[tuple[Duty, Shift]]
# What the causes of priced lines begin with; others' deeds with points (approval, the shop) have their own.
CAUSES = ("duty", "incident", "training", "month", "shift", "case")


@dataclass(frozen=True)
class MonthFacts:
    """Beside the duties of a person's month. `attended` has the quarter up to its end, in time order."""

    township_id: int
    person_id: int
    first: date
    last: date
    is_over: bool = False
    attended: tuple[Attended, ...] = ()
    missed: tuple[tuple[int, date], ...] = ()
    cases: tuple[tuple[int, date], ...] = ()
    excused: tuple[tuple[int, date], ...] = ()

    @property
    def month_cause(self) -> str:
        return f"month:{self.first:%Y-%m}:{self.person_id}"

    def days(self) -> dict[str, date]:
        """The day of the work of each cause that may have a line here, whether or not it is worth anything."""
        return {
            **{one.cause: one.day for one in self.attended if one.day >= self.first},
            **{self.missed_cause(shift_id): day for shift_id, day in (*self.missed, *self.excused)},
            **{f"case:{case_id}": day for case_id, day in self.cases},
            self.month_cause: self.last,
        }

    def missed_cause(self, shift_id: int) -> str:
        return f"shift:{shift_id}:{self.person_id}"


@dataclass
class Added:
    """Lines as they come out, and as they would be without caps and floor."""

    lines: list[Line] = field(default_factory=list)
    full: list[Line] = field(default_factory=list)


def add_rows(
    facts: MonthFacts, worked: Worked, policies: PoliciesOf, month_half: int, year_half: int
) -> Added:
    """What a month's rows come to after its duties, which are worth `month_half`; `year_half` was earned in the year's
    months before."""
    added = Added()
    for line, policy in _earned(facts, worked, policies):
        added.full.append(line)
        kept = apply_caps([line], month_half, year_half + month_half, policy)
        month_half += sum(one.amount_half for one in kept)
        added.lines.extend(kept)
    missed = [
        price_no_show(facts.missed_cause(shift_id), shift_id, _policy(policies, day))
        for shift_id, day in facts.missed
    ]
    found = [price_false_checkin(f"case:{one}", _policy(policies, day)) for one, day in facts.cases]
    found = [line for line in found if line.amount_half]
    added.full.extend([*missed, *found])
    added.lines.extend([*not_below_nothing(missed, month_half), *found])
    return added


def _policy(policies: PoliciesOf, day: date) -> Policy:
    return policy_from(policies.on(day).body("incentives"))


def _earned(facts: MonthFacts, worked: Worked, policies: PoliciesOf) -> Iterable[tuple[Line, Policy]]:
    minutes = sum(one.minutes for one in facts.attended if one.day < facts.first)
    for one in facts.attended:
        if one.day < facts.first:
            continue
        policy = _policy(policies, one.day)
        for line in price_training(minutes, one, policy):
            yield line, policy
        minutes += one.minutes
    if facts.is_over:
        policy = _policy(policies, facts.last)
        for line in price_on_time(facts.month_cause, punctuality(facts, worked, policies), policy):
            yield line, policy


def punctuality(facts: MonthFacts, worked: Worked, policies: PoliciesOf) -> Punctuality:
    """Of the valid duties of the month; who missed a shift without a word was not in time for it."""
    late = [
        ((duty.started_at - shift.starts_at).total_seconds() / 60, _policy(policies, duty.day))
        for duty, shift in worked
        if duty.started_at is not None and duty.voided_at is None
    ]
    punctual = sum(is_punctual(minutes, policy) for minutes, policy in late)
    return Punctuality(len(late) + len(facts.missed), punctual)


# --- reading --------------------------------------------------------------------------------------


def facts_of(township_id: int, person_id: int, first: date, last: date) -> MonthFacts:
    """Read for pricing the month first..last."""
    missed, excused = _missed(township_id, person_id, first, last)
    return MonthFacts(
        township_id, person_id, first, last,
        is_over=db.session.get(EndedMonth, (township_id, first)) is not None,
        attended=tuple(_attended(township_id, person_id, quarter_of(first), last)),
        missed=tuple(missed), excused=tuple(excused),
        cases=tuple(_cases(township_id, person_id, first, last)),
    )  # fmt: skip


def quarter_of(day: date) -> date:
    """The first day of a day's quarter."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _attended(township_id: int, person_id: int, first: date, last: date) -> list[Attended]:
    rows = db.session.execute(
        select(TrainingSession.id, TrainingSession.day, TrainingSession.minutes)
        .join(TrainingAttendance, _its_session())
        .where(
            TrainingAttendance.township_id == township_id, TrainingAttendance.person_id == person_id,
            TrainingAttendance.confirmed_at.is_not(None), TrainingSession.day.between(first, last),
        )
        .order_by(TrainingSession.day, TrainingSession.id)
    )  # fmt: skip
    return [Attended(f"training:{row.id}:{person_id}", row.day, row.minutes) for row in rows]


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
    """By duty: what its person was the first to report in it, and another person verified."""
    rows = db.session.execute(
        select(Duty.id, VerifiedHazard)
        .join(
            Duty,
            and_(
                Duty.township_id == VerifiedHazard.township_id, Duty.shift_id == VerifiedHazard.shift_id,
                Duty.person_id == VerifiedHazard.reporter_id,
            ),
        )
        .where(VerifiedHazard.township_id == township_id, Duty.id.in_([duty.id for duty, _ in worked]))
        .order_by(VerifiedHazard.reported_at, VerifiedHazard.incident_id)
    )  # fmt: skip
    found: dict[int, tuple[Hazard, ...]] = {}
    for duty_id, row in rows:
        one = Hazard(str(row.incident_id), row.severity, row.reported_at)
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
