"""What an assessment asks of hazards, shifts and notices; and which versions there are, and how each stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from app.accounts.models import Person
from app.areas.models import Area
from app.assessment.models import (
    Assessment,
    AssessmentFreeze,
    AssessmentNotice,
    AssessmentPlanItem,
    AssessmentReturn,
    AssessmentReview,
)
from app.db import db
from app.duty.models import Shift
from app.errors import NotFound
from app.routes.models import Route
from app.teams.scope import Scope, reviewed_township_rows

# Hazards of the ground and of the weather. What is reported of order is an event, and no measure of work.
HAZARDS = ("road", "fire", "weather")
# Decided so, it was no hazard, or was on the list already.
NO_HAZARD = ("not_found", "no_hazard", "known")


# --- who reaches what ---------------------------------------------------------------------------------------------


def townships_for(scope: Scope) -> Sequence[Area]:
    mine = reviewed_township_rows(scope, Area.id)
    return db.session.scalars(select(Area).where(mine, Area.valid_to.is_(None)).order_by(Area.code)).all()


def reach_township(scope: Scope, code: str) -> Area:
    """A township that the caller reviews or administers, or NotFound."""
    mine = reviewed_township_rows(scope, Area.id)
    area = db.session.scalar(select(Area).where(Area.code == code, Area.level == "township", mine))
    if area is None:
        raise NotFound()
    return area


def reach(scope: Scope, assessment_id: UUID) -> Assessment:
    mine = reviewed_township_rows(scope, Assessment.township_id)
    found = db.session.scalar(select(Assessment).where(Assessment.id == assessment_id, mine))
    if found is None:
        raise NotFound()
    return found


def reach_row(scope: Scope, model: Any, row_id: UUID) -> Any:
    """A return, notice or plan item within reach, held until the transaction ends."""
    mine = reviewed_township_rows(scope, model.township_id)
    one = select(model).where(model.id == row_id, mine)
    found = db.session.scalar(one.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise NotFound()
    return found


def village_in(township_id: int, village_id: int) -> Area | None:
    """A village in force of the township."""
    return db.session.scalar(
        select(Area).where(
            Area.id == village_id, Area.township_id == township_id, Area.level == "village",
            Area.valid_to.is_(None),
        )
    )  # fmt: skip


def villages_of(township_id: int) -> Sequence[Area]:
    return db.session.scalars(
        select(Area)
        .where(Area.township_id == township_id, Area.level == "village", Area.valid_to.is_(None))
        .order_by(Area.code)
    ).all()


def lock_quarter(township_id: int, quarter: date) -> None:
    """Versions of one quarter are made and decided one after the other."""
    key = func.hashtextextended(f"assessment:{township_id}:{quarter}", 0)
    db.session.execute(select(func.pg_advisory_xact_lock(key)))


# --- versions -----------------------------------------------------------------------------------------------------


def versions_of(township_id: int, quarter: date) -> Sequence[Assessment]:
    """Newest first."""
    return db.session.scalars(
        select(Assessment)
        .where(Assessment.township_id == township_id, Assessment.quarter == quarter)
        .order_by(Assessment.n.desc())
    ).all()


def quarters_of(township_ids: Collection[int]) -> Sequence[date]:
    """Those with a version, newest first."""
    return db.session.scalars(
        select(Assessment.quarter)
        .where(Assessment.township_id.in_(township_ids))
        .distinct()
        .order_by(Assessment.quarter.desc())
    ).all()


def latest(township_id: int, quarter: date) -> Assessment | None:
    return _newest_of([township_id], quarter).get(township_id)


def _newest_of(
    township_ids: Collection[int], quarter: date, *more: ColumnElement[bool]
) -> dict[int, Assessment]:
    """Township → its newest version, of those that are `more`."""
    rows = db.session.scalars(
        select(Assessment)
        .where(Assessment.township_id.in_(township_ids), Assessment.quarter == quarter, *more)
        .ext(distinct_on(Assessment.township_id))
        .order_by(Assessment.township_id, Assessment.n.desc())
    )
    return {one.township_id: one for one in rows}


def review_of(assessment: Assessment) -> AssessmentReview | None:
    return db.session.get(AssessmentReview, (assessment.township_id, assessment.id), populate_existing=True)


def freeze_of(assessment: Assessment) -> AssessmentFreeze | None:
    return db.session.get(AssessmentFreeze, (assessment.township_id, assessment.id))


def returns_of(assessment: Assessment) -> Sequence[AssessmentReturn]:
    return db.session.scalars(
        select(AssessmentReturn)
        .where(
            AssessmentReturn.township_id == assessment.township_id,
            AssessmentReturn.assessment_id == assessment.id,
        )
        .order_by(AssessmentReturn.returned_at, AssessmentReturn.id)
        .execution_options(populate_existing=True)
    ).all()


def frozen_version(township_id: int, quarter: date) -> Assessment | None:
    """The newest version that was frozen: the one that counts."""
    return _newest_of([township_id], quarter, _is_frozen()).get(township_id)


def _is_frozen() -> ColumnElement[bool]:
    return exists().where(
        AssessmentFreeze.township_id == Assessment.township_id,
        AssessmentFreeze.assessment_id == Assessment.id,
    )


def frozen_grades(township_id: int, quarter: date) -> dict[int, tuple[Fraction, str]]:
    """Village → (F, grade) of the version that counts; nothing while none is frozen, and no village without a grade."""
    found = frozen_version(township_id, quarter)
    if found is None:
        return {}
    return {
        int(v["id"]): (Fraction(v["final"]), str(v["grade"]))
        for v in found.figures["villages"]
        if v["final"] is not None
    }


@dataclass(frozen=True)
class Standing:
    """A township's quarter for the county: the version that counts, else its newest."""

    township: Area
    one: Assessment | None
    is_frozen: bool
    review: AssessmentReview | None
    returns: Sequence[AssessmentReturn]


