"""Photos of places, and what became of my reports."""

from __future__ import annotations

import io
import logging
from typing import Any
from uuid import UUID

from flask import Response, g, jsonify, request, send_file
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from app import clock
from app.api.field import DomainErrorWithStatus
from app.api.schemas import Problem
from app.db import db
from app.errors import DomainError, NotFound, TooLarge, trace_of
from app.field.reports import reports_for
from app.gate import allow, me, my_scope, settings
from app.geofiles.photos import MAX_BYTES, TYPES, Photo, PhotoRefused, redraw
from app.incidents import media, operations, queries
from app.incidents.models import IncidentPhoto
from app.incidents.rules import CATEGORIES, CLOSINGS, OFFICES, STATES

log = logging.getLogger("xunfang.photos")
PROBLEM = "application/problem+json"
bp = Blueprint(
    "reports", __name__, url_prefix="/api/v1/field", description="Photos of places, and my reports"
)


class PhotoOut(Schema):
    id = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["stored", "forgotten"]))
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)


class ReportPhoto(Schema):
    id = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["awaited", "stored", "forgotten"]))


class ReportOut(Schema):
    """`state`: new, triaged (somebody has taken it up), passed_on to an office, closed with how it ended."""

    id = fields.UUID(required=True)
    category = fields.String(required=True, validate=validate.OneOf(CATEGORIES))
    phrase = fields.String(required=True, allow_none=True)
    reported_at = fields.AwareDateTime(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    passed_to = fields.String(required=True, allow_none=True, validate=validate.OneOf([*OFFICES, None]))
    closing = fields.String(required=True, allow_none=True, validate=validate.OneOf([*CLOSINGS, None]))
    changed_at = fields.AwareDateTime(required=True, allow_none=True)
    checkpoint = fields.String(required=True, allow_none=True)
    photos = fields.List(fields.Nested(ReportPhoto), required=True)


class ReportsOut(Schema):
    reports = fields.List(fields.Nested(ReportOut), required=True)


PICTURES = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in TYPES}


@bp.get("/reports")
@allow()
@bp.response(200, ReportsOut)
def mine() -> Any:
    """My reports of the last 30 days: new, taken up, passed on, closed."""
    return {"reports": reports_for(me(), clock.now())}


@bp.put("/photos/<uuid:photo_id>")
@bp.doc(requestBody={"required": True, "content": PICTURES})
@bp.response(200, PhotoOut)
@bp.alt_response(404, schema=Problem, content_type=PROBLEM, description="The id is somebody else's")
@bp.alt_response(413, schema=Problem, content_type=PROBLEM, description="More than 6 MB")
@bp.alt_response(415, schema=Problem, content_type=PROBLEM, description="No JPEG, PNG or WebP")
@bp.alt_response(
    422, schema=Problem, content_type=PROBLEM, description="Unreadable, or more than 25 megapixels"
)
@allow()
def put(photo_id: UUID) -> Any:
    """A photo of a place, drawn anew without EXIF, profile or thumbnail; safe to repeat, before or after its report."""
    now = g.now = clock.now()
    if request.mimetype not in TYPES:
        raise DomainErrorWithStatus("photo_no_picture", 415)
    data = _whole()
    operations.limit_photos(me(), now)
    is_new = operations.is_awaited(me(), photo_id)
    db.session.commit()  # what was counted stays counted, and no row is locked while the picture is drawn
    picture = _redrawn(data) if is_new else None
    photo = operations.expect_photo(me(), photo_id, now)
    if picture is not None and photo.state == "awaited":
        _write(photo, picture)
        operations.keep_photo(photo, picture.jpeg, picture.width, picture.height, now)
    response = jsonify(_doc(photo))
    db.session.commit()
    return response


@bp.get("/photos/<uuid:photo_id>")
@bp.doc(responses={200: {"description": "The picture", "content": {"image/jpeg": PICTURES["image/jpeg"]}}})
@allow()
def get(photo_id: UUID) -> Response:
    """The photo, for who made it, the team's leaders and the township's reviewers."""
    photo = queries.seen_photo(my_scope(), photo_id)
    data = media.read(settings().media, photo.township_id, photo.id)
    if data is None:
        raise NotFound()
    response = send_file(io.BytesIO(data), mimetype="image/jpeg", max_age=0)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _whole() -> bytes:
    """The body, or TooLarge as soon as that is known."""
    if (request.content_length or 0) > MAX_BYTES:
        raise TooLarge("photo_too_large")
    data = request.stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise TooLarge("photo_too_large")
    return data


def _write(photo: IncidentPhoto, picture: Photo) -> None:
    try:
        media.write(settings().media, photo.township_id, photo.id, picture.jpeg)
    except OSError as error:
        log.error("a photo could not be written: %s", trace_of(error))
        raise DomainErrorWithStatus("unavailable", 503) from error


def _redrawn(data: bytes) -> Photo:
    try:
        return redraw(data)
    except PhotoRefused as refused:
        if refused.code == "photo_no_picture":
            raise DomainErrorWithStatus("photo_no_picture", 415) from refused
        if refused.code == "photo_too_many_pixels":
            raise DomainError("photo_too_many_pixels") from refused
        raise DomainError("photo_unreadable") from refused


def _doc(photo: IncidentPhoto) -> dict[str, Any]:
    return {"id": str(photo.id), "state": photo.state, "width": photo.width, "height": photo.height}
