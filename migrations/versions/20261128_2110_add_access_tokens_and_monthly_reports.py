"""add access tokens and monthly reports"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611282110"
down_revision = "202611280002"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    add_tokens()
    add_reports()
    grant()


def add_tokens() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("used_at", AT),
        sa.Column("revoked_at", AT),
        sa.CheckConstraint(
            "expires_at > made_at AND expires_at <= made_at + interval '366 days'",
            name=op.f("ck_access_tokens_a_year_at_most"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_access_tokens_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_tokens")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_access_tokens_token_sha256")),
    )
    op.create_index(op.f("ix_access_tokens_person_id"), "access_tokens", ["person_id"])


def add_reports() -> None:
    op.create_table(
        "monthly_reports",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("made_by", sa.BigInteger()),
        sa.Column("asked_at", AT, nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("year", sa.BigInteger()),
        sa.Column("number", sa.BigInteger()),
        sa.Column("version", sa.BigInteger()),
        sa.Column("replaces_id", sa.BigInteger()),
        sa.Column("made_at", AT),
        sa.Column("data_sha256", sa.LargeBinary()),
        sa.Column("pdf", sa.LargeBinary()),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_monthly_reports_month")),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_monthly_reports_language")),
        sa.CheckConstraint(
            "state IN ('waiting', 'reading', 'printing', 'done', 'failed')",
            name=op.f("ck_monthly_reports_state"),
        ),
        sa.CheckConstraint(
            "state <> 'done' OR (number IS NOT NULL AND version IS NOT NULL AND made_at IS NOT NULL "
            "AND data_sha256 IS NOT NULL AND pdf IS NOT NULL)",
            name=op.f("ck_monthly_reports_done"),
        ),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_monthly_reports_township_id")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_monthly_reports_made_by")),
        sa.ForeignKeyConstraint(
            ["township_id", "replaces_id"],
            ["monthly_reports.township_id", "monthly_reports.id"],
            name="fk_monthly_reports_replaces",
        ),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_monthly_reports")),
        sa.UniqueConstraint("township_id", "year", "number", name="uq_monthly_reports_number"),
        sa.UniqueConstraint("township_id", "month", "version", name="uq_monthly_reports_version"),
    )
    op.create_table(
        "report_schedules",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("set_by", sa.BigInteger(), nullable=False),
        sa.Column("set_at", AT, nullable=False),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_report_schedules_language")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_report_schedules_township_id")),
        sa.ForeignKeyConstraint(["set_by"], ["people.id"], name=op.f("fk_report_schedules_set_by")),
        sa.PrimaryKeyConstraint("township_id", name=op.f("pk_report_schedules")),
    )


def grant() -> None:
    """A token's row is kept, so that the audit has what it speaks of; retention takes it when its day has come. A
    printed report is never taken back: nobody deletes one."""
    op.execute("GRANT SELECT, INSERT, UPDATE ON access_tokens, monthly_reports TO xunfang_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON report_schedules TO xunfang_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON monthly_reports TO xunfang_worker")
    op.execute("GRANT SELECT ON report_schedules TO xunfang_worker")
    op.execute(
        "GRANT USAGE ON SEQUENCE access_tokens_id_seq, monthly_reports_id_seq TO xunfang_app, xunfang_worker"
    )
    op.execute("GRANT SELECT, DELETE ON access_tokens TO xunfang_retention")


def downgrade() -> None:
    for table in ("report_schedules", "monthly_reports", "access_tokens"):
        op.drop_table(table)
