"""`make bench`: figures beside something outside, measured in the same run; written to bench/results.json.

Each line is {"name", "ours", "reference", "ratio", "unit", "against", "n"}: medians of interleaved pairs; `ratio` is
ours to the reference, higher is better. Nothing here is a test and nothing asserts a time. What each line compares:
docs/bench.md. `make bench ARGS="tiles coverage.month"` measures only the lines that begin so.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from bench import features, history, incentives, month, planner, sizes, sync, tiles
from bench.figures import Bench, summary
from bench.history import pasts
from bench.town import town
from bench.world import world

PAIRS = 5
RESULTS = Path("bench/results.json")
# Each group on a ground of its own, made only when one of its lines is wanted.
GROUPS: tuple[tuple[Callable[[], AbstractContextManager[Any]], tuple[Bench, ...]], ...] = (
    (world, (*sync.BENCHES, *sizes.BENCHES)),
    (town, (*tiles.BENCHES, *features.BENCHES, *month.BENCHES)),
    (pasts, history.BENCHES),
    (incentives.year, incentives.BENCHES),
    (planner.planner, planner.BENCHES),
)


def main(wanted: list[str]) -> None:
    results: list[dict[str, Any]] = []
    for ground_of, benches in GROUPS:
        some = [bench for bench in benches if is_wanted(bench, wanted)]
        if some:
            with ground_of() as ground:
                for bench in some:
                    for line in lines(bench, ground):
                        results.append(line)
                        print(json.dumps(line), flush=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(f"one-minute load now: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", file=sys.stderr)


def is_wanted(bench: Bench, wanted: list[str]) -> bool:
    return not wanted or any(line.name.startswith(w) for line in bench.lines for w in wanted)


def lines(bench: Bench, ground: Any) -> Iterator[dict[str, Any]]:
    """Ours and the reference in turn, so many times."""
    rounds = [bench.measure(ground) for _ in range(PAIRS)]
    for line, pairs in zip(bench.lines, zip(*rounds, strict=True), strict=True):
        found = summary(pairs, line.unit)
        yield {"name": line.name, **{k: found[k] for k in ("ours", "reference", "ratio", "unit")},
               "against": line.against, "n": found["n"]}  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
