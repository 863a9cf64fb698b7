"""From a recorded track to what a phone on a shift would have queued. Pure: no file, no network, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from app.cli.envelope import Device, Item
from app.geofiles.gpx import Trace

EARTH_M = 6_371_008.8
# What a phone tells of its own error. It is never the same all shift: a constant figure is one sign of a made-up track.
ACCURACY_M, ACCURACY_SWING_M = 6, 5
FIX_AGE_MS = 800


@dataclass(frozen=True)
class Fix:
    """A position with its true time."""

    lon: float
    lat: float
    at: datetime
    accuracy_m: int


@dataclass(frozen=True)
class Walk:
    """A track ready to be sent: parts without a gap between them, and how many points had no usable time."""

    parts: tuple[tuple[Fix, ...], ...]
    dropped: int

    @property
    def fixes(self) -> list[Fix]:
        return [fix for part in self.parts for fix in part]


def walk_of(trace: Trace) -> Walk:
    """The points that have a time later than the one before; the others are dropped and counted."""
    parts, dropped, last, n = [], 0, None, 0
    for part in trace.parts:
        kept = []
        for fix in part:
            if fix.at is None or (last is not None and fix.at <= last):
                dropped += 1
                continue
            kept.append(Fix(fix.lon, fix.lat, fix.at, ACCURACY_M + n % ACCURACY_SWING_M))
            last, n = fix.at, n + 1
        parts.append(tuple(kept))
    return Walk(tuple(part for part in parts if part), dropped)


def moved(walk: Walk, starts_at: datetime) -> Walk:
    """The same walk, its first fix at `starts_at`."""
    by = starts_at - walk.parts[0][0].at
    parts = tuple(
        tuple(Fix(fix.lon, fix.lat, fix.at + by, fix.accuracy_m) for fix in part) for part in walk.parts
    )
    return Walk(parts, walk.dropped)


def items_of(
    walk: Walk,
    device: Device,
    shift: dict[str, Any],
    checkpoints: Sequence[dict[str, Any]],
    segment_fixes: int,
) -> list[Item]:
    """Start, segments, a check-in for each checkpoint that was passed, and the end, in the order they happened.

    `shift` and `checkpoints` are those of the plan. `segment_fixes` is at least 2; each segment repeats the last fix
    of the one before, except across a gap.
    """
    shift_id, fixes = shift["id"], walk.fixes
    queued: list[tuple[datetime, int, str, dict[str, Any]]] = [
        (fixes[0].at, 0, "duty.start", {"shift_id": shift_id, "fix": _claim(fixes[0])})
    ]
    for part in walk.parts:
        for cut in _cuts(part, segment_fixes):
            body = {"shift_id": shift_id, "source": "replay", "fixes": [_packed(fix, device) for fix in cut]}
            queued.append((cut[-1].at, 1, "segment", body))
    for checkpoint, fix in _passed(fixes, checkpoints):
        where = {"phase": "here", "checkpoint_id": checkpoint["id"]}
        body = {"shift_id": shift_id, **where, "method": "gps", "fix": _claim(fix)}
        queued.append((fix.at, 2, "checkin", body))
    queued.append((fixes[-1].at + timedelta(seconds=1), 3, "duty.end", {"shift_id": shift_id}))
    queued.sort(key=lambda entry: entry[:2])
    return [device.item(kind, body, at) for at, _, kind, body in queued]


def _cuts(part: tuple[Fix, ...], size: int) -> Iterator[tuple[Fix, ...]]:
    for start in range(0, len(part) - 1, size - 1):
        yield part[start : start + size]


def _passed(
    fixes: Sequence[Fix], checkpoints: Sequence[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], Fix]]:
    """Each checkpoint that the track came within reach of, with the fix nearest to it."""
    lon, lat = np.array([fix.lon for fix in fixes]), np.array([fix.lat for fix in fixes])
    for checkpoint in checkpoints:
        metres = _metres(lon, lat, *checkpoint["position"])
        nearest = int(metres.argmin())
        if metres[nearest] <= checkpoint["radius_m"]:
            yield checkpoint, fixes[nearest]


def _metres(lon: Any, lat: Any, to_lon: float, to_lat: float) -> Any:
    """Distances on a plane through the checkpoint: exact enough for tens of metres."""
    east = np.radians(lon - to_lon) * np.cos(np.radians(to_lat))
    return EARTH_M * np.hypot(east, np.radians(lat - to_lat))


def _claim(fix: Fix) -> dict[str, Any]:
    return {
        "lon_e7": round(fix.lon * 1e7), "lat_e7": round(fix.lat * 1e7), "accuracy_m": fix.accuracy_m,
        "age_ms": FIX_AGE_MS,
    }  # fmt: skip


def _packed(fix: Fix, device: Device) -> list[int]:
    return [round(fix.lon * 1e7), round(fix.lat * 1e7), fix.accuracy_m, device.clock_ms(fix.at)]
