"""Events at places come in from files: all or nothing, each event once, nothing kept but kind, place and time."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.accounts.rules import uuid7
from app.areas.models import Area
from app.errors import DomainError, FieldError
from app.geo import projector
from app.incidents import queries, rules

TO_STREET_M = 50.0
# township, lons, lats, metres → a street's id for each point, or None; streets lie above incidents on the ladder.
Streets = Callable[[int, Sequence[float], Sequence[float], float], Sequence[int | None]]


@dataclass(frozen=True)
class EventRow:
    """One line of a file; `number` is what the source calls it, of which only a hash is kept."""

    line: int
    category: str
    lon: float
    lat: float
    start: datetime
    end: datetime
    number: str | None


@dataclass(frozen=True)
class Taken:
    """What became of a file: the lines taken, the lines that were known (line → why), how many lie on a street."""

    rows: list[EventRow]
    known: dict[int, str]
    on_street: int


def import_events(
    township: Area,
    rows: Sequence[EventRow],
    source: str,
    streets: Streets,
    person: Person | None,
    now: datetime,
) -> Taken:
    """Raises DomainError `import_refused` with one FieldError a fault, `pointer` being the line."""
    # What is known by its day only, and happened today, ends now at the latest.
    rows = [replace(row, end=min(row.end, max(now, row.start))) for row in rows]
    faults = _faults(township, rows, now)
    if faults:
        raise DomainError("import_refused", faults)
    known = rules.told_before(*_told(township, rows, source))
    taken = [row for index, row in enumerate(rows) if index not in known]
    found = streets(township.id, [row.lon for row in taken], [row.lat for row in taken], TO_STREET_M)
    actor = person.id if person else None
    queries.add_recorded(
        [
            _values(township.id, row, street, source, actor, now)
            for row, street in zip(taken, found, strict=True)
        ]
    )
    record_audit(township.id, actor, "incidents.import", "township", township.id, now, n=len(taken))
    on_street = sum(street is not None for street in found)
    return Taken(taken, {rows[index].line: why for index, why in known.items()}, on_street)


def _faults(township: Area, rows: Sequence[EventRow], now: datetime) -> list[FieldError]:
    away = queries.outside(township.id, [row.lon for row in rows], [row.lat for row in rows])
    found = []
    for index, row in enumerate(rows):
        if index in away:
            found.append(_fault(row, "outside_township", township=township.name))
        if row.start > now:
            found.append(_fault(row, "time_in_future"))
    return found


def _fault(row: EventRow, code: str, /, **figures: Any) -> FieldError:
    return FieldError(str(row.line), code, figures)


def _told(
    township: Area, rows: Sequence[EventRow], source: str
) -> tuple[list[rules.Event], list[rules.Event]]:
    """The file's events and those of the same days that are here already, in metres."""
    if not rows:
        return [], []
    since, until = min(row.start for row in rows), max(row.end for row in rows)
    here = queries.recorded_between(township.id, since - rules.SAME_EVENT, until + rules.SAME_EVENT)
    x, y = projector(township.metres_crs)([row.lon for row in rows], [row.lat for row in rows])
    hx, hy = projector(township.metres_crs)([one.lon for one in here], [one.lat for one in here])
    return (
        [
            rules.Event(row.category, x[i], y[i], row.start, row.end, hash_of(source, row.number))
            for i, row in enumerate(rows)
        ],
        [
            rules.Event(one.category, hx[i], hy[i], one.start, one.end, one.number)
            for i, one in enumerate(here)
        ],
    )


def hash_of(source: str, number: str | None) -> bytes | None:
    return hashlib.sha256(f"{source}\0{number}".encode()).digest() if number else None


def _values(
    township_id: int, row: EventRow, street_id: int | None, source: str, actor: int | None, now: datetime
) -> dict[str, Any]:
    return {
        "township_id": township_id, "id": uuid7(now, secrets.token_bytes(10)), "category": row.category,
        "place": f"SRID=4326;POINT({row.lon:.7f} {row.lat:.7f})", "street_id": street_id,
        "happened_from": row.start, "happened_to": row.end, "source": source,
        "source_hash": hash_of(source, row.number), "imported_by": actor, "imported_at": now,
    }  # fmt: skip
