"""Hotspots at the desk: found, proposed by one, approved by another; expired ones say so; incidents in by a file."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta

import numpy as np
import pytest
from mapbox_vector_tile import decode
from sqlalchemy import select

from app.db import db
from app.geofiles.datum import wgs84_to_gcj02
from app.hotspots.models import AnalysisRun, Hotspot, HotspotProposal
from app.incidents.models import RecordedIncident
from app.jobs import hotspots as job
from app.teams.models import TeamArea
from tests import make, places
from tests.api.test_tiles import tile_at
from tests.hotspots import planted
from tests.hotspots.test_proposing import make_proposal
from tests.web import conftest
from tests.web.conftest import text_of

ASKED = {
    "method": "dbscan", "first": "2025-11-25", "last": "2026-11-24", "categories": ["theft_public"], "distance_m": "",
    "least": "", "days": "",
}  # fmt: skip
NAMED = {
    "decision": "propose", "name": "河边夜市", "category": "night_economy", "windows": "周五 22:00-02:00",
    "shape": "circles",
}  # fmt: skip


@pytest.fixture
def reviewer(people, as_person, evening):
    return as_person(people.reviewer)


@pytest.fixture
def admin(people, as_person, evening):
    return as_person(people.admin)


def send(caller, address, fields):
    return conftest.send(caller, "/desk/hotspots", address, **fields)


def shapes_on(page):
    found = re.search(r'id="hotspot-shapes">(.*?)</script>', page.get_data(as_text=True), re.S)
    return json.loads(found[1])["features"]


def test_from_the_form_to_a_hotspot_on_the_map(people, reviewer, admin, evening):
    planted.plant(people)
    db.session.commit()
    answer = send(reviewer, "/desk/hotspots/searches", ASKED)
    assert answer.status_code == 302, text_of(answer)
    waits = reviewer.get(answer.location)
    assert 'data-refresh="' in waits.get_data(as_text=True)
    run = db.session.scalars(select(AnalysisRun)).one()
    job.find_hotspots(township_id=run.township_id, run_id=str(run.id))
    assert "看结果" in text_of(reviewer.get(f"{answer.location}/progress"))
    found = reviewer.get(answer.location)
    kinds = [feature["properties"]["kind"] for feature in shapes_on(found)]
    assert kinds.count("found") >= 2
    strongest = db.session.scalars(select(HotspotProposal).order_by(HotspotProposal.n.desc())).first()
    address = f"/desk/hotspots/proposals/{strongest.id}"
    assert {f["properties"]["name"] for f in shapes_on(reviewer.get(address))} == set(strongest.shapes)
    assert send(reviewer, address, NAMED).status_code == 302
    assert "需要另一位" in text_of(reviewer.get(address))
    assert send(admin, address, {"decision": "approve", "review_days": "30"}).status_code == 302
    hotspot = db.session.scalars(select(Hotspot).where(Hotspot.name == "河边夜市")).one()
    assert hotspot.review_by == make.DAY + timedelta(days=30)
    page = reviewer.get("/desk/hotspots")
    assert "河边夜市" in text_of(page) and "周五 22:00-02:00" in text_of(page)
    assert "hotspot" in {
        f["properties"]["kind"] for f in shapes_on(page) if f["properties"]["name"] == "河边夜市"
    }


def test_who_proposed_is_told_that_another_approves(people, reviewer, evening):
    address = f"/desk/hotspots/proposals/{make_proposal(people, evening).id}"
    send(reviewer, address, NAMED)
    answer = send(reviewer, address, {"decision": "approve", "review_days": "30"})
    assert answer.status_code == 422 and "另一个人" in text_of(answer)


def test_what_is_missing_is_said_at_its_field_and_nothing_is_lost(people, reviewer, evening):
    address = f"/desk/hotspots/proposals/{make_proposal(people, evening).id}"
    answer = send(reviewer, address, {**NAMED, "windows": "晚上", "name": "夜市一条街"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and 'value="夜市一条街"' in page and 'id="windows-error"' in page
    answer = send(reviewer, address, {**NAMED, "category": "", "name": "清禾镇菜市场"})
    page = answer.get_data(as_text=True)
    assert 'id="category-error"' in page and 'id="name-error"' in page


def test_a_rejected_one_names_its_reason_and_is_decided(people, reviewer, admin, evening):
    address = f"/desk/hotspots/proposals/{make_proposal(people, evening).id}"
    assert send(reviewer, address, {"decision": "reject", "reason": "one_event"}).status_code == 302
    assert "同一件事" in text_of(reviewer.get(address))
    assert send(admin, address, NAMED).status_code == 302
    assert "已经有人处理" in text_of(admin.get(address))


def test_an_expired_hotspot_fades_says_so_and_can_be_renewed_or_ended(people, reviewer, admin, evening):
    old = make.make_hotspot(
        people.town.township, places.square(700, 700, 800, 800), people.admin, people.leader, name="旧码头",
        valid_from=make.DAY - timedelta(days=70), village_id=people.town.villages[1].id,
    )  # fmt: skip
    page = reviewer.get("/desk/hotspots")
    assert "已过期" in text_of(page)
    kinds = {f["properties"]["name"]: f["properties"]["kind"] for f in shapes_on(page)}
    assert (kinds["旧码头"], kinds["清禾镇菜市场"]) == ("overdue", "hotspot")
    # The fixture made it without windows: two people agree that it goes on as it is.
    answer = send(reviewer, f"/desk/hotspots/{old.id}/renew", {})
    assert answer.status_code == 302 and "/proposals/" in answer.location
    send(admin, answer.location, {"decision": "approve", "review_days": "90"})
    again = db.session.scalars(
        select(Hotspot).where(Hotspot.name == "旧码头", Hotspot.valid_to.is_(None))
    ).one()
    kinds = {f["properties"]["kind"] for f in shapes_on(reviewer.get("/desk/hotspots"))}
    assert again.id != old.id and kinds == {"hotspot"}
    send(reviewer, f"/desk/hotspots/{again.id}/end", {})
    assert db.session.get(Hotspot, again.id).valid_to == make.DAY


def test_a_leader_reads_the_hotspots_of_the_own_teams_areas_and_no_more(people, as_person, evening):
    east = make.make_hotspot(
        people.town.township, places.square(700, 700, 800, 800), people.admin, people.reviewer, name="东村广场",
        village_id=people.town.villages[1].id,
    )  # fmt: skip
    make_proposal(people, evening)
    leader = as_person(people.leader)
    page = text_of(leader.get("/desk/hotspots"))
    assert "清禾镇菜市场" in page and east.name in page
    assert "查找重点部位" not in page and "待处理的建议" not in page and "云渡镇菜市场" not in page
    db.session.execute(db.delete(TeamArea).where(TeamArea.team_id == people.town.team.id))
    make.save(TeamArea(team_id=people.town.team.id, area_id=people.town.villages[0].id))
    page = text_of(leader.get("/desk/hotspots"))
    assert "清禾镇菜市场" in page and east.name not in page


def test_a_wrong_question_keeps_the_form_and_says_what(people, reviewer):
    answer = send(reviewer, "/desk/hotspots/searches", {**ASKED, "distance_m": "9000"})
    assert answer.status_code == 422 and "20 到 500" in text_of(answer)
    answer = send(reviewer, "/desk/hotspots/searches", {**ASKED, "last": "2026-12-24"})
    assert answer.status_code == 422 and not db.session.scalars(select(AnalysisRun)).all()


@pytest.mark.parametrize(
    "method", ["kde", "knox", "concentration", "rates", "accuracy", "gi_cells", "gi_streets"]
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_methods_result_has_a_page_in_both_languages(people, reviewer, method, lang):
    planted.plant(people)
    db.session.commit()
    reviewer.set_cookie("lang", lang, domain="localhost")
    address = send(reviewer, "/desk/hotspots/searches", {**ASKED, "method": method}).location
    run = db.session.scalars(select(AnalysisRun)).one()
    job.find_hotspots(township_id=run.township_id, run_id=str(run.id))
    page = reviewer.get(address)
    assert page.status_code == 200
    assert "hotspots." not in re.sub(r"\bhotspots\.(css|js)", "", text_of(page))


def test_pai_and_pei_of_the_hotspots_in_force_are_shown_with_n(people, reviewer, evening):
    for n in range(8):
        planted.add_event(people, 380 + 5 * n, 500, evening - timedelta(days=n + 1))
    for n in range(2):
        planted.add_event(people, 900, 900, evening - timedelta(days=n + 1))
    db.session.commit()
    asked = {**ASKED, "method": "accuracy", "first": "2026-11-01"}
    address = send(reviewer, "/desk/hotspots/searches", asked).location
    run = db.session.scalars(select(AnalysisRun)).one()
    job.find_hotspots(township_id=run.township_id, run_id=str(run.id))
    result = db.session.get(AnalysisRun, (run.township_id, run.id), populate_existing=True).result
    assert (result["hits"], result["n"], result["hotspots"]) == (8, 10, 1)
    assert result["pai"] == pytest.approx(0.8 / (10_000 / 1_440_000), rel=0.01)
    assert 0 < result["pei"] <= 1.5
    page = text_of(reviewer.get(address))
    assert "10 起中的 8 起" in page and "PAI" in page and str(result["pai"]) in page


# --- incidents in ---------------------------------------------------------------------------------


def upload(caller, content, name="events.csv", **more):
    data = {"file": (io.BytesIO(content), name), "crs": "EPSG:4326", "source": "派出所", **more}
    return send(caller, "/desk/hotspots/incidents", data)


def csv_of(*lines):
    return "\n".join(["category,happened_from,lon,lat,remark", *lines]).encode()


def line(x=300, y=305, category="theft_public", at="2026-11-20 22:30"):
    lon, lat = places.here(x, y)
    return f"{category},{at},{lon},{lat},机密"


def test_a_file_comes_in_at_the_desk_with_its_report(people, reviewer):
    page = text_of(upload(reviewer, csv_of(line(), line(), line(x=700))))
    assert "收下 2 起" in page and "remark" in page and "第 3 行" in page and "机密" not in page
    rows = db.session.scalars(select(RecordedIncident)).all()
    assert {(row.source, row.imported_by) for row in rows} == {("派出所", people.reviewer.id)}


REFUSED = {
    "a bad line": (csv_of(line(), line(x=9000)), "events.csv", 422, "第 3 行"),
    "no file that we read": (b"x", "events.exe", 422, ".exe"),
    "no table": (b"", "events.csv", 422, ""),
    "no book": (b"PK\x03\x04 broken", "events.xlsx", 422, ""),
    "more than 5 MB": (b"a" * 5_000_001, "events.csv", 413, "5"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_with_a_fault_writes_nothing_and_says_why(people, reviewer, what):
    content, name, status, words = REFUSED[what]
    answer = upload(reviewer, content, name)
    assert answer.status_code == status and words in text_of(answer)
    assert "没有写入" in text_of(answer) and "import.problem" not in text_of(answer)
    assert not db.session.scalars(select(RecordedIncident)).all()


def test_no_file_at_all_and_no_source_are_asked_for(people, reviewer):
    answer = send(reviewer, "/desk/hotspots/incidents", {"source": "", "crs": "EPSG:4326"})
    assert answer.status_code == 422 and 'id="source-error"' in answer.get_data(as_text=True)


def test_points_are_for_reviewers_from_zoom_13_on(people, reviewer, as_person):
    planted.add_event(people, 600, 500, make.EVENING - timedelta(days=3))
    planted.add_event(people, 600, 500, make.EVENING - timedelta(days=400))
    db.session.commit()

    def points(caller, zoom, datum=""):
        z, x, y = tile_at(600, 500, zoom)
        return caller.get(f"/desk/hotspots/incidents/{z}/{x}/{y}.mvt{datum}")

    tile = points(reviewer, 13)
    assert len(decode(tile.data)["incidents"]["features"]) == 1
    (plain,) = decode(tile.data)["incidents"]["features"]
    (moved,) = decode(points(reviewer, 13, "?datum=gcj02").data)["incidents"]["features"]
    assert moved["properties"] == plain["properties"]
    east, north = np.subtract(moved["geometry"]["coordinates"], plain["geometry"]["coordinates"])
    lon, _ = wgs84_to_gcj02(*np.array([places.here(600, 500)]).T)
    step = 360 / 2**13 / 4096
    assert east == pytest.approx((lon[0] - places.here(600, 500)[0]) / step, abs=1) and north < -40
    assert points(reviewer, 13, "?datum=bd09").status_code == 404
    assert points(reviewer, 12).status_code == 204
    assert points(as_person(people.leader), 15).status_code == 403
    assert reviewer.get("/desk/hotspots/incidents/2/9/1.mvt").status_code == 404
