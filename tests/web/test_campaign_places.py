"""Grids and drawn places of a campaign at the desk, by corners as text; the page says what is not known of them."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import select

from app.campaigns.models import Campaign
from app.db import db
from tests.campaigns import planted
from tests.campaigns.test_campaign_places import add_grid, text_at
from tests.web import conftest
from tests.web.conftest import text_of
from tests.web.test_campaigns import NEW, decide, fields_of, send, ticked


@pytest.fixture
def reviewer(people, as_person, evening):
    planted.add_events(people, planted.MARKET, 9, date(2026, 9, 1))
    planted.add_events(people, planted.PLAZA, 8, date(2026, 9, 1))
    db.session.commit()
    return as_person(people.reviewer)


def drawn_fields(people, **more):
    drawn = {
        "treated": [],
        "treated_corners": text_at(planted.MARKET),
        "control_corners": text_at(planted.PLAZA),
    }
    return fields_of(people, **{**drawn, **more})


def test_drawn_places_are_offered_proposed_and_shown_as_what_they_are(people, reviewer, as_person, at):
    offered = send(reviewer, drawn_fields(people))
    assert offered.status_code == 200 and ticked(offered) == ["c1"], text_of(offered)
    assert "手画 清禾镇东村 1" in text_of(offered)
    answer = send(reviewer, drawn_fields(people, decision="propose", name="冬季", controls=["c1"]))
    assert answer.status_code == 302, text_of(answer)
    campaign = db.session.scalars(select(Campaign)).one()
    assert decide(as_person(people.admin), campaign.id, decision="approve").status_code == 302
    at(datetime.fromisoformat("2026-12-08T02:00Z"))
    reviewer = as_person(people.reviewer)
    for lang, words in (("zh", "没有按到访记录的时长"), ("en", "not known for")):
        reviewer.set_cookie("lang", lang, domain="localhost")
        page = text_of(reviewer.get(answer.location))
        assert words in page.replace("，没有", "没有") and "campaigns." not in page
    reviewer.set_cookie("lang", "zh", domain="localhost")
    again = reviewer.get(f"{NEW}?like={campaign.id}").get_data(as_text=True)
    assert text_at(planted.MARKET) in again.replace("\r\n", "\n")


def test_a_grid_is_chosen_by_its_name(people, reviewer):
    grid = add_grid(people, planted.MARKET, "清禾一网格")
    other = add_grid(people, planted.PLAZA, "清禾二网格")
    assert "清禾一网格" in text_of(reviewer.get(NEW))
    offered = send(reviewer, fields_of(people, treated=[], grids=[str(grid.id)]))
    page = offered.get_data(as_text=True)
    assert offered.status_code == 200 and f'value="g{other.id}"' in page


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_may_not_be_drawn_is_said_at_its_field_and_nothing_is_lost(people, reviewer, lang):
    reviewer.set_cookie("lang", lang, domain="localhost")
    near = text_at((540, 500))
    answer = send(reviewer, drawn_fields(people, control_corners=near))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and 'id="control_corners-error"' in page
    assert ("太近" if lang == "zh" else "too near") in text_of(answer)
    assert near.split("\n")[0] in page and text_at(planted.MARKET).split("\n")[0] in page


def test_no_corners_at_all_is_a_campaign_of_hotspots_as_before(people, reviewer):
    planted.add_plaza(people)
    answer = conftest.send(
        reviewer, NEW, "/desk/campaigns", **fields_of(people, treated_corners=" ", control_corners="")
    )
    assert answer.status_code == 200 and "东村广场" in text_of(answer)
