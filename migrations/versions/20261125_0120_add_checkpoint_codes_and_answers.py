"""add checkpoint codes, co-signatures and answers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611250003"
down_revision = "202611250002"
branch_labels = None
depends_on = None

TABLES = ("checkpoint_codes", "code_displays", "cosigns", "answers")
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    add_codes()
    add_cosigns()
    add_answers()
    # Nullable and without a default: no row is rewritten, and the release before does not see them.
    op.add_column("checkins", sa.Column("code_form", sa.Text()))
    op.add_column("checkins", sa.Column("code_right", sa.Boolean()))
    op.add_column("checkins", sa.Column("code_step", sa.BigInteger()))
    op.create_check_constraint(
        op.f("ck_checkins_code_form"), "checkins", "code_form IN ('display','day','tag')"
    )
    op.create_index(
        "ix_checkins_code", "checkins", ["township_id", "checkpoint_id", "code_step"],
        postgresql_where=sa.text("code_step IS NOT NULL"),
    )  # fmt: skip
    op.add_column("item_states", sa.Column("evidence_level", sa.BigInteger()))
    grant()


def add_codes() -> None:
    op.create_table(
        "checkpoint_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("route_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_before", sa.LargeBinary()),
        sa.Column("changed_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_checkpoint_codes_township_id")),
        sa.ForeignKeyConstraint(["route_id"], ["routes.id"], name=op.f("fk_checkpoint_codes_route_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoint_codes")),
        sa.UniqueConstraint("route_id", "name", name=op.f("uq_checkpoint_codes_route_id_name")),
    )
    op.create_table(
        "code_displays",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("code_id", sa.BigInteger(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("revoked_at", AT),
        sa.ForeignKeyConstraint(["code_id"], ["checkpoint_codes.id"], name=op.f("fk_code_displays_code_id")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_code_displays_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_displays")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_code_displays_token_sha256")),
    )
    op.create_index(op.f("ix_code_displays_code_id"), "code_displays", ["code_id"])


def add_cosigns() -> None:
    op.create_table(
        "cosigns",
        *keyed("cosigns"),
        sa.Column("checkin_id", sa.Uuid(), nullable=False),
        sa.Column("shift_id", sa.BigInteger(), nullable=False),
        sa.Column("said_at", AT, nullable=False),
    )
    op.create_index("ix_cosigns_shift", "cosigns", ["township_id", "shift_id"])
    op.create_index("ix_cosigns_checkin", "cosigns", ["township_id", "checkin_id"])


def add_answers() -> None:
    op.create_table(
        "answers",
        *keyed("answers"),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.BigInteger(), nullable=False),
        sa.Column("phrase", sa.Text(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("said_at", AT, nullable=False),
        sa.Column("closed_at", AT),
        sa.Column("closed_by", sa.BigInteger()),
        sa.Column("outcome", sa.Text()),
        sa.CheckConstraint("about IN ('checkin','duty')", name=op.f("ck_answers_about")),
        sa.CheckConstraint(
            "outcome IN ('counted','not_counted','seen','newer')", name=op.f("ck_answers_outcome")
        ),
        sa.CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name=op.f("ck_answers_closed")),
        sa.ForeignKeyConstraint(["closed_by"], ["people.id"], name=op.f("fk_answers_closed_by")),
        sa.ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_answers_duty"
        ),
    )
    op.create_index(
        "uq_answers_open", "answers", ["township_id", "item_id"], unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )  # fmt: skip
    op.create_index("ix_answers_duty", "answers", ["township_id", "duty_id"])


def keyed(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f(f"fk_{table}_person_id")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f(f"pk_{table}")),
    ]


def grant() -> None:
    """The worker judges codes and makes none; who only reads sees neither codes nor what members answered."""
    op.execute("GRANT SELECT, INSERT, UPDATE ON checkpoint_codes, code_displays TO xunfang_app")
    op.execute("GRANT SELECT ON checkpoint_codes TO xunfang_worker")
    op.execute("GRANT SELECT, INSERT ON cosigns TO xunfang_app, xunfang_worker")
    op.execute("GRANT SELECT, INSERT, UPDATE ON answers TO xunfang_app, xunfang_worker")
    op.execute("GRANT USAGE ON SEQUENCE checkpoint_codes_id_seq, code_displays_id_seq TO xunfang_app")
    op.execute("GRANT SELECT ON cosigns TO xunfang_readonly")
    op.execute("GRANT SELECT ON answers TO xunfang_retention")
    op.execute("GRANT UPDATE (text) ON answers TO xunfang_retention")


def downgrade() -> None:
    op.drop_column("item_states", "evidence_level")
    op.drop_index("ix_checkins_code", "checkins")
    op.drop_constraint(op.f("ck_checkins_code_form"), "checkins", type_="check")
    for column in ("code_step", "code_right", "code_form"):
        op.drop_column("checkins", column)
    for table in reversed(TABLES):
        op.drop_table(table)
