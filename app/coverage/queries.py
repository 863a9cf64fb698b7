"""Reading presence: the bitmaps of streets and routes, and what a tile holds. Never tracks, never a person.

Who may see is inside every WHERE: `visible` names what a caller may see at all, `measured` where also the figures.
A period is of duty days, so that a night shift is one shift on one day, before and after street presence is folded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from geoalchemy2 import Geography
from sqlalchemy import ARRAY, BigInteger, Row, and_, cast, exists, func, or_, select, text
from sqlalchemy.dialects.postgresql import BYTEA, aggregate_order_by
from sqlalchemy.orm import aliased

from app.areas.models import Area
from app.coverage.models import StreetDay, StreetPresence
from app.db import db
from app.duty.models import Duty
from app.geo import TILE_OF_SHAPES, TileLayer, as_drawn, as_wkb, box_of, touches_box
from app.hotspots.models import Hotspot
from app.routes.models import NetworkVersion, Route, RouteVersion, Street
from app.teams.scope import Criterion, Scope, team_rows, visible_area_rows, within

# Street presence is folded after 30 days, or 90 while contested: nothing older is in the bitmaps.
FOLDED_AFTER_DAYS = 100
MIDPOINT = 0.5
# What two persons found false was not done: it is read past everywhere here, and what came in stays stored.
STANDS = Duty.voided_at.is_(None)
DEFAULT_ZONE = "Asia/Shanghai"
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Period:
    """Duty days first..last, `last` included; and by how many different shifts a street has to be walked in them."""

    first: date
    last: date
    times: int = 1

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def kept_from(self) -> date:
        """The first day whose bitmaps matter: of the period itself, or for when a street was last walked."""
        return min(self.first, self.last - timedelta(days=FOLDED_AFTER_DAYS))


# --- who sees ---------------------------------------------------------------------------------------------------


def measured_ids(scope: Scope) -> frozenset[int]:
    """Areas where the caller reads the figures of single streets and hotspots; a plain member has none."""
    return scope.area_ids | (scope.home_area_ids if scope.led_team_ids else frozenset())


def in_areas(ids: frozenset[int], township_column: Any, village_column: Any) -> Criterion:
    """Rows of whole townships among the ids, or of single villages."""
    return or_(within(township_column, ids), within(village_column, ids))


def townships_of(area_ids: Collection[int]) -> frozenset[int]:
    """The townships that are among the areas or hold one of them."""
    return frozenset(db.session.scalars(_TOWNSHIPS, {"ids": sorted(area_ids)}))


_TOWNSHIPS = text("""
    SELECT id FROM areas WHERE id = ANY(:ids) AND level = 'township'
    UNION SELECT township_id FROM areas WHERE id = ANY(:ids) AND township_id IS NOT NULL
""")


def zone_of(area_ids: Collection[int]) -> str:
    """The zone in which the days of these areas are counted (of several, the most common)."""
    most = func.count().desc()
    zones = (
        select(Area.time_zone)
        .where(within(Area.id, area_ids))
        .group_by(Area.time_zone)
        .order_by(most)
        .limit(1)
    )
    return str(db.session.scalar(zones) or DEFAULT_ZONE)


# --- networks and their bitmaps ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Network:
    id: int
    township_id: int
    pieces: int


def networks_in_force(township_ids: Collection[int], on: date) -> list[Network]:
    """For each township the newest streets imported by the end of the day, else its first import."""
    asked = {"townships": sorted(township_ids), "on": on, "ends": on + timedelta(days=1)}
    return [Network(*row) for row in db.session.execute(_IN_FORCE, asked)]


# Of those already there the newest, of those still to come the first.
_IN_FORCE = text("""
    SELECT DISTINCT ON (township_id) id, township_id, pieces FROM network_versions WHERE township_id = ANY(:townships)
    ORDER BY township_id, date(made_at) <= :on DESC,
      abs(extract(epoch FROM made_at) - extract(epoch FROM CAST(:ends AS date)))
