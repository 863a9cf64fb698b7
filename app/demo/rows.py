"""What counts beside duties in the demo: public holidays, a training and a drill, a bonus, cases (to be answered, to be
decided, upheld), somebody who did not come, and months that are over. Once; nothing here commits.

The holidays are those of the State Council's notice of 4 November 2025 on 2026, as Xinhua published it:
https://politics.gmw.cn/2025-11/04/content_38391083.htm. Of another year the demo knows none.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.accounts.models import Person
from app.areas.models import Area
from app.clock import local_day
from app.db import db
from app.demo.items import Ids
from app.demo.world import LEADER, LOGINS, MEMBER, TIME_ZONE
from app.duty import bonus, roster
from app.duty.attendance import enter_attendance
from app.duty.models import Duty
from app.duty.objections import Plan
from app.errors import DomainError
from app.field.operations import settle_duty
from app.incentives import cases, no_shows, training
from app.incentives.models import Holiday, TrainingSession
from app.teams.models import Team, TeamMember
from app.teams.scope import scope_of

# Name, first day, number of days; and the days that are worked instead.
HOLIDAYS_2026 = (
    ("元旦", date(2026, 1, 1), 3), ("春节", date(2026, 2, 15), 9), ("清明节", date(2026, 4, 4), 3),
    ("劳动节", date(2026, 5, 1), 5), ("端午节", date(2026, 6, 19), 3), ("中秋节", date(2026, 9, 25), 3),
    ("国庆节", date(2026, 10, 1), 7),
)  # fmt: skip
WORKED_2026 = (
    ("元旦", date(2026, 1, 4)), ("春节", date(2026, 2, 14)), ("春节", date(2026, 2, 28)),
    ("劳动节", date(2026, 5, 9)), ("国庆节", date(2026, 9, 20)), ("国庆节", date(2026, 10, 10)),
)  # fmt: skip
MOST_MISSED = 20
# Who came and who did not, and on which days back that may have been: those of the last 72 hours are still open.
ABSENT, NOONS = ("qinghe.t03.p05", "qinghe.t03.p06"), (4, 13)


def add_rows(ids: Ids, now: datetime) -> bool:
    """False where they are there already."""
    known = select(TrainingSession.id).where(TrainingSession.kind == "training").limit(1)
    if db.session.scalar(known) is not None:
        return False
    leader, reviewer = (_person(ids, who) for who in (LEADER, LOGINS["reviewer"]))
    _add_sessions(leader, reviewer, now)
    _add_bonus(leader, now)
    _add_cases(ids, leader, reviewer, now)
    _add_absence(ids, leader, now)
    for township_id, month in no_shows.months_over(now):
        no_shows.end_month(township_id, month, now)
    for one in no_shows.due(now, MOST_MISSED):
        no_shows.record(one, now)
    return True


def _person(ids: Ids, who: str) -> Person:
    return db.session.get_one(Person, ids.people[who])


def add_holidays(county: Area, now: datetime) -> None:
    """Before anybody's duties come in: they are priced with them."""
    days = [
        (name, first + timedelta(days=n), "holiday")
        for name, first, length in HOLIDAYS_2026
        for n in range(length)
    ]
    days += [(name, day, "workday") for name, day in WORKED_2026]
    db.session.add_all(
        Holiday(area_id=county.id, day=day, kind=kind, name=name, made_at=now) for name, day, kind in days
    )
    db.session.flush()


def _add_sessions(leader: Person, reviewer: Person, now: datetime) -> None:
    team = team_of(leader)
    today = local_day(now, TIME_ZONE)
    members = [member for member, _ in training.members_on(team.id, today - timedelta(days=9))]
    others = tuple(member for member in members if member != reviewer.id)
    first = training.Wanted("training", today - timedelta(days=9), 90, others[:6])
    session = training.enter(leader, scope_of(leader), team.id, first, now)
    training.confirm(reviewer, scope_of(reviewer), session.id, now)
    drill = training.Wanted("drill", today - timedelta(days=2), 60, others[:4])
    training.enter(leader, scope_of(leader), team.id, drill, now)


