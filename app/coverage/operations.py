"""Writing presence: a pure function of a duty's stored items. Union while items
arrive; rebuilt when its span changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import MultiRange, Range, insert

from app.areas.policies import Place
from app.coverage import ground
from app.coverage.models import PlacePresence, RoutePresence, StreetPresence
from app.coverage.pieces import (
    Contribution,
    PieceIndex,
    Policy,
    contributions,
    measured_spans,
    to_bits,
    track_lengths,
)
from app.coverage.rules import union
from app.db import db
from app.geo import projector
from app.tracks.operations import Stretch

Span = tuple[float, float]


@dataclass(frozen=True)
class Walk:
    """The duty whose track is measured, where, and the spans (epoch seconds) in which it counts."""

    township_id: int
    duty_id: int
    day: date
    route_version_id: int | None
    place: Place
    allowed: tuple[Span, ...]
    policy: Policy


@dataclass
class Found:
    """What stretches add, gathered so that each row is written once."""

    streets: dict[int, NDArray[np.int64]]
    route: dict[int, NDArray[np.int64]]
    stays: dict[int, tuple[Span, ...]]
    track_m: float = 0.0
    near_m: float = 0.0


def add_track(walk: Walk, stretches: Iterable[Stretch]) -> tuple[float, float]:
    """Write the presence that the stretches give; answers (track metres, metres within reach of the route)."""
    network_id = ground.current_network_id(walk.township_id)
    found = Found({}, {}, {})
    for stretch in stretches:
        measure(walk, stretch, network_id, found)
    if network_id is not None:
        _join_bits(
            StreetPresence, "network_version_id", network_id, _network(walk, network_id), walk, found.streets
        )
    if walk.route_version_id is not None:
        version = walk.route_version_id
        _join_bits(RoutePresence, "route_version_id", version, _route(walk), walk, found.route)
    join_stays(walk.township_id, walk.duty_id, "track", found.stays)
    return found.track_m, found.near_m


def _network(walk: Walk, network_id: int) -> PieceIndex:
    return ground.network_index(network_id, walk.place.crs)


def _route(walk: Walk) -> PieceIndex:
    assert walk.route_version_id is not None
    return ground.route_index(walk.route_version_id, walk.place.crs)


def measure(walk: Walk, stretch: Stretch, network_id: int | None, found: Found) -> None:
    to_xy = projector(walk.place.crs)
    around = [f for f in (stretch.before, *stretch.fixes, stretch.after) if f is not None]
    polygons = ground.hotspots_near(walk.township_id, around, walk.day, walk.place.crs)
    index = _network(walk, network_id) if network_id is not None else None

    def against(pieces: PieceIndex | None, shapes: Any) -> Contribution:
        return contributions(
            stretch.fixes, stretch.before, stretch.after, to_xy, pieces, shapes, walk.allowed, walk.policy
        )

    town = against(index, polygons)
    _merge(found.streets, town.pieces_by_hour)
    for key, spans in town.stays.items():
        found.stays[key] = union((*found.stays.get(key, ()), *spans))
    line = None
    if walk.route_version_id is not None:
        _merge(found.route, against(_route(walk), {}).pieces_by_hour)
        line = ground.route_line(walk.route_version_id, walk.place.crs)
    track_m, near_m = track_lengths(stretch.fixes, to_xy, line, walk.allowed, walk.policy)
    found.track_m += track_m
    found.near_m += near_m


def lengths(walk: Walk, stretches: Sequence[Stretch]) -> tuple[float, float]:
    """The metres of a duty that more than one source recorded, none of them twice.

    The source with the longest measured time counts whole; each further one only for the time that those before it
    do not have (docs/decisions/0009-two-sources-one-duty.md). A function of what is stored, in any order.
    """
    to_xy = projector(walk.place.crs)
    line = ground.route_line(walk.route_version_id, walk.place.crs) if walk.route_version_id else None
    spans: dict[int, tuple[Span, ...]] = {}
    for s in stretches:
        spans[s.by] = union(
            (*spans.get(s.by, ()), *measured_spans(s.fixes, to_xy, walk.allowed, walk.policy))
        )
    taken: tuple[Span, ...] = ()
    track_m = near_m = 0.0
    for by in sorted(spans, key=lambda by: (-sum(b - a for a, b in spans[by]), by)):
        free = _without(walk.allowed, taken)
        for s in stretches:
            if s.by == by:
                metres = track_lengths(s.fixes, to_xy, line, free, walk.policy)
                track_m, near_m = track_m + metres[0], near_m + metres[1]
        taken = union((*taken, *spans[by]))
    return track_m, near_m


def _without(spans: Iterable[Span], taken: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of the spans when others (sorted, apart) are taken out."""
    left: list[Span] = []
    for span in spans:
        start, end = span
        for low, high in taken:
            if start < min(low, end):
                left.append((start, min(low, end)))
            start = max(start, high)
        if start < end:
            left.append((start, end))
    return tuple(left)


