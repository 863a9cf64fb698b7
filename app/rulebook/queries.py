"""Questions about changes of rules: who reaches which, what is in force where, within which bounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import and_, case, func, or_, select, union

from app.accounts.models import Person
from app.areas.models import Area, PolicyVersion
from app.db import db
from app.duty.models import Duty
from app.errors import NotFound
from app.incentives.models import FrozenMonth, PointEntry
from app.incentives.queries import ISSUE
from app.incentives.rows import people_beside
from app.rulebook.models import PolicyBounds, PolicyChange, PolicyTrial, Repricing
from app.teams.scope import Criterion, Scope, area_rows, within

LEVELS = ("county", "township")
LISTED = 50


# --- reach --------------------------------------------------------------------------------------------------------


def areas_for(scope: Scope) -> list[Area]:
    """Counties and townships that the caller reviews or administers, counties first."""
    mine = area_rows(scope, Area.id)
    rows = db.session.scalars(
        select(Area).where(mine, Area.level.in_(LEVELS), Area.valid_to.is_(None)).order_by(Area.code)
    )
    return sorted(rows, key=lambda area: LEVELS.index(area.level))


def reach_area(scope: Scope, code: str) -> Area:
    area = next((one for one in areas_for(scope) if one.code == code), None)
    if area is None:
        raise NotFound()
    return area


def areas_named(area_ids: Iterable[int]) -> dict[int, Area]:
    return {
        one.id: one for one in db.session.scalars(select(Area).where(within(Area.id, frozenset(area_ids))))
    }


def may_decide(scope: Scope, area_id: int) -> bool:
    """Reviewers draft, administrators decide."""
    return area_id in scope.administered


def reach_change(scope: Scope, change_id: int, *, to_change: bool = False) -> PolicyChange:
    asked = select(PolicyChange).where(
        PolicyChange.id == change_id, area_rows(scope, PolicyChange.area_id)
    ).execution_options(populate_existing=True)  # fmt: skip
    change = db.session.scalar(asked.with_for_update() if to_change else asked)
    if change is None:
        raise NotFound()
    return change


def waiting_for(scope: Scope) -> int:
    """Drafts that the caller may decide."""
    return int(
        db.session.scalar(
            select(func.count(PolicyChange.id)).where(
                PolicyChange.state == "proposed", PolicyChange.proposed_by != scope.person_id,
                within(PolicyChange.area_id, scope.administered),
            )
        )
        or 0
    )  # fmt: skip


# --- in force -----------------------------------------------------------------------------------------------------


def lock_rules(county_id: int) -> None:
    """Approvals in a county wait for one another: a township's numbers and the county's bounds look at each other."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"rules:{county_id}"))))


def versions_of(area_ids: Iterable[int], topic: str) -> list[PolicyVersion]:
    """All of them, the latest first."""
    which = within(PolicyVersion.area_id, frozenset(area_ids))
    return list(
        db.session.scalars(
            select(PolicyVersion)
            .where(which, PolicyVersion.topic == topic)
            .order_by(PolicyVersion.valid_from.desc(), PolicyVersion.id.desc())
        )
    )


def version_on(area: Area, topic: str, day: date) -> PolicyVersion | None:
    """What counts in a township (its own before its county's) or, for a county, what it sets; None: the defaults."""
    found = [v for v in versions_of([area.id, area.county_id or area.id], topic) if v.valid_from <= day]
    own = [v for v in found if v.area_id == area.id]
    return next(iter(own or found), None)


def own_versions_on(area_ids: Iterable[int], topic: str, day: date) -> dict[int, PolicyVersion]:
    """By area, of those that have set numbers of their own."""
    found: dict[int, PolicyVersion] = {}
    for version in versions_of(area_ids, topic):
        if version.valid_from <= day:
            found.setdefault(version.area_id, version)
    return found


def version_before(area: Area, topic: str, change: PolicyChange) -> PolicyVersion | None:
    """What counted, or counts, until a draft's first day."""
    found = [
        v
        for v in versions_of([area.id, area.county_id or area.id], topic)
        if v.id != change.policy_version_id and v.valid_from <= change.valid_from
    ]
    own = [v for v in found if v.area_id == area.id]
    return next(iter(own or found), None)


def bounds_of(county_id: int, topic: str) -> list[PolicyBounds]:
    """The latest first."""
    which = and_(PolicyBounds.area_id == county_id, PolicyBounds.topic == topic)
    return list(
        db.session.scalars(select(PolicyBounds).where(which).order_by(PolicyBounds.valid_from.desc()))
    )


def bounds_on(county_id: int, topic: str, day: date) -> dict[str, Any]:
    return next((b.body for b in bounds_of(county_id, topic) if b.valid_from <= day), {})


def townships_of(area: Area) -> list[Area]:
    """The township itself, or the townships of a county, in force."""
    which = or_(Area.id == area.id, and_(Area.county_id == area.id, Area.level == "township"))
    return list(
        db.session.scalars(
            select(Area).where(which, Area.level == "township", Area.valid_to.is_(None)).order_by(Area.code)
        )
    )


