"""Changes of rules: drafted by one person, tried on real duties, decided by another. Reference tables, but for what
became of a township's points."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db

KINDS = ("numbers", "bounds")
STATES = ("proposed", "approved", "refused", "withdrawn")


class PolicyChange(db.Model):
    """A draft of an area's numbers of a topic from a day on; or of the `bounds` that a county sets its townships:
    key → [low, high]. The body never changes: who wants another one drafts another one."""

    __tablename__ = "policy_changes"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id"))
    kind: Mapped[str]
    topic: Mapped[str]
    valid_from: Mapped[date]
    body: Mapped[dict[str, Any]]
    note: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="proposed")
    proposed_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    policy_version_id: Mapped[int | None] = mapped_column(ForeignKey("policy_versions.id"))
    __table_args__ = (
        CheckConstraint("kind IN ('numbers','bounds')", name="kind"),
        CheckConstraint("state IN ('proposed','approved','refused','withdrawn')", name="state"),
        CheckConstraint("(state = 'proposed') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided_at"),
        # Whoever drafts may take it back, and never agree to it.
        CheckConstraint("(state = 'withdrawn') = (decided_by = proposed_by)", name="two_people"),
        CheckConstraint(
            "(policy_version_id IS NOT NULL) = (state = 'approved' AND kind = 'numbers')", name="version"
        ),
        Index(
            "uq_policy_changes_open", "area_id", "kind", "topic", "valid_from",
            unique=True, postgresql_where=text("state = 'proposed'"),
        ),
        Index("ix_policy_changes_area", "area_id", "topic", "proposed_at"),
    )  # fmt: skip


class PolicyBounds(db.Model):
    """Within what the townships of a county may set a topic's keys, from a day on: key → [low, high]."""

    __tablename__ = "policy_bounds"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id"))
    topic: Mapped[str]
    valid_from: Mapped[date]
    body: Mapped[dict[str, Any]]
    change_id: Mapped[int] = mapped_column(ForeignKey("policy_changes.id"))
    made_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("area_id", "topic", "valid_from"), UniqueConstraint("change_id"))


class PolicyTrial(db.Model):
    """A draft tried on the duties of a past span: what it would have changed. The last one asked for is kept.
    `made_from` is what it hangs on (versions in force, how many duties): another one now means that it is stale."""

    __tablename__ = "policy_trials"
    change_id: Mapped[int] = mapped_column(ForeignKey("policy_changes.id"), primary_key=True)
    period: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="queued")
    progress: Mapped[int] = mapped_column(server_default=text("0"))
    asked_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    made_from: Mapped[dict[str, Any] | None]
    result: Mapped[dict[str, Any] | None]
    __table_args__ = (
        CheckConstraint("state IN ('queued','running','done','failed')", name="state"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        CheckConstraint("(state = 'done') = (result IS NOT NULL)", name="done_has_a_result"),
    )


class Repricing(db.Model):
    """The points of a township's open months, priced again after a change was approved. `before`: what stood when it
    began, so that a worker who takes it up again tells the whole difference."""

    __tablename__ = "repricings"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("policy_changes.id"), primary_key=True)
    state: Mapped[str] = mapped_column(server_default="queued")
    progress: Mapped[int] = mapped_column(server_default=text("0"))
    asked_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    before: Mapped[list[Any] | None]
    result: Mapped[dict[str, Any] | None]
    __table_args__ = (
        CheckConstraint("state IN ('queued','running','done','failed')", name="state"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        CheckConstraint("(state = 'done') = (result IS NOT NULL)", name="done_has_a_result"),
    )
