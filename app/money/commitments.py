"""A commitment's way: proposed, approved by another person against what its line has left, paid with evidence, closed.

0 ≤ paid ≤ set aside ≤ allocated in every line, whatever comes in which order and however many do it at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update

from app.accounts.models import Person
from app.areas.models import Area
from app.clock import local_day
from app.db import db
from app.errors import DomainError, FieldError
from app.money import lines, operations, queries, rules
from app.money.models import ORGANISATIONS, Commitment, Disbursement
from app.money.operations import audit, decide, decided, fen_faults, text_faults
from app.money.queries import LineKey
from app.strength.queries import villages_of
from app.teams.scope import Scope


@dataclass(frozen=True)
class Wish:
    """What somebody proposes to pay: a village or a member by id, an organisation by name."""

    id: UUID
    line: str
    payee_kind: str
    payee: str
    village_id: int | None
    person_id: int | None
    what: str
    fen: int


def propose(person: Person, township: Area, year: int, wish: Wish, now: datetime) -> Commitment:
    """Raises pot_not_open, and `invalid` with what is wrong. Nothing is set aside before it is approved."""
    operations.needs_pot(township, year)
    operations.refuse_faults(_faults(township, wish))
    add(person, township.id, year, wish, now)
    return db.session.get_one(Commitment, (township.id, wish.id))


def add(
    person: Person, township_id: int, year: int, wish: Wish, now: datetime, cause: str | None = None
) -> Commitment | None:
    """Once, however often the same form comes; None where another follows from the same cause."""
    if operations.add_once(
        Commitment, {"township_id": township_id, "id": wish.id}, year=year, line=wish.line,
        payee_kind=wish.payee_kind, payee=wish.payee.strip() or None, village_id=wish.village_id,
        person_id=wish.person_id, what=wish.what.strip(), cause=cause, fen=wish.fen, state="proposed",
        proposed_by=person.id, proposed_at=now,
    ):  # fmt: skip
        audit(
            person,
            township_id,
            "money.commitment_proposed",
            "commitment",
            wish.id,
            now,
            fen=wish.fen,
            line=wish.line,
        )
    return db.session.get(Commitment, (township_id, wish.id))


def _faults(township: Area, wish: Wish) -> list[FieldError]:
    faults = text_faults(what=wish.what) + fen_faults(wish.fen)
    if wish.line not in rules.PAYEES:
        return [*faults, FieldError("/line", "field_needed")]
    if wish.payee_kind not in rules.PAYEES[wish.line]:
        faults.append(FieldError("/payee_kind", "money_lines_apart"))
    return faults + _payee_faults(township, wish)


def _payee_faults(township: Area, wish: Wish) -> list[FieldError]:
    if wish.payee_kind in ORGANISATIONS:
        return text_faults(payee=wish.payee)
    if wish.payee_kind == "village":
        known = any(v.id == wish.village_id for v in villages_of(township.id))
        return [] if known else [FieldError("/village", "field_needed")]
    known = wish.person_id is not None and queries.payable_person(township.id, wish.person_id)
    return [] if known else [FieldError("/person", "field_needed")]


# --- two people ---------------------------------------------------------------------------------------------------


def approve(person: Person, scope: Scope, commitment_id: UUID, now: datetime) -> Commitment:
    """Raises proposal_own, proposal_decided, money_own, budget_short."""
    row: Commitment = queries.mine(Commitment, scope, commitment_id)
    if row.state == "proposed" and row.proposed_by == person.id:
        raise DomainError("proposal_own")
    if row.person_id == person.id:
        raise DomainError("money_own")
    decide(row, person, "approved", now)
    lines.set_aside(key_of(row), row.fen)
    audit(person, row.township_id, "money.commitment_approved", "commitment", row.id, now, fen=row.fen)
    return row


def refuse(person: Person, scope: Scope, commitment_id: UUID, now: datetime) -> Commitment:
    """Also by whoever proposed it, who then takes it back."""
    row: Commitment = queries.mine(Commitment, scope, commitment_id)
    decide(row, person, "refused", now)
    audit(person, row.township_id, "money.commitment_refused", "commitment", row.id, now)
    return row


def key_of(row: Commitment) -> LineKey:
    return LineKey(row.township_id, row.year, row.line)


# --- payments -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Payment:
    """With its evidence: the receipt's number, and the hash of its scan where there is one."""

    id: UUID
    fen: int
    paid_on: date
    receipt: str
    receipt_sha256: bytes | None = None


