"""The queue, which lives in PostgreSQL: jobs go in inside the caller's transaction and run in a process of their own.

A job exists only if the transaction that asked for it commits. Its arguments are ids and dates, never a position.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from procrastinate import App, RetryStrategy
from procrastinate.testing import InMemoryConnector

from app.jobs import queries

MOST_TRIES = 5
# 5, 25, 125 and 625 s before the second, third, fourth and fifth try.
BACK_OFF = RetryStrategy(max_attempts=MOST_TRIES - 1, exponential_wait=5)
QUEUE = "default"

# The worker gives it the database; until then it only knows its tasks.
queue = App(
    connector=InMemoryConnector(),
    import_paths=[
        "app.jobs.tasks",
        "app.jobs.alarms",
        "app.jobs.fairness",
        "app.jobs.hotspots",
        "app.jobs.monthly",
        "app.jobs.plans",
        "app.jobs.rulebook",
        "app.jobs.redemption",
    ],
)


def enqueue(task_name: str, *, at: datetime | None = None, lock: str | None = None, **args: Any) -> int:
    """Put a job in, on the session's own connection; answers its id. `at`: not before. Jobs of one `lock` run one
    after the other. Flushes, never commits."""
    return queries.add_job(task_name, args, QUEUE, lock, None, at)


def enqueue_once(task_name: str, *, lock: str | None = None, **args: Any) -> int | None:
    """The same, unless a job of this task with these arguments is known already (finished ones stay a week)."""
    if queries.is_known(task_name, args):
        return None
    return enqueue(task_name, lock=lock, **args)
