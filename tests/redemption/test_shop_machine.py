"""A shop under whatever happens: a Hypothesis state machine over a real database.

Members earn, order, send again, call off, collect, give; months freeze, time passes, the worker lets orders lapse and
points expire. `LEDGER_EXAMPLES=500` runs the whole of it; the usual run is a short one of the same machine.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from app.accounts.models import Person
from app.clock import local_day
from app.db import db
from app.errors import DomainError
from app.incentives import chain, ledger, statements
from app.redemption import operations, queries, rules
from app.redemption.models import Donation, ShopItem, ShopOrder
from app.teams.scope import scope_of
from tests import cast, make
from tests.redemption import stocked
from tests.stage import one_transaction

EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "10"))
STEPS = 50 if "LEDGER_EXAMPLES" in os.environ else 30
ZONE = "Asia/Shanghai"
REFUSALS = {
    "shop_sold_out", "shop_points_not_enough", "shop_month_quota", "shop_collected", "shop_order_closed",
    "shop_code_wrong", "shop_id_taken",
}  # fmt: skip
WHO = ("member", "mate")


class Shop:
    def __init__(self, connection: Any) -> None:
        self.connection = connection
        people = cast.make_cast()
        self.town, self.leader, self.reviewer = people.town.township.id, people.leader.id, people.reviewer.id
        self.people = {who: getattr(people, who).id for who in WHO}
        self.items = [
            stocked.make_item(self.town, stock=2, price=20, fen=200).id,
            stocked.make_item(self.town, stock=9, price=7, fen=70, month_quota=2).id,
            stocked.make_item(self.town, stock=9, price=15, fen=0, total_quota=3).id,
        ]
        self.purpose = stocked.make_purpose(self.town, people.reviewer).id
        db.session.commit()


class ShopMachine(RuleBasedStateMachine):
    shop: Shop

    def __init__(self) -> None:
        super().__init__()
        self.now = make.EVENING
        self.orders: list[tuple[str, UUID, int]] = []
        self.gifts: list[tuple[str, UUID, int]] = []
        self.savepoint = self.shop.connection.begin_nested()

    def teardown(self) -> None:
        db.session.rollback()
        self.savepoint.rollback()
        db.session.expire_all()

    def person(self, who: str) -> Person:
        return db.session.get_one(Person, self.shop.people[who])

    def attempt(self, act: Any) -> bool:
        try:
            act()
        except DomainError as error:
            assert error.code in REFUSALS, error.code
            db.session.rollback()
            return False
        db.session.commit()
        return True

    # --- what happens -----------------------------------------------------------------------------

    @rule(
        who=st.sampled_from(WHO),
        points=st.integers(1, 60),
        months_ago=st.sampled_from((0, 1, 2, 23, 24, 25, 30)),
    )
    def points_are_approved(self, who: str, points: int, months_ago: int) -> None:
        today = local_day(self.now, ZONE).replace(day=1)
        month = rules.months_after(today, -months_ago)
        stocked.earn(self.person(who), points, month, self.now)
        if months_ago:
            stocked.freeze(self.shop.town, db.session.get_one(Person, self.shop.reviewer), month, self.now)

    @rule(who=st.sampled_from(WHO), which=st.integers(0, 2))
    def somebody_orders(self, who: str, which: int) -> None:
        item = queries.item_of(self.shop.town, self.shop.items[which])
        one, item_id, price = stocked.new_id(), item.id, item.price
        if self.attempt(lambda: operations.order(self.person(who), one, item_id, price, self.now)):
            self.orders.append((who, one, item_id))

    @precondition(lambda self: self.orders)
    @rule(which=st.integers(0, 99))
    def an_order_is_sent_again(self, which: int) -> None:
        who, one, item_id = self.orders[which % len(self.orders)]
        assert self.attempt(lambda: operations.order(self.person(who), one, item_id, 1, self.now))

    @precondition(lambda self: self.orders)
    @rule(which=st.integers(0, 99))
    def an_order_is_called_off(self, which: int) -> None:
        who, one, _ = self.orders[which % len(self.orders)]
        self.attempt(lambda: operations.cancel(self.person(who), one, self.now))

    @precondition(lambda self: self.orders)
    @rule(which=st.integers(0, 99))
    def the_desk_calls_an_order_off(self, which: int) -> None:
        clerk = db.session.get_one(Person, self.shop.reviewer)
        _, one, _ = self.orders[which % len(self.orders)]
        scope = scope_of(clerk)
        self.attempt(
            lambda: operations.cancel_at_desk(clerk, scope, self.shop.town, one, "goods_missing", self.now)
        )

    @precondition(lambda self: self.orders)
    @rule(which=st.integers(0, 99))
    def an_order_is_collected(self, which: int) -> None:
        leader = db.session.get_one(Person, self.shop.leader)
        row = queries.order_of(self.shop.town, self.orders[which % len(self.orders)][1])
        code = operations.code_of(row)
        self.attempt(lambda: operations.collect(leader, scope_of(leader), code, self.now))

    @rule(who=st.sampled_from(WHO), points=st.integers(1, 40))
    def somebody_gives(self, who: str, points: int) -> None:
        one = stocked.new_id()
        if self.attempt(
            lambda: operations.donate(self.person(who), one, self.shop.purpose, points, self.now)
        ):
            self.gifts.append((who, one, points))

    @precondition(lambda self: self.gifts)
    @rule(which=st.integers(0, 99))
    def a_gift_is_sent_again(self, which: int) -> None:
        who, one, points = self.gifts[which % len(self.gifts)]
        assert self.attempt(
            lambda: operations.donate(self.person(who), one, self.shop.purpose, points, self.now)
        )

    @rule(days=st.sampled_from((1, 9, 15, 31, 200)))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def the_worker_works_twice(self) -> None:
        for again in (False, True):
            lapsed = [
                operations.lapse(*key, self.now) for key in queries.orders_not_collected(self.now, 1000)
            ]
            expired = [operations.expire(*key, self.now) for key in operations.may_expire(self.now)]
            db.session.commit()
            assert not again or (not any(lapsed) and not any(expired))

    # --- what holds -------------------------------------------------------------------------------

    @invariant()
    def entries_sum_to_zero_and_no_account_is_below_zero(self) -> None:
        held = statements.balances(self.shop.town)
        assert sum(held.values()) == 0
        assert all(half >= 0 for name, half in held.items() if name != ledger.ISSUE)

    @invariant()
    def stock_is_what_the_orders_left(self) -> None:
        for item_id in self.shop.items:
            item = db.session.get_one(ShopItem, (self.shop.town, item_id), populate_existing=True)
            n = db.session.scalar(
                select(func.count()).where(
                    ShopOrder.item_id == item_id, ShopOrder.state.in_(queries.HELD_STATES)
                )
            )
            assert 0 <= item.stock == item.supplied - n
            assert item.total_quota is None or n <= item.total_quota

    @invariant()
    def the_ledger_says_what_the_orders_and_gifts_say(self) -> None:
        held = statements.balances(self.shop.town)
        rows = db.session.execute(select(ShopOrder.state, ShopOrder.person_id, ShopOrder.price)).all()
        for person_id in self.shop.people.values():
            waiting = sum(
                2 * row.price for row in rows if (row.state, row.person_id) == ("ordered", person_id)
            )
            assert held.get(operations.ordered(person_id), 0) == waiting
        assert held.get("redeemed", 0) == sum(2 * row.price for row in rows if row.state == "collected")
        assert held.get("donated", 0) == 2 * int(db.session.scalar(select(func.sum(Donation.amount))) or 0)

    @invariant()
    def what_may_be_spent_is_left_of_frozen_months(self) -> None:
        for person_id in self.shop.people.values():
            wallet = operations.wallet_of(self.shop.town, person_id, self.now)
            assert wallet.redeemable_half == sum(one.half for one in wallet.left) <= wallet.held_half

    @invariant()
    def the_chain_is_whole(self) -> None:
        assert chain.verify(self.shop.town).fault is None


def test_whatever_happens_in_the_shop_adds_up(app):
    with one_transaction(app) as connection, app.test_request_context():
        ShopMachine.shop = Shop(connection)
        run_state_machine_as_test(
            ShopMachine,
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
