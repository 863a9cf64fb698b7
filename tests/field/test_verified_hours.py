"""Hours for the stars: of all time, of duties that are over and known by more than their two taps."""

from __future__ import annotations

from datetime import timedelta

from tests.field.test_sync import checkpoint_ids, patrol

MINUTE = timedelta(minutes=1)


def verified(caller, month="2026-11"):
    return caller.get(f"/api/v1/field/hours?month={month}").get_json()["verified_minutes"]


def test_a_walked_duty_is_verified_whatever_month_is_asked_for(people, as_person, sync, phone, evening):
    caller = as_person(people.member)
    sync(caller, patrol(phone, people), evening + 61 * MINUTE)
    assert verified(caller) == verified(caller, "2026-10") == 60
    assert verified(as_person(people.mate)) == 0


def test_two_taps_alone_are_not_verified(people, as_person, sync, phone, evening):
    caller = as_person(people.member)
    taps = [phone.start(people.shift, evening), phone.end(people.shift, evening + 60 * MINUTE)]
    sync(caller, taps, evening + 61 * MINUTE)
    assert caller.get("/api/v1/field/hours?month=2026-11").get_json()["minutes"] == 60
    assert verified(caller) == 0


def test_a_duty_counts_once_it_is_over(people, as_person, sync, phone, evening):
    caller = as_person(people.member)
    a, *_ = checkpoint_ids(people)
    here = [phone.start(people.shift, evening), phone.checkin(people.shift, a, 100, 500, evening + MINUTE)]
    sync(caller, here, evening + 2 * MINUTE)
    assert verified(caller) == 0
    sync(caller, [phone.end(people.shift, evening + 30 * MINUTE)], evening + 31 * MINUTE)
    assert verified(caller) == 30
