"""What a hotspot may be (product.md, "No stakeout"; measures.md, risk windows)."""

from dataclasses import dataclass
from datetime import date, timedelta

MIN_AREA_M2 = 2000.0
MAX_REVIEW_DAYS = 90
DAY_MIN = 1440


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
