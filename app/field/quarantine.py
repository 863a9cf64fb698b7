"""Putting aside what cannot be taken as it stands, so that a person sees that it came."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from app.field import queries, reports

# An escaped backslash is passed over, so that what follows it is not taken for an escape.
UNSTORABLE = re.compile(r"\\\\|\\u(0000|d[89a-f][0-9a-f]{2})")

NUMBER = re.compile("[0-9]{1,9}")


def put(township_id: int, item_id: str, code: str, content: Any, brought_by: int, now: datetime) -> None:
    """Once for the same content under the same id, however often it comes; without the words of people."""
    raw = json.dumps(reports.without_words(content), sort_keys=True, default=str)
    digest = hashlib.sha256(raw.encode()).digest()
    clean = json.loads(spelled_out(raw))
    queries.add_quarantine(
        township_id, json.loads(spelled_out(json.dumps(item_id))), code, clean, digest, brought_by, now
    )


def number_of(content: Any) -> tuple[UUID, int] | None:
    """Which item of which phone something unusable says it is; as `queries.said_number` reads it."""
    if not isinstance(content, dict):
        return None
    device, seq = content.get("device_id"), str(content.get("device_seq"))
    if type(device) is not str or not NUMBER.fullmatch(seq):
        return None
    with suppress(ValueError):
        return (UUID(device), int(seq)) if str(UUID(device)) == device else None
    return None


def spelled_out(ascii_json: str) -> str:
    """JSON text whose U+0000 and surrogates are spelled out: PostgreSQL's jsonb can hold neither."""
    return UNSTORABLE.sub(lambda m: m[0] if m[1] is None else "\\" + m[0], ascii_json)
