"""Questions about alarms: who may see which, who is to be told, what happened; and the job that goes in with one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, any_, exists, func, literal, not_, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Person, UserSession
from app.alarms.models import Alarm, AlarmStep, PushAddress, Watch
from app.areas.models import Area
from app.db import db
from app.duty.models import Assignment, Duty, Shift
from app.errors import NotFound
from app.geo import meets
from app.routes.models import Checkpoint, NetworkVersion, Street
from app.teams.models import RoleGrant, Team, TeamMember
from app.teams.scope import Scope, led_team_rows, reviewed_township_rows

QUEUE = "alarms"
OPEN = ("open", "acknowledged")
ON_DUTY = ("on", "paused")
# Before every other job, in a queue that no long job shares.
_DEFER = text("""
    SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
        :queue, :task, 10, NULL, NULL, CAST(:args AS jsonb), CAST(:at AS timestamptz)
    )::procrastinate_job_to_defer_v1])
""")


def defer(task: str, at: datetime, **args: Any) -> None:
    """A job that exists only if the caller's transaction commits, as the alarm itself."""
    db.session.execute(_DEFER, {"queue": QUEUE, "task": task, "args": json.dumps(args), "at": at})


@contextmanager
def alone(alarm_id: UUID) -> Iterator[bool]:
    """Whether nobody else works on this alarm meanwhile. The lock dies with the connection, and so with its process."""
    key = int.from_bytes(alarm_id.bytes[8:], "big", signed=True)
    with db.engine.engine.connect() as connection:
        got = bool(connection.scalar(select(func.pg_try_advisory_lock(key))))
        try:
            yield got
        finally:
            if got:
                connection.execute(select(func.pg_advisory_unlock(key)))
            connection.rollback()


# --- who may see which ----------------------------------------------------------------------------


def seen_by(scope: Scope, near_before: datetime) -> ColumnElement[bool]:
    """Alarms that the caller may open: of the teams led or the townships reviewed, and of another team of the township
    once its own leaders did not answer (`near_before`: received before). A silent one in the township alone, never by
    the crew or its leaders, whatever else they are."""
    over = reviewed_township_rows(scope, Alarm.township_id)
    led = literal(False)
    near = literal(False)
    if scope.led_team_ids:
        led = func.coalesce(Alarm.team_id.in_(scope.led_team_ids), False)
        unanswered = or_(Alarm.stage >= 2, Alarm.received_at <= near_before, Alarm.team_id.is_(None))
        near = and_(Alarm.township_id == scope.township_id, unanswered)
    aloud = or_(led_team_rows(scope, Alarm.township_id, Alarm.team_id), over, near)
    kept = or_(literal(scope.person_id) == any_(Alarm.kept_from), led)
    return or_(and_(not_(Alarm.silent), aloud), and_(Alarm.silent, over, not_(kept)))


def alarm_of(scope: Scope, alarm_id: UUID, near_before: datetime, *, to_change: bool = False) -> Alarm:
    """One alarm within the caller's sight, or NotFound."""
    one = select(Alarm).where(Alarm.id == alarm_id, seen_by(scope, near_before))
    if to_change:
        one = one.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(one)
    if found is None:
        raise NotFound()
    return found


def open_alarms(scope: Scope, near_before: datetime) -> list[Alarm]:
    """What nobody has taken yet, the oldest first."""
    return list(
        db.session.scalars(
            select(Alarm)
            .where(Alarm.state == "open", Alarm.person_id != scope.person_id, seen_by(scope, near_before))
            .order_by(Alarm.test, Alarm.received_at, Alarm.id)
        )
    )  # fmt: skip


def listed_alarms(scope: Scope, near_before: datetime, since: datetime, limit: int = 100) -> list[Alarm]:
    """Those that are not ended, and those of late; newest first."""
    return list(
        db.session.scalars(
            select(Alarm)
            .where(or_(Alarm.state.in_(OPEN), Alarm.received_at >= since), seen_by(scope, near_before))
            .order_by(Alarm.ended_at.is_not(None), Alarm.received_at.desc(), Alarm.id)
            .limit(limit)
        )
    )  # fmt: skip


