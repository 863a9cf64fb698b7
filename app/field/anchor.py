"""The anchor: a signed server time that a phone carries back, so that a claim cannot be older than it says."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

VERSION = "v1"


def sign_anchor(now: datetime, secret: str) -> str:
    ms = int(now.timestamp() * 1000)
    return f"{VERSION}.{ms}.{_mac(ms, secret)}"


def read_anchor(token: str | None, secret: str) -> datetime | None:
    """The time of a token that we signed; None for no token or a foreign one."""
    parts = (token or "").split(".")
    if (
        len(parts) != 3
        or parts[0] != VERSION
        or not parts[1].isascii()
        or not parts[1].isdigit()
        or len(parts[1]) > 15
    ):
        return None
    ms = int(parts[1])
    if not hmac.compare_digest(_mac(ms, secret).encode(), parts[2].encode()):
        return None
    return datetime.fromtimestamp(ms / 1000, UTC)


def _mac(ms: int, secret: str) -> str:
    return hmac.new(f"anchor:{secret}".encode(), str(ms).encode(), hashlib.sha256).hexdigest()[:32]
