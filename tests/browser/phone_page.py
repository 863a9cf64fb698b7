"""A phone in Chromium: a profile of its own on the disk, a place to stand, a server that can be switched off."""

from __future__ import annotations

import gzip
import json
import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import APIResponse, BrowserContext, Error, Page, Playwright, Route
from sqlalchemy import select

from app import clock
from app.accounts.models import Person, UserSession
from app.db import db
from app.field.models import InboxItem
from app.routes.models import RouteVersion
from app.teams.models import Team
from tests import make, places

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
# The whole browser, where the tests else take its headless build: that one shows no notifications.
WHOLE = shutil.which("chromium") or shutil.which("chromium-browser") or CHROMIUM
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader", "--use-angle=swiftshader",
]  # fmt: skip
PASSWORD = "xunfang-demo"
# A map drawn without a graphics card is half of what a patrol's page costs: only the tests of a map draw one.
NO_MAP = ["--disable-3d-apis"]
SPOTS = ((100, 500), (600, 500), (1100, 500))  # where the cast's route has its checkpoints, in metres

# Counts every question for a position, and which watches are open; before any script of ours.
COUNT_POSITIONS = """
(() => {
  const real = navigator.geolocation, open = new Set();
  window.__positions = { asked: 0, watched: 0, heard: 0, open };
  const watch = real.watchPosition.bind(real), clear = real.clearWatch.bind(real);
  const once = real.getCurrentPosition.bind(real);
  // The receiver goes by the right time, which Playwright's clock does not move.
  const later = (p) => ({ coords: p.coords, timestamp: p.timestamp + Number(sessionStorage.getItem("passed") ?? 0) });
  real.watchPosition = (ok, ...rest) => {
    window.__positions.watched += 1;
    const id = watch((p) => { window.__positions.heard += 1; ok(later(p)); }, ...rest);
    open.add(id);
    return id;
  };
  real.getCurrentPosition = (ok, ...rest) => {
    window.__positions.asked += 1;
    return once((p) => ok(later(p)), ...rest);
  };
  real.clearWatch = (id) => { open.delete(id); return clear(id); };
})();
"""


