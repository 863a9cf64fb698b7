"""A person's data as one file: a ZIP of JSON, GPX, and tables that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from app.exports.spreadsheets import safe
from app.field.export import Export, Sheet, Trail
from app.geo import E7
from app.tracks.rules import Fix

IN_MEMORY = 4 * 1024 * 1024
OURS = "https://xunfang.invalid/gpx/1"
GPX_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="Xunfang" '
    f'xmlns="http://www.topografix.com/GPX/1/1" xmlns:x="{OURS}">\n'
)


def pack(export: Export, trails: Iterable[Trail], words: Callable[[str], str], now: datetime) -> IO[bytes]:
    """The ZIP, read from its beginning; on disk once it is large. `words` gives a column's name."""
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  (closed with the answer)
    at = now.astimezone(ZoneInfo(export.zone)).timetuple()[:6]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parcel:
        parcel.writestr(_entry("data.json", at), json.dumps(export.data, ensure_ascii=False, indent=1))
        for name, sheet in export.sheets.items():
            parcel.writestr(_entry(f"{name}.csv", at), table_of(sheet, export.zone, words))
        with parcel.open(_entry("tracks.gpx", at), "w") as out:
            for part in gpx_of(trails):
                out.write(part.encode())
    file.seek(0)
    return file


def _entry(name: str, at: Any) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, at)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def table_of(sheet: Sheet, zone: str, words: Callable[[str], str]) -> bytes:
    """CSV with the mark that Excel and WPS need to read Chinese; times in the area's zone."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([safe(words(column)) for column in sheet.columns])
    for row in sheet.rows:
        writer.writerow([_cell(value, zone) for value in row])
    return out.getvalue().encode("utf-8-sig")


def _cell(value: Any, zone: str) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    return safe(value) if isinstance(value, str) else value


def gpx_of(trails: Iterable[Trail]) -> Iterator[str]:
    """GPX 1.1: one `trk` a duty, one `trkseg` a run without gap."""
    yield GPX_HEAD
    for trail in trails:
        yield f"<trk><name>{escape(trail.name)}</name>\n"
        for run in trail.runs:
            yield "<trkseg>\n"
            yield from (_point(fix) for fix in run)
            yield "</trkseg>\n"
        yield "</trk>\n"
    yield "</gpx>\n"


def _point(fix: Fix) -> str:
    at = datetime.fromtimestamp(fix.t_s, UTC).isoformat().replace("+00:00", "Z")
    accuracy = f"<extensions><x:accuracy_m>{fix.accuracy_m}</x:accuracy_m></extensions>"
    return f'<trkpt lat="{fix.lat_e7 / E7:.7f}" lon="{fix.lon_e7 / E7:.7f}"><time>{at}</time>{accuracy}</trkpt>\n'
