"""What I may do with my points or hours: goods, orders, donations; my service certificates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from app import clock
from app.accounts.operations import count_or_refuse
from app.clock import rfc3339
from app.db import db
from app.errors import NotFound
from app.gate import LANGUAGES, allow, me
from app.redemption import certificates, operations, queries, rules
from app.redemption.models import Certificate, DonationPurpose, ShopItem, ShopOrder

bp = Blueprint(
    "shop_api", __name__, url_prefix="/api/v1/me", description="My points, spent and given; my certificates"
)
MOST = 2**31
CERTIFICATES_A_DAY = 10


class ItemOut(Schema):
    """`left`: none, few (fewer than five) or some. `mine`: my pieces of this month, of `quota` (null: any)."""

    id = fields.Integer(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    price = fields.Integer(required=True)
    left = fields.String(required=True, validate=validate.OneOf(["none", "few", "some"]))
    quota = fields.Integer(required=True, allow_none=True)
    mine = fields.Integer(required=True)


class OrderOut(Schema):
    """`code` is shown at the desk, as long as the order waits."""

    id = fields.UUID(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(["points", "hours"]))
    price = fields.Integer(required=True)
    state = fields.String(
        required=True, validate=validate.OneOf(["ordered", "collected", "cancelled", "lapsed"])
    )
    code = fields.String(required=True, allow_none=True)
    ordered_at = fields.AwareDateTime(required=True)
    collect_by = fields.AwareDateTime(required=True)
    reason = fields.String(required=True, allow_none=True)


class PurposeOut(Schema):
    id = fields.Integer(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)


class DonationOut(PurposeOut):
    id = fields.UUID(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(["points", "hours"]))
    amount = fields.Integer(required=True)
    given_at = fields.AwareDateTime(required=True)


class EndingOut(Schema):
    """Points for work of a month that are gone from a day on."""

    month = fields.String(required=True)
    points = fields.Float(required=True)
    ends_on = fields.Date(required=True)


class VerifiedHoursOut(Schema):
    """Verified hours; those of a time bank in its township only: from how many on it gives, and up to how many."""

    minutes = fields.Integer(required=True)
    stars = fields.Integer(required=True)
    spent = fields.Integer(required=True)
    from_h = fields.Integer(required=True)
    cap_h = fields.Integer(required=True)


class CertificateOut(Schema):
    id = fields.Integer(required=True)
    first_on = fields.Date(required=True)
    last_on = fields.Date(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["asked", "issued", "refused", "withdrawn"]))
    minutes = fields.Integer(required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True)
    printed = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True)


class ShopOut(Schema):
    """`available` may be spent now, in whole `unit`s; `held` is all that is approved, frozen or not."""

    unit = fields.String(required=True, validate=validate.OneOf(["points", "hours"]))
    available = fields.Integer(required=True)
    held = fields.Float(required=True)
    day = fields.Date(required=True)
    items = fields.List(fields.Nested(ItemOut), required=True)
    orders = fields.List(fields.Nested(OrderOut), required=True)
    purposes = fields.List(fields.Nested(PurposeOut), required=True)
    donations = fields.List(fields.Nested(DonationOut), required=True)
    ending = fields.List(fields.Nested(EndingOut), required=True)
    hours = fields.Nested(VerifiedHoursOut, required=True)
    certificates = fields.List(fields.Nested(CertificateOut), required=True)


class OrderIn(Schema):
    """`price` as it was shown: another one is answered 409."""

    item_id = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST))
    price = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST))


class DonationIn(Schema):
    purpose_id = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST))
    amount = fields.Integer(required=True, strict=True, validate=validate.Range(1, operations.MOST_GIVEN))


class CertificateIn(Schema):
    first_on = fields.Date(required=True)
    last_on = fields.Date(required=True)
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    stars = fields.Boolean(required=True)


@bp.get("/shop")
@bp.response(200, ShopOut)
@allow()
def show() -> Any:
    """What I have, what there is for it, my orders with their codes, what I gave, what ends soon, my certificates."""
    return jsonify(shop_doc())


@bp.put("/orders/<uuid:order_id>")
@allow()
@bp.arguments(OrderIn)
@bp.response(200, OrderOut)
def order(body: dict[str, Any], order_id: UUID) -> Any:
    """One piece. The id is the caller's: sent again it is the same order."""
    row = operations.order(me(), order_id, body["item_id"], body["price"], clock.now())
    item = queries.item_of(row.township_id, row.item_id)
    assert item is not None
    doc = order_doc(row, item)
    db.session.commit()
    return jsonify(doc)


@bp.delete("/orders/<uuid:order_id>")
@bp.response(204)
@allow()
def cancel(order_id: UUID) -> Any:
    """Call an order off that waits; what it cost comes back."""
    operations.cancel(me(), order_id, clock.now())
    db.session.commit()
    return Response(status=204)


