"""Months that end, holidays, hazards and bonuses while phones send: the ledger tells what the facts say."""

from __future__ import annotations

from collections import Counter
from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.accounts.models import Person
from app.api.field import parse
from app.db import db
from app.duty import bonus
from app.field.operations import take_batch
from app.incentives import hazards, holidays, no_shows
from app.incidents.operations import Report, record_report
from tests import make, places
from tests.incentives.raced import (
    BOTH_WAYS,
    DAY,
    HOUR,
    MINUTE,
    NOW,
    a_shift,
    by,
    confirming,
    entering,
    in_turn,
    phone_sends,
    posted,
    sessions,
    told_again_alike,
    worked,
)
from tests.phone import Phone
from tests.racing import Act, World, at_once, overlapping

OCTOBER = date(2026, 10, 1)


# --- months that end ------------------------------------------------------------------------------


def ending(world: World) -> Act:
    return lambda: no_shows.end_month(world.town, OCTOBER, NOW)


def test_a_month_that_ends_twice_at_once_pays_its_bonus_once(world: World) -> None:
    for n in range(4):
        worked(world, a_shift(world, days_before=40 - n))
    assert overlapping(world, ending(world), ending(world)) == ("done", "done")
    assert at_once(world, [ending(world)] * 5) == {"done": 5}
    assert posted("on_time_month", world.people.member.id) == [20] and told_again_alike(world)


@BOTH_WAYS
def test_a_duty_that_comes_while_its_month_ends_is_in_the_bonus(world: World, turned: bool) -> None:
    """With the three before it, it is the fourth, which the bonus asks for."""
    for n in range(3):
        worked(world, a_shift(world, days_before=40 - n))
    sends = phone_sends(world, a_shift(world, days_before=30))
    assert in_turn(world, ending(world), sends, turned) == ("done", "done")
    assert sum(posted("on_time_month", world.people.member.id)) == 20 and told_again_alike(world)


@BOTH_WAYS
def test_all_of_a_months_duties_that_come_while_it_ends_are_in_the_bonus(world: World, turned: bool) -> None:
    """Of a member whom the month did not know before: its phone was without a signal all month."""
    sends = [phone_sends(world, a_shift(world, days_before=40 - n)) for n in range(4)]

    def brings() -> None:
        for one in sends:
            one()

    assert in_turn(world, ending(world), brings, turned) == ("done", "done")
    assert sum(posted("on_time_month", world.people.member.id)) == 20 and told_again_alike(world)


# --- holidays -------------------------------------------------------------------------------------


def holiday(world: World, day: date = make.DAY, *, of_county: bool = False) -> Act:
    code = (world.people.county if of_county else world.people.town.township).code
    return by(
        world.admin, lambda who, scope: holidays.set_day(who, scope, code, day, "holiday", "国庆节", NOW)
    )


@BOTH_WAYS
@pytest.mark.parametrize("of_county", [False, True], ids=["a township's", "a county's"])
def test_a_duty_that_is_settled_while_its_day_becomes_a_holiday_is_paid_as_one(
    world: World, turned: bool, of_county: bool
) -> None:
    """Whoever comes second has to see the other: the holiday the duty, or the duty the holiday."""
    sends = phone_sends(world, world.people.shift)
    said = in_turn(world, holiday(world, of_county=of_county), sends, turned)
    assert said == ("done", "done")
    assert sum(posted("holiday", world.people.member.id)) == 10 and told_again_alike(world)


@BOTH_WAYS
def test_a_duty_that_is_settled_while_its_holiday_is_taken_out_is_paid_as_any_other(
    world: World, turned: bool
) -> None:
    holiday(world)()
    db.session.commit()
    code = world.people.town.township.code
    sends = phone_sends(world, world.people.shift)
    takes = by(world.admin, lambda who, scope: holidays.take_out(who, scope, code, make.DAY, NOW))
    assert in_turn(world, takes, sends, turned) == ("done", "done")
    assert sum(posted("holiday", world.people.member.id)) == 0 and told_again_alike(world)


