"""Drafts of rules tried on real duties, and points priced again after an approval, with their progress."""

from __future__ import annotations

import logging

from app import clock
from app.areas.models import Area
from app.clock import local_day
from app.db import db
from app.errors import trace_of
from app.incentives.operations import post_span
from app.jobs.queue import BACK_OFF, QUEUE, queue
from app.rulebook import queries, rules, runs, trials
from app.rulebook.models import PolicyChange, PolicyTrial, Repricing

log = logging.getLogger("xunfang.rulebook")


@queue.task(name=runs.TRY, queue=QUEUE, retry=BACK_OFF, lock=runs.TRY)
def try_rules(change_id: int) -> None:
    """Nothing is written but the figures. One that fails says so on the desk and is not tried again by itself."""
    trial = queries.trial_of(change_id)
    begins = runs.begin(trial, clock.now())
    db.session.commit()
    if trial is None or not begins:
        return
    try:
        _try(trial)
        db.session.commit()
    except Exception as error:
        db.session.rollback()
        log.error("a trial of rules failed: %s", trace_of(error))
        runs.fail(queries.trial_of(change_id), clock.now())
        db.session.commit()


def _try(trial: PolicyTrial) -> None:
    change = db.session.get_one(PolicyChange, trial.change_id)
    first, last = rules.span_of(trial.period) or (change.valid_from, change.valid_from)
    townships = queries.townships_of(db.session.get_one(Area, change.area_id))
    made_from, found = runs.made_from(change, trial.period), []
    people = {one.id: len(queries.people_of(one.id, first, last)) for one in townships}
    done = 0
    for township in townships:
        difference = trials.new_difference(township, last)
        found.append(difference)
        for _ in trials.try_on(difference, change, township, first, last):
            done += 1
            runs.advance(trial, done, sum(people.values()))
            db.session.commit()
    trial.made_from = made_from
    runs.finish(trial, trials.told(found), clock.now())


@queue.task(name=runs.REPRICE, queue=QUEUE, retry=BACK_OFF, lock=runs.REPRICE)
def reprice_points(township_id: int, change_id: int) -> None:
    """A transaction a person: who is in the middle of a duty waits for nobody else. Safe to repeat and to kill: what is
    in line already stays."""
    run = queries.repricing_of(township_id, change_id)
    begins = runs.begin(run, clock.now())
    db.session.commit()
    if run is None or not begins:
        return
    try:
        _reprice(run)
        db.session.commit()
    except Exception as error:
        db.session.rollback()
        log.error("pricing again failed: %s", trace_of(error))
        runs.fail(queries.repricing_of(township_id, change_id), clock.now())
        db.session.commit()
        raise


def _reprice(run: Repricing) -> None:
    township, change = (
        db.session.get_one(Area, run.township_id),
        db.session.get_one(PolicyChange, run.change_id),
    )
    first, zone = change.valid_from.replace(day=1), township.time_zone
    last = local_day(clock.now(), zone)
    if run.before is None:
        run.before = [list(row) for row in queries.earned_since(township.id, first)]
    people = queries.people_of(township.id, first, last)
    for n, person_id in enumerate(people, 1):
        post_span(township.id, person_id, first, last, zone, clock.now())
        runs.advance(run, n, len(people))
        db.session.commit()
    after = queries.earned_since(township.id, first)
    found = trials.difference_between(township.id, last, run.before or [], after)
    runs.finish(run, trials.told([found]), clock.now())
