"""Points: an append-only journal. Each row is one transfer between two accounts, so that approval,
redemption and reversal are further rows and never an edit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db


class PointEntry(db.Model):
    """`amount_half` half points (48.5 points = 97) from `debit_account` to `credit_account`.

    Accounts: `issue` (the township's source of points), `person:<id>:pending`, later `person:<id>:approved` …
    A reversal names the transfer it reverses (once only); a re-posting takes the next `n`.
    """

    __tablename__ = "point_entries"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    rule: Mapped[str]
    cause: Mapped[str]
    n: Mapped[int]
    reverses_id: Mapped[int | None]
    amount_half: Mapped[int]
    debit_account: Mapped[str]
    credit_account: Mapped[str]
    policy_version_id: Mapped[int | None] = mapped_column(ForeignKey("policy_versions.id"))
    earned_on: Mapped[date]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    made_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("township_id", "rule", "cause", "n"),
        UniqueConstraint("township_id", "reverses_id"),
        CheckConstraint("amount_half > 0 AND debit_account <> credit_account AND n >= 1", name="transfer"),
        Index("ix_point_entries_person", "township_id", "person_id", "earned_on"),
        Index("ix_point_entries_cause", "township_id", "cause"),
    )