class Handset:
    """One browser with its own storage. `page` is the first tab."""

    def __init__(self, playwright: Playwright, folder: Path, url: str, **more: Any) -> None:
        self.flags = [*FLAGS, *more.pop("flags", ())]
        self.executable = more.pop("executable", CHROMIUM)
        self.playwright, self.folder, self.url, self.more = playwright, folder, url, more
        self.said: list[str] = []
        self.passed_s = 0.0
        self.switch_on()

    def switch_on(self) -> None:
        self.context: BrowserContext = self.playwright.chromium.launch_persistent_context(
            str(self.folder), executable_path=self.executable, args=self.flags, viewport={"width": 360, "height": 740},
            device_scale_factor=1, has_touch=True, is_mobile=True, locale="zh-CN", timezone_id="Asia/Shanghai",
            permissions=["geolocation", "background-sync"], **self.more,
        )  # fmt: skip
        self.context.set_default_timeout(15_000)
        self.context.add_init_script(COUNT_POSITIONS)
        self.stand(*SPOTS[0])
        self.page = self.context.pages[0] if self.context.pages else self.context.new_page()
        self.watch(self.page)

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on(
            "console",
            lambda m: self.said.append(m.text) if m.type == "error" and self.minds(m.text) else None,
        )

    def minds(self, complaint: str) -> bool:
        """Not what the browser says of a server that is gone, nor the map library of one that was told not to draw."""
        expected = ["Failed to load", *(["webgl"] if NO_MAP[0] in self.flags else [])]
        return not any(words.lower() in complaint.lower() for words in expected)

    def switch_off(self) -> None:
        self.context.close()

    def kill(self) -> None:
        """As when the battery falls out: SIGKILL to every process of this profile, and of no other."""
        for pid in processes_of(self.folder):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        for _ in range(100):
            if not processes_of(self.folder):
                break
            time.sleep(0.05)
        with suppress(Exception):  # the driver has noticed that its browser is gone
            self.context.close()
        for lock in self.folder.glob("Singleton*"):
            lock.unlink(missing_ok=True)

    def open(self, page: str = "today") -> Page:
        self.page.goto(f"{self.url}/m/#/{page}")
        self.page.wait_for_selector("main, .opening", state="attached")
        return self.page

    def stand(self, x_m: float, y_m: float, accuracy_m: int = 8) -> None:
        """Somewhere near (x, y): a receiver never says the same place twice."""
        lon, lat = places.here(x_m + secrets.randbelow(100) / 50, y_m + secrets.randbelow(100) / 50)
        self.context.set_geolocation({"longitude": lon, "latitude": lat, "accuracy": accuracy_m})

    def pass_time(self, ms: int) -> None:
        """So much later, for the phone and for its receiver; `page.clock` is installed."""
        self.passed_s += ms / 1000
        self.page.clock.fast_forward(ms)
        self.page.evaluate(
            "(ms) => sessionStorage.setItem('passed', Number(sessionStorage.getItem('passed') ?? 0) + ms)", ms
        )

    def sign_in(self, login: str) -> None:
        self.page.wait_for_selector("[data-name=signin]")
        if self.page.locator("[data-name=by-password]").count():
            self.page.click("[data-name=by-password]")
        self.page.fill("[name=login]", login)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("[data-name=signin] button.main")

    def start_duty(self) -> None:
        self.page.click("[data-name=start]")
        self.page.click("[data-name=start-yes]")
        self.page.wait_for_selector("[data-name=recording][data-recording=true]")

    def check_in(self, spot: int) -> None:
        """Walk to the checkpoint, choose it, tap; the phone says that it is saved or more."""
        page = self.page
        self.stand(*SPOTS[spot])
        page.locator(".dots button").nth(spot).click()
        page.wait_for_selector(f".dots li:nth-child({spot + 1}) .is-target")
        page.locator(".target-where", has_text="可以签到").wait_for()
        page.click("[data-name=checkin]")
        page.wait_for_selector("[data-name=result]")

    def end_duty(self) -> None:
        self.page.click("[data-name=end]")
        self.page.click("[data-name=end-yes]")
        self.page.wait_for_selector("[data-name=summary]")

    def wait_sent(self, timeout_ms: int = 30_000) -> None:
        self.page.wait_for_selector("[data-name=sending][data-count='0']", timeout=timeout_ms)

    def send_now(self) -> None:
        """The signal is back and nobody wants to wait for the next try."""
        self.page.evaluate("() => { location.hash = '#/outbox' }")
        self.page.wait_for_selector("[data-name=outbox]")
        # By script: the button goes by itself when the phone has begun to send on its own.
        self.page.evaluate("() => document.querySelector('[data-name=try-now]')?.click()")
        self.wait_sent()

    def unsent(self) -> int:
        return int(self.page.locator("[data-name=sending]").get_attribute("data-count") or -1)

    def keep_shell(self) -> None:
        """Wait until the worker has everything that a cold start needs."""
        self.page.evaluate("async () => { await navigator.serviceWorker.ready }")
        until(self.page, "() => navigator.serviceWorker.controller !== null")


TIMES = int(os.environ.get("XUNFANG_TIMES", "1"))  # `make scenarios` says 3
three_times = pytest.mark.parametrize("again", range(1, TIMES + 1))


def kept_ids(handset: Handset) -> dict[str, str]:
    """Every item that this phone still keeps: id → kind. Acknowledged ones stay for 72 hours."""
    rows = handset.page.evaluate(
        """() => new Promise((done, failed) => {
             const open = indexedDB.open("xunfang");
             open.onerror = () => failed(open.error);
             open.onsuccess = () => {
               const all = open.result.transaction("items").objectStore("items").getAll();
               all.onsuccess = () => { open.result.close(); done(all.result.map((r) => [r.id, r.kind])); };
             };
           })"""
    )
    return dict(rows)


def nothing_lost(handset: Handset, live: Any, person_id: int) -> None:
    """What the phone has recorded is what the server has: each once, each under its author."""
    here = kept_ids(handset)
    there = [str(row.id) for row in inbox(live, person_id)]
    assert sorted(there) == sorted(set(there))
    assert set(here) == set(there), {"lost": set(here) - set(there), "strange": set(there) - set(here)}


