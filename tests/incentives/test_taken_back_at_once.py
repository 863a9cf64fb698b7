"""Several take the same back, confirm or verify it at once, with real commits: it is reversed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Person
from app.db import db
from app.incentives import chain, hazards, recomputing, training
from app.incentives.models import PointEntry, VerifiedHazard
from app.incentives.operations import post_month
from app.incidents.operations import Report, record_report
from app.teams.scope import scope_of
from tests import cast, make, places, racing

AT_ONCE = 6
NOW = make.EVENING + timedelta(hours=5)
ZONE = "Asia/Shanghai"


class Town:
    """A town whose member was on duty, reported a hazard and was trained; each is confirmed."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with self.app.app_context():
            people = cast.make_cast()
            self.township = people.town.township.id
            self.ids = {who: getattr(people, who).id for who in ("admin", "reviewer", "leader")}
            make.attended(people.shift, people.member, people.leader, 2)
            self.hazard = self._reported(people)
            wanted = training.Wanted("drill", make.DAY, 90, (people.member.id,))
            leader, reviewer = people.leader, people.reviewer
            self.training = training.enter(leader, scope_of(leader), people.town.team.id, wanted, NOW).id
            training.confirm(reviewer, scope_of(reviewer), self.training, NOW)
            hazards.verify(leader, scope_of(leader), self.hazard, "high", NOW)
            post_month(self.township, people.member.id, make.DAY, ZONE, NOW)
            db.session.commit()
            db.session.remove()

    def _reported(self, people: cast.Cast) -> UUID:
        one = Report(
            self.township, uuid4(), people.member.id, people.town.team.id, people.shift.id, "road", None, None,
            places.here(100, 500), "here", 8, None, (), make.EVENING + timedelta(minutes=10),
        )  # fmt: skip
        record_report(one, NOW)
        return one.id

    def at_once(self, deeds: list[tuple[str, Callable[[Person], Any]]]) -> Counter[str]:
        with self.app.app_context():
            return racing.at_once(
                self.app, [lambda who=who, deed=deed: deed(self.person(who)) for who, deed in deeds]
            )

    def person(self, who: str) -> Person:
        return db.session.get_one(Person, self.ids[who])

    def reversals(self, rule: str) -> int:
        with self.app.app_context():
            which = (PointEntry.rule == rule, PointEntry.reverses_id.is_not(None))
            found = db.session.scalar(select(func.count()).select_from(PointEntry).where(*which))
            db.session.remove()
            return int(found or 0)

    def refuses_nothing(self) -> bool:
        """The chain is whole, and everything told again is alike."""
        with self.app.app_context():
            later = NOW + timedelta(days=400)
            found = chain.verify(self.township).fault is None and not list(
                recomputing.recompute(self.township, ZONE, later)
            )
            db.session.remove()
            return found


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with racing.room("back") as (app, _):
        yield Town(app)


def test_a_training_is_taken_back_once_by_six_at_once(town: Town) -> None:
    def back(person: Person) -> None:
        training.take_back(person, scope_of(person), town.training, "not_held", NOW)

    assert town.at_once([("reviewer", back), ("admin", back)] * 3) == {"done": AT_ONCE}
    assert town.reversals("training") == 1 and town.refuses_nothing()


def test_a_hazard_is_taken_back_once_and_verified_anew_once(town: Town) -> None:
    def back(person: Person) -> None:
        hazards.take_back(person, scope_of(person), town.hazard, "wrong_severity", NOW)

    def verify(person: Person) -> None:
        hazards.verify(person, scope_of(person), town.hazard, "low", NOW)

    assert town.at_once([("reviewer", back), ("admin", back)] * 3) == {"done": AT_ONCE}
    assert town.reversals("hazard") == 1
    assert town.at_once([("leader", verify), ("admin", verify)] * 3) == {"done": AT_ONCE}
    with town.app.app_context():
        rows = db.session.execute(
            select(VerifiedHazard.n, VerifiedHazard.severity).order_by(VerifiedHazard.n)
        )
        assert [tuple(row) for row in rows] == [(1, "high"), (2, "low")]
        db.session.remove()
    assert town.refuses_nothing()
