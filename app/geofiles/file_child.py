"""The child's half of `reader`: GDAL opens the file here, with limits, and rows leave in WGS-84 as WKB and JSON.

First answer: {"info": {...}} or {"code", "values"}. Then one answer for each ask: {"rows": [...]}, empty at the end.
A row is {"wkb": base64 or null, "attributes": {...}, "code": null or what is wrong with it}.
"""

import base64
import codecs
import datetime
import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio

from app.geofiles.child import serve
from app.geofiles.crs import Source, SystemRefused

ROWS_AN_ANSWER = 200
MAX_FEATURES = 200_000
DRIVERS = {".geojson": "GeoJSON", ".json": "GeoJSON", ".gpkg": "GPKG", ".shp": "ESRI Shapefile"}
# GDAL hands the bytes of a .dbf through unchanged under this name: each byte one character.
BYTES = "ISO-8859-1"
UNREADABLE = (
    pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FieldError, ValueError,
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
        except (_Refused, SystemRefused) as refused:
            return {"code": refused.args[0], "values": refused.args[1]}
        except MemoryError:
            return {"code": "check_took_too_much_memory", "values": {}}
        return {"info": info}

    serve(answer, options["cpu_s"])


class _Refused(Exception):
    pass


def _open(path: Path, crs: str | None, layer: str | None) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    driver = DRIVERS[path.suffix.lower()]
    is_shapefile = driver == "ESRI Shapefile"
    try:
        layer = _layer(path, layer)
        about = pyogrio.read_info(path, layer=layer, force_feature_count=True)
        if about["driver"] != driver:
            raise _Refused("file_is_not_what_its_name_says", {"found": about["driver"]})
        if about["features"] > MAX_FEATURES:
            raise _Refused("too_many_features", {"found": about["features"], "limit": MAX_FEATURES})
        # A date that isn't one must stay a text, or it would be gone without a word.
        more = {"DATE_AS_STRING": "YES"} if driver == "GeoJSON" else {}
        encoding = BYTES if is_shapefile else None
        meta, _, shapes, columns = pyogrio.raw.read(path, layer=layer, encoding=encoding, **more)
    except UNREADABLE as error:
        raise _Refused("file_unreadable", {}) from error
    # GDAL says EPSG:4326 for every GeoJSON that says nothing.
    stated = None if driver == "GeoJSON" and meta["crs"] in ("EPSG:4326", "OGC:CRS84") else meta["crs"]
    source = Source(crs, stated or ("EPSG:4326" if driver == "GeoJSON" and crs is None else None), shapes)
    encoding = _encoding(path, columns) if is_shapefile else "utf-8"
    fields = [_decoded(str(name), encoding) if is_shapefile else str(name) for name in meta["fields"]]
    info = {"features": len(shapes), "fields": fields, "crs": source.name, "encoding": encoding}
    return info, _rows(source, shapes, fields, columns, encoding if is_shapefile else None)


def _layer(path: Path, wanted: str | None) -> str:
    names = [str(name) for name, _ in pyogrio.list_layers(path)]
    if wanted is not None and wanted not in names:
        raise _Refused("layer_unknown", {"layers": ", ".join(names)})
    if wanted is None and len(names) != 1:
        raise _Refused("layer_ambiguous", {"layers": ", ".join(names)})
    return wanted or names[0]


def _rows(
    source: Source, shapes: Any, fields: list[str], columns: list[Any], encoding: str | None
) -> Iterator[dict[str, Any]]:
    for index, wkb in enumerate(shapes):
        code, attributes = None, {}
        for name, column in zip(fields, columns, strict=True):
            try:
                attributes[name] = _plain(column[index], encoding)
            except UnicodeDecodeError:
                code = "attribute_encoding"
        moved, fault = source.to_wgs84(wkb) if wkb is not None else (None, None)
        yield {
            "wkb": None if moved is None else base64.b64encode(moved).decode(),
            "attributes": attributes,
            "code": code or fault,
        }


def _plain(value: Any, encoding: str | None) -> Any:
    """A value that JSON has, or None."""
    if isinstance(value, str):
        return value if encoding is None else value.encode("latin-1").decode(encoding)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, np.generic):
        value = value.astype("datetime64[ms]").item() if isinstance(value, np.datetime64) else value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value if isinstance(value, bool | int) else None


def _encoding(path: Path, columns: list[Any]) -> str:
    """Of a .dbf: its .cpg, else UTF-8 when all of it is, else GB18030, the normal case of Chinese files."""
    stated = next((p for p in (path.with_suffix(".cpg"), path.with_suffix(".CPG")) if p.is_file()), None)
    if stated is not None:
        name = stated.read_bytes()[:40].decode("ascii", "replace").strip().lower()
        name = {"936": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "65001": "utf-8"}.get(name, name)
        try:
            return codecs.lookup(name).name
        except LookupError as error:
            raise _Refused("encoding_unknown", {"found": name}) from error
    texts = [
        value for column in columns for value in column if isinstance(value, str) and not value.isascii()
    ]
    return "utf-8" if all(_is_utf8(text) for text in texts) else "gb18030"


def _is_utf8(text: str) -> bool:
    try:
        text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decoded(name: str, encoding: str) -> str:
    try:
        return name.encode("latin-1").decode(encoding)
    except (UnicodeDecodeError, UnicodeEncodeError):
        return name
