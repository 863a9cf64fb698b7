"""Telling people about alarms. The jobs of an alarm were put in with it; the one of every minute catches up.

They have a queue of their own in the worker, so that no long job of the night holds a call for help back.
"""

from __future__ import annotations

import logging
from uuid import UUID

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from app import clock
from app.alarms import delivery, queries
from app.alarms.models import Alarm
from app.alarms.push import forget_address
from app.alarms.senders import Message, Sender, Undelivered, WebPush, text_senders
from app.config import Settings
from app.db import db
from app.errors import trace_of
from app.field import watching
from app.jobs.queue import BACK_OFF, queue
from app.jobs.tasks import _one_by_one

log = logging.getLogger("xunfang.jobs")
WORK = "alarm_work"


@queue.task(name=WORK, queue=queries.QUEUE, retry=BACK_OFF)
def alarm_work(township_id: int, alarm_id: str) -> None:
    """What is due for one alarm now: its stage, and everybody who has not been told."""
    work_on(township_id, UUID(alarm_id))


@queue.periodic(cron="* * * * *")
@queue.task(
    name="alarm_round", queue=queries.QUEUE, retry=BACK_OFF, lock="alarm_round", queueing_lock="alarm_round"
)
def alarm_round(timestamp: int) -> None:
    """Every minute: lone members who did not answer, and whatever a killed worker left untold."""
    now = clock.now()
    _one_by_one(watching.unanswered(), lambda duty: watching.end_if_heard(duty, now))
    _one_by_one(watching.overdue(now), lambda lone: watching.raise_for(lone, now))
    _one_by_one(queries.waiting_alarms(), lambda key: work_on(*key))


def work_on(township_id: int, alarm_id: UUID) -> None:
    """Commits after every message, so that what was told is known to have been told. One worker at a time; who comes
    meanwhile finds it taken, so that one looks again when more is due by then."""
    with queries.alone(alarm_id) as is_mine:
        while is_mine:
            began = clock.now()
            is_open = tell_stage(township_id, alarm_id)
            if not is_open or not delivery.is_more_due(township_id, alarm_id, began, clock.now()):
                return


def tell_stage(township_id: int, alarm_id: UUID) -> bool:
    """Everybody who is to be told at the stage that is due now; False when somebody has taken it."""
    alarm = delivery.advance(township_id, alarm_id, clock.now())
    db.session.commit()
    if alarm is None:
        return False
    settings: Settings = current_app.extensions["settings"]
    senders = text_senders(settings.channels)
    ways = [delivery.Way(one.code, one.personal) for one in senders]
    errands = delivery.errands_for(alarm, ways, clock.now())
    db.session.commit()
    for errand in errands:
        if not delivery.is_open(township_id, alarm_id):
            return False
        code = carry(alarm, errand, settings, senders)
        delivery.record(alarm, errand, code, clock.now())
        db.session.commit()
    return True


def carry(
    alarm: Alarm, errand: delivery.Errand, settings: Settings, senders: list[Sender]
) -> str | None:  # fmt: skip
    """Send one message; None when it is delivered, else the code of why not."""
    message = words_of(alarm, errand, settings)
    try:
        if errand.address is not None:
            WebPush(settings).send(errand.address, message)
        else:
            next(one for one in senders if one.code == errand.channel).send(message)
    except Undelivered as error:
        log.warning("alarm not told by %s: %s", errand.channel, error.code)
        if error.code == "gone" and errand.address is not None:
            forget_address(errand.address.id)
        return error.code
    except Exception as error:  # whatever is wrong with one channel, the others are still told
        log.error("alarm not told by %s: %s", errand.channel, trace_of(error))
        return "broken"
    return None


def words_of(alarm: Alarm, errand: delivery.Errand, settings: Settings) -> Message:
    """Who and since when, never where: that stands on the page behind the link."""
    to = errand.person_id
    login, language = queries.logins_of([to])[to] if to is not None else ("", "zh")
    name = queries.names_of([alarm.person_id]).get(alarm.person_id, "")
    kind = "drill" if alarm.test else alarm.kind
    with force_locale(language):
        title, body = _(f"alarm.message.{kind}.title"), _(f"alarm.message.{kind}.body", name=name)
    return Message(
        str(alarm.id), kind, title, body, f"{settings.public_url}/desk/alarms/{alarm.id}", login, clock.now()
    )
