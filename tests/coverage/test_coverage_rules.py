"""The measures, each held against its known answer."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.coverage import rules
from app.coverage.attendance import gaps_kept
from app.coverage.rules import Policy, RiskWindow

POLICY = Policy()
# Tuesday 2026-11-24, 08:00 in Shanghai.
EIGHT = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
SHANGHAI = "Asia/Shanghai"


def minutes(value: float) -> timedelta:
    return timedelta(minutes=value)


def span(start_min: float, end_min: float) -> tuple[datetime, datetime]:
    """A range in minutes from 08:00."""
    return EIGHT + minutes(start_min), EIGHT + minutes(end_min)


def instants(*at_min: float) -> list[tuple[datetime, datetime]]:
    return [span(value, value) for value in at_min]


def local(found: tuple[datetime, datetime]) -> str:
    start, end = (moment + timedelta(hours=8) for moment in found)
    return f"{start:%a %H:%M}-{end:%a %H:%M}"


# Ranges


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([], ()),
        ([(3.0, 5.0), (1.0, 2.0)], ((1.0, 2.0), (3.0, 5.0))),
        ([(1.0, 3.0), (2.0, 5.0)], ((1.0, 5.0),)),
        ([(1.0, 2.0), (2.0, 3.0)], ((1.0, 3.0),)),
        ([(1.0, 9.0), (2.0, 3.0)], ((1.0, 9.0),)),
        ([(1.0, 1.0), (4.0, 3.0)], ()),
    ],
)
def test_a_union_is_sorted_merged_and_never_empty(ranges, expected):
    assert rules.union(ranges) == expected


RANGES = st.lists(
    st.tuples(st.integers(0, 600), st.integers(1, 60)).map(lambda r: span(r[0], r[0] + r[1])), max_size=8
)


@given(RANGES, RANGES)
def test_a_union_is_commutative_and_idempotent(some, others):
    once = rules.union([*some, *others])
    assert rules.union([*others, *some]) == rules.union([*once, *some]) == once


@given(RANGES, RANGES)
def test_what_lies_within_windows_is_in_both(ranges, windows):
    both = rules.within(ranges, windows)
    assert both == rules.within(windows, ranges)
    assert rules.total_min(both) <= min(rules.total_min(ranges), rules.total_min(windows))


# Visits and dosage


def test_dosage_of_the_known_day_is_3_visits_2_qualified_45_observed_40_credited():
    stays = [span(0, 12), span(14, 18), span(60, 64), span(150, 175)]
    found = rules.visits(stays, POLICY)
    assert [visit.observed_min for visit in found] == [16, 4, 25]
    assert rules.dosage(found, POLICY) == rules.Dosage(3, 2, 45, 40)


@pytest.mark.parametrize(
    ("stays", "observed"),
    [
        pytest.param([span(0, 3)], [3], id="three minutes are a visit"),
        pytest.param([span(0, 2.99)], [], id="less is none"),
        pytest.param([span(0, 133.33 / 60)], [], id="the pass through the circle"),
        pytest.param([span(0, 2), span(4, 6)], [4], id="two minutes apart is one visit"),
        pytest.param([span(0, 5), span(7.02, 12)], [5, 4.98], id="more is two"),
        pytest.param([span(0, 10), span(5, 15)], [15], id="a crew of two is one presence"),
        pytest.param([], [], id="nothing"),
    ],
)
def test_visits(stays, observed):
    assert [visit.observed_min for visit in rules.visits(stays, POLICY)] == pytest.approx(observed)


@given(RANGES)
def test_nothing_is_credited_that_was_not_observed(stays):
    found = rules.dosage(rules.visits(stays, POLICY), POLICY)
    assert found.credited_min <= found.observed_min <= rules.total_min(stays) + 1e-9
    assert found.qualified <= found.visits
    assert found.credited_min <= 20 * found.visits


# Risk windows and slots


def test_a_window_past_midnight_belongs_to_the_day_it_starts_on():
    night = [RiskWindow(1, 22 * 60, 2 * 60)]
    tuesday = date(2026, 11, 24)
    assert [local(slot) for slot in rules.risk_slots(night, tuesday, tuesday, SHANGHAI, POLICY)] == [
        "Tue 22:00-Wed 00:00",
        "Wed 00:00-Wed 02:00",
    ]
    assert rules.risk_slots(night, date(2026, 11, 25), date(2026, 11, 30), SHANGHAI, POLICY) == ()


@pytest.mark.parametrize(
    ("from_min", "to_min", "expected"),
    [
        pytest.param(480, 720, ["08:00-10:00", "10:00-12:00"], id="four hours"),
        pytest.param(480, 660, ["08:00-10:00", "10:00-11:00"], id="a rest of an hour is a slot"),
        pytest.param(480, 650, ["08:00-10:50"], id="a shorter rest joins the slot before"),
        pytest.param(480, 510, ["08:00-08:30"], id="a window shorter than a slot"),
        pytest.param(1320, 1440, ["22:00-00:00"], id="to midnight"),
        pytest.param(0, 0, [f"{h:02}:00-{(h + 2) % 24:02}:00" for h in range(0, 24, 2)], id="the whole day"),
    ],
)
def test_a_window_is_cut_into_two_hour_slots(from_min, to_min, expected):
    day = date(2026, 11, 24)
    slots = rules.risk_slots([RiskWindow(1, from_min, to_min)], day, day, SHANGHAI, POLICY)
    assert [local(slot).replace("Tue ", "").replace("Wed ", "") for slot in slots] == expected


def test_overlapping_windows_are_one_and_touching_ones_are_two():
    day = date(2026, 11, 24)
    overlapping = [RiskWindow(1, 480, 600), RiskWindow(1, 540, 720)]
    assert len(rules.risk_windows(overlapping, day, day, SHANGHAI)) == 1
    touching = [RiskWindow(1, 480, 600), RiskWindow(1, 600, 720)]
    assert len(rules.risk_windows(touching, day, day, SHANGHAI)) == 2


def test_slots_follow_the_wall_clock_where_clocks_change():
    day = date(2026, 10, 25)  # Berlin turns its clocks back at 03:00 local.
    (window,) = rules.risk_windows([RiskWindow(6, 0, 360)], day, day, "Europe/Berlin")
    assert window[1] - window[0] == timedelta(hours=7)


SLOTS = [span(0, 120), span(120, 240), span(600, 720)]


@pytest.mark.parametrize(
    ("stays", "attained"),
    [
        pytest.param([], set(), id="nobody came"),
        pytest.param([span(10, 20)], {0}, id="ten minutes qualify"),
        pytest.param([span(10, 19)], set(), id="nine do not"),
        pytest.param([span(0, 240)], {0, 1}, id="one long visit fills every slot it fills"),
        pytest.param([span(110, 140)], {0, 1}, id="ten minutes on both sides of an edge"),
        pytest.param([span(114, 128)], {1}, id="a visit across an edge is not lost"),
        pytest.param([span(300, 400)], set(), id="outside every window"),
        pytest.param([span(10, 20), span(610, 630)], {0, 2}, id="two visits"),
        pytest.param([span(10, 15), span(30, 35)], set(), id="two short visits are no qualified one"),
    ],
)
def test_attained_slots(stays, attained):
    assert rules.attained_slots(stays, SLOTS, POLICY) == attained
    assert rules.dosage_attainment(stays, SLOTS, POLICY) == pytest.approx(len(attained) / 3)


def test_attainment_without_a_slot_is_unknown_and_not_zero():
    assert rules.dosage_attainment([span(0, 20)], [], POLICY) is None


# Idleness


@pytest.mark.parametrize(
    ("at_min", "mean", "worst"),
    [
        pytest.param((60, 180, 240), 82.5, 240, id="the known answer"),
        pytest.param((120, 240, 360), 60, 120, id="every two hours"),
        pytest.param((), 240, 480, id="never"),
        pytest.param((0, 480), 240, 480, id="only at the ends"),
    ],
)
def test_idleness_in_a_period_of_480_minutes(at_min, mean, worst):
    found = rules.idleness(instants(*at_min), *span(0, 480))
    assert (found.mean_min, found.worst_min) == (mean, worst)


def test_presence_that_lasts_is_no_gap():
    found = rules.idleness([span(-30, 60), span(100, 500)], *span(0, 480))
    assert found.gaps_min == (40,)
    assert rules.idleness([span(0, 480)], *span(0, 480)) == rules.Idleness(0, 0, ())


def test_two_hour_compliance_of_an_hour_of_visits_and_then_none_is_three_of_eight_hours():
    presence = instants(*range(0, 61, 5))
    assert rules.two_hour_compliance(presence, [span(0, 480)], POLICY) == 0.375


def test_two_hour_compliance_sees_presence_before_the_window_and_none_where_nothing_is_known():
    assert rules.two_hour_compliance(instants(-60), [span(0, 120)], POLICY) == 0.5
    assert rules.two_hour_compliance(instants(60), [span(0, 120)], POLICY) == 0.5
    assert rules.two_hour_compliance([], [span(0, 120)], POLICY) == 0
    assert rules.two_hour_compliance([], [], POLICY) is None


def test_worst_gap_compliance_is_a_share_of_windows():
    windows = [span(0, 240), span(1000, 1240), span(2000, 2240)]
    presence = [*instants(120, 1010, 1100), span(2151, 2160)]
    assert rules.worst_gap_compliance(presence, windows, POLICY) == pytest.approx(2 / 3)
    assert rules.worst_gap_compliance(presence, [], POLICY) is None


@pytest.mark.parametrize(
    ("presence", "kept"),
    [
        ([], 0),  # two hours are shorter than the limit, and yet nobody kept anything
        (instants(-60, 130), 0),
        (instants(60), 1),
        (instants(0), 1),
        ([span(-30, 5)], 1),
    ],
)
def test_a_short_window_is_kept_by_who_was_there(presence, kept):
    assert gaps_kept(presence, [span(0, 120)], POLICY) == (1, kept)


def test_a_window_is_kept_by_its_own_visits_and_not_by_those_of_another():
    windows = [span(0, 120), span(1000, 1120), span(2000, 2240)]
    assert gaps_kept([span(10, 900), *instants(2100, 2200)], windows, POLICY) == (3, 2)


def test_intermittency_is_zero_for_equal_gaps():
    assert rules.intermittency([60, 60, 60]) == 0
    assert rules.intermittency([30, 90]) == pytest.approx(0.5)
    assert rules.intermittency([]) is None


def test_start_entropy_is_0_at_one_hour_and_1_over_all():
    assert rules.start_entropy([EIGHT, EIGHT + minutes(59)], SHANGHAI) == 0
    assert rules.start_entropy([EIGHT + minutes(60 * h) for h in range(24)], SHANGHAI) == pytest.approx(1)
    assert rules.start_entropy([], SHANGHAI) is None


# Lengths


def test_completion_and_coverage_are_by_length_and_not_by_count():
    piece_m = np.array([5.0, 5.0, 2.5, 2.5])
    assert rules.route_completion(np.array([True, False, True, False]), piece_m) == 0.5
    times = np.array([2, 1, 0, 3])
    assert rules.street_coverage(times, piece_m) == pytest.approx(12.5 / 15)
    assert rules.street_coverage(times, piece_m, at_least=2) == 0.5
    assert rules.route_completion(np.array([], dtype=bool), np.array([])) is None


@given(
    walks=st.lists(st.sets(st.integers(0, 19)), max_size=4),
    days=st.lists(st.sets(st.integers(0, 19)), max_size=4),
    times=st.integers(1, 6),
)
def test_what_was_walked_n_times_is_never_said_to_be_more_than_it_was(walks, days, times):
    def share(sets, k):
        return sum(sum(piece in one for one in sets) >= k for piece in range(20)) / 20

    known = [share(walks, k) for k in range(times + 1)]
    best_first = sorted((len(day) / 20 for day in days), reverse=True)
    found = rules.walked_times(known, best_first)
    assert known[-1] <= found <= share([*walks, *days], times) + 1e-9
    whole = [set(range(20)) for _ in days]
    assert rules.walked_times(known, [1.0] * len(days)) == share([*walks, *whole], times)
    assert times > 1 or found == pytest.approx(max(known[-1], *best_first, 0.0))


@pytest.mark.parametrize(
    ("completion", "near_m", "track_m", "expected"),
    [
        (1.0, 1000, 1000, 1.0),
        (0.6, 600, 1000, 0.6),
        (1.0, 500, 1000, 2 / 3),
        (0.0, 0, 1000, 0.0),
        (0.5, 0, 0, None),
        (None, 10, 10, None),
    ],
)
def test_adherence_is_f1(completion, near_m, track_m, expected):
    found = rules.adherence(completion, near_m, track_m)
    assert found == (None if expected is None else pytest.approx(expected))


def test_cells_effort_and_checkpoints():
    assert rules.cell_coverage([0, 4.9, 5, 60], POLICY) == 0.5
    assert rules.cell_coverage([], POLICY) is None
    assert rules.effort(120, 4, 1) == 30
    assert rules.effort(120, 0, 1) is None
    assert rules.checkpoint_completion([1, 2, 2, 9], [1, 2, 3, 4]) == 0.5
    assert rules.checkpoint_completion([1], []) is None


@pytest.mark.parametrize(
    ("minute", "from_min", "to_min", "outside"),
    [
        (600, 600, 660, 0),
        (660, 600, 660, 0),
        (590, 600, 660, 10),
        (670, 600, 660, 10),
        (5, 1320, 120, 0),
        (1310, 1320, 120, 10),
        (130, 1320, 120, 10),
        (1435, 5, 60, 10),
    ],
)
def test_minutes_outside_a_window_that_may_pass_midnight(minute, from_min, to_min, outside):
    assert rules.minutes_outside(minute, from_min, to_min) == outside


def test_punctuality_allows_ten_minutes_either_side():
    checkins = [(590, 600, 660), (670, 600, 660), (671, 600, 660), (589, 600, 660)]
    assert rules.punctuality(checkins, POLICY) == 0.5
    assert rules.punctuality([], POLICY) is None


# Freshness and evidence


@pytest.mark.parametrize(
    ("days", "step"),
    [(None, None), (0, 0), (1, 0), (1.01, 1), (3, 1), (7, 2), (7.01, 3), (14, 3), (14.01, 4), (400, 4)],
)
def test_freshness_has_five_steps_and_never(days, step):
    last = None if days is None else EIGHT - timedelta(days=days)
    assert rules.freshness(last, EIGHT, POLICY) == step


@pytest.mark.parametrize(
    ("grades", "weakest", "strongest", "merged"),
    [
        ([], None, None, None),
        (["track"], "track", "track", "track"),
        (["pair", "pair"], "pair", "pair", "pair"),
        (["track", "declared", "pair"], "declared", "track", "mixed"),
        (["single", "pair"], "single", "pair", "mixed"),
    ],
)
def test_evidence_grades(grades, weakest, strongest, merged):
    assert rules.weakest(grades) == weakest
    assert rules.strongest(grades) == strongest
    assert rules.merged_grade(grades) == merged


def test_a_policy_ignores_keys_it_does_not_know():
    assert rules.policy_from({"fresh_days": [2, 4], "colour": "green"}) == Policy(fresh_days=(2, 4))
