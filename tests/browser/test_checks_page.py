"""The page of checks in Chromium: axe in light and dark, narrow and wide, targets, both languages; and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app import clock
from app.accounts.models import Person
from app.db import db
from app.fairness import operations
from app.teams.models import Team
from app.teams.scope import scope_of
from tests.browser.phone_page import CHROMIUM, FLAGS
from tests.browser.test_desk_screens import OVER, SMALL, desk_of, faults
from tests.fairness.planted import add_flag

pytestmark = pytest.mark.browser
PAGE = "/desk/points/checks"


@pytest.fixture(scope="module")
def chromium(playwright: Any) -> Iterator[Any]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-gpu"])
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def flagged(live: Any) -> int:
    """Two flags and a team that shows a ranking of three. Answers the team."""
    now = clock.now()
    with live.app.app_context():
        found = db.session.scalars(db.select(Person).where(Person.login.in_(["leader", "member", "mate"])))
        people = {p.login: p for p in found}
        leader = people["leader"]
        team = db.session.get_one(Team, next(iter(scope_of(leader).led_team_ids)))
        month = now.date().replace(day=1)
        add_flag(team, (people["member"], people["mate"]), now=now, month=month)
        figures = {"times": 1, "metres": 1500, "minutes": 2, "kmh": 45}
        add_flag(team, (people["mate"],), "two_places", now=now, month=month, figures=figures)
        operations.set_ranking(leader, scope_of(leader), team.id, shown=True, measure="points", now=now)
        for person in people.values():
            operations.be_ranked(person, True, now)
        db.session.commit()
        team_id = team.id
        db.session.remove()
    return team_id


@pytest.mark.parametrize(("login", "language"), [("leader", "zh"), ("leader", "en"), ("reviewer", "zh")])
def test_it_reads_well_for_all_eyes_on_any_screen(
    chromium: Any, live: Any, flagged: int, login: str, language: str
) -> None:
    with desk_of(chromium, live, login, language) as page:
        for address in (PAGE, f"{PAGE}?team={flagged}"):
            page.goto(address)
            for summary in page.locator("details.more > summary").all():
                summary.click()
            assert faults(page) == []
            assert page.evaluate(SMALL) == [] and page.evaluate(OVER) == []


def test_a_flag_is_decided_by_keyboard_alone(chromium: Any, live: Any, flagged: int) -> None:
    with desk_of(chromium, live, "leader") as page:
        page.goto(PAGE)
        flag = page.locator(".flag", has_text="两处相隔太远")
        flag.locator("summary", has_text="怎么处理").focus()
        page.keyboard.press("Enter")
        flag.locator("input[type=radio]").first.focus()
        page.keyboard.press("Space")
        flag.locator("input[type=text]").focus()
        page.keyboard.type("定位漂移")
        page.keyboard.press("Enter")
        page.locator(".flag", has_text="两处相隔太远").locator("text=定位漂移").wait_for()
        assert "已说明" in page.locator(".flag", has_text="两处相隔太远").inner_text()
