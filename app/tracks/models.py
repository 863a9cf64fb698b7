"""Track segments: one packed row an uploaded segment, never a row a fix. Gone after 30 days."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db


class Segment(db.Model):
    """TWKB ZM: x, y at 7 decimals, Z accuracy in metres, M effective epoch seconds. SRID 0 on reading.

    `head_s` and `tail_s` are the first and last fix's seconds by the device's own clock: neighbours share a fix, and
    its device time is the same in both even where their drift was measured differently. `shift_s` was added to the
    device's clock to get effective time.
    """

    __tablename__ = "segments"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    duty_id: Mapped[int]
    source: Mapped[str]
    n: Mapped[int]
    head_s: Mapped[int]
    tail_s: Mapped[int]
    shift_s: Mapped[int]
    track: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_segments_duty"
        ),
        Index("ix_segments_duty", "township_id", "duty_id", "head_s"),
        Index("ix_segments_tail", "township_id", "tail_s"),
        {"postgresql_partition_by": "RANGE (id)"},
    )