def open_by_shift(shifts: Sequence[tuple[int, int]]) -> dict[int, list[Alarm]]:
    """Alarms that are not ended, by shift id, for the board; silent ones are not for boards."""
    found: dict[int, list[Alarm]] = {}
    for alarm in db.session.scalars(
        select(Alarm)
        .where(
            Alarm.township_id.in_({t for t, _ in shifts}), Alarm.shift_id.in_([s for _, s in shifts]),
            Alarm.state.in_(OPEN), not_(Alarm.silent),
        )
        .order_by(Alarm.received_at)
    ):  # fmt: skip
        found.setdefault(alarm.shift_id or 0, []).append(alarm)
    return found


# --- my own, on the phone -------------------------------------------------------------------------


def alarms_of(township_id: int, person_id: int, since: datetime) -> list[Alarm]:
    """A member's own alarms, newest first, as the phone and the export show them: a silent one is not among them."""
    return list(
        db.session.scalars(
            select(Alarm)
            .where(
                Alarm.township_id == township_id, Alarm.person_id == person_id, Alarm.received_at >= since,
                not_(Alarm.silent),
            )
            .order_by(Alarm.received_at.desc(), Alarm.id)
        )
    )  # fmt: skip


def mates_alarms(township_id: int, person_id: int, since: datetime) -> list[Alarm]:
    """Calls for help of people who are out on the same shift as this member."""
    mine = select(Duty.shift_id).where(
        Duty.township_id == township_id, Duty.person_id == person_id, Duty.state.in_(ON_DUTY)
    )
    return list(
        db.session.scalars(
            select(Alarm)
            .where(
                Alarm.township_id == township_id, Alarm.person_id != person_id, Alarm.received_at >= since,
                Alarm.kind == "sos", Alarm.shift_id.in_(mine),
            )
            .order_by(Alarm.received_at.desc(), Alarm.id)
        )
    )  # fmt: skip


