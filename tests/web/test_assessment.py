"""Assessments at the desk: from a draft to what counts by three people, why a number, other weights, plans, files."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
from sqlalchemy import select

from app.assessment import queries
from app.assessment.models import Assessment, AssessmentNotice, AssessmentPlanItem
from app.assessment.rules import INDICATORS, tenths
from app.db import db
from app.web import assessment_words
from tests import make, places
from tests.api.test_coverage import walked  # noqa: F401
from tests.assessment import planted
from tests.assessment.planted import AFTER
from tests.counting import counted
from tests.web import conftest
from tests.web.conftest import text_of

HOME = "/desk/assessment?quarter=2026-Q4"


@pytest.fixture
def town(walked: Any, at: Any) -> Any:  # noqa: F811
    planted.look_after(walked)
    planted.hazards(walked)
    walked.second = make.make_person("县复核员", None, login="second")
    make.grant(walked.second, "admin", area=walked.county)
    at(AFTER)
    db.session.commit()
    return walked


@pytest.fixture
def people_of(town: Any, as_person: Any) -> Any:
    """Each signs in anew: a session ends before a term does."""

    class Desk:
        def __getitem__(self, name: str) -> Any:
            return as_person(getattr(town, name))

    return Desk()


def area(town: Any) -> str:
    return f"{HOME}&area={town.town.township.code}"


def post(town: Any, caller: Any, path: str = "", **fields: Any) -> Any:
    return conftest.send(caller, area(town), f"/desk/assessment{path}", **fields)


def compute(town: Any, caller: Any, **more: Any) -> Assessment:
    answer = post(town, caller, "", area=town.town.township.code, quarter="2026-Q4", **more)
    assert answer.status_code == 302, text_of(answer)
    return db.session.scalars(select(Assessment).order_by(Assessment.n.desc())).first()


def frozen(town: Any, people_of: Any, at: Any) -> Assessment:
    one = compute(town, people_of["admin"])
    post(town, people_of["admin"], f"/{one.id}", decision="publish")
    at(AFTER + timedelta(days=16))
    assert post(town, people_of["second"], f"/{one.id}", decision="freeze").status_code == 302
    return one


def test_from_an_empty_page_to_grades_that_count(town, people_of, at):
    admin, reviewer, second = (people_of[name] for name in ("admin", "reviewer", "second"))
    assert "2026 年第 4 季度还没有算过" in text_of(admin.get(area(town)))
    one = compute(town, admin)
    page = text_of(admin.get(area(town)))
    assert "第 1 版" in page and "草稿" in page and "重点部位在点时长" in page and "清禾镇西村" in page
    assert post(town, admin, f"/{one.id}", decision="publish").status_code == 302
    assert "发布的人不能接受或退回" in text_of(admin.get(area(town)))
    village = town.town.villages[0].id
    sent = {"decision": "return", "area": village, "indicator": "hazards", "reason": "not_ours"}
    assert post(town, reviewer, f"/{one.id}", **sent).status_code == 302
    page = text_of(reviewer.get(area(town)))
    assert "有退回" in page and "不归本村管" in page and "由另一个人答复" in page
    (returned,) = queries.returns_of(one)
    assert post(town, admin, f"/returns/{returned.id}", outcome="stands").status_code == 302
    assert post(town, reviewer, f"/{one.id}", decision="accept").status_code == 302
    early = post(town, second, f"/{one.id}", decision="freeze")
    assert early.status_code == 422 and "2027-02-13 起才能定版" in text_of(early)
    at(AFTER + timedelta(days=8))
    second, reviewer = people_of["second"], people_of["reviewer"]
    assert post(town, second, f"/{one.id}", decision="freeze").status_code == 302
    page = text_of(reviewer.get(area(town)))
    assert "已定版" in page and "县复核员" in page
    assert len(queries.frozen_grades(town.town.township.id, date(2026, 10, 1))) == 2


def test_each_indicator_opens_to_its_measure_and_evidence(town, people_of):
    one = compute(town, people_of["admin"])
    html = (
        people_of["reviewer"].get(f"{area(town)}&place={town.town.villages[0].code}").get_data(as_text=True)
    )
    for key in INDICATORS:
        link = re.search(rf'href="(/desk/assessment/[^"]*/why/{key}\?[^"]*)"', html)
        assert link, key
        answer = people_of["reviewer"].get(link[1].replace("&amp;", "&"))
        assert answer.status_code == 200, key
    for place, key, words in (
        (town.town.villages[0], "dosage", "清禾镇菜市场"), (town.town.villages[0], "hazards", "路灯"),
        (town.town.villages[1], "dosage", "权重 10 按比例让给其他指标"),
        (town.town.villages[0], "hazards", "向全镇的 40.0% 靠拢"), (town.town.township, "route", "清禾镇一路线"),
    ):  # fmt: skip
        page = people_of["reviewer"].get(f"/desk/assessment/{one.id}/why/{key}?place={place.code}")
        assert words in text_of(page), (key, text_of(page)[:1500])
        for href in re.findall(
            r'<th role="rowheader" scope="row"><a href="([^"]+)"', page.get_data(as_text=True)
        ):
            assert people_of["reviewer"].get(href.replace("&amp;", "&")).status_code == 200, href
    assert people_of["reviewer"].get(f"/desk/assessment/{one.id}/why/crime").status_code == 404


def test_no_member_is_named_on_a_scorecard(town, people_of):
    one = compute(town, people_of["admin"])
    for path in (area(town), *(f"/desk/assessment/{one.id}/why/{key}" for key in INDICATORS)):
        page = text_of(people_of["admin"].get(path))
        assert not any(p.name in page for p in (town.member, town.mate, town.leader)), path


def test_other_weights_are_tried_and_nothing_is_kept(town, people_of):
    one = compute(town, people_of["admin"])
    page = text_of(people_of["admin"].get(f"/desk/assessment/{one.id}/weights"))
    assert "试算权重" in page and "要提议这样改" not in page
    asked = "dosage_priority=0&dosage_ordinary=0&hazards_priority=35&hazards_ordinary=25"
    tried = f"/desk/assessment/{one.id}/weights?{asked}"
    page = text_of(people_of["admin"].get(tried))
    assert '"hazards_priority": 35' in page and '"topic": "assessment"' in page and "两种权重对照" in page
    wrong = text_of(
        people_of["admin"].get(f"/desk/assessment/{one.id}/weights?dosage_priority=30&cells_ordinary=x")
    )
    assert "现在重点村合计 110，一般村合计 92" in wrong and "两种权重对照" not in wrong
    for odd in ("nan", "inf", "-1", "41", "1e400", "0.55"):
        answer = people_of["admin"].get(f"/desk/assessment/{one.id}/weights?dosage_priority={odd}")
        assert answer.status_code == 200 and "每列要合计 100" in text_of(answer), odd
    assert len(db.session.scalars(select(Assessment)).all()) == 1


def test_a_correction_says_why_and_the_old_version_stays_readable(town, people_of, at):
    one = frozen(town, people_of, at)
    planted.decide(town, planted.report(town, make.EVENING, (250, 1000), phrase="sign_down"), "close", "mended",
                   make.EVENING + timedelta(days=1))  # fmt: skip
    db.session.commit()
    refused = post(town, people_of["admin"], "", area=town.town.township.code, quarter="2026-Q4")
    assert refused.status_code == 422
    two = compute(town, people_of["admin"], reason="late_data")
    assert two.n == 2
    page = text_of(people_of["admin"].get(area(town)))
    assert "数据晚到" in page and "与第 1 版相比" in page and "2 / 4 → 3 / 5" in page
    old = text_of(people_of["admin"].get(f"{area(town)}&n=1"))
    assert "第 1 版 已定版" in old
    reviewer = people_of["reviewer"]
    late = post(town, reviewer, f"/{one.id}", decision="accept")
    assert late.status_code == 302 and "已有更新的版本" in text_of(reviewer.get(late.location))


def test_a_plan_is_made_done_and_confirmed_by_another(town, people_of, at):
    one = frozen(town, people_of, at)
    path, reviewer, admin = f"/desk/assessment/{one.id}/plans", people_of["reviewer"], people_of["admin"]
    asked = {
        "village": town.town.villages[0].id,
        "indicator": "hazards",
        "action": "hazard_round",
        "owner": "leader",
    }
    refused = conftest.send(reviewer, path, path, **asked, due_on="2020-01-01")
    assert refused.status_code == 422 and "期限要在明天以后" in text_of(refused)
    assert conftest.send(reviewer, path, path, **asked, due_on="2027-03-31").status_code == 302
    (item,) = db.session.scalars(select(AssessmentPlanItem)).all()
    one_item = f"/desk/assessment/plans/{item.id}"
    at(AFTER + timedelta(days=20))
    reviewer, admin = people_of["reviewer"], people_of["admin"]
    wrong = conftest.send(reviewer, path, one_item, decision="done", done_on="2027-02-24", paper="他邻居说的")
    assert "只填文号或编号" in text_of(reviewer.get(wrong.location))
    conftest.send(reviewer, path, one_item, decision="done", done_on="2027-02-24", paper="第2027-7号")
    own = conftest.send(reviewer, path, one_item, decision="confirm")
    assert "要由另一个人来做" in text_of(reviewer.get(own.location))
    conftest.send(admin, path, one_item, decision="confirm")
    page = text_of(admin.get(path))
    assert "已确认" in page and "恢复系数 0.30" in page


def test_a_notice_is_entered_with_evidence_and_confirmed_by_another(town, people_of):
    path = f"/desk/assessment/notices?quarter=2026-Q4&area={town.town.township.code}"
    given = {
        "area": town.town.township.code,
        "quarter": "2026-Q4",
        "village": town.town.villages[0].id,
        "month": "2026-10",
    }
    reviewer, admin = people_of["reviewer"], people_of["admin"]
    refused = conftest.send(reviewer, path, "/desk/assessment/notices", **given, published_on="2026-11-05")
    assert refused.status_code == 422
    odd = conftest.send(reviewer, path, "/desk/assessment/notices", **{**given, "month": "x"})
    assert odd.status_code == 422
    hung = {"published_on": "2026-11-05", "channel": "board", "paper": "2026-11"}
    assert conftest.send(reviewer, path, "/desk/assessment/notices", **given, **hung).status_code == 302
    (row,) = db.session.scalars(select(AssessmentNotice)).all()
    own = conftest.send(reviewer, path, f"/desk/assessment/notices/{row.id}")
    assert "要由另一个人来做" in text_of(reviewer.get(own.location))
    conftest.send(admin, path, f"/desk/assessment/notices/{row.id}")
    assert "已确认" in text_of(reviewer.get(path))
    one = compute(town, admin)
    west = next(v for v in one.figures["villages"] if v["id"] == town.town.villages[0].id)
    assert west["indicators"]["publicity"]["num"] == "1"


def test_townships_stand_side_by_side_within_reach(town, people_of):
    compute(town, people_of["admin"])
    page = text_of(people_of["admin"].get("/desk/assessment/compare?quarter=2026-Q4"))
    assert "清禾镇" in page and "云渡镇" in page and "还没有版本" in page
    assert "云渡镇" not in text_of(people_of["reviewer"].get("/desk/assessment/compare?quarter=2026-Q4"))


def test_many_townships_are_asked_about_together(town, people_of):
    admin = people_of["admin"]

    def statements() -> int:
        with counted() as heard:
            assert admin.get("/desk/assessment/compare?quarter=2026-Q4").status_code == 200
        return len(heard)

    compute(town, admin)
    make.keep()
    few = statements()
    one = db.session.scalars(select(Assessment)).one()
    for n in range(4):
        more = make.make_area("township", f"第{n}镇", places.square(0, 0, 100, 100), town.county)
        given = {c.key: getattr(one, c.key) for c in Assessment.__table__.columns}
        make.save(Assessment(**{**given, "township_id": more.id, "id": uuid4()}))
    make.keep()
    assert statements() == few


def test_a_score_is_printed_as_it_is_graded():
    """Half goes up: 80.25 is 80.3 in the grade, on the page and on paper."""
    printed = [assessment_words.score(Fraction(n, 100)) for n in (8025, 8035, 8024, 10000)]
    assert printed == ["80.3", "80.4", "80.2", "100.0"]
    assert [tenths(Fraction(n, 100)) for n in (8025, 8035)] == [Fraction(803, 10), Fraction(804, 10)]
    assert (
        assessment_words.percent(Fraction(1, 16)) == "6.3"
        and assessment_words.weight(Fraction(25, 4)) == "6.3"
    )
    assert assessment_words.score(None) == assessment_words.percent(None) == "–"


def test_weights_as_fine_as_the_rules_allow_are_tried_as_they_are(town, people_of):
    body = {"dosage_priority": 19.654321, "worst_gap_priority": 8.345679}
    make.make_policy(town.town.township, "assessment", body)
    one = compute(town, people_of["admin"])
    page = text_of(people_of["admin"].get(f"/desk/assessment/{one.id}/weights"))
    assert "两种权重对照" in page and "每列要合计 100，每项" not in page and "要提议这样改" not in page


def test_what_a_correction_changed_is_named_in_words(town, people_of, at):
    frozen(town, people_of, at)
    make.make_policy(town.town.township, "assessment", {"few_below": 5})
    west = town.town.villages[0]
    west.population += 100
    make.keep()
    compute(town, people_of["admin"], reason="late_data")
    page = text_of(people_of["admin"].get(area(town)))
    assert "few_below" not in page and "权重（优先级" in page and "20 → 5" in page


def test_files_hold_what_the_page_says(town, people_of):
    one = compute(town, people_of["admin"])
    answer = people_of["admin"].get(f"/desk/assessment/{one.id}/files/xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    scores, measures, notes = (list(sheet.values) for sheet in book.worksheets)
    finals = {row[2]: row[5] for row in scores[1:]}
    for village in one.figures["villages"]:
        assert finals[village["name"]] == pytest.approx(float(Fraction(village["final"])))
    assert len(measures) == 1 + 3 * len(INDICATORS) and len(notes) == 1 + 7 + len(INDICATORS)
    paper = people_of["admin"].get(f"/desk/assessment/{one.id}/files/pdf")
    assert paper.data.startswith(b"%PDF-") and paper.content_type == "application/pdf"
    assert people_of["admin"].get(f"/desk/assessment/{one.id}/files/exe").status_code == 404


def test_the_pages_read_in_english(town, people_of, at):
    one = frozen(town, people_of, at)
    reviewer = people_of["reviewer"]
    reviewer.set_cookie("lang", "en")
    for path in (
        area(town), f"/desk/assessment/{one.id}/why/hazards", f"/desk/assessment/{one.id}/weights",
        f"/desk/assessment/{one.id}/plans", "/desk/assessment/notices", "/desk/assessment/compare",
    ):  # fmt: skip
        page = text_of(reviewer.get(path))
        assert "assessment." not in page and "%(" not in page and "%%" not in page, path
    assert "Frozen" in text_of(reviewer.get(area(town)))


@pytest.mark.parametrize("quarter", ["", "2026-Q5", "x", "1999-Q1", "2026-Q4%27"])
def test_a_quarter_that_is_none_shows_the_usual_one(town, people_of, quarter):
    assert people_of["admin"].get(f"/desk/assessment?quarter={quarter}").status_code == 200


def test_outside_ones_area_there_is_nothing(town, people_of, as_person):
    one = compute(town, people_of["admin"])
    stranger = make.make_person("外镇审核", town.other.township)
    make.grant(stranger, "reviewer", area=town.other.township)
    caller = as_person(stranger)
    for path in ("why/hazards", "weights", "plans", "files/xlsx", "files/pdf"):
        assert caller.get(f"/desk/assessment/{one.id}/{path}").status_code == 404, path
    assert caller.get(area(town)).status_code == 404
    assert "清禾镇" not in text_of(caller.get("/desk/assessment"))
