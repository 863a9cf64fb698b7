"""Who had reached the month's cap: by what came in, under the rules of that month."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.fairness import looking, queries
from app.fairness.queries import Earned
from tests import make

NOVEMBER = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("half", "is_capped"),
    [((800,), True), ((798,), False), ((500, 300, -20), True), ((790, -20), False)],
)
def test_what_is_taken_after_a_full_month_makes_no_room_in_it(people, monkeypatch, half, is_capped):
    rows = [Earned(7, NOVEMBER, "base", f"duty:{n}", h, 0) for n, h in enumerate(half)]
    monkeypatch.setattr(queries, "earned_of", lambda *which: rows)
    month = looking.month_at(people.town.township.id, date(2026, 12, 1), make.EVENING + timedelta(days=20))
    assert looking._capped(month) == ({7} if is_capped else set())


def test_the_cap_is_that_of_the_month_that_was_full(people, monkeypatch):
    make.make_policy(people.town.township, "incentives", {"month_cap": 500}, valid_from=date(2026, 12, 1))
    monkeypatch.setattr(queries, "earned_of", lambda *which: [Earned(7, NOVEMBER, "base", "duty:1", 800, 0)])
    month = looking.month_at(people.town.township.id, date(2026, 12, 1), make.EVENING + timedelta(days=20))
    assert looking._capped(month) == {7}
