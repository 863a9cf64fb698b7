"""What may be done to the ledger: a transfer, its reversal, the freezing of a month. Nothing is ever edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.clock import day_span
from app.db import db
from app.errors import DomainError
from app.incentives import chain, queries, statements
from app.incentives.models import FrozenMonth, PointEntry
from app.incentives.queries import Standing
from app.incentives.rules import MAY_OVERDRAW, RULE_VERSIONS, SETTLES_AFTER, first_open_month, why_not_frozen

ISSUE = queries.ISSUE
ENTRIES = PointEntry.metadata.tables[PointEntry.__tablename__]


def pending(person_id: int) -> str:
    return f"person:{person_id}:pending"


def approved(person_id: int) -> str:
    return f"person:{person_id}:approved"


@dataclass(frozen=True)
class Transfer:
    """What is to be posted. `why` is needed where the month of the work is frozen."""

    township_id: int
    person_id: int
    rule: str
    cause: str
    n: int
    amount_half: int
    debit_account: str
    credit_account: str
    earned_on: date
    policy_version_id: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    why: str | None = None
    settles_at: datetime | None = None
    reverses_id: int | None = None


def post(transfer: Transfer, now: datetime) -> int:
    """Answers the entry's id. It is booked in the month of the work, or where that is frozen in the next open one."""
    refuse_overdraft(transfer)
    return _put([transfer], now)[0]


def post_earned(transfers: Sequence[Transfer], now: datetime) -> None:
    """Many of one township at once, in their order: what work earned, and what is taken back of it. Not for approved
    points, of which each transfer asks first what is there."""
    if any(one.debit_account.endswith(":approved") and one.rule != MAY_OVERDRAW for one in transfers):
        raise ValueError("approved points are posted one by one")
    if transfers:
        _put(transfers, now)


def _put(transfers: Sequence[Transfer], now: datetime) -> Sequence[int]:
    frozen = queries.share_months(transfers[0].township_id)
    rows = [_row(one, first_open_month(one.earned_on.replace(day=1), frozen), now) for one in transfers]
    # The table, not the model, and the ids as they come: otherwise the rows would go one by one.
    ids = db.session.scalars(insert(ENTRIES).returning(ENTRIES.c.id), rows).all()
    for entry_id in ids:
        chain.seal_at_commit(transfers[0].township_id, entry_id)
    return ids


def _row(transfer: Transfer, booked: date, now: datetime) -> dict[str, Any]:
    is_moved = booked != transfer.earned_on.replace(day=1)
    return {
        **transfer.__dict__,
        "rule_version": RULE_VERSIONS.get(transfer.rule, 1),
        "booked_in": booked if is_moved else None,
        "why": transfer.why or ("came_late" if is_moved else None),
        "made_at": now,
    }


def reverse(entry: PointEntry, n: int, why: str, policy_version_id: int | None, now: datetime) -> int:
    """Mirror a transfer: the accounts change places. A second time is refused by the database, another amount too."""
    return post(mirror(entry, n, why, policy_version_id), now)


def mirror(entry: PointEntry | Standing, n: int, why: str, policy_version_id: int | None) -> Transfer:
    return Transfer(
        entry.township_id, entry.person_id, entry.rule, entry.cause, n, abs(entry.amount_half),
        entry.credit_account, entry.debit_account, entry.earned_on, policy_version_id, why=why,
        settles_at=entry.settles_at, reverses_id=entry.id,
    )  # fmt: skip


def refuse_overdraft(transfer: Transfer) -> None:
    """Nobody's approved points fall below zero but for a false check-in. Raises points_not_enough."""
    account = transfer.debit_account
    if not account.endswith(":approved") or transfer.rule == MAY_OVERDRAW:
        return
    person_id = int(account.split(":")[1])
    queries.lock_journal(transfer.township_id, person_id)
    held = statements.balances(transfer.township_id, account=account, person_id=person_id).get(account, 0)
    if held < transfer.amount_half:
        raise DomainError("points_not_enough", held=max(0, held) // 2)


def freeze_month(township_id: int, month: date, person: Person, zone: str, now: datetime) -> None:
    """From now on the month takes no entry; what changes later is corrected in the next open one. Raises month_frozen,
    month_still_runs or month_not_settled. Who may, and after which notice, is for the caller."""
    first = month.replace(day=1)
    last = first_open_month(first, [first]) - date.resolution
    queries.lock_months(township_id)
    is_on, ended_at = queries.last_end(township_id, first, last)
    latest = now if is_on else ended_at
    settles_at = latest + SETTLES_AFTER if latest else None
    ends_at = day_span(first, last, zone)[1]
    refusal = why_not_frozen(ends_at, settles_at, first in queries.frozen_months(township_id), now)
    if refusal:
        raise DomainError(refusal, month=f"{first:%Y-%m}")
    # A posting that this one waited for may have looked at the clock later than this one did.
    frozen_at = max(now, queries.last_booked(township_id, first, last) or now)
    db.session.execute(
        insert(FrozenMonth).values(
            township_id=township_id, month=first, frozen_by=person.id, frozen_at=frozen_at
        )
    )
    record_audit(township_id, person.id, "points.month_frozen", "month", f"{first:%Y-%m}", now)
