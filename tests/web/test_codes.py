"""The leader's codes: the day's sheet, links for screens, tags, new secrets; and the screen itself."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from app.accounts.models import Audit
from app.accounts.secrets import unseal
from app.db import db
from app.routes import rules
from app.routes.models import Checkpoint, CheckpointCode, CodeDisplay
from tests import make
from tests.web.conftest import send, text_of

MINUTE = timedelta(minutes=1)


@pytest.fixture
def points(people):
    route = people.town.route.id
    return list(
        db.session.scalars(
            select(Checkpoint.id).where(Checkpoint.route_version_id == route).order_by(Checkpoint.seq)
        )
    )


def secret(name="点1"):
    db.session.expire_all()
    return unseal(db.session.scalar(select(CheckpointCode).where(CheckpointCode.name == name)).sealed)


def link_in(answer):
    return re.search(r"/display/[\w-]+", answer.get_data(as_text=True))[0]


@pytest.fixture
def screen(leader, points):
    """The address of a new screen at the first checkpoint."""
    answer = send(leader, "/desk/codes", f"/desk/codes/{points[0]}/display")
    assert answer.status_code == 200
    return link_in(answer)


def test_the_sheet_has_a_card_for_each_checkpoint_with_its_code_in_figures(leader, people):
    answer = leader.get("/desk/codes")
    words = text_of(answer)
    for name in ("点1", "点2", "点3"):
        code = rules.day_code(secret(name), make.DAY)
        assert f"{code[:3]} {code[3:]}" in words
    assert words.count("11月24日 周二有效") == 3 and "清禾镇一路线" in words
    assert answer.get_data(as_text=True).count('<img src="data:image/svg+xml') == 3


def test_the_same_day_has_the_same_code_and_another_day_another(leader, people):
    first = text_of(leader.get("/desk/codes"))
    assert text_of(leader.get("/desk/codes")) == first
    code = rules.day_code(secret(), make.DAY + timedelta(days=1))
    assert f"{code[:3]} {code[3:]}" in text_of(leader.get("/desk/codes?day=2026-11-25"))


@pytest.mark.parametrize("day", ["", "x", "2026-13-45", "1999-01-01", "2027-11-24"])
def test_a_day_out_of_reach_is_today(leader, people, day):
    assert "11月24日 周二有效" in text_of(leader.get(f"/desk/codes?day={day}"))


def test_the_screen_shows_the_code_of_its_minute_and_when_the_next_comes(client, screen, at, points):
    for second, left in ((0, 60), (59, 1), (60, 60)):
        now = at(make.EVENING + timedelta(seconds=second))
        said = client.get(f"{screen}/code").get_json()
        code = rules.display_code(secret(), rules.step_of(now))
        assert (said["code"].replace(" ", ""), said["next_s"], said["name"]) == (code, left, "点1")
        assert said["picture"].startswith("data:image/svg+xml")


def test_the_screens_page_holds_no_secret_and_no_code(client, screen, evening):
    html = client.get(screen).get_data(as_text=True)
    spelled = [
        secret().hex(),
        rules.display_code(secret(), rules.step_of(evening)),
        rules.tag_token(secret()),
    ]
    assert "点1" in html and not [word for word in spelled if word in html]
    assert client.get(screen).headers["Cache-Control"] == "no-store"


def test_a_link_is_kept_as_a_hash_only(screen):
    token = screen.rsplit("/", 1)[1]
    row = db.session.scalar(select(CodeDisplay))
    assert token.encode() not in row.token_sha256 and len(token) >= 32


def test_a_link_that_was_taken_back_is_as_if_it_had_never_been(client, leader, screen):
    display_id = db.session.scalar(select(CodeDisplay.id))
    for _ in range(2):
        assert send(leader, "/desk/codes", f"/desk/codes/displays/{display_id}/revoke").status_code == 302
    assert client.get(screen).status_code == client.get(f"{screen}/code").status_code == 404
    never = client.get("/display/never-was")
    assert never.status_code == 404 and text_of(client.get(screen)) == text_of(never)
    assert "正在用的屏幕" not in text_of(leader.get("/desk/codes"))


def test_a_route_that_is_no_longer_walked_shows_no_codes(client, people, screen):
    db.session.get(make.Route, people.town.route.route_id).active = False
    db.session.commit()
    assert client.get(f"{screen}/code").status_code == 404


def test_a_tags_text_is_shown_and_each_look_is_in_the_audit(leader, people, points):
    answer = send(leader, "/desk/codes", f"/desk/codes/{points[0]}/tag")
    assert rules.on_tag(points[0], rules.tag_token(secret())) in unescape(answer.get_data(as_text=True))
    assert db.session.scalar(
        select(Audit).where(Audit.action == "codes.tag", Audit.actor_id == people.leader.id)
    )


def test_a_new_secret_changes_sheet_screen_and_tag(leader, client, screen, points):
    before = secret()
    was = client.get(f"{screen}/code").get_json()["code"]
    assert send(leader, "/desk/codes", f"/desk/codes/{points[0]}/change").status_code == 302
    assert secret() != before and secret("点2") != secret()
    assert client.get(f"{screen}/code").get_json()["code"] != was


def test_secrets_lie_sealed(leader, people):
    leader.get("/desk/codes")
    row = db.session.scalar(select(CheckpointCode).where(CheckpointCode.name == "点1"))
    assert unseal(row.sealed) not in row.sealed


ADDRESSES = ["/desk/codes/{p}/display", "/desk/codes/{p}/tag", "/desk/codes/{p}/change"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_other_townships_leader_makes_nothing_here(outsider, points, address):
    assert send(outsider, "/desk/codes", address.format(p=points[0])).status_code == 404


def test_the_other_townships_leader_sees_no_route_of_ours(outsider, people):
    assert outsider.get(f"/desk/codes?route={people.town.route.route_id}").status_code == 404
    assert "清禾镇一路线" not in text_of(outsider.get("/desk/codes"))


@pytest.mark.parametrize("who", ["member", "reviewer"])
def test_members_and_reviewers_get_no_codes(people, as_person, evening, who, points):
    caller = as_person(getattr(people, who))
    assert caller.get("/desk/codes").status_code == 403
    assert caller.post(f"/desk/codes/{points[0]}/tag").status_code in (400, 403)


def test_codes_need_a_sign_in(client, points):
    assert client.get("/desk/codes").status_code == 302


@pytest.mark.parametrize(
    "address", ["/desk/codes/0/tag", "/desk/codes/999999999/display", "/desk/codes/displays/0/revoke"]
)
def test_what_does_not_exist_is_not_found(leader, address):
    assert send(leader, "/desk/codes", address).status_code == 404


def test_without_routes_the_page_says_what_it_will_show(people, as_person, evening):
    other = make.make_person("新队长", people.town.township)
    make.grant(other, "leader", team=make.make_team(people.town.township))
    assert "还没有路线" in text_of(as_person(other).get("/desk/codes"))


# --- the review and the shift show what was said --------------------------------------------------


@pytest.fixture
def said(people, phone, sync, as_person, points):
    """A start with an answer about the duty; a check-in with a wrong code, co-signed, and contested."""
    from tests.phone import Phone

    start = phone.start(people.shift, make.EVENING)
    body = {
        "shift_id": people.shift.id, "phase": "here", "checkpoint_id": points[0], "method": "code", "code": "000000",
        "fix": phone.fix(105, 500),
    }  # fmt: skip
    checkin = phone.item("checkin", body, make.EVENING + 5 * MINUTE)
    answers = [
        phone.item(
            "answer", {"item_id": checkin["id"], "phrase": "code_unreadable", "text": "<b>雨水糊了</b>"}
        ),
        phone.item("answer", {"item_id": start["id"], "phrase": "a_newer_phones"}),
    ]
    sync(as_person(people.member), [start, checkin, *answers], make.EVENING + 6 * MINUTE)
    mate = Phone(people.mate, make.EVENING)
    word = {"shift_id": people.shift.id, "checkin_id": checkin["id"]}
    items = [mate.start(people.shift), mate.item("cosign", word, make.EVENING + 6 * MINUTE)]
    sync(as_person(people.mate), items, make.EVENING + 7 * MINUTE)
    return checkin["id"]


def test_the_review_shows_answer_code_cosignature_and_evidence(leader, said):
    answer = leader.get("/desk/review")
    words = text_of(answer)
    assert "码看不清或被遮住" in words and "不是这个点当时的码" in words
    assert "见证 李队员" in words and "另一名队员见证" in words
    assert "&lt;b&gt;雨水糊了&lt;/b&gt;" in answer.get_data(as_text=True)


def test_deciding_closes_the_answer(leader, said):
    assert send(leader, "/desk/review", f"/desk/review/{said}", decision="counted").status_code == 302
    assert "没有要核的签到" in text_of(leader.get("/desk/review")) or "待核 0" in text_of(
        leader.get("/desk/review")
    )


def test_what_is_said_about_a_duty_is_on_board_and_shift_until_it_was_read(leader, people, said):
    shift = f"/desk/shifts/{people.shift.id}"
    assert "王队员 · 其他" in text_of(leader.get(shift)) and "王队员 · 其他" in text_of(
        leader.get("/desk/board")
    )
    found = re.search(r"/desk/answers/[\w-]+/seen", leader.get(shift).get_data(as_text=True))[0]
    for _ in range(2):
        assert send(leader, shift, found, shift=people.shift.id).status_code == 302
    assert "王队员 · 其他" not in text_of(leader.get(shift))


def test_an_answer_of_the_other_township_is_not_found(outsider, leader, people, said):
    page = leader.get(f"/desk/shifts/{people.shift.id}").get_data(as_text=True)
    found = re.search(r"/desk/answers/[\w-]+/seen", page)[0]
    assert send(outsider, "/desk/review", found).status_code == 404
