"""Drawn by hand: proposed by one, approved by another; checked in the database; a hotspot is replaced, not edited."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from geoalchemy2.shape import to_shape
from sqlalchemy import func, select

from app.db import db
from app.errors import Conflict, DomainError, NotFound
from app.hotspots import drawing, proposing, queries
from app.hotspots.corners import written
from app.hotspots.drawing import Drawing
from app.hotspots.models import Hotspot, HotspotProposal
from app.hotspots.proposing import Edited
from app.hotspots.rules import Window
from app.teams.scope import scope_of
from tests import make, places
from tests.hotspots import planted
from tests.hotspots.test_proposing import make_proposal

TODAY = date(2026, 11, 24)
NIGHT = (Window(4, 1320, 1500),)


def corners(x0, y0, x1, y1):
    return written(places.square(x0, y0, x1, y1))


HERE = corners(250, 250, 350, 350)
GOOD = Drawing(HERE, "河边夜市", "night_economy", NIGHT, Decimal("1.5"), "patrols", 60)


@pytest.fixture
def events(people, evening):
    """Seven events at 300, 300 within the year; one before it."""
    for n in range(7):
        planted.add_event(people, 300 + n, 300, evening - timedelta(days=40 * n + 1))
    planted.add_event(people, 300, 300, evening - timedelta(days=366))


@pytest.fixture
def draw(people, evening, events):
    return lambda given=GOOD, who=None: drawing.draw(
        who or people.reviewer, people.town.township, given, evening
    )


def approve(people, proposal, now, who=None):
    person = who or people.admin
    return proposing.approve(person, scope_of(person), proposal.id, 60, now)


def test_a_drawn_place_is_a_hotspot_after_a_second_person_said_so(people, draw, evening):
    proposal = draw()
    assert (proposal.state, proposal.method, proposal.n) == ("proposed", "drawn", 7)
    with pytest.raises(DomainError) as refused:
        approve(people, proposal, evening, people.reviewer)
    assert refused.value.code == "proposal_own"
    hotspot = approve(people, proposal, evening)
    db.session.commit()
    assert (hotspot.name, hotspot.category, hotspot.weight) == ("河边夜市", "night_economy", Decimal("1.5"))
    assert hotspot.area_m2 == pytest.approx(10_000, rel=0.01)
    assert hotspot.review_by == TODAY + timedelta(days=60)
    assert queries.windows_of([hotspot.id])[hotspot.id] == [(4, 1320, 1500)]
    assert hotspot.evidence == "drawn n=7 2025-11-25/2026-11-24 grounds=patrols"
    assert to_shape(hotspot.geom).equals_exact(places.square(250, 250, 350, 350), 1e-6, normalize=True)


def many(n):
    """A comb of n corners in the township."""
    lon, lat = places.here(200, 300)
    return "\n".join(f"{lon + k * 1e-5:.6f} {lat + (k % 2) * 1e-3:.6f}" for k in range(n))


WRONG = {
    "no corner at all": ({"corners": ""}, "/corners", "corners_few"),
    "two corners": ({"corners": "114.3 30.5\n114.4 30.5"}, "/corners", "corners_few"),
    "a line that is no corner": ({"corners": "114.3 30.5\nhere\n114.3 30.6"}, "/corners", "corners_unreadable"),
    "more corners than a hand draws": ({"corners": many(501)}, "/corners", "corners_many"),
    "a house": ({"corners": corners(300, 300, 340, 340)}, "/corners", "hotspot_too_small"),
    "half the township": ({"corners": corners(10, 10, 1190, 1190)}, "/corners", "outline_too_large"),
    "over the border": ({"corners": corners(-50, 250, 350, 350)}, "/corners", "outline_outside"),
    "somewhere else": ({"corners": corners(5000, 5000, 5100, 5100)}, "/corners", "outline_outside"),
    "where hardly anything happened": ({"corners": corners(700, 700, 800, 800)}, "/corners", "outline_too_few"),
    "no name": ({"name": ""}, "/name", "field_needed"),
    "the name of another hotspot": ({"name": "清禾镇菜市场"}, "/name", "hotspot_name_taken"),
    "a dwelling, or any kind not in the list": ({"category": "dwelling"}, "/category", "field_needed"),
    "no hours": ({"windows": ()}, "/windows", "windows_needed"),
    "hours that overlap": ({"windows": (*NIGHT, Window(4, 1380, 1400))}, "/windows", "windows_overlap"),
    "no weight": ({"weight": None}, "/weight", "number_out_of_range"),
    "a weight of a hundred": ({"weight": Decimal(100)}, "/weight", "number_out_of_range"),
    "grounds of one's own": ({"grounds": "rumour"}, "/grounds", "field_needed"),
    "a review in a year": ({"review_days": 365}, "/review_days", "field_needed"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_a_drawing_is_said_by_its_field(draw, what):
    change, pointer, code = WRONG[what]
    with pytest.raises(DomainError) as refused:
        draw(replace(GOOD, **change))
    assert [(fault.pointer, fault.code) for fault in refused.value.fields] == [(pointer, code)]
    assert not db.session.scalars(select(HotspotProposal)).all()


def test_an_outline_that_crosses_itself_is_refused_before_the_database_sees_it(draw, monkeypatch):
    a, b, c, d = HERE.split("\n")
    monkeypatch.setattr(queries, "look_at", lambda *_: pytest.fail("PostGIS saw it"))
    for bowtie in ("\n".join((a, c, b, d)), f"{HERE}\n\n{HERE}"):
        with pytest.raises(DomainError) as refused:
            draw(replace(GOOD, corners=bowtie))
        assert refused.value.fields[0].code == "outline_crosses"


def test_everything_that_is_wrong_is_said_at_once(draw):
    with pytest.raises(DomainError) as refused:
        draw(replace(GOOD, corners="", name="", windows=(), weight=None))
    assert {fault.pointer for fault in refused.value.fields} == {"/corners", "/name", "/windows", "/weight"}


def test_four_events_in_the_year_are_too_few_and_the_number_is_said(people, evening):
    for n in range(4):
        planted.add_event(people, 300, 300, evening - timedelta(days=n + 1))
    with pytest.raises(DomainError) as refused:
        drawing.draw(people.reviewer, people.town.township, GOOD, evening)
    assert refused.value.fields[0].figures == {"n": 4, "least": 5}


def test_several_parts_are_one_hotspot(people, draw, evening):
    proposal = draw(replace(GOOD, corners=f"{HERE}\n\n{corners(400, 400, 500, 500)}"))
    hotspot = approve(people, proposal, evening)
    assert len(to_shape(hotspot.geom).geoms) == 2 and hotspot.area_m2 == pytest.approx(20_000, rel=0.01)


# --- the outline of what was found --------------------------------------------------------------------------------


def test_the_outline_of_a_found_place_is_drawn_over_and_both_figures_are_kept(people, evening, events):
    found = make_proposal(people, evening)
    drawing.redraw(people.reviewer, scope_of(people.reviewer), found.id, GOOD, evening)
    assert (found.method, found.n, found.shape, found.state) == ("dbscan", 30, "drawn", "proposed")
    assert set(found.shapes) == {"hull", "circles", "drawn"}
    hotspot = approve(people, found, evening)
    assert hotspot.evidence.endswith("score=12.5 drawn n=7 grounds=patrols")
    with pytest.raises(Conflict):
        drawing.redraw(people.reviewer, scope_of(people.reviewer), found.id, GOOD, evening)


def test_another_outline_chosen_after_the_drawing_does_not_boast_of_it(people, evening, events):
    found = make_proposal(people, evening)
    drawing.redraw(people.reviewer, scope_of(people.reviewer), found.id, GOOD, evening)
    edited = Edited("河边夜市", "night_economy", NIGHT, "hull")
    proposing.propose(people.reviewer, scope_of(people.reviewer), found.id, edited, evening)
    assert "drawn" not in approve(people, found, evening).evidence


def test_who_draws_last_is_the_proposer_and_cannot_approve(people, draw, evening):
    proposal = draw()
    drawing.redraw(people.admin, scope_of(people.admin), proposal.id, GOOD, evening)
    with pytest.raises(DomainError):
        approve(people, proposal, evening)
    assert approve(people, proposal, evening, people.reviewer).proposed_by == people.admin.id


# --- in place of a hotspot in force -------------------------------------------------------------------------------


def redraw_market(people, evening, **more):
    given = replace(GOOD, **{"name": "清禾镇菜市场", "category": "market", "weight": Decimal(2), **more})
    return drawing.redraw_hotspot(
        people.reviewer, scope_of(people.reviewer), people.town.hotspot.id, given, evening
    )


def test_a_hotspot_in_force_is_replaced_once_somebody_else_agrees_and_stays_on_record(
    people, evening, events
):
    old = people.town.hotspot
    before = db.session.scalar(select(func.ST_AsText(Hotspot.geom)).where(Hotspot.id == old.id))
    wish = redraw_market(people, evening)
    assert old.valid_to is None and wish.renews == old.id
    new = approve(people, wish, evening)
    db.session.commit()
    assert (new.name, new.valid_from, new.weight) == (old.name, TODAY, Decimal(2))
    assert old.valid_to == TODAY - timedelta(days=1) and new.area_m2 == pytest.approx(10_000, rel=0.01)
    assert db.session.scalar(select(func.ST_AsText(Hotspot.geom)).where(Hotspot.id == old.id)) == before


def test_under_another_name_the_old_one_ends_all_the_same(people, evening, events):
    new = approve(people, redraw_market(people, evening, name="河边菜市场"), evening)
    assert new.name == "河边菜市场" and people.town.hotspot.valid_to == TODAY - timedelta(days=1)


def test_a_second_drawing_goes_over_the_one_that_waits(people, evening, events):
    first = redraw_market(people, evening)
    again = redraw_market(people, evening, corners=corners(240, 240, 360, 360))
    assert again.id == first.id and first.area_m2 == pytest.approx(14_400, rel=0.01)
    assert drawing.corners_of(first) == corners(240, 240, 360, 360)


def test_a_renewal_keeps_the_weight(people, evening):
    people.town.hotspot.weight = Decimal("2.50")
    scope = scope_of(people.reviewer)
    wish = proposing.renew(people.reviewer, scope, people.town.hotspot.id, evening)
    assert approve(people, wish, evening).weight == Decimal("2.50")


def test_what_began_today_is_replaced_tomorrow(people, evening, events):
    new = approve(people, redraw_market(people, evening), evening)
    given = replace(GOOD, name=new.name)
    wish = drawing.redraw_hotspot(people.reviewer, scope_of(people.reviewer), new.id, given, evening)
    with pytest.raises(Conflict) as early:
        approve(people, wish, evening)
    assert early.value.code == "hotspot_began_today"
    tomorrow = evening + timedelta(days=1)
    assert approve(people, wish, tomorrow).valid_from == TODAY + timedelta(days=1)


def test_a_hotspot_that_has_ended_is_not_drawn_again(people, evening, events):
    proposing.end(people.reviewer, scope_of(people.reviewer), people.town.hotspot.id, evening)
    with pytest.raises(Conflict):
        redraw_market(people, evening)


@pytest.mark.parametrize("who", ["member", "leader", "outsider"])
def test_who_reviews_no_township_draws_over_nothing(people, evening, events, who):
    found, person = make_proposal(people, evening), getattr(people, who)
    for deed, number in ((drawing.redraw, found.id), (drawing.redraw_hotspot, people.town.hotspot.id)):
        with pytest.raises(NotFound):
            deed(person, scope_of(person), number, GOOD, evening)


def test_the_corners_to_begin_with_are_those_of_the_outline(people):
    shape = places.square(0, 0, 100, 100)
    one = make.make_hotspot(people.town.township, shape, people.admin, people.leader, name="角")
    assert drawing.corners_of(one) == written(shape)
