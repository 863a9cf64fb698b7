"""The ledger: what the database refuses, balances and statements of past days, frozen months, settlement after 72 h."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app.coverage.models import PlacePresence
from app.db import db
from app.duty.models import Duty
from app.errors import DomainError
from app.field import late
from app.incentives import cases, chain, ledger, queries, recomputing, statements
from app.incentives.models import FrozenMonth, PointEntry, SettledVisit
from app.incentives.operations import month_of
from app.teams.scope import scope_of
from tests import make
from tests.phone import Phone, walk

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ZONE = "Asia/Shanghai"


def entries():
    return list(db.session.scalars(select(PointEntry).order_by(PointEntry.id)))


def give(people, half=20, n=1, **more):
    """A transfer to the member's pending account; answers the entry."""
    values = {
        "township_id": people.town.township.id, "person_id": people.member.id, "rule": "base", "cause": "test:1",
        "n": n, "amount_half": half, "debit_account": ledger.ISSUE, "credit_account": ledger.pending(people.member.id),
        "earned_on": make.DAY,
    }  # fmt: skip
    entry_id = ledger.post(ledger.Transfer(**values | more), make.EVENING)
    return db.session.get_one(PointEntry, (people.town.township.id, entry_id))


def refuses(act, constraint):
    with pytest.raises(IntegrityError) as refused, db.session.begin_nested():
        act()
    assert refused.value.orig.diag.constraint_name == constraint


# --- what the database refuses --------------------------------------------------------------------


def test_each_transfer_has_an_id_of_its_own_with_rule_version_and_cause(people):
    one, two = give(people), give(people, n=2)
    assert one.transfer_id != two.transfer_id
    assert (one.rule, one.rule_version, one.cause, one.made_at) == ("base", 1, "test:1", make.EVENING)


@pytest.mark.parametrize(
    ("more", "constraint"),
    [
        ({"half": 0}, "ck_point_entries_transfer"),
        ({"half": -2}, "ck_point_entries_transfer"),
        ({"debit_account": "issue", "credit_account": "issue"}, "ck_point_entries_transfer"),
        ({"n": 1}, "uq_point_entries_township_id_rule_cause_n"),
        ({"why": "because"}, "ck_point_entries_why"),
    ],
    ids=["nothing", "negative", "to itself", "twice for a cause", "a word that is on no list"],
)
def test_the_database_refuses_a_transfer_of(people, more, constraint):
    give(people)
    refuses(lambda: give(people, **{"n": 2} | more), constraint)


def test_a_reversal_mirrors_its_transfer_and_comes_once(people):
    one = give(people)
    reversal_id = ledger.reverse(one, 2, "facts_changed", None, make.EVENING)
    reversal = db.session.get_one(PointEntry, (one.township_id, reversal_id))
    assert (reversal.debit_account, reversal.credit_account) == (one.credit_account, one.debit_account)
    assert statements.balances(one.township_id) == {"issue": 0, ledger.pending(people.member.id): 0}
    refuses(
        lambda: ledger.reverse(one, 3, "facts_changed", None, make.EVENING),
        "uq_point_entries_township_id_reverses_id",
    )


def test_a_reversal_of_another_amount_account_cause_or_of_a_reversal_is_refused(people):
    one = give(people)
    back = {"debit_account": one.credit_account, "credit_account": one.debit_account, "reverses_id": one.id}
    for more in (
        {"half": 18}, {"rule": "night"}, {"cause": "test:2"}, {"person_id": people.mate.id},
        {"credit_account": "person:1:approved"},
        {"debit_account": one.debit_account, "credit_account": one.credit_account},
    ):  # fmt: skip
        refuses(
            lambda more=more: give(people, n=2, why="facts_changed", **back | more), "fk_point_entries_mirror"
        )
    undone = give(people, n=2, why="facts_changed", **back)
    forth = {
        "debit_account": one.debit_account,
        "credit_account": one.credit_account,
        "reverses_id": undone.id,
    }
    refuses(lambda: give(people, n=3, why="facts_changed", **forth), "fk_point_entries_mirror")


