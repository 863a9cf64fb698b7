"""What native loggers mean by what they send: numbers, instants and places as phones write them. Pure.

app/loggers/clients.py has one reader for each client, made of these. Source: loggers.md 4.1–4.6. A speed is read in
the client's own unit and compared with nothing: what counts is measured on the fixes.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl

from app.tracks.rules import Fix

APPS = ("traccar", "osmand", "owntracks", "gpslogger", "overland")
# A time of day without a zone is the county's (OsmAnd's own servers take their zone; ours says so).
CHINA = timezone(timedelta(hours=8))
KNOT_M_S = 1852 / 3600
KMH_M_S = 1 / 3.6
UNKNOWN = -1
LARGEST_ACCURACY_M = 1_000_000
E7 = 10_000_000
# Coordinates are kept to 1e-6 of a degree (11 cm): the same point sent with fewer decimals is the same point.
GRAIN_E7 = 10
# Between 2001 and 2100; a second is a number below this, a millisecond is one above it.
FIRST_S, LAST_S = 978_307_200, 4_102_444_800
LARGEST_SECONDS = 2**31
LOST_PLUS = re.compile(r"(T[\d:.]+) (\d\d:?\d\d)$")


@dataclass(frozen=True)
class Position:
    """One fix as a logger told it. `accuracy_m` -1 and `speed_m_s` None: the client does not know."""

    lon_e7: int
    lat_e7: int
    accuracy_m: int
    t_s: int
    speed_m_s: float | None = None
    simulated: bool = False

    @property
    def fix(self) -> Fix:
        return Fix(self.lon_e7, self.lat_e7, self.accuracy_m, self.t_s)


@dataclass(frozen=True)
class Heard:
    """What one request said: positions, a code for each thing that is no use, and when it calls for help."""

    positions: tuple[Position, ...] = ()
    unused: tuple[str, ...] = ()
    sos_s: int | None = None


@dataclass(frozen=True)
class Sent:
    """One request, as bytes: the query as it stood in the address, the body with its type, when it came."""

    query: str
    body: bytes
    content_type: str
    received_s: int


@dataclass(frozen=True)
class Policy:
    """`ahead_s`: how far a fix may lie ahead of our clock; `days`: how late one may come. A duty's track goes at 30."""

    ahead_s: int = 120
    days: int = 28


def joined(parts: Iterable[Heard]) -> Heard:
    """Several messages of one request as one."""
    every = list(parts)
    return Heard(
        tuple(p for part in every for p in part.positions),
        tuple(code for part in every for code in part.unused),
        min((part.sos_s for part in every if part.sos_s is not None), default=None),
    )


def in_time(
    positions: Sequence[Position], received_s: int, policy: Policy
) -> tuple[list[Position], list[str]]:
    """Those whose time can be, and a code for each of the others."""
    kept, codes = [], []
    for position in positions:
        if position.t_s > received_s + policy.ahead_s:
            codes.append("in_the_future")
        elif position.t_s < received_s - policy.days * 86400:
            codes.append("too_old")
        else:
            kept.append(position)
    return kept, codes


def best_by_second(fixes: Iterable[Fix]) -> list[Fix]:
    """One fix a second, in time order: the most accurate one, so that any order of arrival gives the same track."""
    best: dict[int, Fix] = {}
    for fix in fixes:
        other = best.get(fix.t_s)
        if other is None or _rank(fix) < _rank(other):
            best[fix.t_s] = fix
    return [best[t] for t in sorted(best)]


def _rank(fix: Fix) -> tuple[bool, int, int, int]:
    return fix.accuracy_m < 0, fix.accuracy_m, fix.lon_e7, fix.lat_e7


def runs(fixes: Sequence[Fix], max_gap_s: int) -> list[list[Fix]]:
    """Fixes in time order, cut where too long a silence lies between two: nobody knows what lay there."""
    found: list[list[Fix]] = []
    for fix in fixes:
        if found and fix.t_s - found[-1][-1].t_s <= max_gap_s:
            found[-1].append(fix)
        else:
            found.append([fix])
    return found


def cut(run: Sequence[Fix], size: int) -> list[list[Fix]]:
    """Segments of at most `size` fixes; each repeats the last fix of the one before. One fix alone makes none."""
    return [list(run[i : i + size]) for i in range(0, len(run) - 1, size - 1)]


# --- values as phones write them ----------------------------------------------------------------------------------


