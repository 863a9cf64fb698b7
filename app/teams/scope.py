"""Who reaches what. The one module through which every scoped object is reached.

A member reaches own duties, the own team's routes and hotspots, and village totals of the home township; a leader the
teams led; a reviewer the areas reviewed; an admin the areas administered. Outside, a thing does not exist (404).
Queries put one of the `…_rows` criteria into their WHERE; the criteria are built from ids, so they cost nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ARRAY, BigInteger, Select, and_, bindparam, false, func, literal, or_, select
from sqlalchemy.sql import ColumnElement

from app.accounts.models import Person
from app.areas.models import Area
from app.db import db
from app.errors import NotFound
from app.teams.models import RoleGrant, Team, TeamMember

Criterion = ColumnElement[bool]
Row = TypeVar("Row")


@dataclass(frozen=True)
class Scope:
    """`reviewed` / `administered` hold area ids with everything below them."""

    person_id: int
    township_id: int | None
    member_team_ids: frozenset[int]
    led_team_ids: frozenset[int]
    reviewed: frozenset[int]
    administered: frozenset[int]
    home_area_ids: frozenset[int]
    township_ids: frozenset[int]

    @property
    def roles(self) -> frozenset[str]:
        held = {
            "member": self.member_team_ids, "leader": self.led_team_ids,
            "reviewer": self.reviewed, "admin": self.administered,
        }  # fmt: skip
        return frozenset(role for role, over in held.items() if over)

    @property
    def area_ids(self) -> frozenset[int]:
        """Areas whose measures the caller may read in full."""
        return self.reviewed | self.administered

    @property
    def visible_area_ids(self) -> frozenset[int]:
        """Areas the caller may see at all: the above and the home township's own tree (totals only)."""
        return self.area_ids | self.home_area_ids

    @property
    def team_ids(self) -> frozenset[int]:
        return self.member_team_ids | self.led_team_ids

    @property
    def all_township_ids(self) -> frozenset[int]:
        home = {self.township_id} if self.township_id and self.team_ids else set()
        return self.township_ids | home


def as_member(scope: Scope) -> Scope:
    """The same person without what a role opens."""
    none: frozenset[int] = frozenset()
    return replace(scope, led_team_ids=none, reviewed=none, administered=none, township_ids=none)


def scope_of(person: Person) -> Scope:
    found: dict[str, set[int]] = defaultdict(set)
    townships: set[int] = set()
    for by, id_, is_township in db.session.execute(_held(), {"person": person.id}):
        found[by].add(id_)
        if is_township and by in ("reviewer", "admin"):
            townships.add(id_)
    has_team = bool(found["member"] or found["leader"])
    return Scope(
        person_id=person.id,
        township_id=person.home_township_id,
        member_team_ids=frozenset(found["member"]),
        led_team_ids=frozenset(found["leader"]),
        reviewed=frozenset(found["reviewer"]),
        administered=frozenset(found["admin"]),
        home_area_ids=frozenset(found["home"]) if has_team else frozenset(),
        township_ids=frozenset(townships),
    )


@cache
def _held() -> Any:
    """(by what, id, is it a township) of all that `person` holds: areas with everything below them, and teams. One
    statement, put together once, since every request begins with it."""
    person_id: Any = bindparam("person", type_=BigInteger)
    mine = (RoleGrant.person_id == person_id, RoleGrant.revoked_at.is_(None))
    over = ("reviewer", "admin")
    granted = select(RoleGrant.role.label("by"), RoleGrant.area_id.label("id")).where(
        *mine, RoleGrant.role.in_(over), RoleGrant.area_id.is_not(None)
    )
    home = select(literal("home"), Person.home_township_id).where(
        Person.id == person_id, Person.home_township_id.is_not(None)
    )
    roots = granted.union_all(home).subquery()
    tree = select(roots.c.by, roots.c.id).cte("tree", recursive=True)
    tree = tree.union_all(select(tree.c.by, Area.id).join(Area, Area.parent_id == tree.c.id))
    areas = select(tree.c.by, Area.id, Area.level == "township").join(Area, Area.id == tree.c.id)
    led = select(literal("leader"), RoleGrant.team_id, false()).where(
        *mine, RoleGrant.role == "leader", RoleGrant.team_id.is_not(None)
    )
    member = (
        select(literal("member"), TeamMember.team_id, false())
        .join(Team, Team.id == TeamMember.team_id)
        .where(TeamMember.person_id == person_id, TeamMember.left_on.is_(None), Team.active)
    )
    return areas.union_all(led, member)


