"""A member and what is said about own check-ins: read, answered in time, told at the top of the plan."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.db import db
from app.duty.models import Duty
from app.incentives import cases
from app.teams.scope import scope_of
from tests import make
from tests.phone import Phone

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADDRESS = "/api/v1/field/cases"


@pytest.fixture
def case(people, as_person, sync, at):
    """About the member's duty of the evening, opened an hour after it."""
    phone, end = Phone(people.member, make.EVENING), make.EVENING + HOUR
    sync(
        as_person(people.member), [phone.start(people.shift, make.EVENING), phone.end(people.shift, end)], end
    )
    duty = db.session.scalar(db.select(Duty).where(Duty.person_id == people.member.id))
    now = at(end + HOUR)
    found = cases.open_case(people.leader, scope_of(people.leader), duty.id, "position_made", now)
    db.session.commit()
    return found


def test_the_member_reads_it_and_answers(people, as_person, case):
    member = as_person(people.member)
    assert [one["answered"] for one in member.get("/api/v1/field/plan").json["cases"]] == [False]
    (one,) = member.get(ADDRESS).json["cases"]
    assert (one["state"], one["reason"], one["answer"]) == ("asked", "position_made", None)
    assert "opened_by" not in one
    body = {"phrase": "was_there", "text": "我在菜市场门口"}
    (one,) = member.post(f"{ADDRESS}/{case.id}/answer", json=body).json["cases"]
    assert (one["answer"], one["text"]) == ("was_there", "我在菜市场门口")
    assert [one["answered"] for one in member.get("/api/v1/field/plan").json["cases"]] == [True]


def test_when_the_time_is_over_it_is_told_and_nothing_is_taken(people, as_person, case, at):
    at(case.answer_until)
    member = as_person(people.member)
    assert member.get("/api/v1/field/plan").json["cases"] == []
    late = member.post(f"{ADDRESS}/{case.id}/answer", json={"phrase": "was_there"})
    assert late.status_code == 409 and late.json["code"] == "case_answer_over"
    assert member.get(ADDRESS).json["cases"][0]["state"] == "waits"


def test_anothers_case_does_not_exist(people, as_person, case):
    mate = as_person(people.mate)
    assert mate.get(ADDRESS).json["cases"] == []
    assert mate.post(f"{ADDRESS}/{case.id}/answer", json={"phrase": "was_there"}).status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"phrase": "sorry"}, {"phrase": "other", "text": "长" * 281}, {"phrase": 3}, []]
)
def test_a_bad_answer_is_refused(people, as_person, case, body):
    assert as_person(people.member).post(f"{ADDRESS}/{case.id}/answer", json=body).status_code == 422


def test_an_upheld_case_shows_in_the_hours(people, as_person, case, at):
    now = at(case.answer_until + HOUR)
    cases.decide(people.reviewer, scope_of(people.reviewer), case.id, "upheld", now)
    db.session.commit()
    hours = as_person(people.member).get("/api/v1/field/hours?month=2026-11").json
    assert (hours["minutes"], hours["points_pending"], hours["verified_minutes"]) == (0, 0, 0)
    assert [(line["rule"], line["points"]) for line in hours["beside"]] == [("false_checkin", -50)]
    (duty,) = hours["duties"]
    assert duty["is_void"] and duty["lines"] == []
