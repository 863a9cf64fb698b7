"""How a crew moves along a line, and what a phone in a pocket makes of it. Pure: everything random comes in."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SPEED_M_S = 1.2
# A phone's error drifts: it is nearly the same after ten seconds, and another after two minutes.
DRIFT_M, DRIFT_S = 3.5, 60.0


@dataclass(frozen=True)
class Stop:
    """A stay of `seconds` at metre `at_m` of the round; `place` names what it is for."""

    at_m: float
    seconds: float
    place: str


@dataclass(frozen=True)
class Stay:
    """A stop as it came about: seconds since the start of the walk."""

    place: str
    from_s: float
    to_s: float


@dataclass(frozen=True)
class Motion:
    """The true walk: metre `m` of the closed round `line` (metres, n × 2) at second `t`; straight in between."""

    line: np.ndarray
    t: np.ndarray
    m: np.ndarray
    stays: tuple[Stay, ...]

    @property
    def seconds(self) -> float:
        return float(self.t[-1])

    def at(self, seconds: np.ndarray) -> np.ndarray:
        """Where one truly is, metres, n × 2."""
        along = _along(self.line)
        m = np.mod(np.interp(seconds, self.t, self.m), along[-1])
        return np.column_stack([np.interp(m, along, self.line[:, k]) for k in (0, 1)])


@dataclass(frozen=True)
class Fix:
    t_s: int
    x: float
    y: float
    accuracy_m: int


def _along(line: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])


def walk_rounds(
    line: np.ndarray, rounds: Sequence[Sequence[Stop]], seconds: float, rng: random.Random, reach: float = 1.0
) -> Motion:
    """Walks round after round for `seconds`, staying at the stops of each (the last list repeats).

    With `reach` < 1 one turns back at that share of the round each time, and its last part is never seen.
    """
    length = float(_along(line)[-1])
    knots = [(0.0, 0.0)]
    stays: list[Stay] = []
    k = 0
    while knots[-1][0] < seconds:
        base = 0.0 if reach < 1 else k * length
        for stop in sorted(rounds[min(k, len(rounds) - 1)], key=lambda s: s.at_m):
            if stop.at_m > reach * length:
                continue
            _go(knots, base + stop.at_m, rng)
            begun = knots[-1][0]
            knots.append((begun + stop.seconds, base + stop.at_m))
            if begun + stop.seconds <= seconds:
                stays.append(Stay(stop.place, begun, begun + stop.seconds))
        _go(knots, base + reach * length, rng)
        if reach < 1:
            _go(knots, 0.0, rng)
        k += 1
    t, m = (np.array(c) for c in zip(*knots, strict=True))
    end = float(np.interp(seconds, t, m))
    keep = t < seconds
    return Motion(line, np.append(t[keep], seconds), np.append(m[keep], end), tuple(stays))


def _go(knots: list[tuple[float, float]], to_m: float, rng: random.Random) -> None:
    t, m = knots[-1]
    speed = SPEED_M_S * rng.uniform(0.85, 1.15)
    if to_m != m:
        knots.append((t + abs(to_m - m) / speed, to_m))


def take_fixes(
    motion: Motion, every_s: int, rng: random.Random, silent: Sequence[tuple[float, float]] = ()
) -> list[Fix]:
    """What a phone writes down, about every `every_s` seconds, nothing in the `silent` spans."""
    times: list[int] = []
    t = 0
    while t <= motion.seconds:
        if not any(a <= t < b for a, b in silent):
            times.append(t)
        t += every_s + rng.randint(-2, 2)
    places = motion.at(np.array(times, float))
    out: list[Fix] = []
    ex, ey = rng.gauss(0, DRIFT_M), rng.gauss(0, DRIFT_M)
    before = times[0] if times else 0
    for t, (x, y) in zip(times, places, strict=True):
        keep = math.exp(-(t - before) / DRIFT_S)
        fresh = DRIFT_M * math.sqrt(1 - keep * keep)
        ex, ey = keep * ex + rng.gauss(0, fresh), keep * ey + rng.gauss(0, fresh)
        out.append(Fix(t, float(x) + ex, float(y) + ey, rng.randint(4, 14)))
        before = t
    return out


def cut_segments(fixes: Sequence[Fix], size: int) -> list[Sequence[Fix]]:
    """Runs of at most `size` fixes, each beginning with the last fix of the one before."""
    return [fixes[i : i + size] for i in range(0, max(len(fixes) - 1, 0), size - 1)]
