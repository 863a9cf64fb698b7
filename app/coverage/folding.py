"""What street presence becomes when it is old: a day's shifts and share covered per street, without duty or hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Audit
from app.accounts.operations import record_audit
from app.coverage import queries, streets
from app.coverage.models import RoutePresence, StreetDay, StreetPresence
from app.db import db
from app.duty.models import Duty
from app.duty.operations import touch_duties

ACTION = "street_presence.folded"
ONE_FOLDER = 7203
ROWS_AT_ONCE = 5000


@dataclass(frozen=True)
class Walked:
    """A day on one street: shifts not folded before, shifts in all, share of its pieces that they covered together."""

    street_id: int
    fresh: int
    shifts: int
    share: float


def days_to_fold(which: ColumnElement[bool]) -> list[tuple[int, date]]:
    """(township, duty day) of the duties meant that still have street presence, the oldest first."""
    rows = db.session.execute(
        select(Duty.township_id, Duty.day)
        .where(which, _of_duty(StreetPresence).exists())
        .distinct()
        .order_by(Duty.day, Duty.township_id)
    )
    return [(row[0], row[1]) for row in rows]


def _of_duty(model: Any) -> Any:
    return select(model.duty_id).where(model.township_id == Duty.township_id, model.duty_id == Duty.id)


def fold_day(township_id: int, day: date, which: ColumnElement[bool], now: datetime) -> int:
    """Fold a township's day, of the duties meant; answers the rows taken. Taking and adding are one transaction, so
    that a repeat finds nothing and a kill changes nothing.

    What comes in late is added to what stands. A shift that was folded before (a crew mate's part, the rest of a phone
    that was away) counts no second time, and shares don't add up: then the figures are the least that is certain.
    What two persons found false goes like the rest and is added nowhere.
    """
    db.session.execute(select(func.pg_advisory_xact_lock(ONE_FOLDER, township_id)))
    duties = select(Duty.id, Duty.shift_id, queries.STANDS.label("stands")).where(
        which, Duty.township_id == township_id, Duty.day == day
    )
    found = db.session.execute(duties).all()
    shift_of = {row.id: row.shift_id for row in found if row.stands}
    # What a delete returns is the row as last written, a phone's write of this very moment included.
    taken = db.session.execute(
        delete(StreetPresence)
        .where(
            StreetPresence.township_id == township_id, StreetPresence.duty_id.in_([row.id for row in found])
        )
        .returning(
            StreetPresence.duty_id, StreetPresence.network_version_id, func.varbit_send(StreetPresence.bits)
        )
    ).all()
    before = _folded_before(township_id, day)
    bits: dict[int, dict[int, bytes]] = defaultdict(dict)
    standing = [row for row in taken if row.duty_id in shift_of]
    for duty_id, network_id, sent in standing:
        of_shift, shift_id = bits[network_id], shift_of[duty_id]
        of_shift[shift_id] = _joined(of_shift.get(shift_id), bytes(sent)[4:])
    for network_id, of_shift in bits.items():
        _add(township_id, day, _walked(network_id, of_shift, before))
    if taken:
        shifts = sorted({shift_of[row[0]] for row in standing} - before)
        record_audit(township_id, None, ACTION, "street_day", day.isoformat(), now, shifts=shifts)
        touch_duties(township_id, {row[0] for row in taken})
    return len(taken)


def _joined(a: bytes | None, b: bytes) -> bytes:
    return b if a is None else (np.frombuffer(a, np.uint8) | np.frombuffer(b, np.uint8)).tobytes()


def _folded_before(township_id: int, day: date) -> frozenset[int]:
    """Shifts of the day that are in its totals already; the audit remembers them, without a street."""
    details = db.session.scalars(
        select(Audit.detail).where(
            Audit.township_id == township_id, Audit.object_kind == "street_day",
            Audit.object_id == day.isoformat(), Audit.action == ACTION,
        )
    )  # fmt: skip
    return frozenset(shift for detail in details for shift in detail.get("shifts", ()))


def _walked(network_id: int, of_shift: dict[int, bytes], before: Collection[int]) -> list[Walked]:
    rows = queries.streets_of(network_id)
    pieces = queries.network_of(network_id).pieces
    first = np.array([r.first_piece for r in rows], np.int64)
    n = np.array([r.n_pieces for r in rows], np.int64)
    by_shift = list(of_shift.values())
    share = streets.pieces_covered(by_shift, first, n, pieces) / np.maximum(n, 1)
    touched = streets.touched(by_shift, first, n, pieces)
    is_fresh = np.array([shift not in before for shift in of_shift], np.bool_)
    shifts, fresh = touched.sum(axis=0), touched[is_fresh].sum(axis=0)
    return [
        Walked(rows[i].id, int(fresh[i]), int(shifts[i]), float(share[i]))
        for i in np.flatnonzero(shifts).tolist()
    ]


def _add(township_id: int, day: date, walked: Sequence[Walked]) -> None:
    standing = {
        row.street_id: row
        for row in db.session.execute(
            select(StreetDay.street_id, StreetDay.shifts, StreetDay.covered_share).where(
                StreetDay.township_id == township_id, StreetDay.day == day,
                StreetDay.street_id.in_([w.street_id for w in walked]),
            )
        )
    }  # fmt: skip
    values = []
    for one in walked:
        old = standing.get(one.street_id)
        shifts = max(one.shifts, one.fresh + (old.shifts if old else 0))
        share = max(one.share, old.covered_share if old else 0.0)
        values.append(
            {
                "township_id": township_id, "street_id": one.street_id, "day": day,
                "shifts": shifts, "covered_share": share,
            }
        )  # fmt: skip
    for start in range(0, len(values), ROWS_AT_ONCE):
        new = insert(StreetDay).values(values[start : start + ROWS_AT_ONCE])
        key = ["township_id", "street_id", "day"]
        figures = {"shifts": new.excluded.shifts, "covered_share": new.excluded.covered_share}
        db.session.execute(new.on_conflict_do_update(index_elements=key, set_=figures))


def drop_route_presence(which: ColumnElement[bool]) -> int:
    """Which pieces of its route a duty covered is gone with its track; answers the rows."""
    of_duty = and_(RoutePresence.township_id == Duty.township_id, RoutePresence.duty_id == Duty.id)
    gone = delete(RoutePresence).where(of_duty, which).execution_options(synchronize_session=False)
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]
