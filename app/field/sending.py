"""What the leader's board says about sending: how much of what the phones recorded has not arrived yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import and_, func, select

from app.checkins.models import Checkin
from app.db import db
from app.duty.board import CrewShift
from app.duty.models import Duty
from app.field.models import InboxItem


def missing_items(shifts: Sequence[CrewShift]) -> dict[int, int]:
    """By shift id: numbers of the crew's devices that never came, between the first and last check-in of the shift.

    A phone numbers everything that it records, so a hole in the numbers is something still on its way.
    """
    if not shifts:
        return {}
    spans = (
        select(
            Checkin.township_id, Duty.shift_id, Checkin.device_id, func.min(Checkin.device_seq).label("first"),
            func.max(Checkin.device_seq).label("last"),
        )
        .join(Duty, and_(Duty.township_id == Checkin.township_id, Duty.id == Checkin.duty_id))
        .where(
            Duty.township_id.in_({shift.township_id for shift in shifts}),
            Duty.shift_id.in_([shift.id for shift in shifts]),
        )
        .group_by(Checkin.township_id, Duty.shift_id, Checkin.device_id)
        .subquery()
    )  # fmt: skip
    came = (
        select(func.count(func.distinct(InboxItem.device_seq)))
        .where(
            InboxItem.township_id == spans.c.township_id, InboxItem.device_id == spans.c.device_id,
            InboxItem.device_seq.between(spans.c.first, spans.c.last),
        )
        .scalar_subquery()
    )  # fmt: skip
    missing: dict[int, int] = defaultdict(int)
    for shift_id, wanted, n in db.session.execute(
        select(spans.c.shift_id, spans.c.last - spans.c.first + 1, came)
    ):
        missing[shift_id] += max(0, int(wanted - n))
    return dict(missing)
