"""Pairs needed, planned and out by the hour of the week, of weeks that are known."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy.dialects.postgresql import MultiRange, Range

from app.coverage.facts import HotspotFact
from app.coverage.queries import Period
from app.coverage.rules import Policy, RiskWindow
from app.db import db
from app.errors import DomainError, Forbidden, NotFound
from app.planning import rules, staffing
from app.planning.rules import Minutes
from app.planning.staffing import Staffing
from app.planning.travel import Times
from app.teams.models import TeamArea
from app.teams.scope import scope_of
from tests import make
from tests.coverage.test_queries import make_duty
from tests.planning.measured import add_square

ZONE = "Asia/Shanghai"
MONDAY = date(2026, 11, 23)
WEEK = Period(MONDAY, MONDAY + timedelta(days=6))
TUESDAY, FRIDAY = 1, 4
AFTER = make.EVENING + timedelta(days=10)
GUIDELINE = Minutes(10, 0, "guideline")


def hotspot(id: int, *windows: RiskWindow) -> HotspotFact:
    return HotspotFact(id, 1, None, f"部位{id}", "market", ZONE, MONDAY, None, windows)


def asked(area: Any, period: Period = WEEK, now: Any = AFTER) -> Staffing:
    return staffing.staffing_of(area, period, now)


def test_the_known_answer_of_one_place_on_friday_evening() -> None:
    """20:00–24:00 is two slots; 12 minutes and 6 on the way are 36 pair-minutes in four hours: 0.15 pairs, so one."""
    way = Minutes(6, 3, "measured", 5, 7)
    places = [hotspot(1, RiskWindow(FRIDAY, 1200, 1440)), hotspot(2)]
    visit = {1: Minutes(12, 5, "measured", 11, 14), 2: GUIDELINE}
    times = Times(visit, {(1, 2): way, (2, 1): way}, GUIDELINE)
    found = staffing.places_of(places, times, MONDAY, Policy())
    assert [(p.hotspot.id, len(p.slots), p.each_min, p.week_min) for p in found] == [
        (1, 2, 18, 36),
        (2, 0, 16, 0),
    ]
    assert (found[0].nearest, found[0].way) == ("部位2", way)
    need = staffing.need_of(found, ZONE)
    assert need[FRIDAY, 20:24].tolist() == pytest.approx([0.15] * 4)
    assert need.sum() == pytest.approx(0.6)
    assert rules.whole_pairs(need)[FRIDAY].tolist() == [0] * 20 + [1] * 4


def test_two_places_at_once_add_up() -> None:
    window = RiskWindow(FRIDAY, 1200, 1320)
    way = Minutes(20, 0, "estimated")
    long = Minutes(60, 3, "township")
    times = Times({1: long, 2: long}, {(1, 2): way, (2, 1): way}, long)
    found = staffing.places_of([hotspot(1, window), hotspot(2, window)], times, MONDAY, Policy())
    # each 80 minutes in two hours: 160 pair-minutes, 1.33 pairs, so two
    need = staffing.need_of(found, ZONE)
    assert need[FRIDAY, 20:22].tolist() == pytest.approx([4 / 3] * 2)
    assert rules.whole_pairs(need)[FRIDAY, 20] == 2


def test_a_place_alone_has_no_way_to_go() -> None:
    (place,) = staffing.places_of([hotspot(1)], Times({1: GUIDELINE}, {}, GUIDELINE), MONDAY, Policy())
    assert (place.nearest, place.way, place.each_min) == (None, None, 10)


def test_a_week_needs_what_its_windows_want_and_has_what_is_planned(people: Any) -> None:
    """The cast's market on Tuesdays 20–22: ten minutes of the guideline; one pair planned 20–23."""
    found = asked(people.town.township)
    assert found.need[TUESDAY, 20:23].tolist() == pytest.approx([1 / 12, 1 / 12, 0])
    assert found.planned[TUESDAY, 20:24].tolist() == [1, 1, 1, 0]
    assert (found.need.sum(), found.planned.sum(), found.worked.sum()) == (pytest.approx(1 / 6), 3, 0)
    assert (found.shifts, found.lone, found.missing_h, found.stretches) == (1, 0, 0, [])
    # one route of 1,000 m at 72 m a minute
    assert found.route_h == pytest.approx(1000 / 72 / 60, rel=1e-3)


def test_planned_is_the_mean_of_the_weeks(people: Any) -> None:
    four = Period(MONDAY - timedelta(days=21), WEEK.last)
    found = asked(people.town.township, four)
    assert found.weeks == 4
    assert found.planned[TUESDAY, 20] == 0.25
    assert found.need[TUESDAY, 20] == pytest.approx(1 / 12)  # of a week, however many are asked for


