"""The desk's reports: the list by state, one report, passing on and closing; who sees which."""

from __future__ import annotations

import io
from uuid import uuid4

import pytest
from PIL import Image
from sqlalchemy import select

from app.accounts.models import Audit
from app.db import db
from app.incidents.models import Incident
from tests import make, places
from tests.phone import Phone
from tests.web.conftest import send, text_of


def place(x_m, y_m):
    lon, lat = places.here_e7(x_m, y_m)
    return {"lon_e7": lon, "lat_e7": lat, "how": "here", "accuracy_m": 8}


@pytest.fixture
def reported(people, as_person, sync, evening):
    """A lamp that is out, with words and a photo: (report, photo)."""
    photo_id = str(uuid4())
    caller = as_person(people.member)
    body = {
        "shift_id": people.shift.id, "category": "road", "phrase": "light_out", "text": "第三根灯杆",
        "place": place(350, 500), "photo_ids": [photo_id],
    }  # fmt: skip
    item = Phone(people.member, evening).item("report", body)
    assert sync(caller, [item], evening)[item["id"]]["result"] == "stored"
    out = io.BytesIO()
    Image.new("RGB", (60, 40)).save(out, "JPEG")
    caller.put(
        f"/api/v1/field/photos/{photo_id}", data=out.getvalue(), headers={"Content-Type": "image/jpeg"}
    )
    return item["id"], photo_id


def decide(caller, report_id, decision, **fields):
    page = f"/desk/reports/{report_id}"
    return send(caller, page, page, decision=decision, **fields)


def stands(report_id):
    db.session.expire_all()
    found = db.session.scalar(select(Incident).where(Incident.id == report_id))
    return found.state, found.passed_to, found.closing


@pytest.fixture
def reviewer(people, evening, as_person):
    return as_person(people.reviewer)


# --- what is shown --------------------------------------------------------------------------------


def test_an_empty_page_says_what_will_stand_here(leader):
    for tab, words in (("open", "没有待处理的情况"), ("passed_on", "没有转交在办"), ("closed", "还没有办结")):
        assert words in text_of(leader.get(f"/desk/reports?tab={tab}"))
    assert leader.get("/desk/reports?tab=none").status_code == 404


def test_the_list_shows_kind_village_team_and_photo_and_the_rail_counts_what_is_new(leader, reported):
    page = leader.get("/desk/reports")
    words = text_of(page)
    assert "道路照明：路灯不亮" in words and "清禾镇西村" in words and "照片 1 张" in words
    assert 'aria-label="1 条待核">1</span>' in page.get_data(as_text=True)


def test_one_report_shows_its_place_words_reporter_and_photo(leader, reported):
    report_id, photo_id = reported
    page = leader.get(f"/desk/reports/{report_id}")
    words = text_of(page)
    assert "第三根灯杆" in words and "王队员" in words and "在现场定位" in words
    html = page.get_data(as_text=True)
    assert f'src="/api/v1/field/photos/{photo_id}"' in html and 'data-lon="114.30' in html
    assert leader.get(f"/api/v1/field/photos/{photo_id}").content_type == "image/jpeg"


def test_what_is_written_into_a_report_is_text_and_nothing_else(leader, people, as_person, sync, evening):
    body = {
        "shift_id": people.shift.id,
        "category": "road",
        "phrase": "other",
        "text": "<script>alert(1)</script>",
    }
    item = Phone(people.member, evening).item("report", body)
    sync(as_person(people.member), [item], evening)
    assert "&lt;script&gt;" in leader.get(f"/desk/reports/{item['id']}").get_data(as_text=True)


def test_the_townships_reviewer_sees_and_decides_too(reviewer, reported):
    assert "路灯不亮" in text_of(reviewer.get("/desk/reports"))
    assert decide(reviewer, reported[0], "pass_on", office="power").status_code == 302
    assert stands(reported[0]) == ("passed_on", "power", None)


def test_the_page_needs_sign_in_and_a_role(client, people, as_person, reported):
    assert "/sign-in" in client.get("/desk/reports").location
    assert "/sign-in" in client.get(f"/desk/reports/{reported[0]}").location
    assert as_person(people.mate).get("/desk/reports").status_code == 403


