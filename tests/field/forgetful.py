"""A town with a database of its own, for what retention's role does: everything in it is really committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import func, select

from app import clock, create_app
from app.accounts import operations as accounts
from app.accounts.models import Person
from app.checkins.models import Checkin
from app.config import read_settings
from app.coverage.models import PlacePresence, StreetDay
from app.db import db
from app.duty.models import Duty
from app.field import retention
from app.field.models import ItemState
from app.incentives.models import PointEntry
from app.routes.models import Checkpoint
from tests import cast
from tests.conftest import Caller
from tests.databases import database, env_for
from tests.phone import Phone, cut_up, walk

# Where nothing of the town lies: whoever finds it has found where somebody was.
CANARY_M = (537.0, 511.0)

TRACES = (
    "checkins", "segments", "duty_events", "place_presences", "street_presences", "route_presences", "street_days",
    "settled_visits", "duties", "inbox_items", "item_states", "quarantine_items", "point_entries", "audits", "sessions",
    "rate_counts", "sign_in_codes",
)  # fmt: skip


@dataclass
class Town:
    app: Flask
    narrow: Flask
    owner: psycopg.Connection[Any]
    people: cast.Cast
    set_clock: Callable[[datetime], datetime]

    @property
    def starts_at(self) -> datetime:
        return self.people.shift.starts_at

    def send(self, person: Person, items: list[Any], now: datetime) -> list[dict[str, Any]]:
        """The receipts, in the order of the items."""
        self.set_clock(now)
        secret = accounts.open_session(person, "tests", 1, now)
        db.session.commit()
        caller = Caller(self.app)
        caller.set_cookie("xunfang", secret, domain="localhost")
        answer = caller.post("/api/v1/field/sync", json={"sent_at": clock.rfc3339(now), "items": items})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        by_id = {r["id"]: r for r in answer.get_json()["receipts"]}
        return [by_id[item["id"]] for item in items]

    def forget(self, days: float, finish: Callable[[], None] | None = None) -> dict[str, int]:
        """Retention, so many days after the shift began, with the rights of its role."""
        db.session.rollback()
        with self.narrow.app_context():
            try:
                return retention.run(self.starts_at + timedelta(days=days), finish or db.session.commit)
            finally:
                db.session.remove()

    def begin_anew(self, set_clock: Callable[[datetime], datetime]) -> None:
        """The town as it was made: nobody was ever on duty."""
        self.set_clock = set_clock
        db.session.rollback()
        for table in TRACES:
            self.owner.execute(f"DELETE FROM {table}")

    def dump(self) -> str:
        """Every row of every table as text, tracks unpacked."""
        names = self.owner.execute("""
            SELECT relname::text FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
            WHERE nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition
              AND relname <> 'spatial_ref_sys'""").fetchall()
        extra = {"segments": ", ST_AsText(ST_GeomFromTWKB(track))", "checkins": ", ST_AsText(position)"}
        lines: list[str] = []
        for (name,) in names:
            rows = self.owner.execute(f"SELECT t::text {extra.get(name, '')} FROM {name} t").fetchall()
            lines += [f"{name}: {row}" for row in rows]
        return "\n".join(lines)

    def count(self, table: str, where: str = "true") -> int:
        row = self.owner.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()
        return int(row[0]) if row else 0


def patrol(town: Town, person: Person, *, mocked: bool = False, beside_m: float = 0) -> list[dict[str, Any]]:
    """Start, three check-ins, the route walked with ten minutes in the hotspot and one step aside, end.

    Crew mates walk `beside_m` metres beside one another: the same coordinates twice would be held.
    """
    phone, shift, at0 = Phone(person, town.starts_at), town.people.shift, town.starts_at
    a, b, c = db.session.scalars(
        select(Checkpoint.id)
        .where(Checkpoint.route_version_id == town.people.town.route.id)
        .order_by(Checkpoint.seq)
    )
    track = walk([(100, 500), (400, 500)], at0, 1.0)
    stay = [(400, 500, at0 + timedelta(seconds=300 + 60 * n)) for n in range(1, 12)]
    onward = walk([(400, 500), (530, 500)], stay[-1][2], 1.0)
    aside = (*CANARY_M, onward[-1][2] + timedelta(seconds=15))
    rest = walk([(545, 500), (1100, 500)], aside[2] + timedelta(seconds=15), 1.0)
    fixes = [(x, y + beside_m, t) for x, y, t in (*track, *stay, *onward[1:], aside, *rest)]
    fix = {"accuracy_m": 30, **({"mocked": True} if mocked else {})}
    canary_x, canary_y = CANARY_M
    return [
        phone.start(shift, at0),
        phone.checkin(shift, a, 105, 500 + beside_m, at0 + timedelta(seconds=10)),
        phone.checkin(shift, b, canary_x, canary_y + beside_m, at0 + timedelta(seconds=1100), **fix),
        phone.checkin(shift, c, 1101, 498 + beside_m, fixes[-1][2]),
        *[phone.segment(shift, part) for part in cut_up(fixes, 40)],
        phone.end(shift, at0 + timedelta(hours=1)),
    ]


def what_stays() -> dict[str, Any]:
    """Verdicts, points, receipts, duties' figures and minutes at hotspots, in a comparable form."""

    def rows(*columns: Any) -> list[str]:
        return sorted(str(tuple(row)) for row in db.session.execute(select(*columns)))

    return {
        "checkins": rows(Checkin.id, Checkin.verdict, Checkin.reasons, Checkin.distance_m),
        "points": db.session.scalar(select(func.sum(PointEntry.amount_half))),
        "receipts": rows(ItemState.id, ItemState.result, ItemState.verdict),
        "duties": rows(Duty.id, Duty.state, Duty.worked_s, Duty.track_m),
        "hotspots": rows(PlacePresence.place_id, PlacePresence.duty_id, PlacePresence.during),
    }


def street_days() -> list[tuple[int, int, float]]:
    columns = (StreetDay.street_id, StreetDay.shifts, StreetDay.covered_share)
    return [tuple(row) for row in db.session.execute(select(*columns).order_by(StreetDay.street_id))]


@contextmanager
def open_town() -> Iterator[Town]:
    with database("forget") as name:
        env = env_for(name)
        settings = read_settings(env)
        app = create_app(settings)
        narrow = create_app(replace(settings, database_url=settings.retention_database_url))
        owner = psycopg.connect(env["OWNER_DATABASE_URL"].replace("+psycopg", ""), autocommit=True)
        with app.app_context():
            yield Town(app, narrow, owner, cast.make_cast(), lambda instant: instant)
            db.session.remove()
        owner.close()
        for one in (app, narrow):
            with one.app_context():
                db.engine.dispose()
