"""What the page of checks shows in the demo: two flags with an innocent look, and a team that shows a ranking of those
who said yes. Invented. Nothing here commits."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.rules import uuid7
from app.areas.models import Area
from app.clock import local_day
from app.db import db
from app.demo.items import Ids
from app.demo.reports import MATE
from app.demo.world import LEADER, World
from app.fairness import operations
from app.fairness.models import TeamRanking
from app.incidents import operations as incidents
from app.incidents.operations import Report
from app.teams.models import Team
from app.teams.scope import scope_of

TEAM, ROUTE = "qinghe.t03", "qinghe.r12"
# Who said yes; the member who signs in is left to try it.
RANKED = ("qinghe.t03.p00", "qinghe.t03.p02", "qinghe.t03.p03", "qinghe.t03.p04")
METRE_E7 = 90  # northwards


@dataclass(frozen=True)
class Told:
    """A report so many hours ago, so many metres north of the route's first checkpoint; closed by its own author."""

    who: str
    hours_ago: float
    metres: int
    phrase: str
    closed: bool = False


TOLD = (
    *(Told(MATE, 4 - n / 2, 300 + 60 * n, "light_out") for n in range(4)),
    Told(LEADER, 6, 700, "rail_broken", True),
    Told(LEADER, 5, 900, "sign_down", True),
)


def add_checks(world: World, ids: Ids, teams: dict[str, tuple[int, int]], now: datetime) -> int:
    """Once. Answers how many flags there are to look at. `teams`: key → (team, township)."""
    team_id, township_id = teams[TEAM]
    if db.session.scalar(select(TeamRanking.team_id).where(TeamRanking.team_id == team_id)) is not None:
        return 0
    leader = db.session.get_one(Person, ids.people[LEADER])
    operations.set_ranking(leader, scope_of(leader), team_id, shown=True, measure="hours", now=now)
    for who in RANKED:
        operations.be_ranked(db.session.get_one(Person, ids.people[who]), True, now)
    for n, told in enumerate(TOLD):
        _report(world, ids, db.session.get_one(Team, team_id), n, told, now)
    zone = db.session.get_one(Area, township_id).time_zone
    return operations.look(township_id, local_day(now, zone), now)


def _report(world: World, ids: Ids, team: Team, n: int, told: Told, now: datetime) -> None:
    at = now - timedelta(hours=told.hours_ago)
    author = db.session.get_one(Person, ids.people[told.who])
    lon, lat = world.routes[ROUTE].checkpoints[0].lonlat
    id_ = uuid7(at, random.Random(f"checks {n}").randbytes(10))
    report = Report(
        township_id=team.township_id, id=id_, reporter_id=author.id, team_id=team.id, shift_id=None, category="road",
        phrase=told.phrase, text=None, place=(lon, lat + told.metres * METRE_E7 / 1e7), how="dragged", accuracy_m=None,
        checkpoint_id=None, photo_ids=(), reported_at=at,
    )  # fmt: skip
    incidents.record_report(report, at)
    if told.closed:
        closed_at = at + timedelta(minutes=30)
        incidents.decide(author, scope_of(author), id_, "close", "mended", closed_at)
