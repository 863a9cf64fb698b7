"""Hotspots: places that need attention at certain hours. Places, never people. Reference tables."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db

# Closed list: no category names people, petitions or belief.
HOTSPOT_CATEGORIES = (
    "market", "school_gate", "station", "night_economy", "square", "park", "parking",
    "waterside", "road_danger", "works", "fire_risk", "theft_prone_street",
)  # fmt: skip


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
