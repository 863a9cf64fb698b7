"""Cutting a tile: where it lies, and never heavier than a phone on a poor line waits for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

from app.coverage import queries
from app.coverage.queries import Box
from app.geo import SHIFT_M

MARGIN = 64 / 4096
MOST_BYTES = 500_000


@dataclass(frozen=True)
class Tile:
    z: int
    x: int
    y: int
    datum: str = "wgs84"  # of the base map that it is laid over

    @property
    def where(self) -> dict[str, int]:
        return {"z": self.z, "x": self.x, "y": self.y}

    def box(self, margin_m: float = 0.0) -> Box:
        """Degrees west, south, east, north, with the tile's own margin and some metres more."""
        n, margin_m = 2**self.z, margin_m + (0.0 if self.datum == "wgs84" else SHIFT_M)
        extra = MARGIN + margin_m * n / (40_000_000 * math.cos(math.radians(self._lat(self.y + 0.5))))
        west, east = (((x / n) * 360 - 180) for x in (self.x - extra, self.x + 1 + extra))
        return max(west, -180), self._lat(self.y + 1 + extra), min(east, 180), self._lat(self.y - extra)

    def _lat(self, y: float) -> float:
        y = min(max(y, 0), 2**self.z)
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / 2**self.z))))


def cut(
    layer: str,
    tile: Tile,
    columns: dict[str, Sequence[Any]],
    by: str = "ids",
    *,
    on: Any = None,
    **values: Any,
) -> bytes:
    """The tile, never heavier than MOST_BYTES: what would be too much is left out, the smallest shapes first. `by` is
    the column that names the shapes; `on` the connection that is asked, else the session's."""
    body = queries.cut_tile(layer, tile.where, columns, tile.datum, on=on, **values)
    while len(body) > MOST_BYTES and len(columns[by]) > 1:
        room = int(len(columns[by]) * 0.9 * MOST_BYTES / len(body))
        kept = set(queries.widest_first(layer, columns[by], on=on)[: max(room, 1)])
        left = [shape in kept for shape in columns[by]]
        columns = {name: list(compress(column, left)) for name, column in columns.items()}
        body = queries.cut_tile(layer, tile.where, columns, tile.datum, on=on, **values)
    return body
