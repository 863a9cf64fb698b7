"""How hotspots were attended in a period: visits, dosage, attainment and idleness, anybody's presence together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app import clock
from app.coverage import facts, rules
from app.coverage.facts import HotspotFact, Key, Stay
from app.coverage.queries import Period
from app.coverage.rules import Grade, MergedGrade, Policy, Range

# A visit may begin before the period's first midnight or a window end after its last.
MARGIN = timedelta(days=1)


@dataclass(frozen=True)
class Attended:
    """One visit: who (which shifts) was there and on what evidence."""

    start: datetime
    end: datetime
    observed_min: float
    qualified: bool
    grade: MergedGrade | None
    shifts: frozenset[Key]
    team_ids: frozenset[int]


@dataclass(frozen=True)
class HotspotFigures:
    """`risk_min` are the minutes of risk windows that have passed; means and shares are None where nothing is to
    measure. `idle_mean_min` and `idle_worst_min` are over the whole period. `gaps_kept` of the `risk_windows` that are
    over had somebody there and no gap beyond the worst allowed."""

    hotspot: HotspotFact
    visits: tuple[Attended, ...]
    observed_min: float
    credited_min: float
    qualified: int
    slots: int
    attained: int
    risk_min: float
    fresh_min: float
    idle_mean_min: float | None
    idle_worst_min: float | None
    last_at: datetime | None
    grade: MergedGrade | None
    risk_windows: int = 0
    gaps_kept: int = 0
    intermittency: float | None = None
    start_entropy: float | None = None

    @property
    def attainment(self) -> float | None:
        return rules.share(self.attained, self.slots)


def hotspot_figures(
    hotspots: Sequence[HotspotFact], period: Period, policies: Mapping[int, Policy], now: datetime
) -> list[HotspotFigures]:
    """One each, in the same order. `policies` by township."""
    return figures_by_period(hotspots, [period], policies, now)[0]


def figures_by_period(
    hotspots: Sequence[HotspotFact], periods: Sequence[Period], policies: Mapping[int, Policy], now: datetime
) -> list[list[HotspotFigures]]:
    """For each period one each, as if asked for alone, from one reading; a hotspot not in force then is left out."""
    if not hotspots:
        return [[] for _ in periods]
    stays = stays_of(hotspots, Period(periods[0].first, periods[-1].last))
    return [
        [
            _figures(h, _near(stays[h.id], period, h.zone), period, policies[h.township_id], now)
            for h in hotspots
            if h.valid_from <= period.last and (h.valid_to is None or h.valid_to >= period.first)
        ]
        for period in periods
    ]


def stays_of(hotspots: Sequence[HotspotFact], period: Period) -> dict[int, list[Stay]]:
    """Hotspot → its stays in the period and a day on either side, by their start."""
    found: dict[int, list[Stay]] = defaultdict(list)
    if hotspots:
        start = min(clock.day_span(period.first, period.last, h.zone)[0] for h in hotspots)
        end = max(clock.day_span(period.first, period.last, h.zone)[1] for h in hotspots)
        for stay in sorted(facts.stays_at(hotspots, start - MARGIN, end + MARGIN), key=lambda s: s.start):
            found[stay.hotspot_id].append(stay)
    return found


def _near(stays: Sequence[Stay], period: Period, zone: str) -> list[Stay]:
    """`stays` by their start; none is longer than the longest."""
    start, end = clock.day_span(period.first, period.last, zone)
    longest = max((s.end - s.start for s in stays), default=timedelta())
    low = bisect_left(stays, start - MARGIN - longest, key=lambda s: s.start)
    high = bisect_right(stays, end + MARGIN, key=lambda s: s.start)
    return [s for s in stays[low:high] if s.end >= start - MARGIN]


def _figures(
    hotspot: HotspotFact, stays: Sequence[Stay], period: Period, policy: Policy, now: datetime
) -> HotspotFigures:
    first, last = max(period.first, hotspot.valid_from), min(period.last, hotspot.valid_to or period.last)
    start, end = clock.day_span(first, last, hotspot.zone)
    ranges = rules.union((s.start, s.end) for s in stays)
    visits = attended(stays, ranges, start, end, policy)
    found = rules.dosage([rules.Visit(v.start, v.end, v.observed_min) for v in visits], policy)
    slots = [s for s in rules.risk_slots(hotspot.windows, first, last, hotspot.zone, policy) if s[1] <= now]
    windows = passed(rules.risk_windows(hotspot.windows, first, last, hotspot.zone), now)
    present = sorted((s.start, min(s.end, now)) for s in stays if s.start <= now)
    idle = rules.idleness(present, start, min(end, now)) if min(end, now) > start else None
    here = [s for s in stays if start <= s.start < end]
    return HotspotFigures(
        hotspot, visits, found.observed_min, found.credited_min, found.qualified, len(slots),
        attained_count(ranges, slots, policy), rules.total_min(windows), fresh_minutes(present, windows, policy),
        idle.mean_min if idle else None, idle.worst_min if idle else None,
        max((s.end for s in here), default=None),
        rules.merged_grade(_evidence(here)),
        *gaps_kept(present, [w for w in windows if w[1] < now], policy),
        rules.intermittency(idle.gaps_min) if idle and len(idle.gaps_min) > 1 else None,
        rules.start_entropy([v.start for v in visits], hotspot.zone),
    )  # fmt: skip


def _evidence(stays: Iterable[Stay]) -> set[Grade]:
    """Minutes rest on tracks and pairs; where there are none, on single taps."""
    grades = {s.grade for s in stays}
    return grades - {"single"} or grades


def attended(
    stays: Sequence[Stay], ranges: Sequence[Range], start: datetime, end: datetime, policy: Policy
) -> tuple[Attended, ...]:
    """The visits that begin in the span, with the shifts that made them."""
    lasting = sorted((s for s in stays if s.start < s.end), key=lambda s: s.start)
    found = []
    for visit in rules.visits(ranges, policy):
        if not start <= visit.start < end:
            continue
        by = [s for s in lasting if s.start < visit.end and s.end > visit.start]
        found.append(
            Attended(
                visit.start, visit.end, visit.observed_min, rules.is_qualified(visit, policy),
                rules.merged_grade({s.grade for s in by}), frozenset(s.shift for s in by),
                frozenset(s.team_id for s in by),
            )
        )  # fmt: skip
    return tuple(found)


def passed(windows: Iterable[Range], now: datetime) -> tuple[Range, ...]:
    """What of the windows is over by now: nobody is late for tomorrow."""
    return tuple((start, min(end, now)) for start, end in windows if start < now)


def attained_count(ranges: Sequence[Range], slots: Sequence[Range], policy: Policy) -> int:
    """How many slots have a qualified visit. Slots and visits that don't touch are judged apart: each pair once."""
    visits = [(v.start, v.end) for v in rules.visits(ranges, policy) if rules.is_qualified(v, policy)]
    starts = [r[0] for r in ranges]
    attained = 0
    for low, high in rules.union([*slots, *visits]):
        some = [s for s in slots if low <= s[0] and s[1] <= high]
        if some:
            near = ranges[bisect_left(starts, low) : bisect_right(starts, high)]
            attained += len(rules.attained_slots(near, some, policy))
    return attained


