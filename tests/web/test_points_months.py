"""Points by month at the desk and in public: submitted, approved, audited, shown, objected to, answered, frozen."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.approval import notices, published
from app.approval.models import PointApproval, PointAudit, PointNotice, PointObjection
from app.db import db
from app.incentives.models import FrozenMonth
from tests import make
from tests.approval.worked import NOVEMBER, NOW, approve, give, month_of, one, pass_audits, submit, work
from tests.web import conftest
from tests.web.conftest import text_of

PAGE, NOTICES = "/desk/points?month=2026-11", "/desk/points/notices"
AFTER = datetime(2026, 12, 12, 2, tzinfo=UTC)


@pytest.fixture
def worked(people, at):
    """The member has 48.5 points, the mate 20; one of the two is drawn for audit."""
    at(NOW)
    work(people, people.member, 97)
    work(people, people.mate, 40)
    return people


@pytest.fixture
def shown(worked):
    submit(worked, worked.leader, worked.member, worked.mate)
    approve(worked, worked.reviewer, worked.member, worked.mate)
    pass_audits(worked, worked.admin)
    notices.open_notice(worked.reviewer, worked.town.township, NOVEMBER, NOW)
    db.session.commit()
    return worked


def post(caller, people, address, page=PAGE, **fields):
    township = people.town.township.code
    return conftest.send(caller, page, address, area=township, month="2026-11", **fields)


def ticks(caller, page=PAGE):
    return re.findall(r'name="person" value="(\d+:-?\d+)"', caller.get(page).get_data(as_text=True))


# --- the month ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_month_is_whole_in_both_languages(worked, as_person, lang):
    caller = as_person(worked.leader)
    caller.set_cookie("lang", lang, domain="localhost")
    answer = caller.get(PAGE)
    words = text_of(answer)
    assert (
        answer.status_code == 200 and "notices." not in words and "errors." not in words and "%(" not in words
    )
    assert "王队员" in words and "李队员" in words and "48.5" in words
    assert ("待提交" in words) == (lang == "zh")


def test_the_last_month_that_is_over_is_shown_and_another_that_is_asked_for(worked, as_person):
    caller = as_person(worked.leader)
    assert "48.5" in text_of(caller.get("/desk/points"))
    assert "这个月没有积分" in text_of(caller.get("/desk/points?month=2026-10"))
    for wrong in ("x", "2026-13", "0001-01", "99999-01"):
        assert caller.get(f"/desk/points?month={wrong}").status_code == 400


def test_a_leader_submits_who_is_ticked_and_a_reviewer_approves(worked, as_person):
    leader, reviewer = as_person(worked.leader), as_person(worked.reviewer)
    assert sorted(ticks(leader)) == sorted([f"{worked.member.id}:97", f"{worked.mate.id}:40"])
    answer = post(leader, worked, "/desk/points/submit", person=[f"{worked.member.id}:97"])
    assert answer.status_code == 302 and one(worked, worked.member).state == "submitted"
    assert "已提交 1 人" in text_of(leader.get(PAGE))
    answer = post(
        reviewer, worked, "/desk/points/approve", person=[f"{worked.member.id}:97", f"{worked.mate.id}:40"]
    )
    words = text_of(reviewer.get(PAGE))
    assert "已批准 1 人" in words and "李队员：还没有人提交" in words
    assert one(worked, worked.member).state == "approved" and one(worked, worked.mate).state == "to_submit"
    assert "镇审核员" in words and "陈队长" not in words.split("王队员")[0].split("明细")[0]


def test_own_points_have_no_tick_and_the_page_says_who_may(worked, as_person):
    work(worked, worked.leader, 60)
    leader = as_person(worked.leader)
    assert not [tick for tick in ticks(leader) if tick.startswith(f"{worked.leader.id}:")]
    post(leader, worked, "/desk/points/submit", person=[f"{worked.leader.id}:60"])
    assert "陈队长：自己的积分要由别人来办" in text_of(leader.get(PAGE))
    submit(worked, worked.reviewer, worked.leader)
    assert "是您提交的，要由另一人批准" in text_of(as_person(worked.reviewer).get(PAGE))


def test_what_was_seen_is_what_is_approved(worked, as_person):
    submit(worked, worked.leader, worked.member)
    reviewer = as_person(worked.reviewer)
    (tick,) = [one for one in ticks(reviewer) if one.startswith(f"{worked.member.id}:")]
    give(worked, worked.member, 10, "test:late")
    db.session.commit()
    post(reviewer, worked, "/desk/points/approve", person=[tick])
    assert "王队员：数字变了" in text_of(reviewer.get(PAGE))
    assert db.session.scalars(select(PointApproval)).all() == []


@pytest.mark.parametrize("value", ["x", "1", "1:x", ":", f"{10**20}:1"])
def test_ticks_that_are_none_are_refused(worked, as_person, value):
    assert post(as_person(worked.leader), worked, "/desk/points/submit", person=[value]).status_code == 400


def test_somebody_of_elsewhere_is_not_found(worked, as_person):
    for address, who in (
        ("submit", worked.leader),
        ("approve", worked.reviewer),
        ("set-aside", worked.reviewer),
    ):
        fields = {"person": str(worked.outsider.id), "reason": "duty_unclear"}
        if address != "set-aside":
            fields["person"] += ":0"
        assert post(as_person(who), worked, f"/desk/points/{address}", **fields).status_code == 404


def test_setting_aside_needs_a_reason(worked, as_person):
    reviewer = as_person(worked.reviewer)
    answer = post(reviewer, worked, "/desk/points/set-aside", person=str(worked.mate.id))
    assert answer.status_code == 422 and one(worked, worked.mate).state == "to_submit"
    answer = post(
        reviewer, worked, "/desk/points/set-aside", person=str(worked.mate.id), reason="duty_unclear"
    )
    assert answer.status_code == 302
    assert "有班次没弄清" in text_of(reviewer.get(PAGE)) and one(worked, worked.mate).state == "set_aside"


def test_an_audit_is_done_by_a_third_person_on_the_page(worked, as_person):
    submit(worked, worked.leader, worked.member, worked.mate)
    approve(worked, worked.reviewer, worked.member, worked.mate)
    (audit,) = month_of(worked).audits
    person = str(audit.person_id)
    reviewer, admin = as_person(worked.reviewer), as_person(worked.admin)
    assert "手工录入人和本人不能核对" in text_of(reviewer.get(PAGE))
    assert post(reviewer, worked, "/desk/points/audit", person=person, result="ok").status_code == 403
    page = f"{PAGE}&area={worked.town.township.code}"
    answer = post(admin, worked, "/desk/points/audit", page, person=person, result="correct")
    assert answer.status_code == 422 and "correct" not in str(
        db.session.scalars(select(PointAudit.result)).all()
    )
    wrong = post(
        admin, worked, "/desk/points/audit", page, person=person, result="correct", note="张师傅没来"
    )
    assert wrong.status_code == 422 and "张师傅" not in wrong.get_data(as_text=True)
    answer = post(
        admin, worked, "/desk/points/audit", page, person=person, result="correct", note="结束时间不对"
    )
    assert answer.status_code == 302 and "抽查退回" in text_of(admin.get(page))


def test_an_unsettled_month_says_until_when(worked, as_person):
    work(worked, worked.mate, 20, starts_at=datetime(2026, 11, 30, 12, tzinfo=UTC))
    as_of = datetime(2026, 12, 1, 12, tzinfo=UTC)
    assert month_of(worked, now=as_of).of(worked.mate.id).state == "unsettled"


# --- the notices at the desk ----------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_notices_are_whole_in_both_languages(shown, as_person, lang):
    object_to(shown, shown.mate)
    caller = as_person(shown.reviewer)
    caller.set_cookie("lang", lang, domain="localhost")
    for page in (NOTICES, PAGE):
        words = text_of(caller.get(page))
        assert "notices." not in words and "errors." not in words and "%(" not in words
    assert ("公示中" in text_of(caller.get(NOTICES))) == (lang == "zh")


def object_to(people, person, by=None):
    notice = published.notice_of(people.town.township.id, NOVEMBER)
    keys = {line.person_id: line.pseudonym for line, _, _ in published.lines_of(notice.township_id, NOVEMBER)}
    row = notices.object_to(notice, people.town.township, keys[person.id], "少算了一班", by, "192.0.2.1", NOW)
    db.session.commit()
    return row


def test_a_month_that_is_not_ready_says_why_and_one_that_is_opens(worked, as_person):
    reviewer = as_person(worked.reviewer)
    assert "还有人没有批准" in text_of(reviewer.get(NOTICES))
    assert post(reviewer, worked, NOTICES, NOTICES).status_code == 409
    submit(worked, worked.leader, worked.member, worked.mate)
    approve(worked, worked.reviewer, worked.member, worked.mate)
    assert "还有抽查没有完成" in text_of(reviewer.get(NOTICES))
    pass_audits(worked, worked.admin)
    assert post(reviewer, worked, NOTICES, NOTICES).status_code == 302
    assert len(db.session.scalars(select(PointNotice)).all()) == 1
    assert "公示开始了" in text_of(reviewer.get(NOTICES))
    assert post(reviewer, worked, NOTICES, NOTICES).status_code == 409


def test_an_objection_is_answered_by_another_and_then_the_month_is_frozen(shown, as_person, at):
    row = object_to(shown, shown.mate)
    reviewer = as_person(shown.reviewer)
    address = f"{NOTICES}/objections/{row.id}"
    assert "提出人、当事人，以及批准或暂缓的人不能答复" in text_of(reviewer.get(NOTICES))
    assert post(reviewer, shown, address, NOTICES, verdict="rejected", answer="已核对").status_code == 403
    at(AFTER)
    reviewer, admin = as_person(shown.reviewer), as_person(shown.admin)
    page = f"{NOTICES}?area={shown.town.township.code}"
    assert "还有异议没有答复" in text_of(reviewer.get(NOTICES)) and "已超过" in text_of(admin.get(page))
    assert post(reviewer, shown, f"{NOTICES}/freeze", NOTICES).status_code == 409
    assert post(admin, shown, address, page, verdict="rejected", answer="").status_code == 422
    assert post(admin, shown, address, page, verdict="rejected", answer="已核对，无误").status_code == 302
    assert post(admin, shown, address, page, verdict="upheld", answer="再看").status_code == 409
    assert post(reviewer, shown, f"{NOTICES}/freeze", NOTICES).status_code == 302
    assert db.session.scalars(select(FrozenMonth.month)).all() == [NOVEMBER]
    assert "已封月" in text_of(reviewer.get(NOTICES)) and "已核对，无误" in text_of(reviewer.get(NOTICES))
    assert "封月 完成" in text_of(reviewer.get(PAGE))


def test_the_paper_is_a_pdf_with_chinese_names_and_gone_with_the_notice(shown, as_person, at):
    address = f"{NOTICES}/{shown.town.township.code}/2026-11.pdf"
    answer = as_person(shown.reviewer).get(address)
    assert answer.status_code == 200 and answer.data.startswith(b"%PDF-")
    assert answer.headers["Cache-Control"] == "no-store"
    assert as_person(shown.reviewer).get(address.replace("2026-11", "2026-10")).status_code == 404
    at(AFTER)
    assert as_person(shown.reviewer).get(address).status_code == 410


# --- in public ------------------------------------------------------------------------------------


def address_of(people):
    return f"/notices/{people.town.township.code}/2026-11"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_anybody_reads_points_and_shifts_and_nothing_else(shown, client, lang):
    client.set_cookie("lang", lang, domain="localhost")
    answer = client.get(address_of(shown))
    words = text_of(answer)
    assert answer.status_code == 200 and "notices." not in words and "%(" not in words
    for name in ("王队员", "李队员", "镇审核员", "陈队长", "队"):
        assert name not in words.replace("登录队员", "").replace("巡防", ""), name
    lines = published.lines_of(shown.town.township.id, NOVEMBER)
    assert all(line.pseudonym in words for line, _, _ in lines)
    table = answer.get_data(as_text=True).split("<tbody>")[1].split("</tbody>")[0]
    assert re.findall(r'<td class="right">(\d+)</td>', table) in (
        ["48", "1", "20", "1"],
        ["20", "1", "48", "1"],
    )


def test_it_is_not_indexed_and_not_kept(shown, client):
    for address in (address_of(shown), "/notices"):
        answer = client.get(address)
        assert (
            answer.headers["X-Robots-Tag"].startswith("noindex")
            and answer.headers["Cache-Control"] == "no-store"
        )
        assert '<meta name="robots" content="noindex' in answer.get_data(as_text=True)
    assert "Disallow: /" in client.get("/robots.txt").get_data(as_text=True)


def test_the_name_stands_there_only_while_its_person_wants_it(shown, client, as_person):
    member = as_person(shown.member)
    assert member.patch("/api/v1/me", json={"name_in_notice": True}).status_code == 200
    assert "王队员" in text_of(client.get(address_of(shown)))
    member.patch("/api/v1/me", json={"name_in_notice": False})
    assert "王队员" not in text_of(client.get(address_of(shown)))


def test_afterwards_it_is_gone(shown, client, at):
    assert "清禾镇" in text_of(client.get("/notices"))
    at(AFTER)
    answer = client.get(address_of(shown))
    assert answer.status_code == 410 and "页面已撤下" in text_of(answer)
    assert "清禾镇" not in text_of(client.get("/notices"))
    for nowhere in (
        "/notices/0/2026-11",
        address_of(shown).replace("-11", "-10"),
        address_of(shown)[:-1] + "x",
    ):
        assert client.get(nowhere).status_code == 404


def test_anybody_objects_to_a_line_and_nothing_of_a_person_is_kept(shown, client):
    key = published.lines_of(shown.town.township.id, NOVEMBER)[0][0].pseudonym
    page = address_of(shown)
    answer = conftest.send(client, page, page, line=key, text="电话13812345678，找张师傅")
    assert answer.status_code == 422 and "13812345678" not in answer.get_data(as_text=True)
    assert conftest.send(client, page, page, line="", text="少算了一班").status_code == 422
    assert conftest.send(client, page, page, line=key, text="").status_code == 422
    assert db.session.scalars(select(PointObjection)).all() == []
    assert conftest.send(client, page, page, line=key, text="少算了一班").status_code == 302
    (row,) = db.session.scalars(select(PointObjection)).all()
    assert (row.objector_id, row.text, row.state) == (None, "少算了一班", "open")
    words = text_of(client.get(page))
    assert "异议收到了" in words and "异议 1 条：待答复 1" in words and "少算了一班" not in words


def test_too_many_objections_are_told_to_wait(shown, client):
    key = published.lines_of(shown.town.township.id, NOVEMBER)[0][0].pseudonym
    page = address_of(shown)
    found = [conftest.send(client, page, page, line=key, text=f"少算了{n}班").status_code for n in range(11)]
    assert found == [302] * 10 + [429]


def test_without_a_token_nothing_is_taken(shown, client):
    assert client.post(address_of(shown), data={"line": "x", "text": "x"}, bare=True).status_code in (
        400,
        403,
    )


def test_the_rail_counts_what_waits(worked, as_person):
    submit(worked, worked.leader, worked.member)
    assert ">1</span>" in as_person(worked.reviewer).get(PAGE).get_data(as_text=True)
    other = make.make_person("别队队长", worked.town.township)
    make.grant(other, "leader", team=make.make_team(worked.town.township))
    assert "王队员" not in text_of(as_person(other).get(PAGE))
