"""The first page by role, the language, and what every desk page has around it."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.gate import LANGUAGES, allow, my_roles, my_scope, public, settings

pages = Blueprint("shell", __name__)

# Noun of the rail → its page. A noun is shown to those who may open the page.
NOUNS = (
    ("board", "board.show"),
    ("alarms", "alarms.show"),
    ("shifts", "shifts.week"),
    ("swaps", "swaps.show"),
    ("reports", "desk_reports.show"),
    ("review", "review.show"),
    ("playback", "playback_desk.show"),
    ("coverage", "coverage.show"),
    ("hotspots", "hotspots.show"),
    ("campaigns", "campaigns.show"),
    ("codes", "codes.show"),
    ("people", "people.show"),
)
YEAR_S = 365 * 86400


@pages.get("/")
@allow()
def home() -> ResponseReturnValue:
    roles = my_roles()
    if "leader" in roles:
        return redirect(url_for("board.show"))
    return redirect("/desk/coverage" if roles & {"reviewer", "admin"} else "/m/")


@pages.post("/language")
@public
def choose_language() -> ResponseReturnValue:
    response = redirect(own_path(request.form.get("next")))
    wanted = request.form.get("lang")
    if wanted in LANGUAGES:
        response.set_cookie("lang", wanted, max_age=YEAR_S, samesite="Lax", secure=settings().is_https)
    return response


def own_path(target: str | None, otherwise: str = "/") -> str:
    """`target` if it is a path of our own, never another site's address."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return otherwise
    if any(ord(letter) < 32 or letter == "\\" for letter in target):
        return otherwise
    parts = urlsplit(target)
    return otherwise if parts.scheme or parts.netloc else target


def rail() -> list[dict[str, object]]:
    """The nouns that the caller may open: [{name, url, count}]."""
    shown = []
    for name, endpoint in NOUNS:
        view = current_app.view_functions.get(endpoint)
        if not set(getattr(view, "access", ())) & my_scope().roles:
            continue
        shown.append({"name": name, "url": url_for(endpoint), "count": waiting_on(name)})
    return shown


def waiting_on(noun: str) -> int:
    """How much of a noun waits for the caller."""
    from app.alarms import operations as alarms
    from app.campaigns import queries as campaigns
    from app.checkins.board import waiting_count
    from app.duty import swaps
    from app.field import playback
    from app.hotspots import queries as hotspots
    from app.incidents import queries as reports

    if noun == "review":
        return waiting_count(my_scope())
    if noun == "playback":
        return playback.waiting_count(my_scope())
    if noun == "hotspots":
        return hotspots.waiting_for(my_scope())
    if noun == "campaigns":
        return campaigns.waiting_for(my_scope(), clock.now())
    if noun == "reports":
        return reports.new_count(my_scope())
    if noun == "alarms":
        return len(alarms.ringing(my_scope(), clock.now()))
    return swaps.waiting_count(my_scope(), clock.now()) if noun == "swaps" else 0


pages.app_context_processor(lambda: {"rail": rail})
