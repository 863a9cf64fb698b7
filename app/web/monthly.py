"""Monthly reports at the desk: asked for, watched while they are made, opened; and the township's standing order."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.areas.models import Area
from app.db import db
from app.errors import DomainError, NotFound
from app.exports import operations, queries
from app.exports.models import ReportSchedule
from app.exports.month import month_before
from app.gate import LANGUAGES, allow, language, me, my_scope
from app.problems import sentence
from app.web.words import use_zone

pages = Blueprint("monthly", __name__)
MAKERS = ("reviewer", "admin")
MONTHS_BACK = 24
GOING_ON = {"waiting", "reading", "printing"}
LOOK_AGAIN_S = "3"


@pages.get("/desk/monthly")
@allow(*MAKERS)
def show() -> ResponseReturnValue:
    return page(township_of(request.args.get("area")))


@pages.post("/desk/monthly")
@allow(*MAKERS)
def make() -> ResponseReturnValue:
    """Asks the queue for a month's report."""
    township = township_of(request.form.get("area"))
    try:
        operations.ask_for_report(township, month_asked(), language_asked(), me(), clock.now())
    except DomainError as refused:
        db.session.rollback()
        return page(
            township_of(township.code), sentence(f"errors.{refused.code}", refused.figures)
        ), refused.status
    flash(_("monthly.asked"), "wait")
    db.session.commit()
    return redirect(url_for("monthly.show", area=township.code))


@pages.post("/desk/monthly/schedule")
@allow(*MAKERS)
def schedule() -> ResponseReturnValue:
    """The township's standing order: on (in a language) or off."""
    township = township_of(request.form.get("area"))
    on = request.form.get("on") == "1"
    operations.set_schedule(township, language_asked() if on else None, me(), clock.now())
    flash(_("monthly.turned_on") if on else _("monthly.turned_off"), "done")
    db.session.commit()
    return redirect(url_for("monthly.show", area=township.code))


@pages.get("/desk/monthly/<code>/<int:report_id>.pdf")
@allow(*MAKERS)
def paper(code: str, report_id: int) -> ResponseReturnValue:
    township = township_of(code)
    report = queries.report_of(my_scope(), township.id, report_id)
    if report is None or report.pdf is None:
        raise NotFound()
    name = f"{township.name}_{report.month:%Y-%m}_{report.year}-{report.number}.pdf"
    response = Response(bytes(report.pdf), content_type="application/pdf")
    response.headers["Content-Disposition"] = f"inline; filename=report.pdf; filename*=UTF-8''{quote(name)}"
    return response


def page(township: Area, problem: str = "") -> Response:
    """While something is being made the page comes again by itself and shows how far it is."""
    use_zone(township.time_zone)
    reports = queries.reports_of(my_scope(), township.id)
    words = render_template(
        "desk/monthly.html", township=township, townships=queries.townships_reviewed(my_scope()), reports=reports,
        months=months_of(township), order=db.session.get(ReportSchedule, township.id), problem=problem,
        going_on=GOING_ON, languages=LANGUAGES, chosen=language(),
    )  # fmt: skip
    response = make_response(words)
    if any(row.MonthlyReport.state in GOING_ON for row in reports):
        response.headers["Refresh"] = LOOK_AGAIN_S
    return response


def months_of(township: Area) -> list[date]:
    """Months that are over, newest first."""
    found = [month_before(clock.local_day(clock.now(), township.time_zone))]
    while len(found) < MONTHS_BACK:
        found.append(month_before(found[-1]))
    return found


def township_of(code: str | None) -> Area:
    """The township named, or the first that the caller reviews."""
    mine = queries.townships_reviewed(my_scope())
    found = next((t for t in mine if code in (None, "", t.code)), None)
    if found is None:
        raise NotFound()
    return found


def month_asked() -> date:
    try:
        return date.fromisoformat(f"{request.form.get('month', '')}-01")
    except ValueError as wrong:
        raise DomainError("month_not_over") from wrong


def language_asked() -> str:
    wanted = request.form.get("language", "")
    return wanted if wanted in LANGUAGES else language()