def gaps_kept(present: Sequence[Range], over: Sequence[Range], policy: Policy) -> tuple[int, int]:
    """(risk windows that are over, those in which somebody was and whose worst gap was short enough): one that is
    shorter than the limit would else be kept by nobody. `present` sorted by start."""
    starts = [p[0] for p in present]
    longest = max((p[1] - p[0] for p in present), default=timedelta())
    near = [[p for p in present[bisect_left(starts, a - longest) : bisect_right(starts, b)] if p[1] >= a]
            for a, b in over]  # fmt: skip
    kept = [bool(n) and rules.worst_gap_compliance(n, [w], policy) for n, w in zip(near, over, strict=True)]
    return len(over), sum(share == 1 for share in kept)


def fresh_minutes(present: Sequence[Range], windows: Sequence[Range], policy: Policy) -> float:
    """Risk-window minutes at which the last presence was at most two hours ago. `present` sorted by start."""
    starts = [p[0] for p in present]
    longest = max((p[1] - p[0] for p in present), default=timedelta()) + timedelta(
        minutes=policy.max_idle_min
    )
    total = 0.0
    for low, high in windows:
        near = present[bisect_left(starts, low - longest) : bisect_right(starts, high)]
        share = rules.two_hour_compliance(near, [(low, high)], policy)
        total += (share or 0.0) * rules.total_min([(low, high)])
    return total
