"""Time cut up: a period into days, weeks or months, and ranges into the 168 hours of a week. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from app.coverage.rules import Range, RiskWindow, risk_windows

By = Literal["day", "week", "month"]
BYS: tuple[By, ...] = ("day", "week", "month")
Grid = NDArray[np.float64]
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class WindowKept:
    """A risk window as it recurs: how often it was over in the period, and in how many of these somebody visited."""

    window: RiskWindow
    times: int
    attended: int

    @property
    def is_neglected(self) -> bool:
        return self.times > 0 and not self.attended


def cut(first: date, last: date, by: By) -> list[tuple[date, date]]:
    """The days first..last by local calendar days, weeks (from Monday) or months; the ends are cut, not filled."""
    parts, start = [], first
    while start <= last:
        end = min(_end_of(start, by), last)
        parts.append((start, end))
        start = end + timedelta(days=1)
    return parts


def _end_of(day: date, by: By) -> date:
    if by == "day":
        return day
    if by == "week":
        return day + timedelta(days=6 - day.weekday())
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def grid(ranges: Iterable[Range], zone: str) -> Grid:
    """(7, 24): minutes of the ranges in each local hour of the week, Monday first. Ranges that overlap add up."""
    found: Grid = np.zeros((7, 24))
    tz = ZoneInfo(zone)
    for start, end in ranges:
        while start < end:
            local = start.astimezone(tz)
            into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
            stop = min(end, start + HOUR - into)
            found[local.weekday(), local.hour] += (stop - start) / MINUTE
            start = stop
    return found


def counts(instants: Iterable[datetime], zone: str) -> Grid:
    """(7, 24): how many instants lie in each local hour of the week."""
    found: Grid = np.zeros((7, 24))
    tz = ZoneInfo(zone)
    for instant in instants:
        local = instant.astimezone(tz)
        found[local.weekday(), local.hour] += 1
    return found


def windows_kept(
    windows: Sequence[RiskWindow], visits: Sequence[Range], first: date, last: date, zone: str, now: datetime
) -> tuple[WindowKept, ...]:
    """Each recurring risk window for itself, of those occurrences that are over."""
    found = []
    for window in sorted(windows, key=lambda w: (w.weekday, w.from_min)):
        over = [r for r in risk_windows([window], first, last, zone) if r[1] <= now]
        attended = sum(any(start < high and end > low for start, end in visits) for low, high in over)
        found.append(WindowKept(window, len(over), attended))
    return tuple(found)
