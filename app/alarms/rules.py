"""Judgements about calls for help: who is told when, what a PIN's proof means, when a lone member is overdue.

Sources: field-protocol.md ("Phone": SOS escalates at 30, 90, 180 s until a person acknowledges), quality.md ("SOS with
a kill at every step: 0 undelivered"). The PIN never leaves the phone: it sends an HMAC of a number used once, under a
key derived from the PIN. docs/security.md says what that protects from.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal

PIN_ROUNDS = 100_000
KEY_BYTES = 32
LAST_STAGE = 3
Proof = Literal["valid", "duress", "wrong"]
Ending = Literal["cancelled", "duress", "claimed", "doubted"]


@dataclass(frozen=True)
class Policy:
    """Numbers of a township, topic `alarms`. `text_drills`: drills go to SMS and groups too. `desk_within_s`: an open
    desk has shown a call by then; whose has not is not sitting at one."""

    ok_every_min: int = 30
    answer_within_min: int = 5
    escalate_s: tuple[int, int, int] = (30, 90, 180)
    desk_within_s: int = 5
    undo_s: int = 5
    push_again_min: int = 3
    text_again_min: int = 10
    text_drills: bool = False
    call_numbers: tuple[dict[str, str], ...] = (
        {"label_code": "alarm.call.police", "number": "110"},
        {"label_code": "alarm.call.ambulance", "number": "120"},
        {"label_code": "alarm.call.fire", "number": "119"},
    )


def policy_from(mapping: Mapping[str, Any]) -> Policy:
    """A Policy from a stored mapping; keys it does not know are ignored."""
    known = {field.name for field in fields(Policy)}
    values: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in mapping.items() if key in known
    }
    return Policy(**values)


# --- telling --------------------------------------------------------------------------------------


def stage_at(received_at: datetime, now: datetime, policy: Policy) -> int:
    """0 at once, then 1, 2, 3 as the seconds of the policy pass."""
    waited = (now - received_at).total_seconds()
    return sum(waited >= after for after in policy.escalate_s)


def due_times(received_at: datetime, policy: Policy) -> list[datetime]:
    """When each stage is due, the first at once; and when it is known who sits at no desk."""
    return sorted(received_at + timedelta(seconds=s) for s in (0, policy.desk_within_s, *policy.escalate_s))


def uses_texts(stage: int, silent: bool, test: bool, policy: Policy) -> bool:
    """SMS and group messages to everybody from the second stage on; a silent one's at once, for no desk rings and no
    wider circle comes later; a drill's only if the township wants that."""
    return (stage >= 2 or silent) and may_text(test, policy)


def may_text(test: bool, policy: Policy) -> bool:
    return not test or policy.text_drills


def is_unreached(
    told: Collection[str], failed: Collection[str], has_push: bool, waited: timedelta, policy: Policy
) -> bool:
    """Nothing that goes out at once can have reached this person: no desk of theirs has shown it, and no browser took a
    push, or there is none. Then a text goes now and not with the second stage. `told` and `failed` are channels."""
    if waited < timedelta(seconds=policy.desk_within_s) or {"desk", "push"} & set(told):
        return False
    return not has_push or "push" in failed


def again_after(channel: str, waited: timedelta, policy: Policy) -> timedelta:
    """While nobody takes it everybody is told again: browsers after 3 minutes, texts, which cost, after 10; after the
    first hour once an hour. It never ends by itself."""
    minutes = policy.push_again_min if channel == "push" else policy.text_again_min
    return timedelta(minutes=minutes) if waited < timedelta(hours=1) else timedelta(hours=1)


# --- PINs -----------------------------------------------------------------------------------------


def pin_key(pin: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", pin.encode(), salt, rounds, KEY_BYTES)


def proof_of(key: bytes, nonce: str) -> str:
    return hmac.new(key, nonce.encode("ascii"), hashlib.sha256).hexdigest()


def judge_proof(keys: bytes, nonce: str, proof: str) -> Proof:
    """`keys` is the normal key and the duress key, one after the other. Both are always tried."""
    normal, duress = keys[:KEY_BYTES], keys[KEY_BYTES:]
    is_normal = hmac.compare_digest(proof_of(normal, nonce), proof)
    is_duress = hmac.compare_digest(proof_of(duress, nonce), proof)
    return "valid" if is_normal else "duress" if is_duress else "wrong"


def judge_cancel(
    proof: Proof | None, has_pin: bool, after: timedelta, policy: Policy, *, is_borrowed: bool = False
) -> Ending:
    """What a cancel does. `proof` is None when none was sent; `after` is how long after the call it was made. When it
    came by another member's session only a PIN shows whose it is: without one it is never more than said."""
    if has_pin:
        return {"valid": "cancelled", "duress": "duress"}.get(proof or "wrong", "doubted")  # type: ignore[return-value]
    in_time = after <= timedelta(seconds=policy.undo_s)
    return "cancelled" if in_time and not is_borrowed else "claimed"


def is_sign_of_life(proof: Proof | None, has_pin: bool) -> bool:
    """Does an OK count? Under duress it does, so that nothing differs."""
    return not has_pin or proof in ("valid", "duress")


# --- the lone worker ------------------------------------------------------------------------------


def is_lone(on_duty: int, fit_for_one: bool) -> bool:
    """One of the crew is out; or a shift for one that has not begun."""
    return on_duty == 1 or (fit_for_one and on_duty == 0)


def answer_due(signs: Sequence[datetime | None], policy: Policy) -> datetime | None:
    """When the phone asks; None without any sign of life."""
    known = [at for at in signs if at is not None]
    return max(known) + timedelta(minutes=policy.ok_every_min) if known else None


def is_overdue(due: datetime | None, now: datetime, policy: Policy) -> bool:
    return due is not None and now >= due + timedelta(minutes=policy.answer_within_min)
