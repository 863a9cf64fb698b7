"""What is asked of the planner in the bench, whether an answer keeps the rules, and what a plain hand would answer.

Written for the bench alone, with nothing of the solver's: it holds both sides against the same rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from app.planning.puzzles import Limits, Member, Puzzle, Slot

SLACK = 1e-4  # minutes: our ticks and the other side's tolerances


@dataclass(frozen=True)
class Question:
    """A beat that is asked for; stop 0 is the start, the last the end. `best` is published."""

    puzzle: Puzzle
    limit: float
    best: int | None = None
    is_timed: bool = True

    def asked(self) -> dict[str, Any]:
        p = self.puzzle
        windows = p.windows if self.is_timed else None
        return {"kind": "beat", "values": p.values, "minutes": p.minutes, "limit": self.limit, "windows": windows,
                "apart": p.apart}  # fmt: skip


@dataclass(frozen=True)
class Week:
    members: list[Member]
    slots: list[Slot]
    limits: Limits

    def asked(self) -> dict[str, Any]:
        limits = {name: getattr(self.limits, name) for name in
                  ("rest_min", "pair_in_a_row", "nights_a_week", "most_a_week")}  # fmt: skip
        slots = [
            {name: getattr(s, name) for name in ("id", "start", "end", "places", "is_night")}
            for s in self.slots
        ]
        members = [{"id": m.id, "barred": sorted(m.barred)} for m in self.members]
        return {"kind": "roster", "members": members, "slots": slots, "limits": limits}


# --- beats --------------------------------------------------------------------------------------------------------


def worth(question: Question, order: Sequence[int]) -> int:
    """What a beat is worth; it ends here where one breaks a rule."""
    p, at, begun = question.puzzle, 0.0, {0: 0.0}
    if order[0] != 0 or order[-1] != p.end or len(set(order)) != len(order):
        raise SystemExit(f"✗ no beat from the start to the end: {order}")
    for i, j in pairwise(order):
        at += p.minutes[i][j]
        if question.is_timed:
            rests = [
                begun[a] + least
                for x, y, least in p.apart
                for a, b in ((x, y), (y, x))
                if b == j and a in begun
            ]
            at = max(at, p.windows[j][0], *rests)
        if at > min(question.limit, p.windows[j][1]) + SLACK:
            raise SystemExit(f"✗ too late at stop {j}: {at} in {order}")
        begun[j] = at
    return sum(p.values[i] for i in order)


def greedy(question: Question) -> list[int]:
    """From where one stands always on to what is worth most a minute, as long as the end is reached in time."""
    order = [0]
    while True:
        fits = [(gain, i) for i in range(1, question.puzzle.end) if i not in order
                and (gain := _gain(question, [*order, i])) is not None]  # fmt: skip
        if not fits:
            return [*order, question.puzzle.end]
        order.append(max(fits)[1])


def _gain(question: Question, order: Sequence[int]) -> float | None:
    p = question.puzzle
    before, after = _arrival(question, order[:-1]), _arrival(question, order)
    if before is None or after is None or after + p.minutes[order[-1]][p.end] > question.limit:
        return None
    return p.values[order[-1]] / max(1e-9, after - before)


def _arrival(question: Question, order: Sequence[int]) -> float | None:
    """When the last of these begins; None where one comes too late."""
    p, at, begun = question.puzzle, 0.0, {0: 0.0}
    for i, j in pairwise(order):
        rests = [
            begun[a] + least for x, y, least in p.apart for a, b in ((x, y), (y, x)) if b == j and a in begun
        ]
        opens, closes = p.windows[j]
        at = max(at + p.minutes[i][j], opens, *rests)
        if at > min(closes, question.limit):
            return None
        begun[j] = at
    return at


# --- rosters ------------------------------------------------------------------------------------------------------

Crews = Mapping[int, Sequence[int]]


def cost(week: Week, crews: Crews) -> tuple[int, int, int]:
    """(places that stay empty, squares of shifts each, squares of nights each); it ends here where a rule is broken."""
    for member in week.members:
        fault = next(_faults(week, member, crews), None)
        if fault:
            raise SystemExit(f"✗ a roster breaks a rule: {fault} for {member.id}")
    for a, b in combinations([m.id for m in week.members], 2):
        if longest_row(week, crews, a, b) > week.limits.pair_in_a_row:
            raise SystemExit(f"✗ a roster has {a} and {b} together too often")
    if any(len(set(crews[s.id])) != len(crews[s.id]) or len(crews[s.id]) > s.places for s in week.slots):
        raise SystemExit("✗ a roster has more people than places")
    each = [_mine(week, member, crews) for member in week.members]
    return (
        sum(slot.places - len(crews[slot.id]) for slot in week.slots),
        sum(len(mine) ** 2 for mine in each),
        sum(sum(slot.is_night for slot in mine) ** 2 for mine in each),
    )


def _mine(week: Week, member: Member, crews: Crews) -> list[Slot]:
    return [slot for slot in week.slots if member.id in crews[slot.id]]


def _faults(week: Week, member: Member, crews: Crews) -> Iterator[str]:
    mine, limits = _mine(week, member, crews), week.limits
    assert limits.most_a_week is not None
    if member.barred & {slot.id for slot in mine}:
        yield "away"
    if any(b.start < a.end + limits.rest_min for a, b in pairwise(mine)):
        yield "rest"
    nights = 7 if limits.nights_a_week is None else limits.nights_a_week
    if len(mine) > limits.most_a_week or sum(slot.is_night for slot in mine) > nights:
        yield "too many"


def longest_row(week: Week, crews: Crews, a: int, b: int) -> int:
    row = longest = 0
    for slot in week.slots:
        on = {a, b} & set(crews[slot.id])
        row = row + 1 if len(on) == 2 else row if not on else 0
        longest = max(longest, row)
    return longest


def dealt_round(week: Week) -> dict[int, list[int]]:
    """Shift by shift, whoever may and has fewest shifts, then fewest nights, is next: as a careful leader would."""
    crews: dict[int, list[int]] = {slot.id: [] for slot in week.slots}
    for slot in week.slots:
        for _ in range(slot.places):
            fits = [m for m in week.members if m.id not in crews[slot.id] and _fits(week, m, slot, crews)]
            if fits:
                crews[slot.id].append(min(fits, key=lambda m: _load(week, m, crews)).id)
    return crews


def _load(week: Week, member: Member, crews: Crews) -> tuple[int, int, int]:
    mine = _mine(week, member, crews)
    return len(mine), sum(slot.is_night for slot in mine), member.id


def _fits(week: Week, member: Member, slot: Slot, crews: Crews) -> bool:
    tried = {**crews, slot.id: [*crews[slot.id], member.id]}
    rows = [longest_row(week, tried, member.id, mate) for mate in crews[slot.id]]
    return not any(_faults(week, member, tried)) and max(rows, default=0) <= week.limits.pair_in_a_row
