"""Taking a report and its photos; passing on and closing. Safe to repeat; any order ends in the same state."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app import stream
from app.accounts.models import Person
from app.accounts.operations import count_or_refuse, record_audit
from app.db import db
from app.errors import Conflict, DomainError, NotFound
from app.incidents import queries, rules
from app.incidents.models import Incident, IncidentPhoto
from app.incidents.rules import Standing, Told
from app.teams.scope import Scope

PHOTOS_AN_HOUR = 120


@dataclass(frozen=True)
class Report:
    """What a phone said about a place, at its effective time. `place` is (lon, lat)."""

    township_id: int
    id: UUID
    reporter_id: int
    team_id: int | None
    shift_id: int | None
    category: str
    phrase: str | None
    text: str | None
    place: tuple[float, float] | None
    how: str | None
    accuracy_m: int | None
    checkpoint_id: int | None
    photo_ids: tuple[UUID, ...]
    reported_at: datetime


# --- taking ---------------------------------------------------------------------------------------


def record_report(report: Report, now: datetime) -> None:
    """Keyed by its item: the second time changes nothing."""
    check(report)
    if queries.incident_by_id(report.township_id, report.id) is not None:
        return
    if report.category != "nothing":
        queries.lock_places(report.township_id, report.category)
    added = db.session.scalar(
        insert(Incident).values(_values(report, now)).on_conflict_do_nothing().returning(Incident.id)
    )
    if added is None or report.category == "nothing":
        return
    incident = queries.incident_by_id(report.township_id, report.id)
    assert incident is not None
    _count_with_others(incident)
    for photo_id in report.photo_ids[: rules.MOST_PHOTOS]:
        _name_photo(incident, photo_id, now)
    _tell(incident)


def check(report: Report) -> None:
    if report.category not in rules.CATEGORIES:
        raise DomainError("unknown_category")
    if not rules.is_phrase_of(report.category, report.phrase):
        raise DomainError("unknown_phrase")
    if report.text and rules.words_about_people(report.text):
        raise DomainError("text_names_a_person")


def _values(report: Report, now: datetime) -> dict[str, object]:
    """A round without a finding is kept as just that: no place, no words."""
    found = report.category != "nothing"
    return {
        "township_id": report.township_id, "id": report.id, "category": report.category,
        "reporter_id": report.reporter_id, "team_id": report.team_id, "shift_id": report.shift_id,
        "reported_at": report.reported_at, "received_at": now,
        "phrase": report.phrase if found else None, "text": (report.text or "").strip() or None if found else None,
        "place": queries.point_of(*report.place) if found and report.place else None,
        "how": report.how if found and report.place else None,
        "accuracy_m": report.accuracy_m if found and report.place else None,
        "checkpoint_id": report.checkpoint_id if found else None,
        "state": "new" if found else "closed", "closed_at": None if found else now,
    }  # fmt: skip


def _count_with_others(incident: Incident) -> None:
    """The first told of several stands for all; the others point at it, whichever came here first."""
    if incident.place is None:
        return
    near = queries.same_place(incident, rules.SAME_WITHIN_M, rules.SAME_WITHIN)
    firsts = {one.id: one for one in (_first_of(one) for one in near)}
    if not firsts:
        return
    first = min([incident, *firsts.values()], key=_told)
    if first is not incident:
        incident.duplicate_of, incident.state = first.id, first.state
        incident.passed_to, incident.closing = first.passed_to, first.closing
        incident.decided_by, incident.decided_at, incident.closed_at = (
            first.decided_by, first.decided_at, first.closed_at
        )  # fmt: skip
        db.session.flush()
        return
    for other in firsts.values():
        for one in (other, *queries.counted_with(other)):
            one.duplicate_of = first.id
    oldest = min(firsts.values(), key=_told)
    _become(
        first, Standing(oldest.state, oldest.passed_to, oldest.closing), oldest.decided_by, oldest.decided_at
    )


def _first_of(incident: Incident) -> Incident:
    if incident.duplicate_of is None:
        return incident
    return queries.incident_by_id(incident.township_id, incident.duplicate_of) or incident


def _told(incident: Incident) -> Told:
    return Told(incident.reported_at, str(incident.id))


# --- deciding -------------------------------------------------------------------------------------


def decide(
    person: Person, scope: Scope, incident_id: UUID, decision: str, which: str | None, now: datetime
) -> Incident:
    """Take up, pass on or close a report, and with it all that are counted with it. Who was second and wants otherwise
    is told (Conflict)."""
    incident = queries.reach_incident(scope, incident_id, to_change=True)
    if incident.duplicate_of is not None:
        first = queries.incident_by_id(incident.township_id, incident.duplicate_of, to_change=True)
        incident = first or incident
    stands = Standing(incident.state, incident.passed_to, incident.closing)
    try:
        wanted = rules.after(stands, decision, which)
    except ValueError as error:
        raise DomainError("choose_one") from error
    if wanted is None:
        raise Conflict("report_closed")
    if wanted == stands:
        return incident
    for one in (incident, *queries.counted_with(incident)):
        _become(one, wanted, person.id, now)
        _tell(one)
    detail = {"state": wanted.state, "passed_to": wanted.passed_to, "closing": wanted.closing}
    action = f"report.{wanted.state}"
    record_audit(incident.township_id, person.id, action, "report", incident.id, now, **detail)
    return incident


def _tell(incident: Incident) -> None:
    teams = [incident.team_id] if incident.team_id is not None else []
    stream.tell("report", people=[incident.reporter_id], teams=teams, id=str(incident.id))


def _become(incident: Incident, wanted: Standing, person_id: int | None, at: datetime | None) -> None:
    incident.state, incident.passed_to, incident.closing = wanted.state, wanted.passed_to, wanted.closing
    incident.decided_by, incident.decided_at = person_id, at
    incident.closed_at = at if wanted.state == "closed" else None
    db.session.flush()


# --- photos ---------------------------------------------------------------------------------------


def _name_photo(incident: Incident, photo_id: UUID, now: datetime) -> None:
    """The report's own photos wait for their pictures, or have them already; somebody else's id means nothing."""
    queries.lock_photo(photo_id)
    photo = queries.photo_by_id(photo_id, to_change=True)
    if photo is None:
        queries.add_photo(incident.township_id, photo_id, incident.reporter_id, now)
        photo = queries.photo_by_id(photo_id)
    if photo is not None and photo.author_id == incident.reporter_id and photo.incident_id is None:
        photo.incident_id = incident.id
    db.session.flush()


def limit_photos(person: Person, now: datetime) -> None:
    """Each one costs a second of a processor."""
    count_or_refuse(f"photos:{person.id}", 3600, PHOTOS_AN_HOUR, "too_many_photos", now)


def is_awaited(person: Person, photo_id: UUID) -> bool:
    """Whether the picture is not here yet. NotFound: it is somebody else's."""
    photo = queries.photo_by_id(photo_id)
    if photo is not None and photo.author_id != person.id:
        raise NotFound()
    return photo is None or photo.state == "awaited"


def expect_photo(person: Person, photo_id: UUID, now: datetime) -> IncidentPhoto:
    """The row that a picture is brought for, made when its report has not come yet. NotFound: it is not theirs."""
    if person.home_township_id is None:
        raise NotFound()
    queries.lock_photo(photo_id)
    photo = queries.photo_by_id(photo_id, to_change=True)
    if photo is None:
        queries.add_photo(person.home_township_id, photo_id, person.id, now)
        photo = queries.photo_by_id(photo_id)
    if photo is None or photo.author_id != person.id:
        raise NotFound()
    return photo


def keep_photo(photo: IncidentPhoto, jpeg: bytes, width: int, height: int, now: datetime) -> None:
    """Say that the file lies there."""
    photo.state, photo.stored_at = "stored", now
    photo.sha256, photo.bytes = hashlib.sha256(jpeg).digest(), len(jpeg)
    photo.width, photo.height = width, height
    db.session.flush()
