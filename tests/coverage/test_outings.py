"""What teams did: shift by shift, by those who read the team; nobody is named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.db import db
from app.routes.models import Route
from tests import make
from tests.api.test_coverage import NAMES, walked  # noqa: F401
from tests.web.test_coverage import page_of

TUESDAY = "?from=2026-11-24&to=2026-11-24"


def section(page: str) -> str:
    return page[page.index('id="outings"') : page.index('class="files"')]


def test_a_teams_tuesday_stands_there(walked: Any, as_person: Any) -> None:  # noqa: F811
    team = walked.town.team
    found = section(page_of(as_person(walked.reviewer), f"{TUESDAY}&team={team.id}"))
    route = db.session.get_one(Route, walked.town.route.route_id)
    assert f"<b>{team.name}</b> · {route.name}" in found
    assert "62<small>%" in found and ">1/3<" in found
    assert f"{walked.town.hotspot.name} 12 " in found
    assert "1 人到岗" in found and not any(name in found for name in NAMES)


def test_another_team_has_its_own_and_what_has_not_begun_is_not_listed(walked: Any, as_person: Any) -> None:  # noqa: F811
    other = make.make_team(walked.town.township, "夜巡队")
    make.make_shift(other, None, starts_at=make.EVENING - timedelta(hours=3))
    make.make_shift(other, None, starts_at=make.EVENING + timedelta(hours=9))
    make.keep()
    caller = as_person(walked.reviewer)
    mine = section(page_of(caller, f"{TUESDAY}&team={other.id}"))
    assert mine.count("<b>夜巡队</b>") == 1 and "无人到岗" in mine and walked.town.hotspot.name not in mine
    both = section(page_of(caller, TUESDAY))
    assert both.count("<b>") == 2 and both.index(walked.town.team.name) > 0


def test_a_leader_reads_the_teams_led_and_no_others(walked: Any, as_person: Any) -> None:  # noqa: F811
    other = make.make_team(walked.town.township, "夜巡队")
    make.make_shift(other, None, starts_at=make.EVENING - timedelta(hours=3))
    make.keep()
    found = section(page_of(as_person(walked.leader), TUESDAY))
    assert walked.town.team.name in found and "夜巡队" not in found
    assert "夜巡队" not in section(page_of(as_person(walked.leader), f"{TUESDAY}&team={other.id}"))


@pytest.mark.parametrize("team", ["", "x", "-1", "99999999999999999999"])
def test_a_team_that_is_none_shows_all_or_nothing(walked: Any, as_person: Any, team: str) -> None:  # noqa: F811
    assert 'id="outings"' in page_of(as_person(walked.reviewer), f"{TUESDAY}&team={team}")
