"""What the races of rows are made of: deeds of people and phones, and what the ledger says afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from app.accounts.models import Person
from app.api.field import parse
from app.db import db
from app.duty.models import Duty, Shift
from app.field.operations import take_batch
from app.incentives import chain, recomputing, training
from app.incentives.models import PointEntry, TrainingSession
from app.teams.scope import Scope, scope_of
from tests import make
from tests.phone import Phone
from tests.racing import Act, World, overlapping

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZONE, NOW = "Asia/Shanghai", make.EVENING + HOUR
BOTH_WAYS = pytest.mark.parametrize("turned", [False, True], ids=["as told", "the other way round"])


def by(person_id: int, act: Callable[[Person, Scope], object]) -> Act:
    """The deed of a person, who is read in the deed's own transaction."""

    def deed() -> None:
        person = db.session.get_one(Person, person_id)
        act(person, scope_of(person))

    return deed


def in_turn(world: World, one: Act, other: Act, turned: bool) -> tuple[str, str]:
    """What became of the one and of the other, whichever of them began."""
    if turned:
        return overlapping(world, other, one)[::-1]
    return overlapping(world, one, other)


def posted(rule: str, person_id: int) -> list[float]:
    """Every posting of a rule in its order: what was taken back is below nothing."""
    rows = db.session.scalars(
        select(PointEntry)
        .where(PointEntry.rule == rule, PointEntry.person_id == person_id)
        .order_by(PointEntry.id)
    )
    return [(-1 if e.credit_account == "issue" else 1) * e.amount_half / 2 for e in rows]


def of(world: World, table: Any, column: Any) -> Any:
    return select(column).where(table.township_id == world.town)


def told_again_alike(world: World) -> bool:
    """Recomputed from the facts it is the same, and the chain is whole."""
    differs = list(recomputing.recompute(world.town, ZONE, NOW + 400 * DAY))
    return differs == [] and chain.verify(world.town).fault is None


def a_shift(world: World, who: str = "member", days_before: int = 0) -> Shift:
    crew = [getattr(world.people, who)]
    return make.make_shift(world.people.town.team, None, crew, starts_at=make.EVENING - days_before * DAY)


def phone_sends(world: World, shift: Shift, who: str = "member", hours: float = 2) -> Act:
    """A whole duty in one batch, as a phone that was without signal sends it."""
    person_id, at0 = getattr(world.people, who).id, shift.starts_at
    phone = Phone(SimpleNamespace(id=person_id), at0)  # type: ignore[arg-type]
    items = [parse(phone.start(shift, at0)), parse(phone.end(shift, at0 + hours * HOUR))]
    now = make.EVENING + 4 * HOUR
    return lambda: take_batch(db.session.get_one(Person, person_id), items, now, now)


def worked(world: World, shift: Shift, who: str = "member") -> Duty:
    phone_sends(world, shift, who)()
    db.session.commit()
    found = db.session.scalar(
        select(Duty).where(Duty.shift_id == shift.id, Duty.person_id == getattr(world.people, who).id)
    )
    assert found is not None
    return found


def entering(world: World) -> Act:
    team_id = world.people.town.team.id
    wanted = training.Wanted("drill", make.DAY, 90, (world.people.member.id, world.people.mate.id))
    return by(world.people.leader.id, lambda who, scope: training.enter(who, scope, team_id, wanted, NOW))


def sessions(world: World) -> list[int]:
    return list(db.session.scalars(of(world, TrainingSession, TrainingSession.id)))


def confirming(person_id: int, session_id: int) -> Act:
    return by(person_id, lambda who, scope: training.confirm(who, scope, session_id, NOW))
