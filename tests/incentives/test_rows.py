"""Rows beside duties in a real ledger: each is entered, confirmed by another, priced, and told again alike."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.db import db
from app.duty import bonus
from app.duty.models import Decline, Duty, Leave, Swap, SwapStep
from app.errors import Conflict, DomainError, NotFound
from app.incentives import cases, hazards, holidays, ledger, no_shows, recomputing, statements, training
from app.incentives.models import FalseCheckin, NoShow, PointEntry, TrainingAttendance, VerifiedHazard
from app.incidents.operations import Report, decide, record_report
from app.strength import queries as strength
from app.teams.scope import scope_of
from tests import make, places
from tests.phone import Phone

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZONE = "Asia/Shanghai"


def town(people):
    return people.town.township.id


def lines(person, *rules):
    """Points that stand by (rule, cause)."""
    reversed_ids = select(PointEntry.reverses_id).where(PointEntry.reverses_id.is_not(None))
    found = db.session.scalars(
        select(PointEntry).where(
            PointEntry.person_id == person.id,
            PointEntry.reverses_id.is_(None),
            PointEntry.id.not_in(reversed_ids),
        )
    )
    return {
        (e.rule, e.cause): (-1 if e.credit_account == "issue" else 1) * e.amount_half / 2
        for e in found
        if not rules or e.rule in rules
    }


def points(person, *rules):
    return sum(lines(person, *rules).values())


def balance(people, person, kind="pending"):
    return statements.balances(town(people)).get(f"person:{person.id}:{kind}", 0) / 2


def told_again_alike(people, now=make.EVENING):
    return list(recomputing.recompute(town(people), ZONE, now + 400 * DAY)) == []


@pytest.fixture
def works(as_person, sync, at, people):
    """works(person, shift, hours, late): a duty by phone."""

    def work(person, shift, hours=2.0, late_min=0):
        phone = Phone(person, shift.starts_at)
        begin = shift.starts_at + late_min * MINUTE
        end = shift.starts_at + hours * HOUR
        sync(as_person(person), [phone.start(shift, begin), phone.end(shift, end)], max(end, make.EVENING))
        return db.session.scalar(select(Duty).where(Duty.shift_id == shift.id, Duty.person_id == person.id))

    return work


def a_shift(people, days_before=0, crew=None, **more):
    crew = [people.member] if crew is None else crew
    return make.make_shift(people.town.team, None, crew, starts_at=make.EVENING - days_before * DAY, **more)


def refuses(act, constraint):
    with pytest.raises(IntegrityError) as refused, db.session.begin_nested():
        act()
    assert refused.value.orig.diag.constraint_name == constraint


# --- holidays -------------------------------------------------------------------------------------


def set_day(people, day=make.DAY, kind="holiday", area=None, name="国庆节"):
    area = area or people.town.township
    holidays.set_day(people.admin, scope_of(people.admin), area.code, day, kind, name, make.EVENING)
    db.session.commit()


def test_a_holiday_that_is_entered_later_prices_the_duties_of_the_day_again(people, works):
    duty = works(people.member, people.shift, 2)
    assert lines(people.member) == {("base", f"duty:{duty.id}"): 20}
    set_day(people)
    assert points(people.member, "holiday") == 10
    assert told_again_alike(people)
    holidays.take_out(people.admin, scope_of(people.admin), people.town.township.code, make.DAY, make.EVENING)
    assert points(people.member, "holiday") == 0 and told_again_alike(people)


def test_a_countys_holiday_holds_in_its_townships_and_a_township_may_work_on_it(people, works):
    works(people.member, people.shift, 2)
    set_day(people, area=people.county)
    assert points(people.member, "holiday") == 10
    set_day(people, kind="workday", name="调休上班")
    assert points(people.member, "holiday") == 0 and told_again_alike(people)


def test_minutes_past_midnight_are_of_the_next_day(people, works):
    make.make_policy(
        people.town.township, "incentives", {"night_factor": 1.0, "shift_max_min": 360}, date(2026, 1, 1)
    )
    works(people.member, a_shift(people, 1, hours=6), 6)
    set_day(people)
    assert points(people.member, "holiday") == 10 and told_again_alike(people)


def test_the_same_day_said_again_changes_nothing_and_others_may_not_say_it(people):
    set_day(people)
    set_day(people)
    assert len(holidays.seen(people.town.township, make.DAY, make.DAY)) == 1
    for who in (people.reviewer, people.leader):
        with pytest.raises(NotFound):
            holidays.set_day(
                who, scope_of(who), people.town.township.code, make.DAY, "holiday", "国庆节", make.EVENING
            )


def test_a_day_of_a_frozen_month_is_not_changed(people):
    ledger.freeze_month(town(people), date(2026, 9, 1), people.reviewer, ZONE, make.EVENING)
    for day in (date(2026, 9, 30), date(2026, 10, 1)):
        with pytest.raises(Conflict) as refused:
            set_day(people, day=day, area=people.county)
        assert refused.value.code == "month_frozen"


# --- a shift that is hard to fill -----------------------------------------------------------------


def test_a_bonus_that_was_set_before_is_paid_to_who_comes(people, works):
    shift = people.shift
    bonus.set_bonus(people.leader, scope_of(people.leader), shift.id, 1, 8, make.EVENING - HOUR)
    db.session.commit()
    works(people.member, shift, 1)
    assert points(people.member, "hard_to_fill") == 8 and told_again_alike(people)


@pytest.mark.parametrize("value", [-1, 1, 4, 11])
def test_a_bonus_is_5_to_10_points_or_none(people, value):
    with pytest.raises(DomainError):
        bonus.set_bonus(
            people.leader, scope_of(people.leader), people.shift.id, 1, value, make.EVENING - HOUR
        )
    with pytest.raises(IntegrityError), db.session.begin_nested():
        people.shift.bonus = value
        db.session.flush()
    db.session.refresh(people.shift)


def test_a_bonus_is_not_changed_once_the_shift_began_or_somebody_is_on_duty(people, as_person, sync):
    scope = scope_of(people.reviewer)
    with pytest.raises(Conflict) as late:
        bonus.set_bonus(people.reviewer, scope, people.shift.id, 1, 5, make.EVENING)
    assert late.value.code == "bonus_too_late"
    phone = Phone(people.member, make.EVENING)
    sync(as_person(people.member), [phone.start(people.shift, make.EVENING - 20 * MINUTE)], make.EVENING)
    with pytest.raises(Conflict) as begun:
        bonus.set_bonus(people.reviewer, scope, people.shift.id, 1, 5, make.EVENING - 10 * MINUTE)
    assert begun.value.code == "bonus_too_late"


def test_two_who_set_a_bonus_at_once_are_told_and_a_member_may_not(people):
    scope = scope_of(people.leader)
    bonus.set_bonus(people.leader, scope, people.shift.id, 1, 5, make.EVENING - HOUR)
    with pytest.raises(Conflict) as stale:
        bonus.set_bonus(people.leader, scope, people.shift.id, 1, 7, make.EVENING - HOUR)
    assert stale.value.code == "changed_meanwhile"
    with pytest.raises(NotFound):
        bonus.set_bonus(people.member, scope_of(people.member), people.shift.id, 2, 7, make.EVENING - HOUR)


# --- hazards --------------------------------------------------------------------------------------


def report(people, person, shift, x=100.0, at=make.EVENING + 10 * MINUTE, category="road"):
    one = Report(
        town(people), uuid4(), person.id, people.town.team.id, shift.id if shift else None, category, None, None,
        places.here(x, 500), "here", 8, None, (), at,
    )  # fmt: skip
    record_report(one, at)
    db.session.commit()
    return one.id


def verify(who, incident_id, severity="medium", now=make.EVENING + DAY):
    found = hazards.verify(who, scope_of(who), incident_id, severity, now)
    db.session.commit()
    return found


def test_the_first_two_verified_hazards_of_a_shift_are_paid_by_severity(people, works):
    works(people.member, people.shift)
    ids = [
        report(people, people.member, people.shift, x=100 + 200 * n, at=make.EVENING + n * MINUTE)
        for n in range(3)
    ]
    for one, severity in zip(ids, ("low", "high", "high"), strict=True):
        verify(people.leader, one, severity)
    assert lines(people.member, "hazard") == {
        ("hazard", f"incident:{ids[0]}"): 5, ("hazard", f"incident:{ids[1]}"): 20,
    }  # fmt: skip
    assert told_again_alike(people)


@pytest.mark.parametrize(
    ("metres", "days", "code"),
    [
        pytest.param(30, 1, "hazard_reported_before", id="near and soon"),
        pytest.param(30, 8, None, id="a week later"),
        pytest.param(80, 1, None, id="further off"),
    ],
)
def test_a_report_within_50_m_and_7_days_is_the_same_hazard(people, works, metres, days, code):
    """Though the first one was closed meanwhile, so that the desk lists the second as new."""
    first = report(people, people.mate, a_shift(people, days, [people.mate]), at=make.EVENING - days * DAY)
    decide(people.leader, scope_of(people.leader), first, "close", "mended", make.EVENING - days * DAY + HOUR)
    works(people.member, people.shift)
    second = report(people, people.member, people.shift, x=100 + metres)
    if code is None:
        verify(people.leader, second)
        assert points(people.member, "hazard") == 10
    else:
        with pytest.raises(Conflict) as refused:
            verify(people.leader, second)
        assert refused.value.code == code


def test_an_earlier_report_of_nothing_takes_nothing_from_the_first_who_was_right(people, works):
    first = report(people, people.mate, a_shift(people, 1, [people.mate]), at=make.EVENING - DAY)
    decide(people.leader, scope_of(people.leader), first, "close", "not_found", make.EVENING - 20 * HOUR)
    works(people.member, people.shift)
    verify(people.leader, report(people, people.member, people.shift))
    assert points(people.member, "hazard") == 10


def test_an_earlier_report_that_comes_late_is_not_paid_a_second_time(people, works):
    works(people.member, people.shift)
    verify(people.leader, report(people, people.member, people.shift))
    works(people.mate, people.shift)
    earlier = report(people, people.mate, people.shift, at=make.EVENING + 5 * MINUTE)
    with pytest.raises(Conflict):
        verify(people.leader, earlier)
    assert points(people.member, "hazard") == 10 and told_again_alike(people)


def test_nobody_verifies_an_own_report(people, works):
    shift = a_shift(people, crew=[people.leader])
    works(people.leader, shift)
    mine = report(people, people.leader, shift)
    with pytest.raises(DomainError) as refused:
        verify(people.leader, mine)
    assert refused.value.code == "own_hazard"

    def forged():
        db.session.add(
            VerifiedHazard(
                township_id=town(people), incident_id=mine, shift_id=shift.id, reporter_id=people.leader.id,
                reported_at=make.EVENING, severity="low", verified_by=people.leader.id, verified_at=make.EVENING,
            )
        )  # fmt: skip
        db.session.flush()

    refuses(forged, "ck_verified_hazards_four_eyes")


@pytest.mark.parametrize(
    ("category", "with_shift", "code"),
    [("order", True, "not_a_hazard"), ("road", False, "hazard_outside_duty")],
)
def test_only_a_hazard_reported_in_a_duty_is_verified(people, works, category, with_shift, code):
    works(people.member, people.shift)
    one = report(people, people.member, people.shift if with_shift else None, category=category)
    with pytest.raises(DomainError) as refused:
        verify(people.leader, one)
    assert refused.value.code == code
    assert hazards.waiting(scope_of(people.leader), town(people), make.EVENING + DAY) == []


def test_a_second_verification_changes_nothing_and_outsiders_see_nothing(people, works):
    works(people.member, people.shift)
    one = report(people, people.member, people.shift)
    assert [
        w.incident.id for w in hazards.waiting(scope_of(people.leader), town(people), make.EVENING + DAY)
    ] == [one]
    with pytest.raises(NotFound):
        verify(people.outsider, one)
    assert verify(people.reviewer, one) is verify(people.leader, one)
    with pytest.raises(Conflict):
        verify(people.leader, one, "high")
    assert hazards.waiting(scope_of(people.leader), town(people), make.EVENING + DAY) == []


# --- training -------------------------------------------------------------------------------------


def a_session(people, day=make.DAY, minutes=120, who=None, kind="training"):
    attended = tuple(p.id for p in (who or [people.member]))
    wanted = training.Wanted(kind, day, minutes, attended)
    found = training.enter(
        people.leader, scope_of(people.leader), people.town.team.id, wanted, make.EVENING + HOUR
    )
    db.session.commit()
    return found


def confirm(people, session, who=None):
    who = who or people.reviewer
    n = training.confirm(who, scope_of(who), session.id, make.EVENING + 2 * HOUR)
    db.session.commit()
    return n


def test_training_is_paid_once_another_has_confirmed_it(people):
    session = a_session(people, minutes=90)
    assert points(people.member) == 0
    assert confirm(people, session) == 1
    assert lines(people.member) == {("training", f"training:{session.id}:{people.member.id}"): 15}
    assert confirm(people, session) == 0 and points(people.member) == 15
    assert told_again_alike(people)


def test_training_is_paid_to_40_points_a_quarter_in_the_order_of_its_days(people):
    for day in (date(2026, 11, 20), date(2026, 10, 5), date(2026, 9, 30)):
        confirm(people, a_session(people, day=day, minutes=150))
    by_day = {}
    for e in db.session.scalars(select(PointEntry).order_by(PointEntry.id)):
        sign = -1 if e.reverses_id else 1
        by_day[e.earned_on] = by_day.get(e.earned_on, 0) + sign * e.amount_half / 2
    assert by_day == {date(2026, 9, 30): 25, date(2026, 10, 5): 25, date(2026, 11, 20): 15}
    assert told_again_alike(people)


def test_nobody_confirms_an_own_attendance_or_what_they_entered(people):
    session = a_session(people, who=[people.member, people.leader])
    with pytest.raises(DomainError) as own_entry:
        confirm(people, session, people.leader)
    assert own_entry.value.code == "confirmed_by_another"
    make.grant(people.member, "reviewer", area=people.town.township)
    assert confirm(people, session, people.member) == 1
    with pytest.raises(DomainError) as own:
        confirm(people, session, people.member)
    assert own.value.code == "own_attendance"
    assert points(people.member) == 0 and points(people.leader) == 20

    def forged(by):
        db.session.execute(
            update(TrainingAttendance)
            .where(TrainingAttendance.person_id == people.member.id)
            .values(confirmed_by=by.id, confirmed_at=make.EVENING)
        )

    refuses(lambda: forged(people.member), "ck_training_attendances_four_eyes")
    refuses(lambda: forged(people.leader), "ck_training_attendances_four_eyes")


def test_the_same_session_sent_twice_is_one(people):
    assert a_session(people).id == a_session(people).id != a_session(people, minutes=60).id


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"day": make.DAY + 2 * DAY}, "/day"),
        ({"minutes": 10}, "/minutes"),
        ({"minutes": 500}, "/minutes"),
        ({"kind": "party"}, "/kind"),
    ],
)
def test_a_session_that_cannot_be_is_refused(people, change, pointer):
    with pytest.raises(DomainError) as refused:
        a_session(people, **change)
    assert [fault.pointer for fault in refused.value.fields] == [pointer]


def test_only_members_of_the_team_attend_and_only_its_leader_enters(people):
    with pytest.raises(DomainError):
        a_session(people, who=[people.outsider])
    wanted = training.Wanted("drill", make.DAY, 60, (people.member.id,))
    for who in (people.member, people.outsider):
        with pytest.raises(NotFound):
            training.enter(who, scope_of(who), people.town.team.id, wanted, make.EVENING)


# --- an on-time month -----------------------------------------------------------------------------

OCTOBER = date(2026, 10, 1)


def october(people, works, lates):
    for n, late in enumerate(lates):
        works(people.member, a_shift(people, 40 - n), 1, late_min=late)


def end_october(people, now=make.EVENING):
    for key in no_shows.months_over(now):
        no_shows.end_month(*key, now)
    db.session.commit()


def test_an_on_time_month_is_paid_when_it_is_over(people, works):
    october(people, works, [0, 15, 3, 0])
    assert points(people.member, "on_time_month") == 0 and told_again_alike(people)
    end_october(people)
    assert lines(people.member, "on_time_month") == {
        ("on_time_month", f"month:2026-10:{people.member.id}"): 20
    }
    assert told_again_alike(people)


@pytest.mark.parametrize(
    ("lates", "paid"), [([0, 0, 0], 0), ([0, 0, 0, 16], 0), ([0] * 9 + [30], 20), ([0] * 8 + [30, 30], 0)]
)
def test_four_shifts_and_nine_of_ten_in_time(people, works, lates, paid):
    october(people, works, lates)
    end_october(people)
    assert points(people.member, "on_time_month") == paid and told_again_alike(people)


def test_a_duty_that_comes_late_changes_the_month_that_is_over(people, works):
    october(people, works, [0, 0, 0])
    end_october(people)
    works(people.member, a_shift(people, 30), 1)
    assert points(people.member, "on_time_month") == 20 and told_again_alike(people)


def test_the_present_month_is_not_over(people, works):
    works(people.member, people.shift, 1)
    assert no_shows.months_over(make.EVENING) == []
    assert no_shows.months_over(make.EVENING + 10 * DAY) == [(town(people), date(2026, 11, 1))]


# --- no-shows -------------------------------------------------------------------------------------


def find_missed(now):
    found = no_shows.due(now, 100)
    for one in found:
        no_shows.record(one, now)
    db.session.commit()
    return {(one.shift_id, one.person_id) for one in found}


def test_a_no_show_is_found_72_hours_after_the_shift_and_takes_ten_points(people, works):
    works(people.member, a_shift(people, 6), 2)
    missed = a_shift(people, 4)
    assert find_missed(missed.ends_at + 71 * HOUR) == set()
    now = missed.ends_at + 73 * HOUR
    assert find_missed(now) == {(missed.id, people.member.id)}
    assert find_missed(now) == set()
    assert lines(people.member, "no_show") == {("no_show", f"shift:{missed.id}:{people.member.id}"): -10}
    assert balance(people, people.member) == 10 and told_again_alike(people)


def test_a_month_is_never_taken_below_nothing_and_what_is_earned_later_is_taken_then(people, works):
    missed = a_shift(people, 6)
    find_missed(missed.ends_at + 73 * HOUR)
    assert balance(people, people.member) == 0 and told_again_alike(people)
    works(people.member, a_shift(people, 1), 0.5)
    assert points(people.member, "base") == 5 and balance(people, people.member) == 0
    works(people.member, people.shift, 2)
    assert points(people.member, "no_show") == -10 and balance(people, people.member) == 15
    assert told_again_alike(people)


def test_a_phone_that_comes_back_late_makes_it_no_no_show(people, works):
    works(people.member, a_shift(people, 6), 2)
    missed = a_shift(people, 4)
    find_missed(missed.ends_at + 73 * HOUR)
    works(people.member, missed, 1)
    assert points(people.member, "no_show") == 0 and balance(people, people.member) == 30
    assert told_again_alike(people)


def said_so(people, shift, how, at, withdrawn=False):
    id_ = uuid4()
    common = {"township_id": town(people), "id": id_, "person_id": people.member.id}
    rows = {
        "decline": Decline(**common, shift_id=shift.id, phrase="ill", said_at=at, freed=False),
        "swap": Swap(**common, shift_id=shift.id, phrase="ill", asked_at=at),
        "leave": Leave(**common, from_on=shift.day, to_on=shift.day, phrase="ill", asked_at=at),
    }
    if how == "leave":
        rows[how].withdrawn = withdrawn
    make.save(rows[how])
    if how == "swap" and withdrawn:
        make.save(
            SwapStep(
                township_id=town(people), id=uuid4(), ask_id=id_, person_id=people.member.id, kind="withdraw",
                said_at=at + MINUTE,
            )
        )  # fmt: skip


@pytest.mark.parametrize("how", ["decline", "swap", "leave"])
@pytest.mark.parametrize(
    ("minutes_before", "notice_min", "counts"),
    [(60, 0, False), (0, 0, False), (-5, 0, True), (60, 120, True)],
)
def test_who_said_so_in_time_is_no_no_show(people, how, minutes_before, notice_min, counts):
    make.make_policy(people.town.township, "incentives", {"notice_min": notice_min})
    shift = a_shift(people, 6)
    said_so(people, shift, how, shift.starts_at - minutes_before * MINUTE)
    assert bool(find_missed(shift.ends_at + 73 * HOUR)) is counts


@pytest.mark.parametrize("how", ["swap", "leave"])
def test_what_was_taken_back_was_not_said(people, how):
    shift = a_shift(people, 6)
    said_so(people, shift, how, shift.starts_at - HOUR, withdrawn=True)
    assert find_missed(shift.ends_at + 73 * HOUR) == {(shift.id, people.member.id)}


def test_who_was_taken_off_the_roster_or_whose_shift_was_cancelled_missed_nothing(people):
    off, cancelled = a_shift(people, 6), a_shift(people, 5)
    db.session.execute(update(make.Assignment).where(make.Assignment.shift_id == off.id).values(active=False))
    cancelled.status, cancelled.cancel_reason = "cancelled", "weather"
    db.session.commit()
    assert find_missed(make.EVENING) == set()


def test_an_excuse_by_somebody_else_gives_the_points_back(people, works):
    works(people.member, a_shift(people, 6), 2)
    missed = a_shift(people, 4)
    find_missed(missed.ends_at + 73 * HOUR)
    leader = scope_of(people.leader)
    no_shows.excuse(people.leader, leader, missed.id, people.member.id, "ill", make.EVENING + 4 * DAY)
    assert points(people.member) == 20 and told_again_alike(people)
    no_shows.excuse(people.leader, leader, missed.id, people.member.id, "ill", make.EVENING + 4 * DAY)
    with pytest.raises(Conflict):
        no_shows.excuse(people.leader, leader, missed.id, people.member.id, "work", make.EVENING + 4 * DAY)
    with pytest.raises(NotFound):
        no_shows.excuse(
            people.outsider, scope_of(people.outsider), missed.id, people.member.id, "ill", make.EVENING
        )


def test_nobody_excuses_themselves(people):
    missed = a_shift(people, 6, [people.leader])
    find_missed(missed.ends_at + 73 * HOUR)
    with pytest.raises(DomainError) as refused:
        no_shows.excuse(
            people.leader, scope_of(people.leader), missed.id, people.leader.id, "ill", make.EVENING
        )
    assert refused.value.code == "own_no_show"

    def forged():
        db.session.execute(
            update(NoShow).values(excuse="ill", excused_by=people.leader.id, excused_at=make.EVENING)
        )

    refuses(forged, "ck_no_shows_four_eyes")


def test_a_missed_shift_was_not_begun_in_time(people, works):
    october(people, works, [0, 0, 0, 0])
    a_shift(people, 30)
    find_missed(make.EVENING - 26 * DAY)
    end_october(people)
    assert points(people.member, "on_time_month") == 0 and points(people.member, "no_show") == -10
    assert told_again_alike(people)


# --- false check-ins ------------------------------------------------------------------------------


def opened(people, duty, by=None, now=make.EVENING + DAY):
    by = by or people.leader
    case = cases.open_case(by, scope_of(by), duty.id, "not_there", now)
    db.session.commit()
    return case


def decided(people, case, by=None, outcome="upheld", now=make.EVENING + 6 * DAY):
    by = by or people.reviewer
    found = cases.decide(by, scope_of(by), case.id, outcome, now)
    db.session.commit()
    return found


def test_an_upheld_case_voids_the_duty_and_takes_fifty_points(people, works):
    works(people.member, a_shift(people, 3), 1)
    duty = works(people.member, people.shift, 2)
    case = opened(people, duty)
    assert points(people.member) == 30
    decided(people, case)
    assert points(people.member, "base") == 10
    assert lines(people.member, "false_checkin") == {("false_checkin", f"case:{case.id}"): -50}
    assert balance(people, people.member) == 10 and balance(people, people.member, "approved") == -50
    assert told_again_alike(people)


def test_a_void_duty_is_no_valid_duty_and_no_shift_of_the_month(people, works):
    october(people, works, [0, 0, 0, 0])
    end_october(people)
    duty = db.session.scalars(select(Duty).order_by(Duty.id)).first()
    day = duty.day
    before = strength.volunteer_hours(town(people), day, day)
    decided(people, opened(people, duty))
    assert before == 1 and strength.volunteer_hours(town(people), day, day) == 0
    counts = strength.counts_of(town(people), [day], 1)[day, "volunteer"]
    assert sum(one.active for one in counts.values()) == 0
    assert points(people.member, "on_time_month") == 0 and told_again_alike(people)


def test_a_dismissed_case_changes_nothing(people, works):
    duty = works(people.member, people.shift, 2)
    decided(people, opened(people, duty), outcome="dismissed")
    assert points(people.member) == 20 and duty.voided_at is None and told_again_alike(people)
    assert opened(people, duty).outcome is None


def test_nobody_decides_before_the_member_has_had_five_days(people, works):
    case = opened(people, works(people.member, people.shift, 2))
    with pytest.raises(DomainError) as refused:
        decided(people, case, now=case.opened_at + 5 * DAY - MINUTE)
    assert refused.value.code == "reply_not_over"

    def forged(**values):
        db.session.execute(update(FalseCheckin).values(outcome="upheld", **values))

    early = case.opened_at + 4 * DAY
    refuses(lambda: forged(decided_by=people.reviewer.id, decided_at=early), "ck_false_checkins_reply")
    decided(people, case, now=case.opened_at + 5 * DAY)
    assert points(people.member, "false_checkin") == -50


def test_opener_member_and_decider_are_three(people, works):
    shift = a_shift(people, crew=[people.leader])
    own = works(people.leader, shift, 2)
    with pytest.raises(DomainError) as mine:
        opened(people, own)
    assert mine.value.code == "own_case"
    case = opened(people, works(people.member, people.shift, 2))
    with pytest.raises(DomainError) as again:
        decided(people, case, by=people.leader)
    assert again.value.code == "decided_by_another"
    make.grant(people.member, "reviewer", area=people.town.township)
    with pytest.raises(DomainError) as self_decided:
        decided(people, case, by=people.member)
    assert self_decided.value.code == "own_case"
    late = case.opened_at + 6 * DAY
    for who in (people.leader, people.member):
        refuses(
            lambda who=who: db.session.execute(
                update(FalseCheckin).values(outcome="upheld", decided_by=who.id, decided_at=late)
            ),
            "ck_false_checkins_four_eyes",
        )


def test_the_member_answers_in_time_and_nobody_else(people, works):
    case = opened(people, works(people.member, people.shift, 2))
    cases.answer(people.member, case.id, "was_there", "我在菜市场", case.opened_at + DAY)
    cases.answer(people.member, case.id, "gps_bad", None, case.opened_at + 2 * DAY)
    assert (case.answer, case.answer_text) == ("gps_bad", None)
    with pytest.raises(NotFound):
        cases.answer(people.mate, case.id, "was_there", None, case.opened_at + DAY)
    with pytest.raises(Conflict) as late:
        cases.answer(people.member, case.id, "was_there", None, case.answer_until)
    assert late.value.code == "case_answer_over"


def test_a_duty_has_one_case_and_a_decision_stands(people, works):
    duty = works(people.member, people.shift, 2)
    case = opened(people, duty)
    assert opened(people, duty).id == case.id
    with pytest.raises(Conflict):
        opened(people, duty, by=people.reviewer)
    decided(people, case)
    assert decided(people, case).id == case.id
    with pytest.raises(Conflict) as stands:
        decided(people, case, outcome="dismissed")
    assert stands.value.code == "case_decided"
    with pytest.raises(Conflict):
        opened(people, duty)
    for act in (
        lambda: opened(people, duty, by=people.outsider),
        lambda: decided(people, case, by=people.outsider),
    ):
        with pytest.raises(NotFound):
            act()


def test_what_a_false_check_in_took_is_earned_back_and_gives_no_room_under_a_cap(people, works):
    make.make_policy(people.town.township, "incentives", {"month_cap": 15})
    decided(people, opened(people, works(people.member, a_shift(people, 3), 2)))
    works(people.member, people.shift, 2)
    assert points(people.member, "base") == 15 and told_again_alike(people)
    move = ledger.Transfer(
        town(people), people.member.id, "approval", "test:1", 1, 30, ledger.pending(people.member.id),
        ledger.approved(people.member.id), make.DAY,
    )  # fmt: skip
    ledger.post(move, make.EVENING)
    assert balance(people, people.member, "approved") == -35


def test_of_a_frozen_month_it_is_booked_in_the_next_open_one(people, works):
    duty = works(people.member, a_shift(people, 40), 2)
    ledger.freeze_month(town(people), OCTOBER, people.reviewer, ZONE, make.EVENING)
    decided(people, opened(people, duty))
    booked = {
        (e.rule, e.booked_in)
        for e in db.session.scalars(select(PointEntry).where(PointEntry.booked_in.is_not(None)))
    }
    assert booked == {("base", date(2026, 11, 1)), ("false_checkin", date(2026, 11, 1))}
    assert told_again_alike(people)


# --- caps -----------------------------------------------------------------------------------------


def test_rows_come_after_duties_and_before_what_is_taken(people, works):
    """A month of 30 points: 20 of base, 10 of the training that asked for 20; then a no-show takes ten."""
    make.make_policy(people.town.township, "incentives", {"month_cap": 30})
    confirm(people, a_session(people, day=make.DAY - 10 * DAY, minutes=120))
    missed = a_shift(people, 6)
    find_missed(missed.ends_at + 73 * HOUR)
    works(people.member, people.shift, 2)
    assert {rule: half for (rule, _), half in lines(people.member).items()} == {
        "base": 20, "training": 10, "no_show": -10,
    }  # fmt: skip
    assert balance(people, people.member) == 20 and told_again_alike(people)


def test_the_years_cap_knows_the_rows_of_the_months_before(people, works):
    make.make_policy(people.town.township, "incentives", {"year_cap": 45})
    works(people.member, people.shift, 2)
    confirm(people, a_session(people, day=date(2026, 10, 5), minutes=240))
    assert points(people.member, "training") == 40 and points(people.member, "base") == 5
    assert told_again_alike(people)


def test_whoever_has_only_rows_is_told_again_too(people):
    confirm(people, a_session(people, who=[people.mate]))
    assert people.mate.id in recomputing.people_in(town(people))
    db.session.execute(update(TrainingAttendance).values(confirmed_by=None, confirmed_at=None))
    found = list(recomputing.recompute(town(people), ZONE, make.EVENING))
    assert [(one.rule, one.ledger_half, one.recomputed_half) for one in found] == [("training", 40, None)]
