"""Who is in the teams that somebody leads, and how each of them gets in: the phone, a code, or a password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select

from app.accounts import queries as accounts
from app.accounts.models import Person
from app.db import db
from app.errors import NotFound
from app.teams.models import RoleGrant, Team, TeamMember
from app.teams.scope import Scope, led_team_rows, reviewed_township_rows


@dataclass(frozen=True)
class Mate:
    """`roles` are what the person holds anywhere; `code_until`: a code waits to be used."""

    person_id: int
    name: str
    has_phone: bool
    roles: frozenset[str]
    devices: int
    seen_at: datetime | None
    code_until: datetime | None


@dataclass(frozen=True)
class TeamPeople:
    id: int
    name: str
    mates: tuple[Mate, ...]


def people_of(scope: Scope, now: datetime) -> list[TeamPeople]:
    """The teams that the caller leads, and who is in each, by name."""
    rows = db.session.execute(
        select(Team.id, Team.name, Person.id, Person.name, TeamMember.has_phone)
        .join(TeamMember, TeamMember.team_id == Team.id)
        .join(Person, Person.id == TeamMember.person_id)
        .where(_led(scope))
        .order_by(Team.name, Person.name, Person.id)
    ).all()
    ids = {row[2] for row in rows}
    roles, devices, codes = roles_of(ids), accounts.devices_of(ids, now), accounts.codes_waiting(ids, now)
    teams: dict[int, tuple[str, list[Mate]]] = {}
    for team_id, team, person_id, name, has_phone in rows:
        n, seen_at = devices.get(person_id, (0, None))
        mate = Mate(
            person_id, name, has_phone, roles.get(person_id, frozenset()), n, seen_at, codes.get(person_id)
        )
        teams.setdefault(team_id, (team, []))[1].append(mate)
    return [TeamPeople(team_id, name, tuple(mates)) for team_id, (name, mates) in teams.items()]


def _led(scope: Scope) -> ColumnElement[bool]:
    return and_(
        Team.active,
        TeamMember.left_on.is_(None),
        Person.active,
        led_team_rows(scope, Team.township_id, Team.id),
    )


def reach_member(scope: Scope, person_id: int) -> Person:
    """Somebody in a team that the caller leads, or of a township that the caller reviews or administers; NotFound."""
    person = db.session.scalar(
        select(Person).where(Person.id == person_id, reviewed_township_rows(scope, Person.home_township_id))
    )
    return person or reach_mate(scope, person_id)


def reach_mate(scope: Scope, person_id: int) -> Person:
    """Somebody in a team that the caller leads, or NotFound."""
    person = db.session.scalar(
        select(Person)
        .join(TeamMember, TeamMember.person_id == Person.id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(Person.id == person_id, _led(scope))
        .limit(1)
    )
    if person is None:
        raise NotFound()
    return person


def roles_of(person_ids: set[int]) -> dict[int, frozenset[str]]:
    """Roles that people hold anywhere; being a member is none."""
    rows = db.session.execute(
        select(RoleGrant.person_id, RoleGrant.role).where(
            RoleGrant.person_id.in_(person_ids), RoleGrant.revoked_at.is_(None)
        )
    )
    found: dict[int, set[str]] = {}
    for person_id, role in rows:
        found.setdefault(person_id, set()).add(role)
    return {person_id: frozenset(roles) for person_id, roles in found.items()}
