"""A crew on the street: the leader's code, members without a phone, the word for the next crew."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

from app.db import db
from app.duty.models import CrewTick, Duty, Handover, Shift
from app.duty.rules import crew_code
from app.field.operations import settle_duty
from app.field.settling import close_forgotten
from app.incentives.models import PointEntry
from tests import make
from tests.phone import Phone

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def start(people):
    return people.shift.starts_at


@pytest.fixture
def lead(people, evening):
    """王队员 is the first of the crew and may show the code."""
    return Phone(people.member, evening)


@pytest.fixture
def aunt(people):
    """In the team, without a phone, and on no roster."""
    person = make.make_person("赵阿姨", people.town.township)
    make.join_team(person, people.town.team, has_phone=False)
    return person


def duty_of(person, shift):
    db.session.expire_all()
    return db.session.scalar(select(Duty).where(Duty.shift_id == shift.id, Duty.person_id == person.id))


def shift_in(caller, shift):
    plan = caller.get("/api/v1/field/plan").get_json()
    return next(s for s in plan["shifts"] if s["id"] == shift.id)


def code_at(shift, at):
    secret = db.session.scalar(select(Shift.crew_secret).where(Shift.id == shift.id))
    return crew_code(bytes(secret), shift.id, at)


def joins(phone, shift, code, at):
    return phone.item("duty.start", {"shift_id": shift.id, "crew_code": code}, at)


def tick(phone, shift, present, at):
    return phone.item("crew.tick", {"shift_id": shift.id, "present": [p.id for p in present]}, at)


def half_points(person):
    rows = db.session.execute(
        select(PointEntry.amount_half, PointEntry.reverses_id).where(PointEntry.person_id == person.id)
    )
    return sum(-amount if reverses else amount for amount, reverses in rows)


# --- the code -------------------------------------------------------------------------------------


def test_only_who_may_show_the_code_has_its_secret(people, as_person, evening):
    seen = {
        who: shift_in(as_person(getattr(people, who)), people.shift)["crew_secret"]
        for who in ("member", "mate", "leader")
    }
    assert seen["member"] == seen["leader"] and len(seen["member"]) == 32
    assert seen["mate"] is None


def test_every_shift_has_a_secret_of_its_own(people, evening):
    make.make_shift(people.town.team, people.town.route, starts_at=make.EVENING + timedelta(days=1))
    secrets = set(db.session.scalars(select(Shift.crew_secret)))
    assert len(secrets) == 2 and all(len(s) == 16 for s in secrets)


def test_a_right_code_marks_the_duty(people, as_person, sync, start):
    phone, at = Phone(people.mate, start), start + 5 * MINUTE
    item = joins(phone, people.shift, code_at(people.shift, at - 2 * MINUTE), at)
    assert sync(as_person(people.mate), [item], at)[item["id"]]["result"] == "stored"
    duty = duty_of(people.mate, people.shift)
    assert duty.with_crew and "crew_code_wrong" not in duty.flags
    crew = {c["person_id"]: c for c in shift_in(as_person(people.member), people.shift)["crew"]}
    assert crew[people.mate.id]["state"] == "on"


def test_a_wrong_code_never_voids_the_start(people, as_person, sync, start):
    phone, at = Phone(people.mate, start), start + 5 * MINUTE
    item = joins(phone, people.shift, f"XC1.{people.shift.id}.000000", at)
    sync(as_person(people.mate), [item, phone.end(people.shift, at + HOUR)], at + HOUR)
    duty = duty_of(people.mate, people.shift)
    assert (duty.state, duty.with_crew, duty.worked_s) == ("ended", False, 3600)
    assert "crew_code_wrong" in duty.flags


def test_a_right_start_beside_a_wrong_one_is_right_in_any_order(people, as_person, sync, start, aside):
    phone, at = Phone(people.mate, start), start + 5 * MINUTE
    wrong = joins(phone, people.shift, "123456", at)
    right = joins(phone, people.shift, code_at(people.shift, at), at + MINUTE)
    for order in permutations([wrong, right]):
        with aside():
            for item in order:
                sync(as_person(people.mate), [item], at + 2 * MINUTE)
            duty = duty_of(people.mate, people.shift)
            assert duty.with_crew and "crew_code_wrong" not in duty.flags


def test_the_code_of_a_phone_with_a_wrong_clock_is_tried_over_what_can_be_proved(
    people, as_person, sync, start
):
    """Offline since before the shift, its clock five hours ahead, sent two hours later."""
    from app.field.anchor import sign_anchor
    from app.gate import settings

    at = start + 5 * MINUTE
    phone = Phone(people.mate, start, off=timedelta(hours=5))
    phone.anchor = sign_anchor(start - HOUR, settings().secret_key)
    item = joins(phone, people.shift, code_at(people.shift, at), at)
    receipt = sync(as_person(people.mate), [item], at + 2 * HOUR)[item["id"]]
    assert receipt["result"] == "stored"
    assert duty_of(people.mate, people.shift).with_crew


def test_a_member_who_is_not_planned_joins_on_the_spot(people, as_person, sync, start):
    extra = make.make_person("周队员", people.town.township)
    make.join_team(extra, people.town.team)
    phone, at = Phone(extra, start), start + 5 * MINUTE
    sync(as_person(extra), [joins(phone, people.shift, code_at(people.shift, at), at)], at)
    duty = duty_of(extra, people.shift)
    assert duty.with_crew and not duty.on_roster
    shown = shift_in(as_person(people.member), people.shift)["crew"][-1]
    assert (shown["name"], shown["planned"], shown["state"]) == ("周队员", False, "on")


def test_a_right_code_lifts_the_flag_of_being_off_the_roster(people, as_person, sync, start):
    from app.checkins.models import Checkin
    from app.routes.models import Checkpoint

    point = db.session.scalar(
        select(Checkpoint.id).where(Checkpoint.route_version_id == people.town.route.id)
    )
    at, reasons = start + 5 * MINUTE, {}
    for name in ("周", "吴"):
        extra = make.make_person(name, people.town.township)
        make.join_team(extra, people.town.team)
        phone = Phone(extra, start)
        code = code_at(people.shift, at) if name == "周" else "000000"
        items = [
            joins(phone, people.shift, code, at),
            phone.checkin(people.shift, point, 101, 500, at + MINUTE),
        ]
        sync(as_person(extra), items, at + 2 * MINUTE)
        reasons[name] = list(db.session.scalar(select(Checkin).where(Checkin.person_id == extra.id)).reasons)
    assert "off_roster" not in reasons["周"] and "off_roster" in reasons["吴"]


# --- without a phone ------------------------------------------------------------------------------


def test_who_was_ticked_gets_the_authors_hours_and_points(people, as_person, sync, lead, aunt, start):
    items = [lead.start(people.shift, start), tick(lead, people.shift, [aunt], start + MINUTE)]
    sync(as_person(people.member), items, start + 2 * MINUTE)
    duty = duty_of(aunt, people.shift)
    assert (duty.state, duty.entered_by, duty.worked_s) == ("on", people.member.id, 0)
    sync(as_person(people.member), [lead.end(people.shift, start + 2 * HOUR)], start + 2 * HOUR)
    duty = duty_of(aunt, people.shift)
    assert (duty.state, duty.started_at, duty.ended_at) == ("attended", start, start + 2 * HOUR)
    assert duty.worked_s == duty_of(people.member, people.shift).worked_s == 7200
    assert half_points(aunt) == 40  # two hours, 10 points each, in half points
    assert duty.flags == ["declared"]


def test_any_order_of_start_ticks_and_end_gives_the_same_attendance(
    people, as_person, sync, lead, aunt, start, aside
):
    items = [
        lead.start(people.shift, start), tick(lead, people.shift, [aunt, people.mate], start + MINUTE),
        tick(lead, people.shift, [aunt], start + 3 * MINUTE), lead.end(people.shift, start + HOUR),
    ]  # fmt: skip
    found = set()
    for order in permutations(items):
        with aside():
            for item in order:
                sync(as_person(people.member), [item], start + HOUR)
            sync(as_person(people.member), list(order), start + HOUR)  # all of it again
            left = [duty_of(p, people.shift) for p in (aunt, people.mate)]
            states = [(d.worked_s, d.started_at is None) if d else (0, True) for d in left]
            found.add((*states, half_points(aunt), half_points(people.mate)))
    assert found == {((3600, False), (0, True), 20, 0)}


def test_unticked_again_the_points_are_taken_back_in_the_open(people, as_person, sync, lead, aunt, start):
    caller = as_person(people.member)
    sync(caller, [lead.start(people.shift, start), tick(lead, people.shift, [aunt], start)], start + MINUTE)
    sync(caller, [lead.end(people.shift, start + HOUR)], start + HOUR)
    assert half_points(aunt) == 20
    sync(caller, [tick(lead, people.shift, [], start + 50 * MINUTE)], start + 2 * HOUR)
    duty = duty_of(aunt, people.shift)
    assert (duty.started_at, duty.worked_s, half_points(aunt)) == (None, 0, 0)
    assert aunt.id not in {c["person_id"] for c in shift_in(caller, people.shift)["crew"]}


def test_a_phone_of_ones_own_stands_before_a_tick_in_any_order(people, as_person, sync, lead, start, aside):
    own = Phone(people.mate, start)
    ticks = [lead.start(people.shift, start), tick(lead, people.shift, [people.mate], start + MINUTE)]
    mine = [own.start(people.shift, start + 10 * MINUTE), own.end(people.shift, start + HOUR)]
    for order in permutations([(people.member, ticks), (people.mate, mine)]):
        with aside():
            for person, items in order:
                sync(as_person(person), items, start + HOUR)
            duty = duty_of(people.mate, people.shift)
            assert (duty.entered_by, duty.tick_id, duty.worked_s) == (None, None, 50 * 60)


def test_what_a_leader_entered_by_hand_stands_before_a_tick(people, as_person, sync, lead, aunt, start):
    from app.duty.attendance import enter_attendance
    from app.teams.scope import scope_of

    enter_attendance(
        people.leader,
        scope_of(people.leader),
        people.shift.id,
        aunt.id,
        start,
        start + HOUR,
        start + 2 * HOUR,
    )
    settle_duty(people.shift.township_id, duty_of(aunt, people.shift).id, start + 2 * HOUR)
    caller = as_person(people.member)
    for present in ([aunt], []):
        at = start + (90 if present else 100) * MINUTE
        items = [lead.start(people.shift, start), tick(lead, people.shift, present, at)]
        sync(caller, items, start + 2 * HOUR)
        assert duty_of(aunt, people.shift).worked_s == 3600


def test_who_does_not_lead_the_crew_cannot_tick(people, as_person, sync, aunt, start):
    phone = Phone(people.mate, start)
    item = tick(phone, people.shift, [aunt], start)
    receipts = sync(as_person(people.mate), [phone.start(people.shift, start), item], start + MINUTE)
    assert (receipts[item["id"]]["result"], receipts[item["id"]]["reasons"]) == (
        "rejected",
        ["not_crew_leader"],
    )
    assert duty_of(aunt, people.shift) is None


def test_a_member_with_a_phone_who_is_not_planned_and_a_stranger_are_not_ticked(
    people, as_person, sync, lead, start
):
    extra = make.make_person("周队员", people.town.township)
    make.join_team(extra, people.town.team)
    items = [lead.start(people.shift, start), tick(lead, people.shift, [extra, people.outsider], start)]
    sync(as_person(people.member), items, start + MINUTE)
    assert db.session.scalar(select(CrewTick)).present == []
    assert duty_of(extra, people.shift) is None and duty_of(people.outsider, people.shift) is None


def test_a_tick_waits_for_its_authors_start(people, as_person, sync, lead, aunt, start):
    caller = as_person(people.member)
    item = tick(lead, people.shift, [aunt], start + MINUTE)
    receipt = sync(caller, [item], start + 2 * MINUTE)[item["id"]]
    assert (receipt["result"], receipt["reasons"]) == ("held", ["waiting_for_start"])
    sync(caller, [lead.start(people.shift, start)], start + 3 * MINUTE)
    assert duty_of(aunt, people.shift).started_at == start
    assert sync(caller, [item], start + 4 * MINUTE)[item["id"]]["result"] == "duplicate"


def test_a_tick_for_another_townships_shift_waits_like_one_for_none(people, as_person, sync, start, lead):
    other = make.make_shift(people.other.team, people.other.route, [people.outsider])
    item = tick(lead, other, [people.outsider], start)
    assert sync(as_person(people.member), [item], start)[item["id"]]["reasons"] == ["waiting_for_start"]


@pytest.mark.parametrize("present", [None, "all", [0], ["1"], list(range(1, 22))])
def test_a_tick_of_a_bad_shape_is_not_taken(people, as_person, sync, lead, start, present):
    item = lead.item("crew.tick", {"shift_id": people.shift.id, "present": present}, start)
    assert sync(as_person(people.member), [item], start)[item["id"]]["reasons"] == ["malformed_body"]


# --- a forgotten end ------------------------------------------------------------------------------


def test_a_forgotten_end_closes_the_ticked_too_and_the_plan_says_so(
    people, as_person, sync, lead, aunt, start, at
):
    caller = as_person(people.member)
    sync(caller, [lead.start(people.shift, start), tick(lead, people.shift, [aunt], start)], start + MINUTE)
    now = at(people.shift.ends_at + 61 * MINUTE)
    close_forgotten(now)
    db.session.commit()
    duty = shift_in(caller, people.shift)["duty"]
    assert duty["state"] == "ended" and "forgotten_end" in duty["flags"]
    assert (duty["minutes"], duty["points_pending"]) == (180, 35)  # 3 h, one of them after 22:00
    assert duty_of(aunt, people.shift).worked_s == 3 * 3600


# --- handover -------------------------------------------------------------------------------------


def says(phone, shift, at, **more):
    return phone.item("handover", {"shift_id": shift.id, "phrase": "light_out", **more}, at)


def later_shift(people, hours):
    return make.make_shift(
        people.town.team, people.town.route, [people.mate], starts_at=make.EVENING + timedelta(hours=hours)
    )


def test_the_next_shift_on_the_route_shows_what_the_crew_before_said(people, as_person, sync, lead, start):
    soon, far = later_shift(people, 20), later_shift(people, 40)
    at = start + 3 * HOUR
    items = [
        says(lead, people.shift, at, text="第三根灯杆"),
        says(lead, people.shift, at + MINUTE, text="东门"),
    ]
    sync(as_person(people.member), items, at + MINUTE)
    note = shift_in(as_person(people.mate), soon)["handover"]
    assert (note["phrase"], note["text"], note["by_team"]) == ("light_out", "东门", people.town.team.name)
    assert shift_in(as_person(people.mate), far)["handover"] is None
    assert shift_in(as_person(people.member), people.shift)["handover"] is None


def test_the_words_of_a_handover_go_after_90_days_and_the_phrase_stays(people, as_person, sync, lead, start):
    from app.duty.crews import forget_words

    sync(as_person(people.member), [says(lead, people.shift, start, text="东门")], start)
    assert forget_words(people.shift.township_id, start) == 0
    assert forget_words(people.shift.township_id, start + MINUTE) == 1
    db.session.expire_all()
    note = db.session.scalar(select(Handover))
    assert (note.text, note.phrase) == (None, "light_out")


@pytest.mark.parametrize("bad", [{"phrase": "Free words"}, {"text": "x" * 281}, {"phrase": None}])
def test_a_handover_of_a_bad_shape_is_not_taken(people, as_person, sync, lead, start, bad):
    item = says(lead, people.shift, start, **bad)
    assert sync(as_person(people.member), [item], start)[item["id"]]["reasons"] == ["malformed_body"]


def test_a_handover_for_a_shift_of_others_waits(people, as_person, sync, lead, start):
    other = make.make_shift(people.other.team, people.other.route, [people.outsider])
    item = says(lead, other, start)
    assert sync(as_person(people.member), [item], start)[item["id"]]["result"] == "held"
    assert db.session.scalar(select(Handover)) is None
