"""What `make shots` shows beyond the rail: staffing, drawing, campaigns; a beat and a roster as the worker proposed
them; a duty played back, at the desk and on its member's phone.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import Page

REPO = Path(__file__).resolve().parent.parent
Take = Callable[[str], None]
FOR_ALL = ("/desk/coverage/staffing", "/desk/coverage/staffing?show=planned", "/desk/hotspots/beats")
FOR_JUDGES = (*FOR_ALL, "/desk/hotspots/drawn", "/desk/campaigns/new")
ADDRESSES = {"leader": FOR_ALL, "reviewer": FOR_JUDGES, "admin": FOR_JUDGES}
SOLVED_MS = 90_000


@contextmanager
def worker() -> Iterator[None]:
    """Beats and rosters are worked out by the queue's worker."""
    command = [REPO / ".venv/bin/flask", "--app", "wsgi", "worker"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen(command, cwd=REPO, env=os.environ, **quiet)
    try:
        yield
    finally:
        running.terminate()
        running.wait(60)


def plans(page: Page, base: str) -> dict[str, str]:
    """Where a beat and a roster stand, asked for by the leader who is signed in. Asked again, the same is answered."""
    with worker():
        return {"beat": ask_for_beat(page, base), "roster": ask_for_roster(page, base)}


def ask_for_beat(page: Page, base: str) -> str:
    """For tomorrow evening, two pairs."""
    page.goto(f"{base}/desk/hotspots/beats")
    values = {"day": tomorrow().isoformat(), "starts": "19:00", "minutes": "150", "pairs": "2"}
    for name, value in values.items():
        page.fill(f"#{name}", value)
    page.click("main form .btn-primary")
    return solved(page, "**/desk/hotspots/beats/*").removeprefix(base)


def ask_for_roster(page: Page, base: str) -> str:
    """For the week that follows; where nobody is missing in it, a shift without people is added first."""
    monday = date.today() + timedelta(days=7 - date.today().weekday())
    year, week, _ = monday.isocalendar()
    address = f"{base}/desk/shifts?week={year}-W{week:02d}"
    page.goto(address)
    if not page.locator("form[action$=rosters]").count():
        page.goto(f"{base}/desk/shifts/new?day={monday}&starts=20:00&ends=22:00")
        page.locator("main form .btn-primary").last.click()
        page.wait_for_load_state("load")
        page.goto(address)
    page.click("form[action$=rosters] button")
    return solved(page, "**/desk/shifts/rosters/*").removeprefix(base)


def solved(page: Page, pattern: str) -> str:
    page.wait_for_url(pattern)
    page.wait_for_function(
        "() => !document.querySelector('[data-refresh]') || document.querySelector('[data-refresh] .btn-primary')",
        timeout=SOLVED_MS,
    )
    return page.url


def tomorrow() -> date:
    return date.today() + timedelta(days=1)


def desk_pages(page: Page, base: str, login: str, made: dict[str, str], take: Take) -> int:
    """The pages of one who sits at the desk; a maker of pictures is told the name of each."""
    found = {
        address.strip("/").replace("/", "_").replace("?", "_"): address
        for address in ADDRESSES.get(login, ())
    }
    if login == "leader":
        found |= made
    for name, address in found.items():
        page.goto(base + address)
        take(name)
    return len(found) + (playback_at_desk(page, base, take) if login == "reviewer" else 0)


def playback_at_desk(page: Page, base: str, take: Take) -> int:
    """From the list to what is asked and on to the duty itself, in its middle; nothing where no duty has a question."""
    page.goto(f"{base}/desk/playback")
    first = page.locator(".playback-line a").first
    if not first.count():
        return 0
    first.click()
    take("playback_ask")
    page.click("main .btn-primary")
    page.wait_for_selector("#playback-map canvas")
    page.wait_for_timeout(1_500)  # its tiles, drawn without a graphics card
    page.locator("#playback-at").focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    take("playback_look")
    return 2


def playback_on_phone(page: Page, base: str, take: Take) -> int:
    """The last duty of the member who is signed in, and its map."""
    page.goto(f"{base}/m/#/me")
    page.locator("[data-name=duties] summary").click()
    first = page.locator("[data-name=to-playback]").first
    if not first.count():
        return 0
    first.click()
    page.wait_for_selector("[data-name=playback]")
    take("playback")
    page.click("[data-name=playback-map]")
    page.wait_for_selector("[data-name=map][data-state=shown] canvas")
    page.wait_for_timeout(1_500)
    take("playback_map")
    return 2
