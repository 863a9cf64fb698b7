"""Cells that a spreadsheet might run are text, whatever stands in front of their first sign."""

from __future__ import annotations

import pytest

from app.exports.spreadsheets import Table, csv_of, safe

FORMULAS = [
    f"{before}{sign}1+1"
    for before in ("", " ", "\u3000", "\u00a0", "\ufeff", "\u200b", "\v", " \u3000 ")
    for sign in "=+-@\t\r\n＝＋－＠−"
]


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
