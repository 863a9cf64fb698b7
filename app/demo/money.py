"""The demo township's money of this year: the pot of the worked case, what the county gave, grants, goods and wages.
Invented. Nothing here commits."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.rules import uuid7
from app.areas.models import Area
from app.assessment.rules import Quarter
from app.clock import local_day
from app.db import db
from app.demo.quarter import quarter_over
from app.demo.world import TIME_ZONE
from app.money import commitments, grades, granting, operations, restoring
from app.money.grades import Period
from app.money.models import Pot
from app.strength.queries import villages_of
from app.teams.scope import scope_of

TOWNSHIP = "420199101000"
# F of the villages in the order of their codes, again and again.
SCORES = ("91.2", "82.5", "88.1", "76.4", "64.1", "79.9", "58.3", "85.0")


def add_money(now: datetime) -> bool:
    """Once; the reviewer proposes, the county's admin approves. In January the frozen quarter is one of last year's."""
    township = db.session.scalar(select(Area).where(Area.code == TOWNSHIP))
    if township is None or db.session.scalar(select(Pot.year).limit(1)) is not None:
        return False
    reviewer, admin = (_person(login) for login in ("reviewer", "admin"))
    year, began, quarter = local_day(now, TIME_ZONE).year, now - timedelta(days=20), quarter_over(now)
    for each in sorted({year, quarter.first.year}):
        operations.propose_pot(reviewer, township, each, began)
        operations.open_pot(admin, township, each, began)
        _fund(reviewer, admin, township, each, began)
        _grant_base(reviewer, admin, township, each, began)
    _grant_by_grade(reviewer, admin, township, quarter, began)
    _spend(reviewer, admin, township, year, began)
    return True


def _person(login: str) -> Person:
    return db.session.scalars(select(Person).where(Person.login == login)).one()


def _id(now: datetime) -> UUID:
    return uuid7(now, secrets.token_bytes(10))


def _fund(reviewer: Person, admin: Person, township: Area, year: int, now: datetime) -> None:
    given = (
        ("pot", "county", "县财政局", f"临财〔{year}〕7号", 9_600_000),
        ("wages", "county", "县人社局", f"临人社〔{year}〕3号", 2_400_000),
    )
    for fund, kind, name, document, fen in given:
        source = operations.Source(_id(now), fund, kind, name, document, fen)
        operations.enter_source(reviewer, township, year, source, now)
        wish = operations.Wish(_id(now), source.id, None, {}, "年初安排")
        operations.propose_allocation(reviewer, township, year, wish, now)
        operations.approve_allocation(admin, scope_of(admin), wish.id, now + timedelta(hours=3))
    gift = operations.Source(_id(now), "pot", "donation", "镇商会", "捐赠协议2号", 300_000)
    operations.enter_source(reviewer, township, year, gift, now)
    asked = operations.Wish(_id(now), gift.id, None, {"points_shop": 300_000}, "商会捐赠，用于兑换物品")
    operations.propose_allocation(reviewer, township, year, asked, now + timedelta(days=18))


def _grant_base(reviewer: Person, admin: Person, township: Area, year: int, now: datetime) -> None:
    base = granting.Wish(_id(now), "base", Period(year, 1, 4))
    granting.propose_round(reviewer, township, base, {}, now)
    granting.approve_round(admin, scope_of(admin), base.id, now + timedelta(hours=5))


def _grant_by_grade(reviewer: Person, admin: Person, township: Area, quarter: Quarter, now: datetime) -> None:
    """The quarters before by grades from paper, one village's improvement on paper, too; the frozen quarter's waits."""
    year, n = quarter.first.year, quarter.number
    if n > 1:
        _grant_by_hand(reviewer, admin, township, Period(year, 1, n - 1), now)
    period = Period(year, n, n)
    found = grades.frozen_scores(township.id, period)
    if found:
        wish = granting.Wish(_id(now), "performance", period)
        granting.propose_round(reviewer, township, wish, found, now + timedelta(days=18))


def _grant_by_hand(reviewer: Person, admin: Person, township: Area, period: Period, now: datetime) -> None:
    villages = villages_of(township.id)
    scores = {v.id: Decimal(SCORES[n % len(SCORES)]) for n, v in enumerate(villages)}
    grades.enter(reviewer, township, period, scores, "镇村联评公示", now)
    grades.confirm(admin, township, period, now + timedelta(hours=6))
    wish = granting.Wish(_id(now), "performance", period)
    found = grades.scores_for(township.id, period)
    granting.propose_round(reviewer, township, wish, found, now + timedelta(hours=7))
    granting.approve_round(admin, scope_of(admin), wish.id, now + timedelta(hours=9))
    lowest = min(scores, key=lambda village: scores[village])
    paper = restoring.Paper(_id(now), lowest, Fraction(3, 10), "整改验收单2号")
    restoring.propose_by_paper(reviewer, scope_of(reviewer), wish.id, paper, now + timedelta(days=1))
    commitments.approve(admin, scope_of(admin), paper.id, now + timedelta(days=2))


def _spend(reviewer: Person, admin: Person, township: Area, year: int, now: datetime) -> None:
    asked = (
        ("points_shop", "shop", "镇供销社", "第一批兑换物品", 260_000, 260_000),
        ("points_shop", "shop", "镇供销社", "第二批兑换物品", 180_000, 60_000),
        ("insurance_equipment", "insurer", "县保险服务中心", "志愿者意外险", 212_000, 212_000),
        ("insurance_equipment", "supplier", "临江装备店", "反光背心和手电", 96_000, 0),
    )
    for line, kind, payee, what, fen, paid in asked:
        wish = commitments.Wish(_id(now), line, kind, payee, None, None, what, fen)
        commitments.propose(reviewer, township, year, wish, now)
        if line == "points_shop" or paid:
            commitments.approve(admin, scope_of(admin), wish.id, now + timedelta(days=1))
        if paid:
            _pay(reviewer, wish.id, paid, now + timedelta(days=3))


def _pay(reviewer: Person, commitment_id: UUID, fen: int, now: datetime) -> None:
    payment = commitments.Payment(
        _id(now), fen, local_day(now, TIME_ZONE), f"回单 {fen // 100:06d}"
    )  # fmt: skip
    commitments.pay(reviewer, scope_of(reviewer), commitment_id, payment, now)
