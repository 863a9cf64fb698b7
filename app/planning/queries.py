"""What planning asks of presence and of the map. Stays carry no person."""

from __future__ import annotations

from collections.abc import Collection

from geoalchemy2 import Geography
from sqlalchemy import and_, cast, func, select
from sqlalchemy.orm import aliased

from app.coverage.models import PlacePresence
from app.coverage.queries import Period
from app.db import db
from app.duty.models import Duty
from app.hotspots.models import Hotspot
from app.planning.rules import Stay


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
