"""What is asked at the desk about money. Amounts are typed in yuan and kept in whole fen."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import request
from flask_babel import gettext as _
from wtforms import DateField, HiddenField, SelectField, StringField
from wtforms.validators import Length, Optional

from app import clock
from app.accounts.rules import uuid7
from app.errors import DomainError
from app.money import commitments, operations, rules
from app.money.models import PAYEE_KINDS, SOURCE_KINDS, MoneySource
from app.web.forms import DeskForm

Choices = list[tuple[str, str]]
SPLIT = "split"
# Where none was typed: far from every year, and refused as such.
NO_DAY = date(1, 1, 1)
QUARTERS = re.compile(r"([1-4])-([1-4])")


def fresh_id() -> UUID:
    return uuid7(clock.now(), secrets.token_bytes(10))


class MoneyForm(DeskForm):
    """`id` is that of the row to be: the same form sent twice makes one."""

    id = HiddenField(default=lambda: str(fresh_id()))

    def new_id(self) -> UUID:
        try:
            return UUID(self.id.data or "")
        except ValueError as bad:
            raise DomainError("invalid") from bad

    def fen_in(self, name: str) -> int:
        """What is no amount is nothing, which the operation refuses with all else that is wrong."""
        return rules.fen_of(self[name].data or "") or 0


def chosen(field: Any) -> str:
    return str(field.data or "")


def short() -> list[Any]:
    return [Optional(), Length(max=operations.LETTERS, message="errors.too_long")]


class SourceForm(MoneyForm):
    fund = SelectField(validate_choice=False)
    kind = SelectField(validate_choice=False)
    name = StringField(validators=short())
    document = StringField(validators=short())
    fen = StringField()

    def said(self) -> operations.Source:
        return operations.Source(
            self.new_id(), chosen(self.fund), chosen(self.kind), chosen(self.name).strip(),
            chosen(self.document).strip(), self.fen_in("fen"),
        )  # fmt: skip


def source_form(**options: Any) -> SourceForm:
    form = SourceForm(**options)
    form.fund.choices = [(one, _(f"money.fund.{one}")) for one in rules.FUNDS]
    form.kind.choices = [(one, _(f"money.source.{one}")) for one in SOURCE_KINDS]
    return form


class AllocateForm(MoneyForm):
    """`origin`: a source or a line. `target`: a line, or the split of the pot, which takes all that is left."""

    origin = SelectField(validate_choice=False)
    target = SelectField(validate_choice=False)
    amount = StringField()
    reason = StringField(validators=short())

    def said(self) -> operations.Wish:
        kind, _colon, name = chosen(self.origin).partition(":")
        target = chosen(self.target)
        parts = {} if target == SPLIT else {target: self.fen_in("amount")}
        try:
            source_id = UUID(name) if kind == "source" else None
        except ValueError:
            source_id = None
        from_line = name if kind == "line" and name in rules.LINES else None
        return operations.Wish(self.new_id(), source_id, from_line, parts, chosen(self.reason).strip())


def allocate_form(sources: list[MoneySource], **options: Any) -> AllocateForm:
    form = AllocateForm(**options)
    left = [
        (
            f"source:{s.id}",
            _("money.origin_source", name=s.name, fen=rules.yuan(s.fen - s.allocated_fen)),
        )
        for s in sources
        if s.fen > s.allocated_fen
    ]
    lines = [
        (f"line:{line}", _("money.origin_line", name=_(f"money.line.{line}"))) for line in rules.POT_LINES
    ]
    form.origin.choices = [*left, *lines]
    form.target.choices = [
        (SPLIT, _("money.split")),
        *((line, _(f"money.line.{line}")) for line in rules.LINES),
    ]
    return form


class CommitForm(MoneyForm):
    line = SelectField(validate_choice=False)
    payee_kind = SelectField(validate_choice=False)
    village = SelectField(validate_choice=False)
    person = SelectField(validate_choice=False)
    payee = StringField(validators=short())
    what = StringField(validators=short())
    fen = StringField()

    def said(self) -> commitments.Wish:
        """Of the three ways to name who is paid, the one that the kind asks for."""
        kind = chosen(self.payee_kind)
        is_village, is_person = kind == "village", kind in ("wage", "allowance")
        return commitments.Wish(
            self.new_id(), chosen(self.line), kind,
            "" if is_village or is_person else chosen(self.payee).strip(),
            number_in(self.village) if is_village else None, number_in(self.person) if is_person else None,
            chosen(self.what).strip(), self.fen_in("fen"),
        )  # fmt: skip


def number_in(field: Any) -> int | None:
    words = chosen(field)
    return int(words) if words.isdecimal() and len(words) < 16 else None


def commit_form(villages: Choices, members: Choices, **options: Any) -> CommitForm:
    form = CommitForm(**options)
    form.line.choices = [(line, _(f"money.line.{line}")) for line in rules.LINES]
    form.payee_kind.choices = [(kind, _(f"money.payee.{kind}")) for kind in PAYEE_KINDS]
    form.village.choices = [("", _("money.nobody")), *villages]
    form.person.choices = [("", _("money.nobody")), *members]
    return form


class PayForm(MoneyForm):
    fen = StringField()
    paid_on = DateField(validators=[Optional()])
    receipt = StringField(validators=short())

    def said(self) -> commitments.Payment:
        day = self.paid_on.data or NO_DAY
        return commitments.Payment(
            self.new_id(), self.fen_in("fen"), day, chosen(self.receipt).strip(), scan_hash()
        )


def scan_hash() -> bytes | None:
    """Of the receipt's scan, which is not kept: whoever has it can show later that it is the same."""
    scan = request.files.get("scan")
    body = scan.read() if scan is not None else b""
    return hashlib.sha256(body).digest() if body else None


def quarters_in(form: Mapping[str, str]) -> tuple[int, int]:
    """«1-4», «2-2»; nought where it is none."""
    said = QUARTERS.fullmatch(str(form.get("quarters", "")))
    return (int(said[1]), int(said[2])) if said else (0, 0)
