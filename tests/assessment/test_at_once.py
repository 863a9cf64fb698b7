"""Several at once, with real commits: one version, one publication, one freezing; returned or accepted, never both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Person
from app.areas.models import Area
from app.assessment import operations
from app.assessment.models import Assessment, AssessmentFreeze, AssessmentReturn, AssessmentReview
from app.assessment.operations import Figure
from app.db import db
from app.errors import DomainError
from app.teams.scope import scope_of
from tests import cast, make, racing
from tests.assessment.planted import AFTER, QUARTER

AT_ONCE = 6


class Town:
    def __init__(self, app: Flask) -> None:
        self.app = app
        with self.app.app_context():
            people = cast.make_cast()
            second = make.make_person("县复核员", None, login="second")
            make.grant(second, "admin", area=people.county)
            self.township = people.town.township.id
            self.ids = {"admin": people.admin.id, "reviewer": people.reviewer.id, "second": second.id}
            db.session.remove()

    def act(self, who: str, deed: Callable[[Person, Area], Any]) -> str:
        """What became of it, in a session of its own: ok, or the code of the refusal."""
        with self.app.app_context():
            try:
                person = db.session.get_one(Person, self.ids[who])
                deed(person, db.session.get_one(Area, self.township))
                db.session.commit()
                return "ok"
            except DomainError as refused:
                db.session.rollback()
                return refused.code
            finally:
                db.session.remove()

    def at_once(self, deeds: list[tuple[str, Callable[[Person, Area], Any]]]) -> list[str]:
        barrier, answers = threading.Barrier(len(deeds), timeout=60), [""] * len(deeds)

        def run(n: int) -> None:
            barrier.wait()
            answers[n] = self.act(*deeds[n])

        threads = [threading.Thread(target=run, args=(n,)) for n in range(len(deeds))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def count(self, model: Any) -> int:
        with self.app.app_context():
            found = db.session.scalar(select(func.count()).select_from(model))
            db.session.remove()
            return int(found or 0)

    def newest(self) -> UUID:
        with self.app.app_context():
            found = db.session.scalar(select(Assessment.id).order_by(Assessment.n.desc()).limit(1))
            db.session.remove()
            assert found is not None
            return found


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with racing.room("assess") as (app, _):
        yield Town(app)


def test_six_at_once_compute_publish_return_and_freeze(town: Town) -> None:
    compute = lambda person, area: operations.compute(person, area, QUARTER, None, AFTER)  # noqa: E731
    assert town.at_once([("admin", compute), ("second", compute)] * 3) == ["ok"] * AT_ONCE
    assert town.count(Assessment) == 1
    one = town.newest()

    def publish(person: Person, area: Area) -> None:
        operations.publish(person, scope_of(person), one, AFTER)

    assert town.at_once([("admin", publish)] * AT_ONCE) == ["ok"] * AT_ONCE
    assert town.count(AssessmentReview) == 1
    figure = Figure(town.township, "training", "data_wrong")

    def send_back(person: Person, area: Area) -> None:
        operations.send_back(person, scope_of(person), one, figure, AFTER)

    def accept(person: Person, area: Area) -> None:
        operations.accept(person, scope_of(person), one, AFTER)

    answers = town.at_once([("reviewer", send_back), ("second", accept)] * 3)
    returned, accepted = answers[::2], answers[1::2]
    assert len(set(returned)) == len(set(accepted)) == 1 and town.count(AssessmentReturn) <= 1
    assert (returned[0], accepted[0]) in (("ok", "assessment_open_returns"), ("assessment_accepted", "ok"))
    if returned[0] == "ok":
        with town.app.app_context():
            id_ = db.session.scalar(select(AssessmentReturn.id))
            db.session.remove()
        answer = lambda person, area: operations.answer(person, scope_of(person), id_, "stands", AFTER)  # noqa: E731
        assert town.act("second", answer) == "ok"
    late = AFTER + timedelta(days=20)

    def freeze(person: Person, area: Area) -> None:
        operations.freeze(person, scope_of(person), one, late)

    assert town.at_once([("reviewer", freeze)] * AT_ONCE) == ["ok"] * AT_ONCE
    assert town.count(AssessmentFreeze) == 1
