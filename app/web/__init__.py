"""Pages for the desk, the phone's shell and sign-in. One file a noun; each declares who may open it."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.web import board, coverage, phone, review, session, shell, shifts, words

    words.init_app(app)
    for module in (shell, session, phone, board, shifts, review, coverage):
        app.register_blueprint(module.pages)
