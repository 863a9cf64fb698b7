"""The demo's shop: something to spend, to hand out and to issue; and once only."""

from __future__ import annotations

from app.accounts.models import Person
from app.db import db
from app.demo import redemption
from app.demo.world import LOGINS, TIME_ZONE
from app.incentives import recomputing
from app.redemption import operations, queries, rules
from tests.demo.conftest import NOW, Told


def test_the_shop_is_open_and_filled_once(told: Told) -> None:
    nested = db.session.begin_nested()
    assert redemption.add_shop(told.book.ids, NOW) and not redemption.add_shop(told.book.ids, NOW)
    member = db.session.get_one(Person, told.book.ids.people[LOGINS["member"]])
    assert operations.wallet_of(told.township_id, member.id, NOW).available == redemption.DRILL - 20
    assert [line.who for line in queries.orders_of(told.township_id)] == [member.name]
    assert not [d for d in recomputing.recompute(told.township_id, TIME_ZONE, NOW) if d.rule == "training"]
    states = [line.certificate.state for line in queries.certificates_of(told.township_id)]
    assert states == ["asked", "issued"]
    policy = rules.Policy()
    for item in queries.items_of(told.township_id):
        assert item.price >= rules.least_price(item.fen, item.unit, policy)
    nested.rollback()
    db.session.expire_all()
