"""`make bench`: figures beside something outside, measured in the same run; written to bench/results.json.

Each line is {"name", "ours", "reference", "ratio", "unit", "against", "n"}: medians of interleaved pairs; `ratio` is
ours to the reference, higher is better. Nothing here is a test and nothing asserts a time.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from bench import sizes, sync, tiles
from bench.world import World, world

PAIRS = 5
Pair = tuple[float, float]


def main(wanted: list[str]) -> None:
    results = []
    with world() as ground:
        for name, unit, against, measure in (*sync.BENCHES, *tiles.BENCHES, *sizes.BENCHES):
            if wanted and not any(name.startswith(w) for w in wanted):
                continue
            results.append(line(name, unit, against, measure, ground))
            print(json.dumps(results[-1]), flush=True)
    Path("bench/results.json").write_text(json.dumps(results, indent=1) + "\n")


def line(
    name: str, unit: str, against: str, measure: Callable[[World], Pair], ground: World
) -> dict[str, object]:
    """Ours and the reference in turn; the ratio is the median of the pairs' ratios. A size (B) is better small."""
    pairs = [measure(ground) for _ in range(PAIRS)]
    ours = statistics.median(p[0] for p in pairs)
    reference = statistics.median(p[1] for p in pairs)
    small_is_good = unit.startswith("B/") or unit.startswith("s/")
    ratio = statistics.median((p[1] / p[0]) if small_is_good else (p[0] / p[1]) for p in pairs)
    return {
        "name": name, "ours": round(ours, 4), "reference": round(reference, 4), "ratio": round(ratio, 4), "unit": unit,
        "against": against, "n": len(pairs),
    }  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
