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
from sklearn.cluster import DBSCAN

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


def clusters_of(xy: Array, eps_m: float, least: int) -> Array:
    """DBSCAN: the cluster of each point, −1 for none."""
    return np.asarray(DBSCAN(eps=eps_m, min_samples=least).fit(np.asarray(xy, float)).labels_)


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
