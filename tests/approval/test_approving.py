"""Approval: four eyes in the database and in the operations, what moves in the ledger, what changes later, audits."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.approval import auditing, operations, queries
from app.approval.models import PointApproval, PointAudit, PointSubmission
from app.db import db
from app.errors import Conflict, DomainError, Forbidden, NotFound
from app.incentives import chain, ledger, recomputing, statements
from app.incentives.models import PointEntry
from app.teams.scope import scope_of
from tests import make
from tests.approval.worked import (
    DAY,
    DECEMBER,
    HOUR,
    NOVEMBER,
    NOW,
    ZONE,
    approve,
    audit_of,
    give,
    month_of,
    one,
    pass_audits,
    submit,
    work,
)  # fmt: skip

NO_AUDIT = {"audit_percent": 0}


@pytest.fixture
def worked(people):
    """The member has 48.5 points, the mate 20, the leader 30; nobody is drawn for audit."""
    make.make_policy(people.town.township, "approval", NO_AUDIT)
    for person, half in ((people.member, 97), (people.mate, 40), (people.leader, 60)):
        work(people, person, half)
    return people


def balance(people, account):
    return statements.balances(people.town.township.id, account=account).get(account, 0)


def accounts(people, person):
    return balance(people, ledger.pending(person.id)), balance(people, ledger.approved(person.id))


def refuses(values, constraint, table=PointApproval):
    with pytest.raises(IntegrityError) as refused, db.session.begin_nested():
        db.session.execute(insert(table).values(**values))
    assert refused.value.orig.diag.constraint_name == constraint


# --- what the database refuses --------------------------------------------------------------------


@pytest.fixture
def row(people):
    """An approval that the database takes."""
    return {
        "township_id": people.town.township.id, "month": NOVEMBER, "person_id": people.member.id, "n": 1,
        "kind": "approved", "half": 97, "carried_half": 0, "submitted_by": people.leader.id, "submitted_at": NOW,
        "decided_by": people.reviewer.id, "decided_at": NOW, "entered_by": [],
    }  # fmt: skip


def test_self_approval_is_impossible_in_the_database(people, row):
    db.session.execute(insert(PointApproval).values(**row))
    own = {"person_id": people.reviewer.id}
    refuses(row | own, "ck_point_approvals_not_own")
    refuses(row | own | {"kind": "set_aside", "reason": "duty_unclear"}, "ck_point_approvals_not_own")
    refuses(row | {"person_id": people.leader.id}, "ck_point_approvals_four_eyes")
    refuses(row | {"n": 2, "submitted_by": people.reviewer.id}, "ck_point_approvals_four_eyes")
    refuses(row | {"n": 2, "submitted_by": None}, "ck_point_approvals_submitted")
    entered = {"n": 2, "entered_by": [people.admin.id, people.reviewer.id]}
    refuses(row | entered, "ck_point_approvals_not_entered")


def test_own_points_are_submitted_by_somebody_else_in_the_database(people):
    own = {
        "township_id": people.town.township.id, "month": NOVEMBER, "person_id": people.leader.id, "half": 60,
        "after_n": 0, "submitted_by": people.leader.id, "submitted_at": NOW,
    }  # fmt: skip
    refuses(own, "ck_point_submissions_not_own", PointSubmission)


def test_an_audit_is_a_third_persons_in_the_database(people, row):
    db.session.execute(insert(PointApproval).values(**row))
    audit = {
        "township_id": row["township_id"], "month": NOVEMBER, "person_id": people.member.id, "n": 1,
        "reasons": ["random"], "drawn_at": NOW, "approved_by": people.reviewer.id, "result": "ok", "audited_at": NOW,
    }  # fmt: skip
    for who in (people.reviewer, people.member):
        refuses(audit | {"audited_by": who.id}, "ck_point_audits_third_person", PointAudit)
    part = {"had_part": [people.leader.id, people.admin.id]}
    refuses(audit | part | {"audited_by": people.admin.id}, "ck_point_audits_had_no_part", PointAudit)
    refuses(audit | {"audited_by": None}, "ck_point_audits_done", PointAudit)
    refuses(
        audit | {"reasons": ["a feeling"], "audited_by": people.admin.id},
        "ck_point_audits_reasons",
        PointAudit,
    )
    refuses(
        audit | {"result": "correct", "note": "", "audited_by": people.admin.id},
        "ck_point_audits_note",
        PointAudit,
    )
    db.session.execute(insert(PointAudit).values(**audit, audited_by=people.admin.id))


# --- who may --------------------------------------------------------------------------------------


def test_a_leader_submits_and_a_reviewer_approves(worked):
    assert submit(worked, worked.leader, worked.member, worked.mate) == [None, None]
    assert one(worked, worked.member).state == "submitted"
    assert approve(worked, worked.reviewer, worked.member, worked.mate) == [None, None]
    assert accounts(worked, worked.member) == (0, 97) and accounts(worked, worked.mate) == (0, 40)
    entry = db.session.scalars(select(PointEntry).where(PointEntry.rule == "approval")).first()
    assert (entry.cause, entry.n, entry.amount_half) == (f"month:2026-11:{worked.member.id}", 1, 97)
    assert (entry.earned_on, entry.booked_in, entry.detail) == (
        date(2026, 11, 30),
        None,
        {"month": "2026-11", "n": 1},
    )
    row = db.session.get_one(PointApproval, (entry.township_id, NOVEMBER, worked.member.id, 1))
    assert (row.submitted_by, row.decided_by, row.decided_at, row.half, row.entry_id) == (
        worked.leader.id, worked.reviewer.id, NOW, 97, entry.id,
    )  # fmt: skip
    assert one(worked, worked.member).state == "approved"


def test_nobody_submits_or_approves_own_points_nor_what_they_submitted(worked):
    assert submit(worked, worked.leader, worked.leader) == ["approval_own"]
    assert submit(worked, worked.reviewer, worked.leader, worked.mate) == [None, None]
    assert approve(worked, worked.reviewer, worked.mate) == ["approval_submitted_by_you"]
    assert approve(worked, worked.leader, worked.leader) == ["approval_own"]
    assert approve(worked, worked.admin, worked.leader, worked.mate) == [None, None]


def test_whoever_entered_a_duty_by_hand_does_not_approve_its_points(worked):
    work(
        worked, worked.member, 20, starts_at=make.EVENING - DAY, state="attended", entered_by=worked.reviewer.id
    )  # fmt: skip
    submit(worked, worked.leader, worked.member)
    assert approve(worked, worked.reviewer, worked.member) == ["approval_entered_by_you"]
    assert approve(worked, worked.admin, worked.member) == [None]


def test_what_was_not_submitted_is_not_approved(worked):
    assert approve(worked, worked.reviewer, worked.member) == ["approval_not_submitted"]
    assert accounts(worked, worked.member) == (97, 0)


def test_a_leader_reaches_the_own_team_only(worked):
    other_team = make.make_team(worked.town.township)
    stranger = make.make_person("别队队员", worked.town.township)
    make.join_team(stranger, other_team)
    give(worked, stranger, 20, "test:1")
    with pytest.raises(NotFound):
        submit(worked, worked.leader, stranger)
    with pytest.raises(NotFound):
        submit(worked, worked.leader, worked.outsider)
    assert submit(worked, worked.reviewer, stranger) == [None]


# --- what is approved -----------------------------------------------------------------------------


def test_only_what_is_settled_is_approved(worked):
    late = datetime(2026, 11, 30, 12, tzinfo=UTC)
    work(worked, worked.member, 20, starts_at=late)
    too_early = late + 2 * HOUR + 72 * HOUR - HOUR
    assert submit(worked, worked.leader, worked.member, now=too_early) == ["approval_unsettled"]
    assert one(worked, worked.member, now=too_early).state == "unsettled"
    assert one(worked, worked.mate, now=datetime(2026, 11, 30, 15, tzinfo=UTC)).state == "unsettled"
    assert submit(worked, worked.leader, worked.member, now=too_early + HOUR) == [None]


def test_a_duty_that_is_still_on_settles_nothing(worked):
    work(worked, worked.mate, 20, starts_at=make.EVENING - DAY, state="on", ended_at=None)
    assert submit(worked, worked.leader, worked.mate) == ["approval_unsettled"]


def test_what_one_approves_is_what_one_saw(worked):
    submit(worked, worked.leader, worked.member)
    assert approve(worked, worked.reviewer, worked.member, seen=96) == ["approval_changed"]
    give(worked, worked.member, 10, "test:late")
    assert one(worked, worked.member).state == "changed"
    assert approve(worked, worked.reviewer, worked.member, seen=97) == ["approval_changed"]
    assert approve(worked, worked.reviewer, worked.member) == ["approval_changed"]
    submit(worked, worked.leader, worked.member)
    assert approve(worked, worked.reviewer, worked.member) == [None]
    assert accounts(worked, worked.member) == (0, 107)


def test_the_same_again_posts_nothing(worked):
    submit(worked, worked.leader, worked.member)
    assert approve(worked, worked.reviewer, worked.member) == [None]
    assert approve(worked, worked.reviewer, worked.member, seen=97) == ["approval_nothing"]
    assert submit(worked, worked.leader, worked.member) == ["approval_nothing"]
    assert accounts(worked, worked.member) == (0, 97)


def test_where_one_is_refused_the_others_are_approved(worked):
    submit(worked, worked.leader, worked.member)
    assert approve(worked, worked.reviewer, worked.member, worked.mate) == [None, "approval_not_submitted"]
    assert accounts(worked, worked.member) == (0, 97) and accounts(worked, worked.mate) == (40, 0)
    with pytest.raises(NotFound):
        operations.approve(worked.reviewer, worked.town.township, NOVEMBER, [(worked.outsider.id, 0)], NOW)


def test_the_budget_is_spent_in_the_same_deed_and_its_stop_stops_one(worked):
    left, spent = [100], []

    def spend(half):
        if left[0] < half:
            raise DomainError("budget_stop")
        left[0] -= half
        spent.append(half)

    submit(worked, worked.leader, worked.member, worked.mate)
    assert approve(worked, worked.reviewer, worked.member, worked.mate, spend=spend) == [None, "budget_stop"]
    assert spent == [97] and accounts(worked, worked.mate) == (40, 0)
    assert one(worked, worked.mate).state == "submitted"


# --- what changes later ---------------------------------------------------------------------------


def test_more_comes_as_a_difference_that_is_approved_anew(worked):
    submit(worked, worked.leader, worked.member)
    approve(worked, worked.reviewer, worked.member)
    give(worked, worked.member, 10, "test:late")
    found = one(worked, worked.member)
    assert (found.state, found.move_half, found.approved_half) == ("differs", 10, 97)
    submit(worked, worked.leader, worked.member)
    assert approve(worked, worked.reviewer, worked.member) == [None]
    assert accounts(worked, worked.member) == (0, 107) and one(worked, worked.member).approved_half == 107


def test_less_is_taken_back_from_what_was_approved(worked):
    submit(worked, worked.leader, worked.member)
    approve(worked, worked.reviewer, worked.member)
    give(worked, worked.member, -30, "test:less")
    assert one(worked, worked.member).move_half == -30
    submit(worked, worked.leader, worked.member)
    assert approve(worked, worked.reviewer, worked.member) == [None]
    assert accounts(worked, worked.member) == (0, 67)


def test_no_more_is_taken_back_than_there_is_and_the_rest_is_earned_back(worked):
    submit(worked, worked.leader, worked.member)
    approve(worked, worked.reviewer, worked.member)
    spent = {"debit_account": ledger.approved(worked.member.id), "credit_account": "shop"}
    give(worked, worked.member, 90, "test:shop", rule="redemption", **spent)
    give(worked, worked.member, -30, "test:less")
    submit(worked, worked.leader, worked.member)
    assert approve(worked, worked.reviewer, worked.member) == [None]
    assert accounts(worked, worked.member) == (-23, 0)
    found = one(worked, worked.member)
    assert (found.state, found.open_half, found.rest_half) == ("approved", -23, -23)
    ledger.freeze_month(worked.town.township.id, NOVEMBER, worked.reviewer, ZONE, NOW)
    january = datetime(2027, 1, 8, tzinfo=UTC)
    give(worked, worked.member, 50, "test:december", date(2026, 12, 10))
    found = one(worked, worked.member, DECEMBER, january)
    assert (found.open_half, found.carried_half, found.move_half, found.earned_half) == (27, -23, 27, 50)
    submit(worked, worked.leader, worked.member, month=DECEMBER, now=january)
    assert approve(worked, worked.reviewer, worked.member, month=DECEMBER, now=january) == [None]
    assert accounts(worked, worked.member) == (0, 27)


def test_what_was_carried_by_one_open_month_is_not_carried_by_the_next(worked):
    """November is frozen with 40 of the mate's set aside; December takes them, and January does not again."""
    operations.set_aside(worked.reviewer, worked.town.township, NOVEMBER, worked.mate.id, "duty_unclear", NOW)
    ledger.freeze_month(worked.town.township.id, NOVEMBER, worked.reviewer, ZONE, NOW)
    february = datetime(2027, 2, 10, tzinfo=UTC)
    give(worked, worked.mate, 20, "test:december", date(2026, 12, 10))
    give(worked, worked.mate, 6, "test:january", date(2027, 1, 10))
    january = date(2027, 1, 1)
    assert one(worked, worked.mate, DECEMBER, february).open_half == 60
    assert one(worked, worked.mate, january, february).open_half == 46
    submit(worked, worked.leader, worked.mate, month=DECEMBER, now=february)
    approve(worked, worked.reviewer, worked.mate, month=DECEMBER, now=february)
    assert one(worked, worked.mate, january, february).open_half == 6
    assert one(worked, worked.mate, DECEMBER, february).state == "approved"
    submit(worked, worked.leader, worked.mate, month=january, now=february)
    approve(worked, worked.reviewer, worked.mate, month=january, now=february)
    assert accounts(worked, worked.mate) == (0, 66)
    ledger.freeze_month(worked.town.township.id, DECEMBER, worked.reviewer, ZONE, february)
    assert one(worked, worked.mate, january, february).open_half == 0


