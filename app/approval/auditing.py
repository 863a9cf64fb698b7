"""Audits: a third person looks at approvals that were drawn, and finds them right or to be corrected."""

from __future__ import annotations

from datetime import date, datetime

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.approval import operations, queries
from app.approval.models import RESULTS, PointAudit
from app.approval.operations import Spend
from app.areas.models import Area
from app.db import db
from app.errors import Conflict, DomainError, FieldError, Forbidden
from app.incidents.rules import words_about_people
from app.teams.scope import Scope

MOST_LETTERS = 280


def finish(
    person: Person, scope: Scope, township: Area, month: date, person_id: int, result: str, note: str, now: datetime,
    spend: Spend | None = None,
) -> PointAudit:  # fmt: skip
    """What the third person found. `correct` takes the approval back, with a note that says what is to be looked at."""
    first = month.replace(day=1)
    faults = _faults(result, note)
    if faults:
        raise DomainError("invalid", faults)
    queries.share_month(township.id, first)
    audit = queries.reach_audit(scope, township.id, first, person_id)
    if audit.result is not None:
        raise Conflict("audit_done")
    if person.id in not_third(audit):
        raise Forbidden("audit_own")
    audit.result, audit.note = result, note or None
    audit.audited_by, audit.audited_at = person.id, now
    db.session.flush()
    record_audit(
        township.id, person.id, "points.audited", "point_month", f"{first:%Y-%m}", now, person_id=person_id,
        result=result,
    )  # fmt: skip
    if result == "correct":
        operations.take_back(person, township, first, person_id, "audit", now, spend)
    return audit


def not_third(audit: PointAudit) -> set[int]:
    """Whose it is, and who had a part in it: submitted or approved it, or entered duties of it by hand."""
    return {audit.approved_by, audit.person_id, *audit.had_part}


def _faults(result: str, note: str) -> list[FieldError]:
    found = [] if result in RESULTS else [FieldError("/result", "field_needed")]
    if result == "correct" and not note:
        found.append(FieldError("/note", "field_needed"))
    return found + text_faults("/note", note)


def text_faults(pointer: str, text: str) -> list[FieldError]:
    """Free words are few, and about the work: nothing of anybody is kept in them."""
    if len(text) > MOST_LETTERS:
        return [FieldError(pointer, "too_long")]
    return [FieldError(pointer, "text_names_a_person")] if words_about_people(text) else []
