"""What one new segment costs with 1, 4 and 16 months of history behind it: taken in, settled and committed.

A week of the demo's duties is taken in as from phones; the weeks before are copies of it, five crews for one, with all
that a phone had sent and all that was made of it. Nothing is folded or forgotten, as it would be after 30 days.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import numpy as np
import psycopg
from flask import Flask
from sqlalchemy import select, text

from app import clock, create_app
from app.accounts.models import Person
from app.accounts.rules import uuid7
from app.areas.models import Area
from app.config import read_settings
from app.db import db
from app.demo.fill import tell
from app.demo.load import load_all
from app.demo.plan import open_book, plan_all
from app.demo.world import load_world
from app.field.operations import Item, take_batch
from app.field.rules import body_sha256
from app.routes.models import RouteVersion
from app.teams.models import Team
from bench.figures import Bench, Line, Pair, run_s
from bench.town import TOWN, forget
from tests import databases, make

MONTHS = {1: 4, 4: 17, 16: 69}  # months → weeks
CREWS = 5
SEGMENTS, FIXES, EVERY_S = 10, 40, 15
STRIDE = 1_000_000
BACK = "make_interval(weeks => k)"
# An id of the same kind, so much earlier: its first 48 bits are milliseconds.
EARLIER = """
CREATE FUNCTION bench_id(id uuid, k int, c int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex(ms - k * 604800000::bigint), 12, '0') || '7' || substr(h, 1, 3) || '8' || substr(h, 4, 15))::uuid
  FROM md5(id::text || ' ' || k || ' ' || c) h,
    CAST(('x' || left(replace(id::text, '-', ''), 12))::bit(48) AS bigint) ms
$$
"""
NEW_ID = f"t.{{}} + (k * {CREWS} + c) * {STRIDE}"
ITEM, PERSON = "bench_id(t.{}, k, c)", f"t.{{}} + c * {STRIDE}"
TIME, DAY = f"t.{{}} - {BACK}", "t.{} - 7 * k"
SPAN = f"tstzrange(lower(t.{{}}) - {BACK}, upper(t.{{}}) - {BACK})"
SPANS = f"(SELECT range_agg(tstzrange(lower(r) - {BACK}, upper(r) - {BACK})) FROM unnest(t.{{}}) r)"
NONE, SECONDS = "NULL", "t.{} - k * 604800"
# What changes in a copy; every other column stays.
COPIED: dict[str, dict[str, str]] = {
    "shifts": {"id": NEW_ID, "day": DAY, "starts_at": TIME, "ends_at": TIME, "changed_at": TIME},
    "assignments": {"id": NEW_ID, "shift_id": NEW_ID, "person_id": PERSON, "during": SPAN, "made_at": TIME},
    "duties": {
        "id": NEW_ID, "shift_id": NEW_ID, "person_id": PERSON, "day": DAY, "started_at": TIME, "ended_at": TIME,
        "pauses": NONE, "worked": SPAN, "last_item_at": TIME, "first_item_id": ITEM, "last_item_id": ITEM,
        "tick_id": NONE,
    },
    "duty_events": {"id": ITEM, "duty_id": NEW_ID, "effective_at": TIME},
    "segments": {"id": ITEM, "duty_id": NEW_ID, "head_s": SECONDS, "tail_s": SECONDS, "received_at": TIME},
    "checkins": {"id": ITEM, "duty_id": NEW_ID, "person_id": PERSON, "effective_at": TIME, "received_at": TIME},
    "inbox_items": {"id": ITEM, "author_id": PERSON, "session_person_id": PERSON, "device_at": TIME, "anchor_at": TIME,
                    "sent_at": TIME, "received_at": TIME},
    "item_states": {"id": ITEM, "author_id": PERSON, "shift_id": NEW_ID, "effective_at": TIME, "changed_at": TIME},
    "street_presences": {"duty_id": NEW_ID, "hour": TIME},
    "route_presences": {"duty_id": NEW_ID, "hour": TIME},
    "place_presences": {"duty_id": NEW_ID, "during": SPANS},
}  # fmt: skip
COLUMNS = """SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'"""


