"""What pricing needs to know, and what the journal holds now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select

from app.coverage.models import PlacePresence
from app.db import db
from app.duty.models import Duty
from app.incentives.models import PointEntry

Range = tuple[datetime, datetime]


def lock_journal(township_id: int, person_id: int) -> None:
    """Two postings for one person wait for each other until the transaction ends."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"points:{township_id}:{person_id}"))))


def stays_of(township_id: int, duty_ids: Sequence[int]) -> dict[int, dict[int, list[Range]]]:
    """Hotspot presence of duties, both grades: duty → hotspot → ranges."""
    rows = db.session.execute(
        select(PlacePresence.duty_id, PlacePresence.place_id, PlacePresence.during).where(
            PlacePresence.township_id == township_id, PlacePresence.duty_id.in_(duty_ids),
            PlacePresence.place_kind == "hotspot",
        )
    )  # fmt: skip
    found: dict[int, dict[int, list[Range]]] = {}
    for duty_id, place_id, during in rows:
        found.setdefault(duty_id, {}).setdefault(place_id, []).extend((r.lower, r.upper) for r in during)
    return found


def shift_stays(
    township_id: int, hotspot_ids: Sequence[int], start: datetime, end: datetime
) -> dict[tuple[int, int], tuple[int, list[Range]]]:
    """Presence at the hotspots that meets [start - 2 h, end], together for each crew: (shift, hotspot) → ranges."""
    span = func.tstzrange(start - timedelta(hours=2), end)
    rows = db.session.execute(
        select(Duty.shift_id, PlacePresence.place_id, PlacePresence.during)
        .join(Duty, and_(Duty.township_id == PlacePresence.township_id, Duty.id == PlacePresence.duty_id))
        .where(
            PlacePresence.township_id == township_id, PlacePresence.place_kind == "hotspot",
            PlacePresence.place_id.in_(hotspot_ids), PlacePresence.during.op("&&")(span),
        )
    )  # fmt: skip
    found: dict[tuple[int, int], tuple[int, list[Range]]] = {}
    for shift_id, hotspot_id, during in rows:
        found.setdefault((shift_id, hotspot_id), (hotspot_id, []))[1].extend(
            (r.lower, r.upper) for r in during
        )
    return found


@dataclass(frozen=True)
class Standing:
    """A posting that has not been reversed."""

    id: int
    rule: str
    cause: str
    n: int
    amount_half: int
    detail: dict[str, Any]


def standing_entries(township_id: int, causes: Sequence[str]) -> dict[tuple[str, str], Standing]:
    """By (rule, cause): the posting in force."""
    reversal = select(PointEntry.reverses_id).where(
        PointEntry.township_id == township_id,
        PointEntry.cause.in_(causes),
        PointEntry.reverses_id.is_not(None),
    )
    rows = db.session.scalars(
        select(PointEntry).where(
            PointEntry.township_id == township_id, PointEntry.cause.in_(causes), PointEntry.reverses_id.is_(None),
            PointEntry.id.not_in(reversal),
        )
    )  # fmt: skip
    return {(e.rule, e.cause): Standing(e.id, e.rule, e.cause, e.n, e.amount_half, e.detail) for e in rows}


def last_n(township_id: int, causes: Sequence[str]) -> dict[tuple[str, str], int]:
    rows = db.session.execute(
        select(PointEntry.rule, PointEntry.cause, func.max(PointEntry.n))
        .where(PointEntry.township_id == township_id, PointEntry.cause.in_(causes))
        .group_by(PointEntry.rule, PointEntry.cause)
    )
    return {(r[0], r[1]): r[2] for r in rows}


def pending_half(township_id: int, person_id: int, first: date, last: date) -> int:
    """Net half points on the person's pending account for work of the days first..last."""
    account = f"person:{person_id}:pending"
    into = func.sum(PointEntry.amount_half).filter(PointEntry.credit_account == account)
    out = func.sum(PointEntry.amount_half).filter(PointEntry.debit_account == account)
    net = select(func.coalesce(into, 0) - func.coalesce(out, 0)).where(
        PointEntry.township_id == township_id, PointEntry.person_id == person_id,
        PointEntry.earned_on.between(first, last),
    )  # fmt: skip
    return int(db.session.scalar(net) or 0)
