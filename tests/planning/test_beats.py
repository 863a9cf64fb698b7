"""A beat from what was missed: asked, solved in the queue, kept as ids and minutes, safe to repeat and to kill."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.db import db
from app.errors import Conflict, DomainError
from app.jobs import plans as job
from app.planning import beats, runs
from app.planning.models import PlanRun
from app.routes.models import Checkpoint
from tests import make, places
from tests.planning.measured import add_square, evening_at_two_places

# Tuesday 1 December, 20:00 in Shanghai; the market's hours are Tuesdays 20:00–22:00.
TUESDAY = make.EVENING + timedelta(days=7)
TUESDAYS = [(1, 20 * 60, 22 * 60)]


def ask(people, now, minutes=120, pairs=1, starts_at=TUESDAY):
    run = beats.ask(people.reviewer, people.town.team, beats.Asked(starts_at, minutes, pairs), now)
    db.session.commit()
    return run


def answer(run):
    job.plan_beats(township_id=run.township_id, run_id=str(run.id))
    db.session.expire_all()
    return db.session.get(PlanRun, (run.township_id, run.id))


def solve(people, now, **more):
    run = answer(ask(people, now, **more))
    assert (run.state, run.fault, run.progress) == ("done", None, 100)
    return run.result


def visited(pair):
    return [stop["hotspot"] for stop in pair["stops"]]


def needs(people, now, minutes=120, starts_at=TUESDAY):
    return beats.needs_of(people.town.team, beats.Asked(starts_at, minutes, 1), now)


def add_place(people, x, windows=TUESDAYS, **more):
    return make.make_hotspot(
        people.town.township, places.square(x - 50, 900, x + 50, 1000), people.admin, people.reviewer, windows=windows,
        village_id=people.town.villages[0].id, **more,
    )  # fmt: skip


# --- what is needed -----------------------------------------------------------------------------------------------


def test_a_slot_is_worth_its_weight_and_as_much_for_each_week_that_missed_it(people, evening):
    people.town.hotspot.weight = 1.5
    db.session.commit()
    # This Tuesday's is not over yet; the three before went without anybody.
    (found,) = needs(people, evening).chances
    assert (found.missed, found.value) == (3, round(100 * 1.5 * 4))
    assert (found.opens_min, found.closes_min) == (0, 110)


def test_a_week_before_the_hotspot_was_made_is_not_missed(people, evening):
    people.town.hotspot.valid_from = make.DAY - timedelta(days=8)
    db.session.commit()
    assert [one.missed for one in needs(people, evening).chances] == [1]


def test_a_slot_that_was_served_is_no_week_missed(people, as_person, phone, sync, at):
    square = add_square(people, windows=TUESDAYS)
    items = evening_at_two_places(people, phone, square, 0, 8)
    sync(as_person(people.member), items, at(make.EVENING + timedelta(hours=3)))
    found = needs(people, at(make.EVENING + timedelta(days=1)))
    assert {one.hotspot_id: one.missed for one in found.chances} == {people.town.hotspot.id: 3, square.id: 3}
    unserved = add_place(people, 200)
    found = needs(people, at(make.EVENING + timedelta(days=1)))
    assert {one.missed for one in found.chances if one.hotspot_id == unserved.id} == {4}


def test_a_slot_that_somebody_has_served_already_is_not_needed(people, as_person, phone, sync, at):
    square = add_square(people, windows=TUESDAYS)
    later = at(make.EVENING + timedelta(hours=1))
    sync(as_person(people.member), evening_at_two_places(people, phone, square, 0, 8)[:3], later)
    found = needs(people, later, starts_at=make.EVENING)
    assert found.without == {people.town.hotspot.id: "served"}
    assert [one.hotspot_id for one in found.chances] == [square.id]


def test_why_a_place_offers_no_chance(people, evening):
    friday = add_place(people, 200, windows=[(4, 20 * 60, 22 * 60)])
    brief = add_place(people, 800, windows=[(1, 21 * 60 + 55, 23 * 60 + 55)])
    ended = add_place(people, 500, valid_to=make.DAY)
    found = needs(people, evening)
    assert found.without == {friday.id: "no_hours", brief.id: "too_short"}
    assert ended.id not in {one.hotspot_id for one in found.chances}


def test_only_the_teams_own_areas_are_looked_at(people, evening):
    west = make.make_team(people.town.township, "西村队", areas=people.town.villages[:1])
    add_square(people, windows=TUESDAYS)
    found = beats.needs_of(west, beats.Asked(TUESDAY, 120, 1), evening)
    assert [one.hotspot_id for one in found.chances] == [people.town.hotspot.id]


# --- the answer ---------------------------------------------------------------------------------------------------


def test_two_places_are_visited_with_minutes_that_say_what_they_rest_on(people, evening):
    square = add_square(people, windows=TUESDAYS)
    result = solve(people, evening, minutes=40)
    (pair,) = result["pairs"]
    assert set(visited(pair)) == {people.town.hotspot.id, square.id} and pair["proved"]
    first, second = pair["stops"]
    # 300 m from the route's first checkpoint.
    assert first["way_basis"] == "estimated" and first["way_min"] == pytest.approx(5.4, abs=0.1)
    assert (first["arrive_min"], first["stay_min"], first["stay_basis"]) == (
        first["way_min"],
        10,
        "guideline",
    )
    # 500 m of air, 1.3 times as far on foot, 72 m a minute.
    assert second["way_basis"] == "estimated" and second["way_min"] == pytest.approx(9.0, abs=0.1)
    assert second["arrive_min"] == pytest.approx(24.4, abs=0.1)
    assert result["left"] == []


def test_where_time_is_short_the_weightier_place_is_visited_and_the_other_is_said_to_be_left(people, evening):
    square = add_square(people, windows=TUESDAYS, weight=2)
    result = solve(people, evening, minutes=30, starts_at=TUESDAY - timedelta(minutes=5))
    assert visited(result["pairs"][0]) == [square.id]
    assert result["left"] == [{"hotspot": people.town.hotspot.id, "why": "no_time"}]


def test_a_crew_waits_for_the_hours_of_a_place(people, evening):
    result = solve(people, evening, starts_at=TUESDAY - timedelta(minutes=40))
    assert [stop["arrive_min"] for stop in result["pairs"][0]["stops"]] == [40]


def test_a_second_pair_gets_what_the_first_left(people, evening):
    add_square(people, windows=TUESDAYS)
    far = add_place(people, 1100)
    first, second = solve(people, evening, minutes=40, pairs=2)["pairs"]
    assert len(visited(first)) == 2 and len(visited(second)) == 1
    assert set(visited(first)) | set(visited(second)) >= {far.id}
    assert not set(visited(first)) & set(visited(second))


def test_a_place_with_two_slots_is_visited_twice_three_quarters_of_an_hour_apart(people, evening):
    make.save(make.RiskWindow(hotspot_id=people.town.hotspot.id, weekday=1, from_min=22 * 60, to_min=24 * 60))
    stops = solve(people, evening, minutes=240)["pairs"][0]["stops"]
    assert [stop["hotspot"] for stop in stops] == [people.town.hotspot.id] * 2
    assert stops[1]["arrive_min"] - stops[0]["arrive_min"] >= 45


def test_nothing_to_do_is_an_answer(people, evening):
    result = solve(people, evening, starts_at=TUESDAY + timedelta(days=1))
    point = db.session.scalar(
        db.select(Checkpoint.id).where(
            Checkpoint.route_version_id == people.town.route.id, Checkpoint.seq == 1
        )
    )
    assert result == {
        "start": {"kind": "checkpoint", "ids": [point], "why": "usual", "n": 1},
        "given": [],
        "pairs": [{"stops": [], "proved": True}],
        "left": [{"hotspot": people.town.hotspot.id, "why": "no_hours"}],
    }


def test_what_is_kept_are_ids_of_places_and_minutes(people, evening):
    add_square(people, windows=TUESDAYS)
    result = solve(people, evening)
    assert set(result) == {"start", "given", "pairs", "left"}
    assert {key for pair in result["pairs"] for stop in pair["stops"] for key in stop} == {
        "hotspot", "arrive_min", "missed", "stay_min", "stay_basis", "way_min", "way_basis",
    }  # fmt: skip


# --- the queue ----------------------------------------------------------------------------------------------------


def test_asking_puts_one_job_in_the_queue_with_ids_only_and_the_same_question_is_one(people, evening):
    run = ask(people, evening)
    assert ask(people, evening).id == run.id
    rows = db.session.execute(
        text("SELECT args FROM procrastinate_jobs WHERE task_name = 'plan_beats'")
    ).all()
    assert [row[0] for row in rows] == [{"township_id": run.township_id, "run_id": str(run.id)}]


def test_a_run_whose_worker_died_begins_anew_and_is_answered_once(people, evening):
    run = ask(people, evening)
    runs.begin(run.township_id, run.id, evening)
    runs.advance(run, 50)
    db.session.commit()
    first = answer(run).result
    ended = run.ended_at
    assert answer(run).result == first and run.ended_at == ended


def test_a_run_that_fails_says_so_and_is_not_tried_again(people, evening, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret words")

    monkeypatch.setattr(beats, "needs_of", broken)
    run = answer(ask(people, evening))
    assert (run.state, run.fault, run.result) == ("failed", "plan_failed", None)
    monkeypatch.undo()
    assert answer(run).state == "failed"


def test_a_sixth_question_waits_for_the_others(people, evening):
    for n in range(runs.MOST_WAITING):
        ask(people, evening, minutes=60 + n)
    with pytest.raises(Conflict):
        ask(people, evening, minutes=100)


WRONG = {
    "yesterday": ({"starts_at": make.EVENING - timedelta(days=1)}, "/day"),
    "next year": ({"starts_at": make.EVENING + timedelta(days=90)}, "/day"),
    "ten minutes": ({"minutes": 10}, "/minutes"),
    "a day": ({"minutes": 1440}, "/minutes"),
    "no pair": ({"pairs": 0}, "/pairs"),
    "a crowd": ({"pairs": 7}, "/pairs"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_asked_is_refused_by_its_field(people, evening, what):
    asked, pointer = WRONG[what]
    with pytest.raises(DomainError) as refused:
        ask(people, evening, **asked)
    assert [fault.pointer for fault in refused.value.fields] == [pointer]
