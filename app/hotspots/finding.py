"""Where events gather, by published methods from the libraries of the field. Pure: arrays in, arrays out.

Imported in the worker only: the libraries take a second and 150 MB. All lengths are metres, unless a test brings feet.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from esda import fdr
from esda.getisord import G_Local
from esda.smoothing import Empirical_Bayes
from libpysal.weights import DistanceBand, W
from pointpats import Knox
from scipy.stats import norm

from app.hotspots.rules import MIN_AREA_M2

Array = np.ndarray
SIGNIFICANT = 0.05
KDE_CLASSES = 5


@dataclass(frozen=True)
class Star:
    """Gi* of each place, and which are hot after the false discovery rate is held at 5 %."""

    z: Array
    hot: Array


def near(xy: Array, band_m: float) -> W:
    """Binary weights: who lies within the band."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # islands are places like any other: a star counts itself
        return DistanceBand(np.asarray(xy, float), threshold=band_m, binary=True, silence_warnings=True)


def gi_star(counts: Array, weights: W) -> Star:
    """Getis-Ord Gi*, binary, each place with itself. Hot is z > 0 at a two-sided p that the FDR lets pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        z = G_Local(np.asarray(counts, float), weights, transform="B", star=True, permutations=0).Zs
    p = 2 * norm.sf(np.abs(z))
    return Star(z, (z > 0) & (p <= fdr(p, SIGNIFICANT)))


def kde(xy: Array, at: Array, h_m: float) -> Array:
    """Quartic kernel density of the points at places, per square kilometre."""
    total = np.zeros(len(at))
    for point in np.asarray(xy, float):
        u2 = ((at - point) ** 2).sum(axis=1) / h_m**2
        total += np.where(u2 < 1, 3 / (np.pi * h_m**2) * (1 - u2) ** 2, 0.0)
    return total * 1e6


def kde_steps(xy: Array, h_m: float, cell_m: float) -> list[tuple[float, Any]]:
    """(least density, polygon) for five equal steps of the highest density, the lowest first: squares put together."""
    low, high = xy.min(axis=0) - h_m, xy.max(axis=0) + h_m
    xs, ys = (np.arange(a, b, cell_m) + cell_m / 2 for a, b in zip(low, high, strict=True))
    at = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    density = kde(xy, at, h_m)
    cells = shapely.box(*(at - cell_m / 2).T, *(at + cell_m / 2).T)
    steps = [density.max() * n / KDE_CLASSES for n in range(1, KDE_CLASSES)]
    found = [(step, shapely.unary_union(cells[density >= step])) for step in [density.max() / 20, *steps]]
    return [(float(step), shape) for step, shape in found if not shape.is_empty]


@dataclass(frozen=True)
class NearRepeat:
    """Knox: pairs near in space and time, near in space, near in time, neither; and how rare that is by chance."""

    table: tuple[tuple[int, int], tuple[int, int]]
    expected: float
    p: float


def knox(xy: Array, days: Array, delta_m: float, tau_days: float, permutations: int, seed: int) -> NearRepeat:
    """Near repeats within so many metres and days (both included)."""
    np.random.seed(seed)  # pointpats draws from numpy's own
    found = Knox(
        np.asarray(xy, float), np.asarray(days, float).reshape(-1, 1), delta_m, tau_days, permutations
    )
    (both, space), (time, neither) = found.observed
    p = found.p_sim if permutations else found.p_poisson
    return NearRepeat(
        ((int(both), int(space)), (int(time), int(neither))), float(found.expected[0, 0]), float(p)
    )


def bayes_rates(events: Array, at_risk: Array) -> Array:
    """Empirical Bayes rates: those of small places are drawn towards the rate of all."""
    return np.asarray(Empirical_Bayes(np.asarray(events, float), np.asarray(at_risk, float)).r).ravel()


# --- outlines -----------------------------------------------------------------------------------------------------


def groups_of(cells: Sequence[Any]) -> list[list[int]]:
    """Places that touch or overlap, put together: indexes by group."""
    tree = shapely.STRtree(list(cells))
    left, right = tree.query(list(cells), predicate="intersects")
    group = list(range(len(cells)))
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        old, new = max(group[a], group[b]), min(group[a], group[b])
        group = [new if g == old else g for g in group]
    return [[i for i, g in enumerate(group) if g == n] for n in sorted(set(group))]


def outlines(points: Array, streets: Sequence[Any]) -> dict[str, Any]:
    """Shapes to choose from around a gathering of points, each at least 0.2 ha: the hull, circles, the streets."""
    cloud = shapely.MultiPoint(np.asarray(points, float))
    found = {"hull": cloud.convex_hull.buffer(25), "circles": cloud.buffer(50).buffer(0)}
    if len(streets):
        around = found["hull"].buffer(50)
        walked = shapely.intersection(shapely.union_all(list(streets)), around)
        if not walked.is_empty:
            found["streets"] = walked.buffer(20)
    return {name: large_enough(shape.simplify(2)) for name, shape in found.items()}


def large_enough(shape: Any) -> Any:
    """The shape, widened until no single house could be meant."""
    while shape.area < MIN_AREA_M2 * 1.05:
        shape = shape.buffer(5)
    return shapely.MultiPolygon([shape] if shape.geom_type == "Polygon" else list(shape.geoms))


# --- gatherings: places that may become hotspots ------------------------------------------------------------------


@dataclass(frozen=True)
class Gathering:
    """Events by their index, the outlines to choose from (the first is the proposal's own), and the method's score."""

    members: tuple[int, ...]
    shapes: dict[str, Any]
    score: float


def hexagons(ground: Any, edge_m: float) -> Array:
    """Hexagons that meet the ground."""
    west, south, east, north = ground.bounds
    wide, high = edge_m * 1.5, edge_m * np.sqrt(3)
    columns = np.arange(int((east - west) / wide) + 2)
    rows = np.arange(int((north - south) / high) + 2)
    x, y = np.meshgrid(west + columns * wide, south + rows * high)
    centres = np.column_stack([x.ravel(), (y + (columns % 2) * high / 2).ravel()])
    angles = np.radians(np.arange(6) * 60)
    rings = centres[:, None] + edge_m * np.column_stack([np.cos(angles), np.sin(angles)])[None]
    cells = shapely.polygons(rings)
    return cells[shapely.intersects(cells, ground)]


def count_in(cells: Array, xy: Array) -> list[Array]:
    """The events in each cell, by their index; one on an edge lies in the first of its cells."""
    events, found = shapely.STRtree(cells).query(shapely.points(xy), predicate="intersects")
    first = {int(event): int(cell) for event, cell in sorted(zip(events, found, strict=True), reverse=True)}
    inside: list[list[int]] = [[] for _ in cells]
    for event, cell in sorted(first.items()):
        inside[cell].append(event)
    return [np.array(one, int) for one in inside]


def gather_by_cells(xy: Array, ground: Any, streets: Sequence[Any], edge_m: float) -> list[Gathering]:
    """Hexagons that Gi* calls hot, those that touch put together."""
    cells = hexagons(ground, edge_m)
    inside = count_in(cells, xy)
    centres = shapely.get_coordinates(shapely.centroid(cells))
    star = gi_star(np.array([len(one) for one in inside]), near(centres, edge_m * np.sqrt(3) * 1.05))
    return _groups(cells, inside, star, xy, streets, "cells")


def gather_by_streets(
    xy: Array, street_of: Sequence[int | None], lines: Sequence[Any], band_m: float
) -> list[Gathering]:
    """Streets that Gi* calls hot, those that touch put together. `street_of` is each event's index in `lines`."""
    inside = [np.array([i for i, s in enumerate(street_of) if s == n], int) for n in range(len(lines))]
    middles = shapely.get_coordinates(shapely.line_interpolate_point(list(lines), 0.5, normalized=True))
    star = gi_star(np.array([len(one) for one in inside]), near(middles, band_m))
    strips = shapely.buffer(np.array(lines), 20)
    return _groups(strips, inside, star, xy, [], "streets")


def _groups(
    cells: Array, inside: Sequence[Array], star: Star, xy: Array, streets: Sequence[Any], name: str
) -> list[Gathering]:
    hot = [i for i in np.flatnonzero(star.hot) if len(inside[i])]
    found = []
    for group in groups_of([cells[i] for i in hot]) if hot else []:
        chosen = [hot[i] for i in group]
        members = np.concatenate([inside[i] for i in chosen])
        shapes = {
            name: large_enough(shapely.union_all(cells[chosen]).buffer(0)),
            **outlines(xy[members], streets),
        }
        score = max(float(star.z[i]) for i in chosen)
        found.append(Gathering(tuple(int(m) for m in members), shapes, score))
    return found


def gather_by_clusters(
    xy: Array, labels: Sequence[int | None], ground: Any, streets: Sequence[Any]
) -> list[Gathering]:
    """Clusters as DBSCAN numbered them (None or −1: none). The score: how many times as dense as the whole ground."""
    found = []
    for label in sorted({one for one in labels if one is not None and one >= 0}):
        members = tuple(i for i, one in enumerate(labels) if one == label)
        shapes = outlines(xy[list(members)], streets)
        score = (len(members) / len(xy)) / (shapes["hull"].area / ground.area)
        found.append(Gathering(members, shapes, float(score)))
    return found
