"""Files for Excel and WPS: amounts look like amounts, a page holds all columns, and no text becomes a formula."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from app.exports.spreadsheets import MONEY, Table, csv_of, safe, xlsx_of

AMOUNTS = Table(
    "金额", ["村", "年", "元", "经度"], [["清禾村", 2026, 0.5, 112.123456], ["安澜村", 2026, 48000.0, None]]
)
TRICKS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    '=HYPERLINK("http://127.0.0.1","x")',
    "http://127.0.0.1",
]

FORMULAS = [
    f"{before}{sign}1+1"
    for before in ("", " ", "\u3000", "\u00a0", "\ufeff", "\u200b", "\v", " \u3000 ")
    for sign in "=+-@\t\r\n＝＋－＠−"
]


def sheet_of(table: Table) -> Any:
    return openpyxl.load_workbook(io.BytesIO(xlsx_of([table]))).worksheets[0]


def test_amounts_are_numbers_with_two_places_and_nothing_finer_is_hidden() -> None:
    sheet = sheet_of(AMOUNTS)
    assert [cell.number_format for cell in sheet[2]] == ["General", "General", MONEY, "General"]
    assert [cell.value for cell in sheet[3]] == ["安澜村", 2026, 48000, None]


def test_a_printed_page_holds_every_column_and_repeats_the_headings() -> None:
    sheet = sheet_of(AMOUNTS)
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) in ((None, 0), (1, 0))
    assert sheet.print_title_rows == "$1:$1"


@pytest.mark.parametrize("trick", TRICKS)
def test_no_text_becomes_a_formula_or_a_link(trick: str) -> None:
    table = Table("=1+1", ["=2+2"], [[trick]])
    sheet = sheet_of(table)
    assert (sheet["A1"].data_type, sheet["A2"].data_type, sheet["A2"].hyperlink) == ("s", "s", None)
    assert sheet["A2"].value.strip().endswith(trick.strip())
    cell = csv_of(table).decode("utf-8-sig").split("\r\n", 1)[1]
    assert trick.startswith("http") or cell.lstrip('"').startswith("'")


@pytest.mark.parametrize("text", FORMULAS)
def test_nothing_that_may_be_run_begins_a_cell(text: str) -> None:
    assert safe(text) == f"'{text}"
    assert (
        csv_of(Table("表", ["甲"], [[text]]))
        .decode("utf-8-sig")
        .split("\r\n", 1)[1]
        .lstrip('"')
        .startswith("'")
    )


@pytest.mark.parametrize("text", ["", " ", "王队员", " 王", "8:00-9:00", "a=b", "\u3000第一村"])
def test_words_stay_as_they_are(text: str) -> None:
    assert safe(text) == text
