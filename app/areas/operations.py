"""Areas come in by import: all of a file or nothing. Versions of their numbers are added, and never rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from geoalchemy2.shape import from_shape
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas import queries, rules
from app.areas.models import LEVELS, Area, PolicyVersion
from app.db import db
from app.errors import DomainError, FieldError


@dataclass(frozen=True)
class AreaRow:
    """An area as a file has it. `shape` is a valid MultiPolygon in WGS-84; `line` its number in the file."""

    line: int
    code: str
    name: str
    level: str
    parent_code: str | None
    shape: Any
    population: int | None = None
    population_source: str | None = None
    population_on: date | None = None
    households: int | None = None
    priority_weight: Decimal = Decimal("1.0")


def import_areas(
    rows: Sequence[AreaRow], metres_crs: str | None, person: Person | None, now: datetime
) -> tuple[list[Area], int]:
    """The areas made or changed, county first, and how many of them are new.

    A code that exists is brought up to date (name, shape, figures); its level and parent stay. `metres_crs` is the
    county's projected system: needed when the file makes a county, and handed down to everything below.
    Raises DomainError `import_refused` with one FieldError a fault, `pointer` being the line.
    """
    known = queries.areas_by_code([code for row in rows for code in (row.code, row.parent_code) if code])
    _refuse(_tree_faults(rows, known, metres_crs))
    areas, made = dict(known), 0
    for level in LEVELS:
        for row in (row for row in rows if row.level == level):
            made += row.code not in areas
            _put(areas, row, metres_crs)
        db.session.flush()
        if level == "township":
            for row in (row for row in rows if row.level == level):
                areas[row.code].township_id = areas[row.code].id
    done = [areas[row.code] for row in sorted(rows, key=lambda row: LEVELS.index(row.level))]
    _refuse(_map_faults(rows, [area.id for area in done]))
    for township_id, codes in _by_township(done).items():
        actor = person.id if person else None
        record_audit(township_id, actor, "areas.import", "area", township_id, now, areas=len(codes))
    return done, made


def add_policy_version(
    area_id: int, topic: str, valid_from: date, body: dict[str, Any], person: Person, now: datetime
) -> int | None:
    """Numbers that count from a day on; None where that day has its version already, which is never rewritten."""
    values = {
        "area_id": area_id, "topic": topic, "valid_from": valid_from, "body": body, "made_by": person.id,
        "made_at": now,
    }  # fmt: skip
    made = insert(PolicyVersion).values(values).on_conflict_do_nothing().returning(PolicyVersion.id)
    return db.session.scalar(made)


def _refuse(faults: list[FieldError]) -> None:
    if faults:
        raise DomainError("import_refused", faults)


def _tree_faults(rows: Sequence[AreaRow], known: dict[str, Area], metres_crs: str | None) -> list[FieldError]:
    faults = []
    levels = {area.code: area.level for area in known.values()} | {row.code: row.level for row in rows}
    first: dict[str, int] = {}
    for row in rows:
        if first.setdefault(row.code, row.line) != row.line:
            faults.append(_fault(row, "code_twice", code=row.code, first=first[row.code]))
        wanted = rules.PARENT_LEVEL[row.level]
        found = levels.get(row.parent_code or "")
        if wanted is None and row.parent_code:
            faults.append(_fault(row, "county_has_parent", code=row.code))
        elif wanted is not None and found is None:
            faults.append(_fault(row, "parent_unknown", code=row.code, parent=row.parent_code or "-"))
        elif found != wanted:
            faults.append(_fault(row, "parent_level", parent=row.parent_code, found=found, wanted=wanted))
        if wanted is None and row.code not in known and metres_crs is None:
            faults.append(_fault(row, "county_crs_missing"))
        faults.extend(_change_faults(row, known))
    return faults


def _change_faults(row: AreaRow, known: dict[str, Area]) -> list[FieldError]:
    """An area that exists keeps its level and its parent: moving one is a merger, which keeps history."""
    area = known.get(row.code)
    if area is None:
        return []
    parent = db.session.get(Area, area.parent_id) if area.parent_id else None
    if area.level != row.level or (parent.code if parent else None) != row.parent_code:
        return [_fault(row, "area_moved", code=row.code)]
    return []


def _put(areas: dict[str, Area], row: AreaRow, metres_crs: str | None) -> None:
    parent = areas[row.parent_code] if row.parent_code else None
    area = areas.get(row.code)
    if area is None:
        area = Area(code=row.code, level=row.level, parent_id=parent.id if parent else None)
        db.session.add(area)
        areas[row.code] = area
        if parent is not None:
            area.county_id = parent.county_id or parent.id
            area.township_id = parent.id if parent.level == "township" else parent.township_id
            area.time_zone, area.metres_crs = parent.time_zone, parent.metres_crs
    if metres_crs is not None:
        area.metres_crs = metres_crs
    area.name, area.geom = row.name, from_shape(row.shape, srid=4326)
    area.population, area.population_source, area.population_on = (
        row.population, row.population_source, row.population_on,
    )  # fmt: skip
    area.households, area.priority_weight = row.households, row.priority_weight


def _map_faults(rows: Sequence[AreaRow], area_ids: list[int]) -> list[FieldError]:
    by_code = {row.code: row for row in rows}
    faults = [
        _fault(by_code[code], "overlaps_sibling", code=code, other=other, percent=f"{share * 100:.1f}")
        for code, other, share in queries.sibling_overlaps(area_ids)
        if rules.is_overlap(share)
    ]
    faults += [
        _fault(by_code[code], "outside_parent", code=code, parent=parent, percent=f"{share * 100:.1f}")
        for code, parent, share in queries.shares_outside_parent(area_ids)
        if rules.is_outside_parent(share)
    ]
    return sorted(faults, key=lambda fault: int(fault.pointer))


def _by_township(areas: Sequence[Area]) -> dict[int, list[str]]:
    """Codes by the township that keeps their audit; a county's own line stands under the county."""
    found: dict[int, list[str]] = {}
    for area in areas:
        found.setdefault(area.township_id or area.id, []).append(area.code)
    return found


def _fault(row: AreaRow, code: str, /, **figures: Any) -> FieldError:
    return FieldError(str(row.line), code, figures)
