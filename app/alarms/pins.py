"""The two PINs of a person: kept as sealed keys, judged by the proof that a phone sends, never by the PIN itself."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.accounts.secrets import Unreadable, seal, unseal
from app.alarms import queries
from app.alarms.models import Pins, PinUse
from app.alarms.rules import PIN_ROUNDS, Proof, judge_proof, pin_key
from app.db import db
from app.errors import Conflict, DomainError, FieldError


def set_pins(person: Person, pin: str, duress_pin: str, now: datetime) -> None:
    """Raises DomainError when both are the same, Conflict on duty or while a call is open: whoever holds the phone then
    may not be its owner."""
    if pin == duress_pin:
        raise DomainError("invalid", [FieldError("/duress_pin", "pins_alike")])
    _refuse_on_duty(person)
    salt = secrets.token_bytes(16)
    keys = pin_key(pin, salt, PIN_ROUNDS) + pin_key(duress_pin, salt, PIN_ROUNDS)
    values = {"salt": salt, "rounds": PIN_ROUNDS, "sealed": seal(keys), "set_at": now}
    row = insert(Pins).values(person_id=person.id, **values)
    db.session.execute(row.on_conflict_do_update(index_elements=["person_id"], set_=values))
    record_audit(person.home_township_id or 0, person.id, "pins.set", "person", person.id, now)


def clear_pins(person: Person, now: datetime) -> None:
    """No PINs any more; safe to repeat. Raises Conflict as `set_pins`."""
    _refuse_on_duty(person)
    db.session.execute(delete(Pins).where(Pins.person_id == person.id))
    record_audit(person.home_township_id or 0, person.id, "pins.clear", "person", person.id, now)


def _refuse_on_duty(person: Person) -> None:
    home = person.home_township_id or 0
    if queries.is_on_duty(home, person.id) or queries.has_open_alarm(home, person.id):
        raise Conflict("pins_on_duty")


def derivation_of(person_id: int) -> dict[str, object] | None:
    """What the phone needs to make a proof: nothing by which it could check a PIN."""
    found = db.session.execute(select(Pins.salt, Pins.rounds).where(Pins.person_id == person_id)).first()
    return {"salt_hex": bytes(found.salt).hex(), "rounds": found.rounds} if found else None


@dataclass(frozen=True)
class Shown:
    """What the sender of an item showed: `proof` is None without one."""

    has_pin: bool
    proof: Proof | None


def look(person_id: int, item_id: UUID, nonce: str | None, proof: str | None, now: datetime) -> Shown:
    """The meaning of a proof. A number counts for one item only."""
    pins = db.session.get(Pins, person_id)
    if pins is None or not nonce or not proof:
        return Shown(pins is not None, None)
    is_first = _use(person_id, nonce, item_id, now)
    try:
        found = judge_proof(unseal(pins.sealed), nonce, proof)
    except Unreadable:  # SECRET_KEY was changed: the call stays open, which a leader ends
        found = "wrong"
    return Shown(True, found if is_first else "wrong")


def _use(person_id: int, nonce: str, item_id: UUID, now: datetime) -> bool:
    row = insert(PinUse).values(person_id=person_id, nonce=nonce, item_id=item_id, used_at=now)
    db.session.execute(row.on_conflict_do_nothing())
    first = select(PinUse.item_id).where(PinUse.person_id == person_id, PinUse.nonce == nonce)
    return db.session.scalar(first) == item_id
