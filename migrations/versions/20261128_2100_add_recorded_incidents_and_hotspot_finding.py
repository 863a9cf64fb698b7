"""add recorded incidents, analysis runs and hotspot proposals"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "202611280002"
down_revision = "202611280001"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
EVENTS = (
    "theft_public", "theft_from_vehicle", "theft_of_vehicle", "theft_of_bike", "burglary_shop", "burglary_site",
    "dispute_public", "damage", "fire", "traffic", "fraud_scene",
)  # fmt: skip
PLACES = (
    "market", "school_gate", "station", "night_economy", "square", "park", "parking",
    "waterside", "road_danger", "works", "fire_risk", "theft_prone_street",
)  # fmt: skip
METHODS = ("gi_cells", "gi_streets", "dbscan", "kde", "knox", "rates", "concentration", "accuracy")
REJECTIONS = ("solved", "one_event", "covered_already", "wrong_place", "dwelling", "too_few", "other_means")
TABLES = ("recorded_incidents", "analysis_runs", "hotspot_proposals")


def upgrade() -> None:
    add_incidents()
    add_runs()
    add_proposals()
    grant()


def add_incidents() -> None:
    op.create_table(
        "recorded_incidents",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("place", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
        sa.Column("street_id", sa.BigInteger()),
        sa.Column("happened_from", AT, nullable=False),
        sa.Column("happened_to", AT, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_hash", sa.LargeBinary()),
        sa.Column("imported_by", sa.BigInteger()),
        sa.Column("imported_at", AT, nullable=False),
        sa.CheckConstraint(f"category IN {EVENTS!r}", name=op.f("ck_recorded_incidents_category")),
        sa.CheckConstraint("happened_from <= happened_to", name=op.f("ck_recorded_incidents_span")),
        sa.ForeignKeyConstraint(["street_id"], ["streets.id"], name=op.f("fk_recorded_incidents_street_id")),
        sa.ForeignKeyConstraint(
            ["imported_by"], ["people.id"], name=op.f("fk_recorded_incidents_imported_by")
        ),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_recorded_incidents")),
        sa.UniqueConstraint("township_id", "source_hash", name="uq_recorded_incidents_source"),
    )
    op.create_index(op.f("ix_recorded_incidents_street_id"), "recorded_incidents", ["street_id"])
    op.create_index("ix_recorded_incidents_when", "recorded_incidents", ["township_id", "happened_to"])
    op.create_index("ix_recorded_incidents_place", "recorded_incidents", ["place"], postgresql_using="gist")


def add_runs() -> None:
    op.create_table(
        "analysis_runs",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("n", sa.BigInteger()),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("progress", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("result", postgresql.JSONB()),
        sa.Column("fault", sa.Text()),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", AT, nullable=False),
        sa.Column("started_at", AT),
        sa.Column("ended_at", AT),
        sa.CheckConstraint(f"method IN {METHODS!r}", name=op.f("ck_analysis_runs_method")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_analysis_runs_state")
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_analysis_runs_progress")),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_analysis_runs_period")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_analysis_runs_asked_by")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_analysis_runs")),
    )
    op.create_index("ix_analysis_runs_asked", "analysis_runs", ["township_id", "asked_at"])


def add_proposals() -> None:
    op.create_table(
        "hotspot_proposals",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid()),
        sa.Column("renews", sa.BigInteger()),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Float()),
        sa.Column("shapes", postgresql.JSONB(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=False),
        sa.Column("area_m2", sa.Float(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("category", sa.Text()),
        sa.Column("windows", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default="found", nullable=False),
        sa.Column("found_at", AT, nullable=False),
        sa.Column("proposed_by", sa.BigInteger()),
        sa.Column("proposed_at", AT),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", AT),
        sa.Column("rejection", sa.Text()),
        sa.Column("hotspot_id", sa.BigInteger()),
        sa.CheckConstraint(f"category IN {PLACES!r}", name=op.f("ck_hotspot_proposals_category")),
        sa.CheckConstraint(
            "state IN ('found', 'proposed', 'approved', 'rejected')", name=op.f("ck_hotspot_proposals_state")
        ),
        sa.CheckConstraint(f"rejection IN {REJECTIONS!r}", name=op.f("ck_hotspot_proposals_rejection")),
        sa.CheckConstraint("area_m2 >= 2000", name=op.f("ck_hotspot_proposals_at_least_0_2_ha")),
        sa.CheckConstraint("n >= 5 OR renews IS NOT NULL", name=op.f("ck_hotspot_proposals_at_least_5")),
        sa.CheckConstraint(
            "state NOT IN ('proposed', 'approved') OR"
            " (proposed_by IS NOT NULL AND name IS NOT NULL AND category IS NOT NULL)",
            name=op.f("ck_hotspot_proposals_proposed"),
        ),
        sa.CheckConstraint(
            "state <> 'approved' OR (decided_by IS NOT NULL AND decided_by <> proposed_by AND hotspot_id IS NOT NULL)",
            name=op.f("ck_hotspot_proposals_four_eyes"),
        ),
        sa.CheckConstraint(
            "state <> 'rejected' OR (decided_by IS NOT NULL AND rejection IS NOT NULL)",
            name=op.f("ck_hotspot_proposals_rejected"),
        ),
        sa.ForeignKeyConstraint(["renews"], ["hotspots.id"], name=op.f("fk_hotspot_proposals_renews")),
        sa.ForeignKeyConstraint(
            ["hotspot_id"], ["hotspots.id"], name=op.f("fk_hotspot_proposals_hotspot_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["people.id"], name=op.f("fk_hotspot_proposals_proposed_by")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_hotspot_proposals_decided_by")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_hotspot_proposals")),
    )
    op.create_index("ix_hotspot_proposals_state", "hotspot_proposals", ["township_id", "state"])
    op.create_index("ix_hotspot_proposals_run", "hotspot_proposals", ["township_id", "run_id"])


def grant() -> None:
    """What was imported is changed by nobody and deleted by retention only; who reads for reports gets no places."""
    op.execute("GRANT SELECT, INSERT ON recorded_incidents TO xunfang_app")
    op.execute("GRANT SELECT ON recorded_incidents TO xunfang_worker")
    op.execute(
        "GRANT SELECT (township_id, id, category, street_id, happened_from, happened_to, source, imported_at)"
        " ON recorded_incidents TO xunfang_readonly"
    )
    op.execute(
        "GRANT SELECT, INSERT, UPDATE ON analysis_runs, hotspot_proposals TO xunfang_app, xunfang_worker"
    )
    op.execute(
        "GRANT SELECT, DELETE ON recorded_incidents, analysis_runs, hotspot_proposals TO xunfang_retention"
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
