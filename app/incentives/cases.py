"""False check-ins: one person opens a case, the member has five days to answer, a second person decides.

Upheld, the duty is void: it is worth nothing, is no valid duty, and 50 points go (rule `false_checkin`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from app import stream
from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas.policies import place_of, policies_in_force
from app.checkins.answers import PHRASES
from app.db import db
from app.duty.models import Duty, Shift
from app.errors import Conflict, DomainError
from app.incentives.models import CASE_REASONS, OUTCOMES, FalseCheckin
from app.incentives.operations import post_month
from app.incentives.rules import policy_from
from app.incentives.steering import refuse_same, refuse_unknown
from app.incentives.visits import months_after
from app.teams.models import Team
from app.teams.scope import Scope, reach_row, steered_rows

MOST_LETTERS = 280
FINISHED = ("ended", "attended")


def open_case(person: Person, scope: Scope, duty_id: int, reason: str, now: datetime) -> FalseCheckin:
    """About a finished duty of somebody else. The same again is the same case; a duty has one at most (Conflict)."""
    refuse_unknown("reason", reason, CASE_REASONS)
    duty = reach_duty(scope, duty_id)
    refuse_same(person.id, duty.person_id, "own_case")
    if duty.state not in FINISHED:
        raise Conflict("duty_not_ended")
    live = live_case(duty)
    if live is not None:
        if (live.opened_by, live.reason) == (person.id, reason) and live.outcome is None:
            return live
        raise Conflict("case_open")
    case = _opened(person, duty, reason, now)
    record_audit(duty.township_id, person.id, "case.opened", "duty", duty.id, now, reason=reason)
    stream.tell("plan", people=[duty.person_id])
    return case


def _opened(person: Person, duty: Duty, reason: str, now: datetime) -> FalseCheckin:
    policy = policy_from(policies_in_force(duty.township_id, duty.day).body("incentives"))
    case = FalseCheckin(
        township_id=duty.township_id, duty_id=duty.id, person_id=duty.person_id, reason=reason, opened_by=person.id,
        opened_at=now, answer_until=now + timedelta(days=max(1, policy.reply_days)),
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(case)
    except IntegrityError as error:
        raise Conflict("case_open") from error
    return case


def live_case(duty: Duty) -> FalseCheckin | None:
    return db.session.scalar(
        select(FalseCheckin).where(
            FalseCheckin.township_id == duty.township_id, FalseCheckin.duty_id == duty.id,
            FalseCheckin.outcome.is_distinct_from("dismissed"),
        )
    )  # fmt: skip


def answer(person: Person, case_id: int, phrase: str, words: str | None, now: datetime) -> FalseCheckin:
    """By the member, until the time is over; a later answer takes the earlier one's place. NotFound for others'."""
    refuse_unknown("phrase", phrase, PHRASES)
    mine = select(FalseCheckin).where(FalseCheckin.id == case_id, FalseCheckin.person_id == person.id)
    case: FalseCheckin = reach_row(mine, to_change=FalseCheckin)
    if case.outcome is not None or now >= case.answer_until:
        raise Conflict("case_answer_over")
    text = (words or "").strip()
    if len(text) > MOST_LETTERS:
        raise DomainError("too_long")
    case.answer, case.answer_text, case.answered_at = phrase, text or None, now
    db.session.flush()
    return case


def decide(person: Person, scope: Scope, case_id: int, outcome: str, now: datetime) -> FalseCheckin:
    """By a second person, once the time to answer is over. The same again changes nothing; else the first stands."""
    refuse_unknown("outcome", outcome, OUTCOMES)
    case = reach_case(scope, case_id, to_change=True)
    refuse_same(person.id, case.person_id, "own_case")
    refuse_same(person.id, case.opened_by, "decided_by_another")
    if case.outcome is not None:
        if case.outcome != outcome:
            raise Conflict("case_decided")
        return case
    if now < case.answer_until:
        raise DomainError("reply_not_over", until=case.answer_until.isoformat())
    case.outcome, case.decided_by, case.decided_at = outcome, person.id, now
    db.session.flush()
    duty = db.session.get_one(Duty, (case.township_id, case.duty_id), with_for_update=True)
    if outcome == "upheld":
        duty.voided_at, duty.changes = now, duty.changes + 1
        db.session.flush()
        _bring_in_line(duty, now)
    record_audit(case.township_id, person.id, f"case.{outcome}", "duty", case.duty_id, now, case_id=case.id)
    stream.tell("plan", people=[case.person_id])
    return case


def _bring_in_line(duty: Duty, now: datetime) -> None:
    """The member's month, and the months of those whose visits came after that duty's: it was nobody's last visit."""
    zone = place_of(duty.township_id).zone
    for person_id, month in sorted({(duty.person_id, duty.day.replace(day=1)), *months_after(duty)}):
        post_month(duty.township_id, person_id, month, zone, now)


# --- questions ------------------------------------------------------------------------------------


