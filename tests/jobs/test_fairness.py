"""The checks of the night, with the worker's own rights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.accounts.models import Person
from app.db import db
from app.jobs import fairness
from app.teams.models import Team
from app.teams.scope import scope_of
from tests import make

SHANGHAI_4_AM = datetime(2026, 12, 2, 20, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def at_night(yard: Any, at: Any, instant: datetime) -> list[Any]:
    at(instant)
    with yard.worker.app_context():
        fairness.fairness_night.func(0)
    return [row[0]["day"] for row in yard.jobs("args, task_name") if row[1] == "look_for_flags"]


def test_it_is_looked_once_a_night_in_each_township(yard: Any, at: Any) -> None:
    assert at_night(yard, at, SHANGHAI_4_AM - timedelta(minutes=1)) == []
    assert at_night(yard, at, SHANGHAI_4_AM + timedelta(minutes=27)) == ["2026-12-03"] * 2
    assert at_night(yard, at, SHANGHAI_4_AM + timedelta(hours=5)) == ["2026-12-03"] * 2
    assert at_night(yard, at, SHANGHAI_4_AM + DAY)[2:] == ["2026-12-04"] * 2


def test_the_worker_finds_the_pair_of_the_month_before_once(yard: Any, at: Any) -> None:
    with yard.app.app_context():
        people = {p.login: p for p in db.session.scalars(db.select(Person))}
        team = db.session.get_one(Team, next(iter(scope_of(people["leader"]).led_team_ids)))
        others = [people["leader"], make.make_person("新队员", None)]
        for n, crew in enumerate([[people["member"], people["mate"]]] * 4 + [others]):
            shift = make.make_shift(team, None, crew, starts_at=make.EVENING - (10 - n) * DAY)
            for person in crew:
                make.attended(shift, person, people["leader"])
        db.session.remove()
    for hours in (1, 25):
        at_night(yard, at, SHANGHAI_4_AM + timedelta(hours=hours))
        yard.run_what_is_due("default")
    assert {row[1] for row in yard.jobs() if row[0] == "look_for_flags"} == {"succeeded"}
    rows = yard.owner.execute("SELECT kind, month, state, weight FROM fairness_flags").fetchall()
    assert [(kind, f"{month:%Y-%m}", state, weight) for kind, month, state, weight in rows] == [
        ("same_pair", "2026-11", "open", 4)
    ]
