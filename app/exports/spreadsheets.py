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
A4 = 9
MONEY = "#,##0.00"


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
    forms = _forms(book)
    for table in tables:
        sheet = book.add_worksheet(_sheet_name(table.name))
        _for_paper(sheet)
        _sheet(sheet, table, forms)
    book.close()
    return out.getvalue()


def _forms(book: Any) -> dict[str, Any]:
    """Words stand a little in, so that none runs into the number before it."""
    head = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}
    return {
        "head": book.add_format(head | {"indent": 1}),
        "head_of_numbers": book.add_format(head | {"align": "right"}),
        "words": book.add_format({"indent": 1}),
        "hundredths": book.add_format({"num_format": MONEY}),
    }


def _for_paper(sheet: Any) -> None:
    """All columns on one page's width, with the headings on every page and the pages numbered."""
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&C&A · &P / &N")


def _sheet(sheet: Any, table: Table, forms: dict[str, Any]) -> None:
    sheet.freeze_panes(1, 1)
    for column, words in enumerate(table.headings):
        cells = [row[column] for row in table.rows]
        is_number = any(isinstance(value, int | float) for value in cells)
        sheet.write_string(0, column, words, forms["head_of_numbers" if is_number else "head"])
        sheet.set_column(column, column, _width([words[:24], *cells[:200]]))
        _cells(sheet, column, cells, forms)


def _cells(sheet: Any, column: int, cells: Sequence[Any], forms: dict[str, Any]) -> None:
    of_numbers = forms["hundredths"] if _is_of_hundredths(cells) else None
    for n, value in enumerate(cells, 1):
        if isinstance(value, str):
            sheet.write_string(n, column, value[:LONGEST_CELL], forms["words"])
        elif value is not None:
            sheet.write_number(n, column, value, of_numbers)


def _is_of_hundredths(cells: Sequence[Any]) -> bool:
    """Amounts, shares, points: broken numbers of which none is finer. Whole ones (a year, a count) stay as they are."""
    broken = [value for value in cells if isinstance(value, float)]
    return bool(broken) and all(round(value, 2) == value for value in broken)


def _width(values: Sequence[Any]) -> int:
    """A Chinese letter is as wide as two others."""
    longest = max(sum(2 if ord(c) > 0x2E7F else 1 for c in str(v)) for v in values if v is not None)
    return min(WIDEST, max(8, longest + 2))


def _sheet_name(words: str) -> str:
    return "".join("_" if c in "[]:*?/\\'" else c for c in words)[:NAME_MOST]
