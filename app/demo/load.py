"""Writes the demo's world into the database: areas, people, teams, streets, routes and hotspots, through the same
operations as the imports. What is there already stays as it is. Nothing here commits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from shapely import LineString, MultiPolygon, Point, Polygon
from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.operations import hash_password
from app.areas.models import Area
from app.areas.operations import AreaRow, import_areas
from app.coverage.pieces import cut
from app.db import db
from app.demo.items import Ids
from app.demo.newcomers import add_newcomers
from app.demo.rows import add_holidays
from app.demo.rulebook import add_changes
from app.demo.world import LOGINS, PASSWORD, TIME_ZONE, Hotspot, Route, World, load_streets
from app.geo import projector
from app.hotspots.models import Hotspot as HotspotRecord
from app.hotspots.operations import HotspotRow, import_hotspots
from app.hotspots.rules import Window
from app.routes.models import Checkpoint, RouteVersion
from app.routes.models import Route as RouteRecord
from app.routes.operations import CheckpointRow, RouteRow, StreetRow, import_routes, import_streets
from app.teams.models import RoleGrant, Team, TeamArea, TeamMember

COUNTY = "420199000000"
FIGURES = "演示数据,虚构"
FIGURES_ON = date(2026, 1, 1)
JOINED_ON = date(2025, 9, 1)
STREETS = {"420199101000": "qinghe", "420199102000": "yundu"}
OPEN_DATABASE = "ODbL 1.0"


def is_loaded() -> bool:
    return db.session.scalar(select(Area.id).where(Area.code == COUNTY)) is not None


def load_all(world: World, now: datetime, say: Callable[[str], None]) -> None:
    """Everything but duties; `say` is told what is being done."""
    say("areas")
    import_areas([_area_row(n, a) for n, a in enumerate(world.areas, start=1)], world.metres_crs, None, now)
    areas = {a.code: a for a in db.session.scalars(select(Area))}
    say("people")
    people = _add_people(world, areas)
    _add_teams(world, areas, people, now)
    for code, name in STREETS.items():
        township = areas[code]
        say("streets")
        rows = _street_rows(name, township.metres_crs)
        import_streets(township, rows, world.attribution, OPEN_DATABASE, False, None, now)
        say("routes")
        routes = [r for r in world.routes.values() if r.township == code]
        import_routes(township, [_route_row(n, r, world) for n, r in enumerate(routes, start=1)], None, now)
        say("hotspots")
        spots = [h for h in world.hotspots.values() if h.township == code]
        import_hotspots(township, [_hotspot_row(n, h, name, now) for n, h in enumerate(spots, 1)], None, now)
    first = areas[next(iter(STREETS))]
    add_changes(people[LOGINS["reviewer"]], people[LOGINS["admin"]], first, now)


def login_of(key: str) -> str:
    """The five who sign in have a short login; for everybody else it is the key, and no password fits."""
    return next((login for login, who in LOGINS.items() if who == key), key)


def read_ids(world: World) -> Ids:
    """What the database calls people, checkpoints and hotspots of the world."""
    people = {p.login: p.id for p in db.session.execute(select(Person.login, Person.id))}
    codes = {code: id_ for id_, code in db.session.execute(select(Area.id, Area.code))}
    points = db.session.execute(
        select(RouteRecord.township_id, RouteRecord.name, Checkpoint.seq, Checkpoint.id)
        .join(RouteVersion, RouteVersion.route_id == RouteRecord.id)
        .join(Checkpoint, Checkpoint.route_version_id == RouteVersion.id)
        .where(RouteVersion.version == 1)
    )
    by_name = {(codes[r.township], r.name): r.key for r in world.routes.values()}
    spots = db.session.execute(select(HotspotRecord.township_id, HotspotRecord.name, HotspotRecord.id))
    spot_keys = {(codes[h.township], h.name): h.key for h in world.hotspots.values()}
    return Ids(
        people={p["key"]: people[login_of(p["key"])] for p in world.people},
        checkpoints={(by_name[t, n], seq): id_ for t, n, seq, id_ in points if (t, n) in by_name},
        hotspots={spot_keys[t, n]: id_ for t, n, id_ in spots if (t, n) in spot_keys},
    )


def read_route_versions(world: World) -> dict[str, int]:
    """Route key → the id of the version that the demo made."""
    rows = db.session.execute(
        select(Area.code, RouteRecord.name, RouteVersion.id)
        .join(RouteRecord, RouteRecord.township_id == Area.id)
        .join(RouteVersion, RouteVersion.route_id == RouteRecord.id)
        .where(RouteVersion.version == 1)
    )
    found = {(code, name): id_ for code, name, id_ in rows}
    return {r.key: found[r.township, r.name] for r in world.routes.values()}


def _area_row(line: int, a: dict) -> AreaRow:
    return AreaRow(
        line=line, code=a["code"], name=a["name"], level=a["level"], parent_code=a["parent"],
        shape=MultiPolygon([Polygon(a["polygon"])]), population=a["population"],
        population_source=FIGURES if a["population"] else None,
        population_on=FIGURES_ON if a["population"] else None,
        households=a["households"], priority_weight=Decimal(a["priority_weight"]),
    )  # fmt: skip


def _add_people(world: World, areas: dict[str, Area]) -> dict[str, Person]:
    secret = hash_password(PASSWORD)
    county_wide = {r["person"] for r in world.roles if r["role"] == "admin"}
    people = {}
    for p in world.people:
        login = login_of(p["key"])
        people[p["key"]] = Person(
            login=login, name=p["name"], password_hash=secret if login in LOGINS else None,
            home_township_id=None if p["key"] in county_wide else areas[p["township"]].id,
        )  # fmt: skip
    db.session.add_all(people.values())
    db.session.flush()
    return people


def _add_teams(world: World, areas: dict[str, Area], people: dict[str, Person], now: datetime) -> None:
    teams = {
        t.key: Team(township_id=areas[t.township].id, name=t.name, kind=t.kind) for t in world.teams.values()
    }
    db.session.add_all(teams.values())
    db.session.flush()
    insured_until = now.date() + timedelta(days=365)
    for t in world.teams.values():
        team_id = teams[t.key].id
        db.session.add_all(TeamArea(team_id=team_id, area_id=areas[code].id) for code in t.areas)
        db.session.add_all(
            TeamMember(
                team_id=team_id, person_id=people[m].id, adult=True, insured=True, insured_until=insured_until,
                trained_on=JOINED_ON, has_phone=m not in t.without_phone, joined_on=JOINED_ON,
            )
            for m in t.members
        )  # fmt: skip
    add_newcomers(teams, now.date())
    add_holidays(next(area for area in areas.values() if area.level == "county"), now)
    admin = next(people[r["person"]].id for r in world.roles if r["role"] == "admin")
    for r in world.roles:
        db.session.add(RoleGrant(
            person_id=people[r["person"]].id, role=r["role"], granted_by=admin,
            team_id=teams[r["team"]].id if r["team"] else None,
            area_id=areas[r["area"]].id if r["area"] else None,
        ))  # fmt: skip
    db.session.flush()


def _street_rows(name: str, crs: str) -> list[StreetRow]:
    rows = []
    for line, street in enumerate(load_streets(name), start=1):
        length = _length_m(street.lonlat, crs)
        shape = LineString(street.lonlat)
        rows.append(StreetRow(line, shape, length, cut(length), street.name, street.highway))
    return rows


def _length_m(lonlat: list[list[float]], crs: str) -> float:
    x, y = projector(crs)([p[0] for p in lonlat], [p[1] for p in lonlat])
    return float(LineString(zip(x, y, strict=True)).length)


def _route_row(line: int, r: Route, world: World) -> RouteRow:
    length = _length_m(r.lonlat, world.metres_crs)
    points = tuple(CheckpointRow(line, c.name, Point(c.lonlat), c.category) for c in r.checkpoints)
    return RouteRow(
        line, r.name, world.teams[r.team].name, LineString(r.lonlat), length, cut(length), r.ordered, points
    )


def _hotspot_row(line: int, h: Hotspot, town: str, now: datetime) -> HotspotRow:
    """Valid since before the first duty, and to be reviewed in good time."""
    since = now.astimezone(ZoneInfo(TIME_ZONE)).date() - timedelta(days=30)
    raw = h.row
    windows = tuple(Window(w["weekday"], w["from_min"], w["to_min"]) for w in raw["windows"])
    return HotspotRow(
        line=line, name=h.name, category=raw["category"], shape=MultiPolygon([Polygon(raw["polygon"])]),
        evidence=raw["evidence"], proposer=login_of(f"{town}.reviewer"), approver=login_of(f"{town}.approver"),
        valid_from=since, review_by=since + timedelta(days=90), windows=windows, weight=Decimal(raw["weight"]),
    )  # fmt: skip
