"""Whether somebody was planned is asked when a duty is settled, not when its first item came."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.checkins.models import Checkin
from app.db import db
from app.duty.models import Assignment, Duty
from app.field.operations import settle_duty
from tests import make
from tests.field.test_sync import checkpoint_ids
from tests.phone import Phone

MINUTE = timedelta(minutes=1)


@pytest.fixture
def third(people):
    """Of the team, on no roster."""
    person = make.make_person("赵队员", people.town.township)
    make.join_team(person, people.town.team)
    return person


def plan(shift, person, *, active):
    """What the leader does at the desk leaves this behind."""
    which = (Assignment.shift_id == shift.id, Assignment.person_id == person.id)
    if not db.session.execute(update(Assignment).where(*which).values(active=active)).rowcount:
        make.assign(shift, person)


def is_flagged(person):
    db.session.expire_all()
    return "off_roster" in db.session.scalar(select(Checkin.reasons).where(Checkin.person_id == person.id))


def go_out(person, people, as_person, sync, evening):
    phone = Phone(person, evening)
    tap = phone.checkin(people.shift, checkpoint_ids(people)[0], 105, 500, evening + MINUTE)
    sync(as_person(person), [phone.start(people.shift, evening), tap], evening + 2 * MINUTE)


def test_the_flag_follows_the_roster_when_a_duty_is_judged_again(people, third, as_person, sync, evening):
    go_out(third, people, as_person, sync, evening)
    duty = db.session.scalar(select(Duty).where(Duty.person_id == third.id))
    assert is_flagged(third)
    for planned in (True, False, True):
        plan(people.shift, third, active=planned)
        settle_duty(duty.township_id, duty.id, evening + 5 * MINUTE)
        assert is_flagged(third) is not planned


def test_who_was_planned_before_they_began_ends_the_same(people, third, as_person, sync, evening):
    plan(people.shift, third, active=True)
    go_out(third, people, as_person, sync, evening)
    assert not is_flagged(third)
