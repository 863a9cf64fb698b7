"""A township's money of a year at the desk: the pot, its lines, what points will cost, sources and allocations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.areas.models import Area
from app.db import db
from app.errors import Conflict, DomainError, NotFound
from app.gate import allow, me, my_scope
from app.money import liability, operations, queries, rules
from app.money.liability import Outlook
from app.money.models import Allocation, BudgetLine
from app.problems import sentence
from app.strength.queries import reach, townships_for, villages_of
from app.web.money_forms import allocate_form, source_form
from app.web.planning import blame
from app.web.staffing import MEDIA
from app.web.strength import township_asked
from app.web.words import use_zone

pages = Blueprint("money", __name__)
KEEPERS = ("reviewer", "admin")
TABS = (
    ("show", "money.show"),
    ("commitments", "money_commitments.show"),
    ("grants", "money_grants.show"),
    ("reconciliation", "money_books.show"),
)
CHART_W, CHART_H = 600.0, 140.0


@dataclass(frozen=True)
class Asked:
    """Which township's year a page is about."""

    township: Area
    year: int
    today: date

    @property
    def years(self) -> list[int]:
        near = {self.today.year + n for n in (-1, 0, 1)}
        return sorted(near | set(queries.years_of(self.township.id)), reverse=True)


def asked() -> Asked:
    return asked_of(township_asked(), request.args.get("year", ""))


def asked_of(township: Area, year: str) -> Asked:
    use_zone(township.time_zone)
    today = clock.local_day(clock.now(), township.time_zone)
    said = int(year) if year.isdecimal() and len(year) == 4 else today.year
    return Asked(township, said if 2000 <= said <= 2100 else today.year, today)


def reached(code: str, year: int) -> Asked:
    """A form's township and year, for who reviews or administers it; NotFound otherwise."""
    found = asked_of(reach(my_scope(), code), str(year))
    if found.year != year:
        raise NotFound()
    return found


@pages.get("/desk/money")
@allow(*KEEPERS)
def show() -> ResponseReturnValue:
    return page(asked())


@pages.post("/desk/money/<code>/<int:year>")
@allow(*KEEPERS)
def act(code: str, year: int) -> ResponseReturnValue:
    """Proposes or opens the pot, enters a source, or proposes an allocation."""
    found = reached(code, year)
    forms = {
        "source": source_form(),
        "allocate": allocate_form(queries.sources_of(found.township.id, found.year)),
    }
    deeds: dict[str, Callable[[], object]] = {
        "pot": lambda: operations.propose_pot(me(), found.township, found.year, clock.now()),
        "open": lambda: operations.open_pot(
            me(), found.township, found.year, clock.now(), request.form.get("seen")
        ),
        "source": lambda: operations.enter_source(
            me(), found.township, found.year, forms["source"].said(), clock.now()
        ),
        "allocate": lambda: operations.propose_allocation(
            me(), found.township, found.year, forms["allocate"].said(), clock.now()
        ),
    }
    decision = request.form.get("decision", "")
    return done(
        deeds.get(decision), f"money.done.{decision}", url_for("money.show", area=code, year=found.year),
        lambda refused: page(reached(code, year), decision, forms.get(decision), refused),
    )  # fmt: skip


@pages.post("/desk/money/allocations/<uuid:allocation_id>")
@allow(*KEEPERS)
def decide(allocation_id: UUID) -> ResponseReturnValue:
    row: Any = queries.mine(Allocation, my_scope(), allocation_id)
    code, year = db.session.get_one(Area, row.township_id).code, row.year
    deeds: dict[str, Callable[[], object]] = {
        "approve": lambda: operations.approve_allocation(me(), my_scope(), allocation_id, clock.now()),
        "refuse": lambda: operations.refuse_allocation(me(), my_scope(), allocation_id, clock.now()),
    }
    decision = request.form.get("decision", "")
    return done(
        deeds.get(decision), f"money.done.{decision}", url_for("money.show", area=code, year=year),
        lambda refused: page(reached(code, year), "", None, refused),
    )  # fmt: skip


