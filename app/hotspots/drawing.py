"""Outlines drawn by hand: of a new hotspot, of a proposal, or in place of that of a hotspot in force. A drawing
proposes; a second person approves, as with every proposal (app/hotspots/proposing.py)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import shapely
from geoalchemy2.shape import from_shape, to_shape

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.accounts.rules import uuid7
from app.areas.models import Area
from app.clock import local_day
from app.db import db
from app.errors import Conflict, DomainError, FieldError
from app.geofiles.drawn import polygons_wkb
from app.hotspots import queries, rules
from app.hotspots.corners import LEAST_CORNERS, MOST_CORNERS, Corner, parts_from, written
from app.hotspots.models import Hotspot, HotspotProposal
from app.hotspots.proposing import DRAWN, REVIEW_DAYS, Edited, named_faults, rounded, still_open
from app.teams.scope import Scope

# On what somebody draws a place: about the place and where it is known from, never about anybody.
GROUNDS = ("incidents", "patrols", "village", "police", "corrected")


@dataclass(frozen=True)
class Drawing:
    """What a reviewer draws and writes. `corners` is text as app/hotspots/corners.py reads it."""

    corners: str
    name: str
    category: str
    windows: tuple[rules.Window, ...]
    weight: Decimal | None
    grounds: str
    review_days: int


@dataclass(frozen=True)
class Outline:
    """A drawn shape that a hotspot may have, and the events of these days in it."""

    shape: Any
    area_m2: float
    n: int
    first: date
    last: date


# --- deeds --------------------------------------------------------------------------------------------------------


def draw(person: Person, township: Area, drawing: Drawing, now: datetime) -> HotspotProposal:
    """A new place. Raises DomainError `invalid` with a FieldError for each thing that is wrong."""
    return _begin(person, township, drawing, None, now)


def redraw(
    person: Person, scope: Scope, proposal_id: UUID, drawing: Drawing, now: datetime
) -> HotspotProposal:
    """Another outline for what was found or proposed; whoever draws last is its proposer."""
    proposal = still_open(queries.reach_proposal(scope, proposal_id, to_change=True))
    township = db.session.get_one(Area, proposal.township_id)
    outline = _checked(township, drawing, proposal.renews, now)
    return _put(proposal, person, drawing, outline, now)


def redraw_hotspot(
    person: Person, scope: Scope, hotspot_id: int, drawing: Drawing, now: datetime
) -> HotspotProposal:
    """A proposal that takes the hotspot's place once it is approved; the hotspot itself stays as it was. One that
    already waits to do so is drawn over."""
    hotspot = queries.reach_hotspot(scope, hotspot_id)
    if hotspot.valid_to is not None:
        raise Conflict("hotspot_has_ended")
    waiting = queries.open_proposal_renewing(hotspot.township_id, hotspot.id)
    if waiting is not None:
        return redraw(person, scope, waiting.id, drawing, now)
    return _begin(person, db.session.get_one(Area, hotspot.township_id), drawing, hotspot, now)


def _begin(
    person: Person, township: Area, drawing: Drawing, hotspot: Hotspot | None, now: datetime
) -> HotspotProposal:
    outline = _checked(township, drawing, hotspot.id if hotspot else None, now)
    proposal = HotspotProposal(
        township_id=township.id, id=uuid7(now, secrets.token_bytes(10)), renews=hotspot.id if hotspot else None,
        method=DRAWN, parameters={}, first_on=outline.first, last_on=outline.last, n=outline.n, shapes={},
        found_at=now,
    )  # fmt: skip
    db.session.add(proposal)
    return _put(proposal, person, drawing, outline, now)


def _put(
    proposal: HotspotProposal, person: Person, drawing: Drawing, outline: Outline, now: datetime
) -> HotspotProposal:
    """The method's own figures stay beside those of the outline by hand."""
    if proposal.method == DRAWN:
        proposal.n, proposal.first_on, proposal.last_on = outline.n, outline.first, outline.last
    proposal.parameters = {
        **proposal.parameters, "drawn_n": outline.n, "grounds": drawing.grounds, "weight": str(drawing.weight),
        "review_days": drawing.review_days,
    }  # fmt: skip
    proposal.shapes, proposal.shape = {**proposal.shapes, DRAWN: rounded(outline.shape)}, DRAWN
    proposal.geom, proposal.area_m2 = from_shape(outline.shape, srid=4326), outline.area_m2
    proposal.name, proposal.category = drawing.name, drawing.category
    proposal.windows = [[w.weekday, w.from_min, w.to_min] for w in drawing.windows]
    proposal.state, proposal.proposed_by, proposal.proposed_at = "proposed", person.id, now
    db.session.flush()
    record_audit(
        proposal.township_id, person.id, "hotspots.draw", "hotspot_proposal", proposal.id, now, n=outline.n
    )
    return proposal


