"""Two desks in Chromium: a call rings on both by the stream, on one whose stream is cut by asking, and falls silent on
both when one takes it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from app import clock
from app.accounts.models import Person
from app.clock import rfc3339
from app.db import db
from app.teams.models import Team
from tests import make
from tests.browser.phone_page import CHROMIUM, FLAGS, until
from tests.browser.test_phone_me import PUSH_SERVICE
from tests.browserless import Browser
from tests.phone import Phone

pytestmark = pytest.mark.browser
TWO_PROCESSES = True  # news of one is heard by the other


@pytest.fixture(scope="module")
def chromium(playwright: Any) -> Iterator[Any]:
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM, args=[*FLAGS, "--autoplay-policy=user-gesture-required"]
    )
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def second_leader(live: Any) -> str:
    with live.app.app_context():
        first = db.session.get(Person, live.ids["leader"])
        team = db.session.scalars(db.select(Team).where(Team.township_id == live.ids["township"])).one()
        assert first is not None
        other = make.save(
            Person(login="leader2", name="何队长", home_township_id=first.home_township_id,
                   password_hash=first.password_hash)
        )  # fmt: skip
        make.grant(other, "leader", team=team)
        db.session.remove()
    return "leader2"


def sign_in(page: Page, login: str, address: str) -> None:
    page.goto(address)
    page.get_by_label("登录名").fill(login)
    page.get_by_label("密码").fill("xunfang-demo")
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url(f"**{address}")


@pytest.fixture
def desks(chromium: Any, live: Any, second_leader: str) -> Iterator[tuple[Page, Page]]:
    """The two leaders of the team, each with a browser of their own; what a console says is a failure."""
    contexts: list[BrowserContext] = []
    said: list[str] = []
    pages = []
    for login in ("leader", second_leader):
        context = chromium.new_context(
            viewport={"width": 1280, "height": 800}, locale="zh-CN", base_url=live.url
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "console",
            lambda m: said.append(m.text) if m.type == "error" and "Failed to load" not in m.text else None,
        )
        sign_in(page, login, "/desk/shifts")
        pages.append(page)
    yield pages[0], pages[1]
    for context in contexts:
        context.close()
    close_all(live)
    assert said == []


def close_all(live: Any) -> None:
    from app.alarms.models import Alarm

    with live.app.app_context():
        for one in db.session.scalars(db.select(Alarm).where(Alarm.ended_at.is_(None))):
            one.state, one.ended_at, one.ended_by = "closed", clock.now(), one.person_id
        db.session.commit()
        db.session.remove()


def call_for_help(live: Any, **body: Any) -> str:
    member = Browser(live.url)
    member.sign_in("member")
    phone = Phone(SimpleNamespace(id=live.ids["member"]), clock.now())  # type: ignore[arg-type]
    item = phone.item("sos", {"shift_id": live.ids["shift"], "fix": phone.fix(600, 500), **body})
    member.sync_until_answered({"sent_at": rfc3339(clock.now()), "items": [item]})
    return str(item["id"])


def rings(page: Page) -> None:
    until(page, "() => document.documentElement.dataset.alarm === 'ringing'")


def quiet(page: Page) -> None:
    until(page, "() => document.documentElement.dataset.alarm === 'quiet'")


def test_it_rings_on_both_desks_by_the_stream_and_who_takes_it_ends_it_on_both(desks: Any, live: Any) -> None:
    one, two = desks
    for page in desks:
        # Without the stream this page would ask only in an hour.
        page.clock.install()
        page.reload()
        page.wait_for_load_state("networkidle") if False else page.wait_for_selector(
            "#alarm-bar", state="attached"
        )
        page.locator("h1").click()
        quiet(page)
    call_for_help(live)
    for page in desks:
        expect(page.get_by_role("alert")).to_contain_text("紧急求助：王队员", timeout=20_000)
        expect(page.get_by_role("alert")).to_contain_text("点2")
        rings(page)
    two.get_by_role("button", name="我来处理").click()
    two.get_by_role("heading", name="紧急求助：王队员").wait_for()
    expect(one.get_by_role("alert")).to_have_count(0, timeout=20_000)
    quiet(one)
    quiet(two)


def test_with_the_stream_cut_it_rings_by_asking(desks: Any, live: Any) -> None:
    one, _ = desks
    one.route("**/desk/stream", lambda route: route.abort())
    one.clock.install()
    one.reload()
    one.locator("h1").click()
    quiet(one)
    call_for_help(live)
    one.clock.run_for(16_000)
    expect(one.get_by_role("alert")).to_contain_text("王队员", timeout=20_000)
    rings(one)


# Headless Chromium lets every page be heard; this is how one behaves that waits for a touch.
BLOCKED = """
(() => {
  let touched = false;
  const touch = new Promise((done) => addEventListener("pointerdown", done, { once: true }));
  touch.then(() => { touched = true; });
  const real = Object.getOwnPropertyDescriptor(BaseAudioContext.prototype, "state").get;
  Object.defineProperty(BaseAudioContext.prototype, "state", {
    get() { return touched ? real.call(this) : "suspended"; },
  });
  const resume = AudioContext.prototype.resume;
  AudioContext.prototype.resume = function () { return touch.then(() => resume.call(this)); };
})();
"""


def test_where_the_browser_blocks_sound_a_button_turns_it_on_and_that_is_remembered(
    desks: Any, live: Any
) -> None:
    call_for_help(live)
    fresh = desks[0].context.new_page()
    fresh.add_init_script(BLOCKED)
    fresh.goto("/desk/board")
    until(fresh, "() => document.documentElement.dataset.alarm === 'blocked'")
    button = fresh.locator("#alarm-sound")
    expect(button).to_be_visible()
    button.click()
    rings(fresh)
    expect(button).to_be_hidden()
    assert fresh.evaluate("localStorage.getItem('xunfang.alarm.sound')") == "on"


def test_the_title_flashes_while_it_rings_and_is_itself_again_afterwards(desks: Any, live: Any) -> None:
    one, _ = desks
    before = one.title()
    call_for_help(live)
    until(one, "() => document.title.startsWith('求助：')")
    until(one, f"() => document.title === {before!r}")
    close_all(live)
    one.goto("/desk/shifts")
    quiet(one)
    assert one.title() == before


def test_by_the_keyboard_alone_it_is_taken_and_closed(desks: Any, live: Any) -> None:
    one, _ = desks
    identity = call_for_help(live)
    button = one.locator(f"#take-{identity}")
    button.wait_for()
    button.focus()
    one.keyboard.press("Enter")
    one.get_by_text("由您处理。").wait_for()
    one.get_by_label("人平安，没有事").focus()
    one.keyboard.press("Space")
    one.get_by_role("button", name="结束求助").focus()
    one.keyboard.press("Enter")
    one.get_by_text("已结束，记录保留。").wait_for()


def test_the_focus_stays_on_a_button_of_the_bar_when_the_bar_is_drawn_again(desks: Any, live: Any) -> None:
    one, _ = desks
    first = call_for_help(live)
    link = one.locator(f"#open-{first}")
    link.wait_for()
    link.focus()
    second = call_for_help(live)
    one.locator(f"#open-{second}").wait_for()
    expect(link).to_be_focused()


def test_the_map_of_a_call_is_drawn_from_our_own_tiles(desks: Any, live: Any) -> None:
    one, _ = desks
    identity = call_for_help(live)
    with one.expect_response("**/api/v1/tiles/streets/**"):
        one.goto(f"/desk/alarms/{identity}")
    one.locator("#alarm-map canvas").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bar_list_and_page_have_no_serious_axe_finding_and_fit_their_screen(
    desks: Any, live: Any, scheme: str
) -> None:
    one, _ = desks
    identity = call_for_help(live, test=True)
    one.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for address in ("/desk/board", "/desk/alarms", f"/desk/alarms/{identity}"):
        one.set_viewport_size({"width": 1280, "height": 800})
        one.goto(address)
        one.locator(f"#take-{identity}").wait_for()
        found = [v for v in Axe().run(one).response["violations"] if v["impact"] in ("serious", "critical")]
        assert found == [], (address, [(v["id"], [n["html"] for n in v["nodes"]][:3]) for v in found])
        for width in (360, 820):
            one.set_viewport_size({"width": width, "height": 740})
            assert one.evaluate("document.documentElement.scrollWidth") <= width, address
            small = one.evaluate(
                """[...document.querySelectorAll('.btn, summary, .pick label')]
                   .filter(e => e.offsetParent && e.getBoundingClientRect().height < 47.5)
                   .map(e => e.outerHTML.slice(0, 80))"""
            )
            assert small == [], address


# --- with every page closed -----------------------------------------------------------------------


def push_state(page: Page, state: str) -> None:
    page.wait_for_selector(f"#push[data-state={state}]")


def is_subscribed(page: Page) -> bool:
    return bool(page.request.get("/api/v1/me/push").json()["subscribed"])


def test_a_computer_is_told_to_ring_with_its_pages_closed_and_keeps_no_page(desks: Any, live: Any) -> None:
    page = desks[0]
    page.context.add_init_script(PUSH_SERVICE)
    page.context.grant_permissions(["notifications"], origin=live.url)
    page.goto("/desk/alarms")
    push_state(page, "off")
    page.locator("#push [data-do=on]").click()
    push_state(page, "on")
    assert is_subscribed(page) and page.evaluate("() => window.__asked") == 65
    found = page.evaluate("""async () => {
      const all = await navigator.serviceWorker.getRegistrations();
      return [all.map((r) => [new URL(r.scope).pathname, new URL(r.active.scriptURL).pathname]), await caches.keys(),
        (await indexedDB.databases()).length];
    }""")
    assert found == [[["/desk/", "/desk/sw.js"]], [], 0], "it only rings: no file, no store of the phone's"
    violations = Axe().run(page).response["violations"]
    assert [v["id"] for v in violations if v["impact"] in ("serious", "critical")] == []
    page.locator("#push [data-do=off]").click()
    push_state(page, "off")
    assert not is_subscribed(page)


def test_a_lost_address_is_mended_at_the_next_opening_for_who_asked(desks: Any, live: Any) -> None:
    page = desks[0]
    page.context.add_init_script(PUSH_SERVICE)
    page.context.grant_permissions(["notifications"], origin=live.url)
    page.goto("/desk/sessions")
    page.locator("#push [data-do=on]").click()
    push_state(page, "on")
    forget_addresses(live)
    page.evaluate("() => sessionStorage.clear()")
    page.goto("/desk/board")
    until(page, "() => sessionStorage.getItem('xunfang.push.looked') === '1'")
    assert is_subscribed(page)
    forget_addresses(live)
    page.evaluate(
        "() => { sessionStorage.clear(); localStorage.setItem('xunfang.push', '0') }"
    )  # somebody else's wish
    page.goto("/desk/alarms")
    push_state(page, "off")
    assert not is_subscribed(page)


def forget_addresses(live: Any) -> None:
    from app.alarms.models import PushAddress

    with live.app.app_context():
        db.session.execute(db.delete(PushAddress))
        db.session.commit()
        db.session.remove()


def test_a_browser_that_blocks_messages_says_how_to_allow_them(desks: Any, live: Any) -> None:
    page = desks[0]
    page.context.add_init_script("navigator.permissions.query = async () => ({ state: 'denied' })")
    page.goto("/desk/alarms")
    push_state(page, "denied")
    assert "允许" in page.locator("#push").inner_text()
    assert page.locator("#push button:visible").count() == 0
