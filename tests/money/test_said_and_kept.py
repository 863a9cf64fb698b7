"""What the books say is what was kept: a form whose id made something else, sums that are read at one moment, sources
and payments beside their rows."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from app.accounts.models import Person
from app.db import db
from app.errors import DomainError
from app.money import commitments, grades, granting, operations, queries, reconciling
from app.money.grades import Period
from app.money.queries import LineKey
from app.teams.scope import scope_of
from tests import make
from tests.money import books as kept
from tests.money.books import NOW, YEAR, new_id
from tests.money.test_races import World, world
from tests.web.conftest import send

__all__ = ["world"]


@pytest.fixture
def books(people: Any) -> Any:
    kept.open_pot(people)
    return people


def refused(act: Callable[[], object]) -> bool:
    with pytest.raises(DomainError) as found:
        act()
    return found.value.code == "money_form_used" and found.value.status == 409


# --- one id, two contents -------------------------------------------------------------------------------------------


def test_a_source_or_an_allocation_of_the_same_form_with_other_words_is_not_said_to_be_kept(
    books: Any,
) -> None:
    who, town = books.reviewer, books.town.township
    source = operations.Source(new_id(), "pot", "village", "西村", "村委会决议", 500)
    operations.enter_source(who, town, YEAR, source, NOW)
    for other in (replace(source, fen=600), replace(source, document="另一份")):
        assert refused(lambda other=other: operations.enter_source(who, town, YEAR, other, NOW))
    wish = operations.Wish(new_id(), source.id, None, {"points_shop": 100}, "年初")
    operations.propose_allocation(who, town, YEAR, wish, NOW)
    for changed in (replace(wish, parts={"points_shop": 200}), replace(wish, reason="年中")):
        assert refused(lambda c=changed: operations.propose_allocation(who, town, YEAR, c, NOW))
    operations.approve_allocation(books.admin, scope_of(books.admin), wish.id, NOW)
    assert operations.propose_allocation(who, town, YEAR, wish, NOW).state == "approved"


def test_a_commitment_of_the_same_form_with_another_amount(books: Any) -> None:
    who, town, wish = books.reviewer, books.town.township, kept.wish(books, 10)
    commitments.propose(who, town, YEAR, wish, NOW)
    assert refused(lambda: commitments.propose(who, town, YEAR, replace(wish, fen=20), NOW))
    assert refused(lambda: commitments.propose(books.admin, town, YEAR, wish, NOW))


def test_a_second_payment_from_a_form_that_was_sent_is_not_lost_silently(books: Any) -> None:
    """Back in the browser, another amount, the same hidden id: paid, it says, and nothing was."""
    kept.fund(books, 100, {"points_shop": 100})
    first, second = kept.propose(books, 50), kept.propose(books, 50)
    for one in (first, second):
        kept.approve(books, one)
    scope, payment = scope_of(books.reviewer), kept.payment(20)

    def pay(commitment_id: Any, what: commitments.Payment) -> object:
        return commitments.pay(books.reviewer, scope, commitment_id, what, NOW)

    pay(first, payment)
    assert refused(lambda: pay(first, replace(payment, fen=30)))
    assert refused(lambda: pay(first, replace(payment, receipt="票 0002")))
    assert refused(lambda: pay(second, payment))
    assert refused(lambda: commitments.come_back(books.reviewer, scope, first, payment, NOW))
    pay(first, payment)
    row = queries.line_of(LineKey(books.town.township.id, YEAR, "points_shop"))
    assert row is not None and row.disbursed_fen == 20


def test_a_round_of_the_same_form_for_another_quarter(books: Any) -> None:
    wish = granting.Wish(new_id(), "base", Period(YEAR, 1, 1))
    granting.propose_round(books.reviewer, books.town.township, wish, {}, NOW)
    other = replace(wish, period=Period(YEAR, 2, 2))
    assert refused(lambda: granting.propose_round(books.reviewer, books.town.township, other, {}, NOW))


# --- what was seen --------------------------------------------------------------------------------------------------


def seen_in(caller: Any, address: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', caller.get(address).get_data(as_text=True))
    assert found is not None
    return found[1]


def test_a_pot_that_was_proposed_anew_meanwhile_is_not_opened_unseen(
    people: Any, as_person: Any, evening: Any
) -> None:
    town, admin = people.town.township, as_person(people.admin)
    operations.propose_pot(people.reviewer, town, YEAR, NOW)
    db.session.commit()
    page, act = f"/desk/money?area={town.code}", f"/desk/money/{town.code}/{YEAR}"
    seen = seen_in(admin, page)
    people.town.villages[0].population = 90_000
    operations.propose_pot(people.reviewer, town, YEAR, NOW)
    db.session.commit()
    assert send(admin, page, act, decision="open", seen=seen).status_code == 302
    assert queries.opened_pot(town.id, YEAR) is None
    assert send(admin, page, act, decision="open", seen=seen_in(admin, page)).status_code == 302
    opened = queries.opened_pot(town.id, YEAR)
    assert opened is not None and opened.n == 2


def test_grades_that_came_after_the_page_are_not_confirmed_unseen(
    books: Any, as_person: Any, evening: Any
) -> None:
    town, admin, period = books.town.township, as_person(books.admin), Period(YEAR, 1, 4)
    west, east = (village.id for village in books.town.villages)
    grades.enter(books.reviewer, town, period, {west: Decimal(80)}, "公示", NOW)
    db.session.commit()
    page, act = f"/desk/money/grants?area={town.code}", f"/desk/money/{town.code}/{YEAR}/grants"
    seen = seen_in(admin, page)
    grades.enter(books.reviewer, town, period, {west: Decimal(99), east: Decimal(99)}, "公示", NOW)
    db.session.commit()
    assert send(admin, page, act, decision="confirm", quarters="1-4", seen=seen).status_code == 302
    assert grades.confirmed_scores(town.id, period) == {}
    send(admin, page, act, decision="confirm", quarters="1-4", seen=seen_in(admin, page))
    assert grades.confirmed_scores(town.id, period) == {west: 99, east: 99}


# --- reconciliation -------------------------------------------------------------------------------------------------


def test_a_source_or_a_commitment_that_differs_from_its_rows_is_named(books: Any) -> None:
    """Two payments that are wrong by the same sum leave the line's total right."""
    kept.fund(books, 1_800_000)
    one, two = kept.propose(books, 500), kept.propose(books, 500)
    for commitment_id in (one, two):
        kept.approve(books, commitment_id)
        kept.pay(books, commitment_id, 200)
    assert not [f for f in reconciling.reconcile(books.town.township, YEAR, make.DAY).findings if f.is_fault]
    db.session.execute(text("UPDATE money_sources SET allocated_fen = allocated_fen - 1000"))
    for commitment_id, more in ((one, 50), (two, -50)):
        db.session.execute(
            text("UPDATE commitments SET disbursed_fen = disbursed_fen + :more WHERE id = :id"),
            {"id": commitment_id, "more": more},
        )
    found = reconciling.reconcile(books.town.township, YEAR, make.DAY).findings
    faults = sorted((f.code, f.figures["difference"]) for f in found if f.is_fault)
    assert faults == [
        ("commitment_differs", "0.50"),
        ("commitment_differs", "−0.50"),
        ("source_differs", "−10.00"),
    ]


def test_books_that_are_read_while_somebody_pays_are_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the lines and the rows that they are made of nobody comes in."""
    kept.fund(world.people, 10_000, {"insurance_equipment": 10_000})
    commitment_id = kept.propose(world.people, 1_000, "insurance_equipment")
    kept.approve(world.people, commitment_id)
    db.session.commit()

    def pay() -> None:
        with world.app.app_context():
            who = db.session.get_one(Person, world.reviewer)
            commitments.pay(who, scope_of(who), commitment_id, kept.payment(400), NOW)
            db.session.commit()
            db.session.remove()

    other, added_up = threading.Thread(target=pay), queries.allocated_by_rows

    def meanwhile(*asked: Any) -> Any:
        other.start()
        other.join(2)
        return added_up(*asked)

    monkeypatch.setattr(reconciling.queries, "allocated_by_rows", meanwhile)
    found = reconciling.reconcile(world.people.town.township, YEAR, date(2026, 11, 24))
    assert not [f.code for f in found.findings if f.is_fault]
    db.session.rollback()
    other.join(60)
    row = queries.line_of(LineKey(world.town, YEAR, "insurance_equipment"))
    assert row is not None and row.disbursed_fen == 400