def test_a_frozen_month_takes_no_approval(worked):
    submit(worked, worked.leader, worked.member)
    ledger.freeze_month(worked.town.township.id, NOVEMBER, worked.reviewer, ZONE, NOW)
    assert submit(worked, worked.leader, worked.mate) == ["month_frozen"]
    assert approve(worked, worked.reviewer, worked.member) == ["month_frozen"]
    with pytest.raises(Conflict, match="month_frozen"):
        operations.set_aside(
            worked.reviewer, worked.town.township, NOVEMBER, worked.mate.id, "duty_unclear", NOW
        )


def test_approval_changes_no_statement_no_recomputation_and_no_chain(people, phone, sync, as_person, at):
    make.make_policy(people.town.township, "approval", NO_AUDIT)
    shift = people.shift
    sync(
        as_person(people.member), [phone.start(shift, shift.starts_at), phone.end(shift, shift.starts_at + HOUR)],
        shift.starts_at + 2 * HOUR,
    )  # fmt: skip
    town, member = people.town.township.id, people.member.id
    before = statements.statement_of(town, member, date(2026, 12, 5), ZONE)
    submit(people, people.leader, people.member)
    assert approve(people, people.reviewer, people.member) == [None]
    after = statements.statement_of(town, member, date(2026, 12, 5), ZONE)
    assert after.lines == before.lines and after.accounts == {
        ledger.approved(member): 20, ledger.pending(member): 0,
    }  # fmt: skip
    assert list(recomputing.recompute(town, ZONE, NOW)) == []
    assert chain.verify(town).fault is None and sum(statements.balances(town).values()) == 0
    longer = phone.end(shift, shift.starts_at + 2 * HOUR)
    at(NOW)
    sync(as_person(people.member), [longer], NOW)
    assert one(people, people.member).state == "differs" and one(people, people.member).move_half == 20
    assert list(recomputing.recompute(town, ZONE, NOW)) == []


