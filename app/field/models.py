"""What phones sent, exactly as they sent it, and what became of each item."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Identity, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import TEXT as PG_TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db

RESULTS = ("stored", "held", "rejected")


class InboxItem(db.Model):
    """Insert-only. The retention role alone may null `body` past its day; id and hash stay for ever."""

    __tablename__ = "inbox_items"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    schema: Mapped[int]
    device_id: Mapped[UUID]
    device_seq: Mapped[int]
    author_id: Mapped[int]
    session_person_id: Mapped[int]
    kind: Mapped[str]
    body: Mapped[dict[str, Any] | None]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    device_at: Mapped[datetime]
    utc_offset_min: Mapped[int]
    monotonic_ms: Mapped[int]
    anchor_at: Mapped[datetime | None]
    sent_at: Mapped[datetime]
    received_at: Mapped[datetime]
    __table_args__ = (
        Index("ix_inbox_items_id", "id"),
        Index("ix_inbox_items_device", "township_id", "device_id", "device_seq"),
        {"postgresql_partition_by": "RANGE (id)"},
    )


class ItemState(db.Model):
    """The present receipt of an item; changes when it is judged again or reviewed. No key to the inbox."""

    __tablename__ = "item_states"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    author_id: Mapped[int]
    kind: Mapped[str]
    shift_id: Mapped[int | None]
    result: Mapped[str]
    verdict: Mapped[str | None]
    reasons: Mapped[list[str]] = mapped_column(ARRAY(PG_TEXT), server_default=text("'{}'"))
    evidence_level: Mapped[int | None]
    effective_at: Mapped[datetime]
    time_quality: Mapped[str]
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    changed_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("result IN ('stored','held','rejected')", name="result"),
        Index("ix_item_states_author", "township_id", "author_id", "changed_at"),
        Index(
            "ix_item_states_held", "township_id", "shift_id", "author_id",
            postgresql_where=text("result = 'held'"),
        ),
        Index("ix_item_states_not_stored", "changed_at", postgresql_where=text("result <> 'stored'")),
        {"postgresql_partition_by": "RANGE (id)"},
    )  # fmt: skip


class QuarantineItem(db.Model):
    """What could not be taken as it stands: another content under a known id, or an unusable shape. People see it."""

    __tablename__ = "quarantine_items"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    item_id: Mapped[str]
    code: Mapped[str]
    content: Mapped[Any | None] = mapped_column(JSONB)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    session_person_id: Mapped[int]
    received_at: Mapped[datetime]
    __table_args__ = (Index("uq_quarantine_items_content", "township_id", "item_id", "sha256", unique=True),)


class ServerEpoch(db.Model):
    """The server's history marker: a restore makes a new one, and phones offer their last 72 h again."""

    __tablename__ = "server_epochs"
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
