"""Where the cast stands: a second database of the run, in which it is committed once.

To make it anew was a quarter of most tests' time. A test that asks for `people` does all it does in one transaction
there, undone at its end like any other; a test without them finds the first database as the migrations left it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine

from app.coverage import cells, ground, sheets, streets
from app.db import db
from tests import cast


@dataclass
class Stage:
    engine: Engine
    people: cast.Cast

    def cast(self) -> cast.Cast:
        """The same people, to be changed by one test: rows of its session, read when they are looked at."""
        here = each(self.people, lambda row: db.session.merge(row, load=False))
        db.session.expire_all()
        return here  # type: ignore[no-any-return]


def open_stage(app: Flask, name: str, owner_url: str) -> Stage:
    with psycopg.connect(owner_url.replace("+psycopg", "")) as owner:
        owner.execute(SCATTER)
    with app.app_context():
        engine = create_engine(db.engine.url.set(database=name), **app.config["SQLALCHEMY_ENGINE_OPTIONS"])
        with on(app, engine):
            people = cast.make_cast()
            each(people, db.session.refresh)
            db.session.expunge_all()
    return Stage(engine, people)


# No two tables count from the same number: who looks for a person under a team's id finds nobody.
SCATTER = """
    SELECT setval(format('%I', sequencename)::regclass, 10000 * row_number() OVER (ORDER BY sequencename))
    FROM pg_sequences
"""


def each(found: Any, do: Any) -> Any:
    """`found` with every row in it replaced by what `do` says of it."""
    if isinstance(found, list):
        return [each(one, do) for one in found]
    if is_dataclass(found):
        return type(found)(**{f.name: each(getattr(found, f.name), do) for f in fields(found)})  # type: ignore[arg-type]
    return do(found)


@contextmanager
def on(app: Flask, place: Engine | Connection) -> Iterator[None]:
    """Inside an app context: the application works there, and has never worked anywhere else."""
    engines = db._app_engines[app]
    before = engines[None]
    engines[None] = place  # type: ignore[assignment]
    forget(app)
    try:
        yield
    finally:
        db.session.remove()
        engines[None] = before


# What a process keeps of rows, for as long as they stand; what a test did to the cast's was undone.
KEPT = (cells._kept, ground._kept, streets._kept, sheets.KEPT, sheets.SHAPES)
READ_ONCE = (sheets._lines,)


def forget(app: Flask) -> None:
    standing = app.extensions["standing"]
    for kept in (*KEPT, standing._callers, standing._atlases, standing._pages):
        kept.clear()
    for read in READ_ONCE:
        read.cache_clear()


@contextmanager
def one_transaction(app: Flask, engine: Engine | None = None) -> Iterator[Connection]:
    """Everything inside runs on one connection in one transaction, undone at its end; commits inside are savepoints."""
    with app.app_context(), (engine or db.engine).connect() as connection:
        transaction = connection.begin()
        try:
            with on(app, connection):
                yield connection
        finally:
            transaction.rollback()
