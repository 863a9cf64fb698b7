"""POST /api/v1/field/sync: one receipt per item, safe to repeat, any order, the same state."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.checkins.models import Checkin
from app.coverage.models import PlacePresence, RoutePresence, StreetPresence
from app.db import db
from app.duty.models import Duty
from app.field.models import InboxItem, QuarantineItem
from app.incentives.models import PointEntry
from app.routes.models import Checkpoint
from tests.phone import Phone, cut_up, walk

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def checkpoint_ids(people):
    rows = db.session.scalars(
        select(Checkpoint.id)
        .where(Checkpoint.route_version_id == people.town.route.id)
        .order_by(Checkpoint.seq)
    )
    return list(rows)


def patrol_track(people):
    """The route at 1 m/s with eleven minutes at x = 400, inside the hotspot."""
    at0 = people.shift.starts_at
    track = walk([(100, 500), (400, 500)], at0, 1.0)
    stay = [(400, 500, at0 + timedelta(seconds=300 + 60 * n)) for n in range(1, 12)]
    onward = walk([(400, 500), (1100, 500)], stay[-1][2], 1.0)
    return [*track, *stay, *onward[1:]]


def patrol(phone: Phone, people, size: int = 40):
    """Start, three check-ins, the whole route walked, eleven minutes in the hotspot on the way, end after an hour."""
    shift, at0 = people.shift, people.shift.starts_at
    a, b, c = checkpoint_ids(people)
    fixes = patrol_track(people)
    return [
        phone.start(shift, at0),
        phone.checkin(shift, a, 105, 500, at0 + timedelta(seconds=10)),
        phone.checkin(shift, b, 596, 503, at0 + timedelta(seconds=1160)),
        phone.checkin(shift, c, 1101, 498, fixes[-1][2]),
        *[phone.segment(shift, part) for part in cut_up(fixes, size)],
        phone.end(shift, at0 + HOUR),
    ]


def presence():
    """What was walked and attended, in a form that does not know ids of items."""
    streets = db.session.execute(
        select(func.bit_count(StreetPresence.bits), StreetPresence.bits, StreetPresence.hour).order_by(
            StreetPresence.hour
        )
    )
    route = db.session.execute(select(RoutePresence.bits, RoutePresence.hour).order_by(RoutePresence.hour))
    places = db.session.execute(
        select(PlacePresence.place_id, PlacePresence.grade, PlacePresence.during).order_by(
            PlacePresence.place_id, PlacePresence.grade
        )
    )
    return [[tuple(map(str, row)) for row in rows] for rows in (streets, route, places)]


def outcome():
    """Everything that follows from items, in a comparable form."""
    checkins = db.session.execute(
        select(Checkin.checkpoint_id, Checkin.verdict, Checkin.reasons, Checkin.evidence_level).order_by(
            Checkin.id
        )
    )
    duty = db.session.execute(select(Duty.state, Duty.started_at, Duty.ended_at, Duty.worked_s, Duty.flags))
    credit = func.sum(PointEntry.amount_half).filter(PointEntry.credit_account.like("person:%"))
    debit = func.coalesce(
        func.sum(PointEntry.amount_half).filter(PointEntry.debit_account.like("person:%")), 0
    )
    points = db.session.execute(
        select(PointEntry.rule, credit - debit).group_by(PointEntry.rule).order_by("rule")
    )
    return {
        "presence": presence(),
        "checkins": [str(tuple(row)) for row in checkins],
        "duty": [str(tuple(row)) for row in duty],
        "points": {rule: int(half or 0) for rule, half in points if half},
    }


def test_a_patrol_is_stored_counted_and_priced(people, as_person, sync, phone):
    items = patrol(phone, people)
    receipts = sync(as_person(people.member), items, people.shift.starts_at + 61 * MINUTE)
    assert {r["result"] for r in receipts.values()} == {"stored"}
    assert [receipts[i["id"]]["verdict"] for i in items if i["kind"] == "checkin"] == ["counted"] * 3
    duty = db.session.scalar(select(Duty))
    assert duty.state == "ended" and duty.worked_s == 3600
    assert all(bits.count("1") for bits, _ in presence()[1])
    assert outcome()["points"] == {"base": 20, "all_checkpoints": 20, "hotspot_visits": 6}
    stay = db.session.scalar(select(PlacePresence.during))
    minutes = sum((r.upper - r.lower).total_seconds() for r in stay) / 60
    assert minutes == pytest.approx(11 + 100 / 60, abs=0.1)


def test_the_same_batch_again_answers_only_duplicate(people, as_person, sync, phone):
    items = patrol(phone, people)
    caller = as_person(people.member)
    now = people.shift.starts_at + 61 * MINUTE
    first = sync(caller, items, now)
    before, walked = outcome(), lengths()
    entries = db.session.scalar(select(func.count()).select_from(PointEntry))
    again = sync(caller, items, now + 5 * MINUTE)
    assert {r["result"] for r in again.values()} == {"duplicate"}
    assert [r["verdict"] for r in again.values()] == [r["verdict"] for r in first.values()]
    assert outcome() == before
    assert db.session.scalar(select(func.count()).select_from(PointEntry)) == entries
    # Nothing was judged once more: no receipt is news, and the way is no longer.
    assert [r["changed_at"] for r in again.values()] == [r["changed_at"] for r in first.values()]
    assert lengths() == walked and walked[0] > 0


def lengths():
    """What is summed up while segments come: fixes, metres, metres along the route."""
    return tuple(db.session.execute(select(Duty.fixes, Duty.track_m, Duty.near_m)).one())


@pytest.mark.parametrize("order", ["backwards", "end_first", "one_by_one_backwards", "shuffled_halves"])
def test_any_order_ends_in_the_same_state(people, as_person, sync, phone, aside, order):
    now = people.shift.starts_at + 61 * MINUTE
    items = patrol(phone, people, size=15)
    batches = {
        "backwards": [items[::-1]],
        "end_first": [items[-1:], items[:-1]],
        "one_by_one_backwards": [[item] for item in reversed(items)],
        "shuffled_halves": halves(items),
    }[order]
    caller = as_person(people.member)
    with aside():
        sync(caller, items, now)
        straight = outcome()
    assert db.session.scalar(select(func.count()).select_from(InboxItem)) == 0
    for batch in batches:
        sync(caller, batch, now)
    assert outcome() == straight


def halves(items):
    mixed = items[:]
    random.Random(7).shuffle(mixed)
    return [mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]]


@pytest.mark.parametrize("size", [2, 3, 5, 17, 60])
def test_the_size_of_segments_changes_nothing(people, as_person, sync, phone, aside, size):
    now = people.shift.starts_at + 61 * MINUTE
    caller = as_person(people.member)
    fixes = patrol_track(people)
    sync(caller, [phone.start(people.shift, people.shift.starts_at)], now)
    with aside():
        sync(caller, [phone.segment(people.shift, fixes)], now)
        whole = presence()
    parts = [phone.segment(people.shift, part) for part in cut_up(fixes, size)]
    random.Random(size).shuffle(parts)
    for n in range(0, len(parts), 50):
        sync(caller, parts[n : n + 50], now)
    for n in range(0, len(parts), 50):
        sync(caller, parts[n : n + 50], now)
    assert presence() == whole


def test_a_late_pause_takes_its_time_out_of_presence(people, as_person, sync, phone):
    shift, at0 = people.shift, people.shift.starts_at
    caller = as_person(people.member)
    items = patrol(phone, people)
    sync(caller, items, at0 + 61 * MINUTE)
    before = presence()
    sync(
        caller,
        [phone.mark("pause", shift, at0 + 4 * MINUTE), phone.mark("resume", shift, at0 + 17 * MINUTE)],
        at0 + 2 * HOUR,
    )
    after = presence()
    assert after[2] == [] and before[2] != []
    assert after[1][0][0].count("1") < before[1][0][0].count("1")
    assert "hotspot_visits" not in outcome()["points"]
    assert outcome()["points"]["base"] == 15  # 47 minutes are three steps of fifteen


def test_what_comes_before_its_start_waits_and_is_judged_with_it(people, as_person, sync, phone):
    shift, at0 = people.shift, people.shift.starts_at
    a, *_ = checkpoint_ids(people)
    start = phone.start(shift, at0)
    checkin = phone.checkin(shift, a, 100, 500, at0 + MINUTE)
    end = phone.end(shift, at0 + HOUR)
    caller = as_person(people.member)
    held = sync(caller, [checkin, end], at0 + 2 * MINUTE)
    assert {(r["result"], *r["reasons"]) for r in held.values()} == {("held", "waiting_for_start")}
    sync(caller, [start], at0 + HOUR)
    again = sync(caller, [checkin, end], at0 + HOUR)
    assert again[checkin["id"]]["verdict"] == "counted"
    assert {r["result"] for r in again.values()} == {"duplicate"}


def test_another_content_under_a_known_id_is_a_conflict_and_the_first_stays(people, as_person, sync, phone):
    shift, at0 = people.shift, people.shift.starts_at
    caller = as_person(people.member)
    first = phone.start(shift, at0)
    sync(caller, [first], at0)
    other = phone.item("duty.start", {"shift_id": shift.id, "fix": phone.fix(0, 0)}, at0, id=first["id"])
    receipt = sync(caller, [other], at0)[first["id"]]
    assert (receipt["result"], receipt["reasons"]) == ("conflict", ["id_taken"])
    kept = db.session.scalar(select(QuarantineItem))
    assert kept.code == "conflict" and kept.item_id == first["id"]
    assert db.session.scalar(select(InboxItem.body)) == first["body"]


def test_an_id_of_another_township_stays_there(people, as_person, sync, phone, evening):
    item = phone.start(people.shift, evening)
    sync(as_person(people.member), [item], evening)
    stranger = Phone(people.outsider, evening)
    theirs = stranger.item("note", {"phrase": "all_quiet"}, evening, id=item["id"])
    receipt = sync(as_person(people.outsider), [theirs], evening)[item["id"]]
    assert receipt["result"] == "conflict" and receipt["verdict"] is None and receipt["effective_at"] is None
    assert db.session.scalar(select(func.count()).select_from(InboxItem)) == 1


def test_a_poison_item_never_holds_back_the_rest(people, as_person, sync, phone, evening):
    good = phone.start(people.shift, evening)
    broken = [
        "not even an object",
        {**phone.start(people.shift), "id": "no-uuid"},
        {**phone.start(people.shift), "sha256": "0" * 64},
        phone.item("party", {"shift_id": 1}),
        phone.item("checkin", {"shift_id": people.shift.id}),
        {**phone.start(people.shift), "schema": 99},
        phone.item("checkin", {**checkin_body(phone, people), "checkpoint_id": 999_999}),
    ]
    at_once = as_person(people.member).post(
        "/api/v1/field/sync", json={"sent_at": evening.isoformat(), "items": [*broken, good]}
    )
    receipts = at_once.get_json()["receipts"]
    assert [r["reasons"] for r in receipts[:-1]] == [
        ["malformed_envelope"], ["malformed_envelope"], ["wrong_hash"], ["unknown_kind"], ["malformed_body"],
        ["unknown_schema"], ["unknown_place"],
    ]  # fmt: skip
    assert {r["result"] for r in receipts[:-1]} == {"rejected"}
    assert receipts[-1]["result"] == "stored"
    assert db.session.scalar(select(func.count()).select_from(QuarantineItem)) == 7


def checkin_body(phone, people):
    a, *_ = checkpoint_ids(people)
    return {
        "shift_id": people.shift.id,
        "phase": "here",
        "checkpoint_id": a,
        "method": "gps",
        "fix": phone.fix(100, 500),
    }


@pytest.mark.parametrize("kind", ["report", "sos", "sos.cancel", "ok"])
def test_kinds_of_later_releases_are_stored_and_held(
    people, as_person, sync, phone, evening, kind, monkeypatch
):
    monkeypatch.setattr("app.field.kinds._takers", dict)  # as in a release that takes none of them
    item = phone.item(kind, {"anything": [1, "二", None]}, evening)
    receipt = sync(as_person(people.member), [item], evening)[item["id"]]
    assert (receipt["result"], receipt["reasons"]) == ("held", ["kind_not_offered"])
    assert db.session.scalar(select(InboxItem.body)) == item["body"]


def test_an_item_of_another_author_is_held_until_its_author_brings_it(
    people, as_person, sync, phone, evening
):
    item = phone.start(people.shift, evening)
    receipt = sync(as_person(people.mate), [item], evening)[item["id"]]
    assert (receipt["result"], receipt["reasons"]) == ("held", ["other_author"])
    assert db.session.scalar(select(func.count()).select_from(Duty)) == 0
    receipt = sync(as_person(people.member), [item], evening + MINUTE)[item["id"]]
    assert receipt["result"] == "duplicate" and receipt["reasons"] == []
    assert db.session.scalar(select(Duty.person_id)) == people.member.id


def test_a_shift_of_another_township_is_waited_for_and_never_touched(people, as_person, sync, evening):
    stranger = Phone(people.outsider, evening)
    item = stranger.start(people.shift, evening)
    receipt = sync(as_person(people.outsider), [item], evening)[item["id"]]
    assert (receipt["result"], receipt["reasons"]) == ("held", ["waiting_for_shift"])
    assert db.session.scalar(select(func.count()).select_from(Duty)) == 0


def test_a_judge_that_fails_holds_the_item_and_the_job_tries_again(
    people, as_person, sync, phone, evening, monkeypatch
):
    from app.field import operations, settling

    caller = as_person(people.member)
    start = phone.start(people.shift, evening)
    with monkeypatch.context() as patched:
        patched.setattr(settling.duties, "settle_window", lambda *_: 1 / 0)
        receipt = sync(caller, [start], evening)[start["id"]]
    assert (receipt["result"], receipt["reasons"]) == ("held", ["judging_failed"])
    assert operations.retry_failed(evening + MINUTE) == 1
    receipt = sync(caller, [start], evening + MINUTE)[start["id"]]
    assert (receipt["result"], receipt["reasons"]) == ("duplicate", [])
    assert db.session.scalar(select(Duty.started_at)) == evening


def test_segments_that_come_one_by_one_add_up(people, as_person, sync, phone, aside):
    now = people.shift.starts_at + 61 * MINUTE
    caller = as_person(people.member)
    fixes = patrol_track(people)
    sync(caller, [phone.start(people.shift, people.shift.starts_at)], now)
    with aside():
        sync(caller, [phone.segment(people.shift, fixes)], now)
        whole = presence()
    for part in cut_up(fixes, 10):
        sync(caller, [phone.segment(people.shift, part)], now)
    assert presence() == whole


def test_settling_again_posts_nothing_and_changes_no_receipt(people, as_person, sync, phone):
    from app.field.operations import settle_duty

    now = people.shift.starts_at + 61 * MINUTE
    caller = as_person(people.member)
    items = patrol(phone, people)
    sync(caller, items, now)
    before, entries = outcome(), db.session.scalar(select(func.count()).select_from(PointEntry))
    duty = db.session.scalar(select(Duty))
    settle_duty(duty.township_id, duty.id, now + HOUR)
    db.session.commit()
    assert outcome() == before
    assert db.session.scalar(select(func.count()).select_from(PointEntry)) == entries
    news = caller.get("/api/v1/field/receipts", query_string={"since": (now + MINUTE).isoformat()}).get_json()
    assert news["receipts"] == []
