"""From a draft to what counts: two pairs of eyes, terms, versions that nobody edits, plans and notices."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction as F
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from app.accounts.models import Audit
from app.assessment import operations, plans, queries, rules
from app.assessment.models import Assessment, AssessmentPlanItem, AssessmentReturn
from app.assessment.operations import Figure
from app.assessment.plans import Hung, Wanted
from app.assessment.rules import Quarter
from app.db import db
from app.errors import DomainError, NotFound
from app.teams.scope import scope_of
from tests import make
from tests.api.test_coverage import walked  # noqa: F401
from tests.assessment import planted
from tests.assessment.planted import AFTER, QUARTER

DAY = timedelta(days=1)


@pytest.fixture
def town(walked: Any) -> Any:  # noqa: F811
    """An evening walked, hazards, and a second person of the county."""
    planted.look_after(walked)
    planted.hazards(walked)
    walked.second = make.make_person("县复核员", None, login="second")
    make.grant(walked.second, "admin", area=walked.county)
    return walked


def compute(people: Any, reason: str | None = None, now: Any = AFTER) -> Assessment:
    return operations.compute(people.admin, people.town.township, QUARTER, reason, now)


def publish(people: Any, one: Assessment, now: Any = AFTER) -> Any:
    return operations.publish(people.admin, scope_of(people.admin), one.id, now)


def send_back(people: Any, one: Assessment, indicator: str = "hazards", now: Any = AFTER) -> AssessmentReturn:
    figure = Figure(people.town.villages[0].id, indicator, "not_ours")
    return operations.send_back(people.reviewer, scope_of(people.reviewer), one.id, figure, now)


def accept(people: Any, one: Assessment, now: Any = AFTER) -> Any:
    return operations.accept(people.reviewer, scope_of(people.reviewer), one.id, now)


def freeze(people: Any, one: Assessment, now: Any, by: Any = None) -> Any:
    person = by or people.second
    return operations.freeze(person, scope_of(person), one.id, now)


def code_of(act: Any, *args: Any, **more: Any) -> str:
    with pytest.raises(DomainError) as refused:
        act(*args, **more)
    return refused.value.code


def test_from_a_draft_to_grades_that_count(town):
    one = compute(town)
    assert one.n == 1 and operations.phase_of(one, 1) == "draft"
    assert queries.frozen_grades(town.town.township.id, QUARTER.first) == {}
    review = publish(town, one)
    assert (
        review.until - review.published_at.date() == 15 * DAY and operations.phase_of(one, 1) == "published"
    )
    accept(town, one)
    assert operations.phase_of(one, 1) == "accepted"
    assert code_of(freeze, town, one, AFTER + 7 * DAY) == "assessment_waits", (
        "the notice hangs out to its end"
    )
    freeze(town, one, AFTER + 8 * DAY)
    assert operations.phase_of(one, 1) == "frozen"
    grades = queries.frozen_grades(town.town.township.id, QUARTER.first)
    assert set(grades) == {v.id for v in town.town.villages}
    for village in one.figures["villages"]:
        assert grades[village["id"]] == (F(village["final"]), village["grade"])
    done = db.session.scalars(
        select(Audit.action).where(Audit.object_kind == "assessment").order_by(Audit.at)
    ).all()
    assert done == ["assessment.compute", "assessment.publish", "assessment.accept", "assessment.freeze"]


def test_without_an_acceptance_the_whole_term_runs(town):
    one = compute(town)
    publish(town, one)
    assert code_of(freeze, town, one, AFTER + 15 * DAY) == "assessment_waits"
    assert freeze(town, one, AFTER + 16 * DAY).frozen_by == town.second.id


def test_what_is_returned_is_answered_by_another_and_changed_by_a_new_version(town):
    one = compute(town)
    publish(town, one)
    returned = send_back(town, one)
    assert send_back(town, one).id == returned.id, "the same figure again is the same return"
    assert operations.phase_of(one, 1) == "returned"
    assert code_of(accept, town, one) == "assessment_open_returns"
    assert code_of(freeze, town, one, AFTER + 30 * DAY) == "assessment_open_returns"
    assert [queries.waiting_for(scope_of(p)) for p in (town.reviewer, town.admin)] == [0, 1]
    own = (town.reviewer, scope_of(town.reviewer), returned.id, "stands", AFTER)
    assert code_of(operations.answer, *own) == "assessment_own"
    operations.answer(town.admin, scope_of(town.admin), returned.id, "changed", AFTER)
    assert code_of(freeze, town, one, AFTER + 30 * DAY) == "assessment_to_compute"
    planted.decide(town, planted.report(town, make.EVENING, (250, 1000), phrase="sign_down"), "close", "mended",
                   make.EVENING + DAY)  # fmt: skip
    two = compute(town)
    assert (
        two.n == 2 and operations.phase_of(one, 2) == "superseded" and operations.phase_of(two, 2) == "draft"
    )
    assert code_of(freeze, town, one, AFTER + 30 * DAY) == "assessment_superseded"
    found = {(c.area[-2:], c.what): (c.before, c.after) for c in operations.changes(one, two)}
    assert found["西村", "hazards"] == ("2 / 4", "3 / 5") and ("东村", "hazards") not in found
    publish(town, two)
    operations.answer(town.admin, scope_of(town.admin), send_back(town, two, "route").id, "stands", AFTER)
    freeze(town, two, AFTER + 16 * DAY)
    assert queries.frozen_version(town.town.township.id, QUARTER.first) == two


def test_a_correction_after_freezing_is_a_new_version_with_a_reason_and_the_old_one_stays(town):
    one = compute(town)
    kept = dict(one.figures)
    publish(town, one)
    freeze(town, one, AFTER + 16 * DAY)
    assert compute(town).id == one.id, "nothing has changed"
    planted.decide(town, planted.report(town, make.EVENING, (250, 1000), phrase="sign_down"), "close", "mended",
                   make.EVENING + DAY)  # fmt: skip
    assert code_of(compute, town) == "invalid"
    assert code_of(compute, town, "because") == "invalid"
    two = compute(town, "late_data", AFTER + 20 * DAY)
    assert two.n == 2 and two.reason == "late_data"
    assert queries.frozen_version(town.town.township.id, QUARTER.first) == one, "until the new one is frozen"
    publish(town, two, AFTER + 20 * DAY)
    freeze(town, two, AFTER + 40 * DAY)
    assert queries.frozen_version(town.town.township.id, QUARTER.first) == two
    assert db.session.get_one(Assessment, (one.township_id, one.id)).figures == kept
    assert operations.phase_of(one, 2) == "frozen"


def test_the_persons_who_computed_or_published_do_not_freeze_and_who_published_does_not_accept(town):
    one = operations.compute(town.second, town.town.township, QUARTER, None, AFTER)
    publish(town, one)
    for person in (town.second, town.admin):
        assert code_of(freeze, town, one, AFTER + 30 * DAY, by=person) == "assessment_own"
    figure = Figure(town.town.township.id, "cells", "data_wrong")
    assert (
        code_of(operations.send_back, town.admin, scope_of(town.admin), one.id, figure, AFTER)
        == "assessment_own"
    )
    assert code_of(operations.accept, town.admin, scope_of(town.admin), one.id, AFTER) == "assessment_own"
    assert freeze(town, one, AFTER + 30 * DAY, by=town.reviewer).frozen_by == town.reviewer.id


BY_HAND = {
    "frozen by who computed": "INSERT INTO assessment_freezes VALUES (:t, :a, :admin, :reviewer, :admin, now())",
    "frozen by who published": "INSERT INTO assessment_freezes VALUES (:t, :a, :admin, :reviewer, :reviewer, now())",
    "frozen under another's name": "INSERT INTO assessment_freezes VALUES (:t, :a, :second, :reviewer, :admin, now())",
    "accepted by who published": "UPDATE assessment_reviews SET accepted_by = :reviewer, accepted_at = now()",
    "returned by who published":
        "INSERT INTO assessment_returns VALUES (:t, gen_random_uuid(), :a, :t, 'route', 'papers', :reviewer, "
        ":reviewer, now())",
    "answered by who returned":
        "INSERT INTO assessment_returns VALUES (:t, gen_random_uuid(), :a, :t, 'route', 'papers', :reviewer, :second, "
        "now(), :second, now(), 'stands')",
    "a notice confirmed by who entered it":
        "INSERT INTO assessment_notices VALUES (:t, gen_random_uuid(), :v, '2026-10-01', NULL, NULL, NULL, :admin, "
        "now(), :admin, now())",
    "a plan confirmed by who did it":
        "INSERT INTO assessment_plan_items VALUES (:t, gen_random_uuid(), :a, :v, 'route', 'publish', 'leader', "
        "'2027-04-01', :second, now(), '2027-03-01', '1', :admin, :admin, now())",
    "a sentence where a number belongs":
        "INSERT INTO assessment_notices VALUES (:t, gen_random_uuid(), :v, '2026-10-01', '2026-11-01', 'board', "
        "'his neighbour said', :admin, now(), NULL, NULL)",
}  # fmt: skip


@pytest.mark.parametrize("what", BY_HAND)
def test_the_database_itself_refuses(town, what):
    one = compute(town)
    operations.publish(town.reviewer, scope_of(town.reviewer), one.id, AFTER)
    who = {"admin": town.admin.id, "reviewer": town.reviewer.id, "second": town.second.id}
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(
            text(BY_HAND[what]), {"t": one.township_id, "a": one.id, "v": town.town.villages[0].id, **who}
        )


EDITS = (
    "UPDATE assessments SET figures = '{}'", "DELETE FROM assessments",
    "UPDATE assessment_freezes SET frozen_by = 1", "DELETE FROM assessment_freezes",
    "UPDATE assessment_reviews SET until = '2026-01-01'",
)  # fmt: skip


@pytest.mark.parametrize("statement", EDITS)
def test_nobody_edits_what_was_said(town, statement):
    with pytest.raises(ProgrammingError, match="permission denied"), db.session.begin_nested():
        db.session.execute(text(statement))


def test_what_is_not_over_is_not_published_and_what_was_computed_meanwhile_is_computed_again(town):
    early = compute(town, now=make.EVENING + DAY)
    assert code_of(publish, town, early, make.EVENING + DAY) == "assessment_not_over"
    assert code_of(publish, town, early) == "assessment_stale"
    assert code_of(compute, town, now=make.EVENING - 100 * DAY) == "assessment_no_quarter"
    two = compute(town)
    assert two.n == 2 and publish(town, two).assessment_id == two.id
    assert publish(town, two, AFTER + DAY).published_at == AFTER, "again changes nothing"


def test_on_the_last_day_the_quarter_is_not_over_and_the_same_figures_are_a_new_version_after_it(town):
    """Its evening is still to come. What was computed then is never published, whatever the evening brought."""
    last_day = datetime.fromisoformat("2026-12-31T02:00Z")
    early = compute(town, now=last_day)
    assert code_of(publish, town, early) == "assessment_stale"
    two = compute(town)
    assert two.n == 2 and two.figures["last"] == early.figures["last"]
    assert compute(town).id == two.id and publish(town, two).assessment_id == two.id


def test_after_the_term_or_an_acceptance_nothing_is_returned(town):
    one = compute(town)
    publish(town, one)
    assert code_of(send_back, town, one, now=AFTER + 16 * DAY) == "assessment_term_over"
    send_back(town, one, now=AFTER + 15 * DAY)
    two = compute(town, now=AFTER + 16 * DAY)
    assert two.id == one.id
    (returned,) = queries.returns_of(one)
    operations.answer(town.admin, scope_of(town.admin), returned.id, "stands", AFTER)
    accept(town, one)
    assert code_of(send_back, town, one, "route") == "assessment_accepted"
    assert code_of(operations.answer, town.admin, scope_of(town.admin), returned.id, "changed", AFTER) == (
        "assessment_answered"
    )


def test_a_figure_that_is_none_cannot_be_returned(town):
    one = compute(town)
    publish(town, one)
    figure = Figure(town.other.villages[0].id, "crime", "nobody")
    with pytest.raises(DomainError) as refused:
        operations.send_back(town.reviewer, scope_of(town.reviewer), one.id, figure, AFTER)
    assert {f.pointer for f in refused.value.fields} == {"/area", "/indicator", "/reason"}


def test_outside_ones_area_there_is_no_assessment(town):
    one = compute(town)
    stranger = make.make_person("外镇审核", town.other.township)
    make.grant(stranger, "reviewer", area=town.other.township)
    scope = scope_of(stranger)
    for act in (operations.publish, operations.accept, operations.freeze):
        with pytest.raises(NotFound):
            act(stranger, scope, one.id, AFTER)
    assert [s.township.id for s in queries.standings(scope, QUARTER.first)] == [town.other.township.id]


# --- plans and notices --------------------------------------------------------------------------------------------


def frozen(town: Any) -> Assessment:
    one = compute(town)
    publish(town, one)
    freeze(town, one, AFTER + 16 * DAY)
    return one


def wanted(town: Any, **more: Any) -> Wanted:
    asked = {
        "village_id": town.town.villages[0].id, "indicator": "hazards", "action": "hazard_round", "owner": "leader",
        "due_on": date(2027, 4, 1), **more,
    }  # fmt: skip
    return Wanted(**asked)


def test_a_plan_gives_back_what_was_done_in_time_and_confirmed(town):
    one, at = frozen(town), AFTER + 17 * DAY
    village = town.town.villages[0].id
    assert dict(queries.frozen_grades(one.township_id, one.quarter))[village][1] in ("C", "D")

    def add(**more: Any) -> AssessmentPlanItem:
        return plans.add_item(town.reviewer, scope_of(town.reviewer), one.id, wanted(town, **more), at)

    item, other = add(), add(indicator="route", action="route_change")
    assert add().id == item.id and len(queries.plan_items_of(one)) == 2
    done = (town.reviewer, scope_of(town.reviewer), item.id)
    assert code_of(plans.confirm_item, town.admin, scope_of(town.admin), item.id, at) == "assessment_not_done"
    assert code_of(plans.finish, *done, date(2027, 5, 1), "第5号", at + 20 * DAY) == "invalid", (
        "a day to come"
    )
    assert code_of(plans.finish, *done, date(2027, 3, 1), "what he said", at + 20 * DAY) == "invalid"
    plans.finish(*done, date(2027, 3, 1), "2027-5号", at + 20 * DAY)
    assert plans.restored_of(one.township_id, one.quarter)[village].part == 0
    assert (
        code_of(plans.confirm_item, town.reviewer, scope_of(town.reviewer), item.id, at) == "assessment_own"
    )
    plans.confirm_item(town.admin, scope_of(town.admin), item.id, at + 21 * DAY)
    plans.confirm_item(town.second, scope_of(town.second), item.id, at + 22 * DAY)
    assert db.session.get_one(AssessmentPlanItem, (one.township_id, item.id)).confirmed_by == town.admin.id
    assert plans.restored_of(one.township_id, one.quarter)[village].part == F(3, 10) / 2
    assert code_of(plans.finish, *done, date(2027, 3, 1), "6", at + 20 * DAY) == "assessment_confirmed"
    assert other.confirmed_by is None


def test_a_plan_needs_a_low_grade_that_counts_and_a_day_to_come(town):
    one = compute(town)
    act = (town.reviewer, scope_of(town.reviewer), one.id)
    assert code_of(plans.add_item, *act, wanted(town), AFTER) == "assessment_not_frozen"
    publish(town, one)
    freeze(town, one, AFTER + 16 * DAY)
    bad = wanted(town, village_id=1, indicator="x", action="arrest", owner="member", due_on=date(2020, 1, 1))
    with pytest.raises(DomainError) as refused:
        plans.add_item(*act, bad, AFTER)
    assert {f.pointer for f in refused.value.fields} == {
        "/village",
        "/indicator",
        "/action",
        "/owner",
        "/due_on",
    }


def test_a_notice_is_entered_by_one_and_confirmed_by_another(town):
    village = town.town.villages[0].id
    hung = Hung(village, date(2026, 10, 1), date(2026, 11, 5), "board", "2026-11")

    def enter(said: Hung) -> Any:
        return plans.enter_notice(town.reviewer, town.town.township, said, AFTER)

    made = enter(hung)
    assert enter(hung).id == made.id
    assert (
        code_of(plans.confirm_notice, town.reviewer, scope_of(town.reviewer), made.id, AFTER)
        == "assessment_own"
    )
    assert [queries.waiting_for(scope_of(p)) for p in (town.reviewer, town.admin, town.outsider)] == [0, 1, 0]
    plans.confirm_notice(town.admin, scope_of(town.admin), made.id, AFTER)
    assert queries.waiting_for(scope_of(town.admin)) == 0
    for odd in (
        Hung(town.other.villages[0].id, date(2026, 10, 1), None, None, None),
        Hung(village, date(2026, 10, 2), None, None, None),
        Hung(village, date(2027, 2, 1), None, None, None),
        Hung(village, date(2026, 10, 1), date(2026, 9, 1), "board", "1"),
        Hung(village, date(2026, 10, 1), date(2026, 11, 1), "shouting", "1"),
        Hung(village, date(2026, 10, 1), date(2026, 11, 1), "board", ""),
        Hung(village, date(2026, 10, 1), None, "board", None),
    ):
        assert code_of(enter, odd) == "invalid", odd


def test_a_policy_of_the_township_is_the_one_that_is_used_and_kept(town):
    policy = make.make_policy(town.town.township, "assessment", {"few_below": 1, "term_days": 20})
    one = compute(town)
    assert one.policy_id == policy.id and one.figures["policy"]["few_below"] == 1
    assert publish(town, one).until == (AFTER + 20 * DAY).date()


def test_a_quarter_of_the_past_has_no_figures_but_is_no_error(town):
    one = operations.compute(town.admin, town.town.township, Quarter(date(2024, 1, 1)), None, AFTER)
    assert one.figures["township"]["indicators"]["roster"]["why"] == "no_shift"
    assert rules.policy_from(one.figures["policy"]) == rules.DEFAULTS