def number(value: Any) -> float | None:
    """A finite number, also as text and with a decimal comma; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        value = value.strip()
        if value.count(",") == 1 and "." not in value:
            value = value.replace(",", ".")
        if len(value) > 40 or "_" in value:
            return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def truth(value: Any) -> bool | None:
    """true, "true", 1 and "1"; None when it is neither that nor its opposite."""
    text = str(value).strip().lower()
    if text in ("true", "1", "1.0"):
        return True
    return False if text in ("false", "0", "0.0") else None


def accuracy(value: Any, missing: int = UNKNOWN) -> int:
    """Whole metres, rounded up; negative means unknown. `missing` is what a client means by saying nothing."""
    found = number(value)
    if found is None:
        return missing
    return UNKNOWN if found < 0 else min(math.ceil(found), LARGEST_ACCURACY_M)


def speed(value: Any, unit_m_s: float) -> float | None:
    """Metres a second; negative means unknown."""
    found = number(value)
    return None if found is None or found < 0 else found * unit_m_s


def place(lon: Any, lat: Any) -> tuple[int, int] | None:
    """lon, lat in 1e-7 degrees; None where there is none. 0, 0 is what a phone without a fix says."""
    x, y = number(lon), number(lat)
    if x is None or y is None or abs(x) > 180 or abs(y) > 90 or (x == 0 and y == 0):
        return None
    return _grain(x), _grain(y)


def _grain(degrees: float) -> int:
    return round(degrees * E7 / GRAIN_E7) * GRAIN_E7


def instant(value: Any, missing_s: int | None) -> int | None:
    """Epoch seconds of: seconds, milliseconds, ISO 8601 with any offset, or a date and time in China.

    Nothing said gives `missing_s`; something that is no time gives None.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return missing_s
    found = number(value)
    if found is not None:
        found = found / 1000 if found >= LARGEST_SECONDS else found
        return math.floor(found) if FIRST_S <= found < LAST_S else None
    return _iso(value) if isinstance(value, str) else None


def _iso(text: str) -> int | None:
    # A plus that was not escaped in an address arrives as a space.
    text = LOST_PLUS.sub(r"\1+\2", text.strip()[:40])
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=CHINA)
        found = math.floor(at.astimezone(UTC).timestamp())
    except (ValueError, OverflowError):
        return None
    return found if FIRST_S <= found < LAST_S else None


def pairs(text: str) -> dict[str, str]:
    """A query or form, keys in lower case; of a repeated key the first that says something."""
    found: dict[str, str] = {}
    try:
        listed = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=500)
    except ValueError:
        return {}
    for key, value in listed:
        if not found.get(key.lower()):
            found[key.lower()] = value
    return found


def text_of(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")


def document(body: bytes) -> Any:
    """The body as JSON; None when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def fields_of(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True)
class Reading:
    """How a flat message is read: which keys mean what, and in which unit the speed is."""

    speed_m_s: float
    time: tuple[str, ...] = ("timestamp", "time")
    accuracy: tuple[str, ...] = ("accuracy", "acc")
    speed: tuple[str, ...] = ("speed",)


def first(values: Mapping[str, Any], keys: Iterable[str]) -> Any:
    """The first of the keys that says something."""
    return next((values[k] for k in keys if values.get(k) not in (None, "")), None)


def flat(values: Mapping[str, Any], reading: Reading, received_s: int) -> Heard:
    """One position from a flat message: `lat`, `lon` (or `location=lat,lon`) and what `reading` names."""
    t_s = instant(first(values, reading.time), received_s)
    sos_s = called_at(values, t_s or received_s)
    spot = place(values.get("lon"), values.get("lat")) or _location(values.get("location"))
    if spot is None:
        # A heartbeat: it says that the logger lives, and nothing else.
        nothing = not any(values.get(k) for k in ("lat", "lon", "location"))
        return Heard(unused=() if nothing else ("no_position",), sos_s=sos_s)
    if truth(values.get("valid", "1")) is False or t_s is None:
        return Heard(unused=("no_time" if t_s is None else "not_valid",), sos_s=sos_s)
    found = Position(
        *spot, accuracy(first(values, reading.accuracy)), t_s,
        speed(first(values, reading.speed), reading.speed_m_s), truth(values.get("mock", "0")) is True,
    )  # fmt: skip
    return Heard((found,), sos_s=sos_s)


def called_at(values: Mapping[str, Any], t_s: int) -> int | None:
    """`alarm=sos` is a call for help."""
    return t_s if str(values.get("alarm", "")).strip().lower() == "sos" else None


def _location(value: Any) -> tuple[int, int] | None:
    parts = str(value or "").split(",")
    return place(parts[1], parts[0]) if len(parts) == 2 else None
