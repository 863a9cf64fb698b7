"""The JSON API: one file per noun. Parsing, one operation or query, one commit, problem answers, OpenAPI."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, jsonify, request
from flask_smorest import Api

from app import clock
from app.api.schemas import Problem
from app.gate import public, settings


class ProblemApi(Api):  # type: ignore[misc]
    """OpenAPI says what problems.py answers: problem+json, not smorest's own shape."""

    ERROR_SCHEMA = Problem

    def _register_responses(self) -> None:
        usual = self.DEFAULT_RESPONSE_CONTENT_TYPE
        self.DEFAULT_RESPONSE_CONTENT_TYPE = "application/problem+json"
        super()._register_responses()
        self.DEFAULT_RESPONSE_CONTENT_TYPE = usual


api = ProblemApi()


def init_app(app: Flask) -> None:
    from app.api import (
        alarms,
        assessment,
        basemap,
        cases,
        coverage,
        fairness,
        field,
        health,
        loggers,
        me,
        notices,
        ogc,
        photos,
        playback,
        schemas,
        session,
        shop,
        staffing,
        standing,
        stream,
        strength,
        tiles,
    )
    from app.field.anchor import sign_anchor

    app.config.update(
        API_TITLE="Xunfang", API_VERSION="v1", OPENAPI_VERSION="3.1.0", OPENAPI_URL_PREFIX=None,
    )  # fmt: skip
    api.init_app(app)
    schemas.document(api)
    for module in (
        session, field, cases, photos, playback, coverage, staffing, strength, tiles, basemap, loggers, alarms,
        stream, me, fairness, assessment, notices, shop,
    ):  # fmt: skip
        api.register_blueprint(module.bp, url_prefix=module.bp.url_prefix)
    app.register_blueprint(health.bp)
    standing.init_app(app)
    app.register_blueprint(loggers.intake)
    app.register_blueprint(ogc.bp)
    app.add_url_rule("/api/v1/openapi.json", "openapi", openapi)
    schemas.document_addresses(api, next(app.url_map.iter_rules("openapi")))

    @app.after_request
    def add_anchor(response: Response) -> Response:
        """The signed server time, on every answer, outside any ETag."""
        if request.path.startswith("/api/"):
            response.headers["X-Xunfang-Anchor"] = sign_anchor(
                g.get("now") or clock.now(), settings().secret_key
            )
        return response


@public
def openapi() -> Any:
    """OpenAPI 3.1 of everything under /api/v1."""
    return jsonify(api.spec.to_dict())
