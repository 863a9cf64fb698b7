"""The last quarter that is quite over: an outing of every team in its middle month, told as from phones; that month's
points, approved and frozen; its scorecards, of the first township frozen and of the second returned. Invented, once;
nothing here commits."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.accounts.models import Person
from app.approval import auditing, months, notices, operations
from app.areas.models import Area
from app.assessment import operations as assessments
from app.assessment import plans, queries
from app.assessment.models import Assessment, AssessmentFreeze
from app.assessment.operations import Figure
from app.assessment.plans import Wanted
from app.assessment.rules import Quarter, quarter_of
from app.clock import local_day
from app.db import db
from app.demo.assessment import TOWNSHIPS, enter_notices
from app.demo.duties import Outing, outings
from app.demo.items import Ids
from app.demo.plan import Book, Todo, plan_outing
from app.demo.world import LEADER, LOGINS, TIME_ZONE, World
from app.field import late
from app.incentives import no_shows, training
from app.incentives.models import FrozenMonth
from app.teams.models import Team
from app.teams.scope import scope_of

# So long ago it ended at least: its scorecards have had their notice, and a plan has begun.
OVER = timedelta(days=25)
WEEK = (15, 21)
DRILL_ON, DRILL_MIN, DRILLED = 22, 240, ("p00", "p01", "p02", "p03")
MOST_LATE = 200
APPROVER, OTHERS = "qinghe.approver", "yundu.reviewer"
# Of the village with the lowest grade: what is confirmed, what waits to be, and what is still to be done.
UNDER_WAY = (
    ("roster", "roster_more", "leader"),
    ("publicity", "publish", "reviewer"),
    ("cells", "route_change", "leader"),
)
CARRIED_OUT = (("training", "train", "leader"),)


def quarter_over(now: datetime) -> Quarter:
    return quarter_of(local_day(now - OVER, TIME_ZONE)).before


def settled_at(quarter: Quarter) -> datetime:
    """When its middle month has nothing more to wait for."""
    return _at((quarter.months[1] + timedelta(days=32)).replace(day=1) + timedelta(days=3))


def outings_of(world: World, quarter: Quarter) -> list[Outing]:
    """The first of every team in a week of the quarter's middle month."""
    first, last = (quarter.months[1].replace(day=day) for day in WEEK)
    found: dict[str, Outing] = {}
    for outing in outings(world, first, last):
        found.setdefault(outing.team, outing)
    return list(found.values())


def plan_quarter(world: World, book: Book, now: datetime) -> list[Todo]:
    """None once a month is frozen: what is told later would change nothing of it."""
    if _is_frozen():
        return []
    found = (plan_outing(world, book, outing, now) for outing in outings_of(world, quarter_over(now)))
    return [todo for todo in found if todo is not None]


def _is_frozen() -> bool:
    return db.session.scalar(select(FrozenMonth.month).limit(1)) is not None


def _at(day: date, hour: int = 10) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(TIME_ZONE))


def _township(code: str) -> Area:
    return db.session.scalars(select(Area).where(Area.code == code)).one()


# --- a month, frozen ----------------------------------------------------------------------------------------------


def add_frozen_month(ids: Ids, now: datetime) -> int:
    """Its middle one: answers of how many persons."""
    if _is_frozen():
        return 0
    township, quarter = _township(TOWNSHIPS[0]), quarter_over(now)
    month, settled = quarter.months[1], settled_at(quarter)
    leader, reviewer, admin, third = (
        db.session.get_one(Person, ids.people[who])
        for who in (LEADER, LOGINS["reviewer"], LOGINS["admin"], APPROVER)
    )
    _drill(ids, leader, reviewer, month)
    _settle(settled)
    persons = _approve(township, month, (reviewer, admin, third), settled)
    notice = notices.open_notice(reviewer, township, month, settled + timedelta(hours=2))
    notices.freeze(admin, township, month, notice.closes_at + timedelta(hours=10))
    return persons


def _settle(at: datetime) -> None:
    """As the worker did then: what depends on others 72 h after each duty, and the month that is over."""
    for township_id, duty_id in late.due(at, MOST_LATE):
        late.settle(township_id, duty_id, at)
    for township_id, month in no_shows.months_over(at):
        no_shows.end_month(township_id, month, at)


def _drill(ids: Ids, leader: Person, reviewer: Person, month: date) -> None:
    """Four hours: as much as a quarter pays. They are what the shop's first orders are paid with."""
    team = db.session.get_one(Team, _team_of(leader))
    day = month.replace(day=DRILL_ON)
    who = tuple(ids.people[f"qinghe.t03.{one}"] for one in DRILLED)
    wanted = training.Wanted("drill", day, DRILL_MIN, who)
    session = training.enter(leader, scope_of(leader), team.id, wanted, _at(day, 18))
    training.confirm(reviewer, scope_of(reviewer), session.id, _at(day, 20))


