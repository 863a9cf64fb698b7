"""A proposed roster at the desk: asked from the week, read by shift, taken one by one or all, refusals in sentences."""

from __future__ import annotations

from datetime import timedelta

from app.db import db
from app.jobs import plans as job
from app.planning.models import PlanRun
from tests import make
from tests.planning.test_rosters import FIRST, crew_of, leave_of, shifts_of
from tests.web.conftest import send, text_of

WEEK = "/desk/shifts?week=2026-W49"


def ask(caller, people, **other):
    form = {"week": "2026-W49", "team": people.town.team.id, "most": "5"}
    return send(caller, WEEK, "/desk/shifts/rosters", **{**form, **other})


def solved(caller, people, **other):
    address = ask(caller, people, **other).location
    run = db.session.scalars(db.select(PlanRun)).one()
    job.plan_roster(township_id=run.township_id, run_id=str(run.id))
    return address


def test_the_week_offers_it_only_where_places_are_empty(leader, people):
    assert "请系统补上空缺" not in text_of(leader.get(WEEK))
    shifts_of(people)
    assert "请系统补上空缺" in text_of(leader.get(WEEK))


def test_asked_it_waits_and_solved_it_names_who_and_which(leader, people):
    shifts_of(people)
    address = ask(leader, people).location
    assert "排队中" in text_of(leader.get(address)) and "排队中" in text_of(leader.get(f"{address}/progress"))
    words = text_of(leader.get(solved(leader, people)))
    assert "全部接受" in words and "12月1日" in words
    assert all(name in words for name in ("王队员", "李队员", "陈队长"))


def test_take_all_plans_everybody_and_the_phones_know(leader, people, as_person):
    shifts = shifts_of(people)
    address = solved(leader, people)
    answer = send(leader, address, f"{address}/take")
    assert answer.status_code == 302 and all(len(crew_of(shift)) == 2 for shift in shifts)
    words = text_of(leader.get(address))
    assert "已排好 3 个班次" in words and "全部接受" not in words
    first = next(
        person for person in (people.member, people.mate, people.leader) if person.id in crew_of(shifts[0])
    )
    theirs = as_person(first).get("/api/v1/field/plan").get_json()["shifts"]
    assert shifts[0].id in {shift["id"] for shift in theirs if shift["mine"]}


def test_one_shift_is_taken_alone(leader, people):
    first, second, _ = shifts_of(people)
    address = solved(leader, people)
    send(leader, address, f"{address}/take", shift=second.id)
    assert len(crew_of(second)) == 2 and crew_of(first) == set()


def test_taken_twice_changes_nothing_more(leader, people):
    shifts = shifts_of(people)
    address = solved(leader, people)
    for _ in range(2):
        send(leader, address, f"{address}/take", shift=shifts[0].id)
    db.session.refresh(shifts[0])
    assert shifts[0].version == 2


def test_who_cannot_any_more_is_said_and_the_rest_is_planned(leader, people):
    shifts = shifts_of(people)
    address = solved(leader, people)
    leave_of(people, people.mate, FIRST.date(), FIRST.date() + timedelta(days=6))
    send(leader, address, f"{address}/take")
    words = text_of(leader.get(address))
    assert "没有接受" in words and "李队员" in words
    planned = [shift for shift in shifts if crew_of(shift)]
    assert len(planned) == 1 and people.mate.id not in crew_of(planned[0])


def test_a_shift_that_was_changed_is_not_offered(leader, people):
    shifts = shifts_of(people)
    address = solved(leader, people)
    shifts[0].version += 1
    db.session.commit()
    assert "班次已改动" in text_of(leader.get(address))
    send(leader, address, f"{address}/take", shift=shifts[0].id)
    assert crew_of(shifts[0]) == set() and "别人刚刚改过这个班次" in text_of(leader.get(address))


def test_why_it_cannot_be_is_said_in_words(leader, people):
    shifts_of(people, days=(0, 1, 2, 3))
    words = text_of(leader.get(solved(leader, people, most="2")))
    assert "还有 2 个空缺排不出来" in words and "每人每周最多 2 班" in words and "仍然空缺的班次" in words


def test_what_cannot_be_asked_is_said_on_the_week(leader, people):
    make.make_shift(people.town.team, None, [people.member, people.mate], starts_at=FIRST)
    assert ask(leader, people).location.endswith("week=2026-W49")
    assert "没有要补的空缺" in text_of(leader.get(WEEK))
    shifts_of(people)
    ask(leader, people, most="99")
    assert "请填 1 到 7 之间的数" in text_of(leader.get(WEEK))


def test_the_other_team_sees_and_takes_nothing(leader, outsider, people):
    shifts = shifts_of(people)
    address = solved(leader, people)
    assert outsider.get(address).status_code == 404
    assert send(outsider, "/desk/shifts/new", f"{address}/take").status_code == 404
    assert (
        send(outsider, "/desk/shifts/new", "/desk/shifts/rosters", team=people.town.team.id).status_code
        == 404
    )
    assert not any(crew_of(shift) for shift in shifts)
