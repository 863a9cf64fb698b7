"""Questions about notices: which run, who stands in them and how, what was objected and answered."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, func, select

from app.accounts.models import Consent, Person
from app.approval.models import PointNotice, PointNoticeLine, PointObjection
from app.areas.models import Area
from app.db import db
from app.errors import NotFound
from app.incentives.models import FrozenMonth
from app.teams.scope import Scope, reviewed_township_rows, within


def notice_of(township_id: int, month: date) -> PointNotice | None:
    return db.session.get(PointNotice, (township_id, month), populate_existing=True)


def notices_of(township_ids: Collection[int]) -> list[PointNotice]:
    every = select(PointNotice).where(within(PointNotice.township_id, township_ids))
    return list(db.session.scalars(every.order_by(PointNotice.month.desc(), PointNotice.township_id)))


def running(now: datetime) -> list[tuple[PointNotice, Area]]:
    """Notices that are shown now, of every township."""
    rows = db.session.execute(
        select(PointNotice, Area)
        .join(Area, Area.id == PointNotice.township_id)
        .where(PointNotice.opened_at <= now, PointNotice.closes_at > now)
        .order_by(Area.code, PointNotice.month)
    )
    return [(row[0], row[1]) for row in rows]


def public_notice(code: str, month: date) -> tuple[PointNotice, Area] | None:
    """A township's notice, for whoever has the address; whether it still may be shown is for the caller."""
    row = db.session.execute(
        select(PointNotice, Area)
        .join(Area, Area.id == PointNotice.township_id)
        .where(Area.code == code, PointNotice.month == month)
    ).first()
    return (row[0], row[1]) if row else None


def lines_of(township_id: int, month: date) -> list[tuple[PointNoticeLine, str, bool]]:
    """(line, the person's name, whether they want it shown now), for `shown_as`."""
    wants = and_(
        Consent.person_id == PointNoticeLine.person_id, Consent.purpose == "name_in_notice",
        Consent.given_at.is_not(None), Consent.withdrawn_at.is_(None),
    )  # fmt: skip
    rows = db.session.execute(
        select(PointNoticeLine, Person.name, Consent.version)
        .join(Person, Person.id == PointNoticeLine.person_id)
        .outerjoin(Consent, wants)
        .where(PointNoticeLine.township_id == township_id, PointNoticeLine.month == month)
    )
    return [(row[0], row[1], row[2] is not None) for row in rows]


def own_lines(person_id: int, now: datetime) -> list[tuple[PointNotice, Area, PointNoticeLine | None]]:
    """Notices of the person's township that are shown now, and the person's line in each."""
    rows = db.session.execute(
        select(PointNotice, Area, PointNoticeLine)
        .join(Area, Area.id == PointNotice.township_id)
        .join(Person, and_(Person.id == person_id, Person.home_township_id == PointNotice.township_id))
        .outerjoin(
            PointNoticeLine,
            and_(
                PointNoticeLine.township_id == PointNotice.township_id, PointNoticeLine.month == PointNotice.month,
                PointNoticeLine.person_id == person_id,
            ),
        )
        .where(PointNotice.opened_at <= now, PointNotice.closes_at > now)
        .order_by(PointNotice.month)
    )  # fmt: skip
    return [(row[0], row[1], row[2]) for row in rows]


def objections_of(township_id: int, month: date) -> list[PointObjection]:
    which = select(PointObjection).where(
        PointObjection.township_id == township_id, PointObjection.month == month
    )
    return list(db.session.scalars(which.order_by(PointObjection.made_at, PointObjection.id)))


def own_objections(person_id: int) -> list[PointObjection]:
    mine = select(PointObjection).where(PointObjection.objector_id == person_id)
    return list(db.session.scalars(mine.order_by(PointObjection.made_at.desc(), PointObjection.id)))


def objection_counts(township_id: int, month: date) -> dict[str, int]:
    rows = db.session.execute(
        select(PointObjection.state, func.count())
        .where(PointObjection.township_id == township_id, PointObjection.month == month)
        .group_by(PointObjection.state)
    )
    return {row[0]: row[1] for row in rows}


def reach_objection(scope: Scope, objection_id: UUID) -> PointObjection:
    """One in a township that the caller reviews, held against others meanwhile; or NotFound."""
    mine = reviewed_township_rows(scope, PointObjection.township_id)
    one = select(PointObjection).where(PointObjection.id == objection_id, mine).with_for_update()
    found = db.session.scalar(one.execution_options(populate_existing=True))
    if found is None:
        raise NotFound()
    return found


def frozen_of(township_id: int, month: date) -> FrozenMonth | None:
    return db.session.get(FrozenMonth, (township_id, month))
