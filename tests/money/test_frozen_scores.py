"""Where grants take a village's F from: frozen scorecards of every quarter, else what two persons entered by hand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import uuid4

import pytest

from app.assessment.models import Assessment, AssessmentFreeze, AssessmentReview
from app.db import db
from app.money import grades
from app.money.grades import Period
from tests import make
from tests.money import books

WHEN: datetime = books.NOW


def freeze(
    people: Any, n: int, scores: dict[int, str], grades: dict[int, str] | None = None, n_version: int = 1
) -> Assessment:
    """A quarter's scorecards as the assessment keeps them; B where no grade is said."""
    third = make.make_person("县考评", people.town.township)
    township_id, first = people.town.township.id, date(books.YEAR, 3 * n - 2, 1)
    villages = [{"id": v, "final": final, "grade": (grades or {}).get(v, "B")} for v, final in scores.items()]
    one = make.save(
        Assessment(
            township_id=township_id, id=uuid4(), quarter=first, n=n_version, rules=1,
            figures={"policy": {}, "villages": villages}, computed_by=people.admin.id, computed_at=WHEN,
        )
    )  # fmt: skip
    who = {"township_id": township_id, "assessment_id": one.id, "computed_by": people.admin.id}
    until = {"published_at": WHEN, "notice_until": WHEN.date(), "until": WHEN.date()}
    make.save(AssessmentReview(**who, published_by=people.reviewer.id, **until))
    make.save(AssessmentFreeze(**who, published_by=people.reviewer.id, frozen_by=third.id, frozen_at=WHEN))
    db.session.commit()
    return one


@pytest.fixture
def west_east(people: Any) -> tuple[int, int]:
    """By hand, confirmed: 61 for both, of the whole year."""
    west, east = (v.id for v in people.town.villages)
    books.open_pot(people)
    scores = {west: Decimal(61), east: Decimal(61)}
    for period in (Period(books.YEAR, 1, 4), Period(books.YEAR, 3, 3)):
        grades.enter(people.reviewer, people.town.township, period, scores, "手工记分表", WHEN)
        grades.confirm(people.admin, people.town.township, period, WHEN)
    return west, east


def test_frozen_scorecards_go_before_what_was_entered_by_hand(
    people: Any, west_east: tuple[int, int]
) -> None:
    west, east = west_east
    quarter, year = Period(books.YEAR, 3, 3), Period(books.YEAR, 1, 4)
    town = people.town.township.id
    assert grades.scores_for(town, quarter) == {west: 61, east: 61}
    freeze(people, 3, {west: "88.1", east: "64.1"})
    assert grades.scores_for(town, quarter) == {west: Fraction("88.1"), east: Fraction("64.1")}
    # Of the year three quarters lack.
    assert grades.frozen_scores(town, year) == {} and grades.scores_for(town, year) == {west: 61, east: 61}


def test_of_a_year_it_is_the_mean_of_its_quarters_to_a_tenth(people: Any, west_east: tuple[int, int]) -> None:
    west, east = west_east
    for n, final in enumerate(("90", "80.1", "70", "60"), 1):
        freeze(people, n, {west: final} | ({east: "75"} if n != 2 else {}))
    # 75.025; and a village that was not measured in one of them has no grade of the year.
    assert grades.scores_for(people.town.township.id, Period(books.YEAR, 1, 4)) == {west: 75}
