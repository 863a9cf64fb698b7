"""The public notice of points: anybody reads it while it runs, objects to a line, and finds it gone afterwards."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app import clock
from app.approval import notices, published, rules
from app.approval.notices import Public
from app.db import db
from app.errors import DomainError, TooMany
from app.gate import me, public
from app.problems import sentence
from app.web.approvals import month_words
from app.web.notices_desk import month_of_address
from app.web.planning import sentence_of
from app.web.words import use_zone

pages = Blueprint("notices", __name__)
# No search engine keeps what is gone when the notice ends.
ROBOTS = "noindex, nofollow, noarchive, nosnippet"


@pages.get("/robots.txt")
@public
def robots() -> ResponseReturnValue:
    return Response("User-agent: *\nDisallow: /\n", content_type="text/plain; charset=utf-8")


@pages.get("/notices")
@public
def show() -> ResponseReturnValue:
    running = published.running(clock.now())
    return unindexed(render_template("notices.html", running=running, month_words=month_words))


@pages.get("/notices/<code>/<month>")
@public
def one(code: str, month: str) -> ResponseReturnValue:
    return page_of(notices.read(code, month_of_address(month), clock.now()))


@pages.post("/notices/<code>/<month>")
@public
def object_to(code: str, month: str) -> ResponseReturnValue:
    """An objection; where somebody is signed in, theirs."""
    found = notices.read(code, month_of_address(month), clock.now())
    key, text = request.form.get("line") or "-", request.form.get("text", "")
    who = me() if current_user.is_authenticated else None
    try:
        notices.object_to(
            found.notice, found.township, key, text, who, request.remote_addr or "", clock.now()
        )
    except TooMany:
        raise
    except DomainError as refused:
        db.session.rollback()
        faults = {fault.pointer.strip("/"): sentence_of(fault) for fault in refused.fields}
        words = "" if faults else sentence(f"errors.{refused.code}", refused.figures)
        again = notices.read(code, month_of_address(month), clock.now())
        return page_of(again, words, faults, key), refused.status
    flash(_("notices.objected_done"), "done")
    db.session.commit()
    return redirect(url_for("notices.one", code=code, month=month))


def page_of(
    found: Public, problem: str = "", faults: dict[str, str] | None = None, key: str = ""
) -> Response:
    use_zone(found.township.time_zone)
    page = render_template(
        "notice.html", found=found, points=rules.points, month_words=month_words, problem=problem,
        faults=faults or {}, key=key,
    )  # fmt: skip
    return unindexed(page)


def unindexed(page: str) -> Response:
    response = make_response(page)
    response.headers["X-Robots-Tag"] = ROBOTS
    response.headers["Cache-Control"] = "no-store"
    return response
