"""Pricing what is earned or lost beside a duty: training, an on-time month, no-shows, false check-ins.

Amounts are half points as in rules.py; what is taken is below nothing. Order within a month: its duties, training in
time order, the on-time bonus, each as far as the caps leave room; then no-shows, which take a month no lower than
nothing; then false check-ins, which have no such floor. Source: duty-incentives.md ("Points").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from app.incentives.rules import Line, Policy, apply_caps

# The numbers of the point rules in force on a day.
PolicyOn = Callable[[date], Policy]


@dataclass(frozen=True)
class Attended:
    """A session that somebody attended, confirmed by another. `cause` names session and member."""

    cause: str
    day: date
    minutes: int


@dataclass(frozen=True)
class Punctuality:
    """A month's shifts and how many of them were begun in time; a shift that somebody missed was not."""

    shifts: int = 0
    punctual: int = 0

    @property
    def percent(self) -> int:
        return 100 * self.punctual // self.shifts if self.shifts else 0


def is_punctual(late_min: float, policy: Policy) -> bool:
    """Late is who begins more than 15 minutes after the shift; early never is."""
    return late_min <= policy.late_min


def price_training(minutes_before: int, one: Attended, policy: Policy) -> list[Line]:
    """10 points an hour, before the limit of the quarter. `minutes_before` of the quarter's earlier sessions: each is
    worth what it adds to the quarter's sum, so that no half point is lost between two short ones."""
    amount = _training_half(minutes_before + one.minutes, policy) - _training_half(minutes_before, policy)
    detail = {"minutes": one.minutes, "sessions": 1}
    return [Line("training", one.cause, amount, detail)] if amount > 0 else []


def within_quarter(line: Line, minutes_before: int, policy: Policy) -> list[Line]:
    """The line as far as the 40 points of the quarter leave room; one that is cut keeps what it would have been."""
    room = max(0, 2 * policy.training_a_quarter - _training_half(minutes_before, policy))
    if line.amount_half <= room:
        return [line]
    detail = {**line.detail, "uncapped_half": line.amount_half, "cap": "quarter"}
    return [replace(line, amount_half=room, detail=detail)] if room else []


def _training_half(minutes: int, policy: Policy) -> int:
    return int(Fraction(2 * policy.training_per_hour * minutes, 60))


def price_on_time(cause: str, month: Punctuality, policy: Policy) -> list[Line]:
    """20 points for a month that is over, with four shifts or more, nine of ten begun in time."""
    is_enough = month.shifts >= max(1, policy.on_time_shifts)
    if not is_enough or 100 * month.punctual < policy.on_time_percent * month.shifts:
        return []
    detail = {"shifts": month.shifts, "punctual": month.punctual, "percent": month.percent}
    return [Line("on_time_month", cause, 2 * policy.on_time_month, detail)] if policy.on_time_month else []


def price_no_show(cause: str, shift_id: int, policy: Policy) -> Line:
    """10 points less."""
    return Line("no_show", cause, -2 * policy.no_show, {"shift_id": shift_id})


def price_false_checkin(cause: str, policy: Policy) -> Line:
    """50 points less, whatever the balance."""
    return Line("false_checkin", cause, -2 * policy.false_checkin, {"points": policy.false_checkin})


def not_below_nothing(lines: Sequence[Line], month_half: int) -> list[Line]:
    """What may be taken of a month without leaving it below nothing, in order; what is cut keeps what it would have
    been, and one with nothing left to take goes."""
    kept = []
    for line in lines:
        taken = min(-line.amount_half, max(0, month_half))
        month_half -= taken
        if taken == -line.amount_half:
            kept.append(line)
        elif taken > 0:
            detail = {**line.detail, "uncapped_half": line.amount_half}
            kept.append(replace(line, amount_half=-taken, detail=detail))
    return [line for line in kept if line.amount_half]


# --- a month of it


@dataclass(frozen=True)
class MonthFacts:
    """Beside the duties of a person's month. `attended` has the quarter up to its end, in time order; `started` the
    days of the valid duties with the minutes after the shift's beginning; `taken_back` the causes of sessions that were
    confirmed wrongly."""

    township_id: int
    person_id: int
    first: date
    last: date
    is_over: bool = False
    attended: tuple[Attended, ...] = ()
    started: tuple[tuple[date, float], ...] = ()
    missed: tuple[tuple[int, date], ...] = ()
    cases: tuple[tuple[int, date], ...] = ()
    excused: tuple[tuple[int, date], ...] = ()
    taken_back: tuple[tuple[str, date], ...] = ()

    @property
    def month_cause(self) -> str:
        return f"month:{self.first:%Y-%m}:{self.person_id}"

    def days(self) -> dict[str, date]:
        """The day of the work of each cause that may have a line here, whether or not it is worth anything."""
        return {
            **{one.cause: one.day for one in self.attended if one.day >= self.first},
            **dict(self.taken_back),
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


def add_rows(facts: MonthFacts, policy_on: PolicyOn, month_half: int, year_half: int) -> Added:
    """What a month's rows come to after its duties, which are worth `month_half`; `year_half` was earned in the year's
    months before."""
    added = Added()
    for line, limited, policy in _earned(facts, policy_on):
        added.full.append(line)
        kept = apply_caps(limited, month_half, year_half + month_half, policy)
        month_half += sum(one.amount_half for one in kept)
        added.lines.extend(kept)
    missed = [
        price_no_show(facts.missed_cause(shift_id), shift_id, policy_on(day))
        for shift_id, day in facts.missed
    ]
    found = [price_false_checkin(f"case:{one}", policy_on(day)) for one, day in facts.cases]
    found = [line for line in found if line.amount_half]
    added.full.extend([*missed, *found])
    added.lines.extend([*not_below_nothing(missed, month_half), *found])
    return added


def _earned(facts: MonthFacts, policy_on: PolicyOn) -> Iterator[tuple[Line, list[Line], Policy]]:
    """Each line as it would be alone, and as far as its own limit leaves it."""
    minutes = sum(one.minutes for one in facts.attended if one.day < facts.first)
    for one in facts.attended:
        if one.day < facts.first:
            continue
        policy = policy_on(one.day)
        for line in price_training(minutes, one, policy):
            yield line, within_quarter(line, minutes, policy), policy
        minutes += one.minutes
    if facts.is_over:
        policy = policy_on(facts.last)
        for line in price_on_time(facts.month_cause, punctuality(facts, policy_on), policy):
            yield line, [line], policy


def punctuality(facts: MonthFacts, policy_on: PolicyOn) -> Punctuality:
    """Of the valid duties of the month; who missed a shift without a word was not in time for it."""
    punctual = sum(is_punctual(minutes, policy_on(day)) for day, minutes in facts.started)
    return Punctuality(len(facts.started) + len(facts.missed), punctual)