@dataclass
class Past:
    """A database with so many months behind it."""

    months: int
    app: Flask
    name: str
    served: int = 0


@contextmanager
def pasts() -> Iterator[list[Past]]:
    with ExitStack() as stack:
        base = stack.enter_context(databases.database("bench"))
        tell_a_week(base)
        yield [stack.enter_context(past(base, months)) for months in MONTHS]


def app_of(name: str) -> Flask:
    return create_app(
        read_settings({**databases.env_for(name), "PUBLIC_URL": "http://127.0.0.1", "XUNFANG_DEMO": "1"})
    )


def tell_a_week(name: str) -> None:
    """The county, and the last whole week of the town's duties by the way that phones' items take."""
    app, world, now = app_of(name), load_world(), clock.now()
    with app.app_context():
        load_all(world, now, lambda part: None)
        db.session.commit()
        book = open_book(world)
        since = now.date() - timedelta(days=7)
        todo = [
            t
            for t in plan_all(world, book, now)
            if since < t.outing.day and world.teams[t.outing.team].township == TOWN
        ]
        for _ in tell(world, book, todo):
            db.session.commit()
        db.session.remove()
    forget(app)
    with owner_of(name) as link:  # what was planned and not told would stand in the way of the copies
        for table, column in (("assignments", "shift_id"), ("shifts", "id")):
            link.execute(f"DELETE FROM {table} WHERE {column} NOT IN (SELECT shift_id FROM duties)")


@contextmanager
def past(base: str, months: int) -> Iterator[Past]:
    name = f"{base}_{months}"
    with databases.admin_connection() as admin:
        databases.new_database(admin, name, base)
    app = app_of(name)
    try:
        with owner_of(name) as link:
            copy_weeks(link, MONTHS[months])
            tables = ("duties", "segments", "street_presences")
            n = [link.execute(f"SELECT count(*) FROM {t}").fetchone() for t in tables]
        rows = ", ".join(f"{row[0]} {table}" for row, table in zip(n, tables, strict=True) if row)
        print(f"history of {months} months: {rows}", file=sys.stderr)
        yield Past(months, app, name)
    finally:
        forget(app)
        with databases.admin_connection() as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def owner_of(name: str) -> psycopg.Connection[tuple[object, ...]]:
    url = databases.url_of(name, os.environ["OWNER_DATABASE_URL"]).replace("+psycopg", "")
    return psycopg.connect(url, autocommit=True)


def copy_weeks(link: psycopg.Connection[tuple[object, ...]], weeks: int, crews: int = CREWS) -> None:
    """Each week as often as there are crews; with one the same people do them."""
    link.execute(EARLIER)
    link.execute("SELECT ensure_partitions((now() - interval '18 months')::date, now()::date)")
    clone_people(link, crews)
    for table, changed in COPIED.items():
        names = [str(row[0]) for row in link.execute(COLUMNS, [table])]
        values = [changed.get(name, "t.{}").replace("{}", f'"{name}"') for name in names]
        listed = ", ".join(f'"{name}"' for name in names)
        link.execute(
            f"INSERT INTO {table} ({listed}) OVERRIDING SYSTEM VALUE SELECT {', '.join(values)} "
            f"FROM (SELECT * FROM {table} OFFSET 0) t, "
            f"generate_series(1, {weeks}) k, generate_series(0, {crews - 1}) c"
        )
    link.execute("VACUUM ANALYZE")


def clone_people(link: psycopg.Connection[tuple[object, ...]], crews: int) -> None:
    names = [str(row[0]) for row in link.execute(COLUMNS, ["people"])]
    values = [
        {"id": PERSON, "login": "t.{} || '-' || c"}.get(n, "t.{}").replace("{}", f'"{n}"') for n in names
    ]
    listed = ", ".join(f'"{name}"' for name in names)
    link.execute(
        f"INSERT INTO people ({listed}) OVERRIDING SYSTEM VALUE SELECT {', '.join(values)} "
        f"FROM (SELECT * FROM people OFFSET 0) t, generate_series(1, {crews - 1}) c"
    )


# --- one more segment ---------------------------------------------------------------------------------------------


