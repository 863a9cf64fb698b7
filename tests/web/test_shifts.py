"""The week of shifts: planning, changing, cancelling, copying, two leaders at once, and a double booking."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Audit
from app.db import db
from app.duty import attendance, choices
from app.duty.models import Assignment, Duty, Shift
from app.routes.models import Checkpoint
from tests import make
from tests.phone import Phone
from tests.web.conftest import send, text_of

LATER = make.EVENING + timedelta(days=2)


def a_plan(people, **other):
    plan = {
        "team": people.town.team.id, "day": "2026-11-26", "starts": "20:00", "ends": "22:30",
        "route": people.town.route.id, "meeting_place": "东门岗亭", "crew_wanted": "2",
        "crew": [people.member.id, people.mate.id], "version": "1",
    }  # fmt: skip
    return {key: value for key, value in {**plan, **other}.items() if value is not None}


def plan(caller, people, **other):
    return send(caller, "/desk/shifts/new", "/desk/shifts/new", **a_plan(people, **other))


def change(caller, people, shift, **other):
    address = f"/desk/shifts/{shift.id}/change"
    return send(caller, address, address, **a_plan(people, **other))


def new_shifts():
    return list(
        db.session.scalars(
            select(Shift).where(Shift.starts_at >= LATER - timedelta(days=1)).order_by(Shift.id)
        )
    )


def crew_of(shift):
    return set(
        db.session.scalars(
            select(Assignment.person_id).where(Assignment.shift_id == shift.id, Assignment.active)
        )
    )


# --- planning ----------------------------------------------------------------------------------------


def test_a_planned_shift_is_in_the_week_and_in_the_phones_plan(leader, people, as_person):
    before = as_person(people.member).get("/api/v1/field/plan").get_json()["version"]
    answer = plan(leader, people)
    assert answer.status_code == 302
    shift = new_shifts()[0]
    assert (shift.starts_at, shift.ends_at) == (LATER, LATER + timedelta(hours=2, minutes=30))
    assert crew_of(shift) == {people.member.id, people.mate.id}
    assert "东门岗亭" in text_of(leader.get(answer.location))
    assert "20:00–22:30" in text_of(leader.get("/desk/shifts?week=2026-W48"))
    phone = as_person(people.member).get("/api/v1/field/plan").get_json()
    assert phone["version"] != before
    mine = next(s for s in phone["shifts"] if s["id"] == shift.id)
    assert mine["mine"] and mine["meeting_place"] == "东门岗亭"
    assert db.session.scalar(
        select(Audit).where(Audit.action == "shift.plan", Audit.object_id == str(shift.id))
    )


def test_the_same_plan_sent_twice_is_one_shift(leader, people):
    first, second = plan(leader, people), plan(leader, people)
    assert first.location == second.location
    assert len(new_shifts()) == 1


def test_a_night_shift_is_one_shift_on_the_day_it_starts(leader, people):
    plan(leader, people, starts="22:00", ends="01:00")
    shift = new_shifts()[0]
    assert shift.day.isoformat() == "2026-11-26" and shift.ends_at - shift.starts_at == timedelta(hours=3)
    assert "22:00–次日 01:00" in text_of(leader.get(f"/desk/shifts/{shift.id}"))


def test_an_open_place_stays_visible(leader, people):
    plan(leader, people, crew=[people.member.id])
    assert "还缺 1 人" in text_of(leader.get("/desk/shifts?week=2026-W48"))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"day": "2026-13-40"}, "这一项填得不对"),
        ({"day": "2036-11-26"}, "日期要在前 14 天到后 180 天之间"),
        ({"starts": ""}, "这一项要填"),
        ({"starts": "08:00", "ends": "08:05"}, "15 分钟到 16 小时"),
        ({"crew_wanted": "1"}, "至少两人同行"),
        ({"crew_wanted": "99"}, "人数填 1 到 20"),
        ({"fit_for_one": "y", "crew_wanted": "1"}, "一个人只限白天"),
        ({"meeting_place": "东" * 81}, "最多 80 个字"),
        ({"route": "999999"}, "这一项填得不对"),
        ({"crew": ["999999"]}, "这一项填得不对"),
        ({"crew": ["x"]}, "这一项填得不对"),
    ],
)
def test_a_wrong_field_is_said_beside_it_and_nothing_typed_is_lost(leader, people, wrong, sentence):
    answer = plan(leader, people, **{"meeting_place": '<东门>"岗亭"', **wrong})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    if "meeting_place" not in wrong:
        assert "&lt;东门&gt;" in page and "<东门>" not in page
    if "starts" not in wrong:
        assert 'value="20:00"' in page
    if "crew" not in wrong:
        assert page.count("checked") >= 2
    assert new_shifts() == []


def test_one_person_is_enough_by_day_where_the_leader_says_so(leader, people):
    assert (
        plan(leader, people, starts="09:00", ends="11:00", crew_wanted="1", fit_for_one="y").status_code
        == 302
    )


def test_who_is_not_insured_is_named(leader, people):
    uninsured = make.make_person("吴无险", people.town.township)
    make.join_team(uninsured, people.town.team, insured=False)
    answer = plan(leader, people, crew=[people.member.id, uninsured.id])
    assert answer.status_code == 422
    assert "吴无险 那天没有登记保险" in text_of(answer)
    assert new_shifts() == []


def test_a_double_booking_says_whom_and_where(leader, people):
    plan(leader, people)
    answer = plan(leader, people, starts="21:00", ends="23:00", crew=[people.member.id])
    assert answer.status_code == 409
    assert "王队员 已经排在 清禾镇志愿队 11月26日 周四 20:00–22:30，时间重叠" in text_of(answer)
    assert "李队员 已经排在" not in text_of(answer)
    assert len(new_shifts()) == 1


def test_the_database_refuses_whom_another_leader_took_a_moment_ago(leader, people, monkeypatch):
    plan(leader, people)
    monkeypatch.setattr(choices, "bookings_of", lambda *_: [])
    answer = plan(leader, people, starts="21:00", ends="23:00", crew=[people.member.id])
    assert answer.status_code == 409
    assert "刚刚被排到同一时间的另一班" in text_of(answer)
    assert len(new_shifts()) == 1


def test_too_little_rest_is_shown_first_and_then_accepted(leader, people):
    plan(leader, people)
    answer = plan(leader, people, day="2026-11-27", starts="06:00", ends="08:00")
    assert answer.status_code == 422
    assert "王队员 与 清禾镇志愿队 11月26日 周四 20:00–22:30 之间休息不到 11 小时" in text_of(answer)
    assert 'name="accepted"' in answer.get_data(as_text=True)
    assert (
        plan(leader, people, day="2026-11-27", starts="06:00", ends="08:00", accepted="y").status_code == 302
    )


def test_the_same_two_a_fourth_time_are_shown_first_and_then_accepted(leader, people):
    early = {"starts": "14:00", "ends": "16:00"}
    for day in ("2026-11-25", "2026-11-26"):
        assert plan(leader, people, day=day, **early).status_code == 302
    answer = plan(leader, people, day="2026-11-27", **early)
    assert answer.status_code == 422 and 'name="accepted"' in answer.get_data(as_text=True)
    words = text_of(answer)
    assert "会连着搭班 4 次，同样两个人最多连着 3 次" in words and "王队员" in words and "李队员" in words
    leader.set_cookie("lang", "en", domain="localhost")
    words = text_of(plan(leader, people, day="2026-11-27", **early))
    assert "would be together 4 times in a row; the same two should be at most 3 times" in words
    assert plan(leader, people, day="2026-11-27", **early, accepted="y").status_code == 302


def test_another_teams_leader_sees_and_plans_nothing_here(outsider, people):
    plan_elsewhere = a_plan(people)
    answer = send(outsider, "/desk/shifts/new", "/desk/shifts/new", **plan_elsewhere)
    assert answer.status_code in (404, 422)
    assert new_shifts() == []
    for page in ("/desk/shifts?week=2026-W48", "/desk/board", "/desk/shifts/new"):
        assert "王队员" not in text_of(outsider.get(page)) and "清禾" not in text_of(outsider.get(page))


@pytest.mark.parametrize("page", ["", "/change"])
def test_a_shift_of_another_township_does_not_exist(outsider, people, page):
    assert outsider.get(f"/desk/shifts/{people.shift.id}{page}").status_code == 404


@pytest.mark.parametrize("page", ["", "/change"])
def test_a_shift_of_another_team_of_the_township_is_not_this_leaders(people, as_person, page):
    team = make.make_team(people.town.township, "另一队")
    other = make.make_person("孙队长", people.town.township)
    make.grant(other, "leader", team=team)
    assert as_person(other).get(f"/desk/shifts/{people.shift.id}{page}").status_code == 404


@pytest.mark.parametrize("page", ["crew", "cancel", "change", "attendance/1"])
def test_nothing_is_written_to_a_shift_of_another_township(outsider, people, page):
    answer = send(
        outsider, "/desk/shifts", f"/desk/shifts/{people.shift.id}/{page}", version="1", reason="weather"
    )
    assert answer.status_code == 404


# --- changing ----------------------------------------------------------------------------------------


def test_a_change_counts_the_version_and_reaches_the_phone(leader, people, as_person):
    plan(leader, people)
    shift = new_shifts()[0]
    assert change(leader, people, shift, starts="19:00", crew=[people.member.id]).status_code == 302
    db.session.refresh(shift)
    assert shift.version == 2 and crew_of(shift) == {people.member.id}
    phone = as_person(people.mate).get("/api/v1/field/plan").get_json()
    assert next(s for s in phone["shifts"] if s["id"] == shift.id)["mine"] is False


def test_the_second_of_two_leaders_gets_both_versions(leader, second_leader, people):
    plan(leader, people)
    shift = new_shifts()[0]
    assert change(second_leader, people, shift, meeting_place="西门").status_code == 302
    answer = change(leader, people, shift, meeting_place="南门", starts="19:30")
    words = text_of(answer)
    assert answer.status_code == 409
    assert "何队长" in words and "西门" in words and "南门" in words and "19:30–22:30" in words
    db.session.refresh(shift)
    assert (shift.version, shift.meeting_place) == (2, "西门")
    assert 'name="version" type="hidden" value="2"' in answer.get_data(as_text=True)
    assert change(leader, people, shift, meeting_place="南门", version="2").status_code == 302
    db.session.refresh(shift)
    assert (shift.version, shift.meeting_place) == (3, "南门")


def test_a_shift_that_has_begun_keeps_its_times(leader, people, sync, as_person, phone):
    sync(as_person(people.member), [phone.start(people.shift)], make.EVENING)
    answer = change(leader, people, people.shift, day="2026-11-24", starts="19:00")
    assert answer.status_code == 409
    assert "已经有人开始值勤" in text_of(answer)


def test_the_crew_changes_while_the_shift_runs_but_not_whom_it_has(leader, people, sync, as_person, phone):
    third = make.make_person("赵队员", people.town.township)
    make.join_team(third, people.town.team)
    sync(as_person(people.member), [phone.start(people.shift)], make.EVENING)
    page = f"/desk/shifts/{people.shift.id}"
    refused = send(leader, page, f"{page}/crew", version="1", crew=[third.id])
    assert refused.status_code == 422 and "王队员 已经开始值勤" in text_of(refused)
    assert (
        send(leader, page, f"{page}/crew", version="1", crew=[people.member.id, third.id]).status_code == 302
    )
    assert crew_of(people.shift) == {people.member.id, third.id}


def test_who_is_put_on_the_shift_after_they_began_is_no_longer_flagged(
    leader, people, sync, as_person, evening
):
    third = make.make_person("赵队员", people.town.township)
    make.join_team(third, people.town.team)
    phone = Phone(third, evening)
    place = db.session.scalar(
        select(Checkpoint.id).where(Checkpoint.route_version_id == people.town.route.id, Checkpoint.seq == 1)
    )
    tap = phone.checkin(people.shift, place, 105, 500, evening + timedelta(minutes=1))
    caller = as_person(third)
    start = phone.start(people.shift, evening)
    receipts = sync(caller, [start, tap], evening + timedelta(minutes=2))
    assert "off_roster" in receipts[tap["id"]]["reasons"]
    page = f"/desk/shifts/{people.shift.id}"
    crew = [people.member.id, people.mate.id, third.id]
    assert send(leader, page, f"{page}/crew", version="1", crew=crew).status_code == 302
    receipts = sync(caller, [start, tap], evening + timedelta(minutes=3))
    assert "off_roster" not in receipts[tap["id"]]["reasons"]


def test_a_stale_crew_is_refused(leader, second_leader, people):
    page = f"/desk/shifts/{people.shift.id}"
    assert send(second_leader, page, f"{page}/crew", version="1", crew=[people.member.id]).status_code == 302
    answer = send(leader, page, f"{page}/crew", version="1", crew=[people.mate.id])
    assert answer.status_code == 409 and "别人刚刚改过" in text_of(answer)
    assert crew_of(people.shift) == {people.member.id}


# --- cancelling --------------------------------------------------------------------------------------


def test_a_cancelled_shift_frees_its_people_and_tells_their_phones(leader, people, as_person):
    plan(leader, people)
    shift = new_shifts()[0]
    page = f"/desk/shifts/{shift.id}"
    assert send(leader, page, f"{page}/cancel", version="1", reason="weather").status_code == 302
    assert send(leader, page, f"{page}/crew", version="2", crew=[people.mate.id]).status_code == 409
    assert "天气" in text_of(leader.get(page))
    mine = next(
        s
        for s in as_person(people.member).get("/api/v1/field/plan").get_json()["shifts"]
        if s["id"] == shift.id
    )
    assert mine["status"] == "cancelled" and mine["mine"]
    assert plan(leader, people, ends="23:00").status_code == 302


def test_cancelling_needs_one_of_the_fixed_reasons(leader, people):
    page = f"/desk/shifts/{people.shift.id}"
    for reason in ("", "because of Mr. X"):
        assert send(leader, page, f"{page}/cancel", version="1", reason=reason).status_code == 422
    db.session.refresh(people.shift)
    assert people.shift.status == "planned"


def test_cancelling_twice_is_once(leader, people):
    page = f"/desk/shifts/{people.shift.id}"
    for _ in range(2):
        assert send(leader, page, f"{page}/cancel", version="1", reason="merged").status_code == 302
    db.session.refresh(people.shift)
    assert people.shift.version == 2


# --- copying a week ----------------------------------------------------------------------------------


def test_last_week_is_copied_once_and_the_left_out_are_named(leader, people):
    uninsured = make.make_person("吴无险", people.town.township)
    make.join_team(uninsured, people.town.team, insured_until=make.DAY + timedelta(days=3))
    make.assign(people.shift, uninsured)
    db.session.commit()
    answer = send(leader, "/desk/shifts", "/desk/shifts/copy", week="2026-W49")
    words = text_of(leader.get(answer.location))
    assert "照抄了 1 个班次" in words and "没有排入 吴无险" in words
    copied = db.session.scalar(select(Shift).where(Shift.day == make.DAY + timedelta(days=7)))
    assert copied.starts_at == make.EVENING + timedelta(days=7)
    assert crew_of(copied) == {people.member.id, people.mate.id}
    again = send(leader, "/desk/shifts", "/desk/shifts/copy", week="2026-W49")
    assert "没有可照抄的" in text_of(leader.get(again.location))


def test_the_week_says_how_begun_shifts_stand(leader, people, at):
    at(make.EVENING + timedelta(hours=5))
    assert "无人到岗" in text_of(leader.get("/desk/shifts?week=2026-W48"))


@pytest.mark.parametrize("week", ["2026-W99", "x", "2026-W", "-W1", "99999-W01", ""])
def test_a_week_that_makes_no_sense_is_this_week(leader, people, week):
    assert "11月23日" in text_of(leader.get(f"/desk/shifts?week={week}"))


# --- attendance --------------------------------------------------------------------------------------


def attend(leader, people, at, started="20:05", ended="22:50"):
    at(make.EVENING + timedelta(hours=4))
    page = f"/desk/shifts/{people.shift.id}"
    return send(leader, page, f"{page}/attendance/{people.mate.id}", started=started, ended=ended)


def test_attendance_without_a_phone_is_a_declared_duty_with_points(leader, people, at, as_person):
    page = leader.get(f"/desk/shifts/{people.shift.id}")
    assert 'value="20:00"' in page.get_data(as_text=True)
    assert attend(leader, people, at).status_code == 302
    duty = db.session.scalar(select(Duty))
    assert (duty.state, duty.entered_by, duty.worked_s) == ("attended", people.leader.id, 165 * 60)
    assert "依据：申报" in text_of(leader.get(f"/desk/shifts/{people.shift.id}"))
    month = as_person(people.mate).get("/api/v1/field/hours?month=2026-11").get_json()
    assert month["minutes"] > 0 and month["duties"][0]["grade"] == "declared"


def test_the_same_attendance_twice_is_one_duty_and_another_time_corrects_it(leader, people, at):
    for _ in range(2):
        assert attend(leader, people, at).status_code == 302
    assert attend(leader, people, at, ended="22:00").status_code == 302
    assert [d.worked_s for d in db.session.scalars(select(Duty))] == [115 * 60]


@pytest.mark.parametrize(
    ("started", "ended", "status"),
    [("20:05", "22:50", 302), ("20:05", "22:00", 409), ("22:52", "22:59", 409)],
)
def test_of_two_leaders_who_enter_at_the_same_moment_the_second_hears_of_the_first(
    leader, people, at, monkeypatch, started, ended, status
):
    """Each looked before the other had written. The same times are the same entry."""
    assert attend(leader, people, at).status_code == 302
    look, looks = attendance._duty_of, iter([None])
    monkeypatch.setattr(attendance, "_duty_of", lambda *of: next(looks, look(*of)))
    answer = attend(leader, people, at, started=started, ended=ended)
    assert answer.status_code == status
    assert status == 302 or "时间与您填的不同" in text_of(answer)
    assert [d.worked_s for d in db.session.scalars(select(Duty))] == [165 * 60]


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        ({"started": "", "ended": "22:00"}, "这一项要填"),
        ({"started": "25:00", "ended": "22:00"}, "这一项填得不对"),
        ({"started": "12:00", "ended": "22:00"}, "时间与这一班对不上"),
        ({"started": "20:00", "ended": "02:00"}, "还没到这个时间"),
    ],
)
def test_times_that_do_not_fit_are_said_by_the_field(leader, people, at, times, sentence):
    answer = attend(leader, people, at, **times)
    assert answer.status_code == 422 and sentence in text_of(answer)
    assert db.session.scalar(select(Duty)) is None


def test_what_a_phone_recorded_is_not_overwritten(leader, people, at, sync, as_person, phone):
    phone.person = people.mate
    sync(as_person(people.mate), [phone.start(people.shift)], make.EVENING)
    assert attend(leader, people, at).status_code == 409


def test_attendance_of_a_stranger_does_not_exist(leader, people, at):
    at(make.EVENING + timedelta(hours=4))
    page = f"/desk/shifts/{people.shift.id}"
    answer = send(leader, page, f"{page}/attendance/{people.outsider.id}", started="20:00", ended="22:00")
    assert answer.status_code == 404
