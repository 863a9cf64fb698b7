"""Web Push: where browsers get their messages, and the key by which push services know this server."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02
from sqlalchemy import delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Person
from app.alarms.models import PushAddress
from app.config import Channels, Settings
from app.db import db
from app.errors import DomainError, FieldError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# The order of the curve P-256.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def vapid_of(settings: Settings) -> Vapid02:
    """The key of the settings, or one that SECRET_KEY gives, so that every process has the same."""
    given = settings.channels.vapid_private_key
    if given:
        return Vapid02.from_string(given)
    digest = hashlib.sha512(b"xunfang vapid 1\0" + settings.secret_key.encode()).digest()
    vapid = Vapid02()
    vapid.private_key = ec.derive_private_key(int.from_bytes(digest, "big") % (ORDER - 1) + 1, ec.SECP256R1())
    return vapid


def public_key(settings: Settings) -> str:
    """The uncompressed point as base64url, as browsers take it."""
    key = vapid_of(settings).public_key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def is_allowed(endpoint: str, hosts: tuple[str, ...]) -> bool:
    """Messages go to push services of browsers and nowhere else: an address of our own network is none of them."""
    parts = urlsplit(endpoint)
    host = (parts.hostname or "").lower()
    if parts.username or (parts.scheme != "https" and host not in LOOPBACK):
        return False
    return any(host == one or (one.startswith("*.") and host.endswith(one[1:])) for one in hosts)


def subscribe(
    person: Person, session_id: UUID, endpoint: str, keys: dict[str, str], channels: Channels, now: datetime
) -> None:
    """One address a session; an address that another session had is this one's now."""
    if not is_allowed(endpoint, channels.push_hosts):
        raise DomainError("invalid", [FieldError("/endpoint", "push_host_unknown")])
    db.session.execute(
        delete(PushAddress).where(or_(PushAddress.session_id == session_id, PushAddress.endpoint == endpoint))
    )
    db.session.execute(
        insert(PushAddress).values(
            person_id=person.id, session_id=session_id, endpoint=endpoint, p256dh=keys["p256dh"],
            auth=keys["auth"], made_at=now,
        )
    )  # fmt: skip


def unsubscribe(session_id: UUID) -> None:
    db.session.execute(delete(PushAddress).where(PushAddress.session_id == session_id))


def forget_address(address_id: int) -> None:
    """The push service says that this browser is gone."""
    db.session.execute(delete(PushAddress).where(PushAddress.id == address_id))


def is_subscribed(session_id: UUID) -> bool:
    return bool(db.session.scalar(select(exists().where(PushAddress.session_id == session_id))))
