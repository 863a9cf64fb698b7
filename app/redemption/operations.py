"""What members do with their points or hours: order, call off, give; and what ends by itself. Each under the person's
lock, each moved in the ledger, each the same when it is sent twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as pg_insert

from app.accounts import queries as tries
from app.accounts.models import Person
from app.accounts.operations import record_audit, refuse_if_too_many
from app.accounts.secrets import mac
from app.areas.policies import place_of, policies_in_force
from app.clock import local_day
from app.db import db
from app.errors import Conflict, DomainError, NotFound
from app.incentives import ledger, statements
from app.incentives import queries as journal
from app.incentives.models import PointEntry
from app.redemption import queries, rules
from app.redemption.models import CANCEL_REASONS, Donation, DonationPurpose, ShopItem, ShopOrder
from app.redemption.rules import Left, Policy, TimeBank
from app.teams.scope import Scope

REDEEMED, DONATED, EXPIRED = "redeemed", "donated", "expired"
WRONG_CODES, WRONG_CODES_S = 10, 600
MOST_GIVEN = 100_000


def ordered(person_id: int) -> str:
    return f"person:{person_id}:ordered"


class WrongCode(DomainError):
    """Nobody's code. The edge commits before it answers, so that the try counts."""


@dataclass(frozen=True)
class Wallet:
    """What a member has: half points, or hours in a time bank; `available` is in whole units and may be spent now."""

    policy: Policy
    policy_id: int | None
    today: date
    unit: str
    available: int
    held_half: int
    redeemable_half: int
    left: tuple[Left, ...]
    bank: TimeBank
    minutes: int


def home_of(person: Person) -> int:
    if person.home_township_id is None:
        raise NotFound()
    return person.home_township_id


def policy_of(township_id: int, day: date) -> tuple[Policy, int | None]:
    in_force = policies_in_force(township_id, day)
    return rules.policy_from(in_force.body("redemption")), in_force.ids.get("redemption")


def wallet_of(township_id: int, person_id: int, now: datetime) -> Wallet:
    today = local_day(now, place_of(township_id).zone)
    policy, policy_id = policy_of(township_id, today)
    lots, gone = queries.lots_of(township_id, person_id), queries.gone_half(township_id, person_id)
    account = ledger.approved(person_id)
    held = statements.balances(township_id, person_id=person_id, account=account).get(account, 0)
    half = rules.redeemable_half(lots, gone, held)
    minutes = queries.verified_minutes_until(township_id, person_id, today)
    bank = rules.time_bank(minutes, queries.spent_hours(township_id, person_id), policy)
    unit = rules.unit_of(policy)
    return Wallet(
        policy, policy_id, today, unit, half // 2 if unit == "points" else bank.redeemable, held, half,
        rules.left_of(lots, gone, policy), bank, minutes,
    )  # fmt: skip


# --- orders ---------------------------------------------------------------------------------------


def code_of(order: ShopOrder) -> str:
    """The one-time code of an order: made again from its id whenever its member looks, and kept nowhere."""
    chance = mac("shop.order", f"{order.township_id}:{order.id}".encode())
    return rules.with_check(rules.signs_from(chance, rules.COLLECTION_SIGNS))


def mac_of(code: str) -> bytes:
    return mac("shop.code", code.encode())


def order(person: Person, order_id: UUID, item_id: int, price: int, now: datetime) -> ShopOrder:
    """One piece for `price`, as it was shown. The same id again answers the same order."""
    township_id = home_of(person)
    journal.lock_journal(township_id, person.id)
    queries.lock_id(township_id, order_id)
    known = queries.order_of(township_id, order_id)
    if known is not None:
        if (known.person_id, known.item_id) != (person.id, item_id):
            raise Conflict("shop_id_taken")
        return known
    wallet = wallet_of(township_id, person.id, now)
    item = queries.item_of(township_id, item_id)
    if item is None:
        raise NotFound()
    _refuse(item, person.id, price, wallet)
    if not queries.take_piece(item, wallet.today):
        raise Conflict("shop_sold_out")
    return _place(person, order_id, item, wallet, now)


