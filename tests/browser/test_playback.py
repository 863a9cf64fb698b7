"""Playing a duty back in Chromium: at the desk by map, slider and words, until the question closes; on the phone."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from app import clock
from app.accounts.models import Audit, Person
from app.checkins.models import Checkin
from app.clock import rfc3339
from app.db import db
from app.duty.models import Duty
from app.routes.models import Checkpoint, RouteVersion
from app.teams.models import Team
from tests import make
from tests.browser.phone_page import Handset
from tests.browser.reading import serious
from tests.browser.test_coverage_page import NO_GL, SOFTWARE_GL, browser_with, desk  # noqa: F401
from tests.browser.test_desk_screens import chromium, desk_of, faults  # noqa: F401
from tests.browser.test_phone_me import SMALL, WIDER, signed_in, turn_to
from tests.browserless import Browser
from tests.phone import Phone, walk

pytestmark = pytest.mark.browser
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def duties(live: Any) -> dict[str, int]:
    """An hour of member and mate that is over; a check-in of the member is held. Duties by login."""
    at0 = clock.now() - 100 * MINUTE
    with live.app.app_context():
        route = db.session.get_one(RouteVersion, live.ids["route"])
        team = db.session.scalars(select(Team).where(Team.township_id == live.ids["township"])).one()
        crew = [db.session.get_one(Person, live.ids[login]) for login in ("member", "mate")]
        shift = SimpleNamespace(id=make.make_shift(team, route, crew, starts_at=at0, hours=1.2).id)
        first = db.session.scalars(
            select(Checkpoint.id).where(Checkpoint.route_version_id == route.id).order_by(Checkpoint.seq)
        ).first()
        db.session.remove()
    for login, beside in (("member", 0), ("mate", 6)):
        browser = Browser(live.url)
        browser.sign_in(login)
        phone = Phone(SimpleNamespace(id=live.ids[login]), at0)
        one = walk([(100, 500 + beside), (400, 500 + beside)], at0 + MINUTE, 1.0)
        two = walk([(400, 500 + beside), (600, 500 + beside)], one[-1][2] + 5 * MINUTE, 1.0)
        items = [
            phone.start(shift, at0),
            phone.checkin(shift, first, 105, 500 + beside, at0 + 2 * MINUTE, mocked=login == "member"),
            phone.segment(shift, one), phone.segment(shift, two), phone.end(shift, at0 + 60 * MINUTE),
        ]  # fmt: skip
        browser.sync_until_answered({"sent_at": rfc3339(clock.now()), "items": items})
    with live.app.app_context():
        rows = db.session.execute(select(Duty.person_id, Duty.id).where(Duty.shift_id == shift.id)).all()
        db.session.remove()
    by_person = {row[0]: row[1] for row in rows}
    return {login: by_person[live.ids[login]] for login in ("member", "mate")}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_of_it_has_a_fault(chromium: Any, live: Any, duties: dict[str, int], language: str) -> None:  # noqa: F811
    with desk_of(chromium, live, "reviewer", language) as page:
        for end in ("", f"/{duties['member']}", f"/{duties['member']}/look"):
            page.goto(f"/desk/playback{end}")
            assert page.locator("h1").count() == 1
            assert faults(page) == [], end


def test_the_slider_is_moved_by_keys_and_the_list_goes_with_it(
    browser_with: Any, live: Any, duties: dict[str, int]  # noqa: F811
) -> None:  # fmt: skip
    with desk(browser_with(SOFTWARE_GL), live) as page:
        page.goto(f"/desk/playback/{duties['member']}")
        assert "队员会看到您看过" in page.inner_text("main")
        page.get_by_role("link", name="回放这次值勤").click()
        page.wait_for_selector("#playback-map canvas")
        expect(page.locator("#playback-over")).to_be_hidden()  # it is open: nothing says that it is not
        assert page.get_by_role("button", name="放大").count() == 1
        legend = page.locator(".legend li").all_inner_texts()
        assert "路线" in legend and "走过的路" in legend and "等着核的签到" in legend
        slider = page.get_by_label("时间")
        slider.focus()
        current = page.locator(".playback-events [aria-current]")
        expect(current).to_contain_text("开始值勤")
        for _ in range(2):
            page.keyboard.press("ArrowRight")
        expect(current).to_contain_text("签到：点1")
        page.keyboard.press("End")
        expect(current).to_contain_text("结束值勤")
        assert slider.get_attribute("aria-valuetext") == page.inner_text("#playback-clock")
        assert page.locator(".playback-events .is-asked").count() == 1


def test_it_plays_and_rests_and_without_motion_goes_from_event_to_event(
    browser_with: Any, live: Any, duties: dict[str, int]  # noqa: F811
) -> None:  # fmt: skip
    with desk(browser_with(NO_GL), live) as page:
        page.emulate_media(reduced_motion="reduce")
        page.goto(f"/desk/playback/{duties['member']}/look")
        page.wait_for_selector("#map-none:not([hidden])")
        assert "列表里的内容是一样的" in page.inner_text("#map-none")
        current = page.locator(".playback-events [aria-current]")
        page.get_by_role("button", name="播放", exact=True).press("Enter")
        expect(current).to_contain_text("签到：点1")
        page.get_by_role("button", name="停下", exact=True).press("Enter")
        expect(page.get_by_role("button", name="播放", exact=True)).to_have_attribute("aria-pressed", "false")


def look_lines(live: Any, duty_id: int) -> list[tuple[int | None, str]]:
    with live.app.app_context():
        which = select(Audit).where(Audit.action == "look.playback").order_by(Audit.at)
        found = [
            (one.actor_id, one.detail["why"])
            for one in db.session.scalars(which)
            if one.detail["of"] == str(duty_id)
        ]
        db.session.remove()
    return found


def cached(page: Page) -> list[str]:
    urls = page.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async (name) =>
             (await (await caches.open(name)).keys()).map((r) => r.url)))).flat()"""
    )
    return [url for url in urls if "/api/" in url and "playback" in url]


