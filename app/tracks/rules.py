"""Judgements on fixes and steps of a track.

Everything measured on a track is a union over *steps*: pairs of consecutive fixes. A step is valid or not by itself,
so no measure depends on how a track was cut into segments or on the order in which they came.
Source: measures.md (first paragraph), decisions.md ("Segments").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Policy:
    """What makes two consecutive fixes a step: metres, metres a second, seconds."""

    max_accuracy_m: int = 50
    max_speed_m_s: float = 15
    max_gap_s: int = 120


@dataclass(frozen=True)
class Fix:
    """One position, WGS-84 in 1e-7 degrees; accuracy in whole metres; UTC epoch in whole seconds."""

    lon_e7: int
    lat_e7: int
    accuracy_m: int
    t_s: int


@dataclass(frozen=True)
class Summary:
    """What one segment adds to its duty's figures: sums over its own steps."""

    fixes: int
    steps: int
    distance_m: float
    moving_s: int
    gaps: int
    gap_s: int


def policy_from(mapping: Mapping[str, Any]) -> Policy:
    """A Policy from a stored mapping; keys it does not know are ignored."""
    known = {field.name for field in fields(Policy)}
    return Policy(**{key: value for key, value in mapping.items() if key in known})


def is_accurate(fix: Fix, policy: Policy) -> bool:
    """Whether a fix is good enough to be measured on; a negative accuracy means unknown and is not."""
    return 0 <= fix.accuracy_m <= policy.max_accuracy_m


def is_gap(a: Fix, b: Fix, policy: Policy) -> bool:
    """Whether too long a silence lies between two consecutive fixes; a gap is shown and never bridged."""
    return b.t_s - a.t_s > policy.max_gap_s


def is_step(a: Fix, b: Fix, metres: float, policy: Policy) -> bool:
    """Whether the way from fix a to the next fix b, `metres` apart, is measured.

    The same fix twice is a step of no length; another place in the same second is no step.
    """
    if not (is_accurate(a, policy) and is_accurate(b, policy)):
        return False
    seconds = b.t_s - a.t_s
    if seconds == 0:
        return (a.lon_e7, a.lat_e7) == (b.lon_e7, b.lat_e7)
    return 0 < seconds <= policy.max_gap_s and metres <= policy.max_speed_m_s * seconds


StepKind = Literal["walked", "gap", "dropped"]


def kind_of_step(a: Fix, b: Fix, metres: float, policy: Policy) -> StepKind:
    """How the way between two consecutive fixes is shown: measured, silent for too long, or not to be believed."""
    if is_gap(a, b, policy):
        return "gap"
    return "walked" if is_step(a, b, metres, policy) else "dropped"


def valid_steps(
    fixes: Sequence[Fix], metres: Sequence[float] | NDArray[np.float64], policy: Policy
) -> NDArray[np.bool_]:
    """`is_step` for every pair of consecutive fixes; metres[i] lies between fixes i and i + 1."""
    pairs = zip(fixes, fixes[1:], metres, strict=False)
    return np.array([is_step(a, b, float(m), policy) for a, b, m in pairs], dtype=np.bool_)


def summary(fixes: Sequence[Fix], metres: Sequence[float] | NDArray[np.float64], policy: Policy) -> Summary:
    """Distance and time of the valid steps, and the gaps, of one segment's own fixes.

    Segments repeat the last fix of the one before, so the summaries of a track's segments add up to the track's.
    """
    valid = valid_steps(fixes, metres, policy)
    seconds = [b.t_s - a.t_s for a, b in pairwise(fixes)]
    silent = [s for s in seconds if s > policy.max_gap_s]
    return Summary(
        fixes=len(fixes),
        steps=int(valid.sum()),
        distance_m=float(sum(float(m) for m, ok in zip(metres, valid, strict=False) if ok)),
        moving_s=sum(s for s, ok in zip(seconds, valid, strict=False) if ok),
        gaps=len(silent),
        gap_s=sum(silent),
    )
