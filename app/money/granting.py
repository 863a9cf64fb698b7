"""Grants to villages: worked out once for a period, and set aside all together when a second person approves.

No quarter is granted twice: the database refuses rounds that overlap, and a village's part of a round comes once.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from app.accounts.models import Person
from app.accounts.rules import uuid7
from app.areas.models import Area
from app.db import db
from app.errors import Conflict, DomainError, FieldError
from app.money import lines, operations, queries, rules
from app.money.grades import Period
from app.money.models import Commitment, GrantAward, GrantRound
from app.money.operations import audit, decide
from app.money.queries import LineKey
from app.money.rules import Award
from app.strength.queries import villages_of
from app.strength.rules import Village
from app.teams.scope import Scope

LINE_OF = {"base": "village_base", "performance": "performance"}


@dataclass(frozen=True)
class Wish:
    id: UUID
    kind: str
    period: Period


def propose_round(
    person: Person, township: Area, wish: Wish, scores: Mapping[int, Fraction], now: datetime
) -> GrantRound:
    """`scores`: village id → F; a base grant looks at none. Raises pot_not_open, grant_done, grant_grade_missing."""
    period = wish.period
    operations.needs_pot(township, period.year)
    if wish.kind not in LINE_OF or not period.is_real:
        raise DomainError("invalid", [FieldError("/kind", "field_needed")])
    villages = villages_of(township.id)
    _refuse_unknown(wish, villages, scores)
    policy, _ = operations.policy_on(township, now)
    pool = pool_of(township.id, wish)
    if operations.add_once(
        GrantRound, {"township_id": township.id, "id": wish.id}, year=period.year, kind=wish.kind,
        first_quarter=period.first, last_quarter=period.last, pool_fen=pool, numbers=asdict(policy),
        state="proposed", proposed_by=person.id, proposed_at=now,
    ):  # fmt: skip
        _add_awards(township.id, wish.id, worked_out(wish, pool, villages, scores, policy))
        audit(person, township.id, "money.grants_proposed", "grant", wish.id, now, fen=pool, of=wish.kind)
    found = db.session.get(GrantRound, (township.id, wish.id))
    if found is None:
        raise Conflict("grant_done")
    return found


def pool_of(township_id: int, wish: Wish) -> int:
    """Of the line's part of the pot, whatever has been put into it so far."""
    line = queries.line_of(LineKey(township_id, wish.period.year, LINE_OF[wish.kind]))
    return rules.quarter_pool(line.planned_fen if line else 0, wish.period.first, wish.period.last)


def worked_out(
    wish: Wish, pool: int, villages: Sequence[Village], scores: Mapping[int, Fraction], policy: rules.Policy
) -> list[Award]:
    if wish.kind == "base":
        return rules.base_awards(pool, villages)
    return rules.awards(pool, villages, scores, policy)


def _refuse_unknown(wish: Wish, villages: Sequence[Village], scores: Mapping[int, Fraction]) -> None:
    """Nobody is granted less because a figure of somebody else is missing."""
    unknown = [v.name for v in villages if v.population is None]
    if unknown:
        raise DomainError("grant_people_missing", names="、".join(unknown))
    missing = [v.name for v in villages if v.id not in scores] if wish.kind == "performance" else []
    if missing:
        raise DomainError("grant_grade_missing", names="、".join(missing))
    if not villages:
        raise DomainError("pot_no_people")


def _add_awards(township_id: int, round_id: UUID, awards: Sequence[Award]) -> None:
    db.session.add_all(
        GrantAward(
            township_id=township_id, round_id=round_id, village_id=a.village.id, people=a.village.population or 0,
            weight=_decimal(a.village.weight), f=None if a.f is None else _decimal(a.f), grade=a.grade,
            factor=_decimal(a.factor), fen=a.fen,
        )
        for a in awards
    )  # fmt: skip
    db.session.flush()


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


# --- two people ---------------------------------------------------------------------------------------------------


def approve_round(person: Person, scope: Scope, round_id: UUID, now: datetime) -> GrantRound:
    """Every village's grant becomes a commitment, in one step. Raises proposal_own, proposal_decided, budget_short."""
    row: GrantRound = queries.mine(GrantRound, scope, round_id)
    if row.state == "proposed" and row.proposed_by == person.id:
        raise DomainError("proposal_own")
    decide(row, person, "approved", now)
    awards = [a for a in queries.awards_of(row.township_id, [row.id]).get(row.id, []) if a.fen]
    total = sum(a.fen for a in awards)
    lines.set_aside(LineKey(row.township_id, row.year, LINE_OF[row.kind]), total)
    db.session.add_all(_commitment(row, award, person, now) for award in awards)
    db.session.flush()
    audit(person, row.township_id, "money.grants_approved", "grant", row.id, now, fen=total)
    return row


def _commitment(row: GrantRound, award: GrantAward, person: Person, now: datetime) -> Commitment:
    """`what` names kind and period; pages say it in words."""
    return Commitment(
        township_id=row.township_id, id=uuid7(now, secrets.token_bytes(10)), year=row.year, line=LINE_OF[row.kind],
        payee_kind="village", village_id=award.village_id, cause=f"grant:{row.id}:{award.village_id}",
        what=f"{row.kind}:{row.year}:{row.first_quarter}:{row.last_quarter}", fen=award.fen, state="approved",
        proposed_by=row.proposed_by, proposed_at=row.proposed_at, approved_by=person.id, approved_at=now,
    )  # fmt: skip


def refuse_round(person: Person, scope: Scope, round_id: UUID, now: datetime) -> GrantRound:
    """Also by whoever proposed it: then it may be worked out anew."""
    row: GrantRound = queries.mine(GrantRound, scope, round_id)
    decide(row, person, "refused", now)
    audit(person, row.township_id, "money.grants_refused", "grant", row.id, now)
    return row
