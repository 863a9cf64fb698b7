"""Monthly reports: asked for, numbered, printed, kept; and townships that get theirs by themselves."""

from __future__ import annotations

from datetime import date, datetime

from app import clock
from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas.models import Area
from app.db import db
from app.errors import Conflict, DomainError
from app.exports import queries
from app.exports.models import MonthlyReport, ReportSchedule
from app.exports.month import is_over, month_before

EARLIEST = date(2000, 1, 1)


def ask_for_report(
    township: Area, month: date, language: str, person: Person | None, now: datetime
) -> MonthlyReport:  # fmt: skip
    """A row, and the job that prints it. Raises where the month is not over, or one of it is being printed."""
    if not month >= EARLIEST or not is_over(month, township.time_zone, now):
        raise DomainError("month_not_over")
    if queries.unfinished(township.id, month):
        raise Conflict("report_in_the_making")
    report = MonthlyReport(
        township_id=township.id, month=month, language=language, made_by=person and person.id, asked_at=now
    )
    db.session.add(report)
    db.session.flush()
    queries.defer_printing(township.id, report.id)
    actor = person.id if person else None
    record_audit(township.id, actor, "report.asked", "report", report.id, now, month=month.isoformat())
    return report


def number_report(report: MonthlyReport, zone: str, now: datetime) -> None:
    """The next number of the township's year, and the next version of the month. Printings of a township come one
    after the other (their jobs share a lock), so none is given twice and none is left out."""
    report.year = clock.local_day(now, zone).year
    report.number = queries.last_number(report.township_id, report.year) + 1
    before = queries.newest_of(report.township_id, report.month)
    report.version = before.version + 1 if before is not None and before.version else 1
    report.replaces_id = before.id if before is not None else None
    report.made_at = now


def keep_report(report: MonthlyReport, pdf: bytes, data_sha256: bytes, now: datetime) -> None:
    report.pdf, report.data_sha256, report.state = pdf, data_sha256, "done"
    db.session.flush()
    record_audit(
        report.township_id, report.made_by, "report.made", "report", report.id, now, month=report.month.isoformat(),
        number=report.number, year=report.year, version=report.version,
    )  # fmt: skip


def set_schedule(township: Area, language: str | None, person: Person, now: datetime) -> None:
    """On in a language, or off. Safe to repeat."""
    row = db.session.get(ReportSchedule, township.id)
    if language is None:
        if row is not None:
            db.session.delete(row)
    elif row is None:
        db.session.add(
            ReportSchedule(township_id=township.id, language=language, set_by=person.id, set_at=now)
        )
    else:
        row.language, row.set_by = language, person.id
    db.session.flush()
    act = "report.scheduled" if language else "report.unscheduled"
    record_audit(township.id, person.id, act, "area", township.code, now)


def ask_for_due(schedule: ReportSchedule, now: datetime) -> MonthlyReport | None:
    """Last month's, once: from the first of the month on, also where nobody worked that day. Who switches it on in the
    middle of a month begins with that month."""
    township = db.session.get_one(Area, schedule.township_id)
    today = clock.local_day(now, township.time_zone)
    month = month_before(today)
    set_on = clock.local_day(schedule.set_at, township.time_zone)
    if set_on > today.replace(day=1) or queries.was_made_by_itself(township.id, month):
        return None
    if queries.unfinished(township.id, month):
        return None
    return ask_for_report(township, month, schedule.language, None, now)