# --- set aside ------------------------------------------------------------------------------------


def test_who_is_set_aside_keeps_the_points_pending_and_may_be_taken_in_again(worked):
    operations.set_aside(worked.reviewer, worked.town.township, NOVEMBER, worked.mate.id, "duty_unclear", NOW)
    assert one(worked, worked.mate).state == "set_aside" and accounts(worked, worked.mate) == (40, 0)
    assert approve(worked, worked.reviewer, worked.mate) == ["approval_nothing"]
    submit(worked, worked.leader, worked.mate)
    assert approve(worked, worked.reviewer, worked.mate) == [None]


@pytest.mark.parametrize("reason", ["", "i do not like them", "audit"])
def test_setting_aside_needs_a_reason_of_the_list(worked, reason):
    with pytest.raises(DomainError, match="invalid"):
        operations.set_aside(worked.reviewer, worked.town.township, NOVEMBER, worked.mate.id, reason, NOW)


def test_nobody_is_set_aside_while_the_month_runs(worked):
    with pytest.raises(Conflict, match="month_still_runs"):
        operations.set_aside(
            worked.reviewer, worked.town.township, NOVEMBER, worked.mate.id, "duty_unclear", make.EVENING
        )


def test_nobody_is_set_aside_by_themselves_or_once_approved(worked):
    with pytest.raises(Forbidden, match="approval_own"):
        operations.set_aside(
            worked.leader, worked.town.township, NOVEMBER, worked.leader.id, "duty_unclear", NOW
        )
    submit(worked, worked.leader, worked.member)
    approve(worked, worked.reviewer, worked.member)
    with pytest.raises(Conflict, match="approval_nothing"):
        operations.set_aside(
            worked.reviewer, worked.town.township, NOVEMBER, worked.member.id, "duty_unclear", NOW
        )


