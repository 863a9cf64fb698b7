"""Where a checkpoint may lie (product.md, "No stakeout"), and what its codes are.

A checkpoint has one secret and three forms of it: the *display's* code changes every minute (RFC 6238), the *day's* is
printed and holds for one duty day, the *tag's* stands on an NFC tag until the secret is changed.
"""

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

STREET_REACH_M = 15.0
ROUTE_REACH_M = 100.0


def is_on_public_way(metres: float | None) -> bool:
    """`metres` to the nearest street; None when there is none near."""
    return metres is not None and metres <= STREET_REACH_M


def is_beside_route(metres: float) -> bool:
    """A checkpoint far from its route belongs to another one."""
    return metres <= ROUTE_REACH_M


# Codes ----------------------------------------------------------------------------------------------------------

STEP_S = 60
# A display and a phone may each be a minute off, and somebody may need a minute to type.
STEPS_AROUND = 2
# A phone whose clock says nothing is tried over what can be proved, but no further back than this.
LONGEST_BRACKET = timedelta(hours=24)
# A phone that saw the code just before the secret was changed.
CHANGE_GRACE = timedelta(minutes=5)

Form = Literal["display", "day", "tag"]


@dataclass(frozen=True)
class CodeSaid:
    """What a check-in's code turned out to be. `step` is the minute of a display's code, by which its use is known."""

    form: Form
    right: bool
    step: int | None = None


def step_of(at: datetime) -> int:
    return int(at.timestamp()) // STEP_S


def display_code(secret: bytes, step: int) -> str:
    """RFC 6238 with six digits and SHA-1, as every authenticator has it."""
    mac = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    start = mac[-1] & 15
    return f"{(int.from_bytes(mac[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def day_code(secret: bytes, day: date) -> str:
    mac = hmac.new(secret, f"day:{day.isoformat()}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(mac[:8], 'big') % 1_000_000:06d}"


def tag_token(secret: bytes) -> str:
    """16 letters and digits, 80 bits."""
    return base64.b32encode(hmac.new(secret, b"tag", hashlib.sha256).digest()[:10]).decode()


def printed(checkpoint_id: int, code: str) -> str:
    """What a QR code on a sheet or display holds."""
    return f"XP1.{checkpoint_id}.{code}"


def on_tag(checkpoint_id: int, token: str) -> str:
    return f"XN1.{checkpoint_id}.{token}"


def bare_code(said: str) -> str:
    """The code itself: digits as typed, or the last part of what was scanned."""
    plain = "".join(unicodedata.normalize("NFKC", said).split())
    parts = plain.split(".")
    is_ours = len(parts) == 3 and parts[0] in ("XP1", "XN1")
    return parts[2] if is_ours else plain


def judge_code(
    method: str, said: str, secrets: Sequence[bytes], first: datetime, last: datetime, days: Iterable[date]
) -> CodeSaid:
    """Whether what was scanned, typed or read from a tag is the checkpoint's.

    `first` and `last` are the effective time, or the bracket where only that is known; `days` are the duty day and the
    local day. `secrets` are those in force then.
    """
    code = bare_code(said)
    if method == "nfc":
        return CodeSaid("tag", any(_same(code, tag_token(secret)) for secret in secrets))
    wanted = list(days)
    if any(_same(code, day_code(secret, day)) for secret in secrets for day in wanted):
        return CodeSaid("day", True)
    step = _shown_at(code, secrets, max(first, last - LONGEST_BRACKET), last)
    return CodeSaid("display", step is not None, step)


def _shown_at(code: str, secrets: Sequence[bytes], first: datetime, last: datetime) -> int | None:
    """The newest minute in which a display showed the code, two minutes allowed either side."""
    steps = range(step_of(last) + STEPS_AROUND, step_of(first) - STEPS_AROUND - 1, -1)
    return next((n for n in steps if any(_same(code, display_code(s, n)) for s in secrets)), None)


def _same(said: str, right: str) -> bool:
    return hmac.compare_digest(said.encode(), right.encode())


def is_in_force_before(changed_at: datetime, first: datetime) -> bool:
    """Whether the secret before the last change may still have been seen at that time."""
    return first < changed_at + CHANGE_GRACE
