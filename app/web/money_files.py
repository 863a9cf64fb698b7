"""A year's money as tables for the accountant, and the list of what is to be paid. Amounts are numbers in yuan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _

from app.exports.spreadsheets import Table
from app.money import queries, rules
from app.money.models import Commitment
from app.web.money import Asked
from app.web.money_words import payees_of, phase_of, what_words
from app.web.words import local


def in_yuan(fen: int) -> float:
    """A cell of a spreadsheet: exact to the fen up to 90 million million yuan."""
    return fen / 100


def tables_of(found: Asked) -> list[Table]:
    return [
        lines(found), sources(found), allocations(found), commitments(found), payments(found), grants(found),
        notes(found),
    ]  # fmt: skip


def headed(name: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Table:
    return Table(_(f"money.sheet.{name}"), [_(f"money.column.{key}") for key in columns], rows)


def lines(found: Asked) -> Table:
    rows = queries.lines_of(found.township.id, found.year)
    columns = ("line", "planned", "allocated", "committed", "disbursed", "free")
    cells = [
        (_(f"money.line.{row.line}"), *map(in_yuan, figures_of(row)))
        for row in (rows[line] for line in rules.LINES if line in rows)
    ]
    return headed("lines", columns, [*cells, (_("money.total"), *_sums(cells))])


def figures_of(row: Any) -> tuple[int, int, int, int, int]:
    return row.planned_fen, row.allocated_fen, row.committed_fen, row.disbursed_fen, row.free_fen


def _sums(cells: list[tuple[Any, ...]]) -> Iterator[float]:
    for n in range(1, 6):
        yield round(sum(row[n] for row in cells), 2)


def sources(found: Asked) -> Table:
    rows = queries.sources_of(found.township.id, found.year)
    people = queries.names_of([row.entered_by for row in rows])
    columns = ("source_kind", "name", "document", "fund", "amount", "allocated", "entered_by", "day")
    return headed(
        "sources", columns,
        [
            (
                _(f"money.source.{s.kind}"), s.name, s.document, _(f"money.fund.{s.fund}"), in_yuan(s.fen),
                in_yuan(s.allocated_fen), people.get(s.entered_by, ""), local(s.entered_at).date().isoformat(),
            )
            for s in rows
        ],
    )  # fmt: skip


def allocations(found: Asked) -> Table:
    """A row for each line that something goes to."""
    rows = queries.allocations_of(found.township.id, found.year)
    parts = queries.parts_of(found.township.id, [row.id for row in rows])
    people = queries.names_of([x for row in rows for x in (row.proposed_by, row.approved_by)])
    given = {s.id: s.name for s in queries.sources_of(found.township.id, found.year)}
    columns = ("from", "line", "amount", "reason", "state", "proposed_by", "approved_by", "day")
    cells = [
        (
            given[a.source_id] if a.source_id else _(f"money.line.{a.from_line}"), _(f"money.line.{line}"),
            in_yuan(fen), a.reason, _(f"money.state.{a.state}"), people.get(a.proposed_by, ""),
            people.get(a.approved_by or 0, ""), local(a.proposed_at).date().isoformat(),
        )
        for a in rows
        for line, fen in parts.get(a.id, {}).items()
    ]  # fmt: skip
    return headed("allocations", columns, cells)


def commitments(found: Asked) -> Table:
    rows = queries.commitments_of(found.township.id, found.year)
    payees, people = (
        payees_of(rows),
        queries.names_of([x for row in rows for x in (row.proposed_by, row.approved_by)]),
    )
    columns = (
        "line", "payee_kind", "payee", "what", "amount", "disbursed", "released", "open", "state", "proposed_by",
        "approved_by",
    )  # fmt: skip
    cells = [
        (
            _(f"money.line.{c.line}"), _(f"money.payee.{c.payee_kind}"), payees.of(c), what_words(c), in_yuan(c.fen),
            in_yuan(c.disbursed_fen), in_yuan(c.released_fen), in_yuan(c.open_fen if c.state == "approved" else 0),
            _(f"money.state.{phase_of(c)}"), people.get(c.proposed_by, ""), people.get(c.approved_by or 0, ""),
        )
        for c in rows
    ]  # fmt: skip
    return headed("commitments", columns, cells)


def payments(found: Asked) -> Table:
    """What came back has a minus."""
    rows = queries.payments_of(found.township.id, found.year)
    payees = payees_of([c for _row, c in rows])
    people = queries.names_of([d.recorded_by for d, _c in rows])
    columns = ("paid_on", "line", "payee", "what", "amount", "receipt", "scan", "recorded_by")
    cells = [
        (
            d.paid_on.isoformat(), _(f"money.line.{c.line}"), payees.of(c), what_words(c),
            in_yuan(-d.fen if d.kind == "return" else d.fen), d.receipt,
            d.receipt_sha256.hex() if d.receipt_sha256 else "", people.get(d.recorded_by, ""),
        )
        for d, c in rows
    ]  # fmt: skip
    return headed("payments", columns, cells)


def grants(found: Asked) -> Table:
    rows = [r for r in queries.rounds_of(found.township.id, found.year) if r.state == "approved"]
    awards = queries.awards_of(found.township.id, [r.id for r in rows])
    names = queries.area_names([a.village_id for each in awards.values() for a in each])
    columns = ("kind", "quarters", "village", "people", "weight", "f", "grade", "factor", "amount")
    cells = [
        (
            _(f"money.grant.{r.kind}"), f"{r.first_quarter}–{r.last_quarter}", names.get(a.village_id, ""), a.people,
            float(a.weight), None if a.f is None else float(a.f), a.grade or "", float(a.factor), in_yuan(a.fen),
        )
        for r in rows
        for a in awards.get(r.id, [])
    ]  # fmt: skip
    return headed("grants", columns, cells)


def notes(found: Asked) -> Table:
    rows = [
        (_("file.note.area"), f"{found.township.name} {found.township.code}"),
        (_("money.column.year"), found.year),
        (_("money.column.day"), found.today.isoformat()),
        *(
            (_(f"money.why.{key}"), _(f"money.formula.{key}"))
            for key in ("pot", "award", "totals", "evidence")
        ),
    ]
    return Table(_("file.sheet.notes"), [_("file.column.note"), ""], rows)


# --- the payment list ---------------------------------------------------------------------------------------------


def to_pay(found: Asked) -> list[Commitment]:
    """Approved, and not wholly paid; by line, the oldest first."""
    rows = queries.commitments_of(found.township.id, found.year, state="approved")
    left = [c for c in rows if c.open_fen]
    return sorted(left, key=lambda c: (rules.LINES.index(c.line), c.proposed_at, c.village_id or 0, c.id))


def payment_list(found: Asked) -> Table:
    rows = to_pay(found)
    payees = payees_of(rows)
    columns = ("n", "line", "payee", "what", "open", "paid_on", "receipt", "signature")
    cells: list[tuple[Any, ...]] = [
        (n, _(f"money.line.{c.line}"), payees.of(c), what_words(c), in_yuan(c.open_fen), None, None, None)
        for n, c in enumerate(rows, 1)
    ]
    total = in_yuan(sum(c.open_fen for c in rows))
    return Table(
        _("money.payment_list"), [_(f"money.column.{key}") for key in columns],
        [*cells, (None, _("money.total"), None, None, total, None, None, None)],
    )  # fmt: skip
