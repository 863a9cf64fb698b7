"""Service that a leader entered, day by day."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

from app.accounts.models import Person
from app.duty.models import Duty
from tests import make

_days_ago = count(10)


def attend(
    people: Any, person: Person, hours: int, days: int = 1, *, town: Any = None, **more: Any
) -> list[Duty]:
    """So many duties of so many hours, each on a day of its own, before the evening."""
    found = []
    for _ in range(days):
        starts_at = make.EVENING - timedelta(days=next(_days_ago) % 300 + 2)
        where = town or people.town
        shift = make.make_shift(where.team, where.route, [], starts_at=starts_at, hours=hours)
        found.append(
            make.save(
                Duty(
                    township_id=shift.township_id, shift_id=shift.id, person_id=person.id, team_id=shift.team_id,
                    day=shift.day, on_roster=True, state="attended", entered_by=people.leader.id,
                    started_at=shift.starts_at, ended_at=shift.ends_at, worked_s=hours * 3600, **more,
                )
            )
        )  # fmt: skip
    return found
