"""What phones sent about a shift, for those who lead it: words left on the way, and what cannot be judged yet.

A call for help has pages of its own, and a silent one none here: its kinds are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.sql import Select

from app.accounts.models import Person
from app.db import db
from app.field.models import InboxItem, ItemState
from app.routes.models import Checkpoint

ALARMS = ("sos", "sos.cancel", "ok")


@dataclass(frozen=True)
class Note:
    """A note of a member; `place` is a checkpoint's name."""

    author: str
    at: datetime
    phrase: str
    text: str
    place: str | None


@dataclass(frozen=True)
class Stuck:
    """An item that waits; `kind` as sent, `code` of why."""

    author: str
    at: datetime
    kind: str
    code: str


def notes_on(township_id: int, shift_id: int) -> list[Note]:
    """In the order in which they were made; gone when the inbox lets go of its bodies."""
    place = select(Checkpoint.name).where(Checkpoint.id == InboxItem.body["checkpoint_id"].as_integer())
    rows = db.session.execute(
        _items(township_id, shift_id, InboxItem.body, place.scalar_subquery()).where(
            ItemState.kind == "note", ItemState.result == "stored", InboxItem.body.is_not(None)
        )
    )
    return [
        Note(author, at, str(body.get("phrase", "")), str(body.get("text", "")), place)
        for author, at, body, place in rows
    ]


def stuck_on(township_id: int, shift_id: int) -> list[Stuck]:
    """What is held for another reason than a verdict on a check-in (that is the review's)."""
    rows = db.session.execute(
        _items(township_id, shift_id, ItemState.kind, ItemState.reasons).where(
            ItemState.result == "held", ItemState.verdict.is_(None), ItemState.kind.not_in(ALARMS)
        )
    )
    return [Stuck(author, at, kind, _first(reasons)) for author, at, kind, reasons in rows]


def _first(reasons: Sequence[str]) -> str:
    return reasons[0] if reasons else "judging_failed"


def _items(township_id: int, shift_id: int, *columns: object) -> Select[tuple[object, ...]]:
    return (
        select(Person.name, ItemState.effective_at, *columns)  # type: ignore[call-overload, no-any-return]
        .select_from(ItemState)
        .join(InboxItem, and_(InboxItem.township_id == ItemState.township_id, InboxItem.id == ItemState.id))
        .join(Person, Person.id == ItemState.author_id)
        .where(ItemState.township_id == township_id, ItemState.shift_id == shift_id)
        .order_by(ItemState.effective_at, ItemState.id)
        .limit(200)
    )
