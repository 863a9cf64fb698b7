"""Time cut up: days, weeks and months of a period, and the 168 hours of a week in local time."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest

from app.coverage import hours
from app.coverage.rules import RiskWindow

ZONE = "Asia/Shanghai"
# Friday 20:30 in Shanghai
FRIDAY = datetime(2026, 11, 27, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("by", "parts"),
    [
        ("day", [(26, 26), (27, 27), (28, 28), (29, 29), (30, 30)]),
        ("week", [(26, 29), (30, 30)]),
        ("month", [(26, 30)]),
    ],
)
def test_a_period_is_cut_at_calendar_ends(by: hours.By, parts: list[tuple[int, int]]) -> None:
    found = hours.cut(date(2026, 11, 26), date(2026, 11, 30), by)
    assert [(a.day, b.day) for a, b in found] == parts


def test_months_meet_without_gap_or_overlap_also_in_february_and_december() -> None:
    found = hours.cut(date(2023, 12, 15), date(2024, 3, 2), "month")
    assert [b for _, b in found] == [
        date(2023, 12, 31),
        date(2024, 1, 31),
        date(2024, 2, 29),
        date(2024, 3, 2),
    ]
    assert all(a == b + timedelta(days=1) for (_, b), (a, _) in itertools.pairwise(found))


def test_minutes_fall_into_the_local_hours_of_the_week() -> None:
    found = hours.grid([(FRIDAY, FRIDAY + timedelta(hours=4))], ZONE)
    assert (found[4, 20], found[4, 21], found[4, 23], found[5, 0]) == (30, 60, 60, 30)
    assert found.sum() == 240
    # half-hour zones have their own hours
    assert hours.grid([(FRIDAY, FRIDAY + timedelta(hours=1))], "Asia/Kolkata")[4, 18] == 60


def test_a_window_that_nobody_visited_on_any_friday_is_neglected() -> None:
    windows = [RiskWindow(4, 20 * 60, 23 * 60), RiskWindow(1, 20 * 60, 60)]
    tuesday = FRIDAY - timedelta(days=3)
    # past midnight, so on Wednesday, in Tuesday's window
    visits = [(tuesday + timedelta(hours=4), tuesday + timedelta(hours=4, minutes=15))]
    found = hours.windows_kept(
        windows, visits, date(2026, 11, 16), date(2026, 11, 29), ZONE, FRIDAY + timedelta(days=2)
    )
    assert [(w.window.weekday, w.times, w.attended, w.is_neglected) for w in found] == [
        (1, 2, 1, False), (4, 2, 0, True),
    ]  # fmt: skip


def test_nobody_is_late_for_a_window_that_is_not_over() -> None:
    windows = [RiskWindow(4, 20 * 60, 23 * 60)]
    found = hours.windows_kept(windows, [], date(2026, 11, 27), date(2026, 11, 29), ZONE, FRIDAY)
    assert (found[0].times, found[0].is_neglected) == (0, False)
