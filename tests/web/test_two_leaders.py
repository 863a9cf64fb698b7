"""At once, over HTTP with real commits: one roster, one person, one version."""

from __future__ import annotations

import threading
import urllib.error
import urllib.parse
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from app.db import db
from app.duty.models import Assignment, Shift
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
    barrier, answers = threading.Barrier(AT_ONCE), [0] * AT_ONCE

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
