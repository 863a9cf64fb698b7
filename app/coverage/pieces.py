"""What one track segment adds to presence: pieces of streets or routes by hour, and stays in hotspots.

Lines are cut into pieces of at most 5 m; a piece is covered when its midpoint lies within 25 m of a valid step (flat
caps: never beyond the ends of what was walked) or on the outside of the bend where two valid steps meet. Every answer
is a union over steps and over pairs of neighbouring steps, so it does not depend on how a track was cut into segments,
on their order or on repeats, provided that each segment is given the one fix of context on either side that is
already stored.

Source: decisions.md ("Presence", "Segments"), measures.md ("route completion", "visit"), architecture.md ("Scale").
Coordinates are metres in the county's projected system; times are UTC epoch seconds.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from app.coverage.rules import union
from app.tracks.rules import Fix, valid_steps
from app.tracks.rules import Policy as TrackPolicy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Range = tuple[float, float]
ToXY = Callable[[Floats, Floats], tuple[Floats, Floats]]

PIECE_M = 5.0
FEWEST_PIECES = 4
HOUR_S = 3600


@dataclass(frozen=True)
class Policy:
    """`reach_m` is b of measures.md; `track` says what a valid step is."""

    reach_m: float = 25.0
    track: TrackPolicy = field(default_factory=TrackPolicy)


@dataclass(frozen=True)
class Contribution:
    """What a segment adds: piece indices (sorted, distinct) by UTC hour, half-open stays by polygon key."""

    pieces_by_hour: dict[int, Ints]
    stays: dict[int, tuple[Range, ...]]


def cut(length_m: float) -> int:
    """How many pieces a line of this length has: each at most 5 m long, at least four."""
    return max(FEWEST_PIECES, math.ceil(length_m / PIECE_M - 1e-9))


class PieceIndex:
    """The pieces of one network or route version, numbered 0..n-1 in the order of the lines given.

    `keys`, `first_piece` and `n_pieces` are a row a line; `piece_m` and `line_of` a value a piece.
    """

    def __init__(self, keys: Sequence[int], lines: NDArray[np.object_]) -> None:
        lengths = np.asarray(shapely.length(lines), dtype=np.float64)
        self.keys = tuple(keys)
        self.n_pieces: Ints = np.array([cut(float(length)) for length in lengths], dtype=np.int64)
        self.first_piece: Ints = np.concatenate(([0], np.cumsum(self.n_pieces)[:-1])).astype(np.int64)
        self.n = int(self.n_pieces.sum())
        self.line_of: Ints = np.repeat(np.arange(len(lengths), dtype=np.int64), self.n_pieces)
        self.piece_m: Floats = (lengths / self.n_pieces)[self.line_of]
        along = (np.arange(self.n) - self.first_piece[self.line_of] + 0.5) * self.piece_m
        points = shapely.line_interpolate_point(lines[self.line_of], along)
        self.mid: Floats = shapely.get_coordinates(points).reshape(-1, 2)
        self.tree = shapely.STRtree(points)

    @classmethod
    def build(cls, lines: Sequence[tuple[int, LineString]]) -> "PieceIndex":
        """An index of (key, line in metres); raises ValueError when there is no line or one is empty."""
        if not lines or any(line.is_empty for _, line in lines):
            raise ValueError("a network needs lines, and each needs two points")
        shapes = np.empty(len(lines), dtype=np.object_)
        shapes[:] = [line for _, line in lines]
        return cls([key for key, _ in lines], shapes)

    def covered(self, xy: Floats, valid: Bools, b: float = 25.0) -> Ints:
        """Pieces covered by a track of vertices `xy` (n, 2) whose steps are valid or not (n - 1)."""
        steps = np.flatnonzero(valid)
        joints = np.flatnonzero(valid[:-1] & valid[1:]) + 1
        _, by_step = self.near_steps(xy[steps], xy[steps + 1], b)
        _, by_joint = self.near_joints(xy[joints - 1], xy[joints], xy[joints + 1], b)
        return np.unique(np.concatenate((by_step, by_joint)))

    def near_steps(self, a: Floats, b: Floats, reach: float) -> tuple[Ints, Ints]:
        """Pairs (step, piece) where the piece's midpoint lies beside the step: foot inside, at most reach away."""
        step, piece = self._candidates(np.minimum(a, b) - reach, np.maximum(a, b) + reach)
        along, offset = b[step] - a[step], self.mid[piece] - a[step]
        square = (along**2).sum(axis=1)
        dot = (along * offset).sum(axis=1)
        across = along[:, 0] * offset[:, 1] - along[:, 1] * offset[:, 0]
        near = (square > 0) & (dot >= 0) & (dot <= square) & (across**2 <= reach**2 * square)
        return step[near], piece[near]

    def near_joints(self, a: Floats, at: Floats, b: Floats, reach: float) -> tuple[Ints, Ints]:
        """Pairs (joint, piece) on the outside of the bend a - at - b, at most reach from it.

        Only the wedge beyond the end of the first step and before the beginning of the second: a whole disc would
        reach beyond the end of a track whose last step is short. A step of no length has no side and no wedge.
        """
        joint, piece = self._candidates(at - reach, at + reach)
        offset, came, goes = self.mid[piece] - at[joint], (at - a)[joint], (b - at)[joint]
        near = (offset**2).sum(axis=1) <= reach**2
        near &= ((offset * came).sum(axis=1) >= 0) & ((offset * goes).sum(axis=1) <= 0)
        near &= (came != 0).any(axis=1) & (goes != 0).any(axis=1)
        return joint[near], piece[near]

    def near_points(self, at: Floats, reach: float) -> tuple[Ints, Ints]:
        """Pairs (point, piece) where the piece's midpoint lies at most reach away."""
        point, piece = self._candidates(at - reach, at + reach)
        near = ((self.mid[piece] - at[point]) ** 2).sum(axis=1) <= reach**2
        return point[near], piece[near]

    def _candidates(self, low: Floats, high: Floats) -> tuple[Ints, Ints]:
        boxes = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
        shape, piece = self.tree.query(boxes)
        return shape.astype(np.int64), piece.astype(np.int64)


