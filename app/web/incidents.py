"""Incidents in, at the desk: one file, the same checks as at the command line, and a report line by line."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import SelectField, StringField
from wtforms.validators import Length

from app import clock
from app.areas.models import Area
from app.db import db
from app.errors import DomainError
from app.gate import allow, me
from app.geofiles.problems import FileRefused, Problem
from app.geofiles.reader import Reading, read
from app.incidents import files
from app.incidents.recorded import Taken, import_events
from app.routes.queries import nearest_streets
from app.web.forms import DeskForm, needed
from app.web.hotspots import JUDGES, township_asked

pages = Blueprint("incidents_in", __name__)
MOST_BYTES = 5_000_000
KINDS = (".csv", ".xlsx", ".geojson", ".json", ".gpkg")
SYSTEMS = ("EPSG:4490", "EPSG:4326", "gcj02", "bd09", "file")
LINES_SHOWN = 60


class UploadForm(DeskForm):
    source = StringField(validators=[needed(), Length(max=80, message="errors.too_long")])
    crs = SelectField()


@pages.get("/desk/hotspots/incidents")
@allow(*JUDGES)
def show() -> ResponseReturnValue:
    return page_of(township_asked(judged=True), upload_form(formdata=None))


@pages.post("/desk/hotspots/incidents")
@allow(*JUDGES)
def take() -> ResponseReturnValue:
    township, form = township_asked(judged=True), upload_form()
    fits = form.validate()
    problem = file_problem()
    if problem or not fits:
        status = 413 if problem and problem.code == "file_too_big" else 422
        return page_of(township, form, problems=[problem] if problem else []), status
    reading, taken, problems = looked_at(township, form)
    if problems or taken is None:
        db.session.rollback()
        return page_of(township, form, reading=reading, problems=problems), 422
    page = page_of(township, upload_form(formdata=None), reading=reading, taken=taken)
    db.session.commit()
    return page


def upload_form(**options: Any) -> UploadForm:
    form = UploadForm(**options)
    form.crs.choices = [(code, _(f"hotspots.crs.{code.replace(':', '_').lower()}")) for code in SYSTEMS]
    return form


def file_problem() -> Problem | None:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return Problem(0, "file_missing")
    if Path(sent.filename).suffix.lower() not in KINDS:
        return Problem(0, "file_kind_unknown", {"found": Path(sent.filename).suffix[:20]})
    size = sent.stream.seek(0, 2)
    sent.stream.seek(0)
    return Problem(0, "file_too_big", {"limit_mb": MOST_BYTES // 1_000_000}) if size > MOST_BYTES else None


def looked_at(township: Area, form: UploadForm) -> tuple[Reading | None, Taken | None, list[Problem]]:
    """What the file held and what became of it, or what is wrong with it, in the order of its lines."""
    sent = request.files["file"]
    reading = None
    with tempfile.TemporaryDirectory(prefix="xunfang-incidents-") as folder:
        path = Path(folder) / f"file{Path(sent.filename or '').suffix.lower()}"
        sent.save(path)
        crs = None if form.crs.data == "file" else form.crs.data
        try:
            reading = read(path, crs, None, files.TYPES, files.FIELDS, tables=True)
            rows, problems = files.event_rows(reading, township.time_zone)
            problems = reading.problems + problems
            if problems or not reading.features:
                return reading, None, problems or [Problem(0, "nothing_to_import")]
            taken = import_events(township, rows, form.source.data, nearest_streets, me(), clock.now())
        except FileRefused as refused:
            return reading, None, [refused.problem]
        except DomainError as refused:
            return reading, None, [Problem(int(f.pointer), f.code, f.figures) for f in refused.fields]
    return reading, taken, []


def page_of(
    township: Area, form: UploadForm, *, reading: Reading | None = None, taken: Taken | None = None,
    problems: list[Problem] | None = None,
) -> str:  # fmt: skip
    wrong = sorted(problems or [], key=lambda one: one.line)
    return render_template(
        "desk/incidents_in.html", township=township, form=form, taken=taken,
        dropped=sorted(reading.dropped) if reading else [], known=known_lines(taken),
        problems=[(one.line, words_of(one)) for one in wrong[:LINES_SHOWN]], more=max(0, len(wrong) - LINES_SHOWN),
    )  # fmt: skip


def known_lines(taken: Taken | None) -> list[str]:
    found = sorted(taken.known.items()) if taken else []
    return [_(f"import.{why}", line=line) for line, why in found[:LINES_SHOWN]]


def words_of(problem: Problem) -> str:
    return _(f"import.problem.{problem.code}", **problem.values)
