"""Calls for help on the desk: who hears them when, taking and closing one, and what a silent one shows to whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.alarms import operations
from app.db import db
from tests import make
from tests.alarms.cries import alarm, alarms, kinds, sos
from tests.web.conftest import TOKEN, send, text_of

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
OPEN = "/desk/alarms/open"


@pytest.fixture
def call(people, evening, as_person, phone, sync):
    item = sos(phone, people.shift)
    sync(as_person(people.member), [item], evening)
    return item


def page(item):
    return f"/desk/alarms/{item['id']}"


def silent_one(people, evening):
    """A silent alarm of the member on the cast's shift."""
    sender = operations.Sender(people.town.township.id, make_id(), people.member.id, evening, evening)
    operations._raise_silent(sender, people.shift.id, None)
    db.session.commit()
    return alarms(silent=True)[0]


def make_id():
    from uuid import uuid4

    return uuid4()


# --- the bar --------------------------------------------------------------------------------------


def test_it_rings_on_the_desk_of_the_teams_leader_with_who_where_and_since_when(leader, call):
    words = text_of(leader.get(OPEN))
    assert "紧急求助：王队员" in words and "点2" in words and "街" in words and "20:00 收到" in words
    assert "我来处理" in words


def test_every_page_of_a_leader_holds_the_bar_and_a_members_page_does_not(leader, people, as_person):
    assert 'id="alarm-bar"' in leader.get("/desk/board").get_data(as_text=True)
    assert 'id="alarm-bar"' not in as_person(people.member).get("/desk/sessions").get_data(as_text=True)


def test_that_it_was_shown_is_written_down_once_a_person(leader, call):
    for _ in range(3):
        leader.get(OPEN)
    assert kinds(alarm(call)) == ["raised", "told"]


def test_it_reaches_all_leaders_after_90_seconds_and_the_township_after_180_without_any_worker(
    people, call, as_person, at, evening
):
    other = make.make_person("隔壁队长", people.town.township)
    make.grant(other, "leader", team=make.make_team(people.town.township))
    db.session.commit()
    near, reviewer, admin = (as_person(p) for p in (other, people.reviewer, people.admin))
    rings = {}
    for seconds in (0, 89, 90, 179, 180):
        at(evening + seconds * SECOND)
        rings[seconds] = [
            call["id"] in caller.get(OPEN).get_data(as_text=True) for caller in (near, reviewer, admin)
        ]
    assert rings[0] == rings[89] == [False, False, False]
    assert rings[90] == rings[179] == [True, False, False]
    assert rings[180] == [True, True, True]


def test_where_the_only_leader_is_the_one_who_calls_the_others_hear_it_at_once(
    people, as_person, sync, evening
):
    from tests.phone import Phone

    item = sos(Phone(people.leader, evening))
    sync(as_person(people.leader), [item], evening)
    assert item["id"] in as_person(people.reviewer).get(OPEN).get_data(as_text=True)
    assert item["id"] not in as_person(people.leader).get(OPEN).get_data(as_text=True)


def test_the_rail_counts_it_and_the_board_marks_the_crew(leader, call):
    board = text_of(leader.get("/desk/board"))
    assert "求助 1" in board and "王队员 求助，还没人接" in board


def test_outside_nobody_hears_it(outsider, call, at, evening):
    at(evening + 10 * MINUTE)
    assert call["id"] not in outsider.get(OPEN).get_data(as_text=True)
    assert outsider.get(page(call)).status_code == 404
    assert call["id"] not in outsider.get("/desk/alarms").get_data(as_text=True)


def test_a_member_and_a_stranger_may_not_open_it(people, call, as_person, client):
    assert as_person(people.member).get(OPEN).status_code == 403
    assert client.get(OPEN).status_code == 302


# --- taken, closed --------------------------------------------------------------------------------


def test_who_takes_it_ends_the_ringing_for_all(leader, second_leader, call):
    answer = send(leader, "/desk/alarms/open", page(call) + "/take")
    assert answer.status_code == 302 and answer.location == page(call)
    assert alarm(call).state == "acknowledged"
    assert call["id"] not in second_leader.get(OPEN).get_data(as_text=True)
    assert "陈队长 来处理" in text_of(leader.get(page(call)))


def test_taking_it_twice_changes_nothing_and_the_second_person_is_told_who_was_first(
    leader, second_leader, call
):
    token = TOKEN.search(leader.get(page(call)).get_data(as_text=True))[1]
    for _ in range(2):
        assert leader.post(page(call) + "/take", data={"csrf_token": token}).status_code == 302
    theirs = TOKEN.search(second_leader.get(page(call)).get_data(as_text=True))[1]
    second_leader.post(page(call) + "/take", data={"csrf_token": theirs})
    assert "陈队长 已先处理" in text_of(second_leader.get(page(call)))
    assert kinds(alarm(call)).count("acknowledged") == 1


def second_person(caller):
    from app.accounts.models import Person

    return db.session.scalars(db.select(Person).where(Person.name == "何队长")).one()


def scope(caller):
    from app.teams.scope import scope_of

    return scope_of(second_person(caller))


def test_closing_needs_how_it_ended(leader, call):
    answer = send(leader, page(call), page(call) + "/close")
    assert answer.status_code == 422 and alarm(call).state == "open"


