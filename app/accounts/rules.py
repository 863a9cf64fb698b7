"""Limits on attempts, codes as people type them, what may be consented to, and the making of time-ordered ids."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

# Crockford's: no I, L, O, U, so that nothing reads as something else.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LETTERS = 8
CODE_LIVES = timedelta(hours=24)
RECOVERY_CODES, RECOVERY_LETTERS = 8, 16
# Who is asked to have a second factor.
TOTP_ROLES = frozenset({"leader", "reviewer", "admin"})
STEP_S = 30

# What a person is asked, and the version of its words (consent.<purpose>.* in app/translations/phone). New words, a
# new version: then everybody is asked again, and what was said to the old ones stands until they answer.
CONSENTS = {"tracks": 1, "push": 1, "name_in_notice": 1, "ranking": 1}


@dataclass(frozen=True)
class LimitPolicy:
    """5 fails an account in any 30 minutes, 20 an address in any hour (field-protocol.md, Limits)."""

    account_fails: int = 5
    account_window_s: int = 30 * 60
    address_fails: int = 20
    address_window_s: int = 60 * 60
    sync_batches: int = 60
    sync_window_s: int = 60
    exports: int = 5
    exports_window_s: int = 60 * 60
    feed_reads: int = 60
    feed_window_s: int = 60 * 60


def wait_s(tries: Iterable[tuple[datetime, int]], most: int, window_s: int, now: datetime) -> int:
    """Seconds until one more try keeps any `window_s` seconds to `most`; 0: now. `tries`: when and how often, the
    newest first."""
    n = 0
    for at, times in tries:
        n += times
        if n >= most:
            return max(0, ceil((at + timedelta(seconds=window_s) - now).total_seconds()))
    return 0


def uuid7(at: datetime, random: bytes) -> UUID:
    """A UUIDv7 (RFC 9562 §5.7) of the instant, filled with 10 random bytes."""
    ms = int(at.timestamp() * 1000)
    raw = bytearray(ms.to_bytes(6, "big") + random[:10])
    raw[6] = 0x70 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    return UUID(bytes=bytes(raw))


def letters_of(random: bytes, n: int) -> str:
    """`n` letters of the alphabet; 256 is a multiple of 32, so each is as likely as the other."""
    return "".join(ALPHABET[byte % 32] for byte in random[:n])


def read_code(typed: str, n: int = CODE_LETTERS) -> str | None:
    """A code as somebody typed it: any case, spaces and dashes, full width, O for 0, I and L for 1. None: no code."""
    plain = unicodedata.normalize("NFKC", typed).upper()
    letters = "".join(c for c in plain if c.isalnum()).translate(str.maketrans("OIL", "011"))
    return letters if len(letters) == n and not set(letters) - set(ALPHABET) else None


def shown_code(code: str) -> str:
    """K7QF3M2P → K7QF-3M2P: in fours, as one reads it out."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def step_of(at: datetime) -> int:
    return int(at.timestamp()) // STEP_S


def steps_near(at: datetime) -> tuple[int, ...]:
    """This step and its neighbours: clocks differ."""
    return tuple(step_of(at) + n for n in (-1, 0, 1))


def matching_step(digits: Mapping[int, str], typed: str, last_step: int) -> int | None:
    """The step whose digits were typed, none up to the last one that was used: no code opens anything twice."""
    said = "".join(c for c in unicodedata.normalize("NFKC", typed) if c.isdigit()).encode()
    found = [step for step, code in digits.items() if hmac.compare_digest(code.encode(), said)]
    return next((step for step in sorted(found) if step > last_step), None)


def may_be_sent_a_code(roles: Collection[str], is_self: bool) -> bool:
    """A code opens everything that its person may do. So a leader makes them for people who hold no role, or for
    themselves: else the code for a colleague would be a way to the colleague's rights."""
    return is_self or not set(roles) & TOTP_ROLES
