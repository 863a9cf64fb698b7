"""A township's members beside their targets over JSON."""

from __future__ import annotations

from typing import Any

import pytest

from app.db import db
from tests import make
from tests.strength.test_figures import TODAY, at_home, out


def path(area: Any) -> str:
    return f"/api/v1/areas/{area.code}/strength"


@pytest.fixture
def today(people: Any, at: Any) -> Any:
    at(make.EVENING.replace(day=29))
    west, east = people.town.villages
    west.households, east.households = 1000, 500
    db.session.commit()
    return people


def test_targets_counts_and_what_the_gap_costs(today: Any, as_person: Any) -> None:
    team = make.make_team(today.town.township, "西村专职队", "full_time", [today.town.villages[0]])
    a = at_home(today, "甲", team, trained_on=TODAY)
    out(a, team, TODAY)
    answer = as_person(today.reviewer).get(path(today.town.township))
    doc = answer.get_json()
    assert (doc["day"], doc["population"], doc["area"]["code"]) == (
        "2026-11-29",
        6000,
        today.town.township.code,
    )
    assert {k: doc["full_time"][k] for k in ("target", "registered", "active", "trained", "insured", "gap")} == {
        "target": 9, "registered": 1, "active": 1, "trained": 1, "insured": 1, "gap": 8,
    }  # fmt: skip
    west = doc["villages"][0]
    assert (west["full_time"]["target"], west["full_time"]["gap"], west["volunteer"]["registered"]) == (
        5,
        4,
        1.5,
    )
    assert doc["cost"]["wages"] == 8 * 300_000 * 12 == sum(v["cost"]["wages"] for v in doc["villages"])
    assert doc["cost"]["total"] == sum(
        doc["cost"][k] for k in ("wages", "allowances", "recognition", "insurance")
    )
    assert doc["demand"] == {
        "base": "households", "of": 1500, "target": 120, "one_in": 12.5, "outings_a_month": 240, "hours_a_month": 600,
        "given_hours_30_days": 0,
    }  # fmt: skip
    assert len(doc["full_time"]["months"]) == 13
    assert doc["full_time"]["months"][-1] == {"day": "2026-11-29", "registered": 1, "active": 1}
    assert a.name not in answer.get_data(as_text=True), "no figure is of a person"


def test_shared_teams_say_how(today: Any, as_person: Any) -> None:
    doc = as_person(today.reviewer).get(path(today.town.township)).get_json()
    west, east = (v.code for v in today.town.villages)
    assert doc["shared_teams"] == [{
        "name": "清禾镇志愿队", "kind": "volunteer", "registered": 3, "whole_township": True,
        "parts": [{"code": west, "registered": 1.5}, {"code": east, "registered": 1.5}],
    }]  # fmt: skip


def test_settings_in_force_are_told(today: Any, as_person: Any) -> None:
    make.make_policy(today.town.township, "staffing", {"volunteer_base": "population"})
    doc = as_person(today.reviewer).get(path(today.town.township)).get_json()
    assert doc["settings"]["volunteer_base"] == "population" and doc["settings"]["full_time_per_mille"] == 1.5
    assert (doc["volunteer"]["target"], doc["demand"]["of"]) == (480, 6000)


def test_it_is_for_reviewers_and_admins_of_the_township(today: Any, as_person: Any, client: Any) -> None:
    town, other = today.town.township, today.other.township
    assert client.get(path(town)).status_code == 401
    for who, area, status in (
        (today.member, town, 403), (today.leader, town, 403), (today.outsider, other, 403),
        (today.reviewer, other, 404),
        (today.admin, other, 200), (today.admin, today.county, 404), (today.reviewer, today.town.villages[0], 404),
    ):  # fmt: skip
        assert as_person(who).get(path(area)).status_code == status


def test_asking_again_changes_nothing(today: Any, as_person: Any) -> None:
    caller = as_person(today.reviewer)
    first, again = (caller.get(path(today.town.township)).get_json() for _ in range(2))
    assert first == again
