"""Reported hazards that somebody else saw to be real: by severity, for the first to report, once a place and week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas.policies import place_of
from app.db import db
from app.duty.models import Duty
from app.errors import Conflict, DomainError, NotFound
from app.incentives import queries
from app.incentives.models import HAZARD_WRONG, SEVERITIES, VerifiedHazard
from app.incentives.operations import post_month
from app.incentives.steering import refuse_same, refuse_unknown
from app.incidents import queries as incidents
from app.incidents.models import Incident
from app.incidents.rules import SAME_WITHIN, SAME_WITHIN_M
from app.teams.scope import Scope

# What is dangerous about a place. An event of its order (a fight, noise) is never paid.
CATEGORIES = ("road", "fire", "weather")
# Closed so, there was no hazard.
NOT_ONE = ("not_found", "no_hazard")
LOOK_BACK = timedelta(days=60)


def verify(person: Person, scope: Scope, incident_id: UUID, severity: str, now: datetime) -> VerifiedHazard:
    """Somebody other than the reporter says that it is a hazard, and how grave. The same again changes nothing;
    NotFound for what the caller does not steer."""
    refuse_unknown("severity", severity, SEVERITIES)
    incident = incidents.reach_incident(scope, incident_id)
    incidents.lock_places(incident.township_id, incident.category)
    db.session.refresh(incident)
    last = _last_of(incident)
    if last is not None and last.taken_back_at is None:
        if last.severity != severity:
            raise Conflict("hazard_verified")
        return last
    refuse_same(person.id, incident.reporter_id, "own_hazard")
    duty = _duty_of(incident)
    _refuse_unfit(incident, duty)
    return _verify(person, incident, duty, severity, last.n + 1 if last else 1, now)


def take_back(person: Person, scope: Scope, incident_id: UUID, why: str, now: datetime) -> VerifiedHazard:
    """By a reviewer or admin of the township other than the reporter; then it may be verified anew. The same again
    changes nothing. NotFound elsewhere, and where nothing was verified; Conflict where it was for another reason."""
    refuse_unknown("why", why, HAZARD_WRONG)
    incident = incidents.reach_incident(scope, incident_id)
    incidents.lock_places(incident.township_id, incident.category)
    last = _last_of(incident)
    if last is None or incident.township_id not in scope.township_ids:
        raise NotFound()
    refuse_same(person.id, incident.reporter_id, "own_hazard_back")
    if last.taken_back_at is not None:
        if last.taken_back_why != why:
            raise Conflict("hazard_taken_back")
        return last
    last.taken_back_by, last.taken_back_at, last.taken_back_why = person.id, now, why
    record_audit(
        incident.township_id, person.id, "hazard.taken_back", "report", incident.id, now, why=why,
        severity=last.severity,
    )  # fmt: skip
    _price(incident, now)
    return last


def _last_of(incident: Incident) -> VerifiedHazard | None:
    """The newest verification, whether or not it stands; read under the lock of its places."""
    which = select(VerifiedHazard).where(
        VerifiedHazard.township_id == incident.township_id, VerifiedHazard.incident_id == incident.id
    )
    newest = which.order_by(VerifiedHazard.n.desc()).limit(1)
    return db.session.scalar(newest.execution_options(populate_existing=True))


def _price(incident: Incident, now: datetime) -> None:
    db.session.flush()
    duty = _duty_of(incident)
    assert duty is not None
    post_month(incident.township_id, incident.reporter_id, duty.day, place_of(incident.township_id).zone, now)


def _refuse_unfit(incident: Incident, duty: Duty | None) -> None:
    if incident.category not in CATEGORIES or incident.place is None or incident.closing in NOT_ONE:
        raise DomainError("not_a_hazard")
    if duty is None or duty.voided_at is not None:
        raise DomainError("hazard_outside_duty")
    if queries.same_hazard(incident, SAME_WITHIN_M, SAME_WITHIN, NOT_ONE):
        raise Conflict("hazard_reported_before")


def _duty_of(incident: Incident) -> Duty | None:
    """The reporter's duty in which the report was made."""
    return db.session.scalar(
        select(Duty).where(
            Duty.township_id == incident.township_id, Duty.shift_id == incident.shift_id,
            Duty.person_id == incident.reporter_id,
        )
    )  # fmt: skip


