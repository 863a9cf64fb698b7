"""What an address under /ogc asks for. Whatever it does not know is said, never passed over (OGC 17-069r4, 7.15.1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app import clock
from app.coverage.measures import LONGEST_DAYS, period_of
from app.coverage.queries import Box, Period
from app.errors import BadRequest, DomainError, FieldError
from app.exports.queries import Boxes

FORMATS = {"json": "application/json", "html": "text/html"}
# Beside the two above, what a client may call a document of ours.
JSON_NAMES = (
    "application/json", "application/geo+json", "application/vnd.oai.openapi+json",
    "application/vnd.oai.openapi+json;version=3.0", "application/openapi+json", "application/schema+json",
    "application/problem+json",
)  # fmt: skip
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EVERYWHERE = ("f", "token")
DEFAULT_LIMIT, MOST = 100, 2000
FURTHEST = 10_000_000


def only(args: Mapping[str, str], repeated: Collection[str], known: Collection[str]) -> None:
    """Raises BadRequest for a parameter that is not known here, or is given twice."""
    for name in args:
        if name not in known:
            raise refusal("unknown_parameter", name)
    for name in repeated:
        raise refusal("bad_parameter", name)


def refusal(code: str, name: str) -> BadRequest:
    shown = name[:40]
    return BadRequest(code, [FieldError(f"/{shown}", code, {"name": shown})], name=shown)


def limit_of(text: str | None) -> int:
    """At least one; more than we give is as much as we give."""
    return DEFAULT_LIMIT if text is None else min(_whole(text, "limit", 1), MOST)


def offset_of(text: str | None) -> int:
    return 0 if text is None else min(_whole(text, "offset", 0), FURTHEST)


def _whole(text: str, name: str, least: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12) or int(text) < least:
        raise refusal("bad_parameter", name)
    return int(text)


def only_wgs84(args: Mapping[str, str]) -> None:
    """We have one reference system; clients ask for it by name all the same."""
    for name in ("crs", "bbox-crs"):
        if args.get(name, CRS84) != CRS84:
            raise refusal("bad_parameter", name)


def boxes_of(text: str | None) -> Boxes | None:
    """Four numbers, or six with heights that are not looked at. West of more than east crosses 180°: two boxes."""
    if text is None:
        return None
    sides = [_number(part) for part in text.split(",")]
    if len(sides) not in (4, 6):
        raise refusal("bad_parameter", "bbox")
    west, south, east, north = sides if len(sides) == 4 else (sides[0], sides[1], sides[3], sides[4])
    sane = all(-180 <= lon <= 180 for lon in (west, east)) and all(-90 <= lat <= 90 for lat in (south, north))
    if not sane or south > north:
        raise refusal("bad_parameter", "bbox")
    return _halves(west, south, east, north)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise refusal("bad_parameter", "bbox") from None
    if value != value or abs(value) > 1e9:
        raise refusal("bad_parameter", "bbox")
    return value


def _halves(west: float, south: float, east: float, north: float) -> tuple[Box, ...]:
    if west <= east:
        return ((west, south, east, north),)
    return ((west, south, 180.0, north), (-180.0, south, east, north))


def period_asked(text: str | None, zone: str, now: datetime) -> Period:
    """`datetime` as days of the zone: an instant is its day, an open end is today, an open start as far back as figures
    go. Without it, the last seven days."""
    try:
        return _period(text, zone, now)
    except DomainError as wrong:
        if isinstance(wrong, BadRequest):
            raise
        raise BadRequest(
            wrong.code, [FieldError("/datetime", wrong.code, wrong.figures)], **wrong.figures
        ) from wrong


def _period(text: str | None, zone: str, now: datetime) -> Period:
    if text is None:
        return period_of(None, None, zone, now)
    parts = text.split("/")
    if len(parts) > 2 or all(part in ("", "..") for part in parts):
        raise refusal("bad_parameter", "datetime")
    first, last = (_day(part, zone) for part in (parts * 2 if len(parts) == 1 else parts))
    if last is None:
        last = max(clock.local_day(now, zone), first or date.min)
    return period_of(first or last - timedelta(days=LONGEST_DAYS - 1), last, zone, now)


def _day(text: str, zone: str) -> date | None:
    """A day, or an instant's day there; a plus that came as a space is a plus."""
    if text in ("", ".."):
        return None
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        at = datetime.fromisoformat(text.replace(" ", "+").replace("t", "T").replace("z", "Z"))
    except ValueError:
        raise refusal("bad_parameter", "datetime") from None
    if at.tzinfo is None:
        raise refusal("bad_parameter", "datetime")
    return at.astimezone(ZoneInfo(zone)).date()
