"""Campaigns: places that get a set dose of presence for some weeks, beside like places that do not. Places only.

What is compared is chosen before the first day and never edited: the application has no right to change those columns.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db

STATES = ("proposed", "approved", "called_off")
# Why a campaign is called off: about the place and the means, never about its figures or anybody.
REASONS = ("hands_needed", "weather", "place_changed", "wrong_choice", "wrong_dates", "not_wanted")
# In the order in which an event at a common edge is given to one of them.
ROLES = ("treated", "control", "ring", "control_ring")

# A hotspot; a square of the township's net; an area of the level grid; an outline by hand; what lies around them.
KINDS = ("hotspot", "square", "grid", "drawn", "ring")


class Campaign(db.Model):
    """Proposed by one person, approved by another before its first day. `before_…` are the days it is compared with,
    as many as its own. `counts`: before and after of each role (ROLES), recorded once it is over."""

    __tablename__ = "campaigns"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    categories: Mapped[list[str]] = mapped_column(ARRAY(Text))
    before_first: Mapped[date]
    before_last: Mapped[date]
    first_on: Mapped[date]
    last_on: Mapped[date]
    ring_m: Mapped[int]
    dosage_min: Mapped[int]
    state: Mapped[str] = mapped_column(server_default="proposed")
    proposed_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    proposed_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    approved_at: Mapped[datetime | None]
    called_off_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    called_off_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    recorded_at: Mapped[datetime | None]
    counts: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        CheckConstraint(f"reason IN {REASONS!r}", name="reason"),
        CheckConstraint("cardinality(categories) > 0", name="categories"),
        CheckConstraint("last_on - first_on BETWEEN 13 AND 182", name="length"),
        CheckConstraint(
            "before_last < first_on AND before_last - before_first = last_on - first_on", name="equal_periods"
        ),
        CheckConstraint("ring_m BETWEEN 50 AND 300", name="ring"),
        CheckConstraint("dosage_min BETWEEN 10 AND 480", name="dosage"),
        CheckConstraint("approved_by <> proposed_by", name="four_eyes"),
        CheckConstraint("state <> 'approved' OR approved_by IS NOT NULL", name="approved"),
        CheckConstraint(
            "(state = 'called_off') = (called_off_by IS NOT NULL) AND (state = 'called_off') = (reason IS NOT NULL)",
            name="called_off",
        ),
        CheckConstraint(
            "recorded_at IS NULL OR (state = 'approved' AND cardinality(counts) = 8)", name="recorded"
        ),
        Index("ix_campaigns_first_on", "township_id", "first_on"),
        Index(
            "uq_campaigns_name",
            "township_id",
            "name",
            unique=True,
            postgresql_where=sql("state <> 'called_off'"),
        ),
    )


class CampaignArea(db.Model):
    """An outline as it was when the campaign was proposed; what becomes of a hotspot or grid changes nothing here."""

    __tablename__ = "campaign_areas"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    campaign_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    role: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    hotspot_id: Mapped[int | None] = mapped_column(ForeignKey("hotspots.id"))
    area_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"))
    geom: Mapped[Any] = mapped_column(Geometry("MULTIPOLYGON", srid=4326, spatial_index=False))
    area_m2: Mapped[float]
    __table_args__ = (
        CheckConstraint(f"role IN {ROLES!r}", name="role"),
        CheckConstraint(f"kind IN {KINDS!r}", name="kind"),
        CheckConstraint("(kind = 'hotspot') = (hotspot_id IS NOT NULL)", name="hotspot"),
        CheckConstraint("(kind = 'grid') = (area_id IS NOT NULL)", name="grid"),
        CheckConstraint("role <> 'treated' OR kind IN ('hotspot', 'grid', 'drawn')", name="treated"),
        ForeignKeyConstraint(
            ["township_id", "campaign_id"], ["campaigns.township_id", "campaigns.id"],
            name="fk_campaign_areas_campaign",
        ),
    )  # fmt: skip
