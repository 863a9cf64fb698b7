"""Team strength in Chromium: narrow and wide, light and dark, in both languages, on paper and to the ear."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.areas.models import Area
from app.db import db
from tests import make
from tests.browser.test_desk_screens import WIDER, chromium, desk_of, faults  # noqa: F401
from tests.strength.test_figures import out

pytestmark = pytest.mark.browser
PAGE = "/desk/coverage/strength"


@pytest.fixture(scope="module")
def members(live: Any) -> Iterator[None]:
    """Four full-time members of the west, two of them out lately, one not insured; a village below two."""
    with live.app.app_context():
        township = db.session.get_one(Area, live.ids["township"])
        west, east = db.session.scalars(
            db.select(Area)
            .where(Area.township_id == township.id, Area.level == "village")
            .order_by(Area.code)
        )
        west.households, east.households, east.population = 1000, 250, 300
        team = make.make_team(township, "西村专职队", "full_time", [west])
        today = (datetime.now(UTC) + timedelta(hours=8)).date()
        for n in range(4):
            person = make.make_person(f"队员{n}", township)
            make.join_team(person, team, trained_on=today if n else None, insured=n != 1)
            if n > 1:
                out(person, team, today - timedelta(days=n))
        db.session.commit()
        db.session.remove()
    yield


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("login", ["reviewer", "admin"])
def test_the_page(chromium: Any, live: Any, members: None, login: str, language: str) -> None:  # noqa: F811
    with desk_of(chromium, live, login, language) as page:
        page.goto(PAGE)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert faults(page) == []


def test_on_a_phone_a_village_is_a_line_that_opens_to_all_its_numbers(
    chromium: Any,  # noqa: F811
    live: Any,
    members: None,
) -> None:
    """The gap stands in the line; no table of villages makes the page long, and nothing scrolls sideways."""
    with desk_of(chromium, live, "reviewer", "en") as page:
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(PAGE)
        lines = page.locator("details.village-fold")
        assert lines.count() == 2 and not page.locator("table", has_text="西村").first.is_visible()
        west = lines.filter(has_text="西村")
        assert "full-time lacks 3" in west.locator("summary").inner_text()
        assert max(box.bounding_box()["height"] for box in lines.all()) <= 72
        west.locator("summary").press("Enter")
        numbers = west.locator("dl").first.locator("div").all_inner_texts()
        said = ["Target 5", "Registered 4", "Active 2", "Trained 3", "Insured 3", "Gap 3"]
        assert [" ".join(one.split()) for one in numbers][:6] == said
        assert page.evaluate(WIDER) == 0


def test_on_a_wide_screen_the_tables_stand_and_nothing_is_told_twice(
    chromium: Any,  # noqa: F811
    live: Any,
    members: None,
) -> None:
    with desk_of(chromium, live, "reviewer", "en") as page:
        page.goto(PAGE)
        assert page.locator("details.village-fold").first.is_hidden()
        row = page.locator("table.cells").first.get_by_role("row").filter(has_text="西村")
        said = [cell.inner_text().strip() for cell in row.get_by_role("cell").all()]
        assert said == ["5", "4", "2", "3", "3", "3"]


def test_the_chart_is_as_long_as_the_numbers(chromium: Any, live: Any, members: None) -> None:  # noqa: F811
    """The longest bar is the target of the west; two of five are out. Nothing is asked of another server."""
    with desk_of(chromium, live, "reviewer") as page:
        asked: list[str] = []
        page.on("request", lambda one: asked.append(one.url))
        page.goto(PAGE)
        bar = page.locator(".strength-bar").first
        wide = {
            key: float(bar.locator(f".is-{key}").get_attribute("width"))
            for key in ("target", "registered", "active")
        }
        assert wide == {"target": 100, "registered": 80, "active": 40}
        assert page.locator(".strength-chart svg rect").count() == 2 * 2 * 3
        assert asked and all(url.startswith((live.url, "data:")) for url in asked)


def test_on_paper_there_is_nothing_to_press(chromium: Any, live: Any, members: None) -> None:  # noqa: F811
    with desk_of(chromium, live, "reviewer") as page:
        page.goto(PAGE)
        page.emulate_media(media="print")
        assert page.locator(".rail").is_hidden() and page.locator(".files").is_hidden()
        assert page.locator("table.cells").first.is_visible() and page.locator("#costs").is_visible()
