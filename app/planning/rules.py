"""How long a visit and a way take, what a week wants and what crews give: pure functions with known answers as tests.

Source: measures.md ("visit", "dosage"), docs/planning.md. A case is a crew's, so that two members who walk together
are one; a figure of fewer than three shifts is not shown, since it could tell of one crew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from app.coverage import rules as coverage
from app.coverage.rules import Policy, Range, RiskWindow, Visit

Grid = NDArray[np.float64]

# measured here; of the whole township where a place has too few; from the map; or the least that counts as a visit.
Basis = Literal["measured", "township", "estimated", "guideline"]
Pair = tuple[int, int]
LEAST_SHIFTS = 3
# Who comes later did not come straight.
LONGEST_WAY_MIN = 60.0
# Ways on foot are longer than the line between two places.
DETOUR = 1.3
# What lacks less than this in an hour is not worth naming.
LEAST_GAP = 0.05
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Stay:
    """Presence of one duty at a hotspot. `duty_id` and `shift_id` tell stays apart and leave this file only counted."""

    hotspot_id: int
    shift_id: int
    duty_id: int
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Case:
    """Minutes of one shift's crew."""

    shift_id: int
    minutes: float


@dataclass(frozen=True)
class Minutes:
    """The median, and the quartiles where it is measured; `n` cases behind it."""

    minutes: float
    n: int
    basis: Basis
    low: float | None = None
    high: float | None = None


def visits_by_hotspot(stays: Iterable[Stay], policy: Policy) -> dict[int, list[Case]]:
    """Minutes of the visits that qualify, each crew's for itself: its members together are one."""
    crews: dict[Pair, list[Stay]] = defaultdict(list)
    for stay in stays:
        crews[stay.hotspot_id, stay.shift_id].append(stay)
    found: dict[int, list[Case]] = defaultdict(list)
    for (hotspot_id, shift_id), own in crews.items():
        visits = coverage.visits([(s.start, s.end) for s in own], policy)
        found[hotspot_id] += [
            Case(shift_id, v.observed_min) for v in visits if coverage.is_qualified(v, policy)
        ]
    return dict(found)


def ways_by_pair(stays: Iterable[Stay], policy: Policy) -> dict[Pair, list[Case]]:
    """Minutes from the end of a visit to the next of the same duty, when that is at another hotspot.

    Both directions are one pair, (smaller id, larger id); a shift is one case, the median of its members' ways.
    """
    duties: dict[Pair, list[Stay]] = defaultdict(list)
    for stay in stays:
        duties[stay.shift_id, stay.duty_id].append(stay)
    ways: dict[tuple[Pair, int], list[float]] = defaultdict(list)
    for (shift_id, _), own in duties.items():
        for pair, minutes in _ways_of(own, policy):
            ways[pair, shift_id].append(minutes)
    found: dict[Pair, list[Case]] = defaultdict(list)
    for (pair, shift_id), each in ways.items():
        found[pair].append(Case(shift_id, float(np.median(each))))
    return dict(found)


def _ways_of(own: Sequence[Stay], policy: Policy) -> list[tuple[Pair, float]]:
    ids = {stay.hotspot_id for stay in own}
    rounds = [
        (i, v)
        for i in ids
        for v in coverage.visits([(s.start, s.end) for s in own if s.hotspot_id == i], policy)
    ]
    rounds.sort(key=lambda found: found[1].start)
    return [
        ((min(a, b), max(a, b)), between)
        for (a, before), (b, after) in pairwise(rounds)
        if a != b and (between := _minutes_between(before, after)) <= LONGEST_WAY_MIN
    ]


def _minutes_between(before: Visit, after: Visit) -> float:
    """Nothing where places overlap: who is in the next already has no way to go."""
    return max(0.0, (after.start - before.end) / MINUTE)


def measured(cases: Sequence[Case], basis: Basis = "measured") -> Minutes | None:
    """The median and quartiles; None of fewer than three shifts."""
    if len({case.shift_id for case in cases}) < LEAST_SHIFTS:
        return None
    low, middle, high = np.percentile([case.minutes for case in cases], (25, 50, 75)).tolist()
    return Minutes(middle, len(cases), basis, low, high)


def visit_minutes(cases: Sequence[Case], of_township: Minutes) -> Minutes:
    """Of a hotspot: its own where enough is known, else the township's."""
    return measured(cases) or of_township


def township_visit(cases: Sequence[Case], policy: Policy) -> Minutes:
    """Of all hotspots together; where even that is too little, the shortest visit that qualifies."""
    return measured(cases, "township") or Minutes(float(policy.visit_qualified_min), 0, "guideline")


def estimated_way(distance_m: float, policy: Policy) -> Minutes:
    """On foot: 1.3 times the line between the two middles, at 1.2 m/s (72 m a minute)."""
    return Minutes(distance_m * DETOUR / policy.walk_m_per_min, 0, "estimated")


# What a week wants, and what crews give ---------------------------------------------------------------------------


def week_slots(windows: Sequence[RiskWindow], monday: date, zone: str, policy: Policy) -> tuple[Range, ...]:
    """The two-hour slots that begin in the week from this Monday on. The weeks beside it are looked at too, so that a
    window over Sunday's midnight is cut as it is in every week."""
    week = timedelta(days=7)
    around = coverage.risk_slots(windows, monday - week, monday + 2 * week, zone, policy)
    tz = ZoneInfo(zone)
    return tuple(slot for slot in around if monday <= slot[0].astimezone(tz).date() < monday + week)


def pairs_of(people: int) -> int:
    """Two or three are one pair, four are two: nobody goes alone."""
    return people // 2


def pairs_out(spans: Iterable[Range]) -> list[tuple[Range, int]]:
    """When at least two of a crew were out at once, and how many pairs they were; one span a person and stretch."""
    change: Counter[datetime] = Counter()
    for start, end in spans:
        change[start] += 1
        change[end] -= 1
    people, found = 0, []
    for (at, by), (until, _) in pairwise(sorted(change.items())):
        people += by
        if pairs_of(people):
            found.append(((at, until), pairs_of(people)))
    return found


def whole_pairs(pairs: Grid) -> NDArray[np.int64]:
    """Pairs that must be out so that the need is met; what is left of sums is no pair."""
    return np.ceil(np.round(pairs, 6)).astype(np.int64)


@dataclass(frozen=True)
class Stretch:
    """Hours of one day of the week, one after the other, and the pair-hours that lack in them."""

    weekday: int
    from_hour: int
    to_hour: int
    missing: float


def stretches(gap: Grid) -> list[Stretch]:
    """Where more is needed than planned, what lacks most first."""
    found = []
    for weekday, row in enumerate(gap):
        lacks = np.concatenate(([False], row >= LEAST_GAP, [False]))
        edges = np.flatnonzero(lacks[1:] != lacks[:-1]).tolist()
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            found.append(Stretch(weekday, start, end, float(row[start:end].sum())))
    return sorted(found, key=lambda s: (-round(s.missing, 6), s.weekday, s.from_hour))


def nearest(hotspot_id: int, travel: Mapping[Pair, Minutes]) -> tuple[int, Minutes] | None:
    """The other hotspot with the shortest way, and the way; None where there is no other."""
    ways = [(minutes, b) for (a, b), minutes in travel.items() if a == hotspot_id]
    if not ways:
        return None
    minutes, other = min(ways, key=lambda way: (way[0].minutes, way[1]))
    return other, minutes
