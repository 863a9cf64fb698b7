"""add fairness flags and rankings"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "202611290280"
down_revision = "202611290270"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
KINDS = (
    "same_walk", "shared_phone", "two_places", "self_closed", "closed_for", "split_reports", "same_pair", "cosign_pair",
    "month_end_rush", "team_rush", "after_cap_rush", "thin_visits", "paid_rhythm", "long_standing",
)  # fmt: skip
REASONS = (
    "looked_fine",
    "roster_so",
    "no_choice",
    "as_ordered",
    "lent_phone",
    "data_fault",
    "to_audit",
    "to_talk",
)
FOUND = "weight, figures, team_id, duty_ids, checkin_ids, report_ids, seen_at"
DECIDED = "state, decided_by, decided_at, decided_weight, reason, note"


def upgrade() -> None:
    add_flags()
    add_rankings()
    both = "xunfang_app, xunfang_worker"
    op.execute(f"GRANT SELECT, INSERT ON fairness_flags TO {both}")
    # Whom a flag is about, and when it was first seen, is never made something else.
    op.execute(f"GRANT UPDATE ({FOUND}, {DECIDED}) ON fairness_flags TO {both}")
    op.execute("GRANT SELECT, INSERT, UPDATE ON team_rankings TO xunfang_app")
    op.execute("GRANT SELECT, DELETE ON fairness_flags TO xunfang_retention")


def add_flags() -> None:
    op.create_table(
        "fairness_flags",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("team_id", sa.BigInteger()),
        sa.Column("person_a", sa.BigInteger()),
        sa.Column("person_b", sa.BigInteger()),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column(
            "duty_ids", postgresql.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("checkin_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("report_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("first_seen_at", AT, nullable=False),
        sa.Column("seen_at", AT, nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", AT),
        sa.Column("decided_weight", sa.BigInteger()),
        sa.Column("reason", sa.Text()),
        sa.Column("note", sa.Text()),
        *flag_checks(),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_fairness_flags_township_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_fairness_flags_team_id")),
        *[
            sa.ForeignKeyConstraint([name], ["people.id"], name=op.f(f"fk_fairness_flags_{name}"))
            for name in ("person_a", "person_b", "decided_by")
        ],
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_fairness_flags")),
        sa.UniqueConstraint(
            "township_id",
            "kind",
            "month",
            "subject",
            name=op.f("uq_fairness_flags_township_id_kind_month_subject"),
        ),
    )
    op.create_index("ix_fairness_flags_month", "fairness_flags", ["township_id", "month", "state"])
    op.create_index("ix_fairness_flags_person_a", "fairness_flags", ["township_id", "person_a"])
    op.create_index("ix_fairness_flags_person_b", "fairness_flags", ["township_id", "person_b"])


def flag_checks() -> list[sa.CheckConstraint]:
    checks = {
        "kind": f"kind IN {KINDS!r}",
        "state": "state IN ('open', 'explained', 'passed_on')",
        "reason": f"reason IN {REASONS!r}",
        "month": "extract(day FROM month) = 1",
        "people": "(kind = 'team_rush') = (person_a IS NULL)",
        "pair": "person_b IS NULL OR person_a < person_b",
        "four_eyes": "decided_by <> person_a AND decided_by <> person_b",
        "decided": (
            "(state = 'open') = (decided_by IS NULL) AND (state = 'open') = (decided_at IS NULL)"
            " AND (state = 'open') = (reason IS NULL) AND (state = 'open') = (decided_weight IS NULL)"
        ),
        "note": "length(note) <= 280",
    }
    return [
        sa.CheckConstraint(words, name=op.f(f"ck_fairness_flags_{name}")) for name, words in checks.items()
    ]


def add_rankings() -> None:
    op.create_table(
        "team_rankings",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", AT, nullable=False),
        sa.CheckConstraint("measure IN ('points', 'hours')", name=op.f("ck_team_rankings_measure")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_team_rankings_township_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_rankings_team_id")),
        sa.ForeignKeyConstraint(["changed_by"], ["people.id"], name=op.f("fk_team_rankings_changed_by")),
        sa.PrimaryKeyConstraint("township_id", "team_id", name=op.f("pk_team_rankings")),
    )


def downgrade() -> None:
    op.drop_table("team_rankings")
    op.drop_table("fairness_flags")
