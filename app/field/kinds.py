"""The kinds beyond the duty's own: who takes which item. A kind without a taker is stored as `kind_not_offered`.

A taker gets an `Arrival`, lets its domain do the deed, and answers with an `Outcome`: the duty to settle again, or the
reason the item waits. It may run a second time for one id (an item that was held, a job that tries again), so it is
idempotent by `arrival.item_id`. A body that names something that does not exist here raises a DomainError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.field.rules import EffectiveTime


@dataclass(frozen=True, order=True)
class DutyKey:
    township_id: int
    shift_id: int
    person_id: int


@dataclass(frozen=True)
class Outcome:
    """The duty an item touched, or the reason it is held."""

    duty: DutyKey | None = None
    held: str | None = None


@dataclass(frozen=True)
class Arrival:
    """One item at its effective time. `body` has the shape of its schema in app/api/bodies.py."""

    township_id: int
    item_id: UUID
    author_id: int
    device_id: UUID
    kind: str
    body: dict[str, Any]
    effective: EffectiveTime
    now: datetime


Taker = Callable[[Arrival], Outcome]


def taker_of(kind: str) -> Taker | None:
    return _takers().get(kind)


def offered_kinds() -> tuple[str, ...]:
    return tuple(_takers())


def _takers() -> dict[str, Taker]:
    # Each domain's takers stand in a file of their own beside this one.
    from app.field import alarms, answers, crews, reports, swaps

    return {
        "sos": alarms.take_sos, "sos.cancel": alarms.take_cancel, "ok": alarms.take_ok,
        "crew.tick": crews.take_tick, "handover": crews.take_handover,
        "swap.ask": swaps.take_ask, "swap.offer": swaps.take_offer, "swap.withdraw": swaps.take_withdraw,
        "cosign": answers.take_cosign, "answer": answers.take_answer,
        "report": reports.take_report,
        "decline": swaps.take_decline, "leave.ask": swaps.take_leave, "leave.withdraw": swaps.take_leave_back,
    }  # fmt: skip
