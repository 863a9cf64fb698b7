"""How long visits and ways take: known answers, worked out by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from app.coverage.rules import Policy, RiskWindow
from app.planning import rules
from app.planning.rules import Case, Minutes, Stay, Stretch
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


# --- what a week wants and what crews give ------------------------------------------------------------------------

ZONE = "Asia/Shanghai"
MONDAY = date(2026, 11, 23)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE))


def test_a_window_of_four_hours_on_friday_is_two_slots_of_the_week() -> None:
    slots = rules.week_slots([RiskWindow(4, 20 * 60, 24 * 60)], MONDAY, ZONE, POLICY)
    friday = [local(f"2026-11-27T{hour}:00") for hour in ("20", "22")]
    assert slots == ((friday[0], friday[1]), (friday[1], local("2026-11-28T00:00")))


def test_a_window_over_sundays_midnight_is_in_every_week_once() -> None:
    """22:00 to 02:00 runs into 01:00 to 03:00: together five hours, two slots and an hour which is a third."""
    windows = [RiskWindow(6, 22 * 60, 2 * 60), RiskWindow(0, 60, 180)]
    slots = rules.week_slots(windows, MONDAY, ZONE, POLICY)
    # Monday's begins in the week before: of this one is what begins on its own Sunday and after the last midnight.
    edges = [local(f"2026-11-{text}:00") for text in ("23T00", "23T02", "23T03", "29T22", "30T00")]
    assert slots == ((edges[0], edges[1]), (edges[1], edges[2]), (edges[3], edges[4]))


@pytest.mark.parametrize(("people", "pairs"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (7, 3)])
def test_nobody_goes_alone(people: int, pairs: int) -> None:
    assert rules.pairs_of(people) == pairs


def test_a_pair_is_out_while_two_of_the_crew_are() -> None:
    """0–60, 10–50 and, from 20 to 40, two more: one pair, two pairs, one pair."""
    spans = [(minute(a), minute(b)) for a, b in ((0, 60), (10, 50), (20, 40), (20, 40))]
    assert rules.pairs_out(spans) == [
        ((minute(10), minute(20)), 1), ((minute(20), minute(40)), 2), ((minute(40), minute(50)), 1),
    ]  # fmt: skip


def test_one_who_goes_when_the_other_comes_makes_no_pair() -> None:
    assert rules.pairs_out([(minute(0), minute(30)), (minute(30), minute(60))]) == []


def test_a_part_of_a_pair_is_a_whole_one_and_a_rest_of_sums_is_none() -> None:
    assert rules.whole_pairs(np.array([0, 0.15, 1.0, 1.0 + 1e-12, 1.2])).tolist() == [0, 1, 1, 1, 2]


def test_what_lacks_most_is_named_first_and_days_are_apart() -> None:
    gap = np.full((7, 24), -1.0)
    gap[4, 20:24] = [0.25, 0.5, 0.5, 0.25]
    gap[5, 0:2] = [1.0, 1.0]
    gap[2, 8], gap[2, 9] = 0.3, 0.01
    assert rules.stretches(gap) == [
        Stretch(5, 0, 2, 2.0), Stretch(4, 20, 24, 1.5), Stretch(2, 8, 9, pytest.approx(0.3)),
    ]  # fmt: skip


def test_the_next_place_is_the_one_with_the_shortest_way() -> None:
    far, near = Minutes(9, 0, "estimated"), Minutes(4, 3, "measured", 3, 5)
    travel = {(1, 2): far, (2, 1): far, (1, 3): near, (3, 1): near}
    assert rules.nearest(1, travel) == (3, near)
    assert rules.nearest(1, {}) is None
