"""What phones say about swaps and leave. Whatever comes first waits for what it is about; any order, the same state."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from app.accounts.models import Person
from app.db import db
from app.duty import leave, swaps
from app.duty import queries as duties
from app.field import queries
from app.field.kinds import Arrival, Outcome


def take_ask(arrival: Arrival) -> Outcome:
    body = arrival.body
    found = duties.shift_for_person(arrival.township_id, body["shift_id"], arrival.author_id)
    if found is None:
        return Outcome(held="waiting_for_shift")
    swaps.record_ask(
        found[0], arrival.author_id, arrival.item_id, body.get("to_person_id"), body.get("phrase"),
        arrival.effective.at,
    )  # fmt: skip
    _release(arrival)
    return Outcome()


def take_offer(arrival: Arrival) -> Outcome:
    return _step(arrival, "offer")


def take_withdraw(arrival: Arrival) -> Outcome:
    return _step(arrival, "withdraw")


def _step(arrival: Arrival, kind: str) -> Outcome:
    ask_id = UUID(arrival.body["ask_id"])
    is_there = swaps.record_step(
        arrival.township_id, arrival.author_id, arrival.item_id, ask_id, kind, arrival.effective.at
    )
    return Outcome(held=None if is_there else "waiting_for_ask")


def take_decline(arrival: Arrival) -> Outcome:
    found = duties.shift_for_person(arrival.township_id, arrival.body["shift_id"], arrival.author_id)
    person = db.session.get(Person, arrival.author_id)
    if found is None or person is None:
        return Outcome(held="waiting_for_shift")
    swaps.record_decline(
        person, found[0], arrival.item_id, arrival.body["phrase"], arrival.effective.at, arrival.now
    )
    return Outcome()


def take_leave(arrival: Arrival) -> Outcome:
    body = arrival.body
    leave.record_leave(
        arrival.township_id, arrival.author_id, arrival.item_id, date.fromisoformat(body["from_on"]),
        date.fromisoformat(body["to_on"]), body["phrase"], arrival.effective.at,
    )  # fmt: skip
    _release(arrival)
    return Outcome()


def take_leave_back(arrival: Arrival) -> Outcome:
    """Kept as a step too, so that it counts when it came before the leave that it takes back."""
    leave_id = UUID(arrival.body["leave_id"])
    swaps.record_step(
        arrival.township_id, arrival.author_id, arrival.item_id, leave_id, "withdraw", arrival.effective.at
    )
    is_there = leave.withdraw_leave(arrival.township_id, arrival.author_id, leave_id)
    return Outcome(held=None if is_there else "waiting_for_ask")


def _release(arrival: Arrival) -> None:
    """The steps that came before this asking wait no longer; their authors hear of it."""
    for step in swaps.steps_of(arrival.township_id, [arrival.item_id]).get(arrival.item_id, []):
        queries.release_held(arrival.township_id, step.id, "waiting_for_ask", arrival.now)
