"""What teams and duties say of how many there are. Rows are counts of a team; none carries a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from geoalchemy2 import Geography
from sqlalchemy import and_, cast, func, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql import Select, Subquery

from app.areas.models import Area
from app.db import db
from app.duty.models import Duty
from app.errors import NotFound
from app.strength.rules import Counts, Village
from app.teams.models import Team, TeamArea, TeamMember
from app.teams.scope import Scope, reviewed_township_rows

NEAR_M = 100.0


def townships_for(scope: Scope) -> Sequence[Area]:
    """The townships in force that the caller reviews or administers."""
    mine = reviewed_township_rows(scope, Area.id)
    return db.session.scalars(select(Area).where(mine, Area.valid_to.is_(None)).order_by(Area.code)).all()


def reach(scope: Scope, code: str) -> Area:
    """The township of this code, for who reviews or administers it; NotFound otherwise."""
    mine = reviewed_township_rows(scope, Area.id)
    area = db.session.scalar(select(Area).where(Area.code == code, Area.level == "township", mine))
    if area is None:
        raise NotFound()
    return area


def villages_of(township_id: int) -> list[Village]:
    """Those in force, with their totals."""
    rows = db.session.execute(
        select(Area.id, Area.code, Area.name, Area.population, Area.households, Area.priority_weight)
        .where(Area.township_id == township_id, Area.level == "village", Area.valid_to.is_(None))
        .order_by(Area.code)
    )
    return [Village(*row[:5], Fraction(row.priority_weight)) for row in rows]


def neighbours_of(township_id: int) -> set[tuple[int, int]]:
    """Pairs of villages in force, the lower id first, whose borders come within 100 m: as drawn they may not touch."""
    one, other = aliased(Area), aliased(Area)
    rows = db.session.execute(
        select(one.id, other.id).where(
            *(of.township_id == township_id for of in (one, other)),
            *(of.level == "village" for of in (one, other)),
            *(of.valid_to.is_(None) for of in (one, other)),
            one.id < other.id,
            func.ST_DWithin(cast(one.geom, Geography), cast(other.geom, Geography), NEAR_M),
        )
    )
    return {(a, b) for a, b in rows}


@dataclass(frozen=True)
class TeamRow:
    """A team and what it looks after: villages by id, their grids and predecessors included; none: the township."""

    id: int
    name: str
    kind: str
    villages: frozenset[int]
    whole_township: bool


def teams_of(township_id: int) -> list[TeamRow]:
    rows = db.session.execute(
        select(Team.id, Team.name, Team.kind, Area.id, Area.level, Area.parent_id)
        .outerjoin(TeamArea, TeamArea.team_id == Team.id)
        .outerjoin(Area, Area.id == TeamArea.area_id)
        .where(Team.township_id == township_id, Team.active)
        .order_by(Team.kind, Team.name, Area.code)
    )
    names: dict[int, tuple[str, str]] = {}
    areas: dict[int, list[tuple[str | None, int | None]]] = {}
    became = _successors(township_id)
    for team_id, name, kind, area_id, level, parent_id in rows:
        names[team_id] = name, kind
        place = parent_id if level == "grid" else area_id
        areas.setdefault(team_id, []).append((level, _now(place, became)))
    return [TeamRow(team_id, *names[team_id], *_looked_after(found)) for team_id, found in areas.items()]


def _successors(township_id: int) -> dict[int | None, int | None]:
    rows = db.session.execute(
        select(Area.id, Area.successor_id).where(
            Area.township_id == township_id, Area.successor_id.is_not(None)
        )
    )
    return {area_id: successor_id for area_id, successor_id in rows}


def _now(area_id: int | None, became: dict[int | None, int | None]) -> int | None:
    """What an area is today, after mergers of mergers too."""
    seen: set[int | None] = set()
    while area_id in became and area_id not in seen:
        seen.add(area_id)
        area_id = became[area_id]
    return area_id


def _looked_after(found: Sequence[tuple[str | None, int | None]]) -> tuple[frozenset[int], bool]:
    villages = frozenset(place for level, place in found if level in ("village", "grid") and place)
    return villages, not villages


def counts_of(
    township_id: int, days: Sequence[date], active_days: int
) -> dict[tuple[date, str], dict[int, Counts]]:
    """(day, kind) → team → counts. Whoever is in n teams of a kind is a share of 1/n in each, and one in all."""
    rows = db.session.execute(_counts(township_id, days, active_days))
    found: dict[tuple[date, str], dict[int, Counts]] = {}
    for day, kind, team_id, n, *counts in rows:
        teams = found.setdefault((day, kind), {})
        more = Counts(*(Fraction(count, n) for count in counts))
        teams[team_id] = teams.get(team_id, Counts()) + more
    return found


def _counts(township_id: int, days: Sequence[date], active_days: int) -> Select[tuple]:
    m, a = _members(township_id, days), _active(township_id, days, active_days)
    was_out = and_(a.c.day == m.c.day, a.c.kind == m.c.kind, a.c.person_id == m.c.person_id)
    return (
        select(
            m.c.day, m.c.kind, m.c.team_id, m.c.n, func.count(), func.count(a.c.person_id),
            func.count().filter(m.c.trained), func.count().filter(m.c.insured),
        )
        .select_from(m)
        .outerjoin(a, was_out)
        .group_by(m.c.day, m.c.kind, m.c.team_id, m.c.n)
    )  # fmt: skip


def _days(days: Sequence[date]) -> Subquery:
    return select(func.unnest(list(days)).label("day")).subquery()


def _members(township_id: int, days: Sequence[date]) -> Subquery:
    """Who was in a team on each of the days, in how many of its kind, trained and insured by then."""
    day = _days(days).c.day
    there = and_(TeamMember.joined_on <= day, or_(TeamMember.left_on.is_(None), TeamMember.left_on > day))
    still = or_(TeamMember.insured_until.is_(None), TeamMember.insured_until >= day)
    return (
        select(
            day, Team.kind, Team.id.label("team_id"), TeamMember.person_id,
            func.count().over(partition_by=(day, Team.kind, TeamMember.person_id)).label("n"),
            func.coalesce(TeamMember.trained_on <= day, False).label("trained"),
            and_(TeamMember.insured, still).label("insured"),
        )
        .select_from(TeamMember)
        .join(Team, Team.id == TeamMember.team_id)
        .join(day.table, there)
        .where(Team.township_id == township_id, Team.active)
        .subquery()
    )  # fmt: skip


def _active(township_id: int, days: Sequence[date], active_days: int) -> Subquery:
    """Who had a valid duty in the days up to each: ended or entered, not void, with time that was judged to count."""
    day = _days(days).c.day
    recent = and_(Duty.day > day - active_days, Duty.day <= day)
    return (
        select(day, Team.kind, Duty.person_id)
        .select_from(Duty)
        .join(Team, Team.id == Duty.team_id)
        .join(day.table, recent)
        .where(
            Duty.township_id == township_id, Duty.state.in_(("ended", "attended")), Duty.worked_s > 0,
            Duty.voided_at.is_(None),
            Duty.day > min(days) - timedelta(days=active_days),
        )
        .distinct()
        .subquery()
    )  # fmt: skip


def volunteer_hours(township_id: int, first: date, last: date) -> Fraction:
    """Hours that volunteers gave in these days, by what was judged to count."""
    seconds = db.session.scalar(
        select(func.coalesce(func.sum(Duty.worked_s), 0))
        .join(Team, Team.id == Duty.team_id)
        .where(
            Duty.township_id == township_id, Team.kind == "volunteer", Duty.day.between(first, last),
            Duty.state.in_(("ended", "attended")), Duty.voided_at.is_(None),
        )
    )  # fmt: skip
    return Fraction(int(seconds or 0), 3600)