def test_approved_points_never_fall_below_zero_but_for_a_false_check_in(people):
    mine = ledger.approved(people.member.id)
    give(people, 20)
    give(
        people, 20, rule="approval", cause="a:1", debit_account=ledger.pending(people.member.id), credit_account=mine
    )  # fmt: skip
    spend = {"rule": "redemption", "debit_account": mine, "credit_account": "shop"}
    with pytest.raises(DomainError, match="points_not_enough"):
        give(people, 21, cause="r:1", **spend)
    give(people, 15, cause="r:2", **spend)
    give(people, 100, rule="false_checkin", cause="f:1", debit_account=mine, credit_account=ledger.ISSUE)
    assert statements.balances(people.town.township.id)[mine] == -95
    with pytest.raises(DomainError, match="points_not_enough"):
        give(people, 1, cause="r:3", **spend)


@pytest.fixture
def send(at, as_person, sync):
    """send(person, items, now): a phone that signs in when it sends."""

    def from_phone(person, items, now):
        at(now)
        return sync(as_person(person), items, now)

    return from_phone


# --- balances and statements ----------------------------------------------------------------------


@pytest.fixture
def patrolled(people, send, phone):
    """An hour on the evening, and two the evening after."""
    later = make.make_shift(people.town.team, None, [people.member], starts_at=make.EVENING + DAY)
    for shift, hours in ((people.shift, 1), (later, 2)):
        items = [phone.start(shift, shift.starts_at), phone.end(shift, shift.starts_at + hours * HOUR)]
        send(people.member, items, shift.starts_at + 3 * HOUR)
    return people


def test_balances_at_any_past_day_by_when_it_was_made_and_by_when_it_was_earned(patrolled):
    town, mine = patrolled.town.township.id, ledger.pending(patrolled.member.id)
    assert statements.balances_on(town, make.DAY - DAY, ZONE) == {}
    assert statements.balances_on(town, make.DAY, ZONE) == {"issue": -20, mine: 20}
    assert statements.balances_on(town, make.DAY + DAY, ZONE) == {"issue": -60, mine: 60}
    assert statements.balances(town, earned_until=make.DAY) == {"issue": -20, mine: 20}
    assert statements.balances(town, person_id=patrolled.mate.id) == {}
    assert sum(statements.balances(town).values()) == 0


def test_a_statement_of_a_past_day_reads_the_same_after_later_reversals(patrolled, send):
    town = patrolled.town.township.id
    days = [make.DAY + n * DAY for n in range(3)]
    before = [statements.statement_of(town, patrolled.member.id, day, ZONE) for day in days]
    shift = patrolled.shift
    late_end = Phone(patrolled.member, shift.starts_at).end(shift, shift.starts_at + 3 * HOUR)
    send(patrolled.member, [late_end], make.EVENING + 4 * DAY)
    assert [statements.statement_of(town, patrolled.member.id, day, ZONE) for day in days] == before
    today = statements.statement_of(town, patrolled.member.id, make.DAY + 4 * DAY, ZONE)
    assert sum(line.half for line in today.lines if line.rule == "base") == 100
    assert {line.why for line in today.lines if line.earned_on == make.DAY} >= {"facts_changed"}


def test_a_statement_says_which_lines_are_settled(patrolled):
    town, member = patrolled.town.township.id, patrolled.member.id
    open_then, half_way, settled = (
        statements.statement_of(town, member, make.DAY + n * DAY, ZONE) for n in (1, 3, 4)
    )
    assert (open_then.settled_half, open_then.open_half) == (0, 60)
    assert (half_way.settled_half, half_way.open_half) == (20, 40)
    assert (settled.settled_half, settled.open_half) == (60, 0)
    assert settled.accounts == {ledger.pending(member): 60}