@dataclass(frozen=True)
class _Track:
    """A segment with its context in metres: vertices, times, validity, what of it is allowed."""

    xy: Floats
    t: Floats
    valid: Bools
    joint: Bools
    parts: tuple[tuple[int, float, float], ...]


def contributions(
    fixes: Sequence[Fix],
    before: Fix | None,
    after: Fix | None,
    to_xy: ToXY,
    index: PieceIndex | None,
    polygons: Mapping[int, BaseGeometry],
    allowed: Sequence[Range],
    policy: Policy,
) -> Contribution:
    """What a segment adds to presence.

    `before` is the fix before the first and `after` the one after the last, from the stored neighbour that shares
    that edge fix. `to_xy` takes degrees (lon, lat). Only time inside `allowed` counts; a step partly outside is cut
    by its time, and the cut end is a flat cap.
    """
    track = _track(fixes, before, after, to_xy, allowed, policy.track)
    pieces = {} if index is None else _pieces_by_hour(track, index, policy.reach_m)
    return Contribution(pieces, _stays(track, polygons))


def track_lengths(
    fixes: Sequence[Fix], to_xy: ToXY, line: BaseGeometry | None, allowed: Sequence[Range], policy: Policy
) -> tuple[float, float]:
    """Metres of a segment's own valid steps, and of them those within reach of the line (for adherence)."""
    track = _track(fixes, None, None, to_xy, allowed, policy.track)
    if not track.parts:
        return 0.0, 0.0
    a, b = _ends(track)
    steps = shapely.linestrings(np.stack((a, b), axis=1))
    total = float(np.asarray(shapely.length(steps)).sum())
    if line is None:
        return total, 0.0
    beside = _beside(line, policy.reach_m)
    return total, float(np.asarray(shapely.length(shapely.intersection(steps, beside))).sum())