def scope_of_township(township_id: int) -> Scope:
    """What a reviewer of the township reads, and no person: for what the queue makes for it."""
    nobody: frozenset[int] = frozenset()
    return Scope(
        person_id=0, township_id=None, member_team_ids=nobody, led_team_ids=nobody,
        reviewed=descendants([township_id]), administered=nobody, home_area_ids=nobody,
        township_ids=frozenset([township_id]),
    )  # fmt: skip


def descendants(area_ids: list[int]) -> frozenset[int]:
    """The areas and everything below them (the tree has four levels)."""
    if not area_ids:
        return frozenset()
    tree = select(Area.id).where(Area.id.in_(area_ids)).cte("tree", recursive=True)
    tree = tree.union_all(select(Area.id).where(Area.parent_id == tree.c.id))
    return frozenset(db.session.scalars(select(tree.c.id)))


# --- criteria for WHERE ---------------------------------------------------------------------------


def within(column: Any, ids: Collection[int]) -> Criterion:
    """One parameter, however many ids: hundreds of them cost more to write into a statement than to look up."""
    return column == func.any(literal(sorted(ids), ARRAY(BigInteger))) if ids else false()


def area_rows(scope: Scope, area_column: Any) -> Criterion:
    """Rows of areas whose measures the caller may read in full."""
    return within(area_column, scope.area_ids)


def visible_area_rows(scope: Scope, area_column: Any) -> Criterion:
    return within(area_column, scope.visible_area_ids)


def township_rows(scope: Scope, township_column: Any) -> Criterion:
    """Rows of the townships that the caller reviews, administers or works in."""
    return within(township_column, scope.all_township_ids)


def reviewed_township_rows(scope: Scope, township_column: Any) -> Criterion:
    return within(township_column, scope.township_ids)


def team_rows(scope: Scope, township_column: Any, team_column: Any) -> Criterion:
    """Rows of the caller's own teams, or of any team in a township the caller reviews or administers."""
    own = and_(within(team_column, scope.team_ids), within(township_column, scope.all_township_ids))
    return or_(own, within(township_column, scope.township_ids))


def led_team_rows(scope: Scope, township_column: Any, team_column: Any) -> Criterion:
    """Rows that the caller may steer: of the teams led, or as admin of the township."""
    led = and_(within(team_column, scope.led_team_ids), within(township_column, scope.all_township_ids))
    return or_(led, within(township_column, scope.administered))


def steered_rows(scope: Scope, township_column: Any, team_column: Any) -> Criterion:
    """Rows that the caller may decide about: of the teams led, or of a township reviewed or administered."""
    return or_(
        led_team_rows(scope, township_column, team_column), reviewed_township_rows(scope, township_column)
    )


def own_rows(scope: Scope, person_column: Any) -> Criterion:
    return person_column == scope.person_id  # type: ignore[no-any-return]


def granted_areas(scope: Scope) -> list[tuple[str, str, str]]:
    """(code, name, role) of the areas a person works in, for the session's answer. Members and leaders: the home
    township; reviewers and admins: the areas of their grants."""
    grants = db.session.execute(
        select(Area.code, Area.name, RoleGrant.role)
        .join(Area, Area.id == RoleGrant.area_id)
        .where(RoleGrant.person_id == scope.person_id, RoleGrant.revoked_at.is_(None))
        .order_by(Area.code)
    ).all()
    found = [(g.code, g.name, g.role) for g in grants]
    home = db.session.get(Area, scope.township_id) if scope.township_id and scope.team_ids else None
    if home is not None:
        found += [(home.code, home.name, role) for role in ("member", "leader") if role in scope.roles]
    return found


# --- single objects -------------------------------------------------------------------------------


def reach_area(scope: Scope, code: str) -> Area:
    """The area of a code within the caller's sight, or NotFound."""
    area = db.session.scalar(select(Area).where(Area.code == code, visible_area_rows(scope, Area.id)))
    if area is None:
        raise NotFound()
    return area


def reach_row(which: Select[tuple[Row]], *, to_change: type[Row] | None = None) -> Row:
    """The row of a select that holds who may reach it, or NotFound. `to_change`: its model; it is locked and read as it
    is now, so that two who decide at once do it one after the other."""
    if to_change is not None:
        which = which.with_for_update(of=to_change).execution_options(populate_existing=True)
    row = db.session.scalar(which)
    if row is None:
        raise NotFound()
    return row


def reach_team(scope: Scope, team_id: int, *, to_lead: bool = False) -> Team:
    rows = led_team_rows if to_lead else team_rows
    team = db.session.scalar(select(Team).where(Team.id == team_id, rows(scope, Team.township_id, Team.id)))
    if team is None:
        raise NotFound()
    return team
