"""The address of a person's calendar: made, shown again, ended. Whoever has it may read the own shifts, no more."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime

from app.accounts import queries
from app.accounts.models import CalendarFeed, Person
from app.accounts.operations import digest, record_audit
from app.accounts.secrets import mac


def make_token(person: Person, now: datetime) -> str:
    """A new one; the address before is dead."""
    nonce = secrets.token_bytes(16)
    token = _token(person.id, nonce)
    queries.put_feed(person.id, nonce, digest(token), now)
    record_audit(person.home_township_id or 0, person.id, "calendar.made", "person", person.id, now)
    return token


def token_of(person: Person) -> str | None:
    """The token again, for its owner; None without a feed, or where the server's key is another one since."""
    row: CalendarFeed | None = queries.feed_of(person.id)
    token = _token(person.id, bytes(row.nonce)) if row is not None else ""
    return token if row is not None and digest(token) == bytes(row.token_sha256) else None


def end(person: Person, now: datetime) -> None:
    if queries.drop_feed(person.id):
        record_audit(person.home_township_id or 0, person.id, "calendar.ended", "person", person.id, now)


def _token(person_id: int, nonce: bytes) -> str:
    raw = mac("calendar", str(person_id).encode() + b"\0" + nonce)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
