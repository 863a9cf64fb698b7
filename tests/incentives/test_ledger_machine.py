"""The ledger under whatever happens: a Hypothesis state machine over a real database.

Phones send the items of five shifts in any order, twice, or never; caps, freezing, late settlement, approval within a
budget, money, spending, training that is confirmed and taken back, holidays, no-shows, months that end and false
check-ins come in between.
`LEDGER_EXAMPLES=500` runs the whole of it, 500 examples of 50 steps; the usual run is a short one of the same machine.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import date, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from app.accounts.models import Person
from app.api.field import parse
from app.areas.models import Area
from app.db import db
from app.duty.models import Duty
from app.errors import DomainError
from app.field import late, settling
from app.field.operations import take_batch
from app.incentives import cases, chain, holidays, ledger, no_shows, recomputing, statements, training
from app.incentives.models import PointEntry, TrainingAttendance, TrainingSession
from app.incentives.rules import RULE_VERSIONS
from app.money import liability
from app.routes.models import Checkpoint
from app.teams.scope import scope_of
from tests import cast, make
from tests.money import books
from tests.phone import Phone
from tests.stage import one_transaction

EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "6"))
STEPS = 50 if "LEDGER_EXAMPLES" in os.environ else 25
ZONE = "Asia/Shanghai"
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
# Of the line that pays for points: little enough that its stop is met.
LINE_FEN = 400
# Days before the evening, and hours: two months, neighbouring days, and one that runs into the night.
SHIFTS = ((40, 3.0), (39, 4.0), (9, 3.0), (8, 8.0), (4, 3.0))
CAPS: tuple[dict[str, int], ...] = (
    {},
    {"month_cap": 30},
    {"year_cap": 45},
    {"month_cap": 25, "shift_max_min": 90},
)
FREEZE_CODES = {"month_frozen", "month_still_runs", "month_not_settled"}
WHO = ("member", "mate")


class World:
    """The cast, five shifts of two people, and every item that their phones have; made once."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        people = cast.make_cast()
        town = people.town
        self.town, self.reviewer = town.township.id, people.reviewer.id
        self.code, self.team, self.leader, self.admin = (
            town.township.code, town.team.id, people.leader.id, people.admin.id
        )  # fmt: skip
        self.shifts: list[int] = []
        self.people = {who: getattr(people, who).id for who in WHO}
        places = db.session.scalars(
            select(Checkpoint.id).where(Checkpoint.route_version_id == town.route.id).order_by(Checkpoint.seq)
        ).all()
        self.items: dict[str, list[dict[str, Any]]] = {who: [] for who in WHO}
        for days, hours in SHIFTS:
            crew = [people.member, people.mate]
            shift = make.make_shift(
                town.team, town.route, crew, starts_at=make.EVENING - days * DAY, hours=hours
            )
            self.shifts.append(shift.id)
            for who in WHO:
                self.items[who] += _items(self.people[who], shift, places, 4 if who == "mate" else 0)
        books.open_pot(people)
        books.fund(people, LINE_FEN, {liability.SHOP: LINE_FEN})
        db.session.commit()

    def person(self, who: str) -> Person:
        return db.session.get_one(Person, self.people[who])


def _items(person_id: int, shift: Any, places: Any, aside_m: int) -> list[dict[str, Any]]:
    """A start, a pause, three check-ins, an end, and a later end of the same duty."""
    at0 = shift.starts_at
    phone = Phone(SimpleNamespace(id=person_id), at0)  # type: ignore[arg-type]
    return [
        phone.start(shift, at0),
        phone.mark("pause", shift, at0 + 20 * MINUTE), phone.mark("resume", shift, at0 + 35 * MINUTE),
        *(
            phone.checkin(shift, place, 104 + 500 * n + aside_m, 500 + aside_m, at0 + (5 + 20 * n) * MINUTE)
            for n, place in enumerate(places)
        ),
        phone.end(shift, at0 + HOUR), phone.end(shift, at0 + 2 * HOUR),
    ]  # fmt: skip


