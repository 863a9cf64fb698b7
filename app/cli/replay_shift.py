"""`--make-shift`: plans the shift that a replay needs, by the same operation as the leader's page."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.queries import person_by_login
from app.areas.models import Area
from app.cli.replay_http import ReplayFailed
from app.clock import local_day
from app.db import db
from app.duty.objections import Plan
from app.duty.roster import plan_shift
from app.errors import DomainError
from app.routes.models import Route, RouteVersion
from app.teams.models import RoleGrant, TeamMember
from app.teams.scope import scope_of

SLACK = timedelta(minutes=2)
BEFORE = timedelta(minutes=15)
EVENING = time(19, 0)


def make_shift(login: str, route_name: str, day: date, takes: timedelta, now: datetime) -> None:
    """A shift of `takes` and a little more on that day, for this person on the newest version of the route.

    On the present day it lies so that a walk begun with it has just ended; else it begins at 19:00. Planned in the name
    of the team's leader. Commits. Raises ReplayFailed: route_unknown, shift_not_made.
    """
    person = person_by_login(login)
    route = _route(person, route_name)
    leader = _leader(route) if route else None
    if person is None or route is None or leader is None:
        raise ReplayFailed("route_unknown", route=route_name, login=login)
    township = db.session.get(Area, route.township_id)
    assert township is not None
    starts_at = _start(day, takes, now, township.time_zone)
    plan = Plan(
        day=day, starts_at=starts_at, ends_at=starts_at + max(takes + SLACK, BEFORE), meeting_place=route_name,
        route_version_id=_newest(route), crew_wanted=2, fit_for_one=False, crew=(person.id,),
    )  # fmt: skip
    try:
        plan_shift(leader, scope_of(leader), route.team_id, plan, now, accepted=True)
    except DomainError as refused:
        db.session.rollback()
        codes = ", ".join(fault.code for fault in refused.fields) or refused.code
        raise ReplayFailed("shift_not_made", code=codes) from refused
    db.session.commit()


def _start(day: date, takes: timedelta, now: datetime, zone: str) -> datetime:
    if local_day(now, zone) == day:
        return (now - takes - SLACK).replace(microsecond=0)
    return datetime.combine(day, EVENING, ZoneInfo(zone))


def _route(person: Person | None, name: str) -> Route | None:
    if person is None:
        return None
    return db.session.scalar(
        select(Route)
        .join(TeamMember, TeamMember.team_id == Route.team_id)
        .where(Route.name == name, TeamMember.person_id == person.id, TeamMember.left_on.is_(None))
    )


def _leader(route: Route) -> Person | None:
    return db.session.scalar(
        select(Person)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .where(RoleGrant.team_id == route.team_id, RoleGrant.role == "leader", RoleGrant.revoked_at.is_(None))
        .order_by(Person.id)
    )


def _newest(route: Route) -> int | None:
    return db.session.scalar(
        select(RouteVersion.id).where(RouteVersion.route_id == route.id).order_by(RouteVersion.version.desc())
    )
