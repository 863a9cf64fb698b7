"""Questions about streets and routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from app.areas.models import Area
from app.db import db
from app.errors import NotFound
from app.geo import as_wkb
from app.routes.models import (
    Checkpoint,
    CheckpointCode,
    CodeDisplay,
    NetworkVersion,
    Route,
    RouteVersion,
    Street,
)
from app.teams.models import Team
from app.teams.scope import Scope, led_team_rows


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


def streets_in_force(township_id: int) -> list[tuple[int, str, bytes]]:
    """(id, name, WKB) of the streets of the township's newest network."""
    newest = (
        select(NetworkVersion.id)
        .where(NetworkVersion.township_id == township_id)
        .order_by(NetworkVersion.version.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Street.id, func.coalesce(Street.name, ""), as_wkb(Street.geom))
        .where(Street.network_version_id == newest)
        .order_by(Street.id)
    )
    return [(row[0], row[1], bytes(row[2])) for row in rows]


def nearest_streets(
    township_id: int, lons: Sequence[float], lats: Sequence[float], within_m: float
) -> list[int | None]:
    """For each point the nearest street of the newest network so near, or None."""
    values = {
        "id": township_id,
        "lons": list(lons),
        "lats": list(lats),
        "m": within_m,
        "deg": within_m / 50_000,
    }
    return [row.street_id for row in db.session.execute(_NEAREST, values)]


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


# --- codes at checkpoints -------------------------------------------------------------------------


@dataclass(frozen=True)
class CodePlace:
    """A checkpoint of a route's newest version; its code belongs to the route and its name."""

    checkpoint: Checkpoint
    route_id: int
    route_name: str


def code_of_checkpoint(checkpoint_id: int) -> CheckpointCode | None:
    """By the place's name on its route, whichever version the checkpoint is of."""
    return db.session.scalar(
        select(CheckpointCode)
        .join(RouteVersion, RouteVersion.route_id == CheckpointCode.route_id)
        .join(
            Checkpoint,
            and_(Checkpoint.route_version_id == RouteVersion.id, Checkpoint.name == CheckpointCode.name),
        )
        .where(Checkpoint.id == checkpoint_id)
    )


def add_code(township_id: int, route_id: int, name: str, sealed: bytes, now: datetime) -> None:
    """Unless the place has one."""
    row = insert(CheckpointCode).values(
        township_id=township_id, route_id=route_id, name=name, sealed=sealed, changed_at=now
    )
    db.session.execute(row.on_conflict_do_nothing(index_elements=["route_id", "name"]))


def led_routes(scope: Scope) -> list[Route]:
    """Routes in use of the teams that the caller leads."""
    which = select(Route).where(led_team_rows(scope, Route.township_id, Route.team_id), Route.active)
    return list(db.session.scalars(which.order_by(Route.name, Route.id)))


def _newest(route_id: Any) -> Any:
    other = aliased(RouteVersion)
    return select(func.max(other.version)).where(other.route_id == route_id).scalar_subquery()


def _places() -> Any:
    return (
        select(Checkpoint, Route.id, Route.name)
        .join(RouteVersion, RouteVersion.id == Checkpoint.route_version_id)
        .join(Route, Route.id == RouteVersion.route_id)
        .where(RouteVersion.version == _newest(Route.id))
    )


def places_of_route(scope: Scope, route_id: int) -> list[CodePlace]:
    """The checkpoints of a route's newest version, in order; empty when the caller does not lead its team."""
    rows = db.session.execute(
        _places()
        .where(Route.id == route_id, led_team_rows(scope, Route.township_id, Route.team_id))
        .order_by(Checkpoint.seq)
    )
    return [CodePlace(*row) for row in rows]


def reach_place(scope: Scope, checkpoint_id: int) -> CodePlace:
    """A checkpoint of a route whose team the caller leads, or NotFound."""
    row = db.session.execute(
        _places().where(
            Checkpoint.id == checkpoint_id, led_team_rows(scope, Route.township_id, Route.team_id)
        )
    ).first()
    if row is None:
        raise NotFound()
    return CodePlace(*row)


def displays_of_route(route_id: int) -> list[tuple[CodeDisplay, str]]:
    """Screens that still show something, with their checkpoint's name, oldest first."""
    rows = db.session.execute(
        select(CodeDisplay, CheckpointCode.name)
        .join(CheckpointCode, CheckpointCode.id == CodeDisplay.code_id)
        .where(CheckpointCode.route_id == route_id, CodeDisplay.revoked_at.is_(None))
        .order_by(CodeDisplay.made_at, CodeDisplay.id)
    )
    return [(row[0], row[1]) for row in rows]


def reach_display(scope: Scope, display_id: int) -> tuple[CodeDisplay, CheckpointCode]:
    row = db.session.execute(
        select(CodeDisplay, CheckpointCode)
        .join(CheckpointCode, CheckpointCode.id == CodeDisplay.code_id)
        .join(Route, Route.id == CheckpointCode.route_id)
        .where(CodeDisplay.id == display_id, led_team_rows(scope, Route.township_id, Route.team_id))
    ).first()
    if row is None:
        raise NotFound()
    return row[0], row[1]


def display_of(token_sha256: bytes) -> tuple[CheckpointCode, int] | None:
    """The code of a live screen, and the id that its checkpoint has in the route's newest version."""
    row = db.session.execute(
        select(CheckpointCode, Checkpoint.id)
        .join(CodeDisplay, CodeDisplay.code_id == CheckpointCode.id)
        .join(Route, Route.id == CheckpointCode.route_id)
        .join(RouteVersion, RouteVersion.route_id == Route.id)
        .join(
            Checkpoint,
            and_(Checkpoint.route_version_id == RouteVersion.id, Checkpoint.name == CheckpointCode.name),
        )
        .where(
            CodeDisplay.token_sha256 == token_sha256, CodeDisplay.revoked_at.is_(None), Route.active,
            RouteVersion.version == _newest(Route.id),
        )
        .order_by(Checkpoint.seq)
    ).first()  # fmt: skip
    return (row[0], row[1]) if row else None


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


# As far north as 63° a degree is at least 50 km: the box holds the circle, and the index finds the box.
_NEAREST = text("""
    SELECT p.i, (
        SELECT s.id FROM streets s
        WHERE s.network_version_id = (
              SELECT id FROM network_versions WHERE township_id = :id ORDER BY version DESC LIMIT 1)
          AND s.geom && ST_Expand(p.geom, :deg) AND ST_DWithin(s.geom::geography, p.geom::geography, :m)
        ORDER BY ST_Distance(s.geom::geography, p.geom::geography), s.id LIMIT 1) AS street_id
    FROM (SELECT i, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS geom
          FROM unnest(CAST(:lons AS float8[]), CAST(:lats AS float8[])) WITH ORDINALITY AS u(lon, lat, i)) p
    ORDER BY p.i
""")
