"""Native loggers: where they send to (`/i/<app>/<token>`), and how a member sets one up (`/api/v1/me/loggers`).

These apps cannot send our header or a cookie, and repeat whatever does not come back as a success, for ever. So the
token in the address says who it is; what is authentic is answered as the app expects, useful or not; only a wrong
token, too much at once and a server that is away are answered otherwise, and never with a page.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint as Plain
from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from app import clock
from app.accounts import queries as accounts
from app.db import db
from app.errors import BadRequest, NotFound, NotSignedIn, TooLarge, TooMany
from app.gate import allow, me, public, settings
from app.loggers import clients, operations, queries
from app.loggers.models import Logger
from app.loggers.rules import APPS, Sent
from app.loggers.setup import qr_of, setup_of

intake = Plain("loggers", __name__)
bp = Blueprint("loggers_api", __name__, url_prefix="/api/v1/me", description="My native loggers")
ALIASES = {"g": "gpslogger"}
MOST_BYTES = 2 * 1024 * 1024
# A phone that was away sends its days one by one; ten a second is more than any of them does.
MOST_A_MINUTE = 600
WRONG_TOKENS_AN_HOUR = 120
JSON, TEXT = "application/json", "text/plain; charset=utf-8"
# What each app takes for "it has arrived".
ANSWERS = {
    "traccar": ("", TEXT), "osmand": ("", TEXT), "gpslogger": ("", TEXT), "owntracks": ("[]", JSON),
    "overland": ('{"result":"ok"}', JSON),
}  # fmt: skip


@intake.route("/i/<app>/<token>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
@public
def hear(app: str, token: str) -> Any:
    """A point, or a batch of them, from a member's own app."""
    app = ALIASES.get(app, app)
    if app not in APPS:
        raise NotFound()
    now = clock.now()
    found = operations.logger_of_token(token)
    if found is None:
        refuse(now)
    logger, person = found
    limit(logger, now)
    heard = clients.read(app, sent_now(now), lambda data: operations.opened(data, passphrase(token)))
    operations.take(logger, person, heard, now)
    db.session.commit()
    body, kind = ANSWERS[app]
    return Response(body, content_type=kind)


def refuse(now: datetime) -> Any:
    """Nobody's token; an address that has tried many waits."""
    key, window_s = f"logger:from:{request.remote_addr}", 3600
    n = accounts.count_attempt(key, window_s, now)
    db.session.commit()
    if n > WRONG_TOKENS_AN_HOUR:
        raise TooMany("too_many", accounts.attempts(key, window_s, now)[1])
    raise NotSignedIn("unknown_logger")


def limit(logger: Logger, now: datetime) -> None:
    key = f"logger:{logger.id}"
    if accounts.count_attempt(key, 60, now) > MOST_A_MINUTE:
        db.session.commit()
        raise TooMany("too_many", accounts.attempts(key, 60, now)[1])


def sent_now(now: datetime) -> Sent:
    if (request.content_length or 0) > MOST_BYTES:
        raise TooLarge("too_large")
    body = request.stream.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise TooLarge("too_large")
    if request.content_length is not None and len(body) < request.content_length:
        raise BadRequest("bad_request")  # cut off on the way: the app still has it
    query = request.query_string.decode("utf-8", "replace")
    return Sent(query, body, (request.content_type or "").lower(), int(now.timestamp()))


def passphrase(token: str) -> str:
    return operations.passphrase_of(token, settings().secret_key)


# --- set-up ---------------------------------------------------------------------------------------


class LoggerIn(Schema):
    app = fields.String(required=True, validate=validate.OneOf(APPS))


class LoggerOut(Schema):
    id = fields.Integer(required=True)
    app = fields.String(required=True, validate=validate.OneOf(APPS))
    made_at = fields.AwareDateTime(required=True)
    heard_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "The app last sent anything"}
    )
    kept_at = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "A point was last kept, which is on duty only"},
    )
    unused = fields.Integer(required=True)
    simulated = fields.Integer(required=True)
    fault = fields.String(required=True, allow_none=True)


class LoggersOut(Schema):
    loggers = fields.List(fields.Nested(LoggerOut), required=True)
    apps = fields.List(fields.String(), required=True)


class LoggerMade(LoggerOut):
    url = fields.String(required=True, metadata={"description": "Holds the token; shown this once"})
    copy = fields.String(required=True, metadata={"description": "To paste into the app, or to scan with it"})
    link = fields.String(required=True, allow_none=True, metadata={"description": "Opens the app, set up"})
    passphrase = fields.String(required=True, allow_none=True)
    qr_svg = fields.String(required=True, metadata={"description": "`link`, else `copy`, as a data: address"})


@bp.get("/loggers")
@bp.response(200, LoggersOut)
@allow("member", "leader")
def list_mine() -> Any:
    """My loggers, and when each was last heard; never where."""
    return jsonify(loggers=[document(row) for row in queries.loggers_of(me().id)], apps=list(APPS))


@bp.post("/loggers")
@bp.arguments(LoggerIn)
@bp.response(201, LoggerMade)
@allow("member", "leader")
def make(body: dict[str, Any]) -> Any:
    """A new one, with the address that is shown this once."""
    logger, token = operations.make_logger(me(), body["app"], clock.now())
    db.session.commit()
    url = f"{settings().public_url}/i/{logger.app}/{token}"
    how = setup_of(logger.app, logger.id, url, passphrase(token))
    shown = {"url": url, "copy": how.copy, "link": how.link, "passphrase": how.passphrase}
    return jsonify({**document(logger), **shown, "qr_svg": qr_of(how.link or how.copy)}), 201


@bp.delete("/loggers/<int:logger_id>")
@bp.response(204)
@allow("member", "leader")
def revoke(logger_id: int) -> Any:
    """Its address answers 401 from now on."""
    operations.revoke_logger(me(), logger_id, clock.now())
    db.session.commit()
    return Response(status=204)


def document(row: Logger) -> dict[str, Any]:
    return {
        "id": row.id, "app": row.app, "made_at": clock.rfc3339(row.made_at), "heard_at": clock.rfc3339(row.heard_at),
        "kept_at": clock.rfc3339(row.kept_at), "unused": row.unused, "simulated": row.simulated, "fault": row.fault,
    }  # fmt: skip