def _refuse(item: ShopItem, person_id: int, price: int, wallet: Wallet) -> None:
    if not is_on_offer(item, wallet):
        raise Conflict("shop_not_on_offer")
    if item.price != price:
        raise Conflict("shop_price_changed", price=item.price)
    if item.month_quota and pieces_this_month(item, person_id, wallet.today) >= item.month_quota:
        raise Conflict("shop_month_quota", n=item.month_quota)
    _refuse_too_much(price, wallet)


def is_on_offer(item: ShopItem, wallet: Wallet) -> bool:
    """In its days, for what the member has, and not cheaper than points are worth since their price has changed."""
    return (
        item.unit == wallet.unit
        and is_in_its_days(item, wallet.today)
        and item.price >= rules.least_price(item.fen, item.unit, wallet.policy)
    )


def is_in_its_days(item: ShopItem, today: date) -> bool:
    return item.first_on <= today and (item.last_on is None or today <= item.last_on)


def _refuse_too_much(amount: int, wallet: Wallet) -> None:
    if wallet.available < amount:
        code = "shop_points_not_enough" if wallet.unit == "points" else "shop_hours_not_enough"
        raise Conflict(code, available=wallet.available)


def pieces_this_month(item: ShopItem, person_id: int, today: date) -> int:
    return queries.pieces_by_item(item.township_id, person_id, *month_around(today)).get(item.id, 0)


def month_around(today: date) -> tuple[date, date]:
    first = today.replace(day=1)
    return first, rules.months_after(first, 1) - timedelta(days=1)


def _place(person: Person, order_id: UUID, item: ShopItem, wallet: Wallet, now: datetime) -> ShopOrder:
    entry_id = None
    if item.unit == "points":
        entry_id = ledger.post(
            ledger.Transfer(
                item.township_id, person.id, "redemption", f"order:{order_id}", 1, rules.half_of(item.price),
                ledger.approved(person.id), ordered(person.id), wallet.today, wallet.policy_id,
                {"item": item.id, "points": item.price},
            ),
            now,
        )  # fmt: skip
    row = ShopOrder(
        township_id=item.township_id, id=order_id, item_id=item.id, person_id=person.id, unit=item.unit,
        price=item.price, day=wallet.today, entry_id=entry_id, ordered_at=now,
        collect_by=now + timedelta(days=wallet.policy.collect_days), state="ordered",
    )  # fmt: skip
    row.code_mac = mac_of(code_of(row))
    values = {
        c.name: getattr(row, c.name) for c in ShopOrder.__table__.columns if getattr(row, c.name) is not None
    }
    made = db.session.execute(
        pg_insert(ShopOrder).values(values).on_conflict_do_nothing().returning(ShopOrder.id)
    )
    if made.scalar_one_or_none() is None:
        raise Conflict("shop_id_taken")
    found = queries.order_of(item.township_id, order_id)
    assert found is not None
    return found


def cancel(person: Person, order_id: UUID, now: datetime) -> ShopOrder:
    """By the member; again changes nothing."""
    township_id = home_of(person)
    row = queries.order_of(township_id, order_id)
    if row is None or row.person_id != person.id:
        raise NotFound()
    row = _open_order(row)
    if row.state == "ordered":
        row.state, row.cancelled_by, row.reason = "cancelled", person.id, "by_member"
        _give_back(row, now)
    elif row.state == "collected":
        raise Conflict("shop_collected")
    return row


