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
        certificates,
        codes,
        coverage,
        display,
        exports,
        feeds,
        hotspot_drawing,
        hotspots,
        incidents,
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
        shell,
        shifts,
        shop,
        shop_goods,
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
        *(codes, people, tokens, exports, monthly),
        *(shop, shop_goods, certificates),
    )
    for module in (shell, session, second_factor, phone, *desk, display, feeds):
        app.register_blueprint(module.pages)
