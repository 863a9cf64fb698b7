"""Questions about streets and routes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, text

from app.areas.models import Area
from app.db import db
from app.routes.models import NetworkVersion, Route, RouteVersion, Street
from app.teams.models import Team


def last_network_number(township_id: int) -> int:
    """The number of the township's newest network version; 0 when it has none."""
    newest = select(func.max(NetworkVersion.version)).where(NetworkVersion.township_id == township_id)
    return int(db.session.scalar(newest) or 0)


def last_route_number(route_id: int) -> int:
    """The number of a route's newest version; 0 when it has none."""
    newest = select(func.max(RouteVersion.version)).where(RouteVersion.route_id == route_id)
    return int(db.session.scalar(newest) or 0)


def route_by_name(township_id: int, name: str) -> Route | None:
    """Names are unique in a township."""
    return db.session.scalar(select(Route).where(Route.township_id == township_id, Route.name == name))


def team_ids_by_name(township_id: int) -> dict[str, int]:
    """The township's active teams."""
    rows = db.session.execute(select(Team.name, Team.id).where(Team.township_id == township_id, Team.active))
    return {row.name: row.id for row in rows}


def street_counts(network_version_id: int) -> dict[str | None, int]:
    """Streets by the name of their village."""
    rows = db.session.execute(
        select(Area.name, func.count())
        .select_from(Street)
        .outerjoin(Area, Area.id == Street.village_id)
        .where(Street.network_version_id == network_version_id)
        .group_by(Area.name)
        .order_by(Area.name)
    )
    return {name: int(n) for name, n in rows}


def indexes_outside(township_id: int, wkbs: Sequence[bytes]) -> set[int]:
    """Which of these shapes (WGS-84) don't touch the township."""
    rows = db.session.execute(_OUTSIDE, {"id": township_id, "shapes": list(wkbs)})
    return {int(row.i) for row in rows}


def checkpoint_metres(
    township_id: int, pairs: Sequence[tuple[bytes, bytes]]
) -> list[tuple[float | None, float]]:
    """For each (checkpoint, route): metres to the nearest street of the newest network, and to the route.

    The first is None when no street lies within some 200 m.
    """
    values = {"id": township_id, "points": [p for p, _ in pairs], "lines": [line for _, line in pairs]}
    rows = db.session.execute(_CHECKPOINT_METRES, values)
    return [(None if row.street is None else float(row.street), float(row.route)) for row in rows]


def place_streets_in_villages(network_version_id: int) -> None:
    """A street belongs to the village in which its middle lies."""
    db.session.execute(_PLACE_STREETS, {"id": network_version_id})


_OUTSIDE = text("""
    SELECT s.i - 1 AS i
    FROM unnest(CAST(:shapes AS bytea[])) WITH ORDINALITY AS s(wkb, i), areas t
    WHERE t.id = :id AND NOT ST_Intersects(t.geom, ST_GeomFromWKB(s.wkb, 4326))
""")

_CHECKPOINT_METRES = text("""
    WITH pairs AS (
      SELECT i, ST_GeomFromWKB(point, 4326) AS point, ST_GeomFromWKB(line, 4326) AS line
      FROM unnest(CAST(:points AS bytea[]), CAST(:lines AS bytea[])) WITH ORDINALITY AS p(point, line, i)
    ), newest AS (
      SELECT id FROM network_versions WHERE township_id = :id ORDER BY version DESC LIMIT 1
    )
    SELECT (SELECT min(ST_Distance(s.geom::geography, p.point::geography))
            FROM streets s WHERE s.network_version_id = (SELECT id FROM newest)
              AND s.geom && ST_Expand(p.point, 0.002)) AS street,
           ST_Distance(p.line::geography, p.point::geography) AS route
    FROM pairs p ORDER BY p.i
""")

_PLACE_STREETS = text("""
    UPDATE streets s SET village_id = (
      SELECT v.id FROM areas v
      WHERE v.township_id = s.township_id AND v.level = 'village' AND v.valid_to IS NULL
        AND ST_Intersects(v.geom, ST_LineInterpolatePoint(s.geom, 0.5))
      ORDER BY v.code LIMIT 1)
    WHERE s.network_version_id = :id
""")
