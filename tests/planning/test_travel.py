"""Visit and travel times of duties that phones sent, and what stands in where there were too few."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.coverage import facts
from app.coverage.queries import Period
from app.coverage.rules import Policy
from app.planning.rules import Minutes
from app.planning.travel import Times, times_of
from tests import make
from tests.planning.measured import add_square, evening_at_two_places

LAST = make.DAY + timedelta(days=6)


def times(people: Any, until: Any = LAST) -> Times:
    township = people.town.township.id
    hotspots = facts.hotspots_of(facts.hotspots_within(frozenset([township])), Period(LAST, LAST))
    return times_of(township, hotspots, until, Policy())


@pytest.fixture
def square(people: Any) -> Any:
    return add_square(people)


@pytest.fixture
def send(people: Any, as_person: Any, phone: Any, sync: Any, at: Any, square: Any) -> Any:
    def send_nights(*ways: int) -> None:
        for night, way in enumerate(ways):
            items = evening_at_two_places(people, phone, square, night, way)
            late = at(make.EVENING + timedelta(days=night, hours=3))
            receipts = sync(as_person(people.member), items, late)
            assert {r["result"] for r in receipts.values()} == {"stored"}, receipts

    return send_nights


def test_three_evenings_say_how_long_the_way_and_the_visits_take(people: Any, square: Any, send: Any) -> None:
    send(8, 6, 11)
    found, market = times(people), people.town.hotspot.id
    assert (
        found.travel[market, square.id]
        == found.travel[square.id, market]
        == Minutes(8, 3, "measured", 7, 9.5)
    )
    assert found.visit[market] == Minutes(12, 3, "measured", 12, 12)
    assert found.stay(square.id) == 15
    assert found.any_visit == Minutes(13.5, 6, "township", 12, 15)


def test_two_evenings_are_not_shown_and_the_way_is_estimated(people: Any, square: Any, send: Any) -> None:
    send(8, 6)
    found, market = times(people), people.town.hotspot.id
    # 500 m between the middles, 1.3 times that on foot, 72 m a minute
    assert found.travel[market, square.id] == Minutes(pytest.approx(500 * 1.3 / 72, rel=1e-3), 0, "estimated")
    assert found.visit[market] == Minutes(10, 0, "guideline")


def test_without_any_duty_the_map_says_the_way_and_no_place_is_a_way_from_itself(
    people: Any, square: Any
) -> None:
    found = times(people)
    assert found.way(square.id, square.id) == 0
    assert found.way(people.town.hotspot.id, square.id) == pytest.approx(9.03, abs=0.01)


def test_what_lies_more_than_eight_weeks_back_does_not_speak(people: Any, send: Any) -> None:
    send(8, 6, 11)
    assert times(people, make.DAY + timedelta(days=55)).any_visit.n == 6
    assert times(people, make.DAY + timedelta(days=58)).any_visit.n == 0


def test_another_townships_evenings_do_not_speak(people: Any, send: Any) -> None:
    send(8, 6, 11)
    elsewhere = people.other.township.id
    hotspots = facts.hotspots_of(facts.hotspots_within(frozenset([elsewhere])), Period(LAST, LAST))
    assert times_of(elsewhere, hotspots, LAST, Policy()).any_visit == Minutes(10, 0, "guideline")
