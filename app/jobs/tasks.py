"""What each job does. Every one is safe to repeat and to kill: it commits in portions, and begins where it stopped.

The periodic ones hold a lock of their own name, so that no two of a kind run at once on any number of workers, and a
queueing lock, so that a worker that was away finds one waiting and not a hundred.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy.exc import DBAPIError

from app import clock, create_app
from app.db import db
from app.duty.queries import forgotten_duties
from app.errors import trace_of
from app.field import late, operations, retention, settling
from app.incentives import no_shows
from app.incidents.forgetting import sweep
from app.jobs import queries
from app.jobs.queue import BACK_OFF, QUEUE, enqueue_once, queue
from app.loggers import operations as loggers

log = logging.getLogger("xunfang.jobs")
FORGOTTEN_AFTER = timedelta(minutes=60)
NIGHT = time(3)
MONTHS_AHEAD = 24
LATE_AT_ONCE = 200

Job = Callable[..., Any]


def every(cron: str, name: str) -> Callable[[Job], Any]:
    """A periodic task; cron in UTC."""

    def register(job: Job) -> Any:
        task = queue.task(name=name, queue=QUEUE, retry=BACK_OFF, lock=name, queueing_lock=name)(job)
        return queue.periodic(cron=cron)(task)

    return register


@every("* * * * *", "retry_failed")
def retry_failed(timestamp: int) -> None:
    """Items whose judging failed are tried again, five times at most; then a person sees them."""
    operations.retry_failed(clock.now())
    db.session.commit()


@every("* * * * *", "pack_loggers")
def pack_loggers(timestamp: int) -> None:
    """What native loggers sent becomes part of the track, also where too little came to make a segment at once."""
    now = clock.now()
    _one_by_one(loggers.waiting_for_long(now), lambda key: loggers.pack(*key, now))


@every("*/5 * * * *", "close_forgotten")
def close_forgotten(timestamp: int) -> None:
    """A duty without an end is closed an hour after its shift."""
    now = clock.now()
    keys = [settling.DutyKey(*row) for row in forgotten_duties(now, FORGOTTEN_AFTER)]
    _one_by_one(keys, lambda key: settling.settle(key, now))


@every("7 * * * *", "settle_late")
def settle_late(timestamp: int) -> None:
    """What depends on others is settled once more 72 h after the duty's end."""
    now = clock.now()
    _one_by_one(late.due(now, LATE_AT_ONCE), lambda key: late.settle(key[0], key[1], now))


@every("22 * * * *", "price_rows")
def price_rows(timestamp: int) -> None:
    """Who did not come without a word, 72 h after the shift; and the on-time bonus of months that are over."""
    now = clock.now()
    _one_by_one(no_shows.due(now, LATE_AT_ONCE), lambda one: no_shows.record(one, now))
    _one_by_one(no_shows.months_over(now), lambda key: no_shows.end_month(*key, now))


@every("12 * * * *", "night")
def night(timestamp: int) -> None:
    """From 03:00 in the area's zone on, once a day; a night that was slept through is made up for later in the day."""
    now = clock.now()
    for zone in retention.zones():
        there = now.astimezone(ZoneInfo(zone))
        if there.time() >= NIGHT:
            enqueue_once("forget", zone=zone, day=there.date().isoformat())
    enqueue_once("make_partitions", day=now.date().isoformat())
    db.session.commit()


@queue.task(name="forget", queue=QUEUE, retry=BACK_OFF, lock="forget")
def forget(zone: str, day: str) -> None:
    """Retention in the townships of a zone, with the rights of the retention role and no others."""
    settings = current_app.extensions["settings"]
    narrow = create_app(replace(settings, database_url=settings.retention_database_url))
    with narrow.app_context():
        try:
            counts = retention.run(clock.now(), db.session.commit, zone)
            counts["files"] = sweep(settings.media, clock.now())
            log.info("retention of %s in %s: %s", day, zone, counts)
        finally:
            db.session.remove()
            db.engine.dispose()


@queue.task(name="make_partitions", queue=QUEUE, retry=BACK_OFF, lock="make_partitions")
def make_partitions(day: str) -> None:
    """Month by month: one that cannot be made, because the default holds ids of it, keeps back no other."""
    first = clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months = [_months_later(first, n) for n in range(MONTHS_AHEAD + 1)]
    _one_by_one(months, queries.ensure_partitions)


def _months_later(first: datetime, n: int) -> datetime:
    years, month = divmod(first.month - 1 + n, 12)
    return first.replace(year=first.year + years, month=month + 1)


@queue.periodic(cron="42 19 * * *")
@queue.task(name="forget_jobs", queue=QUEUE, retry=BACK_OFF, queueing_lock="forget_jobs")
async def forget_jobs(timestamp: int) -> None:
    """Jobs that are done go by the retention table."""
    manager = queue.job_manager
    await manager.delete_old_jobs(nb_hours=24 * (retention.JOBS.days or 0))
    await manager.delete_old_jobs(
        nb_hours=24 * (retention.FAILED_JOBS.days or 0),
        include_failed=True, include_cancelled=True, include_aborted=True,
    )  # fmt: skip


def _one_by_one(things: Iterable[Any], act: Callable[[Any], Any]) -> None:
    """A transaction each. One that fails holds back no other, and fails the job at the end, so that it is seen."""
    failed: list[Exception] = []
    for thing in things:
        try:
            act(thing)
            db.session.commit()
        except Exception as error:
            db.session.rollback()
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise
            log.error("failed for %s: %s", thing, trace_of(error))
            failed.append(error)
    if failed:
        raise failed[0]
