"""add reports of hazards and incidents with their photos"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "202611250004"
down_revision = "202611250003"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
CATEGORIES = ("road", "fire", "weather", "order", "nothing")
OFFICES = ("village", "police", "fire", "roads", "power", "water", "upkeep", "safety")
CLOSINGS = ("mended", "gone", "known", "handled", "not_found", "no_hazard")


def upgrade() -> None:
    add_incidents()
    add_photos()
    grant()


def add_incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("phrase", sa.Text()),
        sa.Column("text", sa.Text()),
        sa.Column("place", Geometry("POINT", srid=4326, spatial_index=False)),
        sa.Column("how", sa.Text()),
        sa.Column("accuracy_m", sa.BigInteger()),
        sa.Column("checkpoint_id", sa.BigInteger()),
        sa.Column("shift_id", sa.BigInteger()),
        sa.Column("team_id", sa.BigInteger()),
        sa.Column("reporter_id", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", AT, nullable=False),
        sa.Column("received_at", AT, nullable=False),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("duplicate_of", sa.Uuid()),
        sa.Column("passed_to", sa.Text()),
        sa.Column("closing", sa.Text()),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", AT),
        sa.Column("closed_at", AT),
        sa.CheckConstraint(f"category IN {CATEGORIES!r}", name=op.f("ck_incidents_category")),
        sa.CheckConstraint("how IN ('here', 'dragged', 'checkpoint')", name=op.f("ck_incidents_how")),
        sa.CheckConstraint(
            "state IN ('new', 'triaged', 'passed_on', 'closed')", name=op.f("ck_incidents_state")
        ),
        sa.CheckConstraint(f"passed_to IN {OFFICES!r}", name=op.f("ck_incidents_passed_to")),
        sa.CheckConstraint(f"closing IN {CLOSINGS!r}", name=op.f("ck_incidents_closing")),
        sa.CheckConstraint("length(text) <= 280", name=op.f("ck_incidents_text")),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_incidents_closed")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_incidents_team_id")),
        sa.ForeignKeyConstraint(["reporter_id"], ["people.id"], name=op.f("fk_incidents_reporter_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_incidents_decided_by")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_incidents")),
    )
    op.create_index("ix_incidents_state", "incidents", ["township_id", "state", "reported_at"])
    op.create_index("ix_incidents_reporter", "incidents", ["township_id", "reporter_id", "reported_at"])
    op.create_index(
        "ix_incidents_first", "incidents", ["township_id", "duplicate_of"],
        postgresql_where=sa.text("duplicate_of IS NOT NULL"),
    )  # fmt: skip


def add_photos() -> None:
    op.create_table(
        "incident_photos",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid()),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="awaited", nullable=False),
        sa.Column("sha256", sa.LargeBinary()),
        sa.Column("bytes", sa.BigInteger()),
        sa.Column("width", sa.BigInteger()),
        sa.Column("height", sa.BigInteger()),
        sa.Column("named_at", AT, nullable=False),
        sa.Column("stored_at", AT),
        sa.CheckConstraint("state IN ('awaited', 'stored', 'forgotten')", name=op.f("ck_incident_photos_state")),
        sa.CheckConstraint(
            "state <> 'stored' OR (sha256 IS NOT NULL AND stored_at IS NOT NULL)",
            name=op.f("ck_incident_photos_stored"),
        ),
        sa.ForeignKeyConstraint(
            ["township_id", "incident_id"], ["incidents.township_id", "incidents.id"],
            name="fk_incident_photos_incident",
        ),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_incident_photos_author_id")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_incident_photos")),
    )  # fmt: skip
    op.create_index("ix_incident_photos_incident", "incident_photos", ["township_id", "incident_id"])
    op.create_index("ix_incident_photos_id", "incident_photos", ["id"])


def grant() -> None:
    """Nobody deletes a report; the retention role takes its words and its photos. Free words are not for reports."""
    op.execute("GRANT SELECT, INSERT, UPDATE ON incidents, incident_photos TO xunfang_app, xunfang_worker")
    op.execute(
        "GRANT SELECT (township_id, id, category, phrase, place, how, checkpoint_id, team_id, reported_at, received_at,"
        " state, duplicate_of, passed_to, closing, decided_at, closed_at) ON incidents TO xunfang_readonly"
    )
    op.execute("GRANT SELECT ON incidents, incident_photos TO xunfang_retention")
    op.execute("GRANT UPDATE (text) ON incidents TO xunfang_retention")
    op.execute("GRANT UPDATE (state, sha256, bytes) ON incident_photos TO xunfang_retention")
    op.execute("GRANT DELETE ON incident_photos TO xunfang_retention")


def downgrade() -> None:
    op.drop_table("incident_photos")
    op.drop_table("incidents")
