"""Pairs by the hour of the week over JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import make
from tests.planning.measured import add_square, evening_at_two_places

FRIDAY = 4
WEEK = "from=2026-11-23&to=2026-11-29"
AFTER = make.EVENING + timedelta(days=10)


def path(area: Any, query: str = WEEK) -> str:
    return f"/api/v1/coverage/areas/{area.code}/staffing?{query}"


@pytest.fixture
def friday(people: Any, at: Any) -> Any:
    add_square(people, windows=[(FRIDAY, 1200, 1440)])
    at(AFTER)
    return people


def test_the_week_is_168_hours_in_pairs(friday: Any, as_person: Any) -> None:
    doc = as_person(friday.reviewer).get(path(friday.town.township)).get_json()
    assert (doc["from"], doc["to"], doc["unit"]) == ("2026-11-23", "2026-11-29", "pairs")
    assert (
        {len(doc[key]["values"]) for key in ("need", "planned", "worked", "gap")}
        == {len(doc["whole"])}
        == {168}
    )
    at_20 = FRIDAY * 24 + 20
    each = 10 + 500 * 1.3 / 72
    assert doc["need"]["values"][at_20 : at_20 + 4] == pytest.approx([each / 120] * 4, abs=1e-3)
    assert doc["whole"][at_20 - 1 : at_20 + 5] == [0, 1, 1, 1, 1, 0]
    assert doc["planned"]["week"] == 3 and doc["worked"]["week"] == 0
    assert doc["missing"] == pytest.approx(2 * each / 60, abs=1e-3)
    first = doc["hotspots"][0]
    assert (first["name"], first["visits"], first["visit"]["basis"], first["way"]["basis"]) == (
        "东村广场", 2, "guideline", "estimated",
    )  # fmt: skip


def test_what_crews_did_stands_with_its_n_and_nobody_is_in_it(
    people: Any, as_person: Any, phone: Any, sync: Any, at: Any
) -> None:
    square = add_square(people, windows=[(FRIDAY, 1200, 1440)])
    for night in range(3):
        late = at(make.EVENING + timedelta(days=night, hours=3))
        items = evening_at_two_places(people, phone, square, night, 8)
        sync(as_person(people.member), items, late)
    at(AFTER)
    answer = as_person(people.reviewer).get(path(people.town.township))
    first = answer.get_json()["hotspots"][0]
    assert first["visit"] == {"minutes": 15, "n": 3, "basis": "measured", "low": 15, "high": 15}
    assert first["way"] == {"minutes": 8, "n": 3, "basis": "measured", "low": 8, "high": 8}
    assert first["pair_hours"] == pytest.approx(2 * 23 / 60, abs=1e-4)
    assert people.member.name not in answer.get_data(as_text=True)


def test_days_are_widened_to_whole_weeks_and_usually_four(friday: Any, as_person: Any) -> None:
    caller = as_person(friday.reviewer)
    doc = caller.get(path(friday.town.villages[0], "from=2026-11-25&to=2026-11-30")).get_json()
    assert (doc["from"], doc["to"]) == ("2026-11-23", "2026-12-06")
    doc = caller.get(path(friday.town.township, "")).get_json()
    assert (doc["from"], doc["to"]) == ("2026-11-02", "2026-11-29")


def test_it_needs_sign_in_and_hides_from_the_outsider(friday: Any, as_person: Any, client: Any) -> None:
    town = friday.town.township
    assert client.get(path(town)).status_code == 401
    assert as_person(friday.outsider).get(path(town)).status_code == 404
    assert as_person(friday.member).get(path(town)).status_code == 403
    assert as_person(friday.leader).get(path(town)).status_code == 200


@pytest.mark.parametrize(
    "query", ["from=soon", "from=2026-11-29&to=2026-11-01", "from=2020-01-01&to=2026-01-01"]
)
def test_days_that_cannot_be_are_named(friday: Any, as_person: Any, query: str) -> None:
    answer = as_person(friday.reviewer).get(path(friday.town.township, query))
    assert answer.status_code == 422
    assert answer.get_json()["errors"]


def test_asking_again_changes_nothing(friday: Any, as_person: Any) -> None:
    caller = as_person(friday.reviewer)
    first, again = (caller.get(path(friday.town.township)).get_json() for _ in range(2))
    assert first == again
