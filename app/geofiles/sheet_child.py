"""The child's half of `reader` for tables, CSV and XLSX with a column for each coordinate; answers as `file_child`.

An XLSX is a zip of XML: every member is first streamed to its end under caps, whatever the archive says of itself.
Formulas are not worked out, and the value that an office program once left beside one is not believed either.
"""

import base64
import csv
import datetime
import io
import math
import zipfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
import shapely

from app.geofiles.child import serve
from app.geofiles.crs import Source, SystemRefused
from app.geofiles.problems import FileRefused
from app.geofiles.zips import refuse_bomb

ROWS_AN_ANSWER = 200
MAX_ROWS = 50_000
MAX_COLUMNS = 200
LON = ("lon", "lng", "long", "longitude", "x", "经度")
LAT = ("lat", "latitude", "y", "纬度")
Cells = tuple[Any, ...]
UNREADABLE = (
    zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, EOFError, SyntaxError,
    csv.Error,
)  # fmt: skip


def main(options: dict[str, Any]) -> None:
    """Open on the first ask, hand out rows on the following ones."""
    rows: Iterator[dict[str, Any]] | None = None

    def answer(_: bytes) -> dict[str, Any]:
        nonlocal rows
        if rows is not None:
            return {"rows": list(islice(rows, ROWS_AN_ANSWER))}
        try:
            info, rows = _open(Path(options["path"]), options["crs"], options["layer"])
        except FileRefused as refused:
            return {"code": refused.problem.code, "values": dict(refused.problem.values)}
        except SystemRefused as refused:
            return {"code": refused.args[0], "values": refused.args[1]}
        except MemoryError:
            return {"code": "check_took_too_much_memory", "values": {}}
        return {"info": info}

    serve(answer, options["cpu_s"])


def _open(path: Path, crs: str | None, sheet: str | None) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    is_csv = path.suffix.lower() == ".csv"
    try:
        encoding, lines = _csv(path) if is_csv else ("utf-8", _xlsx(path, sheet))
        table = [(n, cells) for n, cells in enumerate(lines, 1) if any(cell is not None for cell in cells)]
    except UNREADABLE as error:
        raise FileRefused("file_unreadable") from error
    if not table:
        raise FileRefused("nothing_to_import")
    (_, heads), *body = table
    names = ["" if head is None else str(head).strip() for head in heads]
    lon, lat = _column(names, LON), _column(names, LAT)
    # A table says nothing of its system: it has to be said.
    source = Source(crs, None, [])
    fields = [name for i, name in enumerate(names) if name and i not in (lon, lat)]
    info = {"features": len(body), "fields": fields, "crs": source.name, "encoding": encoding}
    return info, (_row(source, n, names, cells, lon, lat) for n, cells in body)


def _column(names: list[str], wanted: tuple[str, ...]) -> int:
    found = [i for i, name in enumerate(names) if name.lower() in wanted]
    if len(found) != 1:
        raise FileRefused("columns_of_coordinates", wanted=", ".join(wanted))
    return found[0]


def _row(source: Source, n: int, names: list[str], cells: Cells, lon: int, lat: int) -> dict[str, Any]:
    cells = (*cells, *[None] * (len(names) - len(cells)))
    attributes = {name: _plain(cells[i]) for i, name in enumerate(names) if name and i not in (lon, lat)}
    at = _number(cells[lon]), _number(cells[lat])
    if at[0] is None or at[1] is None:
        missing = cells[lon] is None or cells[lat] is None
        code = "geometry_missing" if missing else "coordinates_unreadable"
        return {"line": n, "wkb": None, "attributes": attributes, "code": code}
    moved, fault = source.to_wgs84(shapely.to_wkb(shapely.Point(at)))
    return {"line": n, "wkb": base64.b64encode(moved).decode(), "attributes": attributes, "code": fault}


def _number(cell: Any) -> float | None:
    try:
        number = float(str(cell).strip())
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _plain(cell: Any) -> Any:
    """A value that JSON has; a time as it is written."""
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else None
    return cell if isinstance(cell, str | int | bool) else None


# --- CSV ------------------------------------------------------------------------------------------


def _csv(path: Path) -> tuple[str, Iterable[Cells]]:
    """UTF-8, else GB18030, the normal case of Chinese offices; commas, semicolons or tabs."""
    data = path.read_bytes()
    try:
        encoding, words = "utf-8", data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            encoding, words = "gb18030", data.decode("gb18030")
        except UnicodeDecodeError as error:
            raise FileRefused("encoding_unknown", found=path.suffix[1:]) from error
    first = words.partition("\n")[0]
    mark = max(",;\t，", key=first.count)
    return encoding, _capped(csv.reader(io.StringIO(words), delimiter=mark))


def _capped(lines: Iterable[Iterable[Any]]) -> Iterator[Cells]:
    for n, line in enumerate(lines, 1):
        if n > MAX_ROWS:
            raise FileRefused("too_many_features", found=n, limit=MAX_ROWS)
        cells = tuple(None if cell is None or cell == "" else cell for cell in islice(line, MAX_COLUMNS))
        yield cells


# --- XLSX -----------------------------------------------------------------------------------------


def _xlsx(path: Path, sheet: str | None) -> Iterable[Cells]:
    refuse_bomb(path)
    book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    if sheet is not None and sheet not in book.sheetnames:
        raise FileRefused("layer_unknown", layers=", ".join(book.sheetnames)[:200])
    page = book[sheet] if sheet is not None else book.worksheets[0]
    page.reset_dimensions()  # a false size must not make rows of nothing
    return _capped(page.iter_rows(values_only=True))
