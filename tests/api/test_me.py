"""/api/v1/me: who I am, what I said yes to, who looked, and the address of my calendar."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts import operations as accounts
from app.accounts.models import Audit, Consent
from app.db import db
from app.field.models import InboxItem, ItemState, QuarantineItem
from app.routes.models import Checkpoint
from app.tracks.models import Segment
from tests import make
from tests.phone import Phone, walk

ME = "/api/v1/me"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def member(people, evening, as_person):
    return as_person(people.member)


def consent_of(doc, purpose):
    return next(one for one in doc["consents"] if one["purpose"] == purpose)


def say(caller, purpose, given, version=1):
    return caller.put(f"{ME}/consents/{purpose}", json={"given": given, "version": version})


# --- who I am -------------------------------------------------------------------------------------


def test_me_says_who_i_am_and_what_was_not_asked_yet(member, people):
    assert member.get(ME).get_json() == {
        "person": {
            "id": people.member.id, "name": "王队员", "login": "member", "language": "zh", "name_in_notice": False,
        },
        "roles": ["member"],
        "consents": [
            {"purpose": p, "version": 1, "given_at": None, "withdrawn_at": None, "needed": False}
            for p in ("tracks", "push", "name_in_notice", "ranking")
        ],
        "totp": {"on": False, "asked": False}, "calendar": {"url": None}, "pin": {"set": False},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", ""), ("patch", ""), ("put", "/consents/tracks"), ("get", "/looks"), ("delete", "/tracks"),
        ("get", "/export"), ("post", "/calendar"), ("delete", "/calendar"),
    ],
)  # fmt: skip
def test_all_of_it_asks_to_sign_in(client, people, method, path):
    assert getattr(client, method)(ME + path, **({} if method == "get" else {"json": {}})).status_code == 401


def test_language_and_name_in_the_notice_are_changed_here(member, people):
    answer = member.patch(ME, json={"language": "en", "name_in_notice": True})
    assert answer.status_code == 200
    assert answer.get_json()["person"]["language"] == "en"
    assert answer.get_json()["person"]["name_in_notice"] is True
    assert answer.get_json() == member.get(ME).get_json()
    assert member.patch(ME, json={"name_in_notice": False}).get_json()["person"]["name_in_notice"] is False
    assert member.patch(ME, json={}).status_code == 200


@pytest.mark.parametrize(
    "body", [{"language": "xx"}, {"language": None}, {"name_in_notice": "perhaps"}, {"name": "x"}, {"id": 1}]
)
def test_nothing_else_of_me_is_changed(member, body):
    assert member.patch(ME, json=body).status_code == 422


# --- consents -------------------------------------------------------------------------------------


def test_a_yes_and_a_no_stand_with_their_times(member, at):
    yes = say(member, "tracks", True)
    assert yes.status_code == 200
    assert yes.get_json() == consent_of(member.get(ME).get_json(), "tracks")
    assert yes.get_json()["given_at"] == "2026-11-24T12:00:00.000Z" and yes.get_json()["withdrawn_at"] is None
    at(make.EVENING + MINUTE)
    no = say(member, "tracks", False).get_json()
    assert no["withdrawn_at"] == "2026-11-24T12:01:00.000Z" and no["given_at"] == "2026-11-24T12:00:00.000Z"


def test_the_same_answer_again_keeps_its_time_and_leaves_no_second_line(member, people, at):
    first = say(member, "push", True).get_json()
    at(make.EVENING + MINUTE)
    assert say(member, "push", True).get_json() == first
    lines = db.session.execute(select(Audit.action, Audit.detail).where(Audit.action.like("consent.%"))).all()
    assert [tuple(line) for line in lines] == [("consent.given", {"purpose": "push", "version": 1})]


def test_a_no_without_having_been_asked_is_a_no(member):
    doc = say(member, "ranking", False).get_json()
    assert doc["given_at"] is None and doc["withdrawn_at"] is not None


def test_a_yes_to_other_words_is_refused(member):
    answer = say(member, "tracks", True, version=2)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "consent_text_changed")
    assert answer.get_json()["figures"]["version"] == 1
    assert say(member, "tracks", False, version=2).status_code == 200, "a no needs no reading"


def test_when_the_words_change_everybody_is_asked_again_and_a_no_stays(member, people, monkeypatch):
    from app.accounts import rules

    say(member, "push", True)
    say(member, "ranking", False)
    for purpose in ("push", "ranking"):
        monkeypatch.setitem(rules.CONSENTS, purpose, 2)
    doc = member.get(ME).get_json()
    assert consent_of(doc, "push")["given_at"] is None and consent_of(doc, "push")["version"] == 2
    assert consent_of(doc, "ranking")["withdrawn_at"] is not None
    plan = member.get("/api/v1/field/plan").get_json()
    assert plan["consents"] == {"tracks": None, "push": None, "name_in_notice": None, "ranking": False}


@pytest.mark.parametrize("purpose", ["positions", "everything", "TRACKS"])
def test_an_unknown_purpose_is_not_found(member, purpose):
    assert say(member, purpose, True).status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"given": True}, {"given": "maybe", "version": 1}, {"given": True, "version": "x"}]
)
def test_a_bad_shape_is_said_to_be_one(member, body):
    assert member.put(f"{ME}/consents/tracks", json=body).status_code == 422


def test_a_consent_is_ones_own(member, people, as_person):
    say(member, "tracks", False)
    assert as_person(people.mate).get("/api/v1/field/plan").get_json()["consents"]["tracks"] is None
    assert db.session.scalars(select(Consent.person_id)).all() == [people.member.id]


# --- refusing tracks ------------------------------------------------------------------------------


def patrol(people, person=None):
    phone, at0 = Phone(person or people.member, make.EVENING), people.shift.starts_at
    checkpoint = db.session.scalar(
        select(Checkpoint.id)
        .where(Checkpoint.route_version_id == people.town.route.id)
        .order_by(Checkpoint.seq)
    )
    track = walk([(100, 500), (400, 500)], at0, 1.0)
    return [
        phone.start(people.shift, at0), phone.segment(people.shift, track[:10]), phone.segment(people.shift, track[9:]),
        phone.checkin(people.shift, checkpoint, 105, 500, at0 + timedelta(seconds=400)),
        phone.end(people.shift, at0 + timedelta(hours=1)),
    ]  # fmt: skip


def test_after_a_no_no_track_is_stored(member, people, sync):
    items = patrol(people)
    say(member, "tracks", False)
    receipts = sync(member, items, make.EVENING + 61 * MINUTE)
    refused = [receipts[i["id"]] for i in items if i["kind"] == "segment"]
    assert [(r["result"], r["reasons"]) for r in refused] == [("rejected", ["tracks_refused"])] * 2
    assert {receipts[i["id"]]["result"] for i in items if i["kind"] != "segment"} == {"stored"}
    assert db.session.scalars(select(Segment)).all() == []


def test_somebody_elses_no_is_not_mine(member, people, as_person, sync):
    say(as_person(people.mate), "tracks", False)
    receipts = sync(member, patrol(people), make.EVENING + 61 * MINUTE)
    assert {r["result"] for r in receipts.values()} == {"stored"}


def test_nothing_of_a_refused_track_is_kept_not_even_what_was_sent(member, people, sync):
    items = patrol(people)
    say(member, "tracks", False)
    sync(member, items, make.EVENING + 61 * MINUTE)
    kept = db.session.execute(select(InboxItem.kind, InboxItem.body.is_(None))).all()
    assert {kind for kind, is_null in kept if is_null} == {"segment"}
    bodies = db.session.scalars(
        select(InboxItem.id).where(InboxItem.kind == "segment", InboxItem.body.is_not(None))
    )
    assert bodies.all() == []
    assert db.session.scalars(select(QuarantineItem)).all() == []


def test_refusing_costs_nothing(member, people, as_person, sync):
    """The same check-ins count, without a remark about numbers that are missing; and a replay hears the same."""
    items = patrol(people)
    say(member, "tracks", False)
    receipts = sync(member, items, make.EVENING + 61 * MINUTE)
    checkin = next(receipts[i["id"]] for i in items if i["kind"] == "checkin")
    assert (checkin["verdict"], checkin["reasons"]) == ("counted", [])
    again = sync(member, items, make.EVENING + 62 * MINUTE)
    heard = {(i["kind"] == "segment", again[i["id"]]["result"]) for i in items}
    assert heard == {(True, "rejected"), (False, "duplicate")}
    hours = member.get("/api/v1/field/hours?month=2026-11").get_json()
    assert hours["minutes"] == 60 and hours["points_pending"] > 0


def test_a_piece_that_waited_when_the_no_came_is_not_stored_either(member, people, sync):
    start, one, *_ = patrol(people)
    assert sync(member, [one], make.EVENING + 5 * MINUTE)[one["id"]]["result"] == "held"
    say(member, "tracks", False)
    sync(member, [start], make.EVENING + 6 * MINUTE)
    state = db.session.scalars(select(ItemState).where(ItemState.kind == "segment")).one()
    assert (state.result, state.reasons) == ("rejected", ["tracks_refused"])
    assert db.session.scalars(select(Segment)).all() == []


def test_a_yes_records_again(member, people, sync):
    say(member, "tracks", False)
    say(member, "tracks", True)
    receipts = sync(member, patrol(people), make.EVENING + 61 * MINUTE)
    assert {r["result"] for r in receipts.values()} == {"stored"}
    assert len(db.session.scalars(select(Segment)).all()) == 2


def test_it_is_the_authors_no_whoever_brings_the_item(member, people, as_person, sync):
    say(member, "tracks", False)
    items = patrol(people)
    receipts = sync(as_person(people.mate), items[1:2], make.EVENING + 5 * MINUTE)
    assert receipts[items[1]["id"]]["reasons"] == ["tracks_refused"]


# --- looks ----------------------------------------------------------------------------------------


@pytest.fixture
def checked_in(member, people, sync):
    items = patrol(people)
    sync(member, items, make.EVENING + 61 * MINUTE)
    return next(i["id"] for i in items if i["kind"] == "checkin")


def test_who_saw_where_i_checked_in_is_shown_to_me(member, people, as_person, checked_in):
    assert member.get(f"{ME}/looks").get_json() == {"looks": []}
    as_person(people.leader).get(f"/desk/review/{checked_in}")
    (look,) = member.get(f"{ME}/looks").get_json()["looks"]
    assert (look["who"], look["what"], look["day"]) == ("陈队长", "checkin", "2026-11-24")
    assert look["at"].startswith("2026-11-24T13:01:00")


def test_the_same_look_is_one_line_and_a_later_one_another(member, people, as_person, checked_in, at):
    leader = as_person(people.leader)
    for minutes, lines in ((62, 1), (65, 1), (90, 2)):
        at(make.EVENING + minutes * MINUTE)
        leader.get(f"/desk/review/{checked_in}")
        assert len(member.get(f"{ME}/looks").get_json()["looks"]) == lines


def test_nobody_else_sees_who_looked_at_me(member, people, as_person, checked_in):
    as_person(people.leader).get(f"/desk/review/{checked_in}")
    for who in (people.mate, people.leader, people.outsider):
        assert as_person(who).get(f"{ME}/looks").get_json() == {"looks": []}


def test_a_position_that_is_gone_is_not_looked_at(member, people, as_person, checked_in):
    member.delete(f"{ME}/tracks")
    as_person(people.leader).get(f"/desk/review/{checked_in}")
    assert member.get(f"{ME}/looks").get_json() == {"looks": []}


def test_a_look_at_oneself_is_none(people, evening):
    accounts.record_look(
        people.leader, people.leader.id, people.town.township.id, "checkin", 1, make.DAY, make.EVENING
    )
    assert db.session.scalars(select(Audit)).all() == []


# --- the address of the calendar ------------------------------------------------------------------


def test_a_calendar_has_an_address_that_only_its_owner_is_shown(member, people, as_person):
    url = member.post(f"{ME}/calendar").get_json()["url"]
    assert member.get(ME).get_json()["calendar"] == {"url": url}
    assert as_person(people.mate).get(ME).get_json()["calendar"] == {"url": None}


def test_a_new_address_ends_the_old_one(member):
    old, new = (member.post(f"{ME}/calendar").get_json()["url"] for _ in range(2))
    assert old != new and member.get(ME).get_json()["calendar"]["url"] == new
    path = old.split("/", 3)[3]
    assert member.get(f"/{path}").status_code == 404


def test_an_ended_calendar_is_gone_and_safe_to_end_again(member):
    member.post(f"{ME}/calendar")
    assert [member.delete(f"{ME}/calendar").status_code for _ in range(2)] == [204, 204]
    assert member.get(ME).get_json()["calendar"] == {"url": None}


def test_a_reviewer_has_no_shifts_to_put_there(people, evening, as_person):
    assert as_person(people.reviewer).post(f"{ME}/calendar").status_code == 403
