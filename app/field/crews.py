"""What phones say about their crew: who is here without a phone, what the next crew should know, whose code it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.duty import crews, queries
from app.duty.models import Shift
from app.field.kinds import Arrival, DutyKey, Outcome
from app.field.rules import EffectiveTime

WAITING = Outcome(held="waiting_for_start")


def take_tick(arrival: Arrival) -> Outcome:
    """Follows the author's own duty on the shift, so it waits for that."""
    key = DutyKey(arrival.township_id, arrival.body["shift_id"], arrival.author_id)
    found = queries.lock_duty(key.township_id, key.shift_id, key.person_id)
    if found is None:
        return WAITING
    duty, shift = found
    crews.record_tick(duty, shift, arrival.item_id, arrival.body["present"], arrival.effective.at)
    return Outcome(duty=key)


def take_handover(arrival: Arrival) -> Outcome:
    found = queries.shift_for_person(arrival.township_id, arrival.body["shift_id"], arrival.author_id)
    if found is None:
        return WAITING
    body = arrival.body
    crews.record_handover(
        found[0], arrival.author_id, arrival.item_id, body["phrase"], body.get("text"), arrival.effective.at
    )
    return Outcome()


def code_of_start(
    shift: Shift, kind: str, body: dict[str, Any], effective: EffectiveTime, item: Any, now: datetime
) -> bool | None:
    """Whether a start carried the crew's right code; None without one.

    It is tried at the effective time. Where that is only a bracket, because the phone's clock was far off, it is tried
    over what can be proved: from the anchor that the phone carried to the arrival.
    """
    if kind != "duty.start":
        return None
    first = last = effective.at
    if effective.quality == "bracket_only":
        last = getattr(item, "received_at", None) or now
        first = item.anchor_at or last
    return crews.check_code(shift, body.get("crew_code"), first, last)