""")


def network_of(network_id: int) -> Network:
    row = db.session.get_one(NetworkVersion, network_id)
    return Network(row.id, row.township_id, row.pieces)


def streets_of(network_id: int) -> Sequence[Row[Any]]:
    """id, village_id, length_m, first_piece, n_pieces of a network's streets, by their first piece."""
    return db.session.execute(
        select(Street.id, Street.village_id, Street.length_m, Street.first_piece, Street.n_pieces)
        .where(Street.network_version_id == network_id)
        .order_by(Street.first_piece)
    ).all()


def _bitmaps(network: Network, first: date, last: date, *columns: Any) -> Any:
    return (
        select(*columns)
        .select_from(StreetPresence)
        .join(Duty, and_(Duty.township_id == StreetPresence.township_id, Duty.id == StreetPresence.duty_id))
        .where(
            StreetPresence.township_id == network.township_id, Duty.township_id == network.township_id,
            StreetPresence.network_version_id == network.id, Duty.day.between(first, last), STANDS,
        )
    )  # fmt: skip


def presence_stamp(network: Network, period: Period) -> tuple[int, int]:
    """Changes whenever a bitmap of the period does: a write gives its row a newer xmin; one that is deleted, or whose
    duty was found false, is no longer counted."""
    days = {"first": period.kept_from, "last": period.last}
    asked = {"township": network.township_id, "network": network.id, **days}
    row = db.session.execute(_STAMP, asked).one()
    return int(row[0]), int(row[1] or 0)


_STAMP = text("""
    SELECT count(*), sum(p.xmin::text::bigint)
    FROM street_presences p JOIN duties d ON d.township_id = p.township_id AND d.id = p.duty_id
    WHERE p.township_id = :township AND d.township_id = :township AND p.network_version_id = :network
      AND d.day BETWEEN :first AND :last AND d.voided_at IS NULL
""")


def bits_by_shift(network: Network, period: Period) -> list[tuple[int, bytes]]:
    """(shift, packed bits of all its crew) for the shifts of the period."""
    packed = func.varbit_send(func.bit_or(StreetPresence.bits))
    rows = db.session.execute(
        _bitmaps(network, period.first, period.last, Duty.shift_id, packed).group_by(Duty.shift_id)
    )
    return [(row[0], _bare(row[1])) for row in rows]


def bits_by_day(network: Network, period: Period) -> list[tuple[date, bytes]]:
    """(duty day, packed bits of everybody) for the days of the period."""
    packed = func.varbit_send(func.bit_or(StreetPresence.bits))
    rows = db.session.execute(
        _bitmaps(network, period.first, period.last, Duty.day, packed).group_by(Duty.day)
    )
    return [(row[0], _bare(row[1])) for row in rows]


def folded_by_day(network: Network, period: Period) -> Sequence[Row[Any]]:
    """street_id, day, covered_share, shifts of the days of the period that are folded."""
    return db.session.execute(
        select(StreetDay.street_id, StreetDay.day, StreetDay.covered_share, StreetDay.shifts)
        .join(Street, Street.id == StreetDay.street_id)
        .where(
            StreetDay.township_id == network.township_id, Street.network_version_id == network.id,
            StreetDay.day.between(period.first, period.last),
        )
    ).all()  # fmt: skip


def bits_by_hour(network: Network, period: Period) -> list[tuple[datetime, bytes]]:
    """(UTC hour, packed bits of everybody), oldest first, as far back as bitmaps are kept."""
    packed = func.varbit_send(func.bit_or(StreetPresence.bits))
    rows = db.session.execute(
        _bitmaps(network, period.kept_from, period.last, StreetPresence.hour, packed)
        .group_by(StreetPresence.hour)
        .order_by(StreetPresence.hour)
    )
    return [(row[0], _bare(row[1])) for row in rows]


def _bare(sent: bytes) -> bytes:
    """PostgreSQL's wire format of a bit string is its length in four bytes, then the bits."""
    return bytes(sent)[4:]


def folded_days(network: Network, period: Period) -> Sequence[Row[Any]]:
    """street_id, shifts and shares of the period's days (the best first), last day by its end: what is left of older
    presence."""
    in_period = StreetDay.day >= period.first
    best_first = aggregate_order_by(StreetDay.covered_share, StreetDay.covered_share.desc())
    return db.session.execute(
        select(
            StreetDay.street_id,
            func.coalesce(func.sum(StreetDay.shifts).filter(in_period), 0).label("shifts"),
            func.array_agg(best_first).filter(in_period).label("shares"),
            func.max(StreetDay.day).label("last"),
        )
        .join(Street, Street.id == StreetDay.street_id)
        .where(
            StreetDay.township_id == network.township_id, Street.network_version_id == network.id,
            StreetDay.day <= period.last,
        )
        .group_by(StreetDay.street_id)
    ).all()  # fmt: skip


