"""The stage of the cast: each test finds it as it was, and nothing that a process has kept of another's."""

from __future__ import annotations

import sys
from typing import Any

from flask import Flask
from sqlalchemy import select

from app.accounts import queries as accounts
from app.accounts.models import Person
from app.areas.models import Area
from app.coverage import taps
from app.coverage.kept import Newest
from app.db import db
from app.teams import scope
from app.teams.models import Team
from tests.stage import KEPT, READ_ONCE

CACHED = type(scope._held)
# Statements, which hold nothing that was read.
PUT_TOGETHER_ONCE = {accounts._live, scope._held, taps._counted_in, taps._without_track}


def of_kind(kind: type) -> set[Any]:
    """What the application's modules hold of it."""
    modules = [module for name, module in list(sys.modules.items()) if name.startswith("app.")]
    return {thing for module in modules for thing in vars(module).values() if isinstance(thing, kind)}


def test_all_that_a_process_keeps_of_rows_is_forgotten(app: Flask) -> None:
    assert of_kind(Newest) == set(KEPT)
    read = {one for one in of_kind(CACHED) if hasattr(sys.modules[one.__module__], "db")}
    assert read - PUT_TOGETHER_ONCE == set(READ_ONCE)


def test_what_one_test_changes_another_does_not_find(people: Any) -> None:
    assert people.member.name == "王队员"
    people.member.name = "另一个人"
    db.session.commit()


def test_nor_does_this_one(people: Any) -> None:
    assert (
        people.member.name
        == db.session.scalar(select(Person.name).where(Person.login == "member"))
        == "王队员"
    )


def test_an_id_of_another_table_finds_nobody(people: Any) -> None:
    ids = [set(db.session.scalars(select(kind.id))) for kind in (Person, Team, Area)]
    assert all(ids) and not set.intersection(ids[0], ids[1] | ids[2])


def test_who_does_not_ask_for_them_finds_nobody(rolled_back: None) -> None:
    assert db.session.scalars(select(Person)).all() == []
