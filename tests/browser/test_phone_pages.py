"""The phone's pages in a real browser: a whole duty, positions only on duty, languages, reading for everybody."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.phone_page import Handset, inbox, new_member, until

pytestmark = pytest.mark.browser


def positions(handset: Handset) -> dict[str, int]:
    return handset.page.evaluate("() => ({ ...window.__positions, open: window.__positions.open.size })")  # type: ignore[no-any-return]


def signed_in(handset: Handset, login: str) -> None:
    handset.open()
    handset.sign_in(login)
    handset.page.wait_for_selector("[data-name=duty-card]")


def test_a_whole_duty_is_saved_sent_and_counted(handset: Handset, live: Any) -> None:
    login, person = new_member(live, "一整班")
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    handset.check_in(0)
    page = handset.page
    page.wait_for_selector("[data-name=result][data-standing=counted]")
    assert "40 米内有效" in page.inner_text("[data-name=result]")
    handset.stand(400, 500)
    page.wait_for_selector("[data-name=arrive].main")
    page.click("[data-name=arrive]")
    page.wait_for_selector("[data-name=hotspot][data-open=true]")
    page.click("[data-name=leave]")
    page.wait_for_selector("[data-name=hotspot][data-open=false]")
    page.evaluate("() => { location.hash = '#/note' }")
    page.check("[name=phrase][value=light_out]")
    page.fill("[name=text]", "第三根灯杆")
    page.click("[data-name=note-save]")
    page.wait_for_selector("section .plain-list .line")
    page.click(".bar a:nth-child(2)")
    handset.end_duty()
    handset.wait_sent()
    kinds = sorted(r.kind for r in inbox(live, person))
    assert [k for k in kinds if k != "segment"] == [
        "checkin",
        "checkin",
        "checkin",
        "duty.end",
        "duty.start",
        "note",
    ]
    assert "segment" in kinds
    page.click(".bar a:nth-child(4)")
    page.wait_for_selector("[data-name=hours] details")


def test_positions_are_read_on_duty_only(handset: Handset, live: Any) -> None:
    login, _ = new_member(live, "位置")
    signed_in(handset, login)
    for page in ("today", "patrol", "note", "me", "outbox"):
        handset.open(page)
    handset.page.wait_for_timeout(300)
    assert positions(handset) == {"asked": 0, "watched": 0, "heard": 0, "open": 0}
    handset.open("today")
    handset.start_duty()
    until(handset.page, "() => window.__positions.open.size === 1")
    handset.page.click("[data-name=pause]")
    handset.page.wait_for_selector("[data-name=resume]")
    assert positions(handset)["open"] == 0
    assert handset.page.is_disabled("[data-name=checkin]")
    heard = positions(handset)["heard"]
    handset.stand(300, 500)
    handset.page.wait_for_timeout(500)
    assert positions(handset)["heard"] == heard
    handset.page.click("[data-name=resume]")
    until(handset.page, "() => window.__positions.open.size === 1")
    handset.end_duty()
    after = positions(handset)
    assert after["open"] == 0
    handset.stand(500, 500)
    for page in ("today", "patrol", "note", "me"):
        handset.page.evaluate("(name) => { location.hash = `#/${name}` }", page)
        handset.page.wait_for_timeout(150)
    assert positions(handset) == after


def test_english_is_one_tap_away_and_stays(handset: Handset, live: Any) -> None:
    login, _ = new_member(live, "语言")
    signed_in(handset, login)
    page = handset.open("settings")
    page.click("[data-name=lang-en]")
    page.wait_for_selector("h1:has-text('Settings')")
    assert page.get_attribute("html", "lang") == "en"
    page.reload()
    page.wait_for_selector("h1:has-text('Settings')")
    assert "每" not in page.inner_text(".bar")
    page.click("[data-name=lang-zh]")
    page.wait_for_selector("h1:has-text('设置')")


def test_hold_starts_a_duty_and_a_short_press_only_asks(handset: Handset, live: Any) -> None:
    login, _ = new_member(live, "按住")
    signed_in(handset, login)
    box = handset.page.locator("[data-name=start]").bounding_box()
    assert box is not None and box["height"] >= 48
    handset.page.mouse.move(box["x"] + 40, box["y"] + 20)
    handset.page.mouse.down()
    handset.page.wait_for_timeout(300)
    handset.page.mouse.up()
    handset.page.wait_for_selector("[data-name=start-yes]")
    handset.page.click(".ask .plain")
    handset.page.mouse.move(box["x"] + 40, box["y"] + 20)
    handset.page.mouse.down()
    handset.page.wait_for_selector("[data-name=recording]")
    handset.page.mouse.up()


def test_everything_works_by_keyboard(handset: Handset, live: Any) -> None:
    login, _ = new_member(live, "键盘")
    signed_in(handset, login)
    page = handset.page
    page.focus("[data-name=start]")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-name=start-yes]:focus")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-name=recording][data-recording=true]")
    handset.stand(100, 500)
    page.locator(".target-where", has_text="可以签到").wait_for()
    page.focus("[data-name=checkin]")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-name=result]")
    until(page, "() => document.getElementById('spoken').textContent !== ''")


def test_drawing_and_list_are_enough_where_no_street_map_can_come(handset: Handset, live: Any) -> None:
    login, person = new_member(live, "无地图")
    handset.context.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    signed_in(handset, login)
    handset.start_duty()
    handset.page.click("[data-name=map-more]")
    handset.page.wait_for_selector("[data-name=no-map]")
    handset.page.wait_for_selector("[data-name=sketch][data-drawn=true] .sketch-route")
    handset.check_in(0)
    handset.wait_sent()
    assert len(inbox(live, person, "checkin")) == 1
    handset.said.clear()  # the map library says that it has no WebGL


def test_the_drawing_is_there_at_once_and_chooses_a_checkpoint(handset: Handset, live: Any) -> None:
    """Route, checkpoints and me from the plan alone, with no piece of the map library on the way."""
    login, _ = new_member(live, "示意图")
    asked: list[str] = []
    handset.page.on("request", lambda request: asked.append(request.url))
    signed_in(handset, login)
    handset.start_duty()
    page = handset.page
    page.wait_for_selector("[data-name=sketch][data-drawn=true] [data-name=here]")
    assert page.locator(".sketch .map-spot").all_inner_texts() == ["1", "2", "3"]
    edges = page.locator(".sketch").bounding_box()
    assert edges is not None
    for spot in page.locator(".sketch .map-spot").all():
        box = spot.bounding_box()
        assert (
            box is not None
            and edges["x"] <= box["x"]
            and box["x"] + box["width"] <= edges["x"] + edges["width"]
        )
    page.locator(".sketch .map-spot").nth(2).click()
    page.wait_for_selector(".dots li:nth-child(3) .is-target")
    assert not [url for url in asked if "maplibre" in url or "/tiles/" in url]


@pytest.mark.shows_map
def test_the_streets_come_when_asked_for_and_from_then_on_by_themselves(handset: Handset, live: Any) -> None:
    login, _ = new_member(live, "地图")
    signed_in(handset, login)
    handset.start_duty()
    page = handset.page
    page.click("[data-name=map-more]")
    page.wait_for_selector("[data-name=map][data-state=shown] canvas")
    page.wait_for_selector(".map-spot >> nth=2")
    handset.stand(120, 500)
    page.wait_for_selector(".map-here")
    page.wait_for_timeout(1500)  # what the policy of the page forbids is said on the console
    page.reload()
    page.wait_for_selector("[data-name=map][data-state=shown] canvas")
    page.click("[data-name=map-more]")
    page.wait_for_selector("[data-name=map][data-state=drawn] .sketch-route")
    assert page.locator("canvas").count() == 0
    page.reload()
    page.wait_for_selector("[data-name=map][data-state=drawn] .sketch-route")


@pytest.mark.parametrize("theme", ["light", "dark", "night"])
def test_no_page_has_serious_axe_findings(handset: Handset, live: Any, theme: str) -> None:
    login, _ = new_member(live, "可读")
    handset.context.add_init_script(f"localStorage.setItem('xunfang.theme', '{theme}')")
    handset.open()
    handset.page.wait_for_selector("[data-name=signin]")
    found = findings(handset, "signin")
    handset.sign_in(login)
    handset.page.wait_for_selector("[data-name=duty-card]")
    found += findings(handset, "today")
    handset.start_duty()
    handset.check_in(0)
    handset.page.wait_for_selector("[data-name=result][data-standing=counted]")
    found += findings(handset, "patrol")
    for page in ("note", "me", "outbox"):
        handset.page.evaluate("(name) => { location.hash = `#/${name}` }", page)
        handset.page.wait_for_selector(f".page-{page}")
        found += findings(handset, page)
    assert found == []


def findings(handset: Handset, page: str) -> list[str]:
    result = Axe().run(handset.page)
    return [
        f"{page}: {v['id']} {v['nodes'][0]['html'][:160]}"
        for v in result.response["violations"]
        if v["impact"] in ("serious", "critical")
    ]
