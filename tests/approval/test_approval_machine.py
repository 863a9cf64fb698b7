"""A month on its way under whatever happens: a Hypothesis state machine over a real database.

Work comes and is corrected, everybody submits, approves, audits, objects and answers in any order, time passes, and
somebody tries to open the notice and to freeze the month. `APPROVAL_EXAMPLES=300` runs the whole of it.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from app.accounts.models import Person
from app.approval import auditing, notices, operations, published, queries
from app.approval.models import (
    PointApproval,
    PointAudit,
    PointNoticeLine,
    PointObjection,
    PointSubmission,
)
from app.approval.months import month_state
from app.areas.models import Area
from app.db import db
from app.errors import DomainError
from app.incentives import chain, ledger, statements
from app.incentives.models import FrozenMonth
from app.teams.scope import scope_of
from tests import cast, make
from tests.approval.worked import NOVEMBER, NOW
from tests.stage import one_transaction

EXAMPLES = int(os.environ.get("APPROVAL_EXAMPLES", "5"))
STEPS = 50 if "APPROVAL_EXAMPLES" in os.environ else 25
WHO = ("member", "mate", "leader", "reviewer", "admin", "second")
WORKERS = ("member", "mate", "leader", "reviewer")
JUDGES = ("reviewer", "admin", "second")
REFUSALS = {
    "approval_own", "approval_unsettled", "approval_nothing", "approval_not_submitted", "approval_submitted_by_you",
    "approval_changed", "approval_notice", "month_frozen", "audit_own", "audit_done", "not_found", "notice_undecided",
    "notice_audits_open", "notice_of_nobody", "notice_open_already", "month_still_runs", "notice_missing",
    "notice_runs", "objections_open", "returned_open", "month_not_settled", "notice_gone", "objection_own",
    "objection_answered", "too_many_objections", "points_not_enough",
}  # fmt: skip


class World:
    def __init__(self, connection: Any) -> None:
        self.connection = connection
        people = cast.make_cast()
        second = make.make_person("第二审核员", people.town.township)
        make.grant(second, "reviewer", area=people.town.township)
        make.join_team(people.reviewer, people.town.team)
        make.make_policy(people.town.township, "approval", {"audit_percent": 30})
        self.town = people.town.township.id
        self.people = {who: getattr(people, who).id for who in WHO if who != "second"} | {"second": second.id}
        db.session.commit()


class MonthMachine(RuleBasedStateMachine):
    world: World

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOW - timedelta(days=8)
        self.serial = 0
        self.savepoint = self.world.connection.begin_nested()

    def teardown(self) -> None:
        db.session.rollback()
        self.savepoint.rollback()
        db.session.expire_all()

    # --- helpers ----------------------------------------------------------------------------------

    def person(self, who: str) -> Person:
        return db.session.get_one(Person, self.world.people[who])

    @property
    def township(self) -> Area:
        return db.session.get_one(Area, self.world.town)

    def tried(self, act: Any) -> Any:
        """Done and kept, or refused with a code that somebody is told; never anything else."""
        try:
            done = act()
        except DomainError as refused:
            assert refused.code in REFUSALS, refused.code
            db.session.rollback()
            return None
        db.session.commit()
        for outcome in done if isinstance(done, list) else []:
            assert outcome.refusal is None or outcome.refusal in REFUSALS, outcome
        return done

    def post(self, who: str, rule_name: str, half: int, debit: str, credit: str) -> None:
        self.serial += 1
        transfer = ledger.Transfer(
            self.world.town, self.world.people[who], rule_name, f"step:{self.serial}", 1, half, debit, credit, make.DAY
        )  # fmt: skip
        self.tried(lambda: ledger.post(transfer, self.now))

    # --- what happens -----------------------------------------------------------------------------

    @initialize(half=st.integers(20, 60))
    def there_is_some_work(self, half: int) -> None:
        for who in WORKERS[:3]:
            self.work_comes(who, half)

    @rule(who=st.sampled_from(WORKERS), half=st.integers(1, 60))
    def work_comes(self, who: str, half: int) -> None:
        self.post(who, "base", half, ledger.ISSUE, ledger.pending(self.world.people[who]))

    @rule(who=st.sampled_from(WORKERS), half=st.integers(1, 40))
    def work_is_corrected(self, who: str, half: int) -> None:
        self.post(who, "base", half, ledger.pending(self.world.people[who]), ledger.ISSUE)

    @rule(who=st.sampled_from(WORKERS), half=st.integers(1, 40))
    def points_are_spent(self, who: str, half: int) -> None:
        self.post(who, "redemption", half, ledger.approved(self.world.people[who]), "shop")

    @rule(hours=st.sampled_from((1, 30, 24 * 4, 24 * 10)))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(by=st.sampled_from(WHO), whose=st.sets(st.sampled_from(WORKERS), min_size=1))
    def somebody_submits(self, by: str, whose: set[str]) -> None:
        person = self.person(by)
        ids = [self.world.people[one] for one in sorted(whose)]
        self.tried(
            lambda: operations.submit(person, scope_of(person), self.township, NOVEMBER, ids, self.now)
        )

    @rule(
        by=st.sampled_from(WHO),
        whose=st.sets(st.sampled_from(WORKERS), min_size=1),
        off=st.sampled_from((0, 0, 0, 1)),
    )
    def somebody_approves(self, by: str, whose: set[str], off: int) -> None:
        month = month_state(self.township, NOVEMBER, self.now)
        ids = [self.world.people[one] for one in sorted(whose)]
        wanted = [(one, found.move_half + off) for one in ids if (found := month.of(one)) is not None]
        self.tried(lambda: operations.approve(self.person(by), self.township, NOVEMBER, wanted, self.now))

    @rule(by=st.sampled_from(JUDGES), who=st.sampled_from(WORKERS))
    def somebody_is_set_aside(self, by: str, who: str) -> None:
        self.tried(
            lambda: operations.set_aside(
                self.person(by), self.township, NOVEMBER, self.world.people[who], "duty_unclear", self.now
            )
        )

    @rule(by=st.sampled_from(WHO), result=st.sampled_from(("ok", "ok", "correct")))
    def audits_are_done(self, by: str, result: str) -> None:
        person = self.person(by)
        for audit in month_state(self.township, NOVEMBER, self.now).audits_open:
            self.tried(
                lambda audit=audit: auditing.finish(
                    person, scope_of(person), self.township, NOVEMBER, audit.person_id, result, "时间再核对", self.now
                )
            )  # fmt: skip

    @rule(by=st.sampled_from(JUDGES))
    def everything_is_done_well(self, by: str) -> None:
        """Short of the notice: what a month would look like without trouble."""
        for submitter in ("leader", "reviewer"):
            self.somebody_submits(submitter, set(WORKERS))
            for judge in (by, "admin", "second"):
                self.somebody_approves(judge, set(WORKERS), 0)
        for judge in JUDGES:
            self.audits_are_done(judge, "ok")

    @rule(by=st.sampled_from(JUDGES))
    def a_notice_is_opened(self, by: str) -> None:
        self.tried(lambda: notices.open_notice(self.person(by), self.township, NOVEMBER, self.now))

    @rule(by=st.sampled_from(JUDGES))
    def a_notice_runs_its_time(self, by: str) -> None:
        self.everything_is_done_well(by)
        self.a_notice_is_opened(by)
        self.somebody_objects(None, 0)
        self.now += timedelta(days=10)

    @rule(by=st.sampled_from((*WHO, None)), n=st.integers(0, 5))
    def somebody_objects(self, by: str | None, n: int) -> None:
        notice = published.notice_of(self.world.town, NOVEMBER)
        if notice is None:
            return
        keys = [one.key for one in notices.shown(notice)]
        person = self.person(by) if by else None
        self.tried(
            lambda: notices.object_to(
                notice, self.township, keys[n % len(keys)], f"少算了一班{n}", person, "192.0.2.1", self.now
            )
        )

    @rule(by=st.sampled_from(WHO), verdict=st.sampled_from(("rejected", "rejected", "upheld")))
    def objections_are_answered(self, by: str, verdict: str) -> None:
        person = self.person(by)
        for row in published.objections_of(self.world.town, NOVEMBER):
            self.tried(
                lambda row=row: notices.answer(person, scope_of(person), row.id, verdict, "已核对", self.now)
            )

    @rule(by=st.sampled_from(JUDGES))
    def the_month_is_frozen(self, by: str) -> None:
        notice = published.notice_of(self.world.town, NOVEMBER)
        month = month_state(self.township, NOVEMBER, self.now)
        is_final = bool(
            notice
            and self.now >= notice.closes_at
            and not month.objections.get("open")
            and not month.returned
        )
        was = month.frozen is not None
        self.tried(lambda: notices.freeze(self.person(by), self.township, NOVEMBER, self.now))
        now_frozen = published.frozen_of(self.world.town, NOVEMBER) is not None
        assert was or now_frozen == (is_final and not month.audits_open)

    # --- what holds -------------------------------------------------------------------------------

    @invariant()
    def it_is_never_frozen_before_notice_and_objections_are_over(self) -> None:
        frozen = db.session.scalar(
            select(FrozenMonth.frozen_at).where(FrozenMonth.township_id == self.world.town)
        )
        if frozen is None:
            return
        notice = published.notice_of(self.world.town, NOVEMBER)
        assert notice is not None and frozen >= notice.closes_at
        for row in published.objections_of(self.world.town, NOVEMBER):
            assert row.state != "open" and row.answered_at <= frozen  # type: ignore[operator]
        for decided in queries.decisions(self.world.town, NOVEMBER).values():
            assert decided.last.kind != "returned" and decided.last.decided_at <= frozen

    @invariant()
    def nobody_decides_about_their_own(self) -> None:
        for row in db.session.scalars(select(PointSubmission)):
            assert row.submitted_by != row.person_id
        for row in db.session.scalars(select(PointApproval)):
            assert (
                row.decided_by not in (row.person_id, row.submitted_by) and row.submitted_by != row.person_id
            )
        for row in db.session.scalars(select(PointAudit)):
            assert row.audited_by not in (row.person_id, row.approved_by)
        for row in db.session.scalars(select(PointObjection)):
            assert row.answered_by is None or row.answered_by not in (
                row.person_id, row.objector_id, row.approved_by
            )  # fmt: skip

    @invariant()
    def decisions_and_ledger_say_the_same(self) -> None:
        """What was approved is what went to the approved account, less what was spent; nothing is lost or made."""
        held = statements.balances(self.world.town)
        assert sum(held.values()) == 0 and chain.verify(self.world.town).fault is None
        approved = db.session.scalar(select(func.coalesce(func.sum(PointApproval.half), 0)))
        in_accounts = sum(held.get(ledger.approved(one), 0) for one in self.world.people.values())
        assert approved == in_accounts + held.get("shop", 0)
        assert all(held.get(ledger.approved(one), 0) >= 0 for one in self.world.people.values())

    @invariant()
    def a_notice_opens_with_every_audit_done(self) -> None:
        notice = published.notice_of(self.world.town, NOVEMBER)
        if notice is None:
            return
        lines = db.session.scalars(select(PointNoticeLine)).all()
        assert lines and len({one.pseudonym for one in lines}) == len(lines)
        for audit in db.session.scalars(select(PointAudit).where(PointAudit.drawn_at < notice.opened_at)):
            later = db.session.get(PointAudit, (audit.township_id, audit.month, audit.person_id, audit.n + 1))
            assert audit.audited_at is not None or later is not None or self._approved_again(audit)

    def _approved_again(self, audit: PointAudit) -> bool:
        """One that was followed by another approval is looked at with the later one."""
        newer = select(PointAudit.n).where(
            PointAudit.month == audit.month, PointAudit.person_id == audit.person_id, PointAudit.n > audit.n
        )
        return db.session.scalar(newer.limit(1)) is not None


def test_a_month_is_never_frozen_early_and_nobody_approves_their_own(app):
    with one_transaction(app) as connection:

        class Machine(MonthMachine):
            world = World(connection)

        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            ),
        )  # fmt: skip
