"""What points will cost beside the shop line: the stop, the forecast, and what counts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from app.errors import DomainError
from app.incentives import ledger
from app.money import liability
from tests import make
from tests.money.books import NOW, YEAR, fund, give_points, open_pot
from tests.strength.test_figures import out

DAY = make.DAY


@pytest.fixture
def books(people: Any) -> Any:
    """A shop line of 12.50 yuan: the stop lies at 10 yuan, 100 points."""
    open_pot(people)
    fund(people, 1250, {"points_shop": 1250})
    return people


def move(people: Any, half: int, into: str, now: datetime = NOW) -> None:
    """Approved points of the member go to another account, as redeeming or giving away does."""
    town, who = people.town.township.id, people.member.id
    ledger.post(
        ledger.Transfer(
            town, who, "redeem", f"order:{into}:{half}", 1, half, ledger.approved(who), into, now.date()
        ),
        now,
    )


def test_without_a_pot_there_is_no_stop(people: Any) -> None:
    town = people.town.township
    give_points(people.member, town.id, 10**6)
    assert liability.liability_of(town.id, DAY) is None and liability.outlook_of(town, DAY) is None
    assert not liability.stop_reached(town.id, 10**6, DAY)
    liability.refuse_beyond_stop(town.id, 10**6, DAY)


def test_a_pot_with_nothing_in_it_carries_no_point(people: Any) -> None:
    open_pot(people)
    assert liability.stop_reached(people.town.township.id, 1, DAY)
    assert not liability.stop_reached(people.town.township.id, 0, DAY)


def test_pending_and_approved_are_owed(books: Any) -> None:
    town = books.town.township.id
    give_points(books.member, town, 100)
    give_points(books.mate, town, 100, "approved")
    found = liability.liability_of(town, DAY)
    assert found is not None
    assert (found.pending_half, found.approved_half, found.used_fen, found.limit_fen) == (
        100,
        100,
        1000,
        1000,
    )
    assert not liability.stop_reached(town, 100, DAY)
    assert liability.stop_reached(town, 101, DAY)
    give_points(books.member, town, 1)
    assert liability.stop_reached(town, 0, DAY)


def test_redeemed_points_of_the_year_have_had_their_part_of_the_line(books: Any) -> None:
    """Else the room would open again with each order, and the line be promised twice."""
    town = books.town.township.id
    give_points(books.member, town, 200, "approved")
    move(books, 80, "redeemed")
    move(books, 20, f"person:{books.member.id}:redeemed")
    found = liability.liability_of(town, DAY)
    assert found is not None and (found.approved_half, found.redeemed_half) == (100, 100)
    assert liability.stop_reached(town, 1, DAY)


def test_points_that_wait_in_an_order_are_owed_as_before(books: Any) -> None:
    town = books.town.township.id
    give_points(books.member, town, 200, "approved")
    move(books, 80, f"person:{books.member.id}:ordered")
    found = liability.liability_of(town, DAY)
    assert found is not None and (found.approved_half, found.used_fen) == (200, 1000)
    assert liability.stop_reached(town, 1, DAY)


def test_what_was_redeemed_last_year_and_what_expired_is_not_of_this_line(books: Any) -> None:
    town = books.town.township.id
    give_points(books.member, town, 200, "approved", now=NOW - timedelta(days=365))
    move(books, 60, "redeemed", NOW - timedelta(days=330))
    move(books, 40, "expired")
    found = liability.liability_of(town, DAY)
    assert found is not None and (found.approved_half, found.redeemed_half) == (100, 0)


def test_the_refusal_says_how_much_is_missing(books: Any) -> None:
    town = books.town.township.id
    give_points(books.member, town, 300)
    with pytest.raises(DomainError) as wrong:
        liability.refuse_beyond_stop(town, 0, DAY)
    assert wrong.value.code == "budget_stop"
    assert wrong.value.figures == {"needed": "15.00", "limit": "10.00", "missing": "6.25"}
    fund(books, 625, {"points_shop": 625})
    liability.refuse_beyond_stop(town, 300, DAY)


def test_the_settings_count(books: Any) -> None:
    town = books.town.township
    give_points(books.member, town.id, 200)
    assert not liability.stop_reached(town.id, 0, DAY)
    make.make_policy(town, "money", {"stop_percent": 79})
    assert liability.stop_reached(town.id, 0, DAY)
    make.make_policy(town, "redemption", {"fen_per_point": 9})
    assert not liability.stop_reached(town.id, 0, DAY)


def test_until_the_year_s_pot_is_opened_the_last_one_holds(books: Any) -> None:
    """From New Year on nobody approves without a budget; and what was redeemed of the old line stays in its sum."""
    town, new_year = books.town.township, date(YEAR + 1, 1, 8)
    give_points(books.member, town.id, 200, "approved")
    move(books, 80, "redeemed")
    found = liability.liability_of(town.id, new_year)
    assert found is not None and (found.year, found.redeemed_half, found.limit_fen) == (YEAR, 80, 1000)
    assert liability.outlook_of(town, new_year) is None
    assert liability.stop_reached(town.id, 1, new_year) and not liability.stop_reached(town.id, 0, new_year)
    with pytest.raises(DomainError):
        liability.refuse_beyond_stop(town.id, 1, new_year)
    open_pot(books, YEAR + 1)
    found = liability.liability_of(town.id, new_year)
    assert found is not None and (found.year, found.redeemed_half, found.line_fen) == (YEAR + 1, 0, 0)


def test_a_pot_opened_later_says_nothing_of_a_year_before_it(people: Any) -> None:
    open_pot(people, YEAR)
    assert liability.liability_of(people.town.township.id, date(YEAR - 1, 12, 31)) is None


def test_points_of_another_township_are_another_line_s(books: Any) -> None:
    give_points(books.outsider, books.other.township.id, 10**6)
    assert not liability.stop_reached(books.town.township.id, 200, DAY)


def test_the_outlook_counts_who_is_active_and_names_the_month(books: Any) -> None:
    """Two active: 2 × 48 × 0.1 = 9.60 yuan a month; October's end is within 10 yuan, November's is not."""
    for who in (books.member, books.mate):
        out(who, books.town.team, date(2026, 9, 25))
    found = liability.outlook_of(books.town.township, date(2026, 10, 5))
    assert found is not None
    assert (found.year.active, found.year.fen, found.rest.months, found.rest.fen) == (2, 11_520, 3, 2_880)
    assert found.course == [(10, 960), (11, 1_920), (12, 2_880)] and found.passes_in == 11
    fund(books, 10_000, {"points_shop": 10_000})
    found = liability.outlook_of(books.town.township, date(2026, 10, 5))
    assert found is not None and found.passes_in is None and YEAR == 2026


def test_many_approvals_of_one_deed_add_the_ledger_up_once(
    books: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100 points lie within the stop: nine tens are spent, more than ten refused, ten fit."""
    town, asked = books.town.township.id, []
    added_up = liability.statements.balances
    monkeypatch.setattr(
        liability.statements, "balances", lambda *a, **k: asked.append(a) or added_up(*a, **k)
    )
    spend = liability.budget_of(town, DAY)
    for _ in range(9):
        spend(20)
    for _ in range(2):
        with pytest.raises(DomainError) as refused:
            spend(21)
        assert refused.value.code == "budget_stop"
    spend(-500)
    spend(20)
    with pytest.raises(DomainError):
        spend(1)
    assert len(asked) == 2
