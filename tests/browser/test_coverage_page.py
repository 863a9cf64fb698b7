"""The reviewer's map in Chromium: it draws, rows and shapes lead to the drawer, and without WebGL the lists do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from app.clock import rfc3339
from tests.browser.phone_page import CHROMIUM, FLAGS
from tests.browserless import Browser
from tests.phone import Phone, walk

pytestmark = pytest.mark.browser

SOFTWARE_GL = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
NO_GL = ["--disable-3d-apis"]
SLOW_MS = 60_000  # the map is drawn in software


@pytest.fixture(scope="module")
def browser_with(playwright: Any) -> Iterator[Callable[[list[str]], Any]]:
    started: dict[str, Any] = {}

    def browser(flags: list[str]) -> Any:
        key = " ".join(flags)
        if key not in started:
            started[key] = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS + flags)
        return started[key]

    yield browser
    for one in started.values():
        one.close()


@contextmanager
def desk(browser: Any, live: Any, width: int = 1280, height: int = 800) -> Iterator[Page]:
    """A page signed in as the reviewer. What goes wrong in it is a failure."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", base_url=live.url
    )
    page = context.new_page()
    page.set_default_timeout(SLOW_MS)
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "response",
        lambda answer: said.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
    )
    page.on(
        "console",
        lambda m: said.append(m.text) if m.type == "error" and "Failed to load" not in m.text else None,
    )
    page.goto("/sign-in")
    page.get_by_label("登录名").fill("reviewer")
    page.get_by_label("密码").fill("xunfang-demo")
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/desk/coverage")
    try:
        yield page
    finally:
        context.close()
    assert said == []


@pytest.fixture(scope="module")
def walked(live: Any) -> None:
    """The member has walked 640 m of the street grid in the last ten minutes."""
    now = datetime.now(UTC)
    person, shift = _Named(live.ids["member"]), _Named(live.ids["shift"])
    phone = Phone(person, now - timedelta(minutes=10))  # type: ignore[arg-type]
    track = walk([(80, 500), (720, 500)], now - timedelta(minutes=9), m_per_s=1.4)
    items = [phone.start(shift, now - timedelta(minutes=10)), phone.segment(shift, track)]  # type: ignore[arg-type]
    member = Browser(live.url)
    member.sign_in("member")
    status, body, _ = member.call("POST", "/api/v1/field/sync", {"sent_at": rfc3339(now), "items": items})
    assert status == 200
    assert {r["result"] for r in body["receipts"]} == {"stored"}


class _Named:
    def __init__(self, number: int) -> None:
        self.id = number


def test_the_map_draws_and_everything_leads_to_the_drawer(browser_with: Any, live: Any, walked: None) -> None:
    with desk(browser_with(SOFTWARE_GL), live) as page:
        page.locator("#map-wait").wait_for(state="detached")
        assert page.locator("#map canvas").is_visible()
        assert page.locator("[data-legend=fresh]").is_visible()

        row = page.locator("#villages a").first
        row.click()
        page.locator("#why-title").wait_for()
        expect(page.locator("#why-title")).to_be_focused()
        assert "why=area" in page.url
        page.keyboard.press("Escape")
        assert page.locator("#why").is_hidden()
        expect(page.locator("[data-why^='area/']:focus")).to_have_count(1)

        page.locator(".streets a").first.focus()
        page.keyboard.press("Enter")
        page.locator("#why-title").wait_for()
        assert "why=street" in page.url
        page.go_back()
        page.locator("#why").wait_for(state="hidden")

        page.get_by_label("看什么").select_option("covered")
        assert "layer=covered" in page.url
        assert page.locator("[data-legend=covered]").is_visible()
        assert page.locator("[data-legend=fresh]").is_hidden()


def test_a_click_on_a_walked_street_names_the_duty(browser_with: Any, live: Any, walked: None) -> None:
    with desk(browser_with(SOFTWARE_GL), live) as page:
        page.locator("#map-wait").wait_for(state="detached")
        page.wait_for_load_state("networkidle")
        box = page.locator("#map canvas").bounding_box()
        assert box
        # the township fills the map's height with 24 px around it; the street runs 500 m up of 1,200
        scale = (box["height"] - 48) / 1200
        x = box["x"] + box["width"] / 2 + (350 - 600) * scale
        y = box["y"] + box["height"] / 2 - (500 - 600) * scale
        page.mouse.click(x - 60 * scale, y)
        page.locator("#why-title").wait_for()
        assert "why=street" in page.url
        assert "清禾镇志愿队" in page.locator("#why").inner_text()
        assert "王队员" not in page.locator("#why").inner_text()


def test_without_webgl_it_says_so_and_the_lists_work(browser_with: Any, live: Any) -> None:
    with desk(browser_with(NO_GL), live) as page:
        page.locator("#map-none").wait_for()
        assert page.locator("#map").is_hidden()
        page.locator("#list-hotspots ~ table a").first.click()
        page.locator("#why-title").wait_for()
        assert "why=hotspot" in page.url


def test_it_fits_a_phone_and_has_no_serious_axe_findings(browser_with: Any, live: Any, walked: None) -> None:
    with desk(browser_with(SOFTWARE_GL), live, 360, 740) as page:
        page.locator("#map-wait").wait_for(state="detached")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.goto(page.url + "?compare=2026-11-01..2026-11-07&why=hotspot:" + str(live.ids["hotspot"]))
        page.locator("#map-wait").wait_for(state="detached")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        heavy = [v for v in found if v["impact"] in ("serious", "critical")]
        serious = [(v["id"], [node["target"] for node in v["nodes"]][:3]) for v in heavy]
        assert serious == []


def test_an_area_is_drawn_by_taps_and_stands_in_the_address(
    browser_with: Any, live: Any, walked: None
) -> None:
    with desk(browser_with(SOFTWARE_GL), live) as page:
        page.locator("#map-wait").wait_for(state="detached")
        page.locator("#draw summary").click()
        page.locator("#draw-start").click()
        canvas = page.locator("#map canvas")
        box = canvas.bounding_box()
        assert box
        x, y = box["width"] / 2, box["height"] / 2
        for dx, dy in ((-60, -60), (60, -60), (60, 60), (90, 90)):
            canvas.click(position={"x": x + dx, "y": y + dy})
        page.locator("#draw-undo").click()
        canvas.click(position={"x": x - 60, "y": y + 60})
        assert "已点 4 个" in page.locator("#draw-state").inner_text()
        page.locator("#draw-done").click()
        page.locator("#why-title").wait_for()
        assert "why=drawn" in page.url and len(page.url.split("why=")[1].split("%3B")) == 4
        # one shift has been here
        assert "不到 3 个班次" in page.locator("#why").inner_text()
        page.keyboard.press("Escape")
        page.locator("#draw-view").focus()
        page.keyboard.press("Enter")
        page.locator("#why-title").wait_for()
        assert "why=drawn" in page.url


def test_the_slider_steps_through_the_weeks_and_paper_has_no_map(
    browser_with: Any, live: Any, walked: None
) -> None:
    with desk(browser_with(SOFTWARE_GL), live) as page:
        page.locator("#map-wait").wait_for(state="detached")
        page.locator("#slide").focus()
        with page.expect_navigation():
            page.keyboard.press("ArrowLeft")
        assert "from=" in page.url and page.locator("#slide").input_value() == "-1"
        page.emulate_media(media="print")
        assert page.locator("#map-side").is_hidden() and page.locator("#draw").is_hidden()
        assert page.locator(".definitions").is_visible() and page.locator("#list-streets").is_visible()
