"""The grant page offers what an improvement plan gives back, says how far the plan is, and leads to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.assessment import plans
from app.assessment.plans import Wanted
from app.db import db
from app.money import grades, granting
from app.money import queries as money
from app.money.grades import Period
from app.money.models import Commitment
from app.teams.scope import scope_of
from tests.money import books
from tests.money.books import NOW, YEAR, new_id
from tests.money.test_frozen_scores import freeze
from tests.web.conftest import send, text_of
from tests.web.test_money import page_of

THIRD = Period(YEAR, 3, 3)
PAGE = "/desk/money/grants"


@pytest.fixture
def granted(people: Any, evening: Any) -> Any:
    """Of the third quarter: west B, east C with a plan of one item, done and not confirmed. 135,000 · 0.3 / 1.7."""
    west, east = people.town.villages
    books.open_pot(people)
    books.fund(people, 1_800_000)
    frozen = freeze(people, 3, {west.id: "80.1", east.id: "64.1"}, {east.id: "C"})
    scores = grades.scores_for(people.town.township.id, THIRD)
    wish = granting.Wish(new_id(), "performance", THIRD)
    granting.propose_round(people.reviewer, people.town.township, wish, scores, NOW)
    granting.approve_round(people.admin, scope_of(people.admin), wish.id, NOW)
    due = NOW.date() + timedelta(days=3)
    wanted = Wanted(east.id, "roster", "roster_more", "leader", due)
    item = plans.add_item(people.reviewer, scope_of(people.reviewer), frozen.id, wanted, NOW)
    plans.finish(people.reviewer, scope_of(people.reviewer), item.id, NOW.date(), "第5号", NOW)
    db.session.commit()
    people.frozen, people.round_id, people.item_id, people.due = frozen.id, wish.id, item.id, due
    return people


def confirm(people: Any) -> None:
    plans.confirm_item(people.admin, scope_of(people.admin), people.item_id, NOW)
    db.session.commit()


def restore(people: Any, caller: Any, village: object) -> Any:
    fields = {"decision": "restore_plan", "id": str(new_id()), "village": str(village)}
    return send(caller, PAGE, f"{PAGE}/{people.round_id}", **fields)


def test_a_village_that_has_no_plan_yet_is_named(granted: Any, as_person: Any) -> None:
    west, east = granted.town.villages
    again = granting.Wish(new_id(), "performance", Period(YEAR, 2, 2))
    freeze(granted, 2, {west.id: "62", east.id: "64.1"}, {west.id: "C", east.id: "C"})
    scores = grades.scores_for(granted.town.township.id, again.period)
    granting.propose_round(granted.reviewer, granted.town.township, again, scores, NOW)
    granting.approve_round(granted.admin, scope_of(granted.admin), again.id, NOW)
    db.session.commit()
    words = text_of(page_of(as_person(granted.reviewer), PAGE))
    assert f"No plan yet: {west.name}、{east.name}." in words and "0 of 1 done" in words


def test_a_plan_under_way_is_shown_and_not_offered(granted: Any, as_person: Any) -> None:
    caller = as_person(granted.reviewer)
    html = page_of(caller, PAGE).get_data(as_text=True)
    assert f"Until {granted.due} at the latest." in html and "0 of 1 done in time and confirmed." in html
    assert 'value="restore_plan"' not in html and f"/desk/assessment/{granted.frozen}/plans" in html
    answer = restore(granted, caller, granted.town.villages[1].id)
    assert answer.status_code == 422 and "The improvement plan is not over" in text_of(answer)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "Restores 0.3 of the factor: 238.23 yuan from the reserve."),
        ("zh", "补回系数 0.3：从机动科目支付 238.23 元。"),
    ],
)
def test_a_plan_carried_out_is_offered_in_both_languages(
    granted: Any, as_person: Any, lang: str, words: str
) -> None:
    confirm(granted)
    html = page_of(as_person(granted.reviewer), PAGE, lang).get_data(as_text=True)
    assert (
        words in html
        and html.count('value="restore_plan"') == 1
        and "money." not in html.replace("money.css", "")
    )
    assert 'value="restore"' not in html, "no paper where there is a plan"


def test_it_is_proposed_by_one_and_approved_by_another_with_the_plan_beside_it(
    granted: Any, as_person: Any
) -> None:
    confirm(granted)
    east = granted.town.villages[1].id
    one, two = as_person(granted.reviewer), as_person(granted.admin)
    page_of(one, PAGE)  # in English from here on
    assert restore(granted, one, "x").status_code == 422
    assert restore(granted, one, granted.town.villages[0].id).status_code == 422
    assert restore(granted, one, east).status_code == 302
    row = db.session.scalars(db.select(Commitment).where(Commitment.line == "reserve")).one()
    assert (row.fen, row.village_id, row.state) == (23_823, east, "proposed")
    assert restore(granted, one, east).status_code == 302
    words = page_of(one, PAGE).get_data(as_text=True)
    assert "has been proposed already" in words and "238.23 yuan proposed" in words
    its = f"/desk/money/commitments/{row.id}"
    page = page_of(two, its).get_data(as_text=True)
    assert "plan of quarter 3 of 2026, 1 of 1 done in time and confirmed" in text_of(page_of(two, its))
    assert f"/desk/assessment/{granted.frozen}/plans" in page
    assert send(one, its, its, decision="approve").status_code == 422
    assert send(two, its, its, decision="approve").status_code == 302
    assert money.restored_of(granted.town.township.id, YEAR) == {east: 23_823}
    assert "1 of 1 done in time" in text_of(page_of(two, "/desk/money/commitments"))
