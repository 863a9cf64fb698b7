"""The shop's desk: handing out by code, and what waits to be handed out."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.accounts.models import Person
from app.areas.models import Area
from app.db import db
from app.errors import Conflict, DomainError, NotFound, TooMany
from app.gate import allow, language, me, my_scope
from app.problems import sentence
from app.redemption import operations, queries
from app.redemption.models import CANCEL_REASONS, ORDER_STATES, ShopItem
from app.web.words import use_zone

pages = Blueprint("shop", __name__)
CLERKS = ("leader", "reviewer", "admin")
KEEPERS = ("reviewer", "admin")
CLOSED = [state for state in ORDER_STATES if state != "ordered"]
MOST_WAITING = 2000


@pages.get("/desk/points/shop")
@allow(*CLERKS)
def show() -> ResponseReturnValue:
    return page_of(township_asked(), code=request.args.get("code", "")[:40])


@pages.post("/desk/points/shop/collect")
@allow(*CLERKS)
def collect() -> ResponseReturnValue:
    """By the code that the member shows; a wrong one is counted, so that refusals are kept as well."""
    text = request.form.get("code", "")[:40]
    try:
        order = operations.collect(me(), my_scope(), text, clock.now())
    except (operations.WrongCode, TooMany) as refused:
        db.session.commit()
        return refusal(refused, text)
    except DomainError as refused:
        db.session.rollback()
        return refusal(refused, text)
    item = queries.item_of(order.township_id, order.item_id)
    member = db.session.get_one(Person, order.person_id)
    flash(_("shop.handed_out", item=name_of(item), name=member.name), "done")
    target = url_for("shop.show", township=code_of(order.township_id))
    db.session.commit()
    return redirect(target)


@pages.post("/desk/points/shop/orders/<uuid:order_id>/cancel")
@allow(*KEEPERS)
def cancel(order_id: UUID) -> ResponseReturnValue:
    township_id = queries.reach_order(my_scope(), order_id).township_id
    target = url_for("shop.show", township=code_of(township_id))
    try:
        reason = request.form.get("reason", "")
        operations.cancel_at_desk(me(), my_scope(), township_id, order_id, reason, clock.now())
        flash(_("shop.cancelled"), "done")
    except Conflict as late:
        db.session.rollback()
        flash(_(f"errors.{late.code}"), "wait")
    except DomainError as refused:
        db.session.rollback()
        return page_of(
            township_at(township_id), problem=sentence(f"errors.{refused.code}", refused.figures)
        ), 422
    db.session.commit()
    return redirect(target)


def refusal(refused: DomainError, text: str) -> ResponseReturnValue:
    words = sentence(f"errors.{refused.code}", refused.figures)
    response = make_response(page_of(township_asked(), code=text, code_problem=words), refused.status)
    if isinstance(refused, TooMany):
        response.headers["Retry-After"] = str(refused.retry_after_s)
    return response


def page_of(township: Area, *, code: str = "", code_problem: str = "", problem: str = "") -> str:
    """Who keeps the shop sees what waits; who only hands out needs the code and no list of names."""
    is_keeper = township.id in my_scope().township_ids
    waiting = queries.orders_of(township.id, states=["ordered"], limit=MOST_WAITING) if is_keeper else []
    closed = queries.orders_of(township.id, states=CLOSED, limit=50) if is_keeper else []
    return render_template(
        "desk/shop.html", township=township, townships=queries.desks_of(my_scope()), is_keeper=is_keeper, code=code,
        code_problem=code_problem, problem=problem, reasons=[one for one in CANCEL_REASONS if one != "by_member"],
        waiting=waiting, closed=closed, name_of=name_of, me_id=me().id,
    )  # fmt: skip


def township_asked() -> Area:
    """The township named in the address or the form, or the first whose shop the caller keeps or hands out at."""
    code = request.values.get("township")
    found = next((one for one in queries.desks_of(my_scope()) if code in (None, "", one.code)), None)
    if found is None:
        raise NotFound()
    use_zone(found.time_zone)
    return found


def township_kept() -> Area:
    found = township_asked()
    if found.id not in my_scope().township_ids:
        raise NotFound()
    return found


def township_at(township_id: int) -> Area:
    found = db.session.get_one(Area, township_id)
    use_zone(found.time_zone)
    return found


def code_of(township_id: int) -> str:
    return township_at(township_id).code


def name_of(thing: ShopItem | None) -> str:
    """In the reader's language. Purposes have names likewise."""
    return "" if thing is None else thing.name_en if language() == "en" else thing.name_zh
