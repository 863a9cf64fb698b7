"""What phones say about check-ins that are there already: a second member's word, a member's answer to a verdict.

Either may come before what it is about; it is kept and waits, and any order ends in the same state.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from app import stream
from app.checkins import answers
from app.checkins import operations as checkins
from app.checkins import queries as checkin_queries
from app.duty import queries as duties
from app.field.kinds import Arrival, DutyKey, Outcome
from app.field.rules import EffectiveTime

WAITING_FOR_CHECKIN = "waiting_for_checkin"
WAITING_FOR_ITEM = "waiting_for_item"
WAITING = (WAITING_FOR_CHECKIN, WAITING_FOR_ITEM)


def proved_between(effective: EffectiveTime, item: Any, now: datetime) -> tuple[datetime, datetime]:
    """The effective time; or, where only that is known, from the anchor that the phone carried to the arrival."""
    if effective.quality != "bracket_only":
        return effective.at, effective.at
    last = getattr(item, "received_at", None) or now
    return min(item.anchor_at or last, last), last


def take_cosign(arrival: Arrival) -> Outcome:
    """Waits for its author's own start, and for the check-in; then the check-in's duty is judged again."""
    body, township_id = arrival.body, arrival.township_id
    checkin_id = UUID(body["checkin_id"])
    shift = duties.shift_of(township_id, body["shift_id"])
    if shift is None or duties.duty_on(shift, arrival.author_id) is None:
        return Outcome(held="waiting_for_start")
    checkins.record_cosign(
        township_id, shift.id, arrival.author_id, arrival.item_id, checkin_id, arrival.effective.at
    )
    checkin = checkin_queries.checkin_by_id(township_id, checkin_id)
    if checkin is None:
        return Outcome(held=WAITING_FOR_CHECKIN)
    duty = duties.duty_by_id(township_id, checkin.duty_id)
    # Of another shift it is worth nothing, and nothing changes by it.
    if duty is None or duty.shift_id != shift.id:
        return Outcome()
    return Outcome(duty=DutyKey(township_id, duty.shift_id, duty.person_id))


def take_answer(arrival: Arrival) -> Outcome:
    """About an own check-in, or about a duty by one of its taps. Somebody else's is as if it did not exist."""
    item_id = UUID(arrival.body["item_id"])
    about = answers.about_item(arrival.township_id, arrival.author_id, item_id)
    if about is None:
        return Outcome(held=WAITING_FOR_ITEM)
    body = arrival.body
    answers.record_answer(
        about, item_id, arrival.item_id, body["phrase"], body.get("text"), arrival.effective.at, arrival.now
    )
    stream.tell("verdict", teams=[about.duty.team_id], duty_id=about.duty.id)
    return Outcome()


def what_it_waits_for(body: dict[str, Any]) -> str:
    """The id of the item that such words are about."""
    return str(body.get("checkin_id") or body.get("item_id") or "").lower()
