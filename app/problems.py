"""Errors as answers: problem+json (RFC 9457) under /api, a plain page elsewhere. Nothing reaches a bare 500."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, jsonify, render_template, request
from flask_babel import gettext
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException

from app.db import db
from app.errors import DomainError, FieldError, TooMany, trace_of
from app.gate import is_api, is_from_logger

log = logging.getLogger("xunfang")
# what werkzeug and smorest raise, by status → our stable codes
CODES = {
    400: "bad_request", 401: "sign_in_needed", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    406: "not_acceptable", 408: "too_slow", 409: "conflict", 411: "length_needed", 413: "too_large", 414: "too_large",
    415: "unsupported_media_type", 422: "invalid", 429: "too_many", 500: "internal", 503: "unavailable",
}  # fmt: skip


def init_app(app: Flask) -> None:
    app.register_error_handler(DomainError, on_domain_error)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(OperationalError, on_database_away)
    app.register_error_handler(DataError, on_unstorable)
    app.register_error_handler(UnicodeEncodeError, on_unstorable)
    app.register_error_handler(Exception, on_unexpected)


def on_domain_error(error: DomainError) -> Any:
    db.session.rollback()
    response = answer(error.status, error.code, error.fields, error.figures)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after_s)
    elif error.status == 413:
        response.headers["Retry-After"] = "0"  # at once, in smaller pieces
    return response


def on_http_error(error: HTTPException) -> Any:
    db.session.rollback()
    if error.response is not None or error.code is None or error.code < 400:
        return error
    messages = getattr(error, "data", {}).get("messages", {})
    response = answer(error.code, CODES.get(error.code, "bad_request"), fields_of(messages), {})
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    allow = getattr(error, "valid_methods", None)
    if allow:
        response.headers["Allow"] = ", ".join(sorted(allow))
    return response


def on_database_away(error: OperationalError) -> Any:
    log.error("database unavailable: %s", type(error.orig).__name__)
    db.session.rollback()
    response = answer(503, "unavailable", (), {})
    response.headers["Retry-After"] = "5"
    return response


def on_unstorable(error: DataError | UnicodeEncodeError) -> Any:
    """What no column can hold, and no other check looked at: U+0000, half a letter, a number of thirty figures."""
    log.warning("unstorable input at %s: %s", request.url_rule, trace_of(error))
    db.session.rollback()
    return answer(400, "bad_request", (), {})


def on_unexpected(error: Exception) -> Any:
    log.error("unexpected error at %s: %s", request.url_rule, trace_of(error))
    db.session.rollback()
    return answer(500, "internal", (), {})


def answer(status: int, code: str, fields: tuple[FieldError, ...], figures: dict[str, Any]) -> Response:
    if is_from_logger():
        return Response("", status=status, content_type="text/plain; charset=utf-8")
    detail = sentence(f"errors.{code}", figures)
    if not is_api():
        page = render_template("error.html", status=status, code=code, detail=detail)
        return Response(page, status=status, content_type="text/html; charset=utf-8")
    body = {
        "type": f"urn:xunfang:problem:{code}", "title": sentence(f"errors.{code}", figures), "status": status,
        "code": code, "detail": detail, "figures": figures,
        "errors": [
            {"pointer": f.pointer, "code": f.code, "detail": sentence(f"errors.{f.code}", f.figures)} for f in fields
        ],
    }  # fmt: skip
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def sentence(key: str, figures: dict[str, Any]) -> str:
    """The catalogue's words for a code, with its figures; the code itself when the catalogue lacks a figure."""
    words = gettext(key)
    try:
        return words % figures if figures or "%(" in words else words
    except (KeyError, TypeError, ValueError):
        return words


def fields_of(messages: Any) -> tuple[FieldError, ...]:
    """marshmallow's nested messages → JSON pointers, the location level (json, query) left out of the pointer."""
    if not isinstance(messages, dict):
        return ()
    found: list[FieldError] = []
    for below in messages.values():
        _walk(below, "", found)
    return tuple(found[:50])


def _walk(node: Any, pointer: str, found: list[FieldError]) -> None:
    if isinstance(node, dict):
        for key, below in node.items():
            _walk(below, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}", found)
    else:
        found.append(FieldError(pointer or "/", "field_invalid"))
