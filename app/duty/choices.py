"""What a plan may choose from: the teams led, their people and routes, and where people are planned already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import Range

from app.accounts.models import Person
from app.areas.models import Area
from app.db import db
from app.duty.models import Assignment, Duty, Shift
from app.routes.models import Route, RouteVersion
from app.teams.models import Team, TeamMember
from app.teams.scope import Scope, led_team_rows


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
