"""Shapes of what the phone reads: the plan, and its hours. For OpenAPI; the documents are made in app/field."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

Shape = fields.Dict  # GeoJSON, WGS-84, lon lat


class Named(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)


class PlanTownship(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)
    zone = fields.String(required=True)


class PlanPerson(Named):
    language = fields.String(required=True)
    township = fields.Nested(PlanTownship, allow_none=True)


class PlanTeam(Named):
    kind = fields.String(required=True, validate=validate.OneOf(["full_time", "volunteer"]))


class PlanPolicy(Schema):
    version = fields.String(required=True)
    grace_min = fields.Integer(required=True)
    late_after_min = fields.Integer(required=True)
    max_accuracy_m = fields.Integer(required=True)
    accuracy_allowance_m = fields.Integer(required=True)
    min_level_for_points = fields.Integer(
        required=True, metadata={"description": "least evidence level of a checkpoint that earns points"}
    )
    visit_min_s = fields.Integer(required=True)
    visit_full_min = fields.Integer(required=True)
    track_every_s = fields.Integer(required=True)
    track_every_m = fields.Integer(required=True)
    max_gap_s = fields.Integer(required=True)
    segment_fixes = fields.Integer(required=True)


DUTY_STATE = validate.OneOf(["on", "paused", "ended", "attended"])


class Completion(Schema):
    counted = fields.Integer(required=True)
    required = fields.Integer(required=True)


class PlanCrew(Schema):
    """`planned` is false for who joined on the spot; `state` is of their duty, null before it."""

    person_id = fields.Integer(required=True)
    name = fields.String(required=True)
    has_phone = fields.Boolean(required=True)
    planned = fields.Boolean(required=True)
    state = fields.String(required=True, allow_none=True, validate=DUTY_STATE)


class PlanDuty(Schema):
    state = fields.String(required=True, validate=DUTY_STATE)
    started_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    minutes = fields.Integer(required=True)
    points_pending = fields.Integer(required=True)
    checkpoints = fields.Nested(Completion, required=True)
    with_crew = fields.Boolean(required=True)
    flags = fields.List(fields.String(), required=True)


class PlanHandover(Schema):
    """What the crew before left to know about the route."""

    phrase = fields.String(required=True)
    text = fields.String(required=True, allow_none=True)
    at = fields.AwareDateTime(required=True)
    by_team = fields.String(required=True)


class PlanSwap(Schema):
    """An asking of mine, or one that I may take. `offers` are all for its asker, else only my own."""

    id = fields.UUID(required=True)
    state = fields.String(
        required=True, validate=validate.OneOf(["asked", "offered", "confirmed", "refused", "closed"])
    )
    person_id = fields.Integer(required=True)
    name = fields.String(required=True)
    to = fields.String(required=True, allow_none=True)
    to_me = fields.Boolean(required=True)
    offers = fields.List(fields.Nested(Named), required=True)
    taken_by = fields.String(required=True, allow_none=True)
    taken_by_me = fields.Boolean(required=True)
    why = fields.String(required=True, allow_none=True)


class PlanColleague(Named):
    team_id = fields.Integer(required=True)
    has_phone = fields.Boolean(required=True)


class PlanLeave(Schema):
    id = fields.UUID(required=True)
    from_on = fields.Date(required=True)
    to_on = fields.Date(required=True)
    phrase = fields.String(required=True)
    state = fields.String(
        required=True, validate=validate.OneOf(["asked", "approved", "refused", "withdrawn"])
    )
    why = fields.String(required=True, allow_none=True)


class PlanCase(Schema):
    """Somebody says that own check-ins were false, and the member may still answer (GET /field/cases)."""

    id = fields.Integer(required=True)
    answer_until = fields.AwareDateTime(required=True)
    answered = fields.Boolean(required=True)


class PlanShift(Schema):
    id = fields.Integer(required=True)
    version = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["planned", "cancelled"]))
    day = fields.Date(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    team = fields.Nested(Named, required=True)
    meeting_place = fields.String(required=True)
    bonus = fields.Integer(
        required=True, metadata={"description": "points more, for a shift that is hard to fill"}
    )
    route_version_id = fields.Integer(allow_none=True)
    mine = fields.Boolean(required=True)
    crew = fields.List(fields.Nested(PlanCrew), required=True)
    hotspot_ids = fields.List(fields.Integer(), required=True)
    duty = fields.Nested(PlanDuty, allow_none=True)
    changed_at = fields.AwareDateTime(required=True)
    crew_secret = fields.String(
        required=True, allow_none=True,
        metadata={"description": "hex; for who may show the crew's code, null for everybody else"},
    )  # fmt: skip
    handover = fields.Nested(PlanHandover, required=True, allow_none=True)
    swaps = fields.List(fields.Nested(PlanSwap), required=True)


class LocalSpan(Schema):
    first = fields.String(data_key="from", required=True)
    last = fields.String(data_key="to", required=True)


class PlanCheckpoint(Named):
    seq = fields.Integer(required=True)
    position = fields.List(fields.Float(), required=True, validate=validate.Length(equal=2))
    radius_m = fields.Integer(required=True)
    method = fields.String(required=True, validate=validate.OneOf(["gps", "code", "nfc", "photo"]))
    required = fields.Boolean(required=True)
    window = fields.Nested(LocalSpan, allow_none=True)


class PlanRoute(Schema):
    version_id = fields.Integer(required=True)
    route_id = fields.Integer(required=True)
    version = fields.Integer(required=True)
    name = fields.String(required=True)
    ordered = fields.Boolean(required=True)
    length_m = fields.Integer(required=True)
    line = Shape(required=True)
    checkpoints = fields.List(fields.Nested(PlanCheckpoint), required=True)


class PlanWindow(LocalSpan):
    weekday = fields.Integer(required=True, validate=validate.Range(0, 6))


class PlanHotspot(Named):
    category = fields.String(required=True)
    polygon = Shape(required=True)
    windows = fields.List(fields.Nested(PlanWindow), required=True)
    target_min = fields.Integer(required=True)


class PlanPlaces(Schema):
    bounds = fields.List(fields.Float(), allow_none=True, validate=validate.Length(equal=4))


class PlanPin(Schema):
    """How the phone derives the key of a proof; nothing by which a PIN could be checked."""

    salt_hex = fields.String(required=True)
    rounds = fields.Integer(required=True)


class PlanNumber(Schema):
    """Whom to call: a name of the township's own, or a code of the catalogue."""

    name = fields.String()
    label_code = fields.String()
    number = fields.String(required=True)


