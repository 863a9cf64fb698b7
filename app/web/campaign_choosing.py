"""A new campaign: what is treated and when, then the most like places to compare with, then the proposal."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import DateField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import Length

from app import clock
from app.areas.models import Area
from app.campaigns import operations, queries
from app.campaigns.choosing import Counted, Offer, Wanted
from app.campaigns.models import Campaign, CampaignArea
from app.campaigns.operations import Plan
from app.campaigns.queries import Place
from app.coverage.queries import bounds_of
from app.db import db
from app.errors import DomainError, NotFound
from app.gate import allow, me, my_scope, shows_map
from app.hotspots.corners import MOST_CORNERS
from app.hotspots.drawing import corners_of
from app.hotspots.queries import seen_hotspots
from app.incidents.models import EVENTS
from app.web.forms import DeskForm, Picks, needed
from app.web.hotspot_drawing import USUAL_RADIUS_M
from app.web.hotspots import JUDGES, features_of, township_asked, with_township
from app.web.planning import blame
from app.web.words import today, use_zone

pages = Blueprint("campaign_choosing", __name__)
LAST_DAY = date(2200, 1, 1)
BEFORE = ("just_before", "year_ago")
USUAL = {"weeks": 4, "ring_m": 100, "dosage_min": 40, "before": "just_before"}


class CampaignForm(DeskForm):
    name = StringField(validators=[Length(max=80, message="errors.too_long")])
    treated = Picks(validate_choice=False)
    grids = Picks(validate_choice=False)
    treated_corners = TextAreaField(validators=[Length(max=40 * MOST_CORNERS, message="errors.too_long")])
    control_corners = TextAreaField(validators=[Length(max=40 * MOST_CORNERS, message="errors.too_long")])
    categories = Picks(validate_choice=False)
    first = DateField(validators=[needed()])
    weeks = IntegerField(validators=[needed()])
    before = RadioField(validators=[needed()])
    ring_m = IntegerField(validators=[needed()])
    dosage_min = IntegerField(validators=[needed()])
    controls = Picks(validate_choice=False)

    def wanted(self) -> Wanted:
        first, weeks = min(self.first.data, LAST_DAY), min(max(self.weeks.data, 0), 99)
        return Wanted(
            tuple(int(key) for key in self.treated.data or () if key.isdigit()), tuple(self.categories.data or ()),
            first, first + timedelta(days=7 * weeks - 1), self.ring_m.data,
            tuple(int(key) for key in self.grids.data or () if key.isdigit()), self.treated_corners.data or "",
            self.control_corners.data or "",
        )  # fmt: skip

    def plan(self) -> Plan:
        keys = tuple(self.controls.data or ())
        return Plan(
            (self.name.data or "").strip(), self.wanted(), self.before.data, self.dosage_min.data, keys
        )


@pages.get("/desk/campaigns/new")
@allow(*JUDGES)
def new() -> ResponseReturnValue:
    """Empty, or filled from an earlier one that was called off or is to be repeated."""
    earlier = request.args.get("like")
    campaign = queries.see_campaign(my_scope(), _uuid(earlier)) if earlier else None
    township = db.session.get_one(Area, campaign.township_id) if campaign else township_asked(judged=True)
    use_zone(township.time_zone)
    return page_of(township, form_of(township, formdata=None, data=values_of(campaign)))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise NotFound() from wrong


@pages.post("/desk/campaigns")
@allow(*JUDGES)
def propose() -> ResponseReturnValue:
    """`decision` look: the like places are offered and nothing is written; propose: a second person is asked."""
    township = township_asked(judged=True)
    form = form_of(township)
    if not form.validate():
        return page_of(township, form), 422
    if request.form.get("decision") != "propose":
        return look(township, form)
    try:
        campaign = operations.propose(me(), township, form.plan(), clock.now())
    except DomainError as refused:
        problem = blame(form, refused)
        db.session.rollback()
        return page_of(township, form, problem, offer_for(township, form)), refused.status
    address = url_for("campaigns.one", campaign_id=campaign.id)
    flash(_("campaigns.proposed_done"), "done")
    db.session.commit()
    return redirect(address)


def look(township: Area, form: CampaignForm) -> ResponseReturnValue:
    try:
        offer = operations.offer_of(township, form.wanted(), clock.now())
    except DomainError as refused:
        return page_of(township, form, blame(form, refused)), 422
    if not offer.chosen(form.controls.data or ()):
        form.controls.data = [one.place.key for one in offer.others[: len(offer.treated)]]
    return page_of(township, form, "", offer)


def offer_for(township: Area, form: CampaignForm) -> Offer | None:
    """None as long as something that it rests on is wrong."""
    try:
        return operations.offer_of(township, form.wanted(), clock.now())
    except DomainError:
        return None


def form_of(township: Area, **options: Any) -> CampaignForm:
    form = CampaignForm(**options)
    spots = queries.hotspots_in_force(township.id, today())
    form.treated.choices = [(str(one.hotspot_id), one.name) for one in spots]
    form.grids.choices = [(str(one.area_id), one.name) for one in queries.grids_of(township.id, today())]
    form.categories.choices = [(code, _(f"hotspots.event.{code}")) for code in EVENTS]
    form.before.choices = [(code, _(f"campaigns.before.{code}")) for code in BEFORE]
    form.controls.choices = []
    return form


def values_of(campaign: Campaign | None) -> dict[str, Any]:
    first = today() + timedelta(days=(7 - today().weekday()) % 7 or 7)
    if campaign is None:
        return {**USUAL, "first": first, "categories": [c for c in EVENTS if c.startswith("theft")]}
    days = (campaign.last_on - campaign.first_on).days + 1
    areas = [one for one in queries.areas_of(campaign) if one.role == "treated"]
    just_before = campaign.before_last == campaign.first_on - timedelta(days=1)
    return {
        "name": campaign.name, "treated": [str(one.hotspot_id) for one in areas if one.kind == "hotspot"],
        "grids": [str(one.area_id) for one in areas if one.kind == "grid"],
        "treated_corners": "\n\n".join(corners_of(one) for one in areas if one.kind == "drawn"),
        "categories": list(campaign.categories), "first": max(first, campaign.first_on), "weeks": days // 7,
        "ring_m": campaign.ring_m, "dosage_min": campaign.dosage_min, "before": BEFORE[0] if just_before else BEFORE[1],
    }  # fmt: skip


def page_of(township: Area, form: CampaignForm, problem: str = "", offer: Offer | None = None) -> str:
    form.controls.choices = [(one.place.key, title_of(one.place)) for one in offer.others] if offer else []
    shows_map()
    return render_template(
        "desk/campaign_new.html", township=township, form=form, problem=problem, offer=offer,
        notes={one.place.key: counts_words(one) for one in offer.others} if offer else {},
        total=sum, title_of=title_of, shapes=with_township(
            township, features_of(hotspots=seen_hotspots(my_scope(), township.id, today()))
        ),
        bounds=bounds_of([township.id]), radius_m=USUAL_RADIUS_M, most=MOST_CORNERS,
        until=offer.edges[-1] - timedelta(days=1) if offer else date.min,
    )  # fmt: skip


def title_of(place: Place | CampaignArea) -> str:
    """A square and what was drawn say so before their village and number."""
    if place.kind in ("square", "drawn"):
        return _(f"campaigns.place.{place.kind}", name=place.name)
    return place.name


def counts_words(one: Counted) -> str:
    """「一年 12 起，每四周相差 0.8 起：0, 1, 2 …」, the oldest block first."""
    return _(
        "campaigns.counts", n=sum(one.counts), difference=f"{one.difference:.1f}",
        blocks=", ".join(str(n) for n in one.counts),
    )  # fmt: skip