def standing(world: World) -> dict[tuple[str, date, int, str], tuple[int, str]]:
    """What stands by person, day, shift and rule, whatever way it came there."""
    names = {person_id: who for who, person_id in world.people.items()}
    shifts = dict(db.session.execute(select(Duty.id, Duty.shift_id)).all())
    reversed_ids = select(PointEntry.reverses_id).where(PointEntry.reverses_id.is_not(None))
    rows = db.session.scalars(
        select(PointEntry).where(
            PointEntry.cause.like("duty:%"),
            PointEntry.reverses_id.is_(None),
            PointEntry.id.not_in(reversed_ids),
        )
    )
    duties = {
        (names[e.person_id], e.earned_on, shifts[int(e.cause.split(":")[1])], e.rule): (
            e.amount_half, str(sorted(e.detail.items())),
        )
        for e in rows
    }  # fmt: skip
    return duties | beside(names)


def beside(names: dict[int, str]) -> dict[tuple[str, date, int, str], tuple[int, str]]:
    """The same for what belongs to no duty; its causes have other numbers when it is entered once more."""
    found: Counter[tuple[str, date, int, str]] = Counter()
    for e in db.session.scalars(
        select(PointEntry).where(
            PointEntry.rule.in_(RULE_VERSIONS),
            PointEntry.cause.not_like("duty:%"),
            PointEntry.cause.not_like("step:%"),
            PointEntry.person_id.in_(names),
        )
    ):
        found[names[e.person_id], e.earned_on, 0, e.rule] += e.amount_half * (-1 if e.reverses_id else 1)
    return {key: (half, "") for key, half in found.items() if half}


def settle_all(now: Any) -> None:
    settling.close_forgotten(now)
    db.session.commit()
    for township_id, duty_id in late.due(now, 100):
        late.settle(township_id, duty_id, now)
    db.session.commit()


