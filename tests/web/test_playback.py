"""The desk's playback: a reviewer is told beforehand that the member sees it, and it is gone when nothing waits."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Audit
from app.db import db
from tests import make
from tests.field.test_playback import AFTER, MINUTE, checkin_in, contest, decide, duty_of, patrol
from tests.web.conftest import text_of


@pytest.fixture
def reviewer(people, evening, as_person):
    return as_person(people.reviewer)


@pytest.fixture
def held(people, evening, as_person, sync):
    items = patrol(people, people.member, mocked=True)
    sync(as_person(people.member), items, AFTER)
    return checkin_in(items)


def looks():
    return list(db.session.scalars(select(Audit).where(Audit.action == "look.playback")))


def test_the_list_names_day_team_and_question_and_nobody(reviewer, held):
    words = text_of(reviewer.get("/desk/playback"))
    assert "清禾镇志愿队" in words and "有一次签到待核" in words and "11月24日" in words
    assert "王队员" not in words and looks() == []


def test_it_says_beforehand_that_the_member_will_see_it_and_has_not_looked_yet(people, reviewer, held):
    duty = duty_of(people.member)
    answer = reviewer.get(f"/desk/playback/{duty.id}")
    words = text_of(answer)
    assert "队员会看到您看过" in words and "回放这次值勤" in words
    assert f"/desk/playback/{duty.id}/look" in answer.get_data(as_text=True)
    assert "王队员" not in words and looks() == []


def test_the_events_stand_in_words_beside_the_map_with_what_waits_marked(people, reviewer, held):
    duty = duty_of(people.member)
    answer = reviewer.get(f"/desk/playback/{duty.id}/look")
    words, page = text_of(answer), answer.get_data(as_text=True)
    assert "王队员的值勤" in words and "20:00 开始值勤" in words and "签到：点1" in words
    assert "手机报告说这个位置来自模拟定位软件" in words and "等着核的签到" in words
    assert "20:05–20:10 没有轨迹" in words and "20:20–20:25 暂停" in words
    assert page.count('class="is-asked"') == 1
    legend = page.split('class="legend plain"')[1].split("</ul>")[0]
    there = ["走过的路", "中断", "这一刻的位置", "路线", "巡查点", "等着核的签到"]
    assert [word in legend for word in there] == [True] * len(there) and "定位不可信" not in legend
    seen = json.loads(re.search(r'id="playback-seen">(.*?)</script>', page, re.S)[1])
    assert seen["duty_id"] == duty.id and seen["track"]["lines"][0]["points"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert [line.detail["why"] for line in looks()] == ["held"]


def test_in_english_as_well(people, reviewer, held):
    reviewer.set_cookie("lang", "en", domain="localhost")
    duty = duty_of(people.member)
    assert "a check-in is held" in text_of(reviewer.get("/desk/playback"))
    assert "The member will see that you looked" in text_of(reviewer.get(f"/desk/playback/{duty.id}"))
    words = text_of(reviewer.get(f"/desk/playback/{duty.id}/look"))
    assert "20:05–20:10 No track" in words and "Check-in: 点1" in words


def test_when_nothing_waits_any_more_the_pages_are_closed(people, reviewer, held, at):
    duty = duty_of(people.member)
    decide(people, held, at(AFTER + MINUTE))
    for address in (f"/desk/playback/{duty.id}", f"/desk/playback/{duty.id}/look"):
        answer = reviewer.get(address)
        assert answer.status_code == 403 and "不能回放" in text_of(answer)
        assert "王队员" not in answer.get_data(as_text=True)
    assert "没有待核的值勤" in text_of(reviewer.get("/desk/playback")) and looks() == []


def test_what_a_member_says_about_the_duty_itself_opens_it_too(people, reviewer, as_person, sync):
    items = patrol(people, people.member)
    member = as_person(people.member)
    sync(member, items, AFTER)
    contest(people, member, items[0]["id"], AFTER + MINUTE, sync, phrase="forgot_to_end")
    assert "队员对这次值勤有说明" in text_of(reviewer.get(f"/desk/playback/{duty_of(people.member).id}"))


def test_of_a_track_that_is_gone_the_page_says_so_and_shows_no_place(people, reviewer, as_person, held):
    as_person(people.member).delete("/api/v1/me/tracks")
    answer = reviewer.get(f"/desk/playback/{duty_of(people.member).id}/look")
    assert "轨迹已经不在了" in text_of(answer) and "签到：点1" in text_of(answer)
    assert '"points"' not in answer.get_data(as_text=True)


def test_the_review_offers_it_to_a_leader_only_who_is_a_reviewer_too(people, as_person, held, at):
    at(AFTER)
    leader, link = as_person(people.leader), f"/desk/playback/{duty_of(people.member).id}"
    assert link not in leader.get("/desk/review").get_data(as_text=True)
    make.grant(people.leader, "reviewer", area=people.town.township)
    assert link in leader.get("/desk/review").get_data(as_text=True)
    decide(people, held, at(AFTER + timedelta(minutes=1)))
    assert link not in leader.get(f"/desk/review/{held}").get_data(as_text=True)
