"""A campaign is proposed by one person and approved by another before its first day; it is never edited."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from geoalchemy2 import WKBElement

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.accounts.rules import uuid7
from app.areas.models import Area
from app.areas.policies import place_of
from app.campaigns import choosing, queries, results, rules
from app.campaigns.choosing import CONTROL, TREATED, Counted, Offer, Wanted, is_enough
from app.campaigns.models import REASONS, Campaign, CampaignArea
from app.campaigns.queries import Ground, Place
from app.campaigns.rules import Before
from app.clock import local_day
from app.db import db
from app.errors import Conflict, DomainError, FieldError
from app.hotspots.drawing import place_fault
from app.hotspots.rules import is_large_enough
from app.incidents.models import EVENTS
from app.teams.scope import Scope

NAME_LETTERS = 80


@dataclass(frozen=True)
class Plan:
    """What somebody proposes; `control_keys` are of places that were offered."""

    name: str
    wanted: Wanted
    before: Before
    dosage_min: int
    control_keys: tuple[str, ...]


def propose(person: Person, township: Area, plan: Plan, now: datetime) -> Campaign:
    """Raises DomainError `invalid` with a FieldError for each thing that is wrong."""
    wanted, today = plan.wanted, local_day(now, township.time_zone)
    faults = plan_faults(wanted, today) + _own_faults(township, plan)
    if faults:
        raise DomainError("invalid", faults)
    offer = offer_of(township, wanted, now)
    if not plan.control_keys or len(offer.chosen(plan.control_keys)) != len(set(plan.control_keys)):
        raise DomainError("invalid", [FieldError("/controls", "campaign_controls")])
    first, last = rules.before_period(wanted.first, wanted.last, plan.before)
    campaign = Campaign(
        township_id=township.id, id=uuid7(now, secrets.token_bytes(10)), name=plan.name,
        categories=sorted(wanted.categories), before_first=first, before_last=last, first_on=wanted.first,
        last_on=wanted.last, ring_m=wanted.ring_m, dosage_min=plan.dosage_min, state="proposed",
        proposed_by=person.id, proposed_at=now,
    )  # fmt: skip
    db.session.add(campaign)
    db.session.flush()
    _add_areas(
        campaign, [one.place for one in offer.treated], [one.place for one in offer.chosen(plan.control_keys)]
    )
    _audit("campaigns.propose", person, campaign, now)
    return campaign


def plan_faults(wanted: Wanted, today: date) -> list[FieldError]:
    """What has to be right before like places can be looked for."""
    faults = []
    is_any = wanted.n_chosen or wanted.drawn.strip()
    if not is_any or wanted.n_chosen > rules.MOST_TREATED:
        faults.append(FieldError("/treated", "campaign_treated", {"most": rules.MOST_TREATED}))
    if not wanted.categories or not set(wanted.categories) <= set(EVENTS):
        faults.append(FieldError("/categories", "field_needed"))
    if wanted.first <= today:
        faults.append(FieldError("/first", "campaign_too_late"))
    elif (wanted.first - today).days > rules.FURTHEST_DAYS:
        faults.append(FieldError("/first", "campaign_too_far", {"days": rules.FURTHEST_DAYS}))
    elif not rules.is_length(wanted.first, wanted.last):
        faults.append(FieldError("/weeks", "campaign_length"))
    if not rules.RINGS_M[0] <= wanted.ring_m <= rules.RINGS_M[1]:
        least, most = rules.RINGS_M
        faults.append(FieldError("/ring_m", "number_out_of_range", {"least": least, "most": most}))
    return faults


def _own_faults(township: Area, plan: Plan) -> list[FieldError]:
    faults = []
    if not plan.name or len(plan.name) > NAME_LETTERS:
        faults.append(FieldError("/name", "field_needed" if not plan.name else "too_long"))
    elif queries.is_name_taken(township.id, plan.name):
        faults.append(FieldError("/name", "campaign_name_taken"))
    if not rules.DOSES_MIN[0] <= plan.dosage_min <= rules.DOSES_MIN[1]:
        least, most = rules.DOSES_MIN
        faults.append(FieldError("/dosage_min", "number_out_of_range", {"least": least, "most": most}))
    return faults


def offer_of(township: Area, wanted: Wanted, now: datetime) -> Offer:
    """What may stand beside what is wanted. Raises DomainError `invalid` where something of it may not be treated, or
    what was drawn may not be compared with."""
    today = local_day(now, township.time_zone)
    faults = plan_faults(wanted, today)
    if not faults:
        offer = choosing.offer(township, wanted, now)
        faults = _treated_faults(township, wanted, offer, today) or _control_faults(
            township, wanted, offer, today
        )
    if faults:
        raise DomainError("invalid", faults)
    return offer


def _treated_faults(township: Area, wanted: Wanted, offer: Offer, today: date) -> list[FieldError]:
    found = [one for one in offer.treated if one.place.kind != "drawn"]
    if len(found) != wanted.n_chosen or len(offer.treated) > rules.MOST_TREATED:
        return [FieldError("/treated", "campaign_treated", {"most": rules.MOST_TREATED})]
    ground = _ground_of(township, wanted, offer.treated, today)
    if any(here.taken for here in ground):
        return [FieldError("/treated", "campaign_area_taken")]
    return _place_faults(township, offer.treated, ground)


def _control_faults(township: Area, wanted: Wanted, offer: Offer, today: date) -> list[FieldError]:
    if offer.unfit:
        return [FieldError("/control_corners", "campaign_control_near")]
    drawn = [one for one in offer.others if one.place.kind == "drawn"]
    return _place_faults(township, drawn, _ground_of(township, wanted, drawn, today))


def _ground_of(township: Area, wanted: Wanted, places: Sequence[Counted], today: date) -> list[Ground]:
    shapes = [one.place.wkb for one in places]
    return queries.ground_of(township.id, shapes, [], wanted.ring_m, (wanted.first, wanted.last), today)


def _place_faults(township: Area, places: Sequence[Counted], ground: Sequence[Ground]) -> list[FieldError]:
    """No household is meant by a place that is no hotspot: it has its size and its events."""
    faults = []
    for one, here in zip(places, ground, strict=True):
        if one.place.kind == "drawn":
            pointer = TREATED.pointer if one.place.key.startswith(TREATED.key) else CONTROL.pointer
            n = sum(one.counts)
            fault = place_fault(pointer, here.area_m2, n, inside=here.inside, township=township.name)
            faults += [fault] if fault else []
        elif not is_enough(one) or not is_large_enough(here.area_m2):
            figures = {"name": one.place.name, "n": sum(one.counts), "least": rules.LEAST_EVENTS}
            faults.append(FieldError("/grids", "campaign_grid_few", figures))
    return faults


def _add_areas(campaign: Campaign, treated: Sequence[Place], control: Sequence[Place]) -> None:
    rings = queries.rings_of(
        campaign.township_id, [one.wkb for one in treated], [one.wkb for one in control], campaign.ring_m
    )
    rows = [("treated", one) for one in treated] + [("control", one) for one in control]
    rows += [
        (role, Place("", "", None, *ring, "ring"))
        for role, ring in zip(("ring", "control_ring"), rings, strict=True)
    ]
    db.session.add_all(
        CampaignArea(
            township_id=campaign.township_id, campaign_id=campaign.id, n=n, role=role, kind=place.kind,
            name=place.name, hotspot_id=place.hotspot_id, area_id=place.area_id,
            geom=WKBElement(place.wkb, srid=4326), area_m2=place.area_m2,
        )
        for n, (role, place) in enumerate(rows, start=1)
    )  # fmt: skip
    db.session.flush()


# --- two people ---------------------------------------------------------------------------------------------------


def approve(person: Person, scope: Scope, campaign_id: UUID, now: datetime) -> Campaign:
    """The second person, before the first day; from then on nothing of it can change."""
    campaign = queries.reach_campaign(scope, campaign_id)
    phase = phase_of(campaign, now)
    if phase == "lapsed":
        raise Conflict("campaign_begun")
    if phase != "proposed":
        raise Conflict("campaign_decided")
    if campaign.proposed_by == person.id:
        raise DomainError("proposal_own")
    campaign.state, campaign.approved_by, campaign.approved_at = "approved", person.id, now
    db.session.flush()
    _audit("campaigns.approve", person, campaign, now)
    return campaign


def call_off(person: Person, scope: Scope, campaign_id: UUID, reason: str, now: datetime) -> Campaign:
    """One person is enough, with a phrase from the list; not once it is over, when its figures are there."""
    if reason not in REASONS:
        raise DomainError("invalid", [FieldError("/reason", "field_needed")])
    campaign = queries.reach_campaign(scope, campaign_id)
    if phase_of(campaign, now) in ("over", "called_off"):
        raise Conflict("campaign_decided")
    campaign.state, campaign.reason = "called_off", reason
    campaign.called_off_by, campaign.called_off_at = person.id, now
    db.session.flush()
    _audit("campaigns.call_off", person, campaign, now, reason=reason)
    return campaign


def record_result(person: Person, scope: Scope, campaign_id: UUID, now: datetime) -> Campaign:
    """Keep the eight counts as they are now: events that come in later change nothing. Again changes nothing."""
    campaign = queries.reach_campaign(scope, campaign_id)
    if campaign.counts is not None:
        return campaign
    found = results.evaluation_of(campaign, now)
    if found.effect is None or not found.is_final:
        raise Conflict("campaign_not_over")
    campaign.counts = [n for row in found.rows for n in (row.before, row.after)]
    campaign.recorded_by, campaign.recorded_at = person.id, now
    db.session.flush()
    _audit("campaigns.record", person, campaign, now, wdd=found.effect.wdd, n=found.effect.n)
    return campaign


def phase_of(campaign: Campaign, now: datetime) -> rules.Phase:
    today = local_day(now, place_of(campaign.township_id).zone)
    return rules.phase(campaign.state, campaign.first_on, campaign.last_on, today)


def _audit(action: str, person: Person, campaign: Campaign, now: datetime, **more: object) -> None:
    record_audit(campaign.township_id, person.id, action, "campaign", campaign.id, now, **more)
