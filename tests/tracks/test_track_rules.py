"""What is a step of a track, and the sums of a segment."""

import pytest

from app.tracks.rules import Fix, Policy, is_gap, is_step, policy_from, summary, valid_steps

POLICY = Policy()


def fix(t_s: int, accuracy_m: int = 8, lon_e7: int = 1_142_000_000) -> Fix:
    return Fix(lon_e7, 305_000_000, accuracy_m, t_s)


@pytest.mark.parametrize(
    ("a", "b", "metres", "expected"),
    [
        pytest.param(fix(0), fix(15), 20, True, id="an ordinary step"),
        pytest.param(fix(0, 50), fix(15, 50), 20, True, id="50 m of accuracy is enough"),
        pytest.param(fix(0, 51), fix(15), 20, False, id="an inaccurate first fix"),
        pytest.param(fix(0), fix(15, 51), 20, False, id="an inaccurate second fix"),
        pytest.param(fix(0, -1), fix(15), 20, False, id="an unknown accuracy"),
        pytest.param(fix(0), fix(120), 20, True, id="120 s is no gap"),
        pytest.param(fix(0), fix(121), 20, False, id="a gap is never bridged"),
        pytest.param(fix(0), fix(10), 150, True, id="15 m/s"),
        pytest.param(fix(0), fix(10), 150.1, False, id="faster than 15 m/s"),
        pytest.param(fix(15), fix(0), 20, False, id="back in time"),
        pytest.param(fix(9), fix(9), 0, True, id="the same fix twice"),
        pytest.param(fix(9), fix(9, lon_e7=1_142_000_009), 0.1, False, id="two places in one second"),
    ],
)
def test_is_step(a, b, metres, expected):
    assert is_step(a, b, metres, POLICY) is expected


def test_a_gap_begins_after_two_minutes():
    assert not is_gap(fix(0), fix(120), POLICY)
    assert is_gap(fix(0), fix(121), POLICY)


FIXES = [fix(0), fix(15), fix(30, 80), fix(45), fix(60), fix(400), fix(415)]
METRES = [20.0, 20.0, 20.0, 18.0, 300.0, 12.0]


def test_only_valid_steps_are_measured_and_gaps_are_shown():
    assert valid_steps(FIXES, METRES, POLICY).tolist() == [True, False, False, True, False, True]
    found = summary(FIXES, METRES, POLICY)
    assert (found.fixes, found.steps, found.distance_m, found.moving_s) == (7, 3, 50.0, 45)
    assert (found.gaps, found.gap_s) == (1, 340)


@pytest.mark.parametrize("at", range(1, 6))
def test_sums_of_two_segments_that_share_a_fix_are_the_sum_of_the_whole(at):
    whole = summary(FIXES, METRES, POLICY)
    first, second = summary(FIXES[: at + 1], METRES[:at], POLICY), summary(FIXES[at:], METRES[at:], POLICY)
    assert first.distance_m + second.distance_m == pytest.approx(whole.distance_m)
    assert first.moving_s + second.moving_s == whole.moving_s
    assert first.gaps + second.gaps == whole.gaps


def test_a_policy_ignores_keys_it_does_not_know():
    assert policy_from({"max_gap_s": 60, "colour": "green"}) == Policy(max_gap_s=60)
