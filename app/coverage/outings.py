"""What teams did on their shifts: route, checkpoints and hotspots, each with its evidence; never who, never a trail.

A leader reads the teams led; of others nothing is listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.areas.models import Area
from app.coverage import facts, rules
from app.coverage.behind import reads_team, team_names
from app.coverage.facts import ShiftFact
from app.coverage.measures import Ground, merged, shifts_of
from app.coverage.rules import MergedGrade
from app.db import db
from app.routes.models import Route
from app.teams.scope import Scope

MOST_SHIFTS = 40
# Crews come early and leave late.
SPARE = timedelta(hours=3)


@dataclass(frozen=True)
class Outing:
    """`crew` of `planned` people were there for `member_h` hours; `completion` is None without a track or a route;
    `places` (hotspot, minutes) in the order of the day."""

    day: date
    starts_at: datetime
    ends_at: datetime
    team: str
    route: str | None
    crew: int
    planned: int
    member_h: float
    completion: float | None
    counted: int
    required: int
    held: int
    places: tuple[tuple[str, float], ...]
    grade: MergedGrade | None


@dataclass(frozen=True)
class Outings:
    """`lines` newest first, MOST_SHIFTS at most of the `total`; `teams` (id, name) are those there is something of."""

    lines: list[Outing]
    total: int
    teams: list[tuple[int, str]]


def outings_of(scope: Scope, area: Area, ground: Ground, team_id: int | None, now: datetime) -> Outings:
    """The area's shifts that have begun, of one team or of all that the caller reads."""
    readable = [s for s in shifts_of(area, ground) if s.starts_at <= now and reads_team(scope, s)]
    names = team_names({s.team_id for s in readable})
    wanted = [s for s in reversed(readable) if team_id in (None, s.team_id)]
    shown = wanted[:MOST_SHIFTS]
    routes, places = _route_names(shown), _places(shown, ground)
    lines = [_outing(s, names, routes, places.get((s.township_id, s.id), ())) for s in shown]
    return Outings(lines, len(wanted), sorted(names.items(), key=lambda team: team[1]))


def _outing(
    s: ShiftFact, teams: dict[int, str], routes: dict[int, str], places: tuple[tuple[str, float], ...]
) -> Outing:
    return Outing(
        s.day, s.starts_at, s.ends_at, teams[s.team_id], routes.get(s.route_id or 0), s.crew, s.planned,
        s.member_s / 3600, s.route_share, len(s.counted_ids & s.required), len(s.required),
        s.checkins.get("held", 0), places, merged(s.grades),
    )  # fmt: skip


def _route_names(shifts: Sequence[ShiftFact]) -> dict[int, str]:
    """Of shifts that the caller reads: their routes' names."""
    ids = {s.route_id for s in shifts if s.route_id}
    return {
        row.id: row.name for row in db.session.execute(select(Route.id, Route.name).where(Route.id.in_(ids)))
    }


def _places(
    shifts: Sequence[ShiftFact], ground: Ground
) -> dict[tuple[int, int], tuple[tuple[str, float], ...]]:
    """By shift: the crew's minutes of visits to each hotspot; who only passed did not visit."""
    if not shifts:
        return {}
    known = {f.hotspot.id: f.hotspot for f in ground.hotspots}
    start, end = min(s.starts_at for s in shifts) - SPARE, max(s.ends_at for s in shifts) + SPARE
    spans: dict[tuple[int, int], dict[int, list[rules.Range]]] = defaultdict(lambda: defaultdict(list))
    for stay in sorted(facts.stays_at(list(known.values()), start, end), key=lambda one: one.start):
        spans[stay.shift][stay.hotspot_id].append((stay.start, stay.end))
    found = {}
    for key, at in spans.items():
        visited = {spot: rules.visits(stays, ground.policies[key[0]]) for spot, stays in at.items()}
        found[key] = tuple(
            (known[spot].name, sum(v.observed_min for v in visits))
            for spot, visits in visited.items()
            if visits
        )
    return found
