"""People: who has a phone, a code for who has not, and the end of a lost one; of the led teams only."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts import operations as accounts
from app.accounts.models import Audit, SignInCode
from app.db import db
from tests import make
from tests.web.conftest import send, text_of

PEOPLE = "/desk/people"
CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")


def make_code(caller, person):
    return send(caller, PEOPLE, f"{PEOPLE}/{person.id}/code")


def sign_out(caller, person):
    return send(caller, PEOPLE, f"{PEOPLE}/{person.id}/sign-out")


def test_the_page_lists_the_members_of_the_led_teams(leader, people):
    words = text_of(leader.get(PEOPLE))
    assert "王队员" in words and "李队员" in words and "清禾镇志愿队" in words
    assert "外镇队员" not in words
    assert words.count("手机未开通") == 2


def test_it_is_in_the_rail_of_leaders_only(leader, people, as_person):
    assert f'href="{PEOPLE}"' in leader.get("/desk/board").get_data(as_text=True)
    assert f'href="{PEOPLE}"' not in as_person(people.reviewer).get("/desk/coverage").get_data(as_text=True)


def test_a_known_phone_is_shown_with_its_last_sight(leader, people, as_person, at):
    as_person(people.member)
    at(make.EVENING + timedelta(hours=2))
    words = text_of(leader.get(PEOPLE))
    assert "手机已开通" in words and "1 台设备，最近使用：11月24日 20:00" in words


def test_a_member_without_a_phone_is_said_to_have_none(leader, people):
    friend = make.make_person("赵队员", people.town.township)
    make.join_team(friend, people.town.team, has_phone=False)
    assert "没有手机" in text_of(leader.get(PEOPLE))


def test_a_code_is_shown_with_its_picture_and_opens_the_phone(leader, people, client):
    page = make_code(leader, people.member)
    assert page.status_code == 200 and page.headers["Cache-Control"] == "no-store"
    code = CODE.search(text_of(page))[0]
    html = page.get_data(as_text=True)
    assert 'src="data:image/svg+xml' in html and "11月25日 20:00" in text_of(page)
    answer = client.post("/api/v1/session/code", json={"code": code})
    assert answer.get_json()["person"]["name"] == "王队员"


def test_the_picture_holds_the_address_with_the_code(leader, people, app, monkeypatch):
    import segno

    held = []
    original = segno.make
    monkeypatch.setattr(segno, "make", lambda text, **more: held.append(text) or original(text, **more))
    code = CODE.search(text_of(make_code(leader, people.member)))[0].replace("-", "")
    assert held == [f"{app.extensions['settings'].public_url}/m/#/code?c={code}"]


def test_the_code_is_gone_when_the_page_is_left(leader, people):
    code = CODE.search(text_of(make_code(leader, people.member)))[0]
    words = text_of(leader.get(PEOPLE))
    assert code not in words and "码还没用" in words and "有一个码可用到 11月25日 20:00" in words
    assert leader.get(f"{PEOPLE}/{people.member.id}/code").status_code == 405


def test_a_second_code_voids_the_first(leader, people, client):
    first, second = (CODE.search(text_of(make_code(leader, people.member)))[0] for _ in range(2))
    assert client.post("/api/v1/session/code", json={"code": first}).status_code == 401
    assert client.post("/api/v1/session/code", json={"code": second}).status_code == 200
    assert "码还没用" not in text_of(leader.get(PEOPLE))


def test_a_leader_makes_a_code_for_the_own_phone(leader, people, client):
    code = CODE.search(text_of(make_code(leader, people.leader)))[0]
    assert "leader" in client.post("/api/v1/session/code", json={"code": code}).get_json()["roles"]


@pytest.mark.parametrize("role", ["leader", "reviewer", "admin"])
def test_a_code_is_no_way_to_a_colleagues_rights(leader, people, role):
    over = {"team": people.other.team} if role == "leader" else {"area": people.county}
    make.grant(people.mate, role, **over)
    assert make_code(leader, people.mate).status_code == 409
    assert sign_out(leader, people.mate).status_code == 409
    assert db.session.scalars(select(SignInCode)).all() == []
    page = leader.get(PEOPLE)
    assert "用登录名和密码登录" in text_of(page)
    assert f"{PEOPLE}/{people.mate.id}/code" not in page.get_data(as_text=True)


def test_a_role_that_was_taken_away_counts_no_more(leader, people):
    grant = make.grant(people.mate, "reviewer", area=people.county)
    grant.revoked_at = make.EVENING
    db.session.commit()
    assert make_code(leader, people.mate).status_code == 200


@pytest.mark.parametrize("act", [make_code, sign_out])
def test_people_outside_do_not_exist(leader, people, outsider, act):
    gone = make.make_person("已离队", people.town.township)
    make.join_team(gone, people.town.team, left_on=make.DAY)
    assert act(leader, people.outsider).status_code == 404
    assert act(leader, gone).status_code == 404
    assert act(outsider, people.member).status_code == 404


def test_a_lost_phone_is_out_at_its_next_request_and_others_are_not(leader, people, as_person):
    lost, tablet, mates = as_person(people.member), as_person(people.member), as_person(people.mate)
    answer = sign_out(leader, people.member)
    assert answer.status_code == 302 and "王队员 的 2 台设备已退出登录" in text_of(leader.get(PEOPLE))
    assert lost.get("/api/v1/session").status_code == tablet.get("/api/v1/session").status_code == 401
    assert mates.get("/api/v1/session").status_code == 200
    line = db.session.scalars(select(Audit).where(Audit.action == "sessions.ended")).one()
    assert (line.actor_id, line.object_id) == (people.leader.id, str(people.member.id))
    sign_out(leader, people.member)
    assert "没有已登录的设备" in text_of(leader.get(PEOPLE)), "safe to repeat"


def test_without_the_token_nothing_is_done(leader, people):
    assert leader.post(f"{PEOPLE}/{people.member.id}/code").status_code == 400
    assert leader.post(f"{PEOPLE}/{people.member.id}/sign-out").status_code == 400
    assert db.session.scalars(select(SignInCode)).all() == []


def test_the_pages_have_no_inline_style_or_handler(leader, people):
    for page in (leader.get(PEOPLE), make_code(leader, people.member)):
        html = page.get_data(as_text=True)
        assert " style=" not in html and " onclick=" not in html


def test_the_page_asks_to_sign_in_and_is_not_a_members(client, people, evening, as_person):
    assert client.get(PEOPLE).location.startswith("/sign-in?next=")
    assert as_person(people.member).get(PEOPLE).status_code == 403


def test_a_session_counts_on_the_page_until_it_ends(leader, people, at):
    accounts.open_session(people.member, "phone", 1, make.EVENING)
    db.session.commit()
    assert "1 台设备" in text_of(leader.get(PEOPLE))
    at(make.EVENING + timedelta(hours=23))
    assert "1 台设备" in text_of(leader.get(PEOPLE))
