"""Twenty members at once want the last three pieces: real threads, real commits, on a database of its own."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from app.accounts.models import Person
from app.config import read_settings
from app.db import db
from app.errors import DomainError
from app.incentives import chain, statements
from app.redemption import operations, queries
from app.redemption.models import ShopItem, ShopOrder
from app.teams.scope import scope_of
from tests import cast, make
from tests.databases import database, env_for
from tests.redemption import stocked

BUYERS, PIECES = 20, 3


class Shop:
    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            people = cast.make_cast()
            self.town, self.leader = people.town.township.id, people.leader.id
            self.buyers = [make.make_person(f"队员{n}", people.town.township).id for n in range(BUYERS)]
            for person_id in self.buyers:
                stocked.earn(db.session.get_one(Person, person_id), 100)
            stocked.freeze(self.town, people.reviewer)
            db.session.remove()

    def item(self, **more: Any) -> int:
        with self.app.app_context():
            item_id = stocked.make_item(self.town, **more).id
            db.session.remove()
            return item_id

    def at_once(self, acts: list[Any]) -> list[str]:
        """Each act in a thread of its own, all let go together; how each ended."""
        gate, ends = threading.Barrier(len(acts)), ["?"] * len(acts)

        def run(n: int) -> None:
            with self.app.app_context():
                gate.wait()
                try:
                    acts[n]()
                    db.session.commit()
                    ends[n] = "done"
                except DomainError as error:
                    db.session.rollback()
                    ends[n] = error.code
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
        for one in threads:
            one.start()
        for one in threads:
            one.join(120)
        return ends


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with database("shop") as name:
        app = create_app(read_settings({**env_for(name), "DB_POOL_SIZE": "12"}))
        yield Shop(app)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def buy(person_id: int, item_id: int, order_id: Any = None, price: int = 10) -> Any:
    one = order_id or stocked.new_id()
    return lambda: operations.order(db.session.get_one(Person, person_id), one, item_id, price, make.EVENING)


def test_twenty_orders_of_three_pieces_sell_exactly_three(shop):
    item_id = shop.item(stock=PIECES, price=10, fen=100)
    ends = shop.at_once([buy(person_id, item_id) for person_id in shop.buyers])
    assert Counter(ends) == {"done": PIECES, "shop_sold_out": BUYERS - PIECES}
    with shop.app.app_context():
        assert queries.item_of(shop.town, item_id).stock == 0
        held = statements.balances(shop.town)
        assert sum(held.get(operations.ordered(one), 0) for one in shop.buyers) == PIECES * 20
        assert sum(held.values()) == 0
        assert chain.verify(shop.town).fault is None


def test_a_total_quota_holds_as_well(shop):
    item_id = shop.item(stock=50, total_quota=4, price=1, fen=10)
    ends = shop.at_once([buy(person_id, item_id, price=1) for person_id in shop.buyers])
    assert Counter(ends) == {"done": 4, "shop_sold_out": BUYERS - 4}


def test_one_member_at_once_stays_within_quota_and_points(shop):
    quota = shop.item(stock=50, month_quota=2, price=1, fen=10)
    assert Counter(shop.at_once([buy(shop.buyers[0], quota, price=1) for _ in range(8)])) == {
        "done": 2, "shop_month_quota": 6,
    }  # fmt: skip
    dear = shop.item(stock=50, price=40, fen=400)
    assert shop.at_once([buy(shop.buyers[1], dear, price=40) for _ in range(6)]).count("done") == 2


def test_one_order_sent_eight_times_at_once_is_one(shop):
    item_id, one = shop.item(stock=9, price=1, fen=10), stocked.new_id()
    assert shop.at_once([buy(shop.buyers[2], item_id, one, price=1) for _ in range(8)]) == ["done"] * 8
    with shop.app.app_context():
        assert queries.item_of(shop.town, item_id).stock == 8
        assert len(db.session.scalars(select(ShopOrder.id).where(ShopOrder.item_id == item_id)).all()) == 1


def test_collected_called_off_and_lapsed_at_once_ends_in_one_way(shop):
    item_id, one = shop.item(stock=1, price=1, fen=10), stocked.new_id()
    buyer = shop.buyers[3]
    assert shop.at_once([buy(buyer, item_id, one, price=1)]) == ["done"]
    late = make.EVENING + timedelta(days=15)
    with shop.app.app_context():
        before = statements.balances(shop.town)
        code = operations.code_of(queries.order_of(shop.town, one))

    def collect() -> None:
        leader = db.session.get_one(Person, shop.leader)
        operations.collect(leader, scope_of(leader), code, late)

    def cancel() -> None:
        operations.cancel(db.session.get_one(Person, buyer), one, late)

    def lapse() -> None:
        operations.lapse(shop.town, one, late)

    ends = shop.at_once([collect, cancel, lapse] * 3)
    assert set(ends) <= {"done", "shop_collected", "shop_order_closed", "shop_code_wrong"}
    with shop.app.app_context():
        row, item = queries.order_of(shop.town, one), db.session.get_one(ShopItem, (shop.town, item_id))
        assert row.state in ("collected", "cancelled", "lapsed")
        assert item.stock == (0 if row.state == "collected" else 1)
        held = statements.balances(shop.town)
        assert held[operations.ordered(buyer)] == before[operations.ordered(buyer)] - 2
        assert held.get("redeemed", 0) == (2 if row.state == "collected" else 0)
