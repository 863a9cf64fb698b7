"""News on the phone: heard while it is seen, let go when it is hidden, asked for where a proxy lets no stream pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from app import clock
from app.db import db
from app.duty.models import Shift
from app.stream import tell
from tests.browser.phone_page import Handset, new_member, shift_for
from tests.browser.test_phone_pages import signed_in

pytestmark = pytest.mark.browser
TWO_PROCESSES = True  # news of one is heard by the other
STREAM = "**/api/v1/field/stream"
HIDE = """(state) => {
  Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def asked(page: Page, path: str) -> list[str]:
    """Requests for that path from now on."""
    found: list[str] = []
    page.on("request", lambda r: found.append(r.url) if r.url.split("?")[0].endswith(path) else None)
    return found


def in_time(page: Page, is_so: Callable[[], bool], step_ms: int = 0) -> None:
    """Until it is so; with a step, the page's clock goes on meanwhile."""
    for _ in range(200):
        if is_so():
            return
        if step_ms:
            page.clock.fast_forward(step_ms)
        page.wait_for_timeout(100)
    raise AssertionError("never so")


def test_a_change_of_the_plan_is_heard_and_asked_for_once(handset: Handset, live: Any) -> None:
    login, person = new_member(live, "消息")
    with handset.page.expect_response("**/api/v1/field/alarms"):  # it listens, and has caught up
        signed_in(handset, login)
    page = handset.page
    handset.page.wait_for_timeout(500)
    plans = asked(page, "/field/plan")
    shift_id = shift_for(live, person, timedelta(days=2))
    with live.app.app_context():
        shift = db.session.get(Shift, (live.ids["township"], shift_id))
        assert shift is not None
        shift.meeting_place = "新桥头"
        for _ in range(10):
            tell("plan", people=[person])
        db.session.commit()
        db.session.remove()
    page.locator(".next", has_text="新桥头").wait_for()
    assert len(plans) == 1


def test_where_no_stream_comes_through_the_phone_asks_every_minute(handset: Handset, live: Any) -> None:
    login, _ = new_member(live, "代理")
    page = handset.page
    tries: list[int] = []

    def cut(route: Route) -> None:
        tries.append(1)
        route.abort("connectionreset")

    page.route(STREAM, cut)
    page.clock.install(time=datetime.now(UTC))
    signed_in(handset, login)
    in_time(page, lambda: len(tries) >= 2, 2_000)
    alarms, plans = asked(page, "/field/alarms"), asked(page, "/field/plan")
    in_time(page, lambda: len(alarms) >= 3 and len(plans) >= 3, 20_000)


def test_a_stream_that_a_proxy_swallows_is_known_by_its_silence(handset: Handset, live: Any) -> None:
    login, _ = new_member(live, "吞掉")
    page = handset.page
    held: list[Route] = []
    page.route(STREAM, lambda route: held.append(route))  # neither a beat nor an end
    page.clock.install(time=datetime.now(UTC))
    signed_in(handset, login)
    in_time(page, lambda: len(held) >= 1)
    alarms = asked(page, "/field/alarms")
    in_time(page, lambda: len(held) >= 3 and len(alarms) >= 1, 20_000)
    page.unroute_all(behavior="ignoreErrors")


def test_a_hidden_page_lets_go_and_a_seen_one_listens_again(handset: Handset, live: Any) -> None:
    login, _ = new_member(live, "隐藏")
    page = handset.page
    page.clock.install(time=clock.now())
    ended: list[str] = []
    page.on("requestfailed", lambda r: ended.append(r.url) if r.url.endswith("/field/stream") else None)
    with page.expect_response(STREAM):
        signed_in(handset, login)
    page.evaluate(HIDE, "hidden")
    page.clock.fast_forward(30_000)
    page.wait_for_timeout(300)
    assert ended == []
    page.clock.fast_forward(31_000)
    in_time(page, lambda: len(ended) == 1)
    with page.expect_response(STREAM):
        page.evaluate(HIDE, "visible")
