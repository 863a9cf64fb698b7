"""What planning asks of presence, of the map and of the plan. No row carries a person."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geography
from sqlalchemy import and_, case, cast, exists, func, select
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE
from sqlalchemy.orm import aliased

from app.areas.models import Area
from app.coverage.models import PlacePresence
from app.coverage.queries import STANDS, Period
from app.db import db
from app.duty.models import Assignment, Duty, Shift
from app.geo import as_geojson
from app.hotspots.models import Hotspot
from app.planning.models import PlanRun
from app.planning.rules import Range, Stay
from app.routes.models import Checkpoint, Route, RouteVersion
from app.teams.models import Team, TeamArea
from app.teams.scope import Criterion


def stays_at(township_id: int, hotspot_ids: Collection[int], period: Period) -> list[Stay]:
    """Observed presence of duties of the period, from tracks and from arrive and leave."""
    during = func.unnest(PlacePresence.during).label("during")
    each = (
        select(PlacePresence.place_id, Duty.shift_id, Duty.id.label("duty_id"), during)
        .join(Duty, and_(Duty.township_id == PlacePresence.township_id, Duty.id == PlacePresence.duty_id))
        .where(
            PlacePresence.township_id == township_id, PlacePresence.place_kind == "hotspot",
            PlacePresence.place_id.in_(hotspot_ids), Duty.day.between(period.first, period.last), STANDS,
        )
    ).subquery()  # fmt: skip
    c = each.c
    rows = db.session.execute(
        select(c.place_id, c.shift_id, c.duty_id, func.lower(c.during), func.upper(c.during))
    )
    return [Stay(*row) for row in rows]


def metres_between(hotspot_ids: Collection[int]) -> dict[tuple[int, int], float]:
    """(smaller id, larger id) → metres on the ground between the middles of the two hotspots."""
    a, b = aliased(Hotspot), aliased(Hotspot)
    middles = (cast(func.ST_Centroid(h.geom), Geography) for h in (a, b))
    rows = db.session.execute(
        select(a.id, b.id, func.ST_Distance(*middles))
        .join(b, a.id < b.id)
        .where(a.id.in_(hotspot_ids), b.id.in_(hotspot_ids))
    )
    return {(row[0], row[1]): float(row[2]) for row in rows}


def areas_with_staffing(area_ids: Collection[int]) -> list[Area]:
    """The townships and villages in force among these areas, by township, itself first."""
    township = aliased(Area)
    rows = (
        select(Area)
        .join(township, township.id == Area.township_id)
        .where(Area.id.in_(area_ids), Area.level.in_(("township", "village")), Area.valid_to.is_(None))
        .order_by(township.code, Area.level, Area.code)
    )
    return list(db.session.scalars(rows))


# --- what is planned and what was done --------------------------------------------------------------------------


@dataclass(frozen=True)
class Planned:
    """A shift that was not cancelled: its time, how many are planned for it, the length of its route."""

    starts_at: datetime
    ends_at: datetime
    people: int
    route_m: float


def shifts_for(area: Area) -> Criterion:
    """The shifts of a township, or of the teams that look after a village."""
    if area.level == "township":
        return Shift.township_id == area.id
    looking_after = select(TeamArea.team_id).where(TeamArea.area_id == area.id)
    return and_(Shift.township_id == area.township_id, Shift.team_id.in_(looking_after))


def planned_shifts(which: Criterion, period: Period) -> list[Planned]:
    of_shift = and_(Assignment.township_id == Shift.township_id, Assignment.shift_id == Shift.id)
    people = select(func.count()).where(of_shift, Assignment.active).scalar_subquery()
    rows = db.session.execute(
        select(Shift.starts_at, Shift.ends_at, people, func.coalesce(RouteVersion.length_m, 0.0))
        .outerjoin(RouteVersion, RouteVersion.id == Shift.route_version_id)
        .where(which, Shift.status == "planned", Shift.day.between(period.first, period.last))
    )
    return [Planned(*row) for row in rows]


def worked_spans(which: Criterion, period: Period, now: datetime) -> list[list[Range]]:
    """For each shift, when its people were out: begun duties up to now, without their pauses."""
    until_now = func.tstzrange(Duty.started_at, func.greatest(Duty.started_at, now))
    out = func.tstzmultirange(func.coalesce(Duty.worked, until_now))
    left = func.unnest(out - func.coalesce(Duty.pauses, cast("{}", TSTZMULTIRANGE))).label("during")
    shift = and_(Shift.township_id == Duty.township_id, Shift.id == Duty.shift_id)
    each = select(Duty.shift_id, left).where(
        exists().where(shift, which), Duty.day.between(period.first, period.last), Duty.started_at.is_not(None), STANDS
    )  # fmt: skip
    c = each.subquery().c
    found: dict[int, list[Range]] = {}
    for shift_id, start, end in db.session.execute(
        select(c.shift_id, func.lower(c.during), func.upper(c.during))
    ):
        found.setdefault(shift_id, []).append((start, end))
    return list(found.values())


# --- where a crew begins ------------------------------------------------------------------------------------------


def route_at(team: Team, start: datetime, end: datetime) -> int | None:
    """The route version of the team's planned shift that shares most of these hours."""
    shared = func.least(Shift.ends_at, end) - func.greatest(Shift.starts_at, start)
    return db.session.scalar(
        select(Shift.route_version_id)
        .where(
            Shift.township_id == team.township_id, Shift.team_id == team.id, Shift.status == "planned",
            Shift.route_version_id.is_not(None), Shift.starts_at < end, Shift.ends_at > start,
        )
        .order_by(shared.desc(), Shift.starts_at, Shift.id)
        .limit(1)
    )  # fmt: skip


