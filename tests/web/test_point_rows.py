"""The desk's page of what counts beside duties: entered by one, confirmed by another, refused with a sentence."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.db import db
from app.duty.models import Duty, Shift
from app.incentives import no_shows
from app.incentives.models import FalseCheckin, Holiday, NoShow, TrainingAttendance, VerifiedHazard
from app.incidents.operations import Report, record_report
from tests import make, places
from tests.phone import Phone
from tests.web.conftest import send, text_of

PAGE = "/desk/points/rows"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def reviewer(people, evening, as_person):
    return as_person(people.reviewer)


@pytest.fixture
def admin(people, evening, as_person):
    return as_person(people.admin)


@pytest.fixture
def duty(people, as_person, sync, at):
    """The member's, of the evening, over."""
    phone = Phone(people.member, make.EVENING)
    end = make.EVENING + 2 * HOUR
    sync(
        as_person(people.member), [phone.start(people.shift, make.EVENING), phone.end(people.shift, end)], end
    )
    at(end + HOUR)
    return db.session.scalar(select(Duty).where(Duty.person_id == people.member.id))


def reported(people, person):
    one = Report(
        people.town.township.id, uuid4(), person.id, people.town.team.id, people.shift.id, "road", "cover_missing",
        None, places.here(200, 500), "here", 8, None, (), make.EVENING + 10 * MINUTE,
    )  # fmt: skip
    record_report(one, make.EVENING + 11 * MINUTE)
    db.session.commit()
    return one.id


def in_english(caller):
    caller.set_cookie("lang", "en", domain="localhost")
    return caller


@pytest.mark.parametrize("who", ["leader", "reviewer", "admin"])
def test_the_page_opens_in_both_languages_with_nothing_in_it(people, evening, as_person, who):
    caller = as_person(getattr(people, who))
    answer = caller.get(f"{PAGE}?township={people.town.township.code}")
    assert answer.status_code == 200 and "计分事项" in text_of(answer)
    assert "What counts beside duties" in text_of(in_english(caller).get(PAGE))


def test_a_hazard_is_verified_with_a_severity(people, leader, duty):
    hazard = reported(people, people.member)
    assert "待核实" in text_of(leader.get(PAGE)) and "井盖" in text_of(leader.get(PAGE))
    address = f"{PAGE}/hazards/{hazard}"
    assert send(leader, PAGE, address, severity="dreadful").status_code == 422
    assert send(leader, PAGE, address, severity="high").status_code == 302
    assert db.session.scalars(select(VerifiedHazard.severity)).all() == ["high"]
    assert "没有待核实的隐患" in text_of(leader.get(PAGE))


def test_who_reported_it_is_told_that_somebody_else_verifies_it(people, as_person, duty):
    make.grant(people.member, "leader", team=people.town.team)
    caller = as_person(people.member)
    hazard = reported(people, people.member)
    page = caller.get(PAGE)
    assert "由别人核实" in text_of(page) and f"hazards/{hazard}" not in page.get_data(as_text=True)
    refused = send(caller, PAGE, f"{PAGE}/hazards/{hazard}", severity="low")
    assert refused.status_code == 422 and "自己报的隐患要由别人核实" in text_of(refused)


def session_fields(people, **more):  # `members` for who was there
    return {
        "team": people.town.team.id, "kind": "drill", "day": "2026-11-23", "minutes": "90",
        "people": more.pop("members", [people.member.id, people.mate.id]), **more,
    }  # fmt: skip


def test_a_drill_is_entered_by_the_leader_and_confirmed_by_a_reviewer(people, leader, reviewer):
    assert send(leader, PAGE, f"{PAGE}/sessions", **session_fields(people)).status_code == 302
    assert "2 人待确认" in text_of(leader.get(PAGE)) and "您登记的" in text_of(leader.get(PAGE))
    session_id = db.session.scalar(select(TrainingAttendance.session_id))
    address = f"{PAGE}/sessions/{session_id}/confirm"
    own = send(leader, PAGE, address)
    assert own.status_code == 422 and "您登记的，要由别人确认" in text_of(own)
    assert send(reviewer, PAGE, address).status_code == 302
    assert set(db.session.scalars(select(TrainingAttendance.confirmed_by))) == {people.reviewer.id}
    assert "已确认" in text_of(leader.get(PAGE))


