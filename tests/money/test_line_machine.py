"""A line whatever comes in which order: 0 ≤ paid ≤ set aside ≤ allocated, and its totals are those of its rows."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db import db
from app.errors import DomainError
from app.money import commitments, operations, queries, reconciling
from app.money.queries import LineKey
from app.teams.scope import scope_of
from tests import cast, make
from tests.money import books
from tests.money.books import NOW, YEAR
from tests.stage import one_transaction

ACTS = ("fund", "move", "propose", "approve", "refuse", "pay", "return", "close")
steps = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 5), st.integers(1, 120)), min_size=1, max_size=25
)


@pytest.fixture(scope="module")
def world(app: Flask) -> Any:
    with one_transaction(app) as connection:
        people = cast.make_cast()
        books.open_pot(people)
        db.session.commit()
        yield people, connection


@given(steps)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_line_is_never_overspent(world: Any, todo: list[tuple[str, int, int]]) -> None:
    people, connection = world
    undo = connection.begin_nested()
    try:
        ids: list[Any] = []
        for act, which, fen in todo:
            step(people, ids, act, which, fen)
            look(people)
    finally:
        db.session.rollback()
        undo.rollback()
        db.session.expire_all()


def step(people: Any, ids: list[Any], act: str, which: int, fen: int) -> None:
    """Refused or done; a fault of any other kind fails the test."""
    try:
        with db.session.begin_nested():
            one = ids[which % len(ids)] if ids else None
            _do(people, ids, act, one, fen)
    except DomainError:
        pass


def _do(people: Any, ids: list[Any], act: str, one: Any, fen: int) -> None:
    mine, theirs = scope_of(people.reviewer), scope_of(people.admin)
    if act == "fund":
        books.fund(people, fen, {"points_shop": fen})
    elif act == "move":
        wish = operations.Wish(books.new_id(), None, "points_shop", {"reserve": fen}, "调剂")
        operations.propose_allocation(people.reviewer, people.town.township, YEAR, wish, NOW)
        operations.approve_allocation(people.admin, theirs, wish.id, NOW)
    elif act == "propose":
        ids.append(books.propose(people, fen))
    elif one is None:
        return
    elif act == "approve":
        commitments.approve(people.admin, theirs, one, NOW)
    elif act == "refuse":
        commitments.refuse(people.admin, theirs, one, NOW)
    elif act == "pay":
        books.pay(people, one, fen)
    elif act == "return":
        commitments.come_back(people.reviewer, mine, one, books.payment(fen), NOW)
    else:
        commitments.close(people.reviewer, mine, one, NOW)


def look(people: Any) -> None:
    row = queries.line_of(LineKey(people.town.township.id, YEAR, "points_shop"))
    assert row is not None
    assert 0 <= row.disbursed_fen <= row.committed_fen <= row.allocated_fen
    found = reconciling.reconcile(people.town.township, YEAR, make.DAY)
    assert [finding for finding in found.findings if finding.is_fault] == []
