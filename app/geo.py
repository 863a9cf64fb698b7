"""Geometry in the kernel: projections kept once per process, and the few casts that models and queries share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, text

from app.geofiles.datum import wgs84_to_gcj02

ToXY = Callable[[Any, Any], tuple[np.ndarray, np.ndarray]]
E7 = 10_000_000


@lru_cache(maxsize=64)
def projector(crs: str) -> ToXY:
    """lon, lat arrays in degrees → x, y arrays in metres of the county's projected system (`crs`, any PROJ code)."""
    transformer = Transformer.from_crs("EPSG:4326", crs, always_xy=True)

    def to_xy(lon: Any, lat: Any) -> tuple[np.ndarray, np.ndarray]:
        x, y = transformer.transform(np.asarray(lon, float), np.asarray(lat, float))
        return np.asarray(x) * unit, np.asarray(y) * unit

    unit = _metres_per_unit(crs)
    return to_xy


@lru_cache(maxsize=64)
def between(crs: str, other: str) -> ToXY:
    """x, y arrays in metres of one projected system → x, y arrays of another's own units."""
    transformer = Transformer.from_crs(crs, other, always_xy=True)

    def to_other(x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        unit = _metres_per_unit(crs)
        there = transformer.transform(np.asarray(x, float) / unit, np.asarray(y, float) / unit)
        return np.asarray(there[0]), np.asarray(there[1])

    return to_other


@lru_cache(maxsize=64)
def _metres_per_unit(crs: str) -> float:
    """Feet and other units are turned into metres, so that 25 m are 25 m in every system."""
    return float(CRS.from_user_input(crs).axis_info[0].unit_conversion_factor)


def as_wkb(column: Any) -> Any:
    """SQL: a geometry column as ISO WKB bytes."""
    return func.ST_AsBinary(column)


def touches_box(column: Any, west: float, south: float, east: float, north: float) -> Any:
    """SQL: does the geometry's box meet the box of these degrees? Uses the GiST index."""
    return column.op("&&")(func.ST_MakeEnvelope(west, south, east, north, 4326))


def shape_in_metres(wkb: bytes, crs: str) -> BaseGeometry:
    """A WGS-84 shape from WKB in metres of the county's projected system."""
    to_xy = projector(crs)
    shape = shapely.from_wkb(bytes(wkb))
    return shapely.transform(shape, lambda c: np.column_stack(to_xy(c[:, 0], c[:, 1])))


def shape_in_degrees(shape: BaseGeometry, crs: str) -> BaseGeometry:
    """A shape in metres of the county's projected system in WGS-84 again."""
    back, unit = Transformer.from_crs(crs, "EPSG:4326", always_xy=True), _metres_per_unit(crs)
    return shapely.transform(shape, lambda c: np.column_stack(back.transform(c[:, 0] / unit, c[:, 1] / unit)))


def as_geojson(column: Any) -> Any:
    """SQL: a geometry as GeoJSON text, 7 decimals."""
    return func.ST_AsGeoJSON(column, 7)


def lon_lat(column: Any) -> tuple[Any, Any]:
    """SQL: lon and lat of a point."""
    return func.ST_X(column), func.ST_Y(column)


def box_of(column: Any) -> tuple[Any, Any, Any, Any]:
    """SQL: west, south, east, north of a geometry's box."""
    return func.ST_XMin(column), func.ST_YMin(column), func.ST_XMax(column), func.ST_YMax(column)


def meets(a: Any, b: Any, within_degrees: float = 0.0) -> Any:
    """SQL: do the geometries meet, or come as near as so many degrees (0.0005 is about 50 m)? Uses the index."""
    return func.ST_DWithin(a, b, within_degrees) if within_degrees else func.ST_Intersects(a, b)


# --- tiles ---


class TileLayer(NamedTuple):
    """A layer within a tile: its columns, where they come from, and the shape in web mercator."""

    name: str
    columns: str
    source: str
    geom: str = "ST_Transform(s.geom, 3857)"

    @property
    def simple(self) -> str:
        return f"ST_Simplify({self.geom}, 78271.5 / 2 ^ :z)"

    def tile(self) -> str:
        shape = f"ST_AsMVTGeom({self.simple}, ST_TileEnvelope(:z, :x, :y), 4096, 64, true) AS shape"
        # OFFSET 0: else the shape is reckoned twice, once to be looked at and once to be given.
        shapes = f"SELECT {self.columns}, {shape} FROM {self.source} OFFSET 0"
        return f"(SELECT ST_AsMVT(q, '{self.name}', 4096, 'shape') FROM ({shapes}) q WHERE shape IS NOT NULL)"

    def rows(self) -> str:
        return f"""SELECT '{self.name}' AS part, CAST(jsonb_strip_nulls(to_jsonb(q) - 'shape') AS text) AS known,
            ST_AsBinary(ST_Transform(shape, 4326)) AS wkb FROM (SELECT {self.columns}, {self.simple} AS shape
            FROM {self.source}) q WHERE NOT ST_IsEmpty(shape)"""


# --- drawn for a map of another datum -----------------------------------------------------------------

# Nothing of GCJ-02 lies farther than this from where it is: so far around a tile, something may be moved into it.
SHIFT_M = 1000.0
# Shapes that were moved, as a tile: `shapes` in degrees and what is known of each, `{"id": 1}`, one by one. Empty bytes
# where nothing of them lies in it.
TILE_OF_SHAPES = text("""
    SELECT ST_AsMVT(q, :layer, 4096, 'shape') FROM (
        SELECT s.known, ST_AsMVTGeom(ST_Transform(ST_GeomFromWKB(s.wkb, 4326), 3857), ST_TileEnvelope(:z, :x, :y),
            4096, 64, true) AS shape
        FROM unnest(CAST(:known AS jsonb[]), CAST(:shapes AS bytea[])) AS s(known, wkb)
    ) q WHERE q.shape IS NOT NULL
""")


def as_drawn(shapes: Sequence[bytes]) -> list[bytes]:
    """WGS-84 shapes as WKB where a GCJ-02 base map has them, each vertex by itself."""
    moved = shapely.transform(shapely.from_wkb(list(shapes)), lambda c: np.column_stack(wgs84_to_gcj02(*c.T)))
    return list(shapely.to_wkb(moved))
