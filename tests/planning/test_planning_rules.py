"""How long visits and ways take: known answers, worked out by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.coverage.rules import Policy
from app.planning import rules
from app.planning.rules import Case, Minutes, Stay
from tests.make import EVENING

POLICY = Policy()
MARKET, PLAZA, PARK = 1, 2, 3


def minute(n: float, day: int = 0) -> datetime:
    return EVENING + timedelta(days=day, minutes=n)


def stay(hotspot: int, shift: int, duty: int, low: float, high: float) -> Stay:
    return Stay(hotspot, shift, duty, minute(low, shift), minute(high, shift))


def test_a_crews_visit_is_one_however_many_were_there() -> None:
    stays = [stay(MARKET, 1, 11, 0, 12), stay(MARKET, 1, 12, 1, 14), stay(MARKET, 2, 21, 0, 11)]
    assert rules.visits_by_hotspot(stays, POLICY) == {MARKET: [Case(1, 14.0), Case(2, 11.0)]}


def test_only_visits_that_qualify_say_how_long_one_takes() -> None:
    stays = [stay(MARKET, 1, 11, 0, 9.9), stay(MARKET, 1, 11, 30, 40)]
    assert rules.visits_by_hotspot(stays, POLICY) == {MARKET: [Case(1, 10.0)]}


def test_a_way_is_from_the_end_of_a_visit_to_the_next_of_the_same_duty() -> None:
    stays = [stay(MARKET, 1, 11, 0, 12), stay(PLAZA, 1, 11, 20, 32), stay(MARKET, 1, 11, 42, 55)]
    assert rules.ways_by_pair(stays, POLICY) == {(MARKET, PLAZA): [Case(1, 9.0)]}  # 8 there, 10 back


def test_two_members_who_walk_together_are_one_case() -> None:
    stays = [stay(p, 1, duty, low, low + 12) for duty in (11, 12) for p, low in ((MARKET, 0), (PLAZA, 20))]
    assert rules.ways_by_pair(stays, POLICY) == {(MARKET, PLAZA): [Case(1, 8.0)]}


def test_members_who_part_leave_no_way_between_their_places() -> None:
    stays = [stay(MARKET, 1, 11, 0, 12), stay(PLAZA, 1, 12, 20, 32)]
    assert rules.ways_by_pair(stays, POLICY) == {}


def test_who_comes_an_hour_later_did_not_come_straight() -> None:
    stays = [stay(MARKET, 1, 11, 0, 12), stay(PLAZA, 1, 11, 72.5, 90)]
    assert rules.ways_by_pair(stays, POLICY) == {}


def test_overlapping_places_are_no_way_apart() -> None:
    stays = [stay(MARKET, 1, 11, 0, 12), stay(PLAZA, 1, 11, 6, 20)]
    assert rules.ways_by_pair(stays, POLICY) == {(MARKET, PLAZA): [Case(1, 0.0)]}


def test_a_pass_in_between_parts_the_way() -> None:
    """Three minutes at the park are a visit there: the way went on from the park."""
    stays = [stay(MARKET, 1, 11, 0, 12), stay(PARK, 1, 11, 15, 18), stay(PLAZA, 1, 11, 22, 34)]
    assert rules.ways_by_pair(stays, POLICY) == {
        (MARKET, PARK): [Case(1, 3.0)],
        (PLAZA, PARK): [Case(1, 4.0)],
    }


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        ([], None),
        ([Case(1, 10), Case(2, 20)], None),
        ([Case(1, 10), Case(1, 11), Case(1, 12), Case(2, 13)], None),  # four cases, two crews
        ([Case(1, 10), Case(2, 12), Case(3, 20)], Minutes(12, 3, "measured", 11, 16)),
        ([Case(1, 10), Case(2, 12), Case(3, 14), Case(3, 30)], Minutes(13, 4, "measured", 11.5, 18)),
    ],
)
def test_a_figure_stands_on_three_shifts_at_least(cases: list[Case], expected: Minutes | None) -> None:
    assert rules.measured(cases) == expected


def test_a_place_with_too_few_takes_the_townships_time_and_the_township_the_guidelines() -> None:
    two, three = [Case(1, 12), Case(2, 14)], [Case(1, 12), Case(2, 14), Case(3, 16)]
    of_township = rules.township_visit(three, POLICY)
    assert rules.visit_minutes(two, of_township) == Minutes(14, 3, "township", 13, 15)
    assert rules.visit_minutes(three, of_township).basis == "measured"
    assert rules.township_visit(two, POLICY) == Minutes(10, 0, "guideline")


def test_an_estimated_way_is_1_3_times_the_line_at_1_2_metres_a_second() -> None:
    assert rules.estimated_way(720, POLICY) == Minutes(pytest.approx(13.0), 0, "estimated")
