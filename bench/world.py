"""A server and a database of the bench's own, with the tests' cast and a bigger street network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.engine import make_url

from app import create_app
from app.accounts.models import Person
from app.config import read_settings
from app.db import db
from app.duty.models import Shift
from app.routes.models import Checkpoint
from tests import conftest, make, places
from tests.browserless import Browser
from tests.phone import Phone

LOGINS = ("member", "mate", "leader")


@dataclass
class World:
    url: str
    database: str
    app: Any
    shift: Any
    points: list[int]
    people: dict[str, Any]
    sent: int = 0

    def phones(self, n: int) -> list[tuple[Browser, Phone]]:
        """n signed-in phones of the three members, each on duty."""
        found = []
        for i in range(n):
            login = LOGINS[i % len(LOGINS)]
            browser = Browser(self.url)
            browser.sign_in(login)
            phone = Phone(self.people[login], datetime.now(UTC))
            if i < len(LOGINS):
                browser.sync_until_answered(batch([phone.start(self.shift, self.shift.starts_at)]))
            found.append((browser, phone))
        return found


def batch(items: list[Any]) -> dict[str, Any]:
    return {"sent_at": datetime.now(UTC).isoformat(), "items": items}


@contextmanager
def world() -> Iterator[World]:
    with conftest.database("bench") as name:
        port = conftest.free_port()
        env = {**conftest.env_for(name), "PUBLIC_URL": f"http://127.0.0.1:{port}", "XUNFANG_DEMO": "1"}
        app = create_app(read_settings(env))
        with app.app_context():
            conftest.fill_live()
            ground = gather(app, name, f"http://127.0.0.1:{port}")
            db.session.remove()
        server = conftest.start_server(env, ground.url)
        try:
            yield ground
        finally:
            server.terminate()
            server.wait(20)
            with app.app_context():
                db.engine.dispose()


def gather(app: Any, name: str, url: str) -> World:
    shift = db.session.scalar(select(Shift).order_by(Shift.id))
    points = db.session.scalars(
        select(Checkpoint.id)
        .where(Checkpoint.route_version_id == shift.route_version_id)
        .order_by(Checkpoint.seq)
    ).all()
    people = {p.login: p for p in db.session.scalars(select(Person).where(Person.login.in_(LOGINS)))}
    make.make_network(db.session.get(make.Area, shift.township_id), places.street_grid(0, 0, 32, 100))
    db.session.refresh(shift)
    for person in people.values():
        db.session.refresh(person)
    db.session.expunge_all()
    return World(url, name, app, shift, list(points), people)


def raw_connection(ground: World) -> psycopg.Connection[Any]:
    """A plain connection to the bench's database as the owner: the raw PostgreSQL that the figures stand beside."""
    url = make_url(conftest.url_of(ground.database, os.environ["OWNER_DATABASE_URL"]))
    return psycopg.connect(
        user=url.username,
        dbname=url.database,
        host=str(url.query["host"]),
        port=str(url.query["port"]),
        autocommit=True,
    )
