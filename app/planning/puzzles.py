"""What is asked of the solver and what it answers: values and nothing else, for the worker and everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

# Between the beginnings of two visits to one place, whoever makes them: as for points, a visit at once after another
# is no second one.
APART_MIN = 45.0


@dataclass(frozen=True)
class Chance:
    """A two-hour slot of a hotspot inside a shift: a visit that begins between two minutes of the shift serves it.
    `missed`: in how many of the last weeks nobody did."""

    hotspot_id: int
    value: int
    missed: int
    opens_min: float
    closes_min: float


@dataclass(frozen=True)
class Puzzle:
    """What `solving.best_beat` is asked: stop 0 is the start; the last is the end, at no distance from anywhere; stop
    n + 1 is the n-th chance."""

    values: list[int]
    minutes: list[list[float]]
    windows: list[tuple[float, float]]
    apart: list[tuple[int, int, float]]

    @property
    def end(self) -> int:
        return len(self.values) - 1


def puzzle_of(
    chances: Sequence[Chance],
    limit: float,
    first_way: Callable[[int], float],
    stay: Callable[[int], float],
    way: Callable[[int, int], float],
) -> Puzzle:
    """`first_way` answers minutes from the start to a hotspot, `stay` and `way` at one and between two of them."""
    places = [chance.hotspot_id for chance in chances]
    legs = [[stay(a) + (way(a, b) if a != b else 0.0) for b in places] for a in places]
    minutes = [[0.0, *(first_way(place) for place in places), 0.0]]
    minutes += [[0.0, *row, stay(a)] for a, row in zip(places, legs, strict=True)]
    minutes.append([0.0] * (len(places) + 2))
    whole = (0.0, limit)
    twice = [(i, j) for i, a in enumerate(places, 1) for j, b in enumerate(places, 1) if i < j and a == b]
    return Puzzle(
        [0, *(chance.value for chance in chances), 0], minutes,
        [whole, *((chance.opens_min, chance.closes_min) for chance in chances), whole],
        [(i, j, APART_MIN) for i, j in twice],
    )  # fmt: skip


def left_after(chances: Iterable[Chance], taken: Mapping[int, tuple[Chance, float]]) -> list[Chance]:
    """The chances that a pair leaves to the next: `taken` are those it serves, by position, with the minute of its
    visit. Other slots of a place stay, but not within three quarters of an hour of that visit."""
    left = []
    for n, chance in enumerate(chances):
        if n in taken:
            continue
        for served, at in taken.values():
            if served.hotspot_id == chance.hotspot_id:
                chance = clear_of(chance, at)
        if chance.opens_min <= chance.closes_min:
            left.append(chance)
    return left


def clear_of(chance: Chance, at_min: float) -> Chance:
    """The longer part of the chance, before or after a visit."""
    before = replace(chance, closes_min=min(chance.closes_min, at_min - APART_MIN))
    after = replace(chance, opens_min=max(chance.opens_min, at_min + APART_MIN))
    return max(before, after, key=lambda one: one.closes_min - one.opens_min)


@dataclass(frozen=True)
class Beat:
    """The stops in their order, from start to end, with the earliest minute of each; `proved`: none is worth more."""

    order: tuple[int, ...]
    at_min: tuple[float, ...]
    value: int
    proved: bool


# --- rosters ------------------------------------------------------------------------------------------------------

# What may keep a place empty; the rules are those of duty-incentives.md ("Duty rules").
RULES = ("barred", "most_a_week", "longest", "rest", "nights", "same_pair")


@dataclass(frozen=True)
class Slot:
    """A planned shift in minutes from any one instant; `crew` is on it already, `places` are to be filled. `week` is
    any number that its week has and no other."""

    id: int
    start: int
    end: int
    places: int
    week: int
    is_night: bool = False
    crew: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Member:
    """`barred`: shifts that are not for this person (away, booked, not insured); `nights` elsewhere, by week."""

    id: int
    barred: frozenset[int] = frozenset()
    nights: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """None: no limit. Nights and the longest shift limit volunteers; shifts a week are what a leader sets."""

    rest_min: int = 660
    pair_in_a_row: int = 3
    nights_a_week: int | None = None
    longest_min: int | None = None
    most_a_week: int | None = None


@dataclass(frozen=True)
class Roster:
    """New people by shift; how many places stay `empty` by shift, and `why`: the rules of which each alone stands in
    the way, or `several`, or `too_few` when no rule does. `proved`: none is fuller, and of those none is more even."""

    crews: dict[int, tuple[int, ...]]
    empty: dict[int, int]
    why: tuple[str, ...]
    proved: bool


def too_often(
    members: Sequence[Member], slots: Sequence[Slot], found: Roster, most: int
) -> set[tuple[int, int]]:
    """The pairs that a roster puts together more than so many times in a row. A shift of only one of the two begins
    the count anew; what is planned already, before and after, is counted and never blamed by itself."""
    ordered = sorted(slots, key=lambda slot: (slot.start, slot.id))
    crews = [(slot.crew, slot.crew | set(found.crews.get(slot.id, ()))) for slot in ordered]
    return {(a.id, b.id) for a, b in combinations(members, 2) if _longest_new_run(a.id, b.id, crews) > most}


def _longest_new_run(a: int, b: int, crews: Sequence[tuple[frozenset[int], frozenset[int]]]) -> int:
    """How often in a row at most, of the rows that hold something new."""
    run, is_new, longest = 0, False, 0
    for planned, crew in crews:
        if a in crew and b in crew:
            run, is_new = run + 1, is_new or not {a, b} <= planned
            longest = max(longest, run if is_new else 0)
        elif a in crew or b in crew:
            run, is_new = 0, False
    return longest
