"""Hotspots: places that need attention at certain hours. Places, never people. Reference tables."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db

# Closed list: no category names people, petitions or belief.
HOTSPOT_CATEGORIES = (
    "market", "school_gate", "station", "night_economy", "square", "park", "parking",
    "waterside", "road_danger", "works", "fire_risk", "theft_prone_street",
)  # fmt: skip
METHODS = ("gi_cells", "gi_streets", "dbscan", "kde", "knox", "rates", "concentration", "accuracy")
RUN_STATES = ("queued", "running", "done", "failed")
PROPOSAL_STATES = ("found", "proposed", "approved", "rejected")
# Why a proposal is not wanted: about the place and the evidence, never about anybody.
REJECTIONS = ("solved", "one_event", "covered_already", "wrong_place", "dwelling", "too_few", "other_means")


class Hotspot(db.Model):
    """A polygon of at least 0.2 ha, proposed by one person and approved by another, reviewed within 90 days."""

    __tablename__ = "hotspots"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"))
    village_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"), index=True)
    name: Mapped[str]
    category: Mapped[str]
    geom: Mapped[Any] = mapped_column(Geometry("MULTIPOLYGON", srid=4326, spatial_index=False))
    area_m2: Mapped[float]
    weight: Mapped[Decimal] = mapped_column(Numeric(4, 2), server_default=text("1.0"))
    evidence: Mapped[str]
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    review_by: Mapped[date]
    __table_args__ = (
        UniqueConstraint("township_id", "name", "valid_from"),
        CheckConstraint(f"category IN {HOTSPOT_CATEGORIES!r}", name="category"),
        CheckConstraint("area_m2 >= 2000", name="at_least_0_2_ha"),
        CheckConstraint("proposed_by IS DISTINCT FROM approved_by OR approved_by IS NULL", name="four_eyes"),
        CheckConstraint("review_by <= valid_from + 90", name="review_within_90_days"),
        Index("ix_hotspots_geom", "geom", postgresql_using="gist"),
    )


class RiskWindow(db.Model):
    """Local minutes of a weekday (Monday 0); `to_min` passes 1440 when the window runs past midnight."""

    __tablename__ = "risk_windows"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    hotspot_id: Mapped[int] = mapped_column(ForeignKey("hotspots.id"), index=True)
    weekday: Mapped[int]
    from_min: Mapped[int]
    to_min: Mapped[int]
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("from_min BETWEEN 0 AND 1439 AND to_min > from_min", name="minutes"),
        CheckConstraint("to_min - from_min <= 1440", name="a_day_at_most"),
    )


class AnalysisRun(db.Model):
    """One search for hotspots, asked at the desk and done by the worker; how far it is, and what it found."""

    __tablename__ = "analysis_runs"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    method: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    first_on: Mapped[date]
    last_on: Mapped[date]
    n: Mapped[int | None]
    state: Mapped[str] = mapped_column(server_default="queued")
    progress: Mapped[int] = mapped_column(server_default=text("0"))
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    fault: Mapped[str | None]
    asked_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint(f"method IN {METHODS!r}", name="method"),
        CheckConstraint(f"state IN {RUN_STATES!r}", name="state"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        CheckConstraint("first_on <= last_on", name="period"),
        Index("ix_analysis_runs_asked", "township_id", "asked_at"),
    )


class HotspotProposal(db.Model):
    """A place that a run found, or a hotspot whose time is over; two people make a hotspot of it, or one refuses it.

    `shapes` are the outlines to choose from, as GeoJSON; `geom` is the one chosen. `run_id` is no foreign key: a run
    is forgotten before the hotspot that came of it.
    """

    __tablename__ = "hotspot_proposals"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID | None]
    renews: Mapped[int | None] = mapped_column(ForeignKey("hotspots.id"))
    method: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    first_on: Mapped[date]
    last_on: Mapped[date]
    n: Mapped[int]
    score: Mapped[float | None]
    shapes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    shape: Mapped[str]
    geom: Mapped[Any] = mapped_column(Geometry("MULTIPOLYGON", srid=4326, spatial_index=False))
    area_m2: Mapped[float]
    name: Mapped[str | None]
    category: Mapped[str | None]
    windows: Mapped[list[list[int]]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(server_default="found")
    found_at: Mapped[datetime]
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    proposed_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    rejection: Mapped[str | None]
    hotspot_id: Mapped[int | None] = mapped_column(ForeignKey("hotspots.id"))
    __table_args__ = (
        CheckConstraint(f"category IN {HOTSPOT_CATEGORIES!r}", name="category"),
        CheckConstraint(f"state IN {PROPOSAL_STATES!r}", name="state"),
        CheckConstraint(f"rejection IN {REJECTIONS!r}", name="rejection"),
        CheckConstraint("area_m2 >= 2000", name="at_least_0_2_ha"),
        # Fewer could point at one household.
        CheckConstraint("n >= 5 OR renews IS NOT NULL", name="at_least_5"),
        CheckConstraint(
            "state NOT IN ('proposed', 'approved') OR"
            " (proposed_by IS NOT NULL AND name IS NOT NULL AND category IS NOT NULL)",
            name="proposed",
        ),
        CheckConstraint(
            "state <> 'approved' OR (decided_by IS NOT NULL AND decided_by <> proposed_by AND hotspot_id IS NOT NULL)",
            name="four_eyes",
        ),
        CheckConstraint(
            "state <> 'rejected' OR (decided_by IS NOT NULL AND rejection IS NOT NULL)", name="rejected"
        ),
        Index("ix_hotspot_proposals_state", "township_id", "state"),
        Index("ix_hotspot_proposals_run", "township_id", "run_id"),
    )
