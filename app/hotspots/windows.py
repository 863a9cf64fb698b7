"""Risk windows and check-in windows as people write them: "Fri 22:00-02:00; Sat 22:00-02:00", 周一至周五 7:00-8:30."""

from __future__ import annotations

import re

from app.hotspots.rules import DAY_MIN, Window

WEEKDAYS = {
    "mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6,
    "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6,
    **{f"{week}{day}": i for week in ("周", "星期", "礼拜") for i, day in enumerate("一二三四五六日")},
    **{f"{week}天": 6 for week in ("周", "星期", "礼拜")},
}  # fmt: skip
EVERY_DAY = {"daily", "every day", "每天", "每日"}
NAMES = "|".join(sorted([*WEEKDAYS, *EVERY_DAY], key=len, reverse=True))
TO = r"\s*(?:-|–|—|~|～|至|到)\s*"
CLOCK = r"(\d{1,2}):(\d{2})"
WINDOW = re.compile(rf"({NAMES})(?:{TO}({NAMES}))?\s*{CLOCK}{TO}{CLOCK}", re.IGNORECASE)
SPAN = re.compile(f"{CLOCK}{TO}{CLOCK}")


def windows_from(written: str) -> tuple[Window, ...]:
    """Windows in the order written; one that ends at or before its beginning runs past midnight. Raises ValueError."""
    found: list[Window] = []
    for part in re.split(r"[;；,，、\n]", written):
        if not part.strip():
            continue
        match = WINDOW.fullmatch(part.strip().replace("：", ":"))
        if match is None:
            raise ValueError(part.strip())
        first, last, *clock = match.groups()
        start, end = _span(clock, part)
        found += [Window(day, start, end) for day in _days(first.lower(), (last or first).lower())]
    if not found:
        raise ValueError(written.strip())
    return tuple(found)


def minutes_from(written: str) -> tuple[int, int]:
    """The local minutes of a check-in window, `20:00-22:00`. Raises ValueError."""
    match = SPAN.fullmatch(written.strip().replace("：", ":"))
    if match is None:
        raise ValueError(written.strip())
    return _span(list(match.groups()), written)


def _days(first: str, last: str) -> list[int]:
    if first in EVERY_DAY:
        return list(range(7))
    start, end = WEEKDAYS[first], WEEKDAYS[last]
    return [(start + i) % 7 for i in range((end - start) % 7 + 1)]


def _span(clock: list[str], part: str) -> tuple[int, int]:
    hour, minute, to_hour, to_minute = (int(number) for number in clock)
    start, end = hour * 60 + minute, to_hour * 60 + to_minute
    if start >= DAY_MIN or end > DAY_MIN or max(minute, to_minute) > 59 or start == end:
        raise ValueError(part.strip())
    return start, end if end > start else end + DAY_MIN


def clock_of(minute: int) -> str:
    """Minutes after midnight as 22:00; past midnight as the clock shows it; the day's very end as 24:00."""
    minute = minute if minute <= DAY_MIN else minute - DAY_MIN
    return f"{minute // 60:02d}:{minute % 60:02d}"
