from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Blueprints and commands are registered here."""
