"""What the tests of a call for help share: making one, seeing how far it is, what the server has of it."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page
from sqlalchemy import select

from app import clock
from app.accounts.models import Person
from app.alarms import operations as alarms
from app.alarms import pins
from app.alarms.models import Alarm
from app.db import db
from app.teams.scope import scope_of
from tests.browser.phone_page import (
    Handset,
    inbox,
    new_member,
    nothing_lost,
)
from tests.browser.test_phone_pages import signed_in

PIN, SECOND, WRONG = "1357", "2468", "9999"

# The worker would send as well, and its requests pass by no route of the test's.
NO_WORKER_SYNC = "delete ServiceWorkerRegistration.prototype.sync; delete window.SyncManager;"


def on_duty(handset: Handset, live: Any, name: str) -> int:
    login, person = new_member(live, name)
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    return person


def confirm(page: Page) -> None:
    page.click("[data-name=sos-key]")
    page.click("[data-name=sos-yes]")
    page.wait_for_selector("[data-name=sos-stop]")


def see(page: Page, step: str) -> None:
    page.wait_for_selector(f"[data-name=sos][data-step={step}]", timeout=40_000)


def calls_of(live: Any, person_id: int, kind: str = "sos") -> list[Alarm]:
    with live.app.app_context():
        rows = list(db.session.scalars(select(Alarm).where(Alarm.person_id == person_id, Alarm.kind == kind)))
        db.session.expunge_all()
        db.session.remove()
        return rows


def take_it(live: Any, alarm_id: Any) -> None:
    """The team's leader says: I take it."""
    with live.app.app_context():
        leader = db.session.get(Person, live.ids["leader"])
        assert leader is not None
        alarms.acknowledge(leader, scope_of(leader), alarm_id, clock.now())
        db.session.commit()
        db.session.remove()


def with_pins(live: Any, person_id: int) -> None:
    with live.app.app_context():
        person = db.session.get(Person, person_id)
        assert person is not None
        pins.set_pins(person, PIN, SECOND, clock.now())
        db.session.commit()
        db.session.remove()


def type_pin(page: Page, pin: str) -> None:
    for digit in pin:
        page.click(f"[data-digit='{digit}']")
    page.click("[data-name=pin-done]")


def one_call(live: Any, handset: Handset, person: int) -> Alarm:
    """Exactly one, on the server and on the phone, and everything else arrived too."""
    found = calls_of(live, person)
    assert len(found) == 1
    assert [str(r.id) for r in inbox(live, person, "sos")] == [str(found[0].id)]
    # A piece of the track that met no server waits longer before its next try than a call for help does.
    handset.page.evaluate("() => dispatchEvent(new Event('online'))")
    handset.wait_sent()
    nothing_lost(handset, live, person)
    return found[0]


STORES = ["items", "meta", "plan", "receipts", "people", "hours", "track", "photos", "alarms", "drafts"]


def dump(page: Page) -> dict[str, Any]:
    """Everything that this phone keeps, of every store."""
    text = page.evaluate(
        """(stores) => new Promise((done, failed) => {
             const open = indexedDB.open("xunfang");
             open.onerror = () => failed(open.error);
             open.onsuccess = async () => {
               const tx = open.result.transaction(stores), all = {};
               const ask = (r) => new Promise((ok) => { r.onsuccess = () => ok(r.result) });
               for (const s of stores) {
                 const of = tx.objectStore(s);
                 const [keys, values] = await Promise.all([ask(of.getAllKeys()), ask(of.getAll())]);
                 all[s] = keys.map((k, i) => [k, values[i]]);
               }
               all.settings = Object.entries(localStorage).sort();
               open.result.close();
               done(JSON.stringify(all));
             };
           })""",
        STORES,
    )
    return dict(json.loads(text))