def happens(page: Page, seen: list[Any]) -> None:
    """Wait for what a route's handler writes down: it runs only while the page is waited for."""
    for _ in range(300):
        if seen:
            return
        page.wait_for_timeout(100)
    raise TimeoutError("it did not happen")


def until(page: Page, question: str, timeout_s: float = 30) -> None:
    """Ask again until the page answers yes. Playwright's own `wait_for_function` asks through eval(), which our
    Content-Security-Policy refuses from the second time on."""
    end = time.monotonic() + timeout_s
    while not _answer(page, question):
        if time.monotonic() > end:
            raise TimeoutError(f"never true: {question}")
        page.wait_for_timeout(50)


def _answer(page: Page, question: str) -> bool:
    try:
        return bool(page.evaluate(question))
    except Error as error:
        if "context was destroyed" in str(error):  # the page is being loaded anew
            return False
        raise


def processes_of(folder: Path) -> list[int]:
    sign = f"--user-data-dir={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if sign in (entry / "cmdline").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


@contextmanager
def no_server(live: Any) -> Iterator[None]:
    """No signal, honestly: the server is gone, for the page and for the worker."""
    live.stop()
    try:
        yield
    finally:
        live.be_there()


def new_member(live: Any, name: str, minutes_ago: int = 10) -> tuple[str, int]:
    """A member of the cast's team with a shift of their own that covers now. Answers login and id."""
    with live.app.app_context():
        other = db.session.get(Person, live.ids["member"])
        assert other is not None and other.home_township_id is not None
        route = db.session.get(RouteVersion, live.ids["route"])
        team = db.session.scalar(select(Team).where(Team.township_id == live.ids["township"]))
        assert team is not None
        login = f"p{secrets.token_hex(4)}"
        person = make.save(
            Person(
                login=login,
                name=name,
                home_township_id=other.home_township_id,
                password_hash=other.password_hash,
            )
        )
        make.join_team(person, team)
        make.make_shift(
            team, route, [person], starts_at=clock.now() - timedelta(minutes=minutes_ago), hours=2
        )
        person_id = person.id
        db.session.remove()
        return login, person_id


def shift_for(live: Any, person_id: int, later: timedelta) -> int:
    """One more shift of that member on the cast's route, so much later than now."""
    with live.app.app_context():
        person = db.session.get(Person, person_id)
        route = db.session.get(RouteVersion, live.ids["route"])
        team = db.session.scalar(select(Team).where(Team.township_id == live.ids["township"]))
        assert person is not None and team is not None
        shift = make.make_shift(
            team, route, [person], starts_at=clock.now() + later - timedelta(minutes=10), hours=2
        )
        shift_id = shift.id
        db.session.remove()
        return int(shift_id)


def inbox(live: Any, person_id: int, kind: str | None = None) -> list[InboxItem]:
    with live.app.app_context():
        rows = list(db.session.scalars(select(InboxItem).where(InboxItem.author_id == person_id)))
        for row in rows:
            db.session.expunge(row)
        db.session.remove()
        return [r for r in rows if kind in (None, r.kind)]


def end_sessions(live: Any, person_id: int) -> None:
    with live.app.app_context():
        for row in db.session.scalars(select(UserSession).where(UserSession.person_id == person_id)):
            db.session.delete(row)
        db.session.commit()
        db.session.remove()


def answer_to(route: Route) -> APIResponse:
    """What the server says to a request that the page has made. An idle connection that the server closes at that very
    moment is asked anew, as browsers do by themselves."""
    for _ in range(3):
        with suppress(Error):
            return route.fetch()
    return route.fetch()


def ids_in(request: Any) -> list[str]:
    """What a sync request carries."""
    data = request.post_data_buffer or b"{}"
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    return [item["id"] for item in json.loads(data)["items"]]


def takes_nothing(route: Route) -> None:
    """As a server that is stricter than the phone: every item is refused, and none is kept there."""
    why = ["text_names_a_person"]
    receipts = [{"id": one, "result": "rejected", "reasons": why} for one in ids_in(route.request)]
    route.fulfill(json={"receipts": receipts})
