"""Calls for help as items of the protocol: never held for who brought them, in any order, and with either PIN alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.models import Audit
from app.alarms.models import Alarm, AlarmStep
from app.alarms.phone import alarms_for
from app.db import db
from tests import make
from tests.alarms.cries import DURESS, PIN, WRONG, alarm, alarms, cancel, kinds, proof, sos
from tests.phone import Phone

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def member(people, evening, as_person):
    return as_person(people.member)


@pytest.fixture
def with_pins(member):
    assert member.put("/api/v1/me/pins", json={"pin": PIN, "duress_pin": DURESS}).status_code == 204
    return member


def test_a_call_becomes_an_alarm_keyed_by_its_item(member, people, phone, sync, evening):
    call = sos(phone, people.shift)
    assert sync(member, [call], evening)[call["id"]]["result"] == "stored"
    one = alarm(call)
    assert (one.kind, one.state, one.person_id, one.team_id) == (
        "sos", "open", people.member.id, people.town.team.id,
    )  # fmt: skip
    assert one.shift_id == people.shift.id and one.position is not None and not one.test
    assert kinds(one) == ["raised"]


def test_the_same_call_eight_times_is_one_alarm(member, people, phone, sync, evening):
    call = sos(phone, people.shift)
    for n in range(8):
        sync(member, [call, call], evening + n * SECOND)
    assert len(alarms()) == 1 and kinds(alarm(call)) == ["raised"]


def test_its_jobs_are_put_in_with_it_at_once_after_5_and_after_30_90_and_180_seconds(
    member, people, phone, sync, evening
):
    sync(member, [sos(phone, people.shift)], evening)
    when = db.session.scalars(
        select(func.extract("epoch", db.text("scheduled_at")))
        .select_from(db.text("procrastinate_jobs"))
        .where(db.text("task_name = 'alarm_work'"))
        .order_by(db.text("scheduled_at"))
    ).all()
    assert [float(at) - evening.timestamp() for at in when] == [0, 5, 30, 90, 180]


def test_off_duty_and_without_a_shift_it_is_heard_all_the_same(member, people, phone, sync, evening):
    call = sos(phone)
    sync(member, [call], evening)
    one = alarm(call)
    assert one.shift_id is None and one.team_id == people.town.team.id


def test_a_shift_that_does_not_exist_is_passed_over(member, people, phone, sync, evening):
    call = sos(phone, shift_id=999_999)
    assert sync(member, [call], evening)[call["id"]]["result"] == "stored"
    assert alarm(call).shift_id is None


@pytest.mark.parametrize(
    "body", [{"fix": {"lon_e7": "x"}}, {"fix": 7}, {"shift_id": -1}, {"shift_id": "7"}, {"test": "yes"}, {}]
)
def test_it_is_never_refused_for_its_details(member, people, phone, sync, evening, body):
    call = phone.item("sos", body)
    assert sync(member, [call], evening)[call["id"]]["result"] == "stored"
    assert alarm(call).position is None and not alarm(call).test


def test_from_a_borrowed_phone_it_is_heard_and_marked(people, as_person, phone, sync, evening):
    call, note = sos(phone, people.shift), phone.item("note", {"phrase": "all_quiet"})
    receipts = sync(as_person(people.mate), [call, note], evening)
    assert receipts[call["id"]]["result"] == "stored"
    assert receipts[note["id"]]["reasons"] == ["other_author"]
    assert (alarm(call).person_id, alarm(call).sent_by_id) == (people.member.id, people.mate.id)


def test_a_drill_is_marked_as_one(member, people, phone, sync, evening):
    call = sos(phone, people.shift, test=True)
    sync(member, [call], evening)
    assert alarm(call).test


def test_a_call_that_comes_hours_later_is_an_alarm_of_now_that_says_when_it_was_made(
    member, people, phone, sync, evening
):
    call = sos(phone, people.shift, evening)
    sync(member, [call], evening + timedelta(hours=20))
    assert (alarm(call).called_at, alarm(call).received_at) == (evening, evening + timedelta(hours=20))


def test_a_poisoned_alarm_table_keeps_the_item_and_the_job_tries_again(
    member, people, phone, sync, evening, monkeypatch
):
    from app.field import alarms as takers
    from app.field import operations

    call = sos(phone, people.shift)
    with monkeypatch.context() as broken:
        broken.setattr(takers, "fix_of", lambda _: 1 / 0)
        assert sync(member, [call], evening)[call["id"]]["reasons"] == ["judging_failed"]
    operations.retry_failed(evening + MINUTE)
    assert alarm(call).state == "open"


# --- cancelled ------------------------------------------------------------------------------------


def test_with_the_normal_pin_it_is_cancelled(with_pins, people, phone, sync, evening):
    call = sos(phone, people.shift)
    end = cancel(phone, call, **proof(people.member.id, PIN))
    sync(with_pins, [call], evening)
    sync(with_pins, [end], evening + MINUTE)
    assert alarm(call).state == "cancelled" and kinds(alarm(call)) == ["raised", "cancelled"]
    assert not alarms(silent=True)


def test_a_cancel_before_its_call_waits_and_is_released(with_pins, people, phone, sync, evening):
    call = sos(phone, people.shift)
    end = cancel(phone, call, **proof(people.member.id, PIN))
    assert sync(with_pins, [end], evening)[end["id"]]["reasons"] == ["waiting_for_sos"]
    receipts = sync(with_pins, [call, end], evening + MINUTE)
    assert receipts[end["id"]]["reasons"] == [] and alarm(call).state == "cancelled"


def test_another_members_call_cannot_be_cancelled(with_pins, people, as_person, phone, sync, evening):
    call = sos(phone, people.shift)
    sync(with_pins, [call], evening)
    other = Phone(people.mate, evening)
    end = cancel(other, call)
    assert sync(as_person(people.mate), [end], evening)[end["id"]]["reasons"] == ["waiting_for_sos"]
    assert alarm(call).state == "open"


def test_its_end_is_heard_from_the_same_borrowed_phone_in_any_order(
    with_pins, people, as_person, phone, sync, evening
):
    mate = as_person(people.mate)
    call = sos(phone, people.shift)
    end = cancel(phone, call, **proof(people.member.id, PIN))
    assert sync(mate, [end], evening)[end["id"]]["reasons"] == ["other_author"]
    receipts = sync(mate, [end, call], evening + MINUTE)
    assert receipts[end["id"]]["reasons"] == [] and alarm(call).state == "cancelled"


@pytest.mark.parametrize("pin", [PIN, DURESS])
def test_brought_by_a_colleague_either_pin_is_answered_alike(
    with_pins, people, as_person, phone, sync, evening, pin
):
    call = sos(phone, people.shift)
    end = cancel(phone, call, **proof(people.member.id, pin))
    receipts = sync(as_person(people.mate), [call, end], evening + MINUTE)
    assert [receipts[one["id"]]["result"] for one in (call, end)] == ["stored", "stored"]
    assert alarm(call).state == "cancelled" and len(alarms(silent=True)) == (pin == DURESS)


def test_without_a_pin_a_colleagues_session_only_says_that_it_is_over(
    people, as_person, phone, sync, evening
):
    call = sos(phone, people.shift)
    sync(as_person(people.mate), [call, cancel(phone, call, evening + SECOND)], evening + SECOND)
    assert alarm(call).state == "open" and "claimed" in kinds(alarm(call))


def test_from_another_phone_a_colleague_ends_nobodys_call(with_pins, people, as_person, phone, sync, evening):
    call = sos(phone, people.shift)
    sync(with_pins, [call], evening)
    elsewhere = Phone(people.member, evening)
    end = cancel(elsewhere, call, **proof(people.member.id, PIN))
    for n in range(2):
        receipt = sync(as_person(people.mate), [end], evening + n * SECOND)[end["id"]]
        assert receipt["reasons"] == ["other_author"] and alarm(call).state == "open"


def test_a_colleagues_session_says_for_nobody_that_they_are_well(
    with_pins, people, as_person, phone, sync, evening
):
    answer = say_ok(phone, people.shift, **proof(people.member.id, PIN))
    assert sync(as_person(people.mate), [answer], evening)[answer["id"]]["reasons"] == ["other_author"]


@pytest.mark.parametrize("shown", ["wrong", "none", "malformed"])
def test_without_the_right_pin_it_looks_sent_and_stays_open(with_pins, people, phone, sync, evening, shown):
    call = sos(phone, people.shift)
    what = {"wrong": proof(people.member.id, WRONG), "none": {}, "malformed": {"nonce": "0" * 32}}[shown]
    sync(with_pins, [call], evening)
    end = cancel(phone, call, **what)
    assert sync(with_pins, [end], evening + SECOND)[end["id"]]["result"] == "stored"
    assert alarm(call).state == "open" and kinds(alarm(call)) == ["raised", "doubted"]


def test_without_a_pin_it_can_be_taken_back_within_five_seconds(member, people, phone, sync, evening):
    call = sos(phone, people.shift, evening)
    end = cancel(phone, call, evening + 5 * SECOND)
    sync(member, [call, end], evening + MINUTE)
    assert alarm(call).state == "cancelled"


def test_without_a_pin_it_is_only_said_to_be_over_after_that(member, people, phone, sync, evening):
    call = sos(phone, people.shift, evening)
    end = cancel(phone, call, evening + 6 * SECOND)
    sync(member, [call, end], evening + MINUTE)
    assert alarm(call).state == "open" and kinds(alarm(call)) == ["raised", "claimed"]


def test_a_proof_is_worth_nothing_a_second_time(with_pins, people, phone, sync, evening):
    first, second = sos(phone, people.shift), sos(phone, people.shift, evening + SECOND)
    copied = proof(people.member.id, PIN)
    items = [first, second, cancel(phone, first, **copied), cancel(phone, second, **copied)]
    for item in items:
        sync(with_pins, [item], evening + MINUTE)
    assert (alarm(first).state, alarm(second).state) == ("cancelled", "open")


# --- under duress ---------------------------------------------------------------------------------


def seen_outside(client, people):
    """Everything that the phone, the crew and the leaders can read, ids and times of calls left out."""
    since = {"since": "2026-11-24T00:00:00Z"}
    docs = [
        client.get("/api/v1/field/alarms").get_json()["alarms"],
        client.get("/api/v1/field/receipts", query_string=since).get_json()["receipts"],
        client.get("/api/v1/field/plan").get_json()["alarm"],
        alarms_for(people.mate, make.EVENING - timedelta(days=1)),
    ]
    return docs


def flat(value, names):
    text = repr(value)
    for name in names:
        text = text.replace(name, "…")
    return text


def play(with_pins, people, phone, sync, evening, pin):
    call = sos(phone, people.shift, evening)
    end = cancel(phone, call, evening + 30 * SECOND, **proof(people.member.id, pin, "0" * 32))
    answers = [
        sync(with_pins, [call], evening)[call["id"]],
        sync(with_pins, [end], evening + MINUTE)[end["id"]],
    ]
    seen = [answers, *seen_outside(with_pins, people)]
    steps = [(s.kind, s.channel, s.person_id, s.code) for s in db.session.scalars(
        select(AlarmStep).where(AlarmStep.alarm_id == alarm(call).id).order_by(AlarmStep.id))]  # fmt: skip
    return flat([seen, steps], [call["id"], end["id"]])


def test_what_phone_crew_and_leaders_read_is_the_same_with_either_pin(
    with_pins, people, phone, sync, evening, aside
):
    with aside():
        normal = play(with_pins, people, phone, sync, evening, PIN)
        assert not alarms(silent=True)
    with aside():
        duress = play(with_pins, people, phone, sync, evening, DURESS)
        assert len(alarms(silent=True)) == 1
    assert normal == duress and "cancelled" in normal


def test_the_silent_alarm_goes_to_the_township_and_keeps_from_crew_and_leaders(
    with_pins, people, phone, sync, evening
):
    from app.alarms import operations

    make.grant(people.leader, "reviewer", area=people.town.township)  # even if the leader reviews as well
    play(with_pins, people, phone, sync, evening, DURESS)
    (one,) = alarms(silent=True)
    assert {people.member.id, people.mate.id, people.leader.id} <= set(one.kept_from)
    assert operations.watchers(one, 0) == {people.reviewer.id, people.admin.id}
    assert one.position is not None and one.called_at == evening + 30 * SECOND


def test_it_is_raised_once_however_often_the_item_comes(with_pins, people, phone, sync, evening):
    call = sos(phone, people.shift)
    end = cancel(phone, call, **proof(people.member.id, DURESS))
    for n in range(4):
        sync(with_pins, [call, end], evening + n * SECOND)
    assert db.session.scalar(select(func.count()).select_from(Alarm).where(Alarm.silent)) == 1


def test_no_line_of_the_audit_about_it_names_the_member(with_pins, people, phone, sync, evening):
    play(with_pins, people, phone, sync, evening, DURESS)
    lines = db.session.scalars(select(Audit).where(Audit.object_kind == "silent_alarm")).all()
    assert lines and all(line.actor_id is None and line.detail == {} for line in lines)


# --- are you OK? ----------------------------------------------------------------------------------


def say_ok(phone, shift, at=None, **shown):
    return phone.item("ok", {"shift_id": shift.id, **shown}, at)


def test_an_ok_for_a_shift_that_is_not_mine_waits(member, people, phone, sync, evening):
    other = make.make_shift(people.other.team, people.other.route)
    answer = say_ok(phone, other)
    assert sync(member, [answer], evening)[answer["id"]]["reasons"] == ["waiting_for_shift"]


@pytest.mark.parametrize("pin", [PIN, DURESS])
def test_an_ok_with_either_pin_ends_the_alarm_about_silence(with_pins, people, phone, sync, evening, pin):
    from app.alarms import operations

    home = people.town.township.id
    operations.raise_no_answer(home, people.shift.id, people.member.id, evening, evening + 5 * MINUTE)
    db.session.commit()
    answer = say_ok(phone, people.shift, evening + 6 * MINUTE, **proof(people.member.id, pin))
    assert sync(with_pins, [answer], evening + 6 * MINUTE)[answer["id"]]["result"] == "stored"
    assert [one.state for one in alarms(kind="no_answer")] == ["cancelled"]
    assert len(alarms(silent=True)) == (pin == DURESS)


def test_an_ok_under_duress_says_where_and_with_the_other_pin_nobody_learns_it(
    with_pins, people, phone, sync, evening
):
    from app.alarms import queries

    for pin in (PIN, WRONG, DURESS):
        answer = say_ok(phone, people.shift, fix=phone.fix(600, 500), **proof(people.member.id, pin))
        assert sync(with_pins, [answer], evening)[answer["id"]]["result"] == "stored"
    (one,) = alarms()
    called = sos(phone, people.shift)
    sync(with_pins, [called], evening)
    assert one.silent and one.accuracy_m == 8
    assert queries.lon_lat_of(one) == queries.lon_lat_of(alarm(called)) is not None


@pytest.mark.parametrize("fix", [None, 7, {"lon_e7": "here"}, {"lon_e7": 10**10, "lat_e7": 0}])
def test_an_ok_is_not_refused_for_a_position_that_makes_no_sense(
    with_pins, people, phone, sync, evening, fix
):
    answer = say_ok(phone, people.shift, fix=fix, **proof(people.member.id, DURESS))
    assert sync(with_pins, [answer], evening)[answer["id"]]["result"] == "stored"
    (one,) = alarms(silent=True)
    assert one.position is None


def test_an_ok_without_the_right_pin_ends_nothing(with_pins, people, phone, sync, evening):
    from app.alarms import operations

    home = people.town.township.id
    operations.raise_no_answer(home, people.shift.id, people.member.id, evening, evening + 5 * MINUTE)
    db.session.commit()
    answer = say_ok(phone, people.shift, evening + 6 * MINUTE, **proof(people.member.id, WRONG))
    assert sync(with_pins, [answer], evening + 6 * MINUTE)[answer["id"]]["result"] == "stored"
    (one,) = alarms(kind="no_answer")
    assert one.state == "open" and kinds(one) == ["raised", "doubted"]


def test_an_ok_that_was_said_in_time_and_came_late_ends_it(member, people, phone, sync, evening):
    from app.alarms import operations

    home = people.town.township.id
    asked = evening + 30 * MINUTE
    operations.raise_no_answer(home, people.shift.id, people.member.id, asked, asked + 5 * MINUTE)
    db.session.commit()
    answer = say_ok(phone, people.shift, asked - MINUTE)
    sync(member, [answer], asked + timedelta(hours=2))
    assert [one.state for one in alarms(kind="no_answer")] == ["cancelled"]
