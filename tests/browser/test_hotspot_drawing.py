"""A hotspot is drawn in Chromium: by the pointer, corner by corner, dragged afterwards; and by the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from shapely.geometry import Polygon

from app.areas.models import Area
from app.db import db
from tests import places
from tests.browser.reading import serious
from tests.browser.test_base_map import lies_under, outside  # noqa: F401
from tests.browser.test_coverage_page import NO_GL, SOFTWARE_GL, browser_with, desk  # noqa: F401
from tests.browser.test_desk_screens import OVER, SMALL, WIDER
from tests.hotspots import planted
from tests.hotspots.test_proposing import make_proposal

pytestmark = pytest.mark.browser
NEW = "/desk/hotspots/drawn"
METRES = 96_000.0  # of a degree of longitude here, about


class _People:
    def __init__(self, township_id: int) -> None:
        self.town = type("Town", (), {"township": db.session.get_one(Area, township_id)})


@pytest.fixture(scope="module")
def events(live: Any) -> Iterator[dict[str, str]]:
    """Twenty-five events over the township, so that what is drawn anywhere in its middle has enough of them."""
    now = datetime.now(UTC)
    with live.app.app_context():
        people = _People(live.ids["township"])
        for n in range(25):
            planted.add_event(people, 500 + 50 * (n % 5), 500 + 50 * (n // 5), now - timedelta(days=n + 1))  # type: ignore[arg-type]
        proposal = make_proposal(people, now, id=uuid4())
        db.session.commit()
        yield {
            "new": NEW, "proposal": f"/desk/hotspots/proposals/{proposal.id}/drawn",
            "hotspot": f"/desk/hotspots/{live.ids['hotspot']}/drawn",
        }  # fmt: skip
        db.session.remove()


def corners_of(page: Page) -> list[tuple[float, float]]:
    lines = page.locator("#corners").input_value().split("\n")
    return [(float(lon), float(lat)) for lon, lat in (line.split() for line in lines if line)]


def middle_of(page: Page) -> tuple[float, float]:
    page.locator("#draw-tools").wait_for()
    box = page.locator("#hotspot-map canvas").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def tap(page: Page, x: float, y: float) -> None:
    """A pointer as a hand moves it."""
    page.mouse.move(x - 3, y - 3)
    page.mouse.move(x, y, steps=3)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_timeout(400)  # no double click


def is_in_the_middle(corners: list[tuple[float, float]]) -> bool:
    centre = Polygon(corners).centroid
    lon, lat = places.here(600, 600)
    return abs(centre.x - lon) < 0.0012 and abs(centre.y - lat) < 0.0012


def test_a_polygon_is_drawn_dragged_and_proposed(
    browser_with: Any, live: Any, events: dict[str, str]  # noqa: F811
) -> None:  # fmt: skip
    with desk(browser_with(SOFTWARE_GL), live) as page:
        page.goto(NEW)
        x, y = middle_of(page)
        assert page.locator(".legend li").all_inner_texts()[-2:] == [
            "本乡镇的边界",
            "导入的事件（放大后可见）",
        ]
        page.locator("[data-draw=polygon]").click()
        for dx, dy in ((-70, -70), (70, -70), (110, 20), (70, 70)):
            tap(page, x + dx, y + dy)
        page.locator("#draw-undo").click()
        expect(page.locator("#draw-state")).to_contain_text("已点 3 个")
        for dx, dy in ((70, 70), (-70, 70)):
            tap(page, x + dx, y + dy)
        page.locator("#draw-done").click()
        expect(page.locator("#draw-state")).to_contain_text("拖动边角")
        drawn = corners_of(page)
        assert len(drawn) == 5 and is_in_the_middle(drawn)
        page.mouse.move(x - 70, y - 70, steps=4)
        page.mouse.down()
        page.mouse.move(x - 100, y - 100, steps=6)
        page.mouse.up()
        expect(page.locator("#corners")).not_to_have_value(text(drawn))
        dragged = corners_of(page)
        moved = [n for n, (a, b) in enumerate(zip(drawn, dragged, strict=True)) if a != b]
        assert len(moved) == 1 and Polygon(dragged).area > Polygon(drawn).area
        page.get_by_label("名称").fill("河边广场")
        page.get_by_label("地方类别").select_option("square")
        page.get_by_label("时段").fill("周五 20:00-22:00")
        page.get_by_label("巡防中发现").check()
        page.get_by_role("button", name="提出", exact=True).click()
        page.wait_for_url("**/proposals/**")
        expect(page.locator("[role=status]")).to_contain_text("请另一位")


def text(corners: list[tuple[float, float]]) -> str:
    return "\n".join(f"{lon:.6f} {lat:.6f}" for lon, lat in corners)


def test_a_rectangle_and_a_circle_of_so_many_metres(
    browser_with: Any, live: Any, events: dict[str, str]  # noqa: F811
) -> None:  # fmt: skip
    with desk(browser_with(SOFTWARE_GL), live) as page:
        page.goto(NEW)
        x, y = middle_of(page)
        page.locator("[data-draw=rectangle]").click()
        tap(page, x - 60, y - 40)
        tap(page, x + 60, y + 40)
        expect(page.locator("#draw-state")).to_contain_text("拖动边角")
        assert len(corners_of(page)) == 4
        page.locator("#draw-radius").fill("80")
        page.locator("[data-draw=circle]").click()
        tap(page, x, y)
        expect(page.locator("#draw-state")).to_contain_text("拖动边角")
        circle = corners_of(page)
        assert len(circle) == 48 and is_in_the_middle(circle)
        wide = max(lon for lon, _ in circle) - min(lon for lon, _ in circle)
        assert wide * METRES == pytest.approx(160, rel=0.02)
        page.locator("#draw-clear").click()
        assert page.locator("#corners").input_value() == ""


def test_the_keyboard_alone_draws_a_place_without_a_map(
    browser_with: Any, live: Any, events: dict[str, str]  # noqa: F811
) -> None:  # fmt: skip
    with desk(browser_with(NO_GL), live) as page:
        page.goto(NEW)
        page.locator("#map-none").wait_for()
        page.locator("#corners").focus()
        page.keyboard.type(
            text([places.here(*at) for at in ((480, 480), (720, 480), (720, 720), (480, 720))])
        )
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type("河东市场")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.type("周六 8:00-10:00")
        page.get_by_label("巡防中发现").focus()
        page.keyboard.press("Space")
        page.get_by_role("button", name="提出", exact=True).focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/proposals/**")
        expect(page.locator("[role=status]")).to_contain_text("一年有 25 起")


def test_without_a_map_a_circle_has_the_radius_that_is_typed(
    browser_with: Any, live: Any, events: dict[str, str]  # noqa: F811
) -> None:  # fmt: skip
    with desk(browser_with(NO_GL), live) as page:
        page.goto(NEW)
        page.locator("#map-none").wait_for()
        page.locator("#draw-by-keys summary").click()
        page.locator("#draw-centre").fill("{}, {}".format(*places.here(600, 600)))
        page.get_by_label("圆的半径").fill("100")
        page.locator("#draw-centre-go").click()
        lons = [lon for lon, _ in corners_of(page)]
        assert (max(lons) - min(lons)) * METRES == pytest.approx(200, rel=0.02)


def test_typed_corners_and_a_typed_middle_show_on_the_map(
    browser_with: Any, live: Any, events: dict[str, str]  # noqa: F811
) -> None:  # fmt: skip
    with desk(browser_with(SOFTWARE_GL), live) as page:
        page.goto(NEW)
        x, y = middle_of(page)
        page.locator("#corners").fill("114.3 30.58\nhere")
        expect(page.locator("#draw-state")).to_contain_text("看不懂")
        page.locator("#draw-radius").fill("150")
        page.locator("#draw-by-keys summary").click()
        lon, lat = places.here(600, 600)
        page.locator("#draw-centre").fill(f"{lon}, {lat}")
        page.locator("#draw-centre-go").click()
        expect(page.locator("#draw-state")).to_contain_text("拖动边角")
        before = corners_of(page)
        # What was typed can be taken hold of: the whole shape is dragged by its middle.
        page.mouse.move(x, y, steps=4)
        page.mouse.down()
        page.mouse.move(x + 30, y, steps=6)
        page.mouse.up()
        expect(page.locator("#corners")).not_to_have_value(text(before))
        east = [b[0] - a[0] for a, b in zip(before, corners_of(page), strict=True)]
        assert max(east) - min(east) < 2e-5 and min(east) > 0


def test_over_a_gcj02_map_the_corners_are_those_of_the_ground(
    browser_with: Any, live: Any, events: dict[str, str], lies_under: Any, outside: Any  # noqa: F811
) -> None:  # fmt: skip
    lies_under(outside[0] + "/{z}/{x}/{y}.png", "gcj02")
    with desk(browser_with(SOFTWARE_GL), live) as page:
        page.goto(NEW)
        x, y = middle_of(page)
        page.locator("[data-draw=rectangle]").click()
        tap(page, x - 60, y - 60)
        tap(page, x + 60, y + 60)
        expect(page.locator("#draw-state")).to_contain_text("拖动边角")
        # GCJ-02 would be 0.0054 degrees farther east
        assert is_in_the_middle(corners_of(page))


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("flags", [SOFTWARE_GL, NO_GL], ids=["map", "no map"])
def test_the_pages_fit_their_screen_and_have_no_serious_axe_finding(
    browser_with: Any, live: Any, events: dict[str, str], width: int, flags: list[str]  # noqa: F811
) -> None:  # fmt: skip
    with desk(browser_with(flags), live, width, 780) as page:
        for name, address in events.items():
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                page.goto(address)
                page.locator("#draw-tools" if flags is SOFTWARE_GL else "#map-none").wait_for()
                assert serious(page) == [], (name, scheme)
            assert page.evaluate(WIDER) <= 0, name
            assert page.evaluate(SMALL) == [] and page.evaluate(OVER) == [], name


def test_nothing_of_the_drawing_tool_is_loaded_where_nobody_draws(browser_with: Any, live: Any) -> None:  # noqa: F811
    asked: list[str] = []
    with desk(browser_with(SOFTWARE_GL), live) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto("/desk/hotspots")
        page.wait_for_load_state("networkidle")
        assert not [one for one in asked if "/chunks/draw-" in one]
        page.goto(NEW)
        middle_of(page)
        assert [one for one in asked if "/chunks/draw-" in one]


def test_places_of_a_campaign_are_drawn_one_beside_another(
    browser_with: Any, live: Any, events: dict[str, str]  # noqa: F811
) -> None:  # fmt: skip
    with desk(browser_with(SOFTWARE_GL), live) as page:
        page.goto("/desk/campaigns/new")
        page.locator(".draw-places > summary").click()
        page.locator("#draw-tools").wait_for()
        page.locator("#hotspot-map").scroll_into_view_if_needed()
        x, y = middle_of(page)
        for dx in (-60, 30):
            page.locator("[data-draw=rectangle]").click()
            tap(page, x + dx, y - 30)
            tap(page, x + dx + 30, y + 30)
            expect(page.locator("#draw-state")).to_contain_text("拖动边角")
        assert len(page.locator("#treated_corners").input_value().split("\n\n")) == 2
        page.locator("#draw-for").select_option("control_corners")
        page.locator("[data-draw=circle]").click()
        tap(page, x, y - 60)
        expect(page.locator("#control_corners")).not_to_have_value("")
        assert len(page.locator("#treated_corners").input_value().split("\n\n")) == 2
        assert serious(page) == []
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate(WIDER) <= 0 and page.evaluate(SMALL) == []
