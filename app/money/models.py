"""Money of a township's year: pot and lines, sources, allocations, commitments, payments, and grants to villages.

What was said is never edited: the application's database role may add rows, change the running totals and say what
became of a proposal, and nothing else. Whoever approves is another than who proposed; the database holds that too.
Amounts are whole fen. No account of a bank is kept anywhere.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Numeric,
    UniqueConstraint,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db

LINES = (
    "village_base", "performance", "points_shop", "insurance_equipment", "reserve", "wages", "allowances",
)  # fmt: skip
FUNDS = ("pot", "wages", "allowances")
SOURCE_KINDS = ("county", "province", "village", "donation")
PAYEE_KINDS = ("village", "shop", "insurer", "supplier", "wage", "allowance")
ORGANISATIONS = ("shop", "insurer", "supplier")
# A line and what is paid from it: wages and allowances stand apart from each other and from all recognition.
LINE_PAYS = (
    "(line = 'wages') = (payee_kind = 'wage') AND (line = 'allowances') = (payee_kind = 'allowance')"
    " AND (line = 'points_shop') = (payee_kind = 'shop')"
    " AND (line NOT IN ('village_base', 'performance') OR payee_kind = 'village')"
    " AND (line <> 'insurance_equipment' OR payee_kind IN ('insurer', 'supplier'))"
)
FUND_FEEDS = "(fund = 'wages') = (line = 'wages') AND (fund = 'allowances') = (line = 'allowances')"


class Pot(db.Model):
    """A township's pot for a year, worked out from its villages' totals: proposed by one, opened by another. A wrong
    one is proposed anew (`n`); one is opened, once."""

    __tablename__ = "pots"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    people: Mapped[int]
    fen_a_person: Mapped[int]
    fen: Mapped[int]
    policy_version_id: Mapped[int | None] = mapped_column(ForeignKey("policy_versions.id"))
    proposed_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    proposed_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    approved_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("people > 0 AND fen = people * fen_a_person", name="fen"),
        CheckConstraint("year BETWEEN 2000 AND 2100", name="year"),
        CheckConstraint("approved_by <> proposed_by", name="four_eyes"),
        Index(
            "uq_pots_opened",
            "township_id",
            "year",
            unique=True,
            postgresql_where=sql("approved_by IS NOT NULL"),
        ),
    )


class BudgetLine(db.Model):
    """A line's running totals, changed by conditional updates only (lines.py). `planned_fen`: its part of the pot."""

    __tablename__ = "budget_lines"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line: Mapped[str] = mapped_column(primary_key=True)
    planned_fen: Mapped[int]
    allocated_fen: Mapped[int] = mapped_column(server_default=sql("0"))
    committed_fen: Mapped[int] = mapped_column(server_default=sql("0"))
    disbursed_fen: Mapped[int] = mapped_column(server_default=sql("0"))
    __table_args__ = (
        CheckConstraint(f"line IN {LINES!r}", name="line"),
        CheckConstraint("planned_fen >= 0", name="planned"),
        CheckConstraint(
            "0 <= disbursed_fen AND disbursed_fen <= committed_fen AND committed_fen <= allocated_fen",
            name="never_overspent",
        ),
    )

    @property
    def free_fen(self) -> int:
        return self.allocated_fen - self.committed_fen


class MoneySource(db.Model):
    """Where money comes from: who gives it, by which document, for which fund of the year."""

    __tablename__ = "money_sources"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    year: Mapped[int]
    fund: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    document: Mapped[str]
    fen: Mapped[int]
    allocated_fen: Mapped[int] = mapped_column(server_default=sql("0"))
    entered_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    entered_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("township_id", "id", "year", "fund"),
        CheckConstraint(f"fund IN {FUNDS!r}", name="fund"),
        CheckConstraint(f"kind IN {SOURCE_KINDS!r}", name="kind"),
        CheckConstraint("fen > 0 AND allocated_fen BETWEEN 0 AND fen", name="fen"),
        Index("ix_money_sources_year", "township_id", "year"),
    )


