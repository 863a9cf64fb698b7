"""Walks that are one and the same, phones in two hands, one person at two places. Pure, as rules.py is.

What is equal at once and to the last digit is held when it comes in (checkins: shared_coordinates). Here is what only a
month shows: to the metre, with one and the same delay, on whatever day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, groupby, pairwise

from app.checkins.rules import metres_between
from app.fairness.rules import Flag, Pair, Policy

# 1e-5 degrees are 1.1 m from south to north: what is within a metre lies in the same cell or one beside it.
CELL_E7 = 100
# Spots so far apart are different places; two phones located by one and the same mast are not.
SPOT_E7 = 2000
MOST_KMH = 9999


@dataclass(frozen=True)
class Tap:
    """A check-in with a position. `at_point`: on the very coordinates of its checkpoint, where everybody may be."""

    id: str
    duty_id: int
    person_id: int
    device_id: str
    at: datetime
    lon_e7: int
    lat_e7: int
    accuracy_m: int = 5
    is_timed: bool = True
    at_point: bool = False
    team_id: int | None = None


@dataclass(frozen=True)
class Match:
    """A tap of the one and a tap of the other within a metre, and the seconds between them."""

    a: Tap
    b: Tap
    delay_s: float


def same_walk(taps: Sequence[Tap], policy: Policy) -> list[Flag]:
    """Two duties, of two people or of one, with the same places to the metre at the same intervals to the second: sent
    twice, or a record given out as another's or as another day's."""
    per_duty: dict[int, int] = defaultdict(int)
    for tap in taps:
        per_duty[tap.duty_id] += 1
    found: dict[Pair, list[list[Match]]] = defaultdict(list)
    for (duty_a, duty_b), matches in _matches_by_duties(taps, policy).items():
        run = _longest_run(matches, policy)
        enough = policy.same_walk_percent * min(per_duty[duty_a], per_duty[duty_b])
        if (
            len(run) >= policy.same_walk_taps
            and 100 * len(run) >= enough
            and _spots(run) >= policy.same_walk_spots
        ):
            found[run[0].a.person_id, run[0].b.person_id].append(run)
    return [_walk_flag(pair, runs) for pair, runs in sorted(found.items())]


def _matches_by_duties(taps: Sequence[Tap], policy: Policy) -> dict[tuple[int, int], list[Match]]:
    """By the two duties, that of the person with the smaller id first."""
    cells: dict[tuple[int, int], list[Tap]] = defaultdict(list)
    for tap in taps:
        if not tap.at_point and tap.is_timed:
            cells[tap.lon_e7 // CELL_E7, tap.lat_e7 // CELL_E7].append(tap)
    found: dict[tuple[int, int], list[Match]] = defaultdict(list)
    for cell, here in cells.items():
        near = [tap for key in _around(cell, policy.same_m) for tap in cells.get(key, ())]
        for a in here:
            for b in near:
                if _may_be_copied(a, b) and _metres(a, b) <= policy.same_m:
                    found[a.duty_id, b.duty_id].append(Match(a, b, (b.at - a.at).total_seconds()))
    return found


def _may_be_copied(a: Tap, b: Tap) -> bool:
    """Each two taps once: of two people, or of two duties of one."""
    return a.person_id < b.person_id or (a.person_id == b.person_id and a.duty_id < b.duty_id)


def _around(cell: tuple[int, int], metres: float) -> Iterator[tuple[int, int]]:
    """Degrees of longitude are shorter the further north: at 53° N a metre is 1.5 cells."""
    north, east = int(metres / 1.1) + 1, int(metres / 0.65) + 1
    for x in range(-east, east + 1):
        for y in range(-north, north + 1):
            yield cell[0] + x, cell[1] + y


def _longest_run(matches: Sequence[Match], policy: Policy) -> list[Match]:
    """The most matches with one and the same delay, each tap once."""
    ordered = sorted(matches, key=lambda m: (m.delay_s, m.a.id, m.b.id))
    best: list[Match] = []
    start = 0
    for end, match in enumerate(ordered):
        while match.delay_s - ordered[start].delay_s > policy.same_s:
            start += 1
        if end - start + 1 > len(best):
            run = _each_once(ordered[start : end + 1])
            best = max(best, run, key=len)
    return best


def _each_once(matches: Iterable[Match]) -> list[Match]:
    taken: set[str] = set()
    kept = []
    for match in matches:
        if not {match.a.id, match.b.id} & taken:
            taken |= {match.a.id, match.b.id}
            kept.append(match)
    return kept


def _spots(run: Iterable[Match]) -> int:
    return len({(m.a.lon_e7 // SPOT_E7, m.a.lat_e7 // SPOT_E7) for m in run})


def _walk_flag(pair: Pair, runs: Sequence[Sequence[Match]]) -> Flag:
    matches = [m for run in runs for m in run]
    duties = {d for m in matches for d in (m.a.duty_id, m.b.duty_id)}
    ids = {i for m in matches for i in (m.a.id, m.b.id)}
    figures = {
        "taps": len(matches), "walks": len(runs), "spots": max(_spots(run) for run in runs),
        "delay_min": round(min(abs(m.delay_s) for m in matches) / 60),
    }  # fmt: skip
    team = matches[0].a.team_id
    people = tuple(sorted(set(pair)))
    return Flag("same_walk", people, len(matches), figures, team, tuple(sorted(duties)), tuple(sorted(ids)))


# --- one phone, two people ------------------------------------------------------------------------


def shared_phone(taps: Iterable[Tap], policy: Policy) -> list[Flag]:
    """Check-ins of two people from one phone in turns: A, B and A again within half an hour each, however many each of
    them makes at a turn and whoever else uses the phone. One that is handed on from shift to shift is not it."""
    found: dict[Pair, list[Tap]] = defaultdict(list)
    times: dict[Pair, int] = defaultdict(int)
    for own in _by_device(taps).values():
        for pair in combinations(sorted({tap.person_id for tap in own}), 2):
            turns = _turns(tap for tap in own if tap.person_id in pair)
            for before, turn, after in zip(turns, turns[1:], turns[2:], strict=False):
                if _minutes(before[-1], after[0]) <= 2 * policy.shared_phone_min:
                    found[pair] += [before[-1], *turn, after[0]]
                    times[pair] += 1
    return [
        _taps_flag("shared_phone", pair, times[pair], {"times": times[pair]}, own)
        for pair, own in sorted(found.items())
        if times[pair] >= policy.shared_phone_times
    ]


def _turns(taps: Iterable[Tap]) -> list[list[Tap]]:
    """Taps of one and the same person, as long as nobody else's lies between."""
    return [list(turn) for _, turn in groupby(taps, key=lambda tap: tap.person_id)]


