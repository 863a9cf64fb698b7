"""Assessments at the desk: a township's scorecard and its villages, versions, and the way to what counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import HiddenField, IntegerField, SelectField
from wtforms.validators import Optional

from app import clock
from app.areas.models import Area
from app.assessment import figures, operations, queries
from app.assessment.models import CORRECTIONS, REASONS, Assessment, AssessmentReturn
from app.assessment.operations import Figure
from app.assessment.rules import INDICATORS, Quarter, Village, quarter_of
from app.db import db
from app.errors import Conflict, DomainError, NotFound
from app.gate import allow, me, my_scope
from app.problems import sentence
from app.web import assessment_words as words
from app.web.forms import DeskForm
from app.web.planning import blame
from app.web.words import use_zone

pages = Blueprint("assessment", __name__)
READERS = ("reviewer", "admin")
QUARTERS_BACK = 4
QUARTER = re.compile(r"(20[0-9]{2})-Q([1-4])")
DONE = {
    "publish": "assessment.done.publish", "accept": "assessment.done.accept", "freeze": "assessment.done.freeze",
    "return": "assessment.done.return",
}  # fmt: skip


class ReturnForm(DeskForm):
    """What of a version is returned; choices are checked by the operation."""

    decision = HiddenField()
    area = IntegerField(validators=[Optional()])
    indicator = SelectField(validate_choice=False, validators=[Optional()])
    reason = SelectField(validate_choice=False, validators=[Optional()])


@pages.get("/desk/assessment")
@allow(*READERS)
def show() -> ResponseReturnValue:
    township = township_asked(request.args.get("area"))
    quarter = quarter_asked(request.args.get("quarter"), township)
    return page(township, quarter, version_asked(township, quarter))


@pages.post("/desk/assessment")
@allow(*READERS)
def compute() -> ResponseReturnValue:
    township = township_asked(request.form.get("area"))
    quarter = quarter_asked(request.form.get("quarter"), township)
    try:
        made = operations.compute(me(), township, quarter, request.form.get("reason") or None, clock.now())
    except DomainError as refused:
        db.session.rollback()
        township = township_asked(request.form.get("area"))
        one = version_asked(township, quarter)
        return page(township, quarter, one, problem=words_of(refused)), refused.status
    flash(_("assessment.done.compute", n=made.n), "done")
    db.session.commit()
    return redirect(address(township, quarter))


@pages.post("/desk/assessment/<uuid:assessment_id>")
@allow(*READERS)
def decide(assessment_id: UUID) -> ResponseReturnValue:
    one = queries.reach(my_scope(), assessment_id)
    township, quarter = db.session.get_one(Area, one.township_id), Quarter(one.quarter)
    form = return_form(one)
    try:
        act(request.form.get("decision", ""), assessment_id, form)
    except Conflict as late:
        db.session.rollback()
        flash(_(f"errors.{late.code}"), "wait")
        return redirect(address(township, quarter))
    except DomainError as refused:
        problem = blame(form, refused)
        db.session.rollback()
        one = queries.reach(my_scope(), assessment_id)
        township = db.session.get_one(Area, one.township_id)
        return page(township, quarter, one, form=form, problem=problem), refused.status
    flash(_(DONE[request.form["decision"]]), "done")
    db.session.commit()
    return redirect(address(township, quarter))


def act(decision: str, assessment_id: UUID, form: ReturnForm) -> None:
    given = (me(), my_scope(), assessment_id)
    if decision == "return":
        figure = Figure(form.area.data or 0, form.indicator.data or "", form.reason.data or "")
        operations.send_back(*given, figure, clock.now())
        return
    deeds = {"publish": operations.publish, "accept": operations.accept, "freeze": operations.freeze}
    if decision not in deeds:
        raise DomainError("choose_one")
    deeds[decision](*given, clock.now())


@pages.post("/desk/assessment/returns/<uuid:sent_back_id>")
@allow(*READERS)
def answer(sent_back_id: UUID) -> ResponseReturnValue:
    found = queries.reach_row(my_scope(), AssessmentReturn, sent_back_id)
    one = queries.reach(my_scope(), found.assessment_id)
    township = db.session.get_one(Area, one.township_id)
    try:
        operations.answer(me(), my_scope(), sent_back_id, request.form.get("outcome", ""), clock.now())
    except DomainError as refused:
        db.session.rollback()
        flash(words_of(refused), "need")
        return redirect(address(township, Quarter(one.quarter)))
    flash(_("assessment.done.answer"), "done")
    db.session.commit()
    return redirect(address(township, Quarter(one.quarter)))


@pages.get("/desk/assessment/compare")
@allow(*READERS)
def compare() -> ResponseReturnValue:
    """The townships within reach beside each other: what counts, else what is newest."""
    townships = queries.townships_for(my_scope())
    if not townships:
        raise NotFound()
    quarter = quarter_asked(request.args.get("quarter"), townships[0])
    lines = [
        {
            "township": s.township, "one": s.one,
            "phase": "frozen" if s.is_frozen else operations.phase_open(s.review, s.returns),
            "result": figures.read(s.one.figures).result if s.one else None,
        }
        for s in queries.standings(my_scope(), quarter.first)
    ]  # fmt: skip
    return render_template(
        "desk/assessment_compare.html", lines=lines, quarter=quarter, indicators=INDICATORS, w=words,
        quarters=quarters_of(townships),
    )  # fmt: skip


# --- the page -----------------------------------------------------------------------------------------------------


def page(
    township: Area,
    quarter: Quarter,
    one: Assessment | None,
    form: ReturnForm | None = None,
    problem: str = "",
) -> str:
    use_zone(township.time_zone)
    versions = queries.versions_of(township.id, quarter.first)
    return render_template(
        "desk/assessment.html", township=township, townships=queries.townships_for(my_scope()), quarter=quarter,
        quarters=quarters_of([township]), versions=versions, one=one, problem=problem, w=words,
        corrections=CORRECTIONS, phases={v.id: phase_of(v) for v in versions},
        is_running=quarter.last >= clock.local_day(clock.now(), township.time_zone),
        is_whole=one is None or operations.is_of_whole(one, township.time_zone),
        must_say_why=queries.frozen_version(township.id, quarter.first) is not None,
        **(_of_version(one, versions, form) if one else {"form": form}),
    )  # fmt: skip


def _of_version(one: Assessment, versions: Sequence[Assessment], form: ReturnForm | None) -> dict[str, Any]:
    found = figures.read(one.figures)
    review, freeze, returns = queries.review_of(one), queries.freeze_of(one), queries.returns_of(one)
    people = [one.computed_by, *(v.computed_by for v in versions)]
    people += [review.published_by, review.accepted_by] if review else []
    people += [freeze.frozen_by] if freeze else []
    people += [i for r in returns for i in (r.returned_by, r.decided_by)]
    before = next((v for v in versions if v.n == one.n - 1), None)
    shown = shown_of(found, request.args.get("place"))
    return {
        "found": found, "shown": shown, "rows": words.rows_of(shown.place, shown.card, found.policy.few_below),
        "review": review, "freeze": freeze, "returns": returns, "phase": phase_of(one),
        "steps": steps_of(one, review, freeze), "names_of_people": queries.names_of(people),
        "changes": operations.changes(before, one) if before else [], "before": before,
        "places": {p.id: p.name for p in [found.result.township, *found.places]},
        "form": form or return_form(one, blank=True), "mine": me().id,
        "freezes_from": operations.freezes_from(review) if review else None,
    }  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """The card that is open: a village's, or the township's (without F and grade)."""

    place: Any
    card: Any
    village: Village | None


def shown_of(found: figures.Figures, code: str | None) -> Shown:
    village = next((v for v in found.result.villages if v.place.code == code), None)
    if village is not None:
        return Shown(village.place, village.card, village)
    return Shown(found.result.township, found.result.card, None)


def steps_of(one: Assessment, review: Any, freeze: Any) -> list[tuple[str, int | None, Any]]:
    """(what, by whom, when) of all that was done with the version, in order."""
    steps = [("computed", one.computed_by, one.computed_at)]
    if review:
        steps.append(("published", review.published_by, review.published_at))
        if review.accepted_by:
            steps.append(("accepted", review.accepted_by, review.accepted_at))
    if freeze:
        steps.append(("frozen", freeze.frozen_by, freeze.frozen_at))
    return steps


def return_form(one: Assessment, *, blank: bool = False) -> ReturnForm:
    form = ReturnForm(formdata=None) if blank else ReturnForm()
    form.indicator.choices = [(key, _(f"assessment.indicator.{key}")) for key in INDICATORS]
    form.reason.choices = [(key, _(f"assessment.reason.{key}")) for key in REASONS]
    return form


def phase_of(one: Assessment | None) -> str | None:
    if one is None:
        return None
    newest = queries.latest(one.township_id, one.quarter)
    return operations.phase_of(one, newest.n if newest else one.n)


# --- what was asked -----------------------------------------------------------------------------------------------


def township_asked(code: str | None) -> Area:
    """The township named, or the first on offer."""
    first = next((t.code for t in queries.townships_for(my_scope())), None)
    if not code and first is None:
        raise NotFound()
    return queries.reach_township(my_scope(), code or str(first))


def quarter_asked(text: str | None, township: Area) -> Quarter:
    """The quarter named; else the newest with a version, else the last that is over."""
    found = QUARTER.fullmatch(text or "")
    if found:
        return Quarter(date(int(found[1]), int(found[2]) * 3 - 2, 1))
    known = queries.quarters_of([township.id])
    return Quarter(known[0]) if known else quarter_of(clock.local_day(clock.now(), township.time_zone)).before


def quarters_of(townships: Sequence[Area]) -> list[date]:
    """Those with a version and the last ones, newest first."""
    quarter = quarter_of(clock.local_day(clock.now(), townships[0].time_zone))
    found = set(queries.quarters_of([t.id for t in townships]))
    for _n in range(QUARTERS_BACK + 1):
        found.add(quarter.first)
        quarter = quarter.before
    return sorted(found, reverse=True)


def version_asked(township: Area, quarter: Quarter) -> Assessment | None:
    n = request.args.get("n", type=int)
    versions = queries.versions_of(township.id, quarter.first)
    return next((v for v in versions if n in (None, v.n)), None)


def address(township: Area, quarter: Quarter) -> str:
    return url_for("assessment.show", area=township.code, quarter=words.quarter_code(quarter.first))


def words_of(refused: DomainError) -> str:
    """The sentence of a refusal; of one about fields, those of the fields."""
    if refused.code == "invalid" and refused.fields:
        return " ".join(sentence(f"errors.{f.code}", f.figures) for f in refused.fields)
    return sentence(f"errors.{refused.code}", refused.figures)