class LedgerMachine(RuleBasedStateMachine):
    world: World

    def __init__(self) -> None:
        super().__init__()
        self.now = make.EVENING
        self.sent: list[tuple[str, int]] = []
        self.owed: Counter[str] = Counter()
        self.facts: list[tuple[Any, ...]] = []
        self.serial = 0
        self.savepoint = self.world.connection.begin_nested()

    def teardown(self) -> None:
        try:
            self.any_other_order_ends_in_the_same_ledger()
        finally:
            db.session.rollback()
            self.savepoint.rollback()
            db.session.expire_all()

    @initialize(caps=st.sampled_from(CAPS))
    def numbers_in_force(self, caps: dict[str, int]) -> None:
        self.caps = caps
        self._set_caps()

    def _set_caps(self) -> None:
        if self.caps:
            make.make_policy(SimpleNamespace(id=self.world.town), "incentives", self.caps)  # type: ignore[arg-type]

    # --- what happens -----------------------------------------------------------------------------

    @rule(who=st.sampled_from(WHO), picked=st.lists(st.integers(0, 39), min_size=1, max_size=8))
    def a_phone_sends(self, who: str, picked: list[int]) -> None:
        """New items and such as it has sent before."""
        which = list(dict.fromkeys(n % len(self.world.items[who]) for n in picked))
        self._send(who, which)
        self.sent += [(who, n) for n in which if (who, n) not in self.sent]

    @rule(who=st.sampled_from(WHO), day=st.integers(0, len(SHIFTS) - 1))
    def a_phone_sends_a_whole_shift(self, who: str, day: int) -> None:
        each = len(self.world.items[who]) // len(SHIFTS)
        self.a_phone_sends(who, list(range(day * each, (day + 1) * each)))

    def _send(self, who: str, which: list[int]) -> None:
        items = [parse(self.world.items[who][n]) for n in which]
        take_batch(self.world.person(who), items, self.now, self.now)
        db.session.commit()

    @rule(hours=st.sampled_from((1, 20, 75, 24 * 12)))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR

    @rule()
    def the_worker_settles(self) -> None:
        settle_all(self.now)
        self.facts += [("missed", one) for one in no_shows.due(self.now, 100)]
        self.facts += [("over", *key) for key in no_shows.months_over(self.now)]
        self._say(self.facts, ("missed", "over"))

    @rule(who=st.sampled_from(WHO), days=st.sampled_from((40, 20, 9, 1)), minutes=st.sampled_from((45, 200)))
    def somebody_is_trained(self, who: str, days: int, minutes: int) -> None:
        day = make.DAY - days * DAY
        self.serial += 1
        self.facts.append(("trained", who, day, minutes + self.serial % 10))
        self._say(self.facts[-1:])

    @rule(days=st.sampled_from([days for days, _ in SHIFTS]))
    def a_day_was_a_holiday(self, days: int) -> None:
        fact = ("holiday", make.DAY - days * DAY)
        try:
            self._say([fact])
        except DomainError as error:
            assert error.code == "month_frozen"
            db.session.rollback()
        else:
            self.facts.append(fact)

    @rule(who=st.sampled_from(WHO), n=st.integers(0, len(SHIFTS) - 1))
    def a_duty_was_false(self, who: str, n: int) -> None:
        """Said by one, five days for an answer, upheld by another."""
        duty = self._duty(who, n)
        if duty is None or duty.state not in cases.FINISHED or cases.live_case(duty) is not None:
            return
        self.now += 5 * DAY
        self.facts.append(("false", who, n))
        self._say(self.facts[-1:])
        self.owed[who] += 100

    def _duty(self, who: str, n: int) -> Duty | None:
        which = select(Duty).where(
            Duty.shift_id == self.world.shifts[n], Duty.person_id == self.world.people[who]
        )
        return db.session.scalar(which)

    @rule(n=st.integers(0, 9))
    def training_is_taken_back(self, n: int) -> None:
        """It goes from the ledger, and from what another order has to end in: a training that never was."""
        trained = [fact for fact in self.facts if fact[0] == "trained"]
        if not trained:
            return
        _, who, day, minutes = fact = trained[n % len(trained)]
        session_id = db.session.scalars(
            select(TrainingSession.id)
            .join(TrainingAttendance, TrainingAttendance.session_id == TrainingSession.id)
            .where(
                TrainingSession.day == day, TrainingSession.minutes == minutes,
                TrainingAttendance.person_id == self.world.people[who], TrainingAttendance.taken_back_at.is_(None),
            )
            .order_by(TrainingSession.id)
        ).first()  # fmt: skip
        reviewer = db.session.get_one(Person, self.world.reviewer)
        for _ in range(2):  # the second time is none
            training.take_back(reviewer, scope_of(reviewer), session_id, "wrong_minutes", self.now)
            db.session.commit()
        self.facts.remove(fact)

    def _say(self, facts: list[tuple[Any, ...]], kinds: tuple[str, ...] = ()) -> None:
        for kind, *about in facts:
            if not kinds or kind in kinds:
                getattr(self, f"_{kind}")(*about)
                db.session.commit()

    def _missed(self, one: no_shows.Missed) -> None:
        no_shows.record(one, self.now)

    def _over(self, township_id: int, month: date) -> None:
        no_shows.end_month(township_id, month, self.now)

    def _trained(self, who: str, day: date, minutes: int) -> None:
        leader, reviewer = (
            db.session.get_one(Person, one) for one in (self.world.leader, self.world.reviewer)
        )
        wanted = training.Wanted("drill", day, minutes, (self.world.people[who],))
        session = training.enter(leader, scope_of(leader), self.world.team, wanted, self.now)
        training.confirm(reviewer, scope_of(reviewer), session.id, self.now)

    def _holiday(self, day: date) -> None:
        admin = db.session.get_one(Person, self.world.admin)
        holidays.set_day(admin, scope_of(admin), self.world.code, day, "holiday", "节日", self.now)

    def _false(self, who: str, n: int) -> None:
        leader, reviewer = (
            db.session.get_one(Person, one) for one in (self.world.leader, self.world.reviewer)
        )
        duty = self._duty(who, n)
        assert duty is not None
        case = cases.open_case(leader, scope_of(leader), duty.id, "not_there", self.now - 5 * DAY)
        cases.decide(reviewer, scope_of(reviewer), case.id, "upheld", self.now)

    @rule(month=st.sampled_from((date(2026, 10, 1), date(2026, 11, 1))))
    def a_month_is_frozen(self, month: date) -> None:
        reviewer = db.session.get_one(Person, self.world.reviewer)
        try:
            ledger.freeze_month(self.world.town, month, reviewer, ZONE, self.now)
        except DomainError as error:
            assert error.code in FREEZE_CODES
        db.session.commit()

    def _move(self, who: str, rule_name: str, half: int, debit: str, credit: str) -> None:
        self.serial += 1
        ledger.post(
            ledger.Transfer(
                self.world.town, self.world.people[who], rule_name, f"step:{self.serial}", 1, half, debit, credit,
                make.DAY,
            ),
            self.now,
        )  # fmt: skip
        db.session.commit()

    @rule(fen=st.sampled_from((50, 300)))
    def money_comes(self, fen: int) -> None:
        reviewer, admin = (db.session.get_one(Person, one) for one in (self.world.reviewer, self.world.admin))
        town = SimpleNamespace(township=db.session.get_one(Area, self.world.town))
        books.fund(SimpleNamespace(reviewer=reviewer, admin=admin, town=town), fen, {liability.SHOP: fen})
        db.session.commit()

    @rule(who=st.sampled_from(WHO))
    def points_are_approved(self, who: str) -> None:
        person_id = self.world.people[who]
        held = statements.balances(self.world.town).get(ledger.pending(person_id), 0)
        if held <= 0:
            return
        try:
            liability.refuse_beyond_stop(self.world.town, held, make.DAY)
        except DomainError as error:
            assert error.code == "budget_stop"
            db.session.rollback()
        else:
            self._move(who, "approval", held, ledger.pending(person_id), ledger.approved(person_id))

    @rule(who=st.sampled_from(WHO), half=st.integers(1, 60))
    def points_are_spent(self, who: str, half: int) -> None:
        account = ledger.approved(self.world.people[who])
        held = statements.balances(self.world.town).get(account, 0)
        try:
            self._move(who, "redemption", half, account, "redeemed")
        except DomainError as error:
            assert error.code == "points_not_enough" and held < half
            db.session.rollback()
        else:
            assert held >= half

    @rule(who=st.sampled_from(WHO))
    def a_false_check_in_is_found(self, who: str) -> None:
        self._move(who, ledger.MAY_OVERDRAW, 100, ledger.approved(self.world.people[who]), ledger.ISSUE)
        self.owed[who] += 100

    @rule(day=st.integers(0, len(SHIFTS) - 1), half=st.integers(1, 20))
    def a_shift_goes_its_whole_way(self, day: int, half: int) -> None:
        """From the phones to the goods, which steps by chance reach too seldom."""
        for who in WHO:
            self.a_phone_sends_a_whole_shift(who, day)
        self.time_passes(75)
        self.the_worker_settles()
        for who in WHO:
            self.points_are_approved(who)
            self.points_are_spent(who, half)

    # --- what holds -------------------------------------------------------------------------------

    @invariant()
    def entries_sum_to_zero(self) -> None:
        assert sum(statements.balances(self.world.town).values()) == 0

    @invariant()
    def nobody_has_spent_what_they_did_not_have(self) -> None:
        held = statements.balances(self.world.town)
        for who, person_id in self.world.people.items():
            assert held.get(ledger.approved(person_id), 0) >= -self.owed[who]

    @invariant()
    def no_budget_is_exceeded(self) -> None:
        found = liability.liability_of(self.world.town, make.DAY)
        assert found is not None
        promised = (found.approved_half + found.redeemed_half) * found.fen_a_point
        assert promised <= 2 * found.limit_fen < 2 * found.line_fen

    @invariant()
    def the_chain_is_whole(self) -> None:
        found = chain.verify(self.world.town)
        assert found.fault is None
        assert found.seq == len(db.session.scalars(select(PointEntry.id)).all())

    @invariant()
    def the_ledger_equals_its_recomputation(self) -> None:
        """But for what the machine itself took without a case: that is named, since no fact stands behind it."""
        found = recomputing.recompute(self.world.town, ZONE, self.now)
        assert [one for one in found if not one.cause.startswith("step:")] == []

    def any_other_order_ends_in_the_same_ledger(self) -> None:
        """All that was sent, sent once more to an empty ledger: one by one in another order, late, without freezing."""
        settle_all(self.now + 90 * HOUR)
        ended = standing(self.world)
        db.session.commit()
        self.savepoint.rollback()
        db.session.expire_all()
        self.savepoint = self.world.connection.begin_nested()
        self._set_caps()
        shuffled = list(self.sent)
        Random(len(shuffled)).shuffle(shuffled)
        for who, n in shuffled:
            self._send(who, [n])
        settle_all(self.now + 90 * HOUR)
        Random(len(self.facts)).shuffle(self.facts)
        self._say(self.facts)
        settle_all(self.now + 90 * HOUR)
        assert standing(self.world) == ended


def test_whatever_happens_the_ledger_adds_up_and_can_be_told_again(app):
    with one_transaction(app) as connection, app.test_request_context():
        LedgerMachine.world = World(connection)
        run_state_machine_as_test(
            LedgerMachine,
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
