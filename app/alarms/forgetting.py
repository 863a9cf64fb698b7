"""Retention of what a call for help holds of its member, and of what PINs and push messages leave behind."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, delete, exists, or_, update

from app.accounts.models import UserSession
from app.alarms.models import Alarm, PinUse, PushAddress
from app.db import db

# A call that nobody closed keeps its position this much longer.
NEVER_CLOSED = timedelta(days=60)


def forget_positions(township_id: int, ended_before: datetime) -> int:
    """Where the call came from: it was part of the call, and the call is over."""
    over = or_(
        Alarm.ended_at < ended_before,
        and_(Alarm.ended_at.is_(None), Alarm.received_at < ended_before - NEVER_CLOSED),
    )
    gone = (
        update(Alarm)
        .where(Alarm.township_id == township_id, over, Alarm.position.is_not(None))
        .values(position=None)
        .execution_options(synchronize_session=False)
    )
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]


def forget_pin_uses(before: datetime) -> int:
    gone = delete(PinUse).where(PinUse.used_at < before).execution_options(synchronize_session=False)
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]


def forget_push_addresses(made_before: datetime) -> int:
    """Of sessions that are not signed in any more."""
    lives = exists().where(UserSession.id == PushAddress.session_id, UserSession.revoked_at.is_(None))
    gone = (
        delete(PushAddress)
        .where(~lives, PushAddress.made_at < made_before)
        .execution_options(synchronize_session=False)
    )
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]
