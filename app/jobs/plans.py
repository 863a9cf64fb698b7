"""The planner's questions, answered in the worker: beats pair after pair, and rosters. The solver is loaded here only.

One of a kind runs at a time. It begins anew when its worker dies, and its answer is kept in one transaction at its end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID

from app import clock
from app.accounts.models import Person
from app.db import db
from app.errors import trace_of
from app.jobs.queue import BACK_OFF, QUEUE, queue
from app.planning import beats, rosters, runs
from app.planning.models import PlanRun
from app.planning.puzzles import left_after, puzzle_of
from app.teams.models import Team
from app.teams.scope import scope_of

log = logging.getLogger("xunfang.planning")


@queue.task(name=runs.TASKS["beats"], queue=QUEUE, retry=BACK_OFF, lock=runs.TASKS["beats"])
def plan_beats(township_id: int, run_id: str) -> None:
    _answer(township_id, UUID(run_id), _beats)


@queue.task(name=runs.TASKS["roster"], queue=QUEUE, retry=BACK_OFF, lock=runs.TASKS["roster"])
def plan_roster(township_id: int, run_id: str) -> None:
    _answer(township_id, UUID(run_id), _roster)


def _answer(township_id: int, run_id: UUID, solve: Callable[[PlanRun], None]) -> None:
    """One that fails says so on the desk and is not tried again: the same question would fail the same way."""
    run = runs.begin(township_id, run_id, clock.now())
    db.session.commit()
    if run is None:
        return
    try:
        solve(run)
        db.session.commit()
    except Exception as error:
        db.session.rollback()
        log.error("a plan failed: %s", trace_of(error))
        runs.fail(township_id, run_id, "plan_failed", clock.now())
        db.session.commit()


def _advance(run: PlanRun, percent: int) -> None:
    runs.advance(run, percent)
    db.session.commit()


def _beats(run: PlanRun) -> None:
    """Each pair's beat is the best of what the pairs before it left; all of them together may not be."""
    from app.planning import solving

    asked = beats.asked_in(run)
    needs = beats.needs_of(db.session.get_one(Team, run.team_id), asked, clock.now())
    _advance(run, 20)
    left, pairs = needs.chances, []
    for n in range(asked.pairs):
        puzzle = puzzle_of(left, asked.minutes, needs.first_way, needs.times.stay, needs.times.way)
        beat = solving.best_beat(
            puzzle.values, puzzle.minutes, asked.minutes, 0, puzzle.end, puzzle.windows, puzzle.apart
        )
        pairs.append(beats.pair_of(beat, left, needs))
        left = left_after(left, beats.taken_of(beat, left))
        _advance(run, 20 + 75 * (n + 1) // asked.pairs)
    runs.finish(run, beats.result_of(pairs, needs, asked), clock.now())


def _roster(run: PlanRun) -> None:
    from app.planning import solving

    asker = scope_of(db.session.get_one(Person, run.asked_by))
    week = rosters.week_of(asker, run, clock.now())
    _advance(run, 20)
    found = solving.roster(week.members, week.slots, week.limits)
    runs.finish(run, rosters.result_of(found, week), clock.now())
