"""What the demo's township shows of its strength: a gap, joint teams, people not yet trained or insured, a trend."""

from __future__ import annotations

from app.areas.models import Area
from app.db import db
from app.strength import figures
from tests.demo.conftest import NOW, Told


def test_the_township_wants_48_and_912_and_lacks_some_of_both(told: Told) -> None:
    found = figures.strength_of(db.session.get_one(Area, told.township_id), NOW.date())
    assert (found.target("full_time"), found.target("volunteer")) == (48, 912)
    paid, volunteers = found.counts("full_time"), found.counts("volunteer")
    assert (paid.registered, paid.trained, paid.insured) == (26, 24, 25)
    assert 0 < paid.active <= 24 and 0 < volunteers.active < volunteers.registered
    assert volunteers.trained < volunteers.registered and volunteers.insured < volunteers.registered
    assert found.cost.total > 0 and found.cost.wages == sum(line.cost.wages for line in found.lines)


def test_small_villages_join_and_their_teams_are_shared(told: Told) -> None:
    found = figures.strength_of(db.session.get_one(Area, told.township_id), NOW.date())
    small = {line.village.name for line in found.lines if line.needs_joint}
    assert {"清禾村", "永宁村"} <= small
    assert all(line.joint_teams for line in found.lines if line.needs_joint)
    assert "清禾、望江联合志愿队" in {one.team.name for one in found.shared}


def test_the_year_behind_rises_and_falls(told: Told) -> None:
    found = figures.strength_of(db.session.get_one(Area, told.township_id), NOW.date())
    registered = [counts.registered for counts in found.trend("full_time")]
    assert (registered[0], max(registered), registered[-1]) == (24, 26, 26)
    assert len(set(registered)) > 1