def reach_duty(scope: Scope, duty_id: int) -> Duty:
    which = select(Duty).where(Duty.id == duty_id, steered_rows(scope, Duty.township_id, Duty.team_id))
    return reach_row(which)


@dataclass(frozen=True)
class About:
    """Whose duty it is, and of which shift."""

    name: str
    team: str
    starts_at: datetime
    ends_at: datetime


def about(duty: Duty) -> About:
    row = db.session.execute(
        select(Person.name, Team.name, Shift.starts_at, Shift.ends_at)
        .select_from(Shift)
        .join(Team, Team.id == Shift.team_id)
        .join(Person, Person.id == duty.person_id)
        .where(Shift.township_id == duty.township_id, Shift.id == duty.shift_id)
    ).one()
    return About(row[0], row[1], row[2], row[3])


def reach_case(scope: Scope, case_id: int, *, to_change: bool = False) -> FalseCheckin:
    which = (
        select(FalseCheckin)
        .join(Duty, and_(Duty.township_id == FalseCheckin.township_id, Duty.id == FalseCheckin.duty_id))
        .where(FalseCheckin.id == case_id, steered_rows(scope, Duty.township_id, Duty.team_id))
    )
    return reach_row(which, to_change=FalseCheckin if to_change else None)


@dataclass(frozen=True)
class Shown:
    """A case with whose duty it is about. `state`: asked (time to answer), waits (for a decision), or the outcome."""

    case: FalseCheckin
    name: str
    team: str
    day: date
    starts_at: datetime
    ends_at: datetime
    opened_by: str
    decided_by: str | None

    def state(self, now: datetime) -> str:
        if self.case.outcome:
            return self.case.outcome
        return "asked" if now < self.case.answer_until else "waits"


def _shown() -> Any:
    by, decider = aliased(Person), aliased(Person)
    return (
        select(
            FalseCheckin, Person.name, Team.name, Duty.day, Shift.starts_at, Shift.ends_at,
            by.name.label("by"), decider.name.label("decider"),
        )
        .join(Duty, and_(Duty.township_id == FalseCheckin.township_id, Duty.id == FalseCheckin.duty_id))
        .join(Shift, and_(Shift.township_id == Duty.township_id, Shift.id == Duty.shift_id))
        .join(Team, Team.id == Duty.team_id)
        .join(Person, Person.id == FalseCheckin.person_id)
        .join(by, by.id == FalseCheckin.opened_by)
        .outerjoin(decider, decider.id == FalseCheckin.decided_by)
        .order_by(FalseCheckin.opened_at.desc(), FalseCheckin.id.desc())
    )  # fmt: skip


def seen(scope: Scope, township_id: int, since: datetime) -> list[Shown]:
    """Within the caller's reach, the open ones first; decided ones for a while."""
    mine = steered_rows(scope, Duty.township_id, Duty.team_id)
    recent = FalseCheckin.outcome.is_(None) | (FalseCheckin.decided_at >= since)
    rows = db.session.execute(_shown().where(FalseCheckin.township_id == township_id, mine, recent)).all()
    return sorted((Shown(*row) for row in rows), key=lambda one: one.case.outcome is not None)


def shown(scope: Scope, case_id: int) -> Shown:
    case = reach_case(scope, case_id)
    which = and_(FalseCheckin.township_id == case.township_id, FalseCheckin.id == case.id)
    return Shown(*db.session.execute(_shown().where(which)).one())


def own(township_id: int, person_id: int) -> list[Shown]:
    """A member's own cases, the newest first."""
    mine = and_(FalseCheckin.township_id == township_id, FalseCheckin.person_id == person_id)
    return [Shown(*row) for row in db.session.execute(_shown().where(mine)).all()]


def to_answer(township_id: int, person_id: int, now: datetime) -> list[FalseCheckin]:
    """A member's own cases that may be answered now."""
    which = select(FalseCheckin).where(
        FalseCheckin.township_id == township_id, FalseCheckin.person_id == person_id, FalseCheckin.outcome.is_(None),
        FalseCheckin.answer_until > now,
    )  # fmt: skip
    return list(db.session.scalars(which.order_by(FalseCheckin.answer_until)))


def contested_duties() -> list[tuple[int, int]]:
    """(township, duty) with a case that nobody has decided: their evidence is kept longer."""
    which = select(FalseCheckin.township_id, FalseCheckin.duty_id).where(FalseCheckin.outcome.is_(None))
    return [(row[0], row[1]) for row in db.session.execute(which)]


def forget_words(township_id: int, before: datetime) -> int:
    """Retention's part: the member's words go so many days after the decision, the phrase stays."""
    gone: Any = (
        update(FalseCheckin)
        .where(
            FalseCheckin.township_id == township_id, FalseCheckin.decided_at < before,
            FalseCheckin.answer_text.is_not(None),
        )
        .values(answer_text=None)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return int(db.session.execute(gone).rowcount or 0)
