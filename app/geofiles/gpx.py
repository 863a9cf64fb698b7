"""GPX 1.0 and 1.1, read with gpxpy after the source was looked at without trusting it.

No DTD and no entities, at most 5 MB, 50,000 points and 64 levels. A new `trkseg` is a new part, never joined to the
one before. Times without an offset are taken as UTC, as the format says; what is odd about times is reported.
"""

import codecs
import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import defusedxml
import defusedxml.ElementTree
import gpxpy
import numpy as np
from gpxpy.gpx import GPXException

from app.geofiles.datum import TO_WGS84
from app.geofiles.problems import FileRefused, Problem

MAX_BYTES = 5 * 1024 * 1024
MAX_POINTS = 50_000
MAX_DEPTH = 64
NAMESPACES = ("", "{http://www.topografix.com/GPX/1/0}", "{http://www.topografix.com/GPX/1/1}")
ENCODINGS = {
    "utf-8",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "ascii",
    "iso8859-1",
    "cp1252",
    "gbk",
    "gb2312",
    "gb18030",
}
DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
DECLARATION = re.compile(r"^\s*<\?xml.*?\?>", re.DOTALL)


@dataclass(frozen=True)
class Fix:
    """A recorded position: WGS-84 degrees and, when the file has it, an aware UTC time."""

    lon: float
    lat: float
    at: datetime | None = None


@dataclass(frozen=True)
class Trace:
    """A track or planned route: its parts, each of at least one fix, in the file's order."""

    line: int
    kind: str
    name: str | None
    parts: tuple[tuple[Fix, ...], ...]


@dataclass(frozen=True)
class Waypoint:
    """A `wpt`: taken as a checkpoint."""

    line: int
    name: str | None
    fix: Fix


@dataclass
class Gpx:
    """A file read. `notes` are no faults: what is odd about the recorded times, counted."""

    traces: list[Trace] = field(default_factory=list)
    waypoints: list[Waypoint] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_gpx(path: Path, crs: str | None = None) -> Gpx:
    """Tracks (`trk`), planned routes (`rte`) and waypoints. `crs` is None, gcj02, bd09, or a name of WGS-84.

    Raises FileRefused. Each track, route or waypoint has the next number from 1 in `line`.
    """
    shift = None if crs is None else TO_WGS84.get(crs.lower())
    if crs is not None and shift is None and crs.upper() not in ("EPSG:4326", "OGC:CRS84"):
        raise FileRefused("gpx_is_wgs84", asked=crs)
    parsed = _parse(path)
    gpx = Gpx()
    for track in parsed.tracks:
        parts = tuple(_fixes(segment.points, shift) for segment in track.segments if segment.points)
        _add(gpx, "track", track.name, parts)
    for route in parsed.routes:
        _add(gpx, "route", route.name, (_fixes(route.points, shift),) if route.points else ())
    for waypoint in parsed.waypoints:
        _add_waypoint(gpx, waypoint, _fixes([waypoint], shift)[0])
    return gpx


def _parse(path: Path) -> Any:
    if not path.is_file():
        raise FileRefused("file_missing")
    if path.stat().st_size > MAX_BYTES:
        raise FileRefused("file_too_big", limit_mb=MAX_BYTES >> 20)
    text = _text(path.read_bytes())
    _look(text)
    try:
        return gpxpy.parse(text)
    except (GPXException, ValueError, TypeError, OverflowError, KeyError, IndexError) as error:
        raise FileRefused("gpx_unreadable") from error


def _text(raw: bytes) -> str:
    """The file as text without its XML declaration: the parsers don't know the Chinese encodings."""
    encoding = "utf-8"
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif declared := DECLARED.match(raw.removeprefix(codecs.BOM_UTF8)):
        encoding = declared.group(1).decode()
    try:
        if codecs.lookup(encoding).name not in ENCODINGS:
            raise FileRefused("encoding_unknown", found=encoding)
        text = raw.decode(encoding)
    except LookupError as error:
        raise FileRefused("encoding_unknown", found=encoding) from error
    except UnicodeDecodeError as error:
        raise FileRefused("gpx_encoding", found=encoding) from error
    return DECLARATION.sub("", text.lstrip("\ufeff"), count=1)


