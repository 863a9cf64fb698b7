"""Hexagons of 200 m edge, and the least minutes that anybody was in each (docs/decisions/0015).

What is stored are pieces of streets by shift, not seconds; so minutes are the metres of street walked in the hexagon,
each shift's once, at walking pace. The hexagons are those of the tiles: PostGIS counts them from the origin too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from sqlalchemy import select

from app.areas.models import Area
from app.areas.policies import place_of
from app.coverage import ground, queries, streets, taps
from app.coverage.kept import Newest
from app.coverage.pieces import Bools, Floats, Ints
from app.coverage.queries import Network, Period
from app.coverage.rules import Policy
from app.db import db
from app.geo import as_wkb, between

EDGE_M = 200
MERCATOR = "EPSG:3857"
MOST_KEPT = 16
_kept: Newest[CellFigures] = Newest(MOST_KEPT)


@dataclass(frozen=True)
class CellFigures:
    """One value a piece: its street, its hexagon (numbered from 0), its metres, how many shifts walked it."""

    street_id: Ints
    cell: Ints
    piece_m: Floats
    walks: Floats


def cell_figures(network: Network, period: Period) -> CellFigures:
    """Kept while no bitmap and no check-in of the period has changed."""
    tapped = taps.taps_of(network, period.kept_from, period.last)
    stamp = queries.presence_stamp(network, period)
    key = (str(db.engine.engine.url), network.id, period.first, period.last, stamp, hash(tapped))
    return _kept.made(key, lambda: _compute(network, period, tapped))


def minutes(found: CellFigures, street_ids: Ints, policy: Policy) -> list[float]:
    """Of these streets alone."""
    return minutes_of(found, np.isin(found.street_id, street_ids), policy)


def minutes_of(found: CellFigures, mine: Bools, policy: Policy) -> list[float]:
    """Minutes in each hexagon with enough of these pieces to be patrolled; at least so many, never more."""
    held = np.bincount(found.cell[mine], found.piece_m[mine])
    walked = np.bincount(found.cell[mine], (found.piece_m * found.walks)[mine])
    return (walked[held >= policy.cell_street_m] / policy.walk_m_per_min).tolist()  # type: ignore[no-any-return]


def hexagon(x: Floats, y: Floats, edge: float) -> tuple[Ints, Ints]:
    """Column and row of the hexagon that holds each point: the one whose centre is nearest."""
    height = edge * math.sqrt(3)
    west = np.floor(x / (1.5 * edge)).astype(np.int64)
    best: tuple[Any, Any, Any] = (np.full(len(x), np.inf), west, west)
    for i in (west, west + 1):
        up = (np.abs(i) % 2) * height / 2
        j = np.round((y - up) / height).astype(np.int64)
        far = np.hypot(x - 1.5 * edge * i, y - height * j - up)
        nearer = far < best[0]
        best = tuple(np.where(nearer, new, old) for new, old in zip((far, i, j), best, strict=True))  # type: ignore[assignment]
    return best[1], best[2]


def _compute(network: Network, period: Period, tapped: taps.Taps) -> CellFigures:
    rows = queries.streets_of(network.id)
    crs = place_of(network.township_id).crs
    index = ground.network_index(network.id, crs)
    by_shift = [bits for _, bits in queries.bits_by_shift(network, period)]
    by_shift += taps.bits_by_shift(network, taps.since(tapped, period.first)).values()
    ids = np.array([r.id for r in rows], np.int64)
    folded = {d.street_id: sum(d.shares or ()) for d in queries.folded_days(network, period)}
    more = np.array([folded.get(i, 0.0) for i in ids.tolist()], np.float64)
    return CellFigures(
        ids[index.line_of], _cell_of_piece(network, index.mid, crs), index.piece_m,
        streets.counts(by_shift, network.pieces) + more[index.line_of],
    )  # fmt: skip


def _cell_of_piece(network: Network, mid: Floats, crs: str) -> Ints:
    x, y = between(crs, MERCATOR)(mid[:, 0], mid[:, 1])
    i, j = hexagon(x, y, EDGE_M / _shrink(network.township_id))
    _, cell = np.unique(np.column_stack((i, j)), axis=0, return_inverse=True)
    return np.asarray(cell, np.int64).reshape(-1)


def _shrink(township_id: int) -> float:
    """Metres on the ground for one of web mercator: of the middle of the township's box, as the tiles take it."""
    wkb = db.session.scalar(select(as_wkb(Area.geom)).where(Area.id == township_id))
    _, south, _, north = shapely.bounds(shapely.from_wkb(bytes(wkb)))
    return math.cos(math.radians((south + north) / 2))
