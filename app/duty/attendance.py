"""Attendance of somebody without a phone, entered by the leader: a duty of the grade *declared*."""

from __future__ import annotations

from datetime import datetime, timedelta

from psycopg.errors import ExclusionViolation, UniqueViolation
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.db import db
from app.duty import board, choices, rules
from app.duty.models import Duty
from app.errors import Conflict, DomainError, FieldError, NotFound
from app.teams.scope import Scope

BEFORE, AFTER = timedelta(hours=2), timedelta(hours=4)


def enter_attendance(
    person: Person, scope: Scope, shift_id: int, member_id: int, started_at: datetime, ended_at: datetime,
    now: datetime,
) -> Duty:  # fmt: skip
    """The same times again change nothing; other times correct an entry, never what a phone recorded.

    Raises NotFound for a shift or person outside the teams led, DomainError `invalid` with fields, and Conflict
    where a phone has recorded this duty, the person was on another duty then, or somebody entered other times at the
    same moment.
    """
    shift = board.crew_of(scope, shift_id)
    planned = {mate.person_id for mate in shift.planned_mates}
    members = {member.person_id for member in choices.members_of(scope, shift.team_id)}
    if member_id not in planned | members:
        raise NotFound()
    if shift.status != "planned":
        raise Conflict("shift_cancelled")
    refuse_bad_times(shift, started_at, ended_at, now)
    duty = _duty_of(shift, member_id)
    if duty is not None and not duty.is_declared and duty.started_at is not None:
        raise Conflict("already_on_duty", name=_name_of(shift, member_id))
    if (
        duty is not None
        and duty.tick_id is None
        and (duty.started_at, duty.ended_at) == (started_at, ended_at)
    ):
        return duty
    is_first = duty is None
    if duty is None:
        duty = Duty(
            township_id=shift.township_id, shift_id=shift.id, person_id=member_id, team_id=shift.team_id, day=shift.day,
            on_roster=member_id in planned, state="attended",
        )  # fmt: skip
    if not _write(duty, person, rules.attended_window(started_at, ended_at)):
        meanwhile = _duty_of(shift, member_id) if is_first else None
        return _same_entry(shift, meanwhile, started_at, ended_at)
    record_audit(
        shift.township_id,
        person.id,
        "duty.attend",
        "duty",
        duty.id,
        now,
        person_id=member_id,
        shift_id=shift.id,
    )
    return duty


def refuse_bad_times(shift: board.CrewShift, started_at: datetime, ended_at: datetime, now: datetime) -> None:
    wrong = []
    if started_at < shift.starts_at - BEFORE or started_at >= shift.ends_at:
        wrong.append(FieldError("/started", "outside_shift"))
    if ended_at > now:
        wrong.append(FieldError("/ended", "in_the_future"))
    elif ended_at <= started_at or ended_at > shift.ends_at + AFTER:
        wrong.append(FieldError("/ended", "outside_shift"))
    if wrong:
        raise DomainError("invalid", wrong)


def _duty_of(shift: board.CrewShift, member_id: int) -> Duty | None:
    return db.session.scalar(
        select(Duty).where(
            Duty.township_id == shift.township_id, Duty.shift_id == shift.id, Duty.person_id == member_id
        )
    )


def _name_of(shift: board.CrewShift, member_id: int) -> str:
    return next((mate.name for mate in shift.mates if mate.person_id == member_id), "")


def _same_entry(
    shift: board.CrewShift, meanwhile: Duty | None, started_at: datetime, ended_at: datetime
) -> Duty:
    """The entry could not be written: what another leader, or the person's phone, wrote between our look and our insert
    stands if it says the same."""
    if meanwhile is None:
        raise Conflict("duty_overlaps")
    if not meanwhile.is_declared:
        raise Conflict("already_on_duty", name=_name_of(shift, meanwhile.person_id))
    if (meanwhile.started_at, meanwhile.ended_at) != (started_at, ended_at):
        raise Conflict("attendance_entered_meanwhile")
    return meanwhile


def _write(duty: Duty, person: Person, window: rules.Window) -> bool:
    """False where a constraint refuses it: two duties of one person never overlap, and a shift has one of each."""
    try:
        with db.session.begin_nested():
            duty.entered_by, duty.state, duty.tick_id = person.id, "attended", None
            duty.started_at, duty.ended_at = window.started_at, window.ended_at
            duty.worked = Range(window.started_at, window.ended_at, bounds="[)")
            duty.worked_s, duty.flags = window.worked_s, list(window.flags)
            db.session.add(duty)
            db.session.flush()
    except IntegrityError as error:
        if not isinstance(error.orig, (ExclusionViolation, UniqueViolation)):
            raise
        return False
    return True