def measured_spans(
    fixes: Sequence[Fix], to_xy: ToXY, allowed: Sequence[Range], policy: Policy
) -> tuple[Range, ...]:
    """When a segment's own steps are measured: the allowed parts of the valid ones, joined."""
    return union(
        [(low, high) for _, low, high in _track(fixes, None, None, to_xy, allowed, policy.track).parts]
    )


@lru_cache(maxsize=32)
def _beside(line: BaseGeometry, reach_m: float) -> BaseGeometry:
    """All within reach of a line; kept: a recorded route takes a third of a second, and a duty has many segments."""
    return shapely.buffer(line, reach_m, quad_segs=32)


def to_bits(indices: Sequence[int] | Ints, n: int) -> str:
    """Piece indices as the text of a PostgreSQL bit string of length n; index 0 is the leftmost bit."""
    bits = np.full(n, ord("0"), dtype=np.uint8)
    bits[np.asarray(indices, dtype=np.int64)] = ord("1")
    return bits.tobytes().decode("ascii")


def from_bits(text: str) -> Bools:
    """The inverse of `to_bits`: one boolean a piece."""
    return np.asarray(np.frombuffer(text.encode("ascii"), dtype=np.uint8) == ord("1"), dtype=np.bool_)


def _track(
    fixes: Sequence[Fix],
    before: Fix | None,
    after: Fix | None,
    to_xy: ToXY,
    allowed: Sequence[Range],
    policy: TrackPolicy,
) -> _Track:
    all_fixes = [*([before] if before else []), *fixes, *([after] if after else [])]
    lon = np.array([fix.lon_e7 for fix in all_fixes], dtype=np.float64) / 1e7
    lat = np.array([fix.lat_e7 for fix in all_fixes], dtype=np.float64) / 1e7
    xy: Floats = np.column_stack(to_xy(lon, lat)).astype(np.float64)
    t = np.array([fix.t_s for fix in all_fixes], dtype=np.float64)
    valid = valid_steps(all_fixes, np.hypot(*np.diff(xy, axis=0).T), policy)
    windows = union(allowed)
    return _Track(xy, t, valid, _joints(t, valid, windows), _parts(t, valid, windows))


def _joints(t: Floats, valid: Bools, windows: Sequence[Range]) -> Bools:
    """Fixes at which two valid steps meet, both allowed there: not at a cut end, which has a flat cap."""
    joint = np.zeros(len(t), dtype=np.bool_)
    for start, end in windows:
        joint[1:-1] |= valid[:-1] & valid[1:] & (start < t[1:-1]) & (t[1:-1] < end)
    return joint


def _parts(t: Floats, valid: Bools, windows: Sequence[Range]) -> tuple[tuple[int, float, float], ...]:
    """The allowed parts (step, start, end) of the valid steps that take any time."""
    parts = []
    for step in np.flatnonzero(valid):
        for start, end in windows:
            low, high = max(float(t[step]), start), min(float(t[step + 1]), end)
            if low < high:
                parts.append((int(step), low, high))
    return tuple(parts)


def _ends(track: _Track) -> tuple[Floats, Floats]:
    """Where the parts begin and end, by linear interpolation in time."""
    step = np.array([part[0] for part in track.parts], dtype=np.int64)
    times = np.array([part[1:] for part in track.parts], dtype=np.float64)
    start, took = track.t[step], track.t[step + 1] - track.t[step]
    share = (times - start[:, None]) / took[:, None]
    origin, way = track.xy[step], track.xy[step + 1] - track.xy[step]
    return origin + share[:, :1] * way, origin + share[:, 1:] * way


