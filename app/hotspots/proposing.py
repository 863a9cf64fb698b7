"""From a search to a hotspot: asked at the desk, done by the worker, proposed by one person, approved by another."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import shapely
from geoalchemy2.shape import from_shape, to_shape
from shapely.geometry import mapping, shape

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.accounts.rules import uuid7
from app.areas.models import Area
from app.areas.policies import place_of
from app.clock import local_day
from app.db import db
from app.errors import Conflict, DomainError, FieldError
from app.hotspots import queries, rules
from app.hotspots.models import HOTSPOT_CATEGORIES, REJECTIONS, AnalysisRun, Hotspot, HotspotProposal
from app.hotspots.operations import open_hotspot
from app.teams.scope import Scope

TASK = "find_hotspots"
MOST_WAITING = 5
REVIEW_DAYS = (30, 60, 90)
NAME_LETTERS = 80
# An outline by hand, among those to choose from; and the method of a proposal that began with one.
DRAWN = "drawn"


@dataclass(frozen=True)
class Question:
    """What is asked of a method: the days (both included), kinds of events, its own numbers where they are set."""

    method: str
    first: date
    last: date
    categories: tuple[str, ...]
    numbers: Mapping[str, int | None]


@dataclass(frozen=True)
class Found:
    """A place that a run found, in WGS-84: the events' days, the outlines to choose from, the first being its own."""

    days: tuple[date, ...]
    shapes: dict[str, Any]
    score: float
    windows: tuple[rules.Window, ...]


# --- the search ---------------------------------------------------------------------------------------------------


def ask(person: Person, township: Area, question: Question, now: datetime) -> AnalysisRun:
    """Put a search into the queue. Raises DomainError `invalid` with a FieldError for each thing that is wrong."""
    faults, numbers = _faults(question, local_day(now, township.time_zone))
    if faults:
        raise DomainError("invalid", faults)
    if queries.waiting_runs(township.id) >= MOST_WAITING:
        raise Conflict("searches_wait", n=MOST_WAITING)
    run = AnalysisRun(
        township_id=township.id, id=uuid7(now, secrets.token_bytes(10)), method=question.method,
        parameters={**numbers, "categories": sorted(question.categories)}, first_on=question.first,
        last_on=question.last, state="queued", progress=0, asked_by=person.id, asked_at=now,
    )  # fmt: skip
    db.session.add(run)
    db.session.flush()
    queries.defer(TASK, township_id=township.id, run_id=str(run.id))
    record_audit(township.id, person.id, "hotspots.search", "analysis_run", run.id, now, method=run.method)
    return run


def _faults(question: Question, today: date) -> tuple[list[FieldError], dict[str, int]]:
    faults, numbers = [], {}
    if question.method not in rules.NUMBERS:
        faults.append(FieldError("/method", "field_invalid"))
    else:
        try:
            numbers = rules.numbers_for(question.method, question.numbers)
        except ValueError as wrong:
            _, least, most = rules.NUMBERS[question.method][str(wrong)]
            faults.append(FieldError(f"/{wrong}", "number_out_of_range", {"least": least, "most": most}))
    if not question.first <= question.last <= today:
        faults.append(FieldError("/last", "period_absurd"))
    elif (question.last - question.first).days >= rules.LONGEST_PERIOD_DAYS:
        faults.append(FieldError("/first", "period_absurd"))
    if not question.categories:
        faults.append(FieldError("/categories", "field_needed"))
    return faults, numbers


def begin(township_id: int, run_id: UUID, now: datetime) -> AnalysisRun | None:
    """The search to do now; None when it is done or gone. One whose worker died begins anew."""
    run = queries.run_by_id(township_id, run_id)
    if run is None or run.state in ("done", "failed"):
        return None
    run.state, run.progress, run.started_at = "running", 0, now
    db.session.flush()
    return run


def advance(run: AnalysisRun, percent: int) -> None:
    run.progress = percent
    db.session.flush()


def fail(township_id: int, run_id: UUID, code: str, now: datetime) -> None:
    run = queries.run_by_id(township_id, run_id)
    if run is not None:
        run.state, run.fault, run.ended_at = "failed", code, now
        db.session.flush()


def finish(
    run: AnalysisRun, n: int, result: dict[str, Any], found: Sequence[Found], now: datetime
) -> list[HotspotProposal]:
    """Keep what was found. A place with fewer than five events in twelve months is not even proposed."""
    enough = [one for one in found if rules.is_enough(one.days, run.last_on)]
    made = [_keep(run, one, now) for one in enough]
    kept = [one for one in made if one is not None]
    run.n, run.state, run.progress, run.ended_at = n, "done", 100, now
    run.result = {**result, "proposals": len(kept), "too_few": len(found) - len(enough)}
    db.session.flush()
    return kept


