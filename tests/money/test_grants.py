"""Grants to villages: worked out by grade, once for each quarter, and set aside all together."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.db import db
from app.errors import DomainError
from app.money import grades, granting, queries
from app.money.grades import Period
from app.money.granting import Wish
from app.money.queries import LineKey
from app.teams.scope import scope_of
from tests import make
from tests.money.books import NOW, YEAR, fund, new_id, open_pot, second_reviewer
from tests.money.test_money import faults, line, refused, the_database_refuses

ALL = Period(YEAR, 1, 4)


@pytest.fixture
def books(people: Any) -> Any:
    """West: 3,000 people at weight 2, F 80.1. East: 3,000 at weight 1, F 64.1. Σ b·m = 6,000 + 2,100."""
    people.town.villages[0].priority_weight = 2
    db.session.commit()
    open_pot(people)
    fund(people, 1_800_000)
    return people


def graded(people: Any, period: Period = ALL, west: str = "80.1", east: str = "64.1") -> None:
    town = people.town
    scores = dict(zip((v.id for v in town.villages), (Decimal(west), Decimal(east)), strict=True))
    grades.enter(people.reviewer, town.township, period, scores, "联评公示第4号", NOW)
    grades.confirm(people.admin, town.township, period, NOW)


def propose(people: Any, kind: str = "performance", period: Period = ALL) -> Any:
    town = people.town.township
    scores = grades.scores_for(town.id, period)
    return granting.propose_round(people.reviewer, town, Wish(new_id(), kind, period), scores, NOW)


def approve_round(people: Any, row: Any, person: Any = None) -> Any:
    who = person or people.admin
    return granting.approve_round(who, scope_of(who), row.id, NOW)


def awards(people: Any, row: Any) -> list[int]:
    return [a.fen for a in queries.awards_of(people.town.township.id, [row.id])[row.id]]


def test_grants_follow_weight_and_grade_and_are_set_aside_in_one_step(books: Any) -> None:
    graded(books)
    row = propose(books)
    assert row.pool_fen == 540_000 and awards(books, row) == [400_000, 140_000]
    assert line(books, "performance") == (540_000, 0, 0)
    refused(lambda: approve_round(books, row, books.reviewer), "proposal_own")
    approve_round(books, row)
    assert line(books, "performance") == (540_000, 540_000, 0)
    found = queries.commitments_of(books.town.township.id, YEAR, line="performance")
    assert {(c.village_id, c.fen, c.state, c.proposed_by, c.approved_by) for c in found} == {
        (v.id, fen, "approved", books.reviewer.id, books.admin.id)
        for v, fen in zip(books.town.villages, (400_000, 140_000), strict=True)
    }


def test_a_round_comes_once(books: Any) -> None:
    graded(books)
    row = approve_round(books, propose(books))
    refused(lambda: approve_round(books, row), "proposal_decided")
    refused(lambda: propose(books), "grant_done")
    graded(books, Period(YEAR, 2, 2))
    refused(lambda: propose(books, period=Period(YEAR, 2, 2)), "grant_done")
    assert line(books, "performance")[1] == 540_000
    same = Wish(row.id, "performance", ALL)
    again = granting.propose_round(
        books.reviewer, books.town.township, same, grades.scores_for(books.town.township.id, ALL), NOW
    )
    assert again.id == row.id and len(queries.rounds_of(books.town.township.id, YEAR)) == 1


def test_the_database_grants_no_quarter_twice(books: Any) -> None:
    graded(books)
    row = approve_round(books, propose(books))
    copy = """INSERT INTO grant_rounds (township_id, id, year, kind, first_quarter, last_quarter, pool_fen, numbers,
              proposed_by, proposed_at) SELECT township_id, :id, year, kind, 3, 3, 5, numbers, proposed_by, now()
              FROM grant_rounds"""
    the_database_refuses("ex_grant_rounds_once", copy, id=new_id())
    twice = """INSERT INTO commitments (township_id, id, year, line, payee_kind, village_id, what, cause, fen,
               proposed_by, proposed_at) SELECT township_id, :id, year, line, payee_kind, village_id, what, cause, 5,
               proposed_by, now() FROM commitments WHERE cause = :cause"""
    cause = f"grant:{row.id}:{books.town.villages[0].id}"
    the_database_refuses("uq_commitments_cause", twice, id=new_id(), cause=cause)
    with pytest.raises(IntegrityError, match="ck_grant_rounds_four_eyes"), db.session.begin_nested():
        db.session.execute(text("UPDATE grant_rounds SET approved_by = proposed_by"))


def test_four_quarters_are_the_year_and_a_refused_round_may_come_anew(books: Any) -> None:
    total = 0
    for quarter in range(1, 5):
        period = Period(YEAR, quarter, quarter)
        graded(books, period)
        first = propose(books, period=period)
        granting.refuse_round(books.reviewer, scope_of(books.reviewer), first.id, NOW)
        row = approve_round(books, propose(books, period=period))
        total += sum(awards(books, row))
    assert total == 540_000 == line(books, "performance")[1]


def test_a_base_grant_looks_at_no_grade(books: Any) -> None:
    row = approve_round(books, propose(books, "base"))
    assert awards(books, row) == [600_000, 300_000] and line(books, "village_base")[1] == 900_000
    assert all(a.grade is None for a in queries.awards_of(books.town.township.id, [row.id])[row.id])


def test_a_village_without_a_grade_or_people_holds_the_round(books: Any) -> None:
    wrong = refused(lambda: propose(books), "grant_grade_missing")
    assert all(v.name in wrong.figures["names"] for v in books.town.villages)
    graded(books)
    books.town.villages[1].population = None
    db.session.flush()
    wrong = refused(lambda: propose(books), "grant_people_missing")
    assert wrong.figures["names"] == books.town.villages[1].name


def test_a_round_beyond_what_the_line_holds_sets_nothing_aside(books: Any) -> None:
    town = books.town.township
    db.session.execute(text("UPDATE budget_lines SET allocated_fen = 539999 WHERE line = 'performance'"))
    graded(books)
    row = propose(books)
    refused(lambda: approve_round(books, row), "budget_short")
    assert (
        queries.commitments_of(town.id, YEAR) == []
        and queries.rounds_of(town.id, YEAR)[0].state == "proposed"
    )


def test_what_was_worked_out_stays_whatever_is_set_later(books: Any) -> None:
    graded(books)
    row = propose(books)
    make.make_policy(books.town.township, "money", {"c_factor": 0.1})
    graded(books, ALL, "95", "95")
    assert awards(books, row) == [400_000, 140_000] and row.numbers["c_factor"] == 0.7


# --- grades by hand -----------------------------------------------------------------------------------------------


def test_a_grade_counts_once_another_has_confirmed_it(books: Any) -> None:
    town = books.town.township
    west = books.town.villages[0].id
    grades.enter(books.reviewer, town, ALL, {west: Decimal("88.10")}, "公示", NOW)
    assert grades.scores_for(town.id, ALL) == {}
    refused(lambda: grades.confirm(books.reviewer, town, ALL, NOW), "proposal_own")
    the_database_refuses("ck_village_grades_four_eyes", "UPDATE village_grades SET confirmed_by = entered_by")
    assert grades.confirm(books.admin, town, ALL, NOW) == 1
    refused(lambda: grades.confirm(books.admin, town, ALL, NOW), "grades_none_waiting")
    assert grades.scores_for(town.id, ALL) == {west: Fraction("88.1")}
    assert grades.scores_for(town.id, Period(YEAR, 1, 1)) == {}


def test_a_correction_is_a_further_entry_and_counts_from_its_confirmation(books: Any) -> None:
    town, second = books.town.township, second_reviewer(books)
    graded(books)
    west = books.town.villages[0].id
    for _ in range(2):  # the same form twice
        grades.enter(second, town, ALL, {west: Decimal("59.99")}, "更正公示", NOW)
    assert grades.scores_for(town.id, ALL)[west] == Fraction("80.1")
    assert len(grades.waiting(town.id, ALL)) == 1
    grades.confirm(books.reviewer, town, ALL, NOW)
    assert grades.scores_for(town.id, ALL)[west] == Fraction("59.99")
    assert len(queries.grades_of(town.id, YEAR)) == 3


@pytest.mark.parametrize("f", ["-1", "100.01", "80.123"])
def test_a_grade_lies_between_nought_and_a_hundred(books: Any, f: str) -> None:
    town, west = books.town.township, books.town.villages[0].id
    said = faults(lambda: grades.enter(books.reviewer, town, ALL, {west: Decimal(f)}, "公示", NOW))
    assert said == {"/scores": "grade_range"}
    stranger = {books.other.villages[0].id: Decimal(5)}
    assert faults(lambda: grades.enter(books.reviewer, town, ALL, stranger, "公示", NOW)) == {
        "/scores": "field_needed"
    }
    assert faults(lambda: grades.enter(books.reviewer, town, ALL, {west: Decimal(5)}, "", NOW)) == {
        "/evidence": "field_needed"
    }


def test_the_pool_of_a_township_without_a_pot(people: Any) -> None:
    with pytest.raises(DomainError) as wrong:
        propose(people, "base")
    assert wrong.value.code == "pot_not_open"
    assert queries.line_of(LineKey(people.town.township.id, YEAR, "reserve")) is None
