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
    visit_min_s = fields.Integer(required=True)
    visit_full_min = fields.Integer(required=True)
    track_every_s = fields.Integer(required=True)
    track_every_m = fields.Integer(required=True)
    max_gap_s = fields.Integer(required=True)
    segment_fixes = fields.Integer(required=True)


class PlanCrew(Schema):
    person_id = fields.Integer(required=True)
    name = fields.String(required=True)


class PlanDuty(Schema):
    state = fields.String(required=True, validate=validate.OneOf(["on", "paused", "ended", "attended"]))
    started_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)


class PlanShift(Schema):
    id = fields.Integer(required=True)
    version = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["planned", "cancelled"]))
    day = fields.Date(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    team = fields.Nested(Named, required=True)
    meeting_place = fields.String(required=True)
    route_version_id = fields.Integer(allow_none=True)
    mine = fields.Boolean(required=True)
    crew = fields.List(fields.Nested(PlanCrew), required=True)
    hotspot_ids = fields.List(fields.Integer(), required=True)
    duty = fields.Nested(PlanDuty, allow_none=True)


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


class PlanOut(Schema):
    version = fields.String(required=True)
    person = fields.Nested(PlanPerson, required=True)
    teams = fields.List(fields.Nested(PlanTeam), required=True)
    policy = fields.Nested(PlanPolicy, required=True)
    shifts = fields.List(fields.Nested(PlanShift), required=True)
    routes = fields.List(fields.Nested(PlanRoute), required=True)
    hotspots = fields.List(fields.Nested(PlanHotspot), required=True)
    places = fields.Nested(PlanPlaces, required=True)


class PointLine(Schema):
    rule = fields.String(required=True)
    points = fields.Float(required=True)
    detail = fields.Dict(required=True)


class Completion(Schema):
    counted = fields.Integer(required=True)
    required = fields.Integer(required=True)


class HoursDuty(Schema):
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
    checkpoints = fields.Nested(Completion, required=True)
    visits = fields.Integer(required=True)
    lines = fields.List(fields.Nested(PointLine), required=True)


class HoursOut(Schema):
    month = fields.String(required=True)
    minutes = fields.Integer(required=True)
    points_pending = fields.Integer(required=True)
    duties = fields.List(fields.Nested(HoursDuty), required=True)