def test_the_members_hours_say_until_when_each_line_is_open(patrolled, as_person, at):
    at(make.EVENING + 2 * DAY)
    hours = as_person(patrolled.member).get("/api/v1/field/hours?month=2026-11").get_json()
    until = {d["day"]: {line["settles_at"] for line in d["lines"]} for d in hours["duties"]}
    assert until == {
        "2026-11-24": {"2026-11-27T13:00:00.000Z"}, "2026-11-25": {"2026-11-28T14:00:00.000Z"},
    }  # fmt: skip


# --- frozen months --------------------------------------------------------------------------------

DECEMBER = datetime(2026, 12, 5, tzinfo=UTC)


def freeze(people, month, now):
    ledger.freeze_month(people.town.township.id, month, people.reviewer, ZONE, now)


def test_a_month_is_frozen_when_it_is_over_and_settled_and_once(patrolled):
    month_end = datetime(2026, 11, 30, 16, tzinfo=UTC)
    with pytest.raises(DomainError, match="month_still_runs"):
        freeze(patrolled, date(2026, 11, 1), month_end - MINUTE)
    last = make.make_shift(
        patrolled.town.team, None, [patrolled.member], starts_at=month_end - 3 * HOUR, hours=2
    )
    duty = db.session.scalars(select(PointEntry)).first()
    assert duty is not None and last.day == date(2026, 11, 30)
    freeze(patrolled, date(2026, 11, 15), month_end)
    (row,) = db.session.scalars(select(FrozenMonth)).all()
    assert (row.month, row.frozen_by, row.frozen_at) == (date(2026, 11, 1), patrolled.reviewer.id, month_end)
    with pytest.raises(DomainError, match="month_frozen"):
        freeze(patrolled, date(2026, 11, 1), DECEMBER)


def test_a_month_with_a_duty_of_the_last_72_hours_is_not_frozen_yet(people, send, phone):
    shift = make.make_shift(
        people.town.team, None, [people.member], starts_at=datetime(2026, 11, 30, 12, tzinfo=UTC)
    )
    start, end = phone.start(shift, shift.starts_at), phone.end(shift, shift.starts_at + HOUR)
    send(people.member, [start], shift.starts_at + MINUTE)
    with pytest.raises(DomainError, match="month_not_settled"):
        freeze(people, date(2026, 11, 1), DECEMBER + 30 * DAY)
    send(people.member, [end], shift.starts_at + HOUR)
    with pytest.raises(DomainError, match="month_not_settled"):
        freeze(people, date(2026, 11, 1), shift.starts_at + 72 * HOUR)
    freeze(people, date(2026, 11, 1), shift.starts_at + 73 * HOUR)


def test_a_posting_that_freezing_waited_for_is_of_the_month_though_its_clock_was_later(people):
    """Two requests at once: the one that froze looked at the clock first, and got the month last."""
    give(people, earned_on=date(2026, 9, 3))
    freeze(people, date(2026, 9, 1), make.EVENING - MINUTE)
    db.session.commit()
    (row,) = db.session.scalars(select(FrozenMonth)).all()
    assert row.frozen_at == make.EVENING
    assert chain.verify(people.town.township.id).fault is None
    assert give(people, n=2, earned_on=date(2026, 9, 3), why="facts_changed").booked_in == date(2026, 10, 1)


