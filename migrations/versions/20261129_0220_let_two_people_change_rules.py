"""Let two people change rules: drafts, a county's bounds, trials on real duties, points priced again

Revision ID: 202611290220
Revises: 202611290210
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "202611290220"
down_revision = "202611290210"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
TABLES = ("policy_changes", "policy_bounds", "policy_trials", "repricings")


def upgrade() -> None:
    add_changes()
    add_bounds()
    add_trials()
    add_repricings()
    grant()


def add_changes() -> None:
    op.create_table(
        "policy_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", AT, nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", AT, nullable=True),
        sa.Column("policy_version_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('numbers','bounds')", name=op.f("ck_policy_changes_kind")),
        sa.CheckConstraint(
            "state IN ('proposed','approved','refused','withdrawn')", name=op.f("ck_policy_changes_state")
        ),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_by IS NULL)", name=op.f("ck_policy_changes_decided")
        ),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_policy_changes_decided_at")
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (decided_by = proposed_by)", name=op.f("ck_policy_changes_two_people")
        ),
        sa.CheckConstraint(
            "(policy_version_id IS NOT NULL) = (state = 'approved' AND kind = 'numbers')",
            name=op.f("ck_policy_changes_version"),
        ),
        *_links("policy_changes", area_id="areas", proposed_by="people", decided_by="people",
                policy_version_id="policy_versions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_changes")),
    )  # fmt: skip
    op.create_index(
        "uq_policy_changes_open", "policy_changes", ["area_id", "kind", "topic", "valid_from"],
        unique=True, postgresql_where=sa.text("state = 'proposed'"),
    )  # fmt: skip
    op.create_index("ix_policy_changes_area", "policy_changes", ["area_id", "topic", "proposed_at"])


def add_bounds() -> None:
    op.create_table(
        "policy_bounds",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        *_links("policy_bounds", area_id="areas", change_id="policy_changes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_bounds")),
        sa.UniqueConstraint(
            "area_id", "topic", "valid_from", name=op.f("uq_policy_bounds_area_id_topic_valid_from")
        ),
        sa.UniqueConstraint("change_id", name=op.f("uq_policy_bounds_change_id")),
    )


def add_trials() -> None:
    op.create_table(
        "policy_trials",
        sa.Column("change_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        *_run_columns(),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("made_from", postgresql.JSONB(), nullable=True),
        *_run_checks("policy_trials"),
        *_links("policy_trials", change_id="policy_changes", asked_by="people"),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_policy_trials")),
    )


def add_repricings() -> None:
    op.create_table(
        "repricings",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("change_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *_run_columns(),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        *_run_checks("repricings"),
        *_links("repricings", change_id="policy_changes"),
        sa.PrimaryKeyConstraint("township_id", "change_id", name=op.f("pk_repricings")),
    )


def _run_columns() -> list[sa.Column]:
    return [
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("progress", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("asked_at", AT, nullable=False),
        sa.Column("started_at", AT, nullable=True),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("result", postgresql.JSONB(), nullable=True),
    ]


def _run_checks(table: str) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("state IN ('queued','running','done','failed')", name=op.f(f"ck_{table}_state")),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f(f"ck_{table}_progress")),
        sa.CheckConstraint(
            "(state = 'done') = (result IS NOT NULL)", name=op.f(f"ck_{table}_done_has_a_result")
        ),
    ]


def _links(table: str, **others: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, other in others.items()
    ]


def grant() -> None:
    """A draft is decided and never rewritten; bounds are added to; what a run found is written once it is known."""
    op.execute("GRANT SELECT, INSERT ON policy_changes TO xunfang_app")
    op.execute(
        "GRANT UPDATE (state, decided_by, decided_at, policy_version_id) ON policy_changes TO xunfang_app"
    )
    op.execute("GRANT SELECT ON policy_changes TO xunfang_worker")
    op.execute("GRANT SELECT, INSERT ON policy_bounds TO xunfang_app")
    op.execute("GRANT SELECT ON policy_bounds TO xunfang_worker")
    op.execute("GRANT SELECT, INSERT, UPDATE ON policy_trials, repricings TO xunfang_app, xunfang_worker")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
