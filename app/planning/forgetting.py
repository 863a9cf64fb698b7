"""Retention of what was asked of the planner and what it proposed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from app.db import db
from app.planning.models import PlanRun


def forget_runs(township_id: int, before: datetime) -> int:
    gone = delete(PlanRun).where(PlanRun.township_id == township_id, PlanRun.asked_at < before)
    done = db.session.execute(gone.execution_options(synchronize_session=False))
    return int(done.rowcount or 0)  # type: ignore[attr-defined]
