"""Received, not counted: each such row is there for who leads, with who, what kind and why; never what was in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from app.accounts.models import Audit
from app.checkins.models import Checkin
from app.db import db
from app.duty.models import Duty
from app.field import operations, queries, received, settling
from app.field.models import ItemState, QuarantineItem
from app.routes.models import Checkpoint
from app.teams.models import TeamMember
from app.teams.scope import scope_of
from tests import make
from tests.phone import Phone
from tests.web.conftest import send, text_of

RECEIVED = "/desk/review/received"
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def member(people, evening, as_person):
    return as_person(people.member)


@pytest.fixture
def checkpoint(people):
    first = select(Checkpoint.id).where(
        Checkpoint.route_version_id == people.town.route.id, Checkpoint.seq == 1
    )
    return db.session.scalar(first)


def words_for(caller: Any) -> str:
    answer = caller.get(RECEIVED)
    assert answer.status_code == 200
    return text_of(answer)


def give_up(people, member, sync, phone, evening, monkeypatch) -> dict[str, Any]:
    """A start whose judging failed as often as the job tries."""
    start = phone.start(people.shift, evening)
    with monkeypatch.context() as patched:
        patched.setattr(settling.duties, "settle_window", lambda *_: 1 / 0)
        sync(member, [start], evening)
        for _ in range(operations.MOST_TRIES):
            operations.retry_failed(evening + MINUTE)
    db.session.commit()
    return start


def forget_bodies(people) -> int:
    return queries.forget_bodies(people.town.township.id, people.member.id, [])


# --- what is shown --------------------------------------------------------------------------------


def test_a_conflict_is_shown_with_who_sent_it_and_what_stands(people, leader, member, sync, phone, evening):
    first = phone.start(people.shift, evening)
    other = phone.item("duty.start", {"shift_id": people.shift.id, "fix": phone.fix(0, 0)}, id=first["id"])
    sync(member, [first], evening)
    sync(member, [other], evening + MINUTE)
    words = words_for(leader)
    assert "编号重复" in words and "王队员 · 开始值勤" in words and "11月24日 20:01 送到" in words
    assert "先到的那条照常处理" in words


def test_what_is_malformed_is_shown_with_its_reason(people, leader, member, sync, phone, evening):
    items = [
        phone.item("checkin", {"shift_id": people.shift.id}),
        phone.item("party", {"shift_id": 1}),
        {**phone.start(people.shift), "sha256": "0" * 64},
    ]
    sync(member, items, evening)
    words = words_for(leader)
    assert words.count("没有收下") >= 3
    assert "王队员 · 签到" in words and "记录内容不完整或不对" in words
    assert "王队员 · 其他记录" in words and "服务器不认识这类记录" in words
    assert "记录与校验码不一致" in words


def test_what_is_no_envelope_at_all_is_shown_by_who_brought_it(leader, member, sync, evening):
    answer = member.post(
        "/api/v1/field/sync",
        json={"sent_at": evening.isoformat(), "items": ["nothing", {"kind": {"a": 1}, "author_id": "x; --"}]},
    )
    assert {r["result"] for r in answer.get_json()["receipts"]} == {"rejected"}
    words = words_for(leader)
    assert words.count("由 王队员 送来 · 其他记录 记录格式不对") == 2


def test_an_item_that_another_session_brought_is_shown_with_both_and_no_button(
    people, leader, sync, phone, evening, as_person
):
    sync(as_person(people.mate), [phone.start(people.shift, evening)], evening)
    words = words_for(leader)
    assert "等待中" in words and "王队员 · 开始值勤" in words and "由 李队员 登录的手机送来" in words
    assert "本人在那部手机上登录后会自动计入" in words and "再试一次" not in words
    assert f'href="/desk/shifts/{people.shift.id}"' in leader.get(RECEIVED).get_data(as_text=True)


def test_what_is_taken_later_is_gone_from_the_page(people, leader, member, sync, phone, evening, checkpoint):
    tap = phone.checkin(people.shift, checkpoint, 105, 500, evening + MINUTE)
    sync(member, [tap], evening + 2 * MINUTE)
    assert "开始值勤的记录还没送到" in words_for(leader)
    sync(member, [phone.start(people.shift, evening)], evening + 3 * MINUTE)
    assert "没有这样的记录" in words_for(leader)


def test_words_about_people_are_shown_as_a_reason_and_not_as_words(
    people, leader, member, sync, phone, evening
):
    note = phone.item("note", {"shift_id": people.shift.id, "phrase": "other", "text": "找王某谈话"}, evening)
    sync(member, [note], evening)
    page = leader.get(RECEIVED)
    assert "王队员 · 记事" in text_of(page) and "这段话里说到了人，所以没有保存" in text_of(page)
    assert "王某" not in page.get_data(as_text=True)


def test_nothing_of_where_or_what_is_in_the_page(people, leader, member, sync, phone, evening, checkpoint):
    fix = phone.fix(105, 500)
    note = phone.item("note", {"shift_id": people.shift.id, "phrase": "other", "text": "路灯坏了"}, evening)
    items = [
        phone.checkin(people.shift, checkpoint, 105, 500, evening),
        phone.item("checkin", {"shift_id": people.shift.id, "fix": fix}, evening),
        {**note, "sha256": "0" * 64},
    ]
    sync(member, items, evening)
    html = leader.get(RECEIVED).get_data(as_text=True)
    assert html.count("王队员") >= 3
    for secret in (
        fix["lon_e7"],
        fix["lat_e7"],
        "114.3",
        "30.5",
        "路灯坏了",
        items[1]["sha256"],
        phone.device_id,
    ):
        assert str(secret) not in html


def test_a_track_that_a_member_refuses_is_nobody_elses_business(people, leader, member, sync, phone, evening):
    form = {"given": False, "version": 1}
    assert member.put("/api/v1/me/consents/tracks", json=form).status_code == 200
    walk = [(100 + 20 * n, 500.0, evening + n * MINUTE) for n in range(3)]
    piece = phone.segment(people.shift, walk)
    assert sync(member, [piece], evening + 5 * MINUTE)[piece["id"]]["reasons"] == ["tracks_refused"]
    assert "没有这样的记录" in words_for(leader)


def test_a_call_that_could_not_be_judged_is_shown_and_the_words_that_end_one_are_not(
    people, leader, member, sync, phone, evening, monkeypatch
):
    from app.alarms import operations as alarms

    call = phone.item("sos", {"shift_id": people.shift.id}, evening)
    early = phone.item("sos.cancel", {"sos_id": call["id"]}, evening)
    fine = phone.item("ok", {"shift_id": 999_999}, evening)
    broken = phone.item("sos.cancel", {}, evening)
    with monkeypatch.context() as patched:
        patched.setattr(alarms, "raise_sos", lambda *_, **__: 1 / 0)
        receipts = sync(member, [early, fine, broken, call], evening)
    assert {r["result"] for r in receipts.values()} == {"held", "rejected"}
    words = words_for(leader)
    assert "王队员 · 求助" in words and "系统每分钟自己再试" in words
    assert words.count("王队员") == 1 and "结束求助" not in words and "报平安" not in words


def test_after_thirty_days_a_row_is_past(people, leader, member, sync, phone, at, evening, as_person):
    sync(member, [phone.item("party", {})], evening)
    sync(as_person(people.mate), [phone.start(people.shift, evening)], evening)
    at(evening + 30 * DAY)
    assert "服务器不认识这类记录" in words_for(as_person(people.leader))
    at(evening + 30 * DAY + MINUTE)
    assert "没有这样的记录" in words_for(as_person(people.leader))


def test_a_row_whose_content_was_forgotten_is_still_listed(people, leader, member, sync, phone, evening):
    walk = [(100 + 20 * n, 500.0, evening + n * MINUTE) for n in range(3)]
    sync(member, [phone.item("party", {}), phone.segment(people.shift, walk)], evening + 5 * MINUTE)
    db.session.execute(update(QuarantineItem).values(content=db.null()))
    assert forget_bodies(people) == 1
    words = words_for(leader)
    assert "由 王队员 送来 · 其他记录" in words and "王队员 · 轨迹" in words
    assert "内容已按规定删除，不能再核定" in words


def test_more_than_fifty_go_on_on_a_second_page_newest_first(people, leader, member, sync, phone, evening):
    sync(member, [phone.item("party", {"n": n}) for n in range(50)], evening)
    assert "更早的" not in words_for(leader)
    sync(member, [phone.item("party", {"n": 50})], evening + 2 * MINUTE)
    first, second = words_for(leader), text_of(leader.get(f"{RECEIVED}?page=2"))
    assert (
        "收到但没有计入 51" in first
        and first.count("送到 ") == 50
        and "20:02 送到" in first
        and "更早的" in first
    )
    assert second.count("送到 ") == 1 and "20:00 送到" in second and "更近的" in second
    for odd in ("0", "-3", "x", "99999999999999999999"):
        assert leader.get(f"{RECEIVED}?page={odd}").status_code == 200


def test_a_hole_in_a_phones_numbers_is_said_by_whose_phone_it_is(
    people, leader, member, sync, phone, evening, checkpoint
):
    phone.clock = evening
    items = [phone.start(people.shift)]
    items.append(phone.checkin(people.shift, checkpoint, 105, 500, evening + MINUTE))
    phone.seq += 2
    items.append(phone.checkin(people.shift, checkpoint, 105, 500, evening + 9 * MINUTE))
    sync(member, items, evening + 10 * MINUTE)
    assert "王队员 的手机还有 2 条记录没有送到 · 11月24日" in words_for(leader)


def test_the_board_and_the_review_say_how_many_there_are(people, leader, member, sync, phone, evening):
    board = leader.get("/desk/board")
    assert RECEIVED not in board.get_data(as_text=True)
    assert "收到但没有计入 0" in text_of(leader.get("/desk/review"))
    sync(member, [phone.item("party", {})], evening)
    board = leader.get("/desk/board")
    assert "有 1 条记录收到了但没有计入" in text_of(board) and RECEIVED in board.get_data(as_text=True)
    assert "收到但没有计入 1" in text_of(leader.get("/desk/review"))


def test_the_page_reads_in_english_too(people, leader, member, sync, phone, evening):
    sync(member, [phone.item("party", {})], evening)
    leader.set_cookie("lang", "en", domain="localhost")
    words = words_for(leader)
    assert "Received, not counted" in words and "The server does not know this kind of record." in words


def test_the_page_has_no_inline_style_or_handler(people, leader, member, sync, phone, evening):
    sync(member, [phone.item("party", {})], evening)
    html = leader.get(RECEIVED).get_data(as_text=True)
    assert " style=" not in html and " onclick=" not in html and html.count('aria-current="page"') == 1


# --- who sees it ----------------------------------------------------------------------------------


def test_the_page_asks_to_sign_in_and_is_not_a_members(client, people, evening, member, as_person):
    assert client.get(RECEIVED).location.startswith("/sign-in?next=")
    assert member.get(RECEIVED).status_code == as_person(people.reviewer).get(RECEIVED).status_code == 403


def test_the_admin_of_the_area_sees_it_and_the_outsider_nothing(
    people, outsider, member, sync, phone, evening, as_person
):
    sync(member, [phone.item("party", {}), phone.start(people.shift, evening)], evening)
    sync(as_person(people.mate), [phone.end(people.shift, evening)], evening)
    admin = words_for(as_person(people.admin))
    assert "服务器不认识这类记录" in admin and "由 李队员 登录的手机送来" in admin
    assert "没有这样的记录" in words_for(outsider)


def test_a_leader_sees_their_own_team_and_whoever_names_their_shift(
    people, leader, member, sync, phone, evening, as_person
):
    second = make.make_team(people.town.township)
    helper, chief = (make.make_person(name, people.town.township) for name in ("临时帮手", "二队队长"))
    make.join_team(helper, second)
    make.grant(chief, "leader", team=second)
    sync(member, [phone.item("party", {})], evening)
    theirs = Phone(helper, evening)
    sync(as_person(helper), [theirs.start(people.shift, evening), theirs.item("party", {})], evening)
    ours = words_for(leader)
    assert "王队员" in ours and "临时帮手 · 开始值勤" in ours and ours.count("临时帮手") == 1
    others = as_person(chief)
    assert words_for(others).count("临时帮手") == 2 and "王队员" not in words_for(others)
    assert f"/desk/shifts/{people.shift.id}" not in others.get(RECEIVED).get_data(as_text=True)


def test_who_has_left_the_team_is_not_its_leaders_to_see(people, leader, member, sync, phone, evening):
    sync(member, [phone.item("party", {})], evening)
    db.session.execute(
        update(TeamMember).where(TeamMember.person_id == people.member.id).values(left_on=make.DAY)
    )
    assert "没有这样的记录" in words_for(leader)


def test_numbers_of_people_in_envelopes_read_no_names_of_another_township(
    people, leader, member, sync, phone, evening
):
    """A leader whose own phone brings items of anybody's does not learn who that is."""
    stranger = people.outsider.id
    claimed = [
        phone.item("note", {"phrase": "all_quiet"}, evening, author_id=stranger),
        phone.item("party", {}, evening, author_id=stranger),
        phone.item("note", {"phrase": "all_quiet"}, evening, author_id=999_999_999),
    ]
    receipts = sync(member, claimed, evening)
    assert [receipts[one["id"]]["reasons"] for one in claimed] == [
        ["other_author"], ["unknown_kind"], ["unknown_author"],
    ]  # fmt: skip
    words = words_for(leader)
    assert "外镇队员" not in words and words.count("外镇或查不到的人") == 3
    assert words.count("由 王队员 登录的手机送来") == 3


