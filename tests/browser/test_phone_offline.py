"""The phone without signal, in a real browser against a real server: nothing lost, doubled or in another name."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Route

from tests.browser.phone_page import (
    Handset,
    answer_to,
    end_sessions,
    ids_in,
    inbox,
    new_member,
    no_server,
    three_times,
    until,
)
from tests.places import here

pytestmark = pytest.mark.browser


def signed_in(handset: Handset, login: str) -> None:
    handset.open()
    handset.sign_in(login)
    handset.page.wait_for_selector("[data-name=duty-card]")


def settled(handset: Handset, login: str) -> None:
    """Signed in some time ago: Chromium writes a new cookie to the disk half a minute later, or when it is closed."""
    signed_in(handset, login)
    handset.keep_shell()
    handset.switch_off()
    handset.switch_on()
    handset.open()


def test_a_cold_start_without_signal_shows_the_duty(handset: Handset, live: Any) -> None:
    login, _ = new_member(live, "冷启动")
    signed_in(handset, login)
    handset.keep_shell()
    handset.switch_off()
    with no_server(live):
        handset.switch_on()
        page = handset.open()
        page.wait_for_selector("[data-name=duty-card][data-state=none]")
        assert "清禾镇一路线" in page.inner_text("[data-name=duty-card]")
        handset.start_duty()
        assert handset.unsent() == 1
    handset.send_now()


@three_times
def test_three_checkins_survive_a_kill_and_a_reload_and_arrive_once(
    handset: Handset, live: Any, again: int
) -> None:
    login, person = new_member(live, "断电")
    settled(handset, login)
    handset.start_duty()
    handset.wait_sent()
    with no_server(live):
        for spot in range(3):
            handset.check_in(spot)
            assert (
                handset.page.locator("[data-name=result]").first.get_attribute("data-standing") == "waiting"
            )
        handset.kill()
        handset.switch_on()
        handset.open("patrol")
        handset.page.wait_for_selector(".dot.waiting >> nth=2")
        handset.page.reload()
        handset.page.wait_for_selector(".dot.waiting >> nth=2")
        assert handset.unsent() >= 3
        assert inbox(live, person, "checkin") == []
    handset.send_now()
    rows = inbox(live, person, "checkin")
    assert len(rows) == 3
    assert len({r.body["checkpoint_id"] for r in rows if r.body}) == 3
    seqs = [r.device_seq for r in inbox(live, person)]
    assert sorted(seqs) == list(range(1, len(seqs) + 1))


@three_times
def test_a_kill_while_sending_loses_and_doubles_nothing(handset: Handset, live: Any, again: int) -> None:
    login, person = new_member(live, "半路")
    settled(handset, login)
    handset.start_duty()
    handset.wait_sent()
    held: list[int] = []
    # the server takes it, and its answer never comes
    handset.page.route("**/api/v1/field/sync", lambda route: held.append(answer_to(route).status))
    handset.check_in(0)
    handset.page.wait_for_selector("[data-name=result][data-standing=waiting]")
    for _ in range(200):
        if held:
            break
        handset.page.wait_for_timeout(50)
    assert held == [200], "the server has it"
    handset.kill()
    handset.switch_on()
    handset.open()
    handset.send_now()
    assert len(inbox(live, person, "checkin")) == 1


@three_times
def test_two_tabs_send_each_item_once(handset: Handset, live: Any, again: int) -> None:
    login, person = new_member(live, "两个窗口")
    signed_in(handset, login)
    handset.keep_shell()
    handset.start_duty()
    handset.wait_sent()
    carried: Counter[str] = Counter()

    def count(route: Route) -> None:
        carried.update(ids_in(route.request))
        route.continue_()

    with no_server(live):
        handset.check_in(0)
        handset.check_in(1)
        second = handset.context.new_page()
        handset.watch(second)
        second.goto(f"{live.url}/m/#/outbox")
        second.wait_for_selector("[data-name=outbox]")
        handset.page.goto(f"{live.url}/m/#/outbox")
    handset.context.route("**/api/v1/field/sync", count)
    for page in (handset.page, second):
        page.evaluate("() => { for (let i = 0; i < 3; i++) dispatchEvent(new Event('online')) }")
    handset.wait_sent()
    second.wait_for_selector("[data-name=sending][data-count='0']")
    rows = inbox(live, person, "checkin")
    assert len(rows) == 2
    assert all(carried[str(r.id)] <= 1 for r in rows), carried


@three_times
def test_an_expired_session_keeps_the_queue_and_asks_to_sign_in(
    handset: Handset, live: Any, again: int
) -> None:
    login, person = new_member(live, "过期")
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    end_sessions(live, person)
    handset.check_in(0)
    handset.page.wait_for_selector("[data-name=expired]")
    handset.check_in(1)  # work goes on
    assert inbox(live, person, "checkin") == []
    handset.page.click("[data-name=expired]")
    handset.page.wait_for_selector("[data-name=sign-in-again]")
    assert handset.page.input_value("[name=login]") == login
    handset.sign_in(login)
    handset.wait_sent()
    assert len(inbox(live, person, "checkin")) == 2


@three_times
def test_another_members_rows_are_kept_named_and_never_sent(handset: Handset, live: Any, again: int) -> None:
    first, first_id = new_member(live, "先来的人")
    second, second_id = new_member(live, "后来的人")
    signed_in(handset, first)
    handset.keep_shell()
    handset.start_duty()
    handset.wait_sent()
    with no_server(live):
        handset.check_in(0)
        handset.open("me")
        handset.page.click("[data-name=sign-out]")
        assert "未发送" in handset.page.inner_text(".ask-text")
        handset.page.click("[data-name=sign-out-yes]")
        handset.page.wait_for_selector("[data-name=others]")
    handset.sign_in(second)
    handset.page.wait_for_selector("[data-name=hours]")
    handset.open("outbox")
    handset.page.wait_for_selector("[data-name=others]")
    assert "先来的人" in handset.page.inner_text("[data-name=others]")
    handset.open("today")
    handset.start_duty()
    handset.send_now()
    handset.open("patrol")
    assert len(inbox(live, second_id, "duty.start")) == 1
    assert inbox(live, first_id, "checkin") == []
    handset.end_duty()
    handset.wait_sent()
    handset.open("me")
    handset.page.click("[data-name=sign-out]")
    handset.page.click("[data-name=sign-out-yes]")
    handset.sign_in(first)
    handset.page.wait_for_selector("[data-name=sending]")
    handset.wait_sent()
    assert len(inbox(live, first_id, "checkin")) == 1


def test_a_500_a_sign_in_page_and_a_cut_leave_the_item_waiting(handset: Handset, live: Any) -> None:
    login, person = new_member(live, "坏回答")
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    answers = [
        lambda r: r.fulfill(status=500, content_type="text/html", body="<h1>oops</h1>"),
        lambda r: r.fulfill(status=200, content_type="text/html", body="<h1>Hotel Wi-Fi</h1>"),
        lambda r: r.abort("connectionreset"),
        lambda r: r.fulfill(status=503, headers={"Retry-After": "1"}, body="busy"),
        lambda r: r.fulfill(status=200, content_type="application/json", body='{"receipts":[]}'),
    ]
    seen: list[int] = []

    def answer(route: Route) -> None:
        if len(seen) < len(answers):
            seen.append(len(seen))
            answers[len(seen) - 1](route)
        else:
            route.continue_()

    handset.context.route("**/api/v1/field/sync", answer)
    handset.check_in(0)
    handset.open("outbox")
    for n in range(1, len(answers) + 1):
        for _ in range(100):
            if len(seen) >= n:
                break
            handset.page.evaluate("() => dispatchEvent(new Event('online'))")
            handset.page.wait_for_timeout(150)
        if n < len(answers):
            assert handset.unsent() >= 1
    assert len(seen) == len(answers)
    handset.send_now()  # after five failures in a row the phone itself waits up to half a minute
    assert len(inbox(live, person, "checkin")) == 1


def test_the_worker_keeps_the_streets_and_nothing_that_names_a_period(handset: Handset, live: Any) -> None:
    """What a desk asks for in the same browser has figures in it, and is not the next member's to see."""
    login, _ = new_member(live, "看街道")
    signed_in(handset, login)
    handset.keep_shell()
    (lon, lat), n = here(600, 600), 2**14
    x, y = int((lon + 180) / 360 * n), int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n)
    tile = f"/api/v1/tiles/streets/14/{x}/{y}.mvt"
    asked = "(urls) => Promise.all(urls.map((url) => fetch(url).then((r) => r.status)))"
    with_period = [f"{tile}?v=1", f"{tile}?from=2026-01-01&to=2026-01-07"]
    assert handset.page.evaluate(asked, [*with_period, tile]) == [200, 200, 200]
    keeps = "async () => (await (await caches.open('xunfang-tiles')).keys()).map((one) => one.url)"
    until(handset.page, f"async () => (await ({keeps})()).length > 0")
    handset.page.wait_for_timeout(300)
    assert handset.page.evaluate(keeps) == [f"{live.url}{tile}"]
    everywhere = """async (tile) => {
      const kept = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
      return kept.flat().map((one) => one.url).filter((url) => url.includes(tile));
    }"""
    assert handset.page.evaluate(everywhere, tile) == [f"{live.url}{tile}"]
