"""Pages for the desk, the phone's shell and sign-in. One file a noun; each declares who may open it."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.web import (
        alarms,
        approvals,
        assessment,
        assessment_files,
        assessment_plans,
        assessment_why,
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
        fairness,
        feeds,
        hotspot_drawing,
        hotspots,
        incidents,
        money,
        money_books,
        money_commitments,
        money_grants,
        monthly,
        notices,
        notices_desk,
        people,
        phone,
        playback,
        point_corrections,
        point_rows,
        proposals,
        received,
        reports,
        review,
        rosters,
        rule_changes,
        rules,
        second_factor,
        session,
        shares,
        shell,
        shifts,
        shop,
        shop_goods,
        staffing,
        statements,
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
        *(rules, rule_changes, statements, point_rows, point_corrections),
        *(assessment, assessment_why, assessment_plans, assessment_files),
        *(money, money_commitments, money_grants, money_books, shares),
        *(codes, people, tokens, exports, monthly),
        *(approvals, notices_desk, fairness),
        *(shop, shop_goods, certificates),
    )
    for module in (shell, session, second_factor, phone, *desk, notices, display, feeds):
        app.register_blueprint(module.pages)