def test_a_training_confirmed_wrongly_is_taken_back_and_entered_anew(people, leader, reviewer, admin):
    send(leader, PAGE, f"{PAGE}/sessions", **session_fields(people))
    session_id = db.session.scalar(select(TrainingAttendance.session_id))
    send(reviewer, PAGE, f"{PAGE}/sessions/{session_id}/confirm")
    address = f"{PAGE}/sessions/{session_id}/take-back"
    assert address not in leader.get(PAGE).get_data(as_text=True)
    assert send(leader, PAGE, address, why="wrong_minutes").status_code == 403
    assert address in reviewer.get(PAGE).get_data(as_text=True)
    nothing = send(reviewer, PAGE, address, why="")
    assert nothing.status_code == 422 and "请选" in text_of(nothing)
    assert send(reviewer, PAGE, address, why="wrong_minutes").status_code == 302
    assert f"已撤回：时长不对 · {people.reviewer.name}" in text_of(leader.get(PAGE))
    assert address not in reviewer.get(PAGE).get_data(as_text=True)
    other = send(admin, f"{PAGE}?township={people.town.township.code}", address, why="not_held")
    assert other.status_code == 409 and "已经撤回" in text_of(other)
    assert send(leader, PAGE, f"{PAGE}/sessions", **session_fields(people)).status_code == 302
    assert "2 人待确认" in text_of(leader.get(PAGE))


def test_a_hazard_of_a_wrong_severity_is_taken_back_and_verified_anew(people, leader, reviewer, duty):
    hazard = reported(people, people.member)
    send(leader, PAGE, f"{PAGE}/hazards/{hazard}", severity="high")
    address = f"{PAGE}/hazards/{hazard}/take-back"
    assert address not in leader.get(PAGE).get_data(as_text=True)
    assert address in reviewer.get(PAGE).get_data(as_text=True)
    assert send(reviewer, PAGE, address, why="wrong_severity").status_code == 302
    page = text_of(in_english(leader).get(PAGE))
    assert "Taken back: the severity was wrong" in page
    again = send(reviewer, PAGE, address, why="no_hazard")
    assert again.status_code == 409 and "已有人以别的原因撤回" in text_of(again)
    assert send(leader, PAGE, f"{PAGE}/hazards/{hazard}", severity="low").status_code == 302
    assert sorted(db.session.scalars(select(VerifiedHazard.severity))) == ["high", "low"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"minutes": "5"}, "填 15 到 480 分钟"),
        ({"minutes": "many"}, "这一项填得不对"),
        ({"day": "2026-12-24"}, "这一天还没到"),
        ({"members": []}, "请选"),
        ({"day": ""}, "这一项要填"),
    ],
)
def test_a_session_that_cannot_be_is_said_by_its_field(people, leader, wrong, sentence):
    refused = send(leader, PAGE, f"{PAGE}/sessions", **session_fields(people, **wrong))
    assert refused.status_code == 422 and sentence in text_of(refused)
    assert db.session.scalars(select(TrainingAttendance)).all() == []


def test_a_no_show_is_shown_in_its_month_and_excused(people, leader, at):
    missed = make.make_shift(people.town.team, None, [people.member], starts_at=make.EVENING - 5 * DAY)
    for one in no_shows.due(make.EVENING, 10):
        no_shows.record(one, make.EVENING)
    db.session.commit()
    assert "王队员" in text_of(leader.get(PAGE)) and "本月没有" in text_of(
        leader.get(f"{PAGE}?month=2026-10")
    )
    address = f"{PAGE}/no-shows/{missed.id}/{people.member.id}"
    assert send(leader, PAGE, address, excuse="").status_code == 422
    assert send(leader, PAGE, address, excuse="ill").status_code == 302
    assert db.session.scalars(select(NoShow.excuse)).all() == ["ill"]
    assert "已免扣" in text_of(leader.get(PAGE))


