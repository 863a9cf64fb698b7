"""What is earned or lost beside duties: each row's table of cases, and what holds whatever they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.incentives.row_rules import (
    Attended,
    Punctuality,
    is_punctual,
    not_below_nothing,
    price_false_checkin,
    price_no_show,
    price_on_time,
    price_training,
    within_quarter,
)
from app.incentives.rules import Hazard, JudgedDuty, Line, Policy, price_duty

POLICY = Policy()
EVENING = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = date(2026, 11, 24)


def hazards(*severities: str) -> tuple[Hazard, ...]:
    return tuple(Hazard(f"h{n}", one, EVENING + timedelta(minutes=n)) for n, one in enumerate(severities, 1))


def hazard_points(*severities: str, policy: Policy = POLICY) -> list[tuple[str, float, int]]:
    duty = JudgedDuty("7", ((EVENING, EVENING + timedelta(hours=1)),), hazards=hazards(*severities))
    return [
        (line.cause, line.amount_half / 2, line.detail["nth"])
        for line in price_duty(duty, policy)
        if line.rule == "hazard"
    ]


@pytest.mark.parametrize(
    ("severities", "paid"),
    [
        pytest.param([], [], id="none"),
        pytest.param(["low"], [("incident:h1", 5, 1)], id="low"),
        pytest.param(["medium"], [("incident:h1", 10, 1)], id="medium"),
        pytest.param(["high"], [("incident:h1", 20, 1)], id="high"),
        pytest.param(
            ["low", "low", "high"], [("incident:h1", 5, 1), ("incident:h2", 5, 2)], id="two, the first told"
        ),
    ],
)
def test_a_verified_hazard_is_paid_by_severity_and_two_in_a_shift(severities, paid):
    assert hazard_points(*severities) == paid


def test_hazards_are_taken_in_the_order_of_their_reports_however_they_are_given():
    duty = JudgedDuty("7", (), hazards=tuple(reversed(hazards("low", "medium", "high"))))
    assert [line.detail for line in price_duty(duty, POLICY)] == [
        {"incident_id": "h1", "severity": "low", "nth": 1},
        {"incident_id": "h2", "severity": "medium", "nth": 2},
    ]


def test_what_was_taken_back_leaves_its_place_to_the_next():
    first, *rest = hazards("high", "low", "medium")
    lines = price_duty(JudgedDuty("7", (), hazards=(replace(first, taken_back=True), *rest)), POLICY)
    assert [(line.amount_half, line.detail["nth"]) for line in lines] == [(10, 1), (20, 2)]


def test_the_numbers_of_a_hazard_are_the_policys():
    assert hazard_points("high", "high", policy=Policy(hazard_high=12, hazards_a_shift=1)) == [
        ("incident:h1", 12, 1)
    ]


@pytest.mark.parametrize(
    ("before", "minutes", "points"),
    [
        (0, 60, 10),
        (0, 90, 15),
        (0, 240, 40),
        (0, 300, 40),
        (180, 120, 10),
        (240, 60, 0),
        (0, 15, 2.5),
        (0, 20, 3),
        (20, 20, 3.5),
        (40, 20, 3.5),
    ],
)
def test_training_earns_10_an_hour_and_40_a_quarter(before, minutes, points):
    (full,) = price_training(before, Attended("training:1:2", DAY, minutes), POLICY)
    assert full.detail == {"minutes": minutes, "sessions": 1}
    lines = within_quarter(full, before, POLICY)
    assert sum(line.amount_half for line in lines) / 2 == points
    cut = {"uncapped_half": full.amount_half, "cap": "quarter"} if full.amount_half > 2 * points else {}
    assert all(line.detail == full.detail | cut for line in lines)


@given(st.lists(st.integers(15, 480), max_size=12))
def test_training_of_a_quarter_is_worth_its_sum_however_it_is_cut(minutes):
    before = total = 0
    for each in minutes:
        for line in price_training(before, Attended("t", DAY, each), POLICY):
            total += sum(one.amount_half for one in within_quarter(line, before, POLICY))
        before += each
    assert total == min(80, 20 * sum(minutes) // 60)


@pytest.mark.parametrize(
    ("shifts", "punctual", "points"),
    [(0, 0, 0), (3, 3, 0), (4, 4, 20), (4, 3, 0), (10, 9, 20), (10, 8, 0), (9, 8, 0), (20, 18, 20)],
)
def test_an_on_time_month_has_four_shifts_and_nine_of_ten_in_time(shifts, punctual, points):
    lines = price_on_time("month:2026-11:7", Punctuality(shifts, punctual), POLICY)
    assert sum(line.amount_half for line in lines) / 2 == points


def test_an_on_time_month_says_what_it_was_made_of():
    (line,) = price_on_time("month:2026-11:7", Punctuality(11, 10), POLICY)
    assert line.detail == {"shifts": 11, "punctual": 10, "percent": 90}


@pytest.mark.parametrize(
    ("minutes", "fine"), [(-30, True), (0, True), (15, True), (15.1, False), (60, False)]
)
def test_late_is_more_than_15_minutes_after_the_shifts_beginning(minutes, fine):
    assert is_punctual(minutes, POLICY) is fine


@pytest.mark.parametrize(
    ("month_half", "misses", "taken"),
    [
        pytest.param(100, 1, [-20], id="ten points"),
        pytest.param(100, 2, [-20, -20], id="each"),
        pytest.param(20, 1, [-20], id="to nothing"),
        pytest.param(15, 1, [-15], id="no lower than nothing"),
        pytest.param(25, 2, [-20, -5], id="the second takes what is left"),
        pytest.param(0, 1, [], id="of nothing nothing"),
        pytest.param(-5, 1, [], id="below nothing already"),
    ],
)
def test_a_no_show_takes_ten_points_and_leaves_no_month_below_nothing(month_half, misses, taken):
    lines = [price_no_show(f"shift:{n}:7", n, POLICY) for n in range(misses)]
    assert [line.amount_half for line in not_below_nothing(lines, month_half)] == taken


def test_what_a_no_show_could_not_take_is_said():
    (line,) = not_below_nothing([price_no_show("shift:3:7", 3, POLICY)], 5)
    assert line.detail == {"shift_id": 3, "uncapped_half": -20}


@given(st.integers(-50, 2000), st.lists(st.integers(0, 50), max_size=8))
def test_a_month_is_never_taken_below_nothing(month_half, points):
    lines = [replace(price_no_show(str(n), n, POLICY), amount_half=-2 * p) for n, p in enumerate(points)]
    taken = sum(line.amount_half for line in not_below_nothing(lines, month_half))
    assert taken == -min(max(0, month_half), 2 * sum(points))


def test_a_false_check_in_takes_fifty_points():
    assert price_false_checkin("case:3", POLICY) == Line("false_checkin", "case:3", -100, {"points": 50})