def test_a_duty_that_was_entered_by_hand_is_no_flag(people):
    work(
        people,
        people.member,
        40,
        flags=["declared", "late_start"],
        state="attended",
        entered_by=people.leader.id,
    )
    assert one(people, people.member).work.flags == 1


# --- audits ---------------------------------------------------------------------------------------


@pytest.fixture
def drawn(people):
    """The member was drawn, since everybody is."""
    make.make_policy(people.town.township, "approval", {"audit_percent": 100})
    work(people, people.member, 97)
    submit(people, people.leader, people.member)
    approve(people, people.reviewer, people.member)
    return people


def finish(people, by, result, note=""):
    return auditing.finish(
        by, scope_of(by), people.town.township, NOVEMBER, people.member.id, result, note, NOW
    )


def test_one_of_a_few_is_drawn_with_the_approval_and_the_same_one_again(people):
    for person in (people.member, people.mate):
        work(people, person, 40)
    submit(people, people.leader, people.member, people.mate)
    approve(people, people.reviewer, people.mate)
    approve(people, people.reviewer, people.member)
    (audit,) = month_of(people).audits
    assert (audit.reasons, audit.approved_by, audit.drawn_at) == (["random"], people.reviewer.id, NOW)


def test_an_audit_is_a_third_persons_and_done_once(drawn):
    assert audit_of(drawn, drawn.member).reasons == ["random"]
    with pytest.raises(Forbidden, match="audit_own"):
        finish(drawn, drawn.reviewer, "ok")
    with pytest.raises(NotFound):
        finish(drawn, drawn.leader, "ok")
    audit = finish(drawn, drawn.admin, "ok")
    assert (audit.audited_by, audit.audited_at, audit.result) == (drawn.admin.id, NOW, "ok")
    with pytest.raises(Conflict, match="audit_done"):
        finish(drawn, drawn.admin, "ok")
    assert month_of(drawn).audits_open == []


