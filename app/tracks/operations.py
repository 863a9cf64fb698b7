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
    duty: Duty,
    item_id: UUID,
    source: str,
    raw: Sequence[Sequence[int]],
    shift_s: int,
    now: datetime,
) -> Stretch | None:
    """None when it is there already.

    `raw` is [lon_e7, lat_e7, accuracy_m, t_ms] by the device's clock; times are kept as whole effective seconds.
    """
    fixes = tuple(Fix(lon, lat, accuracy, t_ms // 1000 + shift_s) for lon, lat, accuracy, t_ms in raw)
    if not queries.add_segment(duty, item_id, source, fixes, shift_s, now):
        return None
    return in_context(duty, item_id, fixes, shift_s)


def in_context(duty: Duty, item_id: UUID, fixes: tuple[Fix, ...], shift_s: int) -> Stretch:
    head_s, tail_s = fixes[0].t_s - shift_s, fixes[-1].t_s - shift_s
    before = after = None
    for their_tail_s, their_head_s, theirs in queries.neighbours(duty, item_id, head_s, tail_s):
        if their_tail_s == head_s and _same_place(theirs[-1], fixes[0]):
            before = theirs[-2]
        if their_head_s == tail_s and _same_place(theirs[0], fixes[-1]):
            after = theirs[1]
    return Stretch(fixes, before, after)


def _same_place(a: Fix, b: Fix) -> bool:
    return (a.lon_e7, a.lat_e7) == (b.lon_e7, b.lat_e7)


def stretches_of(duty: Duty) -> list[Stretch]:
    """All of a duty's stored segments, each in its context, for a rebuild of presence."""
    found = []
    segments = queries.segments_of(duty)
    heads = {(f[0].t_s - shift, f[0].lon_e7, f[0].lat_e7): f for _, shift, f in segments}
    tails = {(f[-1].t_s - shift, f[-1].lon_e7, f[-1].lat_e7): f for _, shift, f in segments}
    for _, shift, fixes in segments:
        left = tails.get((fixes[0].t_s - shift, fixes[0].lon_e7, fixes[0].lat_e7))
        right = heads.get((fixes[-1].t_s - shift, fixes[-1].lon_e7, fixes[-1].lat_e7))
        found.append(
            Stretch(
                tuple(fixes),
                left[-2] if left and left is not fixes else None,
                right[1] if right and right is not fixes else None,
            )
        )
    return found
