"""What a township's month holds for the checks, and the flags and rankings that there are, each within one's scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, false, func, or_, select
from sqlalchemy.orm import aliased

from app.accounts.models import Consent, Person
from app.accounts.rules import CONSENTS
from app.areas.models import Area
from app.checkins.models import Checkin, Cosign
from app.db import db
from app.duty.models import Assignment, Duty, Shift
from app.errors import NotFound
from app.fairness.models import FairnessFlag, TeamRanking
from app.incentives.models import PointEntry
from app.incidents.models import Incident
from app.teams.models import Team, TeamMember
from app.teams.scope import Scope, led_team_rows, reviewed_township_rows, team_rows

ISSUE = "issue"


def lock_flags(township_id: int) -> None:
    """Who looks at the same time waits: what is found twice is one flag."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"fairness:{township_id}"))))


def townships() -> list[tuple[int, str]]:
    """(id, zone) of all of them."""
    rows = db.session.execute(
        select(Area.id, Area.time_zone).where(Area.level == "township").order_by(Area.id)
    )
    return [(row[0], row[1]) for row in rows]


# --- facts of a month -----------------------------------------------------------------------------


def duties_of(township_id: int, first: date, last: date) -> list[tuple[Duty, Shift]]:
    """Duties that are over, in order of their shifts."""
    rows = db.session.execute(
        select(Duty, Shift)
        .join(Shift, and_(Shift.township_id == Duty.township_id, Shift.id == Duty.shift_id))
        .where(
            Duty.township_id == township_id, Duty.day.between(first, last), Duty.state.in_(["ended", "attended"])
        )
        .order_by(Shift.starts_at, Shift.id, Duty.id)
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def taps_of(township_id: int, first: date, last: date) -> Sequence[Row[Any]]:
    """Check-ins that still have their position, but for those that a person has returned: what was decided is not
    asked again."""
    return db.session.execute(
        select(
            Checkin.id, Checkin.duty_id, Checkin.person_id, Checkin.device_id, Checkin.effective_at,
            func.ST_X(Checkin.position).label("lon"), func.ST_Y(Checkin.position).label("lat"), Checkin.accuracy_m,
            Checkin.time_quality, Checkin.distance_m, Checkin.checkpoint_id, Duty.team_id,
        )
        .join(Duty, and_(Duty.township_id == Checkin.township_id, Duty.id == Checkin.duty_id))
        .where(
            Checkin.township_id == township_id, Duty.day.between(first, last), Checkin.position.is_not(None),
            or_(Checkin.review_verdict.is_(None), Checkin.review_verdict == "counted"),
        )
        .order_by(Checkin.effective_at, Checkin.id)
    ).all()  # fmt: skip


def reports_of(township_id: int, since: datetime, until: datetime) -> Sequence[Row[Any]]:
    """First reports of hazards, told in [since, until)."""
    return db.session.execute(
        select(
            Incident.id, Incident.category, Incident.reporter_id, Incident.reported_at, Incident.team_id,
            Incident.decided_by, Incident.closing, func.ST_X(Incident.place).label("lon"),
            func.ST_Y(Incident.place).label("lat"),
        ).where(
            Incident.township_id == township_id, Incident.reported_at >= since, Incident.reported_at < until,
            Incident.category != "nothing", Incident.duplicate_of.is_(None),
        )
    ).all()  # fmt: skip


def cosigns_of(township_id: int, first: date, last: date) -> Sequence[Row[Any]]:
    """(check-in, shift, whose check-in, who vouched) of the duties of these days."""
    return db.session.execute(
        select(Checkin.id, Duty.shift_id, Checkin.person_id, Cosign.person_id.label("by"))
        .join(Checkin, and_(Checkin.township_id == Cosign.township_id, Checkin.id == Cosign.checkin_id))
        .join(Duty, and_(Duty.township_id == Checkin.township_id, Duty.id == Checkin.duty_id))
        .where(Cosign.township_id == township_id, Duty.day.between(first, last))
    ).all()


@dataclass(frozen=True)
class Place:
    """Somebody's place on a planned shift; `active` False where it was given away."""

    person_id: int
    team_id: int
    day: date
    active: bool


def planned_of(township_id: int, first: date, last: date) -> list[Place]:
    """Of the shifts that were not cancelled."""
    rows = db.session.execute(
        select(Assignment.person_id, Shift.team_id, Shift.day, Assignment.active)
        .join(
            Shift, and_(Shift.township_id == Assignment.township_id, Shift.id == Assignment.shift_id)
        )
        .where(
            Assignment.township_id == township_id, Shift.day.between(first, last), Shift.status == "planned"
        )
    )  # fmt: skip
    return [Place(*row) for row in rows]


@dataclass(frozen=True)
class Earned:
    """A posting that stands, as it changes what somebody has earned; of a duty where the cause is one."""

    person_id: int
    day: date
    rule: str
    cause: str
    half: int
    minutes: int

    @property
    def duty_id(self) -> int | None:
        kind, _, id_ = self.cause.partition(":")
        return int(id_) if kind == "duty" and id_.isdigit() else None


def earned_of(
    township_id: int, first: date, last: date, people: Collection[int] | None = None
) -> list[Earned]:
    """What came from the township's source for work of these days, less what went back to it, reversals taken out."""
    undo = aliased(PointEntry)
    reversed_ = select(undo.id).where(
        undo.township_id == PointEntry.township_id, undo.reverses_id == PointEntry.id
    )
    which = [
        PointEntry.township_id == township_id, PointEntry.earned_on.between(first, last),
        PointEntry.reverses_id.is_(None), ~reversed_.exists(),
        or_(PointEntry.debit_account == ISSUE, PointEntry.credit_account == ISSUE),
    ]  # fmt: skip
    if people is not None:
        which.append(PointEntry.person_id.in_(people))
    rows = db.session.scalars(select(PointEntry).where(*which).order_by(PointEntry.id))
    return [_earned(e) for e in rows]


def _earned(e: PointEntry) -> Earned:
    half = e.amount_half if e.debit_account == ISSUE else -e.amount_half
    minutes = e.detail.get("minutes", 0) if e.rule == "base" else 0
    return Earned(e.person_id, e.earned_on, e.rule, e.cause, half, int(minutes))


# --- flags ----------------------------------------------------------------------------------------


def flag_rows(scope: Scope) -> Any:
    """Of the teams led and of the townships reviewed or administered."""
    return or_(
        led_team_rows(scope, FairnessFlag.township_id, FairnessFlag.team_id),
        reviewed_township_rows(scope, FairnessFlag.township_id),
    )


def flag_of_subject(township_id: int, kind: str, month: date, subject: str) -> FairnessFlag | None:
    return db.session.scalar(
        select(FairnessFlag)
        .where(
            FairnessFlag.township_id == township_id, FairnessFlag.kind == kind, FairnessFlag.month == month,
            FairnessFlag.subject == subject,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )  # fmt: skip


def flags_seen(scope: Scope, township_id: int, month: date, team_id: int | None) -> list[FairnessFlag]:
    """Those of a month, the open ones first. One that is about the caller is another's to see."""
    which = [
        flag_rows(scope), FairnessFlag.township_id == township_id, FairnessFlag.month == month,
        not_about(scope.person_id),
    ]  # fmt: skip
    if team_id is not None:
        which.append(FairnessFlag.team_id == team_id)
    rows = select(FairnessFlag).where(*which)
    return list(
        db.session.scalars(
            rows.order_by(FairnessFlag.state != "open", FairnessFlag.first_seen_at.desc(), FairnessFlag.id)
        )
    )


def not_about(person_id: int) -> Any:
    """Neither of the people concerned."""
    a, b = FairnessFlag.person_a, FairnessFlag.person_b
    return and_(or_(a.is_(None), a != person_id), or_(b.is_(None), b != person_id))


def waiting_for(scope: Scope) -> int:
    """Open flags that the caller may decide on."""
    of_team = and_(FairnessFlag.kind == "team_rush", ~reviewed_township_rows(scope, FairnessFlag.township_id))
    which = select(func.count()).where(
        flag_rows(scope), FairnessFlag.state == "open", not_about(scope.person_id), ~of_team
    )
    return int(db.session.scalar(which) or 0)


def reach_flag(scope: Scope, flag_id: UUID) -> FairnessFlag:
    """To be decided, or NotFound."""
    flag = db.session.scalar(
        select(FairnessFlag)
        .where(FairnessFlag.id == flag_id, flag_rows(scope))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if flag is None:
        raise NotFound()
    return flag


def flags_about(person: Person) -> list[FairnessFlag]:
    """Newest first."""
    rows = select(FairnessFlag).where(
        FairnessFlag.township_id == (person.home_township_id or 0),
        or_(FairnessFlag.person_a == person.id, FairnessFlag.person_b == person.id),
    )
    return list(db.session.scalars(rows.order_by(FairnessFlag.first_seen_at.desc(), FairnessFlag.id)))


def names_of(person_ids: Collection[int | None]) -> dict[int, str]:
    wanted = {i for i in person_ids if i}
    if not wanted:
        return {}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


def shifts_of_duties(township_id: int, duty_ids: Collection[int]) -> dict[int, tuple[int, date, int]]:
    """Duty → (shift, day, whose)."""
    rows = db.session.execute(
        select(Duty.id, Duty.shift_id, Duty.day, Duty.person_id).where(
            Duty.township_id == township_id, Duty.id.in_(duty_ids)
        )
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


# --- teams and their rankings ---------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """A team that the caller may look at; `leads` where its settings are theirs."""

    id: int
    name: str
    township_id: int
    township: str
    zone: str
    leads: bool


def choices(scope: Scope) -> list[Choice]:
    """Teams led, and those of townships reviewed or administered."""
    led = led_team_rows(scope, Team.township_id, Team.id)
    rows = db.session.execute(
        select(Team.id, Team.name, Team.township_id, Area.name, Area.time_zone, led)
        .join(Area, Area.id == Team.township_id)
        .where(Team.active, or_(led, reviewed_township_rows(scope, Team.township_id)))
        .order_by(Area.code, Team.name, Team.id)
    )
    return [Choice(*row) for row in rows]


def members_of(team_ids: Collection[int], first: date, last: date) -> dict[int, dict[int, str]]:
    """Team → who was in it on any of these days, by name."""
    rows = db.session.execute(
        select(TeamMember.team_id, Person.id, Person.name)
        .join(TeamMember, TeamMember.person_id == Person.id)
        .where(
            TeamMember.team_id.in_(team_ids), TeamMember.joined_on <= last,
            or_(TeamMember.left_on.is_(None), TeamMember.left_on > first),
        )
        .order_by(Person.name, Person.id)
    )  # fmt: skip
    found: dict[int, dict[int, str]] = {team_id: {} for team_id in team_ids}
    for team_id, person_id, name in rows:
        found[team_id][person_id] = name
    return found


def rankings_of(team_ids: Collection[int]) -> dict[int, TeamRanking]:
    rows = db.session.scalars(
        select(TeamRanking).where(TeamRanking.team_id.in_(team_ids)).execution_options(populate_existing=True)
    )
    return {row.team_id: row for row in rows}


def said_yes(team_id: int) -> dict[int, str]:
    """Members of the team now who want to stand in a ranking, by the words in force; by name."""
    rows = db.session.execute(
        select(Person.id, Person.name)
        .join(TeamMember, TeamMember.person_id == Person.id)
        .join(Consent, Consent.person_id == Person.id)
        .where(
            TeamMember.team_id == team_id, TeamMember.left_on.is_(None), Person.active, Consent.purpose == "ranking",
            Consent.withdrawn_at.is_(None), Consent.version == CONSENTS["ranking"],
        )
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}


def own_teams(scope: Scope) -> list[tuple[int, str, int, str]]:
    """(id, name, township, zone) of the teams that the caller is in."""
    mine = Team.id.in_(scope.member_team_ids) if scope.member_team_ids else false()
    rows = db.session.execute(
        select(Team.id, Team.name, Team.township_id, Area.time_zone)
        .join(Area, Area.id == Team.township_id)
        .where(mine, team_rows(scope, Team.township_id, Team.id))
        .order_by(Team.name, Team.id)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
