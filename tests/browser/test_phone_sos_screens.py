"""The screens around a call for help: the lone worker's question, a drill, every screen to be read by everybody."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.browser.phone_page import (
    Handset,
    inbox,
    new_member,
    no_server,
    until,
)
from tests.browser.sos import (
    calls_of,
    on_duty,
    see,
    take_it,
)
from tests.browser.test_phone_pages import findings, signed_in

pytestmark = pytest.mark.browser


# --- alone ----------------------------------------------------------------------------------------


def test_a_lone_member_is_asked_and_answers(handset: Handset, live: Any) -> None:
    login, person = new_member(live, "独行")
    handset.page.clock.install(time=datetime.now(UTC))
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    page = handset.page
    handset.open("me")
    page.clock.fast_forward(29 * 60_000)
    page.wait_for_timeout(300)
    assert page.locator("[data-name=lone]").count() == 0
    page.clock.fast_forward(70_000)
    page.wait_for_selector("[data-name=lone][data-phase=ask]")
    assert findings(handset, "lone") == []
    page.reload()
    page.wait_for_selector("[data-name=lone][data-phase=ask]")
    page.clock.fast_forward(5 * 60_000)
    page.wait_for_selector("[data-name=lone][data-phase=late]")
    page.click("[data-name=lone-ok]")
    page.wait_for_selector("[data-name=lone]", state="detached")
    handset.wait_sent()
    assert len(inbox(live, person, "ok")) == 1
    page.clock.fast_forward(29 * 60_000)
    page.wait_for_timeout(300)
    assert page.locator("[data-name=lone]").count() == 0


def test_a_page_that_slept_asks_when_it_wakes(handset: Handset, live: Any) -> None:
    login, _ = new_member(live, "睡着")
    handset.page.clock.install(time=datetime.now(UTC))
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    page = handset.page
    page.clock.set_system_time(time.time() * 1000 + 50 * 60_000)  # no timer ran meanwhile
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector("[data-name=lone][data-phase=late]")


# --- drill ----------------------------------------------------------------------------------------


def test_a_drill_goes_the_whole_way_and_says_so_everywhere(handset: Handset, live: Any) -> None:
    login, person = new_member(live, "演练")
    signed_in(handset, login)
    page = handset.open("sos")
    assert page.locator("[data-name=sos-key]").count() == 0
    page.click("[data-name=practise]")
    page.click("[data-name=sos-practise-key]")
    assert "演练" in page.inner_text(".sos-layer")
    page.click("[data-name=sos-yes]")
    page.wait_for_selector("[data-name=sos-stop]")
    assert "演练" in page.inner_text(".sos-layer")
    see(page, "sent")
    assert "演练" in page.inner_text("[data-name=sos]")
    assert page.locator("[data-name=sos-calls] a").count() == 0
    page.locator("[data-name=sos-calls] button").first.click()
    page.locator("[role=status]", has_text="没有拨打").wait_for()
    handset.open("me")
    assert "演练" in page.inner_text("[data-name=sos-bar]")
    found = calls_of(live, person)
    assert [c.test for c in found] == [True]
    take_it(live, found[0].id)
    handset.open("sos")
    see(page, "answered")
    page.click("[data-name=sos-end]")
    page.click("[data-name=sos-end-yes]")
    page.wait_for_selector("[data-name=sos-over]")
    assert "演练" in page.inner_text("[data-name=sos-over]")
    assert page.evaluate("() => window.__positions.asked + window.__positions.watched") == 0


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark", "night"])
def test_no_screen_of_a_call_has_serious_findings(handset: Handset, live: Any, theme: str) -> None:
    handset.context.add_init_script(f"localStorage.setItem('xunfang.theme', '{theme}')")
    on_duty(handset, live, "可读")
    page = handset.page
    handset.open("sos")
    page.wait_for_selector("[data-name=practise]")
    page.click("[data-name=practise]")
    found = findings(handset, "quiet")
    page.click("[data-name=sos-key]")
    page.wait_for_selector("[data-name=sos-yes]")
    found += findings(handset, "confirm")
    with no_server(live):
        page.click("[data-name=sos-yes]")
        page.wait_for_selector("[data-name=sos-stop]")
        found += findings(handset, "counting")
        see(page, "waiting")
        found += findings(handset, "waiting")
    see(page, "sent")
    found += findings(handset, "sent")
    assert found == []


TOO_WIDE = """() => [...document.querySelectorAll(".sos-layer[open] *, .page *, .notices *")]
  .filter((e) => e.getBoundingClientRect().right > 362).map((e) => e.className || e.tagName)"""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_at_twice_the_text_everything_is_still_there(handset: Handset, live: Any, lang: str) -> None:
    handset.context.add_init_script(
        f"localStorage.setItem('xunfang.lang', '{lang}'); localStorage.setItem('xunfang.text', 'double')"
    )
    login, _ = new_member(live, "大字")
    handset.open()
    handset.sign_in(login)
    handset.page.wait_for_selector("[data-name=duty-card]")
    page = handset.page
    size = page.evaluate("() => parseFloat(getComputedStyle(document.documentElement).fontSize)")
    assert size == 36, "twice the 18 px"
    handset.start_duty()
    wide = TOO_WIDE
    page.click("[data-name=sos-key]")
    page.wait_for_selector("[data-name=sos-yes]")
    assert page.evaluate(wide) == []
    page.click("[data-name=sos-yes]")
    page.wait_for_selector("[data-name=sos-stop]")
    assert page.evaluate(wide) == []
    box = page.locator("[data-name=sos-stop]").bounding_box()
    assert box is not None and box["y"] + 100 < 740, "Cancel is seen without scrolling"
    see(page, "sent")
    assert page.evaluate(wide) == []
    page.click("[data-name=sos-end]")
    page.click("[data-name=sos-end-yes]")
    page.wait_for_selector("[data-name=sos-over]")
    until(page, "() => document.scrollingElement.scrollWidth <= 360")
