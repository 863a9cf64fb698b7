"""Notices of points, for a member: the own line in those that run, and the own objections with their answers."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask import jsonify
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from app import clock
from app.accounts import consents
from app.approval import notices, published, rules
from app.approval.models import ANSWERS, PointNotice, PointNoticeLine, PointObjection
from app.areas.models import Area
from app.db import db
from app.errors import NotFound
from app.gate import allow, me, settings

MONTH = re.compile(r"^20\d\d-(0[1-9]|1[0-2])$")
bp = Blueprint(
    "notices_api", __name__, url_prefix="/api/v1/me/notices", description="Public notices of points"
)


class ObjectionIn(Schema):
    """About the own line, or about its lack."""

    text = fields.String(required=True, validate=validate.Length(1, 280))


class ObjectionOut(Schema):
    id = fields.UUID(required=True)
    month = fields.String(required=True)
    text = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(ANSWERS))
    made_at = fields.AwareDateTime(required=True)
    due_on = fields.Date(required=True)
    answer = fields.String(required=True, allow_none=True)
    answered_at = fields.AwareDateTime(required=True, allow_none=True)


class NoticeOut(Schema):
    """`shown_as`: the pseudonym of this notice, or the name where the member wants it shown; null: no line."""

    township = fields.String(required=True)
    month = fields.String(required=True)
    last_on = fields.Date(required=True)
    url = fields.String(required=True)
    shown_as = fields.String(required=True, allow_none=True)
    is_name = fields.Boolean(required=True)
    points = fields.Integer(required=True, allow_none=True)
    shifts = fields.Integer(required=True, allow_none=True)


class NoticesOut(Schema):
    notices = fields.List(fields.Nested(NoticeOut), required=True)
    objections = fields.List(fields.Nested(ObjectionOut), required=True)


@bp.get("")
@bp.response(200, NoticesOut)
@allow()
def show() -> Any:
    """My line in the notices that run now, and my objections with their answers."""
    wants = consents.answers_of(me().id)["name_in_notice"] is True
    running = published.own_lines(me().id, clock.now())
    return {
        "notices": [notice_doc(*one, wants=wants) for one in running],
        "objections": [objection_doc(one) for one in published.own_objections(me().id)],
    }


@bp.post("/<month>/objections")
@allow()
@bp.arguments(ObjectionIn)
@bp.response(201, ObjectionOut)
def object_to(body: dict[str, Any], month: str) -> Any:
    """Object to my line, or to its lack, while the notice runs (410 afterwards). 422 where the words name a person."""
    notice, township = running_of(month)
    row = notices.object_to(notice, township, "", body["text"], me(), "", clock.now())
    doc = ObjectionOut().dump(objection_doc(row))
    db.session.commit()
    response = jsonify(doc)
    response.status_code = 201
    return response


def running_of(month: str) -> tuple[PointNotice, Area]:
    """The notice of the own township and month."""
    township = db.session.get(Area, me().home_township_id or 0)
    day = date.fromisoformat(f"{month}-01") if MONTH.match(month) else None
    notice = published.notice_of(township.id, day) if township and day else None
    if township is None or notice is None:
        raise NotFound()
    return notice, township


def notice_doc(
    notice: PointNotice, township: Area, line: PointNoticeLine | None, *, wants: bool
) -> dict[str, Any]:
    month = f"{notice.month:%Y-%m}"
    return {
        "township": township.name, "month": month, "last_on": notice.last_on,
        "url": f"{settings().public_url}/notices/{township.code}/{month}",
        "shown_as": (me().name if wants else line.pseudonym) if line else None, "is_name": wants and line is not None,
        "points": rules.points(notices.half_now(line)) if line else None, "shifts": line.shifts if line else None,
    }  # fmt: skip


def objection_doc(row: PointObjection) -> dict[str, Any]:
    return {
        "id": row.id, "month": f"{row.month:%Y-%m}", "text": row.text, "state": row.state, "made_at": row.made_at,
        "due_on": row.due_on, "answer": row.answer, "answered_at": row.answered_at,
    }  # fmt: skip
