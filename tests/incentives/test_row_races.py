"""Trainings, no-shows and cases by two at once: each counts once, and one decision stands."""

from __future__ import annotations

import multiprocessing
from types import SimpleNamespace
from typing import Any

from app import create_app
from app.accounts.models import Person
from app.api.field import parse
from app.config import read_settings
from app.db import db
from app.duty.models import Duty, Shift
from app.field.operations import take_batch
from app.incentives import cases, no_shows, training
from app.incentives.models import FalseCheckin, TrainingAttendance
from app.incentives.no_shows import Missed
from app.teams.scope import scope_of
from tests import make
from tests.databases import env_for
from tests.incentives.raced import (
    BOTH_WAYS,
    DAY,
    HOUR,
    NOW,
    a_shift,
    by,
    confirming,
    entering,
    in_turn,
    of,
    phone_sends,
    posted,
    sessions,
    told_again_alike,
    worked,
)
from tests.money.books import second_reviewer
from tests.phone import Phone
from tests.racing import MANY, Act, World, at_once, overlapping

# --- training -------------------------------------------------------------------------------------


@BOTH_WAYS
def test_a_training_that_two_confirm_at_once_is_posted_once(world: World, turned: bool) -> None:
    entering(world)()
    db.session.commit()
    session_id = sessions(world)[0]
    second = second_reviewer(world.people).id
    acts = [confirming(one, session_id) for one in (world.reviewer, second)]
    assert in_turn(world, acts[0], acts[1], turned) == ("done", "done")
    assert at_once(world, acts * 5) == {"done": 10}
    for who in (world.people.member, world.people.mate):
        assert posted("training", who.id) == [15]
    by_whom = set(db.session.scalars(of(world, TrainingAttendance, TrainingAttendance.confirmed_by)))
    assert by_whom == {second if turned else world.reviewer} and told_again_alike(world)


def test_a_training_that_is_sent_twenty_times_at_once_is_entered_once(world: World) -> None:
    assert at_once(world, [entering(world)] * MANY) == {"done": MANY}
    assert len(sessions(world)) == 1


@BOTH_WAYS
def test_trainings_confirmed_at_once_share_the_quarters_limit(world: World, turned: bool) -> None:
    """Twice 150 minutes are 50 points; a quarter has 40."""
    member, team_id, leader = world.people.member.id, world.people.town.team.id, world.people.leader
    ids = []
    for days in (3, 30):
        wanted = training.Wanted("training", make.DAY - days * DAY, 150, (member,))
        ids.append(training.enter(leader, scope_of(leader), team_id, wanted, NOW).id)
    db.session.commit()
    acts = [confirming(world.reviewer, one) for one in ids]
    assert in_turn(world, acts[0], acts[1], turned) == ("done", "done")
    assert sum(posted("training", member)) == 40 and told_again_alike(world)


# --- no-shows -------------------------------------------------------------------------------------


def missed(world: World, days_before: int = 4) -> Missed:
    shift = a_shift(world, days_before=days_before)
    return Missed(world.town, shift.id, world.people.member.id, shift.day)


def worker_process(database: str, one: Missed, barrier: Any, said: Any) -> None:
    """As the queue's worker does it, in a process of its own."""
    app = create_app(read_settings(env_for(database)))
    with app.app_context():
        db.session.connection()
        barrier.wait(300)
        no_shows.record(one, NOW)
        db.session.commit()
        said.put("done")
        db.session.remove()
        db.engine.dispose()


