"""Retention of what was searched and proposed; a hotspot and the proposal that became it stay."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete

from app.db import db
from app.hotspots.models import AnalysisRun, HotspotProposal


def forget_runs(township_id: int, before: datetime) -> int:
    return _gone(
        delete(AnalysisRun).where(AnalysisRun.township_id == township_id, AnalysisRun.asked_at < before)
    )


def forget_proposals(township_id: int, before: datetime) -> int:
    """Those that became nothing."""
    old = and_(HotspotProposal.township_id == township_id, HotspotProposal.found_at < before)
    return _gone(delete(HotspotProposal).where(old, HotspotProposal.state != "approved"))


def _gone(statement: Any) -> int:
    done = db.session.execute(statement.execution_options(synchronize_session=False))
    return int(done.rowcount or 0)  # type: ignore[attr-defined]
