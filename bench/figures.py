"""What every bench counts with: shares of a list, processor time of processes, whether two answers say the same."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
Pair = tuple[float, float]
# Units of which less is better; of every other, more is.
SMALL_IS_GOOD = ("B/", "s/", "ms", "s", "points")


class Line(NamedTuple):
    """A line of the results: its name, its unit, what it is measured beside."""

    name: str
    unit: str
    against: str


class Bench(NamedTuple):
    """What one measuring gives: a pair (ours, reference) for each of its lines."""

    lines: tuple[Line, ...]
    measure: Callable[[Any], tuple[Pair, ...]]


def is_better_small(unit: str) -> bool:
    return any(unit == small or (small.endswith("/") and unit.startswith(small)) for small in SMALL_IS_GOOD)


def summary(pairs: Sequence[Pair], unit: str) -> dict[str, Any]:
    """Medians of both sides and of the pairs' ratios; a ratio is ours to the reference, higher is better."""
    small = is_better_small(unit)
    ratios = [_ratio(theirs, ours) if small else _ratio(ours, theirs) for ours, theirs in pairs]
    return {
        "ours": round(statistics.median(p[0] for p in pairs), 6),
        "reference": round(statistics.median(p[1] for p in pairs), 6),
        "ratio": round(statistics.median(ratios), 4),
        "unit": unit,
        "n": len(pairs),
    }


def _ratio(a: float, b: float) -> float:
    return a / b if b else math.inf if a else 1.0


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that so great a share of all is not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


# --- processor time -----------------------------------------------------------------------------------------------


def cpu_s(root: int, proc: Path = PROC) -> float:
    """Seconds that a process, all below it and what they have waited for spent computing so far."""
    stats = _stats(proc)
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in stats.items():
        children.setdefault(parent, []).append(pid)
    found, todo = 0, [root]
    while todo:
        pid = todo.pop()
        found += stats[pid][1] if pid in stats else 0
        todo += children.get(pid, [])
    return found / TICKS


def _stats(proc: Path) -> dict[int, tuple[int, int]]:
    """pid → (its parent, ticks: its own in user and system, and those of children that are gone)."""
    found = {}
    for folder in proc.iterdir():
        if folder.name.isdigit():
            try:
                # The name in brackets may hold anything, brackets included.
                words = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            found[int(folder.name)] = int(words[1]), sum(int(w) for w in words[11:15])
    return found


def run_s(pid: int, proc: Path = PROC) -> float:
    """Seconds that a process without threads spent on a processor, to the nanosecond."""
    return int((proc / str(pid) / "schedstat").read_text().split()[0]) / 1e9


def parent_of(pid: int, proc: Path = PROC) -> int:
    return _stats(proc)[pid][0]


# --- the same content ---------------------------------------------------------------------------------------------


def differences(ours: Mapping[Any, Any], theirs: Mapping[Any, Any], most: int = 5) -> list[str]:
    """Where two mappings of features by id say something else; numbers may differ by a billionth."""
    found = [f"only ours: {key}" for key in ours.keys() - theirs.keys()]
    found += [f"only theirs: {key}" for key in theirs.keys() - ours.keys()]
    for key in ours.keys() & theirs.keys():
        if not same(ours[key], theirs[key]):
            found.append(f"{key}: {ours[key]!r} is not {theirs[key]!r}")
    return found[:most]


def same(a: Any, b: Any) -> bool:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) or isinstance(b, float):
        numbers = all(isinstance(v, int | float) for v in (a, b))
        return numbers and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return bool(a == b)


def must_be_same(ours: Mapping[Any, Any], theirs: Mapping[Any, Any]) -> None:
    """A comparison of unequal content would mean nothing: it ends here."""
    found = differences(ours, theirs)
    if found:
        raise SystemExit("✗ the two sides do not say the same:\n  " + "\n  ".join(found))
    if not ours:
        raise SystemExit("✗ both sides are empty")
