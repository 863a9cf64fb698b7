"""Drawing at the desk without a map: corners as text, refused with a sentence at its field, approved by another."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.db import db
from app.hotspots.models import Hotspot, HotspotProposal
from tests import make, places
from tests.hotspots import planted
from tests.hotspots.test_drawing import HERE, corners
from tests.hotspots.test_proposing import make_proposal
from tests.web import conftest
from tests.web.conftest import text_of

NEW = "/desk/hotspots/drawn"
FORM = {
    "corners": HERE, "name": "河边夜市", "category": "night_economy", "windows": "周五 22:00-02:00", "weight": "1.5",
    "grounds": "patrols", "review_days": "60",
}  # fmt: skip


@pytest.fixture
def reviewer(people, as_person, evening):
    for n in range(7):
        planted.add_event(people, 300 + n, 300, evening - timedelta(days=n + 1))
    db.session.commit()
    return as_person(people.reviewer)


@pytest.fixture
def admin(people, as_person, evening):
    return as_person(people.admin)


def send(caller, address, **change):
    return conftest.send(caller, address, address, **{**FORM, **change})


def value_of(answer, name):
    page = answer.get_data(as_text=True)
    field = re.search(rf'<(?:input|textarea)[^>]*name="{name}"[^>]*>([^<]*)', page)
    value = re.search(r'value="([^"]*)"', field[0])
    return value[1] if value else field[1].strip()


def test_from_corners_to_a_hotspot(people, reviewer, admin):
    answer = send(reviewer, NEW)
    assert answer.status_code == 302, text_of(answer)
    page = reviewer.get(answer.location)
    assert "一年有 7 起" in text_of(page) and "需要另一位" in text_of(page) and "巡防中发现" in text_of(page)
    chosen = admin.get(answer.location).get_data(as_text=True)
    assert re.search(r'<input checked[^>]*name="review_days"[^>]*value="60"', chosen)
    approved = conftest.send(admin, answer.location, answer.location, decision="approve", review_days="60")
    assert approved.status_code == 302
    hotspot = db.session.scalars(select(Hotspot).where(Hotspot.name == "河边夜市")).one()
    assert hotspot.review_by == make.DAY + timedelta(days=60)


SAID = {
    "a house": ({"corners": corners(300, 300, 340, 340)}, "corners", "0.2 公顷", "0.2 ha"),
    "a bow tie": (
        {"corners": "\n".join(HERE.split("\n")[n] for n in (0, 2, 1, 3))}, "corners", "交叉", "crosses"
    ),
    "over the border": ({"corners": corners(-50, 250, 350, 350)}, "corners", "之外", "outside"),
    "a line nobody reads": ({"corners": "114.3 30.5\n这里\n114.4 30.5"}, "corners", "第 2 行", "Line 2"),
    "too few events": ({"corners": corners(700, 700, 800, 800)}, "corners", "只有 0 起", "Only 0 events"),
    "hours nobody reads": ({"windows": "晚上"}, "windows", "时段", "hours"),
    "a weight nobody reads": ({"weight": "heavy"}, "weight", "", ""),
    "a kind that is not in the list": ({"category": "dwelling"}, "category", "要填", "needed"),
}  # fmt: skip


@pytest.mark.parametrize("what", SAID)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(reviewer, what, lang):
    change, field, chinese, english = SAID[what]
    reviewer.set_cookie("lang", lang, domain="localhost")
    answer = send(reviewer, NEW, name="夜市一条街", **change)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and f'id="{field}-error"' in page
    assert (chinese if lang == "zh" else english) in text_of(answer)
    assert value_of(answer, "name") == "夜市一条街"
    assert value_of(answer, "corners").split() == change.get("corners", HERE).split()
    assert "hotspots." not in re.sub(r"\bhotspots\.(css|js)", "", text_of(answer))
    assert not db.session.scalars(select(HotspotProposal)).all()


def test_a_found_place_is_drawn_over_from_its_own_page(people, reviewer, evening):
    found = make_proposal(people, evening)
    db.session.commit()
    address = f"/desk/hotspots/proposals/{found.id}/drawn"
    assert address in reviewer.get(f"/desk/hotspots/proposals/{found.id}").get_data(as_text=True)
    form = reviewer.get(address)
    assert (
        value_of(form, "corners").split() == HERE.split() and value_of(form, "windows") == "周五 22:00-01:00"
    )
    answer = send(reviewer, address, corners=corners(240, 240, 360, 360))
    assert answer.status_code == 302
    assert "手画的范围" in text_of(reviewer.get(answer.location))


def test_a_hotspot_in_force_is_replaced_and_the_second_person_sees_both_outlines(people, reviewer, admin):
    old = people.town.hotspot
    address = f"/desk/hotspots/{old.id}/drawn"
    assert address in reviewer.get("/desk/hotspots").get_data(as_text=True)
    form = reviewer.get(address)
    assert value_of(form, "name") == old.name and "接替" in text_of(form)
    answer = send(reviewer, address, name=old.name)
    page = admin.get(answer.location).get_data(as_text=True)
    shapes = json.loads(re.search(r'id="hotspot-shapes">(.*?)</script>', page, re.S)[1])["features"]
    assert [one["properties"]["kind"] for one in shapes] == ["outline", "overdue"]
    assert reviewer.get(address).location == answer.location + "/drawn"
    conftest.send(admin, answer.location, answer.location, decision="approve", review_days="30")
    assert old.valid_to == make.DAY - timedelta(days=1)


def test_a_hotspot_that_has_ended_is_not_drawn_again(people, reviewer):
    old = people.town.hotspot
    token = conftest.TOKEN.search(reviewer.get(f"/desk/hotspots/{old.id}/drawn").get_data(as_text=True))[1]
    old.valid_to = make.DAY
    db.session.commit()
    answer = reviewer.post(f"/desk/hotspots/{old.id}/drawn", data={"csrf_token": token, **FORM})
    assert answer.status_code == 302 and "已经结束" in text_of(reviewer.get("/desk/hotspots"))


def test_the_page_names_no_inline_style_or_script(reviewer):
    page = reviewer.get(NEW)
    html = page.get_data(as_text=True)
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert " style=" not in html and " onclick" not in html and "terra" not in html.lower()


def test_the_shape_that_was_typed_is_the_shape_that_is_kept(people, reviewer):
    send(reviewer, NEW)
    proposal = db.session.scalars(select(HotspotProposal)).one()
    ring = proposal.shapes["drawn"]["coordinates"][0][0]
    typed = {tuple(float(n) for n in line.split()) for line in HERE.split("\n")}
    assert {tuple(corner) for corner in ring} == typed
    assert typed <= {
        (round(x, 6), round(y, 6)) for x, y in places.square(250, 250, 350, 350).geoms[0].exterior.coords
    }
