"""add campaigns"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "202611290010"
down_revision = "202611282110"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
REASONS = ("hands_needed", "weather", "place_changed", "wrong_choice", "wrong_dates", "not_wanted")
ROLES = ("treated", "control", "ring", "control_ring")
DECIDED = (
    "state, approved_by, approved_at, called_off_by, called_off_at, reason, recorded_by, recorded_at, counts"
)
PEOPLE = ("proposed_by", "approved_by", "called_off_by", "recorded_by")


def upgrade() -> None:
    add_campaigns()
    add_areas()
    grant()


def add_campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("categories", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("before_first", sa.Date(), nullable=False),
        sa.Column("before_last", sa.Date(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("ring_m", sa.BigInteger(), nullable=False),
        sa.Column("dosage_min", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", AT, nullable=False),
        sa.Column("approved_by", sa.BigInteger()),
        sa.Column("approved_at", AT),
        sa.Column("called_off_by", sa.BigInteger()),
        sa.Column("called_off_at", AT),
        sa.Column("reason", sa.Text()),
        sa.Column("recorded_by", sa.BigInteger()),
        sa.Column("recorded_at", AT),
        sa.Column("counts", postgresql.ARRAY(sa.BigInteger())),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'called_off')", name=op.f("ck_campaigns_state")
        ),
        sa.CheckConstraint(f"reason IN {REASONS!r}", name=op.f("ck_campaigns_reason")),
        sa.CheckConstraint("cardinality(categories) > 0", name=op.f("ck_campaigns_categories")),
        sa.CheckConstraint("last_on - first_on BETWEEN 13 AND 182", name=op.f("ck_campaigns_length")),
        sa.CheckConstraint(
            "before_last < first_on AND before_last - before_first = last_on - first_on",
            name=op.f("ck_campaigns_equal_periods"),
        ),
        sa.CheckConstraint("ring_m BETWEEN 50 AND 300", name=op.f("ck_campaigns_ring")),
        sa.CheckConstraint("dosage_min BETWEEN 10 AND 480", name=op.f("ck_campaigns_dosage")),
        sa.CheckConstraint("approved_by <> proposed_by", name=op.f("ck_campaigns_four_eyes")),
        sa.CheckConstraint(
            "state <> 'approved' OR approved_by IS NOT NULL", name=op.f("ck_campaigns_approved")
        ),
        sa.CheckConstraint(
            "(state = 'called_off') = (called_off_by IS NOT NULL) AND (state = 'called_off') = (reason IS NOT NULL)",
            name=op.f("ck_campaigns_called_off"),
        ),
        sa.CheckConstraint(
            "recorded_at IS NULL OR (state = 'approved' AND cardinality(counts) = 8)",
            name=op.f("ck_campaigns_recorded"),
        ),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_campaigns_township_id")),
        *(
            sa.ForeignKeyConstraint([name], ["people.id"], name=op.f(f"fk_campaigns_{name}"))
            for name in PEOPLE
        ),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_campaigns")),
    )
    op.create_index("ix_campaigns_first_on", "campaigns", ["township_id", "first_on"])
    op.create_index(
        "uq_campaigns_name",
        "campaigns",
        ["township_id", "name"],
        unique=True,
        postgresql_where=sa.text("state <> 'called_off'"),
    )


def add_areas() -> None:
    op.create_table(
        "campaign_areas",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hotspot_id", sa.BigInteger()),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=False),
        sa.Column("area_m2", sa.Float(), nullable=False),
        sa.CheckConstraint(f"role IN {ROLES!r}", name=op.f("ck_campaign_areas_role")),
        sa.CheckConstraint(
            "role <> 'treated' OR hotspot_id IS NOT NULL", name=op.f("ck_campaign_areas_treated_is_a_hotspot")
        ),
        sa.ForeignKeyConstraint(
            ["township_id", "campaign_id"],
            ["campaigns.township_id", "campaigns.id"],
            name="fk_campaign_areas_campaign",
        ),
        sa.ForeignKeyConstraint(["hotspot_id"], ["hotspots.id"], name=op.f("fk_campaign_areas_hotspot_id")),
        sa.PrimaryKeyConstraint("township_id", "campaign_id", "n", name=op.f("pk_campaign_areas")),
    )


def grant() -> None:
    """What is compared is chosen before the start: no role may change an outline or a period, only what became of it."""
    op.execute("GRANT SELECT, INSERT ON campaigns, campaign_areas TO xunfang_app")
    op.execute(f"GRANT UPDATE ({DECIDED}) ON campaigns TO xunfang_app")


def downgrade() -> None:
    op.drop_table("campaign_areas")
    op.drop_table("campaigns")
