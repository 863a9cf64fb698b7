"""Beats at the desk: asked by form, read as a proposal with order, minutes and reasons, and from it to a shift."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.db import db
from app.jobs import plans as job
from app.planning import beats
from app.planning.models import PlanRun
from tests import make, places
from tests.planning.measured import add_square
from tests.web.conftest import send, text_of

LIST = "/desk/hotspots/beats"
TUESDAY = make.EVENING + timedelta(days=7)


@pytest.fixture
def reviewer(people, evening, as_person):
    return as_person(people.reviewer)


def ask(caller, people, **other):
    form = {
        "team": people.town.team.id,
        "day": "2026-12-01",
        "starts": "20:00",
        "minutes": "120",
        "pairs": "1",
    }
    return send(caller, LIST, LIST, **{**form, **other})


def asked():
    return list(db.session.scalars(db.select(PlanRun).order_by(PlanRun.asked_at)))


def solved(people, now, minutes=120, pairs=1, team=None):
    run = beats.ask(people.reviewer, team or people.town.team, beats.Asked(TUESDAY, minutes, pairs), now)
    db.session.commit()
    job.plan_beats(township_id=run.township_id, run_id=str(run.id))
    return f"{LIST}/{run.id}"


def test_a_beat_is_asked_and_how_far_it_is_can_be_seen(reviewer, people):
    answer = ask(reviewer, people)
    assert answer.status_code == 302
    (run,) = asked()
    assert run.parameters == {"starts_at": "2026-12-01T12:00:00.000Z", "minutes": 120, "pairs": 1}
    page = reviewer.get(answer.location)
    assert "data-refresh" in page.get_data(as_text=True) and "排队中" in text_of(page)
    assert "排队中" in text_of(reviewer.get(f"{answer.location}/progress"))
    assert "清禾镇志愿队" in text_of(reviewer.get(LIST))


def test_the_same_form_sent_twice_is_one_question(reviewer, people):
    assert ask(reviewer, people).location == ask(reviewer, people).location
    assert len(asked()) == 1


def test_what_is_wrong_stands_by_its_field_and_nothing_is_asked(reviewer, people):
    answer = ask(reviewer, people, minutes="5", pairs="9")
    assert answer.status_code == 422
    assert "请填 30 到 480 之间的数" in text_of(answer) and "请填 1 到 6 之间的数" in text_of(answer)
    assert ask(reviewer, people, day="").status_code == 422
    assert ask(reviewer, people, team=people.other.team.id).status_code == 422
    assert asked() == []


def test_the_answer_says_order_minutes_and_what_they_rest_on(reviewer, people, evening):
    add_square(people, windows=[(1, 20 * 60, 22 * 60)])
    words = text_of(reviewer.get(solved(people, evening, minutes=40)))
    for said in ("第 1 组", "20:05", "20:24", "10 分钟 暂按最短有效到访", "5 分钟 按地图估计", "9 分钟 按地图估计",
                 "有 3 次没人去", "没有比这更好的走法", "这只是建议"):  # fmt: skip
        assert said in words, said


def test_the_page_says_where_the_beat_begins_and_why_there(reviewer, people, evening):
    page = reviewer.get(solved(people, evening))
    words = text_of(page)
    assert "点1（清禾镇一路线的第一个巡查点）" in words and "最近 8 周走得最多的路线（1 班）" in words
    assert "这个时段没有别的班组已安排的到访" in words
    assert '"kind": "start"' in page.get_data(as_text=True)


def test_a_team_without_a_route_begins_in_the_middle_and_the_page_says_so(reviewer, people, evening):
    team = make.make_team(people.town.township, areas=people.town.villages)
    words = text_of(reviewer.get(solved(people, evening, team=team)))
    assert "清禾镇西村、清禾镇东村的中心" in words and "本队还没有路线" in words


def test_what_other_crews_cover_is_named_with_its_time_and_not_their_team(reviewer, people, evening):
    rivals = make.make_team(people.town.township, "另一队")
    solved(people, evening, team=rivals)
    route = make.make_route(rivals, places.way((900, 500), (1000, 500)), [places.here(900, 500)])
    add_square(people, windows=[(1, 20 * 60, 22 * 60)])
    make.make_shift(rivals, route, [people.member, people.mate], starts_at=TUESDAY, hours=2)
    page = reviewer.get(solved(people, evening))
    words = text_of(page)
    # The market from that team's middle: 224 m on the line, four minutes on foot.
    assert "清禾镇菜市场 – 20:04–20:14，别的班组的巡线建议" in words
    assert "东村广场 – 20:00–22:00 之间，别的班组排好的班次，路线经过这里的巡查点" in words
    assert "清禾镇菜市场 – 别的班组已安排去" in words and "另一队" not in words


def test_an_answer_from_before_starts_were_asked_for_still_reads(reviewer, people, evening):
    address = solved(people, evening)
    (run,) = asked()
    run.result = {key: run.result[key] for key in ("pairs", "left")}
    db.session.commit()
    words = text_of(reviewer.get(address))
    assert "第 1 组" in words and "出发点" not in words


def test_what_is_left_has_its_reason_and_fades_on_the_map(reviewer, people, evening):
    square = add_square(people, windows=[(4, 20 * 60, 22 * 60)])
    page = reviewer.get(solved(people, evening))
    assert "东村广场 – 班次里没有它的风险时段" in text_of(page)
    html = page.get_data(as_text=True)
    assert '"kind": "overdue"' in html and '"name": "1\\u20131 ' in html and "data-incidents" not in html
    assert square.name in text_of(page)


def test_several_pairs_say_that_they_are_planned_one_after_the_other(reviewer, people, evening):
    words = text_of(reviewer.get(solved(people, evening, pairs=2)))
    assert "一组一组排的" in words and "第 2 组这段时间没有要去的部位" in words and "第 2 组 " not in words


def test_a_leader_goes_on_to_the_shift_form_at_these_hours_and_a_reviewer_does_not(
    leader, reviewer, people, evening
):
    address = solved(people, evening)
    link = f"/desk/shifts/new?team={people.town.team.id}&amp;day=2026-12-01&amp;starts=20:00&amp;ends=22:00"
    assert link in leader.get(address).get_data(as_text=True)
    assert "/desk/shifts/new" not in reviewer.get(address).get_data(as_text=True)
    form = leader.get(link.replace("&amp;", "&")).get_data(as_text=True)
    assert 'value="2026-12-01"' in form and 'value="22:00"' in form


def test_a_run_that_failed_says_so(reviewer, people, evening, monkeypatch):
    monkeypatch.setattr(beats, "needs_of", lambda *_: 1 / 0)
    assert "计算没有完成" in text_of(reviewer.get(solved(people, evening)))


def test_the_other_township_sees_nothing(outsider, people, evening):
    address = solved(people, evening)
    assert outsider.get(address).status_code == 404
    assert outsider.get(f"{address}/progress").status_code == 404
    assert "清禾镇" not in text_of(outsider.get(LIST))


def test_the_page_reads_in_english(reviewer, people, evening):
    add_square(people, windows=[(4, 20 * 60, 22 * 60)])
    reviewer.set_cookie("lang", "en", domain="localhost")
    words = text_of(reviewer.get(solved(people, evening)))
    assert (
        "This is a proposal, never an order" in words and "none of its risk hours lie in the shift" in words
    )
    assert "the first checkpoint of" in words and "No other crew plans a visit" in words
    assert "beats." not in words
