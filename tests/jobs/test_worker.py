"""The worker as a process: killed without warning, another does its job; told to stop, it ends what it has begun."""

from __future__ import annotations

import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from app import clock
from app.accounts.models import Person
from app.accounts.rules import uuid7
from app.db import db
from app.duty.models import Duty
from app.duty.queries import add_duty, add_event
from app.jobs.queue import enqueue
from app.teams.models import Team
from tests.databases import ROOT
from tests.make import make_shift

SILENT = "1.5"
ago = count(3)


def until(true: Callable[[], Any]) -> None:
    """Wait for it, however slow the machine is; a minute and a half means never."""
    deadline = time.monotonic() + 90
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


@contextmanager
def worker(yard) -> Iterator[subprocess.Popen[bytes]]:
    command = ["flask", "--app", "wsgi", "worker", "--silent", SILENT]
    with open(ROOT / "var" / "test-worker.log", "ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=yard.env, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def held_up(yard) -> Iterator[None]:
    """While inside, nobody reads a duty: a job that settles one is begun and cannot end."""
    with psycopg.connect(yard.env["OWNER_DATABASE_URL"].replace("+psycopg", "")) as holder:
        holder.execute("LOCK TABLE duties IN ACCESS EXCLUSIVE MODE")
        yield
        holder.rollback()


@pytest.fixture
def forgotten(yard) -> int:
    """A duty without an end, whose shift is long over; and the job that closes it."""
    with yard.app.app_context():
        member = db.session.scalars(select(Person).where(Person.login == "member")).one()
        team = db.session.scalars(select(Team).where(Team.township_id == member.home_township_id)).one()
        shift = make_shift(team, None, starts_at=clock.now() - timedelta(hours=10 * next(ago)))
        add_duty(shift, member.id, True, shift.starts_at)
        duty_id = db.session.scalars(select(Duty.id).where(Duty.shift_id == shift.id)).one()
        item_id = uuid7(shift.starts_at, secrets.token_bytes(10))
        add_event(shift.township_id, item_id, duty_id, "start", shift.starts_at, "good")
        duty = db.session.get_one(Duty, (shift.township_id, duty_id))
        duty.first_item_id = duty.last_item_id = item_id
        enqueue("close_forgotten", timestamp=0)
        db.session.commit()
    return int(duty_id)


def state_of(yard, duty_id: int) -> str:
    return str(yard.owner.execute("SELECT state FROM duties WHERE id = %s", [duty_id]).fetchone()[0])


def job(yard, task_name: str = "close_forgotten") -> tuple[Any, ...]:
    """status, attempts of the oldest job of the task."""
    return next(row[1:] for row in yard.jobs() if row[0] == task_name)


def test_the_job_of_a_killed_worker_is_done_by_the_next(yard, forgotten):
    with worker(yard) as first, held_up(yard):
        until(lambda: job(yard)[0] == "doing")
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert job(yard)[0] == "doing"
    with worker(yard):
        until(lambda: job(yard)[0] == "succeeded")
    assert job(yard)[1] == 2
    assert state_of(yard, forgotten) == "ended"


def test_told_to_stop_it_ends_the_job_that_runs_and_leaves_by_itself(yard, forgotten):
    with worker(yard) as process:
        with held_up(yard):
            until(lambda: job(yard)[0] == "doing")
            process.send_signal(signal.SIGTERM)
        process.wait(90)
        assert process.returncode == 0
    assert job(yard) == ("succeeded", 1)
    assert yard.owner.execute("SELECT count(*) FROM procrastinate_workers").fetchone() == (0,)


def test_a_job_that_kills_every_worker_fails_in_the_end(yard):
    yard.owner.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status, attempts) VALUES ('default', 'x', 'doing', 4)"
    )
    with worker(yard):
        until(lambda: job(yard, "x") == ("failed", 5))


def test_the_database_going_away_does_not_end_the_worker(yard, forgotten):
    with worker(yard) as process:
        until(lambda: job(yard)[0] == "succeeded")
        with psycopg.connect(yard.env["WORKER_DATABASE_URL"].replace("+psycopg", "")) as same_role:
            same_role.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND usename = current_user AND datname = current_database()"
            )
        with yard.app.app_context():
            enqueue("retry_failed", timestamp=0)
            db.session.commit()
        until(lambda: job(yard, "retry_failed")[0] == "succeeded")
        assert process.poll() is None
