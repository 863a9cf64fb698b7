"""Pricing months of judged duties, purely: what was read once is priced as often as there are numbers to try."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby

from app.incentives.rules import JudgedDuty, Key, Line, Policy, apply_caps, credited_minutes, price_duty

# A judged duty and the day that it counts for.
Fact = tuple[JudgedDuty, date]


@dataclass
class Month:
    """What a month's finished duties are worth by (rule, cause): after caps, and before them."""

    lines: dict[Key, Line] = field(default_factory=dict)
    full: dict[Key, Line] = field(default_factory=dict)

    @property
    def half(self) -> int:
        return sum(line.amount_half for line in self.lines.values())


def price_facts(facts: Iterable[Fact], policy_on: Callable[[date], Policy], year_half: int) -> Month:
    """A month's duties in time order. `year_half` is what was earned in the months of the year before this one."""
    month = Month()
    month_half = 0
    minutes_of_day: dict[date, int] = {}
    for fact, day in facts:
        spent, policy = minutes_of_day.get(day, 0), policy_on(day)
        judged = replace(fact, minutes_credited_today=spent)
        minutes_of_day[day] = spent + credited_minutes(judged, policy)
        lines = price_duty(judged, policy)
        month.full |= {(line.rule, line.cause): line for line in lines}
        for line in apply_caps(lines, month_half, year_half + month_half, policy):
            month.lines[(line.rule, line.cause)] = line
            month_half += line.amount_half
    return month


def price_months(facts: Iterable[Fact], policy_on: Callable[[date], Policy], year_half: int = 0) -> Month:
    """Duties of many months in time order, all together; the cap of a year knows its months as they are priced.
    `year_half`: of the first year, what was earned before."""
    worth, year = Month(), None
    for month, part in groupby(sorted(facts, key=_month), key=_month):
        year_half = year_half if year in (None, month.year) else 0
        year = month.year
        priced = price_facts(part, policy_on, year_half)
        year_half += priced.half
        worth.lines |= priced.lines
        worth.full |= priced.full
    return worth


def _month(fact: Fact) -> date:
    return fact[1].replace(day=1)
