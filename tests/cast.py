"""The cast: a member, a leader, a reviewer, an admin of one county, and the outsider who must see nothing.

清禾镇 is 1,200 m square with two villages, a street grid of 200 m, one route of 1,000 m with three checkpoints and one
hotspot of 1 ha on it. 云渡镇 lies 20 km east with a team, a route, a hotspot and streets of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.accounts.models import Person
from app.areas.models import Area
from app.duty.models import Shift
from app.hotspots.models import Hotspot
from app.routes.models import NetworkVersion, RouteVersion
from app.teams.models import Team
from tests import make, places


@dataclass
class Town:
    """A township with what is walked in it."""

    township: Area
    villages: list[Area]
    team: Team
    route: RouteVersion
    hotspot: Hotspot
    network: NetworkVersion


@dataclass
class Cast:
    county: Area
    town: Town
    other: Town
    member: Person
    mate: Person
    leader: Person
    reviewer: Person
    admin: Person
    outsider: Person
    shift: Shift


def make_town(county: Area, name: str, x0: float, approver: Person, proposer: Person) -> Town:
    township = make.make_area(
        "township", name, places.square(x0, 0, x0 + 1200, 1200), county, population=6000
    )
    halves = [places.square(x0, 0, x0 + 600, 1200), places.square(x0 + 600, 0, x0 + 1200, 1200)]
    villages = [
        make.make_area("village", f"{name}{side}村", shape, township, population=3000)
        for side, shape in zip("西东", halves, strict=True)
    ]
    team = make.make_team(township, f"{name}志愿队")
    route = make.make_route(
        team,
        places.way((x0 + 100, 500), (x0 + 1100, 500)),
        [places.here(x0 + d, 500) for d in (100, 600, 1100)],
        name=f"{name}一路线",
    )
    lines = places.street_grid(x0 + 100, 100, 6, 200)
    west = [line.centroid.x < places.here(x0 + 600, 600)[0] for line in lines]
    network = make.make_network(township, lines, [villages[0 if w else 1].id for w in west])
    hotspot = make.make_hotspot(
        township, places.square(x0 + 350, 450, x0 + 450, 550), proposer, approver,
        windows=[(1, 20 * 60, 22 * 60)], village_id=villages[0].id, name=f"{name}菜市场",
    )  # fmt: skip
    return Town(township, villages, team, route, hotspot, network)


def make_cast() -> Cast:
    with make.together():
        return _make_cast()


def _make_cast() -> Cast:
    county = make.make_area("county", "临江县", places.square(-1000, -1000, 30_000, 3000))
    proposer = make.make_person("提议人", None)
    admin = make.make_person("县管理员", None, login="admin")
    make.grant(admin, "admin", area=county)
    town = make_town(county, "清禾镇", 0, admin, proposer)
    other = make_town(county, "云渡镇", places.ELSEWHERE_M, admin, proposer)
    member, mate, leader = (
        make.make_person(name, town.township, login=login)
        for name, login in (("王队员", "member"), ("李队员", "mate"), ("陈队长", "leader"))
    )
    for person in (member, mate, leader):
        make.join_team(person, town.team)
    make.grant(leader, "leader", team=town.team)
    reviewer = make.make_person("镇审核员", town.township, login="reviewer")
    make.grant(reviewer, "reviewer", area=town.township)
    outsider = make.make_person("外镇队员", other.township, login="outsider")
    make.join_team(outsider, other.team)
    shift = make.make_shift(town.team, town.route, [member, mate])
    return Cast(county, town, other, member, mate, leader, reviewer, admin, outsider, shift)
