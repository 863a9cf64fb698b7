"""What a hotspot may be (product.md, "No stakeout"; measures.md, risk windows)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

MIN_AREA_M2 = 2000.0
# Drawn by hand. A place to stand in for a quarter of an hour has no square kilometre.
MAX_DRAWN_M2 = 1_000_000.0
WEIGHTS = (Decimal("0.1"), Decimal(10))
MAX_REVIEW_DAYS = 90
DAY_MIN = 1440
# Fewer in twelve months could point at one household.
LEAST_EVENTS = 5
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Window:
    """Local minutes of a weekday, Monday 0; `to_min` passes 1440 when the window runs past midnight."""

    weekday: int
    from_min: int
    to_min: int


def is_large_enough(area_m2: float) -> bool:
    """At least 0.2 ha: smaller would be a house."""
    return area_m2 >= MIN_AREA_M2


def is_review_in_time(valid_from: date, review_by: date) -> bool:
    """Reviewed within 90 days, and not before it begins."""
    return valid_from <= review_by <= valid_from + timedelta(days=MAX_REVIEW_DAYS)


def is_four_eyes(proposer: str, approver: str) -> bool:
    """Nobody approves an own proposal."""
    return proposer.strip().lower() != approver.strip().lower()


def do_windows_overlap(windows: tuple[Window, ...]) -> bool:
    """Whether two windows share a minute of the week; a window may run past midnight and past Sunday."""
    week = 7 * DAY_MIN
    taken: set[int] = set()
    for window in windows:
        start = window.weekday * DAY_MIN
        minutes = {(start + minute) % week for minute in range(window.from_min, window.to_min)}
        if taken & minutes:
            return True
        taken |= minutes
    return False


# --- what an analysis may propose ---------------------------------------------------------------------------------


def is_enough(days: Sequence[date], last: date) -> bool:
    """At least five events in the twelve months up to `last`."""
    return sum(last - YEAR < day <= last for day in days) >= LEAST_EVENTS


def has_passed(review_by: date, today: date) -> bool:
    """A hotspot whose review is overdue: it fades, and is renewed or ended."""
    return review_by < today


# --- risk windows from the hours of events ------------------------------------------------------------------------

# A span longer than this tells no hour.
LONGEST_SPAN = timedelta(hours=12)
WINDOW_HOURS = range(2, 9)
WINDOW_SHARE = 0.6


def risk_windows(spans: Sequence[tuple[datetime, datetime]]) -> tuple[Window, ...]:
    """The shortest daily window of 2 to 8 hours that holds 60 % of the events, on the weekdays that have their part.

    `spans` are local times; an event known only between two instants is spread over its hours. A weekday has its part
    with as many events as an even share and two at least; where none has, every day counts. No window where fewer than
    five events tell their hour, or where no eight hours hold as many.
    """
    told = [span for span in spans if span[1] - span[0] <= LONGEST_SPAN]
    if len(told) < LEAST_EVENTS:
        return ()
    week = _week_of(told)
    found = _shortest([sum(week[h::24]) for h in range(24)])
    if found is None:
        return ()
    first, hours = found
    by_day = [sum(week[(day * 24 + first + h) % 168] for h in range(hours)) for day in range(7)]
    needed = max(2.0, sum(by_day) / 7) - 1e-9
    days = [day for day in range(7) if by_day[day] >= needed] or list(range(7))
    return tuple(Window(day, first * 60, (first + hours) * 60) for day in days)


def _week_of(spans: Sequence[tuple[datetime, datetime]]) -> list[float]:
    """The weight of each hour of the week, Monday 00 first; each event weighs 1."""
    week = [0.0] * 168
    for start, end in spans:
        minutes = max(1, round((end - start).total_seconds() / 60))
        begin = start.weekday() * DAY_MIN + start.hour * 60 + start.minute
        for minute in range(begin, begin + minutes):
            week[minute // 60 % 168] += 1 / minutes
    return week


def _shortest(day: Sequence[float]) -> tuple[int, int] | None:
    """(first hour, hours) of the shortest run round the clock with 60 % of the weight; of several the heaviest."""
    for hours in WINDOW_HOURS:
        runs = [sum(day[(first + h) % 24] for h in range(hours)) for first in range(24)]
        if max(runs) >= WINDOW_SHARE * sum(day) - 1e-9:
            return runs.index(max(runs)), hours
    return None


# --- concentration ------------------------------------------------------------------------------------------------


def gini(counts: Sequence[float]) -> float:
    """0: every place has as many; near 1: one place has all."""
    total, n = sum(counts), len(counts)
    if not total:
        return 0.0
    return 2 * sum(i * count for i, count in enumerate(sorted(counts), 1)) / (n * total) - (n + 1) / n


def gini_prime(counts: Sequence[float]) -> float:
    """The Gini for fewer events than places, where some places must be empty: max(1, n/c)(G − 1) + 1."""
    total = sum(counts)
    return max(1.0, len(counts) / total) * (gini(counts) - 1) + 1 if total else 0.0


def places_with_half(counts: Sequence[int]) -> int:
    """How few places hold half of the events."""
    held, half = 0, sum(counts) / 2
    for n, count in enumerate(sorted(counts, reverse=True), 1):
        held += count
        if held >= half > 0:
            return n
    return 0


# --- was the last period's judgement right ------------------------------------------------------------------------


def pai(hits: int, events: int, area: float, whole: float) -> float | None:
    """Prediction accuracy index: the share of the events that came there, over the share of the area."""
    return (hits / events) / (area / whole) if events and area and whole else None


def pei(hits: int, best: int) -> float | None:
    """Prediction efficiency index: the events that came there, over those of the best places of equal size."""
    return hits / best if best else None


def best_hits(counts: Sequence[int], places: int) -> int:
    """The events in so many of the fullest places."""
    return sum(sorted(counts, reverse=True)[:places])


# --- what may be asked of a method --------------------------------------------------------------------------------

# Method → its numbers: default, least, most. Metres, events, days.
NUMBERS: dict[str, dict[str, tuple[int, int, int]]] = {
    "gi_cells": {"distance_m": (80, 50, 300)},
    "gi_streets": {"distance_m": (150, 50, 1000)},
    "dbscan": {"distance_m": (100, 20, 500), "least": (5, 5, 50)},
    "kde": {"distance_m": (250, 50, 1000)},
    "knox": {"distance_m": (100, 20, 1000), "days": (14, 1, 60)},
    "rates": {},
    "concentration": {},
    "accuracy": {},
}
# These end in places that may become hotspots; the others in a figure or a picture.
PROPOSING = ("gi_cells", "gi_streets", "dbscan")
LONGEST_PERIOD_DAYS = 3 * 366


def numbers_for(method: str, asked: Mapping[str, int | None]) -> dict[str, int]:
    """The method's numbers, asked or by default. Raises ValueError with the name of one that is out of its range."""
    found = {}
    for name, (default, least, most) in NUMBERS[method].items():
        value = asked.get(name)
        found[name] = default if value is None else value
        if not least <= found[name] <= most:
            raise ValueError(name)
    return found
