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
    """A segment and the one fix on either side that a stored neighbour knows; `by` a logger, or the page (0)."""

    fixes: tuple[Fix, ...]
    before: Fix | None
    after: Fix | None
    by: int = 0


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


Edge = tuple[int, int, int, int]


def _in_context(segments: Sequence[queries.Stored]) -> dict[UUID, Stretch]:
    """Neighbours of one source share a fix: the same place at the same second of the device's own clock."""
    by_head = {_edge(s, s.fixes[0]): s.fixes for s in segments}
    by_tail = {_edge(s, s.fixes[-1]): s.fixes for s in segments}
    found = {}
    for s in segments:
        left, right = by_tail.get(_edge(s, s.fixes[0])), by_head.get(_edge(s, s.fixes[-1]))
        before = left[-2] if left and left is not s.fixes else None
        after = right[1] if right and right is not s.fixes else None
        found[s.id] = Stretch(tuple(s.fixes), before, after, s.by)
    return found


def _edge(segment: queries.Stored, fix: Fix) -> Edge:
    return segment.by, fix.t_s - segment.shift_s, fix.lon_e7, fix.lat_e7


# --- native loggers -----------------------------------------------------------------------------------------------


def store_logger_segment(
    duty: Duty, item_id: UUID, source: str, logger_id: int, fixes: Sequence[Fix], now: datetime
) -> int:
    """Keep a piece of what a logger recorded. Its clock is the satellites': nothing is shifted."""
    return queries.add_segment(duty, item_id, source, fixes, 0, now, logger_id)


def logger_track(duty: Duty, logger_id: int) -> list[Fix]:
    """Every fix of a duty that is stored of this logger, once each, in time order."""
    fixes = {fix for segment in queries.logger_segments(duty, logger_id) for fix in segment.fixes}
    return sorted(fixes, key=lambda f: (f.t_s, f.lon_e7, f.lat_e7))
