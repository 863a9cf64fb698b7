"""Keep a township's money: pot and lines, allocations, commitments, payments, grants to villages

Revision ID: 202611290260
Revises: 202611290250
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "202611290260"
down_revision = "202611290250"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
TABLES = (
    "pots", "budget_lines", "money_sources", "allocations", "allocation_parts", "commitments", "disbursements",
    "village_grades", "grant_rounds", "grant_awards",
)  # fmt: skip
DECIDED = "state, approved_by, approved_at, ended_by, ended_at"


def upgrade() -> None:
    add_pots()
    add_allocations()
    add_commitments()
    add_grants()
    grant()


def add_pots() -> None:
    """The year's pot and its lines."""
    op.create_table(
        "pots",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("year", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("fen_a_person", sa.BigInteger(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("policy_version_id", sa.BigInteger()),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", AT, nullable=False),
        sa.Column("approved_by", sa.BigInteger()),
        sa.Column("approved_at", AT),
        sa.CheckConstraint("approved_by <> proposed_by", name=op.f("ck_pots_four_eyes")),
        sa.CheckConstraint("people > 0 AND fen = people * fen_a_person", name=op.f("ck_pots_fen")),
        sa.CheckConstraint("year BETWEEN 2000 AND 2100", name=op.f("ck_pots_year")),
        sa.ForeignKeyConstraint(["approved_by"], ["people.id"], name=op.f("fk_pots_approved_by")),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_versions.id"], name=op.f("fk_pots_policy_version_id")
        ),
        sa.ForeignKeyConstraint(["proposed_by"], ["people.id"], name=op.f("fk_pots_proposed_by")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_pots_township_id")),
        sa.PrimaryKeyConstraint("township_id", "year", "n", name=op.f("pk_pots")),
    )
    op.create_index(
        "uq_pots_opened",
        "pots",
        ["township_id", "year"],
        unique=True,
        postgresql_where=sa.text("approved_by IS NOT NULL"),
    )
    op.create_table(
        "budget_lines",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("year", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("planned_fen", sa.BigInteger(), nullable=False),
        sa.Column("allocated_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("committed_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("disbursed_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "line IN ('village_base', 'performance', 'points_shop', 'insurance_equipment', 'reserve', 'wages', 'allowances')",
            name=op.f("ck_budget_lines_line"),
        ),
        sa.CheckConstraint(
            "0 <= disbursed_fen AND disbursed_fen <= committed_fen AND committed_fen <= allocated_fen",
            name=op.f("ck_budget_lines_never_overspent"),
        ),
        sa.CheckConstraint("planned_fen >= 0", name=op.f("ck_budget_lines_planned")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_budget_lines_township_id")),
        sa.PrimaryKeyConstraint("township_id", "year", "line", name=op.f("pk_budget_lines")),
    )


def add_allocations() -> None:
    """Where money comes from, and into which lines it goes."""
    op.create_table(
        "money_sources",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("allocated_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", AT, nullable=False),
        sa.CheckConstraint("fund IN ('pot', 'wages', 'allowances')", name=op.f("ck_money_sources_fund")),
        sa.CheckConstraint(
            "kind IN ('county', 'province', 'village', 'donation')", name=op.f("ck_money_sources_kind")
        ),
        sa.CheckConstraint("fen > 0 AND allocated_fen BETWEEN 0 AND fen", name=op.f("ck_money_sources_fen")),
        sa.ForeignKeyConstraint(["entered_by"], ["people.id"], name=op.f("fk_money_sources_entered_by")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_money_sources_township_id")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_money_sources")),
        sa.UniqueConstraint(
            "township_id", "id", "year", "fund", name=op.f("uq_money_sources_township_id_id_year_fund")
        ),
    )
    op.create_index("ix_money_sources_year", "money_sources", ["township_id", "year"])
    op.create_table(
        "allocations",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Uuid()),
        sa.Column("from_line", sa.Text()),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", AT, nullable=False),
        sa.Column("approved_by", sa.BigInteger()),
        sa.Column("approved_at", AT),
        sa.Column("ended_by", sa.BigInteger()),
        sa.Column("ended_at", AT),
        sa.CheckConstraint(
            "(state = 'approved') = (approved_by IS NOT NULL)", name=op.f("ck_allocations_approved")
        ),
        sa.CheckConstraint("(state = 'refused') = (ended_by IS NOT NULL)", name=op.f("ck_allocations_ended")),
        sa.CheckConstraint(
            "from_line IS NULL OR (fund = 'pot' AND from_line NOT IN ('wages', 'allowances'))",
            name=op.f("ck_allocations_funds_apart"),
        ),
        sa.CheckConstraint("fund IN ('pot', 'wages', 'allowances')", name=op.f("ck_allocations_fund")),
        sa.CheckConstraint("state IN ('proposed', 'approved', 'refused')", name=op.f("ck_allocations_state")),
        sa.CheckConstraint("(source_id IS NULL) = (from_line IS NOT NULL)", name=op.f("ck_allocations_from")),
        sa.CheckConstraint("approved_by <> proposed_by", name=op.f("ck_allocations_four_eyes")),
        sa.CheckConstraint("fen > 0", name=op.f("ck_allocations_fen")),
        sa.ForeignKeyConstraint(["approved_by"], ["people.id"], name=op.f("fk_allocations_approved_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name=op.f("fk_allocations_ended_by")),
        sa.ForeignKeyConstraint(["proposed_by"], ["people.id"], name=op.f("fk_allocations_proposed_by")),
        sa.ForeignKeyConstraint(
            ["township_id", "source_id", "year", "fund"],
            ["money_sources.township_id", "money_sources.id", "money_sources.year", "money_sources.fund"],
            name="fk_allocations_source",
        ),
        sa.ForeignKeyConstraint(
            ["township_id", "year", "from_line"],
            ["budget_lines.township_id", "budget_lines.year", "budget_lines.line"],
            name="fk_allocations_from_line",
        ),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_allocations_township_id")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_allocations")),
        sa.UniqueConstraint(
            "township_id", "id", "year", "fund", name=op.f("uq_allocations_township_id_id_year_fund")
        ),
    )
    op.create_index("ix_allocations_year", "allocations", ["township_id", "year"])
    op.create_table(
        "allocation_parts",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("allocation_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(fund = 'wages') = (line = 'wages') AND (fund = 'allowances') = (line = 'allowances')",
            name=op.f("ck_allocation_parts_funds_apart"),
        ),
        sa.CheckConstraint("fen > 0", name=op.f("ck_allocation_parts_fen")),
        sa.ForeignKeyConstraint(
            ["township_id", "allocation_id", "year", "fund"],
            ["allocations.township_id", "allocations.id", "allocations.year", "allocations.fund"],
            name="fk_allocation_parts_allocation",
        ),
        sa.ForeignKeyConstraint(
            ["township_id", "year", "line"],
            ["budget_lines.township_id", "budget_lines.year", "budget_lines.line"],
            name="fk_allocation_parts_line",
        ),
        sa.PrimaryKeyConstraint("township_id", "allocation_id", "line", name=op.f("pk_allocation_parts")),
    )


def add_commitments() -> None:
    """What is to be paid, and what was."""
    op.create_table(
        "commitments",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("payee_kind", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text()),
        sa.Column("village_id", sa.BigInteger()),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text()),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("disbursed_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("released_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", AT, nullable=False),
        sa.Column("approved_by", sa.BigInteger()),
        sa.Column("approved_at", AT),
        sa.Column("ended_by", sa.BigInteger()),
        sa.Column("ended_at", AT),
        sa.CheckConstraint(
            "(line = 'wages') = (payee_kind = 'wage') AND (line = 'allowances') = (payee_kind = 'allowance') AND (line = 'points_shop') = (payee_kind = 'shop') AND (line NOT IN ('village_base', 'performance') OR payee_kind = 'village') AND (line <> 'insurance_equipment' OR payee_kind IN ('insurer', 'supplier'))",
            name=op.f("ck_commitments_lines_apart"),
        ),
        sa.CheckConstraint(
            "(payee_kind = 'village') = (village_id IS NOT NULL)", name=op.f("ck_commitments_village")
        ),
        sa.CheckConstraint(
            "(payee_kind IN ('shop', 'insurer', 'supplier')) = (payee IS NOT NULL)",
            name=op.f("ck_commitments_payee"),
        ),
        sa.CheckConstraint(
            "(payee_kind IN ('wage', 'allowance')) = (person_id IS NOT NULL)",
            name=op.f("ck_commitments_person"),
        ),
        sa.CheckConstraint(
            "(state IN ('approved', 'closed')) = (approved_by IS NOT NULL)",
            name=op.f("ck_commitments_approved"),
        ),
        sa.CheckConstraint(
            "(state IN ('refused', 'closed')) = (ended_by IS NOT NULL)", name=op.f("ck_commitments_ended")
        ),
        sa.CheckConstraint(
            "payee_kind IN ('village', 'shop', 'insurer', 'supplier', 'wage', 'allowance')",
            name=op.f("ck_commitments_payee_kind"),
        ),
        sa.CheckConstraint(
            "state <> 'closed' OR disbursed_fen + released_fen = fen",
            name=op.f("ck_commitments_closed_has_nothing_left"),
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'refused', 'closed')", name=op.f("ck_commitments_state")
        ),
        sa.CheckConstraint(
            "approved_by <> proposed_by AND approved_by <> person_id", name=op.f("ck_commitments_four_eyes")
        ),
        sa.CheckConstraint(
            "fen > 0 AND disbursed_fen >= 0 AND released_fen >= 0 AND disbursed_fen + released_fen <= fen",
            name=op.f("ck_commitments_fen"),
        ),
        sa.ForeignKeyConstraint(["approved_by"], ["people.id"], name=op.f("fk_commitments_approved_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name=op.f("fk_commitments_ended_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_commitments_person_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["people.id"], name=op.f("fk_commitments_proposed_by")),
        sa.ForeignKeyConstraint(
            ["township_id", "year", "line"],
            ["budget_lines.township_id", "budget_lines.year", "budget_lines.line"],
            name="fk_commitments_line",
        ),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_commitments_township_id")),
        sa.ForeignKeyConstraint(["village_id"], ["areas.id"], name=op.f("fk_commitments_village_id")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_commitments")),
        sa.UniqueConstraint(
            "township_id", "id", "approved_by", name=op.f("uq_commitments_township_id_id_approved_by")
        ),
    )
    op.create_index("ix_commitments_year", "commitments", ["township_id", "year", "line"])
    op.create_index(
        "uq_commitments_cause",
        "commitments",
        ["township_id", "cause"],
        unique=True,
        postgresql_where=sa.text("state <> 'refused'"),
    )
    op.create_table(
        "disbursements",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("commitment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("receipt_sha256", sa.LargeBinary()),
        sa.Column("approved_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", AT, nullable=False),
        sa.CheckConstraint("kind IN ('payment', 'return')", name=op.f("ck_disbursements_kind")),
        sa.CheckConstraint("fen > 0", name=op.f("ck_disbursements_fen")),
        sa.CheckConstraint("octet_length(receipt_sha256) = 32", name=op.f("ck_disbursements_hash")),
        sa.CheckConstraint("recorded_by <> approved_by", name=op.f("ck_disbursements_four_eyes")),
        sa.ForeignKeyConstraint(["recorded_by"], ["people.id"], name=op.f("fk_disbursements_recorded_by")),
        sa.ForeignKeyConstraint(
            ["township_id", "commitment_id", "approved_by"],
            ["commitments.township_id", "commitments.id", "commitments.approved_by"],
            name="fk_disbursements_commitment",
        ),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_disbursements")),
    )
    op.create_index("ix_disbursements_commitment", "disbursements", ["township_id", "commitment_id"])


def add_grants() -> None:
    """What villages are granted, and by which grades."""
    op.create_table(
        "village_grades",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("year", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_quarter", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_quarter", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("village_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("f", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", AT, nullable=False),
        sa.Column("confirmed_by", sa.BigInteger()),
        sa.Column("confirmed_at", AT),
        sa.CheckConstraint("confirmed_by <> entered_by", name=op.f("ck_village_grades_four_eyes")),
        sa.CheckConstraint("f BETWEEN 0 AND 100", name=op.f("ck_village_grades_f")),
        sa.CheckConstraint(
            "first_quarter >= 1 AND first_quarter <= last_quarter AND last_quarter <= 4",
            name=op.f("ck_village_grades_quarters"),
        ),
        sa.ForeignKeyConstraint(["confirmed_by"], ["people.id"], name=op.f("fk_village_grades_confirmed_by")),
        sa.ForeignKeyConstraint(["entered_by"], ["people.id"], name=op.f("fk_village_grades_entered_by")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_village_grades_township_id")),
        sa.ForeignKeyConstraint(["village_id"], ["areas.id"], name=op.f("fk_village_grades_village_id")),
        sa.PrimaryKeyConstraint(
            "township_id",
            "year",
            "first_quarter",
            "last_quarter",
            "village_id",
            "n",
            name=op.f("pk_village_grades"),
        ),
    )
    op.create_table(
        "grant_rounds",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("first_quarter", sa.BigInteger(), nullable=False),
        sa.Column("last_quarter", sa.BigInteger(), nullable=False),
        sa.Column("pool_fen", sa.BigInteger(), nullable=False),
        sa.Column("numbers", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", AT, nullable=False),
        sa.Column("approved_by", sa.BigInteger()),
        sa.Column("approved_at", AT),
        sa.Column("ended_by", sa.BigInteger()),
        sa.Column("ended_at", AT),
        postgresql.ExcludeConstraint(
            (sa.column("township_id"), "="),
            (sa.column("year"), "="),
            (sa.column("kind"), "="),
            (sa.text("int8range(first_quarter, last_quarter, '[]')"), "&&"),
            where=sa.text("state <> 'refused'"),
            using="gist",
            name="ex_grant_rounds_once",
        ),
        sa.CheckConstraint(
            "(state = 'approved') = (approved_by IS NOT NULL)", name=op.f("ck_grant_rounds_approved")
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (ended_by IS NOT NULL)", name=op.f("ck_grant_rounds_ended")
        ),
        sa.CheckConstraint("kind IN ('base', 'performance')", name=op.f("ck_grant_rounds_kind")),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'refused')", name=op.f("ck_grant_rounds_state")
        ),
        sa.CheckConstraint("approved_by <> proposed_by", name=op.f("ck_grant_rounds_four_eyes")),
        sa.CheckConstraint(
            "first_quarter >= 1 AND first_quarter <= last_quarter AND last_quarter <= 4",
            name=op.f("ck_grant_rounds_quarters"),
        ),
        sa.CheckConstraint("pool_fen >= 0", name=op.f("ck_grant_rounds_pool")),
        sa.ForeignKeyConstraint(["approved_by"], ["people.id"], name=op.f("fk_grant_rounds_approved_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name=op.f("fk_grant_rounds_ended_by")),
        sa.ForeignKeyConstraint(["proposed_by"], ["people.id"], name=op.f("fk_grant_rounds_proposed_by")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_grant_rounds_township_id")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_grant_rounds")),
    )
    op.create_table(
        "grant_awards",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("village_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("weight", sa.Numeric(precision=16, scale=2), nullable=False),
        sa.Column("f", sa.Numeric(precision=5, scale=2)),
        sa.Column("grade", sa.Text()),
        sa.Column("factor", sa.Numeric(precision=8, scale=4), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("grade IN ('A', 'B', 'C', 'D')", name=op.f("ck_grant_awards_grade")),
        sa.CheckConstraint("(f IS NULL) = (grade IS NULL)", name=op.f("ck_grant_awards_graded")),
        sa.CheckConstraint(
            "people >= 0 AND weight >= 0 AND factor >= 0 AND fen >= 0", name=op.f("ck_grant_awards_figures")
        ),
        sa.ForeignKeyConstraint(
            ["township_id", "round_id"],
            ["grant_rounds.township_id", "grant_rounds.id"],
            name="fk_grant_awards_round",
        ),
        sa.ForeignKeyConstraint(["village_id"], ["areas.id"], name=op.f("fk_grant_awards_village_id")),
        sa.PrimaryKeyConstraint("township_id", "round_id", "village_id", name=op.f("pk_grant_awards")),
    )


def grant() -> None:
    """Nobody edits or removes what was said: only running totals and what became of a proposal change."""
    op.execute(f"GRANT SELECT, INSERT ON {', '.join(TABLES)} TO xunfang_app")
    op.execute("GRANT UPDATE (approved_by, approved_at) ON pots TO xunfang_app")
    op.execute("GRANT UPDATE (allocated_fen, committed_fen, disbursed_fen) ON budget_lines TO xunfang_app")
    op.execute("GRANT UPDATE (allocated_fen) ON money_sources TO xunfang_app")
    op.execute(f"GRANT UPDATE ({DECIDED}) ON allocations, grant_rounds TO xunfang_app")
    op.execute(f"GRANT UPDATE ({DECIDED}, disbursed_fen, released_fen) ON commitments TO xunfang_app")
    op.execute("GRANT UPDATE (confirmed_by, confirmed_at) ON village_grades TO xunfang_app")
    # The worker may recompute and post points, and so asks whether the budget carries them.
    op.execute("GRANT SELECT ON budget_lines TO xunfang_worker")
    op.execute("GRANT SELECT ON pots, budget_lines, grant_rounds, grant_awards TO xunfang_readonly")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
