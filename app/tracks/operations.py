"""Taking a track segment: stored once, with the fix of context that its neighbours give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.duty.models import Duty
from app.tracks import queries
from app.tracks.rules import Fix


@dataclass(frozen=True)
class Stretch:
    """A segment and the one fix on either side that a stored neighbour knows."""

    fixes: tuple[Fix, ...]
    before: Fix | None
    after: Fix | None


def store_segment(
    duty: Duty, item_id: UUID, source: str, raw: Sequence[Sequence[int]], shift_s: int, now: datetime
) -> int:
    """Keep a segment, packed; answers how many fixes are new by it.

    `raw` is [lon_e7, lat_e7, accuracy_m, t_ms] by the device's clock; times are kept as whole effective seconds.
    """
    fixes = [Fix(lon, lat, accuracy, t_ms // 1000 + shift_s) for lon, lat, accuracy, t_ms in raw]
    return queries.add_segment(duty, item_id, source, fixes, shift_s, now)


def all_stretches(duty: Duty) -> list[Stretch]:
    """All of a duty's stored segments, each in its context, for a rebuild of presence."""
    return list(_in_context(queries.segments_of(duty)).values())


def new_stretches(duty: Duty, ids: Sequence[UUID]) -> list[Stretch]:
    """The segments of these ids, each in the context that its stored neighbours give."""
    found = _in_context(queries.segments_near(duty, ids))
    return [found[item_id] for item_id in ids if item_id in found]


Edge = tuple[int, int, int]


def _in_context(segments: Sequence[tuple[UUID, int, list[Fix]]]) -> dict[UUID, Stretch]:
    """Neighbours share a fix: the same place at the same second of the device's own clock."""
    by_head = {_edge(fixes[0], shift_s): fixes for _, shift_s, fixes in segments}
    by_tail = {_edge(fixes[-1], shift_s): fixes for _, shift_s, fixes in segments}
    found = {}
    for item_id, shift_s, fixes in segments:
        left = by_tail.get(_edge(fixes[0], shift_s))
        right = by_head.get(_edge(fixes[-1], shift_s))
        before = left[-2] if left and left is not fixes else None
        after = right[1] if right and right is not fixes else None
        found[item_id] = Stretch(tuple(fixes), before, after)
    return found


def _edge(fix: Fix, shift_s: int) -> Edge:
    return fix.t_s - shift_s, fix.lon_e7, fix.lat_e7