@bp.put("/donations/<uuid:donation_id>")
@allow()
@bp.arguments(DonationIn)
@bp.response(204)
def donate(body: dict[str, Any], donation_id: UUID) -> Any:
    """Give for a purpose of the township; it cannot be taken back. Sent again it is the same donation."""
    operations.donate(me(), donation_id, body["purpose_id"], body["amount"], clock.now())
    db.session.commit()
    return Response(status=204)


@bp.post("/certificates")
@allow()
@bp.arguments(CertificateIn)
@bp.response(200, CertificateOut)
def ask(body: dict[str, Any]) -> Any:
    """Ask for a service certificate; while one is waited for, that one is answered."""
    now = clock.now()
    count_or_refuse(f"certificates:{me().id}", 86400, CERTIFICATES_A_DAY, "shop_too_many_asked", now)
    asked = certificates.Asked(body["first_on"], body["last_on"], body["language"], body["stars"])
    doc = certificate_doc(certificates.ask(me(), asked, now), is_printed=False)
    db.session.commit()
    return jsonify(doc)


@bp.get("/certificates/<int:certificate_id>.pdf")
@bp.response(200, {"format": "binary"}, content_type="application/pdf")
@allow()
def paper(certificate_id: int) -> Any:
    """My certificate on paper, once it is printed."""
    row = queries.certificate_at(operations.home_of(me()), certificate_id) if certificate_id < MOST else None
    if row is None or row.person_id != me().id or row.pdf is None:
        raise NotFound()
    response = Response(bytes(row.pdf), content_type="application/pdf")
    response.headers["Content-Disposition"] = f"attachment; filename=certificate-{row.year}-{row.number}.pdf"
    return response


# --- documents ------------------------------------------------------------------------------------


def shop_doc() -> dict[str, Any]:
    person = me()
    township_id = operations.home_of(person)
    wallet = operations.wallet_of(township_id, person.id, clock.now())
    mine = queries.pieces_by_item(township_id, person.id, *operations.month_around(wallet.today))
    return {
        "unit": wallet.unit, "available": wallet.available, "held": wallet.held_half / 2,
        "day": wallet.today.isoformat(),
        "items": [
            item_doc(item, mine.get(item.id, 0))
            for item in queries.items_of(township_id) if operations.is_on_offer(item, wallet)
        ],
        "orders": [
            order_doc(line.order, line.item) for line in queries.orders_of(township_id, person_id=person.id, limit=50)
        ],
        "purposes": [
            purpose_doc(pot.purpose) for pot in queries.pots_of(township_id) if pot.purpose.closed_at is None
        ],
        "donations": [
            {
                **purpose_doc(purpose), "id": str(one.id), "unit": one.unit, "amount": one.amount,
                "given_at": rfc3339(one.given_at),
            }
            for one, purpose in queries.donations_of(township_id, person.id)
        ],
        "ending": [
            {"month": f"{one.month:%Y-%m}", "points": one.half / 2, "ends_on": one.ends_on.isoformat()}
            for one in rules.ending_soon(wallet.left, wallet.today, wallet.policy) if wallet.unit == "points"
        ],
        "hours": {
            "minutes": wallet.minutes, "stars": rules.stars(wallet.minutes), "spent": wallet.bank.spent,
            "from_h": wallet.policy.time_bank_from_h, "cap_h": wallet.policy.time_bank_cap_h,
        },
        "certificates": [
            certificate_doc(line.certificate, is_printed=line.is_printed)
            for line in queries.certificates_of(township_id, person_id=person.id)
        ],
    }  # fmt: skip


def item_doc(item: ShopItem, mine: int) -> dict[str, Any]:
    room = item.stock
    if item.total_quota is not None:
        room = min(room, item.total_quota - (item.supplied - item.stock))
    return {
        "id": item.id, "name_zh": item.name_zh, "name_en": item.name_en, "price": item.price,
        "left": "none" if room <= 0 else "few" if room < 5 else "some", "quota": item.month_quota,
        "mine": mine if item.month_quota else 0,
    }  # fmt: skip


def order_doc(row: ShopOrder, item: ShopItem) -> dict[str, Any]:
    return {
        "id": str(row.id), "name_zh": item.name_zh, "name_en": item.name_en, "unit": row.unit, "price": row.price,
        "state": row.state, "code": operations.code_of(row) if row.state == "ordered" else None,
        "ordered_at": rfc3339(row.ordered_at), "collect_by": rfc3339(row.collect_by), "reason": row.reason,
    }  # fmt: skip


def purpose_doc(purpose: DonationPurpose) -> dict[str, Any]:
    return {"id": purpose.id, "name_zh": purpose.name_zh, "name_en": purpose.name_en}


def certificate_doc(row: Certificate, *, is_printed: bool) -> dict[str, Any]:
    return {
        "id": row.id, "first_on": row.first_on.isoformat(), "last_on": row.last_on.isoformat(), "state": row.state,
        "minutes": row.minutes, "code": rules.in_groups(row.code) if row.code else None, "printed": is_printed,
        "reason": row.reason,
    }  # fmt: skip
