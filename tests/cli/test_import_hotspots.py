"""flask import hotspots: places, never people, and never a house."""

from datetime import date

import pytest
from sqlalchemy import select

from app.db import db
from app.hotspots.models import Hotspot, RiskWindow
from tests import places
from tests.cli.conftest import codes, feature


def square(x0, y0, x1, y1):
    return places.square(x0, y0, x1, y1).geoms[0]


GOOD = {
    "name": "河边市场", "category": "market", "weight": 2, "evidence": "12 个月 9 起", "proposer": "leader",
    "approver": "reviewer", "valid_from": "2026-11-01", "review_by": "2027-01-15",
    "windows": "Fri 22:00-02:00; 周六 22:00-02:00",
}  # fmt: skip


def spot(shape=None, **changes):
    return feature(shape or square(700, 700, 800, 800), **{**GOOD, **changes})


def hotspots(name="河边市场"):
    return db.session.scalars(select(Hotspot).where(Hotspot.name == name).order_by(Hotspot.valid_from)).all()


def windows_of(hotspot):
    rows = db.session.scalars(
        select(RiskWindow).where(RiskWindow.hotspot_id == hotspot.id).order_by(RiskWindow.weekday)
    )
    return [(row.weekday, row.from_min, row.to_min) for row in rows]


def test_a_hotspot_comes_in_with_windows_people_and_village(into_town, people, geojson):
    result = into_town("hotspots", geojson(spot()))
    assert result.exit_code == 0, result.output
    (hotspot,) = hotspots()
    assert hotspot.area_m2 == pytest.approx(10_000, rel=1e-3)
    assert (hotspot.proposed_by, hotspot.approved_by) == (people.leader.id, people.reviewer.id)
    assert hotspot.village_id == people.town.villages[1].id
    assert (hotspot.valid_from, hotspot.review_by) == (date(2026, 11, 1), date(2027, 1, 15))
    assert windows_of(hotspot) == [(4, 1320, 1560), (5, 1320, 1560)]


def test_without_dates_it_holds_from_today_for_90_days(into_town, people, geojson, evening):
    assert into_town("hotspots", geojson(spot(valid_from=None, review_by=None))).exit_code == 0
    assert (hotspots()[0].valid_from, hotspots()[0].review_by) == (date(2026, 11, 24), date(2027, 2, 22))


def test_the_same_name_again_ends_the_one_before(into_town, people, geojson):
    into_town("hotspots", geojson(spot()))
    assert into_town("hotspots", geojson(spot(valid_from="2026-12-01"))).exit_code == 0
    assert [hotspot.valid_to for hotspot in hotspots()] == [date(2026, 11, 30), None]
    assert codes(into_town("hotspots", geojson(spot(valid_from="2026-12-01")))) == [(1, "hotspot_exists")]


REFUSED = {
    "a house": ({"shape": square(700, 700, 720, 720)}, "hotspot_too_small"),
    "another township": ({"shape": square(9000, 700, 9100, 800)}, "outside_township"),
    "a category of people": ({"category": "ex-offender"}, "choice_wrong"),
    "a category of belief": ({"category": "宗教活动"}, "choice_wrong"),
    "no category": ({"category": None}, "choice_wrong"),
    "own approval": ({"approver": "leader"}, "hotspot_own_approval"),
    "nobody's approval": ({"approver": None}, "value_missing"),
    "an unknown approver": ({"approver": "ghost"}, "person_unknown"),
    "a review in 91 days": ({"review_by": "2027-01-31"}, "hotspot_review_too_late"),
    "a review before it begins": ({"review_by": "2026-10-01"}, "hotspot_review_too_late"),
    "no evidence": ({"evidence": ""}, "value_missing"),
    "a window that can't be read": ({"windows": "晚上"}, "window_unreadable"),
    "no window": ({"windows": None}, "value_missing"),
    "windows that overlap": ({"windows": "周日 22:00-06:00;周一 05:00-07:00"}, "windows_overlap"),
    "a formula": ({"evidence": "=1+1"}, "text_not_allowed"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_allowed_is_refused(into_town, people, geojson, what):
    changes, code = REFUSED[what]
    result = into_town("hotspots", geojson(spot(name="别处"), spot(**changes)))
    assert result.exit_code == 1
    assert (2, code) in codes(result)
    assert not hotspots() and not hotspots("别处")


def test_a_name_twice_in_a_file_is_refused(into_town, people, geojson):
    assert codes(into_town("hotspots", geojson(spot(), spot()))) == [(2, "hotspot_twice")]
