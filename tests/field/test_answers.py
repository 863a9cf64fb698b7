"""A member's answer to a verdict: kept, shown to the leader, decided once; any order, the same state."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.checkins import board
from app.checkins.answers import answers_on, duty_answers
from app.checkins.models import Answer, Checkin
from app.db import db
from app.duty.models import Duty
from app.errors import DomainError, NotFound
from app.field.models import ItemState
from app.field.reviewing import review_checkin, see_answer
from app.routes.models import Checkpoint
from app.teams.scope import scope_of
from tests import make
from tests.field.forgetful import open_town, patrol
from tests.phone import Phone

MINUTE = timedelta(minutes=1)
AT = make.EVENING + 10 * MINUTE


@pytest.fixture
def point(people):
    route = people.town.route.id
    return db.session.scalar(
        select(Checkpoint).where(Checkpoint.route_version_id == route).order_by(Checkpoint.seq).limit(1)
    )


@pytest.fixture
def items(people, phone, point):
    """A start, a check-in 86 m off (not counted), and the contest of it."""
    start = phone.start(people.shift, make.EVENING)
    checkin = phone.checkin(people.shift, point.id, 100, 586, AT)
    return {"start": start, "checkin": checkin, "answer": contest(phone, checkin, AT + MINUTE)}


def contest(phone, about, at, phrase="was_there", **more):
    return phone.item("answer", {"item_id": about["id"], "phrase": phrase, **more}, at)


def state(item):
    return db.session.scalar(
        select(ItemState).where(ItemState.id == item["id"]).execution_options(populate_existing=True)
    )


def checkin_of(item):
    return db.session.scalar(
        select(Checkin).where(Checkin.id == item["id"]).execution_options(populate_existing=True)
    )


def answer_of(item):
    return db.session.scalar(
        select(Answer).where(Answer.id == item["id"]).execution_options(populate_existing=True)
    )


def decide(people, item, decision, now, reason=None, **more):
    found = review_checkin(people.leader, scope_of(people.leader), item["id"], decision, reason, now, **more)
    db.session.commit()
    return found


@pytest.fixture
def contested(people, items, sync, as_person):
    receipts = sync(as_person(people.member), list(items.values()), AT + 2 * MINUTE)
    assert receipts[items["checkin"]["id"]]["verdict"] == "not_counted"
    assert receipts[items["answer"]["id"]]["result"] == "stored"
    return items


def test_a_contested_check_in_is_in_the_leaders_queue(people, contested):
    queue = board.held_checkins(scope_of(people.leader))
    assert [str(one.id) for one in queue] == [contested["checkin"]["id"]]
    assert board.waiting_count(scope_of(people.leader)) == 1
    assert board.other_checkins(scope_of(people.leader), AT + 3 * MINUTE) == []
    assert [a.phrase for a in answers_on(queue[0].checkin)] == ["was_there"]


def test_without_a_contest_it_is_not(people, items, sync, as_person):
    sync(as_person(people.member), [items["start"], items["checkin"]], AT + 2 * MINUTE)
    assert board.held_checkins(scope_of(people.leader)) == []


@pytest.mark.parametrize(("decision", "reason"), [("counted", None), ("not_counted", "returned_not_there")])
def test_the_decision_closes_it_and_reaches_the_member(people, contested, as_person, at, decision, reason):
    at(AT + 5 * MINUTE)
    decide(people, contested["checkin"], decision, AT + 5 * MINUTE, reason)
    answer = answer_of(contested["answer"])
    assert (answer.outcome, answer.closed_by) == (decision, people.leader.id)
    assert board.held_checkins(scope_of(people.leader)) == []
    receipts = (
        as_person(people.member)
        .get("/api/v1/field/receipts?since=2026-11-24T12:14:00Z")
        .get_json()["receipts"]
    )
    found = {r["id"]: (r["verdict"], r["reasons"][-1:]) for r in receipts}
    last = [reason] if reason else ["too_far_from_checkpoint"]
    assert found[contested["checkin"]["id"]] == (decision, last)
    assert found[contested["answer"]["id"]] == (decision, [reason] if reason else [])


def test_what_was_decided_is_final_until_something_new_is_said(people, contested, phone, sync, as_person):
    decide(people, contested["checkin"], "not_counted", AT + 5 * MINUTE, "returned_not_there")
    again = contest(phone, contested["checkin"], AT + 20 * MINUTE, "other", text="灯杆旁边，有同事看到")
    sync(as_person(people.member), [contested["answer"], again], AT + 21 * MINUTE)
    queue = board.held_checkins(scope_of(people.leader))
    assert [str(one.id) for one in queue] == [contested["checkin"]["id"]]
    said = answers_on(queue[0].checkin)
    assert [(a.phrase, a.closed_at is None) for a in said] == [("other", True), ("was_there", False)]
    seen = checkin_of(contested["checkin"]).reviewed_at
    decide(people, contested["checkin"], "not_counted", AT + 30 * MINUTE, "returned_not_there", seen=seen)
    assert answer_of(again).outcome == "not_counted" and board.held_checkins(scope_of(people.leader)) == []


def test_one_answer_is_open_and_the_later_one_stays(people, contested, phone, sync, as_person):
    later = contest(phone, contested["checkin"], AT + 9 * MINUTE, "gps_bad")
    earlier = contest(phone, contested["checkin"], AT + 3 * MINUTE, "other")
    caller = as_person(people.member)
    for _ in range(2):
        sync(caller, [later], AT + 10 * MINUTE)
        sync(caller, [earlier], AT + 11 * MINUTE)
    outcomes = [answer_of(item).outcome for item in (contested["answer"], earlier, later)]
    assert outcomes == ["newer", "newer", None]


def test_a_reply_to_a_remark_brings_a_counted_one_to_the_leader(people, phone, point, sync, as_person):
    checkin = phone.checkin(people.shift, point.id, 105, 500, AT, age_ms=90_000)
    items = [
        phone.start(people.shift, make.EVENING),
        checkin,
        contest(phone, checkin, AT + MINUTE, "gps_bad"),
    ]
    receipts = sync(as_person(people.member), items, AT + 2 * MINUTE)
    assert receipts[checkin["id"]]["reasons"] == ["old_fix"]
    assert len(board.held_checkins(scope_of(people.leader))) == 1
    decide(people, checkin, "counted", AT + 5 * MINUTE)
    assert board.held_checkins(scope_of(people.leader)) == []


def test_any_order_ends_in_the_same_state(people, items, sync, as_person, aside):
    found = []
    for seed in range(6):
        with aside():
            order = random.Random(seed).sample(list(items.values()), 3)
            for item in order:
                sync(as_person(people.member), [item], AT + 2 * MINUTE)
            found.append([(state(i).result, state(i).verdict, state(i).reasons) for i in items.values()])
            assert len(board.held_checkins(scope_of(people.leader))) == 1
    assert all(one == found[0] for one in found)
    assert [one[0] for one in found[0]] == ["stored"] * 3


def test_what_is_answered_must_be_ones_own(people, contested, sync, as_person):
    mate = Phone(people.mate, AT)
    theirs = contest(mate, contested["checkin"], AT)
    nothing = contest(mate, {"id": "0193f0a0-0000-7000-8000-000000000000"}, AT)
    receipts = sync(as_person(people.mate), [theirs, nothing], AT + 3 * MINUTE)
    assert [receipts[i["id"]]["reasons"] for i in (theirs, nothing)] == [["waiting_for_item"]] * 2
    assert answer_of(theirs) is None


@pytest.mark.parametrize(
    "body", [{}, {"phrase": "was_there"}, {"item_id": "x", "phrase": "y"}, {"phrase": "", "text": "z" * 281}]
)
def test_a_bad_answer_is_rejected_for_itself_alone(people, items, phone, sync, as_person, body):
    bad = phone.item("answer", {"item_id": items["checkin"]["id"], **body} if "text" in body else body, AT)
    receipts = sync(as_person(people.member), [items["start"], bad, items["checkin"]], AT + 2 * MINUTE)
    assert receipts[bad["id"]]["result"] == "rejected"
    assert receipts[items["checkin"]["id"]]["result"] == "stored"


# --- about a duty ---------------------------------------------------------------------------------


@pytest.fixture
def about_duty(people, items, phone, sync, as_person):
    answer = contest(phone, items["start"], AT + MINUTE, "forgot_to_end", text="21:40 就回家了")
    sync(as_person(people.member), [items["start"], answer], AT + 2 * MINUTE)
    return answer


def test_an_answer_about_a_duty_stands_on_its_shift(people, about_duty):
    found = duty_answers(scope_of(people.leader), people.shift.id)
    assert [(shift, a.phrase, a.about, name) for shift, a, name in found] == [
        (people.shift.id, "forgot_to_end", "duty", "王队员")
    ]
    assert board.held_checkins(scope_of(people.leader)) == []


def test_the_leader_has_read_it_and_the_member_hears_so(people, about_duty):
    for _ in range(2):
        see_answer(people.leader, scope_of(people.leader), answer_of(about_duty).id, AT + 5 * MINUTE)
    assert answer_of(about_duty).outcome == "seen" and state(about_duty).reasons == ["answer_seen"]
    assert duty_answers(scope_of(people.leader), people.shift.id) == []


def test_the_other_townships_leader_reads_and_closes_nothing(people, about_duty):
    stranger = make.make_person("外镇队长", people.other.township)
    make.grant(stranger, "leader", team=people.other.team)
    with pytest.raises(NotFound):
        see_answer(stranger, scope_of(stranger), answer_of(about_duty).id, AT)


def test_ones_own_answer_is_read_by_somebody_else(people, about_duty):
    make.grant(people.member, "leader", team=people.town.team)
    with pytest.raises(DomainError, match="not_your_own"):
        see_answer(people.member, scope_of(people.member), answer_of(about_duty).id, AT)


# --- how long -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ground():
    with open_town() as found:
        yield found


@pytest.fixture
def town(ground, at):
    ground.owner.execute("DELETE FROM answers")
    ground.begin_anew(at)
    yield ground
    db.session.rollback()


@pytest.fixture
def contested_patrol(town):
    """A patrol with one check-in more, too far off, and its contest."""
    member = town.people.member
    items = patrol(town, member)
    phone = Phone(member, town.starts_at)
    checkpoint_id = items[2]["body"]["checkpoint_id"]
    far = phone.checkin(town.people.shift, checkpoint_id, 500, 505, town.starts_at + 17 * MINUTE)
    answer = contest(phone, far, town.starts_at + 62 * MINUTE, text="雨大，走不过去")
    receipts = town.send(member, [*items, far, answer], town.starts_at + 63 * MINUTE)
    assert receipts[-2]["verdict"] == "not_counted" and receipts[-1]["result"] == "stored"
    return far


def test_a_contest_keeps_the_position_90_days(town, contested_patrol):
    town.forget(31)
    assert town.count("checkins", "position IS NOT NULL") == 4 and town.count("segments") > 0
    town.forget(91)
    assert town.count("checkins", "position IS NOT NULL") == 0 and town.count("segments") == 0


def test_a_decided_contest_keeps_nothing_longer_and_its_words_90_days(town, contested_patrol):
    leader, now = town.people.leader, town.starts_at + timedelta(days=2)
    review_checkin(leader, scope_of(leader), contested_patrol["id"], "not_counted", "returned_not_there", now)
    db.session.commit()
    town.forget(31)
    assert town.count("checkins", "position IS NOT NULL") == 0
    assert town.count("answers", "text IS NOT NULL") == 1
    town.forget(91)
    assert town.count("answers", "text IS NOT NULL") == 1
    town.forget(93)
    assert (
        town.count("answers", "text IS NOT NULL") == 0 and town.count("answers", "phrase = 'was_there'") == 1
    )


def test_words_that_nobody_has_read_stay(town, contested_patrol):
    town.forget(200)
    assert town.count("answers", "text IS NOT NULL") == 1
    assert db.session.scalar(select(Duty.id).limit(1)) is not None
