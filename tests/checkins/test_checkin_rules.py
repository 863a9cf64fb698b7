"""Verdicts on check-ins: every reason, none twice, and never by the order of arrival."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checkins.rules import (
    FLAGGED,
    HELD,
    NOT_COUNTED,
    REASONS,
    Claim,
    DutyWindow,
    Pair,
    Policy,
    Verdict,
    counted_checkpoints,
    judge_checkins,
    metres_between,
    outcome_of,
    policy_from,
    presence_pairs,
    words_figures,
)

# 20:00 in Shanghai.
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
POLICY = Policy()
M_E7 = 90  # about a metre of latitude in 1e-7 degrees


def minutes(value: float) -> timedelta:
    return timedelta(minutes=value)


DUTY = DutyWindow(
    started_at=START,
    ended_at=START + minutes(180),
    pauses=(),
    planned_start=START,
    planned_end=START + minutes(180),
)


def claim(id: str = "a", after_min: float = 60, north_m: float = 0, **changes) -> Claim:
    plain = Claim(
        id=id,
        kind="checkpoint",
        place_id=1,
        phase="here",
        method="gps",
        effective_at=START + minutes(after_min),
        time_quality="good",
        accuracy_m=10,
        age_ms=1000,
        mocked=False,
        lon_e7=1_142_000_000,
        lat_e7=305_000_000 + round(north_m * M_E7),
        distance_m=12.0,
        route_distance_m=5.0,
        inside_area=True,
        radius_m=40,
    )
    return replace(plain, **changes)


def judge(*claims: Claim, duty: DutyWindow = DUTY) -> dict[str, Verdict]:
    return judge_checkins(claims, duty, POLICY)


def reasons(found: Claim, duty: DutyWindow = DUTY) -> tuple[str, ...]:
    return judge(found, duty=duty)[found.id].reasons


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, (), id="an ordinary claim has no reason"),
        pytest.param({"distance_m": 50.0}, (), id="radius plus the fix's own 10 m"),
        pytest.param({"distance_m": 50.1}, ("too_far_from_checkpoint",), id="beyond it"),
        pytest.param({"distance_m": 70.0, "accuracy_m": 90}, (), id="at most 30 m for a weak signal"),
        pytest.param({"distance_m": 70.1, "accuracy_m": 90}, ("too_far_from_checkpoint",), id="and no more"),
        pytest.param({"distance_m": None}, ("too_far_from_checkpoint",), id="not measured is not near"),
        pytest.param({"accuracy_m": 100}, (), id="100 m of accuracy"),
        pytest.param({"accuracy_m": 101}, ("accuracy_too_low",), id="over 100 m of accuracy"),
        pytest.param({"accuracy_m": -1}, ("accuracy_too_low",), id="unknown accuracy"),
        pytest.param({"inside_area": False}, ("outside_area",), id="outside the area"),
        pytest.param({"mocked": True}, ("mocked_position",), id="a mocked position"),
        pytest.param({"code_ok": False, "method": "code"}, ("wrong_code",), id="a wrong code"),
        pytest.param({"code_ok": True, "code_reused": True}, ("code_already_used",), id="a code used before"),
        pytest.param(
            {"time_quality": "bracket_only"}, ("time_bracket_only",), id="a time known by its bracket"
        ),
        pytest.param({"shared_coordinates": True}, ("shared_coordinates",), id="two phones, one series"),
        pytest.param({"age_ms": 60_000}, (), id="a fix a minute old"),
        pytest.param({"age_ms": 60_001}, ("old_fix",), id="an older fix"),
        pytest.param({"time_quality": "corrected"}, ("clock_corrected",), id="a corrected clock"),
        pytest.param({"seq_gap": True}, ("sequence_gap",), id="a gap in the phone's counter"),
        pytest.param(
            {"distance_m": 900.0, "accuracy_m": 150, "mocked": True, "age_ms": 90_000, "inside_area": False},
            ("too_far_from_checkpoint", "accuracy_too_low", "outside_area", "mocked_position", "old_fix"),
            id="all reasons are given, never only the first",
        ),
        # The claim is at 21:00 local.
        pytest.param({"window": (1200, 1260)}, (), id="in its window"),
        pytest.param({"window": (1270, 1300)}, (), id="ten minutes early"),
        pytest.param({"window": (1271, 1300)}, ("out_of_window",), id="eleven minutes early"),
        pytest.param({"window": (1200, 1250)}, (), id="ten minutes late"),
        pytest.param({"window": (1200, 1249)}, ("out_of_window",), id="eleven minutes late"),
        pytest.param({"window": (1320, 1265)}, (), id="a window past midnight, long"),
        pytest.param({"window": (1320, 120)}, ("out_of_window",), id="a window past midnight, missed"),
    ],
)
def test_a_claim_by_itself(changes, expected):
    assert reasons(claim(**changes)) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), "counted"),
        (("old_fix", "off_roster"), "counted"),
        (("outside_area", "old_fix"), "held"),
        (("outside_area", "accuracy_too_low"), "not_counted"),
    ],
)
def test_the_hardest_reason_makes_the_outcome(given, expected):
    assert outcome_of(given) == expected


def test_every_reason_is_in_one_class():
    assert len(set(REASONS)) == len(REASONS) == len(NOT_COUNTED) + len(HELD) + len(FLAGGED) == 21


@pytest.mark.parametrize(
    ("after_min", "duty", "on_duty"),
    [
        pytest.param(-15, DUTY, True, id="15 minutes before the start"),
        pytest.param(-16, DUTY, False, id="16 minutes before"),
        pytest.param(195, DUTY, True, id="15 minutes after the end"),
        pytest.param(196, DUTY, False, id="16 minutes after"),
        pytest.param(60, replace(DUTY, started_at=None), False, id="never started"),
        pytest.param(
            255, replace(DUTY, ended_at=None), True, id="no end yet: an hour after the plan, and grace"
        ),
        pytest.param(256, replace(DUTY, ended_at=None), False, id="no end, long after the plan"),
        pytest.param(
            60, replace(DUTY, pauses=((START + minutes(40), START + minutes(80)),)), False, id="paused"
        ),
        pytest.param(
            55, replace(DUTY, pauses=((START + minutes(40), START + minutes(80)),)), True, id="pause's edge"
        ),
        pytest.param(
            60, replace(DUTY, pauses=((START + minutes(50), START + minutes(70)),)), True, id="short pause"
        ),
    ],
)
def test_on_duty_has_15_minutes_of_grace(after_min, duty, on_duty):
    assert ("not_on_duty" in reasons(claim(after_min=after_min), duty)) is not on_duty


def test_somebody_off_the_roster_is_flagged_and_counts():
    found = judge(claim(), duty=replace(DUTY, on_roster=False))["a"]
    assert (found.outcome, found.reasons) == ("counted", ("off_roster",))


@pytest.mark.parametrize(
    ("north_m", "expected"),
    [
        pytest.param(900, (), id="54 km/h"),
        pytest.param(1100, ("fast_movement",), id="65 km/h is flagged"),
        pytest.param(2450, ("fast_movement",), id="147 km/h is flagged"),
        pytest.param(2600, ("impossible_speed",), id="155 km/h is held"),
    ],
)
def test_speed_to_a_neighbour_a_minute_away(north_m, expected):
    verdicts = judge(claim("a", 60), claim("b", 61, north_m + 20, place_id=2))
    assert verdicts["a"].reasons == verdicts["b"].reasons == expected


def test_receiver_noise_within_a_second_is_no_speed():
    verdicts = judge(claim("a", 60, accuracy_m=30), claim("b", 60, 55, accuracy_m=30))
    assert all(verdict.reasons == () for verdict in verdicts.values())


def test_neighbours_are_by_effective_time_and_not_by_arrival():
    late = claim("b", 61, 5000, place_id=2)
    before, after = claim("a", 60), claim("c", 90, 100)
    for order in ([before, late, after], [late, after, before], [after, before, late]):
        verdicts = judge(*order)
        assert verdicts["a"].outcome == verdicts["b"].outcome == "held"
        assert verdicts["c"].reasons == ()


def test_a_time_known_only_by_its_bracket_says_nothing_about_speed():
    verdicts = judge(claim("a", 60), claim("b", 60, 9000, time_quality="bracket_only"), claim("c", 70, 100))
    assert verdicts["a"].reasons == verdicts["c"].reasons == ()
    assert verdicts["b"].speed_kmh is None


def test_the_same_coordinates_three_times_over_ten_minutes_are_held():
    again = [claim(str(n), n * 5) for n in range(3)]
    assert {verdict.reasons for verdict in judge(*again).values()} == {("repeated_coordinates",)}
    assert {v.reasons for v in judge(*again[:2]).values()} == {()}
    quick = [claim(str(n), n * 4.9) for n in range(3)]
    assert {v.reasons for v in judge(*quick).values()} == {()}
    noisy = [claim(str(n), n * 5, n * 0.5) for n in range(3)]
    assert {v.reasons for v in judge(*noisy).values()} == {()}


def test_one_accuracy_all_shift_is_held_and_a_short_series_is_not():
    shift = [claim(str(n), n * 15, n * 50) for n in range(10)]
    assert {verdict.reasons for verdict in judge(*shift).values()} == {("constant_accuracy",)}
    assert {verdict.reasons for verdict in judge(*shift[:9]).values()} == {()}
    varied = [*shift[:9], replace(shift[9], accuracy_m=11)]
    assert {verdict.reasons for verdict in judge(*varied).values()} == {()}


def test_one_offset_at_three_checkpoints_is_a_wrong_datum():
    def shifted(n: int, east: float, distance: float) -> Claim:
        return claim(
            str(n),
            n * 20,
            n * 300,
            place_id=n,
            offset_m=(east, 210.0 + n),
            distance_m=distance,
            accuracy_m=9 + n,
        )

    verdicts = judge(*[shifted(n, 480.0, 520) for n in range(3)])
    assert {v.reasons for v in verdicts.values()} == {("too_far_from_checkpoint", "constant_offset")}
    scattered = judge(*[shifted(n, 480.0 - 90 * n, 500) for n in range(3)])
    assert {v.reasons for v in scattered.values()} == {("too_far_from_checkpoint",)}


def test_out_of_order_only_where_the_order_is_fixed_and_only_the_first_time():
    ordered = replace(DUTY, shift_ordered=True)
    walked = [
        claim("a", 10, 0, place_id=1, seq=1),
        claim("b", 30, 100, place_id=3, seq=3),
        claim("c", 50, 200, place_id=2, seq=2),
        claim("d", 70, 1, place_id=1, seq=1),
        claim("e", 90, 300, place_id=5, seq=5),
    ]
    assert {key for key, v in judge(*walked, duty=ordered).items() if "out_of_order" in v.reasons} == {"c"}
    assert {key for key, v in judge(*walked).items() if "out_of_order" in v.reasons} == set()


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({}, 0),
        ({"method": "code", "code_ok": True}, 2),
        ({"method": "nfc", "code_ok": True}, 3),
        ({"method": "code", "code_ok": False}, 0),
        ({"method": "code", "code_ok": True, "code_reused": True}, 0),
        ({"method": "code", "code_ok": None}, 0),
    ],
)
def test_evidence_level_of_a_lone_claim(changes, level):
    assert judge(claim(**changes))["a"].evidence_level == level


def test_plausible_neighbours_are_evidence():
    verdicts = judge(claim("a", 60), claim("b", 70, 300), claim("c", 70.1, 9000))
    assert [verdicts[key].evidence_level for key in "abc"] == [1, 0, 0]


@given(
    st.lists(
        st.builds(
            lambda minute, north, accuracy, distance, quality, seq: {
                "after_min": minute,
                "north_m": north,
                "accuracy_m": accuracy,
                "distance_m": distance,
                "time_quality": quality,
                "seq": seq,
                "place_id": seq,
            },
            st.integers(-20, 200),
            st.sampled_from([0, 0, 50, 3000]),
            st.sampled_from([10, 10, 40, 120]),
            st.sampled_from([5.0, 60.0, 200.0]),
            st.sampled_from(["good", "good", "corrected", "bracket_only"]),
            st.integers(1, 5),
        ),
        max_size=12,
    ),
    st.randoms(),
)
def test_any_order_of_arrival_ends_in_the_same_verdicts(rows, shuffler):
    claims = [claim(f"{n:02}", **row) for n, row in enumerate(rows)]
    ordered = replace(DUTY, shift_ordered=True)
    shuffled = list(claims)
    shuffler.shuffle(shuffled)
    verdicts = judge_checkins(claims, ordered, POLICY)
    assert judge_checkins(shuffled, ordered, POLICY) == verdicts
    for verdict in verdicts.values():
        assert list(verdict.reasons) == sorted(set(verdict.reasons), key=REASONS.index)
        assert verdict.outcome == outcome_of(verdict.reasons)


def test_the_figures_of_the_sentence_are_all_there_and_never_flatter():
    figures = words_figures(claim(distance_m=85.2), POLICY)
    assert (figures["distance_m"], figures["radius_m"], figures["allowance_m"]) == (86, 40, 30)
    assert words_figures(claim(distance_m=70.0001), POLICY)["distance_m"] == 71
    assert "distance_m" not in words_figures(claim(distance_m=None), POLICY)


def judged(*claims: Claim, outcome: str = "counted") -> list[tuple[Claim, Verdict]]:
    return [(one, Verdict(outcome, (), 0, None)) for one in claims]


def test_two_claims_at_one_checkpoint_are_one_checkpoint():
    pairs = [*judged(claim("a"), claim("b", 70)), *judged(claim("c", place_id=2), outcome="held")]
    assert counted_checkpoints(pairs) == {1}
    assert counted_checkpoints(judged(tap("arrive", 5, place_id=9))) == frozenset()


def tap(phase: str, after_min: float, place_id: int = 5) -> Claim:
    return claim(f"{phase}{after_min}{place_id}", after_min, kind="hotspot", phase=phase, place_id=place_id)


@pytest.mark.parametrize(
    ("taps", "expected"),
    [
        pytest.param([("arrive", 10), ("leave", 25)], [(10, 25)], id="a pair is presence"),
        pytest.param([("arrive", 10)], [], id="one alone never becomes minutes"),
        pytest.param([("leave", 10)], [], id="a leave alone neither"),
        pytest.param(
            [("arrive", 10), ("arrive", 15), ("leave", 25)], [(15, 25)], id="the later arrive pairs"
        ),
        pytest.param([("arrive", 10), ("leave", 25), ("leave", 40)], [(10, 25)], id="a leave pairs once"),
        pytest.param([("arrive", 10), ("leave", 250)], [(10, 250)], id="four hours"),
        pytest.param([("arrive", 10), ("leave", 251)], [], id="over four hours"),
        pytest.param([("arrive", 10), ("leave", 10)], [], id="no time is no range"),
        pytest.param(
            [("arrive", 10), ("leave", 20), ("arrive", 30), ("leave", 45)], [(10, 20), (30, 45)], id="two"
        ),
    ],
)
def test_presence_pairs(taps, expected):
    found = presence_pairs(judged(*[tap(phase, at) for phase, at in reversed(taps)]))
    assert found == tuple(Pair(5, START + minutes(start), START + minutes(end)) for start, end in expected)


def test_taps_at_two_hotspots_pair_each_at_its_own():
    found = presence_pairs(
        judged(tap("arrive", 10), tap("arrive", 12, 6), tap("leave", 20), tap("leave", 30, 6))
    )
    assert [(pair.hotspot_id, pair.end - pair.start) for pair in found] == [
        (5, minutes(10)),
        (6, minutes(18)),
    ]


def test_what_is_not_counted_makes_no_pair():
    assert presence_pairs([*judged(tap("arrive", 10)), *judged(tap("leave", 25), outcome="held")]) == ()


def test_metres_on_the_sphere_are_close_to_the_ellipsoid():
    assert metres_between(1_200_000_000, 300_000_000, 1_201_000_000, 300_000_000) == pytest.approx(
        9648.628, rel=0.006
    )


def test_a_policy_ignores_keys_it_does_not_know():
    assert policy_from({"allowance_m": 20, "colour": "green"}) == Policy(allowance_m=20)
