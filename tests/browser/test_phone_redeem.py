"""Spending on the phone: ordered once though the answer was lost, the code shown without a signal, giving, asking for a
certificate; in a real browser."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from sqlalchemy import select, update

from app import clock
from app.accounts.models import Person
from app.clock import local_day
from app.db import db
from app.duty.models import Assignment
from app.redemption import operations
from app.redemption.models import Certificate, Donation, ShopItem, ShopOrder
from app.redemption.rules import months_after
from app.teams.models import TeamMember
from tests.browser.phone_page import Handset, new_member, no_server, until
from tests.browser.test_phone_me import SMALL, WIDER, signed_in, turn_to
from tests.redemption import stocked

pytestmark = pytest.mark.browser
MONTHS = count(1)


@pytest.fixture
def rich(live: Any) -> tuple[str, int]:
    """A member with 200 points of a past month, and goods for 100."""
    login, person_id = new_member(live, "兑换的人")
    with live.app.app_context():
        person, reviewer = (db.session.get_one(Person, one) for one in (person_id, live.ids["reviewer"]))
        # A month of its own for each: nothing is booked in one that is frozen.
        month = months_after(local_day(clock.now(), "Asia/Shanghai").replace(day=1), -next(MONTHS))
        stocked.earn(person, 200, month)
        stocked.freeze(live.ids["township"], reviewer, month)
        if not db.session.scalar(select(ShopItem.id)):
            stocked.make_item(live.ids["township"], stock=50)
            stocked.make_purpose(live.ids["township"], reviewer)
        db.session.commit()
        db.session.remove()
    return login, person_id


def rows(live: Any, model: Any, person_id: int) -> list[Any]:
    with live.app.app_context():
        found = list(db.session.scalars(select(model).where(model.person_id == person_id)))
        db.session.remove()
        return found


def test_an_order_whose_answer_was_lost_is_sent_again_and_is_one(
    handset: Handset, live: Any, rich: tuple[str, int]
) -> None:
    login, person_id = rich
    signed_in(handset, login)
    turn_to(handset, "redeem")
    page = handset.page
    page.wait_for_selector("[data-name=balance][data-available='200']")
    assert page.evaluate(WIDER) == 0 and page.evaluate(SMALL) == []

    lost: list[str] = []

    def lose(route: Any) -> None:
        """The first request arrives and its answer does not; the next ones are let through."""
        if lost or route.request.method != "PUT":
            route.continue_()
            return
        lost.append(route.request.url)
        route.fetch()
        route.abort()

    page.route("**/api/v1/me/orders/*", lose)
    page.click("[data-name=order-item]")
    page.click("[data-name=order-yes]")
    page.locator("[data-name=item] .trouble", has_text="同一单不会兑两次").wait_for()
    handset.said.clear()  # the console tells of the answer that we took away
    page.click("[data-name=order-yes]")
    page.wait_for_selector("[data-name=balance][data-available='100']")
    orders = rows(live, ShopOrder, person_id)
    assert len(orders) == 1
    with live.app.app_context():
        code = operations.code_of(orders[0])
    assert page.get_attribute("[data-name=order]", "data-code") == code
    assert page.locator("[data-name=order] svg.qr path").count() == 1
    with no_server(live):
        page.reload()
        page.wait_for_selector("[data-name=redeem-offline]")
        assert page.get_attribute("[data-name=order]", "data-code") == code, (
            "the code can be shown without a signal"
        )
        assert page.locator("[data-name=order-item]:not([disabled])").count() == 0
        handset.said.clear()
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    until(page, "() => !document.querySelector('[data-name=redeem-offline]')")
    page.click("[data-name=order-off]")
    page.click("[data-name=order-off-yes]")
    page.wait_for_selector("[data-name=balance][data-available='200']")
    assert [one.state for one in rows(live, ShopOrder, person_id)] == ["cancelled"]


def test_giving_asks_first_and_a_certificate_is_asked_for_once(
    handset: Handset, live: Any, rich: tuple[str, int]
) -> None:
    login, person_id = rich
    signed_in(handset, login)
    turn_to(handset, "redeem")
    page = handset.page
    page.locator("[name=amount]").fill("999")
    assert page.is_disabled("[data-name=give]")
    page.locator("[name=amount]").fill("30")
    page.click("[data-name=give]")
    assert rows(live, Donation, person_id) == []
    page.click("[data-name=give-yes]")
    page.wait_for_selector("[data-name=balance][data-available='170']")
    assert [one.amount for one in rows(live, Donation, person_id)] == [30]
    page.click("[data-name=to-certificates]")
    page.click("[data-name=with-stars]")
    page.click("[data-name=ask-certificate-send]")
    page.wait_for_selector("[data-name=certificate][data-state=asked]")
    assert page.locator("[data-name=ask-certificate]").count() == 0
    assert [(one.state, one.with_stars) for one in rows(live, Certificate, person_id)] == [("asked", False)]


def test_the_pages_are_readable_for_everybody(handset: Handset, live: Any, rich: tuple[str, int]) -> None:
    login, _ = rich
    signed_in(handset, login)
    faults = []
    for part in ("redeem", "redeem?part=certificates"):
        turn_to(handset, part)
        handset.page.wait_for_timeout(400)
        faults += [one["id"] for one in Axe().run(handset.page).response["violations"]]
        assert handset.page.evaluate(WIDER) == 0 and handset.page.evaluate(SMALL) == []
    assert faults == []


def test_who_has_left_the_team_still_spends_what_they_earned(
    handset: Handset, live: Any, rich: tuple[str, int]
) -> None:
    login, person_id = rich
    with live.app.app_context():
        today = local_day(clock.now(), "Asia/Shanghai")
        db.session.execute(update(TeamMember).where(TeamMember.person_id == person_id).values(left_on=today))
        db.session.execute(update(Assignment).where(Assignment.person_id == person_id).values(active=False))
        db.session.commit()
        db.session.remove()
    handset.open()
    handset.sign_in(login)
    page = handset.page
    page.locator("[data-name=no-team]", has_text="积分").wait_for()
    turn_to(handset, "redeem")
    page.wait_for_selector("[data-name=balance][data-available='200']")
    page.click("[data-name=order-item]")
    page.click("[data-name=order-yes]")
    page.wait_for_selector("[data-name=order][data-code]")
    assert [one.state for one in rows(live, ShopOrder, person_id)] == ["ordered"]
    turn_to(handset, "points")
    page.wait_for_selector("[data-name=points][data-state=fresh]")
