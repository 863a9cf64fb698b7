"""A real PostGIS for every test: one template per schema, one database per run, one rolled-back transaction per test.

Tests that need real commits and a real server (gunicorn, Chromium) ask for `live`, which has a database of its own.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import hypothesis
import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from app import clock, create_app
from app.accounts import operations as accounts
from app.accounts import tokens
from app.accounts.models import Person
from app.config import read_settings
from app.db import db
from app.duty.models import Assignment
from tests import cast, make
from tests.browserless import PASSWORD, cheap_hash
from tests.databases import ROOT, database, drop_the_last, env_for
from tests.exports.walked import evening_items
from tests.phone import CLIENT, Phone
from tests.sharing import (  # noqa: F401  (hooks)
    pytest_collection_modifyitems,
    pytest_runtest_logreport,
    pytest_unconfigure,
    pytest_xdist_make_scheduler,
)
from tests.stage import Stage, one_transaction, open_stage
from tests.standing import Inside, verify

# No test asks a watch: on a loaded machine Hypothesis would call its own making of inputs too slow. CI draws the same
# inputs for the same code, so that nobody's change is refused for what another's luck found; by hand they are new.
hypothesis.settings.register_profile(
    "xunfang",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("xunfang")


@pytest.fixture(scope="session", autouse=True)
def no_database_left() -> Iterator[None]:
    """Begun before all others, and ended after them."""
    yield
    drop_the_last()


# --- the app, in process --------------------------------------------------------------------------


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with database("test") as name:
        # Streams end at once here: a test that reads an answer to its end would wait ten minutes.
        media = str(tmp_path_factory.mktemp("media"))
        app = create_app(read_settings({**env_for(name), "STREAM_SECONDS": "0", "XUNFANG_MEDIA": media}))
        db.session.session_factory.configure(join_transaction_mode="create_savepoint")
        verify(app).extensions["standing"]._links = Inside()
        # What is loaded stays to the end: the collector need not walk through it again and again.
        gc.collect()
        gc.freeze()
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="session")
def stage(app: Flask) -> Iterator[Stage]:
    with database("cast") as name:
        stage = open_stage(app, name, env_for(name)["OWNER_DATABASE_URL"])
        yield stage
        stage.engine.dispose()


@pytest.fixture
def rolled_back(app: Flask, request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test leaves the database as it found it: empty, or with the cast where it asks for `people`."""
    engine = request.getfixturevalue("stage").engine if "people" in request.fixturenames else None
    with one_transaction(app, engine):
        yield


@pytest.fixture
def aside(app: Flask, rolled_back: None) -> Any:
    """`with aside():` what is done inside, commits included, is undone at its end."""

    @contextmanager
    def undone() -> Iterator[None]:
        db.session.commit()
        savepoint = db._app_engines[app][None].begin_nested()  # the test's own connection
        yield
        db.session.commit()
        savepoint.rollback()
        db.session.expire_all()

    return undone


@pytest.fixture
def people(stage: Stage, rolled_back: None) -> cast.Cast:
    """The cast, in their two townships."""
    return stage.cast()


class Caller(FlaskClient):
    """A client that sends our header with every write, as every real client does."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        headers = dict(kwargs.pop("headers", None) or {})
        if kwargs.pop("bare", False) is False:
            headers = {**CLIENT, **headers}
        # The test's app context outlives a request, and `g` with it: forget who called before.
        for name in list(g):
            g.pop(name)
        return super().open(*args, headers=headers, **kwargs)


@pytest.fixture
def client(app: Flask, rolled_back: None) -> Caller:
    return Caller(app)


@pytest.fixture
def as_person(app: Flask, rolled_back: None) -> Any:
    """as_person(person) → a client signed in as that person, without the cost of a password."""

    def sign_in(person: Person) -> Caller:
        secret = accounts.open_session(person, "tests", 1, clock.now())
        db.session.commit()
        caller = Caller(app)
        caller.set_cookie("xunfang", secret, domain="localhost")
        return caller

    return sign_in


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """at(instant): the server's clock stands there from now on."""

    def set_clock(instant: datetime) -> datetime:
        monkeypatch.setattr(clock, "now", lambda: instant)
        return instant

    return set_clock


@pytest.fixture
def evening(at: Any) -> datetime:
    return at(make.EVENING)  # type: ignore[no-any-return]


@pytest.fixture
def phone(people: cast.Cast, evening: datetime) -> Phone:
    return Phone(people.member, evening)


@pytest.fixture
def sync(at: Any) -> Any:
    """sync(client, items, at_time) → receipts by id; the server's clock is set to the time of arrival."""

    def send(
        caller: Caller, items: list[Any], now: datetime, sent_at: datetime | None = None
    ) -> dict[str, Any]:
        at(now)
        body = {"sent_at": clock.rfc3339(sent_at or now), "items": items}
        answer = caller.post("/api/v1/field/sync", json=body)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return {r["id"]: r for r in answer.get_json()["receipts"]}

    return send


