"""Coverage by time: the bars of a series, the hours of a week, and the risk windows that nobody visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.coverage import series
from app.coverage.attendance import HotspotFigures
from app.coverage.hours import BYS, By, Grid, WindowKept
from app.coverage.measures import Coverage, Measure
from app.coverage.queries import Period
from app.coverage.series import HOURLY, HOURLY_UNITS, Point, Week

SHOWN = (
    "street_coverage", "dosage_attainment", "two_hour_compliance", "dosage_observed", "shifts_done",
    "member_hours", "checkins_counted",
)  # fmt: skip
WEAK = ("single", "declared")
WIDE, HIGH = 600, 120
# From here on bars of days would be too thin to point at, then those of weeks.
MOST_DAYS, MOST_WEEKS = 35, 26


@dataclass(frozen=True)
class Bar:
    """A part of the period in the picture: where, how high, and whether it rests on little."""

    period: Period
    measure: Measure
    x: float
    width: float
    height: float
    weak: bool


@dataclass(frozen=True)
class Hour:
    """One hour of the week: its value, its step 0–5 of the scale; `missed` where risk was and nobody."""

    value: float
    risk: float
    inside: float
    step: int
    missed: bool


@dataclass(frozen=True)
class Hours:
    key: str
    measure: Measure
    rows: list[list[Hour]]


@dataclass(frozen=True)
class Missed:
    """Risk windows of the same hours on these weekdays (Monday 0): over so many times, and nobody came."""

    weekdays: tuple[int, ...]
    from_min: int
    to_min: int
    times: int


def by_of(text: str | None, period: Period) -> By:
    """What the address asks for, or what leaves bars that can be told apart."""
    for by in BYS:
        if text == by:
            return by
    return "day" if period.days <= MOST_DAYS else "week" if period.days <= MOST_WEEKS * 7 else "month"


def bars_of(coverage: Coverage, by: By, key: str, now: datetime) -> tuple[list[Bar], Measure]:
    """The bars, and the value that the picture's full height stands for."""
    return bars_from(series.points_of(coverage, by, now), key)


def bars_from(points: Sequence[Point], key: str) -> tuple[list[Bar], Measure]:
    """One bar a part of the period."""
    values = [p.measures[key].value or 0.0 for p in points]
    top = 100.0 if points[0].measures[key].unit == "%" else max([*values, 1.0])
    step = WIDE / len(points)
    bars = [
        Bar(
            p.period,
            p.measures[key],
            n * step + step * 0.1,
            step * 0.8,
            HIGH * v / top,
            p.measures[key].grade in WEAK,
        )
        for n, (p, v) in enumerate(zip(points, values, strict=True))
    ]
    return bars, Measure(top, points[0].measures[key].unit, None, len(points))


def hours_of(week: Week, key: str) -> Hours:
    """The grid of one kind, five steps up to its largest hour."""
    grid: Grid = getattr(week, key)
    top = float(grid.max())
    rows = [
        [_hour(week, key, float(grid[day, hour]), day, hour, top) for hour in range(24)] for day in range(7)
    ]
    total = Measure(round(float(grid.sum()), 2), HOURLY_UNITS[key], week.grades.get(key), week.n.get(key, 0))
    return Hours(key, total, rows)


def _hour(week: Week, key: str, value: float, day: int, hour: int, top: float) -> Hour:
    step = min(5, 1 + int(value / top * 5)) if value else 0
    risk, inside = float(week.risk[day, hour]), float(week.observed_in_risk[day, hour])
    about_places = key in ("observed", "visits")
    return Hour(value, risk, inside, step, about_places and risk > 0 and not inside)


def hourly(text: str | None) -> str:
    return text if text in HOURLY else HOURLY[0]


def neglected(hotspots: Sequence[HotspotFigures], period: Period, now: datetime) -> dict[int, list[Missed]]:
    """Hotspot → its recurring risk windows of which nobody visited one, those of the same hours together."""
    return {f.hotspot.id: _missed(series.windows_of(f, period, now)) for f in hotspots}


def _missed(windows: Sequence[WindowKept]) -> list[Missed]:
    by_hours: dict[tuple[int, int], list[WindowKept]] = {}
    for one in windows:
        if one.is_neglected:
            by_hours.setdefault((one.window.from_min, one.window.to_min), []).append(one)
    return [
        Missed(tuple(sorted(w.window.weekday for w in some)), *span, sum(w.times for w in some))
        for span, some in sorted(by_hours.items())
    ]
