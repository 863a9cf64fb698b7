"""When an item counts: wrong clocks, brackets, and what a machine flags for a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.checkins.models import Checkin
from app.clock import rfc3339
from app.db import db
from app.duty.models import Duty, DutyEvent
from tests import make
from tests.field.test_sync import checkpoint_ids, patrol, presence
from tests.phone import Phone

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def started(people, as_person, sync, phone, evening):
    """The member on duty; answers the signed-in client."""
    caller = as_person(people.member)
    sync(caller, [phone.start(people.shift, evening)], evening)
    return caller


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_phone_whose_clock_is_wrong_is_corrected_by_its_drift(people, as_person, sync, aside, hours):
    shift, at0 = people.shift, people.shift.starts_at
    with aside():
        sync(as_person(people.mate), patrol(Phone(people.mate, at0), people), at0 + 61 * MINUTE)
        right = presence()
    other = Phone(people.mate, at0, off=timedelta(hours=hours))
    wrong = patrol(other, people)
    now = at0 + 61 * MINUTE
    receipts = sync(as_person(people.mate), wrong, now, sent_at=now + other.off)
    checkins = [receipts[i["id"]] for i in wrong if i["kind"] == "checkin"]
    assert {r["verdict"] for r in checkins} == {"counted"}
    assert all("clock_corrected" in r["reasons"] for r in checkins)
    assert receipts[wrong[0]["id"]]["effective_at"] == rfc3339(at0)
    duty = db.session.scalar(select(Duty).where(Duty.person_id == people.mate.id))
    assert duty.worked_s == 3600
    assert presence() == right
    assert shift.id == duty.shift_id


def test_a_single_item_with_a_wrong_clock_is_clamped_and_held(people, phone, sync, started, evening):
    a, *_ = checkpoint_ids(people)
    phone.off = 5 * HOUR
    item = phone.checkin(people.shift, a, 100, 500, evening + 5 * MINUTE)
    now = evening + 6 * MINUTE
    receipt = sync(started, [item], now)[item["id"]]
    assert receipt["verdict"] == "held" and "time_bracket_only" in receipt["reasons"]
    assert receipt["effective_at"] == rfc3339(now)


def test_the_anchor_keeps_a_claim_from_being_older_than_it_says(
    people, phone, sync, started, evening, client, at
):
    a, *_ = checkpoint_ids(people)
    at(evening + 30 * MINUTE)
    phone.anchor = started.get("/api/v1/session").headers["X-Xunfang-Anchor"]
    item = phone.checkin(people.shift, a, 100, 500, evening + MINUTE)
    receipt = sync(started, [item], evening + 31 * MINUTE)[item["id"]]
    assert receipt["effective_at"] == rfc3339(evening + 30 * MINUTE)
    assert "time_bracket_only" in receipt["reasons"]


def test_a_foreign_anchor_is_no_anchor(people, phone, sync, started, evening):
    a, *_ = checkpoint_ids(people)
    phone.anchor = "v1.1900000000000.00000000000000000000000000000000"
    item = phone.checkin(people.shift, a, 100, 500, evening + MINUTE)
    receipt = sync(started, [item], evening + 2 * MINUTE)[item["id"]]
    assert receipt["verdict"] == "counted"


def test_out_of_range_is_not_counted_and_says_the_figures(people, phone, sync, started, evening):
    a, *_ = checkpoint_ids(people)
    item = phone.checkin(people.shift, a, 186, 500, evening + MINUTE, accuracy_m=50)
    receipt = sync(started, [item], evening + 2 * MINUTE)[item["id"]]
    assert (receipt["verdict"], receipt["reasons"]) == ("not_counted", ["too_far_from_checkpoint"])
    row = db.session.scalar(select(Checkin))
    assert row.distance_m == pytest.approx(86, abs=0.2) and row.accuracy_m == 50


def test_a_weak_signal_gives_thirty_metres_and_no_more(people, phone, sync, started, evening):
    a, *_ = checkpoint_ids(people)
    near = phone.checkin(people.shift, a, 169, 500, evening + MINUTE, accuracy_m=90)
    far = phone.checkin(people.shift, a, 171, 500, evening + 3 * MINUTE, accuracy_m=90)
    receipts = sync(started, [near, far], evening + 4 * MINUTE)
    assert receipts[near["id"]]["verdict"] == "counted"
    assert receipts[far["id"]]["verdict"] == "not_counted"


def test_a_teleport_is_held_with_the_reason_whichever_comes_first(people, phone, sync, started, evening):
    a, _, c = checkpoint_ids(people)
    first = phone.checkin(people.shift, a, 100, 500, evening + 5 * MINUTE)
    second = phone.checkin(people.shift, c, 1100, 500, evening + 5 * MINUTE + timedelta(seconds=10))
    sync(started, [second], evening + 6 * MINUTE)
    sync(started, [first], evening + 6 * MINUTE)
    receipts = sync(started, [first, second], evening + 7 * MINUTE)
    assert {(r["verdict"], *r["reasons"]) for r in receipts.values()} == {("held", "impossible_speed")}


def test_before_the_start_and_after_the_end_is_held_for_a_person(people, phone, sync, started, evening):
    a, b, _ = checkpoint_ids(people)
    end = phone.end(people.shift, evening + 30 * MINUTE)
    late = phone.checkin(people.shift, b, 600, 500, evening + 50 * MINUTE)
    in_grace = phone.checkin(people.shift, a, 100, 500, evening + 44 * MINUTE)
    receipts = sync(started, [end, late, in_grace], evening + HOUR)
    assert (receipts[late["id"]]["verdict"], receipts[late["id"]]["reasons"]) == ("held", ["not_on_duty"])
    assert receipts[in_grace["id"]]["verdict"] == "counted"


def test_two_phones_with_one_series_of_coordinates_are_both_held(
    people, as_person, phone, sync, started, evening
):
    a, b, _ = checkpoint_ids(people)
    spots = [(a, 103, 507, 5), (b, 604, 493, 15)]
    mine = [phone.checkin(people.shift, c, x, y, evening + m * MINUTE) for c, x, y, m in spots]
    sync(started, mine, evening + 20 * MINUTE)
    copier = Phone(people.mate, evening)
    theirs = [copier.checkin(people.shift, c, x, y, evening + (m + 1) * MINUTE) for c, x, y, m in spots]
    sync(as_person(people.mate), [copier.start(people.shift, evening), *theirs], evening + 20 * MINUTE)
    rows = db.session.execute(select(Checkin.verdict, Checkin.reasons)).all()
    assert len(rows) == 4
    assert all(v == "held" and "shared_coordinates" in r for v, r in rows)


def test_a_forgotten_end_is_closed_at_the_planned_end(people, phone, sync, started, evening, at):
    from app.field.settling import close_forgotten

    close_forgotten(at(people.shift.ends_at + 61 * MINUTE))
    duty = db.session.scalar(select(Duty))
    assert duty.ended_at == people.shift.ends_at and "forgotten_end" in duty.flags and duty.state == "ended"


def test_arrive_and_leave_are_a_pair_and_one_alone_never_becomes_minutes(
    people, phone, sync, started, evening
):
    spot = people.town.hotspot.id
    arrive = phone.at_hotspot(people.shift, spot, "arrive", 400, 500, evening + 10 * MINUTE)
    leave = phone.at_hotspot(people.shift, spot, "leave", 410, 505, evening + 24 * MINUTE)
    sync(started, [arrive], evening + 11 * MINUTE)
    assert presence()[2] == []
    sync(started, [leave], evening + 25 * MINUTE)
    ((place, grade, during),) = presence()[2]
    assert (int(place), grade) == (spot, "pair")
    assert "12, 10" in during and "12, 24" in during


def test_two_who_stand_exactly_on_the_checkpoints_are_no_copies(
    people, as_person, phone, sync, started, evening
):
    a, b, _ = checkpoint_ids(people)
    spots = [(a, 100, 500, 5), (b, 600, 500, 15)]
    mine = [phone.checkin(people.shift, c, x, y, evening + m * MINUTE) for c, x, y, m in spots]
    mate = Phone(people.mate, evening)
    theirs = [mate.checkin(people.shift, c, x, y, evening + m * MINUTE) for c, x, y, m in spots]
    sync(started, mine, evening + 20 * MINUTE)
    sync(as_person(people.mate), [mate.start(people.shift, evening), *theirs], evening + 20 * MINUTE)
    assert set(db.session.scalars(select(Checkin.verdict))) == {"counted"}


@pytest.mark.parametrize(
    ("where", "since", "quality"),
    [
        (None, 0, "corrected"), ("town", 0, "good"), ("county", 0, "good"), ("other", 0, "corrected"),
        ("town", 1, "corrected"),
    ],
)  # fmt: skip
def test_how_much_a_clock_may_be_off_is_the_townships_own_number_on_that_day(
    people, phone, sync, started, evening, where, since, quality
):
    if where:
        area = {"town": people.town.township, "other": people.other.township, "county": people.county}[where]
        make.make_policy(area, "field", {"drift_tolerance_s": 600}, make.DAY + timedelta(days=since))
    phone.off = -5 * MINUTE
    now = evening + 10 * MINUTE
    item = phone.mark("pause", people.shift, now - MINUTE)
    sync(started, [item], now, sent_at=now + phone.off)
    assert db.session.scalar(select(DutyEvent.time_quality).where(DutyEvent.kind == "pause")) == quality
