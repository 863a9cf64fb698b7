"""Assessments: versions of a quarter's figures that nobody edits, and what becomes of each. Places and work only.

Whoever computed, published, returned and froze is a column of its own, so that four eyes are a constraint.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db

INDICATORS = (
    "dosage", "worst_gap", "route", "cells", "hazards", "near_repeat", "environment", "staffing", "roster", "checkins",
    "training", "publicity",
)  # fmt: skip
# Why a version is made after another was frozen.
CORRECTIONS = ("late_data", "data_mended", "rule_mended", "return_upheld")
# Why a township returns a figure.
REASONS = (
    "data_missing", "data_wrong", "boundary_wrong", "not_ours", "target_wrong", "works_in_the_way", "weather", "papers",
)  # fmt: skip
OUTCOMES = ("changed", "stands")
CHANNELS = ("board", "website", "message", "meeting")
# What a plan does: about places, routes and the team's own work.
ACTIONS = (
    "roster_more", "shift_hours", "route_change", "hotspot_visits", "hazard_round", "mending_asked", "recruit", "train",
    "insure", "publish",
)  # fmt: skip
OWNERS = ("leader", "reviewer", "admin")
PAPER = r"paper ~ '^[0-9A-Za-z〔〕（）()第号年/._-]{1,40}$'"


def _of_version(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["township_id", "assessment_id"],
        ["assessments.township_id", "assessments.id"],
        name=f"fk_{table}_assessment",
    )


class Assessment(db.Model):
    """A version of a township's quarter: all figures, the settings of then, who computed it. Append-only."""

    __tablename__ = "assessments"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    quarter: Mapped[date]
    n: Mapped[int]
    rules: Mapped[int]
    policy_id: Mapped[int | None] = mapped_column(ForeignKey("policy_versions.id"))
    figures: Mapped[dict[str, Any]]
    reason: Mapped[str | None]
    computed_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    computed_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("township_id", "quarter", "n"),
        UniqueConstraint("township_id", "id", "computed_by", name="uq_assessments_computed_by"),
        CheckConstraint(
            "extract(day FROM quarter) = 1 AND extract(month FROM quarter) IN (1, 4, 7, 10)", name="quarter"
        ),
        CheckConstraint("n > 0", name="n"),
        CheckConstraint(f"reason IN {CORRECTIONS!r}", name="reason"),
    )


class AssessmentReview(db.Model):
    """A version that was published to its township: `notice_until` it hangs out, `until` it may be returned."""

    __tablename__ = "assessment_reviews"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    assessment_id: Mapped[UUID] = mapped_column(primary_key=True)
    computed_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    published_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    published_at: Mapped[datetime]
    notice_until: Mapped[date]
    until: Mapped[date]
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    accepted_at: Mapped[datetime | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "assessment_id", "computed_by"],
            ["assessments.township_id", "assessments.id", "assessments.computed_by"],
            name="fk_assessment_reviews_assessment",
        ),
        UniqueConstraint(
            "township_id", "assessment_id", "computed_by", "published_by", name="uq_assessment_reviews_by"
        ),
        UniqueConstraint(
            "township_id", "assessment_id", "published_by", name="uq_assessment_reviews_published_by"
        ),
        CheckConstraint("accepted_by <> published_by", name="four_eyes"),
        CheckConstraint("(accepted_by IS NULL) = (accepted_at IS NULL)", name="accepted"),
        CheckConstraint("notice_until <= until", name="terms"),
    )


class AssessmentFreeze(db.Model):
    """A version that counts: frozen by somebody who neither computed nor published it. Append-only."""

    __tablename__ = "assessment_freezes"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    assessment_id: Mapped[UUID] = mapped_column(primary_key=True)
    computed_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    published_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    frozen_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    frozen_at: Mapped[datetime]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "assessment_id", "computed_by", "published_by"],
            [f"assessment_reviews.{c}" for c in ("township_id", "assessment_id", "computed_by", "published_by")],
            name="fk_assessment_freezes_review",
        ),
        CheckConstraint("frozen_by <> computed_by AND frozen_by <> published_by", name="four_eyes"),
    )  # fmt: skip


