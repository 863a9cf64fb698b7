"""A check-in after a number that its device skipped: flagged until that one comes, whatever it was about."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

from sqlalchemy import select

from app.checkins.models import Checkin
from app.db import db
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
