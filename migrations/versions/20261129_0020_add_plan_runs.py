"""add plan runs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "202611290020"
down_revision = "202611290010"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "plan_runs",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("progress", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("result", postgresql.JSONB()),
        sa.Column("fault", sa.Text()),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", AT, nullable=False),
        sa.Column("started_at", AT),
        sa.Column("ended_at", AT),
        sa.CheckConstraint("kind IN ('beats', 'roster')", name=op.f("ck_plan_runs_kind")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_plan_runs_state")
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_plan_runs_progress")),
        sa.CheckConstraint(
            "(state = 'done') = (result IS NOT NULL)", name=op.f("ck_plan_runs_done_has_a_result")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_plan_runs_team_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_plan_runs_asked_by")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_plan_runs")),
    )
    op.create_index("ix_plan_runs_asked", "plan_runs", ["township_id", "asked_at"])
    # A proposal is asked for and answered; nobody takes it away before retention does.
    op.execute("GRANT SELECT, INSERT, UPDATE ON plan_runs TO xunfang_app, xunfang_worker")
    op.execute("GRANT SELECT, DELETE ON plan_runs TO xunfang_retention")


def downgrade() -> None:
    op.drop_table("plan_runs")
