"""Proposed beats and rosters in Chromium: narrow and wide, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.clock import rfc3339
from app.db import db
from app.planning import runs
from app.routes.models import Checkpoint
from app.teams.models import Team
from tests import make
from tests.browser.test_desk_screens import chromium, desk_of, faults  # noqa: F401

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def addresses(live: Any) -> Iterator[list[str]]:
    """A beat with a place left out, and a roster with a place that nobody may fill."""
    now = datetime.now(UTC)
    with live.app.app_context():
        leader = db.session.get_one(make.Person, live.ids["leader"])
        team = db.session.scalars(db.select(Team).where(Team.township_id == live.ids["township"])).one()
        stop = {
            "hotspot": live.ids["hotspot"], "arrive_min": 12, "missed": 3, "stay_min": 10.4, "stay_basis": "guideline",
            "way_min": 0, "way_basis": None,
        }  # fmt: skip
        stops = [stop, {**stop, "arrive_min": 70, "missed": 0, "way_min": 9.1, "way_basis": "estimated"}]
        asked = {"starts_at": rfc3339(now + timedelta(days=1)), "minutes": 120, "pairs": 2}
        beat = runs.ask(leader, team, "beats", asked, now)
        pairs = [{"stops": stops, "proved": True}, {"stops": [], "proved": False}]
        left = [{"hotspot": live.ids["hotspot"], "why": "no_time"}]
        given = [
            {"hotspot": live.ids["hotspot"], "by": by, "from_min": 20, "to_min": to}
            for by, to in (("beat", 30), ("route", 120))
        ]
        point = db.session.scalars(db.select(Checkpoint.id).order_by(Checkpoint.id)).first()
        start = {"kind": "checkpoint", "ids": [point], "why": "usual", "n": 12}
        runs.finish(beat, {"start": start, "given": given, "pairs": pairs, "left": left}, now)
        shift = make.make_shift(team, None, starts_at=now + timedelta(hours=30), hours=2)
        monday = shift.day - timedelta(days=shift.day.weekday())
        roster = runs.ask(leader, team, "roster", {"week": monday.isoformat(), "most": 5}, now)
        crew = {"shift": shift.id, "version": 1, "people": [live.ids["member"], live.ids["mate"]]}
        empty = [{"shift": shift.id, "n": 1}]
        found = {"crews": [crew], "empty": empty, "why": ["rest", "nights"], "proved": True}
        runs.finish(roster, found, now)
        db.session.commit()
        week = f"{monday.isocalendar()[0]}-W{monday.isocalendar()[1]:02d}"
        yield ["/desk/hotspots/beats", f"/desk/hotspots/beats/{beat.id}", f"/desk/shifts/rosters/{roster.id}",
               f"/desk/shifts?week={week}"]  # fmt: skip
        db.session.remove()


def test_on_a_phone_every_row_is_a_list_with_its_button_in_sight(
    chromium: Any,  # noqa: F811
    live: Any,
    addresses: list[str],
) -> None:
    with desk_of(chromium, live, "leader") as page:
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(addresses[2])
        take = page.locator(".stacks .btn").first.bounding_box()
        assert take is not None and take["x"] >= 0 and take["x"] + take["width"] <= 360
        page.goto(addresses[1])
        assert page.locator(".stacks").first.evaluate(
            "(e) => e.parentElement.scrollWidth <= e.parentElement.clientWidth"
        )
        # The second pair has nowhere to go, and that is said in one line.
        assert page.locator(".stacks").count() == 1
        assert page.get_by_text("第 2 组这段时间没有要去的部位。").count() == 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_of_the_planner(
    chromium: Any,  # noqa: F811
    live: Any,
    addresses: list[str],
    language: str,
) -> None:
    with desk_of(chromium, live, "leader", language) as page:
        wrong = {}
        for address in addresses:
            page.goto(address)
            wrong[address] = faults(page)
        assert {address: found for address, found in wrong.items() if found} == {}


def test_the_map_of_a_beat_shows_where_it_begins(
    chromium: Any,  # noqa: F811
    live: Any,
    addresses: list[str],
) -> None:
    with desk_of(chromium, live, "leader", "zh") as page:
        page.goto(addresses[1])
        assert "（清禾镇一路线的第一个巡查点）" in page.inner_text("section[aria-labelledby=start]")
        assert page.locator("section[aria-labelledby=given] li").count() == 2
        page.wait_for_selector("#hotspot-map canvas")
        assert page.locator("#map-none").is_hidden()
        assert '"kind": "start"' in page.locator("#hotspot-shapes").inner_text()
