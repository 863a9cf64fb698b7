"""Retention of check-ins: the position goes, the verdict with its distances stays."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, select, update

from app.checkins import answers
from app.checkins.contests import is_held
from app.checkins.models import Checkin
from app.db import db
from app.duty.models import Duty


def contested_duties() -> list[tuple[int, int]]:
    """(township, duty) with a check-in that is held and that nobody has looked at, or with an answer of its member that
    nobody has closed."""
    rows = db.session.execute(select(Checkin.township_id, Checkin.duty_id).where(is_held()).distinct())
    return sorted({(row[0], row[1]) for row in rows} | set(answers.contested_duties()))


def forget_positions(which: ColumnElement[bool]) -> int:
    """Null the positions of the check-ins of the duties meant; answers how many."""
    of_duty = and_(Checkin.township_id == Duty.township_id, Checkin.duty_id == Duty.id)
    gone = update(Checkin).where(of_duty, which, Checkin.position.is_not(None)).values(position=None)
    done = db.session.execute(gone.execution_options(synchronize_session=False))
    return int(done.rowcount or 0)  # type: ignore[attr-defined]
