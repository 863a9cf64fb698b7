"""The demo's world and a choice of its outings, sent once for this folder by its phones over a real socket, in a
transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import Connection

from app import clock
from app.db import db
from app.demo.duties import WHERE, Outing
from app.demo.fill import tell
from app.demo.load import load_all
from app.demo.plan import Book, Todo, open_book, plan_all
from app.demo.truth import Truth, truth_of
from app.demo.world import World, load_streets, load_world
from app.field.settling import close_forgotten
from tests.cli.county import serving
from tests.demo.phones import Phones
from tests.stage import one_transaction

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    world: World
    book: Book
    todo: list[Todo]
    truth: Truth
    phones: Phones

    @property
    def township_id(self) -> int:
        return self.book.teams["qinghe.t00"][1]

    def with_fault(self, code: str) -> list[Todo]:
        """The outings that a person with this planted fault was on."""
        return [t for t in self.todo if WHERE[code] in (*t.outing.crew, t.outing.route, t.outing.team)]


@pytest.fixture(scope="session")
def world() -> World:
    return load_world()


@pytest.fixture(scope="package")
def demo_database(app: Flask) -> Iterator[Connection]:
    """One connection in one transaction for the whole folder; commits inside are savepoints."""
    with one_transaction(app) as connection:
        yield connection


@pytest.fixture(scope="module")
def told(told_once: Told, demo_database: Connection) -> Iterator[Told]:
    """As it was told; what the tests of a file add to it is undone behind them."""
    db.session.commit()
    before = demo_database.begin_nested()
    yield told_once
    db.session.rollback()
    before.rollback()
    db.session.expire_all()


@pytest.fixture(scope="package")
def told_once(app: Flask, world: World, demo_database: Connection) -> Told:
    load_all(world, NOW, lambda part: None)
    book = open_book(world)
    todo = choice(world, plan_all(world, book, NOW))
    phones = send_all(app, world, book, todo)
    close_forgotten(NOW)
    db.session.flush()
    return Told(world, book, todo, truth_of(world, load_streets("qinghe"), [t.outing for t in todo]), phones)


def send_all(app: Flask, world: World, book: Book, todo: list[Todo]) -> Phones:
    """Every outing by HTTP as its crew's phones would, the server's clock at the moment of each arrival."""
    with pytest.MonkeyPatch.context() as patch, serving(app) as url:
        phones = Phones(url, lambda instant: patch.setattr(clock, "now", lambda: instant))
        for _ in tell(world, book, todo, phones.send):
            db.session.expire_all()
    return phones


def choice(world: World, todo: list[Todo]) -> list[Todo]:
    """Of the first township's outings: some with each planted fault, the night market's crew, and some with none."""
    here = [t for t in todo if t.outing.team.startswith("qinghe")]
    wanted: dict[int, Todo] = {}
    for code, where in WHERE.items():
        faulty = [t for t in here if where in (*t.outing.crew, t.outing.route, t.outing.team)]
        # Ends are forgotten now and then, not always.
        wanted |= {t.shift_id: t for t in faulty[: 2 if code == "forgotten_ends" else 1]}
    at_market = [t for t in here if visits(t.outing, world, WHERE["no_friday_nights"])]
    declared = [t for t in here if set(t.outing.crew) & world.teams[t.outing.team].without_phone]
    wanted |= {t.shift_id: t for t in [*at_market[:2], *declared[:1], *here[:3]]}
    return sorted(wanted.values(), key=lambda t: t.outing.starts_at)


def visits(outing: Outing, world: World, hotspot: str) -> bool:
    return hotspot in dict(world.routes[outing.route].hotspots)
