"""The one place that reads the clock; everything below takes `now` as an argument."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


def now() -> datetime:
    return datetime.now(UTC)


def local_day(at: datetime, zone: str) -> date:
    """The calendar day of an instant in the area's zone."""
    return at.astimezone(ZoneInfo(zone)).date()


def month_named(text: str) -> date | None:
    """The first day of a month of this century, YYYY-MM; None for anything else: no calendar ends beside it."""
    return date.fromisoformat(f"{text}-01") if MONTH.fullmatch(text) else None


def day_span(first: date, last: date, zone: str) -> tuple[datetime, datetime]:
    """The half-open UTC span of the days first..last, `last` included."""
    tz = ZoneInfo(zone)
    start = datetime.combine(first, time(), tz)
    end = datetime.combine(last + timedelta(days=1), time(), tz)
    return start.astimezone(UTC), end.astimezone(UTC)


def rfc3339(at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
