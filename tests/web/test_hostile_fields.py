"""What nobody types by accident, in the forms of points and money and in their addresses: refused, and no fault."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from app.approval import notices
from app.db import db
from app.money import queries
from tests.approval.worked import NOVEMBER, NOW, approve, pass_audits, submit, work
from tests.money import books
from tests.redemption import stocked
from tests.web.conftest import send

NUL, HALF_A_LETTER, BEYOND = "a\x00b", "\ud800", "9" * 30
GOODS = {
    "name_zh": "肥皂",
    "name_en": "Soap",
    "price": "100",
    "fen": "10",
    "first_on": "2026-01-01",
    "pieces": "5",
}


@pytest.fixture
def kept(people: Any, at: Any) -> Any:
    """A notice that runs, a pot that is open, and goods."""
    at(NOW)
    work(people, people.member, 97)
    submit(people, people.leader, people.member)
    approve(people, people.reviewer, people.member)
    pass_audits(people, people.admin)
    notices.open_notice(people.reviewer, people.town.township, NOVEMBER, NOW)
    books.open_pot(people)
    db.session.commit()
    return people


def test_what_no_column_can_hold_is_refused(kept: Any, as_person: Any) -> None:
    caller, code = as_person(kept.reviewer), kept.town.township.code
    item = stocked.make_item(kept.town.township.id)
    f = f"f-{kept.town.villages[0].id}"
    line = published_line(kept)
    forms: list[tuple[str, str, dict[str, str]]] = [
        ("/desk/points/shop/goods", "/desk/points/shop/goods", GOODS | {"name_zh": NUL}),
        ("/desk/points/shop/goods", f"/desk/points/shop/goods/{item.id}", GOODS | {"version": "²"}),
        ("/desk/points/shop/goods", "/desk/points/shop/purposes", {"name_zh": NUL, "name_en": "Lamp"}),
        ("/desk/money", f"/desk/money/{code}/2026", {
            "decision": "source", "id": str(uuid4()), "fund": "pot", "kind": "county", "name": NUL, "document": "文",
            "fen": "5",
        }),
        ("/desk/money/grants", f"/desk/money/{code}/2026/grants", {
            "decision": "grades", "quarters": "1-4", "evidence": NUL, f: "80",
        }),
        (f"/notices/{code}/2026-11", f"/notices/{code}/2026-11", {"line": line, "text": NUL}),
    ]  # fmt: skip
    for page, address, fields in forms:
        assert 400 <= send(caller, page, address, **fields).status_code < 500, address


def published_line(people: Any) -> str:
    (line,) = notices.shown(notices.published.notice_of(people.town.township.id, NOVEMBER))
    return line.key


def test_addresses_that_name_nothing_are_refused(kept: Any, as_person: Any, client: Any) -> None:
    caller = as_person(kept.reviewer)
    for address in (
        "/desk/money?area=a%00b", f"/desk/points/shop/goods/{BEYOND}", f"/desk/points/shop/certificates/{BEYOND}.pdf",
    ):  # fmt: skip
        assert 400 <= caller.get(address).status_code < 500, address
    for address in ("/notices/a%00b/2026-11", "/shares/a%00b"):
        assert client.get(address).status_code == 404


def test_programs_are_refused_as_plainly(kept: Any, as_person: Any) -> None:
    caller = as_person(kept.member)
    for text in (NUL, HALF_A_LETTER):
        answer = caller.post("/api/v1/me/notices/2026-11/objections", json={"text": text})
        assert answer.status_code == 400 and answer.get_json()["code"] == "bad_request"


@pytest.mark.parametrize("quarters", ["12", "1-", "-4", "12-", "²-4", ""])
def test_quarters_that_are_none(kept: Any, as_person: Any, quarters: str) -> None:
    caller, code = as_person(kept.reviewer), kept.town.township.code
    answer = send(
        caller, "/desk/money/grants", f"/desk/money/{code}/2026/grants", decision="propose", kind="base",
        quarters=quarters, id=str(uuid4()),
    )  # fmt: skip
    assert answer.status_code == 422


@pytest.mark.parametrize("f", ["0e-99999999", "0E+999999999"])
def test_a_grade_is_kept_to_the_hundredth_however_it_is_written(kept: Any, as_person: Any, f: str) -> None:
    caller, code = as_person(kept.reviewer), kept.town.township.code
    village = kept.town.villages[0].id
    answer = send(
        caller, "/desk/money/grants", f"/desk/money/{code}/2026/grants", decision="grades", quarters="1-4",
        evidence="公示", **{f"f-{village}": f},
    )  # fmt: skip
    assert answer.status_code == 302
    assert [(row.village_id, row.f) for row in queries.grades_of(kept.town.township.id, 2026)] == [
        (village, 0)
    ]


def test_a_year_of_the_address_is_never_another_one(kept: Any, as_person: Any) -> None:
    code = kept.town.township.code
    for year in (99999, 1, 2200):
        answer = send(as_person(kept.reviewer), "/desk/money", f"/desk/money/{code}/{year}", decision="pot")
        assert answer.status_code == 404


def test_goods_cost_whole_fen(kept: Any, as_person: Any) -> None:
    caller = as_person(kept.reviewer)
    answer = send(caller, "/desk/points/shop/goods", "/desk/points/shop/goods", **GOODS | {"fen": "9.999"})
    assert answer.status_code == 422
