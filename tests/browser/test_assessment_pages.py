"""The pages of an assessment in Chromium: axe in light and dark, widths, targets; in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.accounts.models import Person
from app.areas.models import Area
from app.assessment import operations, plans, queries
from app.assessment.plans import Hung
from app.assessment.rules import quarter_of
from app.db import db
from app.teams.scope import scope_of
from tests.browser.test_desk_screens import chromium, desk_of, faults  # noqa: F401

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(live: Any) -> Iterator[dict[str, str]]:
    """The quarter before this one, published, one figure returned, one notice entered."""
    with live.app.app_context():
        now = clock.now()
        township = db.session.get_one(Area, live.ids["township"])
        admin, reviewer = (db.session.get_one(Person, live.ids[who]) for who in ("admin", "reviewer"))
        quarter = quarter_of(clock.local_day(now, township.time_zone)).before
        village = queries.villages_of(township.id)[0]
        hung = Hung(village.id, quarter.first, quarter.first + timedelta(days=35), "board", "第7号")
        plans.enter_notice(reviewer, township, hung, now)
        one = operations.compute(admin, township, quarter, None, now)
        operations.publish(admin, scope_of(admin), one.id, now)
        figure = operations.Figure(village.id, "roster", "data_wrong")
        operations.send_back(reviewer, scope_of(reviewer), one.id, figure, now)
        code, path, place = (
            f"{quarter.first.year}-Q{quarter.number}",
            f"/desk/assessment/{one.id}",
            village.code,
        )
        db.session.commit()
        db.session.remove()
    yield {
        "card": f"/desk/assessment?quarter={code}", "village": f"/desk/assessment?quarter={code}&place={place}",
        "why": f"{path}/why/staffing", "weights": f"{path}/weights?dosage_priority=15&worst_gap_priority=13",
        "plans": f"{path}/plans", "notices": f"/desk/assessment/notices?quarter={code}",
        "compare": f"/desk/assessment/compare?quarter={code}",
    }  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_it(chromium: Any, live: Any, pages: dict[str, str], language: str) -> None:  # noqa: F811
    with desk_of(chromium, live, "admin", language) as page:
        wrong = {}
        for name, address in pages.items():
            assert page.goto(address).status == 200
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            wrong[name] = faults(page)
        assert {name: found for name, found in wrong.items() if found} == {}
