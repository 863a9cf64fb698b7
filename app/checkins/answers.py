"""What a member says about a verdict or an own duty: kept beside it, shown to the leader, closed by the decision.

One open answer an item: a newer one takes the older one's place, whichever comes first. What was decided is final until
the member says something new.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, null, select, update

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.checkins.models import Answer, Checkin
from app.db import db
from app.duty.models import Duty, DutyEvent
from app.duty.queries import lock_duty
from app.errors import DomainError, NotFound
from app.teams.scope import Scope, led_team_rows

# What a phone offers; another release may know more.
PHRASES = (
    "was_there", "gps_bad", "code_unreadable", "blocked", "phone_clock", "forgot_to_end", "ended_early", "other",
)  # fmt: skip


@dataclass(frozen=True)
class About:
    """What an answer is about, and the duty that it belongs to."""

    kind: str
    duty: Duty


def about_item(township_id: int, person_id: int, item_id: UUID) -> About | None:
    """A check-in, or a tap of a duty, of this person; None for anything else, whether or not it exists."""
    for kind, model in (("checkin", Checkin), ("duty", DutyEvent)):
        duty = db.session.scalar(
            select(Duty)
            .join(model, and_(model.township_id == Duty.township_id, model.duty_id == Duty.id))
            .where(model.township_id == township_id, model.id == item_id, Duty.person_id == person_id)
        )
        if duty is not None:
            return About(kind, duty)
    return None


def record_answer(
    about: About, item_id: UUID, answer_id: UUID, phrase: str, words: str | None, at: datetime, now: datetime
) -> None:
    """Safe to repeat. Of two open ones the later by its time stays open."""
    duty = about.duty
    lock_duty(duty.township_id, duty.shift_id, duty.person_id)
    if db.session.get(Answer, (duty.township_id, answer_id)) is not None:
        return
    standing = _open_one(duty.township_id, item_id)
    is_older = standing is not None and (standing.said_at, standing.id) > (at, answer_id)
    if standing is not None and not is_older:
        standing.closed_at, standing.outcome = now, "newer"
        db.session.flush()
    db.session.add(
        Answer(
            township_id=duty.township_id, id=answer_id, person_id=duty.person_id, about=about.kind, item_id=item_id,
            duty_id=duty.id, phrase=phrase, text=(words or "").strip() or None, said_at=at,
            closed_at=now if is_older else None, outcome="newer" if is_older else None,
        )
    )  # fmt: skip
    db.session.flush()


def _open_one(township_id: int, item_id: UUID) -> Answer | None:
    return db.session.scalar(
        select(Answer).where(
            Answer.township_id == township_id, Answer.item_id == item_id, Answer.closed_at.is_(None)
        )
    )


def is_open(township_id: int, item_id: UUID) -> bool:
    return _open_one(township_id, item_id) is not None


def close_by_decision(checkin: Checkin, person: Person, now: datetime) -> None:
    """The leader has read it and decided."""
    answer = _open_one(checkin.township_id, checkin.id)
    if answer is not None:
        answer.closed_at, answer.closed_by, answer.outcome = now, person.id, checkin.review_verdict


def closed_at(checkin: Checkin, now: datetime) -> list[UUID]:
    """Answers that the decision of this moment closed."""
    return list(
        db.session.scalars(
            select(Answer.id).where(
                Answer.township_id == checkin.township_id, Answer.item_id == checkin.id, Answer.closed_at == now,
                Answer.outcome.in_(("counted", "not_counted")),
            )
        )
    )  # fmt: skip


def close_seen(person: Person, scope: Scope, answer_id: UUID, now: datetime) -> Answer:
    """A leader has read an answer about a duty. Safe to repeat; NotFound outside the teams led."""
    answer = db.session.scalar(
        select(Answer)
        .join(Duty, and_(Duty.township_id == Answer.township_id, Duty.id == Answer.duty_id))
        .where(
            Answer.id == answer_id, Answer.about == "duty",
            led_team_rows(scope, Duty.township_id, Duty.team_id),
        )
        .with_for_update(of=Answer)
    )  # fmt: skip
    if answer is None:
        raise NotFound()
    if answer.person_id == person.id:
        raise DomainError("not_your_own")
    if answer.closed_at is None:
        answer.closed_at, answer.closed_by, answer.outcome = now, person.id, "seen"
        record_audit(
            answer.township_id, person.id, "answer.seen", "answer", answer.id, now, member_id=answer.person_id
        )
        db.session.flush()
    return answer


# --- questions ------------------------------------------------------------------------------------


def answers_on(checkin: Checkin) -> list[Answer]:
    """What the member said about a check-in, newest first."""
    which = select(Answer).where(Answer.township_id == checkin.township_id, Answer.item_id == checkin.id)
    return list(db.session.scalars(which.order_by(Answer.said_at.desc(), Answer.id.desc())))


def duty_answers(scope: Scope, shift_id: int | None = None) -> list[tuple[int, Answer, str]]:
    """(shift, open answer about a duty on it, the member's name) of the teams led, oldest first."""
    on_shift = [] if shift_id is None else [Duty.shift_id == shift_id]
    rows = db.session.execute(
        select(Duty.shift_id, Answer, Person.name)
        .join(Duty, and_(Duty.township_id == Answer.township_id, Duty.id == Answer.duty_id))
        .join(Person, Person.id == Answer.person_id)
        .where(
            Answer.about == "duty", Answer.closed_at.is_(None),
            led_team_rows(scope, Duty.township_id, Duty.team_id), *on_shift,
        )
        .order_by(Answer.said_at, Answer.id)
    )  # fmt: skip
    return [(row[0], row[1], row[2]) for row in rows]


def contested_duties() -> list[tuple[int, int]]:
    """(township, duty) with an answer that nobody has closed."""
    rows = db.session.execute(
        select(Answer.township_id, Answer.duty_id).where(Answer.closed_at.is_(None)).distinct()
    )
    return [(row[0], row[1]) for row in rows]


def forget_words(township_id: int, before: datetime) -> int:
    """Retention's part: 90 days after closing the words go, the phrase stays."""
    gone: Any = (
        update(Answer)
        .where(Answer.township_id == township_id, Answer.closed_at < before, Answer.text.is_not(None))
        .values(text=null())
        .execution_options(synchronize_session=False)
    )
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]
