"""Features as one GeoPackage: a layer each for streets, hotspots, routes and areas."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from app.exports.features import Feature

TYPES = {"streets": "LineString", "routes": "LineString", "hotspots": "MultiPolygon", "areas": "MultiPolygon"}


def geopackage_of(layers: Mapping[str, Sequence[Feature]]) -> bytes:
    """Layers without a feature are left out: GDAL cannot know their columns."""
    from pyogrio.raw import write

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.gpkg"
        for name, features in layers.items():
            if features:
                names = list(features[0].properties)
                write(
                    str(path), shapely.to_wkb(shapely.from_geojson([f.shape for f in features])),
                    [_column([str(f.id) for f in features])]
                    + [_column([f.properties[key] for f in features]) for key in names],
                    ["feature_id", *names], layer=name, driver="GPKG", geometry_type=TYPES[name], crs="EPSG:4326",
                    append=path.exists(),
                )  # fmt: skip
        return path.read_bytes() if path.exists() else b""


def _column(values: Sequence[Any]) -> np.ndarray:
    """Numbers as numbers (a gap is NaN, which becomes NULL), all else as text."""
    there = [v for v in values if v is not None]
    if there and all(isinstance(v, int | float) and not isinstance(v, bool) for v in there):
        if len(there) == len(values) and all(isinstance(v, int) for v in there):
            return np.array(values, np.int64)
        return np.array([np.nan if v is None else v for v in values], np.float64)
    return np.array(values, object)
