"""Pricing months of judged duties, purely: what was read once is priced as often as there are numbers to try."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from app.incentives.row_rules import MonthFacts, PolicyOn, add_rows
from app.incentives.rules import (
    MAY_OVERDRAW,
    JudgedDuty,
    Key,
    Line,
    apply_caps,
    credited_minutes,
    price_duty,
)

# A judged duty and the day that it counts for.
Fact = tuple[JudgedDuty, date]


@dataclass
class Month:
    """What a month's finished duties, and what stands beside them, are worth by (rule, cause): after caps, and before
    them."""

    lines: dict[Key, Line] = field(default_factory=dict)
    full: dict[Key, Line] = field(default_factory=dict)

    @property
    def half(self) -> int:
        """A false check-in takes from the balance, and leaves what was earned and its caps as they are."""
        return sum(line.amount_half for line in self.lines.values() if line.rule != MAY_OVERDRAW)


def price_facts(
    facts: Iterable[Fact], beside: MonthFacts | None, policy_on: PolicyOn, year_half: int
) -> Month:
    """A month's duties in time order, then what stands beside them. `year_half` is what was earned in the months of the
    year before this one."""
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
    if beside is not None:
        added = add_rows(beside, policy_on, month_half, year_half)
        month.full |= {(line.rule, line.cause): line for line in added.full}
        month.lines |= {(line.rule, line.cause): line for line in added.lines}
    return month


def price_months(
    facts: Iterable[Fact], beside: Mapping[date, MonthFacts], policy_on: PolicyOn, year_half: int = 0
) -> Month:
    """Many months in time order, all together; the cap of a year knows its months as they are priced. `beside` is by
    first day of the month. `year_half`: of the first year, what was earned before."""
    by_month: dict[date, list[Fact]] = {}
    for fact in facts:
        by_month.setdefault(fact[1].replace(day=1), []).append(fact)
    worth, year = Month(), None
    for month in sorted({*by_month, *beside}):
        year_half = year_half if year in (None, month.year) else 0
        year = month.year
        priced = price_facts(by_month.get(month, ()), beside.get(month), policy_on, year_half)
        year_half += priced.half
        worth.lines |= priced.lines
        worth.full |= priced.full
    return worth
