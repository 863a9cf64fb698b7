"""A member's calls for help as the phone shows them, the two PINs, and where a browser gets its push messages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from app import clock
from app.accounts import queries as accounts
from app.alarms import phone, pins, push
from app.clock import rfc3339
from app.db import db
from app.errors import TooMany
from app.gate import allow, me, my_session, settings

bp = Blueprint(
    "alarms_api", __name__, url_prefix="/api/v1", description="Calls for help, PINs, push messages"
)
DAY = timedelta(hours=24)
PIN = validate.Regexp(r"^[0-9]{4}$")
PIN_CHANGES, PIN_WINDOW_S = 10, 3600


class AlarmPerson(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)


class AlarmPlace(Schema):
    words = fields.String(required=True)


class AlarmOut(Schema):
    """`mine` is false for a call of somebody on the same shift; only that one has a place."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["sos", "no_answer"]))
    mine = fields.Boolean(required=True)
    person = fields.Nested(AlarmPerson, required=True)
    state = fields.String(
        required=True, validate=validate.OneOf(["open", "acknowledged", "cancelled", "closed"])
    )
    test = fields.Boolean(required=True)
    called_at = fields.AwareDateTime(required=True)
    received_at = fields.AwareDateTime(required=True)
    acknowledged_by = fields.String(required=True, allow_none=True)
    acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    undeliverable = fields.List(fields.String(), required=True)
    place = fields.Nested(AlarmPlace, required=True, allow_none=True)


class AlarmsOut(Schema):
    alarms = fields.List(fields.Nested(AlarmOut), required=True)


class PinsIn(Schema):
    pin = fields.String(required=True, validate=PIN)
    duress_pin = fields.String(required=True, validate=PIN)


class PushKeys(Schema):
    p256dh = fields.String(required=True, validate=validate.Regexp(r"^[A-Za-z0-9_=-]{80,100}$"))
    auth = fields.String(required=True, validate=validate.Regexp(r"^[A-Za-z0-9_=-]{16,40}$"))


class PushIn(Schema):
    """What the browser's `PushSubscription.toJSON()` gives; other members are not looked at."""

    class Meta:
        unknown = "exclude"

    endpoint = fields.Url(
        required=True, schemes={"https", "http"}, require_tld=False, validate=validate.Length(max=1000)
    )
    keys = fields.Nested(PushKeys, required=True)


class PushOut(Schema):
    key = fields.String(
        required=True, metadata={"description": "for PushManager.subscribe, applicationServerKey"}
    )
    subscribed = fields.Boolean(required=True)


@bp.get("/field/alarms")
@bp.response(200, AlarmsOut)
@allow("member", "leader")
def mine() -> Any:
    """My calls of the last 24 hours and those of people out with me: who has taken each, what reached nobody."""
    now = clock.now()
    docs = phone.alarms_for(me(), now - DAY)
    return jsonify(alarms=[{**doc, **{key: rfc3339(doc[key]) for key in phone.TIMES}} for doc in docs])


@bp.put("/me/pins")
@allow("member", "leader")
@bp.arguments(PinsIn)
@bp.response(204)
def set_pins(body: dict[str, str]) -> Any:
    """Two PINs of 4 to 6 digits: one ends a call for help, with the other it only looks ended. Not while on duty."""
    limit_changes()
    pins.set_pins(me(), body["pin"], body["duress_pin"], clock.now())
    db.session.commit()
    return Response(status=204)


@bp.delete("/me/pins")
@bp.response(204)
@allow("member", "leader")
def clear_pins() -> Any:
    """No PINs any more. Not while on duty."""
    pins.clear_pins(me(), clock.now())
    db.session.commit()
    return Response(status=204)


def limit_changes() -> None:
    """Each makes two keys, which costs a tenth of a second."""
    now, key = clock.now(), f"pins:{me().id}"
    if accounts.count_attempt(key, PIN_WINDOW_S, now) > PIN_CHANGES:
        db.session.commit()
        raise TooMany("too_many_attempts", accounts.attempts(key, PIN_WINDOW_S, now)[1])


@bp.get("/me/push")
@bp.response(200, PushOut)
@allow()
def push_state() -> Any:
    """The server's key, and whether this browser gets push messages."""
    session = my_session()
    assert session is not None
    return {"key": push.public_key(settings()), "subscribed": push.is_subscribed(session.id)}


@bp.post("/me/push")
@allow()
@bp.arguments(PushIn)
@bp.response(204)
def subscribe(body: dict[str, Any]) -> Any:
    """This browser gets push messages from now on; only by the push services of known browsers."""
    session = my_session()
    assert session is not None
    push.subscribe(me(), session.id, body["endpoint"], body["keys"], settings().channels, clock.now())
    db.session.commit()
    return Response(status=204)


@bp.delete("/me/push")
@bp.response(204)
@allow()
def unsubscribe() -> Any:
    """This browser gets none any more."""
    session = my_session()
    assert session is not None
    push.unsubscribe(session.id)
    db.session.commit()
    return Response(status=204)
