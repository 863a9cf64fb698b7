"""From every released build to this one, with 300 items waiting; a database that cannot be upgraded; no room left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.front import RELEASES, Front, built
from tests.browser.phone_page import (
    Handset,
    inbox,
    kept_ids,
    new_member,
    no_server,
    nothing_lost,
    three_times,
    until,
)
from tests.browser.test_phone_pages import signed_in

pytestmark = pytest.mark.browser
WAITING = 300


@pytest.fixture(scope="module", params=RELEASES, ids=lambda p: p.name.removesuffix(".tar.gz"))
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(request.param, tmp_path_factory.mktemp("release"))


@pytest.fixture
def old_phone(playwright: Any, live: Any, release: Path, tmp_path: Path) -> Iterator[tuple[Handset, Front]]:
    """A phone that runs the older release."""
    front = Front(live.url, release)
    phone = Handset(playwright, tmp_path / "profile", front.url)
    yield phone, front
    phone.kill()
    front.close()
    assert phone.said == []


@three_times
def test_a_new_release_takes_over_300_waiting_items_and_loses_none(
    old_phone: tuple[Handset, Front], live: Any, again: int
) -> None:
    handset, front = old_phone
    login, person = new_member(live, "换新版")
    signed_in(handset, login)
    handset.keep_shell()
    handset.page.reload()  # as on every day but the first: a worker is there from the start
    handset.start_duty()
    handset.wait_sent()
    front.deaf = True
    handset.page.evaluate(
        """async ([author_id, n]) => {
             await import("/static/dist/signin.js");
             const note = (k) => ({ author_id, kind: "note", body: { phrase: "all_quiet", text: `第${k}条` } });
             await lentPutAll(Array.from({ length: n }, (_, k) => note(k)));
             globalThis.sinceBefore = true;
           }""",
        [person, WAITING],
    )
    handset.page.locator(f"[data-name=sending][data-count='{WAITING}']").wait_for()

    front.old = None
    handset.page.evaluate("async () => { await (await navigator.serviceWorker.ready).update() }")
    update = handset.page.get_by_role("button", name="现在更新")
    update.wait_for()
    assert handset.page.evaluate("() => globalThis.sinceBefore") is True, (
        "it came by itself, with items waiting"
    )
    update.click()
    until(handset.page, "() => globalThis.sinceBefore !== true")
    handset.page.wait_for_selector(f"[data-name=sending][data-count='{WAITING}']")
    front.deaf = False
    handset.send_now()
    notes = [row for row in inbox(live, person, "note") if row.body]
    assert sorted(row.body["text"] for row in notes) == sorted(f"第{k}条" for k in range(WAITING))
    nothing_lost(handset, live, person)


@three_times
def test_an_upgrade_that_another_window_blocks_says_so_and_goes_on_by_itself(
    old_phone: tuple[Handset, Front], live: Any, again: int
) -> None:
    """A window that holds the database at its older version and does not let go."""
    handset, front = old_phone
    login, person = new_member(live, "挡住了")
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    front.deaf = True
    handset.check_in(0)
    stubborn = handset.context.new_page()
    stubborn.goto(f"{front.url}/static/icons/icon.svg")
    stubborn.evaluate(
        """() => new Promise((done) => {
             navigator.serviceWorker.getRegistrations().then((all) => all.forEach((one) => one.unregister()));
             const open = indexedDB.open("xunfang", 1);
             open.onsuccess = () => { globalThis.held = open.result; done(); };
           })"""
    )
    handset.page.goto("about:blank")
    front.old = None
    front.deaf = False
    page = handset.context.new_page()
    handset.watch(page)
    page.goto(f"{front.url}/m/?fresh=1#/today")
    page.get_by_text("请关闭本机上其他打开着的巡防页面").wait_for()
    stubborn.close()
    page.wait_for_selector("[data-name=duty-card]")
    handset.page = page
    handset.send_now()
    assert len(inbox(live, person, "checkin")) == 1
    nothing_lost(handset, live, person)


@three_times
def test_no_room_is_said_before_a_capture_is_confirmed_and_what_waits_stays(
    handset: Handset, live: Any, again: int
) -> None:
    login, person = new_member(live, "存满了")
    signed_in(handset, login)
    handset.keep_shell()
    handset.start_duty()
    handset.wait_sent()
    with no_server(live):
        handset.check_in(0)
        before = kept_ids(handset)
        handset.switch_off()  # Chromium hands out room in advance: a limit is felt by a browser that starts under it
        handset.switch_on()
        page = handset.page
        cdp = handset.context.new_cdp_session(page)
        cdp.send("Storage.overrideQuotaForOrigin", {"origin": f"{handset.url}/", "quotaSize": 1})
        handset.open("patrol")
        handset.stand(600, 500)
        page.locator(".dots button").nth(1).click()
        page.locator(".target-where", has_text="可以签到").wait_for()
        page.click("[data-name=checkin]")
        page.get_by_text("手机空间已满").first.wait_for()
        assert page.locator("[data-name=result]").count() == 0
        assert kept_ids(handset) == before
        cdp.send("Storage.overrideQuotaForOrigin", {"origin": f"{handset.url}/"})
        handset.switch_off()
        handset.switch_on()
        handset.open("patrol")
        handset.check_in(1)
    handset.send_now()
    assert len(inbox(live, person, "checkin")) == 2
    nothing_lost(handset, live, person)
