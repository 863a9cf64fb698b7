"""Two duties of one person at one time: each minute counts once, for the same duty whatever came in first."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.db import db
from app.duty.attendance import enter_attendance
from app.duty.models import Duty
from app.field.operations import settle_duty
from app.teams.scope import scope_of
from tests import make
from tests.phone import Phone

MINUTE = timedelta(minutes=1)


@pytest.fixture
def second(people):
    """An hour later, for the same team; the member goes there from the first."""
    return make.make_shift(people.town.team, people.town.route, starts_at=make.EVENING + 60 * MINUTE)


@pytest.fixture
def leader_enters(people, at):
    def enter(shift, person, first, last):
        now = at(make.EVENING + 300 * MINUTE)
        times = (make.EVENING + first * MINUTE, make.EVENING + last * MINUTE)
        duty = enter_attendance(people.leader, scope_of(people.leader), shift.id, person.id, *times, now)
        settle_duty(duty.township_id, duty.id, now)
        db.session.commit()

    return enter


def taps(phone, shift, *marks):
    return [
        phone.item(f"duty.{kind}", {"shift_id": shift.id}, make.EVENING + minute * MINUTE)
        for kind, minute in marks
    ]


def an_evening(people, second):
    """Both pause inside what they share, and outside of it: the first from 20:00, the second from 21:00."""
    phone = Phone(people.member, make.EVENING)
    first = [("start", 0), ("pause", 15), ("resume", 30), ("pause", 70), ("resume", 80), ("end", 120)]
    other = [("start", 60), ("pause", 90), ("resume", 100), ("pause", 150), ("resume", 165), ("end", 180)]
    return taps(phone, people.shift, *first), taps(phone, second, *other)


def minutes(people, *shifts):
    db.session.expire_all()
    rows = db.session.execute(select(Duty.shift_id, Duty.worked_s).where(Duty.person_id == people.member.id))
    found = {row[0]: row[1] // 60 for row in rows}
    return tuple(found.get(shift.id) for shift in shifts)


def shown(caller):
    """What the member is shown: minutes and points of each shift, and of the month."""
    month = caller.get("/api/v1/field/hours?month=2026-11").get_json()
    duties = {
        d["shift_id"]: (d["minutes"], {e["rule"]: e["points"] for e in d["lines"]}) for d in month["duties"]
    }
    return month["minutes"], month["points_pending"], duties


def orders(first, other):
    """Whole duties either way round, and item by item in any order."""
    yield [first, other]
    yield [other, first]
    yield [first + other]
    for seed in range(4):
        items = first + other
        random.Random(seed).shuffle(items)
        yield [[item] for item in items]


def test_each_minute_counts_once_and_for_the_duty_that_began_first(
    people, second, as_person, sync, aside, evening
):
    now = evening + 200 * MINUTE
    caller = as_person(people.member)
    first, other = an_evening(people, second)
    found = []
    for batches in orders(first, other):
        with aside():
            for batch in batches:
                sync(caller, batch, now)
            assert minutes(people, people.shift, second) == (95, 45)
            found.append(shown(caller))
    assert found[0][0] == 140
    assert found == [found[0]] * len(found)


def test_who_pauses_for_good_and_goes_elsewhere_is_credited_there(
    people, second, as_person, sync, aside, evening
):
    phone = Phone(people.member, evening)
    first = taps(phone, people.shift, ("start", 0), ("pause", 50), ("end", 150))
    other = taps(phone, second, ("start", 60), ("end", 180))
    for batches in ([first, other], [other, first]):
        with aside():
            for batch in batches:
                sync(as_person(people.member), batch, evening + 200 * MINUTE)
            assert minutes(people, people.shift, second) == (50, 120)


def test_time_comes_back_when_an_attendance_is_put_right(people, second, as_person, sync, at, leader_enters):
    """The leader's entry began first and took the evening; shortened, it leaves the rest to the phone's duty."""
    leader_enters(people.shift, people.member, 0, 170)
    phone = Phone(people.member, make.EVENING)
    sync(
        as_person(people.member),
        taps(phone, second, ("start", 60), ("end", 180)),
        make.EVENING + 300 * MINUTE,
    )
    assert minutes(people, people.shift, second) == (170, 10)
    leader_enters(people.shift, people.member, 0, 45)
    assert minutes(people, people.shift, second) == (45, 120)