def test_what_changes_in_a_frozen_month_is_corrected_in_the_next_open_one(patrolled, send):
    now = datetime(2027, 1, 10, tzinfo=UTC)
    for month in (date(2026, 11, 1), date(2026, 12, 1)):
        freeze(patrolled, month, now)
    known = {e.id for e in entries()}
    shift = patrolled.shift
    late_end = Phone(patrolled.member, shift.starts_at).end(shift, shift.starts_at + 2 * HOUR)
    forgotten = make.make_shift(patrolled.town.team, None, [patrolled.member], starts_at=make.EVENING - DAY)
    other = Phone(patrolled.member, forgotten.starts_at)
    items = [other.start(forgotten, forgotten.starts_at), other.end(forgotten, forgotten.starts_at + HOUR)]
    send(patrolled.member, [late_end, *items], now + DAY)
    new = [e for e in entries() if e.id not in known]
    assert {e.booked_in for e in new} == {date(2027, 1, 1)}
    assert sorted((e.earned_on, e.n, e.amount_half, e.reverses_id is not None, e.why) for e in new) == [
        (make.DAY - DAY, 1, 20, False, "came_late"),
        (make.DAY, 2, 20, True, "facts_changed"), (make.DAY, 3, 40, False, "facts_changed"),
    ]  # fmt: skip
    assert list(recomputing.recompute(patrolled.town.township.id, ZONE, now)) == []


def test_an_entry_names_why_it_changed(people, send, phone):
    """Another's cap, another rule, other facts."""
    make.make_policy(people.town.township, "incentives", {"month_cap": 25})
    shifts = [
        make.make_shift(people.town.team, None, [people.member], starts_at=make.EVENING - n * DAY)
        for n in (1, 2)
    ]
    last, first = shifts
    member, now = people.member, make.EVENING
    for shift in (last, first):
        send(member, [phone.start(shift, shift.starts_at), phone.end(shift, shift.starts_at + 2 * HOUR)], now)
    assert sorted((e.earned_on, e.n, e.amount_half, e.why or "") for e in entries()) == [
        (first.day, 1, 40, ""),
        (last.day, 1, 40, ""), (last.day, 2, 40, "cap_moved"), (last.day, 3, 10, "cap_moved"),
    ]  # fmt: skip
    make.make_policy(people.town.township, "incentives", {"base_per_hour": 5}, last.day)
    send(member, [phone.end(first, first.starts_at + 2 * HOUR + MINUTE)], now + MINUTE)
    assert [(e.amount_half, e.why) for e in entries()[4:]] == [(10, "rule_changed"), (20, "rule_changed")]


# --- settlement -----------------------------------------------------------------------------------


MONDAY = make.EVENING - DAY


def at_the_market(people, person, shift, minutes, start):
    """A phone that stays at the hotspot, on duty around it."""
    phone = Phone(person, start)
    fixes = walk([(398, 500), (402, 500)], start, 4 / (minutes * 60))
    return [
        phone.start(shift, start - MINUTE), phone.segment(shift, fixes),
        phone.end(shift, start + (minutes + 30) * MINUTE),
    ]  # fmt: skip


def visits_paid(people, person):
    found = [e for e in entries() if e.person_id == person.id and e.rule == "hotspot_visits"]
    return sum(-e.amount_half if e.reverses_id else e.amount_half for e in found)


@pytest.mark.parametrize(("late_by", "paid"), [(71 * HOUR, 0), (80 * HOUR, 6)], ids=["before", "after"])
def test_whose_phone_comes_back_takes_a_visit_from_others_until_it_is_settled_and_not_after(
    people, send, late_by, paid
):
    mine = make.make_shift(people.town.team, None, [people.member], starts_at=MONDAY)
    theirs = make.make_shift(people.town.team, None, [people.mate], starts_at=MONDAY - HOUR)
    send(
        people.member,
        at_the_market(people, people.member, mine, 15, MONDAY + 10 * MINUTE),
        MONDAY + 2 * HOUR,
    )
    assert visits_paid(people, people.member) == 6
    settle_all(MONDAY + 76 * HOUR) if late_by > 72 * HOUR else None
    send(
        people.mate,
        at_the_market(people, people.mate, theirs, 15, MONDAY - 10 * MINUTE),
        MONDAY + late_by,
    )
    settle_all(MONDAY + 150 * HOUR)
    assert visits_paid(people, people.mate) == 6
    assert visits_paid(people, people.member) == paid
    assert {row.since_last_min for row in db.session.scalars(select(SettledVisit))} >= {None}
    assert list(recomputing.recompute(people.town.township.id, ZONE, MONDAY + 200 * HOUR)) == []


