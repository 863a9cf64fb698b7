"""A member's own line in a notice, the objection to it, and its answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.approval import notices, published
from app.approval.models import PointNoticeLine
from app.db import db
from app.teams.scope import scope_of
from tests import make
from tests.approval.worked import NOVEMBER, NOW, approve, give, submit, work

ME = "/api/v1/me/notices"
OBJECT = f"{ME}/2026-11/objections"
AFTER = datetime(2026, 12, 12, tzinfo=UTC)


@pytest.fixture
def shown(people, at):
    at(NOW)
    make.make_policy(people.town.township, "approval", {"audit_percent": 0})
    work(people, people.member, 97)
    submit(people, people.leader, people.member)
    approve(people, people.reviewer, people.member)
    notices.open_notice(people.reviewer, people.town.township, NOVEMBER, NOW)
    db.session.commit()
    return people


def test_a_member_sees_how_they_are_shown(shown, as_person):
    member = as_person(shown.member)
    line = db.session.get_one(PointNoticeLine, (shown.town.township.id, NOVEMBER, shown.member.id))
    (doc,) = member.get(ME).get_json()["notices"]
    assert doc == {
        "township": "清禾镇", "month": "2026-11", "last_on": "2026-12-11", "shown_as": line.pseudonym, "is_name": False,
        "points": 48, "shifts": 1, "url": f"http://localhost/notices/{shown.town.township.code}/2026-11",
    } | {"url": doc["url"]}  # fmt: skip
    assert doc["url"].endswith(f"/notices/{shown.town.township.code}/2026-11")
    member.patch("/api/v1/me", json={"name_in_notice": True})
    (doc,) = member.get(ME).get_json()["notices"]
    assert (doc["shown_as"], doc["is_name"]) == ("王队员", True)


def test_the_own_points_are_those_of_the_page_once_they_were_corrected(shown, as_person):
    member = as_person(shown.member)
    member.post(OBJECT, json={"text": "多算了一班"})
    (row,) = published.objections_of(shown.town.township.id, NOVEMBER)
    notices.answer(shown.admin, scope_of(shown.admin), row.id, "upheld", "已核对", NOW)
    give(shown, shown.member, -17, "test:less")
    submit(shown, shown.leader, shown.member)
    assert approve(shown, shown.reviewer, shown.member) == [None]
    notice = published.notice_of(shown.town.township.id, NOVEMBER)
    assert [line.corrected_half for line in notices.shown(notice)] == [80]
    assert [doc["points"] for doc in member.get(ME).get_json()["notices"]] == [40]


def test_who_has_no_line_is_told_so_and_elsewhere_there_is_none(shown, as_person, at):
    (doc,) = as_person(shown.mate).get(ME).get_json()["notices"]
    assert (doc["shown_as"], doc["points"], doc["shifts"]) == (None, None, None)
    assert as_person(shown.outsider).get(ME).get_json()["notices"] == []
    assert as_person(shown.outsider).post(OBJECT, json={"text": "少算了一班"}).status_code == 404
    at(AFTER)
    assert as_person(shown.member).get(ME).get_json() == {"notices": [], "objections": []}


def test_a_member_objects_and_reads_the_answer(shown, as_person):
    member = as_person(shown.member)
    answer = member.post(OBJECT, json={"text": "少算了一班"})
    assert answer.status_code == 201
    made = answer.get_json()
    assert (made["state"], made["text"], made["answer"], made["due_on"]) == (
        "open",
        "少算了一班",
        None,
        "2026-12-11",
    )
    assert member.post(OBJECT, json={"text": "少算了一班"}).get_json()["id"] == made["id"]
    (row,) = published.objections_of(shown.town.township.id, NOVEMBER)
    notices.answer(shown.admin, scope_of(shown.admin), row.id, "rejected", "已核对，无误", NOW)
    db.session.commit()
    (doc,) = member.get(ME).get_json()["objections"]
    assert (doc["state"], doc["answer"], doc["answered_at"]) == (
        "rejected",
        "已核对，无误",
        "2026-12-05T02:00:00+00:00",
    )
    assert as_person(shown.mate).get(ME).get_json()["objections"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"text": ""}, 422),
        ({"text": "字" * 281}, 422),
        ({"text": "找张师傅"}, 422),
        ({"text": 1}, 422),
    ],
)
def test_words_that_cannot_be_taken_are_refused(shown, as_person, body, status):
    answer = as_person(shown.member).post(OBJECT, json=body)
    assert answer.status_code == status and answer.get_json()["errors"][0]["pointer"] == "/text"


@pytest.mark.parametrize("month", ["2026-10", "2026-13", "x", "2026-11-01"])
def test_a_month_without_a_notice_is_not_found(shown, as_person, month):
    assert as_person(shown.member).post(f"{ME}/{month}/objections", json={"text": "少算"}).status_code == 404


def test_afterwards_it_is_gone(shown, as_person, at):
    at(AFTER)
    answer = as_person(shown.member).post(OBJECT, json={"text": "少算了一班"})
    assert (answer.status_code, answer.get_json()["code"]) == (410, "notice_gone")
