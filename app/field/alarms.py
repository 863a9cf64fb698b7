"""Takers of `sos`, `sos.cancel` and `ok`. A call is never refused for its details, nor held for who brought it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.alarms import operations as alarms
from app.field import queries
from app.field.kinds import Arrival, Outcome

WAITING_FOR_SOS = "waiting_for_sos"


def sender_of(arrival: Arrival) -> alarms.Sender:
    return alarms.Sender(
        arrival.township_id, arrival.item_id, arrival.author_id, arrival.effective.at, arrival.now
    )


def take_sos(arrival: Arrival) -> Outcome:
    body = arrival.body
    shift_id = body.get("shift_id")
    alarms.raise_sos(
        sender_of(arrival), shift_id if _is_whole(shift_id, 1, 2**53) else None, fix_of(body.get("fix")),
        test=body.get("test") is True, sent_by_id=_sent_by(arrival),
    )  # fmt: skip
    return Outcome()


def is_of_same_phone(township_id: int, author_id: int, device_id: UUID, body: dict[str, Any]) -> bool:
    """Whether the call that this ends was its author's, and made on the phone that now says it is over."""
    call = queries.inbox_item(township_id, UUID(body["sos_id"]))
    return call is not None and (call.kind, call.author_id, call.device_id) == ("sos", author_id, device_id)


def take_cancel(arrival: Arrival) -> Outcome:
    body = arrival.body
    found = alarms.cancel(
        sender_of(arrival), UUID(body["sos_id"]), body.get("nonce"), body.get("proof"),
        is_borrowed=_sent_by(arrival) is not None,
    )  # fmt: skip
    return Outcome() if found else Outcome(held=WAITING_FOR_SOS)


def take_ok(arrival: Arrival) -> Outcome:
    body = arrival.body
    found = alarms.say_ok(
        sender_of(arrival), body["shift_id"], body.get("nonce"), body.get("proof"), fix_of(body.get("fix"))
    )
    return Outcome() if found else Outcome(held="waiting_for_shift")


def fix_of(fix: Any) -> alarms.Fix | None:
    """A position, if it can be one; whatever else stands there is no reason to refuse the call."""
    if not isinstance(fix, dict):
        return None
    lon, lat, accuracy = (fix.get(key) for key in ("lon_e7", "lat_e7", "accuracy_m"))
    if not (_is_whole(lon, -1_800_000_000, 1_800_000_000) and _is_whole(lat, -900_000_000, 900_000_000)):
        return None
    return alarms.Fix(lon / 1e7, lat / 1e7, accuracy if _is_whole(accuracy, 0, 1_000_000) else 1_000_000)


def _is_whole(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _sent_by(arrival: Arrival) -> int | None:
    """Whose session brought it, when that is not the author's: a borrowed phone."""
    row = queries.inbox_item(arrival.township_id, arrival.item_id)
    other = row is not None and row.session_person_id != arrival.author_id
    return row.session_person_id if other and row is not None else None
