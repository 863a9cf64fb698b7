"""Judgements of the field protocol: the canonical form of a body, and the time an item really happened.

Source: field-protocol.md ("Envelope", "Time"), decisions.md ("Envelope"); RFC 8785 for the canonical form.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal

TimeQuality = Literal["good", "corrected", "bracket_only"]

# Integers beyond this are not the same number in JavaScript (RFC 8785 takes IEEE doubles).
LARGEST_INT = 2**53 - 1
# Deeper nesting than any body has; a limit of our own, so that a hostile body gets an answer and not a crash.
DEEPEST = 32


@dataclass(frozen=True)
class Policy:
    """Numbers of the time rule, in seconds."""

    drift_tolerance_s: int = 120
    clamp_tolerance_s: int = 120


@dataclass(frozen=True)
class EffectiveTime:
    """When an item happened (aware UTC), and how well that is known."""

    at: datetime
    quality: TimeQuality


def policy_from(mapping: Mapping[str, Any]) -> Policy:
    """A Policy from a stored mapping; keys it does not know are ignored."""
    known = {field.name for field in fields(Policy)}
    return Policy(**{key: value for key, value in mapping.items() if key in known})


def canonical_json(value: Any) -> bytes:
    """The RFC 8785 bytes of a body made of objects, lists, strings, integers, booleans and null.

    Raises ValueError for anything else (floats, integers beyond 2**53, keys that are not strings,
    lone surrogates, nesting deeper than 32), because its canonical form differs between languages.
    """
    return _canonical(value, 0).encode("utf-8")


def body_sha256(body: Any) -> str:
    """Lower-case hex SHA-256 of the canonical body; ValueError as in `canonical_json`."""
    return hashlib.sha256(canonical_json(body)).hexdigest()


def holds_nul(value: Any) -> bool:
    """Whether a string anywhere in a body holds U+0000, which a PostgreSQL text cannot."""
    if isinstance(value, dict):
        return any(holds_nul(key) or holds_nul(below) for key, below in value.items())
    if isinstance(value, list):
        return any(holds_nul(below) for below in value)
    return isinstance(value, str) and "\x00" in value


def _canonical(value: Any, depth: int) -> str:
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if value is None or isinstance(value, (bool, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_canonical(item, depth + 1) for item in value) + "]"
    if isinstance(value, dict):
        return _object(value, depth)
    raise ValueError(f"not allowed in a body: {type(value).__name__}")


def _integer(value: int) -> str:
    if abs(value) > LARGEST_INT:
        raise ValueError("integer too large")
    return str(int(value))


def _object(value: dict[Any, Any], depth: int) -> str:
    if not all(isinstance(key, str) for key in value):
        raise ValueError("keys are strings")
    # JavaScript compares strings by UTF-16 code units, Python by code points: they differ beyond U+FFFF.
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    pairs = (json.dumps(key, ensure_ascii=False) + ":" + _canonical(value[key], depth + 1) for key in keys)
    return "{" + ",".join(pairs) + "}"


def effective_time(
    device_at: datetime,
    sent_at: datetime,
    received_at: datetime,
    anchor_at: datetime | None,
    policy: Policy,
) -> EffectiveTime:
    """When an item happened: the device's time, corrected by its drift, clamped into what can be proved.

    All times are aware. Drift is received_at - sent_at and corrects when it is over the tolerance. The provable
    bracket is [anchor_at, received_at] (no lower end without an anchor). A clamp that moves the time by no more
    than the tolerance is silent; a larger one makes the quality `bracket_only`.
    """
    at, quality = _corrected(device_at, received_at - sent_at, policy)
    clamped = _clamped(at, received_at, anchor_at)
    if abs(clamped - at) > timedelta(seconds=policy.clamp_tolerance_s):
        quality = "bracket_only"
    return EffectiveTime(clamped, quality)


def _corrected(device_at: datetime, drift: timedelta, policy: Policy) -> tuple[datetime, TimeQuality]:
    if abs(drift) <= timedelta(seconds=policy.drift_tolerance_s):
        return device_at, "good"
    try:
        return device_at + drift, "corrected"
    except OverflowError:
        # A clock in the year 1 or 9999: the clamp that follows says what can be proved.
        return device_at, "corrected"


def _clamped(at: datetime, received_at: datetime, anchor_at: datetime | None) -> datetime:
    lowest = at if anchor_at is None else min(anchor_at, received_at)
    return min(max(at, lowest), received_at)
