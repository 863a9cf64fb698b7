"""From points pending to points frozen: who submitted, approved, audited, published, objected and answered, and when.

Nobody decides about own points, and no two steps that have to be two persons' are one's: the constraints say so.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db

KINDS = ("approved", "returned", "set_aside")
# Why a person's month stays out of a notice, or comes back: about the work and its papers, never about anybody.
SET_ASIDE = ("duty_unclear", "answer_awaited", "second_person_missing", "comes_next_month")
RETURNED = ("audit", "objection")
RESULTS = ("ok", "correct")
ANSWERS = ("open", "upheld", "rejected")
DRAWN = ("random", "hours", "total", "cap", "flags")
FIRST = "extract(day FROM month) = 1"


class PointSubmission(db.Model):
    """A person's month as somebody else submitted it: half points that were to be approved then. It stands as long as
    nothing was decided since (`after_n`: decisions so far)."""

    __tablename__ = "point_submissions"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    half: Mapped[int]
    after_n: Mapped[int]
    submitted_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    submitted_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint(FIRST, name="month"),
        CheckConstraint("submitted_by <> person_id", name="not_own"),
    )


class PointApproval(db.Model):
    """A decision about a person's month, the n-th; never changed. `half` half points went to the approved account
    (taken back: negative), `carried_half` of them came from earlier months. `entered_by`: who entered duties of the
    month by hand; they do not approve it."""

    __tablename__ = "point_approvals"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    half: Mapped[int]
    carried_half: Mapped[int]
    entry_id: Mapped[int | None]
    reason: Mapped[str | None]
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    submitted_at: Mapped[datetime | None]
    decided_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime]
    entered_by: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "entry_id"], ["point_entries.township_id", "point_entries.id"],
            name="fk_point_approvals_entry",
        ),
        UniqueConstraint("township_id", "entry_id"),
        CheckConstraint(FIRST, name="month"),
        CheckConstraint(f"kind IN {KINDS!r}", name="kind"),
        CheckConstraint(f"reason IN {SET_ASIDE + RETURNED!r}", name="reason"),
        CheckConstraint("(kind = 'approved') = (reason IS NULL)", name="reasoned"),
        CheckConstraint("n >= 1 AND (entry_id IS NULL OR half <> 0)", name="figures"),
        CheckConstraint(
            "kind <> 'approved' OR (submitted_by IS NOT NULL AND submitted_at IS NOT NULL)", name="submitted"
        ),
        CheckConstraint("decided_by <> person_id", name="not_own"),
        CheckConstraint(
            "submitted_by IS NULL OR (submitted_by <> decided_by AND submitted_by <> person_id)", name="four_eyes"
        ),
        CheckConstraint("kind <> 'approved' OR decided_by <> ALL (entered_by)", name="not_entered"),
    )  # fmt: skip


class PointAudit(db.Model):
    """An approval drawn for audit when it was made, and what a third person found. `had_part`: who submitted it, or
    entered duties of it by hand."""

    __tablename__ = "point_audits"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    month: Mapped[date] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text))
    drawn_at: Mapped[datetime]
    approved_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    had_part: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    audited_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    audited_at: Mapped[datetime | None]
    result: Mapped[str | None]
    note: Mapped[str | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "month", "person_id", "n"],
            [f"point_approvals.{name}" for name in ("township_id", "month", "person_id", "n")],
            name="fk_point_audits_approval",
        ),
        CheckConstraint(f"cardinality(reasons) > 0 AND reasons <@ ARRAY{list(DRAWN)!r}::text[]", name="reasons"),
        CheckConstraint(f"result IN {RESULTS!r}", name="result"),
        CheckConstraint(
            "(result IS NULL) = (audited_by IS NULL) AND (result IS NULL) = (audited_at IS NULL)", name="done"
        ),
        CheckConstraint("result <> 'correct' OR note <> ''", name="note"),
        CheckConstraint("length(note) <= 280", name="length"),
        CheckConstraint("audited_by <> approved_by AND audited_by <> person_id", name="third_person"),
        CheckConstraint("audited_by <> ALL (had_part)", name="had_no_part"),
    )  # fmt: skip


class PointNotice(db.Model):
    """A township's month is shown to the public until the end of `last_on`."""

    __tablename__ = "point_notices"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    opened_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    opened_at: Mapped[datetime]
    last_on: Mapped[date]
    closes_at: Mapped[datetime]
    working_days: Mapped[int]
    __table_args__ = (
        CheckConstraint(FIRST, name="month"),
        CheckConstraint("closes_at > opened_at AND working_days >= 1", name="order"),
        Index("ix_point_notices_closes_at", "closes_at"),
    )


class PointNoticeLine(db.Model):
    """A person in a notice: points and shifts, and a name of this notice only. The own name stands there only while the
    person wants it so."""

    __tablename__ = "point_notice_lines"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    month: Mapped[date] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    pseudonym: Mapped[str]
    half: Mapped[int]
    shifts: Mapped[int]
    approved_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "month"], ["point_notices.township_id", "point_notices.month"],
            name="fk_point_notice_lines_notice",
        ),
        UniqueConstraint("township_id", "month", "pseudonym"),
    )  # fmt: skip


class PointObjection(db.Model):
    """An objection to a line of a notice, by a member or (`objector_id` None) by anybody who read it. Another person
    answers: not who objected, not whom it is about, not who approved. `text` goes 90 days after the answer."""

    __tablename__ = "point_objections"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[date]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    objector_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    text: Mapped[str | None]
    made_at: Mapped[datetime]
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(server_default="open")
    answer: Mapped[str | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    answered_at: Mapped[datetime | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "month"], ["point_notices.township_id", "point_notices.month"],
            name="fk_point_objections_notice",
        ),
        CheckConstraint(f"state IN {ANSWERS!r}", name="state"),
        CheckConstraint(
            "(state = 'open') = (answered_by IS NULL) AND (state = 'open') = (answered_at IS NULL)", name="answered"
        ),
        CheckConstraint("state = 'open' OR answer <> ''", name="answer"),
        CheckConstraint("length(text) BETWEEN 1 AND 280 AND length(answer) <= 280", name="length"),
        CheckConstraint("state <> 'open' OR text IS NOT NULL", name="words"),
        CheckConstraint("answered_by <> person_id", name="not_own"),
        CheckConstraint("answered_by <> objector_id", name="not_the_objector"),
        CheckConstraint("answered_by <> approved_by", name="not_the_approver"),
        Index("ix_point_objections_month", "township_id", "month"),
    )  # fmt: skip
