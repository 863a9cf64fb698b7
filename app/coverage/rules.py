"""Measures of coverage: pure functions of presence, each with its known answer as a test.

Source: measures.md (definitions, units and known answers), decisions.md ("Presence"). Presence is given as half-open
ranges or instants of aware datetimes; results are minutes, metres or shares from 0 to 1 as the names say.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Point = TypeVar("Point", float, datetime)
Range = tuple[datetime, datetime]
Grade = Literal["track", "pair", "single", "declared"]
MergedGrade = Literal["track", "pair", "single", "declared", "mixed"]

# Strongest first.
GRADES: tuple[Grade, ...] = ("track", "pair", "single", "declared")
ZERO = timedelta()


@dataclass(frozen=True)
class Policy:
    """Numbers of measures.md; names carry the unit."""

    merge_gap_s: int = 120
    visit_min_s: int = 180
    visit_qualified_min: int = 10
    visit_credit_min: int = 20
    slot_min: int = 120
    slot_rest_min: int = 60
    max_idle_min: int = 120
    worst_gap_min: int = 150
    cell_min: float = 5
    cell_street_m: float = 50
    walk_m_per_min: float = 72
    punctual_min: int = 10
    fresh_days: tuple[int, ...] = (1, 3, 7, 14)
    few_incidents: int = 40


@dataclass(frozen=True)
class Visit:
    """One visit to a hotspot: from its first to its last observed moment, and the minutes observed between."""

    start: datetime
    end: datetime
    observed_min: float


@dataclass(frozen=True)
class Dosage:
    """Visits of a period together: how many, how many qualify, minutes observed and credited."""

    visits: int
    qualified: int
    observed_min: float
    credited_min: float


@dataclass(frozen=True)
class RiskWindow:
    """When a hotspot wants presence: weekday (Monday 0), local minutes of the day; `to_min` <= `from_min` is past
    midnight and belongs to the day it starts on."""

    weekday: int
    from_min: int
    to_min: int


@dataclass(frozen=True)
class Idleness:
    """Minutes without presence in a period: the mean over time, the worst gap, all gaps in order."""

    mean_min: float
    worst_min: float
    gaps_min: tuple[float, ...]


def policy_from(mapping: Mapping[str, Any]) -> Policy:
    """A Policy from a stored mapping; keys it does not know are ignored."""
    known = {field.name for field in fields(Policy)}
    values: dict[str, Any] = {key: value for key, value in mapping.items() if key in known}
    if "fresh_days" in values:
        values["fresh_days"] = tuple(values["fresh_days"])
    return Policy(**values)


# Ranges ---------------------------------------------------------------------------------------------------------


def union(ranges: Iterable[tuple[Point, Point]]) -> tuple[tuple[Point, Point], ...]:
    """Ranges sorted, with overlapping and touching ones merged and empty ones dropped."""
    merged: list[tuple[Point, Point]] = []
    for start, end in sorted(r for r in ranges if r[0] < r[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


def within(ranges: Iterable[Range], windows: Iterable[Range]) -> tuple[Range, ...]:
    """The parts of the ranges that lie in the windows."""
    covers = union(windows)
    cuts = ((max(start, w0), min(end, w1)) for start, end in union(ranges) for w0, w1 in covers)
    return union(cuts)


def total_min(ranges: Iterable[Range]) -> float:
    """Minutes of the union of the ranges."""
    return sum(((end - start) / timedelta(minutes=1) for start, end in union(ranges)), 0.0)


# Visits and dosage ----------------------------------------------------------------------------------------------


def visits(ranges: Iterable[Range], policy: Policy) -> tuple[Visit, ...]:
    """Visits from stays of one hotspot, anybody's: stays at most 120 s apart are one visit, whose minutes are the
    observed ones; under 3 observed minutes there is none."""
    groups: list[list[Range]] = []
    for stay in union(ranges):
        if groups and stay[0] - groups[-1][-1][1] <= timedelta(seconds=policy.merge_gap_s):
            groups[-1].append(stay)
        else:
            groups.append([stay])
    found = (Visit(group[0][0], group[-1][1], total_min(group)) for group in groups)
    return tuple(visit for visit in found if visit.observed_min * 60 >= policy.visit_min_s)


def is_qualified(visit: Visit, policy: Policy) -> bool:
    """Whether a visit is long enough to count as attendance: 10 observed minutes."""
    return visit.observed_min >= policy.visit_qualified_min


def dosage(found: Sequence[Visit], policy: Policy) -> Dosage:
    """Dosage of visits: each is credited its observed minutes, at most 20."""
    return Dosage(
        visits=len(found),
        qualified=sum(is_qualified(visit, policy) for visit in found),
        observed_min=sum(visit.observed_min for visit in found),
        credited_min=sum(min(visit.observed_min, float(policy.visit_credit_min)) for visit in found),
    )


def risk_windows(windows: Sequence[RiskWindow], from_on: date, to_on: date, zone: str) -> tuple[Range, ...]:
    """The risk windows that begin on the local days from_on..to_on (both included); overlapping ones are one."""
    tz = ZoneInfo(zone)
    days = [from_on + timedelta(days=n) for n in range((to_on - from_on).days + 1)]
    found = sorted(_occurrence(w, day, tz) for day in days for w in windows if w.weekday == day.weekday())
    merged: list[Range] = []
    for start, end in found:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


def _occurrence(window: RiskWindow, day: date, tz: ZoneInfo) -> Range:
    last = day if window.to_min > window.from_min else day + timedelta(days=1)
    return _local(day, window.from_min, tz), _local(last, window.to_min, tz)


def _local(day: date, minute: int, tz: ZoneInfo) -> datetime:
    """A local wall-clock minute as UTC; minute 1440 is the next midnight."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    return wall.replace(tzinfo=tz).astimezone(ZoneInfo("UTC"))