def done(
    deed: Callable[[], object] | None, words: str, target: str, again: Callable[[DomainError], Any]
) -> ResponseReturnValue:
    """Does it, and goes on to the target; a refusal comes with the page it was asked from."""
    try:
        if deed is None:
            raise DomainError("invalid")
        deed()
    except NotFound:
        raise
    except Conflict as late:
        db.session.rollback()
        flash(sentence(f"errors.{late.code}", late.figures), "wait")
        return redirect(target)
    except DomainError as refused:
        db.session.rollback()
        return again(refused), refused.status
    flash(_(words), "done")
    db.session.commit()
    return redirect(target)


def problem_of(refused: DomainError | None, form: Any) -> str:
    """The sentence above the page; those by the fields are put there."""
    if refused is None:
        return ""
    if form is None:
        return sentence(f"errors.{refused.code}", refused.figures)
    return blame(form, refused) or _("desk.form.please_look")


# --- the page -----------------------------------------------------------------------------------------------------


def page(found: Asked, which: str = "", form: Any = None, refused: DomainError | None = None) -> str:
    township, year = found.township, found.year
    problem = problem_of(refused, form)
    lines, sources = queries.lines_of(township.id, year), queries.sources_of(township.id, year)
    allocations = queries.allocations_of(township.id, year)
    pots = queries.pots_of(township.id, year)
    outlook = liability.outlook_of(township, found.today) if year == found.today.year else None
    is_unopened = outlook is None and year == found.today.year
    people = queries.names_of([x for a in allocations for x in (a.proposed_by, a.approved_by, a.ended_by)])
    return render_template(
        "desk/money.html", found=found, lines=[lines[line] for line in rules.LINES if line in lines],
        pot=next((p for p in pots if p.approved_by), None), proposed=pots[0] if pots else None, sources=sources,
        allocations=allocations, parts=queries.parts_of(township.id, [a.id for a in allocations]), people=people,
        sources_by_id={s.id: s for s in sources}, outlook=outlook, columns=columns_of(outlook), bar=bar_of(lines),
        source_form=form if which == "source" else source_form(formdata=None),
        allocate_form=form if which == "allocate" else allocate_form(sources, formdata=None), problem=problem,
        failed=which, unknown=[v.name for v in villages_of(township.id) if v.population is None], yuan=rules.yuan,
        me_id=me().id, media=MEDIA, estimate=estimate_of(township),
        until_opened=liability.liability_of(township.id, found.today) if is_unopened else None, **around(found, "show"),
    )  # fmt: skip


def around(found: Asked, tab: str) -> dict[str, Any]:
    """What every page of money has above it."""
    tabs = [
        (name, url_for(page, area=found.township.code, year=found.year), name == tab) for name, page in TABS
    ]
    return {"tabs": tabs, "townships": townships_for(my_scope()), "here": dict(TABS)[tab]}


def estimate_of(township: Area) -> dict[str, int]:
    """The pot that the villages' totals and today's settings make."""
    policy, _version = operations.policy_on(township, clock.now())
    people = sum(v.population or 0 for v in villages_of(township.id))
    return {"people": people, "each": policy.fen_a_person_a_year, "fen": rules.pot_of(people, policy)}


def bar_of(lines: dict[str, BudgetLine]) -> Callable[[int], str]:
    """Fen → hundredths of the longest bar."""
    longest = max((max(row.planned_fen, row.allocated_fen) for row in lines.values()), default=0) or 1
    return lambda fen: f"{fen / longest * 100:.2f}"


@dataclass(frozen=True)
class Column:
    """A month of the forecast: where its bar stands, and how high it is."""

    month: int
    fen: int
    x: float
    width: float
    height: float
    is_beyond: bool


@dataclass(frozen=True)
class Columns:
    """`line_y`, `limit_y`: where the line's money and the stop lie."""

    bars: Sequence[Column]
    line_y: float
    limit_y: float


def columns_of(outlook: Outlook | None) -> Columns | None:
    if outlook is None:
        return None
    line, limit = outlook.liability.line_fen, outlook.liability.limit_fen
    most = max([line, *(fen for _month, fen in outlook.course)]) or 1
    step = CHART_W / len(outlook.course)
    bars = [
        Column(month, fen, n * step + step * 0.15, step * 0.7, fen / most * CHART_H, fen > limit)
        for n, (month, fen) in enumerate(outlook.course)
    ]
    return Columns(bars, CHART_H * (1 - line / most), CHART_H * (1 - limit / most))
