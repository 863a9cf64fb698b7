"""A shop with goods, and members with points of frozen months."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from app.accounts.models import Person
from app.db import db
from app.incentives import ledger
from app.incentives.models import FrozenMonth
from app.redemption.models import DonationPurpose, ShopItem
from tests import make

OCTOBER = date(2026, 10, 1)
_serial = count(1)


def freeze(township_id: int, by: Person, month: date = OCTOBER, at: datetime = make.EVENING) -> None:
    if db.session.get(FrozenMonth, (township_id, month)) is None:
        make.save(FrozenMonth(township_id=township_id, month=month, frozen_by=by.id, frozen_at=at))


def earn(person: Person, points: int, day: date = OCTOBER, at: datetime = make.EVENING) -> None:
    """Priced and approved, as the months' page does it."""
    township_id, n = person.home_township_id or 0, next(_serial)
    steps = (
        ("base", f"duty:{9_000_000 + n}", ledger.ISSUE, ledger.pending(person.id)),
        ("approval", f"test:{n}", ledger.pending(person.id), ledger.approved(person.id)),
    )
    for rule, cause, debit, credit in steps:
        ledger.post(
            ledger.Transfer(township_id, person.id, rule, cause, 1, 2 * points, debit, credit, day), at
        )
    db.session.commit()


def rich(people: Any, points: int = 300, who: str = "member") -> Person:
    """A member who may spend so many points."""
    person = getattr(people, who)
    earn(person, points)
    freeze(people.town.township.id, people.reviewer)
    return person


def make_item(township_id: int, **more: Any) -> ShopItem:
    pieces = more.pop("stock", 5)
    values = {
        "name_zh": "洗衣液", "name_en": "Washing liquid", "unit": "points", "price": 100, "fen": 1000,
        "supplied": pieces, "stock": pieces, "first_on": date(2026, 1, 1), "version": 1, **more,
    }  # fmt: skip
    return make.save(ShopItem(township_id=township_id, **values))


def make_purpose(township_id: int, by: Person, **more: Any) -> DonationPurpose:
    values = {"name_zh": "村口路灯", "name_en": "Lamps at the village gate", **more}
    row = DonationPurpose(township_id=township_id, made_by=by.id, made_at=make.EVENING, **values)
    return make.save(row)


def new_id() -> UUID:
    return uuid4()


LATER = timedelta(days=15)
