"""Shapes of the field protocol: the envelope, the receipts, problem answers; and what OpenAPI says of them all."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_smorest import Api
from marshmallow import ValidationError, fields, validate

from app.api.bodies import BODIES, Base, whole
from app.clock import month_named
from app.gate import CLIENT

SCHEMAS = (1,)


def a_month() -> fields.Date:
    """YYYY-MM, of this century."""

    def of_this_century(day: date) -> None:
        if month_named(f"{day:%Y-%m}") is None:
            raise ValidationError("field_invalid")

    return fields.Date(format="%Y-%m", validate=of_this_century)


class Envelope(Base):
    """One item, immutable once queued on the phone. `sha256` is of the RFC 8785 form of `body`."""

    id = fields.UUID(required=True)
    schema = whole(1, 1_000_000, required=True)
    device_id = fields.UUID(required=True)
    device_seq = whole(1, required=True)
    author_id = whole(1, required=True)
    kind = fields.String(required=True, validate=validate.Length(1, 40))
    body = fields.Dict(required=True)
    device_at = fields.AwareDateTime(required=True, format="iso")
    utc_offset_min = whole(-900, 900, required=True)
    monotonic_ms = whole(0, required=True)
    anchor = fields.String(allow_none=True, validate=validate.Length(max=200))
    sha256 = fields.String(required=True, validate=validate.Regexp(r"^[0-9a-f]{64}$"))


class SyncIn(Base):
    sent_at = fields.AwareDateTime(required=True, format="iso")
    items = fields.List(fields.Nested(Envelope), required=True, validate=validate.Length(1, 50))


class ReceiptOut(Base):
    id = fields.String(required=True)
    result = fields.String(
        required=True, validate=validate.OneOf(["stored", "duplicate", "conflict", "held", "rejected"])
    )
    verdict = fields.String(allow_none=True, validate=validate.OneOf(["counted", "held", "not_counted"]))
    reasons = fields.List(fields.String(), required=True)
    effective_at = fields.String(allow_none=True)
    changed_at = fields.String(allow_none=True)
    evidence_level = fields.Integer(
        allow_none=True,
        metadata={"description": "of a check-in: 0 position, 1 with neighbours, 2 code, 3 tag, 4 co-signed"},
    )


class SyncOut(Base):
    receipts = fields.List(fields.Nested(ReceiptOut), required=True)
    epoch = fields.String(required=True)
    server_time = fields.String(required=True)


class ReceiptsOut(Base):
    receipts = fields.List(fields.Nested(ReceiptOut), required=True)
    next = fields.String(required=True)


class Problem(Base):
    """RFC 9457, with a stable `code` and JSON pointers for bad fields."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    figures = fields.Dict()
    errors = fields.List(fields.Dict())


def document(api: Api) -> None:
    """Put every body into OpenAPI under its own name, and how one is known to the server."""
    names = {"duty.start": "BodyDutyStart", "duty.pause": "BodyDutyPause", "duty.resume": "BodyDutyResume"}
    for kind, schema in BODIES.items():
        name = names.get(kind, "Body" + "".join(part.title() for part in kind.split(".")))
        api.spec.components.schema(name, schema=schema())
        api.spec.components.schemas[name]["x-kind"] = kind
    cookie = {"type": "apiKey", "in": "cookie", "name": "__Host-xunfang"}
    api.spec.components.security_scheme("session", cookie)
    api.spec.components.parameter(
        "Client", "header",
        {
            "name": "X-Xunfang-Client", "required": True, "schema": {"type": "string", "pattern": CLIENT.pattern},
            "description": "name/version; a browser cannot be made to send it across sites",
        },
    )  # fmt: skip


def document_addresses(api: Api, itself: Any) -> None:
    """What no decorator says: our header on every write, the cookie, and the rule of the description itself."""
    open_to_all = {("/api/v1/session", "post"), ("/api/v1/openapi.json", "get")}
    described = {"summary": "This description", "responses": {"200": {"description": "OpenAPI 3.1"}}}
    api.spec.path(rule=itself, operations={"get": described})
    for path, methods in api.spec._paths.items():
        for method, operation in methods.items():
            if method in ("post", "put", "patch", "delete"):
                operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/Client"})
            if method != "parameters" and (path, method) not in open_to_all:
                operation["security"] = [{"session": []}]
