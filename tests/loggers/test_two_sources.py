"""The phone's page and a logger on one duty: one walk is one walk (docs/decisions/0009-two-sources-one-duty.md)."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

from app.coverage.models import PlacePresence
from app.db import db
from app.duty.models import Duty
from tests.field.test_sync import patrol_track, presence
from tests.loggers.replay import begin, new_logger, pack_all
from tests.loggers.test_taking import MINUTE, fixes_of, send
from tests.phone import cut_up, walk


@pytest.fixture
def out(people, as_person, sync):
    caller = as_person(people.member)
    return caller, begin(sync, caller, people.member, people.shift)


def page_sends(sync, out, shift, track, when):
    caller, phone = out
    sync(caller, [phone.segment(shift, part) for part in cut_up(track, 40)], when)


def duty():
    db.session.expire_all()
    return db.session.scalar(select(Duty))


def stayed_min():
    return [
        sum((r.upper - r.lower).total_seconds() for r in during) / 60
        for during in db.session.scalars(select(PlacePresence.during))
    ]


def test_a_logger_beside_the_page_doubles_no_metre_no_minute_and_no_street(client, people, out, sync, at):
    at0 = people.shift.starts_at
    track = patrol_track(people)
    page_sends(sync, out, people.shift, track, at0 + 50 * MINUTE)
    alone = (duty().track_m, duty().near_m, stayed_min(), presence())
    _, token = new_logger(people.member)
    send(client, at, token, fixes_of(track), at0 + 51 * MINUTE)
    pack_all(at0 + 53 * MINUTE)
    assert duty().fixes > 2 * len(track), "both are stored"
    assert duty().track_m == pytest.approx(alone[0], rel=0.001)
    assert duty().near_m == pytest.approx(alone[1], rel=0.001)
    assert stayed_min() == pytest.approx(alone[2], abs=0.02)
    bits = [[row[0].count("1") for row in part] for part in (presence()[1], alone[3][1])]
    assert bits[0] == bits[1]


def test_each_source_fills_the_gaps_of_the_other(client, people, out, sync, at):
    """The page was in a pocket for the second half; the logger began late and overlaps by a minute."""
    at0 = people.shift.starts_at
    track = walk([(100, 500), (1100, 500)], at0 + MINUTE, 1.0)
    page, logged = track[:40], fixes_of(track[36:])
    page_sends(sync, out, people.shift, page, at0 + 20 * MINUTE)
    _, token = new_logger(people.member)
    send(client, at, token, logged, at0 + 21 * MINUTE)
    pack_all(at0 + 23 * MINUTE)
    assert duty().track_m == pytest.approx(1000, abs=1)
    assert duty().near_m == pytest.approx(1000, abs=1)


def test_two_loggers_and_the_page_in_any_order_give_the_same(client, people, out, sync, at, aside):
    at0 = people.shift.starts_at
    track = walk([(100, 500), (700, 500)], at0 + MINUTE, 1.0)
    tokens = [new_logger(people.member, app)[1] for app in ("traccar", "owntracks")]

    def page(n):
        page_sends(sync, out, people.shift, track[:25], at0 + (20 + n) * MINUTE)

    def first(n):
        send(client, at, tokens[0], fixes_of(track[10:]), at0 + (20 + n) * MINUTE)

    def second(n):
        send(client, at, tokens[1], fixes_of(track[5:30]), at0 + (20 + n) * MINUTE)

    found = []
    for order in permutations((page, first, second)):
        with aside():
            for n, act in enumerate(order):
                act(n)
            pack_all(at0 + 30 * MINUTE)
            found.append((round(duty().track_m, 6), round(duty().near_m, 6), presence()))
    assert all(one == found[0] for one in found)
    assert found[0][0] == pytest.approx(600, abs=1)


def test_a_span_that_shrinks_afterwards_cuts_both_alike(client, people, out, sync, at):
    caller, phone = out
    at0 = people.shift.starts_at
    track = walk([(100, 500), (1100, 500)], at0 + MINUTE, 1.0)
    page_sends(sync, out, people.shift, track, at0 + 20 * MINUTE)
    _, token = new_logger(people.member)
    send(client, at, token, fixes_of(track), at0 + 21 * MINUTE)
    sync(caller, [phone.end(people.shift, at0 + 6 * MINUTE)], at0 + 25 * MINUTE)
    assert duty().track_m == pytest.approx(300, abs=2)
    late = fixes_of(walk([(100, 500), (1100, 500)], at0 + MINUTE + timedelta(seconds=7), 1.0))
    send(client, at, token, late, at0 + 30 * MINUTE)
    pack_all(at0 + 32 * MINUTE)
    assert duty().track_m == pytest.approx(300, abs=2)
