"""The review: held check-ins with their reasons as sentences, to count or to return."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Audit
from app.checkins.models import Checkin
from app.db import db
from app.routes.models import Checkpoint
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


@pytest.fixture
def held(people, phone, sync, as_person, points):
    """A check-in held for a mocked position, 20 m east of the first checkpoint."""
    item = phone.checkin(
        people.shift, points[0], 120, 500, make.EVENING + 6 * MINUTE, mocked=True, accuracy_m=9
    )
    receipts = sync(as_person(people.member), [phone.start(people.shift), item], make.EVENING + 7 * MINUTE)
    assert receipts[item["id"]]["verdict"] == "held"
    return item["id"]


@pytest.fixture
def far(people, phone, sync, as_person, points):
    """A check-in not counted: 86 m north of the first checkpoint."""
    item = phone.checkin(people.shift, points[0], 100, 586, make.EVENING + 6 * MINUTE, accuracy_m=9)
    receipts = sync(as_person(people.member), [phone.start(people.shift), item], make.EVENING + 7 * MINUTE)
    assert receipts[item["id"]]["verdict"] == "not_counted"
    return item["id"]


def decide(caller, checkin_id, **fields):
    return send(caller, "/desk/review", f"/desk/review/{checkin_id}", **fields)


def checkin(checkin_id):
    return db.session.scalar(
        select(Checkin).where(Checkin.id == checkin_id).execution_options(populate_existing=True)
    )


def test_a_held_check_in_is_shown_with_its_reason_and_place(leader, held):
    words = text_of(leader.get("/desk/review"))
    assert "手机报告说这个位置来自模拟定位软件" in words
    assert "距点1 20 米，在它的东边；定位误差 9 米" in words
    assert "待核 1" in words


def test_the_sentence_of_a_distance_has_its_figures(leader, far):
    words = text_of(leader.get("/desk/review?others=1"))
    assert "距点1 86 米；40 米内有效，信号弱时放宽不超过 30 米" in words


def test_counting_it_reaches_the_member_and_is_audited(leader, held, people, as_person):
    assert decide(leader, held, decision="counted").status_code == 302
    row = checkin(held)
    assert (row.verdict, row.review_verdict, row.reviewed_by) == ("counted", "counted", people.leader.id)
    receipts = (
        as_person(people.member)
        .get("/api/v1/field/receipts?since=2026-11-24T00:00:00Z")
        .get_json()["receipts"]
    )
    assert next(r for r in receipts if r["id"] == held)["verdict"] == "counted"
    assert db.session.scalar(select(Audit).where(Audit.action == "checkin.counted", Audit.object_id == held))
    assert "没有要核的签到" in text_of(leader.get("/desk/review")) or "刚决定的" in text_of(
        leader.get("/desk/review")
    )


def test_returning_needs_a_reason_and_keeps_the_page(leader, held):
    answer = decide(leader, held, decision="not_counted")
    assert answer.status_code == 422 and "退回要选一个原因" in text_of(answer)
    assert checkin(held).review_verdict is None
    assert decide(leader, held, decision="not_counted", reason="returned_not_there").status_code == 302
    assert (checkin(held).verdict, checkin(held).review_reason) == ("not_counted", "returned_not_there")


def test_the_same_decision_twice_is_one(leader, held):
    for _ in range(2):
        assert decide(leader, held, decision="counted").status_code == 302
    assert len(list(db.session.scalars(select(Audit).where(Audit.object_id == held)))) == 1


def test_the_second_of_two_leaders_is_told_of_the_first(leader, second_leader, held):
    assert decide(second_leader, held, decision="counted").status_code == 302
    answer = send(
        leader, "/desk/review", f"/desk/review/{held}", decision="not_counted", reason="returned_by_mistake"
    )
    assert answer.status_code == 409 and "另一位队长刚刚决定过" in text_of(answer)
    assert checkin(held).verdict == "counted"


def test_a_wrong_tap_is_set_right(leader, held):
    decide(leader, held, decision="counted")
    seen = checkin(held).reviewed_at.isoformat()
    answer = decide(leader, held, decision="not_counted", reason="returned_by_mistake", seen=seen)
    assert answer.status_code == 302 and checkin(held).verdict == "not_counted"


@pytest.mark.parametrize("decision", ["", "void", "held"])
def test_only_the_offered_decisions_are_taken(leader, held, decision):
    assert decide(leader, held, decision=decision).status_code == 422


def test_ones_own_check_in_is_for_somebody_else(leader, people, held):
    row = checkin(held)
    row.person_id = people.leader.id
    db.session.commit()
    assert "这是您自己的签到" in text_of(leader.get("/desk/review"))
    assert decide(leader, held, decision="counted").status_code == 422


def test_the_admin_decides_where_the_leader_cannot(people, as_person, held, evening):
    row = checkin(held)
    row.person_id = people.leader.id
    db.session.commit()
    admin = as_person(people.admin)
    words = text_of(admin.get("/desk/review"))
    assert "陈队长 · 点1" in words
    assert decide(admin, held, decision="counted").status_code == 302
    assert checkin(held).reviewed_by == people.admin.id


@pytest.mark.parametrize("who", ["member", "reviewer"])
def test_members_and_reviewers_do_not_review(people, as_person, held, evening, who):
    assert as_person(getattr(people, who)).get("/desk/review").status_code == 403


def test_the_other_township_sees_and_decides_nothing(outsider, held):
    assert "王队员" not in text_of(outsider.get("/desk/review"))
    assert outsider.get(f"/desk/review/{held}").status_code == 404
    assert decide(outsider, held, decision="counted").status_code == 404


def test_a_check_in_that_does_not_exist_is_not_found(leader, people):
    assert leader.get("/desk/review/0193f0a0-0000-7000-8000-000000000000").status_code == 404


def test_no_position_beyond_the_check_in_itself(leader, held):
    html = leader.get("/desk/review").get_data(as_text=True)
    assert "114.3" not in html and "30.5" not in html