def _keep(run: AnalysisRun, found: Found, now: datetime) -> HotspotProposal | None:
    name = next(iter(found.shapes))
    (size,) = queries.measure_polygons(run.township_id, [found.shapes[name].wkb])
    if not size.in_township or not rules.is_large_enough(size.area_m2):
        return None
    proposal = HotspotProposal(
        township_id=run.township_id, id=uuid7(now, secrets.token_bytes(10)), run_id=run.id, method=run.method,
        parameters=run.parameters, first_on=run.first_on, last_on=run.last_on, n=len(found.days),
        score=round(found.score, 3), shapes={key: rounded(one) for key, one in found.shapes.items()}, shape=name,
        geom=from_shape(found.shapes[name], srid=4326), area_m2=size.area_m2, state="found", found_at=now,
        windows=[[w.weekday, w.from_min, w.to_min] for w in found.windows],
    )  # fmt: skip
    db.session.add(proposal)
    return proposal


def rounded(polygon: Any) -> dict[str, Any]:
    """GeoJSON with 6 decimals, a tenth of a metre."""
    return dict(mapping(shapely.set_precision(polygon, 1e-6)))


# --- two people ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edited:
    """What a reviewer makes of a place that was found."""

    name: str
    category: str
    windows: tuple[rules.Window, ...]
    shape: str


def propose(
    person: Person, scope: Scope, proposal_id: UUID, edited: Edited, now: datetime
) -> HotspotProposal:
    """Name it, say what kind of place it is, when, and which outline: from now on it waits for a second person. Whoever
    edits last is its proposer."""
    proposal = still_open(queries.reach_proposal(scope, proposal_id, to_change=True))
    faults = _edit_faults(proposal, edited)
    if faults:
        raise DomainError("invalid", faults)
    polygon = shape(proposal.shapes[edited.shape])
    (size,) = queries.measure_polygons(proposal.township_id, [polygon.wkb])
    if not rules.is_large_enough(size.area_m2):
        raise DomainError("invalid", [FieldError("/shape", "hotspot_too_small")])
    proposal.name, proposal.category, proposal.shape = edited.name, edited.category, edited.shape
    proposal.windows = [[w.weekday, w.from_min, w.to_min] for w in edited.windows]
    proposal.geom, proposal.area_m2 = from_shape(polygon, srid=4326), size.area_m2
    proposal.state, proposal.proposed_by, proposal.proposed_at = "proposed", person.id, now
    db.session.flush()
    _audit("hotspots.propose", person, proposal, now)
    return proposal


def still_open(proposal: HotspotProposal) -> HotspotProposal:
    if proposal.state in ("approved", "rejected"):
        raise Conflict("proposal_decided")
    return proposal


def _edit_faults(proposal: HotspotProposal, edited: Edited) -> list[FieldError]:
    faults = named_faults(proposal.township_id, edited, proposal.renews)
    if edited.shape not in proposal.shapes:
        faults.append(FieldError("/shape", "field_invalid"))
    return faults


def named_faults(township_id: int, edited: Edited, renews: int | None) -> list[FieldError]:
    """What is wrong with its name, kind and hours; the name may be that of the hotspot it renews."""
    faults = []
    if not edited.name or len(edited.name) > NAME_LETTERS:
        faults.append(FieldError("/name", "field_needed" if not edited.name else "too_long"))
    taken = queries.open_hotspots_by_name(township_id).get(edited.name)
    if taken is not None and taken.id != renews:
        faults.append(FieldError("/name", "hotspot_name_taken"))
    if edited.category not in HOTSPOT_CATEGORIES:
        faults.append(FieldError("/category", "field_needed"))
    if not edited.windows:
        faults.append(FieldError("/windows", "windows_needed"))
    elif rules.do_windows_overlap(edited.windows):
        faults.append(FieldError("/windows", "windows_overlap"))
    return faults


def approve(person: Person, scope: Scope, proposal_id: UUID, review_days: int, now: datetime) -> Hotspot:
    """The second person: the hotspot is in force from today, and reviewed in so many days."""
    proposal = still_open(queries.reach_proposal(scope, proposal_id, to_change=True))
    if proposal.state != "proposed":
        raise Conflict("proposal_not_proposed")
    if proposal.proposed_by == person.id:
        raise DomainError("proposal_own")
    if review_days not in REVIEW_DAYS:
        raise DomainError("invalid", [FieldError("/review_days", "field_invalid")])
    today = local_day(now, place_of(proposal.township_id).zone)
    earlier = _replaced(proposal, today)
    windows = [rules.Window(*one) for one in proposal.windows]
    hotspot = open_hotspot(_hotspot_of(proposal, person, today, review_days), windows, earlier)
    proposal.state, proposal.decided_by, proposal.decided_at = "approved", person.id, now
    proposal.hotspot_id = hotspot.id
    db.session.flush()
    _audit("hotspots.approve", person, proposal, now)
    return hotspot


