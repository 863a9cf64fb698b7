"""Who is another person: nobody who had a part in points before decides about them again, however it came about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.approval import auditing, notices, operations, queries
from app.approval.months import month_state
from app.db import db
from app.errors import Forbidden
from app.incentives.models import FrozenMonth
from app.teams.scope import scope_of
from tests import make
from tests.approval.worked import (
    DAY,
    DECEMBER,
    NOVEMBER,
    NOW,
    approve,
    audit_of,
    one,
    pass_audits,
    submit,
    work,
)  # fmt: skip

JANUARY = datetime(2027, 1, 5, 2, tzinfo=UTC)
IN_DECEMBER = datetime(2026, 12, 10, 12, tzinfo=UTC)


@pytest.fixture
def judge(people: Any) -> Any:
    """A second reviewer of the township."""
    person = make.make_person("副审核员", people.town.township)
    make.grant(person, "reviewer", area=people.town.township)
    return person


def freeze(people: Any, month: date = NOVEMBER) -> None:
    make.save(
        FrozenMonth(
            township_id=people.town.township.id, month=month, frozen_by=people.admin.id, frozen_at=NOW + DAY
        )
    )


# --- entered by hand, credited later --------------------------------------------------------------


def test_who_entered_a_late_duty_by_hand_does_not_approve_the_month_that_takes_it(people: Any) -> None:
    """A duty of November, entered when November was frozen: its points are December's to approve."""
    make.make_policy(people.town.township, "approval", {"audit_percent": 0})
    work(people, people.member, 20, starts_at=IN_DECEMBER)
    freeze(people)
    work(people, people.member, 97, state="attended", entered_by=people.reviewer.id)
    submit(people, people.leader, people.member, month=DECEMBER, now=JANUARY)
    assert one(people, people.member, DECEMBER, JANUARY).move_half == 117
    assert approve(people, people.reviewer, people.member, month=DECEMBER, now=JANUARY) == [
        "approval_entered_by_you"
    ]
    assert approve(people, people.admin, people.member, month=DECEMBER, now=JANUARY) == [None]


def test_who_entered_by_hand_what_a_frozen_month_left_does_not_approve_what_carries_it(people: Any) -> None:
    """November was set aside and frozen; December brings its points, and a month later nothing of it is left."""
    make.make_policy(people.town.township, "approval", {"audit_percent": 0})
    work(people, people.member, 97, state="attended", entered_by=people.reviewer.id)
    operations.set_aside(people.admin, people.town.township, NOVEMBER, people.member.id, "duty_unclear", NOW)
    freeze(people)
    work(people, people.member, 20, starts_at=IN_DECEMBER)
    submit(people, people.leader, people.member, month=DECEMBER, now=JANUARY)
    assert approve(people, people.reviewer, people.member, month=DECEMBER, now=JANUARY) == [
        "approval_entered_by_you"
    ]
    assert approve(people, people.admin, people.member, month=DECEMBER, now=JANUARY) == [None]
    february, january = datetime(2027, 2, 5, 2, tzinfo=UTC), date(2027, 1, 1)
    freeze(people, DECEMBER)
    work(people, people.member, 30, starts_at=datetime(2027, 1, 20, 12, tzinfo=UTC))
    submit(people, people.leader, people.member, month=january, now=february)
    assert approve(people, people.reviewer, people.member, month=january, now=february) == [None]


# --- audits ---------------------------------------------------------------------------------------


def test_an_audit_is_not_for_who_submitted_or_entered_it(people: Any, judge: Any) -> None:
    work(people, people.member, 97, state="attended", entered_by=judge.id)
    submit(people, people.reviewer, people.member)
    approve(people, people.admin, people.member)
    drawn = audit_of(people, people.member)
    assert drawn is not None and drawn.had_part == sorted([people.reviewer.id, judge.id])
    for who in (people.reviewer, judge):
        assert queries.waiting_for(scope_of(who)) == 0
        with pytest.raises(Forbidden) as refused:
            auditing.finish(
                who, scope_of(who), people.town.township, NOVEMBER, people.member.id, "ok", "", NOW
            )
        assert refused.value.code == "audit_own"
    third = make.make_person("第三人", people.town.township)
    make.grant(third, "reviewer", area=people.town.township)
    assert queries.waiting_for(scope_of(third)) == 1
    auditing.finish(third, scope_of(third), people.town.township, NOVEMBER, people.member.id, "ok", "", NOW)


# --- objections -----------------------------------------------------------------------------------


@pytest.fixture
def shown(people: Any) -> Any:
    """A notice with the member's line, approved by the reviewer; the mate was set aside by the reviewer."""
    make.make_policy(people.town.township, "approval", {"audit_percent": 0, "outlier_least": 1000})
    work(people, people.member, 97)
    work(people, people.mate, 40)
    submit(people, people.leader, people.member)
    approve(people, people.reviewer, people.member)
    operations.set_aside(people.reviewer, people.town.township, NOVEMBER, people.mate.id, "duty_unclear", NOW)
    pass_audits(people, people.admin)
    notices.open_notice(people.reviewer, people.town.township, NOVEMBER, NOW)
    db.session.commit()
    return people


def object_to(people: Any, who: Any, text: str) -> Any:
    notice = notices.published.notice_of(people.town.township.id, NOVEMBER)
    assert notice is not None
    row = notices.object_to(notice, people.town.township, "", text, who, "", NOW)
    db.session.commit()
    return row.id


def answer(by: Any, objection_id: Any, verdict: str) -> None:
    notices.answer(by, scope_of(by), objection_id, verdict, "看过了", NOW)
    db.session.commit()


def refused(by: Any, objection_id: Any) -> bool:
    with pytest.raises(Forbidden) as stopped:
        answer(by, objection_id, "rejected")
    db.session.rollback()
    return bool(stopped.value.code == "objection_own")


def test_who_approved_it_anew_does_not_answer_about_it(shown: Any, judge: Any) -> None:
    """One objection waits from before the correction, one comes after it."""
    first, before = object_to(shown, shown.member, "少算了一次"), object_to(shown, shown.member, "还有一次")
    answer(shown.admin, first, "upheld")
    submit(shown, shown.leader, shown.member)
    assert approve(shown, judge, shown.member) == [None]
    after = object_to(shown, shown.member, "仍然不对")
    assert refused(judge, before) and refused(judge, after) and refused(shown.reviewer, before)
    answer(shown.admin, before, "rejected")
    answer(shown.reviewer, after, "rejected")


def test_who_set_a_month_aside_does_not_answer_about_its_lack(shown: Any) -> None:
    objection = object_to(shown, shown.mate, "没有我的积分")
    assert refused(shown.reviewer, objection)
    answer(shown.admin, objection, "rejected")


def test_a_line_whose_points_were_taken_back_for_this_month_says_so(shown: Any) -> None:
    """Upheld, and then set aside: the notice no longer tells points that nobody approved."""
    answer(shown.admin, object_to(shown, shown.member, "多算了"), "upheld")
    assert [line.corrected_half for line in notices.shown(notice_of(shown))] == [None]
    operations.set_aside(shown.admin, shown.town.township, NOVEMBER, shown.member.id, "duty_unclear", NOW)
    (line,) = notices.shown(notice_of(shown))
    assert (line.half, line.corrected_half) == (97, 0)
    assert month_state(shown.town.township, NOVEMBER, NOW).of(shown.member.id).state == "set_aside"


def notice_of(people: Any) -> Any:
    return notices.published.notice_of(people.town.township.id, NOVEMBER)
