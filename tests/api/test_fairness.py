"""/api/v1/me/flags, /me/ranking and /me/team/ranking: about me, by my choice, and nothing of others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.db import db
from app.fairness import operations
from app.field.operations import settle_duty
from app.teams.models import TeamMember
from app.teams.scope import scope_of
from tests import make
from tests.fairness.planted import add_flag

ME = "/api/v1/me"
DAY = timedelta(days=1)


@pytest.fixture
def member(people, evening, as_person):
    return as_person(people.member)


def ranking(caller, **query):
    answer = caller.get(f"{ME}/team/ranking", query_string=query)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def show(people, measure="points", *, shown=True):
    team = people.town.team.id
    operations.set_ranking(
        people.leader, scope_of(people.leader), team, shown=shown, measure=measure, now=make.EVENING
    )
    make.keep()


def worked(people, **hours):
    """The evening before from 18:00 on, priced; `member=2` for two hours."""
    shift = make.make_shift(
        people.town.team, None, starts_at=make.EVENING - DAY - timedelta(hours=2), hours=4
    )
    for name, n in hours.items():
        duty = make.attended(shift, getattr(people, name), people.leader, n)
        settle_duty(duty.township_id, duty.id, make.EVENING)
    make.keep()


# --- flags --------------------------------------------------------------------------------------------------------


def test_flags_about_me_say_what_was_seen_and_what_became_of_it_and_name_nobody_else(
    people, as_person, member
):
    assert member.get(f"{ME}/flags").get_json() == {"flags": []}
    flag = add_flag(people.town.team, (people.member, people.mate), duty_ids=[1, 2])
    add_flag(people.town.team, (people.mate,), "two_places")
    make.keep()
    doc = member.get(f"{ME}/flags").get_json()["flags"]
    assert doc == [
        {"kind": "same_pair", "month": "2026-11", "figures": {"times": 4, "most": 3, "together": 4}, "state": "open",
         "reason": None, "note": None, "first_seen_at": "2026-11-24T12:00:00+00:00", "decided_at": None}
    ]  # fmt: skip
    operations.decide(
        people.leader, scope_of(people.leader), flag.id, "explained", "roster_so", "别人没空", make.EVENING
    )
    make.keep()
    one = member.get(f"{ME}/flags").get_json()["flags"][0]
    assert (one["state"], one["reason"], one["note"]) == ("explained", "roster_so", "别人没空")
    assert len(as_person(people.mate).get(f"{ME}/flags").get_json()["flags"]) == 2
    assert as_person(people.outsider).get(f"{ME}/flags").get_json() == {"flags": []}


# --- my choice ----------------------------------------------------------------------------------------------------


def test_nobody_stands_in_a_ranking_unless_they_say_so_and_a_no_holds_at_once(people, as_person, member):
    show(people)
    assert ranking(member)["shown"] is None
    everybody = [as_person(p) for p in (people.member, people.mate, people.leader)]
    for caller in everybody:
        assert caller.put(f"{ME}/ranking", json={"shown": True}).get_json() == {"shown": True}
    doc = ranking(member)
    assert doc["shown"] is True and doc["teams"][0]["state"] == "shown"
    assert len(doc["teams"][0]["entries"]) == 3
    assert everybody[1].put(f"{ME}/ranking", json={"shown": False}).get_json() == {"shown": False}
    # Two are too few: the ranking itself is gone, also for those two.
    for caller in everybody:
        team = ranking(caller)["teams"][0]
        assert (team["state"], team["entries"]) == ("few", [])


@pytest.mark.parametrize("body", [{}, {"shown": None}, {"shown": "perhaps"}, {"shown": True, "person_id": 1}])
def test_it_takes_a_yes_or_a_no_and_nothing_else(member, body):
    assert member.put(f"{ME}/ranking", json=body).status_code == 422


def test_the_consent_is_one_wherever_it_is_given(people, member):
    member.put(f"{ME}/consents/ranking", json={"given": True, "version": 1})
    assert ranking(member)["shown"] is True
    member.put(f"{ME}/ranking", json={"shown": False})
    doc = member.get(ME).get_json()["consents"]
    assert next(one for one in doc if one["purpose"] == "ranking")["withdrawn_at"] is not None


# --- the ranking --------------------------------------------------------------------------------------------------


def test_it_holds_those_who_said_yes_only_and_no_rank_tells_of_another(people, as_person, member):
    """Four worked; who has the most said no. Ranks 1, 2, 3 and no sum: nothing shows that there is a fourth."""
    fourth = make.make_person("赵队员", people.town.township)
    make.join_team(fourth, people.town.team)
    people.fourth = fourth
    worked(people, fourth=4, member=3, mate=2, leader=1)
    show(people)
    for person in (people.member, people.mate, people.leader):
        operations.be_ranked(person, True, make.EVENING)
    operations.be_ranked(fourth, False, make.EVENING)
    make.keep()
    doc = ranking(member)
    assert doc["teams"] == [
        {"team_id": people.town.team.id, "team": "清禾镇志愿队", "state": "shown", "measure": "points", "entries": [
            {"rank": 1, "name": "王队员", "value": 30, "mine": True},
            {"rank": 2, "name": "李队员", "value": 20, "mine": False},
            {"rank": 3, "name": "陈队长", "value": 10, "mine": False},
        ]}
    ]  # fmt: skip
    seen = as_person(fourth).get(f"{ME}/team/ranking")
    (shown,) = seen.get_json()["teams"]
    assert "赵队员" not in seen.get_data(as_text=True)
    assert [(line["rank"], line["value"]) for line in shown["entries"]] == [(1, 30), (2, 20), (3, 10)]


def test_alike_share_a_rank_and_hours_may_be_the_measure(people, member):
    worked(people, member=2, mate=2, leader=1)
    show(people, "hours")
    for person in (people.member, people.mate, people.leader):
        operations.be_ranked(person, True, make.EVENING)
    make.keep()
    team = ranking(member)["teams"][0]
    assert [(e["rank"], e["value"]) for e in team["entries"]] == [(1, 2.0), (1, 2.0), (2, 1.0)]
    assert [e["value"] for e in ranking(member, month="2026-10")["teams"][0]["entries"]] == [0, 0, 0]


def test_there_is_none_where_the_team_has_not_said_yes_or_has_taken_it_back(people, member):
    for person in (people.member, people.mate, people.leader):
        operations.be_ranked(person, True, make.EVENING)
    make.keep()
    assert ranking(member)["teams"][0]["state"] == "off"
    show(people)
    assert ranking(member)["teams"][0]["state"] == "shown"
    show(people, shown=False)
    assert ranking(member)["teams"][0] == {
        "team_id": people.town.team.id, "team": "清禾镇志愿队", "state": "off", "measure": "points", "entries": [],
    }  # fmt: skip


def test_others_see_their_own_teams_and_nobody_sees_it_without_signing_in(people, client, as_person, evening):
    show(people)
    for person in (people.member, people.mate, people.leader):
        operations.be_ranked(person, True, evening)
    make.keep()
    assert [t["team"] for t in ranking(as_person(people.outsider))["teams"]] == ["云渡镇志愿队"]
    assert ranking(as_person(people.reviewer))["teams"] == []
    assert client.get(f"{ME}/team/ranking").status_code == 401


@pytest.mark.parametrize("month", ["2026-13", "2026", "../..", "2026-11-01", ""])
def test_a_month_that_is_none_is_refused(member, month):
    assert member.get(f"{ME}/team/ranking", query_string={"month": month}).status_code == 422


def test_who_left_the_team_is_in_it_no_more(people, member):
    show(people)
    for person in (people.member, people.mate, people.leader):
        operations.be_ranked(person, True, make.EVENING)
    db.session.get(TeamMember, (people.town.team.id, people.mate.id)).left_on = make.DAY
    make.keep()
    assert ranking(member)["teams"][0]["state"] == "few"
