"""Redemption: goods, orders, donations and certificates of a township. Points move in the ledger and nowhere else;
these rows say what for. Goods, never cash, never anything that can be turned into cash."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.db import db

UNITS = ("points", "hours")
ORDER_STATES = ("ordered", "collected", "cancelled", "lapsed")
# Why the desk calls an order off; a member needs no reason.
CANCEL_REASONS = ("by_member", "goods_missing", "goods_damaged", "wrong_item")
CERTIFICATE_STATES = ("asked", "issued", "refused", "withdrawn")
REFUSALS = ("wrong_period", "no_service", "not_needed")
WITHDRAWALS = ("wrong_hours", "wrong_name", "wrong_period", "by_member")
LANGUAGES = ("zh", "en")


class ShopItem(db.Model):
    """A kind of goods. `price` is in points, or in hours in a time bank. `supplied` - `stock` pieces are ordered or
    taken away; of them there are never more than `total_quota`. `month_quota`: pieces for one member in a month."""

    __tablename__ = "shop_items"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    unit: Mapped[str]
    price: Mapped[int]
    fen: Mapped[int]
    supplied: Mapped[int]
    stock: Mapped[int]
    month_quota: Mapped[int | None]
    total_quota: Mapped[int | None]
    first_on: Mapped[date]
    last_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(server_default="1")
    __table_args__ = (
        CheckConstraint(f"unit IN {UNITS!r}", name="unit"),
        CheckConstraint("price > 0 AND fen >= 0", name="price"),
        CheckConstraint("stock BETWEEN 0 AND supplied", name="stock"),
        CheckConstraint("month_quota > 0 AND total_quota > 0", name="quota"),
        CheckConstraint("last_on >= first_on", name="days"),
    )


class ShopOrder(db.Model):
    """One piece of an item for one member, under an id of the phone's making: sent twice it is one order. The code is
    not here: it follows from the id under the server's key, and only its fingerprint is kept."""

    __tablename__ = "shop_orders"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    unit: Mapped[str]
    price: Mapped[int]
    day: Mapped[date]
    state: Mapped[str] = mapped_column(server_default="ordered")
    code_mac: Mapped[bytes] = mapped_column(LargeBinary)
    entry_id: Mapped[int | None]
    ordered_at: Mapped[datetime]
    collect_by: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    collected_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    cancelled_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "item_id"], ["shop_items.township_id", "shop_items.id"], name="fk_shop_orders_item"
        ),
        ForeignKeyConstraint(
            ["township_id", "entry_id"], ["point_entries.township_id", "point_entries.id"], name="fk_shop_orders_entry"
        ),
        CheckConstraint(f"unit IN {UNITS!r}", name="unit"),
        CheckConstraint(f"state IN {ORDER_STATES!r}", name="state"),
        CheckConstraint(f"reason IN {CANCEL_REASONS!r}", name="reason"),
        CheckConstraint("price > 0 AND collect_by > ordered_at", name="price"),
        CheckConstraint("(unit = 'points') = (entry_id IS NOT NULL)", name="entry"),
        CheckConstraint("(state = 'ordered') = (closed_at IS NULL)", name="closed"),
        CheckConstraint("(state = 'collected') = (collected_by IS NOT NULL)", name="collected"),
        CheckConstraint("(state = 'cancelled') = (cancelled_by IS NOT NULL AND reason IS NOT NULL)", name="cancelled"),
        # Four eyes: nobody hands goods to themselves.
        CheckConstraint("collected_by <> person_id", name="four_eyes"),
        Index("ix_shop_orders_person", "township_id", "person_id", "day"),
        Index("ix_shop_orders_open", "township_id", "collect_by", postgresql_where=sql("state = 'ordered'")),
        Index(
            "uq_shop_orders_code", "township_id", "code_mac", unique=True, postgresql_where=sql("state = 'ordered'")
        ),
    )  # fmt: skip


class DonationPurpose(db.Model):
    """What points may be given for. Once closed it takes no more; what was given stays."""

    __tablename__ = "donation_purposes"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    made_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Donation(db.Model):
    """Given once and for all; the id is of the phone's making."""

    __tablename__ = "donations"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    unit: Mapped[str]
    amount: Mapped[int]
    entry_id: Mapped[int | None]
    given_at: Mapped[datetime]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "purpose_id"], ["donation_purposes.township_id", "donation_purposes.id"],
            name="fk_donations_purpose",
        ),
        ForeignKeyConstraint(
            ["township_id", "entry_id"], ["point_entries.township_id", "point_entries.id"], name="fk_donations_entry"
        ),
        CheckConstraint(f"unit IN {UNITS!r}", name="unit"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(unit = 'points') = (entry_id IS NOT NULL)", name="entry"),
        Index("ix_donations_person", "township_id", "person_id"),
    )  # fmt: skip


class Certificate(db.Model):
    """A volunteer service certificate. Asked for by the member or at the desk; issued by somebody else, with what stood
    then: `minutes` of `duties`, `lines` by team. `code` opens the public page that says whether it stands."""

    __tablename__ = "certificates"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    first_on: Mapped[date]
    last_on: Mapped[date]
    language: Mapped[str]
    with_stars: Mapped[bool]
    asked_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="asked")
    year: Mapped[int | None]
    number: Mapped[int | None]
    code: Mapped[str | None]
    minutes: Mapped[int | None]
    duties: Mapped[int | None]
    lines: Mapped[list[Any] | None]
    stars: Mapped[int | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    withdrawn_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    pdf: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    __table_args__ = (
        UniqueConstraint("township_id", "year", "number", name="uq_certificates_number"),
        UniqueConstraint("township_id", "code", name="uq_certificates_code"),
        Index("ix_certificates_code", "code"),
        # One that is waited for is not asked for again.
        Index(
            "uq_certificates_asked", "township_id", "person_id", unique=True, postgresql_where=sql("state = 'asked'")
        ),
        CheckConstraint(f"state IN {CERTIFICATE_STATES!r}", name="state"),
        CheckConstraint(f"language IN {LANGUAGES!r}", name="language"),
        CheckConstraint(f"reason IN {tuple(dict.fromkeys((*REFUSALS, *WITHDRAWALS)))!r}", name="reason"),
        CheckConstraint("last_on >= first_on", name="days"),
        CheckConstraint("(state = 'asked') = (decided_by IS NULL AND decided_at IS NULL)", name="decided"),
        CheckConstraint(
            "(state IN ('issued', 'withdrawn')) = (code IS NOT NULL AND number IS NOT NULL AND year IS NOT NULL "
            "AND minutes IS NOT NULL AND duties IS NOT NULL AND lines IS NOT NULL)",
            name="issued",
        ),
        CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_by IS NOT NULL AND withdrawn_at IS NOT NULL)", name="withdrawn"
        ),
        CheckConstraint("(state IN ('refused', 'withdrawn')) = (reason IS NOT NULL)", name="reasoned"),
        # Four eyes: nobody certifies their own service.
        CheckConstraint("decided_by <> person_id AND withdrawn_by <> person_id", name="four_eyes"),
    )  # fmt: skip
