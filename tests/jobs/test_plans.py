"""The planner's questions by the worker's own role of the database: committed, queued, taken, answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.accounts.models import Person
from app.db import db
from app.planning import beats, rosters
from app.teams.models import Team
from app.teams.scope import scope_of
from tests import make


def test_the_worker_answers_with_its_own_rights(yard: Any, at: Any) -> None:
    at(make.EVENING)
    with yard.app.app_context():
        leader = db.session.scalars(db.select(Person).where(Person.login == "leader")).one()
        team = db.session.get_one(Team, next(iter(scope_of(leader).led_team_ids)))
        tuesday = make.EVENING + timedelta(days=7)
        make.make_shift(team, None, starts_at=tuesday, hours=2)
        beats.ask(leader, team, beats.Asked(tuesday, 120, 1), make.EVENING)
        monday = (tuesday - timedelta(days=1)).date()
        rosters.ask(leader, scope_of(leader), team.id, monday, 5, make.EVENING)
        db.session.commit()
        db.session.remove()
    yard.run_what_is_due("default")
    assert {("plan_beats", "succeeded", 1), ("plan_roster", "succeeded", 1)} <= set(yard.jobs())
    rows = yard.owner.execute("SELECT kind, state, result FROM plan_runs ORDER BY kind").fetchall()
    assert [row[:2] for row in rows] == [("beats", "done"), ("roster", "done")]
    assert len(rows[0][2]["pairs"][0]["stops"]) == 1 and len(rows[1][2]["crews"][0]["people"]) == 2
