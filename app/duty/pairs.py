"""The same two people at most so many times in a row: who was with whom on the shifts of a team around a new one.

Source: duty-incentives.md ("Duty rules"). A shift of only one of the two begins the count anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

from sqlalchemy import and_, select

from app.db import db
from app.duty.models import Assignment, Shift

# Four weeks either side: two who go together once a week are seen too.
LOOK_AROUND = timedelta(days=28)


@dataclass(frozen=True)
class Crew:
    """Who is planned for a shift."""

    starts_at: datetime
    people: frozenset[int]


def crews_around(township_id: int, team_id: int, start: datetime, but_shift: int | None) -> list[Crew]:
    """Of the team's planned shifts but one, by start."""
    of_shift = and_(Assignment.township_id == Shift.township_id, Assignment.shift_id == Shift.id)
    rows = db.session.execute(
        select(Shift.id, Shift.starts_at, Assignment.person_id)
        .join(Assignment, of_shift)
        .where(
            Shift.township_id == township_id, Shift.team_id == team_id, Shift.status == "planned", Assignment.active,
            Shift.starts_at.between(start - LOOK_AROUND, start + LOOK_AROUND), Shift.id != (but_shift or 0),
        )
        .order_by(Shift.starts_at, Shift.id)
    )  # fmt: skip
    found: dict[int, tuple[datetime, set[int]]] = {}
    for shift_id, starts_at, person_id in rows:
        found.setdefault(shift_id, (starts_at, set()))[1].add(person_id)
    return [Crew(starts_at, frozenset(people)) for starts_at, people in found.values()]


def too_often(
    crew: Collection[int], start: datetime, others: Sequence[Crew], most: int
) -> dict[tuple[int, int], int]:
    """The pairs of a crew that would be together more than `most` times in a row with this shift, and how often; the
    shifts before and after it are counted. `others` are by start, and pairs in the order of the crew."""
    before = [other for other in others if other.starts_at <= start][::-1]
    after = [other for other in others if other.starts_at > start]
    times = {
        (a, b): 1 + _in_a_row({a, b}, before) + _in_a_row({a, b}, after) for a, b in combinations(crew, 2)
    }
    return {pair: n for pair, n in times.items() if n > most}


def _in_a_row(pair: set[int], crews: Iterable[Crew]) -> int:
    """From the nearest on, until one of the two is out without the other."""
    n = 0
    for crew in crews:
        if pair <= crew.people:
            n += 1
        elif pair & crew.people:
            break
    return n