def frozen_months(area_ids: Iterable[int]) -> set[date]:
    which = within(FrozenMonth.township_id, frozenset(area_ids))
    return set(db.session.scalars(select(FrozenMonth.month).where(which)))


def own_since(township_id: int, topic: str) -> date | None:
    """The day from which a township has numbers of its own, and its county's count no more."""
    which = and_(PolicyVersion.area_id == township_id, PolicyVersion.topic == topic)
    return db.session.scalar(select(func.min(PolicyVersion.valid_from)).where(which))


def followed_on(change: PolicyChange, township: Area) -> date | None:
    """The day from which a draft's numbers would count no more in a township: later ones are there already, or its own
    stand before its county's."""
    later = [
        v.valid_from for v in versions_of([change.area_id], change.topic) if v.valid_from > change.valid_from
    ]
    own = own_since(township.id, change.topic) if change.area_id != township.id else None
    return min([*later, *([own] if own else [])], default=None)


# --- drafts -------------------------------------------------------------------------------------------------------


def changes_of(area_ids: Iterable[int], topic: str | None = None) -> list[PolicyChange]:
    """The latest first."""
    which: list[Criterion] = [within(PolicyChange.area_id, frozenset(area_ids))]
    if topic is not None:
        which.append(PolicyChange.topic == topic)
    asked = select(PolicyChange).where(*which).order_by(PolicyChange.id.desc()).limit(LISTED)
    return list(db.session.scalars(asked))


def open_twin(change: PolicyChange) -> PolicyChange | None:
    """Another open draft of the same numbers from the same day."""
    return db.session.scalar(
        select(PolicyChange).where(
            PolicyChange.area_id == change.area_id, PolicyChange.kind == change.kind,
            PolicyChange.topic == change.topic, PolicyChange.valid_from == change.valid_from,
            PolicyChange.state == "proposed",
        )
    )  # fmt: skip


def trial_of(change_id: int) -> PolicyTrial | None:
    return db.session.get(PolicyTrial, change_id, populate_existing=True)


def repricings_of(change_id: int) -> list[Repricing]:
    which = Repricing.change_id == change_id
    return list(db.session.scalars(select(Repricing).where(which).order_by(Repricing.township_id)))


def repricing_of(township_id: int, change_id: int) -> Repricing | None:
    return db.session.get(Repricing, (township_id, change_id), populate_existing=True)


def known_of(township_ids: Sequence[int], first: date, last: date) -> dict[int, tuple[int, int]]:
    """By township: how many finished duties there are in the span, and how often they changed in all."""
    rows = db.session.execute(
        select(Duty.township_id, func.count(Duty.id), func.coalesce(func.sum(Duty.changes), 0))
        .where(
            within(Duty.township_id, frozenset(township_ids)), Duty.day.between(first, last),
            Duty.state.in_(["ended", "attended"]),
        )
        .group_by(Duty.township_id)
    )  # fmt: skip
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def posted_for(township_ids: Sequence[int], first: date, last: date) -> dict[int, int]:
    """By township: how many transfers there are from and to its source for the span."""
    rows = db.session.execute(
        select(PointEntry.township_id, func.count(PointEntry.id))
        .where(
            within(PointEntry.township_id, frozenset(township_ids)), PointEntry.earned_on.between(first, last),
            or_(PointEntry.debit_account == ISSUE, PointEntry.credit_account == ISSUE),
        )
        .group_by(PointEntry.township_id)
    )  # fmt: skip
    return {row[0]: int(row[1]) for row in rows}


def people_of(township_id: int, first: date, last: date) -> list[int]:
    """Who finished a duty in the span, and who has another fact in the township that is priced."""
    on_duty = select(Duty.person_id).where(
        Duty.township_id == township_id,
        Duty.day.between(first, last),
        Duty.state.in_(["ended", "attended"]),
    )
    return sorted(db.session.scalars(union(on_duty, people_beside(township_id))))


def earned_since(township_id: int, first: date) -> list[tuple[int, str, str, int]]:
    """(person, rule, month, half points) of what stands for work since a day."""
    month = func.to_char(PointEntry.earned_on, "YYYY-MM")
    half = func.sum(
        case((PointEntry.debit_account == ISSUE, PointEntry.amount_half), else_=-PointEntry.amount_half)
    )
    rows = db.session.execute(
        select(PointEntry.person_id, PointEntry.rule, month, half)
        .where(
            PointEntry.township_id == township_id, PointEntry.earned_on >= first,
            or_(PointEntry.debit_account == ISSUE, PointEntry.credit_account == ISSUE),
        )
        .group_by(PointEntry.person_id, PointEntry.rule, month)
    )  # fmt: skip
    return [(row[0], row[1], row[2], int(row[3])) for row in rows]


def names_of(person_ids: Iterable[int | None]) -> dict[int, str]:
    wanted = within(Person.id, frozenset(i for i in person_ids if i is not None))
    return {row[0]: row[1] for row in db.session.execute(select(Person.id, Person.name).where(wanted))}
