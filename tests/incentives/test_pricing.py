"""Months priced purely: all at once as one after the other, whatever order the facts come in; many posted together."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.incentives import ledger
from app.incentives.pricing import Fact, price_facts, price_months
from app.incentives.rules import JudgedDuty, Policy
from tests import make

DAYS = st.dates(date(2025, 11, 1), date(2026, 3, 31))
TIGHT = Policy(month_cap=60, year_cap=100)


def fact(n: int, day: date, minutes: int) -> Fact:
    start = datetime.combine(day, time(12), UTC)
    return JudgedDuty(id=str(n), worked=((start, start + timedelta(minutes=minutes)),)), day


def facts_of(days: list[tuple[date, int]]) -> list[Fact]:
    return [fact(n, day, minutes) for n, (day, minutes) in enumerate(sorted(days))]


@given(st.lists(st.tuples(DAYS, st.integers(0, 300)), max_size=40))
def test_all_months_at_once_are_worth_what_they_are_one_after_the_other(days: list[tuple[date, int]]) -> None:
    facts = facts_of(days)
    one_by_one, year, year_half = {}, None, 0
    for month in sorted({day.replace(day=1) for _, day in facts}):
        year_half = year_half if month.year == year else 0
        year = month.year
        part = [one for one in facts if one[1].replace(day=1) == month]
        priced = price_facts(part, None, lambda _: TIGHT, year_half)
        year_half += priced.half
        one_by_one |= priced.lines
    assert price_months(facts, {}, lambda _: TIGHT).lines == one_by_one


@given(st.lists(st.tuples(DAYS, st.integers(0, 300)), max_size=40))
def test_no_month_and_no_year_is_above_its_cap(days: list[tuple[date, int]]) -> None:
    facts = facts_of(days)
    of_day = {f"duty:{judged.id}": day for judged, day in facts}
    sums: dict[str, int] = {}
    for (_, cause), line in price_months(facts, {}, lambda _: TIGHT).lines.items():
        for key in (f"{of_day[cause]:%Y-%m}", f"{of_day[cause]:%Y}"):
            sums[key] = sums.get(key, 0) + line.amount_half
    assert all(half <= 2 * (60 if "-" in key else 100) for key, half in sums.items())


def test_what_was_earned_before_counts_in_the_first_year_only() -> None:
    facts = facts_of([(date(2025, 12, 30), 120), (date(2026, 1, 2), 120)])
    lines = price_months(facts, {}, lambda _: TIGHT, year_half=170).lines
    assert [line.amount_half for line in lines.values()] == [30, 40]


def test_a_draft_is_priced_on_the_same_facts() -> None:
    facts = facts_of([(date(2026, 1, 2), 120)])
    halves = [price_months(facts, {}, lambda _, p=p: p).half for p in (Policy(), Policy(base_per_hour=20))]
    assert halves == [40, 80]


def test_approved_points_are_not_posted_together(people: Any) -> None:
    one = ledger.Transfer(
        people.town.township.id, people.member.id, "redemption", "x:1", 1, 2,
        ledger.approved(people.member.id), "shop", make.DAY,
    )  # fmt: skip
    with pytest.raises(ValueError, match="one by one"):
        ledger.post_earned([one], make.EVENING)
