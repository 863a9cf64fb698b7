"""Streets from check-ins alone: what a crew without a track is known to have walked (docs/decisions/0013).

Nothing is stored for it. A check-in that counts is the presence, on the pieces within reach of its checkpoint, so that
a review is seen at once, order and repeats say nothing, and the fold of tracks after 30 days takes nothing from it. A
shift with a track is known better by that, and its check-ins add no street. That it had one stands in its duties'
metres, which outlive the track.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import ARRAY, BigInteger, Row, and_, bindparam, exists, func, select
from sqlalchemy.orm import aliased

from app.areas.policies import place_of
from app.checkins.models import Checkin
from app.coverage import ground
from app.coverage.facts import VERDICT
from app.coverage.pieces import Ints
from app.coverage.queries import STANDS, Network, Period
from app.db import db
from app.duty.models import Duty

HOUR_S = 3600


class Tap(NamedTuple):
    """A shift's last check-in at a checkpoint (epoch second)."""

    shift_id: int
    checkpoint_id: int
    day: date
    at_s: int


Taps = tuple[Tap, ...]


def taps_of(network: Network, first: date, last: date) -> Taps:
    """Counted check-ins at checkpoints by shifts of these days that have no track, one for each shift and checkpoint;
    always in the same order, so that equal answers are equal evidence."""
    duties = {row.id: row for row in _duties_without_track(network, first, last)}
    found: dict[tuple[int, int, date], int] = defaultdict(int)
    for duty_id, checkpoint_id, at in _counted_of(network, list(duties.values())):
        key = duties[duty_id].shift_id, checkpoint_id, duties[duty_id].day
        found[key] = max(found[key], _second(at))
    return tuple(Tap(*key, found[key]) for key in sorted(found))


def _duties_without_track(network: Network, first: date, last: date) -> Sequence[Row[Any]]:
    """Duties of these days with anything stored, of shifts without a track that counts; the bounds of what is stored
    for each."""
    asked = {"township": network.township_id, "first": first, "last": last}
    return db.session.execute(_without_track(), asked).all()


def _counted_of(network: Network, duties: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """(duty, checkpoint, when) of their check-ins that count; asked for the ids' own range, which is few months."""
    if not duties:
        return []
    asked = {
        "township": network.township_id, "duties": [d.id for d in duties], "low": min(d.first_item_id for d in duties),
        "high": max(d.last_item_id for d in duties),
    }  # fmt: skip
    return db.session.execute(_counted_in(), asked).all()


@cache
def _without_track() -> Any:
    """Put together once: every tile asks it."""
    return select(Duty.id, Duty.shift_id, Duty.day, Duty.first_item_id, Duty.last_item_id).where(
        Duty.township_id == bindparam("township"), Duty.day.between(bindparam("first"), bindparam("last")),
        Duty.first_item_id.is_not(None), STANDS, ~_tracked(),
    )  # fmt: skip


def _tracked() -> Any:
    """Somebody of the duty's shift left a track that counts."""
    mate = aliased(Duty)
    return exists().where(
        mate.township_id == Duty.township_id, mate.shift_id == Duty.shift_id, mate.track_m > 0,
        mate.voided_at.is_(None),
    )  # fmt: skip


@cache
def _counted_in() -> Any:
    return select(Checkin.duty_id, Checkin.checkpoint_id, Checkin.effective_at).where(
        Checkin.township_id == bindparam("township"),
        Checkin.duty_id == func.any(bindparam("duties", type_=ARRAY(BigInteger))),
        Checkin.id.between(bindparam("low"), bindparam("high")), Checkin.checkpoint_id.is_not(None),
        VERDICT == "counted",
    )  # fmt: skip


def last_taps(network: Network, before: date) -> dict[int, int]:
    """Checkpoint → epoch second of the last such check-in on a day before."""
    rows = db.session.execute(
        _counted(network, Checkin.checkpoint_id).where(Duty.day < before).group_by(Checkin.checkpoint_id)
    )
    return {row[0]: _second(row[1]) for row in rows}


def _counted(network: Network, *columns: Any) -> Any:
    return (
        select(*columns, func.max(Checkin.effective_at))
        .select_from(Duty)
        .join(Checkin, and_(Checkin.township_id == Duty.township_id, Checkin.duty_id == Duty.id))
        .where(
            Duty.township_id == network.township_id, Checkin.township_id == network.township_id,
            Checkin.checkpoint_id.is_not(None), VERDICT == "counted", STANDS, ~_tracked(),
        )
    )  # fmt: skip


def _second(at: datetime) -> int:
    return int(at.timestamp())


def since(taps: Taps, day: date) -> Taps:
    return tuple(tap for tap in taps if tap.day >= day)


def pieces_near(network: Network, checkpoint_ids: Iterable[int]) -> Mapping[int, Ints]:
    """Checkpoint → pieces of the network within reach of it."""
    crs = place_of(network.township_id).crs
    return ground.pieces_near(network.id, crs, frozenset(checkpoint_ids))


def bits_by_shift(network: Network, taps: Taps) -> dict[int, bytes]:
    """Shift → packed bits of the pieces near its check-ins, as `queries.bits_by_shift` has them of tracks."""
    near = pieces_near(network, (tap.checkpoint_id for tap in taps))
    found: dict[int, list[Ints]] = defaultdict(list)
    for tap in taps:
        found[tap.shift_id].append(near[tap.checkpoint_id])
    bits = {shift_id: _packed(pieces, network.pieces) for shift_id, pieces in found.items()}
    return {shift_id: packed for shift_id, packed in bits.items() if any(packed)}


def bits_by_day(network: Network, taps: Taps) -> list[tuple[date, bytes]]:
    """(duty day, packed bits of the pieces near the day's check-ins)."""
    by_day: dict[date, list[Tap]] = defaultdict(list)
    for tap in taps:
        by_day[tap.day].append(tap)
    return [
        (day, bits) for day, some in by_day.items() for bits in bits_by_shift(network, tuple(some)).values()
    ]


def _packed(pieces: Sequence[Ints], n: int) -> bytes:
    bits = np.zeros(n, np.uint8)
    bits[np.concatenate(pieces)] = 1
    return np.packbits(bits).tobytes()


def last_by_piece(network: Network, taps: Taps, older: Mapping[int, int]) -> Ints:
    """Piece → start of the UTC hour of the last check-in near it, 0 where there was none."""
    last = dict(older)
    for tap in taps:
        last[tap.checkpoint_id] = max(last.get(tap.checkpoint_id, 0), tap.at_s)
    near = pieces_near(network, last)
    found = np.zeros(network.pieces, np.int64)
    for checkpoint_id, at_s in last.items():
        found[near[checkpoint_id]] = np.maximum(found[near[checkpoint_id]], at_s // HOUR_S * HOUR_S)
    return found


def shifts_on_street(network: Network, first_piece: int, n_pieces: int, period: Period) -> dict[int, float]:
    """Shift without a track → share of the street near its check-ins, for those that were near any of it."""
    found = bits_by_shift(network, taps_of(network, period.first, period.last))
    ends = first_piece, first_piece + n_pieces
    shares = {
        shift_id: float(
            np.unpackbits(np.frombuffer(bits, np.uint8), count=network.pieces)[slice(*ends)].mean()
        )
        for shift_id, bits in found.items()
    }
    return {shift_id: share for shift_id, share in shares.items() if share > 0}