def shifts_on_street(street: Street, period: Period) -> dict[int, float]:
    """shift → share of the street that its crew covered, for those that covered any of it."""
    mine = func.substring(func.bit_or(StreetPresence.bits), street.first_piece + 1, street.n_pieces)
    covered = func.bit_count(mine)
    network = Network(street.network_version_id, street.township_id, 0)
    rows = db.session.execute(
        _bitmaps(network, period.first, period.last, Duty.shift_id, covered)
        .group_by(Duty.shift_id)
        .having(covered > 0)
    )
    return {row[0]: row[1] / street.n_pieces for row in rows}


# --- what lies where --------------------------------------------------------------------------------------------


def streets_in_area(area_id: int, network_ids: Iterable[int]) -> set[int]:
    """Streets whose middle lies in the area (for grids, which streets do not name)."""
    middle = func.ST_LineInterpolatePoint(Street.geom, MIDPOINT)
    rows = db.session.scalars(
        select(Street.id)
        .join(Area, and_(Area.id == area_id, Street.geom.op("&&")(Area.geom)))
        .where(Street.network_version_id.in_(list(network_ids)), func.ST_Intersects(Area.geom, middle))
    )
    return set(rows)


def hotspots_in_area(area_id: int, hotspot_ids: Iterable[int]) -> set[int]:
    """Of these hotspots, those that lie (by a point on their surface) in the area."""
    rows = db.session.scalars(
        select(Hotspot.id)
        .join(Area, Area.id == area_id)
        .where(
            Hotspot.id.in_(list(hotspot_ids)),
            func.ST_Intersects(Area.geom, func.ST_PointOnSurface(Hotspot.geom)),
        )
    )
    return set(rows)


def hotspots_lying_in(wkb: bytes) -> Criterion:
    """Hotspots with a point of their surface in the shape, which has passed the guard."""
    return Hotspot.geom.op("&&")(_shape(wkb)) & func.ST_Intersects(
        _shape(wkb), func.ST_PointOnSurface(Hotspot.geom)
    )


def part_inside(area_ids: Collection[int], wkb: bytes) -> tuple[bytes, float, float] | None:
    """(what of the shape lies in these townships and villages, its square metres, those of the shape), if anything."""
    shape, levels = _shape(wkb), ("township", "village")
    ground = select(func.ST_Union(Area.geom)).where(
        Area.id.in_(area_ids), Area.level.in_(levels), Area.geom.op("&&")(shape)
    )
    inner = func.ST_CollectionExtract(func.ST_Intersection(ground.scalar_subquery(), shape), 3)
    sizes = (func.ST_Area(cast(part, Geography)) for part in (inner, shape))
    row = db.session.execute(select(as_wkb(inner), *sizes)).one()
    return (bytes(row[0]), float(row[1]), float(row[2])) if row[1] else None


def _shape(wkb: bytes) -> Any:
    return func.ST_SetSRID(func.ST_GeomFromWKB(cast(wkb, BYTEA)), 4326)


def areas_km2(area_ids: Collection[int]) -> dict[int, float]:
    rows = db.session.execute(
        select(Area.id, func.ST_Area(cast(Area.geom, Geography)) / 1e6).where(Area.id.in_(area_ids))
    )
    return {row[0]: row[1] for row in rows}


def bounds_of(area_ids: Collection[int]) -> Box | None:
    """west, south, east, north of the areas in degrees; None without an area."""
    box = select(func.ST_Extent(Area.geom).label("box")).where(Area.id.in_(area_ids)).subquery()
    sides = [getattr(func, f"ST_{side}")(box.c.box) for side in ("XMin", "YMin", "XMax", "YMax")]
    row = db.session.execute(select(*sides)).one()
    return None if row[0] is None else (row[0], row[1], row[2], row[3])