def _look(text: str) -> None:
    """Refuse DTDs, entities, depth, other documents and too many points, before a tree is built."""
    parser = defusedxml.ElementTree.DefusedXMLParser(target=_Counter(), forbid_dtd=True)
    try:
        parser.feed(text.encode("utf-8", "replace"))
        parser.close()
    except defusedxml.DefusedXmlException as error:
        raise FileRefused("xml_dtd") from error
    except ET.ParseError as error:
        raise FileRefused("xml_malformed", at=error.position[0]) from error


class _Counter:
    """The parser's target: counts depth and points, builds nothing."""

    def __init__(self) -> None:
        self.depth = self.points = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth == 1 and tag not in {f"{space}gpx" for space in NAMESPACES}:
            raise FileRefused("gpx_unreadable")
        if self.depth > MAX_DEPTH:
            raise FileRefused("xml_too_deep", limit=MAX_DEPTH)
        if tag.endswith(("trkpt", "rtept", "wpt")):
            self.points += 1
            if self.points > MAX_POINTS:
                raise FileRefused("too_many_points", limit=MAX_POINTS)

    def end(self, tag: str) -> None:
        self.depth -= 1

    def data(self, text: str) -> None:
        """Text is of no interest here."""

    def close(self) -> None:
        """Nothing was built."""


def _fixes(points: list[Any], shift: Any) -> tuple[Fix, ...]:
    lon = np.array([point.longitude for point in points], float)
    lat = np.array([point.latitude for point in points], float)
    if shift is not None:
        lon, lat = shift(lon, lat)
    times = [None if point.time is None else _utc(point.time) for point in points]
    return tuple(Fix(float(x), float(y), at) for x, y, at in zip(lon, lat, times, strict=True))


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _add(gpx: Gpx, kind: str, name: str | None, parts: tuple[tuple[Fix, ...], ...]) -> None:
    line = len(gpx.traces) + 1
    if not parts:
        gpx.problems.append(Problem(line, "geometry_empty"))
    fault = next((fix for part in parts for fix in part if not _on_earth(fix)), None)
    if fault is not None:
        gpx.problems.append(
            Problem(line, "coordinates_out_of_range", {"lon": f"{fault.lon:.6g}", "lat": f"{fault.lat:.6g}"})
        )
    gpx.traces.append(Trace(line, kind, (name or "").strip() or None, parts))
    if kind == "track":
        gpx.notes.extend(_time_notes(line, parts))


def _add_waypoint(gpx: Gpx, waypoint: Any, fix: Fix) -> None:
    line = len(gpx.traces) + len(gpx.waypoints) + 1
    if not _on_earth(fix):
        gpx.problems.append(
            Problem(line, "coordinates_out_of_range", {"lon": f"{fix.lon:.6g}", "lat": f"{fix.lat:.6g}"})
        )
    gpx.waypoints.append(Waypoint(line, (waypoint.name or "").strip() or None, fix))


def _on_earth(fix: Fix) -> bool:
    return abs(fix.lon) <= 180.0 and abs(fix.lat) <= 90.0  # false for NaN too


def _time_notes(line: int, parts: tuple[tuple[Fix, ...], ...]) -> list[Problem]:
    """How many times are missing, stand twice, or go backwards; each part by itself."""
    missing = sum(fix.at is None for part in parts for fix in part)
    duplicate = decreasing = 0
    for part in parts:
        times = [fix.at for fix in part if fix.at is not None]
        for before, after in itertools.pairwise(times):
            duplicate += after == before
            decreasing += after < before
    counts = {"times_missing": missing, "times_duplicate": duplicate, "times_decreasing": decreasing}
    return [Problem(line, code, {"n": n}) for code, n in counts.items() if n]
