"""let confirmations be taken back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611290310"
down_revision = "202611290280"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
HAZARD = ("wrong_severity", "no_hazard", "known_before", "other")
TRAINING = ("not_held", "wrong_people", "wrong_minutes", "wrong_day", "entered_twice", "other")
TOLD = "taken_back_by, taken_back_at, taken_back_why"
ALL_OR_NONE = (
    "(taken_back_by IS NULL) = (taken_back_at IS NULL) AND (taken_back_by IS NULL) = (taken_back_why IS NULL)"
)


def upgrade() -> None:
    add_words("verified_hazards", HAZARD, "taken_back_by <> reporter_id")
    add_words("training_attendances", TRAINING, "taken_back_by <> person_id AND taken_back_by <> entered_by")
    # What was taken back may be verified anew: a further row, of which one at a time counts.
    op.add_column("verified_hazards", sa.Column("n", sa.BigInteger(), server_default="1", nullable=False))
    op.drop_constraint(op.f("pk_verified_hazards"), "verified_hazards")
    op.create_primary_key(
        op.f("pk_verified_hazards"), "verified_hazards", ["township_id", "incident_id", "n"]
    )
    op.create_index(
        "uq_verified_hazards_live", "verified_hazards", ["township_id", "incident_id"], unique=True,
        postgresql_where=sa.text("taken_back_at IS NULL"),
    )  # fmt: skip
    op.create_check_constraint(op.f("ck_verified_hazards_n"), "verified_hazards", "n >= 1")


def add_words(table: str, reasons: tuple[str, ...], four_eyes: str) -> None:
    op.add_column(table, sa.Column("taken_back_by", sa.BigInteger(), nullable=True))
    op.add_column(table, sa.Column("taken_back_at", AT, nullable=True))
    op.add_column(table, sa.Column("taken_back_why", sa.Text(), nullable=True))
    op.create_foreign_key(op.f(f"fk_{table}_taken_back_by"), table, "people", ["taken_back_by"], ["id"])
    checks = {
        "taken_back_four_eyes": four_eyes, "taken_back": ALL_OR_NONE,
        "taken_back_why": f"taken_back_why IN {reasons!r}",
    }  # fmt: skip
    for name, check in checks.items():
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, check)
    op.execute(f"GRANT UPDATE ({TOLD}) ON {table} TO xunfang_app")


def downgrade() -> None:
    """The release before knows of no taking back: what was taken back goes, what stands stays."""
    op.execute("DELETE FROM verified_hazards WHERE taken_back_at IS NOT NULL")
    op.execute("DELETE FROM training_attendances WHERE taken_back_at IS NOT NULL")
    op.drop_constraint(op.f("ck_verified_hazards_n"), "verified_hazards")
    op.drop_index("uq_verified_hazards_live", "verified_hazards")
    op.drop_constraint(op.f("pk_verified_hazards"), "verified_hazards")
    op.create_primary_key(op.f("pk_verified_hazards"), "verified_hazards", ["township_id", "incident_id"])
    op.drop_column("verified_hazards", "n")
    for table in ("verified_hazards", "training_attendances"):
        for name in ("taken_back_four_eyes", "taken_back", "taken_back_why"):
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
        for column in ("taken_back_by", "taken_back_at", "taken_back_why"):
            op.drop_column(table, column)
