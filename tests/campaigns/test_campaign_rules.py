"""What a campaign's figures say: the known answers, and what must hold for any counts."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.campaigns import rules
from app.field.retention import EVENTS

DAY = date(2026, 11, 24)
few_counts = st.integers(0, 60)
pairs = st.tuples(few_counts, few_counts)


# Did it work


def test_the_known_answer_of_the_weighted_displacement_difference():
    found = rules.campaign_effect((50, 30), (40, 38), (20, 22), (18, 17), 40)
    assert (found.wdd, found.n, found.too_few) == (-15, 235, False)
    assert found.error == pytest.approx(15.3297, abs=1e-4)
    assert (found.low, found.high) == pytest.approx((-45.0457, 15.0457), abs=1e-4)
    assert rules.judge_effect(found) == "inconclusive"


def test_below_forty_events_there_is_too_little_to_judge():
    found = rules.campaign_effect((9, 5), (8, 6), (2, 3), (3, 3), 40)
    assert found.n == 39 and rules.judge_effect(found) == "too_few"
    # However large the difference looks.
    assert rules.judge_effect(rules.campaign_effect((38, 0), (0, 1), (0, 0), (0, 0), 40)) == "too_few"
    assert rules.judge_effect(rules.campaign_effect((39, 0), (0, 1), (0, 0), (0, 0), 40)) == "fewer"


def test_a_clear_change_is_said_either_way():
    assert rules.judge_effect(rules.campaign_effect((80, 20), (60, 62), (20, 18), (15, 16), 40)) == "fewer"
    assert rules.judge_effect(rules.campaign_effect((20, 80), (60, 62), (20, 18), (15, 16), 40)) == "more"


def test_what_moved_into_the_ring_is_no_success():
    """Thirty fewer inside, thirty more around: nothing is gained."""
    assert rules.campaign_effect((60, 30), (40, 40), (20, 50), (20, 20), 40).wdd == 0


@given(pairs, pairs, st.integers(-30, 30), st.integers(-30, 30))
def test_it_is_zero_where_the_treated_changed_as_the_like_places_did(treated, ring, apart, further):
    control = (treated[0] + 30 + apart, treated[1] + 30 + apart)
    control_ring = (ring[0] + 30 + further, ring[1] + 30 + further)
    assert rules.campaign_effect(treated, control, ring, control_ring, 40).wdd == 0


@given(pairs, pairs, pairs, pairs)
def test_the_interval_holds_the_value_and_turns_with_the_sides(treated, control, ring, control_ring):
    found = rules.campaign_effect(treated, control, ring, control_ring, 40)
    turned = rules.campaign_effect(control, treated, control_ring, ring, 40)
    assert found.low <= found.wdd <= found.high
    assert (turned.wdd, turned.n) == (-found.wdd, found.n)
    assert (turned.low, turned.high) == (-found.high, -found.low)


def test_the_interval_covers_the_truth_in_about_95_of_100_campaigns():
    """Eight Poisson counts drawn 2,000 times, whose true difference is known."""
    import numpy as np

    means = np.array([60, 40, 50, 48, 20, 22, 18, 18], float)
    truth = (means[1] - means[0]) - (means[3] - means[2]) + (means[5] - means[4]) - (means[7] - means[6])
    drawn = np.random.default_rng(7).poisson(means, (2000, 8)).tolist()
    found = [rules.campaign_effect((a, b), (c, d), (e, f), (g, h), 40) for a, b, c, d, e, f, g, h in drawn]
    covered = sum(one.low <= truth <= one.high for one in found) / len(found)
    assert 0.93 <= covered <= 0.97


def test_two_counts_by_the_e_test():
    assert rules.two_count_p(0, 3) == pytest.approx(0.0884, abs=5e-5)
    assert rules.two_count_p(3, 0) == rules.two_count_p(0, 3)
    assert rules.two_count_p(4, 4) == 1
    assert rules.two_count_p(0, 0) == 1


def brute_force(first: int, second: int) -> float:
    """The E-test as its authors write it: every pair of counts up to 200, one by one."""
    mean = (first + second) / 2
    chance = [math.exp(-mean)]
    for k in range(1, 200):
        chance.append(chance[-1] * mean / k)
    square = (first - second) ** 2 / (first + second)
    total = 0.0
    for a in range(200):
        for b in range(200):
            if a + b and (a - b) ** 2 / (a + b) >= square - 1e-9:
                total += chance[a] * chance[b]
    return total


@pytest.mark.parametrize(("first", "second"), [(0, 3), (1, 9), (5, 2), (17, 9), (30, 31), (40, 60), (12, 0)])
def test_the_e_test_agrees_with_counting_every_pair(first, second):
    assert rules.two_count_p(first, second) == pytest.approx(brute_force(first, second), abs=1e-9)


def test_the_e_test_of_large_counts_meets_the_normal_curve():
    assert rules.two_count_p(5000, 5200) == pytest.approx(
        math.erfc(200 / math.sqrt(10200) / math.sqrt(2)), abs=2e-3
    )


@pytest.mark.parametrize(
    ("treated", "control", "alike"), [(20, 30, True), (20, 41, False), (10, 5, True), (3, 0, False)]
)
def test_like_places_have_between_half_and_twice_as_many(treated, control, alike):
    assert rules.are_alike(treated, control) is alike


# Which places are alike


def test_blocks_are_a_year_of_four_weeks_each():
    edges = rules.block_edges(DAY)
    assert len(edges) == 14 and edges[-1] == DAY and (edges[-1] - edges[0]).days == 364


def test_the_difference_is_zero_for_the_same_counts_and_grows_with_their_distance():
    like = rules.typical([[2, 4, 0], [4, 0, 2]])
    assert like == [3, 2, 1]
    assert rules.difference([3, 2, 1], like) == 0
    assert rules.difference([4, 2, 1], like) < rules.difference([6, 0, 1], like)


# Periods


def test_the_days_before_are_as_many_and_on_the_same_weekdays():
    first, last = date(2026, 12, 1), date(2026, 12, 28)
    assert rules.before_period(first, last, "just_before") == (date(2026, 11, 3), date(2026, 11, 30))
    assert rules.before_period(first, last, "year_ago") == (date(2025, 12, 2), date(2025, 12, 29))
    for which in ("just_before", "year_ago"):
        begin, end = rules.before_period(first, last, which)
        assert end - begin == last - first and begin.weekday() == first.weekday()


@pytest.mark.parametrize(
    ("last", "fine"),
    [
        (date(2026, 12, 7), False),
        (date(2026, 12, 14), True),
        (date(2026, 12, 15), False),
        (date(2027, 6, 14), False),
    ],
)
def test_a_campaign_lasts_whole_weeks_two_at_least(last, fine):
    assert rules.is_length(date(2026, 12, 1), last) is fine


@pytest.mark.parametrize(
    ("state", "today", "phase"),
    [
        ("proposed", date(2026, 11, 30), "proposed"), ("proposed", date(2026, 12, 1), "lapsed"),
        ("approved", date(2026, 11, 30), "waiting"), ("approved", date(2026, 12, 1), "running"),
        ("approved", date(2026, 12, 28), "running"), ("approved", date(2026, 12, 29), "over"),
        ("called_off", date(2026, 12, 29), "called_off"),
    ],
)  # fmt: skip
def test_where_a_campaign_is(state, today, phase):
    assert rules.phase(state, date(2026, 12, 1), date(2026, 12, 28), today) == phase


def test_only_days_that_a_file_has_told_of_are_counted():
    last = date(2026, 12, 28)
    assert rules.counted_to(last, date(2027, 1, 5), date(2027, 1, 2)) == last
    assert rules.counted_to(last, date(2027, 1, 5), date(2026, 12, 20)) == date(2026, 12, 19)
    assert rules.counted_to(last, date(2026, 12, 10), date(2026, 12, 10)) == date(2026, 12, 9)
    assert rules.counted_to(last, date(2027, 1, 5), None) is None


def test_what_retention_has_taken_is_not_counted_as_nothing():
    assert EVENTS.days == rules.EVENTS_KEPT_DAYS
    assert rules.is_kept(date(2024, 11, 24), DAY) and not rules.is_kept(date(2024, 11, 23), DAY)


def test_the_target_is_a_dose_for_each_day_and_weeks_end_with_the_campaign():
    assert rules.target_min(40, date(2026, 12, 1), date(2026, 12, 14)) == 560
    assert rules.target_min(40, date(2026, 12, 1), date(2026, 11, 30)) == 0
    weeks = rules.weeks_of(date(2026, 12, 1), date(2026, 12, 10))
    assert weeks == [(date(2026, 12, 1), date(2026, 12, 7)), (date(2026, 12, 8), date(2026, 12, 10))]