def test_a_leader_of_elsewhere_sees_and_decides_nothing(outsider, reported):
    assert "路灯" not in text_of(outsider.get("/desk/reports"))
    assert outsider.get(f"/desk/reports/{reported[0]}").status_code == 404
    answer = send(
        outsider, "/desk/reports", f"/desk/reports/{reported[0]}", decision="close", closing="mended"
    )
    assert answer.status_code == 404 and stands(reported[0])[0] == "new"


def test_a_leader_of_another_team_of_the_township_does_not_see_it(people, as_person, reported):
    team = make.make_team(people.town.township, "另一队")
    other = make.make_person("孙队长", people.town.township)
    make.grant(other, "leader", team=team)
    assert as_person(other).get(f"/desk/reports/{reported[0]}").status_code == 404


def test_a_round_without_a_finding_is_on_no_list(leader, people, as_person, sync, evening):
    item = Phone(people.member, evening).item("report", {"shift_id": people.shift.id, "category": "nothing"})
    sync(as_person(people.member), [item], evening)
    for tab in ("open", "closed"):
        assert "没有发现问题" not in text_of(leader.get(f"/desk/reports?tab={tab}"))
    assert leader.get(f"/desk/reports/{item['id']}").status_code == 404


def test_the_same_reported_twice_is_one_line_that_says_so(leader, people, as_person, sync, evening, reported):
    body = {"category": "road", "phrase": "light_out", "place": place(360, 500)}
    item = Phone(people.mate, evening).item("report", body)
    sync(as_person(people.mate), [item], evening)
    words = text_of(leader.get("/desk/reports"))
    assert words.count("道路照明：路灯不亮") == 2, "its name, and its button's"
    assert "同一处报了 2 次" in words


# --- deciding -------------------------------------------------------------------------------------


def test_taken_up_passed_on_and_closed_the_member_sees_each(leader, people, as_person, reported):
    member = as_person(people.member)
    steps = (
        ("take", {}, ("triaged", None, None)),
        ("pass_on", {"office": "power"}, ("passed_on", "power", None)),
        ("close", {"closing": "mended"}, ("closed", "power", "mended")),
    )  # fmt: skip
    for decision, fields, expected in steps:
        assert decide(leader, reported[0], decision, **fields).status_code == 302
        assert stands(reported[0]) == expected
        (mine,) = member.get("/api/v1/field/reports").get_json()["reports"]
        assert (mine["state"], mine["passed_to"], mine["closing"]) == expected
    actions = set(db.session.scalars(select(Audit.action).where(Audit.object_kind == "report")))
    assert actions == {"report.triaged", "report.passed_on", "report.closed"}


def test_no_hazard_is_one_button(leader, reported):
    decide(leader, reported[0], "no_hazard")
    assert stands(reported[0]) == ("closed", None, "no_hazard")
    assert "不是隐患" in text_of(leader.get("/desk/reports?tab=closed"))


@pytest.mark.parametrize(
    ("decision", "fields"),
    [
        ("pass_on", {}),
        ("pass_on", {"office": "court"}),
        ("close", {}),
        ("close", {"closing": "none"}),
        ("burn", {}),
    ],
)
def test_what_is_on_no_list_is_refused_with_a_sentence(leader, reported, decision, fields):
    answer = decide(leader, reported[0], decision, **fields)
    assert answer.status_code == 422 and "请选一项" in text_of(answer)
    assert stands(reported[0])[0] == "new"


def test_the_second_leader_is_told_that_it_is_closed_and_the_first_word_stands(
    leader, second_leader, reported
):
    decide(leader, reported[0], "close", closing="gone")
    answer = send(
        second_leader, "/desk/reports", f"/desk/reports/{reported[0]}", decision="pass_on", office="power"
    )
    assert answer.status_code == 302
    assert "刚才已经办结" in text_of(second_leader.get(answer.location))
    assert stands(reported[0]) == ("closed", None, "gone")


def test_the_same_decision_twice_is_one(leader, reported):
    for _ in range(2):
        assert decide(leader, reported[0], "pass_on", office="power").status_code == 302
    found = db.session.scalars(select(Audit.action).where(Audit.object_kind == "report"))
    assert list(found) == ["report.passed_on"]


def test_it_reads_in_english_too(leader, reported):
    leader.set_cookie("lang", "en", domain="localhost")
    assert "Road and light: A lamp is out" in text_of(leader.get("/desk/reports"))
    assert "Pass it to" in text_of(leader.get(f"/desk/reports/{reported[0]}"))
