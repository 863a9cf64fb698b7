"""Confirmations that were wrong: taken back once, by neither whom they are about nor who entered them. The ledger
reverses them and tells the same again; what is confirmed anew is paid as it is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Audit
from app.db import db
from app.errors import Conflict, DomainError, NotFound
from app.field.points import points_of
from app.incentives import hazards, ledger, training
from app.incentives.models import PointEntry, TrainingAttendance, VerifiedHazard
from app.teams.scope import scope_of
from tests import make
from tests.incentives.test_rows import (  # noqa: F401
    ZONE,
    a_session,
    a_shift,
    balance,
    confirm,
    lines,
    points,
    refuses,
    report,
    told_again_alike,
    town,
    verify,
    works,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOW = make.EVENING + 2 * DAY


def take_session(people, session, who=None, why="wrong_minutes", now=NOW):
    who = who or people.reviewer
    n = training.take_back(who, scope_of(who), session.id, why, now)
    db.session.commit()
    return n


def take_hazard(people, incident_id, who=None, why="wrong_severity", now=NOW):
    who = who or people.reviewer
    found = hazards.take_back(who, scope_of(who), incident_id, why, now)
    db.session.commit()
    return found


def code_of(act, *args, **more):
    with pytest.raises(DomainError) as refused:
        act(*args, **more)
    db.session.rollback()
    return refused.value.code


def entries(person):
    return db.session.scalars(
        select(PointEntry).where(PointEntry.person_id == person.id).order_by(PointEntry.id)
    ).all()


def audited(action):
    return db.session.scalars(select(Audit.detail).where(Audit.action == action)).all()


def told(people, person, month=make.DAY):
    """(code, figures) of what the statement says was taken back."""
    return [
        [(s["code"], s["figures"]) for s in one["says"]] for one in points_of(person, month)["taken_back"]
    ]


# --- training -------------------------------------------------------------------------------------


def test_a_training_taken_back_is_reversed_and_entered_anew_as_it_was(people):
    wrong = a_session(people, minutes=240, who=[people.member, people.mate])
    confirm(people, wrong)
    assert take_session(people, wrong) == 2
    assert points(people.member) == points(people.mate) == 0 and balance(people, people.member) == 0
    posted, back = entries(people.member)
    assert (back.reverses_id, back.why, back.n, back.booked_in) == (posted.id, "facts_changed", 2, None)
    right = a_session(people, minutes=90, who=[people.member])
    confirm(people, right)
    assert lines(people.member) == {("training", f"training:{right.id}:{people.member.id}"): 15}
    assert points(people.mate) == 0 and told_again_alike(people)
    assert audited("training.taken_back") == [{"n": 2, "why": "wrong_minutes"}]


def test_the_same_entered_again_within_minutes_is_a_session_of_its_own_once_the_first_is_gone(people):
    first = a_session(people)
    assert a_session(people).id == first.id
    take_session(people, first, why="entered_twice")
    again = a_session(people)
    assert again.id != first.id and a_session(people).id == again.id
    assert confirm(people, again) == 1 and points(people.member) == 20 and told_again_alike(people)


def test_twice_is_once_and_another_reason_is_refused(people):
    session = a_session(people)
    confirm(people, session)
    assert [take_session(people, session), take_session(people, session, people.admin)] == [1, 0]
    assert code_of(take_session, people, session, why="not_held") == "training_taken_back"
    assert code_of(take_session, people, session, why="sorry") == "invalid"
    assert len(entries(people.member)) == 2 and len(audited("training.taken_back")) == 1


def test_what_was_taken_back_is_not_confirmed_any_more(people):
    session = a_session(people)
    assert take_session(people, session, why="not_held") == 0
    assert code_of(confirm, people, session, people.admin) == "training_taken_back"
    assert entries(people.member) == [] and told(people, people.member) == [] and told_again_alike(people)
    (shown,) = training.seen(scope_of(people.reviewer), town(people), date(2026, 11, 1))
    assert shown.taken_back == (people.reviewer.name, NOW, "not_held") and shown.waiting == 0


def test_neither_who_entered_it_nor_who_was_there_takes_it_back(people):
    make.grant(people.leader, "reviewer", area=people.town.township)
    make.grant(people.member, "reviewer", area=people.town.township)
    session = a_session(people)
    confirm(people, session)
    assert code_of(take_session, people, session, people.leader) == "taken_back_by_another"
    assert code_of(take_session, people, session, people.member) == "own_attendance"
    assert points(people.member) == 20

    def forged(by):
        db.session.execute(
            update(TrainingAttendance).values(
                taken_back_by=by.id, taken_back_at=NOW, taken_back_why="not_held"
            )
        )

    for who in (people.member, people.leader):
        refuses(lambda who=who: forged(who), "ck_training_attendances_taken_back_four_eyes")


@pytest.mark.parametrize(
    "values",
    [{"taken_back_at": NOW}, {"taken_back_why": "other"}, {"taken_back_at": NOW, "taken_back_why": "other"}],
)
def test_no_taking_back_without_who_when_and_why(people, values):
    a_session(people)
    refuses(
        lambda: db.session.execute(update(TrainingAttendance).values(**values)),
        "ck_training_attendances_taken_back",
    )


def test_only_who_reviews_the_township_takes_a_training_back(people):
    session = a_session(people)
    confirm(people, session)
    other = make.make_person("邻镇审核员", people.other.township, login="other-reviewer")
    make.grant(other, "reviewer", area=people.other.township)
    for who in (people.leader, people.outsider, people.mate, other):
        with pytest.raises(NotFound):
            take_session(people, session, who)
    assert points(people.member) == 20


def test_the_quarters_room_goes_to_the_sessions_after_it(people):
    october, november = date(2026, 10, 5), date(2026, 11, 20)
    first = a_session(people, day=october, minutes=180)
    for one in (first, a_session(people, day=november, minutes=180)):
        confirm(people, one)
    assert points(people.member) == 40
    take_session(people, first, why="wrong_day")
    assert set(lines(people.member).values()) == {30} and told_again_alike(people)


def test_of_a_frozen_month_it_is_reversed_in_the_next_open_one(people):
    session = a_session(people, day=date(2026, 10, 5))
    confirm(people, session)
    ledger.freeze_month(town(people), date(2026, 10, 1), people.reviewer, ZONE, NOW)
    take_session(people, session)
    assert [e.booked_in for e in entries(people.member)] == [None, date(2026, 11, 1)]
    assert told_again_alike(people)
    (line,) = points_of(people.member, date(2026, 10, 5))["taken_back"]
    assert (line["booked_in"], line["points"], line["day"]) == ("2026-11", 20, "2026-10-05")


def test_the_statement_says_what_was_taken_back_and_why(people):
    session = a_session(people, minutes=90)
    confirm(people, session)
    assert told(people, people.member) == []
    take_session(people, session, why="wrong_people", now=make.EVENING + 5 * HOUR)
    figures = {"minutes": "90", "sessions": "1", "points": "15"}
    # Past midnight in the township.
    assert told(people, people.member) == [
        [("says.training", figures), ("says.taken_back.wrong_people", {"day": "2026-11-25"})]
    ]
    assert points_of(people.member, make.DAY)["points"] == 0
    assert told(people, people.mate) == told(people, people.member, date(2026, 10, 1)) == []


# --- hazards --------------------------------------------------------------------------------------


@pytest.fixture
def grave(people, works):  # noqa: F811
    """A hazard of the member's evening that the leader called grave."""
    works(people.member, people.shift)
    one = report(people, people.member, people.shift)
    verify(people.leader, one, "high")
    return one