def test_a_no_show_that_two_processes_record_at_once_is_posted_once(world: World) -> None:
    worked(world, a_shift(world, days_before=6))
    one = missed(world)
    db.session.commit()
    spawn = multiprocessing.get_context("spawn")
    barrier, said = spawn.Barrier(2), spawn.Queue()
    workers = [
        spawn.Process(target=worker_process, args=(world.database, one, barrier, said)) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    assert [said.get(timeout=300) for _ in workers] == ["done", "done"]
    for worker in workers:
        worker.join(60)
    assert posted("no_show", world.people.member.id) == [-10] and told_again_alike(world)


def test_a_no_show_that_is_recorded_in_the_middle_of_its_recording_is_posted_once(world: World) -> None:
    worked(world, a_shift(world, days_before=6))
    one = missed(world)
    db.session.commit()
    assert overlapping(world, *[lambda: no_shows.record(one, NOW)] * 2) == ("done", "done")
    assert posted("no_show", world.people.member.id) == [-10] and told_again_alike(world)


@BOTH_WAYS
def test_a_phone_that_comes_back_while_its_no_show_is_recorded_takes_it_away(
    world: World, turned: bool
) -> None:
    worked(world, a_shift(world, days_before=6))
    one = missed(world)
    sends = phone_sends(world, db.session.get_one(Shift, (world.town, one.shift_id)))
    db.session.commit()
    assert in_turn(world, lambda: no_shows.record(one, NOW), sends, turned) == ("done", "done")
    assert sum(posted("no_show", world.people.member.id)) == 0 and told_again_alike(world)


@BOTH_WAYS
def test_of_two_excuses_at_once_one_stands(world: World, turned: bool) -> None:
    worked(world, a_shift(world, days_before=6))
    one = missed(world)
    no_shows.record(one, NOW)
    db.session.commit()

    def excusing(person_id: int, why: str) -> Act:
        return by(
            person_id, lambda who, scope: no_shows.excuse(who, scope, one.shift_id, one.person_id, why, NOW)
        )

    acts = excusing(world.people.leader.id, "ill"), excusing(world.reviewer, "work")
    said = in_turn(world, *acts, turned)
    assert said == (("no_show_excused", "done") if turned else ("done", "no_show_excused"))
    assert posted("no_show", world.people.member.id) == [-10, 10] and told_again_alike(world)


# --- false check-ins ------------------------------------------------------------------------------


def opening(person_id: int, duty_id: int) -> Act:
    return by(person_id, lambda who, scope: cases.open_case(who, scope, duty_id, "not_there", NOW - 6 * DAY))


def deciding(person_id: int, case_id: int, what: str) -> Act:
    return by(person_id, lambda who, scope: cases.decide(who, scope, case_id, what, NOW))


def a_case(world: World, duty: Duty) -> int:
    opening(world.people.leader.id, duty.id)()
    db.session.commit()
    return db.session.scalars(of(world, FalseCheckin, FalseCheckin.id)).one()


def fits(world: World, case_id: int, duty_id: int) -> bool:
    """The duty's points, the fifty and the case say the same."""
    case = db.session.get_one(FalseCheckin, (world.town, case_id), populate_existing=True)
    duty = db.session.get_one(Duty, (world.town, duty_id), populate_existing=True)
    member, is_void = world.people.member.id, case.outcome == "upheld"
    assert (duty.voided_at is not None) == is_void
    assert posted("false_checkin", member) == ([-50] if is_void else [])
    return sum(posted("base", member)) == (0 if is_void else 20) and told_again_alike(world)


@BOTH_WAYS
def test_a_case_upheld_and_rejected_at_once_by_two_has_one_end(world: World, turned: bool) -> None:
    duty_id = worked(world, world.people.shift).id
    case_id = a_case(world, db.session.get_one(Duty, (world.town, duty_id)))
    second = second_reviewer(world.people).id
    acts = deciding(world.reviewer, case_id, "upheld"), deciding(second, case_id, "dismissed")
    said = in_turn(world, *acts, turned)
    assert said == (("case_decided", "done") if turned else ("done", "case_decided"))
    assert fits(world, case_id, duty_id)


def test_of_twenty_decisions_at_once_one_stands(world: World) -> None:
    duty_id = worked(world, world.people.shift).id
    case_id = a_case(world, db.session.get_one(Duty, (world.town, duty_id)))
    judges = [world.reviewer, *(second_reviewer(world.people, f"审核员{n}").id for n in range(3))]
    acts = [
        deciding(judges[n % 4], case_id, ("upheld", "dismissed")[n // 4 % 2]) for n in range(MANY)
    ]  # each of the four says the one and the other
    said = at_once(world, acts)
    case = db.session.get_one(FalseCheckin, (world.town, case_id), populate_existing=True)
    alike = sum(("upheld", "dismissed")[n // 4 % 2] == case.outcome for n in range(MANY))
    assert said == {"done": alike, "case_decided": MANY - alike} and fits(world, case_id, duty_id)


@BOTH_WAYS
def test_a_duty_has_one_case_though_two_open_it_at_once(world: World, turned: bool) -> None:
    duty_id = worked(world, world.people.shift).id
    acts = opening(world.people.leader.id, duty_id), opening(world.reviewer, duty_id)
    said = in_turn(world, *acts, turned)
    assert said == (("case_open", "done") if turned else ("done", "case_open"))
    opener = db.session.scalars(of(world, FalseCheckin, FalseCheckin.opened_by)).one()
    assert opener == (world.reviewer if turned else world.people.leader.id)


@BOTH_WAYS
def test_a_duty_that_is_settled_again_while_it_is_voided_is_worth_nothing(world: World, turned: bool) -> None:
    """Its phone sends a later end of the same duty in that moment."""
    shift = world.people.shift
    duty_id = worked(world, shift).id
    case_id = a_case(world, db.session.get_one(Duty, (world.town, duty_id)))
    member, late = world.people.member.id, make.EVENING + 4 * HOUR
    phone = Phone(SimpleNamespace(id=member), shift.starts_at)  # type: ignore[arg-type]
    item = parse(phone.end(shift, shift.starts_at + 3 * HOUR))

    def sends() -> None:
        take_batch(db.session.get_one(Person, member), [item], late, late)

    said = in_turn(world, deciding(world.reviewer, case_id, "upheld"), sends, turned)
    assert said == ("done", "done") and fits(world, case_id, duty_id)
