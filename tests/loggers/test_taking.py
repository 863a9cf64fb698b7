"""What is kept of a logger's points: on the member's own duty and nowhere else, whatever the order and the repeats."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.accounts import consents
from app.accounts.rules import CONSENTS
from app.alarms.models import Alarm
from app.coverage.models import PlacePresence
from app.db import db
from app.duty.models import Duty
from app.loggers import operations
from app.tracks.models import LoggerFix, Segment
from app.tracks.rules import Fix
from tests import places
from tests.field.test_sync import presence
from tests.loggers.replay import begin, kept_of, new_logger, pack_all, point, segments_of, waiting_of
from tests.phone import walk

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def fixes_of(track):
    return [Fix(*grain(x, y), 8, int(t.timestamp())) for x, y, t in track]


def grain(x, y):
    """As loggers are kept: steps of 1e-6 of a degree."""
    return tuple(round(v / 10) * 10 for v in places.here_e7(x, y))


def patrol_fixes(starts_at):
    """The route at 1 m/s with eleven minutes inside the hotspot."""
    track = walk([(100, 500), (400, 500)], starts_at + MINUTE, 1.0)
    stay = [(400, 500, track[-1][2] + 60 * n * SECOND) for n in range(1, 12)]
    onward = walk([(400, 500), (1100, 500)], stay[-1][2], 1.0)
    return fixes_of([*track, *stay, *onward[1:]])


def send(client, at, token, fixes, when):
    at(when)
    body = [
        {"lat": f.lat_e7 / 1e7, "lon": f.lon_e7 / 1e7, "timestamp": f.t_s, "accuracy": f.accuracy_m}
        for f in fixes
    ]
    answer = client.post(f"/i/traccar/{token}", json=body, bare=True)
    assert answer.status_code == 200


@pytest.fixture
def out(people, as_person, sync, at):
    """(member's caller, member's phone); the duty has begun."""
    caller = as_person(people.member)
    return caller, begin(sync, caller, people.member, people.shift)


def test_points_wait_until_there_is_enough_for_a_segment(client, people, out, at):
    logger, token = new_logger(people.member)
    fixes = patrol_fixes(people.shift.starts_at)
    for fix in fixes[: operations.ENOUGH - 1]:
        at(people.shift.starts_at + timedelta(seconds=fix.t_s - int(people.shift.starts_at.timestamp())))
        point(client, token, fix)
    assert not kept_of(logger) and len(waiting_of(logger)) == operations.ENOUGH - 1
    point(client, token, fixes[operations.ENOUGH - 1])
    assert kept_of(logger) == fixes[: operations.ENOUGH] and not waiting_of(logger)


def test_the_job_takes_what_waited_a_minute_and_the_next_segment_repeats_its_last_point(
    client, people, out, at
):
    logger, token = new_logger(people.member)
    fixes, at0 = patrol_fixes(people.shift.starts_at), people.shift.starts_at
    send(client, at, token, fixes[:4], at0 + 3 * MINUTE)
    pack_all(at0 + 3 * MINUTE + 10 * SECOND)
    assert not kept_of(logger), "too early"
    pack_all(at0 + 4 * MINUTE)
    send(client, at, token, fixes[4:7], at0 + 5 * MINUTE)
    pack_all(at0 + 6 * MINUTE)
    first, second = (s.fixes for s in segments_of(db.session.scalar(select(Duty))))
    assert (first, second) == (fixes[:4], fixes[3:7])


def test_an_end_packs_what_waits_at_once(client, people, out, sync, at):
    caller, phone = out
    logger, token = new_logger(people.member)
    fixes, at0 = patrol_fixes(people.shift.starts_at), people.shift.starts_at
    send(client, at, token, fixes[:4], at0 + 3 * MINUTE)
    sync(caller, [phone.end(people.shift, at0 + 4 * MINUTE)], at0 + 4 * MINUTE)
    assert kept_of(logger) == fixes[:4] and not waiting_of(logger)
    duty = db.session.scalar(select(Duty))
    assert duty.state == "ended" and duty.track_m == pytest.approx(45, abs=1)


# --- any order, any number of times ---------------------------------------------------------------


def everything(duty):
    db.session.expire_all()
    sums = (round(duty.track_m, 3), round(duty.near_m, 3), duty.fixes - len(segments_of(duty)))
    return presence(), sums


ORDERS = {
    "backwards": lambda fixes: [[f] for f in reversed(fixes)],
    "shuffled one by one": lambda fixes: [[f] for f in shuffled(fixes)],
    "shuffled in sevens": lambda fixes: [shuffled(fixes)[i : i + 7] for i in range(0, len(fixes), 7)],
    "each one twice": lambda fixes: [[f, f] for f in fixes],
    "all of it twice": lambda fixes: [fixes, fixes],
    "the second half days later": lambda fixes: [fixes[: len(fixes) // 2], fixes[len(fixes) // 2 :]],
    "every other one first": lambda fixes: [fixes[::2], fixes[1::2]],
}


def shuffled(fixes):
    mixed = list(fixes)
    random.Random(7).shuffle(mixed)
    return mixed


@pytest.mark.parametrize("order", ORDERS)
def test_any_order_ends_in_the_same_track(client, people, out, sync, at, aside, order):
    caller, phone = out
    at0 = people.shift.starts_at
    fixes = patrol_fixes(at0)[::2] if order in ("backwards", "shuffled one by one") else patrol_fixes(at0)
    sync(caller, [phone.end(people.shift, at0 + 60 * MINUTE)], at0 + 60 * MINUTE)
    logger, token = new_logger(people.member)
    duty = db.session.scalar(select(Duty))
    with aside():
        send(client, at, token, fixes, at0 + 61 * MINUTE)
        straight = everything(duty)
    assert not kept_of(logger)
    for n, batch in enumerate(ORDERS[order](fixes)):
        late = timedelta(days=2) if order == "the second half days later" and n else timedelta()
        send(client, at, token, batch, at0 + 61 * MINUTE + late)
    assert kept_of(logger) == fixes
    assert everything(duty) == straight and straight[1][0] > 500


def test_the_same_points_again_change_nothing_and_add_no_row(client, people, out, at):
    logger, token = new_logger(people.member)
    fixes, at0 = patrol_fixes(people.shift.starts_at), people.shift.starts_at
    send(client, at, token, fixes, at0 + 40 * MINUTE)
    ids = set(db.session.scalars(select(Segment.id)))
    before = everything(db.session.scalar(select(Duty)))
    for late in (41 * MINUTE, timedelta(days=3)):
        send(client, at, token, fixes, at0 + late)
        pack_all(at0 + late + MINUTE)
    assert set(db.session.scalars(select(Segment.id))) == ids and not waiting_of(logger)
    assert everything(db.session.scalar(select(Duty))) == before


def test_standing_at_a_hotspot_counts_its_minutes_by_a_loggers_heartbeats(client, people, out, at):
    _, token = new_logger(people.member)
    at0 = people.shift.starts_at
    stay = [Fix(*grain(400, 500), 8, int((at0 + MINUTE + 60 * n * SECOND).timestamp())) for n in range(13)]
    send(client, at, token, stay, at0 + 20 * MINUTE)
    pack_all(at0 + 21 * MINUTE)
    (during,) = db.session.scalars(select(PlacePresence.during))
    assert sum((r.upper - r.lower).total_seconds() for r in during) == 12 * 60


def test_a_silence_of_more_than_two_minutes_is_a_gap(client, people, out, at):
    _logger, token = new_logger(people.member)
    at0 = people.shift.starts_at
    first = fixes_of(walk([(100, 500), (160, 500)], at0 + MINUTE, 1.0))
    second = fixes_of(walk([(500, 500), (560, 500)], at0 + 10 * MINUTE, 1.0))
    send(client, at, token, [*first, *second], at0 + 20 * MINUTE)
    pack_all(at0 + 21 * MINUTE)
    duty = db.session.scalar(select(Duty))
    assert [s.fixes for s in segments_of(duty)] == [first, second]
    assert duty.track_m == pytest.approx(120, abs=1)


def test_one_point_alone_makes_no_segment_and_waits_for_a_neighbour(client, people, out, at):
    logger, token = new_logger(people.member)
    at0 = people.shift.starts_at
    a, b = fixes_of(walk([(100, 500), (115, 500)], at0 + MINUTE, 1.0))
    send(client, at, token, [a], at0 + 2 * MINUTE)
    pack_all(at0 + 4 * MINUTE)
    assert not kept_of(logger) and [w.lone for w in waiting_of(logger)] == [True]
    assert operations.waiting_for_long(at0 + 9 * MINUTE) == [], "nobody looks at it every minute"
    send(client, at, token, [b], at0 + 5 * MINUTE)
    pack_all(at0 + 6 * MINUTE)
    assert kept_of(logger) == [a, b] and not waiting_of(logger)


def test_of_two_points_in_one_second_the_more_accurate_stands(client, people, out, at):
    logger, token = new_logger(people.member)
    at0 = people.shift.starts_at
    a, b = fixes_of(walk([(100, 500), (115, 500)], at0 + MINUTE, 1.0))
    worse = Fix(a.lon_e7 + 5000, a.lat_e7, 40, a.t_s)
    unknown = Fix(a.lon_e7 + 9000, a.lat_e7, -1, a.t_s)
    for fix in (worse, a, unknown, b):
        send(client, at, token, [fix], at0 + 3 * MINUTE)
    pack_all(at0 + 5 * MINUTE)
    assert kept_of(logger) == [a, b]


# --- on duty only ---------------------------------------------------------------------------------


def rows():
    return [db.session.scalar(select(func.count()).select_from(m)) for m in (LoggerFix, Segment)]


def test_nothing_from_before_the_start_or_after_the_end_is_kept_even_when_it_comes_during_the_duty(
    client, people, as_person, sync, at
):
    at0 = people.shift.starts_at
    logger, token = new_logger(people.member)
    fixes = fixes_of(walk([(100, 500), (700, 500)], at0, 1.0))
    send(client, at, token, fixes[:3], at0 + 1 * MINUTE)
    assert rows() == [0, 0], "no duty yet"
    caller = as_person(people.member)
    phone = begin(sync, caller, people.member, people.shift, at0 + 2 * MINUTE)
    sync(caller, [phone.end(people.shift, at0 + 6 * MINUTE)], at0 + 6 * MINUTE)
    send(client, at, token, fixes, at0 + 20 * MINUTE)
    kept = kept_of(logger)
    start, end = (int((at0 + n * MINUTE).timestamp()) for n in (2, 6))
    assert kept and kept == [f for f in fixes if start <= f.t_s < end]
    assert not waiting_of(logger)


def test_in_a_pause_nothing_is_kept(client, people, out, sync, at):
    caller, phone = out
    at0 = people.shift.starts_at
    _logger, token = new_logger(people.member)
    sync(caller, [phone.mark("pause", people.shift, at0 + 3 * MINUTE)], at0 + 3 * MINUTE)
    paused = fixes_of(walk([(100, 500), (160, 500)], at0 + 4 * MINUTE, 1.0))
    send(client, at, token, paused, at0 + 6 * MINUTE)
    assert rows() == [0, 0]
    sync(caller, [phone.mark("resume", people.shift, at0 + 8 * MINUTE)], at0 + 8 * MINUTE)
    send(client, at, token, paused, at0 + 9 * MINUTE)
    assert rows() == [0, 0]


@pytest.mark.parametrize("packed", [True, False])
def test_an_end_that_comes_late_takes_out_what_was_kept_after_it(client, people, out, sync, at, packed):
    """The phone had no signal; the logger had one."""
    caller, phone = out
    at0 = people.shift.starts_at
    logger, token = new_logger(people.member)
    fixes = fixes_of(walk([(100, 500), (1100, 500)], at0 + MINUTE, 1.0))
    some = fixes if packed else fixes[:15]
    send(client, at, token, some, at0 + 20 * MINUTE)
    assert bool(kept_of(logger)) is packed
    sync(caller, [phone.end(people.shift, at0 + 3 * MINUTE)], at0 + 30 * MINUTE)
    end_s = int((at0 + 3 * MINUTE).timestamp())
    assert kept_of(logger) == [f for f in fixes if f.t_s < end_s]
    assert not waiting_of(logger)
    duty = db.session.scalar(select(Duty))
    assert duty.track_m == pytest.approx(105, abs=1)


def test_a_pause_that_comes_late_takes_its_part_out(client, people, out, sync, at):
    caller, phone = out
    at0 = people.shift.starts_at
    logger, token = new_logger(people.member)
    fixes = fixes_of(walk([(100, 500), (1000, 500)], at0 + MINUTE, 1.0))
    send(client, at, token, fixes, at0 + 20 * MINUTE)
    marks = [
        phone.mark("pause", people.shift, at0 + 5 * MINUTE),
        phone.mark("resume", people.shift, at0 + 9 * MINUTE),
    ]
    sync(caller, marks, at0 + 30 * MINUTE)
    low, high = (int((at0 + n * MINUTE).timestamp()) for n in (5, 9))
    kept = kept_of(logger)
    assert kept == [f for f in fixes if f.t_s < low or f.t_s >= high]
    assert len(kept) < len(fixes)


def test_a_mate_who_has_not_begun_is_not_recorded(client, people, out, at):
    _logger, token = new_logger(people.mate)
    fixes = fixes_of(walk([(100, 500), (160, 500)], people.shift.starts_at + MINUTE, 1.0))
    send(client, at, token, fixes, people.shift.starts_at + 5 * MINUTE)
    assert rows() == [0, 0], "the member is on duty, the mate is not"


def test_without_the_members_consent_nothing_is_kept(client, people, out, at):
    _logger, token = new_logger(people.member)
    at0 = people.shift.starts_at
    fixes = fixes_of(walk([(100, 500), (700, 500)], at0 + MINUTE, 1.0))
    send(client, at, token, fixes[:5], at0 + 5 * MINUTE)
    consents.set_consent(people.member, "tracks", False, CONSENTS["tracks"], at0 + 6 * MINUTE)
    db.session.commit()
    send(client, at, token, fixes, at0 + 15 * MINUTE)
    pack_all(at0 + 20 * MINUTE)
    assert rows() == [0, 0], "what was waiting is gone as well"


def test_a_point_weeks_late_is_not_kept(client, people, out, sync, at):
    caller, phone = out
    at0 = people.shift.starts_at
    logger, token = new_logger(people.member)
    sync(caller, [phone.end(people.shift, at0 + 60 * MINUTE)], at0 + 60 * MINUTE)
    fixes = fixes_of(walk([(100, 500), (160, 500)], at0 + MINUTE, 1.0))
    send(client, at, token, fixes, at0 + timedelta(days=29))
    assert rows() == [0, 0]
    db.session.refresh(logger)
    assert logger.fault == "too_old" and logger.unused == len(fixes)


def test_tracks_that_were_deleted_do_not_come_back_by_a_logger(client, people, out, at):
    logger, token = new_logger(people.member)
    at0 = people.shift.starts_at
    fixes = fixes_of(walk([(100, 500), (700, 500)], at0 + MINUTE, 1.0))
    send(client, at, token, fixes, at0 + 15 * MINUTE)
    assert kept_of(logger)
    db.session.execute(db.delete(Segment))
    db.session.commit()
    send(client, at, token, fixes, at0 + 16 * MINUTE)
    pack_all(at0 + 18 * MINUTE)
    assert rows() == [0, 0]


def test_what_cannot_be_judged_now_is_answered_and_tried_again(client, people, out, at, monkeypatch):
    logger, token = new_logger(people.member)
    at0 = people.shift.starts_at
    fixes = patrol_fixes(at0)

    def broken(*_, **__):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(operations.settling, "settle", broken)
        send(client, at, token, fixes, at0 + 40 * MINUTE)
    assert not kept_of(logger) and len(waiting_of(logger)) == len(fixes)
    pack_all(at0 + 42 * MINUTE)
    assert kept_of(logger) == fixes


# --- a call for help ------------------------------------------------------------------------------


@pytest.mark.parametrize("on_duty", [True, False])
def test_the_apps_sos_key_raises_a_real_alarm_once(client, people, as_person, sync, at, on_duty):
    at0 = people.shift.starts_at
    _logger, token = new_logger(people.member)
    if on_duty:
        begin(sync, as_person(people.member), people.member, people.shift)
    at(at0 + 2 * MINUTE)
    t_s = int((at0 + MINUTE).timestamp())
    form = {"lat": "30.5845", "lon": "114.3041", "timestamp": str(t_s), "accuracy": "7", "alarm": "sos"}
    for _ in range(2):
        assert client.post(f"/i/traccar/{token}", data=form, bare=True).status_code == 200
    (alarm,) = db.session.scalars(select(Alarm))
    assert (alarm.kind, alarm.person_id, alarm.accuracy_m, alarm.test) == ("sos", people.member.id, 7, False)
    assert alarm.called_at == at0 + MINUTE and alarm.position is not None
    assert alarm.shift_id == (people.shift.id if on_duty else None)
    assert rows() == [1 if on_duty else 0, 0]


def test_an_sos_without_a_position_is_one_all_the_same(client, people, at):
    _, token = new_logger(people.member)
    at(people.shift.starts_at)
    assert client.post(f"/i/traccar/{token}", data={"id": "1", "alarm": "sos"}, bare=True).status_code == 200
    (alarm,) = db.session.scalars(select(Alarm))
    assert alarm.position is None and alarm.called_at == people.shift.starts_at
