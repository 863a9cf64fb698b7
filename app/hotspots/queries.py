"""Questions about hotspots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text

from app.accounts.models import Person
from app.db import db
from app.hotspots.models import Hotspot


@dataclass(frozen=True)
class Measured:
    """What PostGIS says of a polygon: its size, whether it touches the township, and its village if any."""

    area_m2: float
    in_township: bool
    village_id: int | None


def measure_polygons(township_id: int, wkbs: Sequence[bytes]) -> list[Measured]:
    """One answer for each polygon (WGS-84), in the order given. The village is the one at a point inside."""
    rows = db.session.execute(_MEASURE, {"id": township_id, "shapes": list(wkbs)})
    return [Measured(float(row.area_m2), bool(row.in_township), row.village_id) for row in rows]


def person_ids_by_login(logins: set[str]) -> dict[str, int]:
    """Active people with these logins (lower case)."""
    rows = db.session.execute(select(Person.login, Person.id).where(Person.login.in_(logins), Person.active))
    return {row.login: row.id for row in rows}


def open_hotspots_by_name(township_id: int) -> dict[str, Hotspot]:
    """The township's hotspots that have no end yet."""
    rows = db.session.scalars(
        select(Hotspot)
        .where(Hotspot.township_id == township_id, Hotspot.valid_to.is_(None))
        .order_by(Hotspot.valid_from)
    )
    return {hotspot.name: hotspot for hotspot in rows}


_MEASURE = text("""
    SELECT ST_Area(s.geom::geography) AS area_m2, ST_Intersects(t.geom, s.geom) AS in_township,
           (SELECT v.id FROM areas v
            WHERE v.township_id = t.id AND v.level = 'village' AND v.valid_to IS NULL
              AND ST_Intersects(v.geom, ST_PointOnSurface(s.geom)) ORDER BY v.code LIMIT 1) AS village_id
    FROM (SELECT i, ST_GeomFromWKB(wkb, 4326) AS geom
          FROM unnest(CAST(:shapes AS bytea[])) WITH ORDINALITY AS u(wkb, i)) s, areas t
    WHERE t.id = :id ORDER BY s.i
""")
