"""A call for help in a real browser: the server killed at each step, the page killed in its five seconds, no PIN that
shows which one it is, the lone worker's question. Nothing undelivered, nothing twice."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Error, Page, Route
from sqlalchemy import select

from app import clock
from app.accounts.models import Person
from app.alarms import operations as alarms
from app.alarms import pins
from app.alarms.models import Alarm
from app.db import db
from app.teams.scope import scope_of
from tests.browser.phone_page import (
    Handset,
    end_sessions,
    inbox,
    new_member,
    no_server,
    nothing_lost,
    three_times,
    until,
)
from tests.browser.test_phone_offline import settled
from tests.browser.test_phone_pages import findings, signed_in

pytestmark = pytest.mark.browser
PIN, SECOND, WRONG = "1357", "2468", "9999"

# The worker would send as well, and its requests pass by no route of the test's.
NO_WORKER_SYNC = "delete ServiceWorkerRegistration.prototype.sync; delete window.SyncManager;"


def on_duty(handset: Handset, live: Any, name: str) -> int:
    login, person = new_member(live, name)
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    return person


def confirm(page: Page) -> None:
    page.click("[data-name=sos-key]")
    page.click("[data-name=sos-yes]")
    page.wait_for_selector("[data-name=sos-stop]")


def see(page: Page, step: str) -> None:
    page.wait_for_selector(f"[data-name=sos][data-step={step}]", timeout=40_000)


def calls_of(live: Any, person_id: int, kind: str = "sos") -> list[Alarm]:
    with live.app.app_context():
        rows = list(db.session.scalars(select(Alarm).where(Alarm.person_id == person_id, Alarm.kind == kind)))
        db.session.expunge_all()
        db.session.remove()
        return rows


def take_it(live: Any, alarm_id: Any) -> None:
    """The team's leader says: I take it."""
    with live.app.app_context():
        leader = db.session.get(Person, live.ids["leader"])
        assert leader is not None
        alarms.acknowledge(leader, scope_of(leader), alarm_id, clock.now())
        db.session.commit()
        db.session.remove()


def with_pins(live: Any, person_id: int) -> None:
    with live.app.app_context():
        person = db.session.get(Person, person_id)
        assert person is not None
        pins.set_pins(person, PIN, SECOND, clock.now())
        db.session.commit()
        db.session.remove()


def type_pin(page: Page, pin: str) -> None:
    for digit in pin:
        page.click(f"[data-digit='{digit}']")
    page.click("[data-name=pin-done]")


