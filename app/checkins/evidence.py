"""What makes a check-in stronger or doubtful beyond its own row: a code that was used before, a second member's word.

Pure, as rules.py is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.checkins.rules import DutyWindow, Policy, is_on_duty


@dataclass(frozen=True)
class CodeUse:
    """A right code of a display, by the minute it was shown in. `is_near`: whoever used it was at the checkpoint."""

    id: str
    place_id: int
    step: int
    at: datetime
    is_near: bool = True


def reused_codes(own: Iterable[CodeUse], others: Iterable[CodeUse], policy: Policy) -> frozenset[str]:
    """Uses of a duty whose code was used before: by another crew that was there, or by this person over ten minutes
    ago. A printed day's code is for everybody all day, and is not among them."""
    mine, theirs = sorted(own, key=_by_use), sorted(others, key=_by_use)
    found = set()
    for use in mine:
        mine_before = [o for o in mine if _same_code(o, use) and _by_use(o) < _by_use(use)]
        longest = timedelta(minutes=policy.code_reuse_min)
        if any(use.at - o.at > longest for o in mine_before):
            found.add(use.id)
        if any(o.is_near and _same_code(o, use) and _by_use(o) < _by_use(use) for o in theirs):
            found.add(use.id)
    return frozenset(found)


def _by_use(use: CodeUse) -> tuple[datetime, str]:
    return use.at, use.id


def _same_code(a: CodeUse, b: CodeUse) -> bool:
    return (a.place_id, a.step) == (b.place_id, b.step)


@dataclass(frozen=True)
class Vouching:
    """A second member's word for a check-in: when it was given, and when that member was on duty on the same shift."""

    at: datetime
    duty: DutyWindow


def is_cosigned(at: datetime, vouchings: Iterable[Vouching], policy: Policy) -> bool:
    """Somebody who was on duty then vouched for it, about when it happened."""
    longest = timedelta(minutes=policy.cosign_within_min)
    return any(abs(v.at - at) <= longest and is_on_duty(v.at, v.duty, policy) for v in vouchings)