def test_what_the_own_phone_brings_after_72_hours_is_settled_when_it_comes(people, send):
    """The duty was closed and settled without its track; another's phone, later still, takes nothing from it."""
    mine = make.make_shift(people.town.team, None, [people.member], starts_at=MONDAY)
    theirs = make.make_shift(people.town.team, None, [people.mate], starts_at=MONDAY - HOUR)
    start, track, end = at_the_market(people, people.member, mine, 15, MONDAY + 10 * MINUTE)
    send(people.member, [start, end], MONDAY + 2 * HOUR)
    settle_all(MONDAY + 76 * HOUR)
    send(people.member, [track], MONDAY + 100 * HOUR)
    assert visits_paid(people, people.member) == 6
    others = at_the_market(people, people.mate, theirs, 15, MONDAY - 10 * MINUTE)
    send(people.mate, others, MONDAY + 110 * HOUR)
    settle_all(MONDAY + 190 * HOUR)
    assert (visits_paid(people, people.member), visits_paid(people, people.mate)) == (6, 6)
    assert list(recomputing.recompute(people.town.township.id, ZONE, MONDAY + 200 * HOUR)) == []


@pytest.mark.parametrize("settled_first", [True, False], ids=["settled", "open"])
def test_what_a_false_duty_took_from_others_comes_back_whether_settled_or_not(people, send, settled_first):
    """Somebody said to have been at the market before the member was; five days later two persons find that false."""
    mine = make.make_shift(people.town.team, None, [people.member], starts_at=MONDAY)
    theirs = make.make_shift(people.town.team, None, [people.mate], starts_at=MONDAY - HOUR)
    opened_at = MONDAY + 4 * HOUR if settled_first else MONDAY - 4 * DAY
    send(people.mate, at_the_market(people, people.mate, theirs, 15, MONDAY - 10 * MINUTE), MONDAY + 2 * HOUR)
    send(
        people.member,
        at_the_market(people, people.member, mine, 15, MONDAY + 10 * MINUTE),
        MONDAY + 3 * HOUR,
    )
    assert (visits_paid(people, people.mate), visits_paid(people, people.member)) == (6, 0)
    if settled_first:
        settle_all(MONDAY + 76 * HOUR)
    false = db.session.scalars(select(Duty).where(Duty.person_id == people.mate.id)).one()
    case = cases.open_case(people.leader, scope_of(people.leader), false.id, "not_there", opened_at)
    cases.decide(people.reviewer, scope_of(people.reviewer), case.id, "upheld", opened_at + 6 * DAY)
    db.session.commit()
    assert (visits_paid(people, people.mate), visits_paid(people, people.member)) == (0, 6)
    settle_all(MONDAY + 10 * DAY)
    assert visits_paid(people, people.member) == 6
    assert list(recomputing.recompute(people.town.township.id, ZONE, MONDAY + 12 * DAY)) == []


def test_behind_a_false_duty_stands_who_was_there_before_it(people, send):
    """The one who really was there half an hour earlier keeps taking the visit; late phones take nothing anew."""
    crew = [people.member, people.mate, people.leader]
    shifts = [
        make.make_shift(people.town.team, None, [who], starts_at=MONDAY - n * HOUR)
        for n, who in enumerate(crew)
    ]
    for who, shift, minutes in zip(crew, shifts, (40, 20, 0), strict=True):
        send(who, at_the_market(people, who, shift, 15, MONDAY + minutes * MINUTE), MONDAY + 3 * HOUR)
    settle_all(MONDAY + 76 * HOUR)
    assert [visits_paid(people, who) for who in crew] == [0, 0, 6]
    false = db.session.scalars(select(Duty).where(Duty.person_id == people.mate.id)).one()
    case = cases.open_case(people.leader, scope_of(people.leader), false.id, "not_there", MONDAY + 4 * DAY)
    cases.decide(people.reviewer, scope_of(people.reviewer), case.id, "upheld", MONDAY + 10 * DAY)
    db.session.commit()
    assert [visits_paid(people, who) for who in crew] == [0, 0, 6]
    assert list(recomputing.recompute(people.town.township.id, ZONE, MONDAY + 12 * DAY)) == []


