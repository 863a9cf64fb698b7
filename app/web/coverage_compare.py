"""Two periods or two areas side by side: what each says, the difference, and on what either rests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.areas.models import Area
from app.coverage import measures, queries
from app.coverage.measures import Coverage, Measure
from app.coverage.queries import Period
from app.db import db
from app.errors import DomainError
from app.teams.scope import Scope, visible_area_rows

BETWEEN = ".."
WEAK = ("single", "declared")


@dataclass(frozen=True)
class Row:
    """`difference` is ours less theirs; None where one of them has nothing to measure."""

    key: str
    ours: Measure
    theirs: Measure
    difference: Measure | None

    @property
    def uneven(self) -> bool:
        """One rests on much and the other on little: the difference may be that and no more."""
        grades = (self.ours.grade, self.theirs.grade)
        return None not in grades and (grades[0] in WEAK) != (grades[1] in WEAK)


@dataclass(frozen=True)
class Compared:
    area: Area
    period: Period
    rows: list[Row]


def text_of(args: Mapping[str, str]) -> str:
    """`compare` of the address, or the two days of the form."""
    days = args.get("compare_from", ""), args.get("compare_to", "")
    return BETWEEN.join(days) if all(days) else args.get("compare", "")


def compared(scope: Scope, ours: Coverage, text: str, now: datetime) -> Compared | None:
    """`text` is a period (2026-11-01..2026-11-07) or an area's code. None when it is neither or out of reach."""
    if not text:
        return None
    try:
        area, period = _other(scope, ours, text, now)
    except (DomainError, ValueError):
        return None
    if area.id not in queries.measured_ids(scope):
        return None
    theirs = measures.coverage_of(scope, area, period, now, with_children=False).measures
    rows = [_row(key, measure, theirs[key]) for key, measure in ours.measures.items()]
    return Compared(area, period, rows)


def _other(scope: Scope, ours: Coverage, text: str, now: datetime) -> tuple[Area, Period]:
    if BETWEEN not in text:
        return measures.reach(scope, text), ours.period
    first, last = (date.fromisoformat(day) for day in text.split(BETWEEN))
    return ours.area, measures.period_of(first, last, ours.area.time_zone, now, ours.period.times)


def _row(key: str, ours: Measure, theirs: Measure) -> Row:
    if ours.value is None or theirs.value is None:
        return Row(key, ours, theirs, None)
    grade = measures.merged([ours.grade, theirs.grade])
    return Row(key, ours, theirs, Measure(ours.value - theirs.value, ours.unit, grade, min(ours.n, theirs.n)))


def before(period: Period) -> str:
    """The period of the same length just before, as the address has it."""
    last = period.first - timedelta(days=1)
    return f"{last - timedelta(days=period.days - 1)}{BETWEEN}{last}"


def others(scope: Scope, area: Area) -> Sequence[Area]:
    """Areas beside this one that the caller reads too."""
    beside = select(Area).where(
        Area.parent_id == area.parent_id, Area.id != area.id, Area.valid_to.is_(None),
        visible_area_rows(scope, Area.id), Area.id.in_(queries.measured_ids(scope)),
    )  # fmt: skip
    return db.session.scalars(beside.order_by(Area.code)).all()
