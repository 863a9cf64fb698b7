"""Which worker runs which file, and in which order: `make test` ends when the slower of them does.

A file stays with one worker, since what its tests share is made once a file; a folder of TOGETHER likewise. What takes
longest is begun first: a file of two minutes that is begun last keeps one core waiting for the other. Half of the cores
are for browsers while there is other work, since a browser and its server want more than a core and less than two.
How long each takes is kept in seconds.json, which `XUNFANG_WEIGH=1 make test` writes anew; an old one costs seconds,
nothing else.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

# Their tests share what takes longer to make than to look at.
TOGETHER = ("tests/demo",)
KEPT = Path(__file__).with_name("seconds.json")
SECONDS: dict[str, int] = json.loads(KEPT.read_text())
# What takes less is not worth a line.
LEAST_S = 8
_taken: Counter[str] = Counter()


def share_of(nodeid: str) -> str:
    file = nodeid.split("::", 1)[0]
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


def longest_first(nodeids: list[str], seconds: dict[str, int]) -> list[int]:
    """The places of the tests, the longest share's before the others'; within a share, as they were."""
    shares = dict.fromkeys(map(share_of, nodeids))
    rank = {share: n for n, share in enumerate(sorted(shares, key=lambda share: -seconds.get(share, 0)))}
    return sorted(range(len(nodeids)), key=lambda n: rank[share_of(nodeids[n])])


def next_share(waiting: Iterable[str], may_browse: bool) -> str:
    """The first that waits; the first without a browser where enough others have one, if there is any."""
    shares = list(waiting)
    return next((share for share in shares if may_browse or not in_browser(share)), shares[0])


def in_browser(share: str) -> bool:
    return share.startswith("tests/browser/")


class ByShares(LoadFileScheduling):
    """In the order of the collection, not by the number of tests: those in a browser are few and long."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return share_of(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        others = sum(map(self._is_browsing, self.assigned_work.keys() - {node}))
        share = next_share(self.workqueue, others < max(1, len(self.nodes) // 2))
        self.workqueue.move_to_end(share, last=False)
        super()._assign_work_unit(node)

    def _is_browsing(self, node: Any) -> bool:
        return any(
            in_browser(share) and not all(done.values()) for share, done in self.assigned_work[node].items()
        )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByShares | None:
    return ByShares(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items[:] = [items[n] for n in longest_first([item.nodeid for item in items], SECONDS)]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _taken[share_of(report.nodeid)] += report.duration  # type: ignore[assignment]


def pytest_unconfigure(config: pytest.Config) -> None:
    if "XUNFANG_WEIGH" in os.environ and not hasattr(config, "workerinput"):
        long = {share: round(s) for share, s in _taken.most_common() if s >= LEAST_S}
        KEPT.write_text(json.dumps(long, indent=1) + "\n")
