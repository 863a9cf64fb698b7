"""The first page by role, the language, and what every desk page has around it."""

from __future__ import annotations

from collections.abc import Sequence
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
    ("points", "approvals.show"),
    ("money", "money.show"),
    ("assessment", "assessment.show"),
    ("codes", "codes.show"),
    ("people", "people.show"),
)
# Tab of the points' pages → its page, likewise.
TABS = (
    ("months", "approvals.show"),
    ("notices", "notices_desk.show"),
    ("rows", "point_rows.show"),
    ("checks", "fairness.show"),
    ("shop", "shop.show"),
    ("rules", "rules.show"),
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
    return [
        {"name": name, "url": url_for(page), "count": waiting_on(name)} for name, page in open_to_me(NOUNS)
    ]


def point_tabs() -> list[tuple[str, str, bool]]:
    """Tabs of the points' pages that the caller may open: name, address, whether it is the one shown."""
    return [(name, url_for(page), request.endpoint == page) for name, page in open_to_me(TABS)]


def open_to_me(pages_of: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    roles, views = my_scope().roles, current_app.view_functions
    return [(name, page) for name, page in pages_of if set(getattr(views.get(page), "access", ())) & roles]


def waiting_on(noun: str) -> int:
    """How much of a noun waits for the caller."""
    from app.alarms import operations as alarms
    from app.approval import queries as approval
    from app.assessment import queries as assessments
    from app.campaigns import queries as campaigns
    from app.checkins.board import waiting_count
    from app.duty import swaps
    from app.fairness import queries as fairness
    from app.field import playback
    from app.hotspots import queries as hotspots
    from app.incidents import queries as reports
    from app.money import queries as money
    from app.rulebook import queries as rulebook

    scope = my_scope()
    counts = {
        "review": lambda: waiting_count(scope),
        "playback": lambda: playback.waiting_count(scope),
        "hotspots": lambda: hotspots.waiting_for(scope),
        "campaigns": lambda: campaigns.waiting_for(scope, clock.now()),
        "reports": lambda: reports.new_count(scope),
        "points": lambda: sum(each.waiting_for(scope) for each in (approval, rulebook, fairness)),
        "money": lambda: money.waiting_for(scope),
        "assessment": lambda: assessments.waiting_for(scope),
        "alarms": lambda: len(alarms.ringing(scope, clock.now())),
        "swaps": lambda: swaps.waiting_count(scope, clock.now()),
    }
    return counts[noun]() if noun in counts else 0


pages.app_context_processor(lambda: {"rail": rail, "point_tabs": point_tabs})
