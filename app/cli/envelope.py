"""Envelopes as a phone makes them (field-protocol.md): an id of its own, a counter, the hash of the canonical body."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from app.accounts.rules import uuid7
from app.clock import rfc3339
from app.field.rules import body_sha256

SCHEMA = 1
Item = dict[str, Any]


@dataclass
class Device:
    """One phone of one person. `clock_offset` is how far its clock is from the truth; times given here are true.

    Without an `anchor` the phone has never seen a signed server time, so nothing bounds its claims from below.
    """

    author_id: int
    clock_offset: timedelta = timedelta()
    anchor: str | None = None
    utc_offset_min: int = 480
    device_id: str = field(default_factory=lambda: str(uuid4()))
    last_seq: int = 0
    begun_at: datetime | None = None

    def item(self, kind: str, body: dict[str, Any], at: datetime) -> Item:
        """The next envelope; `at` is when it truly happened. A body holds no fractions (integers, strings, lists …)."""
        self.last_seq += 1
        self.begun_at = self.begun_at or at
        claimed = at + self.clock_offset
        return {
            "id": str(uuid7(claimed, secrets.token_bytes(10))), "schema": SCHEMA, "device_id": self.device_id,
            "device_seq": self.last_seq, "author_id": self.author_id, "kind": kind, "body": body,
            "device_at": rfc3339(claimed), "utc_offset_min": self.utc_offset_min,
            "monotonic_ms": int((at - self.begun_at) / timedelta(milliseconds=1)), "anchor": self.anchor,
            "sha256": body_sha256(body),
        }  # fmt: skip

    def clock_ms(self, at: datetime) -> int:
        """Epoch milliseconds on this phone's clock."""
        return round((at + self.clock_offset).timestamp() * 1000)