def _by_device(taps: Iterable[Tap]) -> dict[str, list[Tap]]:
    found: dict[str, list[Tap]] = defaultdict(list)
    for tap in sorted(taps, key=lambda t: (t.at, t.id)):
        found[tap.device_id].append(tap)
    return found


# --- one person, two places -----------------------------------------------------------------------


def two_places(taps: Iterable[Tap], policy: Policy) -> list[Flag]:
    """One person at two places, from duty to duty or from phone to phone, faster than anybody drives. Within one duty
    it is held when it comes in (impossible_speed)."""
    found: dict[int, list[tuple[Tap, Tap]]] = defaultdict(list)
    by_person: dict[int, list[Tap]] = defaultdict(list)
    for tap in sorted(taps, key=lambda t: (t.at, t.id)):
        if tap.is_timed:
            by_person[tap.person_id].append(tap)
    for who, own in by_person.items():
        for a, b in pairwise(own):
            if (a.duty_id, a.device_id) != (b.duty_id, b.device_id) and _is_too_fast(a, b, policy):
                found[who].append((a, b))
    return [_places_flag(who, steps) for who, steps in sorted(found.items())]


def _is_too_fast(a: Tap, b: Tap, policy: Policy) -> bool:
    return _clear_metres(a, b) >= policy.two_places_m and _kmh(a, b) > policy.two_places_kmh


def _places_flag(who: int, steps: Sequence[tuple[Tap, Tap]]) -> Flag:
    fastest = max(steps, key=lambda step: _kmh(*step))
    figures = {
        "times": len(steps), "metres": round(_clear_metres(*fastest)), "minutes": round(_minutes(*fastest)),
        "kmh": min(MOST_KMH, round(_kmh(*fastest))),
    }  # fmt: skip
    return _taps_flag("two_places", (who,), len(steps), figures, [tap for step in steps for tap in step])


def _taps_flag(
    kind: str, people: tuple[int, ...], weight: int, figures: dict[str, int], taps: Sequence[Tap]
) -> Flag:
    duties = tuple(sorted({tap.duty_id for tap in taps}))
    return Flag(kind, people, weight, figures, taps[0].team_id, duties, tuple(sorted({t.id for t in taps})))


def _minutes(a: Tap, b: Tap) -> float:
    return abs((b.at - a.at).total_seconds()) / 60


def _metres(a: Tap, b: Tap) -> float:
    return metres_between(a.lon_e7, a.lat_e7, b.lon_e7, b.lat_e7)


def _clear_metres(a: Tap, b: Tap) -> float:
    """After what each position may be off."""
    return max(0.0, _metres(a, b) - a.accuracy_m - b.accuracy_m)


def _kmh(a: Tap, b: Tap) -> float:
    return _clear_metres(a, b) / max(1.0, abs((b.at - a.at).total_seconds())) * 3.6
