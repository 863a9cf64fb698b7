"""The hash chain of a township's ledger: what a seal is made of, sealing at the end of a transaction, and the verifier.

An entry is sealed as the last deed before its transaction's commit, so that the township's lock is held for an insert
and a commit, and nothing is waited for behind it (docs/decisions/0021). What is hashed is read back from the database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, event, func, insert, select
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from app.db import db
from app.incentives.models import FrozenMonth, PointEntry, PointSeal

FIRST = bytes(32)
UNSEALED = "unsealed_points"
# What reading a value raises that Python has none for.
UNREADABLE = (DataError, ValueError, OverflowError)
# Everything that an entry says. A column that is added later is nullable: None is left out, and old hashes stand.
CONTENT = tuple(c for c in PointEntry.__table__.columns if c.computed is None)


def seal_of(seq: int, previous: bytes, entry: Mapping[str, Any]) -> bytes:
    """SHA-256 over the hash before and the entry's content as JSON: keys sorted, no spaces, UTF-8."""
    said = {c.name: _plain(entry[c.name]) for c in CONTENT if entry[c.name] is not None}
    words = json.dumps({**said, "seq": seq}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous + words.encode()).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


# --- sealing --------------------------------------------------------------------------------------


def seal_at_commit(township_id: int, entry_id: int) -> None:
    """The entry gets its place when the transaction commits, if it is still there then."""
    db.session.info.setdefault(UNSEALED, []).append((township_id, entry_id))


def _before_commit(session: Session) -> None:
    waiting = session.info.get(UNSEALED)
    if not waiting or session.in_nested_transaction():
        return
    session.flush()  # rows that wait for others' locks are written before ours is taken
    by_township: dict[int, list[int]] = {}
    for township_id, entry_id in waiting:
        by_township.setdefault(township_id, []).append(entry_id)
    for township_id in sorted(by_township):
        _seal(session, township_id, by_township[township_id])
    del session.info[UNSEALED]


event.listen(db.session, "before_commit", _before_commit)


