"""Measuring a claim in one statement, and the set of a duty's check-ins with all that judging needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from geoalchemy2 import Geography
from sqlalchemy import and_, cast, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased

from app.areas.models import Area
from app.checkins.models import Checkin, Cosign
from app.db import db
from app.duty.models import Duty, Shift
from app.duty.queries import of_duties, of_duty
from app.hotspots.models import Hotspot
from app.routes.models import Checkpoint, RouteVersion

NEAR = timedelta(minutes=10)
# The very coordinates of a checkpoint are everybody's: that two stand on them says nothing of one copying the other.
# (Inside a hotspot the distance is 0: who copies another's patrol is seen at its checkpoints.)
AT_THE_POINT_M = 0.5


@dataclass(frozen=True)
class Measured:
    """Metres to the place (None where it has none) and to the route, and whether inside the township."""

    distance_m: float | None
    route_distance_m: float | None
    inside_area: bool
    place_known: bool


def point(lon: float, lat: float) -> Any:
    return func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326)


def measure_claim(
    township_id: int, checkpoint_id: int | None, hotspot_id: int | None, route_version_id: int | None,
    lon: float, lat: float,
) -> Measured:  # fmt: skip
    """One statement, metres on the ellipsoid. A place of another township is not known here."""
    here = cast(point(lon, lat), Geography)
    place: Any = Checkpoint if checkpoint_id is not None else Hotspot
    place_id = checkpoint_id if checkpoint_id is not None else hotspot_id
    row = db.session.execute(
        select(
            place.id,
            func.ST_Distance(cast(place.geom, Geography), here),
            func.ST_Distance(cast(RouteVersion.geom, Geography), here),
            func.ST_Covers(Area.geom, point(lon, lat)),
        )
        .select_from(Area)
        .outerjoin(place, and_(place.id == place_id, place.township_id == Area.id))
        .outerjoin(RouteVersion, RouteVersion.id == literal(route_version_id))
        .where(Area.id == township_id)
    ).one()
    return Measured(row[1], row[2], bool(row[3]), row[0] is not None)


@dataclass(frozen=True)
class Row:
    """A check-in with its place's figures; `lon`, `lat` are None once retention has taken the position."""

    checkin: Checkin
    lon: float | None
    lat: float | None
    radius_m: int
    seq: int | None
    window: tuple[int, int] | None
    offset_m: tuple[float, float] | None
    asked: str


def rows_of_duty(duty: Duty) -> list[Row]:
    """All check-ins of a duty with their checkpoints' figures."""
    azimuth = func.ST_Azimuth(cast(Checkpoint.geom, Geography), cast(Checkin.position, Geography))
    rows = db.session.execute(
        select(
            Checkin, func.ST_X(Checkin.position), func.ST_Y(Checkin.position), Checkpoint.radius_m, Checkpoint.seq,
            Checkpoint.window_from_min, Checkpoint.window_to_min, func.sin(azimuth), func.cos(azimuth),
            Checkpoint.method,
        )
        .outerjoin(Checkpoint, Checkpoint.id == Checkin.checkpoint_id)
        .where(of_duty(Checkin, duty))
        .execution_options(populate_existing=True)
    ).all()  # fmt: skip
    return [_row(r) for r in rows]


def _row(r: Any) -> Row:
    checkin = r[0]
    window = (r[5], r[6]) if r[5] is not None and r[6] is not None else None
    known = r[7] is not None and checkin.distance_m is not None
    offset = (r[7] * checkin.distance_m, r[8] * checkin.distance_m) if known else None
    return Row(checkin, r[1], r[2], r[3] or 0, r[4], window, offset, r[9] or "gps")


def same_spots(duty: Duty, first: datetime, last: datetime) -> list[tuple[UUID, int]]:
    """(check-in of the duty, duty of somebody else) where both stand at the very same coordinates within 10 minutes.

    `first` and `last` are the duty's earliest and latest check-in: they let the index on time find the others.
    """
    other = aliased(Checkin)
    rows = db.session.execute(
        select(Checkin.id, other.duty_id)
        .join(
            other,
            and_(
                other.township_id == Checkin.township_id, other.position == Checkin.position,
                other.person_id != Checkin.person_id, Checkin.distance_m >= AT_THE_POINT_M,
                other.effective_at.between(Checkin.effective_at - NEAR, Checkin.effective_at + NEAR),
            ),
        )
        .where(
            of_duty(Checkin, duty),
            other.effective_at.between(first - NEAR, last + NEAR),
        )
    )  # fmt: skip
    return [(r[0], r[1]) for r in rows]


