"""The demo's shop: goods and purposes, points of a drill three months ago, an order that waits, certificates. Invented.
Nothing here commits."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import select

from app.accounts.models import Person
from app.areas.models import Area
from app.clock import local_day
from app.db import db
from app.demo.items import Ids
from app.demo.rows import team_of
from app.demo.world import LEADER, LOGINS, TIME_ZONE
from app.incentives import ledger, training
from app.redemption import certificates, goods, operations
from app.redemption.certificates import Asked
from app.redemption.goods import Draft
from app.redemption.models import ShopItem
from app.redemption.rules import months_after
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
PURPOSES = (("村口路灯", "Lamps at the village gates"), ("河边护栏", "Railings at the river"))
# A drill of four hours: as much as a quarter pays.
DRILL, WHO, DRILL_MONTHS_AGO = 40, ("p00", "p01", "p02", "p03"), 3


def add_shop(ids: Ids, now: datetime) -> bool:
    """Once: where there are goods already, nothing is added."""
    township = db.session.scalar(select(Area).where(Area.code == TOWNSHIP))
    if township is None or db.session.scalar(select(ShopItem.id).limit(1)) is not None:
        return False
    reviewer = db.session.get_one(Person, ids.people[LOGINS["reviewer"]])
    member = db.session.get_one(Person, ids.people[LOGINS["member"]])
    today = local_day(now, TIME_ZONE)
    items = _fill_shelf(reviewer, township.id, today, now)
    _pay_drill(ids, reviewer, township.id, months_after(today.replace(day=1), -DRILL_MONTHS_AGO), now)
    operations.order(member, uuid5(NAMES, "order"), items[0].id, items[0].price, now)
    _ask_for_papers(ids, member, reviewer, township.id, today, now)
    return True


def _fill_shelf(reviewer: Person, township_id: int, today: date, now: datetime) -> list[ShopItem]:
    scope = scope_of(reviewer)
    for names in PURPOSES:
        operations.open_purpose(reviewer, scope, township_id, names, now)
    return [
        goods.add(
            reviewer, scope, township_id,
            Draft(zh, en, points, fen, quota, None, today.replace(day=1), None), pieces, now,
        )
        for zh, en, points, fen, pieces, quota in GOODS
    ]  # fmt: skip


def _pay_drill(ids: Ids, reviewer: Person, township_id: int, month: date, now: datetime) -> None:
    """Entered, confirmed, priced, approved, and the month frozen: these may be spent."""
    leader = db.session.get_one(Person, ids.people[LEADER])
    people = tuple(ids.people[f"qinghe.t03.{who}"] for who in WHO)
    wanted = training.Wanted("drill", month, 6 * DRILL, people)
    session = training.enter(leader, scope_of(leader), team_of(leader).id, wanted, now)
    training.confirm(reviewer, scope_of(reviewer), session.id, now)
    for person_id in people:
        ledger.post(
            ledger.Transfer(
                township_id, person_id, "approval", f"demo:drill:{person_id}", 1, 2 * DRILL,
                ledger.pending(person_id), ledger.approved(person_id), month, detail={"month": f"{month:%Y-%m}"},
            ),
            now,
        )  # fmt: skip
    ledger.freeze_month(township_id, month, reviewer, TIME_ZONE, now)


def _ask_for_papers(
    ids: Ids, member: Person, reviewer: Person, township_id: int, today: date, now: datetime
) -> None:
    """One waits for the reviewer, another is issued and printed by the worker."""
    asked = Asked(today - timedelta(days=60), today - timedelta(days=1), "zh", True)
    certificates.ask(member, asked, now)
    other = db.session.get_one(Person, ids.people["qinghe.t03.p02"])
    paper = certificates.ask(other, asked, now)
    certificates.issue(reviewer, scope_of(reviewer), township_id, paper.id, now)
