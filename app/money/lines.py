"""The running totals of lines and sources. Each changes by one conditional statement, so that however many approve at
once, no fen is spent that is not there: whoever comes too late finds no row, and is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Update, update

from app.db import db
from app.errors import DomainError
from app.money import queries
from app.money.models import BudgetLine, MoneySource
from app.money.queries import LineKey
from app.money.rules import yuan

IN_PLACE = {"synchronize_session": False}


def set_aside(key: LineKey, fen: int) -> None:
    """Set aside so much of what is free. Raises budget_short."""
    enough = BudgetLine.committed_fen + fen <= BudgetLine.allocated_fen
    if not _change(key, enough, committed_fen=BudgetLine.committed_fen + fen):
        raise short(key, fen)


def release(key: LineKey, fen: int) -> None:
    """Back to what is free. Raises conflict where less than that was set aside and not paid."""
    enough = BudgetLine.committed_fen - fen >= BudgetLine.disbursed_fen
    if not _change(key, enough, committed_fen=BudgetLine.committed_fen - fen):
        raise DomainError("conflict")


def pay(key: LineKey, fen: int) -> None:
    enough = BudgetLine.disbursed_fen + fen <= BudgetLine.committed_fen
    if not _change(key, enough, disbursed_fen=BudgetLine.disbursed_fen + fen):
        raise DomainError("conflict")


def take_back(key: LineKey, fen: int) -> None:
    """Money that was paid has come back; it stays set aside."""
    enough = BudgetLine.disbursed_fen >= fen
    if not _change(key, enough, disbursed_fen=BudgetLine.disbursed_fen - fen):
        raise DomainError("conflict")


def allocate(township_id: int, year: int, parts: Mapping[str, int]) -> None:
    """Add to lines what is above nothing, take from them what is below it. Always in one order, so that two who do it
    at once wait for each other and never both. Raises budget_short where a line would have less than is set aside."""
    for line, fen in sorted(parts.items()):
        key = LineKey(township_id, year, line)
        enough = BudgetLine.allocated_fen + fen >= BudgetLine.committed_fen
        if not _change(key, enough, allocated_fen=BudgetLine.allocated_fen + fen):
            raise short(key, -fen)


def draw(source: MoneySource, fen: int) -> None:
    """From a source. Raises source_short."""
    statement = update(MoneySource).where(
        MoneySource.township_id == source.township_id, MoneySource.id == source.id,
        MoneySource.allocated_fen + fen <= MoneySource.fen,
    )  # fmt: skip
    if not _ran(statement.values(allocated_fen=MoneySource.allocated_fen + fen)):
        raise DomainError("source_short", name=source.name, asked=yuan(fen))


def short(key: LineKey, fen: int) -> DomainError:
    """With what is free now, which others may have left."""
    row = queries.line_of(key)
    return DomainError("budget_short", asked=yuan(fen), free=yuan(row.free_fen if row else 0))


def _change(key: LineKey, enough: ColumnElement[bool], **values: Any) -> bool:
    statement = update(BudgetLine).where(
        BudgetLine.township_id == key.township_id, BudgetLine.year == key.year, BudgetLine.line == key.line, enough
    )  # fmt: skip
    return _ran(statement.values(**values))


def _ran(statement: Update) -> bool:
    done: Any = db.session.execute(statement, execution_options=IN_PLACE)
    return bool(done.rowcount == 1)
