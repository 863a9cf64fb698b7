"""Shapes of the field protocol: the envelope and the body of every kind, for checking and for OpenAPI."""

from __future__ import annotations

from typing import Any

from flask_smorest import Api
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

from app.gate import CLIENT

LAST_INT = 2**53 - 1
LON_E7 = validate.Range(-1_800_000_000, 1_800_000_000)
LAT_E7 = validate.Range(-900_000_000, 900_000_000)


def whole(low: int = 0, high: int = LAST_INT, **options: Any) -> fields.Integer:
    """An integer that is the same number in JavaScript; 1.0 and "1" are refused."""
    return fields.Integer(strict=True, validate=validate.Range(low, high), **options)


class Base(Schema):
    class Meta:
        unknown = EXCLUDE
        ordered = True


class Fix(Base):
    lon_e7 = fields.Integer(strict=True, required=True, validate=LON_E7)
    lat_e7 = fields.Integer(strict=True, required=True, validate=LAT_E7)
    accuracy_m = whole(0, 1_000_000, required=True)
    age_ms = whole(required=True)
    mocked = fields.Boolean(truthy={True}, falsy={False})


class DutyStart(Base):
    shift_id = whole(1, required=True)
    fix = fields.Nested(Fix)


class DutyMark(Base):
    shift_id = whole(1, required=True)


class DutyPause(DutyMark):
    pass


class DutyResume(DutyMark):
    pass


class DutyEnd(DutyMark):
    pass


class Checkin(Base):
    shift_id = whole(1, required=True)
    phase = fields.String(required=True, validate=validate.OneOf(["here", "arrive", "leave"]))
    checkpoint_id = whole(1)
    hotspot_id = whole(1)
    method = fields.String(required=True, validate=validate.OneOf(["gps", "code", "nfc"]))
    fix = fields.Nested(Fix, required=True)
    code = fields.String(validate=validate.Length(max=64))

    @validates_schema
    def one_place(self, data: dict[str, Any], **_: Any) -> None:
        at_checkpoint = "checkpoint_id" in data
        if at_checkpoint == ("hotspot_id" in data):
            raise ValidationError("one_place", "checkpoint_id")
        if at_checkpoint != (data.get("phase") == "here"):
            raise ValidationError("phase_and_place", "phase")


class Segment(Base):
    shift_id = whole(1, required=True)
    source = fields.String(required=True, validate=validate.Regexp(r"^[a-z0-9_-]{1,20}$"))
    fixes = fields.List(
        fields.List(fields.Integer(strict=True), validate=validate.Length(equal=4)),
        required=True, validate=validate.Length(2, 500),
        metadata={"description": "[lon_e7, lat_e7, accuracy_m, t_ms] by the device's clock; repeats the last fix"},
    )  # fmt: skip

    @validates_schema
    def in_order(self, data: dict[str, Any], **_: Any) -> None:
        before = 0
        for lon, lat, accuracy, t_ms in data.get("fixes", []):
            inside = abs(lon) <= 1_800_000_000 and abs(lat) <= 900_000_000
            if not inside or not 0 <= accuracy <= 1_000_000 or not before <= t_ms <= 4_102_444_800_000:
                raise ValidationError("bad_fix", "fixes")
            before = t_ms


class Note(Base):
    shift_id = whole(1)
    checkpoint_id = whole(1)
    phrase = fields.String(required=True, validate=validate.Regexp(r"^[a-z0-9_.]{1,60}$"))
    text = fields.String(validate=validate.Length(max=280))


class Report(Base):
    """A hazard or incident about a place; stored, and offered in a later release."""

    shift_id = whole(1)
    category = fields.String(required=True, validate=validate.Length(1, 40))
    fix = fields.Nested(Fix)
    phrase = fields.String(validate=validate.Length(max=60))
    text = fields.String(validate=validate.Length(max=280))
    photo_ids = fields.List(fields.UUID(), validate=validate.Length(max=4))


class Sos(Base):
    shift_id = whole(1)
    fix = fields.Nested(Fix)
    test = fields.Boolean()


class SosCancel(Base):
    sos_id = fields.UUID(required=True)


class Ok(Base):
    shift_id = whole(1, required=True)


class Answer(Base):
    item_id = fields.UUID(required=True)
    phrase = fields.String(required=True, validate=validate.Length(1, 60))
    text = fields.String(validate=validate.Length(max=280))


class SwapAsk(Base):
    shift_id = whole(1, required=True)
    to_person_id = whole(1)


BODIES: dict[str, type[Schema]] = {
    "duty.start": DutyStart, "duty.pause": DutyPause, "duty.resume": DutyResume, "duty.end": DutyEnd,
    "checkin": Checkin, "segment": Segment, "note": Note,
    "report": Report, "sos": Sos, "sos.cancel": SosCancel, "ok": Ok, "answer": Answer, "swap.ask": SwapAsk,
}  # fmt: skip
# The kinds whose bodies are judged now; the others are stored as they come.
JUDGED = ("duty.start", "duty.pause", "duty.resume", "duty.end", "checkin", "segment", "note")
SCHEMAS = (1,)


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