def test_a_case_is_opened_answered_and_decided_by_another(people, as_person, duty, at):
    """Each page asks for what its caller may do, and says why where they may not."""
    leader, reviewer = as_person(people.leader), as_person(people.reviewer)
    ask = f"/desk/points/duties/{duty.id}/case"
    assert ask in leader.get(f"/desk/shifts/{people.shift.id}").get_data(as_text=True)
    assert send(leader, ask, ask).status_code == 422
    opened = send(leader, ask, ask, reason="not_there")
    case_id = db.session.scalar(select(FalseCheckin.id))
    page = f"/desk/points/cases/{case_id}"
    assert opened.status_code == 302 and opened.location == page
    assert "等待答复" in text_of(reviewer.get(page)) and "王队员" in text_of(reviewer.get(PAGE))
    early = send(reviewer, page, page, outcome="upheld")
    assert early.status_code == 422 and "答复期还没过" in text_of(early)
    at(make.EVENING + 6 * DAY)
    leader, reviewer = as_person(people.leader), as_person(people.reviewer)
    own = send(leader, page, page, outcome="upheld")
    assert own.status_code == 422 and "您提出的，要由别人决定" in text_of(own)
    assert send(reviewer, page, page, outcome="upheld").status_code == 302
    assert (
        "成立" in text_of(leader.get(page))
        and db.session.get_one(Duty, (duty.township_id, duty.id)).voided_at
    )
    again = send(as_person(people.admin), page, page, outcome="dismissed")
    assert again.status_code == 302 and db.session.scalar(select(FalseCheckin.outcome)) == "upheld"


def test_a_bonus_is_set_for_a_shift_with_free_places_and_seen_on_the_roster(
    people, leader, at, as_person, sync
):
    at(make.EVENING - 5 * HOUR)
    caller = as_person(people.leader)
    free = make.make_shift(people.town.team, None, [], starts_at=make.EVENING)
    address = f"{PAGE}/shifts/{free.id}/bonus"
    assert address in caller.get(PAGE).get_data(as_text=True)
    assert send(caller, PAGE, address, version="1", bonus="3").status_code == 422
    assert send(caller, PAGE, address, version="1", bonus="7").status_code == 302
    assert db.session.get_one(Shift, (free.township_id, free.id)).bonus == 7
    stale = send(caller, PAGE, address, version="1", bonus="8")
    assert stale.status_code == 409
    assert "加 7 分" in text_of(caller.get("/desk/shifts")) and "加 7 分" in text_of(
        caller.get(f"/desk/shifts/{free.id}")
    )
    plan = as_person(people.member).get("/api/v1/field/plan").json
    assert {shift["id"]: shift["bonus"] for shift in plan["shifts"]}[free.id] == 7


def holiday_fields(people, **more):
    return {"area": people.county.code, "day": "2026-10-01", "kind": "holiday", "name": "国庆节", **more}


def test_an_admin_enters_and_takes_out_a_holiday_and_others_only_read(people, admin, reviewer):
    page = f"{PAGE}?township={people.town.township.code}"
    address = f"{PAGE}/holidays?township={people.town.township.code}"
    assert send(admin, page, address, **holiday_fields(people)).status_code == 302
    assert db.session.scalars(select(Holiday.day)).all() == [date(2026, 10, 1)]
    assert "国庆节" in text_of(reviewer.get(PAGE)) and "登记一天" not in text_of(reviewer.get(PAGE))
    assert send(reviewer, PAGE, address, **holiday_fields(people, name="节")).status_code == 403
    assert send(admin, page, address, area=people.county.code, take_out="2026-10-01").status_code == 302
    assert db.session.scalars(select(Holiday.day)).all() == []


@pytest.mark.parametrize("wrong", [{"name": " "}, {"name": "长" * 41}, {"day": "x"}, {"kind": "party"}])
def test_a_holiday_that_cannot_be_is_refused(people, admin, wrong):
    page = f"{PAGE}?township={people.town.township.code}"
    refused = send(
        admin,
        page,
        f"{PAGE}/holidays?township={people.town.township.code}",
        **holiday_fields(people, **wrong),
    )
    assert refused.status_code == 422 and db.session.scalars(select(Holiday)).all() == []


def test_a_day_that_is_none_is_not_taken_out(people, admin):
    page = f"{PAGE}?township={people.town.township.code}"
    address = f"{PAGE}/holidays?township={people.town.township.code}"
    assert send(admin, page, address, area=people.county.code, take_out="yesterday").status_code == 404
