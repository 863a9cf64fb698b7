"""PINs, push addresses, and a member's calls as the phone reads them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.secrets import unseal
from app.alarms.models import Pins, PushAddress
from app.alarms.phone import alarms_for
from app.db import db
from tests.alarms.cries import DURESS, PIN, sos
from tests.phone import Phone

GOOD = {"pin": PIN, "duress_pin": DURESS}
KEYS = {"p256dh": "B" * 87, "auth": "a" * 22}
SUBSCRIPTION = {"endpoint": "https://fcm.googleapis.com/fcm/send/abc", "expirationTime": None, "keys": KEYS}


@pytest.fixture
def member(people, evening, as_person):
    return as_person(people.member)


# --- PINs -----------------------------------------------------------------------------------------


def test_pins_are_kept_as_two_sealed_keys_and_the_plan_says_how_to_derive_one(member, people):
    assert member.get("/api/v1/field/plan").get_json()["alarm"]["pin"] is None
    assert member.put("/api/v1/me/pins", json=GOOD).status_code == 204
    row = db.session.get(Pins, people.member.id)
    assert len(unseal(row.sealed)) == 64 and row.rounds == 100_000
    for pin in (PIN, DURESS):
        assert pin.encode() not in bytes(row.sealed) and pin.encode() not in unseal(row.sealed)
    plan = member.get("/api/v1/field/plan").get_json()["alarm"]
    assert plan["pin"] == {"salt_hex": bytes(row.salt).hex(), "rounds": 100_000}


@pytest.mark.parametrize(
    "body",
    [
        {"pin": "123", "duress_pin": "4567"}, {"pin": "12345", "duress_pin": "4567"},
        {"pin": "1234567", "duress_pin": "4567"},
        {"pin": "12a4", "duress_pin": "4567"}, {"pin": "1234"}, {}, {"pin": 1234, "duress_pin": 5678},
        {"pin": "１２３４", "duress_pin": "4567"},
    ],
)  # fmt: skip
def test_pins_of_another_shape_are_refused(member, people, body):
    assert member.put("/api/v1/me/pins", json=body).status_code == 422
    assert db.session.get(Pins, people.member.id) is None


def test_two_pins_that_are_alike_are_refused_with_the_field(member):
    answer = member.put("/api/v1/me/pins", json={"pin": PIN, "duress_pin": PIN})
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.get_json()["errors"]] == [("/duress_pin", "pins_alike")]


def test_on_duty_and_while_a_call_is_open_nobody_changes_pins(member, people, phone, sync, evening):
    member.put("/api/v1/me/pins", json=GOOD)
    sync(member, [phone.start(people.shift)], evening)
    for answer in (member.put("/api/v1/me/pins", json=GOOD), member.delete("/api/v1/me/pins")):
        assert (answer.status_code, answer.get_json()["code"]) == (409, "pins_on_duty")


def test_pins_can_be_taken_away_and_that_is_safe_to_repeat(member, people):
    member.put("/api/v1/me/pins", json=GOOD)
    assert [member.delete("/api/v1/me/pins").status_code for _ in range(2)] == [204, 204]
    assert db.session.get(Pins, people.member.id) is None


def test_after_ten_changes_in_an_hour_it_is_enough(member):
    answers = [member.put("/api/v1/me/pins", json=GOOD).status_code for _ in range(11)]
    assert answers == [204] * 10 + [429]


def test_pins_need_a_session_and_our_header(client, people, member):
    assert client.put("/api/v1/me/pins", json=GOOD).status_code == 401
    assert member.put("/api/v1/me/pins", json=GOOD, bare=True).status_code == 400


# --- my calls -------------------------------------------------------------------------------------


def calls(caller):
    return caller.get("/api/v1/field/alarms").get_json()["alarms"]


def test_the_phone_reads_its_own_calls_of_a_day(member, people, phone, sync, evening, at):
    item = sos(phone, people.shift)
    sync(member, [item], evening)
    (doc,) = calls(member)
    assert (doc["id"], doc["kind"], doc["state"], doc["mine"], doc["test"]) == (
        item["id"],
        "sos",
        "open",
        True,
        False,
    )
    assert doc["acknowledged_by"] is None and doc["place"] is None and doc["undeliverable"] == []
    at(evening + timedelta(hours=23, minutes=59))
    assert len(calls(member)) == 1
    later = alarms_for(people.member, evening + timedelta(seconds=1))
    assert later == [], "the one of a day ago"


def test_who_is_out_on_the_same_shift_reads_the_call_with_a_place_in_words(
    people, as_person, phone, sync, evening
):
    mate = as_person(people.mate)
    item = sos(phone, people.shift)
    sync(as_person(people.member), [item], evening)
    assert calls(mate) == []
    sync(mate, [Phone(people.mate, evening).start(people.shift)], evening)
    (doc,) = calls(mate)
    assert (doc["mine"], doc["person"]["name"], doc["place"]) == (False, "王队员", {"words": "点2"})
    assert calls(as_person(people.outsider)) == []


def test_calls_need_a_session(client, people):
    assert client.get("/api/v1/field/alarms").status_code == 401


def test_the_plan_carries_the_numbers_of_the_watch(member, people, phone, sync, evening):
    part = member.get("/api/v1/field/plan").get_json()["alarm"]
    assert (part["ok_every_min"], part["escalate_s"]) == (30, [30, 90, 180])
    assert [one["number"] for one in part["call_numbers"]] == ["110", "120", "119"]
    assert part["lone"] == {str(people.shift.id): False}
    sync(member, [phone.start(people.shift)], evening)
    assert member.get("/api/v1/field/plan").get_json()["alarm"]["lone"] == {str(people.shift.id): True}


# --- push -----------------------------------------------------------------------------------------


def addresses():
    return list(db.session.scalars(select(PushAddress).execution_options(populate_existing=True)))


def test_a_browser_subscribes_with_the_servers_key_and_again_changes_nothing(member, people):
    state = member.get("/api/v1/me/push").get_json()
    assert len(state["key"]) == 87 and state["subscribed"] is False
    for _ in range(2):
        assert member.post("/api/v1/me/push", json=SUBSCRIPTION).status_code == 204
    assert [(a.person_id, a.endpoint) for a in addresses()] == [(people.member.id, SUBSCRIPTION["endpoint"])]
    assert member.get("/api/v1/me/push").get_json() == {"key": state["key"], "subscribed": True}
    assert [member.delete("/api/v1/me/push").status_code for _ in range(2)] == [204, 204]
    assert addresses() == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://evil.example/fcm.googleapis.com", "https://fcm.googleapis.com.evil.example/x", "http://fcm.googleapis.com/x",
        "https://user@fcm.googleapis.com/x", "https://127.0.0.1/x", "https://169.254.169.254/latest", "https://[::1]/x",
        "https://evilpush.apple.com/x", "ftp://fcm.googleapis.com/x", "no address", "",
    ],
)  # fmt: skip
def test_only_push_services_of_browsers_are_taken(member, endpoint):
    assert member.post("/api/v1/me/push", json={**SUBSCRIPTION, "endpoint": endpoint}).status_code == 422
    assert addresses() == []


@pytest.mark.parametrize(
    "host", ["wns2-par02p.notify.windows.com", "web.push.apple.com", "updates.push.services.mozilla.com"]
)
def test_the_known_push_services_are_taken(member, host):
    assert (
        member.post("/api/v1/me/push", json={**SUBSCRIPTION, "endpoint": f"https://{host}/x"}).status_code
        == 204
    )


def test_an_address_that_another_person_signs_in_with_is_theirs(member, people, as_person):
    member.post("/api/v1/me/push", json=SUBSCRIPTION)
    as_person(people.leader).post("/api/v1/me/push", json=SUBSCRIPTION)
    assert [a.person_id for a in addresses()] == [people.leader.id]


def test_push_needs_a_session(client, people):
    assert client.get("/api/v1/me/push").status_code == 401
    assert client.post("/api/v1/me/push", json=SUBSCRIPTION).status_code == 401


# --- the stream -----------------------------------------------------------------------------------


def test_the_phones_stream_is_one_of_events_and_not_buffered(member):
    answer = member.get("/api/v1/field/stream")
    assert answer.content_type.startswith("text/event-stream") and answer.headers["X-Accel-Buffering"] == "no"
    assert answer.get_data(as_text=True).startswith("retry: ")


def test_the_stream_is_for_members_and_leaders(client, people, as_person):
    assert client.get("/api/v1/field/stream").status_code == 401
    assert as_person(people.reviewer).get("/api/v1/field/stream").status_code == 403
