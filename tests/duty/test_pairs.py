"""The same two at most three times in a row: counted on the team's shifts, warned of by hand, decided by the leader."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.db import db
from app.duty import objections, roster
from app.duty.pairs import Crew, crews_around, too_often
from app.errors import DomainError
from app.teams.scope import scope_of
from tests import make

DAYS = [make.EVENING + timedelta(days=n) for n in range(40)]


def row(*crews):
    """A shift a day."""
    return [Crew(DAYS[n], frozenset(crew)) for n, crew in enumerate(crews)]


def again(*crews, day=None, crew=(1, 2)):
    return too_often(crew, DAYS[len(crews) if day is None else day], row(*crews), 3)


def test_the_fourth_time_in_a_row_is_once_too_often():
    assert again({1, 2}, {1, 2}) == {}
    assert again({1, 2}, {1, 2}, {1, 2}) == {(1, 2): 4}
    assert again({1, 2}, {1, 2}, {1, 2}, {1, 2}) == {(1, 2): 5}


def test_a_shift_of_only_one_of_them_begins_anew_and_one_of_neither_does_not():
    assert again({1, 2}, {1, 2}, {1, 2}, {1, 3}) == {}
    assert again({1, 2}, {1, 2}, {1, 2}, {2}) == {}
    assert again({1, 2}, {1, 2}, {1, 2}, {3, 4}) == {(1, 2): 4}


def test_shifts_before_and_after_are_one_row():
    assert again({1, 2}, set(), {1, 2}, {1, 2}, day=1) == {(1, 2): 4}
    assert again(set(), {1, 2}, {1, 2}, {1, 2}, day=0) == {(1, 2): 4}
    assert again({1, 2}, set(), {1}, {1, 2}, {1, 2}, day=1) == {}


def test_of_a_larger_crew_each_pair_counts_for_itself():
    assert again({1, 2, 3}, {1, 2}, {1, 2, 4}, crew=(1, 2, 3)) == {(1, 2): 4}
    assert again({1, 2, 3}, {1, 2, 3}, {1, 2, 3}, crew=(3, 1, 2)) == {(3, 1): 4, (3, 2): 4, (1, 2): 4}


# --- by hand ------------------------------------------------------------------------------------------------------


def planned(people, *days, crew=None, team=None, **more):
    crew = crew or [people.member, people.mate]
    return [
        make.make_shift(team or people.town.team, None, crew, starts_at=DAYS[day], hours=2, **more)
        for day in days
    ]


def plan(people, day, crew, **more):
    asked = objections.Plan(
        (DAYS[day] + timedelta(hours=8)).date(), DAYS[day], DAYS[day] + timedelta(hours=2), None, "", 2, False,
        tuple(sorted(person.id for person in crew)),
    )  # fmt: skip
    return roster.plan_shift(
        people.leader, scope_of(people.leader), people.town.team.id, asked, make.EVENING, **more
    )


def refused(do):
    with pytest.raises(DomainError) as why:
        do()
    return why.value.code, [(wrong.code, wrong.figures) for wrong in why.value.fields]


# The cast has the two on the shift of day 0 already.
def test_a_fourth_shift_by_hand_is_warned_of_and_planned_when_accepted(people, evening):
    planned(people, 1, 2)
    code, wrong = refused(lambda: plan(people, 3, [people.member, people.mate]))
    assert (code, [one for one, _ in wrong]) == ("crew_warned", ["same_pair"])
    figures = wrong[0][1]
    assert {figures["name"], figures["mate"]} == {"王队员", "李队员"} and (figures["n"], figures["most"]) == (
        4,
        3,
    )
    assert plan(people, 3, [people.member, people.leader]).id
    assert plan(people, 4, [people.member, people.mate]).id


def test_the_leader_may_decide_for_it(people, evening):
    planned(people, 1, 2)
    assert plan(people, 3, [people.member, people.mate], accepted=True).id


def test_a_shift_between_two_others_joins_them(people, evening):
    planned(people, 1, 3)
    assert refused(lambda: plan(people, 2, [people.member, people.mate]))[1][0][0] == "same_pair"


def test_two_who_go_together_once_a_week_are_seen_too(people, evening):
    planned(people, 7, 14)
    assert refused(lambda: plan(people, 21, [people.member, people.mate]))[1][0][0] == "same_pair"


def test_cancelled_shifts_and_those_of_other_teams_are_not_counted(people, evening):
    other = make.make_team(people.town.township)
    planned(people, 1, status="cancelled", cancel_reason="weather")
    planned(people, 2, team=other)
    planned(people, 3)
    assert plan(people, 4, [people.member, people.mate]).id
    assert {crew.starts_at for crew in crews_around(other.township_id, other.id, DAYS[2], None)} == {DAYS[2]}


def test_the_township_may_allow_another_number(people, evening):
    make.make_policy(people.town.township, "duty", {"pair_in_a_row": 2})
    planned(people, 1)
    assert refused(lambda: plan(people, 2, [people.member, people.mate]))[1][0][1]["most"] == 2


def assign(people, shift, crew, **more):
    ids = [person.id for person in crew]
    return roster.assign(
        people.leader, scope_of(people.leader), shift.id, shift.version, ids, make.EVENING, **more
    )


def test_two_who_are_on_the_shift_already_are_not_asked_about_again(people, evening):
    *_, last = planned(people, 1, 2, 3)
    assert assign(people, last, [people.member, people.mate, people.leader]).id


def test_who_comes_to_somebody_already_there_is(people, evening):
    planned(people, 1, 2)
    (alone,) = planned(people, 3, crew=[people.member])
    assert refused(lambda: assign(people, alone, [people.member, people.mate]))[1][0][0] == "same_pair"
    assert assign(people, alone, [people.member, people.mate], accepted=True).id


def test_a_swap_is_asked_about_too(people, evening):
    planned(people, 1, 2)
    (shift,) = planned(people, 3, crew=[people.member, people.leader])
    scope = scope_of(people.leader)

    def exchange(accepted=False):
        return roster.exchange(
            people.leader, scope, shift.id, people.leader.id, people.mate.id, make.EVENING, accepted=accepted
        )

    assert refused(exchange)[1][0][0] == "same_pair"
    assert exchange(accepted=True).id


def test_a_copied_week_leaves_one_of_the_two_out_and_says_why(people, evening):
    # Three shifts in the week of the cast's: its own and two more.
    planned(people, 1, 2)
    done = roster.copy_week(
        people.leader, scope_of(people.leader), make.DAY + timedelta(days=6), make.EVENING
    )
    assert done.shifts == 3
    assert [(objection.code, objection.times) for _, objection in done.left_out] == [("same_pair", 4)]
    db.session.flush()
    crews = crews_around(people.town.township.id, people.town.team.id, DAYS[8], None)
    assert [len(crew.people) for crew in crews] == [2, 2, 2, 1, 2, 2]
