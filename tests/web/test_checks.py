"""The page of checks: what a person should look at, how points are spread, and a ranking of those who said yes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from app.fairness import operations
from app.fairness.models import KINDS, REASONS
from app.field.operations import settle_duty
from tests import make
from tests.counting import counted
from tests.fairness.planted import add_flag
from tests.web import conftest
from tests.web.conftest import text_of

PAGE = "/desk/points/checks"
DAY = timedelta(days=1)


@pytest.fixture
def flag(people, evening):
    return add_flag(people.town.team, (people.member, people.mate))


@pytest.fixture
def leader(people, as_person, evening):
    return as_person(people.leader)


@pytest.fixture
def reviewer(people, as_person, evening):
    return as_person(people.reviewer)


def decide(caller, flag, **fields):
    return conftest.send(caller, PAGE, f"{PAGE}/{flag.id}", **fields)


# --- flags --------------------------------------------------------------------------------------------------------


def test_a_flag_says_what_was_seen_why_it_may_be_innocent_and_what_it_rests_on(people, leader, flag):
    duty = make.attended(people.shift, people.member, people.leader)
    flag.duty_ids = [duty.id]
    make.keep()
    answer = leader.get(PAGE)
    words = text_of(answer)
    for part in (
        "同两人连续搭班",
        "王队员",
        "李队员",
        "连续搭班 4 次，上限是 3 次",
        "班是队长排的",
        "当事人不能处理",
    ):
        assert part in words, part
    assert f"/desk/shifts/{people.shift.id}" in answer.get_data(as_text=True)
    assert answer.headers["Content-Security-Policy"]


def test_it_is_decided_with_a_phrase_and_a_word_and_stays_on_the_page(people, leader, reviewer, flag):
    answer = decide(leader, flag, reason="roster_so", note="只有他们俩有空")
    assert answer.status_code == 302
    words = text_of(leader.get(PAGE))
    assert (
        "已记下：说明清楚了" in words
        and "排班就是这样" in words
        and "只有他们俩有空" in words
        and "陈队长" in words
    )
    # Somebody else who still saw it open is told.
    late = decide(reviewer, flag, reason="to_audit", note="")
    assert late.status_code == 302
    assert "别人刚刚处理过" in text_of(reviewer.get(PAGE))


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"reason": "", "note": "只有他们有空"}, "只有他们有空"),
        ({"reason": "made_up", "note": "只有他们有空"}, "只有他们有空"),
        ({"reason": "looked_fine", "note": "长" * 281}, "长" * 281),
        ({"reason": "looked_fine", "note": "电话13812345678"}, "电话13812345678"),
    ],
)
def test_what_is_missing_is_said_at_its_field_and_nothing_is_lost(people, leader, flag, fields, kept):
    answer = decide(leader, flag, **fields)
    assert answer.status_code == 422
    body = answer.get_data(as_text=True)
    assert f'id="reason-{flag.id}' in body and "field-wrong" in body and kept in body
    assert flag.state == "open"


def test_whom_it_is_about_neither_sees_it_here_nor_decides(people, leader, reviewer, evening):
    own = add_flag(people.town.team, (people.leader,), "self_closed", figures={"reports": 3})
    assert "上报和办结是同一人" not in text_of(leader.get(PAGE))
    answer = decide(leader, own, reason="looked_fine", note="")
    assert answer.status_code == 403 and "由别人处理" in answer.get_data(as_text=True)
    assert "上报和办结是同一人" in text_of(reviewer.get(PAGE))
    assert decide(reviewer, own, reason="looked_fine", note="").status_code == 302


def test_of_a_whole_team_the_leader_sees_it_and_a_reviewer_decides(people, leader, reviewer):
    figures = {"days": 3, "points": 55, "visits": 10, "planned": 12}
    own = add_flag(people.town.team, (), "team_rush", figures=figures)
    words = text_of(leader.get(PAGE))
    assert "全队积分的 55%" in words and "由审核员处理" in words
    assert decide(leader, own, reason="looked_fine", note="").status_code == 403
    assert decide(reviewer, own, reason="to_talk", note="").status_code == 302


FIGURES = {
    "walks": 1, "taps": 5, "spots": 4, "delay_min": 2880, "times": 4, "most": 3, "together": 5, "minutes": 12,
    "metres": 1670, "kmh": 300, "reports": 3, "of": 9, "by_chance": 2, "cosigns": 12, "percent": 90, "days": 3,
    "points": 60, "visits": 50, "planned": 10, "from": 45, "to": 50, "duties": 3,
}  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_kind_and_every_reason_has_its_sentences_in_both_languages(people, reviewer, lang, evening):
    for n, kind in enumerate(KINDS):
        crew = () if kind == "team_rush" else (people.member,)
        decided = {"state": "explained" if n % 8 < 6 else "passed_on", "reason": REASONS[n % 8],
                   "decided_by": people.leader.id, "decided_at": make.EVENING, "decided_weight": 4}  # fmt: skip
        add_flag(people.town.team, crew, kind, figures=FIGURES, **(decided if n < 8 else {}))
    reviewer.set_cookie("lang", lang, domain="localhost")
    words = text_of(reviewer.get(PAGE))
    assert not re.findall(r"fairness\.\w+|%\(\w+\)|%%", words)
    assert ("Reported and closed by one person" in words) is (lang == "en")


def test_of_a_team_that_is_no_more_a_flag_is_not_here_and_no_fault(people, leader, flag):
    token = conftest.TOKEN.search(leader.get(PAGE).get_data(as_text=True))[1]
    people.town.team.active = False
    make.keep()
    answer = leader.post(f"{PAGE}/{flag.id}", data={"csrf_token": token, "reason": "looked_fine", "note": ""})
    assert answer.status_code in (403, 404)


def test_many_teams_are_asked_about_together(people, reviewer):
    def statements() -> int:
        with counted() as heard:
            assert reviewer.get(PAGE).status_code == 200
        return len(heard)

    few = statements()
    for n in range(6):
        make.make_team(people.town.township, f"第{n}队", "volunteer", [people.town.villages[0]])
    make.keep()
    assert statements() == few


# --- spread -------------------------------------------------------------------------------------------------------


def walk_hours(people, evening):
    """Two evenings of two hours, priced: the member both, the mate the later one."""
    for days in (0, 1):
        shift = make.make_shift(people.town.team, None, [people.member, people.mate],
                                starts_at=evening - (days + 1) * DAY, hours=2)  # fmt: skip
        for person in (people.member, people.mate)[: 1 + (days == 0)]:
            duty = make.attended(shift, person, people.leader)
            settle_duty(duty.township_id, duty.id, evening)
    make.keep()


def test_the_spread_of_a_team_with_its_curve_and_table(people, leader, evening):
    walk_hours(people, evening)
    answer = leader.get(PAGE)
    words = text_of(answer)
    # 40, 20 and 0 points: G = 0.44 of at most 0.67.
    assert "0.44" in words and "最大 0.67" in words and "校正后 0.67" in words and "人数少" in words
    assert 'points="0.0,200.0 66.7,200.0 133.3,133.3 200.0,0.0"' in answer.get_data(as_text=True)
    # An hour of a weekday's evening; the first of the two was on a Sunday.
    assert "平日傍晚 10.0 2 4.0" in words and "周末傍晚 10.0 1 2.0" in words and "平日夜间 – 0 0.0" in words
    assert "王队员 40 4.0 3 2 0 1 0" in words and "陈队长 0 0.0 0 0 0 0 0" in words
    assert "50%" in words and "安排 6 人次，出勤 3 次" in words


def test_a_reviewer_sees_the_townships_teams_and_a_leader_the_own(people, leader, reviewer, as_person):
    assert "各队" in text_of(reviewer.get(PAGE)) and "各队" not in text_of(leader.get(PAGE))
    own, other = people.town, people.other
    for caller, team, status in (
        (leader, own.team.id, 200), (leader, other.team.id, 404), (leader, f"t{own.township.id}", 404),
        (reviewer, other.team.id, 404), (reviewer, f"t{own.township.id}", 200), (reviewer, "x", 404),
        (as_person(people.admin), f"t{other.township.id}", 200),
    ):  # fmt: skip
        assert caller.get(PAGE, query_string={"team": team}).status_code == status, (team, status)
    assert leader.get(PAGE, query_string={"month": "2020-01"}).status_code == 404
    assert leader.get(PAGE, query_string={"month": "2026-10"}).status_code == 200


# --- ranking ------------------------------------------------------------------------------------------------------


def set_ranking(caller, team, **fields):
    return conftest.send(caller, PAGE, f"{PAGE}/teams/{team.id}/ranking", **fields)


def test_a_ranking_shows_those_who_said_yes_and_none_below_three(people, leader, evening):
    walk_hours(people, evening)
    team, url = people.town.team, f"{PAGE}?team={people.town.team.id}"
    assert "本队没有开启" in text_of(leader.get(url))
    assert set_ranking(leader, team, shown="y", measure="points").status_code == 302
    for person in (people.member, people.mate):
        operations.be_ranked(person, True, evening)
    make.keep()
    assert "同意的不到 3 人" in text_of(leader.get(url))
    operations.be_ranked(people.leader, True, evening)
    make.keep()
    table = leader.get(url).get_data(as_text=True).split('id="ranking"')[1]
    order = [table.index(name) for name in ("王队员", "李队员", "陈队长")]
    assert order == sorted(order)
    assert set_ranking(leader, team, measure="points").status_code == 302
    assert "本队没有开启" in text_of(leader.get(url))


def test_another_teams_ranking_is_not_there_and_a_reviewer_does_not_set_one(people, leader, reviewer):
    assert set_ranking(leader, people.other.team, shown="y", measure="points").status_code == 404
    assert set_ranking(reviewer, people.town.team, shown="y", measure="points").status_code == 403
    assert set_ranking(leader, people.town.team, shown="y", measure="kilometres").status_code == 422
