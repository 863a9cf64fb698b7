"""The township as lines for a drawing on paper: metres turned into an SVG's units, y downwards. No words or colours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from app.exports.features import Feature
from app.geo import projector

WIDTH, TALLEST = 1000.0, 1180.0
MARGIN = 20.0
FINE_M = 3.0
NEVER = 0
SCALES_M = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


@dataclass(frozen=True)
class Place:
    """A numbered hotspot: its outline, the step 0–5 of its attainment, and where its number stands."""

    number: int
    path: str
    step: int
    x: float
    y: float


@dataclass(frozen=True)
class Drawing:
    """`streets` by step: 0 never walked, 1–5 by how much of each. `scale_m` is as long as `scale` units."""

    width: float
    height: float
    outline: str
    villages: Sequence[tuple[str, str, float, float]]
    streets: dict[int, str]
    hotspots: Sequence[Place]
    scale_m: int
    scale: float


@dataclass(frozen=True)
class Frame:
    west: float
    north: float
    units_a_metre: float
    crs: str

    def place(self, shape: BaseGeometry) -> BaseGeometry:
        """From degrees into the drawing, without what is too fine to be printed."""
        to_xy = projector(self.crs)

        def moved(c: np.ndarray) -> np.ndarray:
            x, y = to_xy(c[:, 0], c[:, 1])
            k = self.units_a_metre
            return np.column_stack(((x - self.west) * k + MARGIN, (self.north - y) * k + MARGIN))

        return shapely.transform(shape, moved).simplify(FINE_M * self.units_a_metre)


def step_of(percent: float | None) -> int:
    """1–5 of the scale of five; 0 where nothing is known or walked."""
    return 0 if not percent else min(5, 1 + int(percent / 20))


def drawing_of(
    area: Feature, villages: Sequence[Feature], streets: Sequence[Feature], hotspots: Sequence[Feature], crs: str
) -> Drawing:  # fmt: skip
    whole = shapely.from_geojson(area.shape)
    frame, width, height = _frame(whole, crs)
    scale_m = max((s for s in SCALES_M if s * frame.units_a_metre <= width / 4), default=SCALES_M[0])
    return Drawing(
        width, height, path_of(frame.place(whole)), [_village(frame, v) for v in villages],
        _by_step(frame, streets), [_hotspot(frame, n, h) for n, h in enumerate(hotspots, 1)],
        scale_m, round(scale_m * frame.units_a_metre, 1),
    )  # fmt: skip


def _frame(whole: BaseGeometry, crs: str) -> tuple[Frame, float, float]:
    to_xy = projector(crs)
    x, y = to_xy(*shapely.get_coordinates(whole).T)
    across, down = max(float(np.ptp(x)), 1.0), max(float(np.ptp(y)), 1.0)
    k = min((WIDTH - 2 * MARGIN) / across, (TALLEST - 2 * MARGIN) / down)
    frame = Frame(float(x.min()), float(y.max()), k, crs)
    return frame, math.ceil(across * k + 2 * MARGIN), math.ceil(down * k + 2 * MARGIN)


def _village(frame: Frame, village: Feature) -> tuple[str, str, float, float]:
    shape = frame.place(shapely.from_geojson(village.shape))
    at = shape.representative_point()
    return path_of(shape), str(village.properties["name"]), round(at.x, 1), round(at.y, 1)


def _by_step(frame: Frame, streets: Sequence[Feature]) -> dict[int, str]:
    paths: dict[int, list[str]] = {}
    for street in streets:
        p = street.properties
        step = step_of(p["covered_percent"]) if p["shifts"] else NEVER
        paths.setdefault(step, []).append(path_of(frame.place(shapely.from_geojson(street.shape))))
    return {step: "".join(several) for step, several in sorted(paths.items())}


def _hotspot(frame: Frame, number: int, hotspot: Feature) -> Place:
    shape = frame.place(shapely.from_geojson(hotspot.shape))
    at = shape.representative_point()
    step = step_of(hotspot.properties["attainment_percent"])
    return Place(number, path_of(shape), step, round(at.x, 1), round(at.y, 1))


def path_of(shape: BaseGeometry) -> str:
    """The `d` of an SVG path."""
    return "".join(_run(line) for part in shapely.get_parts(shape) for line in _lines(part))


def _lines(part: BaseGeometry) -> Iterable[np.ndarray]:
    if part.geom_type == "Polygon":
        return [shapely.get_coordinates(ring) for ring in (part.exterior, *part.interiors)]
    return [shapely.get_coordinates(part)]


def _run(points: np.ndarray) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
