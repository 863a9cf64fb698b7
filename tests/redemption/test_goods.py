"""The goods of a shop: who keeps them, what a price may be, stock that comes and goes, history."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.errors import Conflict, DomainError, NotFound
from app.redemption import goods, operations, queries
from app.redemption.goods import Draft
from app.teams.scope import scope_of
from tests import make
from tests.redemption import stocked
from tests.redemption.stocked import new_id

NOW = make.EVENING
DRAFT = Draft("雨伞", "Umbrella", 150, 1500, 1, None, date(2026, 11, 1), None)


@pytest.fixture
def town(people):
    return people.town.township.id


def add(people, draft=DRAFT, pieces=4):
    return goods.add(people.reviewer, scope_of(people.reviewer), people.town.township.id, draft, pieces, NOW)


def codes(act):
    with pytest.raises(DomainError) as found:
        act()
    return [(one.pointer, one.code) for one in found.value.fields]


def test_goods_are_added_changed_and_supplied_with_a_history(people, town):
    item = add(people)
    assert (item.stock, item.supplied, item.unit) == (4, 4, "points")
    scope = scope_of(people.admin)
    goods.change(
        people.admin, scope, town, item.id, 1, replace(DRAFT, price=160, last_on=date(2026, 12, 31)), NOW
    )
    goods.supply(people.admin, scope, town, item.id, -3, NOW)
    item = queries.item_of(town, item.id)
    assert (item.price, item.stock, item.supplied, item.version) == (160, 1, 1, 2)
    said = queries.changes_of(town, ["shop_item"])
    assert {one.action for one in said} == {"shop.item_added", "shop.item_changed", "shop.item_supplied"}
    changed = next(one for one in said if one.action == "shop.item_changed")
    assert (changed.who, changed.detail["before"]["price"], changed.detail["after"]["price"]) == (
        "县管理员",
        150,
        160,
    )


def test_an_order_keeps_the_price_that_it_was_made_at(people, town):
    member, item = stocked.rich(people), add(people)
    row = operations.order(member, new_id(), item.id, 150, NOW)
    goods.change(people.admin, scope_of(people.admin), town, item.id, 1, replace(DRAFT, price=200), NOW)
    operations.cancel(member, row.id, NOW)
    assert operations.wallet_of(town, member.id, NOW).available == 300


def test_the_second_of_two_is_told(people, town):
    item, scope = add(people), scope_of(people.admin)
    goods.change(people.admin, scope, town, item.id, 1, replace(DRAFT, price=160), NOW)
    with pytest.raises(Conflict) as found:
        goods.change(people.admin, scope, town, item.id, 1, replace(DRAFT, price=170), NOW)
    assert found.value.code == "shop_item_changed"


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"price": 149}, ("/price", "shop_price_low")),
        ({"price": 0}, ("/price", "number_out_of_range")),
        ({"fen": -1}, ("/fen", "shop_fen_range")),
        ({"month_quota": 0}, ("/month_quota", "number_out_of_range")),
        ({"total_quota": -1}, ("/total_quota", "number_out_of_range")),
        ({"name_zh": ""}, ("/name_zh", "field_needed")),
        ({"name_en": "x" * 41}, ("/name_en", "too_long")),
        ({"last_on": date(2026, 10, 1)}, ("/last_on", "shop_period_turned")),
    ],
)
def test_what_is_wrong_with_goods(people, more, fault):
    assert codes(lambda: add(people, replace(DRAFT, **more))) == [fault]


def test_a_hundred_points_buy_ten_yuan_by_the_rate_in_force(people):
    make.make_policy(people.town.township, "redemption", {"fen_per_point": 5})
    assert codes(lambda: add(people)) == [("/price", "shop_price_low")]
    assert add(people, replace(DRAFT, price=300)).price == 300


def test_goods_too_cheap_for_a_new_price_of_points_are_off_until_they_have_theirs(people, town):
    """Else members would be given goods for more than the stop has counted."""
    member, item, scope = stocked.rich(people), add(people), scope_of(people.admin)
    assert operations.is_on_offer(item, operations.wallet_of(town, member.id, NOW))
    make.make_policy(people.town.township, "redemption", {"fen_per_point": 5})
    assert not operations.is_on_offer(item, operations.wallet_of(town, member.id, NOW))
    with pytest.raises(Conflict) as found:
        operations.order(member, new_id(), item.id, 150, NOW)
    assert found.value.code == "shop_not_on_offer"
    goods.change(people.admin, scope, town, item.id, 1, replace(DRAFT, price=300), NOW)
    assert operations.order(member, new_id(), item.id, 300, NOW).price == 300


def test_pieces_that_are_not_there_cannot_be_taken_out(people, town):
    item, scope = add(people), scope_of(people.reviewer)
    with pytest.raises(Conflict):
        goods.supply(people.reviewer, scope, town, item.id, -5, NOW)
    assert codes(lambda: goods.supply(people.reviewer, scope, town, item.id, 0, NOW)) == [
        ("/pieces", "field_needed")
    ]
    assert codes(lambda: add(people, pieces=-1)) == [("/pieces", "number_out_of_range")]


def test_only_who_reviews_or_administers_the_township_keeps_its_goods(people, town):
    item = add(people)
    other = stocked.make_item(people.other.township.id)
    for person in (people.leader, people.member, people.outsider):
        scope = scope_of(person)
        for act in (
            lambda p=person, s=scope: goods.add(p, s, town, DRAFT, 1, NOW),
            lambda p=person, s=scope: goods.change(p, s, town, item.id, 1, DRAFT, NOW),
            lambda p=person, s=scope: goods.supply(p, s, town, item.id, 1, NOW),
        ):
            with pytest.raises(NotFound):
                act()
    with pytest.raises(NotFound):
        goods.supply(people.reviewer, scope_of(people.reviewer), other.township_id, other.id, 1, NOW)


def test_in_a_time_bank_goods_cost_hours(people):
    make.make_policy(people.town.township, "redemption", {"mode": "time_bank"})
    item = add(people, replace(DRAFT, price=3))
    assert (item.unit, item.price) == ("hours", 3)
