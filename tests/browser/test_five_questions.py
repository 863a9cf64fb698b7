"""The demo as somebody starts it, and its reviewer who answers five questions by the pages alone.

What was planted is known (app/demo/duties.py, app/demo/incidents.py); the walk clicks and reads, and asks nothing else.
With XUNFANG_SHOTS=FOLDER it leaves a picture of each answer there.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from app.demo.duties import WHERE
from app.demo.incidents import NAME, NAME_NOW
from app.demo.world import load_world
from tests.browser.phone_page import CHROMIUM, FLAGS
from tests.browserless import PASSWORD
from tests.conftest import free_port, start_server
from tests.databases import ROOT, database, env_for

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("XUNFANG_SHOTS")
WORLD = load_world()


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    """`flask demo` in a database of its own, its ledger whole, and the server before it."""
    with database("demo") as name:
        url = f"http://127.0.0.1:{free_port()}"
        env = {**env_for(name), "PUBLIC_URL": url, "XUNFANG_DEMO": "1", "XUNFANG_WEB_WORKERS": "1"}
        filled = subprocess.run(
            ["flask", "--app", "wsgi", "demo"], cwd=ROOT, env=env, capture_output=True, text=True, check=True
        )
        assert "demo: ready in" in filled.stdout
        subprocess.run(["flask", "--app", "wsgi", "ledger", "verify"], cwd=ROOT, env=env, check=True)
        server = start_server(env, url)
        yield url
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def chromium(playwright: Any) -> Iterator[Any]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-gpu"])
    yield browser
    browser.close()


@contextmanager
def reviewer(chromium: Any, demo: str) -> Iterator[Page]:
    """At the desk's width, in Chinese, with the last four weeks before the eyes."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN", base_url=demo)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("登录名").fill("reviewer")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/desk/coverage")
    page.get_by_role("link", name="近 28 天").click()
    page.wait_for_load_state("load")
    yield page
    context.close()


def picture(page: Page, name: str, at: Locator | None = None) -> None:
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        if at is not None:
            at.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        page.screenshot(path=Path(SHOTS) / f"{name}.png")


def card(page: Page, title: str) -> Locator:
    return page.locator("section").filter(has=page.get_by_role("heading", name=title, exact=True))


def test_which_hotspot_was_neglected_on_friday_nights(chromium: Any, demo: str) -> None:
    planted = WORLD.hotspots[WHERE["no_friday_nights"]].name
    with reviewer(chromium, demo) as page:
        rows = (
            card(page, "重点部位（达标少的在前）")
            .locator("tr")
            .filter(has_text=re.compile(r"周五.*没有人到访"))
        )
        row = rows.filter(has_text=planted)
        assert row.count() == 1
        picture(page, "1-neglected", row)
        row.get_by_role("link").click()
        page.locator("#why-title").wait_for()
        friday = page.locator("#why .hours-week tbody tr").nth(4)
        assert friday.locator("td.step-missed").count() >= 4
        assert all(friday.locator(f"td.step-{n}.at-risk").count() == 0 for n in range(1, 6))
        assert page.locator("#why li.missed").filter(has_text="周五").count() == 1
        picture(page, "1-neglected-why", page.locator("#why-week"))


def test_which_street_was_never_walked(chromium: Any, demo: str) -> None:
    planted = WORLD.never_walked[WHERE["street_never_walked"]]["street"]
    with reviewer(chromium, demo) as page:
        blind = card(page, "看不到的地方")
        item = blind.locator("li").filter(has_text=planted)
        assert item.count() == 1
        picture(page, "2-never-walked", item)
        item.get_by_role("link").click()
        page.locator("#why-title").wait_for()
        assert planted in page.locator("#why-title").inner_text()
        share = float(page.locator("#why .why-main .number").inner_text())
        assert share < 20
        picture(page, "2-never-walked-why", page.locator("#why"))


def test_which_villages_number_rests_on_weak_evidence(chromium: Any, demo: str) -> None:
    (village,) = WORLD.teams[WHERE["no_tracks"]].areas
    with reviewer(chromium, demo) as page:
        shares = {}
        for row in page.locator("#villages tbody tr").all():
            found = re.search(r"(\d+)% 只靠签到", row.inner_text().replace(" %", "%"))
            shares[row.get_attribute("data-code")] = int(found.group(1)) if found else 0
        assert max(shares, key=shares.__getitem__) == village and shares[village] >= 5
        row = page.locator(f"#villages tr[data-code='{village}']")
        picture(page, "3-weak", row)
        row.get_by_role("link").click()
        page.locator("#why-title").wait_for()
        assert page.locator("#why summary").filter(has_text="只靠签到的部分").count() == 1
        picture(page, "3-weak-why", page.locator("#why"))


def test_what_a_team_did_last_tuesday(chromium: Any, demo: str) -> None:
    with reviewer(chromium, demo) as page:
        tuesdays = card(page, "按时间看").locator("tbody th a").filter(has_text="周二")
        tuesdays.last.click()
        page.wait_for_load_state("load")
        outings = page.locator("#outings")
        team = outings.locator("tbody td b").first.inner_text()
        outings.get_by_label("队伍").select_option(label=team)
        outings.get_by_role("button", name="显示").click()
        page.wait_for_load_state("load")
        rows = page.locator("#outings tbody tr")
        assert rows.count() >= 1
        for text in rows.all_inner_texts():
            assert team in text and "周二" in text and re.search(r"\d+ 人到岗|无人到岗", text)
            assert re.search(r"\d+/\d+", text), "checkpoints done of those there are"
        picture(page, "4-tuesday", page.locator("#outings"))


def test_is_the_campaign_working(chromium: Any, demo: str) -> None:
    with reviewer(chromium, demo) as page:
        page.get_by_role("navigation").get_by_role("link", name="集中巡防").click()
        over = page.locator("li").filter(has_text=NAME).first
        assert "看不出来" in over.inner_text()
        picture(page, "5-campaigns")
        page.get_by_role("link", name=NAME).click()
        found = page.locator("section").filter(has=page.locator("#result"))
        assert "WDD" in found.inner_text()
        picture(page, "5-campaign-over", found)
        page.go_back()
        page.get_by_role("link", name=NAME_NOW).click()
        running = page.locator("section").filter(has=page.locator("#result"))
        assert "太少" in running.inner_text()
        picture(page, "5-campaign-running", running)