def cancel_at_desk(
    clerk: Person, scope: Scope, township_id: int, order_id: UUID, reason: str, now: datetime
) -> None:
    """Raises shop_order_closed where it is no longer open."""
    row = queries.order_of(township_id, order_id) if township_id in scope.township_ids else None
    if row is None:
        raise NotFound()
    if reason not in CANCEL_REASONS:
        raise DomainError("shop_reason_needed")
    row = _open_order(row)
    if row.state != "ordered":
        raise Conflict("shop_order_closed")
    row.state, row.cancelled_by, row.reason = "cancelled", clerk.id, reason
    _give_back(row, now)
    record_audit(township_id, clerk.id, "shop.order_cancelled", "shop_order", order_id, now, reason=reason)


def lapse(township_id: int, order_id: UUID, now: datetime) -> bool:
    """Nobody came for it; again changes nothing."""
    row = queries.order_of(township_id, order_id)
    if row is None:
        return False
    row = _open_order(row)
    if row.state != "ordered" or row.collect_by > now:
        return False
    row.state = "lapsed"
    _give_back(row, now)
    return True


def _open_order(row: ShopOrder) -> ShopOrder:
    """The row as it is now, under its person's lock and its own."""
    journal.lock_journal(row.township_id, row.person_id)
    found = queries.order_of(row.township_id, row.id, to_close=True)
    assert found is not None
    return found


def _give_back(row: ShopOrder, now: datetime) -> None:
    row.closed_at = now
    if row.entry_id is not None:
        entry = db.session.get_one(PointEntry, (row.township_id, row.entry_id))
        ledger.reverse(entry, 2, "facts_changed", entry.policy_version_id, now)
    queries.return_piece(row.township_id, row.item_id)
    db.session.flush()


def collect(clerk: Person, scope: Scope, text: str, now: datetime) -> ShopOrder:
    """At the desk, by the code that the member shows. Raises WrongCode (counted), TooMany, shop_own_order."""
    code = rules.read_code(text)
    if len(code) != rules.COLLECTION_SIGNS + 1 or not rules.is_sound(code):
        raise DomainError("shop_code_mistyped")
    key = f"shop:collect:{clerk.id}"
    refuse_if_too_many(key, WRONG_CODES_S, WRONG_CODES, "shop_too_many_codes", now)
    row = queries.order_by_code([one.id for one in queries.desks_of(scope)], mac_of(code))
    if row is None:
        tries.add_try(key, now)
        raise WrongCode("shop_code_wrong")
    if row.person_id == clerk.id:
        raise DomainError("shop_own_order")
    return _hand_out(clerk, _open_order(row), now)


def _hand_out(clerk: Person, row: ShopOrder, now: datetime) -> ShopOrder:
    if row.state != "ordered":
        raise Conflict("shop_order_closed")
    row.state, row.collected_by, row.closed_at = "collected", clerk.id, now
    if row.entry_id is not None:
        day = local_day(now, place_of(row.township_id).zone)
        ledger.post(
            ledger.Transfer(
                row.township_id, row.person_id, "collection", f"order:{row.id}", 1, rules.half_of(row.price),
                ordered(row.person_id), REDEEMED, day,
            ),
            now,
        )  # fmt: skip
    db.session.flush()
    record_audit(row.township_id, clerk.id, "shop.order_collected", "shop_order", row.id, now)
    return row


# --- donations ------------------------------------------------------------------------------------


def donate(person: Person, donation_id: UUID, purpose_id: int, amount: int, now: datetime) -> Donation:
    """For good: nothing of it comes back. The same id again answers the same donation."""
    township_id = home_of(person)
    journal.lock_journal(township_id, person.id)
    queries.lock_id(township_id, donation_id)
    known = db.session.get(Donation, (township_id, donation_id))
    if known is not None:
        if (known.person_id, known.purpose_id, known.amount) != (person.id, purpose_id, amount):
            raise Conflict("shop_id_taken")
        return known
    wallet = wallet_of(township_id, person.id, now)
    purpose = db.session.get(DonationPurpose, (township_id, purpose_id))
    if purpose is None:
        raise NotFound()
    if purpose.closed_at is not None:
        raise Conflict("shop_purpose_closed")
    if not 0 < amount <= MOST_GIVEN:
        raise DomainError("shop_amount")
    _refuse_too_much(amount, wallet)
    return _give(person, donation_id, purpose, amount, wallet, now)


