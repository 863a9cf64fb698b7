"""The demo's invented events and its campaign: planted to change nothing, and judged so."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from shapely import Point
from sqlalchemy import func, select

from app.areas.models import Area
from app.campaigns import operations, queries, results
from app.campaigns.models import Campaign
from app.db import db
from app.demo.incidents import (
    BEGUN_DAYS,
    CAMPAIGN_DAYS,
    NAME,
    THEFTS,
    TREATED,
    TREATED_NOW,
    add_campaigns,
    add_incidents,
    event_rows,
)
from app.demo.world import World
from app.incidents.models import RecordedIncident
from tests.demo.conftest import NOW, Told


@pytest.fixture(scope="module")
def campaigns(told: Told) -> list[Campaign]:
    assert add_incidents(told.world, NOW) > 500
    return add_campaigns(told.world, NOW)


@pytest.fixture(scope="module")
def campaign(campaigns: list[Campaign]) -> Campaign:
    return campaigns[0]


def test_the_planted_campaign_is_judged_inconclusive(campaign: Campaign) -> None:
    found = results.evaluation_of(campaign, NOW)
    assert found.effect is not None
    assert (found.verdict, found.is_final, found.is_alike) == ("inconclusive", True, True)
    assert found.effect.n >= 40 and found.effect.low < 0 < found.effect.high
    assert operations.phase_of(campaign, NOW) == "over"


def test_the_count_inside_is_that_of_the_generated_events(campaign: Campaign, world: World) -> None:
    """Counted again without the database: by shapely in metres, from the rows as they were made."""
    first = campaign.first_on
    spots = [world.hotspots[key].metres for key in TREATED]
    counts: Counter[str] = Counter()
    for row in event_rows(world, NOW):
        x, y = world.plane.to_metres([[row.lon, row.lat]])[0]
        days = (row.end.date() - first).days
        if row.category in THEFTS and any(spot.contains(Point(x, y)) for spot in spots):
            counts[
                "after" if 0 <= days < CAMPAIGN_DAYS else "before" if -CAMPAIGN_DAYS <= days < 0 else ""
            ] += 1
    (treated,) = [row for row in results.evaluation_of(campaign, NOW).rows if row.role == "treated"]
    assert (treated.before, treated.after) == (counts["before"], counts["after"])


def test_the_dose_that_the_crews_gave_is_there_to_be_read(campaign: Campaign) -> None:
    found = results.progress_of(campaign, queries.areas_of(campaign), NOW)
    assert len(found) == len(TREATED)
    assert results.together([one.total for one in found]).credited_min > 0


def test_the_one_that_runs_has_its_dose_so_far_and_judges_nothing_yet(campaigns: list[Campaign]) -> None:
    _over, running = campaigns
    found = results.evaluation_of(running, NOW)
    assert (operations.phase_of(running, NOW), found.is_final, found.days) == ("running", False, BEGUN_DAYS)
    assert found.verdict == "too_few" and found.effect is not None and found.effect.n < found.few
    doses = results.progress_of(running, queries.areas_of(running), NOW)
    assert [len(one.weeks) for one in doses] == [2] * len(TREATED_NOW)
    assert results.together([one.total for one in doses]).target_min == len(TREATED_NOW) * BEGUN_DAYS * 20


def test_a_second_run_adds_nothing(campaigns: list[Campaign], world: World) -> None:
    later = NOW + timedelta(days=1)
    assert (add_incidents(world, later), add_campaigns(world, later)) == (0, [])


def test_every_demo_has_the_same_events_by_day_and_place(world: World) -> None:
    later = event_rows(world, NOW + timedelta(days=9, hours=5))
    assert [
        (a.lon, a.lat, a.category, b.start - a.start)
        for a, b in zip(event_rows(world, NOW), later, strict=True)
    ] == [(b.lon, b.lat, b.category, timedelta(days=9)) for b in later]


def test_all_of_it_is_in_the_township_that_it_is_about(campaign: Campaign) -> None:
    codes = db.session.scalars(
        select(Area.code).where(Area.id.in_(select(RecordedIncident.township_id).distinct()))
    )
    assert list(codes) == ["420199101000"] and campaign.name == NAME
    assert db.session.scalar(select(func.max(RecordedIncident.happened_to))) < NOW
