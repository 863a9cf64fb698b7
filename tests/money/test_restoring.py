"""What an improvement plan gives back of a grant by grade: as the plan says, once, and no more than was taken."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest

from app.assessment import plans, queries
from app.assessment.models import ACTIONS, Assessment
from app.assessment.plans import Wanted
from app.money import commitments, restoring, rules
from app.money import queries as money
from app.money.grades import Period
from app.money.models import Commitment
from app.money.restoring import Offer, Paper
from app.teams.scope import scope_of
from tests.money.books import NOW, YEAR, approve, new_id
from tests.money.test_frozen_scores import freeze
from tests.money.test_grants import ALL, approve_round, books, graded, propose  # noqa: F401
from tests.money.test_money import faults, line, refused

DAY = timedelta(days=1)
DUE = NOW.date() + 10 * DAY
AFTER = NOW + 20 * DAY
OVER = AFTER.date()
THIRD = Period(YEAR, 3, 3)


@pytest.fixture
def granted(books: Any) -> Any:  # noqa: F811
    """The third quarter: 135,000 by frozen grades, west B 100,000, east C (m = 0.7) 35,000; its plan has two items."""
    west, east = (v.id for v in books.town.villages)
    books.frozen = freeze(books, 3, {west: "80.1", east: "64.1"}, {east: "C"})
    books.round = approve_round(books, propose(books, period=THIRD))
    books.items = [planned(books, action) for action in ACTIONS[:2]]
    return books


def planned(people: Any, action: str, one: Assessment | None = None, due: date = DUE) -> UUID:
    wanted = Wanted(people.town.villages[1].id, "roster", action, "leader", due)
    frozen = one or people.frozen
    return plans.add_item(people.reviewer, scope_of(people.reviewer), frozen.id, wanted, NOW).id


def done(people: Any, item: UUID, on: date = DUE, *, confirmed: bool = True) -> None:
    plans.finish(people.reviewer, scope_of(people.reviewer), item, on, "第5号", AFTER)
    if confirmed:
        plans.confirm_item(people.admin, scope_of(people.admin), item, AFTER)


def by_plan(people: Any, now: datetime = AFTER, new: UUID | None = None, village: int = 1) -> Commitment:
    who, where = people.reviewer, people.town.villages[village].id
    return restoring.propose_by_plan(who, scope_of(who), people.round.id, where, new or new_id(), now)


def by_paper(
    people: Any, row: Any, village: int = 1, added: str = "0.3", document: str = "整改验收单2号"
) -> Any:
    paper = Paper(new_id(), people.town.villages[village].id, Fraction(added), document)
    return restoring.propose_by_paper(people.reviewer, scope_of(people.reviewer), row.id, paper, NOW)


def offer(people: Any, row: Any = None, today: date = OVER) -> Offer | None:
    row = row or people.round
    awards = money.awards_of(row.township_id, [row.id])[row.id]
    return restoring.offers(row, awards, today).get(people.town.villages[1].id)


# --- by the plan of the frozen scorecards -------------------------------------------------------------------------


def test_a_plan_that_was_carried_out_is_proposed_with_the_plan_and_approved_by_another(granted: Any) -> None:
    """135,000 · 3,000 · 0.3 / 8,100 = 15,000: what the grade took of an ordinary grant."""
    for item in granted.items:
        done(granted, item)
    found = by_plan(granted)
    assert (found.line, found.fen, found.state, found.what) == (
        "reserve",
        15_000,
        "proposed",
        f"plan:{YEAR}:3:3:2:2",
    )
    assert [(one.assessment_id, one.part) for one in restoring.evidence_of(found)] == [
        (granted.frozen.id, Fraction(3, 10))
    ]
    refused(lambda: approve(granted, found.id, granted.reviewer), "proposal_own")
    approve(granted, found.id)
    assert line(granted, "reserve") == (54_000, 15_000, 0)
    award = money.awards_of(found.township_id, [granted.round.id])[granted.round.id][1]
    ordinary = rules.restored_fen(135_000, Fraction(3000), Fraction(1), Fraction(8100))
    assert award.fen + found.fen == ordinary


def test_a_plan_gives_back_once_whatever_comes_after(granted: Any) -> None:
    for item in granted.items:
        done(granted, item)
    first = by_plan(granted, new=(its := new_id()))
    assert by_plan(granted, new=its).id == first.id, "the same form once more"
    refused(lambda: by_plan(granted), "restore_done")
    approve(granted, first.id)
    refused(lambda: by_plan(granted), "restore_done")
    assert set(money.restorations_of(first.township_id, YEAR)) == {first.cause}


def test_what_a_second_person_refused_may_be_proposed_anew(granted: Any) -> None:
    for item in granted.items:
        done(granted, item)
    commitments.refuse(granted.admin, scope_of(granted.admin), by_plan(granted).id, NOW)
    assert by_plan(granted).state == "proposed"


def test_nothing_is_proposed_while_something_of_the_plan_may_still_count(granted: Any) -> None:
    done(granted, granted.items[0])
    running = offer(granted, today=DUE)
    assert running is not None and (running.ends_on, running.counted, running.items) == (DUE, 1, 2)
    wrong = refused(lambda: by_plan(granted, now=NOW), "restore_plan_runs")
    assert wrong.figures == {"day": DUE.isoformat()}
    done(granted, granted.items[1], confirmed=False)
    refused(lambda: by_plan(granted), "restore_plan_runs")  # done in time: somebody has to confirm it
    plans.confirm_item(granted.admin, scope_of(granted.admin), granted.items[1], AFTER)
    assert by_plan(granted).fen == 15_000


def test_what_was_late_or_never_done_gives_nothing_back(granted: Any) -> None:
    refused(lambda: by_plan(granted), "restore_plan_nothing")
    done(granted, granted.items[0])
    done(granted, granted.items[1], DUE + DAY)
    assert by_plan(granted).fen == 7_500


def test_where_a_plan_is_asked_for_no_paper_restores(granted: Any) -> None:
    refused(lambda: by_paper(granted, granted.round), "restore_by_plan")
    refused(lambda: by_plan(granted, village=0), "restore_no_plan")
    assert offer(granted, granted.round) is not None


def test_a_round_that_waits_restores_nothing(books: Any) -> None:  # noqa: F811
    west, east = (v.id for v in books.town.villages)
    freeze(books, 3, {west: "80.1", east: "64.1"}, {east: "C"})
    books.round = propose(books, period=THIRD)
    refused(lambda: by_plan(books), "grant_not_approved")


def test_of_a_year_each_quarters_plan_gives_back_its_part(books: Any) -> None:  # noqa: F811
    """East: C, C, B, B by quarter, of the year 73.5 C. Both of the first plan's items count, of the second's none."""
    west, east = (v.id for v in books.town.villages)
    frozen = [
        freeze(books, n, {west: "80.1", east: f}, {east: grade})
        for n, (f, grade) in enumerate((("64", "C"), ("65", "C"), ("80", "B"), ("85", "B")), 1)
    ]
    row = approve_round(books, propose(books))
    done(books, planned(books, ACTIONS[0], frozen[0]))
    planned(books, ACTIONS[0], frozen[1])
    found = offer(books, row)
    assert found is not None and (found.added, found.counted, found.items) == (Fraction(3, 40), 1, 2)
    assert found.fen == int(540_000 * 3000 * Fraction(3, 40) / 8100) == 15_000


def test_a_correction_that_lifts_the_grade_takes_its_plan_away(granted: Any) -> None:
    """The grant was cut by what is no longer said: that is for a paper and two persons, and no plan."""
    west, east = (v.id for v in granted.town.villages)
    for item in granted.items:
        done(granted, item)
    freeze(granted, 3, {west: "80.1", east: "76"}, n_version=2)
    assert queries.frozen_grades(granted.round.township_id, date(YEAR, 7, 1))[east][1] == "B"
    refused(lambda: by_plan(granted), "restore_no_plan")
    assert by_paper(granted, granted.round).fen == 15_000


# --- by a paper, where F was entered by hand ----------------------------------------------------------------------


def test_an_improvement_on_paper_is_paid_from_the_reserve_and_once(books: Any) -> None:  # noqa: F811
    """540,000 · 3,000 · 0.3 / 8,100 = 60,000: more than the reserve of 54,000; 0.2 are 40,000."""
    graded(books)
    row = approve_round(books, propose(books))
    dear = by_paper(books, row)
    assert (dear.line, dear.fen, dear.state) == ("reserve", 60_000, "proposed")
    assert restoring.evidence_of(dear) == []
    refused(lambda: approve(books, dear.id), "budget_short")
    refused(lambda: by_paper(books, row, added="0.2"), "restore_done")
    commitments.refuse(books.admin, scope_of(books.admin), dear.id, NOW)
    approve(books, by_paper(books, row, added="0.2").id)
    assert line(books, "reserve") == (54_000, 40_000, 0) and line(books, "performance")[1] == 540_000


def test_only_what_a_grade_took_is_restored(books: Any) -> None:  # noqa: F811
    graded(books)
    row = propose(books)
    refused(lambda: by_paper(books, row), "grant_not_approved")
    approve_round(books, row)
    for village, added in ((0, "0.1"), (1, "0.31"), (1, "0"), (1, "-0.1")):
        wrong = refused(lambda v=village, a=added: by_paper(books, row, v, a), "grant_restorable")
        assert wrong.figures == {"most": "0" if village == 0 else "0.3"}
    base = approve_round(books, propose(books, "base", ALL))
    refused(lambda: by_paper(books, base), "grant_not_approved")


def test_no_paper_reads_as_if_the_assessment_had_said_it(books: Any) -> None:  # noqa: F811
    graded(books)
    row = approve_round(books, propose(books))
    assert faults(lambda: by_paper(books, row, document=f"plan:{YEAR}:1:4:2:2")) == {
        "/document": "field_invalid"
    }
    assert faults(lambda: by_paper(books, row, document=" ")) == {"/document": "field_needed"}