@pytest.mark.parametrize(
    ("result", "note", "code"),
    [
        ("fine", "", "field_needed"), ("correct", "", "field_needed"), ("ok", "x" * 281, "too_long"),
        ("correct", "张师傅没有到岗", "text_names_a_person"),
    ],
)  # fmt: skip
def test_an_audit_that_is_not_said_well_is_refused(drawn, result, note, code):
    with pytest.raises(DomainError) as refused:
        finish(drawn, drawn.admin, result, note)
    assert [fault.code for fault in refused.value.fields] == [code]
    assert audit_of(drawn, drawn.member).result is None


def test_what_an_audit_finds_takes_the_approval_back_and_the_month_is_decided_anew(drawn):
    finish(drawn, drawn.admin, "correct", "第二班的结束时间不对")
    assert accounts(drawn, drawn.member) == (97, 0)
    found = one(drawn, drawn.member)
    assert (found.state, found.approved_half, found.n) == ("returned", 0, 2)
    give(drawn, drawn.member, -20, "test:corrected")
    submit(drawn, drawn.leader, drawn.member)
    assert approve(drawn, drawn.reviewer, drawn.member) == [None]
    assert accounts(drawn, drawn.member) == (0, 77)
    assert audit_of(drawn, drawn.member, n=3).result is None and len(month_of(drawn).audits_open) == 1
    assert pass_audits(drawn, drawn.admin) == 1
    assert chain.verify(drawn.town.township.id).fault is None


