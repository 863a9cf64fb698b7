"""What an improvement plan gives back of a grant by grade: paid from the reserve, once for a village and period, never
more than its grade took. It is the plan of the frozen scorecards; a paper counts only where they ask for none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from app.accounts.models import Person
from app.areas.models import Area
from app.assessment import plans
from app.assessment.plans import Restored
from app.clock import local_day
from app.db import db
from app.errors import Conflict, DomainError, FieldError, NotFound
from app.money import commitments, operations, queries, rules
from app.money.grades import Period
from app.money.models import Commitment, GrantAward, GrantRound
from app.money.rules import PlanWords
from app.teams.scope import Scope


@dataclass(frozen=True)
class Offer:
    """A village's plans of a round's quarters and what they give back: `added` to the factor, `fen` to its grant.
    `ends_on`: the last day that is waited for; None once it stands."""

    village_id: int
    plans: tuple[Restored, ...]
    added: Fraction
    fen: int
    ends_on: date | None

    @property
    def counted(self) -> int:
        return sum(one.plan.counted for one in self.plans)

    @property
    def items(self) -> int:
        return sum(len(one.plan.items) for one in self.plans)


def offers(row: GrantRound, awards: Sequence[GrantAward], today: date) -> dict[int, Offer]:
    """Village → what its plans give back, where a frozen grade asked for one and the grant was cut. Of several quarters
    it is the mean, as F is: a quarter without a plan gives nothing back."""
    quarters = period_of(row).quarters
    found = [plans.restored_of(row.township_id, first) for first in quarters]
    made: dict[int, Offer] = {}
    for award in awards:
        mine = tuple(each[award.village_id] for each in found if award.village_id in each)
        most = restorable(row, award)
        if mine and most:
            added = min(most, sum((one.part for one in mine), Fraction(0)) / len(quarters))
            days = [day for one in mine if (day := one.plan.ends_on(today)) is not None]
            fen = fen_of(row, award, awards, added)
            made[award.village_id] = Offer(award.village_id, mine, added, fen, max(days, default=None))
    return made


def period_of(row: GrantRound) -> Period:
    return Period(row.year, row.first_quarter, row.last_quarter)


def restorable(row: GrantRound, award: GrantAward) -> Fraction:
    """By the settings that the round was worked out by."""
    return rules.restorable(Fraction(award.factor), rules.policy_from(row.numbers))


def fen_of(row: GrantRound, award: GrantAward, awards: Sequence[GrantAward], added: Fraction) -> int:
    all_weights = sum((Fraction(a.weight) * Fraction(a.factor) for a in awards), Fraction(0))
    return rules.restored_fen(row.pool_fen, Fraction(award.weight), added, all_weights)


def cause_of(row: GrantRound, village_id: int) -> str:
    """One key for both ways, so that whatever restores it first is the only one. A quarter is in one round, and so a
    plan gives back once."""
    return f"restore:{row.id}:{village_id}"


def evidence_of(commitment: Commitment) -> list[Restored]:
    """The plans that a restoration rests on, as they stand now; nothing where it rests on a paper."""
    said = rules.plan_words(commitment.what) if (commitment.cause or "").startswith("restore:") else None
    if said is None or commitment.village_id is None:
        return []
    found = [
        plans.restored_of(commitment.township_id, first).get(commitment.village_id)
        for first in Period(said.year, said.first, said.last).quarters
    ]
    return [one for one in found if one is not None]


# --- proposed; a second person approves it among the commitments --------------------------------------------------


def propose_by_plan(
    person: Person, scope: Scope, round_id: UUID, village_id: int, new_id: UUID, now: datetime
) -> Commitment:
    """Raises grant_not_approved, restore_no_plan, restore_plan_runs, restore_plan_nothing, restore_done."""
    row, awards = _approved(scope, round_id)
    offer = offers(row, awards, _today(row, now)).get(village_id)
    if offer is None:
        raise DomainError("restore_no_plan")
    if offer.ends_on is not None:
        raise DomainError("restore_plan_runs", day=offer.ends_on.isoformat())
    if not offer.fen:
        raise DomainError("restore_plan_nothing")
    what = PlanWords(row.year, row.first_quarter, row.last_quarter, offer.counted, offer.items)
    return _add(person, row, commitments.Wish(
        new_id, "reserve", "village", "", village_id, None, str(what), offer.fen
    ), now)  # fmt: skip


@dataclass(frozen=True)
class Paper:
    """An improvement of which a paper says that it was carried out, and how much of the factor it gives back."""

    id: UUID
    village_id: int
    added: Fraction
    document: str


def propose_by_paper(person: Person, scope: Scope, round_id: UUID, paper: Paper, now: datetime) -> Commitment:
    """Raises grant_not_approved, grant_restorable, restore_by_plan, restore_done, and `invalid`."""
    row, awards = _approved(scope, round_id)
    award = next((a for a in awards if a.village_id == paper.village_id), None)
    if award is None:
        raise NotFound()
    most = restorable(row, award)
    if not 0 < paper.added <= most:
        raise DomainError("grant_restorable", most=f"{float(most):g}")
    if paper.village_id in offers(row, awards, _today(row, now)):
        raise DomainError("restore_by_plan")
    fen = fen_of(row, award, awards, paper.added)
    operations.refuse_faults(_paper_faults(paper) + operations.fen_faults(fen))
    return _add(person, row, commitments.Wish(
        paper.id, "reserve", "village", "", paper.village_id, None, paper.document, fen
    ), now)  # fmt: skip


def _paper_faults(paper: Paper) -> list[FieldError]:
    if rules.plan_words(paper.document):  # would read as if the assessment had said it
        return [FieldError("/document", "field_invalid")]
    return operations.text_faults(document=paper.document)


def _approved(scope: Scope, round_id: UUID) -> tuple[GrantRound, list[GrantAward]]:
    row: GrantRound = queries.mine(GrantRound, scope, round_id)
    if row.state != "approved" or row.kind != "performance":
        raise DomainError("grant_not_approved")
    return row, queries.awards_of(row.township_id, [row.id])[row.id]


def _today(row: GrantRound, now: datetime) -> date:
    return local_day(now, db.session.get_one(Area, row.township_id).time_zone)


def _add(person: Person, row: GrantRound, wish: commitments.Wish, now: datetime) -> Commitment:
    assert wish.village_id is not None
    cause = cause_of(row, wish.village_id)
    found = commitments.add(person, row.township_id, row.year, wish, now, cause=cause)
    if found is None:
        raise Conflict("restore_done")
    return found
