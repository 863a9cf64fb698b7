"""The calendar at an address of one's own: what a calendar needs, and nothing about anybody else."""

from __future__ import annotations

from datetime import UTC, timedelta

import icalendar
import pytest
from sqlalchemy import update

from app.db import db
from app.duty.models import Assignment
from app.duty.roster import assign, cancel_shift
from app.teams.scope import scope_of
from tests import make


@pytest.fixture
def url(people, evening, as_person):
    full = as_person(people.member).post("/api/v1/me/calendar").get_json()["url"]
    return "/" + full.split("/", 3)[3]


def events(answer):
    return [c for c in icalendar.Calendar.from_ical(answer.get_data()).walk("VEVENT")]


def test_it_is_read_without_signing_in_and_holds_my_shifts(client, url, people):
    answer = client.get(url)
    assert answer.status_code == 200 and answer.content_type == "text/calendar; charset=utf-8"
    (event,) = events(answer)
    assert event.decoded("dtstart").astimezone(UTC) == people.shift.starts_at
    assert event.decoded("dtend").astimezone(UTC) == people.shift.ends_at
    assert str(event["summary"]) == "值勤 · 清禾镇志愿队" and str(event["location"]) == "镇政府门口"
    assert event["sequence"] == people.shift.version and str(event["status"]) == "CONFIRMED"
    assert event.decoded("last-modified").astimezone(UTC) == people.shift.changed_at
    assert event.decoded("dtstamp").astimezone(UTC) == people.shift.changed_at


def test_lines_end_and_fold_as_calendars_demand(client, url, people):
    people.shift.meeting_place = "镇政府门口,东侧;门卫室\\旁" * 6
    db.session.commit()
    raw = client.get(url).get_data()
    lines = raw.split(b"\r\n")
    assert raw.endswith(b"\r\n") and b"\n" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in lines) <= 75
    for line in lines:
        line.decode()  # no letter is cut in two
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H" in lines and b"X-PUBLISHED-TTL:PT1H" in lines
    (event,) = events(client.get(url))
    assert str(event["location"]) == people.shift.meeting_place
    assert b"\\," in raw and b"\\;" in raw


def test_times_stand_in_utc(client, url):
    assert b"DTSTART:20261124T120000Z" in client.get(url).get_data()


def test_nobody_else_and_no_place_of_duty_is_named(client, url, people):
    words = client.get(url).get_data(as_text=True).replace("\r\n ", "")
    for hidden in ("王队员", "李队员", "陈队长", "一路线", "菜市场", "member"):
        assert hidden not in words


def test_a_change_keeps_the_uid_and_raises_the_sequence(client, url, people):
    (before,) = events(client.get(url))
    later = make.EVENING - timedelta(hours=1)
    assign(
        people.leader,
        scope_of(people.leader),
        people.shift.id,
        people.shift.version,
        [people.member.id],
        later,
        accepted=True,
    )
    db.session.commit()
    (after,) = events(client.get(url))
    assert after["uid"] == before["uid"] and after["sequence"] == before["sequence"] + 1
    assert after.decoded("last-modified") > before.decoded("last-modified")


def test_a_cancelled_shift_stays_as_cancelled(client, url, people):
    cancel_shift(
        people.leader, scope_of(people.leader), people.shift.id, people.shift.version, "weather", make.EVENING
    )
    db.session.commit()
    (event,) = events(client.get(url))
    assert str(event["status"]) == "CANCELLED" and str(event["summary"]).startswith("已取消")
    assert str(event["transp"]) == "TRANSPARENT"


def test_a_shift_that_is_no_longer_mine_stays_as_cancelled(client, url, people):
    db.session.execute(
        update(Assignment).where(Assignment.person_id == people.member.id).values(active=False)
    )
    db.session.commit()
    (event,) = events(client.get(url))
    assert str(event["status"]) == "CANCELLED"


def test_a_shift_of_others_is_not_in_it(client, url, people):
    make.make_shift(people.town.team, None, [people.mate], starts_at=make.EVENING + timedelta(days=1))
    assert len(events(client.get(url))) == 1


def test_unchanged_it_is_answered_by_304(client, url, people):
    first = client.get(url)
    again = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and not again.get_data()
    people.shift.meeting_place = "北门"
    db.session.commit()
    assert client.get(url, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_it_is_in_its_owners_language(client, url, people):
    people.member.language = "en"
    db.session.commit()
    assert str(events(client.get(url))[0]["summary"]) == "Duty · 清禾镇志愿队"


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "..%2f"])
def test_an_unknown_address_is_not_found(client, url, token):
    assert client.get(f"/ical/{token}.ics").status_code == 404


def test_an_ended_one_is_not_found(client, url, people, as_person):
    as_person(people.member).delete("/api/v1/me/calendar")
    assert client.get(url).status_code == 404


def test_the_address_of_somebody_who_left_is_not_found(client, url, people):
    people.member.active = False
    db.session.commit()
    assert client.get(url).status_code == 404


def test_the_row_alone_opens_nothing(url, people):
    from app.accounts.models import CalendarFeed

    row = db.session.get(CalendarFeed, people.member.id)
    token = url.split("/")[-1].removesuffix(".ics")
    assert token.encode() not in bytes(row.nonce) + bytes(row.token_sha256)


def test_guessing_is_stopped_and_does_not_stop_others(client, url):
    guess = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.9"}}
    assert {client.get(f"/ical/{n}.ics", **guess).status_code for n in range(60)} == {404}
    stopped = client.get("/ical/60.ics", **guess)
    assert stopped.status_code == 429 and int(stopped.headers["Retry-After"]) > 0
    assert client.get(url, **guess).status_code == 200


def test_one_address_is_not_asked_for_all_day(client, url):
    assert {client.get(url).status_code for _ in range(60)} == {200}
    assert client.get(url).status_code == 429
