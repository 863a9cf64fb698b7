"""What is said about a member's own check-ins, and the member's right to answer before anybody decides."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from app import clock
from app.api.schemas import Problem
from app.checkins.answers import PHRASES
from app.clock import rfc3339
from app.db import db
from app.gate import allow, me
from app.incentives import cases
from app.incentives.models import CASE_REASONS

bp = Blueprint("cases", __name__, url_prefix="/api/v1/field/cases", description="Own check-ins in question")
PROBLEM = "application/problem+json"
STATES = ("asked", "waits", "upheld", "dismissed")


class CaseOut(Schema):
    """`asked`: the member may answer until `answer_until`; `waits`: a second person decides."""

    id = fields.Integer(required=True)
    duty_id = fields.Integer(required=True)
    day = fields.Date(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    team = fields.String(required=True)
    reason = fields.String(required=True, validate=validate.OneOf(CASE_REASONS))
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    opened_at = fields.AwareDateTime(required=True)
    answer_until = fields.AwareDateTime(required=True)
    answer = fields.String(required=True, allow_none=True)
    text = fields.String(required=True, allow_none=True)
    answered_at = fields.AwareDateTime(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)


class CasesOut(Schema):
    cases = fields.List(fields.Nested(CaseOut), required=True)


class CaseAnswerIn(Schema):
    phrase = fields.String(required=True, validate=validate.OneOf(PHRASES))
    text = fields.String(validate=validate.Length(max=cases.MOST_LETTERS))


@bp.get("")
@bp.response(200, CasesOut)
@allow()
def mine() -> Any:
    """My own duties whose check-ins somebody says were false, the newest first; open and decided."""
    return jsonify(cases=_docs())


@bp.post("/<int:case_id>/answer")
@bp.arguments(CaseAnswerIn)
@bp.response(200, CasesOut)
@bp.alt_response(404, schema=Problem, content_type=PROBLEM, description="Not about the caller")
@bp.alt_response(409, schema=Problem, content_type=PROBLEM, description="The time is over, or it was decided")
@allow()
def answer(args: dict[str, Any], case_id: int) -> Any:
    """Answer in time; a later answer takes the earlier one's place."""
    cases.answer(me(), case_id, args["phrase"], args.get("text"), clock.now())
    db.session.commit()
    return jsonify(cases=_docs())


def _docs() -> list[dict[str, Any]]:
    now = clock.now()
    return [_doc(one, one.state(now)) for one in cases.own(me().home_township_id or 0, me().id)]


def _doc(one: cases.Shown, state: str) -> dict[str, Any]:
    case = one.case
    return {
        "id": case.id, "duty_id": case.duty_id, "day": one.day.isoformat(), "starts_at": rfc3339(one.starts_at),
        "ends_at": rfc3339(one.ends_at), "team": one.team, "reason": case.reason, "state": state,
        "opened_at": rfc3339(case.opened_at), "answer_until": rfc3339(case.answer_until), "answer": case.answer,
        "text": case.answer_text, "answered_at": rfc3339(case.answered_at), "decided_at": rfc3339(case.decided_at),
    }  # fmt: skip
