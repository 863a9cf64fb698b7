"""Pages for the desk, the phone's shell and sign-in. One file a noun; each declares who may open it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask import Flask

# In the order in which their addresses read best; each module holds `pages`, a Blueprint.
MODULES = ("shell", "session", "phone", "board", "shifts", "review", "coverage")


def init_app(app: Flask) -> None:
    from app.web import words

    words.init_app(app)
    for name in MODULES:
        if find_spec(f"app.web.{name}") is not None:
            app.register_blueprint(import_module(f"app.web.{name}").pages)
