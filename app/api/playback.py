"""Playback of a duty: the line walked and what happened, for its own members and, while something waits, a reviewer."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from app import clock
from app.api.schemas import Problem
from app.db import db
from app.field import playback
from app.gate import allow, me, my_scope

bp = Blueprint("playback", __name__, url_prefix="/api/v1/duties", description="A duty, played back")
PROBLEM = "application/problem+json"


class PlayedLine(Schema):
    """What one source recorded: `points` are [longitude, latitude, epoch seconds]; `steps[i]` is of the way from
    point i to the next: walked; a gap, which nobody bridges; or dropped, which is not to be believed."""

    points = fields.List(fields.List(fields.Float(), validate=validate.Length(3, 3)), required=True)
    steps = fields.List(fields.String(validate=validate.OneOf(["walked", "gap", "dropped"])), required=True)


class PlayedTrack(Schema):
    """`gone`: there was one, and its days are over or its member has deleted it. `none`: there never was."""

    state = fields.String(required=True, validate=validate.OneOf(["kept", "gone", "none"]))
    lines = fields.List(fields.Nested(PlayedLine), required=True)


class PlayedCheckin(Schema):
    """`position` is where the claim was made, as long as it is kept; none of it, and no reason, is for a mate."""

    id = fields.String(required=True)
    place = fields.String(required=True, allow_none=True)
    phase = fields.String(required=True)
    method = fields.String(required=True)
    verdict = fields.String(required=True, validate=validate.OneOf(["counted", "held", "not_counted"]))
    reasons = fields.List(fields.String(), required=True)
    position = fields.List(fields.Float(), required=True, allow_none=True)


class PlayedEvent(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(["start", "pause", "gap", "checkin", "end"]))
    at = fields.String(required=True)
    until = fields.String(required=True, allow_none=True)
    checkin = fields.Nested(PlayedCheckin)


class PlayedCheckpoint(Schema):
    id = fields.Integer(required=True)
    seq = fields.Integer(required=True)
    name = fields.String(required=True)
    position = fields.List(fields.Float(), required=True)


class PlayedRoute(Schema):
    name = fields.String(required=True)
    line = fields.Dict(required=True)
    checkpoints = fields.List(fields.Nested(PlayedCheckpoint), required=True)


class PlayedMate(Schema):
    duty_id = fields.Integer(required=True)
    name = fields.String(required=True)


class PlaybackOut(Schema):
    """`because` and `questioned` say what waits, to a reviewer; `crew` whose duties of the shift may be played back as
    well, to its own member."""

    duty_id = fields.Integer(required=True)
    day = fields.String(required=True)
    zone = fields.String(required=True)
    state = fields.String(required=True)
    member = fields.String(required=True)
    team = fields.String(required=True)
    starts_at = fields.String(required=True)
    ends_at = fields.String(required=True)
    route = fields.Nested(PlayedRoute, required=True, allow_none=True)
    track = fields.Nested(PlayedTrack, required=True)
    events = fields.List(fields.Nested(PlayedEvent), required=True)
    seen_as = fields.String(required=True, validate=validate.OneOf(["self", "mate", "reviewer"]))
    because = fields.List(
        fields.String(validate=validate.OneOf(["held", "contested", "said"])), required=True
    )
    questioned = fields.List(fields.String(), required=True)
    crew = fields.List(fields.Nested(PlayedMate), required=True)


@bp.get("/<int:duty_id>/playback")
@bp.response(200, PlaybackOut)
@bp.alt_response(403, schema=Problem, content_type=PROBLEM, description="Not theirs, not open, or still on")
@bp.alt_response(404, schema=Problem, content_type=PROBLEM, description="It does not exist for the caller")
@allow()
def show(duty_id: int) -> Any:
    """A duty played back: for its own members, and for a reviewer while something on it waits; never kept anywhere."""
    seen = playback.play(me(), my_scope(), duty_id, clock.now())
    db.session.commit()  # who looked is written down before anything is sent
    return seen
