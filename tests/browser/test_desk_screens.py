"""Every page of the desk that its rail leads to, for each who sits there: axe, width, targets; the second factor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from app import clock
from app.clock import local_day
from app.db import db
from app.routes.models import RouteVersion
from app.teams.models import Team
from tests import make
from tests.browser.phone_page import CHROMIUM, FLAGS
from tests.browser.reading import serious
from tests.browserless import PASSWORD

pytestmark = pytest.mark.browser

RAIL = "() => [...new Set([...document.querySelectorAll('nav a[href^=\"/\"]')].map((a) => a.getAttribute('href')))]"
SMALL = """() => [...document.querySelectorAll('.btn, nav a, summary, .pick label, input[type=text], select')]
  .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 47.5).map((e) => e.outerHTML.slice(0, 80))"""
# A chip that leaves its place lies over the words beside it; a name of the rail is one line.
OVER = """() => [...document.querySelectorAll('.chip')]
  .filter((e) => e.getBoundingClientRect().right > e.parentElement.getBoundingClientRect().right + 1)
  .concat([...document.querySelectorAll('nav a')].filter((e) => e.offsetParent && e.offsetHeight > 60))
  .map((e) => e.textContent.trim())"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def chromium(playwright: Any) -> Iterator[Any]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-gpu"])
    yield browser
    browser.close()


@contextmanager
def desk_of(chromium: Any, live: Any, login: str, language: str = "zh") -> Iterator[Page]:
    # Colours that pass over into each other have no contrast that could be held to anything.
    context = chromium.new_context(locale="zh-CN", base_url=live.url, reduced_motion="reduce")
    context.add_cookies([{"name": "lang", "value": language, "url": live.url}])
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("input[name=login]:not([type=hidden])", login)
    page.fill("input[name=password]:not([type=hidden])", PASSWORD)
    page.locator("form").filter(has=page.locator("input[type=password]")).locator("button").first.click()
    page.wait_for_url("**/desk/**")
    yield page
    context.close()


def faults(page: Page) -> list[str]:
    """Axe in light and dark, then both widths."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {one}" for one in serious(page)]
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 740})
        found += [f"{width} px: wider"] if page.evaluate(WIDER) > 0 else []
        found += [f"{width} px: small {one}" for one in page.evaluate(SMALL)]
        found += [f"{width} px: over its neighbour: {one}" for one in page.evaluate(OVER)]
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("login", ["leader", "reviewer", "admin"])
def test_every_page_of_the_rail(chromium: Any, live: Any, login: str, language: str) -> None:
    with desk_of(chromium, live, login, language) as page:
        addresses = [address for address in page.evaluate(RAIL) if "?" not in address]
        assert len(addresses) >= 4
        wrong = {}
        for address in addresses:
            page.goto(address)
            wrong[address] = faults(page)
        assert {address: found for address, found in wrong.items() if found} == {}


def test_the_second_factor_from_its_first_page_to_the_spare_codes(chromium: Any, live: Any) -> None:
    with desk_of(chromium, live, "reviewer") as page:
        page.goto("/desk/second-factor")
        assert faults(page) == []
        page.locator("main form button").first.click()
        page.wait_for_selector("main img")
        assert faults(page) == []
        page.fill("input[name=totp]", "000000")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]")
        assert faults(page) == []
        secret = page.locator(".totp-secret").inner_text().replace("-", "")
        page.fill("input[name=totp]", pyotp.TOTP(secret).now())
        page.keyboard.press("Enter")
        page.wait_for_selector(".totp-spare")
        assert faults(page) == []


@pytest.fixture(scope="module")
def nights(live: Any) -> None:
    """On each day of this week a shift that runs past midnight, at whatever hour the test is run."""
    with live.app.app_context():
        team = db.session.scalars(select(Team).where(Team.township_id == live.ids["township"])).one()
        route = db.session.get_one(RouteVersion, live.ids["route"])
        today = local_day(clock.now(), "Asia/Shanghai")
        monday = today - timedelta(days=today.weekday())
        for n in range(7):
            # 22:15 in Shanghai
            begins = datetime.combine(monday + timedelta(days=n), time(14, 15), UTC)
            make.make_shift(team, route, starts_at=begins, hours=4)
        db.session.remove()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_week_of_nights_is_no_wider_than_the_screen(
    chromium: Any, live: Any, nights: None, language: str
) -> None:
    until = {"zh": "22:15–次日 02:15", "en": "22:15–02:15 next day"}[language]
    with desk_of(chromium, live, "leader", language) as page:
        page.goto("/desk/shifts")
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 740})
            said = page.locator(".slot b", has_text=until)
            assert said.count() == 7 and all(one.is_visible() for one in said.all())
            assert page.evaluate(WIDER) <= 0, f"{width} px"
            assert page.evaluate(OVER) == []