def _pieces_by_hour(track: _Track, index: PieceIndex, reach: float) -> dict[int, Ints]:
    hours: list[Ints] = []
    pieces: list[Ints] = []
    if track.parts:
        part, piece = index.near_steps(*_ends(track), reach)
        hours.append(_hour(np.array([p[1] for p in track.parts]))[part])
        pieces.append(piece)
    joints = np.flatnonzero(track.joint)
    if joints.size:
        xy = track.xy
        joint, piece = index.near_joints(xy[joints - 1], xy[joints], xy[joints + 1], reach)
        hours.append(_hour(track.t[joints])[joint])
        pieces.append(piece)
    if not pieces:
        return {}
    hour, found = np.concatenate(hours), np.concatenate(pieces)
    return {int(h): np.unique(found[hour == h]) for h in np.unique(hour)}


def _hour(t: Floats) -> Ints:
    return (np.floor(t / HOUR_S) * HOUR_S).astype(np.int64)


def _stays(track: _Track, polygons: Mapping[int, BaseGeometry]) -> dict[int, tuple[Range, ...]]:
    if not track.parts:
        return {}
    low, high = track.xy.min(axis=0), track.xy.max(axis=0)
    stays = {}
    for key, polygon in polygons.items():
        west, south, east, north = polygon.bounds
        if west > high[0] or east < low[0] or south > high[1] or north < low[1]:
            continue
        ranges = union(_stay_parts(track, polygon))
        if ranges:
            stays[key] = ranges
    return stays


def _stay_parts(track: _Track, polygon: BaseGeometry) -> list[Range]:
    shapely.prepare(polygon)
    inside: Bools = np.asarray(shapely.intersects_xy(polygon, track.xy[:, 0], track.xy[:, 1]), dtype=np.bool_)
    fractions: dict[int, list[Range]] = {}
    found = []
    for step, low, high in track.parts:
        if not _has_entered(track, inside, step):
            continue
        if step not in fractions:
            fractions[step] = _fractions_inside(track.xy[step], track.xy[step + 1], polygon)
        start, took = float(track.t[step]), float(track.t[step + 1] - track.t[step])
        for f0, f1 in fractions[step]:
            # Whole milliseconds: the same crossing computed twice is then the same time.
            begin = max(low, round(start + f0 * took, 3))
            finish = min(high, round(start + f1 * took, 3))
            if begin < finish:
                found.append((begin, finish))
    return found


def _has_entered(track: _Track, inside: Bools, step: int) -> bool:
    """Two fixes to enter: a step with one end inside counts when that fix has another inside fix beside it."""
    here, there = bool(inside[step]), bool(inside[step + 1])
    if here and there:
        return True
    if here:
        return _confirmed(track, inside, step, step - 1)
    return there and _confirmed(track, inside, step + 1, step + 2)


def _confirmed(track: _Track, inside: Bools, fix: int, other: int) -> bool:
    if not track.joint[fix]:
        return False
    # The same fix sent twice is still one fix.
    return bool(inside[other]) and bool(track.t[other] != track.t[fix])


def _fractions_inside(a: Floats, b: Floats, polygon: BaseGeometry) -> list[Range]:
    """Which shares [0, 1] of the straight way from a to b lie in the polygon."""
    way = b - a
    square = float(way @ way)
    if square == 0:
        return [(0.0, 1.0)]
    step = LineString([a, b])
    if polygon.covers(step):
        return [(0.0, 1.0)]
    lines = [part for part in shapely.get_parts(step.intersection(polygon)) if part.geom_type == "LineString"]
    shares = [(shapely.get_coordinates(line) - a) @ way / square for line in lines]
    return [(_snap(float(share.min())), _snap(float(share.max()))) for share in shares]


def _snap(share: float) -> float:
    """An end of the way is exactly 0 or 1, so that ranges of neighbouring steps touch."""
    return float(round(share)) if abs(share - round(share)) < 1e-9 else share
