"""What leaves the house about money: the accountant's workbook and the payment list, opened and looked at."""

from __future__ import annotations

import csv
import io
import re
import zlib
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from app.accounts.models import Audit
from app.db import db
from app.web import money_books
from tests.money import books
from tests.money.books import YEAR
from tests.web.test_money import kept, today  # noqa: F401  (fixtures)

FORMULA = '=HYPERLINK("http://x","y")'


def book_of(caller: Any, address: str, lang: str = "zh") -> Any:
    caller.set_cookie("lang", lang, domain="localhost")
    answer = caller.get(address)
    assert answer.status_code == 200
    return load_workbook(io.BytesIO(answer.get_data()))


def rows(sheet: Any) -> list[tuple[Any, ...]]:
    return list(sheet.values)


def test_the_workbook_holds_the_year_s_books(kept: Any, as_person: Any) -> None:  # noqa: F811
    wages = next(c for c in books.commitments_of(kept) if c.line == "wages")
    books.pay(kept, wages.id, 120_050, receipt="回单 88", receipt_sha256=bytes(32))
    db.session.commit()
    book = book_of(as_person(kept.reviewer), "/desk/money/files/xlsx")
    assert book.sheetnames == ["科目", "资金来源", "分配和调剂", "款项", "付款凭证", "各村奖补", "说明"]
    lines = rows(book["科目"])
    assert lines[0] == ("科目", "计划（元）", "已拨入（元）", "已占用（元）", "已支付（元）", "可用（元）")
    assert lines[2] == ("考核奖补", 5400, 5400, 5400, 0, 0)
    assert lines[6] == ("工资", 0, 5000, 3000, 1200.5, 2000)
    assert lines[8] == ("合计", 18000, 23000, 8400, 1200.5, 14600)
    assert sum(row[2] for row in rows(book["分配和调剂"])[1:]) == 23000
    paid = rows(book["付款凭证"])
    assert paid[1] == (
        "2026-11-20", "工资", "王队员", "十一月工资", 1200.5, "回单 88", "00" * 32, "镇审核员",
    )  # fmt: skip
    grants = rows(book["各村奖补"])
    assert grants[1][2:] == ("清禾镇西村", 3000, 3000, 80.1, "B", 1, 2700)
    assert db.session.scalars(select(Audit.action).where(Audit.action == "figures.exported")).all()


def test_a_formula_is_harmless_wherever_somebody_may_type(kept: Any, as_person: Any) -> None:  # noqa: F811
    kept.town.villages[0].name = FORMULA
    number = books.propose(kept, 500, payee=FORMULA, what="+1+1")
    books.approve(kept, number)
    books.pay(kept, number, 100, receipt="@SUM(A1)")
    db.session.commit()
    caller = as_person(kept.reviewer)
    for address in ("/desk/money/files/xlsx", "/desk/money/files/payments/xlsx"):
        book = book_of(caller, address)
        cells = [
            cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None
        ]
        assert not [cell for cell in cells if cell.data_type == "f"]
        assert FORMULA in {cell.value for cell in cells}
    raw = caller.get("/desk/money/files/csv").get_data()
    table = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert table[1][2] == f"'{FORMULA}" and table[1][3] == "'+1+1" and table[1][5] == "'@SUM(A1)"


def test_the_payment_list_has_room_to_sign(kept: Any, as_person: Any) -> None:  # noqa: F811
    book = book_of(as_person(kept.reviewer), "/desk/money/files/payments/xlsx")
    found = rows(book.worksheets[0])
    assert found[0] == ("序号", "科目", "收款方", "用途", "待付（元）", "付款日期", "票据号", "签收")
    assert [(row[2], row[4]) for row in found[1:]] == [
        ("清禾镇西村", 2700), ("清禾镇东村", 2700), ("王队员", 3000), (None, 8400),
    ]  # fmt: skip
    assert all(row[5:] == (None, None, None) for row in found[1:])


def inflated(raw: bytes) -> bytes:
    try:
        return zlib.decompress(raw)
    except zlib.error:
        return raw


@pytest.mark.parametrize(("lang", "title"), [("zh", "待付款清单"), ("en", "Payment list")])
def test_the_payment_list_on_paper(
    kept: Any, as_person: Any, monkeypatch: pytest.MonkeyPatch, lang: str, title: str  # noqa: F811
) -> None:  # fmt: skip
    """What is printed says who is to be paid what; the file has a page and letters for Chinese names."""
    printed: list[str] = []
    real = money_books.pdf_of
    monkeypatch.setattr(money_books, "pdf_of", lambda page, css: printed.append(page) or real(page, css))
    caller = as_person(kept.reviewer)
    caller.set_cookie("lang", lang, domain="localhost")
    answer = caller.get("/desk/money/files/payments/pdf")
    assert answer.status_code == 200 and answer.content_type == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=payments.pdf;")
    for words in (title, "王队员", "清禾镇西村", "2,700.00", "8,400.00"):
        assert words in printed[0]
    assert not re.findall(r"(?<![\w/])money\.[a-z_]+", printed[0])
    pdf = answer.get_data()
    inside = pdf + b" ".join(inflated(m) for m in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S))
    assert pdf.startswith(b"%PDF-") and re.search(rb"/Type\s*/Page\b", inside)
    fonts = set(re.findall(rb"/BaseFont\s*/([\w+-]+)", inside))
    assert fonts and all(b"Noto" in font for font in fonts), fonts


def test_a_list_too_long_for_paper_is_for_the_workbook(
    kept: Any, as_person: Any, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.setattr(money_books, "MOST_ON_PAPER", 2)
    assert as_person(kept.reviewer).get("/desk/money/files/payments/pdf").status_code == 422
    assert as_person(kept.reviewer).get("/desk/money/files/payments/xlsx").status_code == 200


def test_an_unknown_kind_is_not_there(kept: Any, as_person: Any) -> None:  # noqa: F811
    caller = as_person(kept.reviewer)
    for address in ("/desk/money/files/doc", "/desk/money/files/payments/csv"):
        assert caller.get(address).status_code == 404
    assert caller.get(f"/desk/money/files/xlsx?year={YEAR + 1}").status_code == 200
