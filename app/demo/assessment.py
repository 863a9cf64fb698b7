"""A draft of the demo's scorecards for the quarter in which its duties lie, and notices. Nothing here commits."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.accounts.models import Person
from app.areas.models import Area
from app.assessment import operations, plans, queries
from app.assessment.models import Assessment
from app.assessment.plans import Hung
from app.assessment.rules import Quarter, quarter_of
from app.clock import local_day
from app.db import db
from app.demo.items import Ids
from app.demo.world import LOGINS, TIME_ZONE
from app.teams.scope import scope_of

TOWNSHIPS = ("420199101000", "420199102000")
# The duties reach four weeks back: most of them lie in the quarter of this day.
MIDDLE = timedelta(days=14)
LATE_EVERY = 5


def add_assessments(ids: Ids, now: datetime) -> list[Assessment]:
    quarter = quarter_of(local_day(now - MIDDLE, TIME_ZONE))
    townships = db.session.scalars(select(Area).where(Area.code.in_(TOWNSHIPS)).order_by(Area.code)).all()
    return [
        _assess(ids, township, quarter, now)
        for township in townships
        if queries.latest(township.id, quarter.first) is None
    ]


def _assess(ids: Ids, township: Area, quarter: Quarter, now: datetime) -> Assessment:
    admin, reviewer = (db.session.get_one(Person, ids.people[LOGINS[who]]) for who in ("admin", "reviewer"))
    enter_notices(reviewer, admin, township, quarter, now)
    return operations.compute(admin, township, quarter, None, now)


def enter_notices(person: Person, other: Person, township: Area, quarter: Quarter, now: datetime) -> None:
    """When every village's notices hung out: said by one, confirmed by the other."""
    today = local_day(now, TIME_ZONE)
    for month in plans.months_to_enter(quarter, today):
        for n, village in enumerate(queries.villages_of(township.id)):
            hung = Hung(village.id, month, _hung_on(month, n, today), "board", f"{month:%Y-%m}-{n + 1:02d}")
            notice = plans.enter_notice(person, township, hung, now)
            plans.confirm_notice(other, scope_of(other), notice.id, now)


def _hung_on(month: date, n: int, today: date) -> date:
    """Most by the eighth of the next month, every fifth village's later."""
    after = (month + timedelta(days=32)).replace(day=12 if n % LATE_EVERY == LATE_EVERY - 1 else 8)
    return min(after, today)
