"""The goods of a shop, kept by reviewers and admins. Every change is one line of the audit, with what was before."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, update

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas.policies import place_of
from app.clock import local_day
from app.db import db
from app.errors import Conflict, DomainError, FieldError, NotFound
from app.redemption import queries, rules
from app.redemption.models import ShopItem
from app.redemption.operations import policy_of
from app.teams.scope import Scope

NAME_LETTERS = 40
MOST_PRICE, MOST_FEN, MOST_PIECES = 100_000, 1_000_000, 100_000


@dataclass(frozen=True)
class Draft:
    """What somebody fills in. `fen`: what the township pays for a piece."""

    name_zh: str
    name_en: str
    price: int
    fen: int
    month_quota: int | None
    total_quota: int | None
    first_on: date
    last_on: date | None


def add(clerk: Person, scope: Scope, township_id: int, draft: Draft, pieces: int, now: datetime) -> ShopItem:
    """Raises `invalid` with a FieldError for each thing that is wrong."""
    policy = _policy(scope, township_id, now)
    unit = rules.unit_of(policy)
    faults = faults_of(draft, unit, policy) + _piece_faults(pieces, least=0)
    if faults:
        raise DomainError("invalid", faults)
    values = {**asdict(draft), "township_id": township_id, "unit": unit, "stock": pieces, "supplied": pieces}
    item_id = db.session.execute(insert(ShopItem).values(values).returning(ShopItem.id)).scalar_one()
    _audit("shop.item_added", clerk, township_id, item_id, now, after=_plain(draft), pieces=pieces)
    item = queries.item_of(township_id, item_id)
    assert item is not None
    return item


def change(
    clerk: Person, scope: Scope, township_id: int, item_id: int, version: int, draft: Draft, now: datetime
) -> None:
    """Raises shop_item_changed where somebody else was first. Orders keep the price that they were made at."""
    policy = _policy(scope, township_id, now)
    item = queries.item_of(township_id, item_id)
    if item is None:
        raise NotFound()
    faults = faults_of(draft, item.unit, policy)
    if faults:
        raise DomainError("invalid", faults)
    before = {name: getattr(item, name) for name in asdict(draft)}
    changed = (
        update(ShopItem)
        .where(ShopItem.township_id == township_id, ShopItem.id == item_id, ShopItem.version == version)
        .values(**asdict(draft), version=version + 1)
        .returning(ShopItem.id)
        .execution_options(synchronize_session=False)
    )
    if db.session.execute(changed).scalar_one_or_none() is None:
        raise Conflict("shop_item_changed")
    _audit(
        "shop.item_changed",
        clerk,
        township_id,
        item_id,
        now,
        before=_plain(Draft(**before)),
        after=_plain(draft),
    )


def supply(clerk: Person, scope: Scope, township_id: int, item_id: int, pieces: int, now: datetime) -> None:
    """Pieces that came in, or below nothing such as are broken or missing."""
    _policy(scope, township_id, now)
    item = queries.item_of(township_id, item_id)
    if item is None:
        raise NotFound()
    faults = _piece_faults(pieces, least=-MOST_PIECES)
    if pieces == 0 or faults:
        raise DomainError("invalid", faults or [FieldError("/pieces", "field_needed")])
    if not queries.supply(township_id, item_id, pieces):
        raise Conflict("shop_too_few_pieces")
    _audit("shop.item_supplied", clerk, township_id, item_id, now, name=item.name_zh, pieces=pieces)


def faults_of(draft: Draft, unit: str, policy: rules.Policy) -> list[FieldError]:
    faults = [
        FieldError(f"/{name}", "field_needed" if not value else "too_long")
        for name, value in (("name_zh", draft.name_zh), ("name_en", draft.name_en))
        if not 0 < len(value) <= NAME_LETTERS
    ]
    for name, value, least, most in (
        ("price", draft.price, 1, MOST_PRICE),
        ("month_quota", draft.month_quota, 1, MOST_PIECES), ("total_quota", draft.total_quota, 1, MOST_PIECES),
    ):  # fmt: skip
        if value is not None and not least <= value <= most:
            faults.append(FieldError(f"/{name}", "number_out_of_range", {"least": least, "most": most}))
    if not 0 <= draft.fen <= MOST_FEN:
        faults.append(FieldError("/fen", "shop_fen_range", {"most": MOST_FEN // 100}))
    least_price = rules.least_price(draft.fen, unit, policy)
    if not faults and draft.price < least_price:
        faults.append(FieldError("/price", "shop_price_low", {"least": least_price}))
    if draft.last_on is not None and draft.last_on < draft.first_on:
        faults.append(FieldError("/last_on", "shop_period_turned"))
    return faults


def _piece_faults(pieces: int, *, least: int) -> list[FieldError]:
    if least <= pieces <= MOST_PIECES:
        return []
    return [FieldError("/pieces", "number_out_of_range", {"least": least, "most": MOST_PIECES})]


def _policy(scope: Scope, township_id: int, now: datetime) -> rules.Policy:
    if township_id not in scope.township_ids:
        raise NotFound()
    return policy_of(township_id, local_day(now, place_of(township_id).zone))[0]


def _plain(draft: Draft) -> dict[str, Any]:
    return {
        key: value.isoformat() if isinstance(value, date) else value for key, value in asdict(draft).items()
    }


def _audit(action: str, clerk: Person, township_id: int, item_id: int, now: datetime, **detail: Any) -> None:
    record_audit(township_id, clerk.id, action, "shop_item", item_id, now, **detail)
