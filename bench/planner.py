"""The planner's answers beside others: beats beside the best that is published, a greedy walk and HiGHS; rosters beside
dealing round and HiGHS. Before anything counts, every answer is held against the rules by code of its own here.

Seconds are of the processor, to the proved best; each side builds its model in them, and neither loads its library.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from app.planning import solving
from app.planning.puzzles import Chance, Limits, Member, Puzzle, Slot, puzzle_of
from bench.figures import Bench, Line, Pair
from bench.plans import Question, Week, cost, dealt_round, greedy, worth
from bench.town import PEERS, ROOT

# Tsiligirides 1984, set 2: the first line is the start, the last the end; x, y, score. Its best results by Tmax.
SHARED = Path(os.environ.get("XUNFANG_SHARED", ROOT.parent / "shared"))
SET_2 = SHARED / "data" / "op" / "tsiligirides2.txt"
BEST = {
    15: 120, 20: 200, 23: 210, 25: 230, 27: 230, 30: 265, 32: 300, 35: 320, 38: 360, 40: 395, 45: 450,
}  # fmt: skip
EVENINGS = 4


@dataclass
class Planner:
    """The questions, the same in every round, and the other side waiting for them."""

    peer: subprocess.Popen[str]
    set_2: list[Question]
    evenings: list[Question]
    weeks: list[Week]

    def theirs(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        assert self.peer.stdin and self.peer.stdout
        self.peer.stdin.write(json.dumps(asked) + "\n")
        self.peer.stdin.flush()
        answer = self.peer.stdout.readline()
        if not answer:
            raise SystemExit("✗ HiGHS gave no answer")
        return json.loads(answer)  # type: ignore[no-any-return]


@contextmanager
def planner() -> Iterator[Planner]:
    command = [str(PEERS / "python"), str(ROOT / "bench/theirs/planner.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peer:
        try:
            evenings = [evening(Random(seed)) for seed in range(EVENINGS)]
            weeks = [week(Random(seed), *of) for of in WEEKS for seed in range(2)]
            yield Planner(peer, set_2() if SET_2.exists() else [], evenings, weeks)
        finally:
            peer.terminate()


# --- the questions ------------------------------------------------------------------------------------------------


def set_2() -> list[Question]:
    rows = [tuple(map(float, line.split())) for line in SET_2.read_text().splitlines() if line.strip()]
    minutes = [[math.dist(a[:2], b[:2]) for b in rows] for a in rows]
    values = [int(row[2]) for row in rows]
    return [
        Question(Puzzle(values, minutes, [(0.0, limit)] * len(rows), []), limit, best, is_timed=False)
        for limit, best in BEST.items()
    ]


def evening(draw: Random, places: int = 12, limit: float = 180.0) -> Question:
    """Places in a square of 2 km with one or two slots in three hours, as `beats.needs_of` finds them."""
    at = [(draw.uniform(0, 2000), draw.uniform(0, 2000)) for _ in range(places)]
    start = (draw.uniform(0, 2000), draw.uniform(0, 2000))
    stays = [draw.uniform(10, 20) for _ in range(places)]
    chances = []
    for place in range(places):
        edge = draw.choice((0.0, 60.0, 120.0, 180.0))
        value = 100 * draw.randint(1, 5)
        slots = [
            (max(0.0, a), min(limit, b) - stays[place]) for a, b in ((edge - 120, edge), (edge, edge + 120))
        ]
        chances += [Chance(place, value, 0, opens, closes) for opens, closes in slots if opens <= closes]

    def way(a: tuple[float, float], b: tuple[float, float]) -> float:
        return math.dist(a, b) * 1.3 / 72

    return Question(
        puzzle_of(
            chances, limit, lambda i: way(start, at[i]), stays.__getitem__, lambda i, j: way(at[i], at[j])
        ),
        limit,
    )


# Members, people a shift, the share of shifts on which somebody is away, most shifts each; whether they are volunteers.
WEEKS = ((24, 3, 0.5, 3, True), (16, 3, 0.6, 5, True), (8, 3, 0.3, 7, False), (6, 2, 0.3, 7, False))
HOURS = ((480, 720), (840, 1080), (1200, 1440))


def week(draw: Random, members: int, places: int, away: float, most: int, volunteers: bool) -> Week:
    """Three shifts a day, the last of them a night. The first two teams can fill them, the last two seldom can."""
    slots = [
        Slot(3 * day + n, day * 1440 + start, day * 1440 + end, places, 1, n == 2)
        for day in range(7)
        for n, (start, end) in enumerate(HOURS)
    ]
    people = [
        Member(i, frozenset(slot.id for slot in slots if draw.random() < away)) for i in range(1, members + 1)
    ]
    return Week(people, slots, Limits(nights_a_week=2 if volunteers else None, most_a_week=most))


# --- beats --------------------------------------------------------------------------------------------------------


def seconds(do: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.process_time()
    found = do()
    return time.process_time() - begun, found


def our_beat(question: Question) -> tuple[float, Any]:
    p = question.puzzle
    windows = p.windows if question.is_timed else None
    return seconds(lambda: solving.best_beat(p.values, p.minutes, question.limit, 0, p.end, windows, p.apart))


@dataclass
class Walked:
    """What the beats of one side are worth together, and the seconds to prove it."""

    value: int = 0
    seconds: float = 0.0


def walked(ground: Planner, questions: Sequence[Question]) -> tuple[Walked, Walked]:
    """(ours, HiGHS's); it ends here where one side is not proved or they differ."""
    mine, theirs = Walked(), Walked()
    for question in questions:
        took, beat = our_beat(question)
        answer = ground.theirs(question.asked())
        values = worth(question, beat.order), worth(question, answer["order"])
        must_be_proved(beat.proved, answer["proved"], *values)
        mine.value, mine.seconds = mine.value + values[0], mine.seconds + took
        theirs.value, theirs.seconds = theirs.value + values[1], theirs.seconds + answer["seconds"]
    return mine, theirs


def must_be_proved(ours: bool, theirs: bool, mine: object, other: object) -> None:
    if not (ours and theirs):
        raise SystemExit(f"✗ not proved within the work given: ours {ours}, HiGHS {theirs}")
    if mine != other:
        raise SystemExit(f"✗ two proved answers that differ: {mine} and {other}")


def set_2_beats(ground: Planner) -> tuple[Pair, Pair]:
    mine, theirs = walked(ground, ground.set_2)
    best = sum(question.best or 0 for question in ground.set_2)
    return (mine.value, best), (mine.seconds, theirs.seconds)


def evening_beats(ground: Planner) -> tuple[Pair, Pair]:
    mine, theirs = walked(ground, ground.evenings)
    plain = sum(worth(question, greedy(question)) for question in ground.evenings)
    return (mine.value, plain), (mine.seconds, theirs.seconds)


# --- rosters ------------------------------------------------------------------------------------------------------


def rosters(ground: Planner) -> tuple[Pair, Pair]:
    """Seconds beside HiGHS; places filled beside dealing round."""
    mine_s = theirs_s = 0.0
    filled = dealt = 0
    for one in ground.weeks:
        # What is empty is not explained here: that asks the same again without each of the rules.
        took, found = seconds(
            lambda one=one: solving._filled(one.members, one.slots, one.limits, solving.WORK)
        )
        answer = ground.theirs(one.asked())
        mine = cost(one, {slot.id: found.crews.get(slot.id, ()) for slot in one.slots})
        must_be_proved(found.proved, answer["proved"], mine, cost(one, dict(answer["crews"] or [])))
        places = sum(slot.places for slot in one.slots)
        filled, dealt = filled + places - mine[0], dealt + places - cost(one, dealt_round(one))[0]
        mine_s, theirs_s = mine_s + took, theirs_s + answer["seconds"]
    return (mine_s, theirs_s), (filled, dealt)


HIGHS = "HiGHS (scipy.optimize.milp) to the same proved best, the model built included, one process each"
ROSTERS = Bench(
    (
        Line("planner.roster", "s", f"{HIGHS}: 8 weeks"),
        Line("planner.roster.places", "places", "dealing round: whoever may and has fewest shifts is next"),
    ),
    rosters,
)
SET_2_BEATS = Bench(
    (
        Line("planner.routes", "score", "the published best of Tsiligirides' set 2, eleven limits together"),
        Line("planner.routes.set_2", "s", f"{HIGHS}: set 2, eleven limits"),
    ),
    set_2_beats,
)
EVENING_BEATS = Bench(
    (
        Line("planner.routes.greedy", "value", "a greedy walk: always on to what is worth most a minute"),
        Line("planner.routes.evenings", "s", f"{HIGHS}: 4 evenings with risk windows"),
    ),
    evening_beats,
)
BENCHES = (ROSTERS, *([SET_2_BEATS] if SET_2.exists() else []), EVENING_BEATS)
