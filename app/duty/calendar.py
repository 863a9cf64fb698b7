"""A person's own shifts for a calendar: what was planned, and what was taken off again, which it must be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, select

from app.areas.models import Area
from app.db import db
from app.duty.models import Assignment, Shift
from app.teams.models import Team

BACK, AHEAD = timedelta(days=60), timedelta(days=370)


@dataclass(frozen=True)
class Entry:
    """No name of anybody, of a route or of a hotspot: a calendar lies with somebody else's company."""

    shift_id: int
    township: str
    team: str
    starts_at: datetime
    ends_at: datetime
    meeting_place: str
    version: int
    changed_at: datetime
    cancelled: bool


def entries_of(person_id: int, township_id: int, now: datetime, limit: int = 500) -> list[Entry]:
    """By time. A shift that was cancelled, or that the person is no longer planned for, stays as cancelled."""
    rows = db.session.execute(
        select(Shift, Assignment.active, Team.name, Area.code)
        .join(
            Assignment, and_(Assignment.township_id == Shift.township_id, Assignment.shift_id == Shift.id)
        )
        .join(Team, Team.id == Shift.team_id)
        .join(Area, Area.id == Shift.township_id)
        .where(
            Assignment.township_id == township_id, Assignment.person_id == person_id,
            Shift.starts_at.between(now - BACK, now + AHEAD),
        )
        .order_by(Shift.starts_at, Shift.id)
        .limit(limit)
    )  # fmt: skip
    return [
        Entry(
            s.id, code, team, s.starts_at, s.ends_at, s.meeting_place, s.version, s.changed_at,
            s.status == "cancelled" or not active,
        )
        for s, active, team, code in rows
    ]  # fmt: skip
