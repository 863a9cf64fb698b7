"""`flask demo`: the demo's county, four weeks of duties, and a shift that covers now. Safe to repeat."""

from __future__ import annotations

import gc
import time
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from typing import Any

import click
from flask import Flask, current_app
from sqlalchemy import event

from app import clock
from app.accounts import signing
from app.accounts.models import Person
from app.accounts.rules import shown_code
from app.config import Settings
from app.db import db
from app.demo.fill import share_out, tell
from app.demo.load import is_loaded, load_all
from app.demo.plan import Book, Todo, open_book, plan_all
from app.demo.quarter import plan_quarter, quarter_over, settled_at
from app.demo.shown import add_all
from app.demo.world import LEADER, LOGINS, MEMBER, PASSWORD, World, load_world
from app.field.settling import close_forgotten

# Taking in is half Python, half PostgreSQL: two at once keep two cores busy.
WORKERS = 2
WORTH_SHARING = 12


def register(app: Flask) -> None:
    app.cli.add_command(demo)


@click.command("demo")
def demo() -> None:
    """Fill the demo county; only in demo mode and only on loopback."""
    refuse_outside_demo(current_app.extensions["settings"])
    begun, now, world = time.monotonic(), clock.now(), load_world()
    if not is_loaded():
        load_all(world, now, lambda part: click.echo(f"demo: {part}"))
        db.session.commit()
    book = open_book(world)
    todo = [*plan_quarter(world, book, now), *plan_all(world, book, now)]
    db.session.commit()
    if todo:
        click.echo(f"demo: {len(todo)} shifts to take in, as from phones")
        items = _take_in(world, book, todo)
        for moment in (settled_at(quarter_over(now)), now):
            close_forgotten(moment)
        db.session.commit()
        click.echo(f"demo: {items} items taken in")
    for words in add_all(world, book, now, current_app.extensions["settings"].media):
        db.session.commit()
        if words:
            click.echo(f"demo: {words}")
    code = make_phone_code(book, now)
    db.session.commit()
    click.echo(f"demo: a phone is opened as member by the code {code}, once, within a day")
    click.echo(f"demo: ready in {time.monotonic() - begun:.0f} s; sign in as {', '.join(LOGINS)}, {PASSWORD}")


def make_phone_code(book: Book, now: datetime) -> str:
    """As the leader makes it at the desk."""
    leader, member = (db.session.get_one(Person, book.ids.people[who]) for who in (LEADER, MEMBER))
    code, _ = signing.make_code(leader, member, now)
    return shown_code(code)


def refuse_outside_demo(settings: Settings) -> None:
    """A known password must not stand on a server that others reach."""
    if not settings.demo:
        raise click.ClickException("XUNFANG_DEMO is not 1: the demo's password is known to everybody")
    if not settings.is_loopback:
        raise click.ClickException("PUBLIC_URL is not a loopback address: the demo stays on this machine")


def _take_in(world: World, book: Book, todo: list[Todo]) -> int:
    """The number of items; in parts side by side where there is much to do."""
    parts = share_out(todo, WORKERS if len(todo) >= WORTH_SHARING else 1)
    if len(parts) == 1:
        return _take_part(world, book, parts[0], aloud=True)
    db.session.remove()
    context = get_context("fork")
    results = context.SimpleQueue()
    children = [
        context.Process(target=_child, args=(world, book, part, results, n == 0))
        for n, part in enumerate(parts)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
    if any(child.exitcode for child in children):
        raise click.ClickException("the demo could not be filled; run it again to go on where it stopped")
    return sum(results.get() for _ in children)


def _child(world: World, book: Book, part: list[Todo], results: SimpleQueue[int], aloud: bool) -> None:
    # The parent's connections stay the parent's.
    db.engine.dispose(close=False)
    event.listen(db.engine, "connect", _prepare_early)
    # Everything made so far lives to the end, and what follows is short-lived: nothing to search for.
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    results.put(_take_part(world, book, part, aloud))


def _prepare_early(connection: Any, _record: Any) -> None:
    """The same few statements thousands of times over one connection, no pooler between: worth preparing."""
    connection.prepare_threshold = 2


def _take_part(world: World, book: Book, part: list[Todo], aloud: bool) -> int:
    """Commits outing by outing: what is interrupted goes on where it stopped."""
    total, week = 0, None
    for one, taken in zip(part, tell(world, book, part), strict=True):
        db.session.commit()
        total += taken
        if aloud and one.outing.day.isocalendar()[:2] != week:
            week = one.outing.day.isocalendar()[:2]
            click.echo(f"demo: from {one.outing.day.isoformat()} on")
    return total
