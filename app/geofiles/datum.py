"""GCJ-02 and BD-09 to WGS-84 and back, on arrays of degrees (lon, lat).

GCJ-02 is the published approximation (Krasovsky 1940 ellipsoid), the same that coord-convert and eviltransform use,
but applied only inside the mainland: those shift Hong Kong and Seoul too. Out of it, GCJ-02 is WGS-84.
The inverse is iterated until a step is under 1e-9 degrees (0.1 mm); what it finds is exact for the forward formula.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import shapely

from app.geofiles.mainland import HOLES, OUTLINE

Array = np.ndarray[Any, np.dtype[np.float64]]
Pair = tuple[Array, Array]

SEMI_MAJOR_M = 6378245.0
ECCENTRICITY2 = 0.00669342162296594323
BD_TURN = np.pi * 3000.0 / 180.0


@cache
def mainland() -> shapely.Polygon:
    """The area where the shift applies."""
    area = shapely.Polygon(OUTLINE, HOLES)
    shapely.prepare(area)
    return area


def _offset(lon: Array, lat: Array) -> Pair:
    """The GCJ-02 shift at WGS-84 positions, in degrees, without asking where they are."""
    x, y = lon - 105.0, lat - 35.0
    root, wave = np.sqrt(np.abs(x)), 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (wave + 20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0)) * 2.0 / 3.0
    north += (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (wave + 20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0)) * 2.0 / 3.0
    east += (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) * 2.0 / 3.0
    flat = 1.0 - ECCENTRICITY2 * np.sin(np.radians(lat)) ** 2
    meridian_m = SEMI_MAJOR_M * (1.0 - ECCENTRICITY2) / (flat * np.sqrt(flat))
    parallel_m = SEMI_MAJOR_M / np.sqrt(flat) * np.cos(np.radians(lat))
    return np.degrees(east / parallel_m), np.degrees(north / meridian_m)


def wgs84_to_gcj02(lon: Array, lat: Array) -> Pair:
    """Shift what lies in the mainland; the rest stays."""
    d_lon, d_lat = _offset(lon, lat)
    inside = shapely.contains_xy(mainland(), lon, lat)
    return np.where(inside, lon + d_lon, lon), np.where(inside, lat + d_lat, lat)


def gcj02_to_wgs84(lon: Array, lat: Array) -> Pair:
    """The position whose GCJ-02 is (lon, lat): decided by where the *result* lies, so that there and back agree."""
    w_lon, w_lat = lon.copy(), lat.copy()
    for _ in range(30):
        d_lon, d_lat = _offset(w_lon, w_lat)
        step_lon, step_lat = lon - d_lon - w_lon, lat - d_lat - w_lat
        w_lon, w_lat = w_lon + step_lon, w_lat + step_lat
        if max(np.abs(step_lon).max(initial=0.0), np.abs(step_lat).max(initial=0.0)) < 1e-9:
            break
    inside = shapely.contains_xy(mainland(), w_lon, w_lat)
    return np.where(inside, w_lon, lon), np.where(inside, w_lat, lat)


def gcj02_to_bd09(lon: Array, lat: Array) -> Pair:
    """Baidu's turn and offset on top of GCJ-02; applies everywhere."""
    z = np.hypot(lon, lat) + 0.00002 * np.sin(lat * BD_TURN)
    theta = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * BD_TURN)
    return z * np.cos(theta) + 0.0065, z * np.sin(theta) + 0.006


def bd09_to_gcj02(lon: Array, lat: Array) -> Pair:
    """Inverse of `gcj02_to_bd09`, iterated: Baidu's own closed form is 1e-6 degrees off."""
    g_lon, g_lat = lon - 0.0065, lat - 0.006
    for _ in range(30):
        b_lon, b_lat = gcj02_to_bd09(g_lon, g_lat)
        step_lon, step_lat = lon - b_lon, lat - b_lat
        g_lon, g_lat = g_lon + step_lon, g_lat + step_lat
        if max(np.abs(step_lon).max(initial=0.0), np.abs(step_lat).max(initial=0.0)) < 1e-9:
            break
    return g_lon, g_lat


def wgs84_to_bd09(lon: Array, lat: Array) -> Pair:
    """Through GCJ-02."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: Array, lat: Array) -> Pair:
    """Through GCJ-02."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


TO_WGS84: dict[str, Callable[[Array, Array], Pair]] = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}
