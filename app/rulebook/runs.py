"""Drafts tried on real duties, and open months priced again after an approval: asked here, done by the worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import null

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas.models import Area
from app.clock import local_day
from app.db import db
from app.errors import Conflict, DomainError, FieldError
from app.hotspots.queries import defer
from app.rulebook import queries, rules
from app.rulebook.models import PolicyChange, PolicyTrial, Repricing

TRY, REPRICE = "try_rules", "reprice_points"
Run = PolicyTrial | Repricing


def ask_trial(person: Person, change: PolicyChange, period: str, now: datetime) -> PolicyTrial:
    """Try a draft of the point rules on a past span. Asking again replaces the answer; while one runs it is the one."""
    if change.topic != "incentives" or change.kind != "numbers":
        raise DomainError("rule_no_trial")
    area = db.session.get_one(Area, change.area_id)
    if period not in rules.periods_before(local_day(now, area.time_zone)):
        raise DomainError("invalid", [FieldError("/period", "field_invalid")])
    if change.state != "proposed":
        raise Conflict("rule_decided")
    trial = queries.trial_of(change.id)
    if trial is not None and trial.state in ("queued", "running"):
        return trial
    trial = _queued(trial or PolicyTrial(change_id=change.id), person, period, now)
    defer(TRY, change_id=change.id)
    record_audit(change.area_id, person.id, "rules.try", "policy_change", change.id, now, period=period)
    return trial


def _queued(trial: PolicyTrial, person: Person, period: str, now: datetime) -> PolicyTrial:
    with db.session.no_autoflush:
        trial.asked_by, trial.asked_at, trial.started_at, trial.ended_at = person.id, now, None, None
        trial.period, trial.state, trial.progress = period, "queued", 0
        # SQL's NULL, not JSON's.
        trial.result, trial.made_from = cast(Any, null()), cast(Any, null())
        db.session.add(trial)
    db.session.flush()
    return trial


def ask_repricing(change: PolicyChange, townships: Sequence[Area], now: datetime) -> None:
    """Where the draft's first day has come already, what was earned since is priced again."""
    for township in townships:
        if change.valid_from <= local_day(now, township.time_zone):
            db.session.add(
                Repricing(township_id=township.id, change_id=change.id, state="queued", asked_at=now)
            )
            db.session.flush()
            defer(REPRICE, township_id=township.id, change_id=change.id)


# --- the worker's part --------------------------------------------------------------------------------------------


def begin(run: Run | None, now: datetime) -> bool:
    """Whether there is something to do. A run whose worker died begins anew; pricing again is tried again."""
    over = ("done", "failed") if isinstance(run, PolicyTrial) else ("done",)
    if run is None or run.state in over:
        return False
    run.state, run.progress, run.started_at = "running", 0, now
    db.session.flush()
    return True


def advance(run: Run, done: int, of: int) -> None:
    run.progress = min(99, 100 * done // max(1, of))
    db.session.flush()


def finish(run: Run, result: dict[str, Any], now: datetime) -> None:
    run.state, run.progress, run.result, run.ended_at = "done", 100, result, now
    db.session.flush()


def fail(run: Run | None, now: datetime) -> None:
    if run is not None:
        run.state, run.ended_at = "failed", now
        db.session.flush()


def made_from(change: PolicyChange, period: str) -> dict[str, Any]:
    """What a trial hangs on: the versions of the numbers, the finished duties, and what was posted for the span, which
    tells what changed beside duties. Compared, never read."""
    first, last = rules.span_of(period) or (date.min, date.min)
    townships = queries.townships_of(db.session.get_one(Area, change.area_id))
    ids = [one.id for one in townships]
    known, posted = queries.known_of(ids, first, last), queries.posted_for(ids, first, last)
    versions = sorted(v.id for v in queries.versions_of({change.area_id, *ids}, change.topic))
    found = {str(i): [*known.get(i, (0, 0)), posted.get(i, 0)] for i in ids}
    return {"versions": versions, **found}


def is_stale(change: PolicyChange, trial: PolicyTrial) -> bool:
    """Duties or rules have changed since it was tried."""
    return trial.state == "done" and trial.made_from != made_from(change, trial.period)


def months_from(first: date, last: date) -> list[date]:
    """First days of the months from one day's to another's."""
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    return found
