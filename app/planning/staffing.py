"""Pairs that hotspots want by the hour of the week, beside the pairs that the teams plan and those that were out.

A place wants one qualified visit in each two-hour slot of its risk windows. A visit costs its measured minutes and the
way to the nearest other place, and may fall anywhere in its slot, so that its minutes are spread evenly over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from app import clock
from app.areas.models import Area
from app.coverage import facts, hours, measures
from app.coverage.facts import HotspotFact
from app.coverage.numbers import policies_of
from app.coverage.queries import Period, measured_ids
from app.coverage.rules import Policy, Range
from app.errors import Forbidden, NotFound
from app.planning import queries, rules
from app.planning.rules import MINUTE, Grid, Minutes, Stretch
from app.planning.travel import Times, times_of
from app.teams.scope import Scope

USUAL_WEEKS = 4
LEVELS = ("township", "village")


@dataclass(frozen=True)
class Place:
    """What a hotspot wants in a week. `way` is to the nearest other of the township, None where there is no other;
    `nearest` names it where it lies in the same area."""

    hotspot: HotspotFact
    slots: tuple[Range, ...]
    visit: Minutes
    nearest: str | None
    way: Minutes | None

    @property
    def each_min(self) -> float:
        """Pair-minutes of a visit with its way."""
        return self.visit.minutes + (self.way.minutes if self.way else 0.0)

    @property
    def week_min(self) -> float:
        return len(self.slots) * self.each_min


@dataclass(frozen=True)
class Staffing:
    """Grids are (7, 24), Monday first, in pairs: 0.5 is one pair for half of the hour, or in every second week.

    `shifts` planned in the period, `lone` of them with fewer than two people, which make no pair. `route_h`: hours a
    week that it takes to walk the routes of the planned pairs once, beside the visits and not in the need.
    """

    area: Area
    period: Period
    need: Grid
    planned: Grid
    worked: Grid
    places: list[Place]
    any_visit: Minutes
    shifts: int
    lone: int
    route_h: float

    @property
    def weeks(self) -> int:
        return self.period.days // 7

    @property
    def gap(self) -> Grid:
        """Pairs that lack; below nothing where more are planned than needed."""
        return self.need - self.planned

    @property
    def missing_h(self) -> float:
        """Pair-hours a week that lack; what is over in one hour does not help in another."""
        return float(np.clip(self.gap, 0.0, None).sum())

    @property
    def stretches(self) -> list[Stretch]:
        return rules.stretches(self.gap)


def period_of(first: date | None, last: date | None, zone: str, now: datetime) -> Period:
    """Whole weeks from Monday to Sunday: those that the days touch, else the last four that are over."""
    if first is None and last is None:
        last = _monday(clock.local_day(now, zone)) - timedelta(days=1)
        first = last - timedelta(days=7 * USUAL_WEEKS - 1)
    asked = measures.period_of(first, last, zone, now)
    return Period(_monday(asked.first), _monday(asked.last) + timedelta(days=6))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def reach(scope: Scope, code: str) -> Area:
    """A township or village that the caller reads in full; at home without the role Forbidden, else NotFound."""
    area = measures.reach(scope, code)
    if area.level not in LEVELS:
        raise NotFound()
    if area.id not in measured_ids(scope):
        raise Forbidden()
    return area


def areas_for(scope: Scope) -> list[Area]:
    """What the caller may ask for, each township before its villages."""
    return queries.areas_with_staffing(measured_ids(scope))


def staffing_of(area: Area, period: Period, now: datetime) -> Staffing:
    """Of a township or village that the caller has reached. Places are those in force on the period's last day."""
    township_id = int(area.township_id or area.id)
    policy = policies_of([township_id], period)[township_id]
    every = facts.hotspots_of(
        facts.hotspots_within(frozenset([township_id])), Period(period.last, period.last)
    )
    until = min(period.last, clock.local_day(now, area.time_zone))
    times = times_of(township_id, every, until, policy)
    mine = [h for h in every if area.level == "township" or h.village_id == area.id]
    places = places_of(mine, times, _monday(period.last), policy)
    which = queries.shifts_for(area)
    shifts = queries.planned_shifts(which, period)
    planned = [((s.starts_at, s.ends_at), rules.pairs_of(s.people)) for s in shifts]
    worked = [
        stretch for spans in queries.worked_spans(which, period, now) for stretch in rules.pairs_out(spans)
    ]
    weeks, zone = period.days // 7, area.time_zone
    return Staffing(
        area, period, need_of(places, zone), pairs_by_hour(planned, weeks, zone), pairs_by_hour(worked, weeks, zone),
        places, times.any_visit, len(shifts), sum(not rules.pairs_of(s.people) for s in shifts),
        sum(s.route_m for s in shifts if rules.pairs_of(s.people)) / policy.walk_m_per_min / 60 / weeks,
    )  # fmt: skip


def places_of(hotspots: Sequence[HotspotFact], times: Times, monday: date, policy: Policy) -> list[Place]:
    """What each wants in the week from this Monday on, the most wanting first."""
    names = {h.id: h.name for h in hotspots}
    found = []
    for hotspot in hotspots:
        slots = rules.week_slots(hotspot.windows, monday, hotspot.zone, policy)
        other, way = rules.nearest(hotspot.id, times.travel) or (0, None)
        found.append(Place(hotspot, slots, times.visit[hotspot.id], names.get(other), way))
    return sorted(found, key=lambda place: (-place.week_min, place.hotspot.name))


def need_of(places: Iterable[Place], zone: str) -> Grid:
    """Pairs by the hour: each visit's minutes, spread evenly over its slot."""
    found: Grid = np.zeros((7, 24))
    for place in places:
        for slot in place.slots:
            found += hours.grid([slot], zone) * (place.each_min / ((slot[1] - slot[0]) / MINUTE))
    return found / 60


def pairs_by_hour(out: Iterable[tuple[Range, int]], weeks: int, zone: str) -> Grid:
    """The mean of the weeks."""
    found: Grid = np.zeros((7, 24))
    for span, pairs in out:
        found += hours.grid([span], zone) * pairs
    return found / 60 / weeks
