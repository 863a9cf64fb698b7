"""Rules of finding and approving hotspots, by their known answers (measures.md)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from app.hotspots import rules
from app.hotspots.rules import Window


def test_gini_and_its_correction_for_few_events():
    assert rules.gini([10, 8, 2, *[0] * 7]) == pytest.approx(0.78)
    few = [5, 2, 1, *[0] * 7]
    assert (rules.gini(few), rules.gini_prime(few)) == (pytest.approx(0.80), pytest.approx(0.75))
    assert rules.gini([3, 3, 3]) == pytest.approx(0) and rules.gini([0, 0]) == 0.0 == rules.gini_prime([0, 0])


def test_the_places_that_hold_half():
    assert rules.places_with_half([5, 3, 1, 1]) == 1
    assert rules.places_with_half([2, 2, 2, 2]) == 2
    assert rules.places_with_half([]) == 0 == rules.places_with_half([0, 0])


def test_pai_and_pei_of_three_cells():
    observed = [6, 3, 0]  # in the order predicted: 3, 2, 1
    hits = [sum(observed[:n]) for n in (1, 2, 3)]
    assert [rules.pai(h, 9, n, 3) for n, h in enumerate(hits, 1)] == pytest.approx([2, 1.5, 1])
    assert [rules.pei(h, rules.best_hits(observed, n)) for n, h in enumerate(hits, 1)] == [1, 1, 1]


def test_pai_and_pei_say_nothing_of_nothing():
    assert rules.pai(0, 0, 1, 3) is None and rules.pai(1, 2, 0, 3) is None and rules.pei(0, 0) is None


def test_four_events_in_a_year_are_too_few_and_older_ones_do_not_count():
    last = date(2026, 11, 27)
    days = [last - timedelta(days=30 * n) for n in range(4)]
    assert not rules.is_enough(days, last)
    assert not rules.is_enough([*days, last - timedelta(days=365)], last)
    assert not rules.is_enough([*days, last + timedelta(days=1)], last)
    assert rules.is_enough([*days, last - timedelta(days=364)], last)


def at(day, hour, minute=0, hours=0.0):
    """A local span; day 0 is Monday 2 November 2026."""
    start = datetime(2026, 11, 2 + day, hour, minute)
    return start, start + timedelta(hours=hours)


def test_friday_and_saturday_nights_make_two_windows_past_midnight():
    spans = [at(4, 22, 30), at(5, 0, 20), at(11, 23), at(5, 22, 10), at(12, 23, 40), at(13, 0, 30), at(1, 10)]
    windows = rules.risk_windows(spans)
    assert {w.weekday for w in windows} == {4, 5}
    assert {(w.from_min, w.to_min) for w in windows} == {(22 * 60, 25 * 60)}


def test_a_burglary_of_a_night_is_spread_over_its_hours_and_a_long_span_tells_none():
    nights = [at(day, 20, hours=10) for day in range(5)]
    (first, *_) = windows = rules.risk_windows(nights)
    assert len(windows) == 7 and (first.to_min - first.from_min) == 6 * 60
    assert rules.risk_windows([at(day, 8, hours=24) for day in range(7)]) == ()


def test_few_events_or_events_all_round_the_clock_make_no_window():
    assert rules.risk_windows([at(day, 22) for day in range(4)]) == ()
    assert rules.risk_windows([at(h % 7, h) for h in range(24)]) == ()


def test_events_of_one_hour_on_scattered_days_make_a_window_of_every_day():
    windows = rules.risk_windows([at(day, 18, 15) for day in range(6)])
    assert (
        windows == tuple(Window(day, w.from_min, w.to_min) for day, w in enumerate(windows))
        and len(windows) == 7
    )
    assert windows[0].from_min <= 18 * 60 < windows[0].to_min


def test_a_review_that_is_due_today_has_not_passed():
    assert not rules.has_passed(date(2026, 11, 24), date(2026, 11, 24))
    assert rules.has_passed(date(2026, 11, 23), date(2026, 11, 24))
