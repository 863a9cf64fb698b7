"""Grants to villages at the desk: grades with their evidence, rounds, and what an improvement plan restores."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.areas.models import Area
from app.db import db
from app.errors import DomainError, FieldError
from app.gate import allow, me, my_scope
from app.money import grades, granting, queries, restoring, rules
from app.money.grades import Period
from app.money.models import GrantAward, GrantRound
from app.strength.queries import villages_of
from app.web.money import KEEPERS, Asked, around, asked, done, problem_of, reached
from app.web.money_forms import fresh_id, quarters_in
from app.web.money_words import TONES, phase_of, quarters_words

pages = Blueprint("money_grants", __name__)
PERIODS = ((1, 4), (1, 1), (2, 2), (3, 3), (4, 4))


@pages.get("/desk/money/grants")
@allow(*KEEPERS)
def show() -> ResponseReturnValue:
    return page(asked())


@pages.post("/desk/money/<code>/<int:year>/grants")
@allow(*KEEPERS)
def act(code: str, year: int) -> ResponseReturnValue:
    """Enters or confirms grades, or has a round worked out."""
    found = reached(code, year)
    period = Period(found.year, *quarters_in(request.form))
    town, now = found.township, clock.now()
    deeds: dict[str, Callable[[], object]] = {
        "grades": lambda: grades.enter(
            me(), town, period, typed_scores(found), request.form.get("evidence", ""), now
        ),
        "confirm": lambda: grades.confirm(me(), town, period, now, request.form.get("seen")),
        "propose": lambda: granting.propose_round(
            me(), town, granting.Wish(new_id(), request.form.get("kind", ""), period),
            scores_of(town, period), now,
        ),
    }  # fmt: skip
    decision = request.form.get("decision", "")
    return done(
        deeds.get(decision), f"money.done.{decision}", url_for("money_grants.show", area=code, year=found.year),
        lambda refused: page(reached(code, year), refused),
    )  # fmt: skip


def scores_of(township: Area, period: Period) -> dict[int, Fraction]:
    """Village id → F. The one place where grants take the assessment from."""
    return grades.scores_for(township.id, period)


def new_id() -> UUID:
    try:
        return UUID(request.form.get("id", ""))
    except ValueError as bad:
        raise DomainError("invalid") from bad


def typed_scores(found: Asked) -> dict[int, Decimal]:
    """Those fields that something was typed into."""
    said = {v.id: request.form.get(f"f-{v.id}", "").strip() for v in villages_of(found.township.id)}
    try:
        scores = {number: Decimal(words) for number, words in said.items() if words}
    except InvalidOperation as bad:
        raise DomainError("invalid", [FieldError("/scores", "grade_range")]) from bad
    if not all(f.is_finite() for f in scores.values()):
        raise DomainError("invalid", [FieldError("/scores", "grade_range")])
    return scores


@pages.post("/desk/money/grants/<uuid:round_id>")
@allow(*KEEPERS)
def decide(round_id: UUID) -> ResponseReturnValue:
    row: Any = queries.mine(GrantRound, my_scope(), round_id)
    code, year, who, scope, now = (
        db.session.get_one(Area, row.township_id).code,
        row.year,
        me(),
        my_scope(),
        clock.now(),
    )
    deeds: dict[str, Callable[[], object]] = {
        "approve": lambda: granting.approve_round(who, scope, round_id, now),
        "refuse": lambda: granting.refuse_round(who, scope, round_id, now),
        "restore": lambda: restoring.propose_by_paper(who, scope, round_id, typed_paper(), now),
        "restore_plan": lambda: restoring.propose_by_plan(
            who, scope, round_id, typed_village(), new_id(), now
        ),
    }
    decision = request.form.get("decision", "")
    return done(
        deeds.get(decision), f"money.done.{decision}", url_for("money_grants.show", area=code, year=year),
        lambda refused: page(reached(code, year), refused),
    )  # fmt: skip


def typed_village() -> int:
    village = request.form.get("village", "")
    if not village.isdecimal() or len(village) > 15:
        raise DomainError("invalid", [FieldError("/village", "field_needed")])
    return int(village)


def typed_paper() -> restoring.Paper:
    added = rules.fen_of(request.form.get("added", ""))
    if added is None:
        raise DomainError("invalid", [FieldError("/added", "field_needed")])
    document = request.form.get("document", "").strip()
    return restoring.Paper(new_id(), typed_village(), Fraction(added, 100), document)


def page(found: Asked, refused: DomainError | None = None) -> str:
    """A refusal is said above the page, with the sentences of its fields."""
    township = found.township
    rounds = queries.rounds_of(township.id, found.year)
    awards = queries.awards_of(township.id, [r.id for r in rounds])
    rows = queries.grades_of(township.id, found.year)
    periods = [Period(found.year, first, last) for first, last in PERIODS]
    ids = [x for r in rounds for x in (r.proposed_by, r.approved_by)]
    names = queries.area_names(
        [*(g.village_id for g in rows), *(a.village_id for each in awards.values() for a in each)]
    )
    return render_template(
        "desk/money_grants.html", found=found, rounds=rounds, awards=awards, villages=villages_of(township.id),
        grades=rows, waiting={p: grades.waiting(township.id, p) for p in periods}, periods=periods,
        frozen=[p for p in periods if grades.frozen_scores(township.id, p)], quarters_words=quarters_words, tones=TONES,
        named=grades.named, people=queries.names_of([*ids, *(x for g in rows for x in (g.entered_by, g.confirmed_by))]),
        names_of_villages=names, names_in=lambda offers: "、".join(names[one.village_id] for one in offers),
        problem=said_of(refused), yuan=rules.yuan, me_id=me().id, new_id=fresh_id, restorable=restorable,
        is_open=bool(queries.lines_of(township.id, found.year)), offers=offers_of(found, rounds, awards),
        restorations=queries.restorations_of(township.id, found.year), cause_of=restoring.cause_of, phase_of=phase_of,
        **around(found, "grants"),
    )  # fmt: skip


def offers_of(
    found: Asked, rounds: list[GrantRound], awards: dict[UUID, list[GrantAward]]
) -> dict[UUID, dict[int, restoring.Offer]]:
    """Round → village → what its plan gives back, where a grant by grade is approved."""
    granted = [r for r in rounds if r.state == "approved" and r.kind == "performance"]
    return {r.id: restoring.offers(r, awards.get(r.id, []), found.today) for r in granted}


def said_of(refused: DomainError | None) -> str:
    """There is one sentence at most by a field here, and so it stands above."""
    if refused is not None and refused.code == "invalid" and refused.fields:
        return problem_of(DomainError(refused.fields[0].code, **refused.fields[0].figures), None)
    return problem_of(refused, None)


def restorable(row: GrantRound, factor: Decimal) -> str:
    """«0.3», or nothing where the grade took nothing."""
    most = rules.restorable(Fraction(factor), rules.policy_from(row.numbers))
    return f"{float(most):g}" if most else ""
