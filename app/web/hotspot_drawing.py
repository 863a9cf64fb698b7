"""Drawing at the desk: a new hotspot, the outline of a proposal, or another outline for a hotspot in force. The corners
are text; the map writes and reads that text, and without a map it is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import DecimalField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from app import clock
from app.areas.models import Area
from app.coverage.queries import bounds_of
from app.db import db
from app.errors import Conflict, DomainError
from app.gate import allow, me, my_scope, shows_map
from app.hotspots import drawing, proposing, queries, rules
from app.hotspots.corners import MOST_CORNERS
from app.hotspots.drawing import GROUNDS, Drawing
from app.hotspots.models import HOTSPOT_CATEGORIES, Hotspot, HotspotProposal
from app.hotspots.proposing import REVIEW_DAYS
from app.hotspots.windows import windows_from
from app.web.forms import DeskForm
from app.web.hotspots import JUDGES, features_of, township_asked, windows_words, with_township
from app.web.planning import blame
from app.web.words import today, use_zone

pages = Blueprint("hotspot_drawing", __name__)
USUAL_RADIUS_M = 60


class DrawingForm(DeskForm):
    corners = TextAreaField(validators=[Length(max=40 * MOST_CORNERS, message="errors.too_long")])
    name = StringField(validators=[Length(max=80, message="errors.too_long")])
    category = SelectField(validators=[Optional()], validate_choice=False)
    windows = StringField(validators=[Length(max=400, message="errors.too_long")])
    weight = DecimalField(validators=[Optional()])
    grounds = RadioField(validators=[Optional()], validate_choice=False)
    review_days = RadioField(validators=[Optional()], validate_choice=False)

    def drawing(self) -> Drawing:
        days = self.review_days.data or ""
        return Drawing(
            self.corners.data or "", (self.name.data or "").strip(), self.category.data or "", self.hours(),
            self.weight.data, self.grounds.data or "", int(days) if days.isdigit() else 0,
        )  # fmt: skip

    def hours(self) -> tuple[rules.Window, ...]:
        """None at all where nobody can read them: that is said by their field, with all the rest."""
        try:
            return windows_from(self.windows.data or "")
        except ValueError:
            return ()


# --- a new place --------------------------------------------------------------------------------------------------


@pages.get("/desk/hotspots/drawn")
@allow(*JUDGES)
def new() -> ResponseReturnValue:
    form = form_of({"weight": 1, "review_days": str(REVIEW_DAYS[-1])}, formdata=None)
    return page_of(township_asked(judged=True), form)


@pages.post("/desk/hotspots/drawn")
@allow(*JUDGES)
def draw() -> ResponseReturnValue:
    township = township_asked(judged=True)

    def deed(wanted: Drawing) -> HotspotProposal:
        return drawing.draw(me(), township, wanted, clock.now())

    return done_or_said(deed, lambda form, problem: page_of(township_asked(judged=True), form, problem))


# --- the outline of a proposal ------------------------------------------------------------------------------------


@pages.get("/desk/hotspots/proposals/<uuid:proposal_id>/drawn")
@allow(*JUDGES)
def of_proposal(proposal_id: UUID) -> ResponseReturnValue:
    proposal = queries.reach_proposal(my_scope(), proposal_id)
    known = {"weight": 1, "review_days": str(REVIEW_DAYS[-1]), "grounds": "corrected"}
    known |= {key: value for key, value in proposal.parameters.items() if key in known}
    values = {
        **known, "review_days": str(known["review_days"]), "corners": drawing.corners_of(proposal),
        "weight": proposing.weight_of(proposal), "name": proposal.name or "", "category": proposal.category,
        "windows": windows_words(proposal.windows),
    }  # fmt: skip
    return page_of(township_of(proposal), form_of(values, formdata=None), "", proposal=proposal)


@pages.post("/desk/hotspots/proposals/<uuid:proposal_id>/drawn")
@allow(*JUDGES)
def redraw(proposal_id: UUID) -> ResponseReturnValue:
    queries.reach_proposal(my_scope(), proposal_id)

    def deed(wanted: Drawing) -> HotspotProposal:
        return drawing.redraw(me(), my_scope(), proposal_id, wanted, clock.now())

    def again(form: DrawingForm, problem: str) -> str:
        proposal = queries.reach_proposal(my_scope(), proposal_id)
        return page_of(township_of(proposal), form, problem, proposal=proposal)

    return done_or_said(deed, again)


# --- another outline for a hotspot in force -----------------------------------------------------------------------


@pages.get("/desk/hotspots/<int:hotspot_id>/drawn")
@allow(*JUDGES)
def of_hotspot(hotspot_id: int) -> ResponseReturnValue:
    hotspot = queries.reach_hotspot(my_scope(), hotspot_id)
    waiting = queries.open_proposal_renewing(hotspot.township_id, hotspot.id)
    if waiting is not None:
        return redirect(url_for("hotspot_drawing.of_proposal", proposal_id=waiting.id))
    values = {
        "corners": drawing.corners_of(hotspot), "name": hotspot.name, "category": hotspot.category,
        "windows": windows_words(queries.windows_of([hotspot.id])[hotspot.id]), "weight": hotspot.weight,
        "grounds": "corrected", "review_days": str(REVIEW_DAYS[-1]),
    }  # fmt: skip
    return page_of(township_of(hotspot), form_of(values, formdata=None), "", hotspot=hotspot)


@pages.post("/desk/hotspots/<int:hotspot_id>/drawn")
@allow(*JUDGES)
def redraw_hotspot(hotspot_id: int) -> ResponseReturnValue:
    queries.reach_hotspot(my_scope(), hotspot_id)

    def deed(wanted: Drawing) -> HotspotProposal:
        return drawing.redraw_hotspot(me(), my_scope(), hotspot_id, wanted, clock.now())

    def again(form: DrawingForm, problem: str) -> str:
        hotspot = queries.reach_hotspot(my_scope(), hotspot_id)
        return page_of(township_of(hotspot), form, problem, hotspot=hotspot)

    return done_or_said(deed, again)


# --- the page -----------------------------------------------------------------------------------------------------


def done_or_said(
    deed: Callable[[Drawing], HotspotProposal], again: Callable[[DrawingForm, str], str]
) -> ResponseReturnValue:
    """Do it and show the proposal; or the form again, with what is wrong at its field and nothing lost."""
    form = form_of({})
    if not form.validate():
        return again(form, ""), 422
    try:
        proposal = deed(form.drawing())
    except Conflict as late:
        db.session.rollback()
        flash(_(f"errors.{late.code}"), "wait")
        return redirect(url_for("hotspots.show"))
    except DomainError as refused:
        if refused.status == 404:
            raise
        problem = blame(form, refused)
        db.session.rollback()
        return again(form, problem), refused.status
    address = url_for("proposals.one", proposal_id=proposal.id)
    flash(_("hotspots.drawn_done", n=proposal.parameters["drawn_n"]), "done")
    db.session.commit()
    return redirect(address)


def form_of(data: dict[str, Any], **options: Any) -> DrawingForm:
    form = DrawingForm(data=data, **options)
    form.category.choices = [("", _("hotspots.choose"))] + [
        (code, _(f"hotspots.place.{code}")) for code in HOTSPOT_CATEGORIES
    ]
    form.grounds.choices = [(code, _(f"hotspots.grounds.{code}")) for code in GROUNDS]
    form.review_days.choices = [(str(n), _("hotspots.days", n=n)) for n in REVIEW_DAYS]
    return form


def township_of(one: Hotspot | HotspotProposal) -> Area:
    township = db.session.get_one(Area, one.township_id)
    use_zone(township.time_zone)
    return township


def page_of(
    township: Area,
    form: DrawingForm,
    problem: str = "",
    *,
    hotspot: Hotspot | None = None,
    proposal: HotspotProposal | None = None,
) -> str:
    others = [one for one in queries.seen_hotspots(my_scope(), township.id, today()) if one is not hotspot]
    shows_map()
    shapes = with_township(township, features_of(hotspots=others))
    return render_template(
        "desk/hotspot_drawn.html", township=township, form=form, problem=problem, hotspot=hotspot,
        proposal=proposal, shapes=shapes, bounds=bounds_of([township.id]),
        radius_m=USUAL_RADIUS_M, least=rules.LEAST_EVENTS, most=MOST_CORNERS,
    )  # fmt: skip