def _team_of(leader: Person) -> int:
    return min(scope_of(leader).led_team_ids)


def _approve(township: Area, month: date, people: tuple[Person, Person, Person], now: datetime) -> int:
    reviewer, admin, third = people
    found = months.month_state(township, month, now)
    wanted = [(one.person_id, one.move_half) for one in found.persons if one.state == "to_submit"]
    operations.submit(reviewer, scope_of(reviewer), township, month, [who for who, _ in wanted], now)
    operations.approve(admin, township, month, wanted, now + timedelta(hours=1))
    for audit in months.month_state(township, month, now).audits_open:
        auditing.finish(
            third, scope_of(third), township, month, audit.person_id, "ok", "", now + timedelta(hours=1)
        )
    return len(wanted)


# --- scorecards ---------------------------------------------------------------------------------------------------


def add_frozen_scorecards(ids: Ids, now: datetime) -> list[Assessment]:
    """The first township's, which were returned once and stand; the second's wait for an answer."""
    if db.session.scalar(select(AssessmentFreeze.assessment_id).limit(1)) is not None:
        return []
    quarter = quarter_over(now)
    admin, reviewer, third, others = (
        db.session.get_one(Person, ids.people[who])
        for who in (LOGINS["admin"], LOGINS["reviewer"], APPROVER, OTHERS)
    )
    mine, theirs = (_township(code) for code in TOWNSHIPS)
    frozen = _frozen(mine, quarter, admin, reviewer, third)
    _plan(frozen, reviewer, admin, quarter, now)
    return [frozen, _returned(theirs, quarter, admin, others, now)]


def _computed(township: Area, quarter: Quarter, admin: Person, other: Person, at: datetime) -> Assessment:
    enter_notices(other, admin, township, quarter, at)
    one = assessments.compute(admin, township, quarter, None, at)
    assessments.publish(admin, scope_of(admin), one.id, at + timedelta(hours=4))
    return one


def _frozen(township: Area, quarter: Quarter, admin: Person, reviewer: Person, third: Person) -> Assessment:
    days = [_at(quarter.last + timedelta(days=n)) for n in range(6)]
    one = _computed(township, quarter, admin, reviewer, days[2])
    lowest = _low_villages(one)[0]
    figure = Figure(lowest, "route", "works_in_the_way")
    sent = assessments.send_back(reviewer, scope_of(reviewer), one.id, figure, days[3])
    assessments.answer(third, scope_of(third), sent.id, "stands", days[4])
    review = assessments.accept(reviewer, scope_of(reviewer), one.id, days[5])
    assessments.freeze(third, scope_of(third), one.id, _at(assessments.freezes_from(review)))
    return one


def _low_villages(one: Assessment) -> list[int]:
    """Those whose grade asks for a plan, the lowest first."""
    finals = {v["id"]: Fraction(v["final"]) for v in one.figures["villages"] if v["final"]}
    return sorted(plans.plans_of(one), key=lambda village: finals[village])


def _returned(township: Area, quarter: Quarter, admin: Person, other: Person, now: datetime) -> Assessment:
    one = _computed(township, quarter, admin, other, now - timedelta(days=5))
    village = queries.villages_of(township.id)[0]
    figure = Figure(village.id, "roster", "data_missing")
    assessments.send_back(other, scope_of(other), one.id, figure, now - timedelta(days=2))
    return one


def _plan(one: Assessment, reviewer: Person, admin: Person, quarter: Quarter, now: datetime) -> None:
    """A plan under way, and one that was carried out."""
    begun = _at(quarter.last + timedelta(days=15))
    due = local_day(now, TIME_ZONE) + timedelta(days=21)
    lowest, *rest = _low_villages(one)
    todo = [(lowest, *each) for each in UNDER_WAY] + [(v, *each) for v in rest[:1] for each in CARRIED_OUT]
    items = [plans.add_item(reviewer, scope_of(reviewer), one.id, Wanted(*each, due), begun) for each in todo]
    for item in (items[0], items[1], *items[len(UNDER_WAY) :]):
        done = begun + timedelta(days=5)
        paper = f"{done:%Y}-{items.index(item) + 1}号"
        plans.finish(reviewer, scope_of(reviewer), item.id, local_day(done, TIME_ZONE), paper, done)
    for item in (items[0], *items[len(UNDER_WAY) :]):
        plans.confirm_item(admin, scope_of(admin), item.id, begun + timedelta(days=7))
