"""What of a duty waits for a person: a check-in that is held, or what its member said and nobody has closed.

A check-in that counts with a remark waits for nobody: it opens nothing and keeps nothing longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from app.checkins.models import Answer, Checkin
from app.db import db
from app.duty.models import Duty


@dataclass(frozen=True)
class Question:
    """`held`: of a check-in, nobody has looked; `contested`: its member answered; `said`: the member spoke of the duty
    itself, and then `item_id` is the tap that it is about."""

    why: Literal["held", "contested", "said"]
    item_id: UUID
    at: datetime


def is_held() -> ColumnElement[bool]:
    """SQL: the check-in is held and nobody has decided."""
    return and_(Checkin.verdict == "held", Checkin.reviewed_at.is_(None))


def open_questions(which: ColumnElement[bool]) -> dict[int, tuple[Question, ...]]:
    """By duty, oldest first; `which` says which duties are meant."""
    found: dict[int, list[Question]] = {}
    for duty_id, item_id, at in db.session.execute(_held(which)):
        found.setdefault(duty_id, []).append(Question("held", item_id, at))
    for duty_id, item_id, at, about in db.session.execute(_answered(which)):
        why: Literal["contested", "said"] = "contested" if about == "checkin" else "said"
        found.setdefault(duty_id, []).append(Question(why, item_id, at))
    return {duty_id: _in_order(questions) for duty_id, questions in found.items()}


def _held(which: ColumnElement[bool]) -> Any:
    return (
        select(Duty.id, Checkin.id, Checkin.effective_at)
        .join(Checkin, and_(Checkin.township_id == Duty.township_id, Checkin.duty_id == Duty.id))
        .where(which, is_held())
    )


def _answered(which: ColumnElement[bool]) -> Any:
    return (
        select(Duty.id, Answer.item_id, Answer.said_at, Answer.about)
        .join(Answer, and_(Answer.township_id == Duty.township_id, Answer.duty_id == Duty.id))
        .where(which, Answer.closed_at.is_(None))
    )


def _in_order(questions: Sequence[Question]) -> tuple[Question, ...]:
    return tuple(sorted(questions, key=lambda q: (q.at, str(q.item_id), q.why)))