def test_a_wrong_severity_is_taken_back_and_verified_anew(people, grave):
    assert lines(people.member, "hazard") == {("hazard", f"incident:{grave}"): 20}
    take_hazard(people, grave)
    assert lines(people.member, "hazard") == {} and told_again_alike(people)
    waiting = hazards.waiting(scope_of(people.leader), town(people), NOW)
    assert [one.incident.id for one in waiting] == [grave], "it may be verified once more"
    verify(people.leader, grave, "low", NOW + HOUR)
    assert lines(people.member, "hazard") == {("hazard", f"incident:{grave}"): 5} and told_again_alike(people)
    rows = db.session.scalars(select(VerifiedHazard).order_by(VerifiedHazard.n)).all()
    assert [(row.n, row.severity, row.taken_back_why) for row in rows] == [
        (1, "high", "wrong_severity"), (2, "low", None),
    ]  # fmt: skip
    assert audited("hazard.taken_back") == [{"why": "wrong_severity", "severity": "high"}]
    (shown,) = hazards.verified(scope_of(people.leader), town(people), make.EVENING)
    assert (shown.row.n, shown.verified_by, shown.taken_back_by) == (2, people.leader.name, None)


def test_the_line_that_stands_anew_says_that_it_was_corrected(people, grave):
    take_hazard(people, grave)
    figures = {"nth": "1", "points": "20"}
    assert told(people, people.member) == [
        [("says.hazard.high", figures), ("says.taken_back.wrong_severity", {"day": "2026-11-26"})]
    ]
    verify(people.reviewer, grave, "low", NOW + HOUR)
    assert told(people, people.member) == []
    (line,) = [one for one in points_of(people.member, make.DAY)["lines"] if one["rule"] == "hazard"]
    assert [one["code"] for one in line["says"]] == ["says.hazard.low", "says.why.facts_changed"]


