"""Hazards and incidents about places, and pictures of those places. Never about a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db

CATEGORIES = ("road", "fire", "weather", "order", "nothing")
HOW = ("here", "dragged", "checkpoint")
STATES = ("new", "triaged", "passed_on", "closed")
OFFICES = ("village", "police", "fire", "roads", "power", "water", "upkeep", "safety")
CLOSINGS = ("mended", "gone", "known", "handled", "not_found", "no_hazard")
PHOTO_STATES = ("awaited", "stored", "forgotten")
# Kinds of events at public places, never of a dwelling and never of a person.
EVENTS = (
    "theft_public", "theft_from_vehicle", "theft_of_vehicle", "theft_of_bike", "burglary_shop", "burglary_site",
    "dispute_public", "damage", "fire", "traffic", "fraud_scene",
)  # fmt: skip


class Incident(db.Model):
    """A report, keyed by its item. `duplicate_of` is the first report of the same thing at the same place; what is
    decided about the first holds for all. A round without a finding is a row of category `nothing`, closed at once."""

    __tablename__ = "incidents"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    category: Mapped[str]
    phrase: Mapped[str | None]
    text: Mapped[str | None]
    place: Mapped[Any | None] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    how: Mapped[str | None]
    accuracy_m: Mapped[int | None]
    checkpoint_id: Mapped[int | None]
    shift_id: Mapped[int | None]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    reporter_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    reported_at: Mapped[datetime]
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="new")
    duplicate_of: Mapped[UUID | None]
    passed_to: Mapped[str | None]
    closing: Mapped[str | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint(f"category IN {CATEGORIES!r}", name="category"),
        CheckConstraint(f"how IN {HOW!r}", name="how"),
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        CheckConstraint(f"passed_to IN {OFFICES!r}", name="passed_to"),
        CheckConstraint(f"closing IN {CLOSINGS!r}", name="closing"),
        CheckConstraint("length(text) <= 280", name="text"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        Index("ix_incidents_state", "township_id", "state", "reported_at"),
        Index("ix_incidents_reporter", "township_id", "reporter_id", "reported_at"),
        Index(
            "ix_incidents_first",
            "township_id",
            "duplicate_of",
            postgresql_where=sql("duplicate_of IS NOT NULL"),
        ),
    )


class IncidentPhoto(db.Model):
    """A picture of a place, blurred on the phone before it came. The file lies beside the database (media.py); what
    is `awaited` was named by a report and has not come yet, what has no `incident_id` came before its report."""

    __tablename__ = "incident_photos"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    incident_id: Mapped[UUID | None]
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    state: Mapped[str] = mapped_column(server_default="awaited")
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    bytes: Mapped[int | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    named_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint(f"state IN {PHOTO_STATES!r}", name="state"),
        CheckConstraint("state <> 'stored' OR (sha256 IS NOT NULL AND stored_at IS NOT NULL)", name="stored"),
        ForeignKeyConstraint(
            ["township_id", "incident_id"],
            ["incidents.township_id", "incidents.id"],
            name="fk_incident_photos_incident",
        ),
        Index("ix_incident_photos_incident", "township_id", "incident_id"),
        Index("ix_incident_photos_id", "id"),
    )


class RecordedIncident(db.Model):
    """An event at a place from an imported file: what kind, where, between when and when. Nothing else of the file is
    kept; `source_hash` only tells that the same line has come before."""

    __tablename__ = "recorded_incidents"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    category: Mapped[str]
    place: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    street_id: Mapped[int | None] = mapped_column(ForeignKey("streets.id"), index=True)
    happened_from: Mapped[datetime]
    happened_to: Mapped[datetime]
    source: Mapped[str]
    source_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    imported_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint(f"category IN {EVENTS!r}", name="category"),
        CheckConstraint("happened_from <= happened_to", name="span"),
        UniqueConstraint("township_id", "source_hash", name="uq_recorded_incidents_source"),
        Index("ix_recorded_incidents_when", "township_id", "happened_to"),
        Index("ix_recorded_incidents_place", "place", postgresql_using="gist"),
    )
