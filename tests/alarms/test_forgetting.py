"""What is forgotten of a call for help: where it came from, and nothing of what was done about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.accounts.models import UserSession
from app.alarms import forgetting, operations
from app.alarms.models import Alarm, PinUse, PushAddress
from app.alarms.push import subscribe
from app.config import Channels
from app.db import db
from app.teams.scope import scope_of
from tests.alarms.cries import DURESS, PIN, alarm, alarms, cancel, kinds, proof, sos

DAY = timedelta(days=1)


@pytest.fixture
def closed(people, evening, as_person, phone, sync):
    item = sos(phone, people.shift)
    sync(as_person(people.member), [item], evening)
    operations.close(people.leader, scope_of(people.leader), alarm(item).id, "safe", evening + DAY / 2)
    return item


def forget(people, before):
    return forgetting.forget_positions(people.town.township.id, before)


def test_the_position_goes_by_the_day_of_the_end_and_the_rest_stays(closed, people, evening):
    assert forget(people, evening + DAY / 4) == 0
    assert forget(people, evening + DAY) == 1
    one = alarm(closed)
    assert one.position is None and one.state == "closed" and kinds(one) == ["raised", "closed"]


def test_a_call_that_nobody_closed_keeps_its_position_60_days_more(people, evening, as_person, phone, sync):
    item = sos(phone, people.shift)
    sync(as_person(people.member), [item], evening)
    assert forget(people, evening + 59 * DAY) == 0
    assert forget(people, evening + 61 * DAY) == 1


def test_a_silent_call_is_forgotten_alike(people, evening, as_person, phone, sync):
    member = as_person(people.member)
    member.put("/api/v1/me/pins", json={"pin": PIN, "duress_pin": DURESS})
    item = sos(phone, people.shift)
    sync(member, [item, cancel(phone, item, **proof(people.member.id, DURESS))], evening)
    (silent,) = alarms(silent=True)
    operations.close(people.reviewer, scope_of(people.reviewer), silent.id, "safe", evening)
    assert forget(people, evening + DAY) == 2
    assert db.session.scalars(select(Alarm.position)).all() == [None, None]


def test_another_township_is_left_alone(closed, people, evening):
    assert forgetting.forget_positions(people.other.township.id, evening + 400 * DAY) == 0


def test_numbers_that_a_pin_was_proved_with_go_by_their_day(people, evening, as_person, phone, sync):
    member = as_person(people.member)
    member.put("/api/v1/me/pins", json={"pin": PIN, "duress_pin": DURESS})
    item = sos(phone, people.shift)
    sync(member, [item, cancel(phone, item, **proof(people.member.id, PIN))], evening)
    assert db.session.scalar(select(db.func.count()).select_from(PinUse)) == 1
    assert forgetting.forget_pin_uses(evening) == 0
    assert forgetting.forget_pin_uses(evening + DAY) == 1


def test_push_addresses_go_with_their_session(people, evening, as_person):
    as_person(people.leader)
    session = db.session.scalars(select(UserSession).where(UserSession.person_id == people.leader.id)).one()
    keys = {"p256dh": "B" * 87, "auth": "a" * 22}
    channels = Channels(push_hosts=("fcm.googleapis.com",))
    subscribe(people.leader, session.id, "https://fcm.googleapis.com/x", keys, channels, evening)
    assert forgetting.forget_push_addresses(evening + DAY) == 0
    db.session.execute(update(UserSession).values(revoked_at=evening))
    assert forgetting.forget_push_addresses(evening + DAY) == 1
    assert db.session.scalar(select(db.func.count()).select_from(PushAddress)) == 0