def test_it_is_closed_with_a_phrase_and_the_timeline_says_so(leader, call):
    assert send(leader, page(call), page(call) + "/close", phrase="helped").status_code == 302
    assert (alarm(call).state, alarm(call).close_phrase) == ("closed", "helped")
    assert "陈队长 结束：已到场帮助" in text_of(leader.get(page(call)))


def test_closing_it_again_otherwise_is_refused(leader, second_leader, call):
    send(leader, page(call), page(call) + "/close", phrase="helped")
    with pytest.raises(Exception, match="alarm_over"):
        operations.close(
            second_person(second_leader),
            scope(second_leader),
            alarm(call).id,
            "mistake",
            alarm(call).received_at,
        )


def test_nobody_takes_or_closes_their_own_call(people, as_person, sync, evening):
    from tests.phone import Phone

    make.grant(people.member, "leader", team=people.town.team)
    db.session.commit()
    item = sos(Phone(people.member, evening))
    caller = as_person(people.member)
    sync(caller, [item], evening)
    assert "我来处理" not in text_of(caller.get(page(item)))
    assert caller.get(page(item)).status_code == 200


def test_the_phone_learns_who_took_it(leader, call, people, as_person):
    send(leader, page(call), page(call) + "/take")
    (doc,) = as_person(people.member).get("/api/v1/field/alarms").get_json()["alarms"]
    assert (doc["state"], doc["acknowledged_by"]) == ("acknowledged", "陈队长")


def test_looking_at_a_call_is_written_down(leader, call, people):
    from app.accounts.models import Audit

    leader.get(page(call))
    (line,) = db.session.scalars(db.select(Audit).where(Audit.action == "alarm.look")).all()
    assert (line.actor_id, line.detail["member_id"]) == (people.leader.id, people.member.id)


# --- silent ---------------------------------------------------------------------------------------


def test_a_silent_call_rings_in_the_township_at_once_with_what_not_to_do(people, evening, as_person):
    one = silent_one(people, evening)
    reviewer = as_person(people.reviewer)
    assert str(one.id) in reviewer.get(OPEN).get_data(as_text=True)
    words = text_of(reviewer.get(f"/desk/alarms/{one.id}"))
    assert "静默求助" in words and "不要打队员的电话" in words


def test_a_silent_call_does_not_exist_for_crew_and_leaders_whatever_else_they_are(
    people, evening, as_person, leader
):
    one = silent_one(people, evening)
    for person in (people.mate, people.leader):
        make.grant(person, "reviewer", area=people.town.township)
    db.session.commit()
    for person in (people.mate, people.leader):
        caller = as_person(person)
        assert str(one.id) not in caller.get(OPEN).get_data(as_text=True)
        assert str(one.id) not in caller.get("/desk/alarms").get_data(as_text=True)
        assert caller.get(f"/desk/alarms/{one.id}").status_code == 404
        assert caller.get("/desk/board").status_code in (200, 403)
    assert "静默" not in text_of(as_person(people.leader).get("/desk/board"))


def test_taking_and_closing_a_silent_call_shows_nothing_to_the_phone(people, evening, as_person):
    one = silent_one(people, evening)
    reviewer, address = as_person(people.reviewer), f"/desk/alarms/{one.id}"
    send(reviewer, address, address + "/take")
    send(reviewer, address, address + "/close", phrase="safe")
    assert alarms(silent=True)[0].state == "closed"
    assert as_person(people.member).get("/api/v1/field/alarms").get_json()["alarms"] == []


# --- streams --------------------------------------------------------------------------------------


def test_the_stream_is_for_those_who_hear_alarms_and_says_when_to_come_back(
    leader, people, as_person, client
):
    answer = leader.get("/desk/stream")
    assert answer.content_type.startswith("text/event-stream")
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.get_data(as_text=True).startswith("retry: ")
    assert as_person(people.member).get("/desk/stream").status_code == 403
    assert client.get("/desk/stream").status_code == 302


# --- with every page closed -----------------------------------------------------------------------

PUSH = 'id="push"'


def shows_push(caller, page):
    return PUSH in caller.get(page).get_data(as_text=True)


def test_whoever_hears_calls_can_let_the_computer_ring_and_nobody_else_is_offered_it(
    leader, people, as_person
):
    for page in ("/desk/alarms", "/desk/sessions"):
        assert shows_push(leader, page)
    assert "关掉页面也响" in text_of(leader.get("/desk/alarms"))
    assert not shows_push(as_person(people.member), "/desk/sessions")


def test_where_no_push_service_may_be_written_to_it_is_not_offered(leader, app, monkeypatch):
    settings = app.extensions["settings"]
    without = replace(settings, channels=replace(settings.channels, push_hosts=()))
    monkeypatch.setitem(app.extensions, "settings", without)
    assert not shows_push(leader, "/desk/alarms") and not shows_push(leader, "/desk/sessions")


def test_the_desks_worker_is_a_script_of_its_own_scope(client, app, tmp_path, monkeypatch):
    monkeypatch.setattr(app, "static_folder", str(tmp_path))
    assert client.get("/desk/sw.js").status_code == 404
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "deskworker.js").write_text("1")
    answer = client.get("/desk/sw.js")
    assert answer.status_code == 200 and answer.mimetype == "text/javascript"
    assert "Service-Worker-Allowed" not in answer.headers and answer.headers["Cache-Control"] == "no-cache"
