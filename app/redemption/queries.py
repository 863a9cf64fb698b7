"""What redemption needs to know: a member's points by month, what has gone of them, goods, orders, certificates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, and_, case, cast, func, or_, select, text, update

from app.accounts.models import Audit, Person
from app.areas.models import Area
from app.db import db
from app.duty.models import Duty
from app.errors import NotFound
from app.field.hours import is_verified
from app.incentives import ledger
from app.incentives.models import PointEntry
from app.incentives.queries import ISSUE, frozen_months
from app.redemption.models import Certificate, Donation, DonationPurpose, ShopItem, ShopOrder
from app.redemption.rules import Lot, Service
from app.teams.models import Team, TeamMember
from app.teams.scope import Scope, reviewed_township_rows, within

HELD_STATES = ("ordered", "collected")
PRINT = "print_certificate"
_DEFER = text("""
    SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
        'default', :task, 0, :lock, NULL, CAST(:args AS jsonb), NULL
    )::procrastinate_job_to_defer_v1])
""")

# --- points ---------------------------------------------------------------------------------------


def lots_of(township_id: int, person_id: int) -> list[Lot]:
    """What was approved, by the month of the work; what was taken back counts at once, and a month's approval from when
    the month that it is booked in is frozen. What an open month approved and took back again is nothing; a
    false check-in is paid by what may be spent already."""
    approved, sources = ledger.approved(person_id), (ledger.pending(person_id), ISSUE)
    comes = and_(PointEntry.credit_account == approved, PointEntry.debit_account.in_(sources))
    goes = and_(PointEntry.debit_account == approved, PointEntry.credit_account.in_(sources))
    month = cast(func.date_trunc("month", PointEntry.earned_on), Date)
    booked = func.coalesce(PointEntry.booked_in, month)
    of_a_case = or_(PointEntry.debit_account == ISSUE, PointEntry.credit_account == ISSUE)
    rows = db.session.execute(
        select(month, booked, func.sum(case((comes, PointEntry.amount_half), else_=-PointEntry.amount_half)))
        .where(PointEntry.township_id == township_id, PointEntry.person_id == person_id, or_(comes, goes))
        .group_by(month, booked, of_a_case)
    ).all()
    frozen = frozen_months(township_id)
    return [Lot(row[0], int(row[2]), row[1] in frozen or row[2] < 0) for row in rows]


def gone_half(township_id: int, person_id: int) -> int:
    """Ordered, given and expired, less what came back of orders."""
    approved, sources = ledger.approved(person_id), (ledger.pending(person_id), ISSUE)
    goes = and_(PointEntry.debit_account == approved, PointEntry.credit_account.not_in(sources))
    comes = and_(PointEntry.credit_account == approved, PointEntry.debit_account.not_in(sources))
    out = func.coalesce(func.sum(PointEntry.amount_half).filter(goes), 0)
    back = func.coalesce(func.sum(PointEntry.amount_half).filter(comes), 0)
    which = (PointEntry.township_id == township_id, PointEntry.person_id == person_id)
    return int(db.session.scalar(select(out - back).where(*which)) or 0)


def people_with_points_before(township_id: int, month: date) -> list[int]:
    """Who was approved something for work before a month: whose points may have come to their end."""
    rows = select(PointEntry.person_id).where(
        PointEntry.township_id == township_id,
        PointEntry.earned_on < month,
        PointEntry.credit_account.like("%:approved"),
    )
    return list(db.session.scalars(rows.distinct().order_by(PointEntry.person_id)))


def townships() -> list[tuple[int, str]]:
    rows = db.session.execute(
        select(Area.id, Area.time_zone).where(Area.level == "township").order_by(Area.id)
    )
    return [(row[0], row[1]) for row in rows]


def spent_hours(township_id: int, person_id: int) -> int:
    """Of a time bank: ordered, collected and given."""
    ordered = select(func.coalesce(func.sum(ShopOrder.price), 0)).where(
        ShopOrder.township_id == township_id, ShopOrder.person_id == person_id, ShopOrder.unit == "hours",
        ShopOrder.state.in_(HELD_STATES),
    )  # fmt: skip
    given = select(func.coalesce(func.sum(Donation.amount), 0)).where(
        Donation.township_id == township_id, Donation.person_id == person_id, Donation.unit == "hours"
    )
    return int(db.session.scalar(ordered) or 0) + int(db.session.scalar(given) or 0)


# --- goods and orders -----------------------------------------------------------------------------


def lock_id(township_id: int, one: UUID) -> None:
    """Two requests under one id wait for each other until the transaction ends."""
    key = func.hashtextextended(f"redemption:{township_id}:{one}", 0)
    db.session.execute(select(func.pg_advisory_xact_lock(key)))


def items_of(township_id: int) -> list[ShopItem]:
    """Those on offer first, then those that are over; by name within them."""
    mine = select(ShopItem).where(ShopItem.township_id == township_id)
    return list(
        db.session.scalars(
            mine.order_by(ShopItem.last_on.desc().nulls_first(), ShopItem.name_zh, ShopItem.id)
        )
    )


def item_of(township_id: int, item_id: int) -> ShopItem | None:
    return db.session.get(ShopItem, (township_id, item_id), populate_existing=True)


def take_piece(item: ShopItem, today: date) -> bool:
    """One statement: a piece less, if there is one, the quota has room, and the item is on offer as it was read."""
    taken = (
        update(ShopItem)
        .where(
            ShopItem.township_id == item.township_id, ShopItem.id == item.id, ShopItem.version == item.version,
            ShopItem.stock > 0, ShopItem.first_on <= today,
            or_(ShopItem.last_on.is_(None), ShopItem.last_on >= today),
            or_(ShopItem.total_quota.is_(None), ShopItem.supplied - ShopItem.stock < ShopItem.total_quota),
        )
        .values(stock=ShopItem.stock - 1)
        .returning(ShopItem.id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return db.session.execute(taken).scalar_one_or_none() is not None


def return_piece(township_id: int, item_id: int) -> None:
    db.session.execute(
        update(ShopItem)
        .where(ShopItem.township_id == township_id, ShopItem.id == item_id)
        .values(stock=ShopItem.stock + 1)
        .execution_options(synchronize_session=False)
    )


def supply(township_id: int, item_id: int, pieces: int) -> bool:
    """Pieces more, or fewer where so many are there."""
    changed = (
        update(ShopItem)
        .where(ShopItem.township_id == township_id, ShopItem.id == item_id, ShopItem.stock + pieces >= 0)
        .values(stock=ShopItem.stock + pieces, supplied=ShopItem.supplied + pieces)
        .returning(ShopItem.id)
        .execution_options(synchronize_session=False)
    )
    return db.session.execute(changed).scalar_one_or_none() is not None


def order_of(township_id: int, order_id: UUID, *, to_close: bool = False) -> ShopOrder | None:
    return db.session.get(
        ShopOrder, (township_id, order_id), with_for_update=to_close or None, populate_existing=True
    )


def order_by_code(township_ids: Sequence[int] | frozenset[int], code_mac: bytes) -> ShopOrder | None:
    return db.session.scalar(
        select(ShopOrder).where(
            within(ShopOrder.township_id, frozenset(township_ids)), ShopOrder.code_mac == code_mac,
            ShopOrder.state == "ordered",
        )
    )  # fmt: skip


def pieces_by_item(township_id: int, person_id: int, first: date, last: date) -> dict[int, int]:
    """Pieces of each item that a member ordered on the days first..last and did not give back."""
    rows = db.session.execute(
        select(ShopOrder.item_id, func.count())
        .where(
            ShopOrder.township_id == township_id, ShopOrder.person_id == person_id,
            ShopOrder.day.between(first, last), ShopOrder.state.in_(HELD_STATES),
        )
        .group_by(ShopOrder.item_id)
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True)
class OrderLine:
    order: ShopOrder
    item: ShopItem
    who: str


def orders_of(
    township_id: int, *, person_id: int | None = None, states: Sequence[str] = (), limit: int = 200
) -> list[OrderLine]:
    """Newest first."""
    rows = (
        select(ShopOrder, ShopItem, Person.name)
        .join(ShopItem, and_(ShopItem.township_id == ShopOrder.township_id, ShopItem.id == ShopOrder.item_id))
        .join(Person, Person.id == ShopOrder.person_id)
        .where(ShopOrder.township_id == township_id)
        .order_by(ShopOrder.ordered_at.desc(), ShopOrder.id)
        .limit(limit)
    )
    if person_id is not None:
        rows = rows.where(ShopOrder.person_id == person_id)
    if states:
        rows = rows.where(ShopOrder.state.in_(states))
    return [OrderLine(*row) for row in db.session.execute(rows)]


def orders_not_collected(now: datetime, limit: int) -> list[tuple[int, UUID]]:
    rows = db.session.execute(
        select(ShopOrder.township_id, ShopOrder.id)
        .where(ShopOrder.state == "ordered", ShopOrder.collect_by <= now)
        .order_by(ShopOrder.collect_by)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


# --- donations ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pot:
    """A purpose with what was given for it so far, in points and in hours."""

    purpose: DonationPurpose
    points: int
    hours: int


def pots_of(township_id: int) -> list[Pot]:
    """The open ones first."""
    total = func.coalesce(func.sum(Donation.amount).filter(Donation.unit == "points"), 0)
    hours = func.coalesce(func.sum(Donation.amount).filter(Donation.unit == "hours"), 0)
    rows = db.session.execute(
        select(DonationPurpose, total, hours)
        .outerjoin(
            Donation,
            and_(
                Donation.township_id == DonationPurpose.township_id, Donation.purpose_id == DonationPurpose.id
            ),
        )
        .where(DonationPurpose.township_id == township_id)
        .group_by(DonationPurpose.township_id, DonationPurpose.id)
        .order_by(DonationPurpose.closed_at.desc().nulls_first(), DonationPurpose.id)
    )
    return [Pot(row[0], int(row[1]), int(row[2])) for row in rows]


def donations_of(township_id: int, person_id: int) -> list[tuple[Donation, DonationPurpose]]:
    rows = db.session.execute(
        select(Donation, DonationPurpose)
        .join(
            DonationPurpose,
            and_(
                DonationPurpose.township_id == Donation.township_id, DonationPurpose.id == Donation.purpose_id
            ),
        )
        .where(Donation.township_id == township_id, Donation.person_id == person_id)
        .order_by(Donation.given_at.desc(), Donation.id)
    )
    return [(row[0], row[1]) for row in rows]


# --- service and certificates ---------------------------------------------------------------------


def service_of(township_id: int, person_id: int, first: date, last: date) -> list[Service]:
    """Verified duties of the days first..last that were worked on."""
    rows = db.session.execute(
        select(Team.name, Duty.day, Duty.worked_s)
        .join(Team, Team.id == Duty.team_id)
        .where(
            Duty.township_id == township_id, Duty.person_id == person_id, Duty.day.between(first, last),
            Duty.worked_s > 0, is_verified(),
        )
        .order_by(Duty.day, Duty.id)
    )  # fmt: skip
    return [Service(*row) for row in rows]


def verified_minutes_until(township_id: int, person_id: int, last: date) -> int:
    seconds = select(func.coalesce(func.sum(Duty.worked_s), 0)).where(
        Duty.township_id == township_id, Duty.person_id == person_id, Duty.day <= last, is_verified()
    )
    return int(db.session.scalar(seconds) or 0) // 60


def lock_numbers(township_id: int) -> None:
    key = func.hashtext(f"certificates:{township_id}")
    db.session.execute(select(func.pg_advisory_xact_lock(key)))


def next_number(township_id: int, year: int) -> int:
    of_year = (Certificate.township_id == township_id, Certificate.year == year)
    return int(db.session.scalar(select(func.max(Certificate.number)).where(*of_year)) or 0) + 1


def asked_of(township_id: int, person_id: int) -> Certificate | None:
    return db.session.scalar(
        select(Certificate).where(
            Certificate.township_id == township_id, Certificate.person_id == person_id, Certificate.state == "asked"
        )
    )  # fmt: skip


@dataclass(frozen=True)
class CertificateLine:
    certificate: Certificate
    who: str
    is_printed: bool


def certificates_of(
    township_id: int, *, person_id: int | None = None, limit: int = 100
) -> list[CertificateLine]:
    """What waits first, then the newest."""
    rows = (
        select(Certificate, Person.name, Certificate.pdf.is_not(None))
        .join(Person, Person.id == Certificate.person_id)
        .where(Certificate.township_id == township_id)
        .order_by((Certificate.state == "asked").desc(), Certificate.asked_at.desc(), Certificate.id)
        .limit(limit)
    )
    if person_id is not None:
        rows = rows.where(Certificate.person_id == person_id)
    return [CertificateLine(*row) for row in db.session.execute(rows)]


def certificate_at(township_id: int, certificate_id: int, *, to_decide: bool = False) -> Certificate | None:
    return db.session.get(
        Certificate, (township_id, certificate_id), with_for_update=to_decide or None, populate_existing=True
    )


def certificate_by_code(code: str) -> tuple[Certificate, Person, Area] | None:
    row = db.session.execute(
        select(Certificate, Person, Area)
        .join(Person, Person.id == Certificate.person_id)
        .join(Area, Area.id == Certificate.township_id)
        .where(Certificate.code == code)
    ).one_or_none()
    return (row[0], row[1], row[2]) if row else None


def defer_printing(township_id: int, certificate_id: int) -> None:
    """A job that exists only if the caller's transaction commits."""
    args = json.dumps({"township_id": township_id, "certificate_id": certificate_id})
    db.session.execute(_DEFER, {"task": PRINT, "lock": f"certificate:{township_id}", "args": args})


