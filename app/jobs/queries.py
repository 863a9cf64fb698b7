"""What is asked of the queue's tables: putting a job in, taking up what a dead worker left, listing what failed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from app.db import db

_DEFER = text("""
    SELECT (procrastinate_defer_jobs_v1(ARRAY[ROW(
        :queue, :task, 0, :lock, :queueing_lock, CAST(:args AS jsonb), CAST(:at AS timestamptz)
    )::procrastinate_job_to_defer_v1]))[1]
""")
_KNOWN = text(
    "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE task_name = :task AND args = CAST(:args AS jsonb))"
)
# One statement, so that two workers that see the same dead one never both take its job. A job that keeps killing its
# worker is at its end after as many tries as one that raises.
TAKE_UP = """
    UPDATE procrastinate_jobs j SET
        status = (CASE WHEN attempts + 1 >= %(most)s THEN 'failed' ELSE 'todo' END)::procrastinate_job_status,
        attempts = attempts + 1, worker_id = NULL, scheduled_at = NULL
    WHERE status = 'doing' AND (worker_id IS NULL OR worker_id IN (
        SELECT id FROM procrastinate_workers WHERE last_heartbeat < now() - make_interval(secs => %(silent_s)s)))
    RETURNING id
"""
_JOBS = text("""
    SELECT j.id, j.task_name, j.status::text AS status, j.attempts, j.args, j.scheduled_at,
           (SELECT max(e.at) FROM procrastinate_events e WHERE e.job_id = j.id) AS at
    FROM procrastinate_jobs j WHERE j.status::text = ANY(:statuses) ORDER BY j.id
""")
_AGAIN = text("SELECT procrastinate_retry_job_v2(:id, now(), NULL, NULL, NULL)")
_PARTITIONS = text("SELECT ensure_partitions(:month, :month)")


def add_job(
    task: str,
    args: dict[str, Any],
    queue: str,
    lock: str | None,
    queueing_lock: str | None,
    at: datetime | None,
) -> int:
    values = {
        "task": task,
        "args": json.dumps(args),
        "queue": queue,
        "lock": lock,
        "queueing_lock": queueing_lock,
    }
    return int(db.session.execute(_DEFER, {**values, "at": at}).scalar_one())


def is_known(task: str, args: dict[str, Any]) -> bool:
    """Is there, or was there lately, a job of this task with exactly these arguments?"""
    return bool(db.session.scalar(_KNOWN, {"task": task, "args": json.dumps(args)}))


def jobs_in(statuses: Sequence[str]) -> Sequence[Row[Any]]:
    """id, task_name, status, attempts, args, scheduled_at, at (its last event), oldest first."""
    return db.session.execute(_JOBS, {"statuses": list(statuses)}).all()


def try_again(job_id: int) -> None:
    """A failed job is queued once more; it fails for good at its next error, since its tries are used up."""
    db.session.execute(_AGAIN, {"id": job_id})


def ensure_partitions(month: datetime) -> int:
    """Make the month's partitions that are missing; answers how many."""
    return int(db.session.scalar(_PARTITIONS, {"month": month.date()}) or 0)
