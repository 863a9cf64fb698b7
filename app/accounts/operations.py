"""Passwords, sessions, listed and revocable devices, and the audit. Signing in as a whole: signing.py."""

from __future__ import annotations

import hashlib
import secrets
import threading
from base64 import b64encode
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from argon2.low_level import ARGON2_VERSION
from sqlalchemy import insert, select, update

from app.accounts import queries
from app.accounts.models import Audit, Person, UserSession
from app.accounts.rules import LimitPolicy, uuid7, wait_s
from app.db import db
from app.errors import DomainError, NotFound, TooMany

LIMITS = LimitPolicy()
DEMO_PASSWORD = "xunfang-demo"  # printed at every `make run`
_hasher = PasswordHasher()
# Argon2 takes 64 MiB and a core for each hash: only so many at once, the rest wait their turn.
_slots = threading.BoundedSemaphore(2)


def hash_of_nobody() -> str:
    """A hash that no password has, as dear to check as anybody's; to make it costs nothing at every start."""
    salt, hashed = (
        b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (_hasher.salt_len, _hasher.hash_len)
    )
    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${hashed}"


# The same time for unknown logins: they are checked against this.
_nobody = hash_of_nobody()


class Refused(DomainError):
    """Who it is was not shown. The edge commits before it answers, so that the failed try counts."""

    status = 401


class WrongCredentials(Refused):
    pass


def hash_password(password: str) -> str:
    with _slots:
        return _hasher.hash(password)


def allow_hashes(n: int) -> None:
    """How many hashes may run at once in this process (a setting)."""
    global _slots
    _slots = threading.BoundedSemaphore(n)


@dataclass(frozen=True)
class FirstFactor:
    """Somebody whose password was right, and whether on a device that the account has used before."""

    person: Person
    is_known_device: bool


def check_password(
    login: str, password: str, *, address: str, known_secret: str | None, now: datetime, is_demo: bool = False,
) -> FirstFactor:  # fmt: skip
    """Failures are counted by account and by address. The password that every demo prints opens nothing elsewhere, also
    where a demo was filled once.

    A device that the account has used before is counted apart, so that a stranger cannot lock its owner out.
    Raises WrongCredentials (same words for unknown and known) or TooMany.
    """
    login = login.strip().lower()
    person = queries.person_by_login(login)
    is_known = _is_known_device(person, known_secret)
    keys = attempt_keys(login, address, is_known)
    # Counted before the password is looked at: tries side by side wait for each other's count and cannot pass together.
    for key, window_s, most in keys:
        refuse_if_too_many(key, window_s, most, "too_many_sign_ins", now)
    for key, _, _ in keys:
        queries.add_try(key, now)
    if not _matches(person, password) or (password == DEMO_PASSWORD and not is_demo):
        raise WrongCredentials("wrong_credentials")
    assert person is not None
    for key, _, _ in keys:
        queries.take_back_try(key, now)
    return FirstFactor(person, is_known)


def count_or_refuse(key: str, window_s: int, most: int, code: str, now: datetime) -> None:
    """One more attempt; raises TooMany with the code when the last `window_s` seconds held as many already. A refused
    one is not counted: whoever waits as long as they were told gets through."""
    refuse_if_too_many(key, window_s, most, code, now)
    queries.add_try(key, now)


def refuse_if_too_many(key: str, window_s: int, most: int, code: str, now: datetime) -> None:
    queries.lock_tries(key)
    left_s = wait_s(queries.tries_since(key, now - timedelta(seconds=window_s)), most, window_s, now)
    if left_s:
        raise TooMany(code, left_s)


def attempt_keys(login: str, address: str, known_device: bool) -> list[tuple[str, int, int]]:
    account = f"signin:{'known' if known_device else 'new'}:{login[:80]}"
    keys = [(account, LIMITS.account_window_s, LIMITS.account_fails)]
    if not known_device:
        keys.append((f"signin:from:{address}", LIMITS.address_window_s, LIMITS.address_fails))
    return keys


def _is_known_device(person: Person | None, secret: str | None) -> bool:
    return bool(person and secret and queries.is_device_of(person.id, digest(secret)))


def _matches(person: Person | None, password: str) -> bool:
    usable = person is not None and person.active and person.password_hash is not None
    with _slots:
        try:
            _hasher.verify(person.password_hash if usable else _nobody, password)  # type: ignore[union-attr,arg-type]
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False
    return usable


def open_session(person: Person, device: str, days: int, now: datetime, *, slides: bool = False) -> str:
    """A new session's secret. One that slides lives for so many days since it was last seen, else since now."""
    secret = secrets.token_urlsafe(32)
    db.session.add(
        UserSession(
            secret_sha256=digest(secret), person_id=person.id, device=device[:200], created_at=now, seen_at=now,
            expires_at=now + timedelta(days=days), slide_days=days if slides else None,
        )
    )  # fmt: skip
    db.session.flush()
    return secret


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def person_of_secret(secret: str, now: datetime) -> tuple[Person, UserSession] | None:
    found = queries.live_session(digest(secret), now)
    if found is None:
        return None
    person, session = found
    if now - session.seen_at > timedelta(minutes=10):
        seen = {"seen_at": now}
        if session.slide_days is not None:
            seen["expires_at"] = now + timedelta(days=session.slide_days)
        db.session.execute(update(UserSession).where(UserSession.id == session.id).values(seen))
    return person, session


def revoke_session(person: Person, session_id: UUID, now: datetime) -> None:
    """One's own device is signed out at its next request. Raises NotFound for anybody else's."""
    row = db.session.scalar(
        select(UserSession).where(UserSession.id == session_id, UserSession.person_id == person.id)
    )
    if row is None:
        raise NotFound()
    row.revoked_at = row.revoked_at or now
    db.session.flush()


def end_sessions(person: Person, actor: Person, now: datetime, *, keep: UUID | None = None) -> int:
    """All of a person's devices are out at their next request, but for the one to `keep`; answers how many were in."""
    rows = [row for row in queries.sessions_of(person.id, now) if row.id != keep]
    for row in rows:
        row.revoked_at = now
    if rows:
        record_audit(
            person.home_township_id or 0, actor.id, "sessions.ended", "person", person.id, now, n=len(rows)
        )
    db.session.flush()
    return len(rows)


def record_audit(
    township_id: int,
    actor_id: int | None,
    action: str,
    kind: str,
    object_id: object,
    now: datetime,
    **detail: Any,
) -> None:
    """One append-only line: who did or looked at what. `detail` never holds positions, phones or bodies."""
    db.session.execute(
        insert(Audit).values(
            township_id=township_id, id=uuid7(now, secrets.token_bytes(10)), at=now, actor_id=actor_id,
            action=action, object_kind=kind, object_id=str(object_id), detail=detail,
        )
    )  # fmt: skip


SAME_LOOK = timedelta(minutes=10)


def record_look(
    actor: Person, member_id: int, township_id: int, what: str, object_id: object, day: date, now: datetime,
    **purpose: Any,
) -> None:  # fmt: skip
    """Somebody sees where a member was: a line in the audit, which the member is shown (`looks_of`).

    `what` is "checkin" or "playback", `purpose` what it was for. The same look again within ten minutes is the same
    look; at oneself it is none.
    """
    if actor.id == member_id:
        return
    action, of = f"look.{what}", str(object_id)
    if not queries.looked_since(township_id, actor.id, member_id, action, of, now - SAME_LOOK):
        record_audit(
            township_id, actor.id, action, "person", member_id, now, of=of, day=day.isoformat(), **purpose
        )
