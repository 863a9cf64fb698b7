"""The demo's shop: goods and purposes, orders that wait and one that was collected, goods that are no longer on offer,
certificates. What is spent are points of the month that is frozen (quarter.py). Invented. Nothing here commits."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import select

from app.accounts.models import Person
from app.areas.models import Area
from app.clock import local_day
from app.db import db
from app.demo.items import Ids
from app.demo.world import LOGINS, TIME_ZONE
from app.redemption import certificates, goods, operations
from app.redemption.certificates import Asked
from app.redemption.goods import Draft
from app.redemption.models import ShopItem
from app.teams.scope import scope_of

TOWNSHIP, NAMES = "420199101000", UUID("5e0f2a52-5a86-4b0c-9a35-3f0f6b6f1e0d")
# Chinese, English, points, fen, pieces, pieces a member and month.
GOODS = (
    ("毛巾", "Towel", 20, 180, 60, 2),
    ("牙膏", "Toothpaste", 35, 320, 40, 2),
    ("反光背心", "Reflective vest", 80, 750, 20, 1),
    ("洗衣液", "Washing liquid", 100, 1000, 24, 1),
    ("雨伞", "Umbrella", 150, 1500, 3, 1),
    ("强光手电", "Torch", 260, 2600, 8, 1),
)
# Was on offer until yesterday.
PAST = ("雨鞋套", "Shoe covers", 30, 260, 15, 1)
PURPOSES = (("村口路灯", "Lamps at the village gates"), ("河边护栏", "Railings at the river"))
# Who ordered which of the goods; the last has come for it.
ORDERS = (("p01", 0), ("p00", 0), ("p02", 1))


def add_shop(ids: Ids, now: datetime) -> bool:
    """Once: where there are goods already, nothing is added."""
    township = db.session.scalar(select(Area).where(Area.code == TOWNSHIP))
    if township is None or db.session.scalar(select(ShopItem.id).limit(1)) is not None:
        return False
    reviewer = db.session.get_one(Person, ids.people[LOGINS["reviewer"]])
    member = db.session.get_one(Person, ids.people[LOGINS["member"]])
    today = local_day(now, TIME_ZONE)
    items = _fill_shelf(reviewer, township.id, today, now)
    _order(ids, reviewer, items, now)
    _ask_for_papers(ids, member, reviewer, township.id, today, now)
    return True


def _fill_shelf(reviewer: Person, township_id: int, today: date, now: datetime) -> list[ShopItem]:
    scope = scope_of(reviewer)
    for names in PURPOSES:
        operations.open_purpose(reviewer, scope, township_id, names, now)
    first, yesterday = today.replace(day=1), today - timedelta(days=1)
    offered = [(one, first, None) for one in GOODS] + [(PAST, yesterday - timedelta(days=30), yesterday)]
    return [
        goods.add(
            reviewer, scope, township_id, Draft(zh, en, points, fen, quota, None, begins, ends), pieces, now
        )
        for (zh, en, points, fen, pieces, quota), begins, ends in offered
    ]  # fmt: skip


def _order(ids: Ids, reviewer: Person, items: list[ShopItem], now: datetime) -> None:
    for who, which in ORDERS:
        person = db.session.get_one(Person, ids.people[f"qinghe.t03.{who}"])
        last = operations.order(
            person, uuid5(NAMES, f"order {who}"), items[which].id, items[which].price, now
        )
    operations.collect(reviewer, scope_of(reviewer), operations.code_of(last), now)


def _ask_for_papers(
    ids: Ids, member: Person, reviewer: Person, township_id: int, today: date, now: datetime
) -> None:
    """One waits for the reviewer, another is issued and printed by the worker."""
    asked = Asked(today - timedelta(days=60), today - timedelta(days=1), "zh", True)
    certificates.ask(member, asked, now)
    other = db.session.get_one(Person, ids.people["qinghe.t03.p02"])
    paper = certificates.ask(other, asked, now)
    certificates.issue(reviewer, scope_of(reviewer), township_id, paper.id, now)
