"""Reports about places on the desk: by state, one with its photo and place, and what is to become of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import RadioField
from wtforms.validators import Optional

from app import clock
from app.areas.policies import place_of
from app.db import db
from app.errors import Conflict, DomainError, NotFound
from app.field.reports import checkpoint_names
from app.gate import allow, me, my_scope, shows_map
from app.incidents import operations, queries
from app.incidents.models import Incident
from app.incidents.queries import TABS, Listed
from app.incidents.rules import CLOSINGS, OFFICES
from app.web.forms import DeskForm
from app.web.planning import blame
from app.web.words import names, use_zone

pages = Blueprint("desk_reports", __name__)
SEERS = ("leader", "reviewer", "admin")
TONES = {"new": "need", "triaged": "wait", "passed_on": "wait", "closed": "idle"}
DONE = {"take": "desk.reports.taken", "pass_on": "desk.reports.passed", "close": "desk.reports.closed_done"}


class DecideForm(DeskForm):
    office = RadioField(validators=[Optional()])
    closing = RadioField(validators=[Optional()])


@pages.get("/desk/reports")
@allow(*SEERS)
def show() -> ResponseReturnValue:
    tab = request.args.get("tab", "open")
    if tab not in TABS:
        raise NotFound()
    found = queries.listed(my_scope(), tab)
    zone_of([one.incident for one in found])
    return render_template(
        "desk/reports.html", tab=tab, tabs=list(TABS), counts=queries.tab_counts(my_scope()), lines=lines_of(found),
    )  # fmt: skip


@pages.get("/desk/reports/<uuid:report_id>")
@allow(*SEERS)
def one(report_id: UUID) -> ResponseReturnValue:
    return page_of(queries.reach_incident(my_scope(), report_id), decide_form(formdata=None))


@pages.post("/desk/reports/<uuid:report_id>")
@allow(*SEERS)
def decide(report_id: UUID) -> ResponseReturnValue:
    form = decide_form()
    decision, which = wanted(form)
    try:
        operations.decide(me(), my_scope(), report_id, decision, which, clock.now())
    except Conflict as late:
        db.session.rollback()
        flash(_(f"errors.{late.code}"), "wait")
        return redirect(url_for("desk_reports.one", report_id=report_id))
    except DomainError as refused:
        if refused.status == 404:
            raise
        problem = blame(form, refused)
        db.session.rollback()
        page = page_of(queries.reach_incident(my_scope(), report_id), form, problem=problem)
        return page, refused.status
    flash(_(DONE[decision]), "done")
    db.session.commit()
    stays = decision == "take"
    return redirect(
        url_for("desk_reports.one", report_id=report_id) if stays else url_for("desk_reports.show")
    )


def wanted(form: DecideForm) -> tuple[str, str | None]:
    """The button and what was chosen beside it; "no hazard" is a way of closing with a button of its own."""
    decision = request.form.get("decision", "")
    if decision == "no_hazard":
        return "close", "no_hazard"
    return decision, form.office.data if decision == "pass_on" else form.closing.data


def decide_form(**options: Any) -> DecideForm:
    form = DecideForm(**options)
    form.office.choices = [(code, _(f"report.office.{code}")) for code in OFFICES]
    form.closing.choices = [(code, _(f"report.closing.{code}")) for code in CLOSINGS if code != "no_hazard"]
    return form


def page_of(incident: Incident, form: DecideForm, *, problem: str = "") -> str:
    zone_of([incident])
    people = queries.names_of([incident.reporter_id, incident.decided_by])
    photos = queries.photos_of([(incident.township_id, incident.id)]).get(incident.id, [])
    shows_map()
    return render_template(
        "desk/report.html", report=incident, form=form, problem=problem, tone=TONES[incident.state],
        title=title_of(incident), where=where_of(incident, queries.village_of(incident)),
        point=queries.lon_lat_of(incident), again=queries.counted_with(incident), photos=photos,
        reporter=people.get(incident.reporter_id, ""), decided_by=people.get(incident.decided_by, ""),
    )  # fmt: skip


def zone_of(incidents: Sequence[Incident]) -> None:
    if incidents:
        use_zone(place_of(incidents[0].township_id).zone)


def lines_of(found: Sequence[Listed]) -> list[dict[str, object]]:
    spots = checkpoint_names([one.incident for one in found])
    return [
        {
            "id": one.incident.id, "title": title_of(one.incident), "tone": TONES[one.incident.state],
            "state": one.incident.state, "team": one.team or "", "at": one.incident.reported_at,
            "where": where_words(spots.get(one.incident.checkpoint_id), one.village),
            "times": one.times, "photos": one.photos, "passed_to": one.incident.passed_to,
            "closing": one.incident.closing,
        }
        for one in found
    ]  # fmt: skip


def title_of(incident: Incident) -> str:
    kind = _(f"category.{incident.category}")
    if incident.phrase is None:
        return kind
    return _("report.title", kind=kind, phrase=_(f"report.phrase.{incident.phrase}"))


def where_of(incident: Incident, village: str | None) -> str:
    return where_words(checkpoint_names([incident]).get(incident.checkpoint_id), village)


def where_words(checkpoint: str | None, village: str | None) -> str:
    """Village and checkpoint, as far as they are known."""
    said = [one for one in (village, checkpoint) if one]
    return names(said) if said else _("report.where.unknown")
