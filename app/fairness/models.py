"""What a person should look at, and which teams want a ranking. Never anything that follows by itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, Uuid
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db

KINDS = (
    "same_walk", "shared_phone", "two_places", "self_closed", "closed_for", "split_reports", "same_pair", "cosign_pair",
    "month_end_rush", "team_rush", "after_cap_rush", "thin_visits", "paid_rhythm", "long_standing",
)  # fmt: skip
STATES = ("open", "explained", "passed_on")
# Why a flag is explained, or where it goes on: fixed phrases first.
REASONS = (
    "looked_fine",
    "roster_so",
    "no_choice",
    "as_ordered",
    "lent_phone",
    "data_fault",
    "to_audit",
    "to_talk",
)
MEASURES = ("points", "hours")


class FairnessFlag(db.Model):
    """Found once per (kind, month, subject), whatever often it is looked for. `people` concerned are `person_a` and
    `person_b` (none where it is of a whole team); neither of them decides on it. `figures` are what was seen, `weight`
    the one by which it grows, `decided_weight` that one when it was decided. Kept short: retention deletes the row."""

    __tablename__ = "fairness_flags"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    month: Mapped[date]
    subject: Mapped[str]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    person_a: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    person_b: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    weight: Mapped[int]
    figures: Mapped[dict[str, Any]]
    duty_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=sql("'{}'"))
    checkin_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=sql("'{}'"))
    report_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=sql("'{}'"))
    first_seen_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="open")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    decided_weight: Mapped[int | None]
    reason: Mapped[str | None]
    note: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("township_id", "kind", "month", "subject"),
        CheckConstraint(f"kind IN {KINDS!r}", name="kind"),
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        CheckConstraint(f"reason IN {REASONS!r}", name="reason"),
        CheckConstraint("extract(day FROM month) = 1", name="month"),
        CheckConstraint("(kind = 'team_rush') = (person_a IS NULL)", name="people"),
        CheckConstraint("person_b IS NULL OR person_a < person_b", name="pair"),
        CheckConstraint("decided_by <> person_a AND decided_by <> person_b", name="four_eyes"),
        CheckConstraint(
            "(state = 'open') = (decided_by IS NULL) AND (state = 'open') = (decided_at IS NULL)"
            " AND (state = 'open') = (reason IS NULL) AND (state = 'open') = (decided_weight IS NULL)",
            name="decided",
        ),
        CheckConstraint("length(note) <= 280", name="note"),
        Index("ix_fairness_flags_month", "township_id", "month", "state"),
        Index("ix_fairness_flags_person_a", "township_id", "person_a"),
        Index("ix_fairness_flags_person_b", "township_id", "person_b"),
    )


class TeamRanking(db.Model):
    """Whether a team shows a ranking of those of its members who said yes, and of what."""

    __tablename__ = "team_rankings"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), primary_key=True)
    shown: Mapped[bool]
    measure: Mapped[str]
    changed_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    changed_at: Mapped[datetime]
    __table_args__ = (CheckConstraint(f"measure IN {MEASURES!r}", name="measure"),)
