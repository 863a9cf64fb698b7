"""Two changes of the point rules that a township's reviewer drafted: one refused, one that waits. Nothing here commits.

No number of them counts: the demo's points and figures stay those of the defaults."""

from __future__ import annotations

from datetime import datetime

from app.accounts.models import Person
from app.areas.models import Area
from app.clock import local_day
from app.rulebook import operations
from app.rulebook.operations import Draft
from app.rulebook.topics import INCENTIVES
from app.teams.scope import scope_of

REFUSED = ({"night_factor": 2.0}, "夜班人手不足，试着提高倍数")
WAITING = ({"visit": 4, "visits_a_shift": 3}, "重点部位到访少而久，比多而短更有用")


def add_changes(reviewer: Person, admin: Person, township: Area, now: datetime) -> None:
    first = local_day(now, township.time_zone).replace(day=1)
    for body, note in (REFUSED, WAITING):
        draft = Draft("numbers", first, {**INCENTIVES.defaults, **body}, note)
        change = operations.propose(reviewer, township, INCENTIVES, draft, now)
        if body is REFUSED[0]:
            operations.refuse(admin, scope_of(admin), change.id, now)
