"""The field endpoints' edges: sign-in, shape, size, rate, plan and its ETag, receipts, hours."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from app.api.documents import HoursOut, PlanOut
from app.clock import rfc3339
from app.db import db
from tests import make
from tests.field.test_sync import checkpoint_ids, patrol
from tests.phone import Phone

URL = "/api/v1/field/sync"
MINUTE = timedelta(minutes=1)


def batch(items, at):
    return {"sent_at": rfc3339(at), "items": items}


def test_sync_needs_sign_in(client, people, phone, evening):
    answer = client.post(URL, json=batch([phone.start(people.shift)], evening))
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json" and answer.get_json()["code"] == "sign_in_needed"


def test_sync_needs_our_header(people, as_person, phone, evening):
    answer = as_person(people.member).post(URL, json=batch([phone.start(people.shift)], evening), bare=True)
    assert answer.status_code == 400 and answer.get_json()["code"] == "client_header_missing"


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/sent_at", "/items"]),
        ({"sent_at": "yesterday", "items": [1]}, ["/sent_at"]),
        ({"sent_at": "2026-11-24T12:00:00", "items": [1]}, ["/sent_at"]),
        ({"sent_at": "2026-11-24T12:00:00Z", "items": []}, ["/items"]),
        ({"sent_at": "2026-11-24T12:00:00Z", "items": [1] * 51}, ["/items"]),
        ({"sent_at": "2026-11-24T12:00:00Z", "items": {}}, ["/items"]),
        ([], ["/"]),
    ],
)
def test_a_bad_batch_says_where(people, as_person, body, pointers):
    answer = as_person(people.member).post(URL, json=body)
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.get_json()["errors"]] == pointers


@pytest.mark.parametrize(
    ("data", "headers", "status", "code"),
    [
        (b"{", {}, 400, "not_json"),
        (b'{"sent_at": NaN}', {}, 400, "not_json"),
        (b"[" * 100_000, {}, 400, "not_json"),
        (b"\xff\xfe", {}, 400, "not_json"),
        (b" " * 1_048_577, {}, 413, "too_large"),
        (b"no gzip", {"Content-Encoding": "gzip"}, 400, "bad_gzip"),
        (gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"}, 413, "too_large"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
    ],
)
def test_rubbish_gets_a_problem_answer(people, as_person, data, headers, status, code):
    sent = {"Content-Type": "application/json", **headers}
    answer = as_person(people.member).post(URL, data=data, headers=sent)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) is (status == 413)


def test_gzip_is_taken(people, as_person, phone, evening):
    data = gzip.compress(json.dumps(batch([phone.start(people.shift, evening)], evening)).encode())
    sent = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = as_person(people.member).post(URL, data=data, headers=sent)
    assert answer.status_code == 200 and answer.get_json()["receipts"][0]["result"] == "stored"


def test_the_sixty_first_batch_in_a_minute_waits(people, as_person, phone, evening):
    caller = as_person(people.member)
    body = batch([phone.item("note", {"phrase": "all_quiet"}, evening)], evening)
    codes = [caller.post(URL, json=body).status_code for _ in range(61)]
    assert codes[:60] == [200] * 60 and codes[60] == 429
    answer = caller.post(URL, json=body)
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_a_call_for_help_does_not_wait_behind_a_backlog(people, as_person, phone, evening):
    caller = as_person(people.member)
    backlog = batch([phone.item("note", {"phrase": "all_quiet"}, evening)], evening)
    call = phone.item("sos", {"shift_id": people.shift.id}, evening)
    assert [caller.post(URL, json=backlog).status_code for _ in range(61)][-1] == 429
    assert caller.post(URL, json=batch([call, backlog["items"][0]], evening)).status_code == 429
    answer = caller.post(URL, json=batch([call], evening))
    assert answer.status_code == 200 and answer.get_json()["receipts"][0]["result"] == "stored"
    assert [caller.post(URL, json=batch([call], evening)).status_code for _ in range(60)][-1] == 429


def test_hostile_texts_are_stored_as_they_are_or_refused_kindly(people, as_person, phone, evening):
    caller = as_person(people.member)
    texts = [
        "'; DROP TABLE people; --",
        "<script>alert(1)</script>",
        "=1+1",
        "\u0000",
        "\ud800",
        "a\r\nSet-Cookie: x=1",
    ]
    for text in texts:
        body = {"phrase": "all_quiet", "text": text}
        try:
            item = phone.item("note", body, evening)
        except ValueError:
            item = {**phone.item("note", {"phrase": "x"}, evening), "body": body}
        answer = caller.post(URL, data=json.dumps(batch([item], evening)), content_type="application/json")
        assert answer.status_code == 200, text
        assert answer.get_json()["receipts"][0]["result"] in ("stored", "rejected", "held")


# --- plan -----------------------------------------------------------------------------------------


def test_the_plan_holds_my_shift_its_route_and_my_teams_hotspot(people, as_person, evening):
    plan = as_person(people.member).get("/api/v1/field/plan").get_json()
    (shift,) = plan["shifts"]
    assert shift["mine"] and [c["name"] for c in shift["crew"]] == ["王队员", "李队员"]
    (route,) = plan["routes"]
    assert [c["seq"] for c in route["checkpoints"]] == [1, 2, 3] and route["line"]["type"] == "LineString"
    (hotspot,) = plan["hotspots"]
    assert shift["hotspot_ids"] == [hotspot["id"]]
    assert hotspot["windows"] == [{"weekday": 1, "from": "20:00", "to": "22:00"}]


def test_the_plan_and_the_hours_are_as_documented(people, as_person, sync, phone, evening):
    caller = as_person(people.member)
    sync(caller, patrol(phone, people), evening + 61 * MINUTE)
    plan = caller.get("/api/v1/field/plan").get_json()
    assert PlanOut(unknown="raise").validate(plan) == {}
    hours = caller.get("/api/v1/field/hours?month=2026-11").get_json()
    assert HoursOut(unknown="raise").validate(hours) == {}


def test_the_plan_answers_304_until_something_changes(people, as_person, evening):
    caller = as_person(people.member)
    first = caller.get("/api/v1/field/plan")
    etag = first.headers["ETag"]
    again = caller.get("/api/v1/field/plan", headers={"If-None-Match": etag})
    assert again.status_code == 304 and again.data == b"" and again.headers["X-Xunfang-Anchor"]
    people.shift.meeting_place = "东门"
    people.shift.version += 1
    db.session.commit()
    changed = caller.get("/api/v1/field/plan", headers={"If-None-Match": etag})
    assert changed.status_code == 200 and changed.get_json()["shifts"][0]["meeting_place"] == "东门"


def test_the_plan_shows_a_cancelled_shift_as_cancelled(people, as_person, evening):
    people.shift.status = "cancelled"
    db.session.commit()
    plan = as_person(people.member).get("/api/v1/field/plan").get_json()
    assert [s["status"] for s in plan["shifts"]] == ["cancelled"]


def test_the_outsiders_plan_has_nothing_of_the_first_township(people, as_person, evening):
    make.make_shift(people.other.team, people.other.route, [people.outsider])
    answer = as_person(people.outsider).get("/api/v1/field/plan")
    assert len(answer.get_json()["shifts"]) == 1
    text = answer.get_data(as_text=True)
    assert "清禾" not in text and "王队员" not in text


def test_the_plan_is_for_who_is_signed_in_and_empty_for_who_is_in_no_team(people, as_person, client):
    assert client.get("/api/v1/field/plan").status_code == 401
    plan = as_person(people.reviewer).get("/api/v1/field/plan").get_json()
    assert plan["teams"] == plan["shifts"] == plan["routes"] == []


# --- receipts and hours ---------------------------------------------------------------------------


def test_receipts_since_a_cursor_hold_what_changed_after_review(people, as_person, sync, phone, evening):
    from app.checkins.models import Checkin
    from app.field.operations import settle_duty

    a, *_ = checkpoint_ids(people)
    caller = as_person(people.member)
    item = phone.checkin(people.shift, a, 100, 500, evening + MINUTE, mocked=True)
    receipts = sync(caller, [phone.start(people.shift, evening), item], evening + 2 * MINUTE)
    assert receipts[item["id"]]["verdict"] == "held"
    cursor = caller.get("/api/v1/field/receipts?since=2026-11-24T00:00:00Z").get_json()["next"]
    checkin = db.session.query(Checkin).one()
    checkin.review_verdict, checkin.reviewed_at = "counted", evening + 10 * MINUTE
    settle_duty(checkin.township_id, checkin.duty_id, evening + 10 * MINUTE)
    db.session.commit()
    news = caller.get("/api/v1/field/receipts", query_string={"since": cursor}).get_json()["receipts"]
    assert [(r["id"], r["verdict"]) for r in news if r["id"] == item["id"]] == [(item["id"], "counted")]


def test_receipts_are_my_own(people, as_person, sync, phone, evening):
    sync(as_person(people.member), [phone.start(people.shift, evening)], evening)
    theirs = as_person(people.mate).get("/api/v1/field/receipts?since=2026-11-01T00:00:00Z").get_json()
    assert theirs["receipts"] == []


def test_a_bad_cursor_is_said(people, as_person, evening):
    answer = as_person(people.member).get("/api/v1/field/receipts?since=soon")
    assert answer.status_code == 422 and answer.get_json()["errors"][0]["pointer"] == "/since"


def test_hours_show_minutes_points_and_the_rule_behind_each_line(people, as_person, sync, phone, evening):
    caller = as_person(people.member)
    sync(caller, patrol(phone, people), evening + 61 * MINUTE)
    hours = caller.get("/api/v1/field/hours?month=2026-11").get_json()
    assert hours["minutes"] == 60 and hours["points_pending"] == 23
    (duty,) = hours["duties"]
    assert (
        duty["checkpoints"] == {"counted": 3, "required": 3}
        and duty["visits"] == 1
        and duty["grade"] == "track"
    )
    assert {line["rule"]: line["points"] for line in duty["lines"]} == {
        "base": 10, "all_checkpoints": 10, "hotspot_visits": 3
    }  # fmt: skip
    assert as_person(people.mate).get("/api/v1/field/hours?month=2026-11").get_json()["duties"] == []


def test_the_worked_case_of_the_incentive_rules_through_the_whole_system(people, as_person, sync, at):
    """21:00-23:30, all checkpoints, one qualified visit here: 32.5 + 10 + 3 = 45.5 → 45."""
    start = make.EVENING + timedelta(hours=1)
    shift = make.make_shift(people.town.team, people.town.route, [people.leader], starts_at=start, hours=2.5)
    phone = Phone(people.leader, start)
    a, b, c = checkpoint_ids(people)
    spot = people.town.hotspot.id
    items = [
        phone.start(shift, start),
        phone.checkin(shift, a, 101, 500, start + 5 * MINUTE),
        phone.checkin(shift, b, 602, 500, start + 50 * MINUTE),
        phone.checkin(shift, c, 1099, 500, start + 100 * MINUTE),
        phone.at_hotspot(shift, spot, "arrive", 401, 500, start + 20 * MINUTE),
        phone.at_hotspot(shift, spot, "leave", 399, 500, start + 33 * MINUTE),
        phone.end(shift, start + timedelta(hours=2.5)),
    ]
    caller = as_person(people.leader)
    sync(caller, items, start + timedelta(hours=3))
    hours = caller.get("/api/v1/field/hours?month=2026-11").get_json()
    assert hours["points_pending"] == 45
    assert sum(line["points"] for line in hours["duties"][0]["lines"]) == 45.5


@pytest.mark.parametrize(("zone", "month"), [("Asia/Shanghai", "2026-12"), ("Asia/Urumqi", "2026-11")])
def test_the_month_of_the_hours_is_that_of_ones_own_township(people, as_person, at, zone, month):
    """At 01:00 in Shanghai it is 23:00 the day before in the west."""
    people.town.township.time_zone = zone
    db.session.commit()
    at(datetime(2026, 11, 30, 17, tzinfo=UTC))
    assert as_person(people.member).get("/api/v1/field/hours").get_json()["month"] == month


def test_who_has_no_township_has_a_month_without_hours(people, as_person, evening):
    guest = make.make_person("借调队长", None)
    make.grant(guest, "leader", team=people.town.team)
    hours = as_person(guest).get("/api/v1/field/hours").get_json()
    assert (hours["month"], hours["duties"]) == ("2026-11", [])
