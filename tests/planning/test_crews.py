"""Where a beat begins, and what other crews plan already: known places, known minutes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.db import db
from app.jobs import plans as job
from app.planning import beats, crews, queries
from app.planning.crews import Given, Start, slot_of
from app.planning.models import PlanRun
from app.routes.models import Checkpoint
from tests import make, places
from tests.planning.measured import add_square

TUESDAY = make.EVENING + timedelta(days=7)
TUESDAYS = [(1, 20 * 60, 22 * 60)]
HOUR = timedelta(hours=1)


def start(people, team=None, at=TUESDAY):
    return crews.start_of(team or people.town.team, at, at + 2 * HOUR, make.DAY)


def points(route):
    asked = db.select(Checkpoint.id).where(Checkpoint.route_version_id == route.id)
    return tuple(db.session.scalars(asked.order_by(Checkpoint.seq)))


def add_route(team, x, y, checkpoints=True):
    return make.make_route(team, places.way((x, y), (x + 300, y)), [places.here(x, y)] if checkpoints else [])


# --- where a crew begins ------------------------------------------------------------------------------------------


def test_the_teams_shift_in_these_hours_says_where_it_begins(people, evening):
    other = add_route(people.town.team, 200, 900)
    make.make_shift(people.town.team, other, starts_at=TUESDAY + HOUR)
    assert start(people) == Start("checkpoint", points(other), "shift")
    # The shift that shares most of the hours, not the first one.
    make.make_shift(people.town.team, people.town.route, starts_at=TUESDAY - 2.5 * HOUR)
    assert start(people) == Start("checkpoint", points(other), "shift")


def test_else_the_route_that_the_team_has_most_of_late(people, evening):
    first = points(people.town.route)[:1]
    assert start(people) == Start("checkpoint", first, "usual", 1)
    other = add_route(people.town.team, 200, 900)
    for days in (1, 2):
        make.make_shift(people.town.team, other, starts_at=make.EVENING - timedelta(days=days))
    assert start(people) == Start("checkpoint", points(other), "usual", 2)


def test_cancelled_shifts_and_those_of_long_ago_say_nothing(people, evening):
    other = add_route(people.town.team, 200, 900)
    for days in (60, 61):
        make.make_shift(people.town.team, other, starts_at=make.EVENING - timedelta(days=days))
    make.make_shift(people.town.team, other, starts_at=TUESDAY, status="cancelled", cancel_reason="weather")
    assert start(people) == Start("checkpoint", points(people.town.route)[:1], "usual", 1)


def test_the_newest_version_of_the_route_is_taken(people, evening):
    old = people.town.route
    newer = add_route(people.town.team, 200, 900)
    newer.route_id, newer.version = old.route_id, 2
    db.session.commit()
    assert start(people) == Start("checkpoint", points(newer), "usual", 1)


def test_a_route_that_was_not_walked_and_has_no_checkpoint_begins_with_its_line(people, evening):
    team = make.make_team(people.town.township)
    route = add_route(team, 400, 500, checkpoints=False)
    found = start(people, team)
    assert found == Start("route", (route.id,), "route")
    # Inside the market there is no way to go; the square lies 500 m off.
    square = add_square(people)
    metres = queries.metres_from(found.kind, found.ids, [people.town.hotspot.id, square.id])
    assert metres[people.town.hotspot.id] == 0 and metres[square.id] == pytest.approx(500, abs=1)


def test_without_a_route_the_middle_of_what_the_team_looks_after(people, evening):
    west = make.make_team(people.town.township, areas=people.town.villages[:1])
    found = start(people, west)
    assert found == Start("areas", (people.town.villages[0].id,), "areas")
    metres = queries.metres_from(found.kind, found.ids, [people.town.hotspot.id])
    # From (300, 600) to the market's middle at (400, 500).
    assert metres[people.town.hotspot.id] == pytest.approx(141.4, abs=1)
    assert queries.beginning_names("areas", found.ids) == [people.town.villages[0].name]


# --- what other crews plan ----------------------------------------------------------------------------------------


@pytest.fixture
def rivals(people):
    """Another team that looks after the whole township."""
    return make.make_team(people.town.township, "另一队")


def beat(people, now, team=None, starts_at=TUESDAY, minutes=120, pairs=1):
    run = beats.ask(people.reviewer, team or people.town.team, beats.Asked(starts_at, minutes, pairs), now)
    db.session.commit()
    job.plan_beats(township_id=run.township_id, run_id=str(run.id))
    db.session.expire_all()
    return db.session.get(PlanRun, (run.township_id, run.id)).result


def visited(result):
    return {stop["hotspot"] for pair in result["pairs"] for stop in pair["stops"]}


def needs(people, now, starts_at=TUESDAY, minutes=120):
    return beats.needs_of(people.town.team, beats.Asked(starts_at, minutes, 1), now)


def test_two_crews_of_the_same_hours_do_not_get_the_same_visit(people, evening, rivals):
    square = add_square(people, windows=TUESDAYS)
    people.town.hotspot.weight = 2
    mine = beat(people, evening, minutes=30)
    assert visited(mine) == {people.town.hotspot.id}
    theirs = beat(people, evening, rivals)
    assert visited(theirs) == {square.id}
    (given,) = theirs["given"]
    assert (given["hotspot"], given["by"]) == (people.town.hotspot.id, "beat")
    assert given["to_min"] - given["from_min"] == 10
    assert theirs["left"] == [{"hotspot": people.town.hotspot.id, "why": "given"}]


def test_a_visit_outside_the_asked_hours_fills_the_slot_all_the_same(people, evening, rivals):
    beat(people, evening, rivals, minutes=40)
    found = needs(people, evening, TUESDAY + HOUR, 60)
    assert found.without == {people.town.hotspot.id: "given"}
    assert [one.by for one in found.given] == ["beat"]


def test_beside_anothers_slot_a_visit_keeps_three_quarters_of_an_hour_off(people, evening, rivals):
    make.save(make.RiskWindow(hotspot_id=people.town.hotspot.id, weekday=1, from_min=22 * 60, to_min=24 * 60))
    theirs = beat(people, evening, rivals, starts_at=TUESDAY + 1.5 * HOUR, minutes=30)
    at = 90 + theirs["pairs"][0]["stops"][0]["arrive_min"]
    (chance,) = needs(people, evening, TUESDAY + 2 * HOUR, 120).chances
    assert chance.opens_min == pytest.approx(at + 45 - 120, abs=0.1)


def test_an_own_older_beat_counts_no_more(people, evening):
    assert visited(beat(people, evening, minutes=40)) == {people.town.hotspot.id}
    assert visited(beat(people, evening, minutes=60)) == {people.town.hotspot.id}
    assert needs(people, evening).given == []


def test_a_beat_that_another_team_asked_anew_takes_the_place_of_its_older_one(people, evening, at, rivals):
    beat(people, evening, rivals, minutes=40)
    assert len(needs(people, evening).given) == 1
    later = at(evening + timedelta(minutes=5))
    # Five minutes of the market's hours are too few for a visit: that team does not go there now.
    beat(people, later, rivals, starts_at=TUESDAY - HOUR / 2, minutes=35)
    assert needs(people, later).given == []


def test_a_beat_of_other_hours_takes_nothing_away(people, evening, rivals):
    beat(people, evening, rivals, starts_at=TUESDAY - timedelta(days=7) + HOUR, minutes=60)
    found = needs(people, evening)
    assert found.given == [] and len(found.chances) == 1


def test_a_planned_shift_whose_route_has_a_checkpoint_there_will_go_there(people, evening, rivals):
    route = add_route(rivals, 400, 500)
    shift = make.make_shift(rivals, route, [people.member, people.mate], starts_at=TUESDAY, hours=2)
    found = needs(people, evening)
    assert found.without == {people.town.hotspot.id: "given"}
    assert found.given == [Given(people.town.hotspot.id, shift.starts_at, shift.ends_at, "route")]


def planned_pass(people, rivals, crew, **more):
    return make.make_shift(rivals, add_route(rivals, 400, 500), crew, starts_at=TUESDAY, hours=2, **more)


def test_one_alone_a_cancelled_shift_and_a_route_past_it_are_no_visit(people, evening, rivals):
    planned_pass(people, rivals, [people.member])
    planned_pass(people, rivals, [people.leader, people.mate], status="cancelled", cancel_reason="weather")
    make.make_shift(rivals, add_route(rivals, 100, 500), [make.make_person("甲", None), make.make_person("乙", None)],
                    starts_at=TUESDAY, hours=2)  # fmt: skip
    assert needs(people, evening).given == []


def test_the_own_teams_shifts_are_the_crews_that_a_beat_is_for(people, evening):
    route = add_route(people.town.team, 400, 500)
    make.make_shift(people.town.team, route, [people.member, people.mate], starts_at=TUESDAY, hours=2)
    assert needs(people, evening).given == []


def test_one_pass_fills_one_slot_the_one_it_shares_most_of(people, evening, rivals):
    make.save(make.RiskWindow(hotspot_id=people.town.hotspot.id, weekday=1, from_min=22 * 60, to_min=24 * 60))
    make.make_shift(rivals, add_route(rivals, 400, 500), [people.member, people.mate], starts_at=TUESDAY + HOUR,
                    hours=3)  # fmt: skip
    (chance,) = needs(people, evening, minutes=240).chances
    assert (chance.opens_min, chance.closes_min) == (0, 110)


def test_the_hours_of_a_checkpoint_say_when(people, evening, rivals):
    shift = planned_pass(people, rivals, [people.member, people.mate])
    point = db.session.scalar(
        db.select(Checkpoint).where(Checkpoint.route_version_id == shift.route_version_id)
    )
    point.window_from_min, point.window_to_min = 21 * 60, 23 * 60
    db.session.commit()
    (given,) = needs(people, evening).given
    assert (given.start, given.end) == (TUESDAY + HOUR, TUESDAY + 2 * HOUR)
    # Only in the morning: this shift does not pass it.
    point.window_from_min, point.window_to_min = 6 * 60, 8 * 60
    db.session.commit()
    assert needs(people, evening).given == []


def test_hours_over_midnight_are_found_on_either_side(people, evening, rivals):
    shift = make.make_shift(rivals, add_route(rivals, 400, 500), [people.member, people.mate],
                            starts_at=TUESDAY + 3 * HOUR, hours=3)  # fmt: skip
    point = db.session.scalar(
        db.select(Checkpoint).where(Checkpoint.route_version_id == shift.route_version_id)
    )
    for (opens, closes), (first, last) in {(23 * 60, 30): (3, 4.5), (0, 60): (4, 5)}.items():
        point.window_from_min, point.window_to_min = opens, closes
        db.session.commit()
        (given,) = crews.passes_of_others(
            people.town.team, [people.town.hotspot.id], TUESDAY, TUESDAY + 6 * HOUR, "Asia/Shanghai"
        )
        assert (given.start, given.end) == (TUESDAY + first * HOUR, TUESDAY + last * HOUR)


def test_where_no_visit_finds_room_no_slot_is_filled():
    slots = [(TUESDAY, TUESDAY + 2 * HOUR), (TUESDAY + 2 * HOUR, TUESDAY + 4 * HOUR)]
    brief = Given(1, TUESDAY - HOUR, TUESDAY + timedelta(minutes=9), "route")
    assert (
        slot_of(slots, brief, 10) is None and slot_of(slots, brief, 9) == 0 and slot_of([], brief, 9) is None
    )
    late = Given(1, TUESDAY + 2 * HOUR, TUESDAY + 2.2 * HOUR, "beat")
    assert slot_of(slots, late, 10) == 1 and slot_of(slots[:1], late, 10) is None