@dataclass(frozen=True)
class OtherUse:
    """A check-in of another crew with the same minute's code at the same checkpoint, and whose duty it is of."""

    checkin: Checkin
    duty_id: int
    radius_m: int


def same_codes(duty: Duty, steps: Sequence[tuple[int, int]]) -> list[OtherUse]:
    """Who else used these (checkpoint, minute) codes, on another shift."""
    rows = db.session.execute(
        select(Checkin, Checkin.duty_id, Checkpoint.radius_m)
        .join(Duty, and_(Duty.township_id == Checkin.township_id, Duty.id == Checkin.duty_id))
        .join(Checkpoint, Checkpoint.id == Checkin.checkpoint_id)
        .where(
            Checkin.township_id == duty.township_id, Checkin.code_right, Duty.shift_id != duty.shift_id,
            tuple_(Checkin.checkpoint_id, Checkin.code_step).in_(steps),
        )
    )  # fmt: skip
    return [OtherUse(*row) for row in rows]


def cosigns_on(shift: Shift) -> list[tuple[Cosign, Duty | None]]:
    """The co-signatures given on a shift, each with its author's duty there, oldest first."""
    rows = db.session.execute(
        select(Cosign, Duty)
        .outerjoin(
            Duty,
            and_(
                Duty.township_id == Cosign.township_id, Duty.shift_id == Cosign.shift_id,
                Duty.person_id == Cosign.person_id,
            ),
        )
        .where(Cosign.township_id == shift.township_id, Cosign.shift_id == shift.id)
        .order_by(Cosign.said_at, Cosign.id)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def duties_of_checkins(township_id: int, checkin_ids: Sequence[UUID]) -> set[int]:
    which = select(Checkin.duty_id).where(Checkin.township_id == township_id, Checkin.id.in_(checkin_ids))
    return set(db.session.scalars(which))


def checkin_by_id(township_id: int, checkin_id: UUID) -> Checkin | None:
    return db.session.get(Checkin, (township_id, checkin_id))


def cosigns_waiting(township_id: int, checkin_id: UUID) -> list[UUID]:
    """Ids of the co-signatures of a check-in, which may have come before it."""
    which = select(Cosign.id).where(Cosign.township_id == township_id, Cosign.checkin_id == checkin_id)
    return list(db.session.scalars(which))


def counted_checkpoints(duties: Sequence[Duty], min_level: int = 0) -> dict[int, int]:
    """Distinct counted required checkpoints of the shift's own route by duty; for points, those with at least the
    evidence that the township asks for, or that a person has counted."""
    enough = or_(Checkin.evidence_level >= min_level, Checkin.review_verdict == "counted")
    rows = db.session.execute(
        select(Checkin.duty_id, func.count(func.distinct(Checkin.checkpoint_id)))
        .join(Checkpoint, Checkpoint.id == Checkin.checkpoint_id)
        .join(Duty, and_(Duty.township_id == Checkin.township_id, Duty.id == Checkin.duty_id))
        .join(Shift, and_(Shift.township_id == Duty.township_id, Shift.id == Duty.shift_id))
        .where(
            of_duties(Checkin, duties), Checkin.verdict == "counted", Checkpoint.required, enough,
            Checkpoint.route_version_id == Shift.route_version_id,
        )
        .group_by(Checkin.duty_id)
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}


def is_ordered(shift: Shift) -> bool:
    """Are the checkpoints of the shift's route to be visited in their order?"""
    version = select(RouteVersion.ordered).where(RouteVersion.id == shift.route_version_id)
    return shift.route_version_id is not None and bool(db.session.scalar(version))


def required_checkpoints(route_version_ids: list[int]) -> dict[int, int]:
    rows = db.session.execute(
        select(Checkpoint.route_version_id, func.count())
        .where(Checkpoint.route_version_id.in_(route_version_ids), Checkpoint.required)
        .group_by(Checkpoint.route_version_id)
    )
    return {row[0]: row[1] for row in rows}