def test_a_member_plays_back_their_own_and_a_mates_who_is_shown_that(
    handset: Handset, live: Any, duties: dict[str, int]
) -> None:
    signed_in(handset, "mate")
    page = handset.page
    turn_to(handset, "me")
    page.locator("[data-name=duties] summary").click()
    # Of a duty of the last 72 hours others' phones may still change the points, and the line says until when.
    words = page.locator("[data-name=points-open]").first.inner_text()
    assert ":" in words and "NaN" not in words and "me." not in words
    page.locator("[data-name=to-playback]").first.click()
    page.wait_for_selector("[data-name=playback][data-seen-as=self]")
    assert page.locator("[data-kind]").evaluate_all("(all) => all.map((e) => e.dataset.kind)") == [
        "start", "checkin", "gap", "end",
    ]  # fmt: skip
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert serious(page) == [], scheme
    assert page.evaluate(WIDER) <= 0 and page.evaluate(SMALL) == []
    page.click("[data-name=playback-map]")  # this phone draws no map, and says so
    page.wait_for_selector("[data-name=no-map]")
    assert look_lines(live, duties["mate"]) == []
    page.click("[data-name=to-mate]")
    page.wait_for_selector("[data-name=playback][data-seen-as=mate]")
    assert "对方看得到您看过" in page.inner_text("[data-name=playback]")
    assert look_lines(live, duties["member"])[-1] == (live.ids["mate"], "crew")
    assert cached(page) == []


def test_the_member_reads_who_looked_and_what_for(
    handset: Handset, live: Any, duties: dict[str, int]
) -> None:
    reviewer = Browser(live.url)
    reviewer.sign_in("reviewer")
    assert reviewer.call("GET", f"/api/v1/duties/{duties['member']}/playback")[0] == 200
    signed_in(handset, "member")
    turn_to(handset, "data?part=looks")
    handset.page.wait_for_selector("[data-name=looks] li")
    words = handset.page.inner_text("[data-name=looks]")
    assert "镇审核员" in words and "看了一次值勤的轨迹" in words and "因为有一次签到待核" in words


def test_without_signal_the_phone_says_so_and_shows_nothing(
    handset: Handset, live: Any, duties: dict[str, int]
) -> None:
    signed_in(handset, "member")
    handset.keep_shell()
    handset.context.set_offline(True)
    turn_to(handset, f"playback?duty={duties['member']}")
    handset.page.get_by_text("回放要联网才能看").wait_for()
    assert handset.page.locator("[data-kind]").count() == 0
    handset.context.set_offline(False)


@pytest.mark.shows_map
def test_the_phone_draws_the_map_when_it_is_asked_for(
    handset: Handset, live: Any, duties: dict[str, int]
) -> None:
    signed_in(handset, "member")
    asked: list[str] = []
    handset.page.on("request", lambda request: asked.append(request.url))
    turn_to(handset, f"playback?duty={duties['member']}")
    handset.page.wait_for_selector("[data-name=playback]")
    assert not [url for url in asked if "maplibre" in url], "a megabyte before anybody asked"
    handset.page.click("[data-name=playback-map]")
    handset.page.wait_for_selector("[data-name=map][data-state=shown] canvas", timeout=60_000)
    assert "走过的路" in handset.page.locator(".map-legend li").all_inner_texts()
    nearer = handset.page.get_by_role("button", name="放大").bounding_box()
    assert nearer is not None and min(nearer["width"], nearer["height"]) >= 47.5
    assert handset.page.evaluate(WIDER) <= 0


def test_when_the_question_closes_the_open_page_empties_itself(
    chromium: Any,  # noqa: F811
    live: Any,
    duties: dict[str, int],
) -> None:
    """Last of all: the check-in is decided while somebody looks."""
    with desk_of(chromium, live, "reviewer") as page:
        page.goto(f"/desk/playback/{duties['member']}/look")
        page.wait_for_selector(".playback-events li")
        decide(live, duties["member"])
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_selector("#playback-over:not([hidden])")
        assert page.locator("#playback, #playback-seen").count() == 0
        assert "不能回放" in page.inner_text("main")
        again = page.goto(f"/desk/playback/{duties['member']}/look")
        assert again is not None and again.status == 403


def decide(live: Any, duty_id: int) -> None:
    with live.app.app_context():
        held = update(Checkin).where(Checkin.duty_id == duty_id)
        db.session.execute(held.values(verdict="counted", reviewed_at=clock.now()))
        db.session.commit()
        db.session.remove()
