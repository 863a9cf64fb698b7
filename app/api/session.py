"""Signing a phone or a program in and out; the cookie is the session. Listed and revocable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from app import clock
from app.accounts import operations, queries, signing
from app.db import db
from app.gate import (
    allow,
    clear_session_cookie,
    cookie_name,
    me,
    my_session,
    public,
    set_session_cookie,
    settings,
    slide_session_cookie,
)  # fmt: skip
from app.teams.scope import granted_areas, scope_of

bp = Blueprint("session_api", __name__, url_prefix="/api/v1", description="Who is signed in")


class SignIn(Schema):
    login = fields.String(required=True, validate=validate.Length(1, 80))
    password = fields.String(required=True, validate=validate.Length(1, 200))
    totp = fields.String(
        validate=validate.Length(max=40),
        metadata={"description": "Six digits or a recovery code; needed where the answer was totp_needed"},
    )


class SignInByCode(Schema):
    code = fields.String(required=True, validate=validate.Length(1, 40))
    totp = fields.String(validate=validate.Length(1, 40))


class PersonOut(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    login = fields.String(required=True)
    language = fields.String(required=True)


class AreaRole(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)


class SessionOut(Schema):
    person = fields.Nested(PersonOut, required=True)
    roles = fields.List(fields.String(), required=True)
    areas = fields.List(fields.Nested(AreaRole), required=True)
    demo = fields.Boolean(required=True)


@bp.post("/session")
@bp.arguments(SignIn)
@bp.response(200, SessionOut)
@public
def sign_in(body: dict[str, Any]) -> Any:
    """Sign in. Wrong words and unknown people get the same answer in the same time."""
    person, secret = shown(
        lambda: signing.sign_in(
            body["login"], body["password"], device=device(), address=address(), now=clock.now(),
            known_secret=request.cookies.get(cookie_name()), days=settings().session_days,
            totp=body.get("totp"), is_demo=settings().demo,
        )
    )  # fmt: skip
    response = jsonify(session_doc(person))
    set_session_cookie(response, secret)
    return response


@bp.post("/session/code")
@bp.arguments(SignInByCode)
@bp.response(200, SessionOut)
@public
def sign_in_by_code(body: dict[str, Any]) -> Any:
    """Open a phone by the code that a leader has made for its member; once. Wrong, used and expired read the same."""
    days = settings().phone_session_days
    person, secret = shown(
        lambda: signing.sign_in_by_code(
            body["code"], device=device(), address=address(), days=days, now=clock.now(),
            totp=body.get("totp"), is_demo=settings().demo,
        )
    )  # fmt: skip
    response = jsonify(session_doc(person))
    set_session_cookie(response, secret, days)
    return response


def shown(act: Callable[[], Any]) -> Any:
    """What an act answers that asks who it is; the one commit is here, for a failed try counts too."""
    try:
        found = act()
    except operations.Refused:
        db.session.commit()
        raise
    db.session.commit()
    return found


def device() -> str:
    return request.headers.get("User-Agent", "")[:200]


def address() -> str:
    return request.remote_addr or ""


@bp.get("/session")
@bp.response(200, SessionOut)
@allow()
def who() -> Any:
    """Who is signed in, with roles and areas. A phone calls this at its start, and so stays known."""
    response = jsonify(session_doc(me()))
    slide_session_cookie(response)
    db.session.commit()
    return response


@bp.delete("/session")
@bp.response(204)
@allow()
def sign_out() -> Any:
    """Sign this device out."""
    session = my_session()
    if session is not None:
        operations.revoke_session(me(), session.id, clock.now())
    db.session.commit()
    response = Response(status=204)
    clear_session_cookie(response)
    return response


class DeviceOut(Schema):
    id = fields.UUID(required=True)
    device = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    seen_at = fields.DateTime(required=True)
    current = fields.Boolean(required=True)


class DevicesOut(Schema):
    sessions = fields.List(fields.Nested(DeviceOut), required=True)


@bp.get("/sessions")
@bp.response(200, DevicesOut)
@allow()
def devices() -> Any:
    """My signed-in devices."""
    here = my_session()
    rows = queries.sessions_of(me().id, clock.now())
    return {"sessions": [{**_device(row), "current": here is not None and row.id == here.id} for row in rows]}


def _device(row: Any) -> dict[str, Any]:
    return {"id": row.id, "device": row.device, "created_at": row.created_at, "seen_at": row.seen_at}


@bp.delete("/sessions")
@bp.response(204)
@allow()
def revoke_others() -> Any:
    """Sign every other device of mine out; this one stays."""
    here = my_session()
    operations.end_sessions(me(), me(), clock.now(), keep=here.id if here else None)
    db.session.commit()
    return Response(status=204)


@bp.delete("/sessions/<uuid:session_id>")
@bp.response(204)
@allow()
def revoke(session_id: Any) -> Any:
    """Sign one of my devices out; it is out at its next request."""
    operations.revoke_session(me(), session_id, clock.now())
    db.session.commit()
    return Response(status=204)


def session_doc(person: Any) -> dict[str, Any]:
    scope = scope_of(person)
    return {
        "person": {"id": person.id, "name": person.name, "login": person.login, "language": person.language},
        "roles": [role for role in ("member", "leader", "reviewer", "admin") if role in scope.roles],
        "areas": [{"code": code, "name": name, "role": role} for code, name, role in granted_areas(scope)],
        "demo": settings().demo,
    }