def one_call(live: Any, handset: Handset, person: int) -> Alarm:
    """Exactly one, on the server and on the phone, and everything else arrived too."""
    found = calls_of(live, person)
    assert len(found) == 1
    assert [str(r.id) for r in inbox(live, person, "sos")] == [str(found[0].id)]
    handset.wait_sent()
    nothing_lost(handset, live, person)
    return found[0]


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

    def cut(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            live.kill()
        with suppress(Error):  # the page has given it up meanwhile
            route.abort("connectionreset")

    handset.page.route("**/api/v1/field/sync", cut)
    confirm(handset.page)


def killed_before_its_answer(handset: Handset, live: Any) -> None:
    """The server has stored it; the answer never comes."""

    asked: list[Route] = []

    def lose(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            assert route.fetch().status == 200
            live.kill()
        with suppress(Error):  # the page has given it up meanwhile
            route.abort("connectionreset")

    handset.page.route("**/api/v1/field/sync", lose)
    confirm(handset.page)


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
        page.unroute_all()
        live.start()
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


def test_another_member_on_the_phone_sends_nothing_for_the_first_and_is_told(
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
    handset.sign_in(second)
    page.wait_for_selector("[data-name=sos-colleague]")
    assert "先求助的" in page.inner_text("[data-name=sos-colleague]")
    handset.open("today")
    handset.send_now()
    assert calls_of(live, first_id) == calls_of(live, second_id) == []
    assert page.locator("[data-name=sos]").count() == 0
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


# --- the PIN --------------------------------------------------------------------------------------

COUNT_BUZZES = "window.__buzzed = []; navigator.vibrate = (p) => { window.__buzzed.push(p); return true }"
STORES = ["items", "meta", "plan", "receipts", "people", "hours", "track", "photos", "alarms", "drafts"]


def dump(page: Page) -> dict[str, Any]:
    """Everything that this phone keeps, of every store."""
    text = page.evaluate(
        """(stores) => new Promise((done, failed) => {
             const open = indexedDB.open("xunfang");
             open.onerror = () => failed(open.error);
             open.onsuccess = async () => {
               const tx = open.result.transaction(stores), all = {};
               const ask = (r) => new Promise((ok) => { r.onsuccess = () => ok(r.result) });
               for (const s of stores) {
                 const of = tx.objectStore(s);
                 const [keys, values] = await Promise.all([ask(of.getAllKeys()), ask(of.getAll())]);
                 all[s] = keys.map((k, i) => [k, values[i]]);
               }
               all.settings = Object.entries(localStorage).sort();
               open.result.close();
               done(JSON.stringify(all));
             };
           })""",
        STORES,
    )
    return dict(json.loads(text))


RANDOM = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "uuid"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+\d\d:\d\d)", "time"),
    (r"\bv\d+\.\d+\.[\w-]+", "anchor"),
    (r"\bp[0-9a-f]{8}\b", "login"),
    (r"[0-9a-f]{32,}", lambda found: f"hex({len(found[0])})"),
    (r"\d+(?!\d*\))", "0"),
)


def shape(value: Any) -> Any:
    """What is left when everything random, counted or timed is covered."""
    if isinstance(value, dict):
        return {shape(key): shape(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return "number"
    for sign, cover in RANDOM:
        value = re.sub(sign, cover, value)
    return value


def seen(page: Page) -> list[str]:
    """All words of the screen and of Sent / not sent."""
    found = [page.inner_text("body")]
    page.evaluate("() => { location.hash = '#/outbox' }")
    page.wait_for_selector("[data-name=outbox]")
    page.evaluate("() => { for (const d of document.querySelectorAll('details')) d.open = true }")
    found.append(page.inner_text("body"))
    found.append(page.evaluate("() => document.title + document.getElementById('spoken').textContent"))
    return found


def phone_after(handset: Handset, login: str, pin: str) -> tuple[Any, list[str]]:
    """A call ended and an OK said with this PIN; then everything that can be found on the phone."""
    handset.context.add_init_script(
        "window.__buzzed = []; navigator.vibrate = (p) => { window.__buzzed.push(p); return true }"
    )
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    page = handset.page
    handset.open("sos")
    page.click("[data-name=fine]")
    type_pin(page, pin)
    page.locator("main [role=status]", has_text="已记下").wait_for()
    handset.wait_sent()
    confirm(page)
    see(page, "sent")
    page.click("[data-name=sos-end]")
    type_pin(page, pin)
    page.wait_for_selector("[data-name=sos-over]")
    handset.wait_sent()
    words = [page.inner_text("body"), json.dumps(page.evaluate("() => window.__buzzed"))]
    with page.expect_response("**/api/v1/field/alarms"):  # what the server says of it later, too
        page.reload()
    page.wait_for_selector("[data-name=sos-over]")
    page.wait_for_timeout(1_000)
    words += seen(page)
    return dump(page), [re.sub(r"\d+", "0", text) for text in words]


def covered(found: dict[str, Any]) -> Any:
    """Tracks and positions go their own way; counts of fixes say nothing about a PIN."""
    kept = {name: rows for name, rows in found.items() if name != "track"}
    for _, row in kept["plan"]:  # the other phones' shifts are in the same team
        row["plan"]["shifts"] = [shift for shift in row["plan"]["shifts"] if shift["mine"]]
        ids = {str(shift["id"]) for shift in row["plan"]["shifts"]}
        row["plan"]["alarm"]["lone"] = {k: v for k, v in row["plan"]["alarm"]["lone"].items() if k in ids}
    kept["items"] = [
        row for _, row in sorted(kept["items"], key=lambda r: r[1]["seq"]) if row["kind"] != "segment"
    ]
    return shape(kept)


def lines(found: Any) -> list[str]:
    return json.dumps(found, ensure_ascii=False, indent=0, sort_keys=True).splitlines()


def test_nothing_on_the_phone_says_which_pin_was_typed(live: Any, playwright: Any, tmp_path: Any) -> None:
    shapes, words = {}, {}
    members = {pin: new_member(live, "密码") for pin in (PIN, SECOND, WRONG)}
    for pin, (login, person) in members.items():
        with_pins(live, person)
        phone = Handset(playwright, tmp_path / pin, live.url)
        try:
            found, words[pin] = phone_after(phone, login, pin)
            shapes[pin] = covered(found)
            assert phone.said == []
        finally:
            phone.kill()
        assert len(calls_of(live, person, "duress")) == (1 if pin == SECOND else 0) * 2
        assert [c.state for c in calls_of(live, person)] == ["open" if pin == WRONG else "cancelled"]
    text = json.dumps(shapes[PIN], ensure_ascii=False)
    assert "hex(64)" in text and '"sos.cancel"' in text, "the reader is blind"
    for other in (SECOND, WRONG):
        assert lines(shapes[other]) == lines(shapes[PIN])
    assert words[PIN] == words[SECOND] == words[WRONG]
    assert any("您在 0 结束" in text.replace("0:0", "0") for text in words[PIN])


def test_both_pins_are_set_one_step_a_screen(handset: Handset, live: Any) -> None:
    login, person = new_member(live, "设密码")
    signed_in(handset, login)
    page = handset.open("pin")
    page.click("[data-name=pin-begin]")
    type_pin(page, "1111")
    type_pin(page, "1112")
    page.locator("[role=alert]", has_text="两次不一样").wait_for()
    type_pin(page, PIN)
    type_pin(page, PIN)
    page.click("[data-name=pin-next]")
    type_pin(page, PIN)
    page.locator("[role=alert]", has_text="不同").wait_for()
    type_pin(page, SECOND)
    type_pin(page, SECOND)
    assert findings(handset, "pin") == []
    with no_server(live):
        page.click("[data-name=pin-save]")
        page.locator("[role=alert]", has_text="没有信号").wait_for()
    page.click("[data-name=pin-save]")
    page.wait_for_selector("[data-name=pin-set]")
    text = json.dumps(dump(page))
    assert PIN not in re.findall(r"\b\d{4}\b", text) and SECOND not in re.findall(r"\b\d{4}\b", text)
    with live.app.app_context():
        assert pins.derivation_of(person) is not None
        db.session.remove()
    handset.open("today")
    handset.start_duty()
    handset.open("pin")
    page.wait_for_selector("[data-name=pin-on-duty]")


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