def test_only_what_lay_behind_the_false_duty_is_measured_anew(people, send):
    """The other visit of that month was settled behind the leader's, of whose presence nothing is left by now."""
    shifts = {
        (who, day): make.make_shift(
            people.town.team, None, [getattr(people, who)], starts_at=MONDAY - day * DAY
        )
        for who, day in (("mate", 0), ("member", 0), ("leader", 1), ("member", 1))
    }
    for (who, day), shift in shifts.items():
        start = MONDAY - day * DAY + (20 if who == "member" else 0) * MINUTE
        person = getattr(people, who)
        send(person, at_the_market(people, person, shift, 15, start), MONDAY - day * DAY + 3 * HOUR)
    settle_all(MONDAY + 76 * HOUR)
    assert visits_paid(people, people.member) == 0
    gone = select(Duty.id).where(Duty.person_id == people.leader.id)
    db.session.execute(delete(PlacePresence).where(PlacePresence.duty_id.in_(gone)))
    false = db.session.scalars(select(Duty).where(Duty.person_id == people.mate.id)).one()
    case = cases.open_case(people.leader, scope_of(people.leader), false.id, "not_there", MONDAY + 4 * DAY)
    cases.decide(people.reviewer, scope_of(people.reviewer), case.id, "upheld", MONDAY + 10 * DAY)
    db.session.commit()
    assert visits_paid(people, people.member) == 6


def test_the_ledger_keeps_how_many_hotspots_were_visited_and_not_which(people, send):
    """Lines of earlier releases that still name them are the same lines: nothing is posted anew for it."""
    town = people.town.township.id
    mine = make.make_shift(people.town.team, None, [people.member], starts_at=MONDAY)
    items = at_the_market(people, people.member, mine, 15, MONDAY + 10 * MINUTE)
    send(people.member, items, MONDAY + 2 * HOUR)
    (line,) = (e for e in entries() if e.rule == "hotspot_visits")
    assert line.detail == {"visits": 1, "qualified": 1}
    posted = queries.standing_entries(town, [line.cause])["hotspot_visits", line.cause]
    old = ledger.Transfer(
        town, people.member.id, line.rule, line.cause, 3, line.amount_half, line.debit_account, line.credit_account,
        line.earned_on, line.policy_version_id, {**line.detail, "hotspot_ids": [people.town.hotspot.id]}, None,
        line.settles_at,
    )  # fmt: skip
    for one in (ledger.mirror(posted, 2, "facts_changed", line.policy_version_id), old):
        ledger.post(one, MONDAY + 3 * HOUR)
    before = len(entries())
    send(people.member, items, MONDAY + 4 * HOUR)
    settle_all(MONDAY + 76 * HOUR)
    assert len(entries()) == before
    assert list(recomputing.recompute(town, ZONE, MONDAY + 12 * DAY)) == []


def settle_all(now):
    for township_id, duty_id in late.due(now, 100):
        late.settle(township_id, duty_id, now)
    db.session.commit()


