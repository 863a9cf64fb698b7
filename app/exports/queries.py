"""What is asked for files and for programs that read: which things, in which order, and their shapes as GeoJSON.

Who may see is inside every WHERE: only things whose figures the caller reads (`measured_ids`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, false, func, or_, select, text, true
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.areas.models import Area
from app.coverage import facts
from app.coverage.facts import HotspotFact
from app.coverage.queries import Box, Network, Period, in_areas, measured_ids, networks_in_force, townships_of
from app.db import db
from app.exports.models import MonthlyReport, ReportSchedule
from app.geo import as_geojson
from app.hotspots.models import Hotspot
from app.routes.models import Route, RouteVersion, Street
from app.teams.models import Team
from app.teams.scope import Scope, reviewed_township_rows, team_rows, within

Boxes = tuple[Box, ...]
village, township = aliased(Area), aliased(Area)


@dataclass(frozen=True)
class Ids:
    """A stretch of a collection in its own order, and how many there are in all."""

    matched: int
    ids: list[int]


def _meets(column: Any, boxes: Boxes | None) -> ColumnElement[bool]:
    """Does the shape meet one of the boxes? Two where the box asked for crosses 180°."""
    if boxes is None:
        return true()
    shapes = [func.ST_MakeEnvelope(*box, 4326) for box in boxes]
    return or_(false(), *[func.ST_Intersects(column, shape) for shape in shapes])


def _stretch(which: ColumnElement[bool], column: Any, order: Any, offset: int, limit: int) -> Ids:
    matched = int(db.session.scalar(select(func.count()).select_from(column.class_).where(which)) or 0)
    rows = db.session.scalars(select(column).where(which).order_by(order).offset(offset).limit(limit))
    return Ids(matched, list(rows))


# --- areas --------------------------------------------------------------------------------------------------------


def areas_in(scope: Scope, period: Period, boxes: Boxes | None, offset: int, limit: int) -> Ids:
    """By their code, which is their name for programs too."""
    which = and_(
        within(Area.id, measured_ids(scope)), Area.valid_from <= period.last,
        or_(Area.valid_to.is_(None), Area.valid_to >= period.first), _meets(Area.geom, boxes),
    )  # fmt: skip
    return _stretch(which, Area.id, Area.code, offset, limit)


def area_of(scope: Scope, code: str) -> int | None:
    return db.session.scalar(select(Area.id).where(Area.code == code, within(Area.id, measured_ids(scope))))


def area_rows(ids: Sequence[int]) -> Sequence[Row[Any]]:
    """(Area, its parent's code, shape), by code."""
    parent = aliased(Area)
    return db.session.execute(
        select(Area, parent.code.label("parent"), as_geojson(Area.geom).label("shape"))
        .outerjoin(parent, parent.id == Area.parent_id)
        .where(Area.id.in_(ids))
        .order_by(Area.code)
    ).all()


# --- streets ------------------------------------------------------------------------------------------------------


def networks(scope: Scope, period: Period) -> list[Network]:
    return networks_in_force(townships_of(measured_ids(scope)), period.last)


def _streets(scope: Scope, period: Period) -> ColumnElement[bool]:
    ids = [network.id for network in networks(scope, period)]
    mine = in_areas(measured_ids(scope), Street.township_id, Street.village_id)
    return and_(Street.network_version_id.in_(ids), mine)


def streets_in(scope: Scope, period: Period, boxes: Boxes | None, offset: int, limit: int) -> Ids:
    which = and_(_streets(scope, period), _meets(Street.geom, boxes))
    return _stretch(which, Street.id, Street.id, offset, limit)


def street_of(scope: Scope, street_id: int, period: Period) -> int | None:
    return db.session.scalar(select(Street.id).where(_streets(scope, period), Street.id == street_id))


def street_rows(ids: Sequence[int]) -> Sequence[Row[Any]]:
    return db.session.execute(
        select(
            Street.id, Street.name, Street.highway, Street.length_m, Street.township_id, Street.network_version_id,
            village.code.label("village"), township.code.label("township"), as_geojson(Street.geom).label("shape"),
        )
        .outerjoin(village, village.id == Street.village_id)
        .join(township, township.id == Street.township_id)
        .where(Street.id.in_(ids))
        .order_by(Street.id)
    ).all()  # fmt: skip


# --- hotspots -----------------------------------------------------------------------------------------------------


def hotspots_in(scope: Scope, period: Period, boxes: Boxes | None) -> list[HotspotFact]:
    """Few enough to be read at once; by id."""
    mine = in_areas(measured_ids(scope), Hotspot.township_id, Hotspot.village_id)
    found = facts.hotspots_of(and_(mine, _meets(Hotspot.geom, boxes)), period)
    return sorted(found, key=lambda hotspot: hotspot.id)


def hotspot_rows(ids: Sequence[int]) -> Sequence[Row[Any]]:
    return db.session.execute(
        select(
            Hotspot.id, Hotspot.area_m2, Hotspot.review_by, village.code.label("village"),
            township.code.label("township"), as_geojson(Hotspot.geom).label("shape"),
        )
        .outerjoin(village, village.id == Hotspot.village_id)
        .join(township, township.id == Hotspot.township_id)
        .where(Hotspot.id.in_(ids))
        .order_by(Hotspot.id)
    ).all()  # fmt: skip


# --- routes -------------------------------------------------------------------------------------------------------


def _routes(scope: Scope) -> ColumnElement[bool]:
    mine = and_(
        team_rows(scope, Route.township_id, Route.team_id), within(Route.township_id, measured_ids(scope))
    )
    return and_(Route.active, mine)


def _newest() -> Any:
    return (
        select(func.max(RouteVersion.id))
        .where(RouteVersion.route_id == Route.id)
        .correlate(Route)
        .scalar_subquery()
    )


def routes_in(scope: Scope, boxes: Boxes | None, offset: int, limit: int) -> Ids:
    here = select(RouteVersion.id).where(RouteVersion.id == _newest(), _meets(RouteVersion.geom, boxes))
    return _stretch(and_(_routes(scope), here.exists()), Route.id, Route.id, offset, limit)


def route_of(scope: Scope, route_id: int) -> int | None:
    return db.session.scalar(select(Route.id).where(_routes(scope), Route.id == route_id))


def route_rows(ids: Sequence[int]) -> Sequence[Row[Any]]:
    """Each route as its newest version draws it."""
    return db.session.execute(
        select(
            Route.id, Route.name, Team.name.label("team"), RouteVersion.version, RouteVersion.length_m,
            township.code.label("township"), as_geojson(RouteVersion.geom).label("shape"),
        )
        .join(Team, Team.id == Route.team_id)
        .join(RouteVersion, RouteVersion.id == _newest())
        .join(township, township.id == Route.township_id)
        .where(Route.id.in_(ids))
        .order_by(Route.id)
    ).all()  # fmt: skip


def extent_of(scope: Scope) -> Box | None:
    """west, south, east, north of all that the caller reads figures of."""
    box = (
        select(func.ST_Extent(Area.geom).label("box")).where(within(Area.id, measured_ids(scope))).subquery()
    )
    sides = [getattr(func, f"ST_{side}")(box.c.box) for side in ("XMin", "YMin", "XMax", "YMax")]
    row = db.session.execute(select(*sides)).one()
    return None if row[0] is None else (row[0], row[1], row[2], row[3])


# --- monthly reports ----------------------------------------------------------------------------------------------

PRINT = "print_report"
# A report's reading may take longer than a request may; for the transaction only.
NO_TIMEOUT = text("SET LOCAL statement_timeout = 0")
# Printings of one township come one after the other: their numbers follow each other.
_DEFER = text("""
    SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
        'default', :task, 0, :lock, NULL, CAST(:args AS jsonb), NULL
    )::procrastinate_job_to_defer_v1])
""")


def defer_printing(township_id: int, report_id: int) -> None:
    """A job that exists only if the caller's transaction commits."""
    args = json.dumps({"township_id": township_id, "report_id": report_id})
    db.session.execute(_DEFER, {"task": PRINT, "lock": f"report:{township_id}", "args": args})


def _of_month(township_id: int, month: date) -> ColumnElement[bool]:
    return and_(MonthlyReport.township_id == township_id, MonthlyReport.month == month)


def unfinished(township_id: int, month: date) -> bool:
    going_on = MonthlyReport.state.in_(("waiting", "reading", "printing"))
    return bool(db.session.scalar(select(exists().where(_of_month(township_id, month), going_on))))


def was_made_by_itself(township_id: int, month: date) -> bool:
    itself = (_of_month(township_id, month), MonthlyReport.made_by.is_(None))
    return bool(db.session.scalar(select(exists().where(*itself))))


def last_number(township_id: int, year: int) -> int:
    mine = (MonthlyReport.township_id == township_id, MonthlyReport.year == year)
    return int(db.session.scalar(select(func.max(MonthlyReport.number)).where(*mine)) or 0)


def newest_of(township_id: int, month: date) -> MonthlyReport | None:
    """The printing of the month that stands."""
    done = (_of_month(township_id, month), MonthlyReport.state == "done")
    return db.session.scalar(
        select(MonthlyReport).where(*done).order_by(MonthlyReport.version.desc()).limit(1)
    )


def reports_of(scope: Scope, township_id: int, most: int = 60) -> Sequence[Row[Any]]:
    """(MonthlyReport, who made it), newest first, without the papers themselves."""
    mine = (
        MonthlyReport.township_id == township_id,
        reviewed_township_rows(scope, MonthlyReport.township_id),
    )
    return db.session.execute(
        select(MonthlyReport, Person.name.label("who"))
        .outerjoin(Person, Person.id == MonthlyReport.made_by)
        .where(*mine)
        .order_by(MonthlyReport.id.desc())
        .limit(most)
    ).all()


def report_of(scope: Scope, township_id: int, report_id: int) -> MonthlyReport | None:
    mine = (MonthlyReport.township_id == township_id, MonthlyReport.id == report_id)
    return db.session.scalar(
        select(MonthlyReport).where(*mine, reviewed_township_rows(scope, MonthlyReport.township_id))
    )


def schedules() -> Sequence[ReportSchedule]:
    return db.session.scalars(select(ReportSchedule).order_by(ReportSchedule.township_id)).all()


def townships_reviewed(scope: Scope) -> Sequence[Area]:
    return db.session.scalars(
        select(Area).where(reviewed_township_rows(scope, Area.id)).order_by(Area.code)
    ).all()
