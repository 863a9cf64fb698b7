"""A year of invented events at places, a campaign that is just over and changed nothing, and one that runs. Nothing
here commits.

Every hotspot keeps its own rate the whole year, the campaigns' weeks included: whoever reads more than chance out of
one is wrong. Counts depend on days before today only, so that every demo has the same ones.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from shapely import Point, Polygon
from sqlalchemy import select

from app.accounts.models import Person
from app.areas.models import Area
from app.campaigns import choosing, operations
from app.campaigns.choosing import Wanted
from app.campaigns.models import Campaign
from app.campaigns.operations import Plan
from app.clock import local_day
from app.db import db
from app.demo.items import Ids
from app.demo.load import read_ids
from app.demo.world import LOGINS, TIME_ZONE, World, load_streets
from app.incidents.models import RecordedIncident
from app.incidents.recorded import EventRow, import_events
from app.routes.queries import nearest_streets
from app.teams.scope import scope_of

TOWNSHIP, SOURCE, SEED = "420199101000", "演示数据，虚构", 20261129
YEAR_DAYS, CAMPAIGN_DAYS = 392, 28
# Hotspot → events in four weeks, and the hours of the day around which they lie.
RATES = {
    "h01": (8, 10), "h02": (9, 22), "h03": (2, 17), "h04": (8, 18), "h05": (7, 20), "h06": (2, 16), "h07": (4, 15),
    "h08": (3, 19), "h09": (2, 8), "h10": (2, 3), "h11": (2, 2), "h12": (5, 13),
}  # fmt: skip
THEFTS = ("theft_public", "theft_of_bike", "theft_from_vehicle")
OTHERS = ("dispute_public", "damage", "traffic", "fraud_scene")
# Two places that are no hotspots yet, for a search to find: at the middle of a street, so many in the year.
GATHERINGS, EACH, SCATTERED = 2, 24, 120
# A third as many lie around a hotspot as in it, thinning out.
AROUND_M = 110
TREATED = ("qinghe.h01", "qinghe.h02")
NAME = "秋季市场夜市集中巡防"
# Of the hotspots that the first neither treats nor compares with, as long as both are on.
TREATED_NOW = ("qinghe.h12", "qinghe.h07")
NAME_NOW = "冬前集中巡防"
BEGUN_DAYS = 10


def add_incidents(world: World, now: datetime) -> int:
    """Once: where there are events already, nothing is added. Answers how many."""
    township = db.session.scalar(select(Area).where(Area.code == TOWNSHIP))
    if township is None or db.session.scalar(select(RecordedIncident.id).limit(1)) is not None:
        return 0
    taken = import_events(township, event_rows(world, now), SOURCE, nearest_streets, None, now)
    return len(taken.rows)


def event_rows(world: World, now: datetime) -> list[EventRow]:
    draw, rows = random.Random(SEED), list[EventRow]()
    for spot in world.hotspots.values():
        if spot.township == TOWNSHIP:
            rate, hour = RATES[spot.key.removeprefix("qinghe.")]
            n = round(rate * YEAR_DAYS / CAMPAIGN_DAYS)
            rows += [_row(world, draw, _inside(draw, spot.metres), hour, now) for _ in range(n)]
            middle = spot.metres.centroid
            rows += [_row(world, draw, _near(draw, middle, AROUND_M), hour, now) for _ in range(n // 3)]
    streets = sorted(load_streets("qinghe"), key=lambda street: street.id)
    for street in draw.sample([s for s in streets if s.metres.length > 60], GATHERINGS):
        middle = street.metres.interpolate(0.5, normalized=True)
        rows += [_row(world, draw, _near(draw, middle, 20), 21, now) for _ in range(EACH)]
    for _ in range(SCATTERED):
        street = draw.choice(streets)
        rows.append(_row(world, draw, street.metres.interpolate(draw.random(), normalized=True), 14, now))
    home = Polygon(next(area["polygon"] for area in world.areas if area["code"] == TOWNSHIP))
    here = [row for row in rows if home.contains(Point(row.lon, row.lat))]
    return [replace(row, line=line, number=f"D{line:04d}") for line, row in enumerate(here, start=1)]


def _row(world: World, draw: random.Random, place: Point, hour: int, now: datetime) -> EventRow:
    """On any day of the year up to yesterday, near an hour of it."""
    zone = ZoneInfo(TIME_ZONE)
    day = local_day(now, TIME_ZONE) - timedelta(days=draw.randint(1, YEAR_DAYS))
    minute = min(1439, max(0, round(draw.gauss(hour * 60, 90))))
    at = datetime.combine(day, time(minute // 60, minute % 60), zone)
    kinds = THEFTS if draw.random() < 0.8 else OTHERS
    lon, lat = world.plane.to_degrees([[place.x, place.y]])[0]
    return EventRow(0, draw.choice(kinds), float(lon), float(lat), at, at, None)


def _inside(draw: random.Random, polygon: Polygon) -> Point:
    west, south, east, north = polygon.bounds
    while True:
        point = Point(draw.uniform(west, east), draw.uniform(south, north))
        if polygon.contains(point):
            return point


def _near(draw: random.Random, middle: Point, spread_m: float) -> Point:
    return Point(draw.gauss(middle.x, spread_m), draw.gauss(middle.y, spread_m))


# --- the campaign -------------------------------------------------------------------------------------------------


def add_campaigns(world: World, now: datetime) -> list[Campaign]:
    """Once: one that is over since yesterday, and one that has begun ten days ago."""
    township = db.session.scalar(select(Area).where(Area.code == TOWNSHIP))
    if township is None or db.session.scalar(select(Campaign.id).limit(1)) is not None:
        return []
    return [
        _campaign(world, township, NAME, TREATED, CAMPAIGN_DAYS, now),
        _campaign(world, township, NAME_NOW, TREATED_NOW, BEGUN_DAYS, now),
    ]


def _campaign(
    world: World, township: Area, name: str, treated: Sequence[str], begun_days: int, now: datetime
) -> Campaign:
    """Chosen two days before it began from what was offered then, approved by another the day after."""
    ids, chosen_at = read_ids(world), now - timedelta(days=begun_days + 2)
    first = local_day(now, TIME_ZONE) - timedelta(days=begun_days)
    spots = tuple(ids.hotspots[key] for key in treated)
    wanted = Wanted(spots, THEFTS, first, first + timedelta(days=CAMPAIGN_DAYS - 1), 100)
    offered = choosing.offer(township, wanted, chosen_at).others
    keys = tuple(one.place.key for one in offered[: len(treated)])
    plan = Plan(name, wanted, "just_before", 20, keys)
    campaign = operations.propose(_person(ids, "reviewer"), township, plan, chosen_at)
    admin = _person(ids, "admin")
    return operations.approve(admin, scope_of(admin), campaign.id, chosen_at + timedelta(hours=20))


def _person(ids: Ids, login: str) -> Person:
    return db.session.get_one(Person, ids.people[LOGINS[login]])
