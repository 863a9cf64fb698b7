"""Transactions at once: real threads on real connections, in a database of its own with what is committed there."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import func, text, update

from app import create_app
from app.accounts.models import Person
from app.config import read_settings
from app.db import db
from app.errors import DomainError
from tests import cast
from tests.databases import database, env_for

MANY = 20
Act = Callable[[], object]
# Somebody in this database waits for what another transaction holds.
WAITS = text(
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE NOT granted AND datname = current_database()"
)


@dataclass
class World:
    app: Flask
    people: Any
    town: int
    reviewer: int
    admin: int
    database: str


@contextmanager
def room(prefix: str) -> Iterator[tuple[Flask, str]]:
    """An application with a database of its own, and with a connection for each thread; and the database's name."""
    with database(prefix) as name:
        app = create_app(read_settings({**env_for(name), "DB_POOL_SIZE": str(MANY + 1)}))
        with app.app_context():
            yield app, name
            db.session.remove()
            db.engine.dispose()


def new_world(app: Flask, name: str) -> World:
    """The cast, committed. Those of a world before it give their logins away and stay in their own townships."""
    db.session.execute(update(Person).values(login=func.concat(Person.login, "-", Person.id)))
    people = cast.make_cast()
    return World(app, people, people.town.township.id, people.reviewer.id, people.admin.id, name)


@contextmanager
def world_of_its_own(prefix: str) -> Iterator[World]:
    with room(prefix) as (app, name):
        yield new_world(app, name)


def outcome(app: Flask, act: Act, before: Act = lambda: None, after: Act = lambda: None) -> str:
    """What became of a deed in a connection and a transaction of its own; `before` its beginning and its commit."""
    with app.app_context():
        try:
            db.session.connection()
            before()
            act()
            after()
            db.session.commit()
            return "done"
        except DomainError as refused:
            db.session.rollback()
            return refused.code
        except Exception as fault:
            db.session.rollback()
            return type(fault).__name__
        finally:
            db.session.remove()


def at_once(world: World | Flask, acts: Sequence[Act]) -> Counter[str]:
    """Each in a thread of its own, begun together; what became of them, counted."""
    app = world.app if isinstance(world, World) else world
    barrier, said = threading.Barrier(len(acts), timeout=300), list[str]()

    def run(act: Act) -> None:
        said.append(outcome(app, act, before=barrier.wait))

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    db.session.rollback()
    return Counter(said)


def overlapping(world: World, first: Act, second: Act) -> tuple[str, str]:
    """`first` is done and not committed when `second` begins; it commits once `second` is over or waits for it. So the
    narrowest moment between two transactions is met every time, and nothing rests on which thread was quicker."""
    said: dict[str, str] = {}
    is_done, may_commit = threading.Event(), threading.Event()

    def hold() -> None:
        is_done.set()
        may_commit.wait(300)

    def run_first() -> None:
        said["first"] = outcome(world.app, first, after=hold)
        is_done.set()

    def run_second() -> None:
        said["second"] = outcome(world.app, second)

    one, other = threading.Thread(target=run_first), threading.Thread(target=run_second)
    one.start()
    is_done.wait(300)
    other.start()
    _until_it_waits(other)
    may_commit.set()
    for thread in (one, other):
        thread.join(300)
    db.session.rollback()
    return said["first"], said["second"]


def _until_it_waits(thread: threading.Thread) -> None:
    end = time.monotonic() + 120
    while thread.is_alive() and time.monotonic() < end:
        if db.session.scalar(WAITS):
            break
        db.session.rollback()
        thread.join(0.01)
    db.session.rollback()
