"""Looking for what a person should look at: every night over the month that runs, and over the last one until it is
settled. Nothing follows but a line on the page of checks."""

from __future__ import annotations

import logging
from datetime import date, time
from zoneinfo import ZoneInfo

from app import clock
from app.db import db
from app.fairness import operations, queries
from app.fairness.months import months_before
from app.jobs.queue import BACK_OFF, QUEUE, enqueue_once, queue
from app.jobs.tasks import every

log = logging.getLogger("xunfang.jobs")
# After the night's forgetting has begun, before anybody is up.
FROM = time(4)
# What came late is settled 72 h after a duty; then the month before is left alone.
LAST_MONTH_UNTIL_DAY = 7


@every("27 * * * *", "fairness_night")
def fairness_night(timestamp: int) -> None:
    """From 04:00 in the township's zone on, once a day; one that was slept through is made up for later in the day."""
    now = clock.now()
    for township_id, zone in queries.townships():
        there = now.astimezone(ZoneInfo(zone))
        if there.time() >= FROM:
            enqueue_once("look_for_flags", township_id=township_id, day=there.date().isoformat())
    db.session.commit()


@queue.task(name="look_for_flags", queue=QUEUE, retry=BACK_OFF, lock="look_for_flags")
def look_for_flags(township_id: int, day: str) -> None:
    """A transaction a month, safe to repeat."""
    today = date.fromisoformat(day)
    for month in months_before(today, 2 if today.day <= LAST_MONTH_UNTIL_DAY else 1):
        found = operations.look(township_id, month, clock.now())
        db.session.commit()
        log.info("checks of %s in township %s: %s to look at", month, township_id, found)
