"""Staffing at the desk in Chromium: axe, width and targets of each view; another area and another week by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.areas.models import Area
from app.db import db
from app.duty.models import Shift
from app.teams.models import Team
from tests import make, places
from tests.browser.test_desk_screens import chromium, desk_of, faults  # noqa: F401

pytestmark = pytest.mark.browser
PAGE = "/desk/coverage/staffing"
WEDNESDAY = 2
# The square asks for four hours on a Wednesday. A visit is ten minutes by the guideline, the way to the park 400 m off
# seven by the map: 17 minutes for every two hours, 0.57 pair-hours a week.
SQUARE_H = "0.57"


@pytest.fixture(scope="module")
def told(live: Any) -> Iterator[dict[str, Any]]:
    """The week that is over and the one before: in that one alone a pair is planned for the square's four hours."""
    with live.app.app_context():
        township = db.session.get_one(Area, live.ids["township"])
        team = db.session.scalars(db.select(Team).where(Team.township_id == township.id)).one()
        east = db.session.scalars(
            db.select(Area).where(Area.parent_id == township.id).order_by(Area.code)
        ).all()[1]
        people = [db.session.get_one(make.Person, live.ids[login]) for login in ("admin", "leader")]
        today = (datetime.now(UTC) + timedelta(hours=8)).date()
        monday = today - timedelta(days=today.weekday() + 7)
        spots = (("东村广场", 450, [(WEDNESDAY, 1200, 1440)]), ("东村公园", 850, []))
        for name, south, windows in spots:
            make.make_hotspot(
                township, places.square(850, south, 950, south + 100), *people, windows=windows, name=name,
                village_id=east.id, valid_from=monday - timedelta(days=28),
            )  # fmt: skip
        crew = [db.session.get_one(make.Person, live.ids[login]) for login in ("member", "mate")]
        starts = datetime(monday.year, monday.month, monday.day, 12, tzinfo=UTC) + timedelta(
            days=WEDNESDAY - 7
        )
        planned: Shift = make.make_shift(team, None, crew, starts_at=starts, hours=4)
        assert planned.day == monday + timedelta(days=WEDNESDAY - 7)
        found = {"monday": monday, "east": east.code, "township": township.code}
        db.session.commit()
        db.session.remove()
    yield found


def week(told: dict[str, Any], back: int = 0) -> tuple[str, str]:
    first = told["monday"] - timedelta(days=7 * back)
    return first.isoformat(), (first + timedelta(days=6)).isoformat()


def ask(page: Page, days: tuple[str, str], area: str | None = None) -> None:
    """As a hand would: the area, the days, the button."""
    if area:
        page.locator("#area").select_option(area)
    for name, day in zip(("#from", "#to"), days, strict=True):
        page.locator(name).fill(day)
    with page.expect_navigation(url=f"**from={days[0]}**"):
        page.get_by_role("button", name="显示").click()


def headline(page: Page, name: str) -> str:
    box = page.locator(".headlines div").filter(has=page.get_by_text(name, exact=True))
    return box.locator(".number").inner_text()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("login", ["leader", "reviewer"])
def test_no_view_of_it_has_a_fault(
    chromium: Any,  # noqa: F811
    live: Any,
    told: dict[str, Any],
    login: str,
    language: str,
) -> None:
    with desk_of(chromium, live, login, language) as page:
        wrong = {}
        for query in ("", "?show=planned", f"?area={told['east']}&show=need", "?from=soon"):
            page.goto(PAGE + query)
            page.locator("details.more > summary").click()
            wrong[query] = faults(page)
        assert {query: found for query, found in wrong.items() if found} == {}


def test_another_area_and_another_week_are_asked_for_and_answered(
    chromium: Any,  # noqa: F811
    live: Any,
    told: dict[str, Any],
) -> None:
    with desk_of(chromium, live, "reviewer") as page:
        page.goto(PAGE)
        ask(page, week(told), told["east"])
        assert headline(page, "需要") == headline(page, "缺口") == SQUARE_H
        expect(page.locator(".lacks li")).to_contain_text("周三 20:00–24:00")
        assert page.locator("#places tbody th").all_inner_texts() == ["东村广场", "东村公园"]
        ask(page, week(told), told["township"])
        assert headline(page, "已排") == "0"
        worst = page.locator("section[aria-labelledby=worst-title]")
        expect(worst).to_contain_text("周三 20:00–24:00")
        # The week before there was a pair for it: nothing lacks on that evening.
        ask(page, week(told, 1))
        assert headline(page, "已排") == "4.0"
        expect(worst).not_to_contain_text("周三")
        expect(page.locator("#area")).to_have_value(told["township"])


def test_a_view_is_chosen_and_only_its_hours_are_listed(
    chromium: Any,  # noqa: F811
    live: Any,
    told: dict[str, Any],
) -> None:
    with desk_of(chromium, live, "reviewer") as page:
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(PAGE)
        ask(page, week(told), told["east"])
        table = page.locator(".hours-week")
        assert table.locator("thead th").all_inner_texts() == ["20", "21", "22", "23"]
        # On a phone the week is there without being pushed aside, and a place is a list with its words.
        assert table.evaluate("(e) => e.parentElement.scrollWidth <= e.parentElement.clientWidth")
        row = page.locator("#places tbody tr").first
        assert row.evaluate("(e) => getComputedStyle(e).display") == "block"
        assert (
            row.locator("td").first.evaluate("(e) => getComputedStyle(e, '::before').content")
            == '"每周到访次数"'
        )
        page.get_by_role("link", name="需要", exact=True).click()
        expect(page.get_by_role("link", name="需要", exact=True)).to_have_attribute("aria-current", "true")
        cells = table.locator("tbody tr").nth(WEDNESDAY).locator("td")
        expect(cells).to_have_count(4)
        # 17 minutes over two hours, and that nobody is planned is said in words
        expect(cells.first).to_contain_text("0.14")
        expect(cells.first).to_contain_text("已排的不够")
