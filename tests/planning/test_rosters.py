"""A roster for a week's empty places: what the solver is asked and answers, and that taking it obeys the roster."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from app.db import db
from app.duty import board
from app.duty.models import Assignment, Leave
from app.errors import Conflict, DomainError, NotFound
from app.jobs import plans as job
from app.planning import rosters, runs
from app.planning.models import PlanRun
from app.teams.models import RoleGrant
from app.teams.scope import scope_of
from tests import make

# The week after the tests' Tuesday.
MONDAY = date(2026, 11, 30)
FIRST = make.EVENING + timedelta(days=6)


def shifts_of(people, days=(0, 1, 2), hours=2, **more):
    """An empty evening shift for two on each day."""
    return [
        make.make_shift(
            people.town.team, people.town.route, starts_at=FIRST + timedelta(days=day), hours=hours, **more
        )
        for day in days
    ]


def ask(people, now, most=5):
    run = rosters.ask(people.leader, scope_of(people.leader), people.town.team.id, MONDAY, most, now)
    db.session.commit()
    return run


def answer(run):
    job.plan_roster(township_id=run.township_id, run_id=str(run.id))
    db.session.expire_all()
    return db.session.get(PlanRun, (run.township_id, run.id))


def solve(people, now, **more):
    run = answer(ask(people, now, **more))
    assert (run.state, run.fault) == ("done", None)
    return run.result


def crews(result):
    return {crew["shift"]: set(crew["people"]) for crew in result["crews"]}


def crew_of(shift):
    planned = select(Assignment.person_id).where(Assignment.shift_id == shift.id, Assignment.active)
    return set(db.session.scalars(planned))


def team(people):
    return {people.member.id, people.mate.id, people.leader.id}


def leave_of(people, person, first, last):
    make.save(
        Leave(
            township_id=people.town.township.id, id=uuid4(),
            person_id=person.id, from_on=first, to_on=last, phrase="rest", asked_at=make.EVENING, decision="approved",
            decided_by=people.leader.id, decided_at=make.EVENING,
        )
    )  # fmt: skip


def test_the_empty_places_are_shared_evenly_among_the_team(people, evening):
    shifts = shifts_of(people)
    result = solve(people, evening)
    assert set(crews(result)) == {shift.id for shift in shifts} and not result["empty"] and result["proved"]
    each = [sum(person in crew for crew in crews(result).values()) for person in team(people)]
    assert each == [2, 2, 2]


def test_nothing_is_planned_before_somebody_takes_it(people, evening):
    before = db.session.scalar(select(func.count()).select_from(Assignment))
    shifts_of(people)
    solve(people, evening)
    assert db.session.scalar(select(func.count()).select_from(Assignment)) == before


def test_who_is_on_leave_or_not_insured_is_not_proposed(people, evening):
    shifts_of(people, days=(0,))
    leave_of(people, people.mate, MONDAY, MONDAY)
    assert people.mate.id not in crews(solve(people, evening)).popitem()[1]
    row = db.session.get(make.TeamMember, (people.town.team.id, people.member.id))
    row.insured = False
    db.session.commit()
    result = solve(people, evening, most=4)
    assert result["empty"] == [{"shift": result["crews"][0]["shift"], "n": 1}] and result["why"] == ["barred"]


def test_who_has_a_shift_elsewhere_is_not_proposed_and_has_eleven_hours_before(people, evening):
    other = make.make_team(people.town.township)
    make.join_team(people.mate, other)
    make.make_shift(other, None, [people.mate], starts_at=FIRST - timedelta(hours=10), hours=4)
    shifts_of(people, days=(0,))
    assert people.mate.id not in crews(solve(people, evening)).popitem()[1]


def test_nights_for_another_team_count(people, evening):
    other = make.make_team(people.town.township)
    make.join_team(people.mate, other)
    for day in (4, 5):
        make.make_shift(other, None, [people.mate], starts_at=FIRST + timedelta(days=day, hours=2))
    shifts_of(people, days=(0,), hours=3)
    assert people.mate.id not in crews(solve(people, evening)).popitem()[1]


def test_five_hours_are_too_long_for_volunteers_and_not_for_the_full_time(people, evening):
    shifts_of(people, days=(0,), hours=5)
    assert solve(people, evening)["why"] == ["longest"]
    people.town.team.kind = "full_time"
    db.session.commit()
    assert not solve(people, evening, most=4)["empty"]


def test_a_place_that_is_taken_stays_taken(people, evening):
    (shift,) = shifts_of(people, days=(0,))
    make.assign(shift, people.mate)
    result = solve(people, evening)
    assert len(crews(result)[shift.id]) == 1 and people.mate.id not in crews(result)[shift.id]


def test_who_was_together_three_times_is_not_proposed_together_a_fourth_time(people, evening):
    for back in (2, 3, 4):
        make.make_shift(
            people.town.team,
            None,
            [people.member, people.leader],
            starts_at=FIRST - timedelta(days=back),
            hours=2,
        )
    (shift,) = shifts_of(people, days=(0,))
    assert people.mate.id in crews(solve(people, evening))[shift.id]


def test_nor_when_the_three_times_come_in_the_week_after(people, evening):
    (shift,) = shifts_of(people, days=(6,))
    for days in (7, 8, 9):
        make.make_shift(
            people.town.team,
            None,
            [people.member, people.leader],
            starts_at=FIRST + timedelta(days=days),
            hours=2,
        )
    result = solve(people, evening)
    assert people.mate.id in crews(result)[shift.id] and set(crews(result)) == {shift.id}


def test_too_few_shifts_each_is_said_to_be_the_reason(people, evening):
    shifts_of(people, days=(0, 1, 2, 3))
    result = solve(people, evening, most=2)
    assert sum(one["n"] for one in result["empty"]) == 2 and result["why"] == ["most_a_week"]


def test_only_shifts_that_have_not_begun_and_are_planned_are_filled(people, at):
    first, cancelled, last = shifts_of(people)
    cancelled.status, cancelled.cancel_reason = "cancelled", "weather"
    db.session.commit()
    assert set(crews(solve(people, at(first.starts_at + timedelta(minutes=1))))) == {last.id}


def test_what_is_kept_are_ids_and_figures(people, evening):
    shifts_of(people)
    result = solve(people, evening)
    assert set(result) == {"crews", "empty", "why", "proved"}
    assert {key for crew in result["crews"] for key in crew} == {"shift", "version", "people"}


# --- taking it ----------------------------------------------------------------------------------------------------


def take(people, one, now):
    found = rosters.take(people.leader, scope_of(people.leader), one, now)
    db.session.commit()
    return found


def test_what_is_taken_is_in_the_roster_once(people, evening):
    shifts = shifts_of(people)
    result = solve(people, evening)
    for one in result["crews"]:
        assert take(people, one, evening) is not None
    assert all(crew_of(shift) == crews(result)[shift.id] for shift in shifts)
    version = board.crew_of(scope_of(people.leader), shifts[0].id).version
    assert take(people, result["crews"][0], evening) is None
    assert board.crew_of(scope_of(people.leader), shifts[0].id).version == version
    spans = sorted((shift.starts_at, shift.ends_at) for shift in shifts)
    assert all(b[0] - a[1] >= timedelta(hours=11) for a, b in pairwise(spans))


def test_a_shift_that_was_changed_meanwhile_is_not_overwritten(people, evening):
    (shift,) = shifts_of(people, days=(0,))
    (one,) = solve(people, evening)["crews"]
    shift.version += 1
    db.session.commit()
    with pytest.raises(Conflict) as refused:
        take(people, one, evening)
    assert refused.value.code == "changed_meanwhile" and crew_of(shift) == set()


def test_who_went_on_leave_meanwhile_is_refused_with_the_reason(people, evening):
    (shift,) = shifts_of(people, days=(0,))
    (one,) = solve(people, evening)["crews"]
    for person in (people.member, people.mate, people.leader):
        if person.id == one["people"][0]:
            leave_of(people, person, MONDAY, MONDAY)
    with pytest.raises(DomainError) as refused:
        take(people, one, evening)
    assert [wrong.code for wrong in refused.value.fields] == ["on_leave"] and crew_of(shift) == set()


def test_who_was_booked_elsewhere_meanwhile_is_refused(people, evening):
    (shift,) = shifts_of(people, days=(0,))
    (one,) = solve(people, evening)["crews"]
    taken = next(p for p in (people.member, people.mate, people.leader) if p.id == one["people"][0])
    make.make_shift(people.town.team, None, [taken], starts_at=FIRST, hours=1)
    with pytest.raises(DomainError) as refused:
        take(people, one, evening)
    assert [wrong.code for wrong in refused.value.fields] == ["double_booked"] and crew_of(shift) == set()


# --- who and what -------------------------------------------------------------------------------------------------


def test_a_week_without_empty_places_has_nothing_to_propose(people, evening):
    with pytest.raises(DomainError) as refused:
        ask(people, evening)
    assert refused.value.code == "no_places"


def test_nobody_asks_for_a_team_that_they_do_not_steer(people, evening):
    shifts_of(people)
    for person in (people.member, people.reviewer, people.outsider):
        with pytest.raises(NotFound):
            rosters.ask(person, scope_of(person), people.town.team.id, MONDAY, 5, evening)


def test_the_reviewer_reads_no_roster_and_the_leader_does(people, evening):
    shifts_of(people)
    run = ask(people, evening)
    assert runs.reach(scope_of(people.leader), "roster", run.id).id == run.id
    for person in (people.reviewer, people.member, people.outsider):
        with pytest.raises(NotFound):
            runs.reach(scope_of(person), "roster", run.id)


def test_who_leads_the_team_no_more_gets_no_answer(people, evening):
    shifts_of(people)
    run = ask(people, evening)
    grant = db.session.scalar(select(RoleGrant).where(RoleGrant.person_id == people.leader.id))
    grant.revoked_at = evening
    db.session.commit()
    assert answer(run).state == "failed"


def test_asking_puts_one_job_in_the_queue_with_ids_only(people, evening):
    shifts_of(people)
    run = ask(people, evening)
    assert ask(people, evening).id == run.id
    rows = db.session.execute(
        text("SELECT args FROM procrastinate_jobs WHERE task_name = 'plan_roster'")
    ).all()
    assert [row[0] for row in rows] == [{"township_id": run.township_id, "run_id": str(run.id)}]


@pytest.mark.parametrize("most", [0, 8])
def test_an_absurd_number_of_shifts_each_is_refused_by_its_field(people, evening, most):
    shifts_of(people)
    with pytest.raises(DomainError) as refused:
        ask(people, evening, most=most)
    assert [fault.pointer for fault in refused.value.fields] == ["/most"]