def test_what_was_spent_meanwhile_is_not_taken_twice(drawn):
    spent = {"debit_account": ledger.approved(drawn.member.id), "credit_account": "shop"}
    give(drawn, drawn.member, 90, "test:shop", rule="redemption", **spent)
    finish(drawn, drawn.admin, "correct", "第二班的结束时间不对")
    assert accounts(drawn, drawn.member) == (0, 7)
    give(drawn, drawn.member, -20, "test:corrected")
    assert (one(drawn, drawn.member).state, one(drawn, drawn.member).move_half) == ("returned", -7)
    submit(drawn, drawn.leader, drawn.member)
    assert approve(drawn, drawn.reviewer, drawn.member) == [None]
    assert accounts(drawn, drawn.member) == (-13, 0)


def test_points_of_months_that_are_not_frozen_are_held_back(drawn):
    town, member = drawn.town.township.id, drawn.member.id
    assert queries.held_back_half(town, member) == 97
    ledger.freeze_month(town, NOVEMBER, drawn.admin, ZONE, NOW)
    assert queries.held_back_half(town, member) == 0


def test_what_waits_is_counted_for_whom_it_waits(worked):
    make.make_policy(worked.town.township, "approval", {"audit_percent": 100}, date(2026, 2, 1))
    submit(worked, worked.leader, worked.member, worked.mate)
    waits = {
        who: queries.waiting_for(scope_of(getattr(worked, who))) for who in ("leader", "reviewer", "admin")
    }
    assert waits == {"leader": 0, "reviewer": 2, "admin": 2}
    approve(worked, worked.reviewer, worked.member)
    assert queries.waiting_for(scope_of(worked.reviewer)) == 1
    assert queries.waiting_for(scope_of(worked.admin)) == 2