def _give(
    person: Person, donation_id: UUID, purpose: DonationPurpose, amount: int, wallet: Wallet, now: datetime
) -> Donation:
    entry_id = None
    if wallet.unit == "points":
        entry_id = ledger.post(
            ledger.Transfer(
                purpose.township_id, person.id, "donation", f"donation:{donation_id}", 1, rules.half_of(amount),
                ledger.approved(person.id), DONATED, wallet.today, wallet.policy_id, {"purpose": purpose.id},
            ),
            now,
        )  # fmt: skip
    row = Donation(
        township_id=purpose.township_id, id=donation_id, purpose_id=purpose.id, person_id=person.id,
        unit=wallet.unit, amount=amount, entry_id=entry_id, given_at=now,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


# --- expiry ---------------------------------------------------------------------------------------


def may_expire(now: datetime) -> list[tuple[int, int]]:
    """(township, person) whose points may have come to their end."""
    found: list[tuple[int, int]] = []
    for township_id, zone in queries.townships():
        today = local_day(now, zone)
        policy, _ = policy_of(township_id, today)
        oldest = rules.months_after(today.replace(day=1), -policy.expiry_months)
        found += [(township_id, one) for one in queries.people_with_points_before(township_id, oldest)]
    return found


def expire(township_id: int, person_id: int, now: datetime) -> int:
    """Post what has come to its end, by month of the work; answers the half points. Again posts nothing. In a time
    bank, where points cannot be spent, they do not end either."""
    journal.lock_journal(township_id, person_id)
    wallet = wallet_of(township_id, person_id, now)
    if wallet.unit != "points":
        return 0
    gone = rules.expired(wallet.left, wallet.today)
    for one in gone:
        _post_expiry(township_id, person_id, one, wallet, now)
    return sum(one.half for one in gone)


def _post_expiry(township_id: int, person_id: int, one: Left, wallet: Wallet, now: datetime) -> None:
    cause = f"month:{one.month:%Y-%m}:person:{person_id}"
    n = journal.last_n(township_id, [cause]).get(("expiry", cause), 0) + 1
    ledger.post(
        ledger.Transfer(
            township_id, person_id, "expiry", cause, n, one.half, ledger.approved(person_id), EXPIRED, wallet.today,
            wallet.policy_id, {"month": f"{one.month:%Y-%m}"},
        ),
        now,
    )  # fmt: skip


# --- purposes -------------------------------------------------------------------------------------


def open_purpose(clerk: Person, scope: Scope, township_id: int, names: Sequence[str], now: datetime) -> None:
    if township_id not in scope.township_ids:
        raise NotFound()
    name_zh, name_en = names
    row = {
        "township_id": township_id,
        "name_zh": name_zh,
        "name_en": name_en,
        "made_by": clerk.id,
        "made_at": now,
    }
    purpose_id = db.session.execute(
        insert(DonationPurpose).values(row).returning(DonationPurpose.id)
    ).scalar_one()
    record_audit(
        township_id, clerk.id, "shop.purpose_opened", "donation_purpose", purpose_id, now, name=name_zh, name_en=name_en
    )  # fmt: skip


def close_purpose(clerk: Person, scope: Scope, township_id: int, purpose_id: int, now: datetime) -> None:
    """Again changes nothing."""
    row = (
        db.session.get(DonationPurpose, (township_id, purpose_id))
        if township_id in scope.township_ids
        else None
    )
    if row is None:
        raise NotFound()
    if row.closed_at is None:
        row.closed_at = now
        db.session.flush()
        record_audit(
            township_id,
            clerk.id,
            "shop.purpose_closed",
            "donation_purpose",
            purpose_id,
            now,
            name=row.name_zh,
        )
