"""Questions about shifts and duties on the item side (what a phone says). The leader's questions stand in board.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, and_, cast, false, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.db import db
from app.duty.models import Assignment, CrewTick, Duty, DutyEvent, Shift
from app.teams.models import RoleGrant, TeamMember


def shift_for_person(township_id: int, shift_id: int, person_id: int) -> tuple[Shift, bool] | None:
    """The shift, and whether the person is on its roster; None when it is neither theirs nor of a team that they were
    in on its day: a phone may come back after its owner has left."""
    on_roster = (
        select(Assignment.id)
        .where(
            Assignment.township_id == township_id, Assignment.shift_id == shift_id,
            Assignment.person_id == person_id, Assignment.active,
        )
        .exists()
    )  # fmt: skip
    in_team = (
        select(TeamMember.team_id)
        .where(
            TeamMember.team_id == Shift.team_id,
            TeamMember.person_id == person_id,
            or_(TeamMember.left_on.is_(None), TeamMember.left_on >= Shift.day),
        )
        .exists()
    )
    row = db.session.execute(
        select(Shift, on_roster).where(
            Shift.township_id == township_id, Shift.id == shift_id, or_(on_roster, in_team)
        )
    ).first()
    return (row[0], row[1]) if row else None


def add_duty(shift: Shift, person_id: int, on_roster: bool, now: datetime) -> None:
    db.session.execute(
        insert(Duty)
        .values(
            township_id=shift.township_id, shift_id=shift.id, person_id=person_id, team_id=shift.team_id,
            day=shift.day, on_roster=on_roster, last_item_at=now,
        )
        .on_conflict_do_nothing(index_elements=["township_id", "shift_id", "person_id"])
    )  # fmt: skip


def lock_duty(
    township_id: int, shift_id: int, person_id: int, *, unless_busy: bool = False
) -> tuple[Duty, Shift] | None:
    """A person's duty on a shift, locked: two devices of one person are judged one after the other.

    `unless_busy` answers None instead of waiting when somebody else holds it."""
    row = db.session.execute(
        select(Duty, Shift)
        .join(Shift, (Shift.township_id == Duty.township_id) & (Shift.id == Duty.shift_id))
        .where(Duty.township_id == township_id, Duty.shift_id == shift_id, Duty.person_id == person_id)
        .with_for_update(of=Duty, skip_locked=unless_busy)
        .execution_options(populate_existing=True)
    ).first()
    return (row[0], row[1]) if row else None


def duty_by_id(township_id: int, duty_id: int) -> Duty | None:
    return db.session.get(Duty, (township_id, duty_id))


def duty_on(shift: Shift, person_id: int) -> Duty | None:
    return db.session.scalar(
        select(Duty).where(
            Duty.township_id == shift.township_id, Duty.shift_id == shift.id, Duty.person_id == person_id
        )
    )


def duties_on(shift: Shift) -> list[Duty]:
    """Everybody's duties of a shift."""
    which = select(Duty).where(Duty.township_id == shift.township_id, Duty.shift_id == shift.id)
    return list(db.session.scalars(which.order_by(Duty.person_id)))


def planned_otherwise(shift: Shift) -> list[Duty]:
    """Duties of a shift whose person was put on its roster, or taken off it, since they were settled."""
    planned = planned_people(shift.township_id, shift.id)
    return [duty for duty in duties_on(shift) if duty.on_roster != (duty.person_id in planned)]


def add_event(
    township_id: int,
    item_id: Any,
    duty_id: int,
    kind: str,
    at: datetime,
    quality: str,
    code_right: bool | None = None,
) -> None:
    db.session.execute(
        insert(DutyEvent)
        .values(
            township_id=township_id,
            id=item_id,
            duty_id=duty_id,
            kind=kind,
            effective_at=at,
            time_quality=quality,
            code_right=code_right,
        )
        .on_conflict_do_nothing()
    )


def of_duty(model: Any, duty: Duty) -> Any:
    """Criterion: the rows of a duty in a table partitioned by item id; the bounds let all other months be left out."""
    return and_(
        model.township_id == duty.township_id, model.duty_id == duty.id,
        model.id.between(duty.first_item_id, duty.last_item_id),
    )  # fmt: skip


def of_duties(model: Any, duties: Sequence[Duty]) -> Any:
    """The same for several duties of one township."""
    known = [d for d in duties if d.first_item_id is not None and d.last_item_id is not None]
    if not known:
        return false()
    return and_(
        model.township_id == known[0].township_id, model.duty_id.in_([d.id for d in known]),
        model.id.between(min(d.first_item_id for d in known), max(d.last_item_id for d in known)),  # type: ignore[type-var]
    )  # fmt: skip


