"""Public holidays of a county or a township, and the days among them that are worked: entered by an admin, by date.

A change prices the open months of whoever was on duty then once more. A day of a frozen month is not changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas.models import Area
from app.clock import month_named
from app.db import db
from app.duty.models import Duty
from app.errors import Conflict, DomainError, FieldError, NotFound
from app.incentives import queries
from app.incentives.models import DAY_KINDS, Holiday
from app.incentives.operations import post_month
from app.incentives.steering import refuse_unknown
from app.teams.scope import Scope, within

MOST_LETTERS = 40


def areas_for(scope: Scope) -> Sequence[Area]:
    """Counties and townships that the caller administers; a county first."""
    return db.session.scalars(
        select(Area)
        .where(
            within(Area.id, scope.administered),
            Area.level.in_(("county", "township")),
            Area.valid_to.is_(None),
        )
        .order_by(Area.level, Area.code)
    ).all()


def set_day(person: Person, scope: Scope, code: str, day: date, kind: str, name: str, now: datetime) -> None:
    """The same again changes nothing. Raises NotFound, `invalid` or Conflict `month_frozen`."""
    refuse_unknown("kind", kind, DAY_KINDS)
    name = name.strip()
    if not 1 <= len(name) <= MOST_LETTERS:
        raise DomainError("invalid", [FieldError("/name", "holiday_name")])
    if month_named(f"{day:%Y-%m}") is None:
        raise DomainError("invalid", [FieldError("/day", "field_invalid")])
    area = _reach(scope, code)
    standing = db.session.get(Holiday, (area.id, day))
    if standing is not None and (standing.kind, standing.name) == (kind, name):
        return
    towns = _open_townships(area, day)
    values = {"kind": kind, "name": name, "made_by": person.id, "made_at": now}
    db.session.execute(
        insert(Holiday)
        .values(area_id=area.id, day=day, **values)
        .on_conflict_do_update(index_elements=["area_id", "day"], set_=values)
    )
    db.session.expire_all()
    _changed(person, area, towns, day, f"holiday.{kind}", now)


def take_out(person: Person, scope: Scope, code: str, day: date, now: datetime) -> None:
    """A day that is not there changes nothing."""
    area = _reach(scope, code)
    if db.session.get(Holiday, (area.id, day)) is None:
        return
    towns = _open_townships(area, day)
    standing = db.session.get(Holiday, (area.id, day), with_for_update=True, populate_existing=True)
    if standing is None:  # somebody else was quicker
        return
    db.session.delete(standing)
    db.session.flush()
    _changed(person, area, towns, day, "holiday.taken_out", now)


def _reach(scope: Scope, code: str) -> Area:
    area = next((one for one in areas_for(scope) if one.code == code), None)
    if area is None:
        raise NotFound()
    return area


def _open_townships(area: Area, day: date) -> list[Area]:
    """The townships that the day is said for, none of which has frozen its month, or the month of a duty that ran into
    the day; until the transaction ends none does. Nor does any of them post: a duty that is settled at this moment is
    either here already and priced once more, or is priced when the day is known."""
    own = Area.id == area.id if area.level == "township" else Area.county_id == area.id
    towns = db.session.scalars(select(Area).where(own, Area.level == "township").order_by(Area.id)).all()
    months = {one.replace(day=1) for one in (day, day - timedelta(days=1))}
    for town in towns:
        queries.lock_months(town.id)
        if months & queries.frozen_months(town.id):
            raise Conflict("month_frozen", month=f"{day:%Y-%m}")
    return list(towns)


def _changed(
    person: Person, area: Area, towns: Sequence[Area], day: date, action: str, now: datetime
) -> None:
    for town in towns:
        for person_id, month in _on_duty(town.id, day):
            post_month(town.id, person_id, month, town.time_zone, now)
        record_audit(town.id, person.id, action, "day", day.isoformat(), now, area=area.code)


def _on_duty(township_id: int, day: date) -> list[tuple[int, date]]:
    """(person, day of the duty) of duties that the day may meet: its own, and those of the evening before."""
    rows = db.session.execute(
        select(Duty.person_id, Duty.day)
        .where(
            Duty.township_id == township_id,
            Duty.day.between(day - timedelta(days=1), day),
            Duty.state.in_(("ended", "attended")),
        )
        .distinct()
        .order_by(Duty.person_id, Duty.day)
    ).all()
    return [(row[0], row[1]) for row in rows]


@dataclass(frozen=True)
class Shown:
    row: Holiday
    area: Area


def seen(township: Area, first: date, last: date) -> list[Shown]:
    """Of a township and its county, by day."""
    rows = db.session.execute(
        select(Holiday, Area)
        .join(Area, Area.id == Holiday.area_id)
        .where(and_(Area.id.in_([township.id, township.county_id]), Holiday.day.between(first, last)))
        .order_by(Holiday.day, Area.level)
    ).all()
    return [Shown(row[0], row[1]) for row in rows]
