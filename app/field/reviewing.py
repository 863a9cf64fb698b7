"""A leader's decision on a check-in or on a member's answer, with all that follows from it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app import stream
from app.accounts.models import Person
from app.checkins import answers
from app.checkins.models import Answer, Checkin
from app.checkins.review import decide_checkin
from app.field import queries
from app.field.operations import settle_duty
from app.teams.scope import Scope


def review_checkin(
    person: Person, scope: Scope, checkin_id: UUID, decision: str, reason: str | None, now: datetime, *,
    seen: datetime | None = None,
) -> Checkin:  # fmt: skip
    """Count it or return it: verdict, presence and points follow, and the member's answer is closed and told so."""
    checkin = decide_checkin(person, scope, checkin_id, decision, reason, now, seen=seen)
    settle_duty(checkin.township_id, checkin.duty_id, now)
    reasons = [checkin.review_reason] if checkin.review_reason else []
    for answer_id in answers.closed_at(checkin, now):
        queries.set_verdict(checkin.township_id, answer_id, decision, reasons, now)
    stream.tell("verdict", people=[checkin.person_id])
    return checkin


def see_answer(person: Person, scope: Scope, answer_id: UUID, now: datetime) -> Answer:
    """The leader has read what a member said about a duty, and the member hears that."""
    answer = answers.close_seen(person, scope, answer_id, now)
    queries.set_state(answer.township_id, answer.id, now, reasons=["answer_seen"])
    stream.tell("verdict", people=[answer.person_id])
    return answer
