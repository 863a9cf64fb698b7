"""How points, hours and hard shifts are spread: over the members of a team, over kinds of shifts. And a ranking of
those who said yes. Pure, as rules.py is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Literal

from app.hotspots.rules import gini

# Below so many members one month's Gini says next to nothing.
FEW = 8
Daypart = Literal["day", "evening", "night"]
SLOTS: tuple[tuple[str, bool], ...] = (
    ("day", False), ("evening", False), ("night", False), ("day", True), ("evening", True), ("night", True),
)  # fmt: skip
EVENING_FROM, NIGHT_FROM, NIGHT_TO = time(18), time(22), time(6)


# --- over members ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spread:
    """`gini` 0: all have as much; (n − 1)/n, which is `most`: one has all. `corrected` is n/(n − 1) times that, so that
    1 is one who has all, however small the team. None where there is nothing to share or nobody to share with."""

    n: int
    total: float
    gini: float | None
    most: float
    corrected: float | None

    @property
    def is_small(self) -> bool:
        return self.n < FEW


def spread_of(values: Sequence[float]) -> Spread:
    """Values below nothing (what was taken back weighs more than what came) count as nothing."""
    shares = [max(0.0, value) for value in values]
    n, total = len(shares), sum(shares)
    most = (n - 1) / n if n else 0.0
    if n < 2 or total <= 0:
        return Spread(n, total, None, most, None)
    found = min(most, max(0.0, gini(shares)))
    return Spread(n, total, found, most, found / most)


def lorenz(values: Sequence[float]) -> list[tuple[float, float]]:
    """From (0, 0) to (1, 1): the share of members, those with the least first, and the share that they have."""
    shares = sorted(max(0.0, value) for value in values)
    total, n, held = sum(shares), len(shares), 0.0
    points = [(0.0, 0.0)]
    for i, share in enumerate(shares, 1):
        held += share
        points.append((i / n, held / total if total else i / n))
    return points


# --- over kinds of shifts -------------------------------------------------------------------------


@dataclass(frozen=True)
class Paid:
    """A duty as it was paid: half points in all, minutes that were credited, and when it was, by the clock there."""

    person_id: int
    half: int
    minutes: int
    middle: datetime
    is_hard: bool = False

    @property
    def slot(self) -> tuple[str, bool]:
        return daypart_of(self.middle), self.middle.weekday() >= 5


def daypart_of(local: datetime) -> Daypart:
    at = local.time()
    if at >= NIGHT_FROM or at < NIGHT_TO:
        return "night"
    return "evening" if at >= EVENING_FROM else "day"


@dataclass(frozen=True)
class Value:
    """What an hour of a kind of shift was worth; None where there was none."""

    slot: tuple[str, bool]
    duties: int
    minutes: int
    half: int

    @property
    def points_an_hour(self) -> float | None:
        return 30 * self.half / self.minutes if self.minutes else None


def values_of(paid: Iterable[Paid]) -> list[Value]:
    """One of each slot, in their order."""
    by_slot: dict[tuple[str, bool], list[Paid]] = defaultdict(list)
    for one in paid:
        by_slot[one.slot].append(one)
    return [
        Value(slot, len(by_slot[slot]), sum(p.minutes for p in by_slot[slot]), sum(p.half for p in by_slot[slot]))
        for slot in SLOTS
    ]  # fmt: skip


def dearest(values: Iterable[Value]) -> float | None:
    """How many times as much an hour of the best paid kind is worth as one of the least paid."""
    each = [value.points_an_hour for value in values if value.points_an_hour]
    return max(each) / min(each) if len(each) > 1 else None


@dataclass(frozen=True)
class Share:
    """A member's part: places offered (planned, given away or taken), duties done, of these at night, on weekends, and
    on shifts that were hard to fill; half points and credited minutes."""

    person_id: int
    offered: int = 0
    done: int = 0
    night: int = 0
    weekend: int = 0
    hard: int = 0
    half: int = 0
    minutes: int = 0

    @property
    def points(self) -> int:
        return max(0, self.half) // 2


def shares_of(
    people: Iterable[int], paid: Sequence[Paid], offered: Mapping[int, int], half: Mapping[int, int]
) -> list[Share]:
    """`half` is what each earned in the month in all, with what hangs on no duty."""
    night = Counter(p.person_id for p in paid if p.slot[0] == "night")
    weekend = Counter(p.person_id for p in paid if p.slot[1])
    hard = Counter(p.person_id for p in paid if p.is_hard)
    done = Counter(p.person_id for p in paid)
    minutes: Counter[int] = Counter()
    for one in paid:
        minutes[one.person_id] += one.minutes
    return [
        Share(w, offered.get(w, 0), done[w], night[w], weekend[w], hard[w], half.get(w, 0), minutes[w])
        for w in people
    ]


# --- a ranking of those who said yes --------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    person_id: int
    name: str
    value: float
    rank: int = 0


@dataclass(frozen=True)
class Ranking:
    """`few`: there is none, since fewer said yes than a ranking needs. No number tells of anybody else."""

    entries: tuple[Entry, ...] = field(default=())
    few: bool = False


def rank(entries: Iterable[Entry], least: int) -> Ranking:
    """Alike share a rank and the next follows without a gap, so that nobody is seen to be missing."""
    shown = sorted(entries, key=lambda e: (-e.value, e.name, e.person_id))
    if len(shown) < least:
        return Ranking(few=True)
    steps = sorted({e.value for e in shown}, reverse=True)
    return Ranking(tuple(Entry(e.person_id, e.name, e.value, steps.index(e.value) + 1) for e in shown))
