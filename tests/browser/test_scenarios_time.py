"""Days without signal, wrong clocks, answers that never came: three times each, nothing lost and nothing doubled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Route
from sqlalchemy import select

from app.checkins.models import Checkin
from app.db import db
from app.duty.models import Duty
from tests.browser.phone_page import (
    Handset,
    answer_to,
    happens,
    inbox,
    new_member,
    no_server,
    nothing_lost,
    shift_for,
    three_times,
    until,
)
from tests.browser.reading import page_names, part_names
from tests.browser.test_phone_pages import positions, signed_in

pytestmark = pytest.mark.browser
DAY_S = 86_400


def checkins_of(live: Any, person_id: int) -> list[Checkin]:
    with live.app.app_context():
        rows = list(
            db.session.scalars(
                select(Checkin).where(Checkin.person_id == person_id).order_by(Checkin.effective_at)
            )
        )
        db.session.expunge_all()
        db.session.remove()
        return rows


def duties_of(live: Any, person_id: int) -> list[Duty]:
    with live.app.app_context():
        rows = list(db.session.scalars(select(Duty).where(Duty.person_id == person_id).order_by(Duty.day)))
        db.session.expunge_all()
        db.session.remove()
        return rows


@three_times
def test_three_days_without_signal_arrive_whole(handset: Handset, live: Any, again: int) -> None:
    """A duty of three check-ins on each of three days, the phone's clock moving on; the server is back on the third."""
    login, person = new_member(live, "三天")
    for day in (1, 2):
        shift_for(live, person, timedelta(days=day))
    handset.page.clock.install(time=datetime.now(UTC))
    signed_in(handset, login)
    handset.keep_shell()
    with no_server(live):
        for day in range(3):
            if day:
                handset.pass_time(DAY_S * 1000)
                handset.open("today")
            handset.start_duty()
            for spot in range(3):
                handset.check_in(spot)
                handset.pass_time(180_000)
            handset.end_duty()
        words = handset.page.locator("[data-name=sending]").get_attribute("aria-label") or ""
        assert "2 天" in words, words
        assert handset.unsent() >= 15
        with live.later(handset.passed_s):
            handset.send_now()
            found = checkins_of(live, person)
            assert [c.verdict for c in found] == ["counted"] * 9, [(c.verdict, c.reasons) for c in found]
            assert {c.time_quality for c in found} == {"good"}
            assert [d.state for d in duties_of(live, person)] == ["ended"] * 3
            nothing_lost(handset, live, person)


@three_times
@pytest.mark.parametrize("hours", [5, -5])
def test_a_clock_five_hours_wrong_is_put_right(handset: Handset, live: Any, hours: int, again: int) -> None:
    login, person = new_member(live, "错钟")
    handset.page.clock.install(time=datetime.now(UTC) + timedelta(hours=hours))
    began = datetime.now(UTC)
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    with no_server(live):
        handset.check_in(0)
        handset.pass_time(180_000)
        handset.check_in(1)
        with live.later(handset.passed_s):
            handset.send_now()
            found = checkins_of(live, person)
            nothing_lost(handset, live, person)
    assert len(found) == 2
    for row, minutes in zip(found, (0, 3), strict=True):
        assert row.time_quality == "corrected"
        away = row.effective_at - timedelta(minutes=minutes)
        assert began - timedelta(seconds=5) < away < datetime.now(UTC)
        assert row.verdict == "counted", row.reasons


@three_times
def test_lost_receipts_double_nothing(handset: Handset, live: Any, again: int) -> None:
    """The server takes the batch, and its answer is cut off, five times in a row."""
    login, person = new_member(live, "没回音")
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    cut: list[int] = []

    def lose(route: Route) -> None:
        answer = answer_to(route)
        if answer.status == 200 and len(cut) < 5:
            cut.append(answer.status)
            route.abort("connectionreset")
        else:
            route.fulfill(response=answer)

    handset.context.route("**/api/v1/field/sync", lose)
    handset.check_in(0)
    for n in range(1, 6):
        for _ in range(200):
            if len(cut) >= n:
                break
            handset.page.evaluate("() => dispatchEvent(new Event('online'))")
            handset.page.wait_for_timeout(100)
        assert len(cut) >= n
    handset.send_now()
    assert len(checkins_of(live, person)) == 1
    assert len(inbox(live, person, "checkin")) == 1
    nothing_lost(handset, live, person)


