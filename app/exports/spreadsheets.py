"""Tables as CSV and XLSX that a spreadsheet opens without running anything. Words come from the caller."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# A cell that begins so would be a formula to a spreadsheet: the signs of ASCII, of full width, and the true minus.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "−")
# Passed over by some readers before they look at the first sign.
UNSEEN = " \u00a0\u3000\u200b\u200e\u200f\u2060\ufeff\v\f"
WIDEST = 60
NAME_MOST = 31  # of a sheet
LONGEST_CELL = 32_767


@dataclass(frozen=True)
class Table:
    """`wide`: columns that hold sentences."""

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]


def safe(text: str) -> str:
    """Text stays text. Numbers are written as numbers, a minus in front included."""
    bare = text.lstrip(UNSEEN)
    return f"'{text}" if text.startswith(FORMULA) or bare.startswith(FORMULA) else text


def csv_of(table: Table) -> bytes:
    """With the mark that Excel and WPS need to read Chinese."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in (table.headings, *table.rows):
        writer.writerow([safe(value) if isinstance(value, str) else value for value in row])
    return out.getvalue().encode("utf-8-sig")


def xlsx_of(tables: Sequence[Table]) -> bytes:
    """A sheet each. Text is stored as text, so that no sign in front of it matters and none has to be added."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    for table in tables:
        _sheet(book.add_worksheet(_sheet_name(table.name)), table, head)
    book.close()
    return out.getvalue()


def _sheet(sheet: Any, table: Table, head: Any) -> None:
    sheet.freeze_panes(1, 1)
    for column, words in enumerate(table.headings):
        sheet.write_string(0, column, words, head)
        sheet.set_column(column, column, _width([words[:24], *(row[column] for row in table.rows[:200])]))
    for n, row in enumerate(table.rows, 1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(n, column, value[:LONGEST_CELL])
            elif value is not None:
                sheet.write_number(n, column, value)


def _width(values: Sequence[Any]) -> int:
    """A Chinese letter is as wide as two others."""
    longest = max(sum(2 if ord(c) > 0x2E7F else 1 for c in str(v)) for v in values if v is not None)
    return min(WIDEST, max(8, longest + 2))


def _sheet_name(words: str) -> str:
    return "".join("_" if c in "[]:*?/\\'" else c for c in words)[:NAME_MOST]
