"""Packing, unpacking and finding track segments. Coordinates are lon, lat in WGS-84; M is effective epoch seconds."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from app.db import db
from app.duty.models import Duty
from app.duty.queries import of_duty
from app.geo import E7
from app.tracks.models import LoggerFix, Segment
from app.tracks.rules import Fix

LINESTRING_ZM = 3002
BY = func.coalesce(Segment.logger_id, 0)


def to_wkb(fixes: Sequence[Fix]) -> bytes:
    """ISO WKB LineString ZM of fixes: x, y degrees, Z accuracy, M seconds."""
    rows = np.array([(f.lon_e7 / E7, f.lat_e7 / E7, f.accuracy_m, f.t_s) for f in fixes], dtype="<f8")
    return struct.pack("<BII", 1, LINESTRING_ZM, len(fixes)) + rows.tobytes()


def from_wkb(wkb: bytes) -> list[Fix]:
    n = struct.unpack_from("<I", wkb, 5)[0]
    rows = np.frombuffer(wkb, dtype="<f8", offset=9, count=n * 4).reshape(-1, 4)
    return [Fix(round(x * E7), round(y * E7), int(z), int(m)) for x, y, z, m in rows.tolist()]


@dataclass(frozen=True)
class Stored:
    """A stored segment: `by` is what recorded it, the phone's page (0) or a logger."""

    id: UUID
    shift_s: int
    by: int
    fixes: list[Fix]


def add_segment(
    duty: Duty, item_id: UUID, source: str, fixes: Sequence[Fix], shift_s: int, now: datetime,
    logger_id: int | None = None,
) -> int:  # fmt: skip
    """Store one packed segment, once; answers its fixes, or 0 when it was there already."""
    row = (
        insert(Segment)
        .values(
            township_id=duty.township_id, id=item_id, duty_id=duty.id, source=source, logger_id=logger_id, n=len(fixes),
            head_s=fixes[0].t_s - shift_s, tail_s=fixes[-1].t_s - shift_s, shift_s=shift_s, received_at=now,
            track=func.ST_AsTWKB(func.ST_GeomFromWKB(to_wkb(fixes)), 7, 0, 0),
        )
        .on_conflict_do_nothing()
        .returning(Segment.n)
    )  # fmt: skip
    return db.session.scalar(row) or 0


def unpacked(column: object = Segment.track) -> object:
    return func.ST_AsBinary(func.ST_GeomFromTWKB(column))


def _stored(which: ColumnElement[bool]) -> list[Stored]:
    rows = db.session.execute(
        select(Segment.id, Segment.shift_s, BY, unpacked())  # type: ignore[call-overload]
        .where(which)
        .order_by(Segment.head_s, Segment.id)
    ).all()
    return [Stored(row[0], row[1], row[2], from_wkb(bytes(row[3]))) for row in rows]


def segments_of(duty: Duty) -> list[Stored]:
    """Every stored segment of a duty, in the order of the device's time."""
    return _stored(of_duty(Segment, duty))


@dataclass(frozen=True)
class Extent:
    """First and last effective second of a duty's stored segments, their fixes, and how many recorded them."""

    low: int
    high: int
    fixes: int
    sources: int


def extent_of(duty: Duty) -> Extent | None:
    """None when no segment is stored."""
    row = db.session.execute(
        select(
            func.min(Segment.head_s + Segment.shift_s), func.max(Segment.tail_s + Segment.shift_s),
            func.sum(Segment.n), func.count(BY.distinct()),
        ).where(of_duty(Segment, duty))
    ).one()  # fmt: skip
    return Extent(row[0], row[1], int(row[2]), row[3]) if row[0] is not None else None


def segments_near(duty: Duty, ids: Sequence[UUID]) -> list[Stored]:
    """The segments of these ids and every stored one that shares a first or last device second with one of them."""
    new = aliased(Segment)
    mine = select(new.head_s, new.tail_s).where(of_duty(new, duty), new.id.in_(list(ids))).cte("mine")
    meets = or_(
        Segment.id.in_(list(ids)), Segment.tail_s.in_(select(mine.c.head_s)),
        Segment.head_s.in_(select(mine.c.tail_s)),
    )  # fmt: skip
    return _stored(and_(of_duty(Segment, duty), meets))


def delete_segments_of(which: ColumnElement[bool]) -> int:
    """Retention: every segment of the duties meant, so that a track is there as a whole or not at all."""
    of_duty = and_(Segment.township_id == Duty.township_id, Segment.duty_id == Duty.id)
    gone = delete(Segment).where(of_duty, which).execution_options(synchronize_session=False)
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]


# --- native loggers -----------------------------------------------------------------------------------------------


