"""Ordering, collecting, calling off, giving, expiring: what is refused, what happens twice, what the ledger says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.db import db
from app.errors import DomainError, NotFound, TooMany
from app.incentives import ledger, statements
from app.incentives.models import PointEntry
from app.redemption import operations, queries, rules
from app.redemption.models import ShopItem, ShopOrder
from app.teams.scope import scope_of
from tests import make
from tests.redemption import stocked
from tests.redemption.served import attend
from tests.redemption.stocked import LATER, new_id

NOW = make.EVENING


@pytest.fixture
def town(people):
    return people.town.township.id


@pytest.fixture
def member(people):
    return stocked.rich(people)


@pytest.fixture
def item(town):
    return stocked.make_item(town)


def balances(township_id):
    db.session.flush()
    return {name: half for name, half in statements.balances(township_id).items() if half}


def refused(code, act):
    with pytest.raises(DomainError) as found:
        act()
    assert found.value.code == code, found.value.code
    return found.value


def stock_of(item):
    return queries.item_of(item.township_id, item.id).stock


# --- ordering -------------------------------------------------------------------------------------


def test_an_order_moves_points_takes_a_piece_and_has_a_code(member, item, town):
    row = operations.order(member, new_id(), item.id, 100, NOW)
    assert balances(town)[operations.ordered(member.id)] == 200
    assert balances(town)[ledger.approved(member.id)] == 400
    assert stock_of(item) == 4
    assert rules.is_sound(operations.code_of(row)) and len(operations.code_of(row)) == 8
    assert operations.code_of(row).encode() not in row.code_mac
    assert row.collect_by == NOW + timedelta(days=14)
    entry = db.session.get_one(PointEntry, (town, row.entry_id))
    assert (entry.rule, entry.cause, entry.detail) == (
        "redemption", f"order:{row.id}", {"item": item.id, "points": 100},
    )  # fmt: skip
    assert operations.wallet_of(town, member.id, NOW).available == 200


def test_the_same_order_sent_again_is_one_order(member, item, town):
    one = new_id()
    first = operations.order(member, one, item.id, 100, NOW)
    code = operations.code_of(first)
    again = operations.order(member, one, item.id, 100, NOW + LATER)
    assert operations.code_of(again) == code and again.ordered_at == NOW
    assert stock_of(item) == 4
    assert balances(town)[operations.ordered(member.id)] == 200


def test_an_id_of_another_order_is_refused(people, member, item, town):
    one = new_id()
    operations.order(member, one, item.id, 100, NOW)
    other = stocked.make_item(town, name_zh="雨伞")
    refused("shop_id_taken", lambda: operations.order(member, one, other.id, 100, NOW))
    mate = stocked.rich(people, who="mate")
    refused("shop_id_taken", lambda: operations.order(mate, one, item.id, 100, NOW))


def test_points_of_open_months_and_pending_points_buy_nothing(people, item, town):
    stocked.earn(people.member, 300, date(2026, 11, 20))
    found = refused(
        "shop_points_not_enough", lambda: operations.order(people.member, new_id(), item.id, 100, NOW)
    )
    assert found.figures == {"available": 0}
    assert stock_of(item) == 5


def test_half_points_are_rounded_down_when_they_are_spent(people, item):
    stocked.rich(people, 99)
    operations_half = ledger.Transfer(
        item.township_id, people.member.id, "base", "test:half", 1, 1, ledger.ISSUE,
        ledger.approved(people.member.id), stocked.OCTOBER, why="came_late",
    )  # fmt: skip
    ledger.post(operations_half, NOW)
    assert operations.wallet_of(item.township_id, people.member.id, NOW).available == 99


@pytest.mark.parametrize(
    ("more", "price", "code"),
    [
        ({"stock": 0}, 100, "shop_sold_out"),
        ({"stock": 5, "supplied": 7, "total_quota": 2}, 100, "shop_sold_out"),
        ({"first_on": date(2026, 12, 1)}, 100, "shop_not_on_offer"),
        ({"last_on": date(2026, 11, 23)}, 100, "shop_not_on_offer"),
        ({"unit": "hours"}, 100, "shop_not_on_offer"),
        ({"price": 120}, 100, "shop_price_changed"),
        ({"price": 400}, 400, "shop_points_not_enough"),
    ],
)
def test_what_is_not_sold(member, town, more, price, code):
    item = stocked.make_item(town, **more)
    refused(code, lambda: operations.order(member, new_id(), item.id, price, NOW))
    assert operations.wallet_of(town, member.id, NOW).available == 300


def test_a_quota_is_for_the_month_and_what_was_given_back_does_not_count(member, town):
    item = stocked.make_item(town, month_quota=1, price=10, fen=100)
    one = operations.order(member, new_id(), item.id, 10, NOW)
    refused("shop_month_quota", lambda: operations.order(member, new_id(), item.id, 10, NOW))
    operations.cancel(member, one.id, NOW)
    operations.order(member, new_id(), item.id, 10, NOW)
    operations.order(member, new_id(), item.id, 10, NOW + timedelta(days=8))  # 2 December


def test_goods_of_another_township_are_not_there(people, member):
    other = stocked.make_item(people.other.township.id)
    with pytest.raises(NotFound):
        operations.order(member, new_id(), other.id, 100, NOW)


def test_the_database_itself_refuses_a_stock_below_nothing(item):
    with pytest.raises(IntegrityError):
        db.session.execute(update(ShopItem).where(ShopItem.id == item.id).values(stock=-1))


# --- giving back ----------------------------------------------------------------------------------


def test_calling_off_gives_all_back_once(member, item, town):
    row = operations.order(member, new_id(), item.id, 100, NOW)
    for _ in range(2):
        assert operations.cancel(member, row.id, NOW).state == "cancelled"
    assert stock_of(item) == 5
    assert balances(town)[ledger.approved(member.id)] == 600
    assert operations.ordered(member.id) not in balances(town)
    assert operations.wallet_of(town, member.id, NOW).available == 300


def test_only_my_own_order_is_mine_to_call_off(people, member, item):
    row = operations.order(member, new_id(), item.id, 100, NOW)
    for other in (people.mate, people.outsider):
        with pytest.raises(NotFound):
            operations.cancel(other, row.id, NOW)


def test_the_desk_calls_off_with_a_reason(people, member, item, town):
    row = operations.order(member, new_id(), item.id, 100, NOW)
    scope = scope_of(people.reviewer)
    refused(
        "shop_reason_needed",
        lambda: operations.cancel_at_desk(people.reviewer, scope, town, row.id, "no", NOW),
    )
    operations.cancel_at_desk(people.reviewer, scope, town, row.id, "goods_missing", NOW)
    refused(
        "shop_order_closed",
        lambda: operations.cancel_at_desk(people.reviewer, scope, town, row.id, "goods_missing", NOW),
    )
    for stranger in (people.leader, people.outsider):
        with pytest.raises(NotFound):
            operations.cancel_at_desk(stranger, scope_of(stranger), town, row.id, "goods_missing", NOW)


def test_what_nobody_comes_for_comes_back_and_once_only(member, item, town):
    row = operations.order(member, new_id(), item.id, 100, NOW)
    assert queries.orders_not_collected(NOW + timedelta(days=13), 10) == []
    assert not operations.lapse(town, row.id, NOW + timedelta(days=13))
    assert queries.orders_not_collected(NOW + LATER, 10) == [(town, row.id)]
    assert operations.lapse(town, row.id, NOW + LATER)
    assert not operations.lapse(town, row.id, NOW + LATER)
    assert stock_of(item) == 5
    assert balances(town)[ledger.approved(member.id)] == 600
    assert operations.order(member, row.id, item.id, 100, NOW + LATER).state == "lapsed"


# --- collecting -----------------------------------------------------------------------------------


def test_a_clerk_hands_out_by_the_code_once(people, member, item, town):
    row = operations.order(member, new_id(), item.id, 100, NOW)
    code, scope = operations.code_of(row), scope_of(people.leader)
    shown = f" {code[:4].lower()}-{code[4:].lower()}"
    assert operations.collect(people.leader, scope, shown, NOW).state == "collected"
    assert balances(town)["redeemed"] == 200
    assert operations.ordered(member.id) not in balances(town)
    refused("shop_code_wrong", lambda: operations.collect(people.leader, scope, code, NOW))
    refused("shop_collected", lambda: operations.cancel(member, row.id, NOW))
    assert not operations.lapse(town, row.id, NOW + LATER)
    assert balances(town)["redeemed"] == 200


def test_nobody_hands_out_to_themselves(people, town, item):
    leader = stocked.rich(people, who="leader")
    row = operations.order(leader, new_id(), item.id, 100, NOW)
    refused(
        "shop_own_order", lambda: operations.collect(leader, scope_of(leader), operations.code_of(row), NOW)
    )
    with pytest.raises(IntegrityError, match="four_eyes"):
        db.session.execute(update(ShopOrder).values(state="collected", closed_at=NOW, collected_by=leader.id))


def test_a_code_opens_nothing_in_another_township_or_for_a_member(people, member, item):
    row = operations.order(member, new_id(), item.id, 100, NOW)
    code = operations.code_of(row)
    make.grant(people.outsider, "leader", team=people.other.team)
    for stranger in (people.outsider, people.mate):
        refused("shop_code_wrong", lambda who=stranger: operations.collect(who, scope_of(who), code, NOW))


def test_wrong_codes_are_counted_and_mistyped_ones_are_not(people, member, item):
    scope = scope_of(people.leader)
    row = operations.order(member, new_id(), item.id, 100, NOW)
    right = operations.code_of(row)
    for _ in range(15):
        refused("shop_code_mistyped", lambda: operations.collect(people.leader, scope, right[:-1], NOW))
    wrong = rules.with_check("2222222")
    for _ in range(operations.WRONG_CODES):
        refused("shop_code_wrong", lambda: operations.collect(people.leader, scope, wrong, NOW))
    with pytest.raises(TooMany):
        operations.collect(people.leader, scope, right, NOW)
    later = NOW + timedelta(seconds=operations.WRONG_CODES_S + 1)
    assert operations.collect(people.leader, scope, right, later).state == "collected"


# --- donations ------------------------------------------------------------------------------------


def test_a_donation_is_given_once_and_for_all(people, member, town):
    purpose, one = stocked.make_purpose(town, people.reviewer), new_id()
    for _ in range(2):
        assert operations.donate(member, one, purpose.id, 120, NOW).amount == 120
    assert balances(town)["donated"] == 240
    assert operations.wallet_of(town, member.id, NOW).available == 180
    pot = queries.pots_of(town)[0]
    assert (pot.points, pot.hours) == (120, 0)
    refused("shop_id_taken", lambda: operations.donate(member, one, purpose.id, 10, NOW))


@pytest.mark.parametrize(
    ("amount", "code"), [(0, "shop_amount"), (-5, "shop_amount"), (301, "shop_points_not_enough")]
)
def test_amounts_that_are_refused(people, member, town, amount, code):
    purpose = stocked.make_purpose(town, people.reviewer)
    refused(code, lambda: operations.donate(member, new_id(), purpose.id, amount, NOW))
    assert "donated" not in balances(town)


def test_a_closed_purpose_takes_no_more(people, member, town):
    purpose = stocked.make_purpose(town, people.reviewer)
    for _ in range(2):
        operations.close_purpose(people.reviewer, scope_of(people.reviewer), town, purpose.id, NOW)
    refused("shop_purpose_closed", lambda: operations.donate(member, new_id(), purpose.id, 10, NOW))
    with pytest.raises(NotFound):
        operations.close_purpose(people.leader, scope_of(people.leader), town, purpose.id, NOW)


# --- expiry ---------------------------------------------------------------------------------------

OLD, OLDER = date(2024, 10, 5), date(2024, 9, 5)


@pytest.fixture
def old_points(people, town):
    for day, points in ((OLDER, 30), (OLD, 50), (stocked.OCTOBER, 70)):
        stocked.earn(people.member, points, day)
        stocked.freeze(town, people.reviewer, day.replace(day=1))
    return people.member


def test_points_expire_by_month_once_and_the_oldest_first(old_points, town):
    member = old_points
    assert operations.expire(town, member.id, NOW) == 160
    assert operations.expire(town, member.id, NOW) == 0
    assert balances(town)["expired"] == 160
    causes = list(db.session.scalars(select(PointEntry.cause).where(PointEntry.rule == "expiry")))
    assert causes == [f"month:2024-{month}:person:{member.id}" for month in ("09", "10")]
    assert operations.wallet_of(town, member.id, NOW).available == 70
    assert operations.may_expire(NOW) == [(town, member.id)]


def test_what_was_spent_first_does_not_expire(old_points, town):
    item = stocked.make_item(town, price=60, fen=600)
    operations.order(old_points, new_id(), item.id, 60, NOW)
    assert operations.expire(town, old_points.id, NOW) == 40


def test_what_comes_back_keeps_its_age(old_points, town):
    item = stocked.make_item(town, price=60, fen=600)
    row = operations.order(old_points, new_id(), item.id, 60, NOW)
    operations.expire(town, old_points.id, NOW)
    operations.cancel(old_points, row.id, NOW)
    assert operations.expire(town, old_points.id, NOW) == 120
    assert balances(town)["expired"] == 160
    assert operations.wallet_of(town, old_points.id, NOW).available == 70


def test_the_member_is_warned(old_points, town):
    wallet = operations.wallet_of(town, old_points.id, NOW - timedelta(days=60))  # 25 September
    soon = rules.ending_soon(wallet.left, wallet.today, wallet.policy)
    assert [(one.ends_on, one.half) for one in soon] == [(date(2026, 10, 1), 60), (date(2026, 11, 1), 100)]


def test_in_a_time_bank_points_do_not_end(people, old_points, town):
    make.make_policy(people.town.township, "redemption", {"mode": "time_bank"})
    assert operations.expire(town, old_points.id, NOW) == 0


def test_a_false_check_in_is_paid_before_anything_is_bought(people, member, item, town):
    ledger.post(
        ledger.Transfer(
            town, member.id, ledger.MAY_OVERDRAW, "false:1", 1, 500, ledger.approved(member.id), ledger.ISSUE,
            date(2026, 11, 20),
        ),
        NOW,
    )  # fmt: skip
    assert operations.wallet_of(town, member.id, NOW).available == 50
    refused("shop_points_not_enough", lambda: operations.order(member, new_id(), item.id, 100, NOW))


def test_what_an_open_month_approved_and_took_back_leaves_older_points_alone(people, member, item, town):
    """An audit or an objection of November: October's 300 points may be spent as before; a false check-in may not."""
    november = date(2026, 11, 30)
    for n in (1, 2):
        ledger.post(
            ledger.Transfer(
                town, member.id, "approval", "month:2026-11", 2 * n - 1, 400, ledger.pending(member.id),
                ledger.approved(member.id), november,
            ),
            NOW,
        )  # fmt: skip
        entry = db.session.scalars(select(PointEntry).order_by(PointEntry.id.desc())).first()
        if n == 1:
            ledger.reverse(entry, 2, "facts_changed", None, NOW)
            assert operations.wallet_of(town, member.id, NOW).available == 300
    assert operations.wallet_of(town, member.id, NOW).available == 300
    ledger.post(
        ledger.Transfer(
            town, member.id, ledger.MAY_OVERDRAW, "false:1", 1, 100, ledger.approved(member.id), ledger.ISSUE,
            date(2026, 11, 20),
        ),
        NOW,
    )  # fmt: skip
    assert operations.wallet_of(town, member.id, NOW).available == 250