def _seal(session: Session, township_id: int, entry_ids: Sequence[int]) -> None:
    """Places at the end of the chain, in the order in which the entries were made."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"ledger:{township_id}"))))
    seq, previous = head_of(township_id)
    seals: list[dict[str, Any]] = []
    for entry in session.execute(_unsealed(township_id).where(PointEntry.id.in_(entry_ids))).mappings():
        seq, before = seq + 1, previous
        previous = seal_of(seq, before, entry)
        seals.append(
            {"township_id": township_id, "seq": seq, "entry_id": entry["id"], "previous": before, "hash": previous}
        )  # fmt: skip
    if seals:
        session.execute(insert(PointSeal), seals)


def head_of(township_id: int) -> tuple[int, bytes]:
    """Number and hash of the last seal; (0, zeros) before the first."""
    last = select(PointSeal.seq, PointSeal.hash).where(PointSeal.township_id == township_id)
    row = db.session.execute(last.order_by(PointSeal.seq.desc()).limit(1)).first()
    return (row[0], bytes(row[1])) if row else (0, FIRST)


def _unsealed(township_id: int, *columns: Any) -> Any:
    sealed = select(PointSeal.entry_id).where(
        PointSeal.township_id == township_id, PointSeal.entry_id == PointEntry.id
    )
    return (
        select(*(columns or CONTENT))
        .where(PointEntry.township_id == township_id, ~sealed.exists())
        .order_by(PointEntry.id)
    )


# --- the verifier ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """`code`: seal_missing, seal_altered, row_missing, row_altered, row_inserted, month_was_frozen, head_unknown."""

    code: str
    seq: int | None
    entry_id: int | None
    transfer_id: UUID | None


@dataclass(frozen=True)
class Verified:
    """The first fault, if there is one, and the head of the chain as far as it was walked."""

    fault: Fault | None
    seq: int
    hash: bytes


def verify(township_id: int, noted: tuple[int, bytes] | None = None) -> Verified:
    """Walk the chain from its beginning to the first fault. `noted` is a head that was written down before, outside:
    only so is it seen that the end of a chain was cut off or all of it made anew."""
    found = Verified(None, 0, FIRST)
    for at_once in (1000, 1):
        try:
            with closing(_links(township_id, at_once)) as links:
                for found in _walk(links, noted):
                    if found.fault:
                        return found
            return replace(found, fault=_past_the_end(township_id, found.seq, noted))
        except UNREADABLE:
            continue  # once more, one by one, up to the entry that cannot be read
    return replace(found, fault=_unreadable(township_id, found.seq + 1))


def _walk(links: Iterator[Mapping[str, Any]], noted: tuple[int, bytes] | None) -> Iterator[Verified]:
    """How far it is sound, link by link."""
    seq, previous = 0, FIRST
    for row in links:
        fault = _fault_of(row, seq, previous)
        if fault is None:
            seq, previous = row["seal_seq"], bytes(row["seal_hash"])
            if noted and noted[0] == seq and noted[1] != previous:
                fault = Fault("head_unknown", seq, row["id"], row["transfer_id"])
        yield Verified(fault, seq, previous)


def _past_the_end(township_id: int, seq: int, noted: tuple[int, bytes] | None) -> Fault | None:
    if noted and noted[0] > seq:
        return Fault("head_unknown", noted[0], None, None)
    return _beside_the_chain(township_id)


def _unreadable(township_id: int, seq: int) -> Fault:
    """An entry with a value that none of ours can have (a day of the year 10000, a number of 5,000 digits)."""
    row = db.session.execute(
        select(PointEntry.id, PointEntry.transfer_id)
        .join(PointSeal, and_(PointSeal.township_id == PointEntry.township_id, PointSeal.entry_id == PointEntry.id))
        .where(PointSeal.township_id == township_id, PointSeal.seq >= seq)
        .order_by(PointSeal.seq)
    ).first()  # fmt: skip
    return Fault("row_altered", seq, *(row or (None, None)))


def _links(township_id: int, at_once: int) -> Generator[Mapping[str, Any], None, None]:
    """Every seal with its entry (Nones where there is none), in order."""
    links = db.session.execute(
        select(
            PointSeal.seq.label("seal_seq"), PointSeal.entry_id, PointSeal.previous, PointSeal.hash.label("seal_hash"),
            FrozenMonth.frozen_at, *CONTENT,
        )
        .outerjoin(
            PointEntry,
            and_(PointEntry.township_id == PointSeal.township_id, PointEntry.id == PointSeal.entry_id),
        )
        .outerjoin(
            FrozenMonth,
            and_(
                FrozenMonth.township_id == PointEntry.township_id,
                FrozenMonth.month == func.coalesce(
                    PointEntry.booked_in, func.date_trunc("month", PointEntry.earned_on)
                ),
            ),
        )
        .where(PointSeal.township_id == township_id)
        .order_by(PointSeal.seq)
        .execution_options(yield_per=at_once)
    )  # fmt: skip
    with links as rows:
        yield from rows.mappings()


def _fault_of(row: Mapping[str, Any], seq: int, previous: bytes) -> Fault | None:
    """What is wrong with a link that follows the seal `seq` with the hash `previous`."""
    expected, found = seq + 1, row["seal_seq"]
    if found != expected:
        return Fault("seal_missing", expected, None, None)
    if row["id"] is None:
        return Fault("row_missing", found, row["entry_id"], None)
    if bytes(row["previous"]) != previous:
        return Fault("seal_altered", found, row["id"], row["transfer_id"])
    if seal_of(found, previous, row) != bytes(row["seal_hash"]):
        return Fault("row_altered", found, row["id"], row["transfer_id"])
    if row["frozen_at"] is not None and row["made_at"] > row["frozen_at"]:
        return Fault("month_was_frozen", found, row["id"], row["transfer_id"])
    return None


def _beside_the_chain(township_id: int) -> Fault | None:
    """An entry that nobody sealed was not posted by Xunfang."""
    which = _unsealed(township_id, PointEntry.id, PointEntry.transfer_id)
    row = db.session.execute(which.limit(1)).first()
    return Fault("row_inserted", None, *row) if row else None
