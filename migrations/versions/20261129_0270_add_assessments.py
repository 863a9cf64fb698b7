"""add assessments: versions that nobody edits, their publication, returns and freezing, notices and plans"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "202611290270"
down_revision = "202611290260"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
INDICATORS = (
    "dosage", "worst_gap", "route", "cells", "hazards", "near_repeat", "environment", "staffing", "roster", "checkins",
    "training", "publicity",
)  # fmt: skip
CORRECTIONS = ("late_data", "data_mended", "rule_mended", "return_upheld")
REASONS = (
    "data_missing", "data_wrong", "boundary_wrong", "not_ours", "target_wrong", "works_in_the_way", "weather", "papers",
)  # fmt: skip
OUTCOMES = ("changed", "stands")
CHANNELS = ("board", "website", "message", "meeting")
ACTIONS = (
    "roster_more", "shift_hours", "route_change", "hotspot_visits", "hazard_round", "mending_asked", "recruit", "train",
    "insure", "publish",
)  # fmt: skip
OWNERS = ("leader", "reviewer", "admin")
PAPER = r"paper ~ '^[0-9A-Za-z〔〕（）()第号年/._-]{1,40}$'"
TABLES = (
    "assessment_plan_items", "assessment_notices", "assessment_returns", "assessment_freezes", "assessment_reviews",
    "assessments",
)  # fmt: skip


def upgrade() -> None:
    add_versions()
    add_reviews()
    add_freezes()
    add_returns()
    add_notices()
    add_plan_items()
    grant()


def add_versions() -> None:
    _table(
        "assessments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.BigInteger(), nullable=False),
        sa.Column("policy_id", sa.BigInteger()),
        sa.Column("figures", JSONB(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("computed_by", sa.BigInteger(), nullable=False),
        sa.Column("computed_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_assessments")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_assessments_township_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy_versions.id"], name=op.f("fk_assessments_policy_id")),
        sa.UniqueConstraint("township_id", "quarter", "n", name=op.f("uq_assessments_township_id_quarter_n")),
        sa.UniqueConstraint("township_id", "id", "computed_by", name="uq_assessments_computed_by"),
        people=("computed_by",),
        checks={
            "quarter": "extract(day FROM quarter) = 1 AND extract(month FROM quarter) IN (1, 4, 7, 10)",
            "n": "n > 0",
            "reason": f"reason IN {CORRECTIONS!r}",
        },
    )


def add_reviews() -> None:
    _table(
        "assessment_reviews",
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("computed_by", sa.BigInteger(), nullable=False),
        sa.Column("published_by", sa.BigInteger(), nullable=False),
        sa.Column("published_at", AT, nullable=False),
        sa.Column("notice_until", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("accepted_by", sa.BigInteger()),
        sa.Column("accepted_at", AT),
        sa.PrimaryKeyConstraint("township_id", "assessment_id", name=op.f("pk_assessment_reviews")),
        _key("assessment_reviews", "assessment", "assessments", "assessment_id", "computed_by"),
        sa.UniqueConstraint(
            "township_id", "assessment_id", "computed_by", "published_by", name="uq_assessment_reviews_by"
        ),
        sa.UniqueConstraint(
            "township_id", "assessment_id", "published_by", name="uq_assessment_reviews_published_by"
        ),
        people=("computed_by", "published_by", "accepted_by"),
        checks={
            "four_eyes": "accepted_by <> published_by",
            "accepted": "(accepted_by IS NULL) = (accepted_at IS NULL)",
            "terms": "notice_until <= until",
        },
    )


def add_freezes() -> None:
    _table(
        "assessment_freezes",
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("computed_by", sa.BigInteger(), nullable=False),
        sa.Column("published_by", sa.BigInteger(), nullable=False),
        sa.Column("frozen_by", sa.BigInteger(), nullable=False),
        sa.Column("frozen_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("township_id", "assessment_id", name=op.f("pk_assessment_freezes")),
        _key(
            "assessment_freezes",
            "review",
            "assessment_reviews",
            "assessment_id",
            "computed_by",
            "published_by",
        ),
        people=("computed_by", "published_by", "frozen_by"),
        checks={"four_eyes": "frozen_by <> computed_by AND frozen_by <> published_by"},
    )


def add_returns() -> None:
    _table(
        "assessment_returns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("published_by", sa.BigInteger(), nullable=False),
        sa.Column("returned_by", sa.BigInteger(), nullable=False),
        sa.Column("returned_at", AT, nullable=False),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", AT),
        sa.Column("outcome", sa.Text()),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_assessment_returns")),
        _key("assessment_returns", "review", "assessment_reviews", "assessment_id", "published_by"),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_assessment_returns_area_id")),
        sa.UniqueConstraint(
            "township_id", "assessment_id", "area_id", "indicator", name="uq_assessment_returns_figure"
        ),
        people=("published_by", "returned_by", "decided_by"),
        checks={
            "indicator": f"indicator IN {INDICATORS!r}",
            "reason": f"reason IN {REASONS!r}",
            "outcome": f"outcome IN {OUTCOMES!r}",
            "own": "returned_by <> published_by",
            "four_eyes": "decided_by <> returned_by",
            "decided": "(outcome IS NULL) = (decided_by IS NULL)",
        },
    )


def add_notices() -> None:
    _table(
        "assessment_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("village_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("published_on", sa.Date()),
        sa.Column("channel", sa.Text()),
        sa.Column("paper", sa.Text()),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", AT, nullable=False),
        sa.Column("confirmed_by", sa.BigInteger()),
        sa.Column("confirmed_at", AT),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_assessment_notices")),
        sa.ForeignKeyConstraint(["village_id"], ["areas.id"], name=op.f("fk_assessment_notices_village_id")),
        people=("entered_by", "confirmed_by"),
        checks={
            "month": "extract(day FROM month) = 1",
            "channel": f"channel IN {CHANNELS!r}",
            "paper": PAPER,
            "evidence": "(published_on IS NULL) = (channel IS NULL) AND (published_on IS NULL) = (paper IS NULL)",
            "four_eyes": "confirmed_by <> entered_by",
            "confirmed": "(confirmed_by IS NULL) = (confirmed_at IS NULL)",
        },
    )
    op.create_index(
        "ix_assessment_notices_month", "assessment_notices", ["township_id", "month", "village_id"]
    )


def add_plan_items() -> None:
    _table(
        "assessment_plan_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("village_id", sa.BigInteger(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("done_on", sa.Date()),
        sa.Column("paper", sa.Text()),
        sa.Column("done_by", sa.BigInteger()),
        sa.Column("confirmed_by", sa.BigInteger()),
        sa.Column("confirmed_at", AT),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_assessment_plan_items")),
        _key("assessment_plan_items", "assessment", "assessments", "assessment_id"),
        sa.ForeignKeyConstraint(
            ["village_id"], ["areas.id"], name=op.f("fk_assessment_plan_items_village_id")
        ),
        sa.UniqueConstraint(
            "township_id", "assessment_id", "village_id", "indicator", "action",
            name="uq_assessment_plan_items_action",
        ),
        people=("made_by", "done_by", "confirmed_by"),
        checks={
            "indicator": f"indicator IN {INDICATORS!r}",
            "action": f"action IN {ACTIONS!r}",
            "owner": f"owner IN {OWNERS!r}",
            "paper": PAPER,
            "done": "(done_on IS NULL) = (done_by IS NULL) AND (done_on IS NULL) = (paper IS NULL)",
            "confirmed": "confirmed_by IS NULL OR done_by IS NOT NULL",
            "four_eyes": "confirmed_by <> done_by",
        },
    )  # fmt: skip
    op.create_index(
        "ix_assessment_plan_items_open",
        "assessment_plan_items",
        ["township_id", "due_on"],
        postgresql_where=sa.text("confirmed_by IS NULL"),
    )


def _table(name: str, *parts: sa.schema.SchemaItem, people: tuple[str, ...], checks: dict[str, str]) -> None:
    op.create_table(
        name,
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *parts,
        *(sa.ForeignKeyConstraint([who], ["people.id"], name=op.f(f"fk_{name}_{who}")) for who in people),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{name}_{what}")) for what, rule in checks.items()),
    )


def _key(table: str, what: str, other: str, *columns: str) -> sa.ForeignKeyConstraint:
    theirs = ["id" if c == "assessment_id" and other == "assessments" else c for c in columns]
    return sa.ForeignKeyConstraint(
        ["township_id", *columns],
        [f"{other}.{c}" for c in ("township_id", *theirs)],
        name=f"fk_{table}_{what}",
    )


def grant() -> None:
    """Figures, and what is frozen, are written once; of the rest only what a second person decides."""
    op.execute("GRANT SELECT, INSERT ON assessments, assessment_freezes TO xunfang_app")
    for table, columns in {
        "assessment_reviews": "accepted_by, accepted_at",
        "assessment_returns": "decided_by, decided_at, outcome",
        "assessment_notices": "confirmed_by, confirmed_at",
        "assessment_plan_items": "done_on, paper, done_by, confirmed_by, confirmed_at",
    }.items():
        op.execute(f"GRANT SELECT, INSERT, UPDATE ({columns}) ON {table} TO xunfang_app")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
