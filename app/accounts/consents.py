"""What a person says yes or no to. A no costs nothing, and a yes can be taken back at any time."""

from __future__ import annotations

from datetime import datetime

from app.accounts import queries
from app.accounts.models import Consent, Person
from app.accounts.operations import record_audit
from app.accounts.rules import CONSENTS
from app.errors import Conflict, NotFound


def answers_of(person_id: int) -> dict[str, bool | None]:
    """By purpose: yes, no, or not asked yet (nor since its words changed, unless they said no)."""
    said = queries.consents_of(person_id)
    return {purpose: _answer(said.get(purpose), version) for purpose, version in CONSENTS.items()}


def _answer(row: Consent | None, version: int) -> bool | None:
    if row is None or (row.withdrawn_at is None and row.version != version):
        return None
    return row.withdrawn_at is None


def set_consent(person: Person, purpose: str, given: bool, version: int, now: datetime) -> None:
    """The same again changes nothing, its time neither. A yes is to the words in force; a no needs no reading.

    Raises NotFound for a purpose that there is not, Conflict for a yes to other words.
    """
    if purpose not in CONSENTS:
        raise NotFound()
    in_force = CONSENTS[purpose]
    if given and version != in_force:
        raise Conflict("consent_text_changed", version=in_force)
    row = queries.consents_of(person.id).get(purpose)
    if row is not None and (row.withdrawn_at is None) == given and (row.version == in_force or not given):
        return
    said = (
        {"given_at": now, "withdrawn_at": None}
        if given
        else {"given_at": row.given_at if row else None, "withdrawn_at": now}
    )
    queries.put_consent(person.id, purpose, in_force, said)
    action = "consent.given" if given else "consent.withdrawn"
    record_audit(
        person.home_township_id or 0, person.id, action, "person", person.id, now, purpose=purpose, version=in_force
    )  # fmt: skip
