"""The phone's four calls: plan, sync, receipts, hours."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, g, jsonify, request
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields

from app import clock
from app.accounts import queries as accounts
from app.accounts.rules import LimitPolicy
from app.api.bodies import BODIES
from app.api.documents import HoursOut, PlanOut, PointsOut
from app.api.schemas import SCHEMAS, Envelope, ReceiptsOut, SyncIn, SyncOut, a_month
from app.clock import rfc3339
from app.db import db
from app.errors import BadRequest, DomainError, FieldError, TooLarge, TooMany
from app.field import operations, queries
from app.field.anchor import read_anchor
from app.field.hours import hours_of, month_at
from app.field.operations import Broken, Item, Receipt
from app.field.plan import plan_of
from app.field.points import points_of
from app.gate import allow, me, my_session, settings
from app.loggers import operations as loggers

bp = Blueprint("field", __name__, url_prefix="/api/v1/field", description="What the phone calls")
MOST_ITEMS = 50
MOST_BYTES = 1024 * 1024
LIMITS = LimitPolicy()
URGENT = ("sos", "sos.cancel", "ok")
OVERLAP = timedelta(seconds=30)
ENVELOPE = Envelope()
SHAPES = {kind: schema() for kind, schema in BODIES.items()}


@bp.get("/plan")
@bp.doc(responses={304: {"description": "Unchanged since the ETag sent in If-None-Match"}})
@bp.response(200, PlanOut)
@allow()
def plan() -> Any:
    """My duties for eight days with routes, checkpoints, hotspots and policy; ETag, 304 when unchanged."""
    doc = plan_of(me(), clock.now())
    version = hashlib.sha256(json.dumps(doc, sort_keys=True).encode()).hexdigest()[:32]
    response: Response = jsonify({"version": version, **doc})
    response.set_etag(version)
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)


@bp.post("/sync")
@bp.doc(requestBody={"required": True, "content": {"application/json": {"schema": SyncIn}}})
@bp.response(200, SyncOut)
@allow()
def sync() -> Any:
    """Up to 50 items, 1 MiB, gzip allowed; 200 with one receipt per item in order."""
    now = g.now = clock.now()
    left_s = too_many("sync", now)
    sent_at, raw = batch_of(read_json())
    if left_s and (not is_urgent(raw) or too_many("sos", now)):
        raise TooMany("too_many_batches", left_s)
    items = [parse(one) for one in raw]
    receipts = operations.take_batch(me(), items, sent_at, now)
    loggers.follow_duties(me(), loggers.shifts_marked(items), now)
    epoch = queries.epoch()
    db.session.commit()
    return jsonify(receipts=[receipt_doc(r) for r in receipts], epoch=epoch, server_time=rfc3339(now))


@bp.get("/receipts")
@bp.arguments(
    Schema.from_dict({"since": fields.AwareDateTime(format="iso")}, name="ReceiptsArgs"), location="query"
)
@bp.response(200, ReceiptsOut)
@allow()
def receipts(args: dict[str, Any]) -> Any:
    """My verdicts that changed since the cursor. The cursor overlaps a little, so that nothing slips between."""
    person = me()
    since = args.get("since") or clock.now() - timedelta(days=3)
    limit = 200
    rows = queries.changed_states(person.home_township_id or 0, person.id, since, limit)
    newest = rows[-1].changed_at if rows else since
    following = newest if len(rows) == limit else min(newest, clock.now() - OVERLAP)
    next_cursor = following.isoformat().replace("+00:00", "Z")
    return jsonify(receipts=[receipt_doc(operations.receipt_of(r)) for r in rows], next=next_cursor)


@bp.get("/hours")
@bp.arguments(Schema.from_dict({"month": a_month()}, name="HoursArgs"), location="query")
@bp.response(200, HoursOut)
@allow()
def hours(args: dict[str, Any]) -> Any:
    """My hours and points of a month, with the rule behind each line."""
    month: date = args.get("month") or month_at(me(), clock.now())
    return jsonify(hours_of(me(), month))


@bp.get("/points")
@bp.arguments(Schema.from_dict({"month": a_month()}, name="PointsArgs"), location="query")
@bp.response(200, PointsOut)
@allow()
def points(args: dict[str, Any]) -> Any:
    """My points of a month, every line in words; what a cap took; what waits and what is mine to use."""
    month: date = args.get("month") or month_at(me(), clock.now())
    return jsonify(points_of(me(), month))


# --- reading a batch ------------------------------------------------------------------------------


def too_many(what: str, now: datetime) -> int:
    """Counts one more batch of this session; seconds to wait when that is one too many, else 0."""
    session = my_session()
    assert session is not None
    key = f"{what}:{session.id}"
    if accounts.count_attempt(key, LIMITS.sync_window_s, now) <= LIMITS.sync_batches:
        return 0
    db.session.commit()
    return accounts.attempts(key, LIMITS.sync_window_s, now)[1]


def is_urgent(raw: list[Any]) -> bool:
    """Nothing but calls for help and signs of life: a backlog on its way must not hold them up."""
    return all(isinstance(one, dict) and one.get("kind") in URGENT for one in raw)


def read_json() -> Any:
    """The body as JSON, unpacked when gzip, never more than 1 MiB of it."""
    if request.mimetype != "application/json":
        raise DomainErrorWithStatus("unsupported_media_type", 415)
    data = request.get_data(cache=False)
    if request.headers.get("Content-Encoding", "").lower() == "gzip":
        data = gunzip(data)
    if len(data) > MOST_BYTES:
        raise TooLarge("too_large")
    try:
        return json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest("not_json") from error


class DomainErrorWithStatus(DomainError):
    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.status = status  # type: ignore[misc]


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def gunzip(data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            return packed.read(MOST_BYTES + 1)
    except (OSError, EOFError, ValueError) as error:
        raise BadRequest("bad_gzip") from error


def batch_of(body: Any) -> tuple[datetime, list[Any]]:
    bad = []
    sent_at = None
    if not isinstance(body, dict):
        raise DomainError("invalid", [FieldError("/", "field_invalid")])
    try:
        sent_at = fields.AwareDateTime(format="iso").deserialize(body.get("sent_at"))
    except ValidationError:
        bad.append(FieldError("/sent_at", "field_invalid"))
    items = body.get("items")
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_ITEMS:
        bad.append(FieldError("/items", "one_to_fifty_items"))
    if bad:
        raise DomainError("invalid", bad)
    assert sent_at is not None and isinstance(items, list)
    return sent_at, items


def parse(raw: Any) -> Item | Broken:
    """One envelope; what is malformed for ever comes back as Broken, with its code."""
    if not isinstance(raw, dict):
        return Broken("", "malformed_envelope", raw)
    named = str(raw.get("id", ""))[:80]
    try:
        data = ENVELOPE.load(raw)
        device_at = data["device_at"].astimezone(clock.UTC)
    except (ValidationError, OverflowError):
        return Broken(named, "malformed_envelope", raw)
    if data["schema"] not in SCHEMAS:
        return Broken(named, "unknown_schema", raw)
    if data["kind"] not in SHAPES:
        return Broken(named, "unknown_kind", raw)
    # the body is kept and hashed as it came; its shape is only looked at
    # A call for help is heard whatever its details look like; its taker passes over what makes no sense.
    is_checked = operations.is_offered(data["kind"]) and data["kind"] != "sos"
    if is_checked and SHAPES[data["kind"]].validate(raw["body"]):
        return Broken(named, "malformed_body", raw)
    return item_of(data, raw, device_at)


def item_of(data: dict[str, Any], raw: dict[str, Any], device_at: datetime) -> Item:
    item_id: UUID = data["id"]
    return Item(
        id=item_id, schema=data["schema"], device_id=data["device_id"], device_seq=data["device_seq"],
        author_id=data["author_id"], kind=data["kind"], body=raw["body"], device_at=device_at,
        utc_offset_min=data["utc_offset_min"], monotonic_ms=data["monotonic_ms"],
        anchor_at=read_anchor(data.get("anchor"), settings().secret_key), sha256=data["sha256"],
    )  # fmt: skip


def receipt_doc(receipt: Receipt) -> dict[str, Any]:
    return {
        "id": receipt.id, "result": receipt.result, "verdict": receipt.verdict, "reasons": list(receipt.reasons),
        "effective_at": rfc3339(receipt.effective_at), "changed_at": rfc3339(receipt.changed_at),
        "evidence_level": receipt.evidence_level,
    }  # fmt: skip
