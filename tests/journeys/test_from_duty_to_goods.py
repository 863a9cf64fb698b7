"""An evening's work becomes goods: priced, submitted, approved, audited, shown, frozen, ordered and handed out, each by
whoever does it, over the pages and the phone; at the end every book says the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.db import db
from app.incentives import chain, ledger, recomputing, statements
from app.money import liability
from tests import make
from tests.approval.worked import NOW, ZONE, month_of, pass_audits
from tests.incentives.test_posting import an_hour
from tests.money import books
from tests.redemption import stocked
from tests.web.conftest import send, text_of

MONTH, NOTICES, SHOP = "/desk/points?month=2026-11", "/desk/points/notices", "/desk/points/shop"
# Saturday 12 December: five working days after the 5th are over.
AFTER = datetime(2026, 12, 12, 2, tzinfo=UTC)
POINTS = 10  # an hour of the evening


@pytest.fixture
def worked(people: Any, as_person: Any, sync: Any, phone: Any, at: Any) -> Any:
    sync(as_person(people.member), an_hour(phone, people.shift), make.EVENING + timedelta(hours=3))
    at(NOW)
    return people


def act(caller: Any, people: Any, address: str, page: str = MONTH, **fields: Any) -> Any:
    return send(caller, page, address, area=people.town.township.code, month="2026-11", **fields)


def approve(people: Any, as_person: Any) -> Any:
    """Answers the reviewer, who has just approved."""
    ticked, reviewer = [f"{people.member.id}:{2 * POINTS}"], as_person(people.reviewer)
    assert act(as_person(people.leader), people, "/desk/points/submit", person=ticked).status_code == 302
    assert act(reviewer, people, "/desk/points/approve", person=ticked).status_code == 302
    return reviewer


def held(people: Any) -> dict[str, int]:
    return {name: half for name, half in statements.balances(people.town.township.id).items() if half}


def test_an_evening_becomes_goods_and_every_book_agrees(
    worked: Any, as_person: Any, client: Any, at: Any
) -> None:
    town, member = worked.town.township, worked.member
    books.open_pot(worked)
    books.fund(worked, 1_800_000)
    db.session.commit()
    assert held(worked) == {"issue": -2 * POINTS, ledger.pending(member.id): 2 * POINTS}

    approve(worked, as_person)
    assert held(worked) == {"issue": -2 * POINTS, ledger.approved(member.id): 2 * POINTS}
    assert pass_audits(worked, worked.admin) == 1

    # Nothing can be had for them yet.
    item = stocked.make_item(town.id, price=POINTS, fen=100, stock=1)
    buyer, order_id = as_person(member), uuid4()
    order = {"item_id": item.id, "price": POINTS}
    early = buyer.put(f"/api/v1/me/orders/{order_id}", json=order)
    assert (early.status_code, early.get_json()["code"]) == (409, "shop_points_not_enough")

    assert act(as_person(worked.reviewer), worked, NOTICES, NOTICES).status_code == 302
    notice = f"/notices/{town.code}/2026-11"
    shown = text_of(client.get(notice))
    assert "10" in shown and member.name not in shown
    too_early = act(as_person(worked.reviewer), worked, f"{NOTICES}/freeze", NOTICES)
    assert too_early.status_code == 409 and month_of(worked).frozen is None

    at(AFTER)
    assert client.get(notice).status_code == 410
    assert act(as_person(worked.reviewer), worked, f"{NOTICES}/freeze", NOTICES).status_code == 302
    assert month_of(worked, now=AFTER).frozen is not None

    buyer = as_person(member)  # a week has passed: signed in anew
    made = buyer.put(f"/api/v1/me/orders/{order_id}", json=order)
    assert made.status_code in (200, 201), made.get_json()
    assert (
        send(as_person(worked.leader), SHOP, f"{SHOP}/collect", code=made.get_json()["code"]).status_code
        == 302
    )
    assert held(worked) == {"issue": -2 * POINTS, "redeemed": 2 * POINTS}

    owed = liability.liability_of(town.id, AFTER.date())
    assert owed is not None and (owed.owed_half, owed.redeemed_half) == (0, 2 * POINTS)
    assert chain.verify(town.id).fault is None
    assert list(recomputing.recompute(town.id, ZONE, AFTER)) == []
    lines = buyer.get("/api/v1/field/points?month=2026-11").get_json()["lines"]
    assert [(one["rule"], one["points"]) for one in lines] == [("base", POINTS), ("approval", POINTS)]


def test_beyond_the_shops_line_nothing_is_approved_until_money_comes(worked: Any, as_person: Any) -> None:
    """10 points are a yuan; of a line of 1.2 yuan the stop leaves 0.96."""
    books.open_pot(worked)
    books.fund(worked, 120, {"points_shop": 120})
    db.session.commit()
    words = text_of(approve(worked, as_person).get(MONTH))
    assert held(worked) == {"issue": -2 * POINTS, ledger.pending(worked.member.id): 2 * POINTS}
    assert "积分成本到了止付线" in words and "1.00" in words
    books.fund(worked, 100, {"points_shop": 100})
    db.session.commit()
    ticked = [f"{worked.member.id}:{2 * POINTS}"]
    act(as_person(worked.reviewer), worked, "/desk/points/approve", person=ticked)
    assert held(worked) == {"issue": -2 * POINTS, ledger.approved(worked.member.id): 2 * POINTS}
    assert month_of(worked).of(worked.member.id).state == "approved"
