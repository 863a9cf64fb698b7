"""/healthz: the process lives. /readyz: database, queue and migrations are ready."""

from __future__ import annotations

from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app, jsonify

from app.accounts import queries as accounts
from app.gate import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def healthz() -> Any:
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> Any:
    """503 with what is missing until the schema is the one this code was written for."""
    checks = {"database": False, "migrations": False, "queue": False}
    try:
        checks["migrations"] = accounts.schema_revision() == newest_revision()
        checks["database"] = True
        checks["queue"] = accounts.queue_is_there()
    except Exception as error:
        current_app.logger.warning("not ready: %s", type(error).__name__)
    ready = all(checks.values())
    return jsonify(status="ready" if ready else "not_ready", checks=checks), 200 if ready else 503


def newest_revision() -> str | None:
    config = Config()
    config.set_main_option("script_location", current_app.extensions["migrate"].directory)
    return ScriptDirectory.from_config(config).get_current_head()
