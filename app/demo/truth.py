"""What really happened on the demo's duties, from the walk alone: nothing here asks the product.

The walk is sampled every second without the phone's error; shapes are shapely's, in the county's metres.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import shapely
from shapely import LineString, MultiLineString, MultiPolygon, Polygon, STRtree
from shapely.ops import substring

from app.demo.duties import SILENT_S, WHERE, Outing, motion_of
from app.demo.items import carries_track
from app.demo.walk import Motion
from app.demo.world import Street, World

NEAR_M = 25.0
JOIN_S, VISIT_S = 120, 180


@dataclass(frozen=True)
class Visit:
    """A stay in a hotspot, and whether a track or a pair of taps could show it."""

    hotspot: str
    outing: str
    from_at: datetime
    to_at: datetime
    observable: bool


@dataclass(frozen=True)
class Truth:
    visits: list[Visit]
    streets: dict[str, frozenset[int]]  # outing → streets within reach of the walk from end to end
    completion: dict[str, float]  # outing → share of its route within 25 m of the walk
    silent: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)  # outing → planted gap

    @property
    def streets_walked(self) -> frozenset[int]:
        return frozenset().union(*self.streets.values())


def truth_of(world: World, streets: list[Street], outings: Iterable[Outing]) -> Truth:
    """The truth of `outings`; `streets` are those of their township."""
    tree = STRtree([s.metres for s in streets])
    visits: list[Visit] = []
    walked: dict[str, frozenset[int]] = {}
    completion: dict[str, float] = {}
    silent: dict[str, tuple[datetime, datetime]] = {}
    for outing in outings:
        motion = motion_of(world, outing)
        visits += visits_of(world, outing, motion)
        path = seen_path(world, outing, motion)
        near = tree.query(path.buffer(2.0), predicate="covers")
        walked[outing.key] = frozenset(streets[int(i)].id for i in near)
        if not path.is_empty:
            completion[outing.key] = share_within(world.routes[outing.route].xy, path.buffer(NEAR_M))
        if (span := silent_span(outing)) is not None:
            silent[outing.key] = span
    return Truth(visits, walked, completion, silent)


def share_within(line: np.ndarray, reach: Polygon | MultiPolygon) -> float:
    """The share of a line's metres inside `reach`, leg by leg: a street that it walks twice counts twice."""
    legs = shapely.linestrings(np.stack([line[:-1], line[1:]], axis=1))
    return float(shapely.length(shapely.intersection(legs, reach)).sum() / shapely.length(legs).sum())


def silent_span(outing: Outing) -> tuple[datetime, datetime] | None:
    """The planted gap of an outing's track, if its tracker is the one whose phone loses the signal."""
    if outing.crew[0] != WHERE["track_gaps"]:
        return None
    a, b = (outing.began_at + timedelta(seconds=s) for s in SILENT_S)
    return a, b


def seen_path(world: World, outing: Outing, motion: Motion) -> MultiLineString:
    """The true way, without what no track of the crew could show: the stretches of the route that were passed."""
    if not any(carries_track(world, outing, person) for person in outing.crew):
        return MultiLineString()
    spans = [(0.0, motion.seconds)]
    if silent_span(outing) is not None:
        spans = [(0.0, SILENT_S[0]), (SILENT_S[1], motion.seconds)]
    parts: list[LineString] = []
    for a, b in spans:
        m = np.interp(np.arange(a, b + 1), motion.t, motion.m)
        parts += _stretches(LineString(motion.line), float(m.min()), float(m.max()))
    return MultiLineString(parts)


def _stretches(ring: LineString, low: float, high: float) -> list[LineString]:
    """The part of a closed round from metre `low` to `high`, which may pass its beginning."""
    length = ring.length
    if high - low >= length:
        return [ring]
    a, b = low % length, high % length
    spans = [(a, b)] if a <= b else [(a, length), (0.0, b)]
    return [substring(ring, x, y) for x, y in spans if y - x > 0.01]


def visits_of(world: World, outing: Outing, motion: Motion) -> list[Visit]:
    """Stays of three minutes and more in any hotspot of the township; those two minutes apart are one."""
    t = np.arange(0.0, motion.seconds + 1, 1.0)
    xy = motion.at(t)
    township = world.routes[outing.route].township
    out = []
    for spot in world.hotspots.values():
        if spot.township != township:
            continue
        inside = t[shapely.contains_xy(spot.metres, xy[:, 0], xy[:, 1])]
        for run in _runs(inside):
            if len(run) >= VISIT_S:
                a, b = (outing.began_at + timedelta(seconds=float(s)) for s in (run[0], run[-1]))
                gap = silent_span(outing)
                hidden = gap is not None and a < gap[1] and b > gap[0]
                out.append(Visit(spot.key, outing.key, a, b, not hidden))
    return out


def _runs(seconds: np.ndarray) -> list[np.ndarray]:
    if not len(seconds):
        return []
    return np.split(seconds, np.flatnonzero(np.diff(seconds) > JOIN_S) + 1)


def merged(visits: Iterable[Visit]) -> dict[str, list[tuple[datetime, datetime]]]:
    """By hotspot, what of the visits could be seen: two crews there at once, or two minutes apart, are one visit."""
    found: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for v in sorted((v for v in visits if v.observable), key=lambda v: v.from_at):
        spans = found[v.hotspot]
        if spans and (v.from_at - spans[-1][1]).total_seconds() <= JOIN_S:
            spans[-1] = (spans[-1][0], max(spans[-1][1], v.to_at))
        else:
            spans.append((v.from_at, v.to_at))
    return dict(found)
