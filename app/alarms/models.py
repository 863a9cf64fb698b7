"""Calls for help and what was done about each, the lone worker's answers, PINs and push addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    text,
)  # fmt: skip
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db

KINDS = ("sos", "no_answer", "duress")
STATES = ("open", "acknowledged", "cancelled", "closed")
CLOSE_PHRASES = ("safe", "helped", "handed_over", "mistake", "drill_done", "not_found")


class Alarm(db.Model):
    """A call for help; an `sos` is keyed by its item. A silent one is seen by the township alone, and by none of
    `kept_from`. `position` is part of the call and goes 30 days after it was closed."""

    __tablename__ = "alarms"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    silent: Mapped[bool] = mapped_column(server_default=text("false"))
    test: Mapped[bool] = mapped_column(server_default=text("false"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    shift_id: Mapped[int | None]
    kept_from: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))
    state: Mapped[str] = mapped_column(server_default="open")
    called_at: Mapped[datetime]
    received_at: Mapped[datetime]
    position: Mapped[Any | None] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    accuracy_m: Mapped[int | None]
    stage: Mapped[int] = mapped_column(server_default=text("0"))
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    acknowledged_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    ended_at: Mapped[datetime | None]
    close_phrase: Mapped[str | None]
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS!r}", name="kind"),
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        CheckConstraint(f"close_phrase IN {CLOSE_PHRASES!r}", name="close_phrase"),
        CheckConstraint("(kind = 'duress') = silent", name="silent"),
        CheckConstraint("(state IN ('cancelled','closed')) = (ended_at IS NOT NULL)", name="ended"),
        Index("ix_alarms_person", "township_id", "person_id", "received_at"),
        Index("ix_alarms_open", "township_id", "received_at", postgresql_where=text("ended_at IS NULL")),
    )


class AlarmStep(db.Model):
    """Append-only: everything that happened to an alarm, in order. `person_id` is who did it or who was told."""

    __tablename__ = "alarm_steps"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    alarm_id: Mapped[UUID]
    at: Mapped[datetime]
    kind: Mapped[str]
    stage: Mapped[int]
    channel: Mapped[str | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    code: Mapped[str | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "alarm_id"], ["alarms.township_id", "alarms.id"], name="fk_alarm_steps_alarm"
        ),
        Index("ix_alarm_steps_alarm", "township_id", "alarm_id", "id"),
    )


class Watch(db.Model):
    """What a lone member answered on a shift: the last OK that counts, at its effective time."""

    __tablename__ = "watches"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    ok_at: Mapped[datetime]


class Pins(db.Model):
    """Two PINs of a person. The keys derived from both are sealed as one; the PINs themselves are nowhere."""

    __tablename__ = "pins"
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    rounds: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    set_at: Mapped[datetime]


class PinUse(db.Model):
    """A number that was used once: a proof that somebody copied is worth nothing a second time."""

    __tablename__ = "pin_uses"
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    nonce: Mapped[str] = mapped_column(primary_key=True)
    item_id: Mapped[UUID]
    used_at: Mapped[datetime] = mapped_column(index=True)


class PushAddress(db.Model):
    """Where a signed-in browser gets its Web Push messages."""

    __tablename__ = "push_addresses"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    session_id: Mapped[UUID]
    endpoint: Mapped[str] = mapped_column(unique=True)
    p256dh: Mapped[str]
    auth: Mapped[str]
    made_at: Mapped[datetime]
