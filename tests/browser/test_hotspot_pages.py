"""Hotspots at the desk in Chromium: narrow and wide, light and dark, by the keyboard alone, with a map and without."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from app.areas.models import Area
from app.db import db
from app.hotspots.models import AnalysisRun
from tests import make, places
from tests.browser.test_coverage_page import NO_GL, SOFTWARE_GL, browser_with, desk  # noqa: F401
from tests.hotspots.test_proposing import make_proposal

pytestmark = pytest.mark.browser


class _People:
    """As much of the cast as a proposal needs."""

    def __init__(self, township_id: int) -> None:
        self.town = type("Town", (), {"township": db.session.get_one(Area, township_id)})


@pytest.fixture(scope="module")
def addresses(live: Any) -> Iterator[dict[str, str]]:
    """A proposal, a search that is done, an overdue hotspot: the pages about them."""
    now = datetime.now(UTC)
    with live.app.app_context():
        people = _People(live.ids["township"])
        proposal = make_proposal(people, now, id=uuid4())
        admin = db.session.get_one(make.Person, live.ids["admin"])
        make.make_hotspot(
            people.town.township, places.square(700, 700, 800, 800), admin,
            db.session.get_one(make.Person, live.ids["leader"]), windows=[(4, 1320, 1500)], name="旧码头",
            valid_from=now.date() - timedelta(days=80),
        )  # fmt: skip
        run = make.save(
            AnalysisRun(
                township_id=proposal.township_id, id=uuid4(), method="dbscan",
                parameters={"distance_m": 100, "least": 5}, first_on=now.date(), last_on=now.date(), n=84,
                state="done", progress=100, asked_by=admin.id, asked_at=now,
                result={"gatherings": 1, "noise": 3, "proposals": 1, "too_few": 1},
            )
        )  # fmt: skip
        proposal.run_id = run.id
        db.session.commit()
        yield {
            "list": "/desk/hotspots", "search": f"/desk/hotspots/searches/{run.id}",
            "proposal": f"/desk/hotspots/proposals/{proposal.id}", "file": "/desk/hotspots/incidents",
        }  # fmt: skip
        db.session.remove()


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_is_wider_than_its_screen_and_none_has_a_serious_axe_finding(
    browser_with: Any,  # noqa: F811
    live: Any,
    addresses: dict[str, str],
    width: int,
) -> None:
    with desk(browser_with(NO_GL), live, width, 780) as page:
        for name, address in addresses.items():
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            small = page.evaluate(
                """[...document.querySelectorAll('.btn, summary, .pick label, input[type=text], select')]
                   .filter(e => e.offsetParent && e.getBoundingClientRect().height < 47.5)
                   .map(e => e.outerHTML.slice(0, 80))"""
            )
            assert small == [], name
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                page.goto(address)  # colours that are just changing have no contrast yet
                found = [
                    v
                    for v in Axe().run(page).response["violations"]
                    if v["impact"] in ("serious", "critical")
                ]
                assert found == [], (
                    name,
                    scheme,
                    [(v["id"], [n["html"] for n in v["nodes"]][:3]) for v in found],
                )


def test_a_place_is_named_and_proposed_by_the_keyboard_alone(
    browser_with: Any,  # noqa: F811
    live: Any,
    addresses: dict[str, str],
) -> None:
    with desk(browser_with(NO_GL), live) as page:
        page.goto(addresses["list"])
        page.locator("#map-none").wait_for()
        page.get_by_role("link", name="查看").first.focus()
        page.keyboard.press("Enter")
        page.get_by_label("名称").focus()
        page.keyboard.type("河边夜市")
        page.keyboard.press("Tab")
        for _ in range(4):
            page.keyboard.press("ArrowDown")
        page.get_by_label("每处 50 米").focus()
        page.keyboard.press("Space")
        page.get_by_role("button", name="提出", exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.locator("[role=status]")).to_contain_text("请另一位")
        expect(page.locator(".hotspot-line").first).to_contain_text("河边夜市")


def test_the_map_draws_and_says_nothing_wrong(
    browser_with: Any,  # noqa: F811
    live: Any,
    addresses: dict[str, str],
) -> None:
    with desk(browser_with(SOFTWARE_GL), live) as page:
        for name in ("list", "proposal"):
            page.goto(addresses[name])
            expect(page.locator("#hotspot-map canvas")).to_be_visible()
            page.wait_for_load_state("networkidle")
