"""A draft tried on real duties, and the points priced again after its approval."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.db import db
from app.duty.models import Duty
from app.duty.operations import touch
from app.errors import Conflict, DomainError
from app.incentives import chain, recomputing, training
from app.incentives.models import PointEntry
from app.jobs.rulebook import reprice_points, try_rules
from app.rulebook import queries, runs, trials
from app.rulebook.models import PolicyChange
from app.rulebook.topics import DUTY, INCENTIVES
from app.teams.scope import scope_of
from tests import make
from tests.incentives.test_posting import DAY, HOUR, an_hour, entries
from tests.rulebook.test_changes import FIRST, NOW, SOON, approve, draft, operations, propose

ZONE = "Asia/Shanghai"
DAY_OF = make.EVENING.date()


@pytest.fixture
def worked(people: Any, as_person: Any, sync: Any, phone: Any, at: Any) -> Any:
    """The member's two hours of one evening (20:00–21:00) of this month and one of the month before."""
    earlier = make.make_shift(people.town.team, None, [people.member], starts_at=make.EVENING - 32 * DAY)
    for shift in (earlier, people.shift):
        sync(as_person(people.member), an_hour(phone, shift), make.EVENING + 3 * HOUR)
    return people


def jobs(task: str) -> list[Any]:
    return list(
        db.session.scalars(text("SELECT args FROM procrastinate_jobs WHERE task_name = :t"), {"t": task})
    )


def tried(people: Any, change: PolicyChange, period: str = "2026-11") -> dict[str, Any]:
    runs.ask_trial(people.reviewer, change, period, NOW)
    db.session.commit()
    try_rules(change.id)
    trial = queries.trial_of(change.id)
    assert trial and trial.state == "done" and trial.progress == 100
    return trial.result or {}


def test_a_trial_tells_the_difference_and_writes_no_points(worked: Any) -> None:
    before = db.session.scalar(select(func.count(PointEntry.id)))
    change = propose(worked, {"base_per_hour": 20})
    result = tried(worked, change)
    assert jobs(runs.TRY) == [{"change_id": change.id}]
    assert result["people"] == {str(worked.member.id): [20, 40]}
    assert result["rules"] == {"base": [20, 40]} and result["months"] == {"2026-11": [20, 40]}
    assert result["townships"] == {str(worked.town.township.id): [20, 40]}
    assert result["fen_a_point"] == {str(worked.town.township.id): 10}
    assert db.session.scalar(select(func.count(PointEntry.id))) == before


def test_what_stands_beside_duties_is_tried_too(worked: Any) -> None:
    """An hour of training; and the same hour where an hour of it is worth 20 points."""
    wanted = training.Wanted("training", DAY_OF, 60, (worked.member.id,))
    session = training.enter(worked.leader, scope_of(worked.leader), worked.town.team.id, wanted, NOW)
    training.confirm(worked.reviewer, scope_of(worked.reviewer), session.id, NOW)
    db.session.commit()
    result = tried(worked, propose(worked, {"training_per_hour": 20}))
    assert result["rules"] == {"base": [20, 20], "training": [20, 40]}
    assert result["people"] == {str(worked.member.id): [40, 60]}


def test_the_year_is_tried_with_its_cap(worked: Any) -> None:
    """20 half points in each of two months; a year of 15 points leaves 20 and 10 of them."""
    result = tried(worked, propose(worked, {"year_cap": 15}), "2026")
    assert result["months"] == {"2026-10": [20, 20], "2026-11": [20, 10]}
    # The days before the span fill the cap as they did.
    trial = queries.trial_of(queries.changes_of([worked.town.township.id])[0].id)
    assert trial is not None
    result = tried(worked, db.session.get_one(PolicyChange, trial.change_id), "2026-11")
    assert result["months"] == {"2026-11": [20, 10]}


def test_a_countys_draft_leaves_townships_with_own_numbers_alone(worked: Any) -> None:
    make.make_policy(worked.town.township, "incentives", {"base_per_hour": 11}, FIRST)
    change = operations.propose(worked.admin, worked.county, INCENTIVES, draft({"base_per_hour": 20}), NOW)
    result = tried(worked, change)
    assert result["townships"] == {str(worked.town.township.id): [22, 22]}


def test_a_trial_is_stale_when_duties_or_rules_have_changed_since(
    worked: Any, as_person: Any, sync: Any, phone: Any
) -> None:
    change = propose(worked, {"base_per_hour": 20})
    tried(worked, change)
    trial = queries.trial_of(change.id)
    assert trial and not runs.is_stale(change, trial)
    shift = make.make_shift(worked.town.team, None, [worked.member], starts_at=make.EVENING - 2 * DAY)
    sync(as_person(worked.member), an_hour(phone, shift), make.EVENING + 3 * HOUR)
    assert runs.is_stale(change, trial)


def test_a_trial_is_stale_when_what_stands_beside_duties_has_changed(worked: Any) -> None:
    change = propose(worked, {"base_per_hour": 20})
    tried(worked, change)
    trial = queries.trial_of(change.id)
    wanted = training.Wanted("training", DAY_OF, 60, (worked.member.id,))
    session = training.enter(worked.leader, scope_of(worked.leader), worked.town.team.id, wanted, NOW)
    assert trial and not runs.is_stale(change, trial)
    training.confirm(worked.reviewer, scope_of(worked.reviewer), session.id, NOW)
    assert runs.is_stale(change, trial)


