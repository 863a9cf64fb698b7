"""One proposed hotspot: named and proposed by one person, approved by another; renewed or ended when it is due."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import Length, Optional

from app import clock
from app.areas.models import Area
from app.coverage.queries import bounds_of
from app.db import db
from app.errors import Conflict, DomainError, FieldError
from app.gate import allow, me, my_scope, shows_map
from app.hotspots import proposing, queries
from app.hotspots.models import HOTSPOT_CATEGORIES, REJECTIONS, Hotspot, HotspotProposal
from app.hotspots.proposing import DRAWN, REVIEW_DAYS, Edited
from app.hotspots.rules import Window
from app.hotspots.windows import windows_from
from app.web.forms import DeskForm
from app.web.hotspots import JUDGES, feature_of, title_of, windows_words
from app.web.planning import blame
from app.web.words import use_zone

pages = Blueprint("proposals", __name__)
DONE = {
    "propose": "hotspots.proposed_done",
    "approve": "hotspots.approved_done",
    "reject": "hotspots.rejected_done",
}


class ProposalForm(DeskForm):
    name = StringField(validators=[Length(max=80, message="errors.too_long")])
    category = SelectField(validators=[Optional()], validate_choice=False)
    windows = StringField(validators=[Length(max=400, message="errors.too_long")])
    shape = RadioField(validators=[Optional()], validate_choice=False)
    review_days = RadioField(validators=[Optional()], validate_choice=False)
    reason = RadioField(validators=[Optional()], validate_choice=False)


@pages.get("/desk/hotspots/proposals/<uuid:proposal_id>")
@allow(*JUDGES)
def one(proposal_id: UUID) -> ResponseReturnValue:
    proposal = queries.reach_proposal(my_scope(), proposal_id)
    return page_of(proposal, form_of(proposal, formdata=None))


@pages.post("/desk/hotspots/proposals/<uuid:proposal_id>")
@allow(*JUDGES)
def decide(proposal_id: UUID) -> ResponseReturnValue:
    form = form_of(queries.reach_proposal(my_scope(), proposal_id))
    decision = request.form.get("decision", "")
    try:
        act(decision, proposal_id, form)
    except Conflict as late:
        db.session.rollback()
        flash(_(f"errors.{late.code}"), "wait")
        return redirect(url_for("proposals.one", proposal_id=proposal_id))
    except DomainError as refused:
        if refused.status == 404:
            raise
        problem = blame(form, refused)
        db.session.rollback()
        return page_of(queries.reach_proposal(my_scope(), proposal_id), form, problem), refused.status
    flash(_(DONE[decision]), "done")
    db.session.commit()
    return redirect(url_for("hotspots.show"))


def act(decision: str, proposal_id: UUID, form: ProposalForm) -> None:
    person, scope, now = me(), my_scope(), clock.now()
    if decision == "propose":
        edited = Edited(
            (form.name.data or "").strip(),
            form.category.data or "",
            windows_typed(form),
            form.shape.data or "",
        )
        proposing.propose(person, scope, proposal_id, edited, now)
    elif decision == "approve":
        days = form.review_days.data or ""
        proposing.approve(person, scope, proposal_id, int(days) if days.isdigit() else 0, now)
    elif decision == "reject":
        proposing.reject(person, scope, proposal_id, form.reason.data or "", now)
    else:
        raise DomainError("invalid")


def windows_typed(form: ProposalForm) -> tuple[Window, ...]:
    """Raises DomainError at the field when nobody can read it."""
    try:
        return windows_from(form.windows.data or "")
    except ValueError as error:
        raise DomainError("invalid", [FieldError("/windows", "windows_needed")]) from error


def form_of(proposal: HotspotProposal, **options: Any) -> ProposalForm:
    if options:
        options["data"] = {
            "name": proposal.name or "", "category": proposal.category, "windows": windows_words(proposal.windows),
            "shape": proposal.shape,
            "review_days": str(proposal.parameters.get("review_days", REVIEW_DAYS[-1])),
        }  # fmt: skip
    form = ProposalForm(**options)
    form.category.choices = [("", _("hotspots.choose"))] + [
        (code, _(f"hotspots.place.{code}")) for code in HOTSPOT_CATEGORIES
    ]
    form.shape.choices = [(name, _(f"hotspots.shape.{name}")) for name in proposal.shapes]
    form.review_days.choices = [(str(n), _("hotspots.days", n=n)) for n in REVIEW_DAYS]
    form.reason.choices = [(code, _(f"hotspots.rejection.{code}")) for code in REJECTIONS]
    return form


def page_of(proposal: HotspotProposal, form: ProposalForm, problem: str = "") -> str:
    use_zone(db.session.get_one(Area, proposal.township_id).time_zone)
    people = queries.names_of([proposal.proposed_by, proposal.decided_by])
    outlines = [
        {**feature_of(geometry, "outline", name), "id": n}
        for n, (name, geometry) in enumerate(proposal.shapes.items(), 1)
    ]
    # After the outlines, which the form's choice finds by their order.
    outlines += [feature_of(one, "overdue", "") for one in _replaced(proposal)]
    shows_map()
    return render_template(
        "desk/hotspot_proposal.html", proposal=proposal, form=form, problem=problem, title=title_of(proposal),
        windows=windows_words(proposal.windows), proposer=people.get(proposal.proposed_by, ""),
        decider=people.get(proposal.decided_by, ""), own=proposal.proposed_by == me().id,
        shapes={"type": "FeatureCollection", "features": outlines}, bounds=bounds_of([proposal.township_id]),
    )  # fmt: skip


def _replaced(proposal: HotspotProposal) -> list[Any]:
    """The outline that it takes the place of, so that the second person sees what changes."""
    wanted = [proposal.renews] if proposal.renews and DRAWN in proposal.shapes else []
    return list(queries.shapes_of(Hotspot, wanted).values())


# --- hotspots that are due ----------------------------------------------------------------------------------------


@pages.post("/desk/hotspots/<int:hotspot_id>/renew")
@allow(*JUDGES)
def renew(hotspot_id: int) -> ResponseReturnValue:
    """Asks a second person; the page of that wish is the answer."""
    try:
        proposal = proposing.renew(me(), my_scope(), hotspot_id, clock.now())
    except Conflict as late:
        db.session.rollback()
        flash(_(f"errors.{late.code}"), "wait")
        return redirect(url_for("hotspots.show"))
    address = url_for("proposals.one", proposal_id=proposal.id)
    flash(_("hotspots.renewal_done"), "done")
    db.session.commit()
    return redirect(address)


@pages.post("/desk/hotspots/<int:hotspot_id>/end")
@allow(*JUDGES)
def end(hotspot_id: int) -> ResponseReturnValue:
    hotspot = proposing.end(me(), my_scope(), hotspot_id, clock.now())
    flash(_("hotspots.ended_done", name=hotspot.name), "done")
    db.session.commit()
    return redirect(url_for("hotspots.show"))
