"""Pricing what is earned or lost beside a duty: training, an on-time month, no-shows, false check-ins.

Amounts are half points as in rules.py; what is taken is below nothing. Order within a month: its duties, training in
time order, the on-time bonus, each as far as the caps leave room; then no-shows, which take a month no lower than
nothing; then false check-ins, which have no such floor. Source: duty-incentives.md ("Points").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from app.incentives.rules import Line, Policy


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
    """10 points an hour, at most 40 in a quarter. `minutes_before` of the quarter's earlier sessions: each is worth
    what it adds to the quarter's sum, so that no half point is lost between two short ones."""
    already = _training_half(minutes_before, policy)
    amount = _training_half(minutes_before + one.minutes, policy) - already
    return (
        [Line("training", one.cause, amount, {"minutes": one.minutes, "sessions": 1})] if amount > 0 else []
    )


def _training_half(minutes: int, policy: Policy) -> int:
    return min(int(Fraction(2 * policy.training_per_hour * minutes, 60)), 2 * policy.training_a_quarter)


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
