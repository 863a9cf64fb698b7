"""Questions of the leader's pages: the crews of a day or a week, one shift, and who and what a plan may choose from.

Every one takes the caller's Scope and answers only for the teams that the caller steers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.areas.models import Area
from app.db import db
from app.duty.models import Assignment, Duty, Shift
from app.errors import NotFound
from app.routes.models import Route, RouteVersion
from app.teams.models import Team, TeamMember
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


def _crew_shift(row: Row[Any], mates: Sequence[Mate]) -> CrewShift:
    s = row.Shift
    return CrewShift(
        s.township_id, s.id, s.team_id, row.team, s.route_version_id, row.route, s.day, s.starts_at, s.ends_at,
        s.meeting_place, s.fit_for_one, s.crew_wanted, s.status, s.cancel_reason, s.version, row.by, s.changed_at,
        row.time_zone, tuple(mates),
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
            .where(Duty.township_id.in_(townships), Duty.shift_id.in_(ids))
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
        duty.worked_s, duty.last_item_at,
    )  # fmt: skip


# --- what a plan may choose from ------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """A member whom the caller may plan. Insured and adult are the leader's own yes or no."""

    person_id: int
    name: str
    adult: bool
    insured: bool
    insured_until: date | None
    has_phone: bool

    def is_insured_on(self, day: date) -> bool:
        return self.insured and (self.insured_until is None or self.insured_until >= day)


@dataclass(frozen=True)
class LedTeam:
    id: int
    township_id: int
    name: str
    kind: str
    zone: str


@dataclass(frozen=True)
class RouteChoice:
    """The newest version of an active route of the team."""

    version_id: int
    name: str
    length_m: float


def led_teams(scope: Scope) -> list[LedTeam]:
    rows = db.session.execute(
        select(Team.id, Team.township_id, Team.name, Team.kind, Area.time_zone)
        .join(Area, Area.id == Team.township_id)
        .where(Team.active, led_team_rows(scope, Team.township_id, Team.id))
        .order_by(Team.name)
    )
    return [LedTeam(*row) for row in rows]


def members_of(scope: Scope, team_id: int) -> list[Choice]:
    """The members of a team that the caller steers, by name."""
    rows = db.session.execute(
        select(
            Person.id, Person.name, TeamMember.adult, TeamMember.insured, TeamMember.insured_until, TeamMember.has_phone
        )
        .join(TeamMember, TeamMember.person_id == Person.id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(
            Team.id == team_id, TeamMember.left_on.is_(None), Person.active,
            led_team_rows(scope, Team.township_id, Team.id),
        )
        .order_by(Person.name, Person.id)
    )  # fmt: skip
    return [Choice(*row) for row in rows]


def routes_of(scope: Scope, team_id: int) -> list[RouteChoice]:
    newest = (
        select(RouteVersion.route_id, func.max(RouteVersion.version).label("version"))
        .group_by(RouteVersion.route_id)
        .subquery()
    )
    rows = db.session.execute(
        select(RouteVersion.id, Route.name, RouteVersion.length_m)
        .join(Route, Route.id == RouteVersion.route_id)
        .join(newest, and_(newest.c.route_id == Route.id, newest.c.version == RouteVersion.version))
        .where(Route.team_id == team_id, Route.active, led_team_rows(scope, Route.township_id, Route.team_id))
        .order_by(Route.name)
    )
    return [RouteChoice(*row) for row in rows]


@dataclass(frozen=True)
class Booking:
    """Another shift that somebody is planned for. `team` is None where the caller does not steer that team."""

    person_id: int
    name: str
    shift_id: int
    team_id: int
    team: str | None
    day: date
    starts_at: datetime
    ends_at: datetime

    @property
    def span(self) -> tuple[datetime, datetime]:
        return self.starts_at, self.ends_at


def bookings_of(
    scope: Scope,
    township_id: int,
    person_ids: Sequence[int],
    first: datetime,
    last: datetime,
    but_shift: int | None,
) -> list[Booking]:
    """Where these people are planned between two instants, except on one shift, by start."""
    rows = db.session.execute(
        select(
            Assignment.person_id, Person.name, Shift.id, Shift.team_id, Team.name.label("team"), Shift.day,
            Shift.starts_at, Shift.ends_at,
            led_team_rows(scope, Shift.township_id, Shift.team_id).label("is_mine"),
        )
        .join(Person, Person.id == Assignment.person_id)
        .join(Shift, and_(Shift.township_id == Assignment.township_id, Shift.id == Assignment.shift_id))
        .join(Team, Team.id == Shift.team_id)
        .where(
            Assignment.township_id == township_id, Assignment.person_id.in_(person_ids), Assignment.active,
            Assignment.during.overlaps(Range(first, last, bounds="[)")), Shift.status == "planned",
            Shift.id != (but_shift or 0),
        )
        .order_by(Shift.starts_at, Person.name)
    ).all()  # fmt: skip
    return [
        Booking(
            r.person_id, r.name, r.id, r.team_id, r.team if r.is_mine else None, r.day, r.starts_at, r.ends_at
        )
        for r in rows
    ]


def newest_version_of(route_version_id: int | None) -> int | None:
    """The newest version of the route that a version belongs to; None where the route is given up."""
    if route_version_id is None:
        return None
    route_id = select(RouteVersion.route_id).where(RouteVersion.id == route_version_id).scalar_subquery()
    return db.session.scalar(
        select(RouteVersion.id)
        .join(Route, Route.id == RouteVersion.route_id)
        .where(Route.id == route_id, Route.active)
        .order_by(RouteVersion.version.desc())
        .limit(1)
    )


def people_on_duty(township_id: int, shift_id: int) -> dict[int, str]:
    """Who has begun a shift, or was entered for it: id → name."""
    rows = db.session.execute(
        select(Person.id, Person.name)
        .join(Duty, Duty.person_id == Person.id)
        .where(Duty.township_id == township_id, Duty.shift_id == shift_id, Duty.started_at.is_not(None))
    )
    return {row.id: row.name for row in rows}


def lock_roster(township_id: int, team_id: int) -> None:
    """One planner a team at a time, until the transaction ends: a second tap waits for the first."""
    db.session.execute(select(func.pg_advisory_xact_lock(township_id % 2**31, team_id % 2**31)))
