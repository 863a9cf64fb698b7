"""Walks that are one and the same, one phone in two hands, one person at two places."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fairness.copies import Tap, same_walk, shared_phone, two_places
from app.fairness.rules import Policy

DEFAULT = Policy()
AT = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
# Of one metre: north 1e-7 degrees, and east at 30.5° N.
NORTH, EAST = 89.9, 104.4


def tap(n, who, at, x_m=0.0, y_m=0.0, *, duty=None, device=None, **more):
    return Tap(
        f"{who}-{n}", duty or who * 10, who, device or f"phone{who}", at, round(1143000000 + x_m * EAST),
        round(305000000 + y_m * NORTH), **more,
    )  # fmt: skip


def walk(who, n=6, *, later=timedelta(), off_m=0.0, jitter_s=0.0, **more):
    """A check-in every 300 m and ten minutes."""
    return [
        tap(k, who, AT + later + k * (10 * MINUTE) + k % 2 * jitter_s * SECOND, 300 * k + off_m, 0, **more)
        for k in range(n)
    ]


# --- one walk -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (walk(2), 6),  # at the same moment
        (walk(2, later=timedelta(days=5, seconds=77)), 6),  # five days later, every second of it
        (walk(2, off_m=0.7), 6),  # to the metre
        (walk(2, jitter_s=2), 6),
        (walk(2, off_m=3), 0),  # a real second receiver
        (walk(2, jitter_s=9), 0),  # another's pace: three of six with one delay, too few
        (walk(2, n=3), 0),
        (walk(2, at_point=True), 0),  # on the point itself, where everybody may be
        (walk(2, is_timed=False), 0),
    ],
)
def test_two_walks_that_are_one_are_asked(other, found):
    flags = same_walk([*walk(1), *other], DEFAULT)
    assert [(f.people, f.weight) for f in flags] == ([((1, 2), found)] if found else [])


def test_ones_own_walk_sent_in_again_on_another_day_is_asked():
    flag = same_walk([*walk(1, duty=11), *walk(1, duty=12, later=timedelta(days=1, seconds=3))], DEFAULT)
    assert [(f.people, f.subject, f.weight, f.duty_ids) for f in flag] == [((1,), "1", 6, (11, 12))]
    assert same_walk([*walk(1, duty=11), *walk(1, duty=11, later=timedelta(hours=1))], DEFAULT) == []


@given(st.integers(0, 10_000))
def test_who_walks_the_same_route_every_evening_is_never_asked(seed):
    luck = random.Random(seed)
    taps = [
        tap(k + 100 * day, 1, AT + timedelta(days=day) + k * 8 * MINUTE + timedelta(seconds=luck.uniform(0, 60)),
            250 * k + luck.gauss(0, 5), luck.gauss(0, 5), duty=day)
        for day in range(5) for k in range(12)
    ]  # fmt: skip
    assert same_walk(taps, DEFAULT) == []


def test_a_mast_that_locates_two_phones_at_one_spot_is_no_walk():
    taps = [tap(k, who, AT + k * MINUTE, 0, 0) for who in (1, 2) for k in range(8)]
    assert same_walk(taps, DEFAULT) == []


def test_four_alike_among_many_are_chance_and_half_are_not():
    rest = [tap(100 + k, who, AT + k * 7 * MINUTE + who * 50 * SECOND, 40 * k, 900 + 30 * who) for who in (1, 2)
            for k in range(5)]  # fmt: skip
    assert same_walk([*walk(1, n=4), *walk(2, n=4), *rest], DEFAULT) == []
    assert same_walk([*walk(1, n=5), *walk(2, n=5), *rest], DEFAULT)


def test_the_flag_names_the_duties_and_check_ins_of_both():
    flag = same_walk([*walk(1, duty=11), *walk(2, duty=22, later=timedelta(hours=3))], DEFAULT)[0]
    assert flag.duty_ids == (11, 22) and len(flag.checkin_ids) == 12
    assert flag.figures == {"taps": 6, "walks": 1, "spots": 6, "delay_min": 180}


@given(st.integers(0, 10_000))
def test_two_who_walk_together_with_their_own_phones_are_never_one_walk(seed):
    """Receivers differ by metres, and two people do not tap in the same second thrice."""
    luck = random.Random(seed)
    taps = [
        tap(k, who, AT + k * 8 * MINUTE + timedelta(seconds=luck.uniform(0, 60)), 250 * k + luck.gauss(0, 5),
            luck.gauss(0, 5))
        for who in (1, 2) for k in range(12)
    ]  # fmt: skip
    assert same_walk(taps, DEFAULT) == []


@given(st.floats(-1e6, 1e6), st.integers(4, 12), st.randoms())
def test_a_walk_that_is_given_out_again_is_found_whatever_the_delay_and_order(delay_s, n, luck):
    taps = [*walk(1, n=n), *walk(2, n=n, later=timedelta(seconds=delay_s))]
    luck.shuffle(taps)
    flag = same_walk(taps, DEFAULT)
    assert [(f.people, f.weight) for f in flag] == [((1, 2), n)]


# --- one phone ----------------------------------------------------------------------------------------------------


def in_turns(*who, every=5):
    return [tap(n, w, AT + n * every * MINUTE, 100 * n, device="one") for n, w in enumerate(who)]


@pytest.mark.parametrize(
    ("who", "times"),
    [
        ((1, 2, 1, 2, 1), 3),
        ((1, 1, 2, 2, 1, 1), 0),
        ((1, 2, 1, 2), 0),  # twice
        ((1, 1, 1, 2, 2, 2), 0),  # handed on after the shift
        ((1, 2, 3, 1, 2, 3), 0),
        ((1, 2, 2, 1, 1, 2, 2, 1), 3),  # the fewest changes of who is signed in: two check-ins at a turn
        ((1, 2, 3, 1, 2, 3, 1, 2), 4),  # a third hand between
    ],
)
def test_one_phone_in_two_hands_by_turns_is_asked_from_the_third_time_on(who, times):
    found = shared_phone(in_turns(*who), DEFAULT)
    assert [(f.people, f.weight) for f in found if 3 not in f.people] == ([((1, 2), times)] if times else [])


def test_turns_hours_apart_and_phones_of_ones_own_are_nothing():
    assert shared_phone(in_turns(1, 2, 1, 2, 1, every=120), DEFAULT) == []
    own = [replace(t, device_id=f"phone{t.person_id}") for t in in_turns(1, 2, 1, 2, 1)]
    assert shared_phone(own, DEFAULT) == []


# --- two places ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metres", "minutes", "more", "n"),
    [
        (10_000, 2, {"duty": 99}, 1),
        (10_000, 2, {"device": "second"}, 1),
        (10_000, 2, {}, 0),  # within a duty it is held when it comes in
        (10_000, 10, {"duty": 99}, 0),  # 60 km/h
        (900, 0.1, {"duty": 99}, 0),  # a bad position
        (1_500, 0.1, {"duty": 99, "accuracy_m": 600}, 0),
        (10_000, 2, {"duty": 99, "is_timed": False}, 0),
    ],
)
def test_one_person_at_two_places_is_asked(metres, minutes, more, n):
    taps = [tap(1, 1, AT), tap(2, 1, AT + minutes * MINUTE, 0, metres, **more)]
    assert [(f.kind, f.people, f.weight) for f in two_places(taps, DEFAULT)] == [("two_places", (1,), 1)] * n


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(-400, 400), st.integers(1, 3)), max_size=30))
def test_who_stays_within_a_kilometre_is_at_one_place(steps):
    taps = [tap(n, 1, AT + m * MINUTE, x, 0, duty=d) for n, (m, x, d) in enumerate(steps)]
    assert two_places(taps, DEFAULT) == []
