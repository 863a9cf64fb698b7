"""add crews, swaps and leave"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "202611250002"
down_revision = "202611250001"
branch_labels = None
depends_on = None

TABLES = ("crew_ticks", "handovers", "swaps", "swap_steps", "declines", "leaves")
# The secret behind the crew's code is nobody's to read but the application's.
READABLE = (
    "township_id, id, team_id, route_version_id, day, starts_at, ends_at, meeting_place, fit_for_one, crew_wanted, "
    "status, cancel_reason, version, made_by, changed_by, changed_at"
)


def upgrade() -> None:
    secret = sa.text("uuid_send(gen_random_uuid())")
    op.add_column("shifts", sa.Column("crew_secret", sa.LargeBinary(), server_default=secret, nullable=False))
    op.add_column("duties", sa.Column("tick_id", sa.Uuid(), nullable=True))
    op.add_column(
        "duties", sa.Column("with_crew", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("duty_events", sa.Column("code_right", sa.Boolean(), nullable=True))
    make_crews()
    make_swaps()
    make_leaves()
    grant()


def make_crews() -> None:
    present = postgresql.ARRAY(sa.BigInteger())
    op.create_table(
        "crew_ticks", *about_a_shift("crew_ticks"), sa.Column("present", present, nullable=False), said_at()
    )
    op.create_index("ix_crew_ticks_shift", "crew_ticks", ["township_id", "shift_id"])
    op.create_table(
        "handovers", *about_a_shift("handovers"), words("phrase"), words("text", may_lack=True), said_at()
    )
    op.create_index("ix_handovers_shift", "handovers", ["township_id", "shift_id"])


def make_swaps() -> None:
    op.create_table(
        "swaps", *about_a_shift("swaps"), *person("swaps", "to_person_id"), words("phrase", may_lack=True),
        at("asked_at"), *decided("swaps", "'confirmed','refused'"), *person("swaps", "taken_by"),
    )  # fmt: skip
    op.create_index("ix_swaps_shift", "swaps", ["township_id", "shift_id"])
    op.create_table(
        "swap_steps", *key("swap_steps"), sa.Column("ask_id", sa.Uuid(), nullable=False),
        *person("swap_steps", "person_id", may_lack=False), words("kind"), said_at(),
        sa.CheckConstraint("kind IN ('offer','withdraw')", name=op.f("ck_swap_steps_kind")),
    )  # fmt: skip
    op.create_index("ix_swap_steps_ask", "swap_steps", ["township_id", "ask_id"])
    op.create_table(
        "declines", *about_a_shift("declines"), words("phrase"), said_at(),
        sa.Column("freed", sa.Boolean(), nullable=False),
    )  # fmt: skip
    op.create_index("ix_declines_shift", "declines", ["township_id", "shift_id"])


def make_leaves() -> None:
    op.create_table(
        "leaves", *key("leaves"), *person("leaves", "person_id", may_lack=False),
        sa.Column("from_on", sa.Date(), nullable=False), sa.Column("to_on", sa.Date(), nullable=False),
        words("phrase"), at("asked_at"),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        *decided("leaves", "'approved','refused'"),
        sa.CheckConstraint("to_on >= from_on", name=op.f("ck_leaves_order")),
    )  # fmt: skip
    op.create_index("ix_leaves_person", "leaves", ["township_id", "person_id", "to_on"])


def key(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("township_id", sa.BigInteger(), nullable=False), sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f(f"pk_{table}")),
    ]  # fmt: skip


def about_a_shift(table: str) -> list[sa.schema.SchemaItem]:
    return [
        *key(table), sa.Column("shift_id", sa.BigInteger(), nullable=False), *person(table, "person_id", may_lack=False),
        sa.ForeignKeyConstraint(
            ["township_id", "shift_id"], ["shifts.township_id", "shifts.id"], name=f"fk_{table}_shift"
        ),
    ]  # fmt: skip


def person(table: str, column: str, *, may_lack: bool = True) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column(column, sa.BigInteger(), nullable=may_lack),
        sa.ForeignKeyConstraint([column], ["people.id"], name=op.f(f"fk_{table}_{column}")),
    ]


def decided(table: str, answers: str) -> list[sa.schema.SchemaItem]:
    return [
        words("decision", may_lack=True), *person(table, "decided_by"), at("decided_at", may_lack=True),
        words("decided_why", may_lack=True),
        sa.CheckConstraint(f"decision IN ({answers})", name=op.f(f"ck_{table}_decision")),
    ]  # fmt: skip


def words(column: str, *, may_lack: bool = False) -> sa.Column[str]:
    return sa.Column(column, sa.Text(), nullable=may_lack)


def at(column: str, *, may_lack: bool = False) -> sa.Column[object]:
    return sa.Column(column, sa.DateTime(timezone=True), nullable=may_lack)


def said_at() -> sa.Column[object]:
    return at("said_at")


def grant() -> None:
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO xunfang_app, xunfang_worker")
        op.execute(f"GRANT SELECT ON {table} TO xunfang_retention")
    # What somebody said about leave, swaps and handover is the team's own; a reader of figures needs who was there.
    op.execute("GRANT SELECT ON crew_ticks TO xunfang_readonly")
    op.execute("GRANT UPDATE (text) ON handovers TO xunfang_retention")
    op.execute("REVOKE SELECT ON shifts FROM xunfang_readonly, xunfang_retention")
    op.execute(f"GRANT SELECT ({READABLE}) ON shifts TO xunfang_readonly, xunfang_retention")


def downgrade() -> None:
    op.execute(f"REVOKE SELECT ({READABLE}) ON shifts FROM xunfang_readonly, xunfang_retention")
    op.execute("GRANT SELECT ON shifts TO xunfang_readonly, xunfang_retention")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("duty_events", "code_right")
    op.drop_column("duties", "with_crew")
    op.drop_column("duties", "tick_id")
    op.drop_column("shifts", "crew_secret")
