"""The demo's honest county has nothing to look at; what is planted beside it is found."""

from __future__ import annotations

from datetime import date

from app.db import db
from app.demo.fairness import RANKED, TEAM, add_checks
from app.fairness import looking, months
from app.fairness.models import FairnessFlag
from app.teams.models import Team
from tests.demo.conftest import NOW, Told


def test_an_honest_county_has_nothing_to_look_at(told: Told) -> None:
    """With outings of each planted fault (a fast walker, a wrong clock, forgotten ends) among them."""
    month = looking.month_at(told.township_id, date(2026, 11, 1), NOW)
    assert looking.flags_of(month) == []
    assert month.visits and month.earned and month.planned


def test_two_flags_and_a_ranking_are_added_once(told: Told) -> None:
    nested = db.session.begin_nested()
    assert [add_checks(told.world, told.book.ids, told.book.teams, NOW) for _ in range(2)] == [2, 0]
    kinds = {flag.kind for flag in db.session.scalars(db.select(FairnessFlag))}
    assert kinds == {"split_reports", "self_closed"}
    team = db.session.get_one(Team, told.book.teams[TEAM][0])
    standing = months.standing_of(team.township_id, team.id, team.name, NOW.date(), "Asia/Shanghai", NOW)
    assert standing.ranking is not None and len(standing.ranking.entries) == len(RANKED)
    nested.rollback()
