"""Tiles a township with villages and grids: no gap, no overlap, every shared border the same vertices."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, MultiPoint, Point, Polygon, coverage_union_all, unary_union
from shapely.ops import polygonize

from app.demo.making.network import Edge, to_degrees

# 1e-7 degree is a centimetre: what the phone's integers carry, so nothing moves on the way in.
DIGITS = 7


@dataclass(frozen=True)
class Grid:
    village: int
    shape: Polygon  # degrees, rounded; neighbours share vertices exactly
    metres: Polygon


def hull(edges: list[Edge], margin_m: float) -> Polygon:
    """The township's border: a concave outline around its streets."""
    points = MultiPoint([p for e in edges for p in e.line.segmentize(40).coords])
    outline = shapely.concave_hull(points, ratio=0.12)
    grown = unary_union([outline, *[e.line for e in edges]]).buffer(margin_m)
    return Polygon(grown.buffer(120).buffer(-120).exterior).simplify(12)


def spread(points: np.ndarray, count: int, rng: random.Random) -> np.ndarray:
    """k-means centres of `points` (metres), by Lloyd's rounds from a spread start."""
    centres = [points[rng.randrange(len(points))]]
    while len(centres) < count:
        far = np.min(np.linalg.norm(points[:, None] - np.array(centres)[None], axis=2), axis=1)
        # Farthest-first would pick the rim; a draw by squared distance (k-means++) does not.
        centres.append(points[rng.choices(range(len(points)), weights=list(far**2))[0]])
    found = np.array(centres)
    for _ in range(30):
        nearest = np.argmin(np.linalg.norm(points[:, None] - found[None], axis=2), axis=1)
        found = np.array(
            [points[nearest == k].mean(axis=0) if (nearest == k).any() else found[k] for k in range(count)]
        )
    return found


def tile(edges: list[Edge], border: Polygon, villages: int, grids: int, seed: int) -> list[Grid]:
    """`grids` pieces of `border`, grouped into `villages` connected groups of two or three."""
    rng = random.Random(seed)
    points = np.array([p for e in edges for p in e.line.segmentize(60).coords])
    # Half of the seeds follow the streets, half the land: old lanes get small grids, yards large ones.
    land = _sample(border, len(points), rng)
    seeds = spread(np.vstack([points, land]), grids, rng)
    cells = _cells(seeds, border, rng)
    groups = _group(cells, villages)
    rounded = [shapely.transform(c, _rounded) for c in cells]
    return [Grid(groups[i], rounded[i], cells[i]) for i in range(len(cells))]


def outline(shapes: list[Polygon]) -> Polygon:
    """The union of pieces of one tiling; exact, because they share their vertices."""
    union = coverage_union_all(shapes)
    if not isinstance(union, Polygon):
        raise ValueError("pieces of one area must be connected")
    return union


def _rounded(xy: np.ndarray) -> np.ndarray:
    return np.round(to_degrees(xy), DIGITS)


def _sample(border: Polygon, count: int, rng: random.Random) -> np.ndarray:
    x0, y0, x1, y1 = border.bounds
    shapely.prepare(border)
    found: list[tuple[float, float]] = []
    while len(found) < count:
        x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
        if border.contains(Point(x, y)):
            found.append((x, y))
    return np.array(found)


def _cells(seeds: np.ndarray, border: Polygon, rng: random.Random) -> list[Polygon]:
    """Voronoi cells inside the border, their edges a little bent, in the order of their seeds."""
    lines = shapely.voronoi_polygons(MultiPoint(seeds), extend_to=border.buffer(500), only_edges=True)
    bent = [_bend(line, rng) for line in _segments(lines)]
    net = unary_union([*bent, border.exterior])
    pieces = [p for p in polygonize(net) if border.contains(p.representative_point())]
    owner: dict[int, list[Polygon]] = {}
    for piece in pieces:
        spot = piece.representative_point()
        k = int(np.argmin(np.hypot(seeds[:, 0] - spot.x, seeds[:, 1] - spot.y)))
        owner.setdefault(k, []).append(piece)
    # A bay in the border may cut a sliver off its cell: it goes to the neighbour it touches most.
    cells = {k: max(parts, key=lambda p: p.area) for k, parts in owner.items()}
    for k, parts in sorted(owner.items()):
        for part in parts:
            if part is not cells[k]:
                home = max(cells, key=lambda j: cells[j].intersection(part).length)
                cells[home] = coverage_union_all([cells[home], part])
    return [cells[k] for k in sorted(cells)]


def _segments(lines: shapely.Geometry) -> list[LineString]:
    out = []
    for line in shapely.get_parts(shapely.line_merge(unary_union(lines))):
        coords = list(line.coords)
        out += [LineString(pair) for pair in pairwise(coords)]
    return out


def _bend(line: LineString, rng: random.Random) -> LineString:
    """A border is seldom a ruler's line: the middle steps aside by up to 6 % of the length."""
    (x0, y0), (x1, y1) = line.coords
    if line.length < 120 or line.length > 900:
        return line
    aside = rng.uniform(-0.06, 0.06)
    middle = ((x0 + x1) / 2 - aside * (y1 - y0), (y0 + y1) / 2 + aside * (x1 - x0))
    return LineString([(x0, y0), middle, (x1, y1)])


def _group(cells: list[Polygon], villages: int) -> list[int]:
    """Joins neighbours, smallest first, until `villages` connected groups are left."""
    members = {i: [i] for i in range(len(cells))}
    touch = {(i, j): cells[i].intersection(cells[j]).length for i in range(len(cells)) for j in range(i)}

    def shared(a: int, b: int) -> float:
        return sum(touch[max(i, j), min(i, j)] for i in members[a] for j in members[b])

    while len(members) > villages:
        fits = [
            (len(members[a]) + len(members[b]), -shared(a, b), a, b)
            for a in members
            for b in members
            if a < b and len(members[a]) + len(members[b]) <= 4 and shared(a, b) > 30
        ]
        _, _, a, b = min(fits)
        members[a] += members.pop(b)
    south_first = sorted(members.values(), key=lambda m: unary_union([cells[i] for i in m]).centroid.y)
    number = {i: k for k, group in enumerate(south_first) for i in group}
    return [number[i] for i in range(len(cells))]