def _replaced(proposal: HotspotProposal, today: date) -> Hotspot | None:
    """The hotspot whose place it takes, under whatever name; it ends yesterday, so it has to have begun by then."""
    named = queries.open_hotspots_by_name(proposal.township_id).get(proposal.name or "")
    if named is not None and named.id != proposal.renews:
        raise Conflict("hotspot_name_taken")
    earlier = queries.open_hotspot_by_id(proposal.renews)
    if earlier is not None and earlier.valid_from >= today:
        raise Conflict("hotspot_began_today")
    return earlier


def _hotspot_of(proposal: HotspotProposal, person: Person, today: date, review_days: int) -> Hotspot:
    polygon = to_shape(proposal.geom)
    (size,) = queries.measure_polygons(proposal.township_id, [polygon.wkb])
    return Hotspot(
        township_id=proposal.township_id, village_id=size.village_id, name=proposal.name, category=proposal.category,
        geom=from_shape(polygon, srid=4326), area_m2=size.area_m2, weight=weight_of(proposal),
        evidence=evidence_of(proposal), proposed_by=proposal.proposed_by, approved_by=person.id, valid_from=today,
        review_by=today + timedelta(days=review_days),
    )  # fmt: skip


def weight_of(proposal: HotspotProposal) -> Decimal:
    """As it was written with a drawing; else that of the hotspot it renews."""
    if "weight" in proposal.parameters:
        return Decimal(proposal.parameters["weight"])
    renewed = db.session.get(Hotspot, proposal.renews) if proposal.renews else None
    return renewed.weight if renewed else Decimal(1)


def evidence_of(proposal: HotspotProposal) -> str:
    """Method, number, days and score in figures, the same in every language; and what an outline by hand rests on."""
    score = "" if proposal.score is None else f" score={proposal.score:g}"
    drawn = ""
    if proposal.shape == DRAWN:
        by_hand = proposal.parameters
        own = "" if proposal.method == DRAWN else f" {DRAWN} n={by_hand['drawn_n']}"
        drawn = f"{own} grounds={by_hand['grounds']}"
    return f"{proposal.method} n={proposal.n} {proposal.first_on}/{proposal.last_on}{score}{drawn}"


def reject(person: Person, scope: Scope, proposal_id: UUID, reason: str, now: datetime) -> HotspotProposal:
    """One person is enough to say no, with a reason from the list."""
    if reason not in REJECTIONS:
        raise DomainError("invalid", [FieldError("/reason", "field_needed")])
    proposal = still_open(queries.reach_proposal(scope, proposal_id, to_change=True))
    proposal.state, proposal.rejection = "rejected", reason
    proposal.decided_by, proposal.decided_at = person.id, now
    db.session.flush()
    _audit("hotspots.reject", person, proposal, now, reason=reason)
    return proposal


# --- when its time is over ----------------------------------------------------------------------------------------


def renew(person: Person, scope: Scope, hotspot_id: int, now: datetime) -> HotspotProposal:
    """Propose that a hotspot goes on as it is; a second person approves, as at the first time."""
    hotspot = queries.reach_hotspot(scope, hotspot_id)
    zone = place_of(hotspot.township_id).zone
    today = local_day(now, zone)
    if hotspot.valid_to is not None:
        raise Conflict("hotspot_has_ended")
    waiting = queries.open_proposal_renewing(hotspot.township_id, hotspot.id)
    if waiting is not None:
        return waiting
    since = today - rules.YEAR
    polygon = to_shape(hotspot.geom)
    proposal = HotspotProposal(
        township_id=hotspot.township_id, id=uuid7(now, secrets.token_bytes(10)), renews=hotspot.id, method="renewal",
        parameters={}, first_on=since, last_on=today, n=queries.events_inside(hotspot.id, since, today, zone),
        shapes={"kept": rounded(polygon)}, shape="kept", geom=from_shape(polygon, srid=4326),
        area_m2=hotspot.area_m2, name=hotspot.name, category=hotspot.category,
        windows=[list(one) for one in queries.windows_of([hotspot.id])[hotspot.id]], state="proposed", found_at=now,
        proposed_by=person.id, proposed_at=now,
    )  # fmt: skip
    db.session.add(proposal)
    db.session.flush()
    _audit("hotspots.renew", person, proposal, now)
    return proposal


def end(person: Person, scope: Scope, hotspot_id: int, now: datetime) -> Hotspot:
    """Today is its last day. Again changes nothing."""
    hotspot = queries.reach_hotspot(scope, hotspot_id)
    if hotspot.valid_to is None:
        hotspot.valid_to = max(local_day(now, place_of(hotspot.township_id).zone), hotspot.valid_from)
        db.session.flush()
        record_audit(hotspot.township_id, person.id, "hotspots.end", "hotspot", hotspot.id, now)
    return hotspot


def _audit(action: str, person: Person, proposal: HotspotProposal, now: datetime, **more: Any) -> None:
    record_audit(proposal.township_id, person.id, action, "hotspot_proposal", proposal.id, now, **more)