# --- try again ------------------------------------------------------------------------------------


def test_what_the_job_still_tries_has_no_button(people, leader, member, sync, phone, evening, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(settling.duties, "settle_window", lambda *_: 1 / 0)
        sync(member, [phone.start(people.shift, evening)], evening)
    words = words_for(leader)
    assert "核定时出了问题" in words and "再试一次" not in words


def test_what_was_given_up_is_judged_again_by_a_button_and_that_is_audited(
    people, leader, member, sync, phone, evening, monkeypatch
):
    start = give_up(people, member, sync, phone, evening, monkeypatch)
    assert operations.retry_failed(evening + 2 * MINUTE) == 0, "the job has given up"
    assert "系统试了 5 次都没有核定成" in words_for(leader) and "再试一次" in words_for(leader)
    answer = send(leader, RECEIVED, f"{RECEIVED}/{start['id']}/again?page=2")
    assert answer.status_code == 302 and answer.location.endswith(f"{RECEIVED}?page=2")
    words = words_for(leader)
    assert "这条记录已经核定" in words and "没有这样的记录" in words
    assert db.session.scalar(select(Duty.started_at)) == evening
    line = db.session.scalars(select(Audit).where(Audit.action == "item.tried_again")).one()
    assert (line.actor_id, line.object_id, line.detail) == (
        people.leader.id, start["id"], {"result": "stored"},
    )  # fmt: skip
    again = leader.get(RECEIVED)
    assert "再试一次" not in text_of(again)


def test_to_press_twice_judges_once(people, leader, second_leader, member, sync, phone, evening, monkeypatch):
    start = give_up(people, member, sync, phone, evening, monkeypatch)
    address = f"{RECEIVED}/{start['id']}/again"
    both = leader.get(RECEIVED), second_leader.get(RECEIVED)
    assert all("再试一次" in text_of(page) for page in both)
    send(leader, RECEIVED, address)
    leader.get(RECEIVED)
    member_page = send(
        second_leader, "/desk/board", "/language", lang="zh"
    )  # a token without the button's page
    assert member_page.status_code == 302
    assert send(second_leader, "/desk/board", address).status_code == 302
    assert "已经不用再试了" in words_for(second_leader)
    assert len(db.session.scalars(select(Audit).where(Audit.action == "item.tried_again")).all()) == 1


def test_what_fails_again_says_so_and_keeps_its_button(
    people, leader, member, sync, phone, evening, monkeypatch
):
    start = give_up(people, member, sync, phone, evening, monkeypatch)
    monkeypatch.setattr(settling.duties, "settle_window", lambda *_: 1 / 0)
    send(leader, RECEIVED, f"{RECEIVED}/{start['id']}/again")
    words = words_for(leader)
    assert "试过了，这条记录还在等待" in words and "再试一次" in words
    state = db.session.scalar(select(ItemState))
    assert (state.result, state.reasons) == ("held", ["judging_failed"])


def test_what_has_no_content_left_has_no_button(people, leader, member, sync, phone, evening, monkeypatch):
    walk = [(100 + 20 * n, 500.0, evening + n * MINUTE) for n in range(3)]
    sync(member, [phone.start(people.shift, evening)], evening)
    with monkeypatch.context() as patched:
        patched.setattr(settling.duties, "settle_window", lambda *_: 1 / 0)
        sync(member, [phone.segment(people.shift, walk)], evening + 5 * MINUTE)
        for _ in range(operations.MOST_TRIES):
            operations.retry_failed(evening + 6 * MINUTE)
    assert "再试一次" in words_for(leader)
    assert forget_bodies(people) == 2
    words = words_for(leader)
    assert "系统试了 5 次都没有核定成。 内容已按规定删除" in words and "再试一次" not in words


def test_another_persons_item_cannot_be_judged_for_them(people, leader, sync, phone, evening, as_person):
    start = phone.start(people.shift, evening)
    sync(as_person(people.mate), [start], evening)
    assert send(leader, "/desk/board", f"{RECEIVED}/{start['id']}/again").status_code == 302
    assert "已经不用再试了" in words_for(leader)
    assert db.session.scalar(select(ItemState.reasons)) == ["other_author"]
    assert db.session.scalars(select(Audit).where(Audit.action == "item.tried_again")).all() == []


def test_outside_and_unknown_items_do_not_exist_and_a_token_is_needed(
    people, leader, outsider, member, sync, phone, evening, monkeypatch
):
    start = give_up(people, member, sync, phone, evening, monkeypatch)
    address = f"{RECEIVED}/{start['id']}/again"
    assert leader.post(address).status_code == 400
    assert send(outsider, "/desk/board", address).status_code == 404
    assert send(leader, "/desk/board", f"{RECEIVED}/{uuid4()}/again").status_code == 404
    assert db.session.scalar(select(ItemState.result)) == "held"


def test_a_check_in_that_was_given_up_is_measured_then(
    people, leader, member, sync, phone, evening, checkpoint, monkeypatch
):
    sync(member, [phone.start(people.shift, evening)], evening)
    tap = phone.checkin(people.shift, checkpoint, 105, 500, evening + MINUTE)
    with monkeypatch.context() as patched:
        patched.setattr(settling, "_judge_checkins", lambda *_: 1 / 0)
        sync(member, [tap], evening + 2 * MINUTE)
        for _ in range(operations.MOST_TRIES):
            operations.retry_failed(evening + 3 * MINUTE)
    db.session.commit()
    send(leader, RECEIVED, f"{RECEIVED}/{tap['id']}/again")
    assert db.session.scalar(select(Checkin.verdict)) == "counted"
    assert received.count(scope_of(people.leader), evening + 4 * MINUTE) == 0
