"""A member's own word, "delete my tracks": at once what retention does after 30 days, for the own duties alone.

It runs with the rights of the application, in one transaction, so that all is gone when the answer comes. The bodies
that phones sent are behind a function of the database that takes one author's and no other (migration 20261125_0100):
the application itself cannot change the inbox. A duty that is on keeps its track until its end, for it is still being
measured; the answer says so. What waits to be judged keeps its body until then. Verdicts, hours and points need no
position and stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, null, select, update

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.db import db
from app.duty.models import Duty
from app.field import queries, retention
from app.field.models import ItemState, QuarantineItem

OPEN = ("on", "paused")


@dataclass(frozen=True)
class Forgotten:
    """Rows gone, and how many duties that are on keep their track until their end."""

    segments: int
    positions: int
    streets: int
    routes: int
    bodies: int
    kept_until_end: int


def forget_tracks(person: Person, now: datetime) -> Forgotten:
    """Flushes, never commits. Safe to repeat: what came in since goes too."""
    township_id = person.home_township_id or 0
    on_now = _lock_duties(township_id, person.id)
    mine = and_(Duty.township_id == township_id, Duty.person_id == person.id, Duty.state.not_in(OPEN))
    gone: Counter[str] = Counter()
    for where, act in retention.portions_of_duties(mine, now):
        gone[where] += act()
    bodies = queries.forget_bodies(township_id, person.id, on_now) + _forget_quarantine(
        township_id, person.id
    )
    _let_go_of_held_segments(township_id, person.id, on_now, now)
    found = Forgotten(
        segments=gone[retention.TRACK.where], positions=gone[retention.POSITION.where],
        streets=gone[retention.STREETS.where], routes=gone[retention.ROUTES.where], bodies=bodies,
        kept_until_end=len(on_now),
    )  # fmt: skip
    record_audit(township_id, person.id, "tracks.deleted", "person", person.id, now, segments=found.segments)
    return found


def _lock_duties(township_id: int, person_id: int) -> list[int]:
    """All of the person's duties, so that nothing is measured meanwhile; answers the shifts of those that are on."""
    rows = db.session.execute(
        select(Duty.shift_id, Duty.state)
        .where(Duty.township_id == township_id, Duty.person_id == person_id)
        .order_by(Duty.id)
        .with_for_update()
    )
    return [shift_id for shift_id, state in rows if state in OPEN]


def _forget_quarantine(township_id: int, person_id: int) -> int:
    gone = update(QuarantineItem).where(
        QuarantineItem.township_id == township_id, QuarantineItem.session_person_id == person_id,
        QuarantineItem.content.is_not(None),
    )  # fmt: skip
    done = db.session.execute(gone.values(content=null()).execution_options(synchronize_session=False))
    return int(done.rowcount or 0)  # type: ignore[attr-defined]


def _let_go_of_held_segments(
    township_id: int, person_id: int, kept_shifts: Sequence[int], now: datetime
) -> None:
    """Pieces of a track that waited for something wait no longer: there is nothing left of them to judge."""
    db.session.execute(
        update(ItemState)
        .where(
            ItemState.township_id == township_id, ItemState.author_id == person_id, ItemState.kind == "segment",
            ItemState.result == "held", ItemState.shift_id.not_in(kept_shifts),
        )
        .values(result="rejected", reasons=["tracks_deleted"], changed_at=now)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