def test_phones_holidays_trainings_and_a_months_end_all_at_once(world: World) -> None:
    """Nobody waits for another for ever, and what comes of it is what the facts say."""
    entering(world)()
    db.session.commit()
    session_id = sessions(world)[0]
    phones = [
        phone_sends(world, a_shift(world, who, days), who)
        for who in ("member", "mate", "leader")
        for days in (40, 2)
    ]
    days = [holiday(world, make.DAY - n * DAY, of_county=n == 40) for n in (40, 2)]
    acts = [*phones, *days, ending(world), confirming(world.reviewer, session_id)]
    assert at_once(world, acts) == {"done": len(acts)}
    for who in (world.people.member, world.people.mate, world.people.leader):
        assert sum(posted("holiday", who.id)) == 20
    assert told_again_alike(world)


# --- hazards, hard-to-fill shifts -----------------------------------------------------------------


def report(world: World, x: float, minutes: int = 10) -> UUID:
    at, shift = make.EVENING + minutes * MINUTE, world.people.shift
    one = Report(
        world.town, uuid4(), world.people.member.id, world.people.town.team.id, shift.id, "road", None, None,
        places.here(x, 500), "here", 8, None, (), at,
    )  # fmt: skip
    record_report(one, at)
    db.session.commit()
    return one.id


def verifying(person_id: int, incident_id: UUID, severity: str = "medium") -> Act:
    return by(person_id, lambda who, scope: hazards.verify(who, scope, incident_id, severity, NOW + DAY))


@BOTH_WAYS
def test_a_hazard_that_two_grade_differently_at_once_is_paid_by_the_first(world: World, turned: bool) -> None:
    worked(world, world.people.shift)
    one = report(world, 100)
    acts = verifying(world.people.leader.id, one, "low"), verifying(world.reviewer, one, "high")
    said = in_turn(world, *acts, turned)
    assert said == (("hazard_verified", "done") if turned else ("done", "hazard_verified"))
    assert posted("hazard", world.people.member.id) == [20 if turned else 5] and told_again_alike(world)


@BOTH_WAYS
def test_of_two_reports_of_one_hazard_verified_at_once_the_earlier_is_paid(
    world: World, turned: bool
) -> None:
    worked(world, world.people.shift)
    first, second = report(world, 100), report(world, 130, minutes=20)
    acts = verifying(world.people.leader.id, first), verifying(world.reviewer, second)
    assert in_turn(world, *acts, turned) == ("done", "hazard_reported_before")
    assert posted("hazard", world.people.member.id) == [10] and told_again_alike(world)


def bonus_of(world: World, person_id: int, points: int) -> Act:
    shift_id = world.people.shift.id
    before = make.EVENING - 30 * MINUTE
    return by(person_id, lambda who, scope: bonus.set_bonus(who, scope, shift_id, 1, points, before))


def test_of_two_bonuses_set_at_once_one_stands_and_the_other_is_told(world: World) -> None:
    acts = [bonus_of(world, world.people.leader.id, 5), bonus_of(world, world.reviewer, 8)]
    assert overlapping(world, acts[0], acts[1]) == ("done", "changed_meanwhile")
    db.session.refresh(world.people.shift)
    assert (world.people.shift.bonus, world.people.shift.version) == (5, 2)


@BOTH_WAYS
def test_a_bonus_that_is_set_while_somebody_begins_is_paid_or_refused(world: World, turned: bool) -> None:
    member, shift = world.people.member.id, world.people.shift
    phone, before = Phone(SimpleNamespace(id=member), make.EVENING), make.EVENING - 20 * MINUTE  # type: ignore[arg-type]
    begins, ends = parse(phone.start(shift, before)), parse(phone.end(shift, make.EVENING + HOUR))

    def sends(item: Any, now: Any) -> Act:
        return lambda: take_batch(db.session.get_one(Person, member), [item], now, now)

    said = in_turn(world, bonus_of(world, world.people.leader.id, 8), sends(begins, before), turned)
    assert said == (("bonus_too_late", "done") if turned else ("done", "done"))
    assert Counter([said[1]]) == at_once(world, [sends(ends, make.EVENING + 2 * HOUR)])
    assert posted("hard_to_fill", member) == ([] if turned else [8]) and told_again_alike(world)
