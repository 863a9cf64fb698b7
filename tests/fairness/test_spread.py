"""How points are spread: the worked cases of the Gini, the curve beside it, value per hour, and a ranking."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fairness import spread
from app.fairness.spread import Entry, Paid, Share

AMOUNTS = st.lists(st.integers(0, 4000), min_size=2, max_size=40)


@pytest.mark.parametrize(
    ("values", "gini", "corrected"),
    [
        ([5, 5, 5, 5], 0, 0),
        ([0, 0, 0, 12], 0.75, 1),
        ([0, 7], 0.5, 1),
        ([0] * 9 + [1], 0.9, 1),
        ([1, 3], 0.25, 0.5),
        ([10, 8, 2, 0, 0, 0, 0, 0, 0, 0], 0.78, 0.8667),  # measures.md
        ([-4, 12], 0.5, 1),  # what was taken back counts as nothing
    ],
)
def test_the_worked_cases(values, gini, corrected):
    found = spread.spread_of(values)
    assert (round(found.gini, 4), round(found.corrected, 4)) == (gini, corrected)


@pytest.mark.parametrize("values", [[], [9], [0, 0, 0]])
def test_of_one_member_or_of_nothing_there_is_no_spread(values):
    assert spread.spread_of(values).gini is None


def test_a_small_team_is_said_to_be_one():
    assert spread.spread_of([1] * 7).is_small and not spread.spread_of([1] * 8).is_small


@given(AMOUNTS)
def test_the_gini_is_half_the_mean_difference_over_the_mean(values):
    found = spread.spread_of(values)
    n, total = len(values), sum(values)
    if total == 0:
        assert found.gini is None
        return
    mean_difference = sum(abs(a - b) for a in values for b in values) / (n * n)
    assert found.gini == pytest.approx(mean_difference / (2 * total / n), abs=1e-9)
    assert 0 <= found.gini <= found.most == (n - 1) / n and 0 <= found.corrected <= 1


@given(AMOUNTS, st.integers(2, 9))
def test_it_is_the_same_in_any_order_and_unit(values, times):
    assert spread.spread_of([times * v for v in reversed(values)]).gini == pytest.approx(
        spread.spread_of(values).gini
    )


@given(AMOUNTS)
def test_the_curve_lies_below_the_line_and_the_area_between_is_half_the_gini(values):
    curve = spread.lorenz(values)
    assert curve[0] == (0, 0) and curve[-1] == pytest.approx((1, 1))
    assert all(y <= x + 1e-9 for x, y in curve)
    below = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(curve))
    assert 1 - 2 * below == pytest.approx(spread.spread_of(values).gini or 0, abs=1e-9)


# --- kinds of shifts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "slot"),
    [
        ("2026-11-03T06:00", ("day", False)), ("2026-11-03T17:59", ("day", False)),
        ("2026-11-03T18:00", ("evening", False)), ("2026-11-03T22:00", ("night", False)),
        ("2026-11-03T05:59", ("night", False)), ("2026-11-07T12:00", ("day", True)),
        ("2026-11-08T23:00", ("night", True)),
    ],
)  # fmt: skip
def test_a_duty_belongs_to_the_hour_of_its_middle(at, slot):
    assert Paid(1, 20, 60, datetime.fromisoformat(at)).slot == slot


def paid(who, half, minutes, at="2026-11-03T12:00", hard=False):
    return Paid(who, half, minutes, datetime.fromisoformat(at), hard)


def test_an_hour_of_night_beside_an_hour_of_day():
    day, night = paid(1, 40, 120), paid(2, 60, 120, "2026-11-03T23:00")
    values = {v.slot: v.points_an_hour for v in spread.values_of([day, night, day])}
    assert values["day", False] == 10 and values["night", False] == 15 and values["evening", True] is None
    assert spread.dearest(spread.values_of([day, night])) == 1.5
    assert spread.dearest(spread.values_of([day])) is None


def test_each_member_with_what_was_offered_and_what_was_hard():
    duties = [paid(1, 60, 120, "2026-11-07T23:00", hard=True), paid(1, 20, 60)]
    assert spread.shares_of([1, 2], duties, {1: 3, 2: 2}, {1: 90}) == [
        Share(1, 3, 2, 1, 1, 1, 90, 180), Share(2, 2),
    ]  # fmt: skip


@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(0, 99), st.integers(0, 240), st.datetimes()), max_size=30
    )
)
def test_no_minute_and_no_duty_is_lost_among_the_slots(rows):
    duties = [Paid(*row) for row in rows]
    values = spread.values_of(duties)
    assert sum(v.duties for v in values) == len(duties)
    assert sum(v.minutes for v in values) == sum(p.minutes for p in duties)


# --- a ranking ----------------------------------------------------------------------------------------------------


def entries(*values):
    return [Entry(n, f"p{n}", v) for n, v in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "ranks"),
    [((9, 30, 30), [1, 1, 2]), ((1, 2, 3), [1, 2, 3]), ((5, 5, 5), [1, 1, 1]), ((3, 1, 2, 2), [1, 2, 2, 3])],
)
def test_alike_share_a_rank_and_none_is_left_out(values, ranks):
    assert [e.rank for e in spread.rank(entries(*values), 3).entries] == ranks


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_are_no_ranking(n):
    found = spread.rank(entries(*range(n)), 3)
    assert found.few and found.entries == ()


@given(st.lists(st.integers(0, 9), min_size=3, max_size=20))
def test_the_numbers_of_a_ranking_have_no_gap(values):
    ranks = {e.rank for e in spread.rank(entries(*values), 3).entries}
    assert ranks == set(range(1, max(ranks) + 1))
