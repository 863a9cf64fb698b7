"""A member who has left the team: what was walked before still arrives and counts, what is theirs stays theirs; what
belongs to a team does not open any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.db import db
from app.duty.models import Duty
from app.redemption.models import ShopOrder
from app.teams.models import TeamMember
from tests import make
from tests.phone import Phone
from tests.redemption import stocked

HOUR = timedelta(hours=1)


def leave(person: Any, day: Any) -> None:
    db.session.execute(update(TeamMember).where(TeamMember.person_id == person.id).values(left_on=day))
    db.session.commit()


@pytest.fixture
def left(people: Any, as_person: Any, evening: Any) -> Any:
    """The client of a member who left today; another member's shift was yesterday, unplanned."""
    leave(people.member, make.DAY)
    return as_person(people.member)


def worked(people: Any, shift: Any) -> list[dict[str, Any]]:
    phone = Phone(people.member, shift.starts_at)
    return [phone.start(shift, shift.starts_at), phone.end(shift, shift.starts_at + HOUR)]


@pytest.mark.parametrize("ago", [0, 1])
def test_what_was_walked_before_arrives_and_counts(people: Any, left: Any, sync: Any, ago: int) -> None:
    """A phone that was without a signal when the leader ended the membership; on no roster, as a stand-in."""
    starts_at = make.EVENING - timedelta(days=ago, hours=2)
    shift = make.make_shift(people.town.team, people.town.route, [], starts_at=starts_at, hours=1)
    receipts = sync(left, worked(people, shift), make.EVENING)
    assert [one["result"] for one in receipts.values()] == ["stored", "stored"], receipts
    duty = db.session.scalars(select(Duty).where(Duty.shift_id == shift.id)).one()
    assert duty.state == "ended" and duty.worked_s == 3600
    month = f"{shift.day:%Y-%m}"
    hours = left.get(f"/api/v1/field/hours?month={month}").get_json()
    points = left.get(f"/api/v1/field/points?month={month}").get_json()
    assert hours["duties"] and points["lines"]


def test_a_shift_after_that_is_not_theirs(people: Any, left: Any, sync: Any) -> None:
    leave(people.member, make.DAY - timedelta(days=1))
    starts_at = make.EVENING - 2 * HOUR
    shift = make.make_shift(people.town.team, people.town.route, [], starts_at=starts_at, hours=1)
    receipts = sync(left, worked(people, shift), make.EVENING)
    assert {one["result"] for one in receipts.values()} == {"held"}, receipts
    assert db.session.scalar(select(Duty.id).where(Duty.shift_id == shift.id)) is None


def test_the_plan_is_empty_and_calm(left: Any) -> None:
    plan = left.get("/api/v1/field/plan").get_json()
    assert plan["teams"] == plan["hotspots"] == plan["colleagues"] == []
    assert left.get("/api/v1/field/cases").get_json() == {"cases": []}
    assert left.get("/api/v1/field/reports").get_json() == {"reports": []}


def test_points_are_still_theirs_to_spend(people: Any, left: Any) -> None:
    stocked.rich(people)
    item = stocked.make_item(people.town.township.id)
    db.session.commit()
    assert left.get("/api/v1/me/shop").get_json()["available"] == 300
    order = left.put(f"/api/v1/me/orders/{stocked.new_id()}", json={"item_id": item.id, "price": 100})
    assert order.status_code == 200 and order.get_json()["code"]
    assert db.session.scalars(select(ShopOrder.person_id)).all() == [people.member.id]


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("get", "/api/v1/field/alarms"), ("get", "/api/v1/field/stream"), ("get", "/api/v1/me/loggers"),
        ("post", "/api/v1/me/calendar"),
    ],
)  # fmt: skip
def test_what_is_for_a_team_is_closed(left: Any, method: str, address: str) -> None:
    assert getattr(left, method)(address).status_code == 403
