"""A call for help with something killed at every step: the web server, the worker, the database's connections. Real
processes, real signals; whoever has to be told is told."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from app import clock
from app.areas.models import Area
from app.clock import rfc3339
from app.db import db
from tests import make
from tests.browserless import Browser
from tests.conftest import Live
from tests.databases import ROOT
from tests.phone import Phone

SILENT = "1.5"


def until(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 90
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def quick(live: Live) -> Live:
    """The same township, where a call escalates after one, two and three seconds."""
    with live.app.app_context():
        town = db.session.get(Area, live.ids["township"])
        make.make_policy(town, "alarms", {"escalate_s": [1, 2, 3]})
        db.session.remove()
    return live


@contextmanager
def worker(env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = ["flask", "--app", "wsgi", "worker", "--silent", SILENT]
    with open(ROOT / "var" / "test-worker.log", "ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox.jsonl"


def told(outbox: Path, call: dict[str, Any]) -> set[str]:
    if not outbox.exists():
        return set()
    rows = [json.loads(line) for line in outbox.read_text(encoding="utf-8").splitlines()]
    return {row["to"] for row in rows if row["alarm"] == call["id"]}


def stage(live: Live, call: dict[str, Any]) -> int:
    """The alarm's stage; −1 before there is one."""
    with psycopg.connect(live.env["OWNER_DATABASE_URL"].replace("+psycopg", "")) as owner:
        row = owner.execute("SELECT stage FROM alarms WHERE id = %s", [call["id"]]).fetchone()
    return int(row[0]) if row else -1


def cut_connections(live: Live) -> None:
    for role in ("DATABASE_URL", "WORKER_DATABASE_URL"):
        with psycopg.connect(live.env[role].replace("+psycopg", ""), autocommit=True) as same_role:
            same_role.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND usename = current_user AND datname = current_database()"
            )


def make_call(live: Live) -> dict[str, Any]:
    phone = Phone(SimpleNamespace(id=live.ids["member"]), clock.now())  # type: ignore[arg-type]
    return phone.item("sos", {"fix": phone.fix(600, 500)})


def send(live: Live, call: dict[str, Any]) -> Any:
    """As a phone does: until there is a receipt, and once more."""
    caller = Browser(live.url)
    caller.sign_in("member")
    batch = {"sent_at": rfc3339(clock.now()), "items": [call]}
    (receipt,) = caller.sync_until_answered(batch)
    return receipt


@pytest.mark.parametrize("at_stage", [0, 1, 2])
def test_a_worker_killed_at_any_stage_leaves_nobody_untold(quick: Live, outbox: Path, at_stage: int) -> None:
    env = {**quick.env, "OUTBOX_FILE": str(outbox)}
    call = make_call(quick)
    with worker(env) as first:
        assert send(quick, call)["result"] in ("stored", "duplicate")
        until(lambda: stage(quick, call) >= at_stage)
        first.send_signal(signal.SIGKILL)
        first.wait()
    with worker(env):
        until(lambda: told(outbox, call) >= {"leader", "reviewer", "admin"})
    assert stage(quick, call) == 3


def test_with_the_web_server_killed_before_and_after_the_call_it_is_one_alarm_that_reaches_everybody(
    quick: Live, outbox: Path
) -> None:
    env = {**quick.env, "OUTBOX_FILE": str(outbox)}
    call = make_call(quick)
    with worker(env):
        quick.kill()
        quick.start()
        assert send(quick, call)["result"] in ("stored", "duplicate")
        quick.kill()
        quick.start()
        assert send(quick, call)["result"] == "duplicate"
        until(lambda: told(outbox, call) >= {"leader", "reviewer", "admin"})
    with psycopg.connect(quick.env["OWNER_DATABASE_URL"].replace("+psycopg", "")) as owner:
        count = owner.execute("SELECT count(*) FROM alarms WHERE id = %s", [call["id"]]).fetchone()
    assert count == (1,)


def test_with_every_connection_cut_between_the_stages_it_still_escalates(quick: Live, outbox: Path) -> None:
    env = {**quick.env, "OUTBOX_FILE": str(outbox)}
    call = make_call(quick)
    with worker(env):
        send(quick, call)
        for wanted in (0, 1, 2):
            until(lambda wanted=wanted: stage(quick, call) >= wanted)
            cut_connections(quick)
        until(lambda: told(outbox, call) >= {"leader", "reviewer", "admin"})


def test_without_any_worker_an_open_desk_shows_it_all_the_same(quick: Live) -> None:
    call = make_call(quick)
    send(quick, call)
    reviewer = Browser(quick.url)
    reviewer.sign_in("reviewer")
    until(lambda: call["id"].encode() in reviewer.call("GET", "/desk/alarms/open")[1])


def test_the_stream_of_a_signed_out_session_ends(quick: Live) -> None:
    """Looked at every 20 s; the next look finds nobody signed in."""
    member = Browser(quick.url)
    member.sign_in("member")
    request = member.opener.open(f"{quick.url}/api/v1/field/stream", timeout=90)
    assert request.readline().startswith(b"retry: ")
    member.call("DELETE", "/api/v1/session")
    rest = request.read()
    assert rest.count(b": beat") <= 1
    assert rest.startswith(b"\n: hello")


def test_an_open_stream_hears_of_the_call_and_then_who_took_it(quick: Live) -> None:
    member, leader = Browser(quick.url), Browser(quick.url)
    member.sign_in("member")
    leader.sign_in("leader")
    desk = leader.opener.open(f"{quick.url}/desk/stream", timeout=60)
    phone = member.opener.open(f"{quick.url}/api/v1/field/stream", timeout=60)
    for stream in (desk, phone):
        while stream.readline() != b": hello\n":
            continue
    call = make_call(quick)
    send(quick, call)
    assert next_event(desk) == ("sos", {"id": call["id"]})
    with quick.app.app_context():
        from uuid import UUID

        from app.accounts.models import Person
        from app.alarms import operations
        from app.teams.scope import scope_of

        person = db.session.get(Person, quick.ids["leader"])
        assert person is not None
        operations.acknowledge(person, scope_of(person), UUID(call["id"]), clock.now() + timedelta(seconds=1))
        db.session.commit()
        db.session.remove()
    assert next_event(phone) == ("sos.ack", {"id": call["id"]})


def next_event(stream: Any) -> tuple[str, Any]:
    while not (line := stream.readline()).startswith(b"event: "):
        assert line, "the stream ended"
    return line[7:].decode().strip(), json.loads(stream.readline()[6:])