@three_times
def test_off_duty_no_position_is_asked_for_on_any_page(handset: Handset, live: Any, again: int) -> None:
    """Before, in a pause, after: every page and part is opened, and the receiver is not asked once."""
    login, _ = new_member(live, "下班后")
    signed_in(handset, login)
    handset.open("report")
    handset.page.click("[data-name=kind-road]")  # a report is begun: each of its parts can be opened
    handset.page.click("[data-name=phrase-light_out]")
    addresses = addresses_of_all()

    def visit_all() -> None:
        for address in addresses:
            handset.open(address)
            handset.page.wait_for_selector(f".page-{address.split('?')[0]} > *:not(.opening)")
            handset.page.wait_for_timeout(50)
            handset.page.evaluate("() => dispatchEvent(new Event('online'))")
            handset.page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        handset.page.wait_for_timeout(300)

    visit_all()
    assert positions(handset) == {"asked": 0, "watched": 0, "heard": 0, "open": 0}
    handset.open("today")
    handset.start_duty()
    until(handset.page, "() => window.__positions.open.size === 1")
    handset.page.click("[data-name=pause]")
    handset.page.wait_for_selector("[data-name=resume]")
    paused = positions(handset)
    assert handset.page.evaluate("() => window.__positions.open.size") == 0
    visit_all()
    assert positions(handset) == paused
    handset.open("patrol")
    handset.page.click("[data-name=resume]")
    until(handset.page, "() => window.__positions.open.size === 1")
    handset.end_duty()
    assert handset.page.evaluate("() => window.__positions.open.size") == 0
    after = positions(handset)
    visit_all()
    assert positions(handset) == after


@three_times
def test_a_plan_that_was_asked_for_before_a_tap_does_not_undo_it(
    handset: Handset, live: Any, again: int
) -> None:
    """On a slow line its answer comes after the tap's own receipt, and after the plan that knows of the tap."""
    login, _ = new_member(live, "慢的排班")
    signed_in(handset, login)
    page = handset.page
    handset.start_duty()
    handset.wait_sent()
    held: list[tuple[Route, Any]] = []
    later: list[int] = []

    def slow(route: Route) -> None:
        answer = route.fetch()
        if not held:
            held.append((route, answer))
            return
        route.fulfill(response=answer)
        later.append(answer.status)

    handset.context.route("**/api/v1/field/plan", slow)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    happens(page, held)
    page.click("[data-name=pause]")
    page.wait_for_selector("[data-name=resume]")
    handset.wait_sent()
    happens(page, later)
    stopped = positions(handset)
    held[0][0].fulfill(response=held[0][1])
    page.wait_for_timeout(500)
    assert page.locator("[data-name=resume]").count() == 1
    assert positions(handset) == stopped
    handset.context.unroute_all(behavior="ignoreErrors")  # one that is on its way ends with the phone


NEWS_WHILE_IT_IS_STORED = """() => {
const digest = crypto.subtle.digest.bind(crypto.subtle); // a slow phone: what is stored is hashed first
crypto.subtle.digest = (...told) => new Promise((go) => setTimeout(go, 60)).then(() => digest(...told));
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-name=pause]")) return;
  const other = new BroadcastChannel("xunfang"); // another tab has changed something, again and again
  for (let ms = 0; ms < 60; ms += 2) setTimeout(() => other.postMessage("items"), ms);
}, true);
}"""


@three_times
def test_after_a_tap_on_pause_the_receiver_is_not_asked_even_while_it_is_being_stored(
    handset: Handset, live: Any, again: int
) -> None:
    login, _ = new_member(live, "按下暂停")
    signed_in(handset, login)
    handset.start_duty()
    until(handset.page, "() => window.__positions.open.size === 1")
    handset.page.evaluate(NEWS_WHILE_IT_IS_STORED)
    for _ in range(5):
        before = positions(handset)["watched"]
        handset.page.click("[data-name=pause]")
        handset.page.wait_for_selector("[data-name=resume]")
        handset.page.wait_for_timeout(200)
        assert positions(handset)["watched"] == before
        assert handset.page.evaluate("() => window.__positions.open.size") == 0
        handset.page.click("[data-name=resume]")
        until(handset.page, "() => window.__positions.open.size === 1")


def addresses_of_all() -> list[str]:
    """Every page of the phone, the parts of those that have some, and what the camera is opened for."""
    parts = {
        "report": [*part_names("report"), "finish", "saved", "place&how=list"],
        "data": part_names("data"),
    }
    more = [
        "scan?for=crew",
        "scan?for=cosign",
        "crew?code=XC1.1.123456",
        "sos?practise",
        "loggers?app=traccar",
    ]
    found = [f"{page}?part={part}" for page, names in parts.items() for part in names]
    return [*page_names(), *found, *more]
