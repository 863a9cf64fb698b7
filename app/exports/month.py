"""A township's month for its report: figures, villages, days, the week's hours, and the map. The same numbers as the
coverage page, and a hash of them all, so that two printings can be told apart."""

from __future__ import annotations

import calendar
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app import clock
from app.areas.models import Area
from app.areas.policies import place_of
from app.coverage import facts, measures, rules
from app.coverage.numbers import policies_of
from app.coverage.queries import Period
from app.coverage.rules import Policy
from app.exports.drawing import Drawing, drawing_of
from app.exports.features import Asked
from app.exports.figures import Figures, figures_of
from app.teams.scope import scope_of_township

HOURS, DAYS = 24, 7


@dataclass(frozen=True)
class Day:
    day: date
    planned: int
    done: int


@dataclass(frozen=True)
class Month:
    """`grid`: weekday by hour, the share of risk slots that were attended; None where no slot lies."""

    township: Area
    month: date
    figures: Figures
    days: Sequence[Day]
    grid: Sequence[Sequence[float | None]]
    drawing: Drawing
    sha256: bytes


def period_of(month: date) -> Period:
    return Period(month, month.replace(day=calendar.monthrange(month.year, month.month)[1]))


def month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def is_over(month: date, zone: str, now: datetime) -> bool:
    """Only a month that has ended is reported: its last day is past there."""
    return period_of(month).last < clock.local_day(now, zone)


def month_of(township: Area, month: date, now: datetime) -> Month:
    asked = Asked(scope_of_township(township.id), period_of(month), now)
    found = figures_of(township, asked)
    days, grid = days_of(found), grid_of(found)
    layers = found.layers
    own, villages = (
        [f for f in layers["areas"] if f.id == township.code],
        [f for f in layers["areas"] if f.id != township.code],
    )
    crs = place_of(township.id).crs
    drawing = drawing_of(own[0], villages, layers["streets"], layers["hotspots"], crs)
    return Month(township, month, found, days, grid, drawing, _hash(found, days, grid))


def days_of(found: Figures) -> list[Day]:
    """Shifts planned and done on each day."""
    period, shifts = found.asked.period, measures.shifts_of(found.coverage.area, found.coverage.ground)
    every = [period.first + timedelta(days=n) for n in range(period.days)]
    return [
        Day(day, sum(s.day == day for s in shifts), sum(s.day == day and s.crew > 0 for s in shifts))
        for day in every
    ]


def grid_of(found: Figures) -> list[list[float | None]]:
    """Of the risk slots that lie in an hour of the week, over all hotspots, the share that had a qualified visit."""
    period, now = found.asked.period, found.asked.now
    hotspots = [f.hotspot for f in found.coverage.ground.hotspots]
    policies = policies_of({h.township_id for h in hotspots}, period)
    some, all_ = _grid(), _grid()
    for hotspot in hotspots:
        for slot, attained in _slots(hotspot, period, policies[hotspot.township_id], now):
            for weekday, hour in _hours(slot, hotspot.zone):
                all_[weekday][hour] += 1
                some[weekday][hour] += attained
    return [[rules.share(some[d][h], all_[d][h]) for h in range(HOURS)] for d in range(DAYS)]


def _grid() -> list[list[int]]:
    return [[0] * HOURS for _ in range(DAYS)]


def _slots(
    hotspot: facts.HotspotFact, period: Period, policy: Policy, now: datetime
) -> list[tuple[rules.Range, bool]]:
    first, last = max(period.first, hotspot.valid_from), min(period.last, hotspot.valid_to or period.last)
    every = rules.risk_slots(hotspot.windows, first, last, hotspot.zone, policy)
    over = [slot for slot in every if slot[1] <= now]
    start, end = clock.day_span(first, last, hotspot.zone)
    margin = timedelta(days=1)
    stays = facts.stays_at([hotspot], start - margin, end + margin)
    attained = rules.attained_slots([(s.start, s.end) for s in stays], over, policy)
    return [(slot, n in attained) for n, slot in enumerate(over)]


def _hours(slot: rules.Range, zone: str) -> list[tuple[int, int]]:
    """The hours of the local week that a slot touches."""
    at, found = slot[0].astimezone(ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0), []
    while at < slot[1]:
        found.append((at.weekday(), at.hour))
        at += timedelta(hours=1)
    return found


def _hash(found: Figures, days: Sequence[Day], grid: Sequence[Sequence[float | None]]) -> bytes:
    """Of every number that is printed, in one order; not of when it was printed."""
    areas: Mapping[str, Any] = {
        area.code: {key: asdict(m) for key, m in figures.items()}
        for area, figures in ((found.coverage.area, found.coverage.measures), *found.coverage.children)
    }
    layers = {
        name: [{"id": f.id, **{k: v for k, v in f.properties.items() if k != "freshness"}} for f in several]
        for name, several in found.layers.items()
        if name != "areas"
    }
    doc = {
        "areas": areas, "layers": layers, "days": [[d.day.isoformat(), d.planned, d.done] for d in days], "grid": grid
    }  # fmt: skip
    return hashlib.sha256(json.dumps(doc, sort_keys=True, ensure_ascii=False).encode()).digest()
