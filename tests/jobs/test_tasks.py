"""What the periodic jobs do, each with the worker's rights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.db import db
from app.duty.models import Assignment, Duty, Shift
from app.field import late
from app.jobs import tasks
from app.jobs.queue import MOST_TRIES, queue
from tests.field.forgetful import what_stays
from tests.field.test_sync import patrol

SHANGHAI_3_AM = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)


def nights(yard) -> list[dict[str, str]]:
    return [row[0] for row in yard.jobs("args, task_name") if row[1] == "forget"]


def at_night(yard, at, instant: datetime) -> None:
    at(instant)
    with yard.worker.app_context():
        tasks.night.func(0)


def test_each_job_is_tried_five_times_at_most_and_runs_alone():
    # The library's own, and what tests put in the same queue, are not ours.
    ours = [task for task in queue.tasks.values() if task.func.__module__.startswith("app.jobs")]
    assert {task.name for task in ours} >= {
        "retry_failed",
        "close_forgotten",
        "settle_late",
        "night",
        "forget",
    }
    for task in ours:
        assert task.retry_strategy.max_attempts == MOST_TRIES - 1
        # An alarm's jobs take a lock of their own in the database, one for each alarm.
        assert task.lock or task.queueing_lock or task.name == "alarm_work"


def test_retention_comes_once_a_night_from_three_in_the_morning_there(yard, at):
    at_night(yard, at, SHANGHAI_3_AM - timedelta(minutes=1))
    assert nights(yard) == []
    at_night(yard, at, SHANGHAI_3_AM + timedelta(minutes=12))
    at_night(yard, at, SHANGHAI_3_AM + timedelta(hours=1))
    assert nights(yard) == [{"zone": "Asia/Shanghai", "day": "2026-11-25"}]


def test_a_night_that_was_slept_through_is_made_up_for(yard, at):
    at_night(yard, at, SHANGHAI_3_AM + timedelta(hours=9))
    assert len(nights(yard)) == 1
    at_night(yard, at, SHANGHAI_3_AM + timedelta(hours=24))
    assert [night["day"] for night in nights(yard)] == ["2026-11-25", "2026-11-26"]


def test_the_nightly_job_forgets_with_the_rights_of_retention(yard, at):
    now = at(SHANGHAI_3_AM)
    yard.owner.execute(
        "INSERT INTO rate_counts (key, window_at) VALUES ('old', %s)", [now - timedelta(days=3)]
    )
    at_night(yard, at, now + timedelta(minutes=1))
    yard.run_what_is_due("default")
    assert {row for row in yard.jobs() if row[0] == "forget"} == {("forget", "succeeded", 1)}
    assert yard.owner.execute("SELECT count(*) FROM rate_counts WHERE key = 'old'").fetchone() == (0,)


def test_a_duty_is_settled_once_more_after_72_hours(people, as_person, sync, phone, at):
    sync(as_person(people.member), patrol(phone, people), people.shift.starts_at + timedelta(minutes=61))
    ended = people.shift.starts_at + timedelta(hours=1)
    assert late.due(ended + timedelta(hours=71), 10) == []
    before = what_stays()
    now = at(ended + timedelta(hours=73))
    assert len(late.due(now, 10)) == 1
    tasks.settle_late.func(0)
    assert late.due(now, 10) == [] and what_stays() == before
    assert late.due(now + timedelta(days=90), 10) == []


def test_no_shows_and_months_that_are_over_are_found_with_the_workers_rights(yard, at):
    with yard.app.app_context():
        shift = db.session.scalars(db.select(Shift).order_by(Shift.id)).first()
        town, ends_at = shift.township_id, shift.ends_at
        phone_free = attendance(shift)
        db.session.commit()
    for now in (ends_at + timedelta(hours=73), datetime(2026, 12, 2, tzinfo=UTC)):
        at(now)
        with yard.worker.app_context():
            tasks.price_rows.func(0)
            tasks.price_rows.func(0)
    missed = yard.owner.execute(
        "SELECT person_id FROM no_shows WHERE shift_id = %s", [shift_id_of(yard)]
    ).fetchall()
    assert len(missed) == 1 and (phone_free,) not in missed
    over = yard.owner.execute(
        "SELECT month::text FROM ended_months WHERE township_id = %s", [town]
    ).fetchall()
    assert over == [("2026-11-01",)]


def attendance(shift) -> int:
    """One of the crew was there, as the leader entered it: the person's id. The other was not."""
    person_id = db.session.scalars(
        db.select(Assignment.person_id).where(Assignment.shift_id == shift.id).order_by(Assignment.person_id)
    ).first()
    db.session.add(
        Duty(
            township_id=shift.township_id, shift_id=shift.id, person_id=person_id, team_id=shift.team_id, day=shift.day,
            on_roster=True, state="attended", started_at=shift.starts_at, ended_at=shift.ends_at, worked_s=3600,
        )
    )  # fmt: skip
    return person_id


def shift_id_of(yard) -> int:
    return yard.owner.execute("SELECT min(id) FROM shifts").fetchone()[0]


def test_one_that_fails_holds_back_no_other_and_is_seen(people):
    done = []

    def act(thing: int) -> None:
        if thing == 2:
            raise ValueError("as always")
        done.append(thing)

    with pytest.raises(ValueError, match="as always"):
        tasks._one_by_one([1, 2, 3], act)
    assert done == [1, 3]


def test_a_month_whose_ids_are_in_the_default_holds_back_no_other(yard, at):
    """A phone with a wrong clock sent ids of a month that has no partition yet."""
    now = at(datetime(2029, 3, 15, tzinfo=UTC))
    with yard.owner.transaction():
        yard.owner.execute(
            "INSERT INTO audits (township_id, id, at, action, object_kind, object_id) VALUES (1, "
            "overlay(uuid7_floor('2029-06-10')::text placing '7' from 15 for 1)::uuid, now(), 'x', 'x', 'x')"
        )
    with yard.worker.app_context(), pytest.raises(Exception, match="would be violated"):
        tasks.make_partitions.func(now.date().isoformat())
    made = {
        row[0]
        for row in yard.owner.execute(
            "SELECT relname::text FROM pg_class WHERE relname ~ '_p20(29|3)'"
        ).fetchall()
    }
    assert {"audits_p202903", "audits_p202905", "audits_p202907", "segments_p203103"} <= made
    assert "audits_p202906" not in made