def logger_segments(duty: Duty, logger_id: int) -> list[Stored]:
    """What of a duty this logger recorded; nothing when the duty has no item yet."""
    if duty.first_item_id is None:
        return []
    return _stored(and_(of_duty(Segment, duty), Segment.logger_id == logger_id))


def drop_logger_segments(duty: Duty, logger_id: int) -> int:
    """Take a logger's part of a duty out, to be stored otherwise in the same transaction; answers its fixes."""
    gone = delete(Segment).where(of_duty(Segment, duty), Segment.logger_id == logger_id)
    rows = db.session.execute(gone.returning(Segment.n).execution_options(synchronize_session=False))
    return sum(row[0] for row in rows)


def loggers_of(duty: Duty) -> set[int]:
    """Loggers with anything of this duty, in segments or waiting."""
    waiting = select(LoggerFix.logger_id).where(_waits_for(duty))
    if duty.first_item_id is None:
        return set(db.session.scalars(waiting.distinct()))
    stored = select(Segment.logger_id).where(of_duty(Segment, duty), Segment.logger_id.is_not(None))
    return set(db.session.scalars(waiting.union(stored)))


def _waits_for(duty: Duty) -> ColumnElement[bool]:
    return and_(LoggerFix.township_id == duty.township_id, LoggerFix.duty_id == duty.id)


def add_logger_fixes(logger_id: int, township_id: int, by_duty: dict[int, list[Fix]], now: datetime) -> int:
    """Put them with those that wait; answers how many were not there yet."""
    rows = [
        {
            "township_id": township_id, "logger_id": logger_id, "duty_id": duty_id, "t_s": f.t_s, "lon_e7": f.lon_e7,
            "lat_e7": f.lat_e7, "accuracy_m": f.accuracy_m, "received_at": now,
        }
        for duty_id, fixes in by_duty.items()
        for f in fixes
    ]  # fmt: skip
    # In one order always, so that two requests with the same points do not wait for each other in a ring.
    rows.sort(key=lambda row: (row["t_s"], row["lon_e7"], row["lat_e7"]))
    added = insert(LoggerFix).values(rows).on_conflict_do_nothing().returning(LoggerFix.t_s)
    return len(db.session.execute(added).all()) if rows else 0


def waiting_fixes(duty: Duty, logger_id: int) -> list[Fix]:
    rows = db.session.execute(
        select(LoggerFix.lon_e7, LoggerFix.lat_e7, LoggerFix.accuracy_m, LoggerFix.t_s).where(
            _waits_for(duty), LoggerFix.logger_id == logger_id
        )
    )
    return [Fix(*row) for row in rows]


def count_waiting(township_id: int, duty_id: int, logger_id: int) -> int:
    found = select(func.count()).where(
        LoggerFix.township_id == township_id, LoggerFix.duty_id == duty_id, LoggerFix.logger_id == logger_id
    )
    return db.session.scalar(found) or 0


def keep_lone(duty: Duty, logger_id: int, lone: Sequence[Fix]) -> None:
    """Those that waited are in segments now, or are not to be kept; the lone ones wait on for a neighbour."""
    mine = and_(_waits_for(duty), LoggerFix.logger_id == logger_id)
    still = tuple_(LoggerFix.t_s, LoggerFix.lon_e7, LoggerFix.lat_e7).in_(
        [(f.t_s, f.lon_e7, f.lat_e7) for f in lone]
    )
    quiet = {"synchronize_session": False}
    db.session.execute(delete(LoggerFix).where(mine, ~still).execution_options(**quiet))
    if lone:
        db.session.execute(update(LoggerFix).where(mine).values(lone=True).execution_options(**quiet))


def waiting_since(before: datetime, limit: int) -> list[tuple[int, int, int]]:
    """(township, duty, logger) that have fixes waiting since then which nobody has looked at."""
    rows = db.session.execute(
        select(LoggerFix.township_id, LoggerFix.duty_id, LoggerFix.logger_id)
        .where(~LoggerFix.lone, LoggerFix.received_at <= before)
        .distinct()
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def delete_old_logger_fixes(before: datetime) -> int:
    """Retention: what found no neighbour in time, or could not be judged."""
    return _delete_logger_fixes(LoggerFix.received_at < before)


def _delete_logger_fixes(which: ColumnElement[bool]) -> int:
    gone = delete(LoggerFix).where(which).execution_options(synchronize_session=False)
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]


def delete_waiting_of(which: ColumnElement[bool]) -> int:
    """Those of the duties meant."""
    of_duty = and_(LoggerFix.township_id == Duty.township_id, LoggerFix.duty_id == Duty.id)
    return _delete_logger_fixes(and_(of_duty, which))
