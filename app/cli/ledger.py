"""`flask ledger verify` walks the hash chain, `flask ledger recompute` prices everything again and compares. Both only
read, and exit with 1 when something is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import click
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy import select

from app import clock
from app.areas.models import Area
from app.db import db
from app.incentives import chain, recomputing

WORDS = {
    "seal_missing": "link {seq} is missing",
    "seal_altered": "link {seq} was altered or put in: it does not follow from the one before ({row})",
    "row_missing": "the entry of link {seq} is missing: entry {entry_id}",
    "row_altered": "the entry of link {seq} was altered: {row}",
    "row_inserted": "an entry has no link, so it was put in past Xunfang: {row}",
    "month_was_frozen": "the entry of link {seq} was made in a month that was frozen already: {row}",
    "head_unknown": "the head that was noted is not in the chain: link {seq}",
}
ONE_TOWNSHIP = click.option("--township", metavar="CODE", help="Only this township; without it all of them.")


def register(app: Flask) -> None:
    app.cli.add_command(ledger)


@click.group("ledger")
def ledger() -> None:
    """The ledger of points: is it what was posted, and what was it worth."""


@dataclass(frozen=True)
class Town:
    id: int
    code: str
    name: str
    zone: str


def towns(code: str | None) -> list[Town]:
    which = select(Area.id, Area.code, Area.name, Area.time_zone).where(Area.level == "township")
    if code is not None:
        which = which.where(Area.code == code)
    found = [Town(*row) for row in db.session.execute(which.order_by(Area.code))]
    if not found and code is not None:
        raise click.BadParameter(f"there is no township {code}", param_hint="--township")
    return found


@ledger.command("verify")
@ONE_TOWNSHIP
@click.option(
    "--head", metavar="N:HASH",
    help="A head that was noted down before; it must still be in the chain. Wants --township.",
)  # fmt: skip
@with_appcontext
def verify(township: str | None, head: str | None) -> None:
    """Name the first entry that was altered, taken out or put in; exits with 1 when there is one."""
    noted = _noted(head, township)
    finish([_verify(town, noted) for town in towns(township)], "the ledger is as it was posted")


def _noted(head: str | None, township: str | None) -> tuple[int, bytes] | None:
    if head is None:
        return None
    if township is None:
        raise click.UsageError("--head is the head of one township: name it by --township")
    if not re.fullmatch(r"\d+:[0-9a-f]{64}", head):
        raise click.BadParameter("a number, a colon and 64 hexadecimal digits", param_hint="--head")
    seq, hashed = head.split(":")
    return int(seq), bytes.fromhex(hashed)


def _verify(town: Town, noted: tuple[int, bytes] | None) -> bool:
    found = chain.verify(town.id, noted)
    if found.fault is None:
        click.echo(
            f"{town.code} {town.name}\t{found.seq} entries, whole; head {found.seq}:{found.hash.hex()}"
        )
        return True
    fault = found.fault
    row = f"entry {fault.entry_id}, transfer {fault.transfer_id}"
    words = WORDS[fault.code].format(seq=fault.seq, entry_id=fault.entry_id, row=row)
    click.echo(f"{town.code} {town.name}\tNOT WHOLE: {words}; sound up to link {found.seq}")
    return False


@ledger.command("recompute")
@ONE_TOWNSHIP
@with_appcontext
def recompute(township: str | None) -> None:
    """Name each line that events and rules now price otherwise than it stands; exits with 1 when there is one.

    A duty of the last 72 hours may still wait for what others' phones say: such a difference is named, and no fault.
    """
    finish([_recompute(town) for town in towns(township)], "the ledger equals its recomputation")


def _recompute(town: Town) -> bool:
    settled = still_open = 0
    for one in recomputing.recompute(town.id, town.zone, clock.now()):
        settled += not one.is_open
        still_open += one.is_open
        click.echo(
            f"{town.code} {one.earned_on} person {one.person_id} {one.cause} {one.rule}: "
            f"ledger {_points(one.ledger_half)}, recomputed {_points(one.recomputed_half)}"
            + (" (still open to change)" if one.is_open else "")
        )
    click.echo(f"{town.code} {town.name}\t{settled} differences, {still_open} still open to change")
    return settled == 0


def _points(half: int | None) -> str:
    return "nothing" if half is None else f"{half / 2:g}"


def finish(sound: Iterable[bool], words: str) -> None:
    if not all(list(sound)):
        raise click.exceptions.Exit(1)
    click.echo(words)
