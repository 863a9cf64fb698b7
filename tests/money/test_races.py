"""Twenty at once, by real threads on real connections: nothing is overspent, and nothing that fits is refused."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.accounts.models import Person
from app.areas.models import Area
from app.config import read_settings
from app.db import db
from app.errors import DomainError
from app.incentives import ledger, statements
from app.money import commitments, liability, operations, queries
from app.money.queries import LineKey
from app.teams.scope import scope_of
from tests import cast, make
from tests.databases import database, env_for
from tests.money import books
from tests.money.books import NOW, YEAR

MANY = 20


@dataclass
class World:
    app: Flask
    people: Any
    town: int
    reviewer: int
    admin: int


@pytest.fixture
def world() -> Iterator[World]:
    """A database of its own, with what is committed there."""
    with database("money") as name:
        app = create_app(read_settings({**env_for(name), "DB_POOL_SIZE": str(MANY)}))
        with app.app_context():
            people = cast.make_cast()
            books.open_pot(people)
            db.session.commit()
            yield World(app, people, people.town.township.id, people.reviewer.id, people.admin.id)
            db.session.remove()
            db.engine.dispose()


def at_once(world: World, acts: list[Callable[[], object]]) -> Counter[str]:
    """Each in a thread, a connection and a transaction of its own, begun together; what became of them, counted."""
    barrier, said = threading.Barrier(len(acts), timeout=60), []

    def run(act: Callable[[], object]) -> None:
        with world.app.app_context():
            try:
                db.session.connection()
                barrier.wait()
                act()
                db.session.commit()
                said.append("done")
            except DomainError as refused:
                db.session.rollback()
                said.append(refused.code)
            except Exception as fault:
                db.session.rollback()
                said.append(type(fault).__name__)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    db.session.rollback()
    return Counter(said)


def totals(world: World, line: str = "points_shop") -> tuple[int, int, int]:
    row = queries.line_of(LineKey(world.town, YEAR, line))
    assert row is not None
    return row.allocated_fen, row.committed_fen, row.disbursed_fen


def approving(world: World, commitment_id: Any) -> Callable[[], object]:
    def act() -> None:
        admin = db.session.get_one(Person, world.admin)
        commitments.approve(admin, scope_of(admin), commitment_id, NOW)

    return act


def test_twenty_approvals_at_once_of_a_budget_of_100_spend_exactly_100(world: World) -> None:
    """Ten yuan each of 100: ten are approved, ten are told that nothing is left."""
    books.fund(world.people, 10_000, {"points_shop": 10_000})
    ids = [books.propose(world.people, 1_000) for _ in range(MANY)]
    db.session.commit()
    said = at_once(world, [approving(world, one) for one in ids])
    assert said == {"done": 10, "budget_short": 10}
    assert totals(world) == (10_000, 10_000, 0)
    assert len(queries.commitments_of(world.town, YEAR, state="approved")) == 10


def test_twenty_approvals_that_fit_are_all_approved(world: World) -> None:
    books.fund(world.people, 10_000, {"points_shop": 10_000})
    ids = [books.propose(world.people, 500) for _ in range(MANY)]
    db.session.commit()
    assert at_once(world, [approving(world, one) for one in ids]) == {"done": MANY}
    assert totals(world) == (10_000, 10_000, 0)


def test_one_commitment_approved_twenty_times_at_once_is_set_aside_once(world: World) -> None:
    books.fund(world.people, 10_000, {"points_shop": 10_000})
    one = books.propose(world.people, 400)
    db.session.commit()
    assert at_once(world, [approving(world, one)] * MANY) == {"done": 1, "proposal_decided": MANY - 1}
    assert totals(world)[1] == 400


def test_payments_at_once_pay_no_more_than_was_promised(world: World) -> None:
    books.fund(world.people, 10_000, {"points_shop": 10_000})
    one = books.propose(world.people, 1_000)
    books.approve(world.people, one)
    db.session.commit()
    payments = [books.payment(100) for _ in range(MANY)]

    def paying(payment: commitments.Payment) -> Callable[[], object]:
        def act() -> None:
            reviewer = db.session.get_one(Person, world.reviewer)
            commitments.pay(reviewer, scope_of(reviewer), one, payment, NOW)

        return act

    said = at_once(world, [paying(p) for p in payments])
    assert said == {"done": 10, "commitment_exceeded": 10} and totals(world) == (10_000, 1_000, 1_000)
    kept = {row.id for row in queries.payments_for(world.town, one)}
    again = next(p for p in payments if p.id in kept)
    assert at_once(world, [paying(again)] * 3) == {"done": 3} and totals(world) == (10_000, 1_000, 1_000)


def test_a_source_is_not_allocated_twice_at_once(world: World) -> None:
    town = world.people.town.township
    source_id = books.fund(world.people, 10_000, {"reserve": 2_000})
    wishes = [
        operations.Wish(books.new_id(), source_id, None, {"points_shop": 1_000}, "追加") for _ in range(MANY)
    ]
    for wish in wishes:
        operations.propose_allocation(world.people.reviewer, town, YEAR, wish, NOW)
    db.session.commit()

    def approving_wish(wish: operations.Wish) -> Callable[[], object]:
        def act() -> None:
            admin = db.session.get_one(Person, world.admin)
            operations.approve_allocation(admin, scope_of(admin), wish.id, NOW)

        return act

    said = at_once(world, [approving_wish(w) for w in wishes])
    assert said == {"done": 8, "source_short": 12} and totals(world)[0] == 8_000


def test_the_same_form_sent_twenty_times_at_once_makes_one_row(world: World) -> None:
    wish = books.wish(world.people, 10)
    db.session.commit()

    def act() -> None:
        reviewer, town = db.session.get_one(Person, world.reviewer), db.session.get_one(Area, world.town)
        commitments.propose(reviewer, town, YEAR, wish, NOW)

    assert at_once(world, [act] * MANY) == {"done": MANY}
    assert len(queries.commitments_of(world.town, YEAR)) == 1


# --- points -------------------------------------------------------------------------------------------------------


def posting(world: World, person_id: int, source: str) -> Callable[[], object]:
    """Five points approved: the stop is asked in the transaction that posts them."""

    def act() -> None:
        liability.refuse_beyond_stop(world.town, 10, make.DAY)
        debit = ledger.pending(person_id) if source == "pending" else ledger.ISSUE
        ledger.post(
            ledger.Transfer(
                world.town, person_id, "approve", f"test:{person_id}", 1, 10, debit, ledger.approved(person_id),
                make.DAY,
            ),
            NOW,
        )  # fmt: skip

    return act


def members(world: World, n: int) -> list[int]:
    with make.together():
        return [make.make_person(f"队员{i}", world.people.town.township).id for i in range(n)]


def approved_points(world: World) -> int:
    held = statements.balances(world.town)
    return sum(half for name, half in held.items() if name.endswith(":approved")) // 2


def test_points_approved_at_once_stop_at_the_limit_and_not_before(world: World) -> None:
    """The line of 12.50 yuan carries 100 points up to its stop. Forty approve five points each: twenty pass."""
    books.fund(world.people, 1_250, {"points_shop": 1_250})
    ids = members(world, 2 * MANY)
    db.session.commit()
    said = Counter[str]()
    for half in (ids[:MANY], ids[MANY:]):
        said += at_once(world, [posting(world, one, "issue") for one in half])
    assert said == {"done": 20, "budget_stop": 20} and approved_points(world) == 100


def test_twenty_who_race_for_the_last_ten_places(world: World) -> None:
    books.fund(world.people, 625, {"points_shop": 625})
    ids = members(world, MANY)
    db.session.commit()
    assert at_once(world, [posting(world, one, "issue") for one in ids]) == {"done": 10, "budget_stop": 10}
    assert approved_points(world) == 50


def test_pending_points_within_the_limit_are_all_approved_at_once(world: World) -> None:
    """100 points pending on a budget of 100: approving moves them, and nothing is counted twice."""
    books.fund(world.people, 1_250, {"points_shop": 1_250})
    ids = members(world, MANY)
    for one in ids:
        books.give_points(db.session.get_one(Person, one), world.town, 10)
    db.session.commit()
    assert at_once(world, [posting(world, one, "pending") for one in ids]) == {"done": MANY}
    assert approved_points(world) == 100
