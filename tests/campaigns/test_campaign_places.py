"""A campaign treats grids and drawn places too: as large and as full of events as no household is, without visits."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from geoalchemy2.shape import from_shape
from shapely import from_wkb
from sqlalchemy.exc import IntegrityError

from app.campaigns import choosing, operations, queries, results
from app.campaigns.models import CampaignArea
from app.db import db
from app.errors import DomainError
from app.hotspots.corners import written
from app.teams.models import TeamArea
from app.teams.scope import scope_of
from tests import make, places
from tests.campaigns import planted
from tests.campaigns.planted import FIRST, LATER, MARKET, PLAZA
from tests.campaigns.test_campaigns import stay

SEPTEMBER = date(2026, 9, 1)


def around(at, half=50):
    x, y = at
    return places.square(x - half, y - half, x + half, y + half)


def text_at(at, half=50):
    return written(around(at, half))


def add_grid(people, at, name, half=100):
    return make.make_area("grid", name, around(at, half), people.town.villages[0])


@pytest.fixture
def events(people, evening):
    planted.add_events(people, MARKET, 9, SEPTEMBER)
    planted.add_events(people, PLAZA, 8, SEPTEMBER)


def drawn(people, **more):
    return planted.wanted(people, **{"hotspot_ids": (), "drawn": text_at(MARKET), **more})


def offer(people, wanted):
    return operations.offer_of(people.town.township, wanted, make.EVENING)


def faults(people, wanted):
    with pytest.raises(DomainError) as error:
        offer(people, wanted)
    return {fault.pointer: fault.code for fault in error.value.fields}


def approved(people, wanted, *keys):
    plan = operations.Plan("冬季集中巡防", wanted, "just_before", 20, keys)
    campaign = operations.propose(people.reviewer, people.town.township, plan, make.EVENING)
    return operations.approve(people.admin, scope_of(people.admin), campaign.id, make.EVENING)


def test_a_drawn_place_is_treated_beside_a_drawn_one_and_their_outlines_are_fixed(people, events):
    wanted = drawn(people, drawn_control=text_at(PLAZA))
    found = offer(people, wanted)
    assert [one.place.key for one in found.treated] == ["t1"] and sum(found.treated[0].counts) == 9
    assert found.others[0].place.key == "c1" and sum(found.others[0].counts) == 8
    campaign = approved(people, wanted, "c1")
    db.session.commit()
    areas = queries.areas_of(campaign)
    assert [(one.role, one.kind) for one in areas] == [
        ("treated", "drawn"), ("control", "drawn"), ("ring", "ring"), ("control_ring", "ring"),
    ]  # fmt: skip
    assert from_wkb(bytes(areas[0].geom.data)).equals_exact(around(MARKET), 1e-6, normalize=True)
    assert areas[0].name == "清禾镇西村 1" and areas[0].area_m2 == pytest.approx(10_000, rel=0.01)


def test_a_grid_is_treated_and_another_is_offered_beside_it(people, events):
    west, east = add_grid(people, MARKET, "001"), add_grid(people, PLAZA, "002")
    add_grid(people, (900, 1000), "003")
    wanted = drawn(people, drawn="", grid_ids=(west.id,))
    found = offer(people, wanted)
    assert [one.place.area_id for one in found.treated] == [west.id]
    assert east.id in {one.place.area_id for one in found.others}
    assert "003" not in {one.place.name for one in found.others}, "nothing happened there"
    campaign = approved(people, wanted, f"g{east.id}")
    west.geom = from_shape(around((200, 200)), srid=4326)
    db.session.commit()
    treated = queries.areas_of(campaign)[0]
    assert (treated.kind, treated.area_id, treated.name) == ("grid", west.id, "001")
    assert from_wkb(bytes(treated.geom.data)).equals_exact(around(MARKET, 100), 1e-6, normalize=True)


def test_beside_hotspots_alone_no_grid_is_offered(people, events):
    add_grid(people, PLAZA, "002")
    found = offer(people, planted.wanted(people))
    assert "grid" not in {one.place.kind for one in found.others}


WRONG = {
    "nothing at all": ({"drawn": " \n"}, "/treated", "campaign_treated"),
    "what nobody reads": ({"drawn": "here"}, "/treated_corners", "corners_unreadable"),
    "a house": ({"drawn": text_at(MARKET, 20)}, "/treated_corners", "hotspot_too_small"),
    "over the border": ({"drawn": text_at((0, 500))}, "/treated_corners", "outline_outside"),
    "a quiet place": ({"drawn": text_at((200, 900))}, "/treated_corners", "outline_too_few"),
    "a quiet one to compare with": (
        {"drawn_control": text_at((900, 1000))}, "/control_corners", "outline_too_few"
    ),
    "one to compare with next door": (
        {"drawn_control": text_at((540, 500))}, "/control_corners", "campaign_control_near"
    ),
    "a grid of another township": ({"drawn": "", "grid_ids": (0,)}, "/treated", "campaign_treated"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_may_not_be_treated_or_compared_is_said_at_its_field(people, events, what):
    change, pointer, code = WRONG[what]
    assert faults(people, drawn(people, **change)) == {pointer: code}


def test_a_grid_in_which_hardly_anything_happened_is_not_treated(people, events):
    quiet = add_grid(people, (900, 1000), "003")
    assert faults(people, drawn(people, drawn="", grid_ids=(quiet.id,))) == {"/grids": "campaign_grid_few"}


def test_a_drawn_place_stands_in_one_campaign_at_a_time(people, events):
    wanted = drawn(people, drawn_control=text_at(PLAZA))
    approved(people, wanted, "c1")
    assert faults(people, wanted) == {"/treated": "campaign_area_taken"}


def test_time_on_the_spot_is_known_of_the_hotspot_and_said_to_be_unknown_of_the_rest(people, events):
    planted.add_events(people, (900, 900), 6, SEPTEMBER)
    wanted = planted.wanted(people, drawn=text_at((900, 900)), drawn_control=text_at(PLAZA))
    campaign = approved(people, wanted, "c1")
    stay(people, people.town.hotspot, FIRST, 16)
    areas = queries.areas_of(campaign)
    (one,) = results.progress_of(campaign, areas, LATER)
    assert one.area.kind == "hotspot" and one.total.credited_min == 16
    assert [area.kind for area in results.unmeasured(areas)] == ["drawn"]


def test_the_eight_counts_are_of_the_drawn_outlines(people, evening):
    planted.add_events(people, MARKET, 5, SEPTEMBER)
    planted.add_events(people, PLAZA, 5, SEPTEMBER)
    campaign = approved(people, drawn(people, drawn_control=text_at(PLAZA)), "c1")
    known = (50, 30, 40, 38, 20, 22, 18, 17)
    planted.plant_counts(people, known)
    found = results.evaluation_of(campaign, LATER)
    assert [n for row in found.rows for n in (row.before, row.after)] == list(known)


def test_a_leader_reads_it_where_the_place_lies_in_the_areas_of_the_own_teams(people, events):
    campaign = approved(people, drawn(people, drawn_control=text_at(PLAZA)), "c1")
    assert queries.see_campaign(scope_of(people.leader), campaign.id) is campaign
    db.session.execute(db.delete(TeamArea).where(TeamArea.team_id == people.town.team.id))
    make.save(TeamArea(team_id=people.town.team.id, area_id=people.town.villages[1].id))
    assert queries.campaigns_seen(scope_of(people.leader), people.town.township.id) == []


def test_the_database_refuses_a_treated_square_and_a_grid_without_its_area(people, events):
    campaign = approved(people, drawn(people, drawn_control=text_at(PLAZA)), "c1")
    for n, kind in enumerate(("square", "grid", "hotspot", "person"), start=9):
        row = CampaignArea(
            township_id=campaign.township_id, campaign_id=campaign.id, n=n, role="treated", kind=kind, name="x",
            geom=from_shape(around(MARKET), srid=4326), area_m2=10_000,
        )  # fmt: skip
        with pytest.raises(IntegrityError, match="ck_campaign_areas"), db.session.begin_nested():
            db.session.add(row)
            db.session.flush()


def test_the_offer_ends_with_the_blocks_before_the_start(people, events):
    found = choosing.offer(people.town.township, drawn(people), make.EVENING)
    assert (
        found.edges[-1] == make.DAY and found.unfit == [] and found.edges[0] < make.DAY - timedelta(days=363)
    )
