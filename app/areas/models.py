"""Areas: county → township → village → grid, and the dated policies that hold in them. Reference tables."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db

LEVELS = ("county", "township", "village", "grid")


class Area(db.Model):
    __tablename__ = "areas"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    level: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"), index=True)
    county_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"))
    township_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"), index=True)
    geom: Mapped[Any] = mapped_column(Geometry("MULTIPOLYGON", srid=4326, spatial_index=False))
    population: Mapped[int | None]
    population_source: Mapped[str | None]
    population_on: Mapped[date | None]
    households: Mapped[int | None]
    priority_weight: Mapped[Decimal] = mapped_column(Numeric(4, 2), server_default=text("1.0"))
    time_zone: Mapped[str] = mapped_column(server_default="Asia/Shanghai")
    metres_crs: Mapped[str] = mapped_column(server_default="EPSG:4547")
    valid_from: Mapped[date] = mapped_column(server_default=text("'2000-01-01'"))
    valid_to: Mapped[date | None]
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"))
    __table_args__ = (
        CheckConstraint("level IN ('county','township','village','grid')", name="level"),
        CheckConstraint("(parent_id IS NULL) = (level = 'county')", name="parent"),
        CheckConstraint("level IN ('county','township') OR township_id IS NOT NULL", name="township"),
        CheckConstraint("population >= 0 AND priority_weight > 0", name="figures"),
        Index("ix_areas_geom", "geom", postgresql_using="gist"),
    )


class PolicyVersion(db.Model):
    """The numbers in force from a day on in an area and below it; `body` overrides the defaults of the rules."""

    __tablename__ = "policy_versions"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id"))
    topic: Mapped[str]
    valid_from: Mapped[date]
    body: Mapped[dict[str, Any]]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    __table_args__ = (
        UniqueConstraint("area_id", "topic", "valid_from"),
        CheckConstraint(
            "topic IN ('field','checkins','tracks','duty','coverage','incentives','alarms','staffing',"
            "'approval','redemption','money','assessment','fairness')",
            name="topic",
        ),
    )
