"""Geometry from outside is looked at in a limited child process before PostGIS or this process sees it.

An invalid polygon of 1,000 to 2,000 vertices crashes GEOS 3.11.1 and with it the database server, which no statement
timeout prevents. So: count, finite, range, rings, type, validity, in a child that may die. Refuse, never repair.
"""

from dataclasses import dataclass, field
from typing import Any, Self

from app.geofiles.child import Child, ChildLost

MAX_VERTICES_IMPORTED = 20_000
MAX_VERTICES_DRAWN = 2_000
MAX_DRAWN_BYTES = 64 * 1024

POINTS = ("Point",)
LINES = ("LineString", "MultiLineString")
POLYGONS = ("Polygon", "MultiPolygon")


@dataclass(frozen=True)
class Refusal:
    """Why a geometry is not taken: a code and the figures of its sentence."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)


class Guard:
    """Checks a batch with one child, which is started again after a crash, so that the geometry at fault is known.

    `types` are the allowed geometry types by their OGC names. Coordinates are WGS-84 degrees, lon lat, 2-D.
    """

    def __init__(
        self, types: tuple[str, ...], max_vertices: int = MAX_VERTICES_IMPORTED, cpu_s: int = 2,
        wall_s: float = 10.0, memory_mb: int = 512,
    ) -> None:  # fmt: skip
        self._options = {"types": types, "max_vertices": max_vertices, "cpu_s": cpu_s, "memory_mb": memory_mb}
        self._max_vertices, self._wall_s = max_vertices, wall_s
        self._child: Child | None = None

    def check(self, wkb: bytes) -> Refusal | None:
        """None when the geometry may be used. Never raises for what is in `wkb`."""
        # A vertex takes 16 bytes; parts and rings take some more. Beyond this it can't be within the limit.
        if len(wkb) > self._max_vertices * 48 + 1024:
            return Refusal("too_many_vertices", {"limit": self._max_vertices})
        if self._child is None:
            self._child = Child("guard_child", self._options)
        try:
            answer = self._child.ask(wkb, self._wall_s)
        except ChildLost as lost:
            self._child = None
            return Refusal(lost.code)
        if answer.get("ok") is True:
            return None
        if not isinstance(answer.get("code"), str) or not isinstance(answer.get("values"), dict):
            self.close()
            return Refusal("check_crashed")
        return Refusal(answer["code"], answer["values"])

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.close()
            self._child = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def refuse_drawn(wkb: bytes, types: tuple[str, ...]) -> Refusal | None:
    """One shape drawn on the map: at most 2,000 vertices."""
    with Guard(types, MAX_VERTICES_DRAWN) as guard:
        return guard.check(wkb)
