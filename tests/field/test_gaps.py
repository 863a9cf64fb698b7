"""A check-in after a number that its device skipped: flagged until that one comes, whatever it was about."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.checkins.models import Checkin
from app.db import db
from app.duty.board import crews_on
from app.field.sending import missing_items
from app.teams.scope import scope_of
from tests import make
from tests.field.test_sync import checkpoint_ids

MINUTE = timedelta(minutes=1)


def reasons():
    db.session.expire_all()
    return set(db.session.scalar(select(Checkin.reasons)))


def an_outing(people, phone, evening):
    """A start, something that touches no duty, a check-in."""
    start = phone.start(people.shift, evening)
    note = phone.item("note", {"shift_id": people.shift.id, "phrase": "all_quiet"}, evening + MINUTE)
    tap = phone.checkin(people.shift, checkpoint_ids(people)[0], 105, 500, evening + 2 * MINUTE)
    return start, note, tap


def test_the_flag_goes_when_what_was_missing_comes(people, as_person, sync, phone, evening):
    caller = as_person(people.member)
    start, note, tap = an_outing(people, phone, evening)
    sync(caller, [start, tap], evening + 3 * MINUTE)
    assert "sequence_gap" in reasons()
    sync(caller, [note], evening + 5 * MINUTE)
    assert "sequence_gap" not in reasons()
    again = sync(caller, [tap], evening + 6 * MINUTE)
    assert "sequence_gap" not in again[tap["id"]]["reasons"], "the member hears it, too"


def test_in_every_order_the_reasons_are_the_same(people, as_person, sync, phone, evening, aside):
    caller = as_person(people.member)
    items = an_outing(people, phone, evening)
    ends = []
    for order in permutations(items):
        with aside():
            for n, item in enumerate(order):
                sync(caller, [item], evening + (10 + n) * MINUTE)
            ends.append(reasons())
    assert ends == [ends[0]] * 6
    assert "sequence_gap" not in ends[0]


def test_what_belongs_to_another_shift_closes_the_gap_as_well(people, as_person, sync, phone, evening):
    """The day before, sent late: its own duty is settled, and so is the one after it."""
    caller = as_person(people.member)
    before = make.make_shift(people.town.team, None, [people.member], starts_at=evening - timedelta(days=1))
    sync(caller, [phone.start(people.shift, evening)], evening)
    late = phone.start(before, before.starts_at)
    tap = phone.checkin(people.shift, checkpoint_ids(people)[0], 105, 500, evening + 2 * MINUTE)
    sync(caller, [tap], evening + 3 * MINUTE)
    assert "sequence_gap" in reasons()
    sync(caller, [late], evening + 5 * MINUTE)
    assert "sequence_gap" not in reasons()


def a_walk(people, phone, evening):
    """A start, a check-in, a note, a check-in."""
    start = phone.start(people.shift, evening)
    first = phone.checkin(people.shift, checkpoint_ids(people)[0], 105, 500, evening + 2 * MINUTE)
    note = phone.item("note", {"shift_id": people.shift.id, "phrase": "all_quiet"}, evening + 3 * MINUTE)
    second = phone.checkin(people.shift, checkpoint_ids(people)[1], 605, 500, evening + 9 * MINUTE)
    return start, first, note, second


def crews_now(people):
    return crews_on(scope_of(people.leader), people.shift.day, make.EVENING)


REFUSED = {
    "sealed with other words": {"sha256": "0" * 64},
    "no usable item": {"device_at": "yesterday"},
    "its number as a word": {"device_at": "yesterday", "device_seq": "3"},
}
RUBBISH = ({"device_seq": 10**12}, {"device_seq": True}, {"device_id": "my phone"}, {"device_id": None})


@pytest.mark.parametrize("how", REFUSED)
def test_something_refused_has_come_in_every_order(people, as_person, sync, phone, evening, aside, how):
    caller = as_person(people.member)
    start, first, note, second = a_walk(people, phone, evening)
    for order in permutations([first, {**note, **REFUSED[how]}, second]):
        with aside():
            answers = sync(caller, [start], evening + 9 * MINUTE)
            for n, item in enumerate(order):
                answers |= sync(caller, [item], evening + (10 + n) * MINUTE)
            assert answers[note["id"]]["result"] == "rejected"
            db.session.expire_all()
            assert not any("sequence_gap" in found for found in db.session.scalars(select(Checkin.reasons)))
            assert missing_items(crews_now(people)) == {}


def test_what_says_rubbish_of_itself_closes_no_gap(people, as_person, sync, phone, evening):
    caller = as_person(people.member)
    start, first, note, second = a_walk(people, phone, evening)
    sync(caller, [start, first, second], evening + 10 * MINUTE)
    wrong = [{**note, "id": str(uuid4()), "device_at": "yesterday", **rubbish} for rubbish in RUBBISH]
    answers = sync(caller, wrong, evening + 11 * MINUTE)
    assert {answer["result"] for answer in answers.values()} == {"rejected"}
    assert missing_items(crews_now(people)) == {people.shift.id: 1}