def history(all_of_them: Sequence[Past]) -> tuple[Pair, ...]:
    """Processor seconds a segment, ours and the database's: with 16 months beside 1, with 4 beside 1."""
    order = list(all_of_them)
    random.shuffle(order)
    cost = {one.months: cost_of_a_segment(one) for one in order}
    return (cost[16], cost[1]), (cost[4], cost[1])


def cost_of_a_segment(one: Past) -> float:
    with one.app.app_context():
        person, items = duty_of_a_new_member(one)
        send(person, items[:2])  # the start, and what is read once per process
        pid = int(db.session.scalar(text("SELECT pg_backend_pid()")) or 0)
        before = time.thread_time() + run_s(pid)
        for item in items[2:]:
            send(person, [item])
        spent = time.thread_time() + run_s(pid) - before
        same = pid == db.session.scalar(text("SELECT pg_backend_pid()"))
        db.session.remove()
    if not same:
        raise SystemExit("✗ the segments were settled over more than one connection")
    return spent / (len(items) - 2)


def send(person: Person, items: Sequence[Item]) -> None:
    receipts = take_batch(person, items, clock.now(), clock.now())
    db.session.commit()
    wrong = [r for r in receipts if r.result != "stored"]
    if wrong:
        raise SystemExit(f"✗ not taken: {wrong}")


def duty_of_a_new_member(one: Past) -> tuple[Person, list[Item]]:
    """A new member's shift that began two hours ago: its start and its segments."""
    township = db.session.scalars(select(Area).where(Area.code == TOWN)).one()
    team = db.session.scalars(select(Team).where(Team.township_id == township.id).order_by(Team.id)).first()
    route = db.session.scalars(
        select(RouteVersion).where(RouteVersion.township_id == township.id).order_by(RouteVersion.id)
    ).first()
    assert team is not None and route is not None
    one.served += 1
    person = make.make_person("测", township, login=f"bench{one.served}")
    make.join_team(person, team)
    began = clock.now().replace(microsecond=0) - timedelta(hours=2)
    shift = make.make_shift(team, route, [person], starts_at=began)
    return person, items_of(person.id, shift.id, began)


def items_of(author_id: int, shift_id: int, began: datetime) -> list[Item]:
    device, found = uuid4(), []
    bodies = [("duty.start", {"shift_id": shift_id}, began)]
    for n in range(SEGMENTS + 1):
        fixes = walk(began + timedelta(seconds=n * (FIXES - 1) * EVERY_S), n)
        at = datetime.fromtimestamp(fixes[-1][3] / 1000, began.tzinfo)
        bodies.append(("segment", {"shift_id": shift_id, "source": "pwa", "fixes": fixes}, at))
    for seq, (kind, body, at) in enumerate(bodies, start=1):
        found.append(
            Item(
                id=uuid7(at, random.randbytes(10)), schema=1, device_id=device, device_seq=seq, author_id=author_id,
                kind=kind, body=body, device_at=at, utc_offset_min=480, monotonic_ms=seq * 1000, anchor_at=None,
                sha256=body_sha256(body),
            )
        )  # fmt: skip
    return found


def walk(at: datetime, n: int) -> list[list[int]]:
    """The n-th stretch of a walk along the town's first route, at a walking pace."""
    world = load_world()
    line = next(r.xy for r in world.routes.values() if r.township == TOWN)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    seconds = np.arange(FIXES) * EVERY_S
    metres = np.mod((seconds + n * (FIXES - 1) * EVERY_S) * 1.2, along[-1])
    xy = np.column_stack([np.interp(metres, along, line[:, k]) for k in (0, 1)])
    lonlat = np.round(world.plane.to_degrees(xy) * 1e7).astype(int).tolist()
    first = int(at.timestamp()) * 1000
    return [[lon, lat, 8, first + int(s) * 1000] for (lon, lat), s in zip(lonlat, seconds, strict=True)]


def _against(months: int) -> str:
    return f"the same segment with 1 month of history; ours with {months}; processor time of Python and PostgreSQL"


BENCHES = (
    Bench(
        (
            Line("coverage.history_16x", "s/segment", _against(16)),
            Line("coverage.history_4x", "s/segment", _against(4)),
        ),
        history,
    ),
)
