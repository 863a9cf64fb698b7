"""One hotspot, route or street by time: each part is what that part alone says."""

from __future__ import annotations

from typing import Any

import pytest

from app.coverage.models import StreetDay
from app.coverage.queries import streets_of
from tests import make
from tests.api.test_coverage import walked  # noqa: F401

WEEK = "?from=2026-11-23&to=2026-11-29"


def asked(caller: Any, path: str, query: str = WEEK) -> Any:
    answer = caller.get(f"/api/v1/coverage/{path}/series{query}")
    assert answer.status_code == 200, answer.get_data()
    return answer.get_json()


def test_a_hotspot_by_day_is_what_each_day_alone_says(walked: Any, as_person: Any) -> None:  # noqa: F811
    caller, path = as_person(walked.reviewer), f"hotspots/{walked.town.hotspot.id}"
    doc = asked(caller, path)
    assert [p["from"] for p in doc["points"]] == [f"2026-11-{day}" for day in range(23, 30)]
    assert [p["measures"]["dosage_observed"]["value"] for p in doc["points"]] == [0, 12, 0, 0, 0, 0, 0]
    for point in doc["points"]:
        alone = caller.get(f"/api/v1/coverage/{path}?from={point['from']}&to={point['to']}").get_json()
        own = alone["measures"]
        shared = {
            key: m for key, m in point["measures"].items() if key in own and key != "two_hour_compliance"
        }
        assert {key: m["value"] for key, m in shared.items()} == {key: own[key]["value"] for key in shared}


def test_a_hotspots_windows_say_how_often_somebody_came(walked: Any, as_person: Any) -> None:  # noqa: F811
    doc = asked(as_person(walked.reviewer), f"hotspots/{walked.town.hotspot.id}", WEEK + "&by=hour_of_week")
    tuesday = {"weekday": 1, "from_min": 1200, "to_min": 1320, "times": 1, "attended": 1}
    assert tuesday in doc["windows"] and "points" not in doc
    assert doc["hours"]["observed"]["values"][24 + 20] == 12


def test_a_route_by_week_has_its_completion_where_it_was_walked(walked: Any, as_person: Any) -> None:  # noqa: F811
    path = f"routes/{walked.town.route.route_id}"
    doc = asked(as_person(walked.reviewer), path, "?from=2026-11-16&to=2026-11-29&by=week")
    before, walked_in = (p["measures"]["route_completion"] for p in doc["points"])
    assert (before["value"], walked_in["value"]) == (None, pytest.approx(62, abs=0.5))


def test_a_street_by_day_holds_after_the_fold(walked: Any, as_person: Any) -> None:  # noqa: F811
    street = streets_of(walked.town.network.id)[0]
    folded = StreetDay(
        township_id=walked.town.township.id, street_id=street.id, day=make.DAY, shifts=2, covered_share=0.75
    )
    make.save(folded)
    make.keep()
    doc = asked(as_person(walked.reviewer), f"streets/{street.id}")
    shares = [p["measures"]["street_share"]["value"] for p in doc["points"]]
    assert (
        shares == [0, 75.0, 0, 0, 0, 0, 0]
        and doc["points"][1]["measures"]["street_share"]["grade"] == "track"
    )


@pytest.mark.parametrize("query", ["?by=year", "?by=hour_of_week", "?from=2026-11-25&to=2026-11-24"])
def test_a_wrong_question_is_refused(walked: Any, as_person: Any, query: str) -> None:  # noqa: F811
    path = f"/api/v1/coverage/routes/{walked.town.route.route_id}/series{query}"
    assert as_person(walked.reviewer).get(path).status_code == 422
