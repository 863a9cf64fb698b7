"""Pages for the desk, the phone's shell and sign-in. One file a noun; each declares who may open it."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.web import (
        alarms,
        assets,
        board,
        codes,
        coverage,
        display,
        exports,
        feeds,
        monthly,
        people,
        phone,
        reports,
        review,
        session,
        shell,
        shifts,
        swaps,
        tokens,
        words,
    )

    assets.init_app(app)
    words.init_app(app)
    desk = (board, alarms, shifts, swaps, reports, review, coverage, codes, people, tokens, exports, monthly)
    for module in (shell, session, phone, *desk, display, feeds):
        app.register_blueprint(module.pages)