# --- tiles ------------------------------------------------------------------------------------------------------
# Which shapes a tile holds is asked first, in degrees and by index; their figures are judged in Python; then the tile
# is cut from exactly these shapes, in web mercator, simplified to half a pixel of the zoom.


def hotspots_in_box(scope: Scope, box: Box) -> Criterion:
    visible = in_areas(scope.visible_area_ids, Hotspot.township_id, Hotspot.village_id)
    return and_(visible, touches_box(Hotspot.geom, *box))


def routes_in_box(scope: Scope, box: Box) -> Sequence[Row[Any]]:
    """id, version_id, township_id, name of the newest versions of the routes that the caller may see."""
    newer = aliased(RouteVersion)
    superseded = exists().where(newer.route_id == RouteVersion.route_id, newer.version > RouteVersion.version)
    return db.session.execute(
        select(Route.id, RouteVersion.id.label("version_id"), Route.township_id, Route.name)
        .join(RouteVersion, RouteVersion.route_id == Route.id)
        .where(
            Route.active,
            ~superseded,
            touches_box(RouteVersion.geom, *box),
            team_rows(scope, Route.township_id, Route.team_id),
        )
        .order_by(Route.id)
    ).all()


def areas_in_box(scope: Scope, box: Box, levels: Sequence[str]) -> Sequence[int]:
    return db.session.scalars(
        select(Area.id)
        .where(
            Area.level.in_(levels), Area.valid_to.is_(None), touches_box(Area.geom, *box),
            visible_area_rows(scope, Area.id),
        )
        .order_by(Area.id)
    ).all()  # fmt: skip


def database() -> str:
    """Which one is asked: numbers of rows mean something within it only."""
    return str(db.engine.engine.url.database)


_SIZED = {"streets": Street, "hotspots": Hotspot, "routes": RouteVersion, "areas": Area}


def widest_first(layer: str, ids: Sequence[int], on: Any = None) -> Sequence[int]:
    """The ids of these shapes, those with the widest box first. `on`: the connection asked, else the session's."""
    model = _SIZED[layer]
    west, south, east, north = box_of(model.geom)
    wanted = model.id == func.any(cast(ids, ARRAY(BigInteger)))
    ordered = select(model.id).where(wanted).order_by((east - west + north - south).desc(), model.id)
    return [row[0] for row in (on or db.session).execute(ordered)]


def cut_tile(
    layer: str, where: dict[str, int], columns: dict[str, Sequence[Any]], datum: str = "wgs84", *, on: Any = None,
    **values: Any,
) -> bytes:  # fmt: skip
    """The layer's tile of these shapes: z, x, y; a value a shape in each column; empty bytes when nothing shows.

    For a GCJ-02 base map the shapes are fetched, moved and cut then: PostGIS knows no such datum.
    """
    on = on or db.session
    if layer in _WRITTEN:
        columns = {name: _written(values) for name, values in columns.items()}
    if datum == "wgs84":
        return bytes(on.scalar(_TILES[layer], {**where, **columns, **values}) or b"")
    rows = on.execute(_ROWS[layer], {"z": where["z"], **columns, **values}).all()
    parts = [[row for row in rows if row.part == part.name] for part in _PARTS[layer]]
    return b"".join(_moved(on, part, where) for part in parts if part)


def _written(values: Sequence[Any]) -> str:
    """An array as PostgreSQL writes it, of numbers and plain words: the driver takes longer over a thousand values than
    PostGIS over cutting them."""
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"


def _moved(on: Any, rows: Sequence[Any], where: dict[str, int]) -> bytes:
    known, shapes = [row.known for row in rows], as_drawn([row.wkb for row in rows])
    asked = {**where, "layer": rows[0].part, "known": known, "shapes": shapes}
    return bytes(on.scalar(TILE_OF_SHAPES, asked) or b"")


_WRITTEN = ("streets", "cells")
_STREETS = """unnest(CAST(:ids AS bigint[]), CAST(:covered AS float8[]), CAST(:shifts AS int[]),
    CAST(:last AS bigint[]), CAST(:fresh AS int[]), CAST(:grade AS text[]), CAST(:last_grade AS text[]))
    AS f(id, covered, shifts, last, fresh, grade, last_grade)
    JOIN streets s ON s.id = f.id"""
