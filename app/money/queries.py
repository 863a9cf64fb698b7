"""What is asked of a township's money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select

from app.accounts.models import Person
from app.areas.models import Area, PolicyVersion
from app.db import db
from app.errors import NotFound
from app.money.models import (
    Allocation,
    AllocationPart,
    BudgetLine,
    Commitment,
    Disbursement,
    GrantAward,
    GrantRound,
    MoneySource,
    Pot,
    VillageGrade,
)
from app.teams.models import Team, TeamMember
from app.teams.scope import Scope, reviewed_township_rows

# Totals change by statements of their own: what the session has read before is not what stands there.
FRESH = {"populate_existing": True}


@dataclass(frozen=True)
class LineKey:
    township_id: int
    year: int
    line: str


def line_of(key: LineKey) -> BudgetLine | None:
    statement = select(BudgetLine).where(
        BudgetLine.township_id == key.township_id, BudgetLine.year == key.year, BudgetLine.line == key.line
    )  # fmt: skip
    return db.session.scalar(statement, execution_options=FRESH)


def latest_line_of(key: LineKey, *, lock: bool = False) -> BudgetLine | None:
    """The line of the year, or of the last year before it whose pot was opened.

    `lock` holds those of all years until then, so that who asks before a pot is opened and who asks after it wait for
    each other, too.
    """
    until = select(BudgetLine).where(
        BudgetLine.township_id == key.township_id, BudgetLine.year <= key.year, BudgetLine.line == key.line
    )  # fmt: skip
    until = until.order_by(BudgetLine.year)
    rows = db.session.scalars(until.with_for_update() if lock else until, execution_options=FRESH).all()
    return rows[-1] if rows else None


def lines_of(township_id: int, year: int, *, still: bool = False) -> dict[str, BudgetLine]:
    """`still`: until the transaction ends nobody changes them, so that what they are made of can be added up."""
    every = select(BudgetLine).where(BudgetLine.township_id == township_id, BudgetLine.year == year)
    every = every.order_by(
        BudgetLine.line
    )  # as they are changed: two who hold several never wait for each other
    rows = db.session.scalars(every.with_for_update(read=True) if still else every, execution_options=FRESH)
    return {row.line: row for row in rows}


def pots_of(township_id: int, year: int) -> list[Pot]:
    """The latest proposal first."""
    which = select(Pot).where(Pot.township_id == township_id, Pot.year == year)
    return list(db.session.scalars(which.order_by(Pot.n.desc()), execution_options=FRESH))


def opened_pot(township_id: int, year: int) -> Pot | None:
    return next((pot for pot in pots_of(township_id, year) if pot.approved_by is not None), None)


def years_of(township_id: int) -> list[int]:
    """With a pot, latest first."""
    which = select(Pot.year).where(Pot.township_id == township_id).distinct()
    return list(db.session.scalars(which.order_by(Pot.year.desc())))


def policy_body(version_id: int) -> dict[str, Any]:
    row = db.session.get(PolicyVersion, version_id)
    return dict(row.body) if row is not None else {}


def opened_years(township_id: int) -> list[int]:
    """With a pot that is open, latest first."""
    which = select(Pot.year).where(Pot.township_id == township_id, Pot.approved_by.is_not(None))
    return list(db.session.scalars(which.order_by(Pot.year.desc())))


# --- one row ------------------------------------------------------------------------------------------------------


def mine(model: Any, scope: Scope, row_id: UUID) -> Any:
    """The row of this id in a township that the caller reviews or administers; NotFound otherwise."""
    row = db.session.scalar(
        select(model).where(model.id == row_id, reviewed_township_rows(scope, model.township_id)),
        execution_options=FRESH,
    )
    if row is None:
        raise NotFound()
    return row


def payable_person(township_id: int, person_id: int) -> bool:
    """Whether somebody is in a team of the township."""
    which = (
        select(TeamMember.person_id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(Team.township_id == township_id, TeamMember.person_id == person_id)
    )
    return db.session.scalar(which.limit(1)) is not None


def members_of(township_id: int) -> list[tuple[int, str]]:
    """Who is in a team of the township now: (id, name)."""
    rows = db.session.execute(
        select(Person.id, Person.name)
        .join(TeamMember, TeamMember.person_id == Person.id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(Team.township_id == township_id, Team.active, TeamMember.left_on.is_(None))
        .distinct()
        .order_by(Person.name, Person.id)
    )
    return [(row[0], row[1]) for row in rows]


def names_of(ids: Sequence[int | None]) -> dict[int, str]:
    wanted = sorted({one for one in ids if one is not None})
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


def area_names(ids: Sequence[int | None]) -> dict[int, str]:
    wanted = sorted({one for one in ids if one is not None})
    rows = db.session.execute(select(Area.id, Area.name).where(Area.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


def township_of_code(code: str) -> Area:
    """Anybody's question: a township in force. NotFound otherwise."""
    area = db.session.scalar(
        select(Area).where(Area.code == code, Area.level == "township", Area.valid_to.is_(None))
    )
    if area is None:
        raise NotFound()
    return area


