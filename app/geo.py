"""Geometry in the kernel: projections kept once per process, and the few casts that models and queries share."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from pyproj import Transformer

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
def _metres_per_unit(crs: str) -> float:
    """Feet and other units are turned into metres, so that 25 m are 25 m in every system."""
    from pyproj import CRS

    return float(CRS.from_user_input(crs).axis_info[0].unit_conversion_factor)


def degrees(value_e7: int) -> float:
    return value_e7 / E7
