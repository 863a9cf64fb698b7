"""Two at once: one person's month is approved once, and what may be spent is spent to the last half point."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text

from app import create_app
from app.accounts.models import Person
from app.approval import operations
from app.approval.models import PointApproval
from app.approval.months import month_state
from app.areas.models import Area
from app.config import read_settings
from app.db import db
from app.errors import DomainError
from app.incentives import chain, ledger, statements
from app.money import liability
from app.teams.scope import scope_of
from tests import cast, make
from tests.approval.worked import NOVEMBER, NOW, give, submit
from tests.databases import database, env_for
from tests.money import books

AT_ONCE = 20


def owner_url(name: str) -> str:
    return env_for(name)["OWNER_DATABASE_URL"].replace("+psycopg", "")


@pytest.fixture(scope="module")
def place() -> Any:
    """A database of its own, with twenty members of 10 half points each, submitted."""
    with database("approve") as name, psycopg.connect(owner_url(name), autocommit=True) as owner:
        app = create_app(read_settings(env_for(name)))
        with app.app_context():
            people = cast.make_cast()
            make.make_policy(people.town.township, "approval", {"audit_percent": 0})
            members = [make.make_person(f"队员{n}", people.town.township) for n in range(AT_ONCE)]
            for n, member in enumerate(members):
                make.join_team(member, people.town.team)
                give(people, member, 10, f"test:{n}")
            db.session.commit()
            submit(people, people.leader, *members)
            found = SimpleNamespace(
                app=app, name=name, town=people.town.township.id, members=[one.id for one in members],
                owner=owner, judges=[people.reviewer.id, people.admin.id], member=people.member.id,
                leader=people.leader.id,
            )  # fmt: skip
            db.session.remove()
        yield found
        with app.app_context():
            db.engine.dispose()


def at_once(place: Any, acts: list[Any]) -> list[Any]:
    """Each in a thread and a transaction of its own, all begun together; what each answered."""
    start, found = threading.Barrier(len(acts)), [None] * len(acts)

    def run(n: int) -> None:
        with place.app.app_context():
            start.wait()
            found[n] = acts[n]()
            db.session.commit()
            db.session.remove()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def approve(place: Any, judge: int, person_id: int, half: int, spend: Any = None) -> str | None:
    person, township = db.session.get_one(Person, judge), db.session.get_one(Area, place.town)
    (outcome,) = operations.approve(person, township, NOVEMBER, [(person_id, half)], NOW, spend)
    return outcome.refusal


def spend(half: int) -> None:
    """From the one row that all approvals of the township spend, if there is enough."""
    spent = db.session.execute(
        text("UPDATE budget SET half = half - :half WHERE half >= :half"), {"half": half}
    )
    if not spent.rowcount:  # type: ignore[attr-defined]
        raise DomainError("budget_stop")


def test_twenty_approvals_at_once_of_a_budget_of_100_spend_exactly_100(place):
    """Ten half points each: ten are approved, ten are told why not, and nothing of theirs is posted."""
    place.owner.execute("CREATE TABLE budget (half bigint CHECK (half >= 0))")
    place.owner.execute("INSERT INTO budget VALUES (100)")
    place.owner.execute("GRANT SELECT, UPDATE ON budget TO xunfang_app")
    acts = [
        lambda n=n, one=one: approve(place, place.judges[n % 2], one, 10, spend)
        for n, one in enumerate(place.members)
    ]
    found = at_once(place, acts)
    assert sorted(map(str, found)) == ["None"] * 10 + ["budget_stop"] * 10
    assert place.owner.execute("SELECT half FROM budget").fetchone() == (0,)
    with place.app.app_context():
        held = statements.balances(place.town)
        approved = [held.get(ledger.approved(one), 0) for one in place.members]
        assert sorted(approved) == [0] * 10 + [10] * 10
        assert chain.verify(place.town).fault is None
        db.session.remove()


def test_one_months_approvals_at_once_post_once(place):
    """The member's month, from eight pages that all show it as submitted."""
    with place.app.app_context():
        township = db.session.get_one(Area, place.town)
        give(
            SimpleNamespace(town=SimpleNamespace(township=township)),
            SimpleNamespace(id=place.member),
            97,
            "test:m",
        )
        leader = db.session.get_one(Person, place.leader)
        operations.submit(leader, scope_of(leader), township, NOVEMBER, [place.member], NOW)
        db.session.commit()
        db.session.remove()
    found = at_once(
        place, [lambda n=n: approve(place, place.judges[n % 2], place.member, 97) for n in range(8)]
    )
    assert sorted(map(str, found)) == ["None"] + ["approval_nothing"] * 7
    with place.app.app_context():
        rows = db.session.scalars(select(PointApproval).where(PointApproval.person_id == place.member)).all()
        assert [(row.n, row.half) for row in rows] == [(1, 97)]
        assert statements.balances(place.town)[ledger.approved(place.member)] == 97
        assert (
            month_state(db.session.get_one(Area, place.town), NOVEMBER, NOW).of(place.member).state
            == "approved"
        )
        db.session.remove()


def test_two_who_approve_the_same_person_never_wait_for_each_other(place):
    """One ticks two persons, another the second of them: whoever comes later waits, and is told."""
    with place.app.app_context():
        township = db.session.get_one(Area, place.town)
        people = SimpleNamespace(
            town=SimpleNamespace(township=township), reviewer=db.session.get_one(Person, place.judges[0]),
            admin=db.session.get_one(Person, place.judges[1]),
        )  # fmt: skip
        books.open_pot(people)
        books.fund(people, 1_250_000, {"points_shop": 1_250_000})
        two = [make.make_person(f"后来的{n}", township) for n in range(2)]
        for n, member in enumerate(two):
            give(people, member, 10, f"late:{n}")
        submit(people, db.session.get_one(Person, place.judges[1]), *two)
        ids = [one.id for one in two]
        db.session.remove()
    first_is_in, second_is_in = threading.Event(), threading.Event()

    def approving(judge: int, wanted: list[int], done: Any) -> list[str | None]:
        within = liability.budget_of(place.town, NOW.date())

        def spend(half: int) -> None:
            if done is None:
                second_is_in.set()
            within(half)
            if done is not None:
                done.set()
                second_is_in.wait(2)  # the other has the second person, or waits for us already

        person, town = db.session.get_one(Person, judge), db.session.get_one(Area, place.town)
        outcomes = operations.approve(person, town, NOVEMBER, [(one, 10) for one in wanted], NOW, spend)
        return [outcome.refusal for outcome in outcomes]

    def second() -> list[str | None]:
        first_is_in.wait(60)
        return approving(place.judges[0], ids[1:], None)

    found = at_once(place, [lambda: approving(place.judges[0], ids, first_is_in), second])
    assert found == [[None, None], ["approval_nothing"]]