# --- lists --------------------------------------------------------------------------------------------------------


def sources_of(township_id: int, year: int) -> list[MoneySource]:
    which = select(MoneySource).where(MoneySource.township_id == township_id, MoneySource.year == year)
    ordered = which.order_by(MoneySource.entered_at, MoneySource.id)
    return list(db.session.scalars(ordered, execution_options=FRESH))


def allocations_of(township_id: int, year: int) -> list[Allocation]:
    which = select(Allocation).where(Allocation.township_id == township_id, Allocation.year == year)
    ordered = which.order_by(Allocation.proposed_at.desc(), Allocation.id)
    return list(db.session.scalars(ordered, execution_options=FRESH))


def parts_of(township_id: int, allocation_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    rows = db.session.scalars(
        select(AllocationPart)
        .where(
            AllocationPart.township_id == township_id, AllocationPart.allocation_id.in_(list(allocation_ids))
        )
        .order_by(AllocationPart.line)
    )
    found: dict[UUID, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.allocation_id, {})[row.line] = row.fen
    return found


def commitments_of(
    township_id: int, year: int, *, line: str | None = None, state: str | None = None
) -> list[Commitment]:
    which = select(Commitment).where(Commitment.township_id == township_id, Commitment.year == year)
    if line is not None:
        which = which.where(Commitment.line == line)
    if state is not None:
        which = which.where(Commitment.state == state)
    ordered = which.order_by(Commitment.proposed_at.desc(), Commitment.line, Commitment.id)
    return list(db.session.scalars(ordered, execution_options=FRESH))


def restorations_of(township_id: int, year: int) -> dict[str, Commitment]:
    """Cause → what was proposed to be restored and not refused: one at most of each."""
    which = select(Commitment).where(
        Commitment.township_id == township_id, Commitment.year == year, Commitment.cause.like("restore:%"),
        Commitment.state != "refused",
    )  # fmt: skip
    return {str(row.cause): row for row in db.session.scalars(which, execution_options=FRESH)}


def restored_of(township_id: int, year: int) -> dict[int, int]:
    """Village → what improvement plans restored to it, of approved commitments."""
    rows = db.session.execute(
        select(Commitment.village_id, func.sum(Commitment.fen - Commitment.released_fen))
        .where(
            Commitment.township_id == township_id, Commitment.year == year, Commitment.cause.like("restore:%"),
            Commitment.state.in_(("approved", "closed")),
        )
        .group_by(Commitment.village_id)
        .order_by(Commitment.village_id)
    )  # fmt: skip
    return _sums(rows)


def payments_of(township_id: int, year: int) -> list[tuple[Disbursement, Commitment]]:
    rows = db.session.execute(
        select(Disbursement, Commitment)
        .join(
            Commitment,
            (Commitment.township_id == Disbursement.township_id)
            & (Commitment.id == Disbursement.commitment_id),
        )
        .where(Disbursement.township_id == township_id, Commitment.year == year)
        .order_by(Disbursement.paid_on, Disbursement.recorded_at),
        execution_options=FRESH,
    )
    return [(row[0], row[1]) for row in rows]


def payments_for(township_id: int, commitment_id: UUID) -> list[Disbursement]:
    which = select(Disbursement).where(
        Disbursement.township_id == township_id, Disbursement.commitment_id == commitment_id
    )
    return list(db.session.scalars(which.order_by(Disbursement.paid_on, Disbursement.recorded_at)))


def waiting_for(scope: Scope) -> int:
    """What somebody else proposed, and waits for the caller or a colleague."""
    n = 0
    for model in (Allocation, Commitment, GrantRound):
        mine_to_see = reviewed_township_rows(scope, model.township_id)
        waits = model.state == "proposed", model.proposed_by != scope.person_id
        n += db.session.scalar(select(func.count()).select_from(model).where(mine_to_see, *waits)) or 0
    return n


# --- grants -------------------------------------------------------------------------------------------------------


def rounds_of(township_id: int, year: int) -> list[GrantRound]:
    which = select(GrantRound).where(GrantRound.township_id == township_id, GrantRound.year == year)
    ordered = which.order_by(GrantRound.kind, GrantRound.first_quarter, GrantRound.proposed_at)
    return list(db.session.scalars(ordered, execution_options=FRESH))


def awards_of(township_id: int, round_ids: Sequence[UUID]) -> dict[UUID, list[GrantAward]]:
    rows = db.session.scalars(
        select(GrantAward)
        .join(Area, Area.id == GrantAward.village_id)
        .where(GrantAward.township_id == township_id, GrantAward.round_id.in_(list(round_ids)))
        .order_by(Area.code)
    )
    found: dict[UUID, list[GrantAward]] = {}
    for row in rows:
        found.setdefault(row.round_id, []).append(row)
    return found


def grades_of(township_id: int, year: int) -> list[VillageGrade]:
    """The latest entry of each village and period first."""
    which = select(VillageGrade).where(VillageGrade.township_id == township_id, VillageGrade.year == year)
    ordered = which.order_by(
        VillageGrade.first_quarter, VillageGrade.last_quarter, VillageGrade.village_id, VillageGrade.n.desc()
    )
    return list(db.session.scalars(ordered, execution_options=FRESH))


# --- the same totals, added up from the rows ----------------------------------------------------------------------


def allocated_by_rows(township_id: int, year: int) -> dict[str, int]:
    """Line → what approved allocations brought it, less what they took."""
    is_approved = (
        Allocation.township_id == township_id,
        Allocation.year == year,
        Allocation.state == "approved",
    )
    into = (
        select(AllocationPart.line, func.sum(AllocationPart.fen))
        .join(
            Allocation,
            (Allocation.township_id == AllocationPart.township_id)
            & (Allocation.id == AllocationPart.allocation_id),
        )
        .where(*is_approved)
        .group_by(AllocationPart.line)
    )
    out = (
        select(Allocation.from_line, -func.sum(Allocation.fen))
        .where(*is_approved, Allocation.from_line.is_not(None))
        .group_by(Allocation.from_line)
    )
    return _sums([*db.session.execute(into), *db.session.execute(out)])


def drawn_by_rows(township_id: int, year: int) -> dict[UUID, int]:
    """Source → what approved allocations took of it."""
    rows = db.session.execute(
        select(Allocation.source_id, func.sum(Allocation.fen))
        .where(
            Allocation.township_id == township_id, Allocation.year == year, Allocation.state == "approved",
            Allocation.source_id.is_not(None),
        )
        .group_by(Allocation.source_id)
    )  # fmt: skip
    return _sums(rows)


def paid_by_rows(township_id: int, year: int) -> dict[UUID, int]:
    """Commitment → what was paid of it, less what came back."""
    signed = case((Disbursement.kind == "return", -Disbursement.fen), else_=Disbursement.fen)
    its = (Commitment.township_id == Disbursement.township_id) & (Commitment.id == Disbursement.commitment_id)
    rows = db.session.execute(
        select(Commitment.id, func.sum(signed))
        .select_from(Disbursement)
        .join(Commitment, its)
        .where(Disbursement.township_id == township_id, Commitment.year == year)
        .group_by(Commitment.id)
    )
    return _sums(rows)


def committed_by_rows(township_id: int, year: int) -> dict[str, int]:
    rows = db.session.execute(
        select(Commitment.line, func.sum(Commitment.fen - Commitment.released_fen))
        .where(
            Commitment.township_id == township_id, Commitment.year == year,
            Commitment.state.in_(("approved", "closed")),
        )
        .group_by(Commitment.line)
    )  # fmt: skip
    return _sums(rows)


def disbursed_by_rows(township_id: int, year: int) -> dict[str, int]:
    signed = case((Disbursement.kind == "return", -Disbursement.fen), else_=Disbursement.fen)
    rows = db.session.execute(
        select(Commitment.line, func.sum(signed))
        .join(
            Commitment,
            (Commitment.township_id == Disbursement.township_id)
            & (Commitment.id == Disbursement.commitment_id),
        )
        .where(Disbursement.township_id == township_id, Commitment.year == year)
        .group_by(Commitment.line)
    )
    return _sums(rows)


def _sums(rows: Any) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for key, fen in rows:
        found[key] = found.get(key, 0) + int(fen)
    return found