def risk_slots(
    windows: Sequence[RiskWindow], from_on: date, to_on: date, zone: str, policy: Policy
) -> tuple[Range, ...]:
    """The risk windows cut into two-hour slots; a rest shorter than an hour joins the slot before it."""
    slots: list[Range] = []
    for start, end in risk_windows(windows, from_on, to_on, zone):
        length, rest = timedelta(minutes=policy.slot_min), timedelta(minutes=policy.slot_rest_min)
        count = max(1, int((end - start) // length) + ((end - start) % length >= rest))
        edges = [start + n * length for n in range(count)] + [end]
        slots.extend(pairwise(edges))
    return tuple(slots)


def attained_slots(ranges: Iterable[Range], slots: Sequence[Range], policy: Policy) -> frozenset[int]:
    """Which slots (by position) have a qualified visit.

    A slot has one when a visit's minutes inside it qualify by themselves, or when it holds the largest part of a
    qualified visit (so that a visit across a slot's edge is not lost).
    """
    stays = union(ranges)
    return frozenset(_slots_filled(stays, slots, policy) | _slots_of_visits(stays, slots, policy))


def _slots_filled(stays: Sequence[Range], slots: Sequence[Range], policy: Policy) -> set[int]:
    parts = (visits(within(stays, [slot]), policy) for slot in slots)
    return {n for n, found in enumerate(parts) if any(is_qualified(visit, policy) for visit in found)}


def _slots_of_visits(stays: Sequence[Range], slots: Sequence[Range], policy: Policy) -> set[int]:
    found = set()
    for visit in visits(stays, policy):
        shares = [min(visit.end, end) - max(visit.start, start) for start, end in slots]
        if shares and is_qualified(visit, policy) and max(shares) > ZERO:
            found.add(shares.index(max(shares)))
    return found


def dosage_attainment(ranges: Iterable[Range], slots: Sequence[Range], policy: Policy) -> float | None:
    """Share of slots with a qualified visit; None when there is no slot."""
    return len(attained_slots(ranges, slots, policy)) / len(slots) if slots else None


# Idleness -------------------------------------------------------------------------------------------------------


def idleness(presence: Iterable[Range], start: datetime, end: datetime) -> Idleness:
    """Gaps between presences in [start, end], both ends included; an instant is a range of no length.

    The mean is over time: sum of g squared / twice the sum of g.
    """
    reached, gaps = start, []
    for low, high in sorted(presence):
        if high < start or low > end:
            continue
        if low > reached:
            gaps.append((low - reached) / timedelta(minutes=1))
        reached = max(reached, high)
    if end > reached:
        gaps.append((end - reached) / timedelta(minutes=1))
    total = sum(gaps)
    mean = sum(gap * gap for gap in gaps) / (2 * total) if total else 0.0
    return Idleness(mean, max(gaps, default=0.0), tuple(gaps))


def two_hour_compliance(presence: Iterable[Range], windows: Sequence[Range], policy: Policy) -> float | None:
    """Share of risk-window minutes at which the last presence is at most two hours ago; None without a window.

    Presence before a window counts for its first minutes; where nothing is known before, it is too long ago.
    """
    whole = total_min(windows)
    lasting = timedelta(minutes=policy.max_idle_min)
    fresh = [(low, high + lasting) for low, high in presence]
    return total_min(within(fresh, windows)) / whole if whole else None


def worst_gap_compliance(presence: Sequence[Range], windows: Sequence[Range], policy: Policy) -> float | None:
    """Share of risk windows whose worst gap, ends included, is at most 150 minutes; None without a window."""
    if not windows:
        return None
    worst = [idleness(presence, start, end).worst_min for start, end in windows]
    return sum(gap <= policy.worst_gap_min for gap in worst) / len(worst)


def intermittency(gaps_min: Sequence[float]) -> float | None:
    """Standard deviation over mean of the gaps (of the whole set, not a sample); None without a gap."""
    mean = float(np.mean(gaps_min)) if gaps_min else 0.0
    return float(np.std(gaps_min)) / mean if mean else None


def start_entropy(starts: Sequence[datetime], zone: str) -> float | None:
    """How evenly starts spread over the 24 local hours: Shannon entropy, 0 always the same hour, 1 every hour alike."""
    if not starts:
        return None
    hours = [start.astimezone(ZoneInfo(zone)).hour for start in starts]
    shares = [hours.count(hour) / len(hours) for hour in set(hours)]
    return abs(sum(share * math.log(share) for share in shares)) / math.log(24)


# Lengths --------------------------------------------------------------------------------------------------------


def share(part: float, whole: float) -> float | None:
    """Part of a whole, 0 to 1; None where there is no whole to speak of."""
    return min(1.0, part / whole) if whole > 0 else None


def route_completion(covered: NDArray[np.bool_], piece_m: NDArray[np.float64]) -> float | None:
    """Share of a route's length that was walked, from its covered pieces."""
    return share(float(piece_m[covered].sum()), float(piece_m.sum()))


def street_coverage(
    times: NDArray[np.int64], piece_m: NDArray[np.float64], at_least: int = 1
) -> float | None:
    """Share of the streets' length walked by at least so many distinct shifts; `times` is a count a piece."""
    return share(float(piece_m[times >= at_least].sum()), float(piece_m.sum()))


def walked_times(shares: Sequence[float], days: Sequence[float]) -> float:
    """The share of a street that was certainly walked at least n times.

    `shares` are those walked at least 0, 1 … n times by shifts known piece by piece (the first is 1); `days` the shares
    of days of which no more is known, the best first: each is one time, and what they missed adds up at most.
    """
    most, missed = shares[-1], 0.0
    for share_before, day in zip(reversed(shares[:-1]), days, strict=False):
        missed += 1 - day
        most = max(most, share_before - missed)
    return most


def adherence(completion: float | None, near_m: float, track_m: float) -> float | None:
    """F1 of route completion and the share of the track that lay beside the route."""
    beside = share(near_m, track_m)
    if completion is None or beside is None:
        return None
    return 2 * completion * beside / (completion + beside) if completion + beside else 0.0


def cell_coverage(minutes: Sequence[float], policy: Policy) -> float | None:
    """Share of the patrollable cells with at least 5 minutes."""
    return share(sum(value >= policy.cell_min for value in minutes), len(minutes))


def effort(member_hours: float, area_km2: float, months: float) -> float | None:
    """Member-hours a square kilometre and month."""
    return member_hours / area_km2 / months if area_km2 > 0 and months > 0 else None


# Check-ins ------------------------------------------------------------------------------------------------------


def checkpoint_completion(counted: Iterable[int], required: Iterable[int]) -> float | None:
    """Distinct required checkpoints that were counted / required; None when none is required."""
    wanted = set(required)
    return share(len(wanted & set(counted)), len(wanted))


def minutes_outside(minute: float, from_min: int, to_min: int) -> float:
    """How many minutes a local minute of the day lies outside a window, which may pass midnight; 0 inside."""
    since, length = (minute - from_min) % 1440, (to_min - from_min) % 1440
    return 0.0 if since <= length else float(min(since - length, 1440 - since))


def punctuality(checkins: Sequence[tuple[float, int, int]], policy: Policy) -> float | None:
    """Share of (local minute, window from, window to) in their window, 10 minutes either side allowed."""
    punctual = sum(minutes_outside(*checkin) <= policy.punctual_min for checkin in checkins)
    return share(punctual, len(checkins))


# How fresh, on what evidence ------------------------------------------------------------------------------------


def freshness(last_at: datetime | None, now: datetime, policy: Policy) -> int | None:
    """Step of the freshness scale: 0 within a day, 1 three, 2 seven, 3 fourteen days, 4 older; None never."""
    if last_at is None:
        return None
    limits = [timedelta(days=days) for days in policy.fresh_days]
    return next((step for step, limit in enumerate(limits) if now - last_at <= limit), len(limits))


def weakest(grades: Iterable[Grade]) -> Grade | None:
    """The weakest evidence grade among them; None of none."""
    return max(grades, key=GRADES.index, default=None)


def strongest(grades: Iterable[Grade]) -> Grade | None:
    """The strongest evidence grade among them; None of none."""
    return min(grades, key=GRADES.index, default=None)


def merged_grade(grades: Iterable[Grade]) -> MergedGrade | None:
    """The grade of a figure that rests on several: their common one, or `mixed`; None of none."""
    distinct = set(grades)
    return next(iter(distinct), None) if len(distinct) < 2 else "mixed"
