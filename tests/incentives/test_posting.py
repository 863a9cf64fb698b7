"""What is posted for whole duties, through the phone's own endpoint: by which numbers, for which route, after whom."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import Range

from app.checkins.models import Checkin
from app.db import db
from app.duty.models import Duty
from app.incentives.models import PointEntry
from app.incentives.operations import post_month
from app.incentives.rules import QualifiedVisit
from app.incentives.visits import Stay, since_last
from app.routes.models import Checkpoint, RouteVersion
from tests import make, places
from tests.phone import Phone

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def entries(person):
    """Half points that stand, by day and rule."""
    found: dict[tuple[date, str], int] = {}
    for row in db.session.scalars(select(PointEntry).where(PointEntry.person_id == person.id)):
        sign = -1 if row.reverses_id else 1
        key = (row.earned_on, row.rule)
        found[key] = found.get(key, 0) + sign * row.amount_half
    return {key: half for key, half in found.items() if half}


def checkpoints(route):
    return list(
        db.session.scalars(
            select(Checkpoint.id).where(Checkpoint.route_version_id == route.id).order_by(Checkpoint.seq)
        )
    )


def an_hour(phone, shift):
    return [phone.start(shift, shift.starts_at), phone.end(shift, shift.starts_at + HOUR)]


def test_a_rule_that_changes_within_the_month_leaves_the_days_before_it_alone(
    people, as_person, sync, phone, at
):
    """Whatever order the phones send in."""
    later = make.make_shift(
        people.town.team, people.town.route, [people.member], starts_at=people.shift.starts_at + 2 * DAY
    )
    make.make_policy(people.town.township, "incentives", {"base_per_hour": 20}, make.DAY + timedelta(days=1))
    now = at(later.starts_at + 3 * HOUR)
    member = as_person(people.member)
    sync(member, an_hour(phone, later), now)
    sync(member, an_hour(phone, people.shift), now)
    first, second = make.DAY, make.DAY + timedelta(days=2)
    earned = {day: half for (day, rule), half in entries(people.member).items() if rule == "base"}
    assert earned[second] == 2 * earned[first] == 40
    versions = dict(
        db.session.execute(select(PointEntry.earned_on, PointEntry.policy_version_id).distinct()).all()
    )
    assert versions[first] is None and versions[second] is not None


def earned_by_month(person):
    found: dict[str, int] = {}
    for (day, _), half in entries(person).items():
        found[f"{day:%m}"] = found.get(f"{day:%m}", 0) + half
    return found


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_years_cap_leaves_the_later_months_what_the_earlier_ones_left_whatever_came_first(
    people, as_person, sync, phone, at, order
):
    make.make_policy(people.town.township, "incentives", {"year_cap": 30})
    shifts = [
        make.make_shift(people.town.team, None, [people.member], starts_at=make.EVENING - n * DAY)
        for n in (64, 32, 7)
    ]
    now = at(make.EVENING)
    batches = [[phone.start(s, s.starts_at), phone.end(s, s.starts_at + 2 * HOUR)] for s in shifts]
    for n in order:
        sync(as_person(people.member), batches[n], now)
    assert earned_by_month(people.member) == {"09": 40, "10": 20}


def test_what_comes_late_for_an_earlier_month_shrinks_the_later_one(people, as_person, sync, phone, at):
    make.make_policy(people.town.township, "incentives", {"year_cap": 40})
    early, late = (
        make.make_shift(people.town.team, None, [people.member], starts_at=make.EVENING - n * DAY)
        for n in (32, 7)
    )
    now = at(make.EVENING)
    member = as_person(people.member)
    sync(member, [phone.start(early, early.starts_at), phone.end(early, early.starts_at + HOUR)], now)
    sync(member, [phone.start(late, late.starts_at), phone.end(late, late.starts_at + 3 * HOUR)], now)
    assert earned_by_month(people.member) == {"10": 20, "11": 60}
    sync(member, [phone.end(early, early.starts_at + 2 * HOUR)], now + MINUTE)
    assert earned_by_month(people.member) == {"10": 40, "11": 40}
    posted = db.session.scalars(
        select(PointEntry).where(PointEntry.earned_on == late.day).order_by(PointEntry.id)
    ).all()
    assert [(e.n, e.amount_half, e.reverses_id is not None) for e in posted] == [
        (1, 60, False), (2, 60, True), (3, 40, False),
    ]  # fmt: skip


def test_checkpoints_of_another_route_earn_nothing(people, as_person, sync, phone, evening):
    other = make.make_route(
        people.town.team, places.way((100, 520), (1100, 520)),
        [places.here(d, 520) for d in (100, 600, 1100)], name="隔壁路线",
    )  # fmt: skip
    items = [phone.start(people.shift, evening)]
    for n, (checkpoint, x) in enumerate(zip(checkpoints(other), (100, 600, 1100), strict=True)):
        items.append(phone.checkin(people.shift, checkpoint, x, 520, evening + (1 + 15 * n) * MINUTE))
    items.append(phone.end(people.shift, evening + HOUR))
    sync(as_person(people.member), items, evening + HOUR)
    assert "all_checkpoints" not in {rule for _, rule in entries(people.member)}


@pytest.mark.parametrize("ordered", [True, False])
def test_on_a_route_with_a_fixed_order_a_check_in_out_of_turn_is_looked_at(
    people, as_person, sync, phone, evening, ordered
):
    db.session.get(RouteVersion, people.town.route.id).ordered = ordered
    db.session.commit()
    a, b, c = checkpoints(people.town.route)
    taps = [
        phone.checkin(people.shift, which, x, 500, evening + minute * MINUTE)
        for which, x, minute in ((c, 1100, 1), (a, 100, 25), (b, 600, 40))
    ]
    receipts = sync(
        as_person(people.member), [phone.start(people.shift, evening), *taps], evening + 41 * MINUTE
    )
    said = {reason for tap in taps for reason in receipts[tap["id"]]["reasons"]}
    assert ("out_of_order" in said) is ordered


def test_points_follow_when_anothers_phone_shows_a_shared_track(people, as_person, sync, evening):
    """A second phone with the same coordinates holds the first one's check-ins; the points go with them at once."""
    mine, theirs = Phone(people.member, evening), Phone(people.mate, evening)
    route = list(zip(checkpoints(people.town.route), (105, 606, 1107), strict=True))

    def taps(phone):
        return [
            phone.checkin(people.shift, which, x, 500, evening + (1 + 15 * n) * MINUTE)
            for n, (which, x) in enumerate(route)
        ]

    for phone, person in ((mine, people.member), (theirs, people.mate)):
        items = [phone.start(people.shift, evening), *taps(phone), phone.end(people.shift, evening + HOUR)]
        sync(as_person(person), items, evening + HOUR)
        if person is people.member:
            assert (make.DAY, "all_checkpoints") in entries(people.member)
    shared = db.session.scalars(select(Checkin).where(Checkin.person_id == people.member.id)).all()
    assert all("shared_coordinates" in row.reasons for row in shared)
    assert {row.verdict for row in shared} == {"held"}
    assert (make.DAY, "all_checkpoints") not in entries(people.member)
    assert db.session.scalar(select(func.count()).select_from(Duty)) == 2


