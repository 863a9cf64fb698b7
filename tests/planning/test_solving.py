"""The solver's known answers: Tsiligirides' beats, brute force where that file is absent, rosters of 28 places."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise, permutations
from pathlib import Path
from random import Random

import pytest

from app.planning.puzzles import Limits, Member, Roster, Slot, too_often
from app.planning.solving import best_beat, roster

# Tsiligirides 1984, set 2: the first line is the start, the last the end; x, y, score.
SET_2 = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "op" / "tsiligirides2.txt"
BEST = {
    15: 120, 20: 200, 23: 210, 25: 230, 27: 230, 30: 265, 32: 300, 35: 320, 38: 360, 40: 395, 45: 450,
}  # fmt: skip


def length(minutes, order):
    return sum(minutes[i][j] for i, j in pairwise(order))


def scattered(seed, stops=6):
    """Values and distances of places in a square of 10 minutes; stop 0 is the start, the last the end."""
    draw = Random(seed)
    at = [(draw.uniform(0, 10), draw.uniform(0, 10)) for _ in range(stops + 2)]
    values = [0, *(draw.randint(1, 9) for _ in range(stops)), 0]
    return values, [[math.dist(a, b) for b in at] for a in at]


def brute(values, minutes, limit, start, end, fits=lambda order: True):
    stops = [i for i in range(len(values)) if i not in (start, end)]
    orders = ((start, *some, end) for n in range(len(stops) + 1) for some in permutations(stops, n))
    return max(
        sum(values[i] for i in order[1:-1])
        for order in orders
        if length(minutes, order) <= limit and fits(order)
    )


@pytest.mark.slow
@pytest.mark.skipif(
    not SET_2.exists(), reason="the shared data is not here; brute force below stands in for it"
)
@pytest.mark.parametrize(("limit", "best"), BEST.items())
def test_the_beats_of_tsiligirides_are_proved(limit, best):
    rows = [tuple(map(float, line.split())) for line in SET_2.read_text().splitlines() if line.strip()]
    minutes = [[math.dist(a[:2], b[:2]) for b in rows] for a in rows]
    beat = best_beat([int(row[2]) for row in rows], minutes, limit, 0, len(rows) - 1)
    assert (beat.value, beat.proved) == (best, True)
    assert beat.order[0] == 0 and beat.order[-1] == len(rows) - 1 and len(set(beat.order)) == len(beat.order)
    assert sum(int(rows[i][2]) for i in beat.order) == best
    assert beat.at_min[-1] == pytest.approx(length(minutes, beat.order)) and beat.at_min[-1] <= limit + 1e-3


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("limit", [4.0, 12.0, 22.0])
def test_a_beat_is_worth_what_trying_all_of_them_finds(seed, limit):
    values, minutes = scattered(seed)
    limit = max(limit, minutes[0][7])
    beat = best_beat(values, minutes, limit, 0, 7)
    assert (beat.value, beat.proved) == (brute(values, minutes, limit, 0, 7), True)


def test_a_beat_that_takes_exactly_the_limit_is_not_lost():
    values, third = [0, 5, 7, 0], 1 / 3
    minutes = [[0, third, 9, 9], [9, 0, third, 9], [9, 9, 0, third], [9, 9, 9, 0]]
    assert best_beat(values, minutes, 1.0, 0, 3).order == (0, 1, 2, 3)
    assert best_beat(values, minutes, 0.999, 0, 3).value == 0


def test_a_beat_may_end_where_it_began():
    minutes = [[0, 1, 1.5, 9], [1, 0, 1, 9], [1.5, 1, 0, 9], [9, 9, 9, 0]]
    beat = best_beat([0, 3, 4, 50], minutes, 3.5, 0, 0)
    assert beat.value == 7 and set(beat.order[1:-1]) == {1, 2}
    assert beat.at_min[-1] == pytest.approx(3.5)
    assert best_beat([0, 3, 4, 50], minutes, 1.9, 0, 0).value == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_stop_is_begun_within_its_window_as_brute_force_would(seed):
    values, minutes = scattered(seed, stops=5)
    draw = Random(seed + 100)
    opens = [draw.uniform(0, 15) for _ in values]
    windows = [(a, a + 4) for a in opens]
    windows[0] = windows[6] = (0.0, 25.0)

    def in_time(order):
        at = 0.0
        for i, j in pairwise(order):
            at = max(at + minutes[i][j], windows[j][0])
            if at > windows[j][1]:
                return False
        return True

    beat = best_beat(values, minutes, 25.0, 0, 6, windows)
    assert (beat.value, beat.proved) == (brute(values, minutes, 25.0, 0, 6, in_time), True)
    assert in_time(beat.order)
    assert all(
        windows[i][0] <= at <= windows[i][1] + 1e-3 for i, at in zip(beat.order, beat.at_min, strict=True)
    )


def test_two_visits_to_one_place_are_kept_apart_or_one_is_dropped():
    minutes = [[0, 0, 0, 0], [0, 0, 10, 10], [0, 10, 0, 10], [0, 0, 0, 0]]
    whole = [(0.0, 100.0)] * 4
    both = best_beat([0, 5, 5, 0], minutes, 100, 0, 3, whole, [(1, 2, 45)])
    first, second = both.at_min[1:3]
    assert both.value == 10 and second - first == 45
    short = [(0.0, 40.0)] * 4
    assert best_beat([0, 5, 5, 0], minutes, 40, 0, 3, short, [(1, 2, 45)]).value == 5


def test_the_same_question_has_the_same_answer():
    values, minutes = scattered(9, stops=9)
    assert len({best_beat(values, minutes, 20, 0, 10) for _ in range(3)}) == 1


# --- rosters ------------------------------------------------------------------------------------------------------


def week(places=2, nights=True, **more):
    """Two shifts a day for seven days, 08–12 and 20–24: 28 places."""
    hours = ((480, 720), (1200, 1440) if nights else (1000, 1200))
    return [
        Slot(
            2 * day + n + 1, day * 1440 + start, day * 1440 + end, places, 202648, bool(n) and nights, **more
        )
        for day in range(7)
        for n, (start, end) in enumerate(hours)
    ]


def people(n, **more):
    return [Member(i, **more) for i in range(1, n + 1)]


def loads(found: Roster, slots=None):
    chosen = {s.id for s in slots} if slots else set(found.crews)
    return Counter(person for slot_id, crew in found.crews.items() if slot_id in chosen for person in crew)


@pytest.mark.parametrize(("members", "each"), [(7, [4] * 7), (6, [4, 4, 5, 5, 5, 5])])
def test_28_places_are_shared_evenly(members, each):
    found = roster(people(members), week(), Limits())
    assert not found.empty and found.proved
    assert sorted(loads(found).values()) == each
    nights = loads(found, [slot for slot in week() if slot.is_night])
    assert sum(nights.values()) == 14 and max(nights.values()) - min(nights.values()) <= 1


def test_five_with_five_shifts_at_most_cannot_and_it_is_said_which_rule_forbids_it():
    found = roster(people(5), week(), Limits(most_a_week=5))
    assert sum(found.empty.values()) == 3 and found.why == ("most_a_week",) and found.proved
    assert set(loads(found).values()) == {5}


def test_between_two_shifts_there_are_eleven_hours():
    for limits in (Limits(), Limits(rest_min=0)):
        found = roster(people(3), week(), limits)
        slots = {slot.id: slot for slot in week()}
        for person in range(1, 4):
            mine = sorted(
                (slots[i] for i, crew in found.crews.items() if person in crew), key=lambda s: s.start
            )
            assert all(b.start - a.end >= limits.rest_min for a, b in pairwise(mine))
    # Two people cannot do both shifts of a day: 8 hours lie between them.
    tired = roster(people(2), week(), Limits(pair_in_a_row=99))
    assert sum(tired.empty.values()) == 14 and tired.why == ("rest",)


def test_nobody_is_in_two_places_even_where_rest_is_no_rule():
    at_once = [Slot(1, 0, 100, 1, 1), Slot(2, 50, 150, 1, 1)]
    found = roster(people(1), at_once, Limits(rest_min=0))
    assert sum(found.empty.values()) == 1 and found.why == ("too_few",)


def test_volunteers_have_two_nights_a_week_those_elsewhere_counted():
    found = roster(people(6), week(), Limits(nights_a_week=2))
    assert sum(found.empty.values()) == 2 and found.why == ("nights",)
    dark = [slot for slot in week() if slot.is_night]
    assert set(loads(found, dark).values()) == {2}
    seventh = [*people(6), Member(7, nights={202648: 2})]
    assert sum(roster(seventh, week(), Limits(nights_a_week=2)).empty.values()) == 2
    assert not roster([*people(6), Member(7)], week(), Limits(nights_a_week=2)).empty


def test_a_shift_of_more_than_four_hours_is_not_for_volunteers():
    long = [Slot(1, 0, 300, 2, 1)]
    found = roster(people(3), long, Limits(longest_min=240))
    assert (found.empty, found.why) == ({1: 2}, ("longest",))
    assert not roster(people(3), long, Limits()).empty


def test_who_is_away_gets_nothing():
    slots = week()
    away = Member(1, barred=frozenset(slot.id for slot in slots))
    found = roster([away, *people(8)[1:]], slots, Limits())
    assert not found.empty and 1 not in loads(found)
    alone = roster([Member(1, barred=frozenset({1})), Member(2)], [Slot(1, 0, 100, 2, 1)], Limits())
    assert (alone.empty, alone.why) == ({1: 1}, ("barred",))


def test_the_same_two_are_together_three_times_in_a_row_at_most():
    """Three people: without the rule the two who are free on all days would always walk together."""
    days = [Slot(n, n * 1440, n * 1440 + 120, 2, 1) for n in range(1, 8)]
    third = Member(3, barred=frozenset({1, 2, 3, 5, 6, 7}))
    found = roster([*people(2), third], days, Limits())
    assert not found.empty
    assert 3 in found.crews[4]
    assert too_often([*people(2), third], days, found, 3) == set()
    pair = roster(people(2), days, Limits())
    assert sum(pair.empty.values()) == 1 and pair.why == ("same_pair",)


def test_who_was_with_whom_before_counts_and_is_not_undone():
    before = [Slot(n, n * 1440, n * 1440 + 120, 0, 1, crew=frozenset({1, 2})) for n in range(1, 6)]
    found = roster(people(2), [*before, Slot(9, 20_000, 20_120, 2, 2)], Limits())
    assert found.empty == {9: 1} and found.why == ("same_pair",)
    between = Slot(8, 15_000, 15_120, 0, 2, crew=frozenset({1}))
    assert not roster(people(2), [*before, between, Slot(9, 20_000, 20_120, 2, 2)], Limits()).empty


def test_who_is_with_whom_after_it_counts_too():
    after = [Slot(n, n * 1440, n * 1440 + 120, 0, 1, crew=frozenset({1, 2})) for n in (2, 3, 4)]
    first = Slot(1, 1440, 1560, 2, 1)
    found = roster(people(2), [first, *after], Limits())
    assert found.empty == {1: 1} and found.why == ("same_pair",)
    assert not roster(people(2), [first, *after[:2]], Limits()).empty
    # Between two rows that are long enough already nobody is put; with a third to go, no place stays empty.
    both = [*(Slot(n, n * 1440, n * 1440 + 120, 0, 1, crew=frozenset({1, 2})) for n in (1, 2, 4, 5))]
    gap = Slot(3, 3 * 1440, 3 * 1440 + 120, 2, 1)
    assert roster(people(2), [*both, gap], Limits()).why == ("same_pair",)
    three = roster(people(3), [*both, gap], Limits())
    assert not three.empty and 3 in three.crews[3]


def test_what_is_planned_stays_and_counts():
    slots = [
        Slot(1, 0, 100, 1, 1, crew=frozenset({1})),
        *(Slot(n, n * 1440, n * 1440 + 100, 1, 1) for n in (2, 3)),
    ]
    found = roster(people(2), slots, Limits())
    assert not found.empty and found.crews[1] == (2,)
    assert loads(found) == {2: 2, 1: 1}


def test_that_no_roster_is_fuller_is_proved_with_little_work_where_places_must_stay_empty():
    """Three shifts a day for three and only eight people: each lacks some shifts, and eight places cannot be had."""
    draw = Random(0)
    slots = [
        Slot(3 * day + n, day * 1440 + start, day * 1440 + start + 240, 3, 1, n == 2)
        for day in range(7)
        for n, start in enumerate((480, 840, 1200))
    ]
    members = [Member(i, frozenset(slot.id for slot in slots if draw.random() < 0.3)) for i in range(1, 9)]
    found = roster(members, slots, Limits(most_a_week=7), work=1.0)
    assert (sum(found.empty.values()), found.proved) == (8, True)


def test_shifts_that_no_rule_could_fill_say_that_there_are_too_few():
    found = roster(people(1), [Slot(1, 0, 100, 2, 1)], Limits())
    assert (found.empty, found.why, found.crews) == ({1: 1}, ("too_few",), {1: (1,)})


def test_a_week_of_twenty_members_breaks_no_rule():
    slots, members, limits = week(), people(20), Limits(nights_a_week=2, longest_min=240, most_a_week=3)
    found = roster(members, slots, limits)
    assert not found.empty and sorted(set(loads(found).values())) == [1, 2]
    assert all(len(set(crew)) == 2 for crew in found.crews.values())
    assert not too_often(members, slots, found, 3)
