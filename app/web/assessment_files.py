"""An assessment to take along: tables for Excel and WPS, and the scorecard on paper with room for a stamp."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.accounts.operations import record_audit
from app.assessment import figures, queries
from app.assessment.figures import Figures
from app.assessment.models import Assessment
from app.assessment.rules import INDICATORS, Card, Place
from app.db import db
from app.errors import NotFound
from app.exports.paper import pdf_of
from app.exports.spreadsheets import Table, xlsx_of
from app.gate import allow, language, me, my_scope
from app.web import assessment_words as words
from app.web.assessment import READERS, phase_of
from app.web.assessment_why import township_of
from app.web.staffing import as_file

pages = Blueprint("assessment_files", __name__)
KINDS = ("xlsx", "pdf")


@pages.get("/desk/assessment/<uuid:assessment_id>/files/<kind>")
@allow(*READERS)
def file(assessment_id: UUID, kind: str) -> ResponseReturnValue:
    if kind not in KINDS:
        raise NotFound()
    one = queries.reach(my_scope(), assessment_id)
    township, found = township_of(one), figures.read(one.figures)
    name = f"{township.name}_{_('assessment.title')}_{words.quarter_code(one.quarter)}_v{one.n}"
    record_audit(
        township.id, me().id, "figures.exported", "area", township.code, clock.now(), file=f"assessment.{kind}",
        first=one.quarter.isoformat(), last=one.figures["last"],
    )  # fmt: skip
    body = xlsx_of(tables_of(one, found)) if kind == "xlsx" else paper_of(one, found)
    db.session.commit()
    return as_file(body, "xlsx", "assessment", name) if kind == "xlsx" else _as_pdf(body, name)


def _as_pdf(body: bytes, name: str) -> Response:
    response = Response(body, content_type="application/pdf")
    response.headers["Content-Disposition"] = (
        f"inline; filename=assessment.pdf; filename*=UTF-8''{quote(name)}.pdf"
    )
    return response


def paper_of(one: Assessment, found: Figures) -> bytes:
    township = township_of(one)
    page = render_template(
        "print/scorecard.html", one=one, found=found, township=township, w=words, language=language(),
        phase=phase_of(one), indicators=INDICATORS, sha=sha_of(one), now=clock.now(),
        rows=[(v, words.rows_of(v.place, v.card, found.policy.few_below)) for v in found.result.villages],
        own=words.rows_of(found.result.township, found.result.card, found.policy.few_below),
    )  # fmt: skip
    return pdf_of(page)


def sha_of(one: Assessment) -> str:
    """Of all figures of the version, so that two papers can be told apart."""
    text = json.dumps(one.figures, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def tables_of(one: Assessment, found: Figures) -> list[Table]:
    return [_scores(found), _measures(found), _notes(one, found)]


def _scores(found: Figures) -> Table:
    result = found.result
    headings = [
        _(f"assessment.column.{key}")
        for key in ("rank", "code", "village", "weight", "own", "final", "grade")
    ]
    rows: list[list[Any]] = [
        [
            v.rank, v.place.code, v.place.name, float(v.place.weight), _number(v.card.score), _number(v.final),
            v.grade or "",
        ]
        for v in result.villages
    ]  # fmt: skip
    rows.append(
        [None, result.township.code, result.township.name, None, _number(result.card.score), None, ""]
    )
    rows.append([None, "", _("assessment.bundle"), None, _number(result.bundle), None, ""])
    return Table(_("assessment.sheet.scores"), headings, rows)


def _measures(found: Figures) -> Table:
    keys = ("village", "indicator", "num", "den", "n", "value", "used", "points", "weight", "rests")
    headings = [_(f"assessment.column.{key}") for key in keys]
    cards = [(found.result.township, found.result.card), *((v.place, v.card) for v in found.result.villages)]
    return Table(_("assessment.sheet.measures"), headings, [row for card in cards for row in _of_card(*card)])


def _of_card(place: Place, card: Card) -> list[list[Any]]:
    return [
        [
            place.name, _(f"assessment.indicator.{line.indicator}"), *_measured(place, line.indicator),
            _percent(line.value), _percent(line.used), _number(line.points), _number(line.weight),
            words.rests_on(place, line.indicator),
        ]
        for line in card.lines
    ]  # fmt: skip


def _measured(place: Place, indicator: str) -> list[Any]:
    m = place.measured[indicator]
    return [None, None, 0] if m.why is not None else [round(float(m.num), 4), round(float(m.den), 4), m.n]


def _notes(one: Assessment, found: Figures) -> Table:
    rows = [
        [_("assessment.township"), found.result.township.name],
        [_("assessment.quarter"), words.quarter_words(one.quarter)],
        [_("assessment.version"), one.n],
        [_("assessment.state"), _(f"assessment.phase.{phase_of(one)}")],
        [_("assessment.measured_until"), found.last],
        [_("assessment.checksum"), sha_of(one)],
        [_("assessment.never"), _("assessment.never_words")],
        *([_(f"assessment.indicator.{key}"), _(f"assessment.formula.{key}")] for key in INDICATORS),
    ]
    return Table(
        _("assessment.sheet.notes"), [_("assessment.column.what"), _("assessment.column.said")], rows
    )


def _number(value: Any) -> float | None:
    return None if value is None else round(float(value), 2)


def _percent(value: Any) -> float | None:
    return None if value is None else round(float(value) * 100, 2)
