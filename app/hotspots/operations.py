"""Hotspots come in by import: all of a file or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from geoalchemy2.shape import from_shape

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas.models import Area
from app.db import db
from app.errors import DomainError, FieldError
from app.hotspots import queries, rules
from app.hotspots.models import HOTSPOT_CATEGORIES, Hotspot, RiskWindow
from app.hotspots.queries import Measured


@dataclass(frozen=True)
class HotspotRow:
    """A hotspot as a file has it. `shape` is a valid MultiPolygon in WGS-84; people by login."""

    line: int
    name: str
    category: str
    shape: Any
    evidence: str
    proposer: str
    approver: str
    valid_from: date
    review_by: date
    windows: tuple[rules.Window, ...]
    weight: Decimal = Decimal("1.0")


def import_hotspots(
    township: Area, rows: Sequence[HotspotRow], person: Person | None, now: datetime
) -> list[Hotspot]:
    """The hotspots made. One of the same name that is still open ends the day before the new one begins.

    Raises DomainError `import_refused` with one FieldError a fault, `pointer` being the line.
    """
    people = queries.person_ids_by_login({login for row in rows for login in (row.proposer, row.approver)})
    measured = queries.measure_polygons(township.id, [row.shape.wkb for row in rows])
    earlier = queries.open_hotspots_by_name(township.id)
    faults = _twice(rows)
    for row, size in zip(rows, measured, strict=True):
        faults += _place_faults(row, size, township) + _record_faults(row, people, earlier.get(row.name))
    if faults:
        raise DomainError("import_refused", sorted(faults, key=lambda fault: int(fault.pointer)))
    made = []
    for row, size in zip(rows, measured, strict=True):
        hotspot = open_hotspot(_hotspot(township, row, size, people), row.windows, earlier.get(row.name))
        actor = person.id if person else None
        record_audit(township.id, actor, "hotspots.import", "hotspot", hotspot.id, now, name=row.name)
        made.append(hotspot)
    db.session.flush()
    return made


def open_hotspot(
    hotspot: Hotspot, windows: Sequence[rules.Window], earlier: Hotspot | None = None
) -> Hotspot:
    """Put a hotspot in force with its windows; one of the same name that is still open ends the day before."""
    if earlier is not None:
        earlier.valid_to = hotspot.valid_from - timedelta(days=1)
    db.session.add(hotspot)
    db.session.flush()
    db.session.add_all(
        RiskWindow(hotspot_id=hotspot.id, weekday=w.weekday, from_min=w.from_min, to_min=w.to_min)
        for w in windows
    )
    return hotspot


def _twice(rows: Sequence[HotspotRow]) -> list[FieldError]:
    first: dict[str, int] = {}
    return [
        _fault(row, "hotspot_twice", name=row.name, first=first[row.name])
        for row in rows
        if first.setdefault(row.name, row.line) != row.line
    ]


def _place_faults(row: HotspotRow, size: Measured, township: Area) -> list[FieldError]:
    faults = []
    if not size.in_township:
        faults.append(_fault(row, "outside_township", township=township.name))
    if not rules.is_large_enough(size.area_m2):
        faults.append(_fault(row, "hotspot_too_small", hectares=f"{size.area_m2 / 1e4:.2f}", least="0.2"))
    if row.category not in HOTSPOT_CATEGORIES:
        faults.append(
            _fault(row, "category_unknown", found=row.category, wanted=", ".join(HOTSPOT_CATEGORIES))
        )
    return faults


def _record_faults(row: HotspotRow, people: dict[str, int], earlier: Hotspot | None) -> list[FieldError]:
    faults = [_fault(row, "person_unknown", login=x) for x in (row.proposer, row.approver) if x not in people]
    if not rules.is_four_eyes(row.proposer, row.approver):
        faults.append(_fault(row, "hotspot_own_approval", login=row.proposer))
    if not rules.is_review_in_time(row.valid_from, row.review_by):
        faults.append(_fault(row, "hotspot_review_too_late", day=row.review_by.isoformat()))
    if rules.do_windows_overlap(row.windows):
        faults.append(_fault(row, "windows_overlap"))
    if earlier is not None and earlier.valid_from >= row.valid_from:
        faults.append(_fault(row, "hotspot_exists", name=row.name, day=earlier.valid_from.isoformat()))
    return faults


def _hotspot(township: Area, row: HotspotRow, size: Measured, people: dict[str, int]) -> Hotspot:
    return Hotspot(
        township_id=township.id, village_id=size.village_id, name=row.name, category=row.category,
        geom=from_shape(row.shape, srid=4326), area_m2=size.area_m2, weight=row.weight, evidence=row.evidence,
        proposed_by=people[row.proposer], approved_by=people[row.approver], valid_from=row.valid_from,
        review_by=row.review_by,
    )  # fmt: skip


def _fault(row: HotspotRow, code: str, /, **figures: Any) -> FieldError:
    return FieldError(str(row.line), code, figures)