class Allocation(db.Model):
    """From a source into lines of its fund, or from one line to others of the pot. Proposed by one person with a
    reason, approved by another."""

    __tablename__ = "allocations"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    year: Mapped[int]
    fund: Mapped[str]
    source_id: Mapped[UUID | None]
    from_line: Mapped[str | None]
    fen: Mapped[int]
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="proposed")
    proposed_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    proposed_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    approved_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("township_id", "id", "year", "fund"),
        CheckConstraint(f"fund IN {FUNDS!r}", name="fund"),
        CheckConstraint("fen > 0", name="fen"),
        CheckConstraint("state IN ('proposed', 'approved', 'refused')", name="state"),
        CheckConstraint("(source_id IS NULL) = (from_line IS NOT NULL)", name="from"),
        CheckConstraint(
            "from_line IS NULL OR (fund = 'pot' AND from_line NOT IN ('wages', 'allowances'))",
            name="funds_apart",
        ),
        CheckConstraint("approved_by <> proposed_by", name="four_eyes"),
        CheckConstraint("(state = 'approved') = (approved_by IS NOT NULL)", name="approved"),
        CheckConstraint("(state = 'refused') = (ended_by IS NOT NULL)", name="ended"),
        ForeignKeyConstraint(
            ["township_id", "source_id", "year", "fund"],
            [f"money_sources.{name}" for name in ("township_id", "id", "year", "fund")],
            name="fk_allocations_source",
        ),
        ForeignKeyConstraint(
            ["township_id", "year", "from_line"],
            [f"budget_lines.{name}" for name in ("township_id", "year", "line")],
            name="fk_allocations_from_line",
        ),
        Index("ix_allocations_year", "township_id", "year"),
    )


class AllocationPart(db.Model):
    """How much of it goes to a line."""

    __tablename__ = "allocation_parts"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    allocation_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int]
    fund: Mapped[str]
    fen: Mapped[int]
    __table_args__ = (
        CheckConstraint("fen > 0", name="fen"),
        CheckConstraint(FUND_FEEDS, name="funds_apart"),
        ForeignKeyConstraint(
            ["township_id", "allocation_id", "year", "fund"],
            [f"allocations.{name}" for name in ("township_id", "id", "year", "fund")],
            name="fk_allocation_parts_allocation",
        ),
        ForeignKeyConstraint(
            ["township_id", "year", "line"],
            [f"budget_lines.{name}" for name in ("township_id", "year", "line")],
            name="fk_allocation_parts_line",
        ),
    )


class Commitment(db.Model):
    """What is to be paid, to whom, from which line. `payee` names an organisation; a member is named by id alone.

    `disbursed_fen` is paid, `released_fen` given back to the line; what is left of `fen` is still to be paid.
    `cause` names what a commitment follows from (a grant), once.
    """

    __tablename__ = "commitments"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    year: Mapped[int]
    line: Mapped[str]
    payee_kind: Mapped[str]
    payee: Mapped[str | None]
    village_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    what: Mapped[str]
    cause: Mapped[str | None]
    fen: Mapped[int]
    disbursed_fen: Mapped[int] = mapped_column(server_default=sql("0"))
    released_fen: Mapped[int] = mapped_column(server_default=sql("0"))
    state: Mapped[str] = mapped_column(server_default="proposed")
    proposed_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    proposed_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    approved_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("township_id", "id", "approved_by"),
        CheckConstraint(f"payee_kind IN {PAYEE_KINDS!r}", name="payee_kind"),
        CheckConstraint(LINE_PAYS, name="lines_apart"),
        CheckConstraint("(payee_kind = 'village') = (village_id IS NOT NULL)", name="village"),
        CheckConstraint("(payee_kind IN ('wage', 'allowance')) = (person_id IS NOT NULL)", name="person"),
        CheckConstraint(f"(payee_kind IN {ORGANISATIONS!r}) = (payee IS NOT NULL)", name="payee"),
        CheckConstraint(
            "fen > 0 AND disbursed_fen >= 0 AND released_fen >= 0 AND disbursed_fen + released_fen <= fen",
            name="fen",
        ),
        CheckConstraint("state IN ('proposed', 'approved', 'refused', 'closed')", name="state"),
        CheckConstraint("approved_by <> proposed_by AND approved_by <> person_id", name="four_eyes"),
        CheckConstraint("(state IN ('approved', 'closed')) = (approved_by IS NOT NULL)", name="approved"),
        CheckConstraint("(state IN ('refused', 'closed')) = (ended_by IS NOT NULL)", name="ended"),
        CheckConstraint(
            "state <> 'closed' OR disbursed_fen + released_fen = fen", name="closed_has_nothing_left"
        ),
        ForeignKeyConstraint(
            ["township_id", "year", "line"],
            [f"budget_lines.{name}" for name in ("township_id", "year", "line")],
            name="fk_commitments_line",
        ),
        Index("ix_commitments_year", "township_id", "year", "line"),
        Index(
            "uq_commitments_cause", "township_id", "cause", unique=True, postgresql_where=sql("state <> 'refused'")
        ),
    )  # fmt: skip

    @property
    def open_fen(self) -> int:
        return self.fen - self.disbursed_fen - self.released_fen


