"""add native loggers and their buffer"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611250006"
down_revision = "202611250005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "loggers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("heard_at", sa.DateTime(timezone=True)),
        sa.Column("kept_at", sa.DateTime(timezone=True)),
        sa.Column("unused", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("simulated", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fault", sa.Text()),
        sa.CheckConstraint(
            "app IN ('traccar','osmand','owntracks','gpslogger','overland')", name=op.f("ck_loggers_app")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_loggers_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loggers")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_loggers_token_sha256")),
    )
    op.create_index(op.f("ix_loggers_person_id"), "loggers", ["person_id"])
    op.create_table(
        "logger_fixes",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("logger_id", sa.BigInteger(), nullable=False),
        sa.Column("t_s", sa.BigInteger(), nullable=False),
        sa.Column("lon_e7", sa.BigInteger(), nullable=False),
        sa.Column("lat_e7", sa.BigInteger(), nullable=False),
        sa.Column("accuracy_m", sa.BigInteger(), nullable=False),
        sa.Column("duty_id", sa.BigInteger(), nullable=False),
        sa.Column("lone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_logger_fixes_duty"
        ),
        sa.ForeignKeyConstraint(["logger_id"], ["loggers.id"], name=op.f("fk_logger_fixes_logger_id")),
        sa.PrimaryKeyConstraint(
            "township_id", "logger_id", "t_s", "lon_e7", "lat_e7", name=op.f("pk_logger_fixes")
        ),
    )
    op.create_index("ix_logger_fixes_duty", "logger_fixes", ["township_id", "duty_id", "logger_id"])
    op.create_index("ix_logger_fixes_received", "logger_fixes", ["received_at"])
    # Nullable and without a default: no row is rewritten, and the release before does not see it.
    op.add_column("segments", sa.Column("logger_id", sa.BigInteger()))
    grant()


def grant() -> None:
    """Who reads for reports reads neither: one holds hashes of tokens, the other positions."""
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON loggers, logger_fixes TO xunfang_app, xunfang_worker")
    op.execute("GRANT USAGE ON SEQUENCE loggers_id_seq TO xunfang_app, xunfang_worker")
    op.execute("GRANT SELECT, DELETE ON logger_fixes TO xunfang_retention")


def downgrade() -> None:
    op.drop_column("segments", "logger_id")
    op.drop_table("logger_fixes")
    op.drop_table("loggers")
