"""Retention of imported events, searches and proposals, with the rights of its own role."""

from __future__ import annotations

import pytest

from app.accounts.rules import uuid7
from app.db import db
from app.field import retention
from app.hotspots.models import AnalysisRun
from app.planning import runs
from tests import make
from tests.fairness.planted import add_flag
from tests.field.forgetful import open_town
from tests.hotspots.planted import add_event
from tests.hotspots.test_proposing import make_proposal


@pytest.fixture(scope="module")
def ground():
    with open_town() as found:
        yield found


@pytest.fixture
def town(ground, at):
    for table in ("recorded_incidents", "analysis_runs", "hotspot_proposals", "plan_runs", "fairness_flags"):
        ground.owner.execute(f"DELETE FROM {table}")
    ground.begin_anew(at)
    yield ground
    db.session.rollback()


def test_events_go_after_two_years_searches_after_one(town):
    day = town.starts_at.date()
    add_event(town.people, 300, 300, town.starts_at)
    run = {"method": "kde", "parameters": {}, "first_on": day, "last_on": day, "asked_at": town.starts_at}
    make.save(
        AnalysisRun(
            township_id=town.people.town.township.id, id=uuid7(town.starts_at, bytes(10)),
            asked_by=town.people.reviewer.id, **run,
        )
    )  # fmt: skip
    town.forget(364)
    assert (town.count("analysis_runs"), town.count("recorded_incidents")) == (1, 1)
    assert town.forget(366)[retention.RUNS.where] == 1
    assert (town.count("analysis_runs"), town.count("recorded_incidents")) == (0, 1)
    assert town.forget(731)[retention.EVENTS.where] == 1
    assert town.count("recorded_incidents") == 0


def test_proposals_that_became_nothing_go_after_half_a_year_and_approved_ones_stay(town):
    people, at = town.people, town.starts_at
    make_proposal(people, at, id=uuid7(at, bytes(range(1, 11))))
    make_proposal(
        people, at, state="approved", name="河边", category="market", proposed_by=people.reviewer.id,
        decided_by=people.admin.id, hotspot_id=people.town.hotspot.id,
    )  # fmt: skip
    town.forget(179)
    assert town.count("hotspot_proposals") == 2
    assert town.forget(181)[retention.PROPOSALS.where] == 1
    assert town.count("hotspot_proposals", "state = 'approved'") == 1 == town.count("hotspot_proposals")


def test_what_the_planner_proposed_goes_after_a_month(town):
    team = town.people.town.team
    runs.ask(town.people.leader, team, "roster", {"week": "2026-11-30", "most": 5}, town.starts_at)
    db.session.commit()
    town.forget(29)
    assert town.count("plan_runs") == 1
    assert town.forget(31)[retention.PLANS.where] == 1
    assert town.count("plan_runs") == 0


def test_flags_go_90_days_after_somebody_decided_and_undecided_ones_after_180(town):
    """Told of no one: what stays is a line in the audit with the flag's id."""
    team, member, mate = town.people.town.team, town.people.member, town.people.mate
    decided = {
        "state": "explained",
        "reason": "looked_fine",
        "decided_by": town.people.leader.id,
        "decided_weight": 4,
    }
    add_flag(team, (member, mate), now=town.starts_at, decided_at=town.starts_at, **decided)
    add_flag(team, (member,), "two_places", now=town.starts_at)
    db.session.commit()
    town.forget(89)
    assert town.count("fairness_flags") == 2
    assert town.forget(91)[retention.FLAGS.where] == 1
    assert town.count("fairness_flags", "kind = 'two_places'") == 1 == town.count("fairness_flags")
    town.forget(179)
    assert town.count("fairness_flags") == 1
    assert town.forget(181)[retention.FLAGS.where] == 1