class Disbursement(db.Model):
    """A payment of a commitment, or money that came back of one. Whoever approved the commitment records none of it.

    `receipt` is the number of the paper; `receipt_sha256` the hash of its scan, which is not kept here.
    """

    __tablename__ = "disbursements"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    commitment_id: Mapped[UUID]
    kind: Mapped[str]
    fen: Mapped[int]
    paid_on: Mapped[date]
    receipt: Mapped[str]
    receipt_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    approved_by: Mapped[int]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    recorded_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("kind IN ('payment', 'return')", name="kind"),
        CheckConstraint("fen > 0", name="fen"),
        CheckConstraint("octet_length(receipt_sha256) = 32", name="hash"),
        CheckConstraint("recorded_by <> approved_by", name="four_eyes"),
        ForeignKeyConstraint(
            ["township_id", "commitment_id", "approved_by"],
            [f"commitments.{name}" for name in ("township_id", "id", "approved_by")],
            name="fk_disbursements_commitment",
        ),
        Index("ix_disbursements_commitment", "township_id", "commitment_id"),
    )


class VillageGrade(db.Model):
    """A village's F for quarters of a year, entered by hand with its evidence by one person and confirmed by another. A
    correction is a further row (`n`); the latest that is confirmed counts."""

    __tablename__ = "village_grades"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first_quarter: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_quarter: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    village_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    f: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    evidence: Mapped[str]
    entered_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    entered_at: Mapped[datetime]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    confirmed_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("f BETWEEN 0 AND 100", name="f"),
        CheckConstraint(
            "first_quarter >= 1 AND first_quarter <= last_quarter AND last_quarter <= 4", name="quarters"
        ),
        CheckConstraint("confirmed_by <> entered_by", name="four_eyes"),
    )


class GrantRound(db.Model):
    """Grants to all villages for quarters of a year: `base` by k·P alone, `performance` by grade too. `numbers` are the
    settings it was worked out by. No quarter is granted twice: the database refuses rounds that overlap."""

    __tablename__ = "grant_rounds"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    year: Mapped[int]
    kind: Mapped[str]
    first_quarter: Mapped[int]
    last_quarter: Mapped[int]
    pool_fen: Mapped[int]
    numbers: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(server_default="proposed")
    proposed_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    proposed_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    approved_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("kind IN ('base', 'performance')", name="kind"),
        CheckConstraint("state IN ('proposed', 'approved', 'refused')", name="state"),
        CheckConstraint("pool_fen >= 0", name="pool"),
        CheckConstraint(
            "first_quarter >= 1 AND first_quarter <= last_quarter AND last_quarter <= 4", name="quarters"
        ),
        CheckConstraint("approved_by <> proposed_by", name="four_eyes"),
        CheckConstraint("(state = 'approved') = (approved_by IS NOT NULL)", name="approved"),
        CheckConstraint("(state = 'refused') = (ended_by IS NOT NULL)", name="ended"),
        ExcludeConstraint(
            ("township_id", "="), ("year", "="), ("kind", "="),
            (func.int8range(sql("first_quarter"), sql("last_quarter"), sql("'[]'")), "&&"),
            where=sql("state <> 'refused'"), name="ex_grant_rounds_once",
        ),
    )  # fmt: skip


class GrantAward(db.Model):
    """What a village is granted in a round, with what it comes of: `weight` = k·P, `factor` = m by `grade` of `f`."""

    __tablename__ = "grant_awards"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    round_id: Mapped[UUID] = mapped_column(primary_key=True)
    village_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    people: Mapped[int]
    weight: Mapped[Decimal] = mapped_column(Numeric(16, 2))
    f: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    grade: Mapped[str | None]
    factor: Mapped[Decimal] = mapped_column(Numeric(8, 4))
    fen: Mapped[int]
    __table_args__ = (
        CheckConstraint("grade IN ('A', 'B', 'C', 'D')", name="grade"),
        CheckConstraint("(f IS NULL) = (grade IS NULL)", name="graded"),
        CheckConstraint("people >= 0 AND weight >= 0 AND factor >= 0 AND fen >= 0", name="figures"),
        ForeignKeyConstraint(
            ["township_id", "round_id"], ["grant_rounds.township_id", "grant_rounds.id"],
            name="fk_grant_awards_round",
        ),
    )  # fmt: skip