class AssessmentReturn(db.Model):
    """What a township does not accept: an indicator of a village or its own; answered by another person."""

    __tablename__ = "assessment_returns"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    assessment_id: Mapped[UUID]
    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id"))
    indicator: Mapped[str]
    reason: Mapped[str]
    published_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    returned_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    returned_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "assessment_id", "published_by"],
            [f"assessment_reviews.{c}" for c in ("township_id", "assessment_id", "published_by")],
            name="fk_assessment_returns_review",
        ),
        UniqueConstraint(
            "township_id", "assessment_id", "area_id", "indicator", name="uq_assessment_returns_figure"
        ),
        CheckConstraint(f"indicator IN {INDICATORS!r}", name="indicator"),
        CheckConstraint(f"reason IN {REASONS!r}", name="reason"),
        CheckConstraint(f"outcome IN {OUTCOMES!r}", name="outcome"),
        CheckConstraint("returned_by <> published_by", name="own"),
        CheckConstraint("decided_by <> returned_by", name="four_eyes"),
        CheckConstraint("(outcome IS NULL) = (decided_by IS NULL)", name="decided"),
    )  # fmt: skip


class AssessmentNotice(db.Model):
    """When a village's notice of a month hung out, entered by hand with where and its paper's number; counts once
    another person has confirmed it. `published_on` None: it did not hang out."""

    __tablename__ = "assessment_notices"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    village_id: Mapped[int] = mapped_column(ForeignKey("areas.id"))
    month: Mapped[date]
    published_on: Mapped[date | None]
    channel: Mapped[str | None]
    paper: Mapped[str | None]
    entered_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    entered_at: Mapped[datetime]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    confirmed_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("extract(day FROM month) = 1", name="month"),
        CheckConstraint(f"channel IN {CHANNELS!r}", name="channel"),
        CheckConstraint(PAPER, name="paper"),
        CheckConstraint(
            "(published_on IS NULL) = (channel IS NULL) AND (published_on IS NULL) = (paper IS NULL)",
            name="evidence",
        ),
        CheckConstraint("confirmed_by <> entered_by", name="four_eyes"),
        CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmed"),
        Index("ix_assessment_notices_month", "township_id", "month", "village_id"),
    )


class AssessmentPlanItem(db.Model):
    """One thing that a village with a low grade will do, by whom (a role) and when; done with a paper's number, and
    confirmed by another person."""

    __tablename__ = "assessment_plan_items"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    assessment_id: Mapped[UUID]
    village_id: Mapped[int] = mapped_column(ForeignKey("areas.id"))
    indicator: Mapped[str]
    action: Mapped[str]
    owner: Mapped[str]
    due_on: Mapped[date]
    made_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]
    done_on: Mapped[date | None]
    paper: Mapped[str | None]
    done_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    confirmed_at: Mapped[datetime | None]
    __table_args__ = (
        _of_version("assessment_plan_items"),
        UniqueConstraint(
            "township_id", "assessment_id", "village_id", "indicator", "action",
            name="uq_assessment_plan_items_action",
        ),
        CheckConstraint(f"indicator IN {INDICATORS!r}", name="indicator"),
        CheckConstraint(f"action IN {ACTIONS!r}", name="action"),
        CheckConstraint(f"owner IN {OWNERS!r}", name="owner"),
        CheckConstraint(PAPER, name="paper"),
        CheckConstraint(
            "(done_on IS NULL) = (done_by IS NULL) AND (done_on IS NULL) = (paper IS NULL)", name="done"
        ),
        CheckConstraint("confirmed_by IS NULL OR done_by IS NOT NULL", name="confirmed"),
        CheckConstraint("confirmed_by <> done_by", name="four_eyes"),
        Index(
            "ix_assessment_plan_items_open", "township_id", "due_on",
            postgresql_where=sql("confirmed_by IS NULL"),
        ),
    )  # fmt: skip