def test_until_it_is_settled_a_difference_through_others_is_told_as_open(people, send):
    mine = make.make_shift(people.town.team, None, [people.member], starts_at=MONDAY)
    theirs = make.make_shift(people.town.team, None, [people.mate], starts_at=MONDAY - HOUR)
    for person, shift, start in (
        (people.member, mine, MONDAY + 10 * MINUTE),
        (people.mate, theirs, MONDAY - 10 * MINUTE),
    ):
        send(person, at_the_market(people, person, shift, 15, start), MONDAY + 3 * HOUR)
    town = people.town.township.id
    (one,) = recomputing.recompute(town, ZONE, MONDAY + 3 * HOUR)
    assert (one.person_id, one.rule, one.ledger_half, one.recomputed_half, one.is_open) == (
        people.member.id, "hotspot_visits", 6, None, True,
    )  # fmt: skip
    settle_all(MONDAY + 80 * HOUR)
    assert list(recomputing.recompute(town, ZONE, MONDAY + 80 * HOUR)) == []


def test_months_have_their_last_day():
    assert month_of(date(2028, 2, 29)) == (date(2028, 2, 1), date(2028, 2, 29))


# --- the command ----------------------------------------------------------------------------------


def run(app, people, *args):
    return app.test_cli_runner().invoke(args=["ledger", *args, "--township", people.town.township.code])


def test_recompute_says_that_the_ledger_equals_events_and_rules(app, patrolled, at):
    at(DECEMBER)
    result = run(app, patrolled, "recompute")
    assert result.exit_code == 0, result.output
    assert "0 differences, 0 still open to change\nthe ledger equals its recomputation\n" in result.output


def test_recompute_names_each_difference_and_writes_nothing(app, patrolled, at):
    """A line that nobody earned, and numbers that were changed for a past day behind the ledger's back."""
    at(DECEMBER)
    give(patrolled, 30, cause="duty:999999", why="facts_changed")
    make.make_policy(patrolled.town.township, "incentives", {"base_per_hour": 8}, make.DAY + DAY)
    known = len(entries())
    result = run(app, patrolled, "recompute")
    assert result.exit_code == 1
    mine = f"person {patrolled.member.id}"
    assert f"2026-11-24 {mine} duty:999999 base: ledger 15, recomputed nothing\n" in result.output
    assert "ledger 20, recomputed 16\n" in result.output
    assert "2 differences, 0 still open to change" in result.output
    assert len(entries()) == known and "equals" not in result.output


def test_recompute_names_points_of_no_cause_twice_paid_of_another_account_or_another_person(
    app, patrolled, at
):
    """All of them sealed and in balance: posted by somebody with the application's rights."""
    at(DECEMBER)
    one, two = entries()
    gift = give(patrolled, 30, cause="gift:1")
    twice = give(patrolled, one.amount_half, cause=one.cause, n=7, detail=one.detail, earned_on=one.earned_on)
    ledger.reverse(two, 2, "facts_changed", None, make.EVENING)
    skipped = {"detail": two.detail, "earned_on": two.earned_on, "why": "facts_changed", "cause": two.cause}
    give(patrolled, two.amount_half, n=3, credit_account=ledger.approved(patrolled.member.id), **skipped)
    other = give(
        patrolled, 8, cause="duty:888888", person_id=patrolled.mate.id,
        credit_account=ledger.pending(patrolled.mate.id),
    )  # fmt: skip
    db.session.commit()
    found = {d.cause: d for d in recomputing.recompute(patrolled.town.township.id, ZONE, DECEMBER)}
    assert {cause: (d.ledger_half, d.recomputed_half) for cause, d in found.items()} == {
        gift.cause: (30, None), twice.cause: (2 * one.amount_half, one.amount_half),
        two.cause: (two.amount_half, two.amount_half), other.cause: (8, None),
    }  # fmt: skip
    assert found[other.cause].person_id == patrolled.mate.id
    assert run(app, patrolled, "verify").exit_code == 0 and run(app, patrolled, "recompute").exit_code == 1


def test_what_is_posted_is_sealed_when_the_request_commits(app, patrolled):
    result = run(app, patrolled, "verify")
    assert result.exit_code == 0 and f"{len(entries())} entries, whole" in result.output
