"""Me: who I am here, what I said yes to, who looked, my data, my second factor, my calendar."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import segno
from flask import Response, jsonify, send_file
from flask_babel import gettext
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from sqlalchemy import select

from app import clock
from app.accounts import consents, feeds, queries, second_factor
from app.accounts.models import Person
from app.accounts.operations import LIMITS, Refused, count_or_refuse, record_audit
from app.accounts.rules import CONSENTS, TOTP_ROLES
from app.alarms.models import Pins
from app.api.parcel import pack
from app.clock import rfc3339
from app.db import db
from app.errors import DomainError
from app.field.export import export_of, trails_of
from app.field.forgetting import forget_tracks
from app.gate import LANGUAGES, allow, me, my_roles, settings, slide_session_cookie

bp = Blueprint("me", __name__, url_prefix="/api/v1/me", description="The caller's own data")


class MePerson(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    login = fields.String(required=True)
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    name_in_notice = fields.Boolean(required=True)


class ConsentOut(Schema):
    """`version` is of the words in force. Both times null: not asked yet."""

    purpose = fields.String(required=True, validate=validate.OneOf(list(CONSENTS)))
    version = fields.Integer(required=True)
    given_at = fields.AwareDateTime(required=True, allow_none=True)
    withdrawn_at = fields.AwareDateTime(required=True, allow_none=True)
    needed = fields.Boolean(required=True)


class MeTotp(Schema):
    """`asked`: the person holds a role that should have a second factor, and this is no demo."""

    on = fields.Boolean(required=True)
    asked = fields.Boolean(required=True)


class MeCalendar(Schema):
    url = fields.String(required=True, allow_none=True)


class MePin(Schema):
    is_set = fields.Boolean(data_key="set", attribute="set", required=True)


class MeOut(Schema):
    person = fields.Nested(MePerson, required=True)
    roles = fields.List(fields.String(), required=True)
    consents = fields.List(fields.Nested(ConsentOut), required=True)
    totp = fields.Nested(MeTotp, required=True)
    calendar = fields.Nested(MeCalendar, required=True)
    pin = fields.Nested(MePin, required=True)


class MeIn(Schema):
    language = fields.String(validate=validate.OneOf(LANGUAGES))
    name_in_notice = fields.Boolean()


@bp.get("")
@bp.response(200, MeOut)
@allow()
def show() -> Any:
    """Me: person, roles, consents, second factor, calendar, PIN."""
    return answer()


@bp.patch("")
@allow()
@bp.arguments(MeIn)
@bp.response(200, MeOut)
def change(body: dict[str, Any]) -> Any:
    """My language; whether my name stands in a public notice."""
    if "language" in body:
        me().language = body["language"]
    if "name_in_notice" in body:
        version = CONSENTS["name_in_notice"]
        consents.set_consent(me(), "name_in_notice", body["name_in_notice"], version, clock.now())
    return answer()


def answer() -> Any:
    response = jsonify(me_doc(me()))
    slide_session_cookie(response)
    db.session.commit()
    return response


def me_doc(person: Person) -> dict[str, Any]:
    said = consents.answers_of(person.id)
    token = feeds.token_of(person)
    return {
        "person": {
            "id": person.id, "name": person.name, "login": person.login, "language": person.language,
            "name_in_notice": said["name_in_notice"] is True,
        },
        "roles": [role for role in ("member", "leader", "reviewer", "admin") if role in my_roles()],
        "consents": consent_docs(person),
        "totp": {
            "on": second_factor.is_on(person), "asked": bool(my_roles() & TOTP_ROLES) and not settings().demo,
        },
        "calendar": {"url": token and feed_url(token)},
        "pin": {"set": bool(db.session.scalar(select(select(Pins).where(Pins.person_id == person.id).exists())))},
    }  # fmt: skip


def consent_docs(person: Person) -> list[dict[str, Any]]:
    rows, docs = queries.consents_of(person.id), []
    for purpose, version in CONSENTS.items():
        row = rows.get(purpose)
        # A yes to older words is no answer to these; a no stays a no.
        stands = row if row is not None and (row.version == version or row.withdrawn_at) else None
        docs.append({
            "purpose": purpose, "version": version, "needed": False,
            "given_at": rfc3339(stands.given_at) if stands else None,
            "withdrawn_at": rfc3339(stands.withdrawn_at) if stands else None,
        })  # fmt: skip
    return docs


def feed_url(token: str) -> str:
    return f"{settings().public_url}/ical/{token}.ics"


# --- consents and looks ---------------------------------------------------------------------------


class ConsentIn(Schema):
    given = fields.Boolean(required=True)
    version = fields.Integer(required=True, validate=validate.Range(0, 1_000_000))


@bp.put("/consents/<purpose>")
@allow()
@bp.arguments(ConsentIn)
@bp.response(200, ConsentOut)
def consent(body: dict[str, Any], purpose: str) -> Any:
    """Yes or no to one purpose. A no costs nothing; a yes is to the version of the words that was read."""
    consents.set_consent(me(), purpose, body["given"], body["version"], clock.now())
    doc = next(one for one in consent_docs(me()) if one["purpose"] == purpose)
    db.session.commit()
    return jsonify(doc)


class LookOut(Schema):
    at = fields.AwareDateTime(required=True)
    who = fields.String(required=True)
    what = fields.String(required=True, validate=validate.OneOf(["checkin", "playback"]))
    day = fields.String(required=True)
    why = fields.String(
        required=True, metadata={"description": "of a playback: held, contested, said, crew; else empty"}
    )


class LooksOut(Schema):
    looks = fields.List(fields.Nested(LookOut), required=True)


@bp.get("/looks")
@bp.response(200, LooksOut)
@allow()
def looks() -> Any:
    """Who saw where I was, when, and of which day; newest first."""
    return {
        "looks": [
            {"at": one.at, "who": one.who, "what": one.what, "day": one.day, "why": one.why}
            for one in queries.looks_of(me())
        ]
    }


# --- my data --------------------------------------------------------------------------------------


class ForgottenOut(Schema):
    segments = fields.Integer(required=True)
    positions = fields.Integer(required=True)
    streets = fields.Integer(required=True)
    routes = fields.Integer(required=True)
    bodies = fields.Integer(required=True)
    kept_until_end = fields.Integer(
        required=True, metadata={"description": "Duties that are on now: their track stays until their end"}
    )


@bp.delete("/tracks")
@bp.response(200, ForgottenOut)
@allow()
def delete_tracks() -> Any:
    """Delete my tracks, at once: what retention does after 30 days. Hours and points stay."""
    gone = forget_tracks(me(), clock.now())
    db.session.commit()
    return gone


@bp.get("/export")
@bp.response(200, {"format": "binary"}, content_type="application/zip")
@allow()
def export() -> Any:
    """Everything held about me: data.json, tracks.gpx, duties.csv, checkins.csv, points.csv."""
    now = clock.now()
    key = f"export:{me().id}"
    count_or_refuse(key, LIMITS.exports_window_s, LIMITS.exports, "too_many_exports", now)
    record_audit(me().home_township_id or 0, me().id, "data.exported", "person", me().id, now)
    parcel = pack(
        export_of(me(), now), trails_of(me()), lambda column: gettext(f"export.column.{column}"), now
    )
    db.session.commit()
    name = f"xunfang-{now:%Y%m%d}.zip"
    response = send_file(parcel, "application/zip", as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


# --- second factor --------------------------------------------------------------------------------


class TotpOut(Schema):
    """`svg` shows `uri` as a QR code, on white."""

    secret = fields.String(required=True)
    uri = fields.String(required=True)
    svg = fields.String(required=True)


class TotpIn(Schema):
    code = fields.String(required=True, validate=validate.Length(1, 40))


class RecoveryOut(Schema):
    recovery_codes = fields.List(fields.String(), required=True)


@bp.post("/totp")
@bp.response(200, TotpOut)
@allow("leader", "reviewer", "admin", before_set_up=True)
def begin_totp() -> Any:
    """A new second factor, in force once confirmed. 409 when one is on."""
    draft = second_factor.begin(me(), clock.now())
    db.session.commit()
    return {"secret": draft.secret, "uri": draft.uri, "svg": svg_of(draft.uri)}


@bp.put("/totp")
@allow("leader", "reviewer", "admin", before_set_up=True)
@bp.arguments(TotpIn)
@bp.response(200, RecoveryOut)
def confirm_totp(body: dict[str, Any]) -> Any:
    """Confirm it by a code that the app shows; answers eight recovery codes, this once."""
    codes = tried(lambda: second_factor.confirm(me(), body["code"], clock.now()))
    return {"recovery_codes": codes}


@bp.delete("/totp")
@allow()
@bp.arguments(TotpIn)
@bp.response(204)
def end_totp(body: dict[str, Any]) -> Any:
    """Turn it off, with a code of it."""
    tried(lambda: second_factor.turn_off(me(), body["code"], clock.now()))
    return Response(status=204)


def tried(act: Callable[[], Any]) -> Any:
    """A wrong code is counted; and it is a bad value here, not a session that has ended."""
    try:
        found = act()
    except Refused as refused:
        db.session.commit()
        raise DomainError("totp_wrong") from refused
    db.session.commit()
    return found


def svg_of(text: str) -> str:
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", xmldecl=False, border=3, light="#fff", omitsize=True)
    return out.getvalue().decode()


# --- calendar -------------------------------------------------------------------------------------


class FeedOut(Schema):
    url = fields.String(required=True)


@bp.post("/calendar")
@bp.response(200, FeedOut)
@allow("member", "leader")
def begin_calendar() -> Any:
    """A new address for my calendar; the one before is dead."""
    token = feeds.make_token(me(), clock.now())
    db.session.commit()
    return {"url": feed_url(token)}


@bp.delete("/calendar")
@bp.response(204)
@allow()
def end_calendar() -> Any:
    """The address is dead."""
    feeds.end(me(), clock.now())
    db.session.commit()
    return Response(status=204)