class PlanAlarm(Schema):
    """Calls for help. `lone`: by shift id, whether the member is alone on it (as far as the server has heard)."""

    pin = fields.Nested(PlanPin, required=True, allow_none=True)
    ok_every_min = fields.Integer(required=True)
    escalate_s = fields.List(fields.Integer(), required=True)
    call_numbers = fields.List(fields.Nested(PlanNumber), required=True)
    lone = fields.Dict(keys=fields.String(), values=fields.Boolean(), required=True)


class PlanOut(Schema):
    version = fields.String(required=True)
    person = fields.Nested(PlanPerson, required=True)
    teams = fields.List(fields.Nested(PlanTeam), required=True)
    policy = fields.Nested(PlanPolicy, required=True)
    shifts = fields.List(fields.Nested(PlanShift), required=True)
    routes = fields.List(fields.Nested(PlanRoute), required=True)
    hotspots = fields.List(fields.Nested(PlanHotspot), required=True)
    places = fields.Nested(PlanPlaces, required=True)
    alarm = fields.Nested(PlanAlarm, required=True)
    colleagues = fields.List(fields.Nested(PlanColleague), required=True)
    leave = fields.List(fields.Nested(PlanLeave), required=True)
    cases = fields.List(fields.Nested(PlanCase), required=True)
    consents = fields.Dict(
        keys=fields.String(), values=fields.Boolean(allow_none=True), required=True,
        metadata={"description": "By purpose: yes, no, or null where the member was not asked yet"},
    )  # fmt: skip


class PointLine(Schema):
    rule = fields.String(required=True)
    points = fields.Float(required=True)
    detail = fields.Dict(required=True)
    settles_at = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "until then what others' phones say may still change it"},
    )


class SentenceOut(Schema):
    code = fields.String(required=True, metadata={"description": "of the catalogue `statements`"})
    figures = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class CutLine(Schema):
    rule = fields.String(required=True)
    cause = fields.String(required=True)
    day = fields.Date(required=True)
    says = fields.List(fields.Nested(SentenceOut), required=True)


class RuleVersion(Schema):
    area = fields.String(required=True)
    since = fields.Date(required=True)


class StatementLine(CutLine):
    points = fields.Float(required=True)
    is_earned = fields.Boolean(
        required=True, metadata={"description": "by work; otherwise it moves what was earned"}
    )
    version = fields.Nested(
        RuleVersion, required=True, allow_none=True, metadata={"description": "null: the defaults"}
    )
    settles_at = fields.AwareDateTime(required=True, allow_none=True)
    booked_in = fields.String(
        required=True, allow_none=True, metadata={"description": "where its own month was frozen"}
    )


class TakenBackLine(CutLine):
    points = fields.Float(required=True, metadata={"description": "what it was worth, and is no more"})
    booked_in = fields.String(
        required=True, allow_none=True, metadata={"description": "where its own month was frozen"}
    )


class PointsOut(Schema):
    month = fields.String(required=True)
    points = fields.Float(required=True)
    pending = fields.Float(required=True, metadata={"description": "of all time, now"})
    approved = fields.Float(required=True, metadata={"description": "of all time, now"})
    lines = fields.List(fields.Nested(StatementLine), required=True)
    cut = fields.List(
        fields.Nested(CutLine), required=True, metadata={"description": "of which a cap left nothing"}
    )
    taken_back = fields.List(
        fields.Nested(TakenBackLine),
        required=True,
        metadata={"description": "what stood once and was undone, with the reason; in no sum"},
    )


class HoursDuty(Schema):
    duty_id = fields.Integer(required=True)
    shift_id = fields.Integer(required=True)
    day = fields.Date(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    team = fields.String(required=True)
    state = fields.String(required=True)
    started_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    minutes = fields.Integer(required=True)
    grade = fields.String(required=True, validate=validate.OneOf(["track", "single", "declared"]))
    km = fields.Float(required=True)
    flags = fields.List(fields.String(), required=True)
    is_void = fields.Boolean(required=True, metadata={"description": "two persons found its check-ins false"})
    checkpoints = fields.Nested(Completion, required=True)
    visits = fields.Integer(required=True)
    lines = fields.List(fields.Nested(PointLine), required=True)


class BesideLine(PointLine):
    day = fields.Date(required=True)


class HoursOut(Schema):
    month = fields.String(required=True)
    minutes = fields.Integer(required=True)
    points_pending = fields.Integer(required=True)
    verified_minutes = fields.Integer(required=True, metadata={"description": "of all time, for the stars"})
    duties = fields.List(fields.Nested(HoursDuty), required=True)
    beside = fields.List(
        fields.Nested(BesideLine), required=True,
        metadata={"description": "earned or lost beside a duty: hazards, training, an on-time month, no-shows"},
    )  # fmt: skip