def events_of(duty: Duty) -> list[DutyEvent]:
    return list(db.session.scalars(select(DutyEvent).where(of_duty(DutyEvent, duty))))


def finished_near(duty: Duty) -> list[Duty]:
    """The person's other finished duties of the day, the day before and the day after: what could share its time."""
    day = timedelta(days=1)
    return list(
        db.session.scalars(
            select(Duty)
            .where(
                Duty.township_id == duty.township_id, Duty.person_id == duty.person_id, Duty.id != duty.id,
                Duty.day.between(duty.day - day, duty.day + day), Duty.ended_at.is_not(None),
            )
            .order_by(Duty.started_at, Duty.shift_id)
            .execution_options(populate_existing=True)
        )
    )  # fmt: skip


def forgotten_duties(now: datetime, after: Any, limit: int = 200) -> list[tuple[int, int, int]]:
    """Open duties whose shift ended long enough ago: (township, shift, person)."""
    rows = db.session.execute(
        select(Duty.township_id, Duty.shift_id, Duty.person_id)
        .join(Shift, (Shift.township_id == Duty.township_id) & (Shift.id == Duty.shift_id))
        .where(Duty.state.in_(["on", "paused"]), Shift.ends_at < now - after)
        .limit(limit)
    )
    return [(r.township_id, r.shift_id, r.person_id) for r in rows]


def ended_duties(township_id: int, person_id: int, first: Any, last: Any) -> list[tuple[Duty, Shift]]:
    """A person's finished duties of the days first..last, in time order."""
    rows = db.session.execute(
        select(Duty, Shift)
        .join(Shift, (Shift.township_id == Duty.township_id) & (Shift.id == Duty.shift_id))
        .where(
            Duty.township_id == township_id, Duty.person_id == person_id, Duty.day.between(first, last),
            Duty.state.in_(["ended", "attended"]),
        )
        .order_by(Duty.started_at, Duty.id)
        .execution_options(populate_existing=True)  # whoever waited for the journal sees what the other left
    ).all()  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def months_worked(township_id: int, person_id: int, after: date, until: date) -> list[date]:
    """The first days of the months, later than a day, in which a person finished a duty."""
    month = cast(func.date_trunc("month", Duty.day), Date)
    return list(
        db.session.scalars(
            select(month)
            .where(
                Duty.township_id == township_id, Duty.person_id == person_id, Duty.day > after, Duty.day <= until,
                Duty.state.in_(["ended", "attended"]),
            )
            .distinct()
            .order_by(month)
        )
    )  # fmt: skip


# --- crews ----------------------------------------------------------------------------------------


def shift_of(township_id: int, shift_id: int) -> Shift | None:
    return db.session.get(Shift, (township_id, shift_id))


def ticks_of(shift: Shift) -> list[CrewTick]:
    which = select(CrewTick).where(CrewTick.township_id == shift.township_id, CrewTick.shift_id == shift.id)
    return list(db.session.scalars(which))


def crew_leaders(township_id: int, shift_ids: Sequence[int]) -> set[tuple[int, int]]:
    """(shift, person) of those who lead the team of a shift, or were the first to be planned for it."""
    led = db.session.execute(
        select(Shift.id, RoleGrant.person_id)
        .join(RoleGrant, RoleGrant.team_id == Shift.team_id)
        .where(
            Shift.township_id == township_id, Shift.id.in_(shift_ids), RoleGrant.role == "leader",
            RoleGrant.revoked_at.is_(None),
        )
    )  # fmt: skip
    planned = db.session.execute(
        select(Assignment.shift_id, Assignment.person_id)
        .where(Assignment.township_id == township_id, Assignment.shift_id.in_(shift_ids), Assignment.active)
        .order_by(Assignment.id.desc())
    )
    first = {row[0]: row[1] for row in planned}
    return {(row[0], row[1]) for row in led} | set(first.items())


def planned_people(township_id: int, shift_id: int) -> set[int]:
    which = select(Assignment.person_id).where(
        Assignment.township_id == township_id, Assignment.shift_id == shift_id, Assignment.active
    )
    return set(db.session.scalars(which))


def members_of_team(team_id: int) -> dict[int, bool]:
    """Person → whether they have a phone; of those who are in the team now."""
    rows = db.session.execute(
        select(TeamMember.person_id, TeamMember.has_phone).where(
            TeamMember.team_id == team_id, TeamMember.left_on.is_(None)
        )
    )
    return {row[0]: row[1] for row in rows}


def crew_secrets(township_id: int, shift_ids: Sequence[int]) -> dict[int, bytes]:
    rows = db.session.execute(
        select(Shift.id, Shift.crew_secret).where(Shift.township_id == township_id, Shift.id.in_(shift_ids))
    )
    return {row[0]: bytes(row[1]) for row in rows}
