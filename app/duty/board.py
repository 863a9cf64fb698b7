"""Questions of the leader's pages: the crews of a day or a week, one shift, and who and what a plan may choose from.

Every one takes the caller's Scope and answers only for the teams that the caller steers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.areas.models import Area
from app.db import db
from app.duty.models import Assignment, Duty, Shift
from app.errors import NotFound
from app.routes.models import Route, RouteVersion
from app.teams.models import Team
from app.teams.scope import Scope, led_team_rows


@dataclass(frozen=True)
class Mate:
    """Somebody planned for a shift, or on it without being planned (`planned` False). Times are UTC."""

    person_id: int
    name: str
    planned: bool
    duty_id: int | None = None
    state: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    declared: bool = False
    worked_s: int = 0
    last_item_at: datetime | None = None
    with_crew: bool = False
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class CrewShift:
    """A planned shift as the leader sees it. `zone` is the township's; `changed_by` a name."""

    township_id: int
    id: int
    team_id: int
    team: str
    route_version_id: int | None
    route: str | None
    day: date
    starts_at: datetime
    ends_at: datetime
    meeting_place: str
    fit_for_one: bool
    crew_wanted: int
    bonus: int
    status: str
    cancel_reason: str | None
    version: int
    changed_by: str | None
    changed_at: datetime
    zone: str
    mates: tuple[Mate, ...]

    @property
    def planned_mates(self) -> tuple[Mate, ...]:
        return tuple(mate for mate in self.mates if mate.planned)

    @property
    def open_places(self) -> int:
        """Places nobody is planned for; none once the shift is cancelled."""
        if self.status != "planned":
            return 0
        return max(0, self.crew_wanted - len(self.planned_mates))

    @property
    def has_begun(self) -> bool:
        return any(mate.started_at for mate in self.mates)


def crews_between(scope: Scope, first: date, last: date) -> list[CrewShift]:
    """The shifts of duty days first..last, `last` included, by start."""
    return _crews(scope, Shift.day.between(first, last))


def crews_on(scope: Scope, day: date, now: datetime) -> list[CrewShift]:
    """The shifts of a duty day, and those of the night before that still run."""
    running = and_(Shift.day == day - timedelta(days=1), Shift.ends_at > now - timedelta(hours=1))
    return _crews(scope, or_(Shift.day == day, running))


def crew_of(scope: Scope, shift_id: int) -> CrewShift:
    """One shift of a team that the caller steers, or NotFound."""
    found = _crews(scope, Shift.id == shift_id)
    if not found:
        raise NotFound()
    return found[0]


def _crews(scope: Scope, which: Any) -> list[CrewShift]:
    changer = aliased(Person)
    rows = db.session.execute(
        select(
            Shift,
            Team.name.label("team"),
            Route.name.label("route"),
            changer.name.label("by"),
            Area.time_zone,
        )
        .join(Team, Team.id == Shift.team_id)
        .join(Area, Area.id == Shift.township_id)
        .outerjoin(RouteVersion, RouteVersion.id == Shift.route_version_id)
        .outerjoin(Route, Route.id == RouteVersion.route_id)
        .outerjoin(changer, changer.id == func.coalesce(Shift.changed_by, Shift.made_by))
        .where(which, led_team_rows(scope, Shift.township_id, Shift.team_id))
        .order_by(Shift.starts_at, Route.name, Shift.id)
    ).all()
    mates = _mates([(row.Shift.township_id, row.Shift.id) for row in rows])
    return [_crew_shift(row, mates[row.Shift.township_id, row.Shift.id]) for row in rows]


def _crew_shift(row: Any, mates: Sequence[Mate]) -> CrewShift:
    s = row.Shift
    return CrewShift(
        s.township_id, s.id, s.team_id, row.team, s.route_version_id, row.route, s.day, s.starts_at, s.ends_at,
        s.meeting_place, s.fit_for_one, s.crew_wanted, s.bonus, s.status, s.cancel_reason, s.version, row.by,
        s.changed_at, row.time_zone, tuple(mates),
    )  # fmt: skip


def _mates(shifts: list[tuple[int, int]]) -> dict[tuple[int, int], list[Mate]]:
    """By (township, shift): the planned by name, then those on duty without a place in the plan."""
    found: dict[tuple[int, int], list[Mate]] = defaultdict(list)
    if not shifts:
        return found
    townships, ids = {t for t, _ in shifts}, {s for _, s in shifts}
    duties = {
        (duty.township_id, duty.shift_id, duty.person_id): (duty, name)
        for duty, name in db.session.execute(
            select(Duty, Person.name)
            .join(Person, Person.id == Duty.person_id)
            .where(
                Duty.township_id.in_(townships),
                Duty.shift_id.in_(ids),
                or_(Duty.entered_by.is_(None), Duty.started_at.is_not(None)),
            )
        )
    }
    planned = db.session.execute(
        select(Assignment.township_id, Assignment.shift_id, Person.id, Person.name)
        .join(Person, Person.id == Assignment.person_id)
        .where(Assignment.township_id.in_(townships), Assignment.shift_id.in_(ids), Assignment.active)
        .order_by(Person.name, Person.id)
    )
    for township_id, shift_id, person_id, name in planned:
        duty, _ = duties.pop((township_id, shift_id, person_id), (None, ""))
        found[township_id, shift_id].append(_mate(person_id, name, duty, planned=True))
    for (township_id, shift_id, person_id), (duty, name) in sorted(duties.items(), key=lambda kv: kv[1][1]):
        found[township_id, shift_id].append(_mate(person_id, name, duty, planned=False))
    return found


def _mate(person_id: int, name: str, duty: Duty | None, *, planned: bool) -> Mate:
    if duty is None:
        return Mate(person_id, name, planned)
    return Mate(
        person_id, name, planned, duty.id, duty.state, duty.started_at, duty.ended_at, duty.is_declared,
        duty.worked_s, duty.last_item_at, duty.with_crew, tuple(duty.flags),
    )  # fmt: skip
