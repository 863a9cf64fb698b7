"""Faults that the server survives: the same ids from many sides at once, killed workers, killed database backends."""

from __future__ import annotations

import os
import signal
import threading
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import func, select

from app.accounts.models import Person
from app.checkins.models import Checkin
from app.db import db
from app.duty.models import Shift
from app.field.models import InboxItem, ItemState
from app.incentives.models import PointEntry
from app.routes.models import Checkpoint
from tests.browserless import Browser
from tests.databases import admin_connection
from tests.phone import Phone


@pytest.fixture
def outing(live):
    """A patrol of 120 check-ins by a phone of its own: start, check-ins, end; batches of 25."""
    now = datetime.now(UTC)
    with live.app.app_context():
        shift = db.session.scalar(select(Shift).where(Shift.id == live.ids["shift"]))
        points = db.session.scalars(
            select(Checkpoint.id)
            .where(Checkpoint.route_version_id == live.ids["route"])
            .order_by(Checkpoint.seq)
        ).all()
        phone = Phone(db.session.get(Person, live.ids["mate"]), now)
        began = now - timedelta(minutes=9)
        items = [phone.start(shift, began)]
        for n in range(120):
            items.append(
                phone.checkin(shift, points[0], 100 + n % 7, 500 + n % 5, began + timedelta(seconds=4 * n))
            )
        items.append(phone.end(shift, now))
    return [{"sent_at": now.isoformat(), "items": items[n : n + 25]} for n in range(0, len(items), 25)]


def counts(live, batches):
    ids = [item["id"] for batch in batches for item in batch["items"]]
    with live.app.app_context():
        found = {
            "inbox": db.session.scalar(select(func.count()).where(InboxItem.id.in_(ids))),
            "states": db.session.scalar(select(func.count()).where(ItemState.id.in_(ids))),
            "checkins": db.session.scalar(select(func.count()).where(Checkin.id.in_(ids))),
            "held": db.session.scalar(
                select(func.count()).where(ItemState.id.in_(ids), ItemState.result == "held")
            ),
            "points": points_of(live.ids["mate"]),
        }
        db.session.remove()
    return found


def points_of(person_id):
    """Net half points, and whether any posting stands twice."""
    rows = db.session.scalars(select(PointEntry).where(PointEntry.person_id == person_id)).all()
    reversed_ids = {r.reverses_id for r in rows if r.reverses_id}
    standing = [(r.rule, r.cause) for r in rows if r.reverses_id is None and r.id not in reversed_ids]
    assert len(standing) == len(set(standing))
    net = sum(r.amount_half if r.credit_account.startswith("person") else -r.amount_half for r in rows)
    assert net == sum(r.amount_half for r in rows if r.reverses_id is None and r.id not in reversed_ids)
    return net


EXPECTED = {"inbox": 122, "states": 122, "checkins": 120, "held": 0}


def test_eight_senders_of_the_same_ids_at_once_make_one_row_each(live, outing):
    browsers = [Browser(live.url) for _ in range(8)]
    for browser in browsers:
        browser.sign_in("mate")
    barrier = threading.Barrier(len(browsers), timeout=60)  # one that fails takes the others along
    results = []

    def send(browser):
        for batch in outing:
            barrier.wait()
            results.extend(browser.sync_until_answered(batch))

    threads = [threading.Thread(target=send, args=(b,)) for b in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8 * 122
    stored = [r for r in results if r["result"] != "duplicate"]
    assert len({r["id"] for r in stored}) == len(stored) == 122
    found = counts(live, outing)
    assert {k: found[k] for k in EXPECTED} == EXPECTED


def test_workers_killed_while_sending_lose_and_double_nothing(live, outing):
    browser = Browser(live.url)
    browser.sign_in("mate")
    stop = threading.Event()

    def reaper():
        for _ in range(3):
            if stop.wait(0.5):
                return
            for pid in worker_pids(live.process.pid):
                os.kill(pid, signal.SIGKILL)
            while not stop.wait(0.2) and not is_up(live.url):
                pass

    killer = threading.Thread(target=reaper)
    killer.start()
    try:
        for batch in outing:
            for part in (batch["items"][:12], batch["items"][12:]):
                if part:
                    browser.sync_until_answered({**batch, "items": part})
    finally:
        stop.set()
        killer.join()
    again = [r for batch in outing for r in browser.sync_until_answered(batch)]
    assert {r["result"] for r in again} == {"duplicate"}
    found = counts(live, outing)
    assert {k: found[k] for k in EXPECTED} == EXPECTED


def is_up(url: str) -> bool:
    try:
        return Browser(url).call("GET", "/healthz")[0] == 200
    except OSError:
        return False


def worker_pids(master: int) -> list[int]:
    with open(f"/proc/{master}/task/{master}/children") as children:
        return [int(pid) for pid in children.read().split()]


def test_database_connections_cut_while_sending_lose_and_double_nothing(live, outing):
    browser = Browser(live.url)
    browser.sign_in("mate")
    stop = threading.Event()
    killer = threading.Thread(target=cut_connections, args=(live.database, stop))
    killer.start()
    try:
        for batch in outing:
            browser.sync_until_answered(batch)
    finally:
        stop.set()
        killer.join()
    again = [r for batch in outing for r in browser.sync_until_answered(batch)]
    assert {r["result"] for r in again} == {"duplicate"}
    found = counts(live, outing)
    assert {k: found[k] for k in EXPECTED} == EXPECTED


def cut_connections(database: str, stop: threading.Event) -> None:
    with admin_connection() as admin:
        for _ in range(6):
            if stop.wait(0.4):
                return
            try:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = %s AND usename = 'xunfang_app'",
                    [database],
                )
            except psycopg.Error:
                time.sleep(0.1)


def test_the_whole_server_killed_and_started_again_knows_what_it_said(live, outing):
    browser = Browser(live.url)
    browser.sign_in("mate")
    first = browser.sync_until_answered(outing[0])
    live.kill()
    live.start()
    again = browser.sync_until_answered(outing[0])
    assert [r["id"] for r in again] == [r["id"] for r in first]
    assert {r["result"] for r in again} == {"duplicate"}