# --- what is wrong with it ----------------------------------------------------------------------------------------


def _checked(township: Area, drawing: Drawing, renews: int | None, now: datetime) -> Outline:
    faults = named_faults(township.id, _edited(drawing), renews) + _number_faults(drawing)
    outline: Outline | None = None
    try:
        outline = look(township, drawing.corners, now)
    except DomainError as refused:
        faults += refused.fields
    if faults or outline is None:
        raise DomainError("invalid", faults)
    return outline


def _edited(drawing: Drawing) -> Edited:
    return Edited(drawing.name, drawing.category, drawing.windows, DRAWN)


def _number_faults(drawing: Drawing) -> list[FieldError]:
    faults, (least, most) = [], rules.WEIGHTS
    if drawing.weight is None or not least <= drawing.weight <= most:
        faults.append(FieldError("/weight", "number_out_of_range", {"least": least, "most": most}))
    if drawing.grounds not in GROUNDS:
        faults.append(FieldError("/grounds", "field_needed"))
    if drawing.review_days not in REVIEW_DAYS:
        faults.append(FieldError("/review_days", "field_needed"))
    return faults


def look(township: Area, text: str, now: datetime) -> Outline:
    """The outline of this text. Raises DomainError `invalid` at `/corners`: nobody can read it, it crosses itself,
    leaves the township, is too small or too large, or has so few events in twelve months that a household is meant."""
    shape = shape_from(parts_of(text, "/corners"), "/corners")
    today = local_day(now, township.time_zone)
    since = today - rules.YEAR + timedelta(days=1)
    found = queries.look_at(township.id, shape.wkb, since, today, township.time_zone)
    fault = place_fault("/corners", found.area_m2, found.n, inside=found.inside, township=township.name)
    if fault is not None:
        raise DomainError("invalid", [fault])
    return Outline(shape, found.area_m2, found.n, since, today)


def place_fault(pointer: str, area_m2: float, n: int, *, inside: bool, township: str) -> FieldError | None:
    """Why a drawn place of this size, with so many events in a year, may be none."""
    if not rules.is_large_enough(area_m2):
        return FieldError(pointer, "hotspot_too_small")
    if area_m2 > rules.MAX_DRAWN_M2:
        figures = {"hectares": f"{area_m2 / 1e4:.2f}", "most": f"{rules.MAX_DRAWN_M2 / 1e4:g}"}
        return FieldError(pointer, "outline_too_large", figures)
    if not inside:
        return FieldError(pointer, "outline_outside", {"township": township})
    if n < rules.LEAST_EVENTS:
        return FieldError(pointer, "outline_too_few", {"n": n, "least": rules.LEAST_EVENTS})
    return None


def parts_of(text: str, pointer: str) -> list[list[Corner]]:
    """The parts of a text that somebody can read and that has not too many corners; else DomainError at its field."""
    try:
        parts = parts_from(text)
    except ValueError as error:
        raise _wrong(pointer, "corners_unreadable", line=str(error)) from error
    if not parts or min(len(part) for part in parts) < LEAST_CORNERS:
        raise _wrong(pointer, "corners_few", least=LEAST_CORNERS)
    if sum(len(part) for part in parts) > MOST_CORNERS:
        raise _wrong(pointer, "corners_many", most=MOST_CORNERS)
    return parts


def shape_from(parts: list[list[Corner]], pointer: str) -> Any:
    """Corners as exact as they are kept, in a shape that the guard's child has looked at before PostGIS does."""
    exact = [[(round(lon, 6), round(lat, 6)) for lon, lat in part] for part in parts]
    wkb = polygons_wkb([[*part, part[0]] for part in exact])
    if not isinstance(wkb, bytes):
        raise _wrong(pointer, "outline_crosses")
    return shapely.from_wkb(wkb)


def _wrong(pointer: str, code: str, **figures: Any) -> DomainError:
    return DomainError("invalid", [FieldError(pointer, code, figures)])


# --- what a form begins with --------------------------------------------------------------------------------------


def corners_of(one: Any) -> str:
    """The outline of a hotspot, a proposal or a campaign's place as text to draw on."""
    return written(to_shape(one.geom))
