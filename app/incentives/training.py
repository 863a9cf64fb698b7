"""Trainings and drills: entered by a leader with who was there, confirmed by another person, then priced; taken back as
a whole where that was wrong, to be entered anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, or_, select

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas.policies import place_of
from app.clock import local_day
from app.db import db
from app.errors import Conflict, DomainError, FieldError
from app.incentives.models import SESSION_KINDS, TRAINING_WRONG, TrainingAttendance, TrainingSession
from app.incentives.operations import post_month
from app.incentives.rows import quarter_of
from app.incentives.steering import refuse_same, refuse_unknown
from app.teams.models import Team, TeamMember
from app.teams.scope import Criterion, Scope, reach_row, reach_team, reviewed_township_rows, steered_rows

LEAST_MIN, MOST_MIN = 15, 480
SAME_TAP = timedelta(minutes=10)


@dataclass(frozen=True)
class Wanted:
    """What a leader enters."""

    kind: str
    day: date
    minutes: int
    people: tuple[int, ...]


def enter(person: Person, scope: Scope, team_id: int, wanted: Wanted, now: datetime) -> TrainingSession:
    """The same again within ten minutes is the same session. Raises DomainError `invalid` with its fields."""
    team = reach_team(scope, team_id, to_lead=True)
    refuse_bad(team, wanted, now)
    team_row = db.session.get_one(Team, team.id, with_for_update=True)
    again = _entered_before(person, team_row, wanted, now)
    if again is not None:
        return again
    session = TrainingSession(
        township_id=team.township_id, team_id=team.id, kind=wanted.kind, day=wanted.day, minutes=wanted.minutes,
        entered_by=person.id, entered_at=now,
    )  # fmt: skip
    db.session.add(session)
    db.session.flush()
    db.session.add_all(
        TrainingAttendance(
            township_id=team.township_id, session_id=session.id, person_id=member, entered_by=person.id
        )
        for member in sorted(set(wanted.people))
    )
    record_audit(team.township_id, person.id, "training.entered", "training", session.id, now)
    db.session.flush()
    return session


def refuse_bad(team: Team, wanted: Wanted, now: datetime) -> None:
    refuse_unknown("kind", wanted.kind, SESSION_KINDS)
    faults = []
    if not LEAST_MIN <= wanted.minutes <= MOST_MIN:
        faults.append(FieldError("/minutes", "training_minutes"))
    if wanted.day > local_day(now, place_of(team.township_id).zone):
        faults.append(FieldError("/day", "training_not_yet"))
    if not wanted.people:
        faults.append(FieldError("/people", "choose_one"))
    elif not set(wanted.people) <= {member for member, _ in members_on(team.id, wanted.day)}:
        faults.append(FieldError("/people", "not_in_team"))
    if faults:
        raise DomainError("invalid", faults)


def members_on(team_id: int, day: date) -> list[tuple[int, str]]:
    """Who was in the team on a day, with names."""
    rows = db.session.execute(
        select(Person.id, Person.name)
        .join(TeamMember, TeamMember.person_id == Person.id)
        .where(
            TeamMember.team_id == team_id,
            TeamMember.joined_on <= day,
            or_(TeamMember.left_on.is_(None), TeamMember.left_on > day),
        )
        .order_by(Person.name, Person.id)
    )
    return [(row[0], row[1]) for row in rows]


def _entered_before(person: Person, team: Team, wanted: Wanted, now: datetime) -> TrainingSession | None:
    same = select(TrainingSession).where(
        TrainingSession.township_id == team.township_id, TrainingSession.team_id == team.id,
        TrainingSession.kind == wanted.kind, TrainingSession.day == wanted.day,
        TrainingSession.minutes == wanted.minutes, TrainingSession.entered_by == person.id,
        TrainingSession.entered_at > now - SAME_TAP,
    )  # fmt: skip
    found = db.session.scalars(same.order_by(TrainingSession.id)).all()
    return next((one for one in found if _is_as_wanted(one, wanted)), None)


def _is_as_wanted(session: TrainingSession, wanted: Wanted) -> bool:
    """With the same people, and not taken back meanwhile."""
    there = attendances_of(session, to_change=False)
    return {a.person_id for a in there} == set(wanted.people) and not any(a.taken_back_at for a in there)


def confirm(person: Person, scope: Scope, session_id: int, now: datetime) -> int:
    """Everybody's attendance but the caller's own; answers how many were confirmed, with nothing left an honest 0.
    NotFound outside the teams led and the townships reviewed. Raises DomainError for who entered it."""
    session = reach(scope, session_id)
    if session.entered_by == person.id:
        raise DomainError("confirmed_by_another")
    entered = attendances_of(session, to_change=True)
    if any(a.taken_back_at for a in entered):
        raise Conflict("training_taken_back")
    waiting = [a for a in entered if a.confirmed_by is None]
    mine = [one for one in waiting if one.person_id != person.id]
    if waiting and not mine:
        raise DomainError("own_attendance")
    for one in mine:
        one.confirmed_by, one.confirmed_at = person.id, now
    _price(session, [one.person_id for one in mine], now)
    if mine:
        record_audit(
            session.township_id, person.id, "training.confirmed", "training", session.id, now, n=len(mine)
        )
    return len(mine)


def take_back(person: Person, scope: Scope, session_id: int, why: str, now: datetime) -> int:
    """All of a session, by a reviewer or admin of the township who neither entered it nor was there; answers how many
    had it confirmed, none where it was taken back before. NotFound elsewhere; Conflict where the reason was another."""
    refuse_unknown("why", why, TRAINING_WRONG)
    session = reach(scope, session_id, to_take_back=True)
    refuse_same(person.id, session.entered_by, "taken_back_by_another")
    entered = attendances_of(session, to_change=True)
    if any(one.person_id == person.id for one in entered):
        raise DomainError("own_attendance")
    if any(one.taken_back_at for one in entered):
        if entered[0].taken_back_why != why:
            raise Conflict("training_taken_back")
        return 0
    for one in entered:
        one.taken_back_by, one.taken_back_at, one.taken_back_why = person.id, now, why
    paid = [one.person_id for one in entered if one.confirmed_by is not None]
    _price(session, paid, now)
    record_audit(
        session.township_id,
        person.id,
        "training.taken_back",
        "training",
        session.id,
        now,
        n=len(paid),
        why=why,
    )
    return len(paid)


def _price(session: TrainingSession, people: Sequence[int], now: datetime) -> None:
    db.session.flush()
    zone = place_of(session.township_id).zone
    for person_id in sorted(people):
        for month in months_touched(session.day):
            post_month(session.township_id, person_id, month, zone, now)


def months_touched(day: date) -> list[date]:
    """The month of a session and what is left of its quarter, whose limit it takes from."""
    start = quarter_of(day)
    return [date(day.year, month, 1) for month in range(day.month, start.month + 3)]


def attendances_of(session: TrainingSession, *, to_change: bool) -> list[TrainingAttendance]:
    which = select(TrainingAttendance).where(
        TrainingAttendance.township_id == session.township_id, TrainingAttendance.session_id == session.id
    )
    if to_change:
        which = which.with_for_update().execution_options(populate_existing=True)
    return list(db.session.scalars(which.order_by(TrainingAttendance.person_id)))


def reach(scope: Scope, session_id: int, *, to_take_back: bool = False) -> TrainingSession:
    mine = reviewed_township_rows(scope, TrainingSession.township_id) if to_take_back else _steered(scope)
    return reach_row(select(TrainingSession).where(TrainingSession.id == session_id, mine))


def _steered(scope: Scope) -> Criterion:
    return steered_rows(scope, TrainingSession.township_id, TrainingSession.team_id)


@dataclass(frozen=True)
class Shown:
    """A session with its team, who entered it, of each attendance name, person and who confirmed it; and by whom, when
    and why it was taken back."""

    session: TrainingSession
    team: str
    entered_by: str
    people: tuple[tuple[int, str, int | None], ...]
    taken_back: tuple[str, datetime, str] | None = None

    @property
    def waiting(self) -> int:
        return 0 if self.taken_back else sum(confirmed is None for _, _, confirmed in self.people)

    def may_take_back(self, scope: Scope) -> bool:
        there = scope.person_id in [person_id for person_id, _, _ in self.people]
        is_reviewed = self.session.township_id in scope.township_ids
        return (
            is_reviewed and not there and self.session.entered_by != scope.person_id and not self.taken_back
        )


def seen(scope: Scope, township_id: int, since: date) -> list[Shown]:
    """Sessions of a township within the caller's reach, those that wait first, then the newest."""
    rows = db.session.execute(
        select(TrainingSession, Team.name, Person.name)
        .join(Team, Team.id == TrainingSession.team_id)
        .join(Person, Person.id == TrainingSession.entered_by)
        .where(
            TrainingSession.township_id == township_id, TrainingSession.day >= since,
            _steered(scope),
        )
        .order_by(TrainingSession.day.desc(), TrainingSession.id.desc())
    ).all()  # fmt: skip
    ids = [row[0].id for row in rows]
    people, gone = _people(township_id, ids), _taken_back(township_id, ids)
    shown = [
        Shown(row[0], row[1], row[2], tuple(people.get(row[0].id, ())), gone.get(row[0].id)) for row in rows
    ]
    return sorted(shown, key=lambda one: not one.waiting)


def _people(township_id: int, ids: Sequence[int]) -> dict[int, list[tuple[int, str, int | None]]]:
    a = TrainingAttendance
    rows = db.session.execute(
        select(a.session_id, Person.id, Person.name, a.confirmed_by)
        .join(Person, and_(Person.id == a.person_id))
        .where(a.township_id == township_id, a.session_id.in_(ids))
        .order_by(Person.name, Person.id)
    )
    found: dict[int, list[tuple[int, str, int | None]]] = {}
    for session_id, *one in rows:
        found.setdefault(session_id, []).append((one[0], one[1], one[2]))
    return found


def _taken_back(township_id: int, ids: Sequence[int]) -> dict[int, tuple[str, datetime, str]]:
    """Session → by whom, when, why."""
    a = TrainingAttendance
    rows = db.session.execute(
        select(a.session_id, Person.name, a.taken_back_at, a.taken_back_why)
        .join(Person, Person.id == a.taken_back_by)
        .where(a.township_id == township_id, a.session_id.in_(ids))
        .distinct()
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


__all__ = ["Shown", "Wanted", "confirm", "enter", "members_on", "seen", "take_back"]