def test_a_trial_is_stale_when_a_check_in_was_judged_otherwise(worked: Any) -> None:
    """The minutes are the same."""
    change = propose(worked, {"base_per_hour": 20})
    tried(worked, change)
    trial = queries.trial_of(change.id)
    duty = db.session.scalars(select(Duty).where(Duty.day == DAY_OF)).one()
    touch(duty)
    db.session.commit()
    assert trial and runs.is_stale(change, trial)


@pytest.mark.parametrize("level", ["township", "county"])
def test_a_trial_is_stale_when_numbers_came_in_between(worked: Any, level: str) -> None:
    """Also those that are not the last ones of the span."""
    area = worked.town.township if level == "township" else worked.county
    make.make_policy(area, "incentives", {"base_per_hour": 12}, DAY_OF + DAY)
    change = operations.propose(worked.reviewer, area, INCENTIVES, draft({"base_per_hour": 20}), NOW)
    tried(worked, change)
    trial = queries.trial_of(change.id)
    assert trial and not runs.is_stale(change, trial)
    make.make_policy(area, "incentives", {"base_per_hour": 13}, DAY_OF)
    assert runs.is_stale(change, trial)


@pytest.mark.parametrize("level", ["township", "county"])
def test_a_trial_leaves_later_numbers_in_force_as_the_approval_will(
    worked: Any, as_person: Any, sync: Any, phone: Any, level: str
) -> None:
    """From the day of the evening on, other numbers are approved already; the draft counts until then."""
    area = worked.town.township if level == "township" else worked.county
    make.make_policy(area, "incentives", {"base_per_hour": 8}, DAY_OF)
    shift = make.make_shift(worked.town.team, None, [worked.member], starts_at=make.EVENING - DAY)
    sync(as_person(worked.member), an_hour(phone, shift), make.EVENING + 3 * HOUR)
    change = operations.propose(worked.reviewer, area, INCENTIVES, draft({"base_per_hour": 20}), NOW)
    result = tried(worked, change)
    assert result["months"] == {"2026-11": [36, 56]}
    approve(change, worked.admin)
    db.session.commit()
    reprice_points(worked.town.township.id, change.id)
    run = queries.repricing_of(worked.town.township.id, change.id)
    assert run and run.result and run.result["months"] == result["months"]
    assert run.result["people"] == result["people"]


def test_only_points_are_tried_and_only_on_a_span_on_offer(worked: Any) -> None:
    other = operations.propose(worked.reviewer, worked.town.township, DUTY, draft({"min_crew": 3}, SOON), NOW)
    with pytest.raises(DomainError, match="rule_no_trial"):
        runs.ask_trial(worked.reviewer, other, "2026-11", NOW)
    change = propose(worked, {"visit": 4})
    with pytest.raises(DomainError, match="invalid"):
        runs.ask_trial(worked.reviewer, change, "2019", NOW)
    first = runs.ask_trial(worked.reviewer, change, "2026-11", NOW)
    assert runs.ask_trial(worked.reviewer, change, "2026", NOW) is first and len(jobs(runs.TRY)) == 1
    approve(change, worked.admin)
    db.session.execute(text("UPDATE policy_trials SET state = 'failed'"))
    db.session.expire_all()
    with pytest.raises(Conflict, match="rule_decided"):
        runs.ask_trial(worked.reviewer, change, "2026-11", NOW)


def test_a_trial_that_fails_says_so_and_may_be_asked_again(
    worked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = propose(worked, {"visit": 4})
    runs.ask_trial(worked.reviewer, change, "2026-11", NOW)
    db.session.commit()
    monkeypatch.setattr(trials, "told", lambda _: 1 / 0)
    try_rules(change.id)
    trial = queries.trial_of(change.id)
    assert trial and trial.state == "failed"
    monkeypatch.undo()
    assert tried(worked, change)["people"]


def test_after_the_approval_the_open_months_are_priced_again_with_a_readable_difference(worked: Any) -> None:
    change = propose(worked, {"base_per_hour": 20})
    approve(change, worked.admin)
    (args,) = jobs(runs.REPRICE)
    db.session.commit()
    reprice_points(**args)
    (run,) = queries.repricings_of(change.id)
    assert run.state == "done" and run.result and run.result["people"] == {str(worked.member.id): [20, 40]}
    earned = {day: half for (day, rule), half in entries(worked.member).items()}
    assert earned == {make.DAY: 40, make.DAY - 32 * DAY: 20}
    last = db.session.scalars(select(PointEntry).order_by(PointEntry.id.desc())).first()
    assert last and (last.why, last.n, last.policy_version_id) == (
        "rule_changed",
        3,
        change.policy_version_id,
    )
    assert list(recomputing.recompute(worked.town.township.id, ZONE, NOW)) == []
    assert chain.verify(worked.town.township.id).fault is None


def test_pricing_again_twice_changes_nothing_and_a_killed_one_tells_the_whole_difference(worked: Any) -> None:
    change = propose(worked, {"base_per_hour": 20})
    approve(change, worked.admin)
    (run,) = queries.repricings_of(change.id)
    run.before = [list(row) for row in queries.earned_since(run.township_id, FIRST)]
    run.state, run.started_at = "running", NOW
    db.session.commit()
    reprice_points(run.township_id, change.id)
    assert run.result and run.result["rules"] == {"base": [20, 40]}
    n = db.session.scalar(select(func.count(PointEntry.id)))
    reprice_points(run.township_id, change.id)
    assert db.session.scalar(select(func.count(PointEntry.id))) == n


def test_a_change_of_a_day_to_come_prices_nothing_yet(worked: Any) -> None:
    approve(propose(worked, {"visit": 4}, day=make.DAY + timedelta(days=7)), worked.admin)
    assert jobs(runs.REPRICE) == []
