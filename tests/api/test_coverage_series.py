"""Measures by day, week and month, and by the hour of the week: their parts are what the whole is made of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import make
from tests.api.test_coverage import area_path, walked  # noqa: F401

WEEK = "?from=2026-11-23&to=2026-11-29"


def series(caller: Any, area: Any, query: str) -> Any:
    answer = caller.get(f"/api/v1/coverage/areas/{area.code}/series{query}")
    assert answer.status_code == 200, answer.get_data()
    return answer.get_json()


def test_each_day_of_the_series_is_what_the_day_alone_says(walked: Any, as_person: Any) -> None:  # noqa: F811
    caller, town = as_person(walked.reviewer), walked.town.township
    doc = series(caller, town, WEEK + "&by=day")
    assert [p["from"] for p in doc["points"]] == [f"2026-11-{day}" for day in range(23, 30)]
    for point in doc["points"]:
        alone = caller.get(area_path(town, f"?from={point['from']}&to={point['to']}")).get_json()["measures"]
        assert point["measures"] == {key: alone[key] for key in point["measures"]}
    tuesday = doc["points"][1]["measures"]
    assert tuesday["street_coverage"]["value"] > 5 and tuesday["street_coverage"]["grade"] == "track"
    assert (tuesday["dosage_observed"]["value"], tuesday["checkins_counted"]["value"]) == (12, 3)


@pytest.mark.parametrize(("by", "parts"), [("week", 2), ("month", 1)])
def test_weeks_and_months_hold_the_same(walked: Any, as_person: Any, by: str, parts: int) -> None:  # noqa: F811
    query = f"?from=2026-11-20&to=2026-11-29&by={by}"
    doc = series(as_person(walked.reviewer), walked.town.township, query)
    hours = [p["measures"]["member_hours"]["value"] for p in doc["points"]]
    assert len(hours) == parts and hours[-1] == 1.0 and sum(hours) == 1.0


def test_the_hours_of_the_week_say_when_somebody_was_there(walked: Any, as_person: Any) -> None:  # noqa: F811
    doc = series(as_person(walked.reviewer), walked.town.township, WEEK + "&by=hour_of_week")
    hours = doc["hours"]
    tuesday_eight = 24 + 20
    at = {key: hours[key]["values"][tuesday_eight] for key in hours}
    # arrived at 20:20 for twelve minutes, on duty from 20:00 to 21:00, in a risk window from 20:00 to 22:00
    assert at == {
        "observed": 12, "observed_in_risk": 12, "visits": 1, "checkins": 3, "on_duty": 60, "risk": 60,
    }  # fmt: skip
    assert sum(hours["observed"]["values"]) == 12 and len(hours["risk"]["values"]) == 168
    assert (hours["observed"]["unit"], hours["observed"]["n"]) == ("min", 1)
    assert (hours["on_duty"]["grade"], hours["checkins"]["grade"]) == ("track", "single")


def test_minutes_outside_the_risk_window_are_told_apart(
    people: Any, as_person: Any, phone: Any, sync: Any, at: Any
) -> None:
    start, shift, hotspot = make.EVENING, people.shift, people.town.hotspot.id
    items = [
        phone.start(shift, start),
        phone.at_hotspot(shift, hotspot, "arrive", 400, 500, start + timedelta(minutes=110)),
        phone.at_hotspot(shift, hotspot, "leave", 400, 500, start + timedelta(minutes=130)),
        phone.end(shift, start + timedelta(minutes=150)),
    ]
    sync(as_person(people.member), items, start + timedelta(minutes=151))
    at(start + timedelta(hours=5))
    hours = series(as_person(people.reviewer), people.town.township, WEEK + "&by=hour_of_week")["hours"]
    assert (sum(hours["observed"]["values"]), sum(hours["observed_in_risk"]["values"])) == (20, 10)
    assert (hours["observed"]["values"][24 + 21], hours["observed"]["values"][24 + 22]) == (10, 10)
    assert hours["observed"]["grade"] == "pair"


@pytest.mark.parametrize("query", ["?by=year", "?by=", "?by=day&from=2026-11-25&to=2026-11-24"])
def test_a_wrong_question_is_refused(people: Any, as_person: Any, query: str) -> None:
    answer = as_person(people.reviewer).get(
        f"/api/v1/coverage/areas/{people.town.township.code}/series{query}"
    )
    assert answer.status_code == 422
