"""What the leader's board says about sending: how much of what the phones recorded has not arrived yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Subquery, Text, and_, cast, func, select, union

from app.checkins.models import Checkin
from app.db import db
from app.duty.board import CrewShift
from app.duty.models import Duty
from app.field.models import InboxItem, QuarantineItem
from app.field.queries import said_device, said_number


@dataclass(frozen=True)
class Missing:
    """`n` numbers of one device that never came; `people` checked in with it on the shift."""

    shift_id: int
    people: frozenset[int]
    n: int


def missing_items(shifts: Sequence[CrewShift]) -> dict[int, int]:
    """By shift id: what is missing of all its phones."""
    missing: dict[int, int] = defaultdict(int)
    for one in missing_by_phone(shifts):
        missing[one.shift_id] += one.n
    return dict(missing)


def missing_by_phone(shifts: Sequence[CrewShift]) -> list[Missing]:
    """Numbers of the crew's devices that never came, between the first and last check-in of the shift.

    A phone numbers everything that it records, so a hole in the numbers is something still on its way. What was refused
    has come: it lies in quarantine, under the number that it says of itself.
    """
    if not shifts:
        return []
    spans = (
        select(
            Checkin.township_id, Duty.shift_id, Checkin.device_id, func.min(Checkin.device_seq).label("first"),
            func.max(Checkin.device_seq).label("last"), func.array_agg(Checkin.person_id.distinct()).label("people"),
        )
        .join(Duty, and_(Duty.township_id == Checkin.township_id, Duty.id == Checkin.duty_id))
        .where(
            Duty.township_id.in_({shift.township_id for shift in shifts}),
            Duty.shift_id.in_([shift.id for shift in shifts]),
        )
        .group_by(Checkin.township_id, Duty.shift_id, Checkin.device_id)
        .subquery()
    )  # fmt: skip
    came = select(func.count()).select_from(_numbers_that_came(spans)).scalar_subquery()
    rows = db.session.execute(
        select(spans.c.shift_id, spans.c.people, spans.c.last - spans.c.first + 1 - came).order_by(
            spans.c.shift_id
        )
    )
    return [Missing(shift_id, frozenset(people), int(n)) for shift_id, people, n in rows if n > 0]


def _numbers_that_came(spans: Subquery) -> Subquery:
    within = spans.c.first, spans.c.last
    taken = select(InboxItem.device_seq).where(
        InboxItem.township_id == spans.c.township_id, InboxItem.device_id == spans.c.device_id,
        InboxItem.device_seq.between(*within),
    )  # fmt: skip
    aside = select(said_number()).where(
        QuarantineItem.township_id == spans.c.township_id, said_device() == cast(spans.c.device_id, Text),
        said_number().between(*within),
    )  # fmt: skip
    return union(taken.correlate(spans), aside.correlate(spans)).subquery()