def _merge(into: dict[int, NDArray[np.int64]], more: dict[int, NDArray[np.int64]]) -> None:
    for hour, pieces in more.items():
        into[hour] = np.union1d(into[hour], pieces) if hour in into else pieces


def _join_bits(
    model: Any, key: str, version: int, index: PieceIndex, walk: Walk, by_hour: dict[int, NDArray[np.int64]]
) -> None:
    """One upsert for all hours: the stored bits or the new ones. Always of the version's own length."""
    rows = [
        {
            "township_id": walk.township_id, "duty_id": walk.duty_id, key: version,
            "hour": datetime.fromtimestamp(hour, UTC), "bits": to_bits(pieces, index.n),
        }
        for hour, pieces in sorted(by_hour.items()) if len(pieces)
    ]  # fmt: skip
    if not rows:
        return
    new = insert(model).values(rows)
    joined = model.bits.op("|")(new.excluded.bits)
    db.session.execute(
        new.on_conflict_do_update(
            index_elements=["township_id", "duty_id", "hour", key], set_={"bits": joined}
        )
    )


def join_stays(township_id: int, duty_id: int, grade: str, stays: dict[int, tuple[Span, ...]]) -> None:
    """Union of the stays (epoch seconds) into the hotspots' presence."""
    rows = [
        {
            "township_id": township_id, "place_kind": "hotspot", "place_id": place_id, "duty_id": duty_id,
            "grade": grade, "during": multirange(spans),
        }
        for place_id, spans in sorted(stays.items()) if spans
    ]  # fmt: skip
    if not rows:
        return
    new = insert(PlacePresence).values(rows)
    joined = PlacePresence.during.op("+")(new.excluded.during)
    key = ["township_id", "place_kind", "place_id", "duty_id", "grade"]
    db.session.execute(new.on_conflict_do_update(index_elements=key, set_={"during": joined}))


def multirange(spans: Sequence[Span]) -> MultiRange[datetime]:
    return MultiRange(Range(at(start), at(end), bounds="[)") for start, end in spans)


def at(epoch_s: float) -> datetime:
    """Whole milliseconds, so that the same crossing computed twice is the same instant."""
    ms = round(epoch_s * 1000)
    return datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)


def rebuild_track(walk: Walk, stretches: Sequence[Stretch]) -> tuple[float, float]:
    """Presence of a duty from its stored segments alone, after its span has changed."""
    for model in (StreetPresence, RoutePresence):
        db.session.execute(
            delete(model).where(model.township_id == walk.township_id, model.duty_id == walk.duty_id)
        )
    _forget_stays(walk.township_id, walk.duty_id, "track")
    return add_track(walk, stretches)


def rebuild_pairs(township_id: int, duty_id: int, stays: dict[int, tuple[Span, ...]]) -> None:
    """Presence by arrive-and-leave pairs, from the check-ins that count now."""
    _forget_stays(township_id, duty_id, "pair")
    join_stays(township_id, duty_id, "pair", stays)


def _forget_stays(township_id: int, duty_id: int, grade: str) -> None:
    db.session.execute(
        delete(PlacePresence).where(
            PlacePresence.township_id == township_id,
            PlacePresence.duty_id == duty_id,
            PlacePresence.grade == grade,
        )
    )