def team_of(leader: Person) -> Team:
    mine = select(TeamMember.team_id).where(TeamMember.person_id == leader.id, TeamMember.left_on.is_(None))
    return db.session.scalars(select(Team).where(Team.id.in_(mine)).order_by(Team.id).limit(1)).one()


def _add_bonus(leader: Person, now: datetime) -> None:
    """For the next shift of the team that lacks somebody."""
    assert leader.home_township_id is not None
    scope = scope_of(leader)
    for one in bonus.to_come(scope, leader.home_township_id, now, now + timedelta(days=14))[:1]:
        bonus.set_bonus(leader, scope, one.shift.id, one.shift.version, 8, now)


# --- check-ins in question ----------------------------------------------------------------------------------------


def _add_cases(ids: Ids, leader: Person, reviewer: Person, now: datetime) -> None:
    """About others than who is shown signed in first, so that no phone of theirs begins with it: one may be answered,
    one was and waits for a second person, one is upheld. And one of the other township, for its member to answer."""
    team_id, used = team_of(leader).id, {ids.people[who] for who in (LEADER, MEMBER)}
    for days, reason in ((1, "another_carried_phone"), (7, "position_made"), (13, "not_there")):
        at = now - timedelta(days=days)
        duty = _last_duty(team_id, used, at)
        if duty is None:
            continue
        used.add(duty.person_id)
        case = cases.open_case(leader, scope_of(leader), duty.id, reason, at)
        if reason == "position_made":
            person = db.session.get_one(Person, duty.person_id)
            cases.answer(person, case.id, "gps_bad", "巷子里定位一直在跳", at + timedelta(days=2))
        elif reason == "not_there":
            cases.decide(reviewer, scope_of(reviewer), case.id, "upheld", at + timedelta(days=6))
    _ask_outsider(ids, now - timedelta(days=1))


def _ask_outsider(ids: Ids, at: datetime) -> None:
    whose, reviewer = _person(ids, LOGINS["outsider"]), _person(ids, "yundu.reviewer")
    mine = select(Duty).where(Duty.person_id == whose.id, Duty.state == "ended", Duty.ended_at < at)
    duty = db.session.scalars(mine.order_by(Duty.ended_at.desc()).limit(1)).first()
    if duty is not None:
        cases.open_case(reviewer, scope_of(reviewer), duty.id, "code_passed_on", at)


def _last_duty(team_id: int, but: Collection[int], before: datetime) -> Duty | None:
    which = select(Duty).where(
        Duty.team_id == team_id, Duty.state == "ended", Duty.ended_at < before, Duty.person_id.not_in(but)
    )  # fmt: skip
    return db.session.scalars(which.order_by(Duty.ended_at.desc()).limit(1)).first()


# --- somebody who did not come ------------------------------------------------------------------------------------


def _add_absence(ids: Ids, leader: Person, now: datetime) -> None:
    """Two were planned for a noon last week, and one came without a phone. The first noon that suits both."""
    came, missing = (ids.people[who] for who in ABSENT)
    team, scope, today = team_of(leader), scope_of(leader), local_day(now, TIME_ZONE)
    for day in (today - timedelta(days=n) for n in range(*NOONS)):
        starts_at = datetime.combine(day, time(12), ZoneInfo(TIME_ZONE))
        ends_at = starts_at + timedelta(hours=1)
        plan = Plan(day, starts_at, ends_at, None, "村委会门口", 2, False, (came, missing))
        try:
            shift = roster.plan_shift(leader, scope, team.id, plan, starts_at - timedelta(days=3))
        except DomainError:  # one of them was out around that time
            continue
        duty = enter_attendance(
            leader, scope, shift.id, came, starts_at, ends_at, ends_at + timedelta(hours=1)
        )
        settle_duty(duty.township_id, duty.id, ends_at + timedelta(hours=1))
        return