# --- time bank ------------------------------------------------------------------------------------


def test_a_time_bank_sells_for_hours_from_100_on(people, town):
    make.make_policy(people.town.township, "redemption", {"mode": "time_bank", "time_bank_cap_h": 110})
    item = stocked.make_item(town, unit="hours", price=20)
    purpose = stocked.make_purpose(town, people.reviewer)
    attend(people, people.member, 4, 24)
    refused("shop_hours_not_enough", lambda: operations.order(people.member, new_id(), item.id, 20, NOW))
    attend(people, people.member, 8, 2)  # 112 in all, of which 110 are credited
    row = operations.order(people.member, new_id(), item.id, 20, NOW)
    assert row.entry_id is None
    assert operations.wallet_of(town, people.member.id, NOW).available == 90
    operations.donate(people.member, new_id(), purpose.id, 50, NOW)
    assert operations.wallet_of(town, people.member.id, NOW).bank.redeemable == 40
    assert queries.pots_of(town)[0].hours == 50
    operations.cancel(people.member, row.id, NOW)
    assert operations.wallet_of(town, people.member.id, NOW).available == 60
    assert balances(town) == {}
    other = operations.order(people.member, new_id(), item.id, 20, NOW)
    operations.collect(people.leader, scope_of(people.leader), operations.code_of(other), NOW)
    assert operations.wallet_of(town, people.member.id, NOW).available == 40


def test_points_buy_nothing_in_a_time_bank(people, member, item):
    make.make_policy(people.town.township, "redemption", {"mode": "time_bank"})
    refused("shop_not_on_offer", lambda: operations.order(member, new_id(), item.id, 100, NOW))
