"""The coverage page as files: XLSX, CSV, GeoJSON, GeoPackage. The same area, period and scope as the page; audited."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.accounts.operations import record_audit
from app.coverage.measures import Measure
from app.coverage.rules import GRADES
from app.db import db
from app.errors import NotFound
from app.exports import figures, geofile
from app.exports.features import Asked, Feature
from app.exports.figures import Figures
from app.exports.spreadsheets import Table, csv_of, xlsx_of
from app.gate import allow, me, my_scope
from app.web import coverage as page
from app.web.words import local

pages = Blueprint("exports", __name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS = {
    "xlsx": ("xlsx", XLSX), "csv": ("zip", "application/zip"), "geojson": ("geojson", "application/geo+json"),
    "gpkg": ("gpkg", "application/geopackage+sqlite3"),
}  # fmt: skip
SHEETS = ("hotspots", "streets", "routes")
UNITS = {"visits", "shifts", "check-ins", "min", "h"}


@pages.get("/desk/coverage/files/<kind>")
@allow("leader", "reviewer", "admin")
def file(kind: str) -> ResponseReturnValue:
    if kind not in KINDS:
        raise NotFound()
    asked, now = page.asked_for(), clock.now()
    found = figures.figures_of(asked.area, Asked(my_scope(), asked.period, now))
    body = _MADE[kind](found)
    record_audit(
        asked.area.township_id or asked.area.id, me().id, "figures.exported", "area", asked.area.code, now,
        file=kind, first=asked.period.first.isoformat(), last=asked.period.last.isoformat(),
    )  # fmt: skip
    db.session.commit()
    ending, media_type = KINDS[kind]
    name = f"{asked.area.name}_{asked.period.first}_{asked.period.last}.{ending}"
    response = Response(body, content_type=media_type)
    response.headers["Content-Disposition"] = (
        f"attachment; filename=xunfang.{ending}; filename*=UTF-8''{quote(name)}"
    )
    return response


def xlsx(found: Figures) -> bytes:
    return xlsx_of(tables(found))


def csvs(found: Figures) -> bytes:
    """A table each, in one ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parcel:
        for table in tables(found):
            parcel.writestr(f"{table.name}.csv", csv_of(table))
    return out.getvalue()


def geojson(found: Figures) -> str:
    """All layers together, each feature saying which it is of."""
    listed = [_as_text(layer, f) for layer, several in found.layers.items() for f in several]
    return f'{{"type":"FeatureCollection","features":[{",".join(listed)}]}}'


def _as_text(layer: str, feature: Feature) -> str:
    properties = json.dumps({"layer": layer, **feature.properties}, ensure_ascii=False)
    return (
        f'{{"type":"Feature","id":{json.dumps(f"{layer}.{feature.id}")},"geometry":{feature.shape},'
        f'"properties":{properties}}}'
    )


def gpkg(found: Figures) -> bytes:
    return geofile.geopackage_of(found.layers)


_MADE: dict[str, Any] = {"xlsx": xlsx, "csv": csvs, "geojson": geojson, "gpkg": gpkg}


# --- the tables -----------------------------------------------------------------------------------


def tables(found: Figures) -> list[Table]:
    return [
        summary(found),
        villages(found),
        *(things(layer, found.layers[layer]) for layer in SHEETS),
        notes(found),
    ]


def summary(found: Figures) -> Table:
    """Each measure of the area: number, unit, evidence, how many, and how it is counted."""
    keys = ("measure", "value", "unit", "grade", "n", "formula")
    rows = [
        (_(f"coverage.measure.{key}"), m.value, unit(m), grade(m.grade), m.n, _(f"coverage.formula.{key}"))
        for key, m in found.coverage.measures.items()
    ]
    return Table(_("file.sheet.summary"), [_(f"file.column.{key}") for key in keys], rows)


def villages(found: Figures) -> Table:
    """The area and what it is made of; beside each number what it rests on."""
    headings = [_(f"file.column.{key}") for key in ("code", "name", "level")]
    for key, measure in found.coverage.measures.items():
        words, of = _(f"coverage.measure.{key}"), unit(measure)
        headings += [f"{words} ({of})" if of else words, _("file.column.grade"), _("file.column.n")]
    rows = []
    for area, measures in ((found.coverage.area, found.coverage.measures), *found.coverage.children):
        row: list[Any] = [area.code, area.name, _(f"coverage.level.{area.level}")]
        for measure in measures.values():
            row += [measure.value, grade(measure.grade), measure.n]
        rows.append(row)
    return Table(_("file.sheet.villages"), headings, rows)


def things(layer: str, several: Sequence[Feature]) -> Table:
    keys = [key for key in several[0].properties if key not in ("from", "to")] if several else ["name"]
    rows = [[f.id, *(shown(key, f.properties[key]) for key in keys)] for f in several]
    return Table(_(f"file.sheet.{layer}"), ["id", *(_(f"file.column.{key}") for key in keys)], rows)


def notes(found: Figures) -> Table:
    """What the numbers are of, what the grades of evidence mean, and whose the streets are."""
    period = found.asked.period
    rows = [
        (_("file.note.area"), f"{found.coverage.area.name} {found.coverage.area.code}"),
        (_("file.note.period"), f"{period.first.isoformat()} – {period.last.isoformat()}"),
        (_("file.note.made"), moment_of(clock.rfc3339(found.asked.now))),
        *[(_(f"coverage.grade.{name}"), _(f"file.grade.{name}")) for name in (*GRADES, "mixed")],
        (_("file.note.places"), _("file.note.places_words")),
        *[(_("file.note.streets"), f"{words}, {licence}") for words, licence in found.sources],
    ]
    return Table(_("file.sheet.notes"), [_("file.column.note"), ""], rows)


def unit(measure: Measure) -> str:
    return _(f"coverage.unit.{measure.unit}") if measure.unit in UNITS else measure.unit


def grade(name: str | None) -> str | None:
    return name and _(f"coverage.grade.{name}")


def shown(key: str, value: Any) -> Any:
    """A value as a person reads it: codes as words, instants as the area's time of day."""
    if value is None:
        return None
    if key == "grade":
        return grade(value)
    if key == "category":
        return _(f"coverage.category.{value}")
    if key == "freshness":
        return _(f"coverage.fresh.{value}")
    return moment_of(value) if key.endswith("_at") else value


def moment_of(text: str | None) -> str | None:
    return text and local(datetime.fromisoformat(text)).strftime("%Y-%m-%d %H:%M")
