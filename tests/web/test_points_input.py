"""What nobody means and anybody may send: months and days at the calendar's ends, numbers beyond 64 bits, a NUL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.checkins.answers import PHRASES
from app.db import db
from app.incentives import cases
from app.rulebook import queries
from app.teams.scope import scope_of
from tests import make
from tests.incentives.test_rows import works
from tests.web.conftest import TOKEN
from tests.web.test_rules import PAGE, desk, form, posted

HUGE = 10**19
ROWS = "/desk/points/rows"
__all__ = ["desk", "works"]


@pytest.mark.parametrize("month", ["2000-01", "2026-11", "2099-12"])
def test_a_month_of_this_century_is_one(month: str) -> None:
    found = clock.month_named(month)
    assert found is not None and f"{found:%Y-%m}" == month and found.day == 1


@pytest.mark.parametrize("month", ["9999-12", "0001-01", "2026-13", "202611"])
def test_the_phone_is_told_that_a_month_is_none(people: Any, as_person: Any, at: Any, month: str) -> None:
    at(make.EVENING)
    for what in ("points", "hours"):
        answer = as_person(people.member).get(f"/api/v1/field/{what}?month={month}")
        assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid")


@pytest.mark.parametrize("month", ["9999-12", "0001-01", "2026-13", "202611", "２０２６-11", "2026-1", "x"])
def test_the_desk_has_no_page_of_a_month_that_is_none(
    people: Any, as_person: Any, at: Any, month: str
) -> None:
    assert clock.month_named(month) is None
    at(make.EVENING)
    client = as_person(people.admin)
    assert client.get(f"/desk/points/people/{people.member.id}/{month}").status_code == 404
    assert client.get(f"{ROWS}?month={month}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        f"{PAGE}/{HUGE}", f"{PAGE}/{HUGE}/progress", f"/desk/points/cases/{HUGE}", f"/desk/points/duties/{HUGE}/case",
        f"/desk/points/people/{HUGE}/2026-11", f"{PAGE}/{2**63}",
    ],
)  # fmt: skip
def test_an_id_beyond_64_bits_is_not_there(people: Any, as_person: Any, path: str) -> None:
    assert as_person(people.admin).get(path).status_code == 404


def test_a_form_for_an_id_beyond_64_bits_is_not_there(people: Any, as_person: Any, at: Any) -> None:
    at(make.EVENING)
    client = as_person(people.admin)
    token = TOKEN.search(client.get(ROWS).get_data(as_text=True))
    fields = {"csrf_token": token[1] if token else "", "version": str(HUGE), "bonus": str(HUGE)}
    for path in (f"shifts/{HUGE}/bonus", f"no-shows/{HUGE}/{HUGE}", f"sessions/{HUGE}/confirm"):
        assert client.post(f"{ROWS}/{path}", data=fields).status_code == 404
    assert client.post(f"{ROWS}/shifts/{people.shift.id}/bonus", data=fields).status_code == 422


@pytest.mark.parametrize(
    ("day", "name"),
    [("0001-01-01", "国庆节"), ("9999-12-31", "国庆节"), ("2026-11-24", "国庆\0节"), ("2026-11-24", "\0")],
)
def test_a_holiday_that_no_calendar_has_is_refused(
    people: Any, as_person: Any, at: Any, day: str, name: str
) -> None:
    at(make.EVENING)
    client = as_person(people.admin)
    token = TOKEN.search(client.get(ROWS).get_data(as_text=True))
    fields = {
        "csrf_token": token[1] if token else "", "area": people.town.township.code, "kind": "holiday", "day": day,
        "name": name,
    }  # fmt: skip
    assert client.post(f"{ROWS}/holidays", data=fields).status_code == (400 if "\0" in name else 422)


def test_a_nul_in_a_members_answer_is_refused(people: Any, as_person: Any, at: Any, works: Any) -> None:
    duty = works(people.member, people.shift)
    now = make.EVENING + timedelta(days=1)
    at(now)
    case = cases.open_case(people.leader, scope_of(people.leader), duty.id, "not_there", now)
    db.session.commit()
    address = f"/api/v1/field/cases/{case.id}/answer"
    answer = as_person(people.member).post(address, json={"phrase": PHRASES[0], "text": "a\0b"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_request")
    assert (
        as_person(people.member).post(address, json={"phrase": PHRASES[0], "text": "ab"}).status_code == 200
    )


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("1e999999", 422), ("-1e999999", 422), ("1e-999999999", 422), ("NaN", 422), ("Infinity", 422), ("4.001", 422),
        ("9" * 5000, 422), ("4.10", 302),
    ],
)  # fmt: skip
def test_an_amount_that_is_none_is_refused_by_its_field(
    people: Any, desk: Any, value: str, status: int
) -> None:
    tomorrow = (make.DAY + timedelta(days=1)).isoformat()
    fields = form(people, topic="money", key_fen_a_person_a_year=value, valid_from=tomorrow)
    assert posted(desk("reviewer"), PAGE, fields).status_code == status
    assert len(queries.changes_of([people.town.township.id])) == (status == 302)


def test_a_nul_in_the_reason_of_a_draft_is_refused(people: Any, desk: Any) -> None:
    answer = posted(desk("reviewer"), PAGE, form(people, note="a\0b", key_base_per_hour="11"))
    assert answer.status_code == 400