# --- people, places, history ----------------------------------------------------------------------


def desks_of(scope: Scope) -> list[Area]:
    """Townships whose shop the caller keeps or hands out at."""
    home = {scope.township_id} if scope.led_team_ids and scope.township_id else set()
    wanted = within(Area.id, frozenset(scope.township_ids | home))
    return list(db.session.scalars(select(Area).where(wanted, Area.level == "township").order_by(Area.code)))


def reach_item(scope: Scope, item_id: int) -> ShopItem:
    return _reach(scope, ShopItem, ShopItem.id == item_id)


def reach_order(scope: Scope, order_id: UUID) -> ShopOrder:
    return _reach(scope, ShopOrder, ShopOrder.id == order_id)


def reach_purpose(scope: Scope, purpose_id: int) -> DonationPurpose:
    return _reach(scope, DonationPurpose, DonationPurpose.id == purpose_id)


def reach_certificate(scope: Scope, certificate_id: int) -> Certificate:
    return _reach(scope, Certificate, Certificate.id == certificate_id)


def _reach(scope: Scope, model: Any, which: Any) -> Any:
    """A row of a township that the caller reviews or administers, or NotFound."""
    found = db.session.scalar(select(model).where(which, reviewed_township_rows(scope, model.township_id)))
    if found is None:
        raise NotFound()
    return found


def members_of(township_id: int) -> list[Person]:
    """Who is, or was, in a team of the township."""
    joined = select(TeamMember.person_id).join(Team, Team.id == TeamMember.team_id)
    joined = joined.where(Team.township_id == township_id)
    rows = select(Person).where(Person.home_township_id == township_id, Person.id.in_(joined))
    return list(db.session.scalars(rows.order_by(Person.name, Person.id)))


@dataclass(frozen=True)
class Change:
    at: datetime
    who: str
    action: str
    detail: dict[str, Any]


def changes_of(township_id: int, kinds: Sequence[str], limit: int = 50) -> list[Change]:
    """Newest first: who changed what of the shop's goods and purposes."""
    rows = db.session.execute(
        select(Audit.at, Person.name, Audit.action, Audit.detail)
        .outerjoin(Person, Person.id == Audit.actor_id)
        .where(Audit.township_id == township_id, Audit.object_kind.in_(kinds))
        .order_by(Audit.at.desc(), Audit.id.desc())
        .limit(limit)
    )
    return [Change(row[0], row[1] or "", row[2], row[3]) for row in rows]
