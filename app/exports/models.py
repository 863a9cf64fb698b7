"""Monthly reports on paper, each with a number of its township and year; townships that get one by themselves."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    LargeBinary,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.db import db

STATES = ("waiting", "reading", "printing", "done", "failed")


class MonthlyReport(db.Model):
    """One printing of a township's month. Number and version are given when it is printed, so that none is missing; a
    later printing of the same month `replaces` the one before. `made_by` nobody: the township's own order."""

    __tablename__ = "monthly_reports"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    month: Mapped[date]
    language: Mapped[str]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="waiting")
    year: Mapped[int | None]
    number: Mapped[int | None]
    version: Mapped[int | None]
    replaces_id: Mapped[int | None]
    made_at: Mapped[datetime | None]
    data_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    pdf: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "replaces_id"],
            ["monthly_reports.township_id", "monthly_reports.id"],
            name="fk_monthly_reports_replaces",
        ),
        UniqueConstraint("township_id", "year", "number", name="uq_monthly_reports_number"),
        UniqueConstraint("township_id", "month", "version", name="uq_monthly_reports_version"),
        CheckConstraint("extract(day FROM month) = 1", name="month"),
        CheckConstraint("language IN ('zh', 'en')", name="language"),
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        CheckConstraint(
            "state <> 'done' OR (number IS NOT NULL AND version IS NOT NULL AND made_at IS NOT NULL "
            "AND data_sha256 IS NOT NULL AND pdf IS NOT NULL)",
            name="done",
        ),
    )


class ReportSchedule(db.Model):
    """A township that wants last month's report on the first of each month. No row: it does not."""

    __tablename__ = "report_schedules"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    language: Mapped[str]
    set_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    set_at: Mapped[datetime]
    __table_args__ = (CheckConstraint("language IN ('zh', 'en')", name="language"),)
