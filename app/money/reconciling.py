"""A year in one view: what the lines say beside what their rows add up to, and points beside the goods paid for them.
Every difference is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from app.areas.models import Area
from app.money import liability, queries
from app.money.models import BudgetLine, MoneySource, Pot
from app.money.rules import LINES, POT_LINES, Liability, yuan

TOTALS = ("allocated", "committed", "disbursed")


@dataclass(frozen=True)
class Finding:
    """A code and the figures of its sentence; `line` where it is about one. `is_fault`: the books do not add up."""

    code: str
    figures: dict[str, str]
    line: str | None = None
    is_fault: bool = False


@dataclass(frozen=True)
class LineCheck:
    row: BudgetLine
    by_rows: dict[str, int]

    @property
    def findings(self) -> Iterator[Finding]:
        for total in TOTALS:
            said, added = getattr(self.row, f"{total}_fen"), self.by_rows[total]
            if said != added:
                figures = {"said": yuan(said), "added": yuan(added), "difference": yuan(said - added)}
                yield Finding(f"{total}_differs", figures, self.row.line, is_fault=True)


@dataclass(frozen=True)
class Reconciliation:
    """`points`: of the year, None where the year is not the current one (balances are of today)."""

    pot: Pot | None
    lines: list[LineCheck]
    source_fen: int
    source_allocated_fen: int
    rows_differ: list[Finding]
    points: Liability | None

    def total(self, name: str) -> int:
        return sum(getattr(check.row, f"{name}_fen") for check in self.lines)

    @property
    def shop(self) -> BudgetLine | None:
        return next((check.row for check in self.lines if check.row.line == liability.SHOP), None)

    @property
    def findings(self) -> list[Finding]:
        found = [finding for check in self.lines for finding in check.findings]
        return found + self.rows_differ + list(self._of_sources()) + list(self._of_points())

    def _of_sources(self) -> Iterator[Finding]:
        rest = self.source_fen - self.source_allocated_fen
        if rest:
            yield Finding("source_rest", {"fen": yuan(rest)})
        funded = sum(c.row.allocated_fen for c in self.lines if c.row.line in POT_LINES)
        if self.pot is not None and funded != self.pot.fen:
            code = "pot_short" if funded < self.pot.fen else "pot_over"
            yield Finding(
                code,
                {"fen": yuan(abs(self.pot.fen - funded)), "pot": yuan(self.pot.fen), "funded": yuan(funded)},
            )

    def _of_points(self) -> Iterator[Finding]:
        """Goods are paid when the shop's bill comes: a difference is usual, and yet has to be said."""
        if self.points is None or self.shop is None:
            return
        redeemed, paid = self.points.fen(self.points.redeemed_half), self.shop.disbursed_fen
        figures = {"redeemed": yuan(redeemed), "paid": yuan(paid), "fen": yuan(abs(redeemed - paid))}
        if redeemed > paid:
            yield Finding("goods_unpaid", figures, self.shop.line)
        elif redeemed < paid:
            yield Finding("goods_ahead", figures, self.shop.line)
        owed = self.points.fen(self.points.owed_half)
        if owed > self.shop.free_fen:
            figures = {
                "owed": yuan(owed), "free": yuan(self.shop.free_fen), "fen": yuan(owed - self.shop.free_fen)
            }  # fmt: skip
            yield Finding("points_uncovered", figures, self.shop.line)


def reconcile(township: Area, year: int, today: date) -> Reconciliation:
    rows = queries.lines_of(township.id, year, still=True)
    sums = {
        "allocated": queries.allocated_by_rows(township.id, year),
        "committed": queries.committed_by_rows(township.id, year),
        "disbursed": queries.disbursed_by_rows(township.id, year),
    }
    checks = [
        LineCheck(rows[line], {total: sums[total].get(line, 0) for total in TOTALS})
        for line in LINES
        if line in rows
    ]
    sources = queries.sources_of(township.id, year)
    points = liability.liability_of(township.id, today) if year == today.year else None
    return Reconciliation(
        queries.opened_pot(township.id, year), checks, sum(s.fen for s in sources),
        sum(s.allocated_fen for s in sources), list(_rows_that_differ(township.id, year, sources)), points,
    )  # fmt: skip


def _rows_that_differ(township_id: int, year: int, sources: Sequence[MoneySource]) -> Iterator[Finding]:
    """A source beside its allocations, a commitment beside its payments: two wrong ones may hide in a line's sum."""
    drawn = queries.drawn_by_rows(township_id, year)
    for source in sources:
        yield from _differing("source_differs", source.name, source.allocated_fen, drawn.get(source.id, 0))
    paid = queries.paid_by_rows(township_id, year)
    for row in queries.commitments_of(township_id, year):
        yield from _differing(
            "commitment_differs", row.what, row.disbursed_fen, paid.get(row.id, 0), row.line
        )


def _differing(code: str, name: str, said: int, added: int, line: str | None = None) -> Iterator[Finding]:
    if said != added:
        figures = {"name": name, "said": yuan(said), "added": yuan(added), "difference": yuan(said - added)}
        yield Finding(code, figures, line, is_fault=True)
