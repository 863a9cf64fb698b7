"""The shop's shelf: goods with price, stock and quotas; purposes of donations; who changed what."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import DateField, DecimalField, IntegerField, StringField
from wtforms.validators import Optional

from app import clock
from app.areas.models import Area
from app.db import db
from app.errors import Conflict, DomainError
from app.gate import allow, me, my_scope
from app.problems import sentence
from app.redemption import goods, operations, queries, rules
from app.redemption.goods import NAME_LETTERS, Draft
from app.redemption.models import ShopItem
from app.web.forms import DeskForm, VersionedForm, needed
from app.web.planning import blame
from app.web.shop import KEEPERS, code_of, name_of, township_at, township_kept
from app.web.words import today

pages = Blueprint("shop_goods", __name__)


class ItemForm(VersionedForm):
    """`fen` is filled in in yuan."""

    name_zh = StringField(validators=[needed()])
    name_en = StringField(validators=[needed()])
    price = IntegerField(validators=[needed()])
    fen = DecimalField(validators=[needed()], places=2)
    month_quota = IntegerField(validators=[Optional()])
    total_quota = IntegerField(validators=[Optional()])
    first_on = DateField(validators=[needed()])
    last_on = DateField(validators=[Optional()])
    pieces = IntegerField(validators=[Optional()])

    def draft(self) -> Draft:
        return Draft(
            (self.name_zh.data or "").strip(), (self.name_en.data or "").strip(), self.price.data,
            fen_of(self.fen.data), self.month_quota.data, self.total_quota.data, self.first_on.data, self.last_on.data,
        )  # fmt: skip


class PiecesForm(DeskForm):
    pieces = IntegerField(validators=[needed()])


class PurposeForm(DeskForm):
    name_zh = StringField(validators=[needed()])
    name_en = StringField(validators=[needed()])


def fen_of(yuan: Decimal) -> int:
    """Whole fen; what no money is becomes a figure that is refused."""
    is_money = yuan.is_finite() and abs(yuan) < 10**9 and yuan * 100 == int(yuan * 100)
    return int(yuan * 100) if is_money else -1


@pages.get("/desk/points/shop/goods")
@allow(*KEEPERS)
def show() -> ResponseReturnValue:
    return page_of(township_kept(), new_form())


@pages.post("/desk/points/shop/goods")
@allow(*KEEPERS)
def add() -> ResponseReturnValue:
    township, form = township_kept(), ItemForm()
    if not form.validate():
        return page_of(township, form), 422
    try:
        goods.add(me(), my_scope(), township.id, form.draft(), form.pieces.data or 0, clock.now())
    except DomainError as refused:
        db.session.rollback()
        return page_of(township_at(township.id), form, problem=blame(form, refused)), refused.status
    return done("shop.item_added", township.id)


@pages.get("/desk/points/shop/goods/<int:goods_id>")
@allow(*KEEPERS)
def one(goods_id: int) -> ResponseReturnValue:
    item = queries.reach_item(my_scope(), goods_id)
    form = ItemForm(formdata=None, obj=item)
    form.fen.data = Decimal(item.fen) / 100
    return page_of(township_at(item.township_id), form, item=item)


@pages.post("/desk/points/shop/goods/<int:goods_id>")
@allow(*KEEPERS)
def change(goods_id: int) -> ResponseReturnValue:
    item, form = queries.reach_item(my_scope(), goods_id), ItemForm()
    township_id = item.township_id
    if not form.validate():
        return page_of(township_at(township_id), form, item=item), 422
    try:
        goods.change(me(), my_scope(), township_id, goods_id, form.seen_version(), form.draft(), clock.now())
    except DomainError as refused:
        problem = blame(form, refused)
        db.session.rollback()
        item = queries.reach_item(my_scope(), goods_id)
        form.version.data = str(item.version) if isinstance(refused, Conflict) else form.version.data
        return page_of(township_at(township_id), form, item=item, problem=problem), refused.status
    return done("shop.item_changed", township_id)


@pages.post("/desk/points/shop/goods/<int:goods_id>/supply")
@allow(*KEEPERS)
def supply(goods_id: int) -> ResponseReturnValue:
    township_id = queries.reach_item(my_scope(), goods_id).township_id
    form = PiecesForm()
    try:
        if not form.validate():
            raise DomainError("shop_pieces_needed")
        goods.supply(me(), my_scope(), township_id, goods_id, form.pieces.data, clock.now())
    except DomainError as refused:
        return refused_of(township_id, refused)
    return done("shop.item_supplied", township_id)


@pages.post("/desk/points/shop/purposes")
@allow(*KEEPERS)
def open_purpose() -> ResponseReturnValue:
    township, form = township_kept(), PurposeForm()
    names = [(form.name_zh.data or "").strip(), (form.name_en.data or "").strip()]
    if not all(0 < len(name) <= NAME_LETTERS for name in names):
        return refused_of(township.id, DomainError("shop_purpose_name", most=NAME_LETTERS))
    operations.open_purpose(me(), my_scope(), township.id, names, clock.now())
    return done("shop.purpose_opened", township.id)


@pages.post("/desk/points/shop/purposes/<int:purpose_id>/close")
@allow(*KEEPERS)
def close_purpose(purpose_id: int) -> ResponseReturnValue:
    township_id = queries.reach_purpose(my_scope(), purpose_id).township_id
    operations.close_purpose(me(), my_scope(), township_id, purpose_id, clock.now())
    return done("shop.purpose_closed", township_id)


def done(words: str, township_id: int) -> ResponseReturnValue:
    flash(_(words), "done")
    target = url_for("shop_goods.show", township=code_of(township_id))
    db.session.commit()
    return redirect(target)


def refused_of(township_id: int, refused: DomainError) -> ResponseReturnValue:
    db.session.rollback()
    words = sentence(
        "errors.shop_pieces_needed" if refused.fields else f"errors.{refused.code}", refused.figures
    )
    return page_of(township_at(township_id), new_form(), elsewhere=words), refused.status


def new_form() -> ItemForm:
    form = ItemForm(formdata=None)
    form.first_on.data = today()
    return form


def page_of(
    township: Area, form: ItemForm, *, item: ShopItem | None = None, problem: str = "", elsewhere: str = ""
) -> str:
    policy, _id = operations.policy_of(township.id, today())
    return render_template(
        "desk/shop_goods.html", township=township, townships=[t for t in queries.desks_of(my_scope()) if t.id in
        my_scope().township_ids], form=form, item=item, problem=problem, elsewhere=elsewhere, policy=policy,
        unit=item.unit if item else rules.unit_of(policy), items=queries.items_of(township.id), today=today(),
        pots=queries.pots_of(township.id), changes=changes_of(township.id), name_of=name_of,
        is_on=operations.is_in_its_days, least_price=lambda one: rules.least_price(one.fen, one.unit, policy),
    )  # fmt: skip


def changes_of(township_id: int) -> list[dict[str, Any]]:
    """Who changed what, as sentences are made of it."""
    return [
        {
            "at": one.at,
            "who": one.who,
            "action": one.action,
            "name": said_name(one.detail),
            "what": said_of(one.detail),
        }
        for one in queries.changes_of(township_id, ["shop_item", "donation_purpose"])
    ]


def said_name(detail: dict[str, Any]) -> str:
    return str((detail.get("after") or detail.get("before") or {}).get("name_zh") or detail.get("name") or "")


def said_of(detail: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """(field, before, after) of what differs; pieces that came in or went out."""
    before, after = detail.get("before"), detail.get("after") or {}
    found = [(name, (before or {}).get(name), value) for name, value in after.items() if before is not None]
    return [one for one in found if one[1] != one[2]] + (
        [("pieces", None, detail["pieces"])] if detail.get("pieces") else []
    )
