"""The process that runs jobs: keeps its lease by a heartbeat, takes up what a dead worker left, stops gracefully."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable
from typing import Any

from flask import Flask
from procrastinate import App, PsycopgConnector
from sqlalchemy.engine import make_url

from app.alarms.queries import QUEUE as ALARMS
from app.db import db
from app.errors import trace_of
from app.jobs.queries import TAKE_UP
from app.jobs.queue import MOST_TRIES, QUEUE, queue

log = logging.getLogger("xunfang.worker")
# A nightly job may take minutes; the ones of every minute don't wait for it.
JOBS_AT_ONCE = 2
LONGEST_WAIT_S = 30.0


def run(app: Flask, database_url: str, silent_s: float) -> None:
    """Work until SIGTERM or SIGINT; then end the jobs that run, take no new ones, and return.

    A worker that was silent for `silent_s` seconds is taken for dead: its jobs are begun again.
    """
    asyncio.run(_live(app, database_url, silent_s))


async def _live(app: Flask, database_url: str, silent_s: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    wait_s = 1.0
    while not stop.is_set():
        try:
            await _work(app, database_url, silent_s, stop)
            wait_s = 1.0
        except Exception as error:  # the database was away: come back, as phones do
            log.warning("the queue cannot be reached: %s", type(error).__name__)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait_s)


async def _work(app: Flask, database_url: str, silent_s: float, stop: asyncio.Event) -> None:
    with queue.replace_connector(connector_for(database_url)):
        async with queue.open_async():
            await take_up(queue, silent_s)
            # Calls for help have a worker of their own in this process: no long job holds them back.
            workers = [
                asyncio.create_task(
                    queue.run_worker_async(
                        name=f"xunfang {name}", queues=[name], concurrency=JOBS_AT_ONCE, install_signal_handlers=False,
                        update_heartbeat_interval=silent_s / 3, stalled_worker_timeout=silent_s,
                        task_middleware=[in_app_context(app)], fetch_job_polling_interval=poll_s,
                    )
                )
                for name, poll_s in ((QUEUE, 5.0), (ALARMS, 1.0))
            ]  # fmt: skip
            helpers = [asyncio.create_task(stop.wait()), asyncio.create_task(_keep_taking_up(silent_s))]
            log.info("the worker is ready")
            await asyncio.wait([*workers, helpers[0]], return_when=asyncio.FIRST_COMPLETED)
            for task in (*helpers, *workers):
                task.cancel()  # the workers then end the jobs that run, and take no new ones
            await asyncio.gather(*workers, return_exceptions=True)
            for task in workers:
                if not task.cancelled() and task.exception() is not None:
                    raise task.exception()  # type: ignore[misc]


class NamesOnly(logging.Filter):
    """An error is logged by its type and place: its words may quote a row, and a row says where somebody was."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            record.msg, record.args = f"{record.getMessage()}: {trace_of(error)}", ()
            record.exc_info = record.exc_text = None
        return True


def connector_for(database_url: str) -> PsycopgConnector:
    """psycopg takes the same address as SQLAlchemy, without the driver's name."""
    url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    return PsycopgConnector(conninfo=url, min_size=1, max_size=8)


def in_app_context(app: Flask) -> Callable[..., Any]:
    """Each job has an application context, and with it a database session, of its own."""

    def run_in_context(call_next: Callable[[], Any], context: Any, worker: Any) -> Any:
        with app.app_context():
            try:
                return call_next()
            finally:
                db.session.remove()

    return run_in_context


async def _keep_taking_up(silent_s: float) -> None:
    while True:
        await asyncio.sleep(silent_s / 2)
        try:
            await take_up(queue, silent_s)
        except Exception as error:
            log.warning("cannot look for dead workers: %s", type(error).__name__)


async def take_up(app: App, silent_s: float) -> list[int]:
    """Dead workers' jobs go back into the queue, or fail when their tries are used up; answers their ids."""
    rows = await app.connector.execute_query_all_async(TAKE_UP, most=MOST_TRIES, silent_s=silent_s)
    taken = [int(row["id"]) for row in rows]
    if taken:
        log.warning("jobs of a worker that is gone are taken up: %s", taken)
    return taken
