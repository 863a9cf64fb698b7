"""Addresses and forms of strength, assessment and checks with what no page ever sends: an answer, never a fault."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.assessment import operations
from app.teams.scope import scope_of
from tests import make
from tests.api.test_coverage import walked  # noqa: F401
from tests.assessment.planted import AFTER, QUARTER
from tests.fairness.planted import add_flag
from tests.web import conftest

HUGE = "9" * 30
CHECKS = "/desk/points/checks"
PATHS = (
    "/desk/coverage/strength", "/desk/coverage/strength/files/xlsx", "/desk/assessment", "/desk/assessment/notices",
)  # fmt: skip


@pytest.mark.parametrize(
    ("area", "status"), [("%00", 400), (HUGE, 404), ("x" * 5000, 404), ("%F0%9F%8C%BE", 404)]
)
@pytest.mark.parametrize("path", PATHS)
def test_an_area_that_is_none_is_not_there(
    people: Any, as_person: Any, path: str, area: str, status: int
) -> None:
    assert as_person(people.admin).get(f"{path}?area={area}").status_code == status


@pytest.mark.parametrize("area", ["%00", HUGE, "%F0%9F%8C%BE"])
@pytest.mark.parametrize("what", ["strength", "scorecard"])
def test_nor_is_one_of_the_api(people: Any, as_person: Any, what: str, area: str) -> None:
    assert as_person(people.admin).get(f"/api/v1/areas/{area}/{what}").status_code == 404


@pytest.mark.parametrize("month", ["0000-01", "9999-12", "２０２６-11", "2026-11\n"])
def test_a_month_of_no_year_is_refused(people: Any, as_person: Any, month: str) -> None:
    answer = as_person(people.member).get("/api/v1/me/team/ranking", query_string={"month": month})
    assert answer.status_code == 422


def test_a_row_with_a_number_that_no_table_holds_is_not_there(people: Any, as_person: Any) -> None:
    given = {"shown": "y", "measure": "points"}
    answer = conftest.send(as_person(people.leader), CHECKS, f"{CHECKS}/teams/{HUGE}/ranking", **given)
    assert answer.status_code == 404


def test_a_note_with_a_sign_that_no_text_holds_is_refused(people: Any, as_person: Any, evening: Any) -> None:
    flag = add_flag(people.town.team, (people.member, people.mate))
    given = {"reason": "looked_fine", "note": "a\x00b"}
    answer = conftest.send(as_person(people.leader), CHECKS, f"{CHECKS}/{flag.id}", **given)
    assert answer.status_code == 400 and flag.state == "open"


@pytest.mark.parametrize("village", [HUGE, "-1", "x", "٩"])
def test_a_village_that_is_none_takes_no_notice_no_plan_and_no_return(
    walked: Any,  # noqa: F811
    as_person: Any,
    at: Any,
    village: str,
) -> None:
    one = operations.compute(walked.admin, walked.town.township, QUARTER, None, AFTER)
    operations.publish(walked.admin, scope_of(walked.admin), one.id, AFTER)
    at(AFTER + timedelta(days=1))
    make.keep()
    caller, code = as_person(walked.reviewer), walked.town.township.code
    hung = {"area": code, "month": "2026-10", "published_on": "2026-11-05", "channel": "board", "paper": "7"}
    plan = {"indicator": "hazards", "action": "hazard_round", "owner": "leader", "due_on": "2027-04-01"}
    back = {"decision": "return", "area": village, "indicator": "hazards", "reason": "papers"}
    for path, given, refused in (
        ("notices", {**hung, "village": village}, (422,)),
        (f"{one.id}/plans", {**plan, "village": village}, (409, 422)),
        (f"{one.id}", back, (422,)),
    ):  # fmt: skip
        answer = conftest.send(caller, f"/desk/assessment?area={code}", f"/desk/assessment/{path}", **given)
        assert answer.status_code in refused, path


@pytest.mark.parametrize("n", [HUGE, "١", "-1", "x"])
def test_a_version_that_is_none_shows_a_page(people: Any, as_person: Any, n: str) -> None:
    assert (
        as_person(people.reviewer).get(f"/desk/assessment?n={n}&quarter=2026-Q5&place=x").status_code == 200
    )
