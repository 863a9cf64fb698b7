"""At once, over HTTP with real commits: one roster, one person, one version."""

from __future__ import annotations

import threading
import urllib.error
import urllib.parse
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from app import clock
from app.db import db
from app.duty.models import Assignment, Duty, Shift
from app.teams.models import Team
from tests import make
from tests.browserless import Browser
from tests.web.conftest import TOKEN

AT_ONCE = 6


def form(caller: Browser, page: str) -> str:
    with caller.opener.open(caller.url + page, timeout=60) as answer:
        found = TOKEN.search(answer.read().decode())
    assert found
    return found[1]


def post(caller: Browser, address: str, fields: dict[str, Any]) -> int:
    data = urllib.parse.urlencode(fields, doseq=True).encode()
    try:
        with caller.opener.open(caller.url + address, data, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def at_once(act: Callable[[int], int]) -> list[int]:
    """The answers of several calls that start together, sorted."""
    barrier, answers = threading.Barrier(AT_ONCE, timeout=60), [0] * AT_ONCE

    def run(n: int) -> None:
        barrier.wait()
        answers[n] = act(n)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers)


def plan(live: Any, token: str, day: date, **other: Any) -> dict[str, Any]:
    fields = {
        "csrf_token": token, "day": day.isoformat(), "starts": "20:00", "ends": "22:00", "route": 0,
        "meeting_place": "东门", "crew_wanted": 2, "crew": [live.ids["member"]], "version": 1,
    }  # fmt: skip
    return {**fields, **other}


def leaders(live: Any, page: str) -> list[tuple[Browser, str]]:
    found = []
    for _ in range(AT_ONCE):
        caller = Browser(live.url)
        caller.sign_in("leader")
        found.append((caller, form(caller, page)))
    return found


def team_of(live: Any) -> int:
    return int(db.session.scalar(select(Shift.team_id).where(Shift.id == live.ids["shift"])))


def test_one_person_is_planned_once_whoever_asks_first(live: Any) -> None:
    day = date.today() + timedelta(days=20)
    callers = leaders(live, "/desk/shifts/new")
    with live.app.app_context():
        team = team_of(live)
    starts = [f"20:{n:02d}" for n in range(AT_ONCE)]
    answers = at_once(
        lambda n: post(
            callers[n][0], "/desk/shifts/new", plan(live, callers[n][1], day, team=team, starts=starts[n])
        )
    )
    assert answers == [200] + [409] * (AT_ONCE - 1)
    with live.app.app_context():
        booked = select(func.count()).select_from(Assignment).join(Shift, Shift.id == Assignment.shift_id)
        assert db.session.scalar(booked.where(Shift.day == day, Assignment.active)) == 1


def test_the_same_plan_tapped_many_times_is_one_shift(live: Any) -> None:
    day = date.today() + timedelta(days=30)
    callers = leaders(live, "/desk/shifts/new")
    with live.app.app_context():
        team = team_of(live)
    answers = at_once(
        lambda n: post(callers[n][0], "/desk/shifts/new", plan(live, callers[n][1], day, team=team))
    )
    assert answers == [200] * AT_ONCE
    with live.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Shift).where(Shift.day == day)) == 1


def test_of_changes_to_one_version_one_is_saved(live: Any) -> None:
    day = date.today() + timedelta(days=40)
    callers = leaders(live, "/desk/shifts/new")
    with live.app.app_context():
        team = team_of(live)
    assert post(callers[0][0], "/desk/shifts/new", plan(live, callers[0][1], day, team=team)) == 200
    with live.app.app_context():
        shift_id = db.session.scalar(select(Shift.id).where(Shift.day == day))
    page = f"/desk/shifts/{shift_id}/change"
    answers = at_once(
        lambda n: post(callers[n][0], page, plan(live, callers[n][1], day, meeting_place=f"{n} 号门"))
    )
    assert answers == [200] + [409] * (AT_ONCE - 1)
    with live.app.app_context():
        assert db.session.scalar(select(Shift.version).where(Shift.id == shift_id)) == 2


def test_a_first_attendance_entered_by_many_at_once_is_one_duty(live: Any) -> None:
    """Whoever comes a moment later corrects it, or is told of it; nobody gets an answer without words."""
    yesterday = clock.now() - timedelta(days=1)
    with live.app.app_context():
        shift = make.make_shift(db.session.get_one(Team, team_of(live)), None, starts_at=yesterday, hours=2)
        page, day = f"/desk/shifts/{shift.id}", shift.starts_at
        shift_id, zone = shift.id, ZoneInfo("Asia/Shanghai")
        db.session.commit()
    callers = leaders(live, page)
    address = f"{page}/attendance/{live.ids['mate']}"

    def enter(n: int, first: int) -> int:
        """A quarter of an hour of one's own, so that no two of them overlap."""
        ends = [day + timedelta(minutes=m) for m in (first, first + 15)]
        times = [at.astimezone(zone).strftime("%H:%M") for at in ends]
        fields = {"csrf_token": callers[n][1], "started": times[0], "ended": times[1]}
        return post(callers[n][0], address, fields)

    assert set(at_once(lambda n: enter(n, 1 + 18 * n))) <= {200, 409}
    with live.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Duty).where(Duty.shift_id == shift_id)) == 1
