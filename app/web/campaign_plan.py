"""A plan of a campaign's areas as lines for an SVG: on paper, and where no map can be shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from app.campaigns.models import CampaignArea

WIDTH, MARGIN = 640.0, 16.0


def plan_of(areas: Sequence[CampaignArea], shapes: Mapping[int, Any]) -> dict[str, Any]:
    """`paths` (role, name, d, x, y of its name, above it), `height`, and how long 100 m are; north is up."""
    corners = [point for shape in shapes.values() for part in shape["coordinates"] for point in part[0]]
    west, south = min(p[0] for p in corners), min(p[1] for p in corners)
    east, north = max(p[0] for p in corners), max(p[1] for p in corners)
    narrow = math.cos(math.radians((south + north) / 2))
    scale = (WIDTH - 2 * MARGIN) / max((east - west) * narrow, (north - south), 1e-6)

    def place(point: Sequence[float]) -> tuple[float, float]:
        return MARGIN + (point[0] - west) * narrow * scale, MARGIN + (north - point[1]) * scale

    ordered = sorted(areas, key=lambda area: "ring" not in area.role)
    return {
        "width": MARGIN * 2 + (east - west) * narrow * scale,
        "height": MARGIN * 2 + (north - south) * scale,
        "hundred_m": 100 / 111_320 * scale,
        "paths": [
            _path(area, [ring for part in shapes[area.n]["coordinates"] for ring in part], place)
            for area in ordered
        ],
    }


def _path(area: CampaignArea, rings: Sequence[Any], place: Any) -> dict[str, Any]:
    drawn = [[place(point) for point in ring] for ring in rings]
    d = " ".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + "Z" for ring in drawn)
    xs, ys = zip(*drawn[0], strict=True)
    return {"role": area.role, "name": area.name, "d": d, "x": sum(xs) / len(xs), "y": min(ys) - 5}
