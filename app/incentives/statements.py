"""What stood on a day: balances of accounts, and a person's statement. Both are made of when entries were made, so
that a past day reads the same however much is corrected later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, literal, select, union_all

from app.clock import day_span
from app.db import db
from app.incentives.models import PointEntry


def balances(
    township_id: int,
    *,
    made_before: datetime | None = None,
    earned_until: date | None = None,
    person_id: int | None = None,
    account: str | None = None,
) -> dict[str, int]:
    """Half points by account, of the entries made before an instant, for work up to a day, of a person; those that no
    entry touched are not in it. Over all accounts they add up to nothing."""
    which = [PointEntry.township_id == township_id]
    if made_before is not None:
        which.append(PointEntry.made_at < made_before)
    if earned_until is not None:
        which.append(PointEntry.earned_on <= earned_until)
    if person_id is not None:
        which.append(PointEntry.person_id == person_id)
    sides = union_all(
        select(PointEntry.credit_account.label("account"), PointEntry.amount_half.label("half")).where(*which),
        select(PointEntry.debit_account.label("account"), (-PointEntry.amount_half).label("half")).where(*which),
    ).subquery()  # fmt: skip
    sums = select(sides.c.account, func.sum(sides.c.half)).group_by(sides.c.account)
    if account is not None:
        sums = sums.where(sides.c.account == account)
    return {row[0]: int(row[1]) for row in db.session.execute(sums)}


def balances_on(
    township_id: int, day: date, zone: str, *, earned_until: date | None = None, person_id: int | None = None
) -> dict[str, int]:
    """As they stood when the day ended in the township."""
    end = day_span(day, day, zone)[1]
    return balances(township_id, made_before=end, earned_until=earned_until, person_id=person_id)


@dataclass(frozen=True)
class StatementLine:
    """A posting that stood on the day. `is_settled`: what depends on others could no longer change it."""

    rule: str
    cause: str
    n: int
    half: int
    earned_on: date
    booked_in: date
    why: str | None
    made_at: datetime
    is_settled: bool
    detail: dict[str, Any]


@dataclass(frozen=True)
class Statement:
    """`accounts`: the person's own, in half points. `settled_half` and `open_half` add up to the lines."""

    day: date
    lines: tuple[StatementLine, ...]
    accounts: dict[str, int]
    settled_half: int
    open_half: int


def statement_of(township_id: int, person_id: int, day: date, zone: str) -> Statement:
    """What stood for a person when the day ended, the same whenever it is asked for."""
    end = day_span(day, day, zone)[1]
    lines = tuple(_line(entry, end) for entry in _standing_at(township_id, person_id, end))
    own = f"person:{person_id}:"
    held = balances(township_id, made_before=end, person_id=person_id)
    settled = sum(line.half for line in lines if line.is_settled)
    return Statement(
        day, lines, {name: half for name, half in sorted(held.items()) if name.startswith(own)},
        settled, sum(line.half for line in lines) - settled,
    )  # fmt: skip


def _standing_at(township_id: int, person_id: int, end: datetime) -> list[PointEntry]:
    """Points from and to the township's source that were made, and not reversed, before an instant."""
    reversal = select(PointEntry.reverses_id).where(
        PointEntry.township_id == township_id, PointEntry.person_id == person_id, PointEntry.made_at < end,
        PointEntry.reverses_id.is_not(None),
    )  # fmt: skip
    return list(
        db.session.scalars(
            select(PointEntry)
            .where(
                PointEntry.township_id == township_id, PointEntry.person_id == person_id, PointEntry.made_at < end,
                PointEntry.reverses_id.is_(None), PointEntry.id.not_in(reversal),
                literal("issue").in_([PointEntry.debit_account, PointEntry.credit_account]),
            )
            .order_by(PointEntry.earned_on, PointEntry.id)
        )
    )  # fmt: skip


def _line(entry: PointEntry, end: datetime) -> StatementLine:
    half = -entry.amount_half if entry.credit_account == "issue" else entry.amount_half
    return StatementLine(
        entry.rule, entry.cause, entry.n, half, entry.earned_on, entry.booked_in or entry.earned_on.replace(day=1),
        entry.why, entry.made_at, entry.settles_at is None or entry.settles_at <= end, entry.detail,
    )  # fmt: skip
