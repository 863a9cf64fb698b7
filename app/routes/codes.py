"""Codes at checkpoints: the secrets, the printed day's code, screens that show the minute's, and tags.

A secret is made when it is first needed, and belongs to the place by its name on the route: a new version of the route
keeps it. Members never get it; their phones say what they saw, and the server judges.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.accounts.secrets import Unreadable, seal, unseal
from app.db import db
from app.errors import NotFound
from app.routes import queries, rules
from app.routes.models import Checkpoint, CheckpointCode, CodeDisplay
from app.routes.queries import CodePlace
from app.teams.scope import Scope

SECRET_BYTES = 20


@dataclass(frozen=True)
class Shown:
    """What a screen shows now: `text` is the QR code's; a newer one comes in `next_s` seconds."""

    name: str
    code: str
    text: str
    next_s: int


def said_code(
    checkpoint_id: int, method: str, said: str, first: datetime, last: datetime, days: Iterable[date]
) -> rules.CodeSaid:
    """What a check-in's code was worth at its time. A checkpoint that never had a code has no right one."""
    found = queries.code_of_checkpoint(checkpoint_id)
    return rules.judge_code(method, said, _in_force(found, first) if found else [], first, last, days)


def _in_force(code: CheckpointCode, first: datetime) -> list[bytes]:
    sealed = [code.sealed]
    if code.sealed_before is not None and rules.is_in_force_before(code.changed_at, first):
        sealed.append(code.sealed_before)
    return [secret for secret in map(_opened, sealed) if secret is not None]


def _opened(sealed: bytes) -> bytes | None:
    """None when it was sealed under another SECRET_KEY: then nothing matches, and a person decides."""
    try:
        return unseal(sealed)
    except Unreadable:
        return None


def _secret_of(place: CodePlace, now: datetime) -> tuple[CheckpointCode, bytes]:
    """The place's secret, made at its first use; one that can no longer be read is made anew."""
    checkpoint = place.checkpoint
    fresh = seal(secrets.token_bytes(SECRET_BYTES))
    queries.add_code(checkpoint.township_id, place.route_id, checkpoint.name, fresh, now)
    code = queries.code_of_checkpoint(checkpoint.id)
    assert code is not None
    secret = _opened(code.sealed)
    if secret is None:
        code.sealed, code.sealed_before, code.changed_at = fresh, None, now
        secret = unseal(fresh)
    return code, secret


def sheet_of(scope: Scope, route_id: int, day: date, now: datetime) -> list[tuple[Checkpoint, str, str]]:
    """(checkpoint, the day's code, the QR code's text) of a route's newest version, in order. Raises NotFound."""
    places = queries.places_of_route(scope, route_id)
    if not places:
        raise NotFound()
    found = []
    for place in places:
        code = rules.day_code(_secret_of(place, now)[1], day)
        found.append((place.checkpoint, code, rules.printed(place.checkpoint.id, code)))
    return found


def make_display(person: Person, scope: Scope, checkpoint_id: int, now: datetime) -> tuple[CodePlace, str]:
    """A link for a screen at this checkpoint, shown once; we keep its hash. Raises NotFound."""
    place = queries.reach_place(scope, checkpoint_id)
    code, _ = _secret_of(place, now)
    token = secrets.token_urlsafe(24)
    db.session.add(CodeDisplay(code_id=code.id, token_sha256=hash_of(token), made_by=person.id, made_at=now))
    _audit(person, place, "codes.display", now)
    return place, token


def revoke_display(person: Person, scope: Scope, display_id: int, now: datetime) -> None:
    """The screen shows nothing from now on. Safe to repeat. Raises NotFound."""
    display, code = queries.reach_display(scope, display_id)
    if display.revoked_at is None:
        display.revoked_at = now
        record_audit(code.township_id, person.id, "codes.display_ended", "checkpoint_code", code.id, now)
    db.session.flush()


def shown_by(token: str, now: datetime) -> Shown | None:
    """What the screen with this link shows; None when there is no such link any more, or no such checkpoint."""
    found = queries.display_of(hash_of(token))
    if found is None:
        return None
    code, checkpoint_id = found
    secret = _opened(code.sealed)
    if secret is None:
        return None
    digits = rules.display_code(secret, rules.step_of(now))
    left = rules.STEP_S - int(now.timestamp()) % rules.STEP_S
    return Shown(code.name, digits, rules.printed(checkpoint_id, digits), left)


def tag_text(person: Person, scope: Scope, checkpoint_id: int, now: datetime) -> tuple[CodePlace, str]:
    """What a leader writes on an NFC tag. Whoever holds it can copy it, so each look is in the audit."""
    place = queries.reach_place(scope, checkpoint_id)
    _, secret = _secret_of(place, now)
    _audit(person, place, "codes.tag", now)
    return place, rules.on_tag(checkpoint_id, rules.tag_token(secret))


def change_secret(person: Person, scope: Scope, checkpoint_id: int, now: datetime) -> CodePlace:
    """Printed sheets and tags of this checkpoint are worth nothing from now on; what was seen before stays right."""
    place = queries.reach_place(scope, checkpoint_id)
    code, _ = _secret_of(place, now)
    code.sealed_before, code.sealed = code.sealed, seal(secrets.token_bytes(SECRET_BYTES))
    code.changed_at = now
    _audit(person, place, "codes.changed", now)
    db.session.flush()
    return place


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _audit(person: Person, place: CodePlace, action: str, now: datetime) -> None:
    checkpoint = place.checkpoint
    record_audit(checkpoint.township_id, person.id, action, "checkpoint", checkpoint.id, now)
