"""Track segments: one packed row an uploaded segment, never a row a fix. Gone after 30 days."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db


class Segment(db.Model):
    """TWKB ZM: x, y at 7 decimals, Z accuracy in metres, M effective epoch seconds. SRID 0 on reading.

    `head_s` and `tail_s` are the first and last fix's seconds by the device's own clock: neighbours share a fix, and
    its device time is the same in both even where their drift was measured differently. `shift_s` was added to the
    device's clock to get effective time. `logger_id` says which native logger it comes from, none for the phone's page.
    """

    __tablename__ = "segments"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    duty_id: Mapped[int]
    source: Mapped[str]
    logger_id: Mapped[int | None]
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


class LoggerFix(db.Model):
    """A native logger's fix that is in no segment yet; gone once it is, or after two days.

    The key is what makes it the same fix: logger, second, place (1e-7 degrees, in steps of ten). `lone` was looked at
    and has no neighbour near enough in time to make a step with.
    """

    __tablename__ = "logger_fixes"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    logger_id: Mapped[int] = mapped_column(ForeignKey("loggers.id"), primary_key=True)
    t_s: Mapped[int] = mapped_column(primary_key=True)
    lon_e7: Mapped[int] = mapped_column(primary_key=True)
    lat_e7: Mapped[int] = mapped_column(primary_key=True)
    accuracy_m: Mapped[int]
    duty_id: Mapped[int]
    lone: Mapped[bool] = mapped_column(server_default=text("false"))
    received_at: Mapped[datetime]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_logger_fixes_duty"
        ),
        Index("ix_logger_fixes_duty", "township_id", "duty_id", "logger_id"),
        Index("ix_logger_fixes_received", "received_at"),
    )
