"""Outlines as people write them and as a map does: a corner a line, lon lat; an empty line begins another part."""

from __future__ import annotations

import re
from typing import Any

Corner = tuple[float, float]
LEAST_CORNERS, MOST_CORNERS = 3, 500
# What is told apart on the ground: a metre. Finer corners of a found outline are not worth a handle each.
SAME_DEGREES = 1e-5


def parts_from(written: str) -> list[list[Corner]]:
    """The rings, each without its first corner again. Raises ValueError with the number of a line that is no corner."""
    parts: list[list[Corner]] = [[]]
    for number, line in enumerate(re.split(r"[;；\n]", written.strip()), 1):
        if line.strip():
            parts[-1].append(_corner(line, number))
        elif parts[-1]:
            parts.append([])
    return [_open(part) for part in parts if part]


def _corner(line: str, number: int) -> Corner:
    numbers = [one for one in re.split(r"[\s,，、]+", line.strip()) if one]
    try:
        lon, lat = (float(one) for one in numbers)
    except ValueError as wrong:
        raise ValueError(number) from wrong
    if not (abs(lon) <= 180 and abs(lat) <= 90):  # nan is in no range
        raise ValueError(number)
    return lon, lat


def _open(part: list[Corner]) -> list[Corner]:
    return part[:-1] if len(part) > LEAST_CORNERS and part[0] == part[-1] else part


def written(shape: Any) -> str:
    """A (multi)polygon as its corners; a hole is closed, for an outline by hand has none."""
    simple = shape.simplify(SAME_DEGREES)
    rings = [part.exterior.coords[:-1] for part in getattr(simple, "geoms", [simple])]
    return "\n\n".join("\n".join(f"{lon:.6f} {lat:.6f}" for lon, lat in ring) for ring in rings)
