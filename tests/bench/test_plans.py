"""What holds both sides of the planner's benches against the rules must find what breaks one. Nothing is measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.planning.puzzles import Limits, Member, Puzzle, Slot
from bench import planner
from bench.plans import Question, Week, cost, dealt_round, greedy, worth

# A line: the start, three stops a minute apart, the end a minute on. The dear one is the last.
LINE = [[abs(i - j) * 1.0 for j in range(5)] for i in range(5)]
WHOLE = (0.0, 10.0)
LINED = Question(Puzzle([0, 1, 2, 9, 0], LINE, [WHOLE] * 5, []), 10.0)


def test_a_beat_is_worth_what_its_stops_are() -> None:
    assert worth(LINED, (0, 1, 3, 4)) == 10
    assert worth(LINED, (0, 4)) == 0


@pytest.mark.parametrize("order", [(1, 2, 4), (0, 1, 2), (0, 1, 1, 4)])
def test_what_is_no_way_from_the_start_to_the_end_ends_the_bench(order: tuple[int, ...]) -> None:
    with pytest.raises(SystemExit):
        worth(LINED, order)


def test_what_comes_too_late_or_too_soon_again_ends_the_bench() -> None:
    with pytest.raises(SystemExit, match="too late"):
        worth(replace(LINED, limit=3.9), (0, 1, 2, 3, 4))
    early = Puzzle(LINED.puzzle.values, LINE, [WHOLE, WHOLE, (0.0, 1.0), WHOLE, WHOLE], [])
    with pytest.raises(SystemExit, match="too late at stop 2"):
        worth(replace(LINED, puzzle=early), (0, 1, 2, 4))
    apart = Puzzle(LINED.puzzle.values, LINE, [WHOLE] * 5, [(1, 2, 9.0)])
    with pytest.raises(SystemExit, match="too late at stop 4"):
        worth(replace(LINED, puzzle=apart), (0, 1, 2, 4))
    assert worth(replace(LINED, puzzle=apart, limit=10.0, is_timed=False), (0, 1, 2, 4)) == 3


def test_the_greedy_walk_keeps_the_rules_and_goes_where_a_minute_is_worth_most() -> None:
    order = greedy(LINED)
    assert order[:2] == [0, 3] and worth(LINED, order) == 12
    assert greedy(replace(LINED, limit=3.9)) == [0, 4]


WEEK = Week(
    [Member(1), Member(2), Member(3, barred=frozenset({1}))],
    [Slot(n, n * 1440, n * 1440 + 240, 2, 1, is_night=n > 4) for n in range(1, 8)],
    Limits(nights_a_week=2, most_a_week=5),
)


def crews(**planned: tuple[int, ...]) -> dict[int, tuple[int, ...]]:
    return {n: planned.get(f"s{n}", ()) for n in range(1, 8)}


def test_what_a_roster_leaves_empty_and_how_even_it_is() -> None:
    assert cost(WEEK, crews(s1=(1, 2), s5=(1, 3))) == (10, 4 + 1 + 1, 1 + 1)


@pytest.mark.parametrize(
    ("planned", "why"),
    [
        ({"s1": (1, 3)}, "away"),
        ({"s5": (1,), "s6": (1,), "s7": (1,)}, "too many"),
        ({"s1": (1, 2), "s2": (1, 2), "s3": (1, 2), "s4": (1, 2)}, "together too often"),
        ({"s1": (1, 1)}, "more people than places"),
        ({"s2": (1, 2, 3)}, "more people than places"),
    ],
)
def test_a_roster_that_breaks_a_rule_ends_the_bench(planned: dict[str, tuple[int, ...]], why: str) -> None:
    with pytest.raises(SystemExit, match=why):
        cost(WEEK, crews(**planned))


def test_too_little_rest_ends_the_bench_too() -> None:
    near = replace(WEEK, slots=[Slot(1, 0, 240, 2, 1), Slot(2, 800, 900, 2, 1)])
    with pytest.raises(SystemExit, match="rest"):
        cost(near, {1: (1,), 2: (1,)})


def test_dealing_round_keeps_the_rules() -> None:
    dealt = dealt_round(WEEK)
    assert cost(WEEK, dealt)[0] == sum(2 - len(crew) for crew in dealt.values())
    assert set(dealt[1]) == {1, 2} and 3 in dealt[2]
    two = dealt_round(replace(WEEK, members=WEEK.members[:2]))
    assert [len(two[n]) for n in range(1, 5)] == [2, 2, 2, 1]


@pytest.mark.parametrize(("ours", "theirs", "other"), [(True, False, 1), (False, True, 1), (True, True, 2)])
def test_answers_that_are_not_proved_or_not_the_same_are_compared_by_nobody(
    ours: bool, theirs: bool, other: int
) -> None:
    with pytest.raises(SystemExit):
        planner.must_be_proved(ours, theirs, 1, other)
    planner.must_be_proved(True, True, 1, 1)
