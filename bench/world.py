"""A server and a database of the bench's own, with the tests' cast and a bigger street network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.engine import make_url

from app import create_app
from app.accounts.models import Person
from app.areas.models import Area
from app.config import read_settings
from app.db import db
from app.duty.models import Shift
from app.routes.models import Checkpoint, RouteVersion
from app.teams.models import Team
from tests import conftest, databases, make, places
from tests.browserless import Browser
from tests.phone import Phone


@dataclass
class World:
    url: str
    database: str
    app: Any
    team_id: int
    route_version_id: int
    points: list[int]
    hashed: str
    sent: int = 0

    def phones(self, n: int) -> list[Carried]:
        """n phones of n new members, each signed in and on a shift of its own: a duty holds a duty's worth of items."""
        with self.app.app_context():
            found = [self._carried() for _ in range(n)]
            db.session.remove()
        for one in found:
            one.browser.sign_in(one.phone.person.login)
            one.browser.sync_until_answered(batch([one.phone.start(one.shift, one.shift.starts_at)]))
        return found

    def _carried(self) -> Carried:
        team = db.session.get(Team, self.team_id)
        route = db.session.get(RouteVersion, self.route_version_id)
        township = db.session.get(Area, team.township_id)
        person = make.make_person("测", township, password_hash=self.hashed)
        make.join_team(person, team)
        shift = make.make_shift(team, route, [person], starts_at=datetime.now(UTC) - timedelta(minutes=10))
        db.session.refresh(person)
        db.session.refresh(shift)
        db.session.expunge(person)
        db.session.expunge(shift)
        return Carried(Browser(self.url), Phone(person, datetime.now(UTC)), shift)


@dataclass
class Carried:
    """A phone, its member's connection, and the shift it is on."""

    browser: Browser
    phone: Phone
    shift: Shift


def batch(items: list[Any]) -> dict[str, Any]:
    return {"sent_at": datetime.now(UTC).isoformat(), "items": items}


@contextmanager
def world() -> Iterator[World]:
    with databases.database("bench") as name:
        port = conftest.free_port()
        env = {**databases.env_for(name), "PUBLIC_URL": f"http://127.0.0.1:{port}", "XUNFANG_DEMO": "1"}
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
    make.make_network(db.session.get(Area, shift.township_id), places.street_grid(0, 0, 32, 100))
    hashed = db.session.scalar(select(Person.password_hash).where(Person.login == "member"))
    return World(url, name, app, shift.team_id, shift.route_version_id, list(points), hashed)


def raw_connection(ground: World) -> psycopg.Connection[Any]:
    """A plain connection to the bench's database as the owner: the raw PostgreSQL that the figures stand beside."""
    url = make_url(databases.url_of(ground.database, os.environ["OWNER_DATABASE_URL"]))
    return psycopg.connect(
        user=url.username,
        dbname=url.database,
        host=str(url.query["host"]),
        port=str(url.query["port"]),
        autocommit=True,
    )