def standings(scope: Scope, quarter: date) -> list[Standing]:
    """Of every township within reach, in a handful of statements however many there are."""
    townships = townships_for(scope)
    ids = [township.id for township in townships]
    frozen = _newest_of(ids, quarter, _is_frozen())
    shown = {**_newest_of(ids, quarter), **frozen}
    reviews = _by_version(AssessmentReview, shown.values())
    returns = _by_version(AssessmentReturn, shown.values())
    return [
        Standing(
            t, one, t.id in frozen, next(iter(reviews.get(one.id if one else None, ())), None),
            returns.get(one.id if one else None, []),
        )
        for t in townships
        for one in [shown.get(t.id)]
    ]  # fmt: skip


def _by_version(model: Any, versions: Collection[Assessment]) -> dict[UUID | None, list[Any]]:
    rows = db.session.scalars(
        select(model).where(
            model.township_id.in_({one.township_id for one in versions}),
            model.assessment_id.in_({one.id for one in versions}),
        )
    )
    found: dict[UUID | None, list[Any]] = {}
    for row in rows:
        found.setdefault(row.assessment_id, []).append(row)
    return found


def names_of(person_ids: Iterable[int | None]) -> dict[int | None, str]:
    """Of those who decided something at the desk."""
    wanted = {i for i in person_ids if i is not None}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


def waiting_for(scope: Scope) -> int:
    """Returns, notices and plan items that wait for another person than who said them, and the caller is one."""
    return db.session.scalar(select(_waiting_of(scope))) or 0


def _waiting_of(scope: Scope) -> ColumnElement[int]:
    waits = (
        (AssessmentReturn, AssessmentReturn.returned_by, AssessmentReturn.decided_by.is_(None)),
        (AssessmentNotice, AssessmentNotice.entered_by, AssessmentNotice.confirmed_by.is_(None)),
        (AssessmentPlanItem, AssessmentPlanItem.done_by, AssessmentPlanItem.confirmed_by.is_(None)),
    )
    counts = [
        select(func.count())
        .select_from(model)
        .where(reviewed_township_rows(scope, model.township_id), open_, by != scope.person_id)
        .scalar_subquery()
        for model, by, open_ in waits
    ]
    return counts[0] + counts[1] + counts[2]


