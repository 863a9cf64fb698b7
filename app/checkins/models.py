"""Check-ins: what was claimed, what was measured, and the verdict with all its reasons."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import TEXT as PG_TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db


class Checkin(db.Model):
    """`position` is nulled by retention after 30 days (90 while contested); distances and verdict stay.

    `code_…` is of a check-in by code: which form of it (the display's, the day's, a tag's), whether it was right, and
    for a display's the minute it was shown in. The code itself is not kept here.
    """

    __tablename__ = "checkins"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    duty_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    device_id: Mapped[UUID]
    device_seq: Mapped[int]
    checkpoint_id: Mapped[int | None] = mapped_column(ForeignKey("checkpoints.id"))
    hotspot_id: Mapped[int | None] = mapped_column(ForeignKey("hotspots.id"))
    phase: Mapped[str]
    method: Mapped[str]
    position: Mapped[Any | None] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    accuracy_m: Mapped[int]
    age_ms: Mapped[int]
    mocked: Mapped[bool]
    distance_m: Mapped[float | None]
    route_distance_m: Mapped[float | None]
    inside_area: Mapped[bool]
    effective_at: Mapped[datetime]
    time_quality: Mapped[str]
    received_at: Mapped[datetime]
    verdict: Mapped[str]
    reasons: Mapped[list[str]] = mapped_column(ARRAY(PG_TEXT), server_default=text("'{}'"))
    evidence_level: Mapped[int] = mapped_column(server_default=text("0"))
    speed_kmh: Mapped[float | None]
    code_form: Mapped[str | None]
    code_right: Mapped[bool | None]
    code_step: Mapped[int | None]
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    reviewed_at: Mapped[datetime | None]
    review_verdict: Mapped[str | None]
    review_reason: Mapped[str | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_checkins_duty"
        ),
        CheckConstraint("verdict IN ('counted','held','not_counted')", name="verdict"),
        CheckConstraint("review_verdict IN ('counted','not_counted')", name="review"),
        CheckConstraint("phase IN ('here','arrive','leave')", name="phase"),
        CheckConstraint("(checkpoint_id IS NULL) <> (hotspot_id IS NULL)", name="one_place"),
        CheckConstraint("code_form IN ('display','day','tag')", name="code_form"),
        Index("ix_checkins_duty", "township_id", "duty_id"),
        Index("ix_checkins_time", "township_id", "effective_at"),
        Index(
            "ix_checkins_waiting", "township_id", "effective_at",
            postgresql_where=text("verdict <> 'counted' AND reviewed_at IS NULL"),
        ),
        Index(
            "ix_checkins_code", "township_id", "checkpoint_id", "code_step",
            postgresql_where=text("code_step IS NOT NULL"),
        ),
        {"postgresql_partition_by": "RANGE (id)"},
    )  # fmt: skip


class Cosign(db.Model):
    """A second member of the shift vouches for a check-in. It may come before that, so no key points there."""

    __tablename__ = "cosigns"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    checkin_id: Mapped[UUID]
    shift_id: Mapped[int]
    said_at: Mapped[datetime]
    __table_args__ = (
        Index("ix_cosigns_shift", "township_id", "shift_id"),
        Index("ix_cosigns_checkin", "township_id", "checkin_id"),
    )


class Answer(db.Model):
    """What a member says about a verdict on an own check-in, or about an own duty (a forgotten end).

    Open until a leader has decided, or a newer answer took its place. `text` goes 90 days after closing.
    """

    __tablename__ = "answers"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    about: Mapped[str]
    item_id: Mapped[UUID]
    duty_id: Mapped[int]
    phrase: Mapped[str]
    text: Mapped[str | None]
    said_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    outcome: Mapped[str | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_answers_duty"
        ),
        CheckConstraint("about IN ('checkin','duty')", name="about"),
        CheckConstraint("outcome IN ('counted','not_counted','seen','newer')", name="outcome"),
        CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name="closed"),
        Index(
            "uq_answers_open", "township_id", "item_id", unique=True, postgresql_where=text("closed_at IS NULL")
        ),
        Index("ix_answers_duty", "township_id", "duty_id"),
    )  # fmt: skip
