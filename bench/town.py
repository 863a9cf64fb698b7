"""The demo's county in a database of its own, four weeks of its duties taken in as from phones, and servers on it.

What others are measured on lies beside it in the schema `bench`: the same streets with the figures already beside them.
Beside a peer that reads a finished table, ours works out the figures.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from flask import Flask
from sqlalchemy import select
from sqlalchemy.engine import make_url

from app import clock, create_app
from app.accounts import operations as accounts
from app.accounts import tokens
from app.accounts.models import Person
from app.areas.models import Area
from app.config import read_settings
from app.coverage import queries, streets
from app.coverage.numbers import policies_of
from app.coverage.queries import Period
from app.db import db
from app.demo.duties import DAYS_BACK
from app.exports import features
from app.teams.scope import Scope, scope_of
from bench.clients import Client
from tests import conftest, databases, make

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "var" / "peers" / ".venv" / "bin"
TOWN = "420199101000"
GUNICORN = (str(ROOT / ".venv/bin/gunicorn"), "-c", "deploy/gunicorn.conf.py")
WAIT_S = 120
# Ten connections a process at most, as tipg has: all servers here share one PostgreSQL of a hundred.
POOL = "5"
TABLES = """
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;
CREATE TABLE bench.streets (id bigint PRIMARY KEY, name text, covered float8, shifts int, last bigint, fresh int,
    grade text, last_grade text, geom geometry(LineString, 4326));
CREATE TABLE bench.features (id bigint PRIMARY KEY, name text, highway text, length_m float8, village text,
    township text, "from" text, "to" text, covered_percent float8, shifts int, last_at text, freshness int, grade text,
    geom geometry(LineString, 4326));
"""
STREET = """INSERT INTO bench.streets SELECT s.id, s.name, %s, %s, %s, %s, %s, %s, s.geom
    FROM streets s WHERE s.id = %s"""
FEATURE = """INSERT INTO bench.features SELECT s.id, s.name, s.highway, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, s.geom
    FROM streets s WHERE s.id = %s"""
INDEXES = """
CREATE INDEX ON bench.streets USING gist (geom);
CREATE INDEX ON bench.features USING gist (geom);
"""


@dataclass
class Server:
    """A process that answers at an address, and what it and all below it have computed."""

    url: str
    process: subprocess.Popen[bytes]


@dataclass
class Town:
    database: str
    app: Flask
    env: dict[str, str]
    township_id: int
    period: Period
    stack: ExitStack
    made: int = field(default=0)

    @property
    def days(self) -> str:
        return f"from={self.period.first}&to={self.period.last}"

    @property
    def interval(self) -> str:
        return f"{self.period.first}/{self.period.last}"

    # --- servers ---

    @cached_property
    def ours(self) -> Server:
        return self.serve(
            [*GUNICORN, "wsgi:app"], "/healthz", "ours", port=self.env["PUBLIC_URL"].rsplit(":")[-1]
        )

    @cached_property
    def unkept(self) -> Server:
        return self.serve([*GUNICORN, "bench.unkept:app"], "/healthz", "unkept")

    @cached_property
    def tipg(self) -> Server:
        """uvicorn with as many processes as our gunicorn has."""
        env = {
            **os.environ, "DATABASE_URL": self.dsn(), "TIPG_DB_SCHEMAS": '["bench"]', "TIPG_TILE_BUFFER": "64",
            "TIPG_TILE_RESOLUTION": "4096",
        }  # fmt: skip
        command = [str(PEERS / "uvicorn"), "tipg.main:app", "--workers", "2", "--log-level", "warning"]
        return self.serve(command, "/healthz", "tipg", env=env)

    @cached_property
    def pygeoapi(self) -> Server:
        folder, port = (
            Path(self.stack.enter_context(tempfile.TemporaryDirectory())),
            str(conftest.free_port()),
        )
        config, openapi = folder / "pygeoapi.yml", folder / "openapi.yml"
        config.write_text(json.dumps(pygeoapi_config(f"http://127.0.0.1:{port}", self.owner())))
        env = {**os.environ, "PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
        make_it = [PEERS / "pygeoapi", "openapi", "generate", config, "--output-file", openapi]
        subprocess.run(make_it, env=env, check=True, stdout=subprocess.DEVNULL)
        command = [
            str(PEERS / "gunicorn"),
            "pygeoapi.flask_app:APP",
            "-k",
            "gthread",
            "--threads",
            "4",
            "-w",
            "2",
        ]
        return self.serve(command, "/conformance", "pygeoapi", env=env, port=port)

    def serve(
        self, command: Sequence[str], probe: str, name: str, env: dict[str, str] | None = None, port: str = ""
    ) -> Server:
        port = port or str(conftest.free_port())
        at = (
            ["--host", "127.0.0.1", "--port", port]
            if "uvicorn" in command[0]
            else ["-b", f"127.0.0.1:{port}"]
        )
        log = self.stack.enter_context((ROOT / "var" / "log" / f"bench-{name}.log").open("wb"))
        process = subprocess.Popen(
            [*command, *at], cwd=ROOT, env=env or self.env, stdout=log, stderr=log, start_new_session=True
        )
        self.stack.callback(stop, process)
        wait_for(f"http://127.0.0.1:{port}{probe}", process, name)
        return Server(f"http://127.0.0.1:{port}", process)

    # --- the database ---

    def owner(self) -> dict[str, str]:
        url = make_url(databases.url_of(self.database, os.environ["OWNER_DATABASE_URL"]))
        host, port = str(url.query.get("host") or url.host), str(url.query.get("port") or url.port or 5432)
        return {"user": str(url.username), "host": host, "port": port, "dbname": str(url.database)}

    def dsn(self) -> str:
        """For peers; a folder of a socket may stand where a host would."""
        about = self.owner()
        return (
            f"postgresql://{about['user']}@{quote(about['host'], safe='')}:{about['port']}/{about['dbname']}"
        )

    def raw(self) -> psycopg.Connection[Any]:
        return psycopg.connect(**self.owner(), autocommit=True)  # type: ignore[arg-type]

    # --- people ---

    def readers(self, n: int) -> list[dict[str, str]]:
        """n new reviewers of the town: what each sends with a request of the map."""
        return [
            {"Cookie": f"xunfang={accounts.open_session(who, 'bench', 1, clock.now())}"}
            for who in self._new(n)
        ]

    def programs(self, n: int) -> list[dict[str, str]]:
        """n new reviewers' programs that read, each with its token."""
        return [
            {"Authorization": f"Bearer {tokens.make(who, 'bench', 30, clock.now())}"} for who in self._new(n)
        ]

    def _new(self, n: int) -> Iterator[Person]:
        with self.app.app_context():
            township = db.session.get_one(Area, self.township_id)
            for _ in range(n):
                self.made += 1
                person = make.make_person("测", None, login=f"bench{self.made}")
                make.grant(person, "reviewer", area=township)
                yield person
                db.session.commit()
            db.session.remove()


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], name: str) -> None:
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"✗ {name} did not come up: its words are in var/log/bench-{name}.log")