def lock_own(township_id: int, alarm_id: UUID, person_id: int) -> Alarm | None:
    return db.session.scalar(
        select(Alarm)
        .where(Alarm.township_id == township_id, Alarm.id == alarm_id, Alarm.person_id == person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def lock_alarm(township_id: int, alarm_id: UUID) -> Alarm | None:
    return db.session.scalar(
        select(Alarm)
        .where(Alarm.township_id == township_id, Alarm.id == alarm_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def lock_unanswered(township_id: int, shift_id: int, person_id: int) -> list[Alarm]:
    """Alarms because a lone member did not answer, that are not ended."""
    return list(
        db.session.scalars(
            select(Alarm)
            .where(
                Alarm.township_id == township_id, Alarm.shift_id == shift_id, Alarm.person_id == person_id,
                Alarm.kind == "no_answer", Alarm.state.in_(OPEN),
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )  # fmt: skip


def has_open_alarm(township_id: int, person_id: int) -> bool:
    """Aloud and not ended; of a silent one nothing may be learned."""
    mine = exists().where(
        Alarm.township_id == township_id, Alarm.person_id == person_id, Alarm.state.in_(OPEN), not_(Alarm.silent)
    )  # fmt: skip
    return bool(db.session.scalar(select(mine)))


def is_on_duty(township_id: int, person_id: int) -> bool:
    out = exists().where(
        Duty.township_id == township_id, Duty.person_id == person_id, Duty.state.in_(ON_DUTY)
    )
    return bool(db.session.scalar(select(out)))


# --- who is who -----------------------------------------------------------------------------------


def present_duty(township_id: int, person_id: int) -> Duty | None:
    """The duty that a person is on now."""
    return db.session.scalar(
        select(Duty)
        .where(Duty.township_id == township_id, Duty.person_id == person_id, Duty.state.in_(ON_DUTY))
        .order_by(Duty.day.desc(), Duty.id.desc())
        .limit(1)
    )


def team_of(township_id: int, person_id: int) -> int | None:
    """A team of the person in the township: as a member, or else as its leader."""
    member = (
        select(Team.id)
        .join(TeamMember, TeamMember.team_id == Team.id)
        .where(
            Team.township_id == township_id, Team.active,
            TeamMember.person_id == person_id, TeamMember.left_on.is_(None),
        )
    )  # fmt: skip
    leader = (
        select(Team.id)
        .join(RoleGrant, RoleGrant.team_id == Team.id)
        .where(
            Team.township_id == township_id, Team.active,
            RoleGrant.person_id == person_id, RoleGrant.revoked_at.is_(None),
        )
    )  # fmt: skip
    for which in (member, leader):
        found = db.session.scalar(which.order_by(Team.id).limit(1))
        if found is not None:
            return found
    return None


def crew_ids(township_id: int, shift_id: int | None, *, out: bool = False) -> set[int]:
    """Who is planned for a shift or was on it; `out`: who is on it now."""
    if shift_id is None:
        return set()
    on = select(Duty.person_id).where(Duty.township_id == township_id, Duty.shift_id == shift_id)
    if out:
        return set(db.session.scalars(on.where(Duty.state.in_(ON_DUTY))))
    planned = select(Assignment.person_id).where(
        Assignment.township_id == township_id, Assignment.shift_id == shift_id, Assignment.active
    )
    return set(db.session.scalars(on)) | set(db.session.scalars(planned))


def leaders_of_team(team_id: int | None) -> set[int]:
    return _holders(RoleGrant.role == "leader", RoleGrant.team_id == team_id) if team_id else set()


def leaders_in(township_id: int) -> set[int]:
    teams = select(Team.id).where(Team.township_id == township_id, Team.active)
    return _holders(RoleGrant.role == "leader", RoleGrant.team_id.in_(teams))


def officials_of(township_id: int) -> set[int]:
    """Reviewers and admins of the township, or of the county above it."""
    county = select(Area.county_id).where(Area.id == township_id)
    over = or_(RoleGrant.area_id == township_id, RoleGrant.area_id.in_(county))
    return _holders(RoleGrant.role.in_(("reviewer", "admin")), over)


def _holders(*which: ColumnElement[bool]) -> set[int]:
    return set(
        db.session.scalars(
            select(RoleGrant.person_id)
            .join(Person, Person.id == RoleGrant.person_id)
            .where(RoleGrant.revoked_at.is_(None), Person.active, *which)
        )
    )


def names_of(ids: Sequence[int | None]) -> dict[int | None, str]:
    wanted = {one for one in ids if one is not None}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


def team_names(ids: Sequence[int | None]) -> dict[int | None, str]:
    wanted = {one for one in ids if one is not None}
    rows = db.session.execute(select(Team.id, Team.name).where(Team.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


def logins_of(ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """login and language by person."""
    rows = db.session.execute(select(Person.id, Person.login, Person.language).where(Person.id.in_(set(ids))))
    return {row[0]: (row[1], row[2]) for row in rows}


# --- what happened --------------------------------------------------------------------------------


def add_alarm(values: dict[str, Any]) -> bool:
    """False when there is one with this id already."""
    row = insert(Alarm).values(**values).on_conflict_do_nothing().returning(Alarm.id)
    return db.session.scalar(row) is not None


def add_step(alarm: Alarm, kind: str, at: datetime, **more: Any) -> None:
    values = {"stage": alarm.stage, "channel": None, "person_id": None, "code": None, **more}
    db.session.execute(
        insert(AlarmStep).values(township_id=alarm.township_id, alarm_id=alarm.id, at=at, kind=kind, **values)
    )


def steps_of(alarms: Sequence[Alarm]) -> dict[UUID, list[AlarmStep]]:
    """By alarm, in order."""
    found: dict[UUID, list[AlarmStep]] = {alarm.id: [] for alarm in alarms}
    for step in db.session.scalars(
        select(AlarmStep)
        .where(
            AlarmStep.township_id.in_({alarm.township_id for alarm in alarms}), AlarmStep.alarm_id.in_(list(found))
        )
        .order_by(AlarmStep.id)
    ):  # fmt: skip
        found[step.alarm_id].append(step)
    return found


def shown_to(alarms: Sequence[Alarm], person_id: int) -> set[UUID]:
    """Which of the alarms stood on this person's desk already."""
    return set(
        db.session.scalars(
            select(AlarmStep.alarm_id).where(
                AlarmStep.township_id.in_({alarm.township_id for alarm in alarms}),
                AlarmStep.alarm_id.in_([alarm.id for alarm in alarms]),
                AlarmStep.person_id == person_id, AlarmStep.channel == "desk",
            )
        )
    )  # fmt: skip


def waiting_alarms() -> list[tuple[int, UUID]]:
    """Alarms that nobody has taken, the newest first: one of last week must not hold one of now up."""
    rows = db.session.execute(
        select(Alarm.township_id, Alarm.id).where(Alarm.state == "open").order_by(Alarm.received_at.desc())
    )
    return [(row[0], row[1]) for row in rows]


# --- where ----------------------------------------------------------------------------------------


def lon_lat_of(alarm: Alarm) -> tuple[float, float] | None:
    which = and_(Alarm.township_id == alarm.township_id, Alarm.id == alarm.id, Alarm.position.is_not(None))
    row = db.session.execute(
        select(func.ST_X(Alarm.position), func.ST_Y(Alarm.position)).where(which)
    ).first()
    return (float(row[0]), float(row[1])) if row else None


@dataclass(frozen=True)
class Nearest:
    """The named street and the checkpoint nearest to a call; metres are rounded."""

    street: str | None = None
    street_m: int = 0
    checkpoint: str | None = None
    checkpoint_m: int = 0


def nearest_to(alarm: Alarm) -> Nearest:
    """Within about 300 m; nothing when the call had no position."""
    newest = select(func.max(NetworkVersion.id)).where(NetworkVersion.township_id == alarm.township_id)
    street = _nearest(alarm, Street, Street.network_version_id == newest.scalar_subquery())
    versions = select(Shift.route_version_id).where(
        Shift.township_id == alarm.township_id, Shift.id == alarm.shift_id
    )
    spot = _nearest(alarm, Checkpoint, Checkpoint.route_version_id.in_(versions))
    return Nearest(street[0], street[1], spot[0], spot[1])


def _nearest(alarm: Alarm, kind: Any, which: ColumnElement[bool]) -> tuple[str | None, int]:
    metres = func.ST_DistanceSphere(kind.geom, Alarm.position)
    row = db.session.execute(
        select(kind.name, metres)
        .join(Alarm, and_(Alarm.township_id == alarm.township_id, Alarm.id == alarm.id))
        .where(which, kind.name.is_not(None), meets(kind.geom, Alarm.position, within_degrees=0.003))
        .order_by(metres)
        .limit(1)
    ).first()
    return (row[0], round(row[1])) if row else (None, 0)


# --- lone workers, push addresses -----------------------------------------------------------------


def keep_ok(township_id: int, shift_id: int, person_id: int, at: datetime) -> None:
    """The latest OK stands, in whatever order they come."""
    row = insert(Watch).values(township_id=township_id, shift_id=shift_id, person_id=person_id, ok_at=at)
    db.session.execute(
        row.on_conflict_do_update(
            index_elements=["township_id", "shift_id", "person_id"],
            set_={"ok_at": func.greatest(Watch.ok_at, row.excluded.ok_at)},
        )
    )


def on_duty_counts(township_id: int, shift_ids: Sequence[int]) -> dict[int, int]:
    """How many are out, by shift."""
    rows = db.session.execute(
        select(Duty.shift_id, func.count())
        .where(Duty.township_id == township_id, Duty.shift_id.in_(list(shift_ids)), Duty.state.in_(ON_DUTY))
        .group_by(Duty.shift_id)
    )
    return {row[0]: row[1] for row in rows}


def push_addresses_of(person_ids: Sequence[int], now: datetime) -> list[PushAddress]:
    """Of sessions that are still signed in."""
    return list(
        db.session.scalars(
            select(PushAddress)
            .join(UserSession, UserSession.id == PushAddress.session_id)
            .where(
                PushAddress.person_id.in_(list(person_ids)), UserSession.person_id == PushAddress.person_id,
                UserSession.revoked_at.is_(None), UserSession.expires_at > now,
            )
            .order_by(PushAddress.id)
        )
    )  # fmt: skip
