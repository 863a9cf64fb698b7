"""Places of the tests, measured in metres from one corner, so that every answer is known beforehand.

`here(x, y)` is a point x metres east and y metres north of the corner, exact in EPSG:4547 (the county's system).
"""

from __future__ import annotations

from functools import lru_cache

from pyproj import Transformer
from shapely.geometry import LineString, MultiPolygon, Polygon, box

CRS = "EPSG:4547"
CORNER = (114.30, 30.58)
ELSEWHERE_M = 20_000  # the other township begins this far east


@lru_cache(maxsize=1)
def _systems() -> tuple[Transformer, float, float]:
    to_metres = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
    back = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    x0, y0 = to_metres.transform(*CORNER)
    return back, x0, y0


def here(x_m: float, y_m: float) -> tuple[float, float]:
    """lon, lat of the point x east and y north of the corner."""
    back, x0, y0 = _systems()
    lon, lat = back.transform(x0 + x_m, y0 + y_m)
    return lon, lat


def here_e7(x_m: float, y_m: float) -> tuple[int, int]:
    lon, lat = here(x_m, y_m)
    return round(lon * 1e7), round(lat * 1e7)


def way(*points: tuple[float, float]) -> LineString:
    return LineString([here(*p) for p in points])


def square(x0: float, y0: float, x1: float, y1: float) -> MultiPolygon:
    ring = box(x0, y0, x1, y1).exterior.coords
    return MultiPolygon([Polygon([here(*p) for p in ring])])


def street_grid(x0: float, y0: float, n: int, step_m: float) -> list[LineString]:
    """The edges of an n × n grid of crossings, each `step_m` long."""
    edges = []
    for i in range(n):
        for j in range(n):
            x, y = x0 + i * step_m, y0 + j * step_m
            if i + 1 < n:
                edges.append(way((x, y), (x + step_m, y)))
            if j + 1 < n:
                edges.append(way((x, y), (x, y + step_m)))
    return edges
