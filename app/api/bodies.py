"""The body of every kind of item, for checking and for OpenAPI. Unknown members are kept and not looked at.

Bodies hold integers, strings, booleans, lists and objects only, so that RFC 8785's form is the same everywhere.
"""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

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


PHRASE = validate.Regexp(r"^[a-z0-9_.]{1,60}$")


def phrase(**options: Any) -> fields.String:
    """One of the fixed phrases, by its code."""
    return fields.String(required=True, validate=PHRASE, **options)


def words() -> fields.String:
    """280 characters where no phrase does; about places and the team's own work."""
    return fields.String(validate=validate.Length(max=280))


class Fix(Base):
    lon_e7 = fields.Integer(strict=True, required=True, validate=LON_E7)
    lat_e7 = fields.Integer(strict=True, required=True, validate=LAT_E7)
    accuracy_m = whole(0, 1_000_000, required=True)
    age_ms = whole(required=True)
    mocked = fields.Boolean(truthy={True}, falsy={False})


class DutyStart(Base):
    """`crew_code` is what the crew's leader showed: this member was there."""

    shift_id = whole(1, required=True)
    fix = fields.Nested(Fix)
    crew_code = fields.String(validate=validate.Length(1, 64))


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


class CrewTick(Base):
    """Who of the crew is here without a phone, as the crew's leader sees it. The last tick of a shift stands."""

    shift_id = whole(1, required=True)
    present = fields.List(whole(1), required=True, validate=validate.Length(max=20))


class Handover(Base):
    """What the next crew on this route should know."""

    shift_id = whole(1, required=True)
    phrase = phrase()
    text = words()


class Cosign(Base):
    """A second member of the crew vouches for a check-in, having scanned the code on the first one's phone."""

    shift_id = whole(1, required=True)
    checkin_id = fields.UUID(required=True)


class Answer(Base):
    """A member's reply to a flag, or a contest of a check-in that was not counted."""

    item_id = fields.UUID(required=True)
    phrase = phrase()
    text = words()


class Place(Base):
    """Where a report is about: here, or where the pin was dragged to."""

    lon_e7 = fields.Integer(strict=True, required=True, validate=LON_E7)
    lat_e7 = fields.Integer(strict=True, required=True, validate=LAT_E7)
    how = fields.String(required=True, validate=validate.OneOf(["here", "dragged", "checkpoint"]))
    accuracy_m = whole(0, 1_000_000)


class Report(Base):
    """A hazard or incident about a place. `nothing` says that a round found nothing, in one tap."""

    shift_id = whole(1)
    category = fields.String(required=True, validate=validate.Regexp(r"^[a-z0-9_]{1,40}$"))
    fix = fields.Nested(Fix)
    place = fields.Nested(Place)
    checkpoint_id = whole(1)
    phrase = fields.String(validate=PHRASE)
    text = words()
    photo_ids = fields.List(fields.UUID(), validate=validate.Length(max=4))


class Sos(Base):
    """A call for help. `test` is a drill: it goes the whole way and says everywhere that it is one."""

    shift_id = whole(1)
    fix = fields.Nested(Fix)
    test = fields.Boolean(truthy={True}, falsy={False})


PROOF = validate.Regexp(r"^[0-9a-f]{64}$")
NONCE = validate.Regexp(r"^[0-9a-f-]{32,36}$")


class SosCancel(Base):
    """`proof` shows which PIN was typed without saying it, for a `nonce` that is used once (docs/security.md, PIN)."""

    sos_id = fields.UUID(required=True)
    proof = fields.String(validate=PROOF)
    nonce = fields.String(validate=NONCE)


class Ok(Base):
    """The answer to "are you OK?". With a PIN, whichever it is, the phone says where it is, as for a call."""

    shift_id = whole(1, required=True)
    fix = fields.Raw(
        allow_none=True, metadata={"description": "as of `sos`; one that makes no sense is passed over"}
    )
    proof = fields.String(validate=PROOF)
    nonce = fields.String(validate=NONCE)


class SwapAsk(Base):
    """I cannot come: to one colleague, or to the whole team."""

    shift_id = whole(1, required=True)
    to_person_id = whole(1)
    phrase = fields.String(validate=PHRASE)


class SwapStep(Base):
    """An offer to take an asked shift, or the asking taken back; `ask_id` is the id of the `swap.ask` item."""

    ask_id = fields.UUID(required=True)


class SwapOffer(SwapStep):
    pass


class SwapWithdraw(SwapStep):
    pass


class Decline(Base):
    """I do not take this shift; the leader looks for somebody else."""

    shift_id = whole(1, required=True)
    phrase = phrase()


class LeaveAsk(Base):
    """Away from one day to another, both included."""

    from_on = fields.Date(required=True)
    to_on = fields.Date(required=True)
    phrase = phrase()


class LeaveTakeBack(Base):
    leave_id = fields.UUID(required=True)


BODIES: dict[str, type[Schema]] = {
    "duty.start": DutyStart, "duty.pause": DutyPause, "duty.resume": DutyResume, "duty.end": DutyEnd,
    "checkin": Checkin, "segment": Segment, "note": Note, "crew.tick": CrewTick, "handover": Handover,
    "cosign": Cosign, "answer": Answer, "report": Report, "sos": Sos, "sos.cancel": SosCancel, "ok": Ok,
    "swap.ask": SwapAsk, "swap.offer": SwapOffer, "swap.withdraw": SwapWithdraw, "decline": Decline,
    "leave.ask": LeaveAsk, "leave.withdraw": LeaveTakeBack,
}  # fmt: skip
