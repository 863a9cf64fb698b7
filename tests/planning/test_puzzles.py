"""From chances to the solver's question, and what one pair leaves to the next."""

from __future__ import annotations

from app.planning.puzzles import Chance, Limits, Member, Roster, Slot, left_after, puzzle_of, too_often


def chance(hotspot_id, opens=0.0, closes=110.0, value=100):
    return Chance(hotspot_id, value, 0, opens, closes)


def test_minutes_are_the_stay_and_the_way_the_first_from_the_start_and_the_end_lies_nowhere():
    chances = [chance(7), chance(8), chance(7, 120, 230)]
    found = puzzle_of(
        chances, 240, {7: 3.0, 8: 4.0}.__getitem__, {7: 12.0, 8: 10.0}.__getitem__, lambda a, b: 5.0
    )
    assert found.values == [0, 100, 100, 100, 0] and found.end == 4
    assert found.minutes[0] == [0, 3, 4, 3, 0] and found.minutes[4] == [0, 0, 0, 0, 0]
    assert found.minutes[1] == [0, 12, 17, 12, 12]
    assert found.minutes[2] == [0, 15, 10, 15, 10]
    assert found.windows == [(0, 240), (0, 110), (0, 110), (120, 230), (0, 240)]
    assert found.apart == [(1, 3, 45.0)]


def test_a_served_slot_is_gone_for_the_next_pair_and_other_places_stay():
    chances = [chance(7), chance(8)]
    assert left_after(chances, {0: (chances[0], 30.0)}) == [chances[1]]
    assert left_after(chances, {}) == chances


def test_another_slot_of_the_place_is_left_but_not_at_once():
    chances = [chance(7, 0, 110), chance(7, 120, 230)]
    (left,) = left_after(chances, {0: (chances[0], 100.0)})
    assert (left.opens_min, left.closes_min) == (145, 230)
    (left,) = left_after(chances, {1: (chances[1], 125.0)})
    assert (left.opens_min, left.closes_min) == (0, 80)


def test_a_slot_that_is_all_too_near_a_visit_is_left_to_nobody():
    chances = [chance(7, 0, 20), chance(7, 21, 40)]
    assert left_after(chances, {0: (chances[0], 10.0)}) == []


def together(*crews, planned=()):
    slots = [Slot(n, n * 100, n * 100 + 50, 2, 1, crew=frozenset(c) if n in planned else frozenset())
             for n, c in enumerate(crews)]  # fmt: skip
    found = Roster({n: tuple(c) for n, c in enumerate(crews) if n not in planned}, {}, (), True)
    return too_often([Member(i) for i in (1, 2, 3)], slots, found, Limits().pair_in_a_row)


def test_a_fourth_time_in_a_row_is_too_often_and_a_shift_without_the_other_begins_anew():
    assert together({1, 2}, {1, 2}, {1, 2}) == set()
    assert together({1, 2}, {1, 2}, {1, 2}, {1, 2}) == {(1, 2)}
    assert together({1, 2}, {1, 2}, {1, 3}, {1, 2}, {1, 2}) == set()
    assert together({1, 2}, {1, 2}, {3}, {1, 2}, {1, 2}) == {(1, 2)}


def test_what_was_planned_before_is_not_blamed():
    assert together({1, 2}, {1, 2}, {1, 2}, {1, 2}, planned=(0, 1, 2, 3)) == set()
    assert together({1, 2}, {1, 2}, {1, 2}, {1, 2}, planned=(0, 1, 2)) == {(1, 2)}


def test_what_is_planned_after_it_counts_as_well():
    assert together({1, 2}, {1, 2}, {1, 2}, {1, 2}, planned=(1, 2, 3)) == {(1, 2)}
    assert together({1, 2}, {1, 2}, {1, 2}, planned=(1, 2)) == set()
    assert together({1, 2}, {1, 3}, {1, 2}, {1, 2}, {1, 2}, {1, 2}, planned=(1, 2, 3, 4, 5)) == set()
