"""Last month's points of the leader's team: attended, approved by four eyes, audited, and in a notice that runs, with
an objection that was answered and one that waits. Invented. Nothing here commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.accounts.models import Person
from app.approval import auditing, months, notices, operations, published, queries
from app.approval.models import PointNotice, PointObjection
from app.areas.models import Area
from app.clock import local_day
from app.db import db
from app.demo.items import Ids
from app.demo.world import LEADER, LOGINS, MEMBER, World
from app.duty.attendance import enter_attendance
from app.duty.models import Shift
from app.errors import Conflict, DomainError
from app.field.operations import settle_duty
from app.teams.models import Team
from app.teams.scope import scope_of

# Days of last month, minutes, and which of the team came (by their place in it).
EVENINGS = ((6, 150, (0, 1, 2, 3)), (13, 120, (0, 1, 4)), (20, 180, (0, 2, 3, 5)), (24, 90, (1, 4, 5)))
BEGINS = time(20)


def add_notices(world: World, ids: Ids, now: datetime) -> int:
    """Once: answers how many persons are in the notice; 0 where somebody objected before, or last month is open."""
    if db.session.scalar(select(PointObjection.id).limit(1)) is not None:
        return 0
    logins = LOGINS | {"approver": "qinghe.approver"}
    people = {login: db.session.get_one(Person, ids.people[key]) for login, key in logins.items()}
    team = next(one for one in world.teams.values() if one.leader == LEADER)
    township = db.session.scalars(select(Area).where(Area.code == team.township)).one()
    first = local_day(now, township.time_zone).replace(day=1)
    month = (first - timedelta(days=1)).replace(day=1)
    row = db.session.scalars(
        select(Team).where(Team.township_id == township.id, Team.name == team.name)
    ).one()
    came = [ids.people[key] for key in (MEMBER, *(m for m in team.members if m not in (MEMBER, LEADER)))]
    try:
        with db.session.begin_nested():
            _attend(row, township, month, came, people["leader"], now)
            return _approve(township, month, people, now)
    except DomainError:  # phones told of last month less than 72 h ago
        return 0


def _attend(
    team: Team, township: Area, month: date, came: Sequence[int], leader: Person, now: datetime
) -> None:
    scope = scope_of(leader)
    for day, minutes, who in EVENINGS:
        starts_at = datetime.combine(month.replace(day=day), BEGINS, ZoneInfo(township.time_zone))
        ends_at = starts_at + timedelta(minutes=minutes)
        shift = Shift(
            township_id=township.id, team_id=team.id, day=starts_at.date(), starts_at=starts_at, ends_at=ends_at,
            meeting_place="", made_by=leader.id, changed_by=leader.id, changed_at=starts_at,
        )  # fmt: skip
        db.session.add(shift)
        db.session.flush()
        for n in who:
            person_id = came[n % len(came)]
            try:
                duty = enter_attendance(leader, scope, shift.id, person_id, starts_at, ends_at, ends_at)
            except Conflict:  # out with a phone that evening
                continue
            settle_duty(duty.township_id, duty.id, ends_at)
    db.session.flush()


def _approve(township: Area, month: date, people: dict[str, Person], now: datetime) -> int:
    """The leader submits, the reviewer approves, a third audits; then the notice, and an objection of a member."""
    leader, reviewer, admin = (people[who] for who in ("leader", "reviewer", "admin"))
    for by, judge in ((leader, reviewer), (reviewer, admin)):
        _decide(township, month, by, judge, now)
    for audit in months.month_state(township, month, now).audits_open:
        by = next(
            one for one in (admin, reviewer, people["approver"]) if one.id not in auditing.not_third(audit)
        )
        auditing.finish(by, scope_of(by), township, month, audit.person_id, "ok", "", now)
    notice = notices.open_notice(reviewer, township, month, now)
    notices.object_to(notice, township, "", "有一班的结束时间记早了", people["member"], "", now)
    _answer_another(notice, township, people, now)
    return len(published.lines_of(township.id, month))


def _answer_another(notice: PointNotice, township: Area, people: dict[str, Person], now: datetime) -> None:
    """Somebody who did not sign in asked about another's line; the admin has looked and says why it stands."""
    member, admin = people["member"], people["admin"]
    lines = [line for line, _, _ in published.lines_of(township.id, notice.month)]
    other = next((x for x in lines if x.person_id != member.id and x.approved_by != admin.id), None)
    if other is not None:
        asked = notices.object_to(
            notice, township, other.pseudonym, "班次数好像多了一班", None, "192.0.2.7", now
        )
        words = "排班表和签到都有这一班，班次数没有错"
        notices.answer(admin, scope_of(admin), asked.id, "rejected", words, now)


def _decide(township: Area, month: date, by: Person, judge: Person, now: datetime) -> None:
    scope, found = scope_of(by), months.month_state(township, month, now)
    seen = queries.people_seen(scope, township.id)
    open_ = [one for one in found.persons if one.state == "to_submit" and one.person_id != by.id]
    whose = [one.person_id for one in open_ if seen is None or one.person_id in seen]
    operations.submit(by, scope, township, month, whose, now)
    wanted = [(one.person_id, one.move_half) for one in open_ if one.person_id in whose]
    operations.approve(judge, township, month, wanted, now)
