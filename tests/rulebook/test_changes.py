"""Two people change a rule: who may, what is refused, what the database holds, and a race."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from app import clock, create_app
from app.accounts.models import Audit
from app.areas.models import PolicyVersion
from app.areas.policies import policies_in_force
from app.config import read_settings
from app.db import db
from app.errors import Conflict, DomainError, Forbidden, NotFound
from app.incentives.models import FrozenMonth
from app.rulebook import operations, queries
from app.rulebook.models import PolicyBounds, PolicyChange
from app.rulebook.operations import Draft
from app.rulebook.topics import DUTY, INCENTIVES, TOPICS
from app.teams.scope import scope_of
from tests import cast, make
from tests.databases import database, env_for

NOW = make.EVENING
FIRST = make.DAY.replace(day=1)
SOON = make.DAY + timedelta(days=1)
WHY = "寒冬夜里更难找人"


def draft(body: dict[str, Any], day: date = FIRST, kind: str = "numbers", note: str = WHY) -> Draft:
    return Draft(kind, day, body, note)


def propose(people: Any, body: dict[str, Any], area: Any = None, **more: Any) -> PolicyChange:
    return operations.propose(
        people.reviewer, area or people.town.township, INCENTIVES, draft(body, **more), NOW
    )


def approve(change: PolicyChange, person: Any) -> PolicyChange:
    return operations.approve(person, scope_of(person), change.id, TOPICS, NOW)


def codes(act: Any) -> dict[str, str]:
    with pytest.raises(DomainError) as refused:
        act()
    assert refused.value.code == "invalid"
    return {one.pointer.strip("/"): one.code for one in refused.value.fields}


def test_what_a_second_person_approves_counts_from_its_day_on(people: Any) -> None:
    change = propose(people, {"base_per_hour": 12})
    assert policies_in_force(people.town.township.id, FIRST).body("incentives") == {}
    approve(change, people.admin)
    in_force = policies_in_force(people.town.township.id, FIRST)
    assert in_force.body("incentives") == {"base_per_hour": 12}
    assert in_force.ids["incentives"] == change.policy_version_id
    assert policies_in_force(people.town.township.id, FIRST - timedelta(days=1)).body("incentives") == {}
    actions = db.session.scalars(
        select(Audit.action).where(Audit.object_kind == "policy_change").order_by(Audit.at)
    )
    assert sorted(actions) == ["rules.approved", "rules.propose"]


def test_nobody_approves_or_refuses_the_own_draft(people: Any) -> None:
    change = operations.propose(people.admin, people.town.township, INCENTIVES, draft({"visit": 4}), NOW)
    for act in (lambda: approve(change, people.admin),
                lambda: operations.refuse(people.admin, scope_of(people.admin), change.id, NOW)):  # fmt: skip
        with pytest.raises(Forbidden, match="rule_own"):
            act()


def test_a_reviewer_drafts_and_only_an_administrator_decides(people: Any) -> None:
    second = make.make_person("副审核员", people.town.township)
    make.grant(second, "reviewer", area=people.town.township)
    change = propose(people, {"visit": 4})
    with pytest.raises(Forbidden, match="rule_needs_admin"):
        approve(change, second)
    operations.refuse(people.admin, scope_of(people.admin), change.id, NOW)
    assert change.state == "refused" and queries.versions_of([people.town.township.id], "incentives") == []


def test_outside_the_area_a_draft_does_not_exist(people: Any) -> None:
    change = propose(people, {"visit": 4})
    stranger = make.make_person("外镇审核员", people.other.township)
    make.grant(stranger, "admin", area=people.other.township)
    with pytest.raises(NotFound):
        approve(change, stranger)


def test_who_drafted_takes_it_back_and_nobody_else_does(people: Any) -> None:
    change = propose(people, {"visit": 4})
    with pytest.raises(Forbidden, match="rule_not_yours"):
        operations.withdraw(people.admin, scope_of(people.admin), change.id, NOW)
    operations.withdraw(people.reviewer, scope_of(people.reviewer), change.id, NOW)
    with pytest.raises(Conflict, match="rule_decided"):
        approve(change, people.admin)


def test_the_same_day_waits_once_and_is_taken_once(people: Any) -> None:
    change = propose(people, {"visit": 4})
    with pytest.raises(Conflict, match="rule_waits"):
        propose(people, {"visit": 5})
    approve(change, people.admin)
    assert codes(lambda: propose(people, {"visit": 5})) == {"valid_from": "rule_day_taken"}
    with pytest.raises(Conflict, match="rule_decided"):
        approve(change, people.admin)


def test_every_field_that_is_wrong_is_named(people: Any) -> None:
    wrong = {"visit": 51, "base_per_hour": "x", "other": 1}
    found = codes(lambda: propose(people, wrong, day=FIRST - timedelta(days=1), note=" "))
    assert found == {
        "visit": "rule_out_of_range", "base_per_hour": "rule_whole_number", "other": "rule_key_unknown",
        "valid_from": "rule_day_past", "note": "rule_note",
    }  # fmt: skip


def test_what_counts_already_is_no_change(people: Any) -> None:
    assert codes(lambda: propose(people, {"base_per_hour": 10})) == {"valid_from": "rule_same"}


def test_a_frozen_month_is_not_priced_anew(people: Any) -> None:
    db.session.add(
        FrozenMonth(
            township_id=people.other.township.id, month=FIRST, frozen_by=people.admin.id, frozen_at=NOW
        )
    )
    db.session.flush()
    propose(people, {"visit": 4})
    found = codes(
        lambda: operations.propose(people.admin, people.county, INCENTIVES, draft({"visit": 4}), NOW)
    )
    assert found == {"valid_from": "rule_day_frozen"}


def test_a_draft_whose_day_has_gone_by_is_refused_when_it_is_decided(people: Any) -> None:
    change = operations.propose(
        people.reviewer, people.town.township, DUTY, draft({"min_crew": 3}, SOON), NOW
    )
    later = NOW + timedelta(days=2)
    found = codes(lambda: operations.approve(people.admin, scope_of(people.admin), change.id, TOPICS, later))
    assert found == {"valid_from": "rule_day_past"}


# --- bounds -------------------------------------------------------------------------------------------------------


@pytest.fixture
def second_admin(people: Any) -> Any:
    person = make.make_person("县副管理员", None)
    make.grant(person, "admin", area=people.county)
    return person


def bound(people: Any, second: Any, body: dict[str, Any], day: date = FIRST) -> PolicyChange:
    change = operations.propose(people.admin, people.county, INCENTIVES, draft(body, day, "bounds"), NOW)
    return approve(change, second)


def test_a_township_stays_within_its_countys_bounds(people: Any, second_admin: Any) -> None:
    bound(people, second_admin, {"base_per_hour": [8, 12]})
    with pytest.raises(DomainError) as refused:
        propose(people, {"base_per_hour": 13})
    (field,) = refused.value.fields
    assert (field.pointer, field.code, field.figures["low"], field.figures["high"]) == (
        "/base_per_hour", "rule_out_of_bounds", 8, 12,
    )  # fmt: skip
    approve(propose(people, {"base_per_hour": 12}), people.admin)


def test_bounds_that_come_later_hold_a_draft_from_before_them_too(people: Any, second_admin: Any) -> None:
    bound(people, second_admin, {"visit": [0, 3]}, SOON)
    assert codes(lambda: propose(people, {"visit": 4})) == {"visit": "rule_out_of_bounds"}


def test_bounds_that_came_after_the_draft_refuse_its_approval(people: Any, second_admin: Any) -> None:
    change = propose(people, {"visit": 4})
    bound(people, second_admin, {"visit": [0, 3]})
    assert codes(lambda: approve(change, people.admin)) == {"visit": "rule_out_of_bounds"}


def test_bounds_that_a_township_breaks_are_refused_with_its_name(people: Any) -> None:
    approve(propose(people, {"visit": 4}), people.admin)
    with pytest.raises(DomainError) as refused:
        operations.propose(
            people.admin, people.county, INCENTIVES, draft({"visit": [0, 3]}, kind="bounds"), NOW
        )
    (field,) = refused.value.fields
    assert (field.code, field.figures["names"]) == ("rule_bounds_break", people.town.township.name)


def test_only_a_county_bounds(people: Any) -> None:
    found = codes(lambda: propose(people, {"visit": [0, 3]}, kind="bounds"))
    assert found == {"valid_from": "rule_bounds_county"}


def test_the_countys_own_numbers_count_where_a_township_has_none(people: Any, second_admin: Any) -> None:
    approve(propose(people, {"visit": 4}), people.admin)
    change = operations.propose(people.admin, people.county, INCENTIVES, draft({"visit": 6}), NOW)
    approve(change, second_admin)
    bodies = [policies_in_force(t.township.id, FIRST).body("incentives") for t in (people.town, people.other)]
    assert bodies == [{"visit": 4}, {"visit": 6}]


# --- the database -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "by", "constraint"),
    [
        ("approved", "reviewer", "ck_policy_changes_two_people"),
        ("refused", "reviewer", "ck_policy_changes_two_people"),
        ("withdrawn", "admin", "ck_policy_changes_two_people"), ("approved", "admin", "ck_policy_changes_version"),
        ("proposed", "admin", "ck_policy_changes_decided"),
    ],
)  # fmt: skip
def test_the_database_wants_two_people(people: Any, state: str, by: str, constraint: str) -> None:
    change = propose(people, {"visit": 4})
    values = {"state": state, "by": getattr(people, by).id, "id": change.id}
    statement = text(
        "UPDATE policy_changes SET state = :state, decided_by = :by, decided_at = now() WHERE id = :id"
    )
    with pytest.raises(IntegrityError, match=constraint), db.session.begin_nested():
        db.session.execute(statement, values)


def test_two_open_drafts_of_one_day_are_refused_by_the_database(people: Any) -> None:
    change = propose(people, {"visit": 4})
    values = {c.name: getattr(change, c.name) for c in PolicyChange.__table__.columns if c.name != "id"}
    with pytest.raises(IntegrityError, match="uq_policy_changes_open"), db.session.begin_nested():
        db.session.execute(PolicyChange.__table__.insert().values(values))


def test_of_bounds_and_a_draft_that_breaks_them_approved_at_once_one_comes_into_force() -> None:
    """Real threads: each looks whether the other is there under the county's lock."""
    with database("rulesrace") as name:
        app = create_app(read_settings(env_for(name)))
        with app.app_context():
            people = cast.make_cast()
            second = make.make_person("县副管理员", None)
            make.grant(second, "admin", area=people.county)
            now = clock.now()
            first = clock.local_day(now, "Asia/Shanghai").replace(day=1)
            one = operations.propose(
                people.reviewer, people.town.township, INCENTIVES, draft({"visit": 9}, first), now
            )
            two = operations.propose(
                people.admin, people.county, INCENTIVES, draft({"visit": [0, 3]}, first, "bounds"), now
            )
            db.session.commit()
            ids = (one.id, two.id, second.id)
            db.session.remove()
        start, refused = threading.Barrier(2), []

        def decide(change_id: int) -> None:
            with app.app_context():
                person = db.session.get_one(type(second), ids[2])
                scope = scope_of(person)
                start.wait()
                try:
                    operations.approve(person, scope, change_id, TOPICS, clock.now())
                    db.session.commit()
                except DomainError as error:
                    refused.append(error.code)
                    db.session.rollback()
                db.session.remove()

        threads = [threading.Thread(target=decide, args=(change_id,)) for change_id in ids[:2]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with app.app_context():
            made = [
                db.session.scalar(select(func.count()).select_from(t)) for t in (PolicyVersion, PolicyBounds)
            ]
            db.session.remove()
            db.engine.dispose()
        assert sum(made) == 1 and refused == ["invalid"]
