"""Jobs exist only if their transaction commits, are tried five times, and are seen when they fail."""

from __future__ import annotations

import logging
import sys
from itertools import pairwise

import pytest
from sqlalchemy.exc import DBAPIError

from app.db import db
from app.jobs.queries import try_again
from app.jobs.queue import BACK_OFF, enqueue, enqueue_once, queue
from app.jobs.worker import NamesOnly

calls: list[str] = []


@queue.task(name="tests.poison", queue="tests", retry=BACK_OFF)
def poison() -> None:
    calls.append("poison")
    raise RuntimeError("as always")


@queue.task(name="tests.write", queue="tests", retry=BACK_OFF)
def write(word: str) -> None:
    calls.append(word)


@pytest.fixture(autouse=True)
def no_calls():
    calls.clear()


def put(yard, task_name: str) -> None:
    yard.owner.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('tests', %s, %s)",
        [task_name, '{"word": "done"}' if task_name == "tests.write" else "{}"],
    )


def test_what_is_rolled_back_leaves_no_job(yard):
    with yard.app.app_context():
        enqueue("tests.write", word="a")
        db.session.rollback()
        assert yard.jobs() == []
        enqueue("tests.write", word="b")
        assert yard.jobs() == []
        db.session.commit()
    assert yard.jobs("task_name, status::text, args") == [("tests.write", "todo", {"word": "b"})]


def test_a_savepoint_takes_its_job_with_it(yard):
    with yard.app.app_context():
        enqueue("tests.write", word="kept")
        with pytest.raises(RuntimeError), db.session.begin_nested():
            enqueue("tests.write", word="lost")
            raise RuntimeError
        db.session.commit()
    assert yard.jobs("args") == [({"word": "kept"},)]


def test_once_is_once_whatever_became_of_the_first(yard):
    with yard.app.app_context():
        assert enqueue_once("tests.write", word="x") is not None
        assert enqueue_once("tests.write", word="x") is None
        assert enqueue_once("tests.write", word="y") is not None
        db.session.commit()
        yard.owner.execute("UPDATE procrastinate_jobs SET status = 'succeeded'")
        assert enqueue_once("tests.write", word="x") is None


def test_a_job_is_done_once(yard):
    put(yard, "tests.write")
    yard.run_what_is_due("tests")
    yard.run_what_is_due("tests")
    assert calls == ["done"]
    assert ("tests.write", "succeeded", 1) in yard.jobs()


def test_a_poison_job_is_tried_five_times_and_then_seen(yard):
    put(yard, "tests.poison")
    put(yard, "tests.write")
    for _ in range(7):
        yard.run_what_is_due("tests")
    assert calls.count("poison") == 5 and calls.count("done") == 1
    assert ("tests.poison", "failed", 5) in yard.jobs()
    listed = yard.app.test_cli_runner().invoke(args=["jobs"])
    assert listed.exit_code == 1
    assert "tests.poison" in listed.output and "tests.write" not in listed.output


def test_between_two_tries_it_waits_longer_each_time(yard):
    put(yard, "tests.poison")
    waits = []
    for _ in range(4):
        yard.run_what_is_due("tests")
        waits += yard.jobs("round(extract(epoch FROM scheduled_at - now()))::int")[0]
    assert all(0 < a < b for a, b in pairwise(waits))


def test_an_operator_can_have_a_failed_job_tried_again(yard):
    put(yard, "tests.write")
    yard.owner.execute("UPDATE procrastinate_jobs SET status = 'failed', attempts = 5")
    (job_id,) = yard.jobs("id")[0]
    assert yard.app.test_cli_runner().invoke(args=["jobs", "--again", str(job_id)]).exit_code == 0
    yard.run_what_is_due("tests")
    assert calls == ["done"]
    assert yard.app.test_cli_runner().invoke(args=["jobs"]).exit_code == 0


def test_the_application_may_put_jobs_in_and_nothing_else(yard):
    put(yard, "tests.write")
    (job_id,) = yard.jobs("id")[0]
    yard.owner.execute("UPDATE procrastinate_jobs SET status = 'failed'")
    with yard.app.app_context():
        with pytest.raises(DBAPIError, match="permission denied"):
            try_again(job_id)
        db.session.rollback()


def test_a_failing_job_is_logged_without_the_words_of_its_error():
    try:
        raise ValueError("DETAIL: Failing row contains (30.5845)")
    except ValueError:
        record = logging.getLogger("x").makeRecord("x", 40, "f", 1, "job %s failed", ("y",), sys.exc_info())
    assert NamesOnly().filter(record)
    words = logging.Formatter().format(record)
    assert "ValueError" in words and "job y failed" in words and "30.5845" not in words
