"""A call for help in a real browser: the server killed at each step, the page killed in its five seconds, ahead of
everything else. Nothing undelivered, nothing twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Error, Route

from tests.browser.phone_page import (
    Handset,
    answer_to,
    end_sessions,
    happens,
    inbox,
    new_member,
    no_server,
    nothing_lost,
    three_times,
)
from tests.browser.sos import (
    NO_WORKER_SYNC,
    calls_of,
    confirm,
    dump,
    on_duty,
    one_call,
    see,
    take_it,
)
from tests.browser.test_phone_offline import settled
from tests.browser.test_phone_pages import findings, signed_in

pytestmark = pytest.mark.browser


# --- the server killed at each step ---------------------------------------------------------------


def killed_before(handset: Handset, live: Any) -> None:
    live.kill()
    confirm(handset.page)


def killed_while_counting(handset: Handset, live: Any) -> None:
    confirm(handset.page)
    live.kill()


def killed_before_it_is_sent(handset: Handset, live: Any) -> None:
    """It is in the outbox, the request has left the page, no server takes it."""

    asked: list[Route] = []
    dead: list[bool] = []

    def cut(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            live.kill()
            dead.append(True)
        with suppress(Error):  # the page has given it up meanwhile
            route.abort("connectionreset")

    handset.page.route("**/api/v1/field/sync", cut)
    confirm(handset.page)
    happens(handset.page, dead)


def killed_before_its_answer(handset: Handset, live: Any) -> None:
    """The server has stored it; the answer never comes."""

    asked: list[Route] = []
    dead: list[bool] = []

    def lose(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            assert answer_to(route).status == 200
            live.kill()
            dead.append(True)
        with suppress(Error):  # the page has given it up meanwhile
            route.abort("connectionreset")

    handset.page.route("**/api/v1/field/sync", lose)
    confirm(handset.page)
    happens(handset.page, dead)


def killed_before_it_is_taken(handset: Handset, live: Any) -> None:
    confirm(handset.page)
    see(handset.page, "sent")
    live.kill()


STEPS = [
    killed_before,
    killed_while_counting,
    killed_before_it_is_sent,
    killed_before_its_answer,
    killed_before_it_is_taken,
]


@three_times
@pytest.mark.parametrize("step", STEPS, ids=[s.__name__ for s in STEPS])
def test_a_call_is_delivered_once_whenever_the_server_dies(
    handset: Handset, live: Any, step: Callable[[Handset, Any], None], again: int
) -> None:
    handset.context.add_init_script(NO_WORKER_SYNC)
    person = on_duty(handset, live, "求助")
    page = handset.page
    try:
        step(handset, live)
        if step is not killed_before_it_is_taken:
            see(page, "waiting")
            words = page.inner_text("[data-name=sos]")
            assert "未发出" in words
            assert page.locator("[data-name=sos-calls] a[href='tel:110']").count() == 1
            assert page.locator("[data-name=sos-calls] a[href^='sms:12110?']").count() == 1
    finally:
        live.start()  # first of all: the tests after this one need it, whatever has gone wrong here
        page.unroute_all()
    see(page, "sent")
    found = one_call(live, handset, person)
    assert found.position is not None
    assert not found.test
    take_it(live, found.id)
    see(page, "answered")
    assert "陈队长" in page.inner_text("[data-name=sos]")
    assert len(calls_of(live, person)) == 1


# --- the page killed in its five seconds ----------------------------------------------------------


@three_times
def test_a_phone_killed_while_counting_sends_at_the_next_opening(
    handset: Handset, live: Any, again: int
) -> None:
    login, person = new_member(live, "倒数断电")
    settled(handset, login)
    handset.start_duty()
    handset.wait_sent()
    with no_server(live):
        confirm(handset.page)
        handset.kill()
        time.sleep(6)
        handset.switch_on()
        handset.open()
        see(handset.page, "waiting")
    see(handset.page, "sent")
    one_call(live, handset, person)


def test_a_page_closed_while_counting_is_sent_by_the_worker(handset: Handset, live: Any) -> None:
    login, person = new_member(live, "关页面")
    signed_in(handset, login)
    handset.keep_shell()
    handset.start_duty()
    handset.wait_sent()
    rest = handset.context.new_page()
    confirm(handset.page)
    handset.page.close()
    for _ in range(100):
        if calls_of(live, person):
            break
        rest.wait_for_timeout(200)
    handset.page = rest
    handset.open()
    see(handset.page, "sent")
    one_call(live, handset, person)


@three_times
def test_a_call_stopped_within_five_seconds_leaves_nothing(handset: Handset, live: Any, again: int) -> None:
    person = on_duty(handset, live, "按错")
    page = handset.page
    confirm(page)
    page.wait_for_timeout(900)  # the second half of a double tap does not stop it
    page.click("[data-name=sos-stop]")
    page.wait_for_selector("[data-name=sos-stop]", state="detached")
    page.wait_for_timeout(6_000)
    assert dump(page)["alarms"] == []
    page.reload()
    page.wait_for_selector("[data-name=sos-key]")
    page.wait_for_timeout(500)
    assert page.locator("[data-name=sos]").count() == 0
    assert inbox(live, person, "sos") == []
    assert calls_of(live, person) == []


def test_a_double_tap_on_the_confirmation_does_not_stop_the_call(handset: Handset, live: Any) -> None:
    person = on_duty(handset, live, "手套")
    page = handset.page
    page.click("[data-name=sos-key]")
    page.wait_for_selector("[data-name=sos-yes]")
    page.evaluate(  # both taps by script: on a busy machine the second of two clicks would come too late to be one
        """async () => {
             const at = (name) => document.querySelector(`[data-name=${name}]`);
             at("sos-yes").click();
             while (!at("sos-stop")) await new Promise((next) => requestAnimationFrame(next));
             at("sos-stop").click();
           }"""
    )
    see(page, "sent")
    one_call(live, handset, person)


def test_the_key_is_held_for_two_seconds_and_a_short_press_asks(handset: Handset, live: Any) -> None:
    person = on_duty(handset, live, "按住两秒")
    page = handset.page
    box = page.locator("[data-name=sos-key]").bounding_box()
    assert box is not None and min(box["width"], box["height"]) >= 56
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.wait_for_selector(".sos-key.is-holding")
    page.wait_for_timeout(700)
    page.mouse.up()
    page.wait_for_selector("[data-name=sos-no]")
    page.click("[data-name=sos-no]")
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.wait_for_selector("[data-name=sos-stop]")
    page.mouse.up()
    see(page, "sent")
    one_call(live, handset, person)


def test_the_key_goes_to_the_other_corner_for_the_left_hand(handset: Handset, live: Any) -> None:
    on_duty(handset, live, "左手")
    page = handset.page
    for name in ("today", "patrol", "me", "outbox"):
        handset.open(name)
        page.wait_for_selector("[data-name=sos-key]")
    right = page.locator("[data-name=sos-key]").bounding_box()
    page.evaluate("() => { document.documentElement.dataset.hand = 'left' }")
    left = page.locator("[data-name=sos-key]").bounding_box()
    assert right is not None and left is not None
    assert right["x"] > 180 > left["x"] + left["width"] - 60


# --- ahead of everything --------------------------------------------------------------------------


def test_a_call_goes_past_a_queue_that_hangs_and_its_back_off(handset: Handset, live: Any) -> None:
    handset.context.add_init_script(NO_WORKER_SYNC)
    person = on_duty(handset, live, "排队")
    page = handset.page
    hung: list[Route] = []
    batches: list[list[str]] = []

    def hold(route: Route) -> None:
        kinds = kinds_in(route)
        if "checkin" in kinds or "segment" in kinds:
            hung.append(route)  # a photo-sized batch on a dead line: neither answer nor end
        else:
            batches.append(kinds)
            route.continue_()

    page.route("**/api/v1/field/sync", hold)
    handset.check_in(0)
    for _ in range(100):
        if hung:
            break
        page.wait_for_timeout(50)
    confirm(page)
    see(page, "sent")
    assert batches == [["sos"]]
    assert len(calls_of(live, person)) == 1
    for route in hung:
        route.abort("connectionreset")
    page.unroute_all()
    handset.send_now()
    nothing_lost(handset, live, person)


def kinds_in(route: Route) -> list[str]:
    import gzip

    data = route.request.post_data_buffer or b"{}"
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    return [item["kind"] for item in json.loads(data)["items"]]


def test_an_expired_session_keeps_not_sent_and_asks_to_sign_in(handset: Handset, live: Any) -> None:
    login, person = new_member(live, "过期求助")
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    end_sessions(live, person)
    page = handset.page
    confirm(page)
    see(page, "waiting")
    page.wait_for_selector("[data-name=sos-sign-in]")
    assert page.locator("[data-name=sos-calls] a[href='tel:110']").count() == 1
    assert calls_of(live, person) == []
    handset.sign_in(login)
    see(page, "sent")
    one_call(live, handset, person)


def test_a_call_that_waits_on_a_borrowed_phone_is_sent_by_whoever_signs_in_next(
    handset: Handset, live: Any
) -> None:
    first, first_id = new_member(live, "先求助的")
    second, second_id = new_member(live, "后来登录的")
    signed_in(handset, first)
    handset.keep_shell()
    handset.start_duty()
    handset.wait_sent()
    page = handset.page
    with no_server(live):
        confirm(page)
        see(page, "waiting")
        handset.open("me")
        page.click("[data-name=sign-out]")
        page.click("[data-name=sign-out-yes]")
        page.wait_for_selector("[data-name=others]")
    page.route("**/api/v1/field/sync", lambda route: route.abort())
    handset.sign_in(second)
    page.wait_for_selector("[data-name=sos-colleague]")
    assert "先求助的" in page.inner_text("[data-name=sos-colleague]")
    page.unroute_all()
    page.wait_for_selector("[data-name=sos-colleague]", state="detached", timeout=40_000)
    (call,) = calls_of(live, first_id)
    assert call.sent_by_id == second_id and calls_of(live, second_id) == []
    assert page.locator("[data-name=sos]").count() == 0
    assert {item.author_id for item in inbox(live, first_id)} == {first_id}
    handset.open("me")
    page.click("[data-name=sign-out]")
    page.click("[data-name=sign-out-yes]")
    handset.sign_in(first)
    see(page, "sent")
    assert calls_of(live, second_id) == []
    one_call(live, handset, first_id)


def test_a_crew_members_call_is_shown_and_can_be_put_away(
    handset: Handset, live: Any, playwright: Any, tmp_path: Any
) -> None:
    """Two phones on one shift; the second hears of it by the stream."""
    mate = Handset(playwright, tmp_path / "mate", live.url)
    try:
        for phone, login in ((handset, "member"), (mate, "mate")):
            signed_in(phone, login)
            phone.start_duty()
            phone.wait_sent()
        confirm(handset.page)
        see(handset.page, "sent")
        mate.page.wait_for_selector("[data-name=mate-sos]")
        words = mate.page.inner_text("[data-name=mate-sos]")
        assert "王队员" in words and "点1" in words, words
        assert findings(mate, "mate") == []
        mate.page.click("[data-name=mate-seen]")
        mate.page.wait_for_selector("[data-name=mate-sos]", state="detached")
        mate.page.reload()
        mate.page.wait_for_selector("[data-name=sos-key]")
        mate.page.wait_for_timeout(1_500)
        assert mate.page.locator("[data-name=mate-sos]").count() == 0
        handset.page.click("[data-name=sos-end]")
        handset.page.click("[data-name=sos-end-yes]")
        handset.page.wait_for_selector("[data-name=sos-over]")
        assert mate.said == []
    finally:
        mate.kill()
