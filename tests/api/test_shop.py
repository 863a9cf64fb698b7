"""My points spent over the API: what is shown, ordered once, called off, given, certified; and what is refused how."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import event

from app.db import db
from app.field.export import export_of
from app.jobs import redemption as jobs
from app.redemption import certificates
from app.teams.scope import scope_of
from tests import make
from tests.redemption import stocked
from tests.redemption.served import attend

ME = "/api/v1/me"


@pytest.fixture
def town(people):
    return people.town.township.id


@pytest.fixture
def member(people, as_person, evening):
    stocked.rich(people)
    return as_person(people.member)


@pytest.fixture
def item(town):
    return stocked.make_item(town, month_quota=2)


def problem(answer):
    assert answer.content_type == "application/problem+json"
    return answer.status_code, answer.get_json()["code"]


def put(caller, item, order_id=None, **more):
    body = {"item_id": item.id, "price": item.price, **more}
    return caller.put(f"{ME}/orders/{order_id or uuid4()}", json=body)


def test_a_shelf_of_forty_asks_as_many_questions_as_one_of_two(member, town):
    def questions():
        seen = []
        note = lambda *args: seen.append(args[2])  # noqa: E731
        engine = db.engine.engine if hasattr(db.engine, "engine") else db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            member.get(f"{ME}/shop")
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    for _ in range(2):
        stocked.make_item(town, month_quota=2)
    few = questions()
    for _ in range(38):
        stocked.make_item(town, month_quota=2)
    assert questions() == few


def test_an_order_is_made_once_shown_with_its_code_and_called_off(member, item, town):
    order_id = uuid4()
    docs = [put(member, item, order_id).get_json() for _ in range(2)]
    assert docs[0] == docs[1] and docs[0]["state"] == "ordered" and len(docs[0]["code"]) == 8
    shop = member.get(f"{ME}/shop").get_json()
    assert (shop["unit"], shop["available"], shop["held"], shop["day"]) == (
        "points",
        200,
        200.0,
        "2026-11-24",
    )
    assert [one["code"] for one in shop["orders"]] == [docs[0]["code"]]
    shown = shop["items"][0]
    assert (shown["left"], shown["quota"], shown["mine"], shown["name_en"]) == ("few", 2, 1, "Washing liquid")
    for _ in range(2):
        assert member.delete(f"{ME}/orders/{order_id}").status_code == 204
    shop = member.get(f"{ME}/shop").get_json()
    assert (shop["available"], shop["orders"][0]["code"], shop["items"][0]["mine"]) == (300, None, 0)


@pytest.mark.parametrize(
    "body", [{}, {"item_id": 1}, {"item_id": "1", "price": 10}, {"item_id": 1, "price": 0},
             {"item_id": 2**40, "price": 1}, {"item_id": 1, "price": 1, "more": 1}, [], None],
)  # fmt: skip
def test_bad_bodies_are_told(member, body):
    answer = member.put(f"{ME}/orders/{uuid4()}", json=body)
    assert answer.status_code in (400, 422) and answer.content_type == "application/problem+json"


def test_what_is_refused_has_its_code_and_sentence(people, member, item, town, as_person):
    assert problem(put(member, item, price=99)) == (409, "shop_price_changed")
    assert problem(put(as_person(people.mate), item)) == (409, "shop_points_not_enough")
    sold_out = stocked.make_item(town, stock=0)
    answer = put(member, sold_out)
    assert problem(answer) == (409, "shop_sold_out")
    assert answer.get_json()["detail"] == "兑完了，积分没有扣。"
    member.set_cookie("lang", "en", domain="localhost")
    assert put(member, sold_out).get_json()["detail"] == "Sold out; no points were taken."
    for _ in range(2):
        put(member, item)
    assert problem(put(member, item)) == (409, "shop_month_quota")


def test_nobody_else_reaches_my_order(people, member, item, as_person):
    order_id = uuid4()
    put(member, item, order_id)
    for other in (people.mate, people.leader, people.outsider):
        assert as_person(other).delete(f"{ME}/orders/{order_id}").status_code == 404
    assert problem(put(as_person(people.mate), item, order_id)) == (409, "shop_id_taken")


def test_a_donation_is_given_once(people, member, town):
    purpose, one = stocked.make_purpose(town, people.reviewer), uuid4()
    for _ in range(2):
        body = {"purpose_id": purpose.id, "amount": 50}
        assert member.put(f"{ME}/donations/{one}", json=body).status_code == 204
    shop = member.get(f"{ME}/shop").get_json()
    assert shop["available"] == 250 and [gift["amount"] for gift in shop["donations"]] == [50]
    answer = member.put(f"{ME}/donations/{uuid4()}", json={"purpose_id": purpose.id, "amount": 251})
    assert problem(answer) == (409, "shop_points_not_enough")
    assert member.put(f"{ME}/donations/{uuid4()}", json={"purpose_id": 9**9, "amount": 1}).status_code == 404


def test_points_that_end_soon_are_told_60_days_ahead(people, member, town):
    stocked.earn(people.member, 33, date(2024, 11, 3))
    stocked.freeze(town, people.reviewer, date(2024, 11, 1))
    ending = member.get(f"{ME}/shop").get_json()["ending"]
    assert ending == [{"month": "2024-11", "points": 33.0, "ends_on": "2026-12-01"}]


def test_a_time_bank_is_told_in_hours(people, town, as_person, evening):
    make.make_policy(people.town.township, "redemption", {"mode": "time_bank", "time_bank_from_h": 10})
    attend(people, people.member, 4, 3)
    stocked.make_item(town)
    hours = stocked.make_item(town, unit="hours", price=5)
    member = as_person(people.member)
    shop = member.get(f"{ME}/shop").get_json()
    assert (shop["unit"], shop["available"]) == ("hours", 12)
    assert [one["id"] for one in shop["items"]] == [hours.id]
    assert put(member, hours).get_json()["unit"] == "hours"
    assert member.get(f"{ME}/shop").get_json()["hours"] == {
        "minutes": 720, "stars": 0, "spent": 5, "from_h": 10, "cap_h": 1500,
    }  # fmt: skip


def test_a_certificate_is_asked_for_issued_and_taken_by_its_member_only(people, member, town, as_person):
    attend(people, people.member, 3)
    body = {"first_on": "2026-01-01", "last_on": "2026-11-23", "language": "en", "stars": True}
    docs = [member.post(f"{ME}/certificates", json=body).get_json() for _ in range(2)]
    assert docs[0]["id"] == docs[1]["id"] and docs[0]["state"] == "asked"
    address = f"{ME}/certificates/{docs[0]['id']}.pdf"
    assert member.get(address).status_code == 404
    certificates.issue(people.reviewer, scope_of(people.reviewer), town, docs[0]["id"], make.EVENING)
    db.session.commit()
    jobs.print_certificate(town, docs[0]["id"])
    with member.get(address) as answer:
        assert answer.get_data()[:5] == b"%PDF-" and answer.headers["Cache-Control"] == "no-store"
    for other in (people.mate, people.leader, people.outsider):
        assert as_person(other).get(address).status_code == 404
    found = member.get(f"{ME}/shop").get_json()["certificates"][0]
    assert (found["state"], found["printed"], found["minutes"]) == ("issued", True, 180)


@pytest.mark.parametrize(
    "more", [{"last_on": "2026-11-24"}, {"first_on": "x"}, {"language": "fr"}, {"first_on": "9999-12-31"}]
)
def test_days_that_cannot_be_certified(member, more):
    body = {"first_on": "2026-01-01", "last_on": "2026-11-23", "language": "zh", "stars": False, **more}
    assert member.post(f"{ME}/certificates", json=body).status_code == 422


def test_asking_has_its_limit(member):
    body = {"first_on": "2026-01-01", "last_on": "2026-11-23", "language": "zh", "stars": False}
    assert [member.post(f"{ME}/certificates", json=body).status_code for _ in range(11)] == [200] * 10 + [429]


def test_it_is_in_my_export(people, member, item, town):
    put(member, item)
    rows = export_of(people.member, make.EVENING).data["shop_orders"]
    assert [row["price"] for row in rows] == [100] and "code_mac" not in rows[0]
