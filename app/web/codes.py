"""Codes at checkpoints: the day's sheet to print, links for screens, tags to write, new secrets."""

from __future__ import annotations

from datetime import date, timedelta

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.db import db
from app.duty import choices
from app.gate import allow, me, my_scope, settings
from app.routes import codes, queries
from app.web.words import today, use_zone

pages = Blueprint("codes", __name__)
DAYS_AHEAD = 13


@pages.get("/desk/codes")
@allow("leader", "admin")
def show() -> ResponseReturnValue:
    """A route's sheet. Its secrets are made when they are first needed, so the page commits."""
    lead_zone()
    scope = my_scope()
    routes = queries.led_routes(scope)
    route_id = request.args.get("route", type=int) or (routes[0].id if routes else 0)
    day = read_day(request.args.get("day"))
    sheet = codes.sheet_of(scope, route_id, day, clock.now()) if routes else []
    page = render_template(
        "desk/codes.html", routes=routes, route=next((r for r in routes if r.id == route_id), None), day=day,
        days=[today() + timedelta(days=n) for n in range(DAYS_AHEAD + 1)],
        cards=[{"checkpoint": c, "code": in_halves(code), "picture": picture_of(text)} for c, code, text in sheet],
        displays=queries.displays_of_route(route_id) if sheet else [],
    )  # fmt: skip
    db.session.commit()
    return page


@pages.post("/desk/codes/<int:checkpoint_id>/display")
@allow("leader", "admin")
def make_display(checkpoint_id: int) -> ResponseReturnValue:
    """The page with the link is the answer itself: it is shown this once."""
    lead_zone()
    place, token = codes.make_display(me(), my_scope(), checkpoint_id, clock.now())
    address = f"{settings().public_url}{url_for('display.show', link=token)}"
    page = render_template(
        "desk/codes_display.html", place=place, address=address, picture=picture_of(address)
    )
    db.session.commit()
    return page


@pages.post("/desk/codes/displays/<int:display_id>/revoke")
@allow("leader", "admin")
def revoke_display(display_id: int) -> ResponseReturnValue:
    codes.revoke_display(me(), my_scope(), display_id, clock.now())
    flash(_("codes.desk.revoked"), "done")
    target = back()
    db.session.commit()
    return redirect(target)


@pages.post("/desk/codes/<int:checkpoint_id>/tag")
@allow("leader", "admin")
def tag(checkpoint_id: int) -> ResponseReturnValue:
    """What to write on the tag; the phone that shows the page writes it, where its browser can."""
    lead_zone()
    place, text = codes.tag_text(me(), my_scope(), checkpoint_id, clock.now())
    page = render_template("desk/codes_tag.html", place=place, text=text)
    db.session.commit()
    return page


@pages.post("/desk/codes/<int:checkpoint_id>/change")
@allow("leader", "admin")
def change(checkpoint_id: int) -> ResponseReturnValue:
    place = codes.change_secret(me(), my_scope(), checkpoint_id, clock.now())
    flash(_("codes.desk.changed", name=place.checkpoint.name), "done")
    target = url_for("codes.show", route=place.route_id)
    db.session.commit()
    return redirect(target)


def back() -> str:
    return url_for("codes.show", route=request.form.get("route", type=int) or None)


def read_day(text: str | None) -> date:
    """From yesterday (a night shift is still out) to two weeks ahead; anything else is today."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return today()
    return day if today() - timedelta(days=1) <= day <= today() + timedelta(days=DAYS_AHEAD) else today()


def in_halves(code: str) -> str:
    return f"{code[:3]} {code[3:]}"


def picture_of(text: str) -> str:
    """A QR code that a page may show without making HTML of a string."""
    return str(segno.make(text, error="m", micro=False).svg_data_uri(border=3, light="#fff", omitsize=True))


def lead_zone() -> None:
    teams = choices.led_teams(my_scope())
    if teams:
        use_zone(teams[0].zone)
