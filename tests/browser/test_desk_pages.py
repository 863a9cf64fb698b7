"""The leader's desk in Chromium: sign in, plan a shift, renew the board with the focus kept, decide by keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from app.clock import rfc3339
from tests.browser.phone_page import CHROMIUM, FLAGS
from tests.browserless import Browser
from tests.phone import Phone

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium(playwright: Any) -> Iterator[Any]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-gpu"])
    yield browser
    browser.close()


@pytest.fixture
def desk(chromium: Any, live: Any) -> Iterator[Page]:
    """A page signed in as the leader, in a Chinese browser of 1280 × 800. What the console says is a failure."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN", base_url=live.url)
    page = context.new_page()
    said: list[str] = []
    page.on(
        "console",
        lambda m: said.append(m.text) if m.type == "error" and "Failed to load" not in m.text else None,
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto("/desk/shifts")
    page.get_by_label("登录名").fill("leader")
    page.get_by_label("密码").fill("xunfang-demo")
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/desk/shifts")
    yield page
    context.close()
    assert said == []


def test_every_page_is_free_of_serious_axe_findings(desk: Page, live: Any) -> None:
    for address in (
        "/desk/board",
        "/desk/shifts",
        "/desk/shifts/new",
        f"/desk/shifts/{live.ids['shift']}",
        "/desk/review",
        "/desk/sessions",
    ):
        for scheme in ("light", "dark"):
            desk.emulate_media(color_scheme=scheme)
            desk.goto(address)
            found = [
                v for v in Axe().run(desk).response["violations"] if v["impact"] in ("serious", "critical")
            ]
            assert found == [], (
                address,
                scheme,
                [(v["id"], [n["html"] for n in v["nodes"]][:3]) for v in found],
            )


@pytest.mark.parametrize("width", [360, 820, 1280])
def test_no_page_is_wider_than_its_screen_and_every_target_is_48_px(
    desk: Page, live: Any, width: int
) -> None:
    desk.set_viewport_size({"width": width, "height": 740})
    for address in (
        "/desk/board",
        "/desk/shifts",
        "/desk/shifts/new",
        f"/desk/shifts/{live.ids['shift']}",
        "/desk/review",
        "/desk/sessions",
    ):
        desk.goto(address)
        assert desk.evaluate("document.documentElement.scrollWidth") <= width, address
        small = desk.evaluate(
            """[...document.querySelectorAll('.btn, nav a, summary, .pick label, input[type=text], select')]
               .filter(e => e.offsetParent && e.getBoundingClientRect().height < 47.5)
               .map(e => e.outerHTML.slice(0, 80))"""
        )
        assert small == [], address


def test_a_shift_is_planned_with_the_keyboard_alone(desk: Page) -> None:
    desk.goto("/desk/shifts/new")
    desk.get_by_label("集合地点").focus()
    desk.keyboard.type("东门岗亭")
    desk.get_by_label("日期").fill(
        desk.evaluate("new Date(Date.now() + 3 * 864e5).toISOString().slice(0, 10)")
    )
    desk.get_by_label("陈队长").focus()
    desk.keyboard.press("Space")
    desk.get_by_role("button", name="排好").focus()
    desk.keyboard.press("Enter")
    desk.get_by_text("已排好，队员手机会收到").wait_for()
    assert desk.get_by_text("东门岗亭").is_visible()


def test_a_refused_form_puts_the_focus_on_what_is_wrong_and_keeps_what_was_typed(desk: Page) -> None:
    desk.goto("/desk/shifts/new")
    desk.get_by_label("集合地点").fill("南门")
    desk.get_by_label("需要几人").fill("1")
    desk.get_by_role("button", name="排好").click()
    desk.get_by_text("至少两人同行；").wait_for()
    expect(desk.locator("[role=alert][data-focus]")).to_be_focused()
    assert desk.get_by_label("集合地点").input_value() == "南门"
    assert desk.get_by_label("需要几人").get_attribute("aria-invalid") == "true"


def test_the_board_renews_itself_and_keeps_the_focus(desk: Page, live: Any) -> None:
    desk.clock.install()
    desk.goto("/desk/board")
    button = desk.locator(f"#line-{live.ids['shift']}")
    button.focus()
    desk.evaluate("document.querySelector('#lines').firstElementChild.dataset.old = '1'")
    with desk.expect_response("**/desk/board/lines"):
        desk.clock.run_for(31_000)
    expect(desk.locator("[data-old]")).to_have_count(0)
    expect(button).to_be_focused()


def test_the_board_works_without_scripts(chromium: Any, live: Any, desk: Page) -> None:
    context = chromium.new_context(java_script_enabled=False, base_url=live.url)
    context.add_cookies(desk.context.cookies())
    page = context.new_page()
    page.goto("/desk/board")
    page.get_by_role("link", name="现在更新").click()
    assert page.locator(f"#line-{live.ids['shift']}").is_visible()
    context.close()


def test_two_check_ins_are_decided_by_keys_alone(desk: Page, live: Any) -> None:
    member = Browser(live.url)
    member.sign_in("member")
    _, plan, _ = member.call("GET", "/api/v1/field/plan")
    points = [c["id"] for c in plan["routes"][0]["checkpoints"]]
    now = datetime.now(UTC)
    phone = Phone(SimpleNamespace(id=live.ids["member"]), now)  # type: ignore[arg-type]
    shift: Any = SimpleNamespace(id=live.ids["shift"])
    items = [phone.start(shift, now - timedelta(minutes=8))]
    items += [
        phone.checkin(
            shift,
            points[n],
            100 + 500 * n,
            500,
            now - timedelta(minutes=7 - 6 * n),
            mocked=True,
            accuracy_m=n,
        )
        for n in (0, 1)
    ]
    status, answer, _ = member.call("POST", "/api/v1/field/sync", {"sent_at": rfc3339(now), "items": items})
    assert status == 200 and [r["verdict"] for r in answer["receipts"][1:]] == ["held", "held"], answer
    desk.goto("/desk/review")
    desk.get_by_role("heading", name="王队员 · 点1").wait_for()
    desk.keyboard.press("1")
    desk.get_by_text("已算数：王队员 · 点1。").wait_for()
    desk.wait_for_load_state("load")  # the page came anew: its keys listen once its script has run
    desk.keyboard.press("2")
    expect(desk.locator("input[type=radio]").first).to_be_focused()
    desk.keyboard.press("Space")
    desk.keyboard.press("2")
    desk.get_by_text("已退回：王队员 · 点2。").wait_for()
    desk.get_by_text("没有要核的签到").or_(desk.get_by_text("刚决定的")).first.wait_for()


def test_the_language_switch_stays_on_the_page(desk: Page) -> None:
    desk.goto("/desk/shifts?week=2026-W48")
    desk.get_by_role("button", name="English").click()
    desk.get_by_role("heading", name="Shifts").wait_for()
    assert desk.url.endswith("week=2026-W48")
