"""The notice: opened, read by anybody, objected to, answered by another person; then the month freezes, not before."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.accounts.consents import set_consent
from app.accounts.models import Audit
from app.approval import notices, operations, published
from app.approval.models import PointNoticeLine, PointObjection
from app.db import db
from app.errors import Conflict, DomainError, Forbidden, Gone, NotFound, TooMany
from app.incentives import chain
from app.incentives.models import FrozenMonth, Holiday
from app.teams.scope import scope_of
from tests import make
from tests.approval.test_approving import accounts
from tests.approval.worked import (
    DAY,
    DECEMBER,
    HOUR,
    NOVEMBER,
    NOW,
    approve,
    give,
    month_of,
    one,
    pass_audits,
    submit,
    work,
)  # fmt: skip

ENDS = datetime(2026, 12, 11, 16, tzinfo=UTC)  # the end of Friday in Shanghai
WORDS = "十一月二十四日那一班没有算进去"


@pytest.fixture
def approved(people):
    """The member's and the mate's months are approved."""
    make.make_policy(people.town.township, "approval", {"audit_percent": 0})
    work(people, people.member, 97)
    work(people, people.mate, 40)
    submit(people, people.leader, people.member, people.mate)
    approve(people, people.reviewer, people.member, people.mate)
    return people


@pytest.fixture
def shown(approved):
    notices.open_notice(approved.reviewer, approved.town.township, NOVEMBER, NOW)
    db.session.commit()
    return approved


def notice_of(people):
    return published.notice_of(people.town.township.id, NOVEMBER)


def line_of(people, person):
    return db.session.get(PointNoticeLine, (people.town.township.id, NOVEMBER, person.id))


def object_to(people, key, text=WORDS, by=None, now=NOW, address="192.0.2.7"):
    row = notices.object_to(notice_of(people), people.town.township, key, text, by, address, now)
    db.session.commit()
    return row


def answer(people, by, row, verdict="rejected", text="已核对，数字无误", now=NOW):
    return notices.answer(by, scope_of(by), row.id, verdict, text, now)


def freeze(people, now):
    notices.freeze(people.reviewer, people.town.township, NOVEMBER, now)
    db.session.commit()


def frozen(people):
    return db.session.scalars(select(FrozenMonth.month)).all()


# --- opened ---------------------------------------------------------------------------------------


def test_it_runs_to_the_end_of_the_fifth_working_day_after_today(shown):
    notice = notice_of(shown)
    assert (notice.opened_by, notice.opened_at, notice.working_days) == (shown.reviewer.id, NOW, 5)
    assert (notice.last_on, notice.closes_at) == (date(2026, 12, 11), ENDS)


def test_holidays_are_left_out(approved):
    town = approved.town.township
    make.save(Holiday(area_id=town.county_id, day=date(2026, 12, 8), kind="holiday", name="节", made_at=NOW))
    notice = notices.open_notice(approved.reviewer, town, NOVEMBER, NOW)
    assert notice.last_on == date(2026, 12, 14)


def test_it_holds_who_was_approved_with_points_and_shifts_and_not_who_was_set_aside(approved):
    work(approved, approved.leader, 60)
    with pytest.raises(Conflict, match="notice_undecided"):
        notices.open_notice(approved.reviewer, approved.town.township, NOVEMBER, NOW)
    operations.set_aside(
        approved.reviewer, approved.town.township, NOVEMBER, approved.leader.id, "duty_unclear", NOW
    )
    notices.open_notice(approved.reviewer, approved.town.township, NOVEMBER, NOW)
    lines = {line.person_id: (line.half, line.shifts, line.approved_by) for line, _, _ in published.lines_of(
        approved.town.township.id, NOVEMBER
    )}  # fmt: skip
    assert lines == {
        approved.member.id: (97, 1, approved.reviewer.id), approved.mate.id: (40, 1, approved.reviewer.id),
    }  # fmt: skip


def test_not_while_the_month_runs_and_not_twice(shown):
    with pytest.raises(Conflict, match="notice_open_already"):
        notices.open_notice(shown.reviewer, shown.town.township, NOVEMBER, NOW)
    with pytest.raises(Conflict, match="month_still_runs"):
        notices.open_notice(shown.reviewer, shown.town.township, DECEMBER, NOW)


def test_not_before_all_audits_are_done(people):
    work(people, people.member, 97)
    submit(people, people.leader, people.member)
    approve(people, people.reviewer, people.member)
    with pytest.raises(Conflict, match="notice_audits_open"):
        notices.open_notice(people.reviewer, people.town.township, NOVEMBER, NOW)
    pass_audits(people, people.admin)
    notices.open_notice(people.reviewer, people.town.township, NOVEMBER, NOW)


def test_while_it_runs_nothing_else_is_decided(shown):
    give(shown, shown.member, 10, "test:late")
    assert one(shown, shown.member).state == "differs"
    assert submit(shown, shown.leader, shown.member) == ["approval_notice"]
    with pytest.raises(Conflict, match="approval_notice"):
        operations.set_aside(
            shown.reviewer, shown.town.township, NOVEMBER, shown.member.id, "duty_unclear", NOW
        )
    freeze(shown, ENDS)
    assert one(shown, shown.member, DECEMBER, ENDS).open_half == 10


# --- read by anybody ------------------------------------------------------------------------------


def test_a_pseudonym_unless_the_member_wants_the_name_and_the_pseudonym_at_once_again(shown):
    member = line_of(shown, shown.member)
    set_consent(shown.mate, "name_in_notice", True, 1, NOW)
    public = notices.read(shown.town.township.code, NOVEMBER, NOW)
    assert [(one.name, one.is_name, one.half, one.shifts) for one in public.lines] == [
        ("李队员", True, 40, 1), (member.pseudonym, False, 97, 1),
    ]  # fmt: skip
    set_consent(shown.mate, "name_in_notice", False, 1, NOW)
    names = [one.name for one in notices.read(shown.town.township.code, NOVEMBER, NOW).lines]
    assert names == sorted([member.pseudonym, line_of(shown, shown.mate).pseudonym])


def test_a_pseudonym_leads_from_no_month_to_another(shown):
    first = line_of(shown, shown.member).pseudonym
    january = datetime(2027, 1, 8, tzinfo=UTC)
    work(shown, shown.member, 20, starts_at=datetime(2026, 12, 14, 12, tzinfo=UTC))
    submit(shown, shown.leader, shown.member, month=DECEMBER, now=january)
    approve(shown, shown.reviewer, shown.member, month=DECEMBER, now=january)
    notices.open_notice(shown.reviewer, shown.town.township, DECEMBER, january)
    second = db.session.get_one(
        PointNoticeLine, (shown.town.township.id, DECEMBER, shown.member.id)
    ).pseudonym
    assert len(first) == len(second) == 5 and first != second


def test_it_is_gone_when_it_ends_and_there_is_none_of_another_month(shown):
    code = shown.town.township.code
    assert notices.read(code, NOVEMBER, ENDS - HOUR).lines
    with pytest.raises(Gone):
        notices.read(code, NOVEMBER, ENDS)
    for where in ((code, DECEMBER), ("0", NOVEMBER), (shown.other.township.code, NOVEMBER)):
        with pytest.raises(NotFound):
            notices.read(*where, NOW)
    assert [area.code for _, area in published.running(ENDS - HOUR)] == [code]
    assert published.running(ENDS) == [] and published.running(NOW - DAY) == []


def test_a_member_finds_the_own_line(shown):
    ((notice, area, line),) = published.own_lines(shown.member.id, NOW)
    assert (notice.month, area.code, line.half) == (NOVEMBER, shown.town.township.code, 97)
    assert [line for _, _, line in published.own_lines(shown.leader.id, NOW)] == [None]
    assert published.own_lines(shown.outsider.id, NOW) == [] == published.own_lines(shown.member.id, ENDS)


# --- objected -------------------------------------------------------------------------------------


def test_anybody_objects_to_a_line_and_has_an_answer_within_the_term(shown):
    row = object_to(shown, line_of(shown, shown.mate).pseudonym)
    assert (row.person_id, row.objector_id, row.approved_by) == (shown.mate.id, None, shown.reviewer.id)
    assert (row.text, row.state, row.due_on) == (WORDS, "open", date(2026, 12, 11))
    assert notices.read(shown.town.township.code, NOVEMBER, NOW).objections == {"open": 1}


def test_the_same_words_again_are_the_same_objection(shown):
    key = line_of(shown, shown.mate).pseudonym
    assert object_to(shown, key).id == object_to(shown, key, f" {WORDS} ").id
    assert object_to(shown, key, by=shown.member).id != object_to(shown, key).id


@pytest.mark.parametrize(
    ("key", "text", "faults"),
    [
        ("", WORDS, [("/line", "field_needed")]), ("XXXXX", WORDS, [("/line", "field_needed")]),
        (None, " ", [("/text", "field_needed")]), (None, "字" * 281, [("/text", "too_long")]),
        (None, "他的电话是13812345678", [("/text", "text_names_a_person")]),
    ],
)  # fmt: skip
def test_an_objection_that_is_not_said_well_is_refused_and_kept_nowhere(shown, key, text, faults):
    with pytest.raises(DomainError) as refused:
        object_to(shown, line_of(shown, shown.mate).pseudonym if key is None else key, text)
    assert [(fault.pointer, fault.code) for fault in refused.value.fields] == faults
    assert db.session.scalars(select(PointObjection)).all() == []


def test_a_member_objects_to_the_own_line_or_to_its_lack(shown):
    assert object_to(shown, "", by=shown.member).person_id == shown.member.id
    missing = object_to(shown, "", by=shown.leader)
    assert (missing.person_id, missing.approved_by) == (shown.leader.id, None)


def test_objections_from_one_address_are_limited(shown):
    for n in range(notices.MOST_OBJECTIONS):
        object_to(shown, line_of(shown, shown.mate).pseudonym, f"{WORDS}{n}")
    with pytest.raises(TooMany):
        object_to(shown, line_of(shown, shown.mate).pseudonym)
    object_to(shown, line_of(shown, shown.mate).pseudonym, address="192.0.2.8")
    object_to(shown, line_of(shown, shown.mate).pseudonym, by=shown.member)


def test_not_after_the_notice(shown):
    with pytest.raises(Gone):
        object_to(shown, line_of(shown, shown.mate).pseudonym, now=ENDS)


# --- answered -------------------------------------------------------------------------------------


@pytest.fixture
def second(shown):
    """Another reviewer, who approved nothing."""
    person = make.make_person("第二审核员", shown.town.township)
    make.grant(person, "reviewer", area=shown.town.township)
    return person


def test_another_person_answers_once_with_a_reason(shown, second):
    row = object_to(shown, line_of(shown, shown.mate).pseudonym)
    with pytest.raises(Forbidden, match="objection_own"):
        answer(shown, shown.reviewer, row)
    with pytest.raises(NotFound):
        answer(shown, shown.leader, row)
    answer(shown, second, row)
    assert (row.state, row.answered_by, row.answered_at) == ("rejected", second.id, NOW)
    with pytest.raises(Conflict, match="objection_answered"):
        answer(shown, shown.admin, row)


@pytest.mark.parametrize(
    ("verdict", "text", "fault"),
    [("perhaps", "x", "/verdict"), ("rejected", " ", "/answer"), ("upheld", "那个男的说得对", "/answer")],
)
def test_an_answer_has_a_verdict_and_a_reason(shown, second, verdict, text, fault):
    row = object_to(shown, line_of(shown, shown.mate).pseudonym)
    with pytest.raises(DomainError) as refused:
        answer(shown, second, row, verdict, text)
    assert [one.pointer for one in refused.value.fields] == [fault] and row.state == "open"


@pytest.mark.parametrize("who", ["objector_id", "person_id", "approved_by"])
def test_the_database_too_takes_an_answer_of_another_person_only(shown, second, who):
    values = {
        "township_id": shown.town.township.id, "month": NOVEMBER, "person_id": shown.member.id,
        "objector_id": shown.mate.id, "approved_by": shown.reviewer.id, "text": WORDS, "made_at": NOW,
        "due_on": date(2026, 12, 11), "state": "rejected", "answer": "x", "answered_at": NOW,
        "id": uuid4(),
    }  # fmt: skip
    names = {"objector_id": "not_the_objector", "person_id": "not_own", "approved_by": "not_the_approver"}
    with pytest.raises(IntegrityError) as refused, db.session.begin_nested():
        db.session.execute(insert(PointObjection).values(**values, answered_by=values[who]))
    assert refused.value.orig.diag.constraint_name == f"ck_point_objections_{names[who]}"
    db.session.execute(insert(PointObjection).values(**values, answered_by=second.id))


def test_who_objected_or_is_concerned_does_not_answer(shown, second):
    row = object_to(shown, line_of(shown, shown.mate).pseudonym, by=second)
    with pytest.raises(Forbidden, match="objection_own"):
        answer(shown, second, row)
    answer(shown, shown.admin, row)


def test_one_that_is_upheld_is_corrected_before_the_month_is_frozen(shown, second):
    row = object_to(shown, line_of(shown, shown.member).pseudonym)
    answer(shown, second, row, "upheld", "漏算一个班次，更正")
    db.session.commit()
    assert accounts(shown, shown.member) == (97, 0) and one(shown, shown.member).state == "returned"
    with pytest.raises(Conflict, match="returned_open"):
        freeze(shown, ENDS)
    give(shown, shown.member, 20, "test:forgotten")
    assert submit(shown, shown.leader, shown.member) == [None]
    assert approve(shown, shown.reviewer, shown.member) == [None]
    assert accounts(shown, shown.member) == (0, 117)
    lines = {line.key: (line.half, line.corrected_half) for line in notices.shown(notice_of(shown))}
    assert lines[line_of(shown, shown.member).pseudonym] == (97, 117)
    assert lines[line_of(shown, shown.mate).pseudonym] == (40, None)
    assert submit(shown, shown.leader, shown.member) == ["approval_notice"]
    freeze(shown, ENDS)
    assert frozen(shown) == [NOVEMBER] and chain.verify(shown.town.township.id).fault is None


def test_one_about_a_missing_line_is_upheld_and_the_person_decided(shown, second):
    row = object_to(shown, "", by=shown.leader)
    answer(shown, second, row, "upheld", "漏了，补上")
    give(shown, shown.leader, 20, "test:forgotten")
    assert one(shown, shown.leader).state == "returned"
    submit(shown, second, shown.leader)
    assert approve(shown, shown.reviewer, shown.leader) == [None]
    assert accounts(shown, shown.leader) == (0, 20)
    freeze(shown, ENDS)


# --- frozen ---------------------------------------------------------------------------------------


def test_never_before_notice_and_objections_are_over(shown, second):
    row = object_to(shown, line_of(shown, shown.mate).pseudonym)
    with pytest.raises(Conflict, match="notice_runs"):
        freeze(shown, ENDS - HOUR)
    with pytest.raises(Conflict, match="objections_open"):
        freeze(shown, ENDS + 30 * DAY)
    answer(shown, second, row)
    freeze(shown, ENDS + 30 * DAY)
    assert frozen(shown) == [NOVEMBER]


def test_never_without_a_notice(approved):
    with pytest.raises(Conflict, match="notice_missing"):
        freeze(approved, ENDS + 30 * DAY)
    assert frozen(approved) == []


def test_a_frozen_month_is_not_opened_again_and_twice_is_refused(shown):
    freeze(shown, ENDS)
    with pytest.raises(DomainError, match="month_frozen"):
        freeze(shown, ENDS)
    found = month_of(shown, now=ENDS)
    assert (found.frozen.frozen_by, found.frozen.frozen_at) == (shown.reviewer.id, ENDS)


def test_each_step_is_in_the_audit_with_who_and_when(shown, second):
    row = object_to(shown, line_of(shown, shown.mate).pseudonym)
    answer(shown, second, row)
    freeze(shown, ENDS)
    lines = db.session.execute(
        select(Audit.action, Audit.actor_id, Audit.at).where(Audit.action.like("points.%"))
    ).all()
    leader, reviewer = shown.leader.id, shown.reviewer.id
    assert sorted((action, who or 0) for action, who, _ in lines) == [
        ("points.approved", reviewer), ("points.approved", reviewer), ("points.month_frozen", reviewer),
        ("points.notice_opened", reviewer), ("points.objected", 0), ("points.objection_rejected", second.id),
        ("points.submitted", leader), ("points.submitted", leader),
    ]  # fmt: skip
    assert {at for *_, at in lines} == {NOW, ENDS}
