"""Tokens for programs that read: made, used, revoked. A token opens the addresses under /ogc as its person, no more."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update

from app.accounts.models import AccessToken, Person
from app.accounts.operations import digest, record_audit
from app.db import db
from app.errors import Conflict, NotFound

# Chosen from a short list on the page; a year is the longest.
LIVES_DAYS = (30, 90, 365)
MOST = 20
# One that is found lying about says by its first letters what it is.
PREFIX = "xf_"
SAME_USE = timedelta(minutes=10)


def make(person: Person, name: str, days: int, now: datetime) -> str:
    """A new token, shown this once. Raises Conflict where there are too many already."""
    if len(tokens_of(person, now)) >= MOST:
        raise Conflict("too_many_tokens", most=MOST)
    token = PREFIX + secrets.token_urlsafe(32)
    row = AccessToken(
        person_id=person.id,
        name=name,
        token_sha256=digest(token),
        made_at=now,
        expires_at=now + timedelta(days=days),
    )
    db.session.add(row)
    db.session.flush()
    _audit(person, "token.made", row, now)
    return token


def tokens_of(person: Person, now: datetime) -> list[AccessToken]:
    """Those that still open something, newest first."""
    live = (
        AccessToken.person_id == person.id,
        AccessToken.revoked_at.is_(None),
        AccessToken.expires_at > now,
    )
    return list(db.session.scalars(select(AccessToken).where(*live).order_by(AccessToken.id.desc())))


def person_of(token: str, now: datetime) -> Person | None:
    """Whose token it is; None where it is unknown, revoked or over, or its person has left."""
    found = db.session.execute(
        select(Person, AccessToken.id, AccessToken.used_at)
        .join(AccessToken, AccessToken.person_id == Person.id)
        .where(
            AccessToken.token_sha256 == digest(token), AccessToken.revoked_at.is_(None), AccessToken.expires_at > now,
            Person.active,
        )
    ).first()  # fmt: skip
    if found is None:
        return None
    if found.used_at is None or now - found.used_at > SAME_USE:
        db.session.execute(update(AccessToken).where(AccessToken.id == found.id).values(used_at=now))
    return found[0]  # type: ignore[no-any-return]


def revoke(person: Person, token_id: int, now: datetime) -> None:
    """It opens nothing from the next request on. Raises NotFound for anybody else's."""
    row = db.session.scalar(
        select(AccessToken).where(AccessToken.id == token_id, AccessToken.person_id == person.id)
    )
    if row is None:
        raise NotFound()
    if row.revoked_at is None:
        row.revoked_at = now
        _audit(person, "token.revoked", row, now)
    db.session.flush()


def _audit(person: Person, act: str, row: AccessToken, now: datetime) -> None:
    record_audit(person.home_township_id or 0, person.id, act, "person", person.id, now, token=row.id)
