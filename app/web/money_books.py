"""The year's books at the desk: budget beside points beside payments, the accountant's workbook, the payment list."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.accounts.operations import record_audit
from app.db import db
from app.errors import DomainError, NotFound
from app.exports.paper import pdf_of
from app.exports.spreadsheets import csv_of, xlsx_of
from app.gate import allow, language, me
from app.money import reconciling, rules
from app.web import money_files
from app.web.money import KEEPERS, Asked, around, asked
from app.web.money_words import payees_of, what_words
from app.web.staffing import MEDIA, as_file

pages = Blueprint("money_books", __name__)
LISTS = {"xlsx": MEDIA["xlsx"], "pdf": "application/pdf"}
# A page of paper is made while somebody waits: more than this goes into the workbook.
MOST_ON_PAPER = 300


@pages.get("/desk/money/reconciliation")
@allow(*KEEPERS)
def show() -> ResponseReturnValue:
    found = asked()
    books = reconciling.reconcile(found.township, found.year, found.today)
    return render_template(
        "desk/money_reconciliation.html", found=found, books=books, yuan=rules.yuan, media=MEDIA, lists=LISTS,
        problem="", **around(found, "reconciliation"),
    )  # fmt: skip


@pages.get("/desk/money/files/<kind>")
@allow(*KEEPERS)
def file(kind: str) -> ResponseReturnValue:
    """For the accountant: everything of the year; as CSV the payments alone."""
    if kind not in MEDIA:
        raise NotFound()
    found = asked()
    tables = money_files.tables_of(found)
    body = xlsx_of(tables) if kind == "xlsx" else csv_of(money_files.payments(found))
    keep_trail(found, f"money.{kind}")
    return as_file(body, kind, "money", f"{found.township.name}_{_('money.title')}_{found.year}")


@pages.get("/desk/money/files/payments/<kind>")
@allow(*KEEPERS)
def payments(kind: str) -> ResponseReturnValue:
    """What is approved and still to be paid, with room to sign."""
    if kind not in LISTS:
        raise NotFound()
    found = asked()
    body = xlsx_of([money_files.payment_list(found)]) if kind == "xlsx" else paper(found)
    keep_trail(found, f"payments.{kind}")
    name = f"{found.township.name}_{_('money.payment_list')}_{found.year}"
    if kind == "xlsx":
        return as_file(body, kind, "payments", name)
    return pdf_file(body, name)


def pdf_file(body: bytes, name: str) -> Response:
    response = as_file(body, "csv", "payments", name)
    response.content_type = LISTS["pdf"]
    response.headers["Content-Disposition"] = response.headers["Content-Disposition"].replace(".csv", ".pdf")
    return response


def paper(found: Asked) -> bytes:
    return pdf_of(page_of(found), "payments.css")


def page_of(found: Asked) -> str:
    """The list as one page of HTML, whole in itself."""
    rows = money_files.to_pay(found)
    if len(rows) > MOST_ON_PAPER:
        raise DomainError("payments_too_many", most=MOST_ON_PAPER)
    return render_template(
        "print/payments.html", found=found, rows=rows, payees=payees_of(rows), what_words=what_words,
        yuan=rules.yuan, language=language(), total=sum(c.open_fen for c in rows), made_on=found.today,
        by_line=sums_of(found),
    )  # fmt: skip


def sums_of(found: Asked) -> list[tuple[str, int]]:
    """What is to be paid from each line."""
    rows = money_files.to_pay(found)
    sums = {line: sum(c.open_fen for c in rows if c.line == line) for line in rules.LINES}
    return [(line, fen) for line, fen in sums.items() if fen]


def keep_trail(found: Asked, name: str) -> None:
    year: date = date(found.year, 1, 1)
    record_audit(
        found.township.id, me().id, "figures.exported", "area", found.township.code, clock.now(), file=name,
        first=year.isoformat(), last=year.replace(month=12, day=31).isoformat(),
    )  # fmt: skip
    db.session.commit()
