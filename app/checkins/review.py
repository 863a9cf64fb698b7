"""A leader's decision on a check-in. The caller judges the duty again afterwards (field.operations.settle_duty)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.checkins import answers
from app.checkins.models import Checkin
from app.db import db
from app.duty.models import Duty
from app.errors import Conflict, DomainError, FieldError, NotFound
from app.teams.scope import Scope, led_team_rows

RETURN_REASONS = (
    "returned_wrong_place", "returned_not_there", "returned_wrong_time", "returned_by_mistake", "returned_duplicate",
)  # fmt: skip
DECISIONS = ("counted", "not_counted")


def decide_checkin(
    person: Person, scope: Scope, checkin_id: UUID, decision: str, reason: str | None, now: datetime, *,
    seen: datetime | None = None,
) -> Checkin:  # fmt: skip
    """Count a check-in or return it with a fixed reason. The same decision again changes nothing, but that it closes
    what the member has said since.

    `seen` is when it had been decided as far as the leader saw (None: not yet); Conflict when somebody decided since.
    Raises NotFound outside the teams led, DomainError for one's own check-in or a return without a reason.
    """
    if decision not in DECISIONS:
        raise DomainError("invalid", [FieldError("/decision", "field_needed")])
    reason = reason if decision == "not_counted" else None
    if decision == "not_counted" and reason not in RETURN_REASONS:
        raise DomainError("invalid", [FieldError("/reason", "return_needs_reason")])
    checkin = db.session.scalar(
        select(Checkin)
        .join(Duty, and_(Duty.township_id == Checkin.township_id, Duty.id == Checkin.duty_id))
        .where(Checkin.id == checkin_id, led_team_rows(scope, Duty.township_id, Duty.team_id))
        .with_for_update(of=Checkin)
        .execution_options(populate_existing=True)
    )
    if checkin is None:
        raise NotFound()
    if checkin.person_id == person.id:
        raise DomainError("not_your_own")
    is_same = (checkin.review_verdict, checkin.review_reason) == (decision, reason)
    if is_same and not answers.is_open(checkin.township_id, checkin.id):
        return checkin
    if checkin.reviewed_at != seen:
        raise Conflict("already_reviewed", yours=decision, theirs=checkin.review_verdict)
    checkin.review_verdict, checkin.review_reason = decision, reason
    checkin.reviewed_by, checkin.reviewed_at = person.id, now
    answers.close_by_decision(checkin, person, now)
    record_audit(
        checkin.township_id, person.id, f"checkin.{decision}", "checkin", checkin.id, now,
        member_id=checkin.person_id, reason=reason,
    )  # fmt: skip
    db.session.flush()
    return checkin