def usual_route(team: Team, first: date, last: date) -> tuple[int, int] | None:
    """The newest version of the team's route that most shifts of these days walked, and how many did; None where the
    team has no route."""
    walked = aliased(RouteVersion)
    n = func.count(Shift.id)
    of_shift = and_(
        Shift.route_version_id == walked.id, Shift.township_id == team.township_id, Shift.team_id == team.id,
        Shift.status == "planned", Shift.day.between(first, last),
    )  # fmt: skip
    row = db.session.execute(
        select(func.max(walked.id), n)
        .select_from(Route)
        .join(walked, walked.route_id == Route.id)
        .outerjoin(Shift, of_shift)
        .where(Route.team_id == team.id, Route.active)
        .group_by(Route.id, Route.name)
        .order_by(n.desc(), Route.name)
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def first_checkpoint(route_version_id: int) -> int | None:
    points = select(Checkpoint.id).where(Checkpoint.route_version_id == route_version_id)
    return db.session.scalar(points.order_by(Checkpoint.seq).limit(1))


def areas_of(team: Team) -> list[int]:
    """What the team looks after; the township where nothing is said."""
    ids = db.session.scalars(
        select(TeamArea.area_id).where(TeamArea.team_id == team.id).order_by(TeamArea.area_id)
    )
    return list(ids) or [team.township_id]


def _beginning(kind: str, ids: Sequence[int]) -> Any:
    """SQL: the point where a crew begins (`crews.Start`)."""
    if kind == "checkpoint":
        return select(Checkpoint.geom).where(Checkpoint.id == ids[0]).scalar_subquery()
    if kind == "route":
        line = select(func.ST_StartPoint(RouteVersion.geom)).where(RouteVersion.id == ids[0])
        return line.scalar_subquery()
    middle = func.ST_Centroid(func.ST_Union(Area.geom))
    return select(middle).where(Area.id.in_(ids)).scalar_subquery()


def metres_from(kind: str, ids: Sequence[int], hotspot_ids: Collection[int]) -> dict[int, float]:
    """Metres on the ground from where a crew begins to the middle of each hotspot; none where it begins inside."""
    point = _beginning(kind, ids)
    metres = func.ST_Distance(
        cast(func.ST_Centroid(Hotspot.geom), Geography), cast(func.ST_SetSRID(point, 4326), Geography)
    )
    rows = db.session.execute(
        select(Hotspot.id, case((func.ST_Covers(Hotspot.geom, point), 0.0), else_=metres)).where(
            Hotspot.id.in_(hotspot_ids)
        )
    )
    return {row[0]: float(row[1]) for row in rows}


def beginning_shape(kind: str, ids: Sequence[int]) -> Any:
    """The point as GeoJSON; None where it is no more."""
    found = db.session.scalar(select(as_geojson(func.ST_SetSRID(_beginning(kind, ids), 4326))))
    return json.loads(found) if found else None


def beginning_names(kind: str, ids: Sequence[int]) -> list[str]:
    """The checkpoint and its route, the route, or the areas; none for what is no more."""
    if kind == "areas":
        return list(db.session.scalars(select(Area.name).where(Area.id.in_(ids)).order_by(Area.code)))
    route = select(Route.name).join(RouteVersion, RouteVersion.route_id == Route.id)
    if kind == "route":
        return list(db.session.scalars(route.where(RouteVersion.id == ids[0])))
    both = route.add_columns(Checkpoint.name).join(Checkpoint, Checkpoint.route_version_id == RouteVersion.id)
    row = db.session.execute(both.where(Checkpoint.id == ids[0])).first()
    return [row[1], row[0]] if row else []


# --- what other crews plan ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pass:
    """A checkpoint inside a hotspot, on the route of another crew's shift; its hours are minutes of the local day."""

    hotspot_id: int
    shift_id: int
    day: date
    starts_at: datetime
    ends_at: datetime
    from_min: int | None
    to_min: int | None


def passes_at(team: Team, hotspot_ids: Collection[int], start: datetime, end: datetime) -> list[Pass]:
    """By planned shifts of other teams of the township that cross these hours and have at least two people."""
    of_shift = and_(Assignment.township_id == Shift.township_id, Assignment.shift_id == Shift.id)
    people = select(func.count()).where(of_shift, Assignment.active).correlate(Shift).scalar_subquery()
    rows = db.session.execute(
        select(
            Hotspot.id, Shift.id, Shift.day, Shift.starts_at, Shift.ends_at, Checkpoint.window_from_min,
            Checkpoint.window_to_min,
        )
        .join(Checkpoint, Checkpoint.route_version_id == Shift.route_version_id)
        .join(Hotspot, func.ST_Covers(Hotspot.geom, Checkpoint.geom))
        .where(
            Shift.township_id == team.township_id, Shift.team_id != team.id, Shift.status == "planned",
            Shift.starts_at < end, Shift.ends_at > start, Hotspot.id.in_(hotspot_ids), people >= 2,
        )
        .order_by(Shift.starts_at, Shift.id, Checkpoint.seq)
    )  # fmt: skip
    return [Pass(*row) for row in rows]


def answered_beats(team: Team) -> list[PlanRun]:
    """Beats that were proposed to the other teams of the township, the newest question first."""
    which = select(PlanRun).where(
        PlanRun.township_id == team.township_id, PlanRun.team_id != team.id, PlanRun.kind == "beats",
        PlanRun.state == "done",
    )  # fmt: skip
    return list(db.session.scalars(which.order_by(PlanRun.asked_at.desc(), PlanRun.id.desc())))