def test_a_cancelled_shift_and_one_of_a_single_person_give_no_pair(people: Any) -> None:
    make.make_shift(people.town.team, None, [people.leader], starts_at=make.EVENING + timedelta(days=1))
    people.shift.status = "cancelled"
    db.session.commit()
    found = asked(people.town.township)
    assert (found.shifts, found.lone, found.planned.sum()) == (1, 1, 0)
    assert [(s.weekday, s.from_hour, s.to_hour) for s in found.stretches] == [(TUESDAY, 20, 22)]
    assert found.missing_h == pytest.approx(1 / 6)


def test_out_is_when_two_were_and_not_their_pause(people: Any) -> None:
    """Both begin at 20:00; one ends at 22:00, the other at 23:00 after a pause from 20:30 to 21:00."""

    def hours(start: float, end: float) -> Range[Any]:
        return Range(*(make.EVENING + timedelta(hours=h) for h in (start, end)), bounds="[)")

    make_duty(people.shift, people.member, worked=hours(0, 2))
    make_duty(people.shift, people.mate, worked=hours(0, 3), pauses=MultiRange([hours(0.5, 1)]))
    found = asked(people.town.township)
    assert found.worked[TUESDAY, 20:24].tolist() == [0.5, 1, 0, 0]


def test_a_duty_that_goes_on_counts_up_to_now(people: Any) -> None:
    for person in (people.member, people.mate):
        make_duty(people.shift, person, state="on", ended_at=None)
    found = asked(people.town.township, now=make.EVENING + timedelta(minutes=90))
    assert found.worked[TUESDAY, 20:23].tolist() == [1, 0.5, 0]


def test_a_village_has_its_own_places_and_the_teams_that_look_after_it(people: Any) -> None:
    square = add_square(people, windows=[(FRIDAY, 1200, 1320)])
    west, east = people.town.villages
    db.session.add(TeamArea(team_id=people.town.team.id, area_id=west.id))
    db.session.commit()
    here, there = asked(west), asked(east)
    assert [p.hotspot.id for p in here.places] == [people.town.hotspot.id]
    assert [p.hotspot.id for p in there.places] == [square.id]
    assert (here.planned.sum(), there.planned.sum()) == (3, 0)
    # the way to the market counts, though that lies in the other village and is not named: 500 m
    assert there.places[0].nearest is None
    assert asked(people.town.township).places[0].nearest == people.town.hotspot.name
    assert there.need.sum() * 60 == pytest.approx(10 + 500 * 1.3 / 72, rel=1e-3)


def test_places_are_those_in_force_on_the_last_day(people: Any) -> None:
    add_square(
        people, windows=[(FRIDAY, 1200, 1320)], valid_from=WEEK.first, valid_to=WEEK.last - timedelta(days=1)
    )
    assert len(asked(people.town.township).places) == 1
    earlier = Period(WEEK.first - timedelta(days=7), WEEK.first - timedelta(days=1))
    assert len(asked(people.town.township, earlier).places) == 1


def test_another_township_knows_nothing_of_it(people: Any) -> None:
    found = asked(people.other.township)
    assert [p.hotspot.id for p in found.places] == [people.other.hotspot.id]
    assert not np.any(found.planned)


# --- what was asked -----------------------------------------------------------------------------------------------


def test_weeks_are_whole_and_usually_the_last_four_that_are_over() -> None:
    # Tuesday evening: the week that is on is not over
    usual = staffing.period_of(None, None, ZONE, make.EVENING)
    assert usual == Period(date(2026, 10, 26), date(2026, 11, 22))
    asked_for = staffing.period_of(date(2026, 11, 25), date(2026, 12, 1), ZONE, make.EVENING)
    assert asked_for == Period(MONDAY, date(2026, 12, 6))


def test_days_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(DomainError, match="period_reversed"):
        staffing.period_of(date(2026, 11, 25), date(2026, 11, 1), ZONE, make.EVENING)


def test_who_reads_the_area_in_full_reaches_it_and_nobody_else(people: Any) -> None:
    town = people.town
    for person in (people.leader, people.reviewer, people.admin):
        assert staffing.reach(scope_of(person), town.township.code).id == town.township.id
        assert staffing.reach(scope_of(person), town.villages[0].code).id == town.villages[0].id
    with pytest.raises(Forbidden):
        staffing.reach(scope_of(people.member), town.township.code)
    with pytest.raises(NotFound):
        staffing.reach(scope_of(people.outsider), town.township.code)
    with pytest.raises(NotFound):
        staffing.reach(scope_of(people.admin), people.county.code)


def test_the_areas_on_offer_are_those_that_are_reached(people: Any) -> None:
    town, other = people.town, people.other
    mine = [town.township.id, *(v.id for v in town.villages)]
    theirs = [other.township.id, *(v.id for v in other.villages)]

    def offered(person: Any) -> list[int]:
        return [area.id for area in staffing.areas_for(scope_of(person))]

    assert offered(people.leader) == offered(people.reviewer) == mine
    assert offered(people.admin) == mine + theirs
    assert offered(people.member) == offered(people.outsider) == []
