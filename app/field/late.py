"""Settling once more, 72 h after a duty's end, what depends on what others did ("since anybody's last visit").

The audit is the marker: its line and the settlement are one transaction, so that each duty is done once, whatever
happens to the worker. What comes later than that is settled when it comes (app/incentives/operations.py, `settle`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, cast, exists, select

from app.accounts.models import Audit
from app.accounts.operations import record_audit
from app.db import db
from app.duty.models import Duty
from app.field import operations
from app.incentives.rules import SETTLES_AFTER

AFTER = SETTLES_AFTER
# Phones may be away for 90 days; older duties than these are not looked at any more.
LOOK_BACK = timedelta(days=100)
ACTION = "duty.settled_late"


def due(now: datetime, limit: int) -> list[tuple[int, int]]:
    """(township, duty) of ended duties that wait for their late settlement, the oldest first."""
    done = exists().where(
        Audit.township_id == Duty.township_id, Audit.object_kind == "duty",
        Audit.object_id == cast(Duty.id, String), Audit.action == ACTION,
    )  # fmt: skip
    rows = db.session.execute(
        select(Duty.township_id, Duty.id)
        .where(
            Duty.state.in_(["ended", "attended"]), Duty.day >= (now - LOOK_BACK).date(), Duty.ended_at <= now - AFTER,
            ~done,
        )
        .order_by(Duty.ended_at)
        .limit(limit)
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def settle(township_id: int, duty_id: int, now: datetime) -> None:
    operations.settle_duty(township_id, duty_id, now)
    record_audit(township_id, None, ACTION, "duty", duty_id, now)
