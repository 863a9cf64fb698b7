"""Points of a judged duty: the worked case, each rule's table, the caps."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.incentives.rules import (
    JudgedDuty,
    Line,
    Policy,
    QualifiedVisit,
    apply_caps,
    credited_minutes,
    policy_from,
    price_duty,
    total_points,
)

POLICY = Policy()
# Midnight between Monday and Tuesday 2026-11-24 in Shanghai.
MIDNIGHT = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
TUESDAY = date(2026, 11, 24)


def clock(text: str) -> datetime:
    """A local time of Tuesday; 24:00 and beyond is Wednesday."""
    hours, minutes = text.split(":")
    return MIDNIGHT + timedelta(hours=int(hours), minutes=float(minutes))


def duty(*worked: str, **changes) -> JudgedDuty:
    ranges = tuple((clock(a), clock(b)) for a, b in (span.split("-") for span in worked))
    return replace(JudgedDuty(id="7", worked=ranges), **changes)


def visits(*since_last: float | None) -> tuple[QualifiedVisit, ...]:
    return tuple(QualifiedVisit(n, clock(f"21:{n:02}"), since) for n, since in enumerate(since_last))


def points(found: JudgedDuty, policy: Policy = POLICY) -> dict[str, float]:
    return {line.rule: line.amount_half / 2 for line in price_duty(found, policy)}


def test_the_worked_case_earns_48_points():
    found = duty(
        "21:00-23:30", checkpoints_counted=8, checkpoints_required=8, qualified_visits=visits(None, 60)
    )
    lines = price_duty(found, POLICY)
    assert points(found) == {"base": 25, "night": 7.5, "all_checkpoints": 10, "hotspot_visits": 6}
    assert sum(line.amount_half for line in lines) / 2 == 48.5
    assert total_points(lines) == 48


@pytest.mark.parametrize(
    ("worked", "minutes"),
    [
        (["09:00-10:00"], 60),
        (["09:00-09:14"], 0),
        (["09:00-09:15"], 15),
        (["09:00-09:29"], 15),
        (["09:00-09:10", "09:20-09:25"], 15),
        (["09:00-13:00"], 240),
        (["09:00-14:00"], 240),
        ([], 0),
    ],
)
def test_base_minutes_are_whole_quarters_up_to_four_hours(worked, minutes):
    assert credited_minutes(duty(*worked), POLICY) == minutes
    assert points(duty(*worked)).get("base", 0) == minutes / 6


@pytest.mark.parametrize(
    ("already", "minutes"), [(0, 180), (180, 180), (200, 150), (345, 15), (360, 0), (500, 0)]
)
def test_a_day_has_at_most_six_hours(already, minutes):
    assert credited_minutes(duty("09:00-12:00", minutes_credited_today=already), POLICY) == minutes


@pytest.mark.parametrize(
    ("worked", "night"),
    [
        pytest.param("20:00-22:00", 0, id="before ten"),
        pytest.param("21:00-23:00", 5, id="an hour of it"),
        pytest.param("22:00-25:00", 15, id="over midnight"),
        pytest.param("28:00-31:00", 10, id="until six"),
        pytest.param("30:00-31:00", 0, id="from six"),
        pytest.param("05:00-07:00", 5, id="in the morning"),
        pytest.param("21:00-23:14", 5, id="the minutes beyond the last quarter are not credited"),
        pytest.param("21:15-22:15", 1, id="rounded down to the half point"),
    ],
)
def test_night_minutes_earn_half_as_much_again(worked, night):
    assert points(duty(worked)).get("night", 0) == night


def test_a_pause_over_ten_o_clock_is_no_night():
    assert points(duty("20:00-21:30", "23:00-23:30")) == {"base": 20, "night": 2.5}


@given(st.sets(st.integers(1, 3_599_999), max_size=5))
@example({686_601, 2_184_975, 3_265_025})
def test_pauses_take_no_minute_of_a_night_or_a_holiday(cuts):
    """An hour of it in several parts, to the millisecond, a minute apart."""
    edges = [0, *sorted(cuts), 3_600_000]
    parts = tuple(
        (
            clock("22:30") + timedelta(minutes=n, milliseconds=a),
            clock("22:30") + timedelta(minutes=n, milliseconds=b),
        )
        for n, (a, b) in enumerate(pairwise(edges))
    )
    found = JudgedDuty(id="7", worked=parts)
    assert points(found) == {"base": 10, "night": 5}
    festive = replace(found, holidays=frozenset({TUESDAY}))
    assert points(festive, replace(POLICY, holiday_factor=2)) == {"base": 10, "holiday": 10}


@pytest.mark.parametrize(
    ("worked", "holidays", "expected"),
    [
        pytest.param("09:00-11:00", {TUESDAY}, {"base": 20, "holiday": 10}, id="a holiday"),
        pytest.param(
            "21:00-23:00", {TUESDAY}, {"base": 20, "night": 5, "holiday": 5}, id="never both on a minute"
        ),
        pytest.param("23:00-25:00", {TUESDAY}, {"base": 20, "night": 10}, id="a holiday's night"),
        pytest.param("30:00-31:00", {TUESDAY}, {"base": 10}, id="the day after"),
        pytest.param("09:00-11:00", {date(2026, 11, 25)}, {"base": 20}, id="the day before"),
    ],
)
def test_holidays(worked, holidays, expected):
    assert points(duty(worked, holidays=frozenset(holidays))) == expected


def test_the_larger_factor_wins_and_none_is_over_the_cap():
    festive = duty("21:00-23:00", holidays=frozenset({TUESDAY}))
    assert points(festive, replace(POLICY, holiday_factor=1.8)) == {"base": 20, "holiday": 16}
    assert points(festive, replace(POLICY, holiday_factor=3)) == {"base": 20, "holiday": 20}


@pytest.mark.parametrize(
    ("counted", "required", "earned"),
    [(8, 8, 10), (7, 8, 10), (6, 8, 0), (2, 2, 10), (1, 2, 10), (0, 2, 0), (1, 1, 0), (0, 0, 0), (9, 8, 10)],
)
def test_all_checkpoints_or_all_but_one(counted, required, earned):
    found = duty("09:00-10:00", checkpoints_counted=counted, checkpoints_required=required)
    assert points(found).get("all_checkpoints", 0) == earned


@pytest.mark.parametrize(
    ("since_last", "earned"),
    [
        ((), 0),
        ((None,), 3),
        ((45,), 3),
        ((44.9,), 0),
        ((None, 60, 20, 50), 9),
        ((None,) * 6, 12),
    ],
)
def test_qualified_hotspot_visits(since_last, earned):
    assert (
        points(duty("21:00-21:30", qualified_visits=visits(*since_last))).get("hotspot_visits", 0) == earned
    )


@pytest.mark.parametrize(("bonus", "earned"), [(0, 0), (5, 5), (10, 10), (50, 10), (-5, 0)])
def test_a_hard_to_fill_shift(bonus, earned):
    assert points(duty("09:00-10:00", bonus=bonus)).get("hard_to_fill", 0) == earned
    assert points(duty("09:00-09:05", bonus=bonus)) == {}


def test_every_line_names_the_duty_and_the_order_of_worked_ranges_does_not_matter():
    lines = price_duty(duty("21:00-22:00", "22:10-23:00", bonus=5), POLICY)
    assert {line.cause for line in lines} == {"duty:7"}
    assert price_duty(duty("22:10-23:00", "21:00-22:00", bonus=5), POLICY) == lines


LINES = (Line("base", "duty:7", 50), Line("night", "duty:7", 15), Line("all_checkpoints", "duty:7", 20))


@pytest.mark.parametrize(
    ("month", "year", "amounts"),
    [
        pytest.param(0, 0, [50, 15, 20], id="room for all"),
        pytest.param(715, 0, [50, 15, 20], id="just"),
        pytest.param(716, 0, [50, 15, 19], id="half a point short"),
        pytest.param(740, 0, [50, 10], id="the month is nearly full"),
        pytest.param(800, 0, [], id="the month is full"),
        pytest.param(900, 0, [], id="and over full"),
        pytest.param(0, 5990, [10], id="the year is nearly full"),
        pytest.param(790, 5995, [5], id="the smaller room"),
    ],
)
def test_caps_of_the_month_and_the_year(month, year, amounts):
    assert [line.amount_half for line in apply_caps(LINES, month, year, POLICY)] == amounts


def test_a_line_that_was_cut_says_what_it_would_have_been():
    cut = apply_caps(LINES, 740, 0, POLICY)[-1]
    assert (cut.rule, cut.detail) == ("night", {"uncapped_half": 15, "cap": "month"})


def test_half_points_are_kept_and_rounded_down_once_at_the_end():
    assert total_points([Line("base", "a", 5), Line("base", "b", 5)]) == 5
    assert total_points([Line("base", "a", 5)]) == 2
    assert total_points([]) == 0


@given(
    st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 300)), max_size=4),
    st.integers(0, 400),
    st.integers(0, 9),
    st.lists(st.none() | st.integers(0, 100), max_size=7),
)
def test_a_shift_never_earns_more_than_its_rules_allow(spans, already, counted, since):
    worked, end = [], 0
    for gap, length in spans:
        start = end + gap
        end = start + length
        worked.append((MIDNIGHT + timedelta(minutes=start), MIDNIGHT + timedelta(minutes=end)))
    found = JudgedDuty(
        "7", tuple(worked), "Asia/Shanghai", frozenset({TUESDAY}), counted, 8, visits(*since), 5, already
    )
    lines = price_duty(found, POLICY)
    by_rule = {line.rule: line.amount_half for line in lines}
    assert len(by_rule) == len(lines)
    assert all(line.amount_half > 0 for line in lines)
    minutes = credited_minutes(found, POLICY)
    assert minutes % 15 == 0 and minutes <= 240 and minutes + min(already, 360) <= 360
    assert by_rule.get("night", 0) + by_rule.get("holiday", 0) <= by_rule.get("base", 0) / 2
    assert sum(by_rule.values()) <= 2 * (60 + 10 + 12 + 5)
    assert sum(line.amount_half for line in apply_caps(lines, 790, 0, POLICY)) <= 10


def test_nothing_that_is_never_paid_is_an_input():
    names = {item.name for item in fields(JudgedDuty)}
    assert not any(
        word in name for name in names for word in ("km", "metre", "distance", "incident", "arrest")
    )


def test_a_policy_ignores_keys_it_does_not_know():
    assert policy_from({"visit": 4, "colour": "green"}) == Policy(visit=4)
