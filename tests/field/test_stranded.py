"""What waited for a shift, a start or a judge is taken as soon as it can be, without the phone sending it again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.checkins.models import Checkin
from app.db import db
from app.duty.models import Duty
from app.field import operations, queries, settling
from app.field.models import ItemState
from app.routes.models import Checkpoint
from tests import make
from tests.phone import Phone

MINUTE = timedelta(minutes=1)


@pytest.fixture
def helper(people):
    """Of the township, of another team."""
    person = make.make_person("临时帮手", people.town.township)
    make.join_team(person, make.make_team(people.town.township))
    return person


def first_checkpoint(people):
    return db.session.scalar(
        select(Checkpoint.id).where(Checkpoint.route_version_id == people.town.route.id, Checkpoint.seq == 1)
    )


def test_who_is_put_on_the_shift_afterwards_has_been_on_duty_all_the_same(
    people, helper, as_person, sync, evening
):
    phone = Phone(helper, evening)
    start = phone.start(people.shift, evening)
    tap = phone.checkin(people.shift, first_checkpoint(people), 105, 500, evening + MINUTE)
    receipts = sync(as_person(helper), [start, tap], evening + 2 * MINUTE)
    assert receipts[start["id"]]["reasons"] == ["waiting_for_shift"]
    assert operations.retry_failed(evening + 3 * MINUTE) == 0
    make.assign(people.shift, helper)
    assert operations.retry_failed(evening + 4 * MINUTE) == 1
    assert db.session.scalar(select(Duty.started_at).where(Duty.person_id == helper.id)) == evening
    assert db.session.scalar(select(Checkin.verdict).where(Checkin.person_id == helper.id)) == "counted"
    assert operations.retry_failed(evening + 5 * MINUTE) == 0


def test_a_check_in_that_crossed_with_its_start_does_not_wait_for_ever(
    people, as_person, sync, phone, evening
):
    """Two senders at once: each batch saw nothing of the other's."""
    caller = as_person(people.member)
    tap = phone.checkin(people.shift, first_checkpoint(people), 105, 500, evening + MINUTE)
    start = phone.start(people.shift, evening)
    sync(caller, [tap], evening + 2 * MINUTE)
    sync(caller, [start], evening + 2 * MINUTE)
    row = db.session.scalar(select(Checkin))
    db.session.delete(row)
    queries.set_state(
        people.town.township.id, row.id, evening, result="held", reasons=["waiting_for_start"], verdict=None
    )
    assert operations.retry_failed(evening + 3 * MINUTE) == 1
    assert db.session.scalar(select(Checkin.verdict)) == "counted"


def test_a_check_in_whose_settling_failed_once_is_freed_by_the_next_settling(
    people, as_person, sync, phone, evening, monkeypatch
):
    caller = as_person(people.member)
    sync(caller, [phone.start(people.shift, evening)], evening)
    tap = phone.checkin(people.shift, first_checkpoint(people), 105, 500, evening + MINUTE)
    with monkeypatch.context() as patched:
        patched.setattr(settling, "_judge_checkins", lambda *_: 1 / 0)
        assert sync(caller, [tap], evening + 2 * MINUTE)[tap["id"]]["reasons"] == ["judging_failed"]
    sync(caller, [phone.end(people.shift, evening + 30 * MINUTE)], evening + 31 * MINUTE)
    state = db.session.scalar(select(ItemState).where(ItemState.kind == "checkin"))
    assert (state.result, state.verdict, state.reasons) == ("stored", "counted", [])
