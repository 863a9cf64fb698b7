"""A polygon drawn on the map: from numbers to WKB without any geometry library, then to the guard's child."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from app.geofiles.guard import MAX_VERTICES_DRAWN, Refusal, refuse_drawn

Ring = Sequence[Sequence[float]]


def polygon_wkb(rings: Sequence[Ring]) -> bytes | Refusal:
    """Rings of lon, lat as WKB that the guard has let through."""
    if sum(len(ring) for ring in rings) > MAX_VERTICES_DRAWN:
        return Refusal("too_many_vertices", {"limit": MAX_VERTICES_DRAWN})
    wkb = b"\x01" + struct.pack("<II", 3, len(rings)) + b"".join(_ring(ring) for ring in rings)
    return refuse_drawn(wkb, ("Polygon",)) or wkb


def _ring(ring: Ring) -> bytes:
    return struct.pack("<I", len(ring)) + b"".join(struct.pack("<dd", *point[:2]) for point in ring)


def polygons_wkb(rings: Sequence[Ring]) -> bytes | Refusal:
    """Closed rings of lon, lat, each a part without holes, as one MultiPolygon that the guard has let through."""
    parts = b"".join(b"\x01" + struct.pack("<II", 3, 1) + _ring(ring) for ring in rings)
    wkb = b"\x01" + struct.pack("<II", 6, len(rings)) + parts
    return refuse_drawn(wkb, ("MultiPolygon",)) or wkb