_HOTSPOTS = """unnest(CAST(:ids AS bigint[]), CAST(:attainment AS float8[]), CAST(:minutes AS float8[]),
    CAST(:grades AS text[])) AS f(id, attainment, minutes, grade) JOIN hotspots s ON s.id = f.id"""
_HOTSPOT_COLUMNS = """f.id, s.name, s.category, f.attainment, f.minutes, f.grade,
    NULLIF(s.review_by < CAST(:day AS date), false) AS overdue"""
_ROUTES = """unnest(CAST(:ids AS bigint[]), CAST(:versions AS bigint[]), CAST(:completion AS float8[]))
    AS f(id, version, completion) JOIN route_versions s ON s.id = f.version JOIN routes r ON r.id = f.id"""
_AREAS = "areas s WHERE s.id = ANY(:ids)"
# A hotspot is filled from its foot like a glass, up to its attainment.
_FILLED = f"""(SELECT f.id, f.attainment, ST_Intersection(g, ST_MakeEnvelope(ST_XMin(g), ST_YMin(g), ST_XMax(g),
    ST_YMin(g) + (ST_YMax(g) - ST_YMin(g)) * f.attainment, 3857)) AS g FROM (SELECT f.*, ST_Transform(s.geom, 3857) AS g
    FROM {_HOTSPOTS}) f WHERE f.attainment > 0) p"""
# Hexagons of 200 m on the ground: in web mercator longer by 1 / cos(latitude), which is one figure for a township. The
# grid hangs from the origin, so that every street finds the same hexagons for itself.
_CELLS = """(SELECT h.i || ':' || h.j || ':' || h.township_id AS id,
    sum(h.m * h.covered) / sum(h.m) AS share, sum(h.m * h.k)::int AS metres, h.geom AS g
  FROM (SELECT h.i, h.j, h.geom, s.township_id, s.covered, s.k,
      CASE WHEN ST_Covers(h.geom, s.line) THEN ST_Length(s.line)
           WHEN ST_Intersects(h.geom, s.line) THEN ST_Length(ST_Intersection(h.geom, s.line)) END AS m
    FROM (SELECT t.id AS township_id, t.k, f.covered, ST_Transform(s.geom, 3857) AS line
      FROM (SELECT a.id, cos(radians(ST_Y(ST_Centroid(ST_Envelope(a.geom))))) AS k FROM areas a
            WHERE a.id IN (SELECT township_id FROM streets WHERE id = ANY(:ids))) t
      JOIN streets s ON s.township_id = t.id
      JOIN unnest(CAST(:ids AS bigint[]), CAST(:covered AS float8[])) AS f(id, covered) ON f.id = s.id OFFSET 0) s
    CROSS JOIN LATERAL ST_HexagonGrid(200 / s.k, s.line) h) h
  WHERE h.m > 0 GROUP BY h.i, h.j, h.township_id, h.geom) p"""

_PARTS = {
    "streets": [
        TileLayer(
            "streets", "f.id, s.name, f.covered, f.shifts, f.last, f.fresh, f.grade, f.last_grade", _STREETS
        )
    ],
    "hotspots": [
        TileLayer("hotspots", _HOTSPOT_COLUMNS, _HOTSPOTS),
        TileLayer("hotspot_fill", "p.id, p.attainment", _FILLED, "p.g"),
        TileLayer(
            "hotspot_names", "f.id, s.name", _HOTSPOTS, "ST_Transform(ST_PointOnSurface(s.geom), 3857)"
        ),
    ],
    "routes": [TileLayer("routes", "f.id, r.name, f.completion", _ROUTES)],
    "areas": [
        TileLayer("areas", "s.code, s.name, s.level", _AREAS),
        TileLayer(
            "area_names", "s.code, s.name, s.level", _AREAS, "ST_Transform(ST_PointOnSurface(s.geom), 3857)"
        ),
    ],
    "cells": [TileLayer("cells", "p.id, p.share, p.metres", _CELLS, "p.g")],
}
_TILES = {
    layer: text("SELECT " + " || ".join(part.tile() for part in parts)) for layer, parts in _PARTS.items()
}
_ROWS = {layer: text(" UNION ALL ".join(part.rows() for part in parts)) for layer, parts in _PARTS.items()}
