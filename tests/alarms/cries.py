"""What the tests of alarms share: a phone that knows its PINs, and a look at what stands in the tables."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from app.alarms import rules
from app.alarms.models import Alarm, AlarmStep, Pins
from app.db import db
from tests.phone import Phone

PIN, DURESS, WRONG = "2580", "1379", "0000"


def proof(person_id: int, pin: str, nonce: str | None = None) -> dict[str, str]:
    """nonce and proof as the phone makes them from what its plan says."""
    row = db.session.get(Pins, person_id)
    assert row is not None
    nonce = nonce or uuid4().hex
    key = rules.pin_key(pin, bytes(row.salt), row.rounds)
    return {"nonce": nonce, "proof": rules.proof_of(key, nonce)}


def sos(phone: Phone, shift: Any = None, at: Any = None, **body: Any) -> dict[str, Any]:
    whole = {"fix": phone.fix(600, 500), **({"shift_id": shift.id} if shift else {}), **body}
    return phone.item("sos", whole, at)


def cancel(phone: Phone, call: dict[str, Any], at: Any = None, **shown: str) -> dict[str, Any]:
    return phone.item("sos.cancel", {"sos_id": call["id"], **shown}, at)


def alarms(**where: Any) -> list[Alarm]:
    rows = select(Alarm).filter_by(**where).order_by(Alarm.received_at, Alarm.kind)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def alarm(item: dict[str, Any]) -> Alarm:
    return db.session.scalars(
        select(Alarm).where(Alarm.id == UUID(item["id"])).execution_options(populate_existing=True)
    ).one()


def kinds(one: Alarm) -> list[str]:
    """What happened, in order."""
    return list(
        db.session.scalars(select(AlarmStep.kind).where(AlarmStep.alarm_id == one.id).order_by(AlarmStep.id))
    )
