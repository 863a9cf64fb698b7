"""A flag is looked at by a person it is not about, once; what was decided stays until it has grown much."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app import create_app
from app.accounts.models import Audit
from app.config import read_settings
from app.db import db
from app.errors import Conflict, DomainError, Forbidden, NotFound
from app.fairness import looking, operations, queries
from app.fairness.models import FairnessFlag, TeamRanking
from app.fairness.rules import Flag
from app.incentives.models import PointEntry
from app.teams.models import Team
from app.teams.scope import scope_of
from tests import cast, make
from tests.databases import database, env_for
from tests.fairness.planted import MONTH, add_flag

NOW = make.EVENING
DAY = timedelta(days=1)


@pytest.fixture
def flag(people):
    return add_flag(people.town.team, (people.member, people.mate))


def decide(person, flag, state="explained", reason="roster_so", note="", now=NOW):
    return operations.decide(person, scope_of(person), flag.id, state, reason, note, now)


# --- deciding -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["leader", "reviewer", "admin"])
def test_the_leader_a_reviewer_or_an_admin_decides_and_nothing_else_follows(people, flag, who):
    person = getattr(people, who)
    done = decide(person, flag, note="一直同路。")
    assert (done.state, done.reason, done.note, done.decided_by) == (
        "explained",
        "roster_so",
        "一直同路。",
        person.id,
    )
    assert (done.decided_at, done.decided_weight) == (NOW, 4)
    assert db.session.scalar(select(func.count()).select_from(PointEntry)) == 0
    line = db.session.scalars(select(Audit).where(Audit.action == "fairness.explained")).one()
    assert line.detail == {"reason": "roster_so"} and line.object_id == str(flag.id)


def test_the_same_again_changes_nothing_and_another_word_is_a_conflict(people, flag):
    decide(people.leader, flag)
    assert decide(people.reviewer, flag, now=NOW + DAY).decided_by == people.leader.id
    with pytest.raises(Conflict):
        decide(people.reviewer, flag, "passed_on", "to_audit")
    assert db.session.scalar(select(func.count()).where(Audit.action == "fairness.explained")) == 1


def test_who_is_concerned_does_not_decide_whatever_role_they_hold(people):
    own = add_flag(people.town.team, (people.leader, people.member), "closed_for")
    with pytest.raises(Forbidden, match="flag_about_you"):
        decide(people.leader, own)
    assert decide(people.reviewer, own).state == "explained"


def test_the_database_itself_refuses_a_decision_by_whom_it_is_about(people, flag):
    decided = {"state": "explained", "reason": "looked_fine", "decided_at": NOW, "decided_weight": 4}
    for person in (people.member, people.mate):
        with pytest.raises(IntegrityError, match="four_eyes"), db.session.begin_nested():
            db.session.execute(update(FairnessFlag).values(decided_by=person.id, **decided))
    db.session.execute(update(FairnessFlag).values(decided_by=people.leader.id, **decided))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"decided_by": "leader"}, "decided"),
        ({"state": "explained"}, "decided"),
        ({"person_b": None, "person_a": None}, "people"),
        ({"month": MONTH + DAY}, "month"),
        ({"note": "长" * 281}, "note"),
    ],
)
def test_half_a_decision_or_nobody_is_no_row(people, change, name):
    change = {k: getattr(people, v).id if v == "leader" else v for k, v in change.items()}
    with pytest.raises(IntegrityError, match=f"ck_fairness_flags_{name}"), db.session.begin_nested():
        add_flag(people.town.team, (people.member, people.mate), **change)


def test_of_a_whole_team_its_leader_is_one_and_the_reviewer_decides(people):
    own = add_flag(people.town.team, (), "team_rush")
    with pytest.raises(Forbidden):
        decide(people.leader, own)
    assert decide(people.reviewer, own, "passed_on", "to_audit").state == "passed_on"


def test_it_is_not_there_for_members_and_for_other_townships(people, flag):
    elsewhere = add_flag(people.other.team, (people.outsider,), "two_places")
    for person, which in ((people.member, elsewhere), (people.leader, elsewhere), (people.reviewer, elsewhere),
                          (people.outsider, flag), (people.mate, elsewhere)):  # fmt: skip
        with pytest.raises(NotFound):
            decide(person, which)
    assert queries.flags_seen(scope_of(people.leader), people.other.township.id, MONTH, None) == []


@pytest.mark.parametrize(
    ("state", "reason", "note", "pointer", "code"),
    [
        ("explained", "to_audit", "", "/reason", "field_needed"),
        ("passed_on", "roster_so", "", "/reason", "field_needed"),
        ("open", "roster_so", "", "/reason", "field_needed"),
        ("explained", "", "", "/reason", "field_needed"),
        ("explained", "looked_fine", "长" * 281, "/note", "too_long"),
        ("explained", "looked_fine", "电话13812345678", "/note", "text_names_a_person"),
    ],
)
def test_a_reason_belongs_to_its_decision_and_a_note_is_short_and_about_nobody(
    people, flag, state, reason, note, pointer, code
):
    with pytest.raises(DomainError) as refused:
        decide(people.leader, flag, state, reason, note)
    assert [(f.pointer, f.code) for f in refused.value.fields] == [(pointer, code)]


def test_what_is_open_and_theirs_to_decide_is_counted(people, flag):
    add_flag(people.town.team, (people.leader,), "self_closed")
    add_flag(people.town.team, (), "team_rush")
    add_flag(people.other.team, (people.outsider,), "two_places")
    counts = [
        queries.waiting_for(scope_of(getattr(people, who)))
        for who in ("member", "leader", "reviewer", "admin")
    ]
    assert counts == [0, 1, 3, 4]
    decide(people.leader, flag)
    assert queries.waiting_for(scope_of(people.reviewer)) == 2


def test_one_about_the_caller_is_not_on_the_callers_own_page(people, flag):
    own = add_flag(people.town.team, (people.leader,), "self_closed")
    town = people.town.township.id
    assert queries.flags_seen(scope_of(people.leader), town, MONTH, None) == [flag]
    assert {f.id for f in queries.flags_seen(scope_of(people.reviewer), town, MONTH, None)} == {
        flag.id,
        own.id,
    }


# --- looking again ------------------------------------------------------------------------------------------------


def found(people, monkeypatch, weight):
    """The checks find one flag of that weight."""
    one = Flag("same_pair", tuple(sorted((people.member.id, people.mate.id))), weight, {"times": weight},
               people.town.team.id)  # fmt: skip
    monkeypatch.setattr(looking, "flags_of", lambda month: [one])
    return operations.look(people.town.township.id, MONTH, NOW + DAY)


def test_a_decided_flag_stays_decided_until_it_has_grown_by_half(people, flag, monkeypatch):
    decide(people.leader, flag)
    assert found(people, monkeypatch, 5) == 0
    assert (flag.state, flag.weight, flag.figures, flag.seen_at) == ("explained", 5, {"times": 5}, NOW + DAY)
    assert found(people, monkeypatch, 6) == 1
    assert (flag.state, flag.decided_by, flag.reason, flag.note) == ("open", None, None, None)
    assert found(people, monkeypatch, 6) == 0
    line = db.session.scalars(select(Audit).where(Audit.action == "fairness.again")).one()
    assert line.detail == {"before": "explained"} and line.actor_id is None


def test_an_open_flag_takes_the_newest_figures_and_keeps_when_it_was_first_seen(people, flag, monkeypatch):
    assert found(people, monkeypatch, 9) == 0
    assert (flag.weight, flag.first_seen_at, flag.seen_at) == (9, NOW, NOW + DAY)


def test_many_who_look_at_once_make_one_flag_each():
    """Real connections, with the worker's rights."""
    with database("fairness") as name:
        env = env_for(name)
        settings = read_settings(env)
        app = create_app(settings)
        worker = create_app(replace(settings, database_url=settings.worker_database_url))
        with app.app_context():
            people = cast.make_cast()
            start = people.shift.starts_at - 20 * DAY
            others = [make.make_person(f"队员{n}", people.town.township) for n in range(2)]
            for person in others:
                make.join_team(person, people.town.team)
            pair = [people.member, people.mate]
            for n, crew in enumerate([pair] * 5 + [others]):
                shift = make.make_shift(people.town.team, None, crew, starts_at=start + n * DAY)
                for person in crew:
                    make.attended(shift, person, people.leader)
            town = people.town.township.id
            db.session.remove()
        barrier, answers, at_once = threading.Barrier(5, timeout=60), [], 5

        def look() -> None:
            with worker.app_context():
                barrier.wait()
                answers.append(operations.look(town, MONTH, NOW))
                db.session.commit()
                db.session.remove()

        threads = [threading.Thread(target=look) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [0, 0, 0, 0, 1]
        with app.app_context():
            rows = db.session.scalars(select(FairnessFlag)).all()
            assert [(r.kind, r.weight, len(r.duty_ids)) for r in rows] == [("same_pair", 5, 10)]
            db.session.remove()
        for one in (app, worker):
            with one.app_context():
                db.engine.dispose()


# --- rankings -----------------------------------------------------------------------------------------------------


def test_who_leads_the_team_says_whether_it_shows_a_ranking(people):
    for shown, measure in ((True, "hours"), (True, "points"), (False, "points")):
        operations.set_ranking(
            people.leader, scope_of(people.leader), people.town.team.id, shown=shown, measure=measure, now=NOW
        )
        row = db.session.scalars(select(TeamRanking).execution_options(populate_existing=True)).one()
        assert (row.shown, row.measure, row.changed_by) == (shown, measure, people.leader.id)
    for person in (people.member, people.reviewer, people.outsider):
        with pytest.raises(NotFound):
            operations.set_ranking(
                person, scope_of(person), people.town.team.id, shown=True, measure="points", now=NOW
            )
    with pytest.raises(DomainError, match="invalid"):
        operations.set_ranking(
            people.leader,
            scope_of(people.leader),
            people.town.team.id,
            shown=True,
            measure="kilometres",
            now=NOW,
        )


def test_only_members_of_now_who_said_yes_are_asked_about(people):
    team = db.session.get(Team, people.town.team.id)
    assert queries.said_yes(team.id) == {}
    for person in (people.member, people.mate, people.leader, people.outsider):
        operations.be_ranked(person, True, NOW)
    assert set(queries.said_yes(team.id)) == {people.member.id, people.mate.id, people.leader.id}
    operations.be_ranked(people.mate, False, NOW)
    assert set(queries.said_yes(team.id)) == {people.member.id, people.leader.id}