def test_it_may_be_taken_back_and_verified_any_number_of_times(people, grave):
    for n in range(3):
        take_hazard(people, grave, now=NOW + n * HOUR)
        verify(people.reviewer, grave, "medium", NOW + n * HOUR + MINUTE)
    assert points(people.member, "hazard") == 10 and told_again_alike(people)


def test_a_hazard_is_taken_back_once_and_for_one_reason(people, grave):
    first = take_hazard(people, grave)
    assert take_hazard(people, grave, people.admin, now=NOW + HOUR) is first and first.taken_back_at == NOW
    assert code_of(take_hazard, people, grave, why="no_hazard") == "hazard_taken_back"
    assert code_of(take_hazard, people, grave, why="bad") == "invalid"
    assert len(audited("hazard.taken_back")) == 1
    assert len([e for e in entries(people.member) if e.rule == "hazard"]) == 2


def test_the_next_hazard_of_the_shift_takes_its_place(people, grave):
    more = [
        report(people, people.member, people.shift, x=300 + 200 * n, at=make.EVENING + (20 + n) * MINUTE)
        for n in range(2)
    ]
    for one in more:
        verify(people.leader, one, "low")
    assert set(lines(people.member, "hazard")) == {("hazard", f"incident:{i}") for i in (grave, more[0])}
    take_hazard(people, grave, why="no_hazard")
    assert set(lines(people.member, "hazard")) == {("hazard", f"incident:{i}") for i in more}
    assert told_again_alike(people)


def test_somebody_elses_earlier_report_may_be_verified_then(people, works, grave):  # noqa: F811
    works(people.mate, people.shift)
    earlier = report(people, people.mate, people.shift, at=make.EVENING + 5 * MINUTE)
    with pytest.raises(Conflict):
        verify(people.leader, earlier)
    db.session.rollback()
    take_hazard(people, grave, why="known_before")
    verify(people.leader, earlier, "high")
    assert (points(people.mate, "hazard"), points(people.member, "hazard")) == (20, 0)
    with pytest.raises(Conflict):
        verify(people.leader, grave, "low")
    db.session.rollback()
    assert told_again_alike(people)


def test_nobody_takes_back_the_verification_of_an_own_report(people, grave):
    make.grant(people.member, "reviewer", area=people.town.township)
    assert code_of(take_hazard, people, grave, people.member) == "own_hazard_back"
    values = {"taken_back_by": people.member.id, "taken_back_at": NOW, "taken_back_why": "other"}
    refuses(
        lambda: db.session.execute(update(VerifiedHazard).values(**values)),
        "ck_verified_hazards_taken_back_four_eyes",
    )
    assert points(people.member, "hazard") == 20


def test_two_verifications_of_one_report_never_stand_at_once(people, grave):
    def forged():
        (row,) = db.session.scalars(select(VerifiedHazard))
        more = {c.name: getattr(row, c.name) for c in VerifiedHazard.__table__.columns} | {"n": 2}
        db.session.add(VerifiedHazard(**more))
        db.session.flush()

    refuses(forged, "uq_verified_hazards_live")


def test_only_who_reviews_the_township_takes_a_hazard_back(people, works):  # noqa: F811
    works(people.member, people.shift)
    one = report(people, people.member, people.shift)
    with pytest.raises(NotFound):
        take_hazard(people, one)
    verify(people.leader, one)
    other = make.make_person("邻镇审核员", people.other.township, login="other-reviewer")
    make.grant(other, "reviewer", area=people.other.township)
    for who in (people.leader, people.outsider, people.mate, other):
        with pytest.raises(NotFound):
            take_hazard(people, one, who)
    assert points(people.member, "hazard") == 10


def test_a_hazard_of_a_frozen_month_is_corrected_in_the_next(people, works):  # noqa: F811
    shift = a_shift(people, 40)
    works(people.member, shift)
    one = report(people, people.member, shift, at=shift.starts_at + 10 * MINUTE)
    verify(people.leader, one, "high", make.EVENING)
    ledger.freeze_month(town(people), date(2026, 10, 1), people.reviewer, ZONE, NOW)
    take_hazard(people, one)
    verify(people.leader, one, "low", NOW + HOUR)
    booked = [(e.n, e.booked_in, e.why) for e in entries(people.member) if e.rule == "hazard"]
    november = date(2026, 11, 1)
    assert booked == [(1, None, None), (2, november, "facts_changed"), (3, november, "facts_changed")]
    assert told_again_alike(people)


def test_a_database_refuses_a_reason_that_is_on_no_list(people, grave):
    values = {"taken_back_by": people.reviewer.id, "taken_back_at": NOW, "taken_back_why": "not_held"}
    with pytest.raises(IntegrityError) as refused, db.session.begin_nested():
        db.session.execute(update(VerifiedHazard).values(**values))
    assert refused.value.orig.diag.constraint_name == "ck_verified_hazards_taken_back_why"
