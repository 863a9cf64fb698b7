"""Packing, unpacking and finding track segments. Coordinates are lon, lat in WGS-84; M is effective epoch seconds."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from app.db import db
from app.duty.models import Duty
from app.duty.queries import of_duty
from app.geo import E7
from app.tracks.models import Segment
from app.tracks.rules import Fix

LINESTRING_ZM = 3002


def to_wkb(fixes: Sequence[Fix]) -> bytes:
    """ISO WKB LineString ZM of fixes: x, y degrees, Z accuracy, M seconds."""
    rows = np.array([(f.lon_e7 / E7, f.lat_e7 / E7, f.accuracy_m, f.t_s) for f in fixes], dtype="<f8")
    return struct.pack("<BII", 1, LINESTRING_ZM, len(fixes)) + rows.tobytes()


def from_wkb(wkb: bytes) -> list[Fix]:
    n = struct.unpack_from("<I", wkb, 5)[0]
    rows = np.frombuffer(wkb, dtype="<f8", offset=9, count=n * 4).reshape(-1, 4)
    return [Fix(round(x * E7), round(y * E7), int(z), int(m)) for x, y, z, m in rows.tolist()]


def add_segment(
    duty: Duty, item_id: UUID, source: str, fixes: Sequence[Fix], shift_s: int, now: datetime
) -> int:
    """Store one packed segment, once; answers its fixes, or 0 when it was there already."""
    row = (
        insert(Segment)
        .values(
            township_id=duty.township_id, id=item_id, duty_id=duty.id, source=source, n=len(fixes),
            head_s=fixes[0].t_s - shift_s, tail_s=fixes[-1].t_s - shift_s, shift_s=shift_s, received_at=now,
            track=func.ST_AsTWKB(func.ST_GeomFromWKB(to_wkb(fixes)), 7, 0, 0),
        )
        .on_conflict_do_nothing()
        .returning(Segment.n)
    )  # fmt: skip
    return db.session.scalar(row) or 0


def unpacked(column: object = Segment.track) -> object:
    return func.ST_AsBinary(func.ST_GeomFromTWKB(column))


def segments_of(duty: Duty) -> list[tuple[UUID, int, list[Fix]]]:
    """Every stored segment of a duty: id, shift_s, fixes, in the order of the device's time."""
    rows = db.session.execute(
        select(Segment.id, Segment.shift_s, unpacked())  # type: ignore[call-overload]
        .where(of_duty(Segment, duty))
        .order_by(Segment.head_s, Segment.id)
    ).all()
    return [(row[0], row[1], from_wkb(bytes(row[2]))) for row in rows]


def extent_of(duty: Duty) -> tuple[int, int, int] | None:
    """First and last effective second of a duty's stored segments, and their fixes; None when none is stored."""
    row = db.session.execute(
        select(
            func.min(Segment.head_s + Segment.shift_s), func.max(Segment.tail_s + Segment.shift_s),
            func.sum(Segment.n),
        ).where(of_duty(Segment, duty))
    ).one()  # fmt: skip
    return (row[0], row[1], int(row[2])) if row[0] is not None else None


def segments_near(duty: Duty, ids: Sequence[UUID]) -> list[tuple[UUID, int, list[Fix]]]:
    """The segments of these ids and every stored one that shares a first or last device second with one of them."""
    new = aliased(Segment)
    mine = select(new.head_s, new.tail_s).where(of_duty(new, duty), new.id.in_(list(ids))).cte("mine")
    rows = db.session.execute(
        select(Segment.id, Segment.shift_s, unpacked())  # type: ignore[call-overload]
        .where(
            of_duty(Segment, duty),
            or_(
                Segment.id.in_(list(ids)), Segment.tail_s.in_(select(mine.c.head_s)),
                Segment.head_s.in_(select(mine.c.tail_s)),
            ),
        )
        .order_by(Segment.head_s, Segment.id)
    ).all()  # fmt: skip
    return [(row[0], row[1], from_wkb(bytes(row[2]))) for row in rows]


def delete_segments_of(which: ColumnElement[bool]) -> int:
    """Retention: every segment of the duties meant, so that a track is there as a whole or not at all."""
    of_duty = and_(Segment.township_id == Duty.township_id, Segment.duty_id == Duty.id)
    gone = delete(Segment).where(of_duty, which).execution_options(synchronize_session=False)
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]