@pytest.fixture
def walked(people: Any, as_person: Any, phone: Phone, sync: Any, at: Any) -> Any:
    sync(as_person(people.member), evening_items(people, phone), make.EVENING + timedelta(minutes=61))
    at(make.EVENING + timedelta(hours=4))
    return people


@pytest.fixture
def token_for(rolled_back: None) -> Any:
    def make_token(person: Any, days: int = 30) -> str:
        token = tokens.make(person, "QGIS", days, clock.now())
        db.session.commit()
        return token

    return make_token


@pytest.fixture
def reading(app: Any, token_for: Any) -> Any:
    """A client without a cookie that shows a token."""

    def caller(person: Any) -> Caller:
        client = Caller(app)
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token_for(person)}"
        return client

    return caller


# --- a real server --------------------------------------------------------------------------------


@dataclass
class Live:
    """gunicorn on a database of its own. `people` is the cast by name; everybody's password is PASSWORD."""

    url: str
    database: str
    app: Flask
    ids: dict[str, int]
    codes: dict[str, str]
    env: dict[str, str]
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:  # a machine that does much else at once
            self.kill()

    def kill(self) -> None:
        """SIGKILL to every process of the server, as when the power goes."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def start(self, ahead_s: float = 0) -> None:
        """`ahead_s`: the server comes back that much later than it is. One that still runs goes first: two at one
        address would leave the older behind, out of reach of `stop`."""
        if self.process.poll() is None:
            self.kill()
        more = {"TEST_CLOCK_AHEAD_S": str(ahead_s)} if ahead_s else {}
        self.process = start_server({**self.env, **more}, self.url)

    def be_there(self) -> None:
        """A test that failed half-way may have left no server to the next one."""
        if self.process.poll() is not None:
            self.start()

    @contextmanager
    def later(self, ahead_s: float) -> Iterator[None]:
        """The server comes back that much later than it is; afterwards it is as late as everybody again."""
        self.start(ahead_s)
        try:
            yield
        finally:
            self.start()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start_server(env: dict[str, str], url: str) -> subprocess.Popen[bytes]:
    port = url.rsplit(":", 1)[1]
    loads = (
        "tests.browser.clock_ahead:app" if "TEST_CLOCK_AHEAD_S" in env else env.get("TEST_LOADS", "wsgi:app")
    )
    command = ["gunicorn", "-c", "deploy/gunicorn.conf.py", "-b", f"127.0.0.1:{port}", loads]
    (ROOT / "var").mkdir(exist_ok=True)
    with open(ROOT / "var" / "test-server.log", "ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True, stderr=log)
    for _ in range(300):
        if process.poll() is not None:  # another answers at this address
            raise RuntimeError(f"the server ended at once, see var/test-server.log: {process.returncode}")
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    return process
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise RuntimeError("the server did not come up")


@pytest.fixture(scope="module")
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A running server with the cast: one shift of `member` and `mate` that covers now. Two processes; one where
    Chromium is asked, which wants the other core, unless the module says `TWO_PROCESSES = True`."""
    with database("live") as name:
        port = free_port()
        env = {**env_for(name), "PUBLIC_URL": f"http://127.0.0.1:{port}", "XUNFANG_DEMO": "1"}
        env["XUNFANG_MEDIA"] = str(tmp_path_factory.mktemp("media"))
        one = request.node.get_closest_marker("browser") and not getattr(
            request.module, "TWO_PROCESSES", False
        )
        env |= {
            "XUNFANG_WEB_WORKERS": "1" if one else "2",
            "XUNFANG_GRACE_S": "1",
            "TEST_LOADS": "tests.verified:app",
        }
        app = create_app(read_settings(env))
        with app.app_context():
            ids, codes = fill_live()
            db.session.remove()
        url = f"http://127.0.0.1:{port}"
        running = Live(url, name, app, ids, codes, env, start_server(env, url))
        try:
            yield running
        finally:
            running.stop()
            with app.app_context():
                db.engine.dispose()


def fill_live() -> tuple[dict[str, int], dict[str, str]]:
    people = cast.make_cast()
    now = clock.now()
    hashed = cheap_hash(PASSWORD)
    named = {n: getattr(people, n) for n in ("member", "mate", "leader", "reviewer", "admin", "outsider")}
    for person in named.values():
        person.password_hash = hashed
    people.shift.starts_at, people.shift.ends_at = now - timedelta(minutes=10), now + timedelta(hours=2)
    people.shift.day = (now + timedelta(hours=8)).date()
    for row in db.session.scalars(select(Assignment).where(Assignment.shift_id == people.shift.id)):
        row.during = Range(people.shift.starts_at, people.shift.ends_at, bounds="[)")
    db.session.commit()
    ids = {n: p.id for n, p in named.items()} | {
        "shift": people.shift.id, "route": people.town.route.id, "hotspot": people.town.hotspot.id,
        "township": people.town.township.id,
    }  # fmt: skip
    codes = {
        "town": people.town.township.code,
        "other": people.other.township.code,
        "county": people.county.code,
    }
    return ids, codes
