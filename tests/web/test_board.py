"""The board: who is out, who is late, what is done; the leader's work first; never where somebody is."""

from datetime import timedelta

from app.db import db
from tests import make
from tests.web.conftest import text_of

MINUTE = timedelta(minutes=1)


def test_before_the_start_a_full_crew_needs_nobody(leader, people, at):
    at(make.EVENING - 30 * MINUTE)
    words = text_of(leader.get("/desk/board"))
    assert "未到时间" in words and "0 需要您" in words and "李队员、王队员" in words


def test_a_crew_that_has_not_started_after_a_quarter_is_late(leader, people, at):
    at(make.EVENING + 20 * MINUTE)
    words = text_of(leader.get("/desk/board"))
    assert "迟到" in words and "未开始：李队员、王队员，已过 20 分钟" in words and "1 需要您" in words


def test_a_crew_under_way_shows_its_checkpoints_and_no_position(leader, people, at, sync, as_person, phone):
    points = people.town.route.id
    from sqlalchemy import select

    from app.routes.models import Checkpoint

    ids = list(
        db.session.scalars(
            select(Checkpoint.id).where(Checkpoint.route_version_id == points).order_by(Checkpoint.seq)
        )
    )
    phone.clock = make.EVENING
    items = [
        phone.start(people.shift),
        phone.checkin(people.shift, ids[0], 100, 500, make.EVENING + 6 * MINUTE),
    ]
    sync(as_person(people.member), items, make.EVENING + 7 * MINUTE)
    at(make.EVENING + 10 * MINUTE)
    answer = leader.get("/desk/board")
    words, html = text_of(answer), answer.get_data(as_text=True)
    assert "正在值勤" in words and "巡查点 1/3" in words and "最近：点1，20:06" in words
    assert "最近一次消息 20:07" in words and "已记的都收到了" in words
    assert "114.3" not in html and "30.5" not in html


def test_a_hole_in_the_phones_numbers_is_something_on_its_way(leader, people, at, sync, as_person, phone):
    from sqlalchemy import select

    from app.routes.models import Checkpoint

    ids = list(
        db.session.scalars(
            select(Checkpoint.id)
            .where(Checkpoint.route_version_id == people.town.route.id)
            .order_by(Checkpoint.seq)
        )
    )
    items = [
        phone.start(people.shift),
        phone.checkin(people.shift, ids[0], 100, 500, make.EVENING + 3 * MINUTE),
    ]
    phone.seq += 2
    items.append(phone.checkin(people.shift, ids[1], 600, 500, make.EVENING + 12 * MINUTE))
    sync(as_person(people.member), items, make.EVENING + 13 * MINUTE)
    assert "还有 2 条记录在路上" in text_of(leader.get("/desk/board"))


def test_a_silent_crew_is_said_and_is_no_fault(leader, people, at, sync, as_person, phone):
    mate = type(phone)(people.mate, make.EVENING)
    sync(as_person(people.member), [phone.start(people.shift)], make.EVENING)
    sync(as_person(people.mate), [mate.start(people.shift)], make.EVENING)
    at(make.EVENING + 45 * MINUTE)
    words = text_of(leader.get("/desk/board"))
    assert "没有消息" in words and "已 45 分钟没有消息" in words and "0 需要您" in words


def test_one_of_two_is_too_few(leader, people, at, sync, as_person, phone):
    sync(as_person(people.member), [phone.start(people.shift)], make.EVENING)
    at(make.EVENING + 18 * MINUTE)
    words = text_of(leader.get("/desk/board"))
    assert "人手不足" in words and "只到了 1 人" in words and "未开始：李队员" in words


def test_what_needs_the_leader_stands_first(leader, people, at):
    make.make_shift(
        people.town.team,
        people.town.route,
        [people.leader],
        starts_at=make.EVENING - 2 * 60 * MINUTE,
        hours=4.5,
    )
    at(make.EVENING + 1 * MINUTE)
    words = text_of(leader.get("/desk/board"))
    assert words.index("迟到") < words.index("未到时间")


def test_a_night_shift_of_yesterday_is_still_on_todays_board(leader, people, at):
    make.make_shift(
        people.town.team,
        people.town.route,
        [people.leader],
        starts_at=make.EVENING + timedelta(hours=3),
        hours=6,
    )
    at(make.EVENING + timedelta(hours=6))
    assert "23:00–次日 05:00" in text_of(leader.get("/desk/board"))


def test_the_fragment_is_the_lines_alone(leader, people):
    page = leader.get("/desk/board/lines").get_data(as_text=True)
    assert "<html" not in page and f'id="line-{people.shift.id}"' in page


def test_the_board_of_another_township_is_empty(outsider, people):
    assert "今天没有班次" in text_of(outsider.get("/desk/board"))


def test_the_board_asks_as_many_questions_for_ten_crews_as_for_one(leader, people, at, app):
    from sqlalchemy import event

    def questions() -> int:
        seen: list[str] = []
        note = lambda *args: seen.append(args[2])  # noqa: E731
        engine = db.engine.engine if hasattr(db.engine, "engine") else db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            leader.get("/desk/board/lines")
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    one = questions()
    for n in range(10):
        person = make.make_person(f"队员{n}", people.town.township)
        make.join_team(person, people.town.team)
        make.make_shift(people.town.team, people.town.route, [person])
    assert questions() <= one + 2
