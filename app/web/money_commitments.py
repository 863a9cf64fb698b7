"""Commitments at the desk: proposed, approved by another, paid with evidence, closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.areas.models import Area
from app.db import db
from app.errors import DomainError
from app.gate import allow, me, my_scope
from app.money import commitments, queries, restoring, rules
from app.money.models import Commitment
from app.strength.queries import villages_of
from app.web.money import KEEPERS, Asked, around, asked, asked_of, done, problem_of, reached
from app.web.money_forms import CommitForm, PayForm, commit_form
from app.web.money_words import TONES, payees_of, phase_of, what_words

pages = Blueprint("money_commitments", __name__)
STATES = ("proposed", "approved", "closed", "refused")


@pages.get("/desk/money/commitments")
@allow(*KEEPERS)
def show() -> ResponseReturnValue:
    return page(asked())


@pages.post("/desk/money/<code>/<int:year>/commitments")
@allow(*KEEPERS)
def propose(code: str, year: int) -> ResponseReturnValue:
    found = reached(code, year)
    form = form_of(found)

    def deed() -> None:
        commitments.propose(me(), found.township, found.year, form.said(), clock.now())

    return done(
        deed, "money.done.commitment", url_for("money_commitments.show", area=code, year=found.year),
        lambda refused: page(reached(code, year), form, refused),
    )  # fmt: skip


def form_of(found: Asked, **options: Any) -> CommitForm:
    villages = [(str(v.id), v.name) for v in villages_of(found.township.id)]
    members = [(str(number), name) for number, name in queries.members_of(found.township.id)]
    return commit_form(villages, members, **options)


def page(found: Asked, form: CommitForm | None = None, refused: DomainError | None = None) -> str:
    line, state = request.args.get("line", ""), request.args.get("state", "")
    line, state = line if line in rules.LINES else "", state if state in STATES else ""
    rows = queries.commitments_of(found.township.id, found.year, line=line or None, state=state or None)
    problem = problem_of(refused, form)
    return render_template(
        "desk/money_commitments.html", found=found, rows=rows, line=line, state=state, states=STATES,
        names_of_lines=rules.LINES, payees=payees_of(rows), phase_of=phase_of, what_words=what_words, tones=TONES,
        form=form or form_of(found, formdata=None), failed=form is not None, problem=problem, yuan=rules.yuan,
        is_open=bool(queries.lines_of(found.township.id, found.year)), **around(found, "commitments"),
    )  # fmt: skip


# --- one ----------------------------------------------------------------------------------------------------------


@pages.get("/desk/money/commitments/<uuid:commitment_id>")
@allow(*KEEPERS)
def one(commitment_id: UUID) -> ResponseReturnValue:
    return page_of(commitment_id)


@pages.post("/desk/money/commitments/<uuid:commitment_id>")
@allow(*KEEPERS)
def decide(commitment_id: UUID) -> ResponseReturnValue:
    queries.mine(Commitment, my_scope(), commitment_id)
    form, who, scope, now = PayForm(), me(), my_scope(), clock.now()
    deeds: dict[str, Callable[[], object]] = {
        "approve": lambda: commitments.approve(who, scope, commitment_id, now),
        "refuse": lambda: commitments.refuse(who, scope, commitment_id, now),
        "pay": lambda: commitments.pay(who, scope, commitment_id, form.said(), now),
        "return": lambda: commitments.come_back(who, scope, commitment_id, form.said(), now),
        "close": lambda: commitments.close(who, scope, commitment_id, now),
    }
    decision = request.form.get("decision", "")
    asked_for = form if decision in ("pay", "return") else None
    return done(
        deeds.get(decision), f"money.done.{decision}",
        url_for("money_commitments.one", commitment_id=commitment_id),
        lambda refused: page_of(commitment_id, asked_for, refused, decision),
    )  # fmt: skip


def page_of(
    commitment_id: UUID,
    form: PayForm | None = None,
    refused: DomainError | None = None,
    decision: str = "",
) -> str:
    c: Commitment = queries.mine(Commitment, my_scope(), commitment_id)
    found = asked_of(db.session.get_one(Area, c.township_id), str(c.year))
    problem = problem_of(refused, form)
    payments = queries.payments_for(c.township_id, c.id)
    ids = [c.proposed_by, c.approved_by, c.ended_by, *(p.recorded_by for p in payments)]
    return render_template(
        "desk/money_commitment.html", found=found, c=c, payments=payments, people=queries.names_of(ids),
        payee=payees_of([c]).of(c), what=what_words(c), phase=phase_of(c), tones=TONES, problem=problem,
        form=form or PayForm(formdata=None), failed=decision, yuan=rules.yuan, me_id=me().id,
        row=queries.line_of(commitments.key_of(c)), plans=restoring.evidence_of(c), **around(found, "commitments"),
    )  # fmt: skip
