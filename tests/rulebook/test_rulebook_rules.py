"""What a change of rules may say: types, ranges, bounds, days, periods."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.incentives.queries import LOOK_BACK
from app.rulebook import rules
from app.rulebook.topics import INCENTIVES, STAFFING, TOPICS

TODAY = date(2026, 11, 24)
FIRST = date(2026, 11, 1)
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=3)
)  # fmt: skip


@pytest.mark.parametrize("name", TOPICS)
def test_every_field_of_a_topics_rules_has_its_key_and_its_default_is_in_range(name: str) -> None:
    topic = TOPICS[name]
    assert set(topic.keys) == {field.name for field in fields(topic.policy)}
    assert rules.body_faults(topic, topic.defaults) == []


def test_no_visit_waits_longer_for_the_next_than_pricing_looks_back() -> None:
    assert timedelta(minutes=float(INCENTIVES.keys["visit_gap_min"].high)) <= LOOK_BACK


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"basis": 10}, "rule_key_unknown"),
        ({"base_per_hour": "10"}, "rule_whole_number"),
        ({"base_per_hour": True}, "rule_whole_number"),
        ({"base_per_hour": 10.5}, "rule_whole_number"),
        ({"base_per_hour": None}, "rule_whole_number"),
        ({"base_per_hour": 101}, "rule_out_of_range"),
        ({"base_per_hour": -1}, "rule_out_of_range"),
        ({"night_factor": 3.5}, "rule_out_of_range"),
        ({"night_factor": float("nan")}, "rule_type_wrong"),
        ({"night_factor": 2}, None),
        ({"night_factor": 1.25}, None),
    ],
)
def test_a_body_is_strictly_typed(body: dict[str, Any], code: str | None) -> None:
    assert [fault.code for fault in rules.body_faults(INCENTIVES, body)] == ([code] if code else [])


def test_a_word_is_one_of_its_choices_and_a_list_is_of_whole_numbers() -> None:
    assert [f.code for f in rules.body_faults(STAFFING, {"volunteer_base": "cars"})] == [
        "rule_choice_unknown"
    ]
    coverage = TOPICS["coverage"]
    assert rules.body_faults(coverage, {"fresh_days": [1, 5], "cell_min": 7}) == []
    assert [f.code for f in rules.body_faults(coverage, {"fresh_days": []})] == ["rule_type_wrong"]
    assert [f.code for f in rules.body_faults(coverage, {"fresh_days": [1, 0]})] == ["rule_out_of_range"]


@given(st.dictionaries(st.sampled_from([*INCENTIVES.keys, "other"]), ANYTHING, max_size=6))
def test_whatever_is_let_through_makes_a_policy_within_its_ranges(body: dict[str, Any]) -> None:
    if rules.body_faults(INCENTIVES, body):
        return
    policy = INCENTIVES.policy(**body)
    for name, key in INCENTIVES.keys.items():
        assert key.low <= getattr(policy, name) <= key.high


# --- bounds -------------------------------------------------------------------------------------------------------


def test_a_township_is_held_to_its_bounds_where_it_says_nothing_too() -> None:
    bounds = {"base_per_hour": [8, 9], "month_cap": [300, 500]}
    faults = rules.outside(INCENTIVES, {"month_cap": 300}, bounds)
    assert [(f.key, f.code, f.figures["low"], f.figures["high"]) for f in faults] == [
        ("base_per_hour", "rule_out_of_bounds", 8, 9)
    ]
    assert rules.outside(INCENTIVES, {"month_cap": 500, "base_per_hour": 8}, bounds) == []


@pytest.mark.parametrize(
    ("pair", "code"),
    [
        ([5, 4], "rule_bounds_crossed"), ([0, 101], "rule_out_of_range"), ([1, 2.5], "rule_whole_number"),
        ([1], "rule_type_wrong"), (7, "rule_type_wrong"), ([5, 5], None),
    ],
)  # fmt: skip
def test_bounds_are_a_low_and_a_high_within_the_hard_range(pair: Any, code: str | None) -> None:
    assert [f.code for f in rules.bounds_faults(INCENTIVES, {"base_per_hour": pair})] == (
        [code] if code else []
    )


def test_a_time_of_the_day_a_word_and_a_list_have_no_bounds() -> None:
    assert not rules.can_be_bound(INCENTIVES, "night_from_min")
    assert not rules.can_be_bound(STAFFING, "volunteer_base")
    assert not rules.can_be_bound(TOPICS["coverage"], "fresh_days")
    assert [f.code for f in rules.bounds_faults(INCENTIVES, {"night_from_min": [0, 9]})] == [
        "rule_key_unknown"
    ]


@given(low=st.integers(0, 100), more=st.integers(0, 50), value=st.integers(0, 100))
def test_a_number_is_outside_exactly_when_it_is_not_between(low: int, more: int, value: int) -> None:
    faults = rules.outside(INCENTIVES, {"base_per_hour": value}, {"base_per_hour": [low, low + more]})
    assert bool(faults) == (not low <= value <= low + more)


# --- days and periods ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts", "day", "code"),
    [
        ("month", FIRST, None), ("month", FIRST - timedelta(days=1), "rule_day_past"), ("month", TODAY, None),
        ("tomorrow", TODAY, "rule_day_past"), ("tomorrow", TODAY + timedelta(days=1), None),
        ("month", TODAY + timedelta(days=366), None), ("month", TODAY + timedelta(days=367), "rule_day_far"),
    ],
)  # fmt: skip
def test_points_change_from_the_first_of_this_month_and_what_judges_a_day_from_tomorrow(
    starts: rules.Starts, day: date, code: str | None
) -> None:
    found = rules.day_fault(starts, day, TODAY, set())
    assert (found.code if found else None) == code


def test_no_day_of_a_frozen_month() -> None:
    found = rules.day_fault("month", TODAY, TODAY, {FIRST})
    assert found and (found.code, found.figures) == ("rule_day_frozen", {"month": "2026-11"})


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)), ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2026-q4", date(2026, 10, 1), date(2026, 12, 31)), ("2024-q1", date(2024, 1, 1), date(2024, 3, 31)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)  # fmt: skip
def test_periods_are_whole(period: str, first: date, last: date) -> None:
    assert rules.span_of(period) == (first, last)


@pytest.mark.parametrize("period", ["", "2026-13", "2026-q5", "1999", "2026-1", "2026-11-01", "2026\n"])
def test_nothing_else_is_a_period(period: str) -> None:
    assert rules.span_of(period) is None


@given(st.dates(date(2020, 1, 1), date(2080, 12, 31)))
def test_every_period_on_offer_has_begun(today: date) -> None:
    offered = rules.periods_before(today)
    spans = [rules.span_of(period) for period in offered]
    assert len(set(offered)) == 12
    assert all(span and span[0] <= today for span in spans)


def test_half_points_cost_whole_fen_rounded_down() -> None:
    assert (rules.cost_fen(97, 10), rules.cost_fen(97, 1), rules.cost_fen(0, 10)) == (485, 48, 0)


def test_what_differs_is_told_with_the_defaults_filled_in() -> None:
    assert rules.changed_keys(INCENTIVES, {"visit": 5, "gone": 1}, {"base_per_hour": 12}) == [
        ("base_per_hour", 10, 12), ("visit", 5, 3),
    ]  # fmt: skip
