"""Pages for the desk, the phone's shell and sign-in. One file a noun; each declares who may open it."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.web import (
        alarms,
        assets,
        beats,
        board,
        campaign_choosing,
        campaigns,
        codes,
        coverage,
        display,
        exports,
        feeds,
        hotspot_drawing,
        hotspots,
        incidents,
        money,
        money_books,
        money_commitments,
        money_grants,
        monthly,
        people,
        phone,
        playback,
        proposals,
        received,
        reports,
        review,
        rosters,
        second_factor,
        session,
        shares,
        shell,
        shifts,
        staffing,
        strength,
        swaps,
        tokens,
        words,
    )

    assets.init_app(app)
    words.init_app(app)
    desk = (
        *(board, alarms, shifts, rosters, swaps, reports, review, received, playback),
        *(
            coverage,
            staffing,
            strength,
            hotspots,
            proposals,
            hotspot_drawing,
            beats,
            incidents,
            campaigns,
            campaign_choosing,
        ),
        *(money, money_commitments, money_grants, money_books, shares),
        *(codes, people, tokens, exports, monthly),
    )
    for module in (shell, session, second_factor, phone, *desk, display, feeds):
        app.register_blueprint(module.pages)
