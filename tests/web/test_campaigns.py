"""Campaigns at the desk: chosen with help, approved by another, followed and judged in plain words, and printed."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.campaigns import operations
from app.campaigns.models import Campaign
from app.db import db
from app.teams.scope import scope_of
from tests import make
from tests.campaigns import planted
from tests.campaigns.planted import LATER
from tests.campaigns.test_campaigns import KNOWN, stay
from tests.web import conftest
from tests.web.conftest import text_of

NEW = "/desk/campaigns/new"


@pytest.fixture
def plaza(people, evening):
    return planted.add_plaza(people)


@pytest.fixture
def reviewer(people, as_person, evening):
    return as_person(people.reviewer)


@pytest.fixture
def admin(people, as_person, evening):
    return as_person(people.admin)


def fields_of(people, **more):
    return {
        "decision": "look", "treated": [str(people.town.hotspot.id)], "categories": ["theft_public"],
        "first": "2026-12-01", "weeks": "4", "before": "just_before", "ring_m": "50", "dosage_min": "20", "name": "",
        **more,
    }  # fmt: skip


def send(caller, fields):
    return conftest.send(caller, NEW, "/desk/campaigns", **fields)


def decide(caller, campaign_id, **fields):
    return conftest.send(caller, NEW, f"/desk/campaigns/{campaign_id}", **fields)


def ticked(answer):
    html = answer.get_data(as_text=True)
    return re.findall(r'<input checked[^>]*name="controls"[^>]*value="([^"]+)"', html)


def test_from_the_choice_to_a_verdict_on_paper(people, plaza, reviewer, admin, at, as_person):
    """A reviewer is offered like places and proposes, an admin approves; at the end the page says what may be said."""
    planted.add_events(people, planted.MARKET, 13, date(2026, 9, 1))
    planted.add_events(people, planted.PLAZA, 12, date(2026, 9, 1))
    offered = send(reviewer, fields_of(people))
    assert (
        offered.status_code == 200 and "东村广场" in text_of(offered) and ticked(offered) == [f"h{plaza.id}"]
    )
    assert not db.session.scalars(select(Campaign)).all()
    proposed = fields_of(people, decision="propose", name="冬季集中巡防", controls=ticked(offered))
    answer = send(reviewer, proposed)
    assert answer.status_code == 302, text_of(answer)
    assert "需要另一位" in text_of(reviewer.get(answer.location))
    campaign = db.session.scalars(select(Campaign)).one()
    assert 'class="count"' in admin.get("/desk/campaigns").get_data(as_text=True)
    assert decide(admin, campaign.id, decision="approve").status_code == 302
    assert "已批准，未开始" in text_of(reviewer.get("/desk/campaigns"))
    planted.plant_counts(people, KNOWN)
    at(LATER)
    reviewer = as_person(people.reviewer)
    page = reviewer.get(f"/desk/campaigns/{campaign.id}")
    said = text_of(page)
    assert "不能说有用，也不能说没用" in said and "235" in said and "−15" in said
    assert "95% 区间 −45 到 +15" in said and "标准误 15.3" in said
    assert "看不出来" in text_of(reviewer.get("/desk/campaigns"))
    html = page.get_data(as_text=True)
    assert "data-print" in html and html.count('<path class="plan-') == 5


def test_too_few_is_said_plainly_in_both_languages(people, plaza, at, as_person):
    campaign = planted.approved(people, plaza)
    planted.plant_counts(people, (10, 4, 5, 6, 1, 1, 2, 2))
    at(LATER)
    reviewer = as_person(people.reviewer)
    page = text_of(reviewer.get(f"/desk/campaigns/{campaign.id}"))
    assert "太少，无法判断" in page and "31 起，不到 40 起" in page
    reviewer.set_cookie("lang", "en")
    assert "Too few to judge" in text_of(reviewer.get(f"/desk/campaigns/{campaign.id}"))


def test_while_it_runs_the_page_shows_the_dose_and_says_that_it_is_no_verdict(people, plaza, at, as_person):
    campaign = planted.approved(people, plaza)
    planted.plant_counts(people, KNOWN)
    stay(people, people.town.hotspot, planted.FIRST, 16)
    at(datetime.fromisoformat("2026-12-08T02:00Z"))
    reviewer = as_person(people.reviewer)
    page = text_of(reviewer.get(f"/desk/campaigns/{campaign.id}"))
    assert "28 天里算了 7 天" in page and "还没有结论" in page
    assert "16 分钟，应有 140 分钟，达到 11%" in page
    assert "记下结果" not in page


def test_a_leader_follows_the_dose_and_is_not_shown_the_counts(people, plaza, as_person, at):
    campaign = planted.approved(people, plaza)
    planted.plant_counts(people, KNOWN)
    at(LATER)
    leader = as_person(people.leader)
    page = text_of(leader.get(f"/desk/campaigns/{campaign.id}"))
    assert "在点时长进度" in page and "有没有用" not in page and "235" not in page and "取消这次" not in page
    assert campaign.name in text_of(leader.get("/desk/campaigns"))
    assert leader.get(NEW).status_code == 403


def test_who_proposed_is_told_that_another_approves(people, plaza, reviewer):
    campaign = operations.propose(
        people.reviewer, people.town.township, planted.plan(people, plaza), make.EVENING
    )
    db.session.commit()
    answer = decide(reviewer, campaign.id, decision="approve")
    assert answer.status_code == 422 and "另一个人" in text_of(answer)


def test_what_is_missing_is_said_at_its_field_and_nothing_is_lost(people, plaza, reviewer):
    answer = send(reviewer, fields_of(people, weeks="1", name="冬季"))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and 'id="weeks-error"' in page
    answer = send(reviewer, fields_of(people, decision="propose", name="冬季", controls=["h0"]))
    page = answer.get_data(as_text=True)
    assert (
        answer.status_code == 422 and "请再找一次" in page and 'value="冬季"' in page and "东村广场" in page
    )
    for wrong in (
        {"first": "9999-12-31"},
        {"first": "x"},
        {"ring_m": "-5"},
        {"treated": []},
        {"before": "never"},
    ):
        assert send(reviewer, fields_of(people, **wrong)).status_code == 422, wrong


def test_it_is_called_off_with_a_phrase_and_proposed_anew_from_what_it_was(people, plaza, reviewer, admin):
    campaign = planted.approved(people, plaza)
    db.session.commit()
    assert decide(reviewer, campaign.id, decision="call_off").status_code == 422
    assert decide(reviewer, campaign.id, decision="call_off", reason="weather").status_code == 302
    assert "天气不允许" in text_of(admin.get(f"/desk/campaigns/{campaign.id}"))
    again = admin.get(f"{NEW}?like={campaign.id}").get_data(as_text=True)
    assert f'value="{campaign.name}"' in again and 'value="50"' in again
    answer = decide(admin, campaign.id, decision="approve")
    assert answer.status_code == 302 and "已经有人处理" in text_of(admin.get(answer.location))


def test_a_result_is_recorded_once_and_by_name(people, plaza, at, as_person):
    campaign = planted.approved(people, plaza)
    planted.plant_counts(people, KNOWN)
    db.session.commit()
    at(LATER)
    reviewer = as_person(people.reviewer)
    for _ in range(2):
        assert decide(reviewer, campaign.id, decision="record").status_code == 302
    page = text_of(reviewer.get(f"/desk/campaigns/{campaign.id}"))
    assert "结果记下" in page and people.reviewer.name in page and "记下现在的八个数" not in page


def test_outside_ones_area_it_is_not_there(people, plaza, as_person):
    campaign = planted.approved(people, plaza)
    stranger = make.make_person("外镇审核员", people.other.township)
    make.grant(stranger, "reviewer", area=people.other.township)
    db.session.commit()
    caller = as_person(stranger)
    for address in (f"/desk/campaigns/{campaign.id}", f"{NEW}?like={campaign.id}", f"{NEW}?like=x"):
        assert caller.get(address).status_code == 404
    assert decide(caller, campaign.id, decision="call_off", reason="weather").status_code == 404
    assert campaign.name not in text_of(caller.get("/desk/campaigns"))
    assert people.town.hotspot.name not in text_of(caller.get(NEW))
    mine = fields_of(people, township=people.town.township.code)
    assert send(caller, mine).status_code == 404


def test_one_that_nobody_approved_in_time_says_so(people, plaza, at, as_person):
    campaign = operations.propose(
        people.reviewer, people.town.township, planted.plan(people, plaza), make.EVENING
    )
    db.session.commit()
    at(datetime.combine(planted.FIRST, datetime.min.time(), LATER.tzinfo) + timedelta(hours=2))
    admin = as_person(people.admin)
    page = text_of(admin.get(f"/desk/campaigns/{campaign.id}"))
    assert "过期未批准" in page and "批准这次" not in page
    assert decide(admin, campaign.id, decision="approve").status_code == 302
    assert db.session.get(Campaign, (campaign.township_id, campaign.id)).state == "proposed"


def test_the_list_without_any_says_what_it_will_show(people, as_person, evening):
    assert "还没有集中巡防" in text_of(as_person(people.reviewer).get("/desk/campaigns"))


def test_a_member_of_the_scope_is_not_asked_for_more_than_the_townships_own(people, plaza, admin):
    """An admin of the county proposes for the township that the form names."""
    planted.approved(people, plaza)
    assert scope_of(people.admin).township_ids >= {people.town.township.id, people.other.township.id}
    other = text_of(admin.get(f"{NEW}?township={people.other.township.code}"))
    assert people.other.hotspot.name in other and people.town.hotspot.name not in other
