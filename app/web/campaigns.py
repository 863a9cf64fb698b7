"""Campaigns on the desk: the list, and one with its progress and what may be said of it; on paper too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import RadioField
from wtforms.validators import Optional

from app import clock
from app.areas.models import Area
from app.campaigns import operations, queries, results
from app.campaigns.models import REASONS, Campaign, CampaignArea
from app.campaigns.results import Evaluation
from app.coverage.queries import bounds_of
from app.db import db
from app.errors import Conflict, DomainError
from app.gate import allow, me, my_scope, shows_map
from app.hotspots.queries import names_of, townships_for
from app.web.campaign_choosing import title_of
from app.web.campaign_plan import plan_of
from app.web.forms import DeskForm
from app.web.hotspots import JUDGES, SEERS, feature_of, township_asked
from app.web.planning import blame
from app.web.words import use_zone

pages = Blueprint("campaigns", __name__)
TONES = {
    "proposed": "need", "lapsed": "idle", "waiting": "wait", "running": "wait", "over": "good", "called_off": "idle",
}  # fmt: skip
VERDICT_TONES = {"fewer": "good", "more": "need", "inconclusive": "idle", "too_few": "idle"}
DONE = {
    "approve": "campaigns.approved_done",
    "call_off": "campaigns.called_off_done",
    "record": "campaigns.recorded_done",
}


class DecisionForm(DeskForm):
    reason = RadioField(validators=[Optional()], validate_choice=False)


@pages.get("/desk/campaigns")
@allow(*SEERS)
def show() -> ResponseReturnValue:
    scope, township = my_scope(), township_asked()
    is_judge = township.id in scope.township_ids
    found = queries.campaigns_seen(scope, township.id)
    return render_template(
        "desk/campaigns.html", township=township, townships=townships_for(scope), is_judge=is_judge, tones=TONES,
        verdict_tones=VERDICT_TONES, campaigns=[line_of(one, is_judge=is_judge) for one in found],
    )  # fmt: skip


def line_of(campaign: Campaign, *, is_judge: bool) -> dict[str, Any]:
    """One line of the list; what it did is for reviewers only, and only at its end."""
    now = clock.now()
    phase = operations.phase_of(campaign, now)
    found = results.evaluation_of(campaign, now) if is_judge and phase == "over" else None
    return {
        "campaign": campaign,
        "phase": phase,
        "treated": [title_of(one) for one in queries.areas_of(campaign) if one.role == "treated"],
        "verdict": found.verdict if found and found.is_final else None,
    }


@pages.get("/desk/campaigns/<uuid:campaign_id>")
@allow(*SEERS)
def one(campaign_id: UUID) -> ResponseReturnValue:
    return page_of(queries.see_campaign(my_scope(), campaign_id), decision_form(formdata=None))


@pages.post("/desk/campaigns/<uuid:campaign_id>")
@allow(*JUDGES)
def decide(campaign_id: UUID) -> ResponseReturnValue:
    queries.reach_campaign(my_scope(), campaign_id)
    form, decision = decision_form(), request.form.get("decision", "")
    try:
        act(decision, campaign_id, form)
    except Conflict as late:
        db.session.rollback()
        flash(_(f"errors.{late.code}"), "wait")
        return redirect(url_for("campaigns.one", campaign_id=campaign_id))
    except DomainError as refused:
        problem = blame(form, refused)
        db.session.rollback()
        return page_of(queries.see_campaign(my_scope(), campaign_id), form, problem), refused.status
    flash(_(DONE[decision]), "done")
    db.session.commit()
    return redirect(url_for("campaigns.one", campaign_id=campaign_id))


def act(decision: str, campaign_id: UUID, form: DecisionForm) -> None:
    person, scope, now = me(), my_scope(), clock.now()
    if decision == "approve":
        operations.approve(person, scope, campaign_id, now)
    elif decision == "call_off":
        operations.call_off(person, scope, campaign_id, form.reason.data or "", now)
    elif decision == "record":
        operations.record_result(person, scope, campaign_id, now)
    else:
        raise DomainError("invalid")


def decision_form(**options: Any) -> DecisionForm:
    form = DecisionForm(**options)
    form.reason.choices = [(code, _(f"campaigns.reason.{code}")) for code in REASONS]
    return form


def page_of(campaign: Campaign, form: DecisionForm, problem: str = "") -> str:
    township, now = db.session.get_one(Area, campaign.township_id), clock.now()
    use_zone(township.time_zone)
    areas = queries.areas_of(campaign)
    controls = [title_of(one) for one in areas if one.role == "control"]
    shapes = queries.shapes_of(campaign)
    progress = results.progress_of(campaign, areas, now)
    is_judge = campaign.township_id in my_scope().township_ids
    people = names_of(
        [campaign.proposed_by, campaign.approved_by, campaign.called_off_by, campaign.recorded_by]
    )
    shows_map()
    return render_template(
        "desk/campaign.html", c=campaign, township=township, form=form, problem=problem, is_judge=is_judge,
        phase=operations.phase_of(campaign, now), tones=TONES, verdict_tones=VERDICT_TONES, now=now,
        areas={role: [a for a in areas if a.role == role] for role in ("treated", "control", "ring", "control_ring")},
        progress=progress, unmeasured=[title_of(one) for one in results.unmeasured(areas)],
        treated=[title_of(one) for one in areas if one.role == "treated"],
        whole=results.together([one.total for one in progress]) if progress else None,
        found=shown(results.evaluation_of(campaign, now)) if is_judge else None, names_of_people=people,
        own=campaign.proposed_by == me().id, controls=controls, plan=plan_of(areas, shapes),
        shapes=features_of(areas, shapes), bounds=bounds_of([campaign.township_id]),
        events=categories_words(campaign.categories),
    )  # fmt: skip


def shown(found: Evaluation) -> dict[str, Any]:
    """The evaluation with its figures as they are written: signs, and p with as many places as it deserves."""
    effect = found.effect
    return {
        "it": found,
        "rows": [
            {"row": row, "change": signed(row.after - row.before), "p": probability(row.p)}
            for row in found.rows
        ],
        "wdd": signed(effect.wdd) if effect else "",
        "low": signed(round(effect.low, 1)) if effect else "",
        "high": signed(round(effect.high, 1)) if effect else "",
        "error": f"{effect.error:.1f}" if effect else "",
    }


def signed(value: float) -> str:
    """+3, −2.5 with a true minus, 0."""
    text = f"{abs(value):g}"
    return text if text == "0" else ("+" if value > 0 else "−") + text


def probability(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def categories_words(categories: Sequence[str]) -> str:
    return _("desk.comma").join(_(f"hotspots.event.{code}") for code in categories)


def features_of(areas: Sequence[CampaignArea], shapes: Mapping[int, Any]) -> dict[str, Any]:
    """What the page's map draws; the rings lie below."""
    ordered = sorted(areas, key=lambda area: "ring" not in area.role)
    found = [feature_of(shapes[area.n], area.role, area.name) for area in ordered]
    return {"type": "FeatureCollection", "features": found}
