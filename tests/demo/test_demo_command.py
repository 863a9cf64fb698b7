"""`flask demo`: only where it may, and safe to repeat."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import click
import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from app.accounts import signing
from app.accounts.models import Person
from app.approval.models import PointObjection
from app.approval.months import month_state
from app.areas.models import Area
from app.cli.demo import make_phone_code, refuse_outside_demo
from app.db import db
from app.demo.fill import share_out, tell
from app.demo.notices import add_notices
from app.demo.plan import LEAST_LEFT, open_book, plan_all
from app.demo.reports import SEEN, add_reports
from app.demo.world import LOGINS, MEMBER
from app.duty.models import Assignment, Duty, Shift
from app.field.models import InboxItem
from app.incidents.models import Incident
from tests.demo.conftest import NOW, Told


def test_it_refuses_outside_demo_mode_and_beyond_this_machine(app: Flask) -> None:
    settings = replace(app.extensions["settings"], demo=True, public_url="http://127.0.0.1:8000")
    refuse_outside_demo(settings)
    with pytest.raises(click.ClickException):
        refuse_outside_demo(replace(settings, demo=False))
    with pytest.raises(click.ClickException):
        refuse_outside_demo(replace(settings, public_url="https://xunfang.example"))


def test_five_can_sign_in_and_nobody_else(told: Told) -> None:
    able = db.session.scalars(select(Person.login).where(Person.password_hash.is_not(None)))
    assert set(able) == set(LOGINS)


def test_a_code_opens_the_members_phone(told: Told) -> None:
    nested = db.session.begin_nested()
    code = make_phone_code(told.book, NOW)
    person, _ = signing.sign_in_by_code(code, device="tests", address="192.0.2.1", days=1, now=NOW)
    nested.rollback()
    assert person.login == "member"


def test_a_shift_of_two_covers_now_for_the_member(told: Told) -> None:
    assert shift_at(told, NOW) is not None


def test_telling_again_adds_nothing(told: Told) -> None:
    def counts() -> list[int | None]:
        return [db.session.scalar(select(func.count()).select_from(t)) for t in (InboxItem, Duty, Shift)]

    before = counts()
    list(tell(told.world, told.book, told.todo[:2]))
    db.session.expire_all()
    assert counts() == before


def test_a_second_run_plans_nothing_that_is_there_and_walks_nothing_twice(told: Told) -> None:
    before = db.session.scalar(select(func.count()).select_from(Shift))
    again = plan_all(told.world, open_book(told.world), NOW + timedelta(minutes=5))
    assert db.session.scalar(select(func.count()).select_from(Shift)) == before
    assert not {t.shift_id for t in again} & {t.shift_id for t in told.todo}


@pytest.mark.parametrize("hours", [3.4, 3.8, 9, 24, 24 * 9 + 5])
def test_whenever_it_runs_again_a_shift_covers_that_moment(told: Told, hours: float) -> None:
    later = NOW + timedelta(hours=hours)
    nested = db.session.begin_nested()
    plan_all(told.world, open_book(told.world), later)
    assert shift_at(told, later) is not None
    nested.rollback()


def test_a_later_day_adds_the_days_since(told: Told) -> None:
    nested = db.session.begin_nested()
    todo = plan_all(told.world, open_book(told.world), NOW + timedelta(days=3))
    nested.rollback()
    days = {t.outing.day for t in todo}
    assert NOW.date() in days and (NOW + timedelta(days=2)).date() in days


def test_a_handful_of_reports_is_added_once(told: Told, tmp_path: Path) -> None:
    nested = db.session.begin_nested()
    assert [add_reports(told.world, told.book.ids, NOW, str(tmp_path)) for _ in range(2)] == [len(SEEN), 0]
    states = list(db.session.scalars(select(Incident.state)))
    duplicates = db.session.scalar(select(func.count()).where(Incident.duplicate_of.is_not(None)))
    nested.rollback()
    assert sorted(states) == ["closed", "closed", "new", "new", "passed_on"] and duplicates == 1
    assert len(list(tmp_path.rglob("*.jpg"))) == 1


def test_last_months_points_are_in_a_notice_once_with_objections(told: Told) -> None:
    nested = db.session.begin_nested()
    shown = [add_notices(told.world, told.book.ids, NOW) for _ in range(2)]
    states = list(db.session.scalars(select(PointObjection.state)))
    found = month_state(db.session.get_one(Area, told.township_id), date(2026, 10, 1), NOW)
    nested.rollback()
    assert shown[0] >= 5 and shown[1] == 0 and sorted(states) == ["open", "rejected"]
    assert {one.state for one in found.persons} <= {"approved"} and found.audits and not found.audits_open


def test_two_parts_never_hold_one_team(told: Told) -> None:
    parts = share_out(told.todo, 2)
    one, two = ({t.outing.team for t in part} for part in parts)
    assert not one & two
    assert sum(map(len, parts)) == len(told.todo)


def shift_at(told: Told, at) -> Shift | None:  # type: ignore[no-untyped-def]
    """The member's planned shift that covers an instant, with a crew of two at least and a route."""
    member = told.book.ids.people[MEMBER]
    mine = (
        select(Shift)
        .join(Assignment, Assignment.shift_id == Shift.id)
        .where(
            Assignment.person_id == member, Assignment.active, Shift.starts_at <= at, Shift.ends_at > at,
            Shift.status == "planned", Shift.route_version_id.is_not(None),
        )
    )  # fmt: skip
    shift = db.session.scalar(mine)
    if shift is None:
        return None
    crew = db.session.scalar(
        select(func.count()).select_from(Assignment).where(Assignment.shift_id == shift.id)
    )
    assert crew and crew >= 2
    assert timedelta(0) < LEAST_LEFT
    return shift


def test_a_shift_that_a_leader_has_cancelled_does_not_stop_the_next_filling(told: Told) -> None:
    nested = db.session.begin_nested()
    row = db.session.scalar(
        select(Assignment).where(Assignment.person_id == told.book.ids.people[MEMBER], Assignment.active)
    )
    assert row is not None
    row.during = Range(empty=True)
    db.session.flush()
    book = open_book(told.world)
    assert book.is_free(row.person_id, NOW + timedelta(days=400), NOW + timedelta(days=401))
    nested.rollback()
