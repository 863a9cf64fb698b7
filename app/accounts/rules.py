"""Limits on failed sign-ins, and the making of time-ordered ids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class LimitPolicy:
    """5 fails an account in 30 minutes, 20 an address in an hour (field-protocol.md, Limits)."""

    account_fails: int = 5
    account_window_s: int = 30 * 60
    address_fails: int = 20
    address_window_s: int = 60 * 60
    sync_batches: int = 60
    sync_window_s: int = 60


def uuid7(at: datetime, random: bytes) -> UUID:
    """A UUIDv7 (RFC 9562 §5.7) of the instant, filled with 10 random bytes."""
    ms = int(at.timestamp() * 1000)
    raw = bytearray(ms.to_bytes(6, "big") + random[:10])
    raw[6] = 0x70 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    return UUID(bytes=bytes(raw))