def pay(person: Person, scope: Scope, commitment_id: UUID, payment: Payment, now: datetime) -> Commitment:
    """Raises money_approver_pays, commitment_not_approved, commitment_exceeded, and `invalid`."""
    row = _payable(person, scope, commitment_id, payment, now)
    if not _record(person, row, "payment", payment, now):
        return row
    enough = Commitment.disbursed_fen + payment.fen <= Commitment.fen - Commitment.released_fen
    if not _change(row, enough, "approved", disbursed_fen=Commitment.disbursed_fen + payment.fen):
        raise DomainError("commitment_exceeded", open=rules.yuan(row.open_fen))
    lines.pay(key_of(row), payment.fen)
    audit(person, row.township_id, "money.paid", "commitment", row.id, now, fen=payment.fen)
    db.session.refresh(row)
    return row


def come_back(
    person: Person, scope: Scope, commitment_id: UUID, payment: Payment, now: datetime
) -> Commitment:  # fmt: skip
    """Money that was paid has come back. Of a closed commitment it is free again; of an open one still to be paid."""
    row = _payable(person, scope, commitment_id, payment, now)
    if not _record(person, row, "return", payment, now):
        return row
    freed = payment.fen if row.state == "closed" else 0
    enough = Commitment.disbursed_fen >= payment.fen
    if not _change(
        row, enough, row.state, disbursed_fen=Commitment.disbursed_fen - payment.fen,
        released_fen=Commitment.released_fen + freed,
    ):  # fmt: skip
        raise DomainError("return_exceeded", paid=rules.yuan(row.disbursed_fen))
    lines.take_back(key_of(row), payment.fen)
    lines.release(key_of(row), freed)
    audit(person, row.township_id, "money.came_back", "commitment", row.id, now, fen=payment.fen)
    db.session.refresh(row)
    return row


def close(person: Person, scope: Scope, commitment_id: UUID, now: datetime) -> Commitment:
    """No more is paid of it: what is left goes back to its line. Again changes nothing."""
    row: Commitment = queries.mine(Commitment, scope, commitment_id)
    if row.state == "closed":
        return row
    which = Commitment.township_id == row.township_id, Commitment.id == row.id, Commitment.state == "approved"
    left = Commitment.fen - Commitment.disbursed_fen
    before = row.released_fen
    if not decided(
        update(Commitment)
        .where(*which)
        .values(state="closed", released_fen=left, ended_by=person.id, ended_at=now)
    ):
        raise DomainError("commitment_not_approved")
    db.session.refresh(row)
    lines.release(key_of(row), row.released_fen - before)
    audit(person, row.township_id, "money.closed", "commitment", row.id, now, freed=row.released_fen - before)
    return row


def _payable(
    person: Person, scope: Scope, commitment_id: UUID, payment: Payment, now: datetime
) -> Commitment:
    row: Commitment = queries.mine(Commitment, scope, commitment_id)
    if row.approved_by is None:
        raise DomainError("commitment_not_approved")
    if row.approved_by == person.id:
        raise DomainError("money_approver_pays")
    faults = text_faults(receipt=payment.receipt) + fen_faults(payment.fen)
    zone = db.session.get_one(Area, row.township_id).time_zone
    if payment.paid_on > local_day(now, zone) or abs(payment.paid_on.year - row.year) > 1:
        faults.append(FieldError("/paid_on", "money_paid_on"))
    operations.refuse_faults(faults)
    return row


def _record(person: Person, row: Commitment, kind: str, payment: Payment, now: datetime) -> bool:
    """False where the same form came before."""
    return operations.add_once(
        Disbursement, {"township_id": row.township_id, "id": payment.id}, commitment_id=row.id, kind=kind,
        fen=payment.fen, paid_on=payment.paid_on, receipt=payment.receipt.strip(),
        receipt_sha256=payment.receipt_sha256, approved_by=row.approved_by, recorded_by=person.id, recorded_at=now,
    )  # fmt: skip


def _change(row: Commitment, enough: Any, state: str, **values: Any) -> bool:
    which = Commitment.township_id == row.township_id, Commitment.id == row.id, Commitment.state == state
    return decided(update(Commitment).where(*which, enough).values(**values))