T0 = make.EVENING
CASES = [
    ("nobody before", [], None),
    ("the crew's own first half", [Stay(1, 7, T0 - 5 * MINUTE, T0 + 10 * MINUTE)], None),
    ("another crew still there", [Stay(2, 7, T0 - 5 * MINUTE, T0 + 10 * MINUTE)], 0),
    ("another crew gone for half an hour", [Stay(2, 7, T0 - HOUR, T0 - 30 * MINUTE)], 30),
    ("the own crew's earlier visit", [Stay(1, 7, T0 - HOUR, T0 - 40 * MINUTE)], 40),
    ("somewhere else", [Stay(2, 8, T0 - 5 * MINUTE, T0 + 10 * MINUTE)], None),
    ("both came together", [Stay(2, 7, T0, T0 + 10 * MINUTE)], None),
]


@pytest.mark.parametrize(("stays", "minutes"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_minutes_since_anybodys_last_visit(stays, minutes):
    assert since_last(QualifiedVisit(7, T0), 1, stays).since_last_min == minutes


def test_what_another_left_while_this_one_waited_is_what_is_priced(people, as_person, sync, phone, at):
    """The duty was read before the journal's lock; meanwhile its phone made it two hours of one."""
    sync(as_person(people.member), an_hour(phone, people.shift), make.EVENING + 3 * HOUR)
    duty = db.session.scalars(select(Duty)).one()
    assert duty.worked.upper == make.EVENING + HOUR
    longer = Range(duty.worked.lower, make.EVENING + 2 * HOUR)
    db.session.execute(update(Duty).values(worked=longer).execution_options(synchronize_session=False))
    post_month(duty.township_id, people.member.id, duty.day, "Asia/Shanghai", make.EVENING + 3 * HOUR)
    assert entries(people.member) == {(make.DAY, "base"): 40}
