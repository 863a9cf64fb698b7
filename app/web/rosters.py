"""A proposed roster for a week's empty places: asked, shown by shift, and taken shift by shift or all at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.db import db
from app.duty import board
from app.duty.board import CrewShift
from app.errors import DomainError
from app.field.operations import follow_roster
from app.gate import allow, me, my_scope
from app.hotspots.queries import names_of
from app.planning import rosters, runs
from app.planning.models import PlanRun
from app.problems import sentence
from app.web.hotspots import TONES
from app.web.planning import sentence_of
from app.web.shifts import lead_zone, monday_of, week_code
from app.web.words import day_words, span, use_zone

pages = Blueprint("rosters", __name__)
MOST_SENTENCES = 8


@pages.post("/desk/shifts/rosters")
@allow("leader")
def ask() -> ResponseReturnValue:
    lead_zone()
    monday = monday_of(request.form.get("week"))
    team_id, most = (request.form.get(name, 0, type=int) for name in ("team", "most"))
    try:
        run = rosters.ask(me(), my_scope(), team_id, monday, most, clock.now())
    except DomainError as refused:
        if refused.status == 404:
            raise
        for words in sentences_of(refused):
            flash(words, "need")
        db.session.rollback()
        return redirect(url_for("shifts.week", week=week_code(monday)))
    address = url_for("rosters.one", roster_id=run.id)
    db.session.commit()
    return redirect(address)


@pages.get("/desk/shifts/rosters/<uuid:roster_id>")
@allow("leader")
def one(roster_id: UUID) -> ResponseReturnValue:
    run = runs.reach(my_scope(), "roster", roster_id)
    shifts = shifts_in(run)
    result = run.result or {}
    return render_template(
        "desk/roster.html", run=run, tone=TONES[run.state], week=week_code(monday_in(run)), monday=monday_in(run),
        crews=crew_lines(result.get("crews", []), shifts), why=result.get("why", []), proved=result.get("proved"),
        empty=[{"shift": shifts[e["shift"]], "n": e["n"]} for e in result.get("empty", []) if e["shift"] in shifts],
        result_address=url_for("rosters.one", roster_id=run.id),
    )  # fmt: skip


@pages.get("/desk/shifts/rosters/<uuid:roster_id>/progress")
@allow("leader")
def progress(roster_id: UUID) -> ResponseReturnValue:
    """How far it is: fetched while somebody waits."""
    run = runs.reach(my_scope(), "roster", roster_id)
    address = url_for("rosters.one", roster_id=run.id)
    return render_template("desk/plan_progress.html", run=run, tone=TONES[run.state], result_address=address)


@pages.post("/desk/shifts/rosters/<uuid:roster_id>/take")
@allow("leader")
def take(roster_id: UUID) -> ResponseReturnValue:
    """`shift`: that one alone, else all. Each stands by itself; who is refused is said with the reason."""
    run = runs.reach(my_scope(), "roster", roster_id)
    shifts = shifts_in(run)
    only = request.form.get("shift", type=int)
    taken, refused = 0, []
    for crew in (run.result or {}).get("crews", []):
        if crew["shift"] in shifts and only in (None, crew["shift"]):
            why = take_one(crew)
            taken += why is None
            refused += [(shifts[crew["shift"]], words) for words in why or ()]
    tell(taken, refused)
    db.session.commit()
    return redirect(url_for("rosters.one", roster_id=roster_id))


def take_one(crew: dict[str, Any]) -> list[str] | None:
    """None when the people are planned; else sentences. What was refused leaves nothing behind."""
    now = clock.now()
    try:
        with db.session.begin_nested():
            planned = rosters.take(me(), my_scope(), crew, now)
            if planned is not None:
                follow_roster(planned, now)
    except DomainError as refused:
        return sentences_of(refused)
    return None


def tell(taken: int, refused: list[tuple[CrewShift, str]]) -> None:
    if taken:
        flash(_("beats.roster.taken", n=taken), "done")
    for shift, words in refused[:MOST_SENTENCES]:
        day, time = day_words(shift.day), span(shift.starts_at, shift.ends_at)
        flash(_("beats.roster.not_taken", day=day, time=time, why=words), "wait")
    if len(refused) > MOST_SENTENCES:
        flash(_("beats.roster.not_taken_more", n=len(refused) - MOST_SENTENCES), "wait")


def sentences_of(refused: DomainError) -> list[str]:
    return [sentence_of(wrong) for wrong in refused.fields] or [
        sentence(f"errors.{refused.code}", refused.figures)
    ]


# --- pages --------------------------------------------------------------------------------------------------------


def monday_in(run: PlanRun) -> date:
    return date.fromisoformat(run.parameters["week"])


def shifts_in(run: PlanRun) -> dict[int, CrewShift]:
    """The team's shifts of the week, as they are now."""
    monday = monday_in(run)
    found = board.crews_between(my_scope(), monday, monday + rosters.WEEK)
    mine = {shift.id: shift for shift in found if shift.team_id == run.team_id}
    use_zone(next((shift.zone for shift in mine.values()), "Asia/Shanghai"))
    return mine


def crew_lines(crews: Iterable[dict[str, Any]], shifts: dict[int, CrewShift]) -> list[dict[str, Any]]:
    """By start; `state`: taken, or changed since, or open to be taken. A shift that is gone is left out."""
    there = [crew for crew in crews if crew["shift"] in shifts]
    named = names_of({person for crew in there for person in crew["people"]})
    lines = [
        {
            "shift": shifts[crew["shift"]],
            "names": [named.get(person, "–") for person in crew["people"]],
            "state": state_of(crew, shifts[crew["shift"]]),
        }
        for crew in there
    ]
    return sorted(lines, key=lambda line: (line["shift"].starts_at, line["shift"].id))


def state_of(crew: dict[str, Any], shift: CrewShift) -> str:
    if set(crew["people"]) <= {mate.person_id for mate in shift.planned_mates}:
        return "taken"
    return "open" if shift.version == crew["version"] and shift.status == "planned" else "changed"
