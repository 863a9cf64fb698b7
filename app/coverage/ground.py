"""What a track is held against: the pieces of the township's streets and of the route, and the hotspots near it.

The pieces of a version never change, so an index is built once per process and version.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry
from sqlalchemy import or_, select

from app.coverage.kept import Newest
from app.coverage.pieces import Ints, PieceIndex, Policy
from app.db import db
from app.geo import E7, as_wkb, shape_in_metres, touches_box
from app.hotspots.models import Hotspot
from app.routes.models import Checkpoint, NetworkVersion, RouteVersion, Street
from app.tracks.rules import Fix

MOST_KEPT = 64
_kept: Newest[Any] = Newest(MOST_KEPT)


def _remember(kind: str, version_id: int, crs: str, build: Any) -> Any:
    return _kept.made((str(db.engine.engine.url), kind, version_id, crs), build)


def current_network_id(township_id: int) -> int | None:
    """The latest import of the township's streets, or None while there is none."""
    newest = NetworkVersion.version.desc()
    return db.session.scalar(
        select(NetworkVersion.id).where(NetworkVersion.township_id == township_id).order_by(newest).limit(1)
    )


def network_sources(township_ids: Collection[int]) -> list[tuple[str, str]]:
    """(source, licence) of the street data, for the corner of the map."""
    rows = db.session.execute(
        select(NetworkVersion.source, NetworkVersion.licence)
        .where(NetworkVersion.township_id.in_(township_ids))
        .distinct()
        .order_by(NetworkVersion.source)
    )
    return [(row.source, row.licence) for row in rows]


def network_index(version_id: int, crs: str) -> PieceIndex:
    def build() -> PieceIndex:
        rows = db.session.execute(
            select(Street.id, as_wkb(Street.geom))
            .where(Street.network_version_id == version_id)
            .order_by(Street.first_piece)
        )
        return PieceIndex.build([(row[0], _line(row[1], crs)) for row in rows])

    return _remember("network", version_id, crs, build)  # type: ignore[no-any-return]


def pieces_near(version_id: int, crs: str, checkpoint_ids: Collection[int]) -> Mapping[int, Ints]:
    """Checkpoint → pieces of the network within reach of it, for these at least.

    A checkpoint never moves: a new version of its route has new ones.
    """
    known: dict[int, Ints] = _remember("near", version_id, crs, dict)
    unknown = set(checkpoint_ids) - known.keys()
    if unknown:
        places = select(Checkpoint.id, as_wkb(Checkpoint.geom)).where(Checkpoint.id.in_(unknown))
        rows = db.session.execute(places).all()
        xy = np.array([shape_in_metres(row[1], crs).coords[0] for row in rows], np.float64)
        point, piece = network_index(version_id, crs).near_points(xy, Policy().reach_m)
        known.update({row[0]: piece[point == n] for n, row in enumerate(rows)})
    return known


def route_line(version_id: int, crs: str) -> LineString:
    def build() -> LineString:
        wkb = db.session.scalar(select(as_wkb(RouteVersion.geom)).where(RouteVersion.id == version_id))
        return _line(wkb, crs)

    return _remember("line", version_id, crs, build)  # type: ignore[no-any-return]


def route_index(version_id: int, crs: str) -> PieceIndex:
    def build() -> PieceIndex:
        return PieceIndex.build([(version_id, route_line(version_id, crs))])

    return _remember("route", version_id, crs, build)  # type: ignore[no-any-return]


def hotspots_near(township_id: int, fixes: Sequence[Fix], day: date, crs: str) -> dict[int, BaseGeometry]:
    """Hotspots in force on the day whose box meets the fixes' box, as shapes in metres."""
    lons, lats = [f.lon_e7 / E7 for f in fixes], [f.lat_e7 / E7 for f in fixes]
    rows = db.session.execute(
        select(Hotspot.id, as_wkb(Hotspot.geom)).where(
            Hotspot.township_id == township_id,
            touches_box(Hotspot.geom, min(lons), min(lats), max(lons), max(lats)),
            Hotspot.approved_by.is_not(None), Hotspot.valid_from <= day,
            or_(Hotspot.valid_to.is_(None), Hotspot.valid_to >= day),
        )
    )  # fmt: skip
    return {row[0]: shape_in_metres(row[1], crs) for row in rows}


def _line(wkb: Any, crs: str) -> LineString:
    return LineString(shape_in_metres(wkb, crs).coords)
