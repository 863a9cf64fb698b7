"""What every bench counts with, held against answers that are known. Nothing here is measured."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.__main__ import is_wanted
from bench.features import content
from bench.figures import Bench, Line, cpu_s, differences, must_be_same, percentile, run_s, summary


def test_the_95th_of_a_hundred_is_the_value_that_95_are_not_above() -> None:
    assert percentile(range(1, 101), 0.95) == 95
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([7.0], 0.95) == 7.0


@pytest.mark.parametrize(
    ("unit", "ratio"), [("tiles/s", 2.0), ("ms", 0.5), ("s/tile", 0.5), ("B/fix", 0.5), ("points", 0.5)]
)
def test_a_ratio_above_one_is_always_in_our_favour(unit: str, ratio: float) -> None:
    assert summary([(4.0, 2.0)], unit)["ratio"] == ratio


def test_a_line_has_medians_of_both_sides_and_of_the_ratios_of_pairs() -> None:
    found = summary([(10, 10), (20, 10), (90, 10)], "tiles/s")
    assert (found["ours"], found["reference"], found["ratio"], found["n"]) == (20, 10, 2.0, 3)


def put(proc: Path, pid: int, parent: int, own: int, gone: int, name: str = "a (b) c") -> None:
    (proc / str(pid)).mkdir()
    words = ["S", str(parent), *["0"] * 9, str(own), "1", str(gone), "0", "20"]
    (proc / str(pid) / "stat").write_text(f"{pid} ({name}) {' '.join(words)}\n")


def test_processor_time_is_that_of_a_process_and_all_below_it(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("")
    put(tmp_path, 10, 1, own=100, gone=50)
    put(tmp_path, 11, 10, own=30, gone=0)
    put(tmp_path, 12, 11, own=7, gone=0)
    put(tmp_path, 99, 1, own=10_000, gone=0)
    assert cpu_s(10, tmp_path) * os.sysconf("SC_CLK_TCK") == 101 + 50 + 31 + 8


def test_work_of_this_process_is_seen_by_both_ways_of_asking() -> None:
    before = cpu_s(os.getpid()), run_s(os.getpid())
    while cpu_s(os.getpid()) == before[0]:
        sum(range(1000))
    assert run_s(os.getpid()) > before[1]


def test_equal_content_is_told_from_unequal() -> None:
    ours = {"1": {"covered": 12.5, "name": None}, "2": {"lines": [[1.0, 2.0]]}}
    assert differences(ours, {"2": {"lines": [[1.0, 2]]}, "1": {"name": None, "covered": 12.5 + 1e-12}}) == []
    assert differences(ours, {"1": ours["1"]}) == ["only ours: 2"]
    assert differences({}, {"3": 1}) == ["only theirs: 3"]
    for wrong in ({"covered": 12.5}, {"covered": 12.6, "name": None}, {"covered": 12.5, "name": ""}):
        assert len(differences(ours, {**ours, "1": wrong})) == 1


def test_a_bench_ends_where_the_two_sides_differ_or_are_empty() -> None:
    for pair in (({"1": 1}, {"1": 2}), ({}, {})):
        with pytest.raises(SystemExit):
            must_be_same(*pair)
    must_be_same({"1": 1}, {"1": 1})


def page(returned: int, *rels: str) -> dict[str, object]:
    shape = {"type": "LineString", "coordinates": [[114.12345678, 30.1]]}
    return {
        "numberMatched": 3, "numberReturned": returned, "timeStamp": "2026-11-24T12:00:00Z",
        "links": [{"rel": rel, "href": f"http://x/items?{rel}"} for rel in rels],
        "features": [{"id": 7, "geometry": shape, "properties": {"name": "街"}}],
    }  # fmt: skip


def test_counts_and_links_are_part_of_the_content() -> None:
    here = content([page(2, "self", "alternate", "collection", "next")])
    assert here["7"]["lines"] == [[114.1234568, 30.1]]
    assert here != content([page(2, "self", "alternate", "collection")])
    assert here != content([page(3, "self", "alternate", "collection", "next")])
    assert here != content([page(2, "self", "next")])


def test_lines_are_chosen_by_how_their_names_begin() -> None:
    bench = Bench((Line("tiles.cached.p95", "ms", ""), Line("tiles.unchanged.p95", "ms", "")), lambda _: ())
    assert is_wanted(bench, []) and is_wanted(bench, ["sync", "tiles.un"])
    assert not is_wanted(bench, ["coverage"])