@contextmanager
def town() -> Iterator[Town]:
    (ROOT / "var" / "log").mkdir(parents=True, exist_ok=True)
    with databases.database("bench") as name, ExitStack() as stack:
        yield open_town(name, stack)


def open_town(name: str, stack: ExitStack) -> Town:
    media = stack.enter_context(tempfile.TemporaryDirectory())
    env = {
        **databases.env_for(name), "PUBLIC_URL": f"http://127.0.0.1:{conftest.free_port()}", "XUNFANG_DEMO": "1",
        "XUNFANG_MEDIA": media, "FLASK_APP": "wsgi", "DB_POOL_SIZE": POOL,
    }  # fmt: skip
    subprocess.run(["flask", "demo"], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
    app = create_app(read_settings(env))
    with app.app_context():
        township_id = db.session.scalar(select(Area.id).where(Area.code == TOWN))
        today = clock.local_day(clock.now(), "Asia/Shanghai")
        found = Town(name, app, env, township_id, Period(today - timedelta(days=DAYS_BACK), today), stack)
        fill_tables(found, clock.now())
        db.session.remove()
    stack.callback(forget, app)
    return found


def forget(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


def reviewer() -> Scope:
    return scope_of(db.session.scalars(select(Person).where(Person.login == "reviewer")).one())


def fill_tables(ground: Town, now: datetime) -> None:
    """What the peers read: the town's streets with the figures that the product has of them now."""
    asked = features.Asked(reviewer(), ground.period, now)
    with ground.raw() as link:
        link.execute(TABLES)
        with link.cursor() as cursor:
            cursor.executemany(STREET, street_rows(ground, now))
            cursor.executemany(
                FEATURE, [feature_row(f) for f in features.page_of("streets", asked, 0, 100_000).features]
            )
        link.execute(INDEXES)
        # Four weeks came in within a minute: what the server does by itself in that time is done now.
        link.execute("VACUUM ANALYZE")


def street_rows(ground: Town, now: datetime) -> list[tuple[Any, ...]]:
    (network,) = queries.networks_in_force([ground.township_id], ground.period.last)
    figures = streets.street_figures(network, ground.period)
    policy = policies_of([ground.township_id], ground.period)[ground.township_id]
    columns = (
        figures.covered.round(4).tolist(), figures.shifts.tolist(), figures.last_s.tolist(), figures.grades,
        figures.last_grades, figures.ids.tolist(),
    )  # fmt: skip
    return [
        (covered, shifts, last or None, streets.freshness(last, policy, now), grade, last_grade, street_id)
        for covered, shifts, last, grade, last_grade, street_id in zip(*columns, strict=True)
    ]


def feature_row(feature: features.Feature) -> tuple[Any, ...]:
    asked = (
        "length_m", "village", "township", "from", "to", "covered_percent", "shifts", "last_at", "freshness", "grade"
    )  # fmt: skip
    return (*(feature.properties[name] for name in asked), feature.id)


def client(server: Server, headers: dict[str, str]) -> Client:
    return Client(server.url, **headers)


def pygeoapi_config(url: str, about: dict[str, str]) -> dict[str, Any]:
    """As its own example has it, less what only writes logs or prints nicely; JSON is YAML too."""
    words = {"title": "streets", "description": "streets with figures", "keywords": ["streets"]}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": int(url.rsplit(":", 1)[1])}, "url": url, "gzip": False,
            "mimetype": "application/json; charset=UTF-8", "encoding": "utf-8", "languages": ["en-US"],
            "pretty_print": False, "limits": {"default_items": 100, "max_items": 2000, "on_exceed": "throttle"},
            "map": {"url": "http://127.0.0.1/{z}/{x}/{y}.png", "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {**words, "terms_of_service": "none", "url": url},
            "license": {"name": "none", "url": url}, "provider": {"name": "bench", "url": url},
            "contact": {"name": "bench", "url": url},
        },
        "resources": {
            "streets": {
                "type": "collection", **words,
                "links": [],
                "extents": {"spatial": {"bbox": [-180, -90, 180, 90], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}},
                "providers": [
                    {
                        "type": "feature", "name": "PostgreSQL", "table": "features", "id_field": "id",
                        "geom_field": "geom",
                        "data": {
                            "host": about["host"], "port": int(about["port"]), "dbname": about["dbname"],
                            "user": about["user"], "password": "none", "search_path": ["bench", "public"],
                        },
                    }
                ],
            }
        },
    }  # fmt: skip
