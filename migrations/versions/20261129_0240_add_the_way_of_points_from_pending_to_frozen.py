"""Add the way of points from pending to frozen: submissions, approvals, audits, notices, objections

Revision ID: 202611290240
Revises: 202611290230
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "202611290240"
down_revision = "202611290230"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
INT = sa.BigInteger()
FIRST = "extract(day FROM month) = 1"
REASONS = (
    "duty_unclear", "answer_awaited", "second_person_missing", "comes_next_month", "audit", "objection",
)  # fmt: skip
DRAWN = ["random", "hours", "total", "cap", "flags"]
TABLES = (
    "point_submissions", "point_approvals", "point_audits", "point_notices", "point_notice_lines", "point_objections",
)  # fmt: skip


def upgrade() -> None:
    add_submissions()
    add_approvals()
    add_audits()
    add_notices()
    add_objections()
    grant()


def of_month(*more: sa.Column) -> list[sa.Column]:
    return [
        sa.Column("township_id", INT, autoincrement=False, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        *more,
    ]


def person(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, INT, autoincrement=False, nullable=nullable)


def keys(table: str, *names: str) -> list[sa.ForeignKeyConstraint]:
    """Columns that name people, and the township where it is one of them."""
    return [
        sa.ForeignKeyConstraint(
            [name], ["areas.id" if name == "township_id" else "people.id"], name=op.f(f"fk_{table}_{name}")
        )
        for name in names
    ]


def checks(table: str, **named: str) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in named.items()]


def add_submissions() -> None:
    table = "point_submissions"
    op.create_table(
        table,
        *of_month(
            person("person_id"),
            sa.Column("half", INT, nullable=False),
            sa.Column("after_n", INT, nullable=False),
            person("submitted_by"),
            sa.Column("submitted_at", AT, nullable=False),
        ),
        *checks(table, month=FIRST, not_own="submitted_by <> person_id"),
        *keys(table, "township_id", "person_id", "submitted_by"),
        sa.PrimaryKeyConstraint("township_id", "month", "person_id", name=op.f(f"pk_{table}")),
    )


def add_approvals() -> None:
    table = "point_approvals"
    op.create_table(
        table,
        *of_month(
            person("person_id"),
            sa.Column("n", INT, autoincrement=False, nullable=False),
            sa.Column("kind", sa.Text(), nullable=False),
            sa.Column("half", INT, nullable=False),
            sa.Column("carried_half", INT, nullable=False),
            sa.Column("entry_id", INT),
            sa.Column("reason", sa.Text()),
            person("submitted_by", nullable=True),
            sa.Column("submitted_at", AT),
            person("decided_by"),
            sa.Column("decided_at", AT, nullable=False),
            sa.Column("entered_by", postgresql.ARRAY(INT), nullable=False),
        ),
        *checks(
            table,
            month=FIRST,
            kind="kind IN ('approved', 'returned', 'set_aside')",
            reason=f"reason IN {REASONS!r}",
            reasoned="(kind = 'approved') = (reason IS NULL)",
            figures="n >= 1 AND (entry_id IS NULL OR half <> 0)",
            submitted="kind <> 'approved' OR (submitted_by IS NOT NULL AND submitted_at IS NOT NULL)",
            not_own="decided_by <> person_id",
            four_eyes="submitted_by IS NULL OR (submitted_by <> decided_by AND submitted_by <> person_id)",
            not_entered="kind <> 'approved' OR decided_by <> ALL (entered_by)",
        ),
        *keys(table, "township_id", "person_id", "submitted_by", "decided_by"),
        sa.ForeignKeyConstraint(
            ["township_id", "entry_id"],
            ["point_entries.township_id", "point_entries.id"],
            name="fk_point_approvals_entry",
        ),
        sa.UniqueConstraint("township_id", "entry_id", name=op.f(f"uq_{table}_township_id_entry_id")),
        sa.PrimaryKeyConstraint("township_id", "month", "person_id", "n", name=op.f(f"pk_{table}")),
    )


def add_audits() -> None:
    table = "point_audits"
    op.create_table(
        table,
        *of_month(
            person("person_id"),
            sa.Column("n", INT, autoincrement=False, nullable=False),
            sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
            sa.Column("drawn_at", AT, nullable=False),
            person("approved_by"),
            person("audited_by", nullable=True),
            sa.Column("audited_at", AT),
            sa.Column("result", sa.Text()),
            sa.Column("note", sa.Text()),
        ),
        *checks(
            table,
            reasons=f"cardinality(reasons) > 0 AND reasons <@ ARRAY{DRAWN!r}::text[]",
            result="result IN ('ok', 'correct')",
            done="(result IS NULL) = (audited_by IS NULL) AND (result IS NULL) = (audited_at IS NULL)",
            note="result <> 'correct' OR note <> ''",
            length="length(note) <= 280",
            third_person="audited_by <> approved_by AND audited_by <> person_id",
        ),
        *keys(table, "person_id", "approved_by", "audited_by"),
        sa.ForeignKeyConstraint(
            ["township_id", "month", "person_id", "n"],
            [f"point_approvals.{name}" for name in ("township_id", "month", "person_id", "n")],
            name="fk_point_audits_approval",
        ),
        sa.PrimaryKeyConstraint("township_id", "month", "person_id", "n", name=op.f(f"pk_{table}")),
    )


def add_notices() -> None:
    table, lines = "point_notices", "point_notice_lines"
    op.create_table(
        table,
        *of_month(
            person("opened_by"),
            sa.Column("opened_at", AT, nullable=False),
            sa.Column("last_on", sa.Date(), nullable=False),
            sa.Column("closes_at", AT, nullable=False),
            sa.Column("working_days", INT, nullable=False),
        ),
        *checks(table, month=FIRST, order="closes_at > opened_at AND working_days >= 1"),
        *keys(table, "township_id", "opened_by"),
        sa.PrimaryKeyConstraint("township_id", "month", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_point_notices_closes_at", table, ["closes_at"])
    op.create_table(
        lines,
        *of_month(
            person("person_id"),
            sa.Column("pseudonym", sa.Text(), nullable=False),
            sa.Column("half", INT, nullable=False),
            sa.Column("shifts", INT, nullable=False),
            person("approved_by"),
        ),
        *keys(lines, "person_id", "approved_by"),
        to_notice("fk_point_notice_lines_notice"),
        sa.UniqueConstraint(
            "township_id", "month", "pseudonym", name=op.f(f"uq_{lines}_township_id_month_pseudonym")
        ),
        sa.PrimaryKeyConstraint("township_id", "month", "person_id", name=op.f(f"pk_{lines}")),
    )


def to_notice(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["township_id", "month"], ["point_notices.township_id", "point_notices.month"], name=name
    )


def add_objections() -> None:
    table = "point_objections"
    op.create_table(
        table,
        sa.Column("township_id", INT, autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        person("person_id"),
        person("objector_id", nullable=True),
        person("approved_by", nullable=True),
        sa.Column("text", sa.Text()),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("answer", sa.Text()),
        person("answered_by", nullable=True),
        sa.Column("answered_at", AT),
        *checks(
            table,
            state="state IN ('open', 'upheld', 'rejected')",
            answered="(state = 'open') = (answered_by IS NULL) AND (state = 'open') = (answered_at IS NULL)",
            answer="state = 'open' OR answer <> ''",
            length="length(text) BETWEEN 1 AND 280 AND length(answer) <= 280",
            words="state <> 'open' OR text IS NOT NULL",
            not_own="answered_by <> person_id",
            not_the_objector="answered_by <> objector_id",
            not_the_approver="answered_by <> approved_by",
        ),
        *keys(table, "person_id", "objector_id", "approved_by", "answered_by"),
        to_notice("fk_point_objections_notice"),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_point_objections_month", table, ["township_id", "month"])


def grant() -> None:
    """What was approved and published is never changed; a submission may be made anew, an audit and an objection get
    their answer. Retention takes the words of an objection."""
    op.execute(f"GRANT SELECT, INSERT ON {', '.join(TABLES)} TO xunfang_app")
    op.execute("GRANT UPDATE (half, after_n, submitted_by, submitted_at) ON point_submissions TO xunfang_app")
    op.execute("GRANT UPDATE (audited_by, audited_at, result, note) ON point_audits TO xunfang_app")
    op.execute("GRANT UPDATE (state, answer, answered_by, answered_at) ON point_objections TO xunfang_app")
    op.execute("GRANT SELECT, UPDATE (text) ON point_objections TO xunfang_retention")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
