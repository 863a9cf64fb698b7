"""Monthly reports: printing one, and seeing on the first of each month which townships want theirs."""

from __future__ import annotations

import logging
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from app import clock
from app.accounts.models import Person
from app.areas.models import Area
from app.db import db
from app.errors import trace_of
from app.exports import operations, paper, queries
from app.exports.models import MonthlyReport
from app.exports.month import Month, month_of
from app.jobs.queue import BACK_OFF, QUEUE, queue
from app.jobs.tasks import _one_by_one, every

log = logging.getLogger("xunfang.jobs")
COLUMNS = ("street_coverage", "dosage_attainment", "two_hour_compliance", "route_completion", "shifts_done")
TEMPLATE = "print/month.html"


@every("3 * * * *", "monthly_reports")
def monthly_reports(timestamp: int) -> None:
    """Every hour: townships that want last month's report by themselves and have none yet."""
    now = clock.now()
    _one_by_one(queries.schedules(), lambda schedule: operations.ask_for_due(schedule, now))


@queue.task(name=queries.PRINT, queue=QUEUE, retry=BACK_OFF, lock="print_report")
def print_report(township_id: int, report_id: int) -> None:
    """One report. What it does is seen while it runs; killed, it begins again and takes the same number."""
    report = db.session.get_one(MonthlyReport, (township_id, report_id))
    if report.state == "done":
        return
    try:
        _print(report)
    except Exception as error:
        db.session.rollback()
        log.error("report %s of %s is not printed: %s", report_id, township_id, trace_of(error))
        _at(db.session.get_one(MonthlyReport, (township_id, report_id)), "failed")
        raise


def _print(report: MonthlyReport) -> None:
    _at(report, "reading")
    township = db.session.get_one(Area, report.township_id)
    db.session.execute(queries.NO_TIMEOUT)
    month = month_of(township, report.month, clock.now())
    _at(report, "printing")
    operations.number_report(report, township.time_zone, clock.now())
    with force_locale(report.language):
        pdf = pdf_of(page_of(report, month))
    operations.keep_report(report, pdf, month.sha256, clock.now())
    db.session.commit()


def _at(report: MonthlyReport, state: str) -> None:
    report.state = state
    db.session.commit()


def page_of(report: MonthlyReport, month: Month) -> str:
    """The report as one page of HTML, whole in itself."""
    assert report.made_at is not None
    made_by = db.session.get(Person, report.made_by) if report.made_by else None
    before = (
        db.session.get(MonthlyReport, (report.township_id, report.replaces_id))
        if report.replaces_id
        else None
    )
    month_words = _("paper.month", year=report.month.year, month=report.month.month)
    template = current_app.jinja_env.get_template(TEMPLATE)
    return template.render(
        report=report, month=month, language=report.language, columns=COLUMNS, month_words=month_words,
        title=f"{month.township.name} {_('paper.title')} {month_words}", number_words=number_of(report, month),
        replaced=number_of(before, month) if before else "", who=made_by.name if made_by else "",
        made_words=report.made_at.astimezone(ZoneInfo(month.township.time_zone)).strftime("%Y-%m-%d %H:%M"),
    )  # fmt: skip


def number_of(report: MonthlyReport, month: Month) -> str:
    return _("paper.number", name=month.township.name, year=report.year, number=report.number)


def pdf_of(page: str) -> bytes:
    css = Path(current_app.static_folder or "static") / "css" / "report.css"
    return paper.pdf_of(page, css.read_text(encoding="utf-8"))
