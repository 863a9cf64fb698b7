"""A question to the planner from the desk to its answer: asked, taken up by the worker, kept once."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.accounts.rules import uuid7
from app.db import db
from app.errors import Conflict, NotFound
from app.hotspots.queries import defer
from app.planning.models import PlanRun
from app.teams.models import Team
from app.teams.scope import Criterion, Scope, led_team_rows, reviewed_township_rows

TASKS = {"beats": "plan_beats", "roster": "plan_roster"}
MOST_WAITING = 5


def ask(person: Person, team: Team, kind: str, parameters: dict[str, Any], now: datetime) -> PlanRun:
    """Put a question into the queue. The same one asked again while it waits is the same question."""
    same = _waiting(team, kind, parameters)
    if same is not None:
        return same
    if _count_waiting(team.township_id) >= MOST_WAITING:
        raise Conflict("plans_wait", n=MOST_WAITING)
    run = PlanRun(
        township_id=team.township_id, id=uuid7(now, secrets.token_bytes(10)), kind=kind, team_id=team.id,
        parameters=parameters, state="queued", progress=0, asked_by=person.id, asked_at=now,
    )  # fmt: skip
    db.session.add(run)
    db.session.flush()
    defer(TASKS[kind], township_id=run.township_id, run_id=str(run.id))
    record_audit(run.township_id, person.id, f"planning.{kind}", "plan_run", run.id, now)
    return run


def _waits(township_id: int) -> Criterion:
    return (PlanRun.township_id == township_id) & PlanRun.state.in_(("queued", "running"))


def _waiting(team: Team, kind: str, parameters: dict[str, Any]) -> PlanRun | None:
    asked = select(PlanRun).where(_waits(team.township_id), PlanRun.team_id == team.id, PlanRun.kind == kind)
    return next((run for run in db.session.scalars(asked) if run.parameters == parameters), None)


def _count_waiting(township_id: int) -> int:
    return int(db.session.scalar(select(func.count(PlanRun.id)).where(_waits(township_id))) or 0)


# --- the worker's part --------------------------------------------------------------------------------------------


def begin(township_id: int, run_id: UUID, now: datetime) -> PlanRun | None:
    """The question to answer now; None when it is answered or gone. One whose worker died begins anew."""
    run = _by_id(township_id, run_id)
    if run is None or run.state in ("done", "failed"):
        return None
    run.state, run.progress, run.started_at = "running", 0, now
    db.session.flush()
    return run


def advance(run: PlanRun, percent: int) -> None:
    run.progress = percent
    db.session.flush()


def finish(run: PlanRun, result: dict[str, Any], now: datetime) -> None:
    run.state, run.progress, run.result, run.ended_at = "done", 100, result, now
    db.session.flush()


def fail(township_id: int, run_id: UUID, code: str, now: datetime) -> None:
    run = _by_id(township_id, run_id)
    if run is not None:
        run.state, run.fault, run.ended_at = "failed", code, now
        db.session.flush()


def _by_id(township_id: int, run_id: UUID) -> PlanRun | None:
    return db.session.get(PlanRun, (township_id, run_id), populate_existing=True)


# --- who sees -----------------------------------------------------------------------------------------------------


def may_see(scope: Scope, kind: str) -> Criterion:
    """Beats name places: those who steer the team or review its township. A roster names members: who steers alone."""
    led = led_team_rows(scope, PlanRun.township_id, PlanRun.team_id)
    return or_(led, reviewed_township_rows(scope, PlanRun.township_id)) if kind == "beats" else led


def reach(scope: Scope, kind: str, run_id: UUID) -> PlanRun:
    found = db.session.scalar(
        select(PlanRun).where(PlanRun.id == run_id, PlanRun.kind == kind, may_see(scope, kind))
    )
    if found is None:
        raise NotFound()
    return found


def latest(scope: Scope, kind: str, limit: int) -> list[PlanRun]:
    """The last ones that the caller may see, the newest first."""
    asked = select(PlanRun).where(PlanRun.kind == kind, may_see(scope, kind))
    return list(db.session.scalars(asked.order_by(PlanRun.asked_at.desc()).limit(limit)))


def teams_for(scope: Scope) -> list[Team]:
    """The teams that the caller may ask a beat for."""
    mine = or_(
        led_team_rows(scope, Team.township_id, Team.id), reviewed_township_rows(scope, Team.township_id)
    )
    return list(
        db.session.scalars(select(Team).where(Team.active, mine).order_by(Team.township_id, Team.name))
    )