def _verify(
    person: Person, incident: Incident, duty: Duty | None, severity: str, n: int, now: datetime
) -> VerifiedHazard:
    assert duty is not None
    row = VerifiedHazard(
        township_id=incident.township_id, incident_id=incident.id, n=n, shift_id=duty.shift_id,
        reporter_id=incident.reporter_id, reported_at=incident.reported_at, severity=severity, verified_by=person.id,
        verified_at=now,
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError as error:
        raise Conflict("hazard_verified") from error
    record_audit(
        incident.township_id, person.id, "hazard.verified", "report", incident.id, now, severity=severity
    )
    _price(incident, now)
    return row


@dataclass(frozen=True)
class Waiting:
    """A report that may be verified; `is_mine`: by somebody else."""

    incident: Incident
    reporter: str
    is_mine: bool


def waiting(scope: Scope, township_id: int, now: datetime) -> list[Waiting]:
    """First reports of hazards made in a duty that nobody has verified, or that were taken back; the oldest first."""
    done = select(VerifiedHazard.incident_id).where(
        VerifiedHazard.township_id == Incident.township_id, VerifiedHazard.incident_id == Incident.id,
        VerifiedHazard.taken_back_at.is_(None),
    )  # fmt: skip
    rows = db.session.execute(
        select(Incident, Person.name)
        .join(Person, Person.id == Incident.reporter_id)
        .join(
            Duty,
            and_(
                Duty.township_id == Incident.township_id, Duty.shift_id == Incident.shift_id,
                Duty.person_id == Incident.reporter_id, Duty.voided_at.is_(None),
            ),
        )
        .where(
            Incident.township_id == township_id, incidents.steered_by(scope), Incident.category.in_(CATEGORIES),
            Incident.duplicate_of.is_(None), Incident.place.is_not(None), Incident.reported_at > now - LOOK_BACK,
            Incident.closing.is_distinct_from("no_hazard"), Incident.closing.is_distinct_from("not_found"),
            ~done.exists(),
        )
        .order_by(Incident.reported_at, Incident.id)
    ).all()  # fmt: skip
    return [Waiting(row[0], row[1], row[0].reporter_id == scope.person_id) for row in rows]


@dataclass(frozen=True)
class Verified:
    """The newest verification of a report, whether it stands or was taken back, with who is who."""

    row: VerifiedHazard
    incident: Incident
    reporter: str
    verified_by: str
    taken_back_by: str | None

    def may_take_back(self, scope: Scope) -> bool:
        is_reviewed = self.row.township_id in scope.township_ids
        return is_reviewed and self.row.reporter_id != scope.person_id and self.row.taken_back_at is None


def verified(scope: Scope, township_id: int, since: datetime) -> list[Verified]:
    """What was verified within the caller's reach, the newest first."""
    by, back, newer = aliased(Person), aliased(Person), aliased(VerifiedHazard)
    followed = select(newer.n).where(
        newer.township_id == VerifiedHazard.township_id, newer.incident_id == VerifiedHazard.incident_id,
        newer.n > VerifiedHazard.n,
    )  # fmt: skip
    rows = db.session.execute(
        select(VerifiedHazard, Incident, Person.name, by.name, back.name)
        .join(
            Incident,
            and_(
                Incident.township_id == VerifiedHazard.township_id, Incident.id == VerifiedHazard.incident_id
            ),
        )
        .join(Person, Person.id == VerifiedHazard.reporter_id)
        .join(by, by.id == VerifiedHazard.verified_by)
        .outerjoin(back, back.id == VerifiedHazard.taken_back_by)
        .where(
            VerifiedHazard.township_id == township_id, VerifiedHazard.verified_at >= since,
            incidents.steered_by(scope), ~followed.exists(),
        )
        .order_by(VerifiedHazard.verified_at.desc(), VerifiedHazard.incident_id)
    ).all()  # fmt: skip
    return [Verified(row[0], row[1], row[2], row[3], row[4]) for row in rows]
