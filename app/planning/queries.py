"""What planning asks of presence, of the map and of the plan. No row carries a person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from geoalchemy2 import Geography
from sqlalchemy import and_, cast, exists, func, select
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE
from sqlalchemy.orm import aliased

from app.areas.models import Area
from app.coverage.models import PlacePresence
from app.coverage.queries import Period
from app.db import db
from app.duty.models import Assignment, Duty, Shift
from app.hotspots.models import Hotspot
from app.planning.rules import Range, Stay
from app.routes.models import RouteVersion
from app.teams.models import TeamArea
from app.teams.scope import Criterion


def stays_at(township_id: int, hotspot_ids: Collection[int], period: Period) -> list[Stay]:
    """Observed presence of duties of the period, from tracks and from arrive and leave."""
    during = func.unnest(PlacePresence.during).label("during")
    each = (
        select(PlacePresence.place_id, Duty.shift_id, Duty.id.label("duty_id"), during)
        .join(Duty, and_(Duty.township_id == PlacePresence.township_id, Duty.id == PlacePresence.duty_id))
        .where(
            PlacePresence.township_id == township_id, PlacePresence.place_kind == "hotspot",
            PlacePresence.place_id.in_(hotspot_ids), Duty.day.between(period.first, period.last),
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
        exists().where(shift, which), Duty.day.between(period.first, period.last), Duty.started_at.is_not(None)
    )  # fmt: skip
    c = each.subquery().c
    found: dict[int, list[Range]] = {}
    for shift_id, start, end in db.session.execute(
        select(c.shift_id, func.lower(c.during), func.upper(c.during))
    ):
        found.setdefault(shift_id, []).append((start, end))
    return list(found.values())
