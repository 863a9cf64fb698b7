"""Xunfang 巡防: the patrol system of a county."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from app import models  # noqa: F401  (mappers and metadata)
from app.config import Settings, read_settings
from app.db import db

# A folder each under app/translations.
SUBJECTS = (
    "errors", "phone", "desk", "coverage", "cli", "account", "crew", "codes", "reports", "alarms", "loggers",
    "hotspots", "campaigns",
    "exports", "staffing", "strength", "beats", "playback",
    "points", "rules", "statements", "pointrows", "notices", "shop", "money", "assessment", "fairness",
)  # fmt: skip
ROOT = Path(__file__).resolve().parent.parent


def create_app(settings: Settings | None = None) -> Flask:
    settings = settings or read_settings()
    app = Flask(__name__, static_folder=str(ROOT / "static"), static_url_path="/static")
    app.config.update(flask_settings(settings))
    app.extensions["settings"] = settings
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), compare_type=True)
    register(app)
    return app


def register(app: Flask) -> None:
    # Imported here: the edge imports domains, which need the models above to be mapped first.
    from app import api, cli, gate, problems, web

    gate.init_app(app)
    api.init_app(app)
    problems.init_app(app)  # after smorest, whose own handler would answer pages in JSON
    web.init_app(app)
    cli.init_app(app)
    gate.require_declared_access(app)


def flask_settings(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_pre_ping": True,
            "hide_parameters": True,  # bodies and positions stay out of the log
            "pool_size": settings.pool_size,
            "max_overflow": settings.pool_size,
            # behind a transaction pooler a prepared statement may be on another connection
            "connect_args": {"prepare_threshold": None, "options": "-c statement_timeout=30000"},
        },
        "MAX_CONTENT_LENGTH": 8 * 1024 * 1024,
        "SESSION_COOKIE_NAME": "__Host-form" if settings.is_https else "form",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_CHECK_DEFAULT": False,
        "BABEL_DEFAULT_LOCALE": "zh",
        "BABEL_TRANSLATION_DIRECTORIES": ";".join(f"translations/{s}" for s in SUBJECTS),
        "JSON_AS_ASCII": False,
    }
