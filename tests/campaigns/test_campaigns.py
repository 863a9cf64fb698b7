"""From the choice before the start to what may be said at the end."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from shapely import from_wkb
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import MultiRange, Range
from sqlalchemy.exc import IntegrityError, ProgrammingError

from app.accounts.models import Audit
from app.campaigns import choosing, operations, queries, results
from app.campaigns.models import Campaign
from app.coverage.models import PlacePresence
from app.db import db
from app.errors import Conflict, DomainError, NotFound
from app.teams.scope import scope_of
from tests import make, places
from tests.campaigns import planted
from tests.campaigns.planted import FIRST, LATER
from tests.coverage.test_queries import make_duty

KNOWN = (50, 30, 40, 38, 20, 22, 18, 17)


@pytest.fixture
def plaza(people, evening):
    return planted.add_plaza(people)


def refused(people, **more):
    with pytest.raises(DomainError) as error:
        operations.propose(people.reviewer, people.town.township, planted.plan(people, **more), make.EVENING)
    return {fault.pointer: fault.code for fault in error.value.fields}


# Help in choosing


def test_the_most_like_place_comes_first_and_says_how_far_it_is(people, plaza):
    other = planted.add_plaza(people, (900, 900), "码头")
    planted.add_events(people, planted.MARKET, 13, date(2026, 9, 1))
    planted.add_events(people, planted.PLAZA, 12, date(2026, 9, 1))
    planted.add_events(people, (900, 900), 2, date(2026, 9, 1))
    offer = choosing.offer(people.town.township, planted.wanted(people), make.EVENING)
    assert [one.place.name for one in offer.treated] == ["清禾镇菜市场"] and sum(offer.typical) == 13
    assert [one.place.hotspot_id for one in offer.others] == [plaza.id, other.id]
    assert offer.others[0].difference < offer.others[1].difference and sum(offer.others[0].counts) == 12


def test_a_square_is_offered_with_five_events_and_not_with_four(people, evening):
    planted.add_events(people, planted.MARKET, 6, date(2026, 9, 1))
    planted.add_events(people, (1000, 1000), 4, date(2026, 9, 1))
    ask = lambda: choosing.offer(people.town.township, planted.wanted(people), make.EVENING).others  # noqa: E731
    assert ask() == []
    planted.add_events(people, (1000, 1000), 1, date(2026, 9, 20))
    (square,) = ask()
    assert square.place.hotspot_id is None and sum(square.counts) == 5
    assert square.place.name.startswith("清禾镇东村") and square.place.area_m2 == pytest.approx(
        10_000, rel=0.02
    )


def test_nothing_that_touches_the_treated_or_their_rings_is_offered(people, evening):
    planted.add_events(people, (500, 500), 9, date(2026, 9, 1))
    planted.add_plaza(people, (590, 500), "邻街")
    assert choosing.offer(people.town.township, planted.wanted(people), make.EVENING).others == []


# Chosen before, never edited


def test_the_areas_of_a_campaign_never_overlap(people, plaza):
    campaign = planted.approved(people, plaza)
    shapes = {one.role: from_wkb(bytes(one.geom.data)) for one in queries.areas_of(campaign)}
    assert list(shapes) == ["treated", "control", "ring", "control_ring"]
    for role, shape in shapes.items():
        for other, its in shapes.items():
            assert role == other or shape.intersection(its).area < 1e-12
    rings = [one.area_m2 for one in queries.areas_of(campaign) if "ring" in one.role]
    assert rings == pytest.approx([4 * 100 * 50 + 3.14159 * 50**2] * 2, rel=0.02)


def test_two_people_make_a_campaign_and_both_are_in_the_audit(people, plaza):
    campaign = operations.propose(
        people.reviewer, people.town.township, planted.plan(people, plaza), make.EVENING
    )
    with pytest.raises(DomainError, match="proposal_own"):
        operations.approve(people.reviewer, scope_of(people.reviewer), campaign.id, make.EVENING)
    operations.approve(people.admin, scope_of(people.admin), campaign.id, make.EVENING)
    assert (campaign.before_first, campaign.before_last) == (planted.BEFORE, FIRST - timedelta(days=1))
    rows = db.session.execute(select(Audit.action, Audit.actor_id).where(Audit.object_id == str(campaign.id)))
    assert {tuple(row) for row in rows} == {
        ("campaigns.propose", people.reviewer.id), ("campaigns.approve", people.admin.id),
    }  # fmt: skip


def test_nothing_is_approved_once_its_first_day_has_come(people, plaza):
    campaign = operations.propose(
        people.reviewer, people.town.township, planted.plan(people, plaza), make.EVENING
    )
    begun = datetime.fromisoformat("2026-11-30T16:00Z")
    with pytest.raises(Conflict, match="campaign_begun"):
        operations.approve(people.admin, scope_of(people.admin), campaign.id, begun)
    assert operations.phase_of(campaign, begun - timedelta(minutes=1)) == "proposed"


def test_there_is_no_deed_that_changes_a_campaign_once_approved(people, plaza):
    """It is approved, called off or recorded; that no column of the choice can be written is in tests/migrations."""
    campaign = planted.approved(people, plaza)
    chosen = [getattr(campaign, c.name) for c in Campaign.__table__.columns][:10]
    with pytest.raises(Conflict, match="campaign_decided"):
        operations.approve(people.reviewer, scope_of(people.reviewer), campaign.id, make.EVENING)
    operations.call_off(people.reviewer, scope_of(people.reviewer), campaign.id, "weather", make.EVENING)
    with pytest.raises(Conflict, match="campaign_decided"):
        operations.call_off(people.admin, scope_of(people.admin), campaign.id, "weather", make.EVENING)
    assert [getattr(campaign, c.name) for c in Campaign.__table__.columns][:10] == chosen


def test_one_that_is_over_cannot_be_called_off_for_its_figures(people, plaza):
    campaign = planted.approved(people, plaza)
    with pytest.raises(Conflict, match="campaign_decided"):
        operations.call_off(people.admin, scope_of(people.admin), campaign.id, "not_wanted", LATER)


def test_what_is_wrong_is_said_at_its_field(people, plaza):
    early = planted.wanted(people, first=make.DAY, last=make.DAY + timedelta(days=27), ring_m=10)
    found = refused(people, control=plaza, wanted=early, name="", dosage_min=5)
    assert found == {
        "/first": "campaign_too_late", "/ring_m": "number_out_of_range", "/name": "field_needed",
        "/dosage_min": "number_out_of_range",
    }  # fmt: skip
    assert refused(people, control=plaza, control_keys=()) == {"/controls": "campaign_controls"}
    assert refused(people, control=people.town.hotspot) == {"/controls": "campaign_controls"}
    short = planted.wanted(people, last=FIRST + timedelta(days=9))
    assert refused(people, control=plaza, wanted=short) == {"/weeks": "campaign_length"}
    none = planted.wanted(people, hotspot_ids=())
    assert refused(people, control=plaza, wanted=none) == {"/treated": "campaign_treated"}
    elsewhere = planted.wanted(people, hotspot_ids=(people.other.hotspot.id,))
    assert refused(people, control=plaza, wanted=elsewhere) == {"/treated": "campaign_treated"}


def test_a_place_stands_in_one_campaign_at_a_time(people, plaza):
    planted.approved(people, plaza)
    third = planted.add_plaza(people, (900, 900), "码头")
    assert refused(people, control=third, name="又一次") == {"/treated": "campaign_area_taken"}
    swapped = planted.wanted(people, hotspot_ids=(third.id,))
    assert refused(people, control=plaza, name="又一次", wanted=swapped) == {"/controls": "campaign_controls"}
    assert refused(people, control=third) == {"/name": "campaign_name_taken"}


def test_the_database_refuses_an_own_approval_and_any_change_of_the_choice(people, plaza):
    campaign = operations.propose(
        people.reviewer, people.town.township, planted.plan(people, plaza), make.EVENING
    )
    for column, value in {"approved_by": people.reviewer.id, "before_last": FIRST, "ring_m": 60}.items():
        with pytest.raises((IntegrityError, ProgrammingError)), db.session.begin_nested():
            db.session.execute(db.update(Campaign).where(Campaign.id == campaign.id).values({column: value}))


# How it went


def test_the_eight_counts_and_the_verdict_are_those_that_were_planted(people, plaza):
    campaign = planted.approved(people, plaza)
    planted.plant_counts(people, KNOWN)
    planted.add_events(people, planted.MARKET, 5, FIRST, category="fire")
    planted.add_events(people, (100, 100), 5, FIRST)
    planted.add_events(people, planted.MARKET, 3, planted.BEFORE - timedelta(days=28))
    found = results.evaluation_of(campaign, LATER)
    assert [n for row in found.rows for n in (row.before, row.after)] == list(KNOWN)
    assert (found.effect.wdd, found.effect.n, found.verdict) == (-15, 235, "inconclusive")
    assert found.is_final and found.is_alike and found.days == found.all_days == 28


def test_too_few_is_said_before_anything_else(people, plaza):
    campaign = planted.approved(people, plaza)
    planted.plant_counts(people, (20, 2, 5, 6, 1, 1, 2, 2))
    found = results.evaluation_of(campaign, LATER)
    assert (found.effect.n, found.verdict, found.is_alike) == (39, "too_few", False)


def test_while_it_runs_as_many_days_before_are_counted_and_nothing_is_final(people, plaza):
    campaign = planted.approved(people, plaza)
    planted.plant_counts(people, KNOWN)
    found = results.evaluation_of(campaign, datetime.fromisoformat("2026-12-08T02:00Z"))
    assert (found.days, found.is_final) == (7, False)
    # 50 events from day 1 on, one a day, round and round 28 days: 14 in the first week.
    assert found.rows[0].before == 14
    with pytest.raises(Conflict, match="campaign_not_over"):
        operations.record_result(
            people.reviewer,
            scope_of(people.reviewer),
            campaign.id,
            datetime.fromisoformat("2026-12-08T02:00Z"),
        )


def test_days_of_which_no_file_has_told_are_not_counted_as_quiet(people, plaza):
    campaign = planted.approved(people, plaza)
    assert results.evaluation_of(campaign, LATER).why == "no_events_yet"
    early = datetime.fromisoformat("2026-12-10T02:00Z")
    planted.add_events(people, planted.MARKET, 9, planted.BEFORE, imported_at=early)
    found = results.evaluation_of(campaign, LATER)
    assert (found.days, found.is_final) == (9, False)


def test_before_the_first_day_and_after_the_events_have_gone_nothing_is_counted(people, plaza):
    campaign = planted.approved(people, plaza)
    planted.plant_counts(people, KNOWN)
    assert results.evaluation_of(campaign, make.EVENING).why == "not_begun"
    assert results.evaluation_of(campaign, LATER + timedelta(days=730)).why == "events_gone"


def test_a_recorded_result_stays_whatever_comes_or_goes_later(people, plaza):
    campaign = planted.approved(people, plaza)
    planted.plant_counts(people, KNOWN)
    for _ in range(2):
        operations.record_result(people.admin, scope_of(people.admin), campaign.id, LATER)
    assert campaign.counts == list(KNOWN)
    planted.add_events(people, planted.MARKET, 30, FIRST)
    found = results.evaluation_of(campaign, LATER + timedelta(days=900))
    assert (found.effect.wdd, found.is_final, found.told_at) == (-15, True, LATER)


def test_one_that_was_called_off_is_never_final(people, plaza):
    campaign = planted.approved(people, plaza)
    planted.plant_counts(people, KNOWN)
    day = datetime.fromisoformat("2026-12-15T02:00Z")
    operations.call_off(people.admin, scope_of(people.admin), campaign.id, "hands_needed", day)
    found = results.evaluation_of(campaign, LATER)
    assert (found.days, found.is_final) == (14, False)


# Who sees it


def test_outside_ones_area_it_does_not_exist(people, plaza, as_person):
    campaign = operations.propose(
        people.reviewer, people.town.township, planted.plan(people, plaza), make.EVENING
    )
    stranger = make.make_person("外镇审核员", people.other.township)
    make.grant(stranger, "reviewer", area=people.other.township)
    for ask in (queries.see_campaign, queries.reach_campaign):
        with pytest.raises(NotFound):
            ask(scope_of(stranger), campaign.id)
    # A leader sees what is approved in the areas of the own teams.
    with pytest.raises(NotFound):
        queries.see_campaign(scope_of(people.leader), campaign.id)
    operations.approve(people.admin, scope_of(people.admin), campaign.id, make.EVENING)
    assert queries.see_campaign(scope_of(people.leader), campaign.id) is campaign
    with pytest.raises(NotFound):
        queries.reach_campaign(scope_of(people.leader), campaign.id)


def test_a_second_person_is_told_that_one_waits(people, plaza):
    campaign = operations.propose(
        people.reviewer, people.town.township, planted.plan(people, plaza), make.EVENING
    )
    assert queries.waiting_for(scope_of(people.admin), make.EVENING) == 1
    assert queries.waiting_for(scope_of(people.reviewer), make.EVENING) == 0
    assert queries.waiting_for(scope_of(people.admin), LATER) == 0
    operations.approve(people.admin, scope_of(people.admin), campaign.id, make.EVENING)
    assert queries.waiting_for(scope_of(people.admin), make.EVENING) == 0


def test_a_campaign_keeps_its_outlines_when_the_hotspot_becomes_another(people, plaza):
    """Renewed, it is another hotspot of the same name: what was compared stays, and presence there counts on."""
    campaign = planted.approved(people, plaza)
    planted.plant_counts(people, KNOWN)
    people.town.hotspot.valid_to = FIRST + timedelta(days=6)
    make.make_hotspot(
        people.town.township, places.square(0, 0, 100, 100), people.admin, people.reviewer,
        name=people.town.hotspot.name, valid_from=FIRST + timedelta(days=7),
    )  # fmt: skip
    assert results.evaluation_of(campaign, LATER).effect.wdd == -15
    (progress,) = results.progress_of(campaign, queries.areas_of(campaign), LATER)
    assert progress.area.hotspot_id == people.town.hotspot.id and len(progress.weeks) == 4


# How far it is


def stay(people, hotspot, day: date, minutes: int) -> None:
    """A crew of one at the hotspot from 20:00 on, by track."""
    evening = datetime.combine(day, time(20), ZoneInfo("Asia/Shanghai"))
    duty = make_duty(make.make_shift(people.town.team, people.town.route, starts_at=evening), people.member)
    during = MultiRange([Range(evening, evening + timedelta(minutes=minutes), bounds="[)")])
    make.save(
        PlacePresence(
            township_id=duty.township_id, place_kind="hotspot", place_id=hotspot.id, duty_id=duty.id, grade="track",
            during=during,
        )
    )  # fmt: skip


def test_the_dose_so_far_is_held_against_each_days_target(people, plaza):
    """20 minutes a day wanted; 16 and 25 observed on two evenings of the first week, 12 in the second: 16 + 20, 12."""
    campaign = planted.approved(people, plaza)
    for day, minutes in ((0, 16), (2, 25), (8, 12)):
        stay(people, people.town.hotspot, FIRST + timedelta(days=day), minutes)
    stay(people, people.town.hotspot, FIRST - timedelta(days=1), 20)
    (found,) = results.progress_of(
        campaign, queries.areas_of(campaign), datetime.fromisoformat("2026-12-11T02:00Z")
    )
    assert (found.total.credited_min, found.total.target_min) == (48, 200)
    assert [(w.credited_min, w.target_min, w.qualified, w.grade) for w in found.weeks] == [
        (36, 140, 2, "track"), (12, 60, 1, "track"),
    ]  # fmt: skip
    assert results.together([found.total, found.total]).share == pytest.approx(0.24)


def test_there_is_no_progress_before_a_day_is_over_and_none_after_it_was_called_off(people, plaza):
    campaign = planted.approved(people, plaza)
    areas = queries.areas_of(campaign)
    assert results.progress_of(campaign, areas, datetime.fromisoformat("2026-12-01T10:00Z")) == []
    stay(people, people.town.hotspot, FIRST, 16)
    stay(people, people.town.hotspot, FIRST + timedelta(days=5), 16)
    day = datetime.fromisoformat("2026-12-05T02:00Z")
    operations.call_off(people.admin, scope_of(people.admin), campaign.id, "weather", day)
    (found,) = results.progress_of(campaign, areas, LATER)
    assert (found.total.credited_min, found.total.target_min) == (16, 80)