# --- hazards, shifts, routes --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hazard:
    """First report of a hazard. `repeated_at`: told again of the same place; `decided_at`: first decided about."""

    id: UUID
    category: str
    phrase: str | None
    closing: str | None
    reported_at: datetime
    closed_at: datetime | None
    village_id: int | None
    repeated_at: datetime | None
    decided_at: datetime | None
    is_reopened: bool


def hazards_of(township_id: int, start: datetime, end: datetime, reopened_within: timedelta) -> list[Hazard]:
    """Hazards reported in the span, as they are known now."""
    rows = db.session.execute(
        _HAZARDS,
        {
            "township": township_id, "start": start, "end": end, "reopened": reopened_within,
            "categories": list(HAZARDS), "no_hazard": list(NO_HAZARD),
        },
    )  # fmt: skip
    return [Hazard(*row) for row in rows]


_HAZARDS = text("""
    SELECT i.id, i.category, i.phrase, i.closing, i.reported_at, i.closed_at, v.id,
           (SELECT min(d.reported_at) FROM incidents d
            WHERE d.township_id = i.township_id AND d.duplicate_of = i.id),
           (SELECT min(a.at) FROM audits a
            WHERE a.township_id = i.township_id AND a.object_kind = 'report' AND a.object_id = i.id::text
              AND a.action IN ('report.triaged', 'report.passed_on', 'report.closed')),
           EXISTS (SELECT FROM incidents o
            WHERE o.township_id = i.township_id AND o.category = i.category AND o.duplicate_of IS NULL
              AND o.phrase IS NOT DISTINCT FROM i.phrase AND o.id <> i.id AND o.reported_at > i.closed_at
              AND o.reported_at <= i.closed_at + :reopened AND NOT coalesce(o.closing, '') = ANY(:no_hazard)
              AND ST_DWithin(o.place::geography, i.place::geography, 50))
    FROM incidents i
    LEFT JOIN LATERAL (
        SELECT a.id FROM areas a
        WHERE a.township_id = i.township_id AND a.level = 'village' AND a.valid_to IS NULL
          AND ST_Intersects(a.geom, i.place)
        ORDER BY a.code LIMIT 1
    ) v ON true
    WHERE i.township_id = :township AND i.category = ANY(:categories) AND i.duplicate_of IS NULL
      AND i.reported_at >= :start AND i.reported_at < :end AND NOT coalesce(i.closing, '') = ANY(:no_hazard)
    ORDER BY i.reported_at, i.id
""")


def crews_wanted(township_id: int, first: date, last: date) -> dict[int, int]:
    """Shift → how many were wanted."""
    rows = db.session.execute(
        select(Shift.id, Shift.crew_wanted).where(
            Shift.township_id == township_id, Shift.day.between(first, last)
        )
    )
    return {row[0]: row[1] for row in rows}


def route_names(route_ids: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(select(Route.id, Route.name).where(Route.id.in_(route_ids)))
    return {row[0]: row[1] for row in rows}


# --- notices and plans --------------------------------------------------------------------------------------------


def notices_of(township_id: int, months: Collection[date]) -> Sequence[AssessmentNotice]:
    """Newest first."""
    return db.session.scalars(
        select(AssessmentNotice)
        .where(AssessmentNotice.township_id == township_id, AssessmentNotice.month.in_(months))
        .order_by(AssessmentNotice.entered_at.desc(), AssessmentNotice.id.desc())
        .execution_options(populate_existing=True)
    ).all()


def plan_items_of(assessment: Assessment, village_id: int | None = None) -> Sequence[AssessmentPlanItem]:
    """Of all versions of the quarter: a correction takes no plan away."""
    version = and_(
        Assessment.township_id == AssessmentPlanItem.township_id,
        Assessment.id == AssessmentPlanItem.assessment_id,
    )
    rows = (
        select(AssessmentPlanItem)
        .join(Assessment, version)
        .where(
            AssessmentPlanItem.township_id == assessment.township_id,
            Assessment.quarter == assessment.quarter,
        )
        .order_by(AssessmentPlanItem.due_on, AssessmentPlanItem.id)
        .execution_options(populate_existing=True)
    )
    if village_id is not None:
        rows = rows.where(AssessmentPlanItem.village_id == village_id)
    return db.session.scalars(rows).all()
