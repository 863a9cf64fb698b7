"""What becomes of a person's month: who is drawn for audit, when a notice ends, what still stands in the way. Pure.

Amounts are whole half points. Source: duty-incentives.md ("Flow"), docs/approval.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from statistics import fmean, median
from typing import Any, Literal

State = Literal[
    "unsettled", "to_submit", "submitted", "changed", "differs", "returned", "approved", "set_aside", "debt", "nothing"
]  # fmt: skip
# Nothing more is to be done about a person's month in one of these.
DECIDED = frozenset({"approved", "set_aside", "debt", "nothing"})
DRAWN = ("random", "hours", "total", "cap", "flags")
ONE_DAY = timedelta(days=1)
# What makes a median absolute deviation, or a mean one, the measure that a standard deviation is (Iglewicz, Hoaglin).
OF_MEDIAN, OF_MEAN = 1.4826, 1.2533


@dataclass(frozen=True)
class Policy:
    """`audit_percent` of the persons of a month, one at least. `outlier_z`: robust z from the others', of points per
    hour and of the month's points, among at least `outlier_least` persons. `…_working_days`: a notice, an answer."""

    audit_percent: float = 5.0
    outlier_z: float = 3.5
    outlier_least: int = 5
    flags_least: int = 3
    flags_per_shift: float = 0.5
    notice_working_days: int = 5
    objection_working_days: int = 5


BOUNDS: dict[str, tuple[float, float]] = {
    "audit_percent": (0, 100), "outlier_z": (1, 100), "outlier_least": (3, 1000), "flags_least": (1, 1000),
    "flags_per_shift": (0, 100), "notice_working_days": (1, 60), "objection_working_days": (1, 60),
}  # fmt: skip


def policy_from(mapping: Mapping[str, Any]) -> Policy:
    """A Policy from a stored mapping; a key that is not known, or a value that cannot be, leaves the default."""
    found: dict[str, Any] = {}
    for item in fields(Policy):
        value, (least, most) = mapping.get(item.name), BOUNDS[item.name]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            continue
        if not isinstance(item.default, int):
            found[item.name] = float(value)
        elif value == int(value):
            found[item.name] = int(value)
    return Policy(**found)


# --- a person's month -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """As much of a person's month as its state hangs on. `open_half`: what pending holds for the month, and what
    earlier months left; `held_half`: what the approved account holds. `kind`: of the last decision, `submitted_half`:
    of a submission that came after it."""

    open_half: int
    held_half: int
    kind: str | None = None
    submitted_half: int | None = None
    settles_at: datetime | None = None


def movable(standing: Standing) -> int:
    """Half points that an approval moves now: all that is pending; or what the approved account can give back, never
    below zero. The rest of a debt stays pending and is earned back."""
    if standing.open_half >= 0:
        return standing.open_half
    return -min(-standing.open_half, max(0, standing.held_half))


def state_of(standing: Standing, now: datetime) -> State:
    half, is_submitted = movable(standing), standing.submitted_half is not None
    if standing.kind == "set_aside" and not is_submitted:
        return "set_aside"
    if not half and standing.kind != "returned":
        if standing.kind == "approved":
            return "approved"
        return "debt" if standing.open_half < 0 else "nothing"
    if standing.settles_at is not None and now < standing.settles_at:
        return "unsettled"
    if is_submitted:
        return "submitted" if standing.submitted_half == half else "changed"
    if standing.kind == "returned":
        return "returned"
    return "differs" if standing.kind == "approved" else "to_submit"


# --- who is drawn for audit -----------------------------------------------------------------------


@dataclass(frozen=True)
class Worked:
    """A person's month as an audit looks at it. `group`: whom it is compared with first (the team)."""

    person_id: int
    group: int | None
    half: int
    worked_s: int
    shifts: int
    flags: int

    @property
    def an_hour(self) -> float | None:
        return self.half / 2 / (self.worked_s / 3600) if self.worked_s >= 900 else None


def drawn(month: Sequence[Worked], seed: str, cap_half: int, policy: Policy) -> dict[int, tuple[str, ...]]:
    """By person: why. The same for the same month whoever asks, and whenever: nobody chooses."""
    found: dict[int, list[str]] = {one.person_id: [] for one in month}
    for person_id in by_lot([one.person_id for one in month], seed, policy.audit_percent):
        found[person_id].append("random")
    for one in month:
        found[one.person_id] += outlying(one, month, policy)
        if one.half >= cap_half:
            found[one.person_id].append("cap")
        if one.flags >= policy.flags_least and one.flags > policy.flags_per_shift * one.shifts:
            found[one.person_id].append("flags")
    return {person_id: tuple(why) for person_id, why in found.items() if why}


def by_lot(person_ids: Iterable[int], seed: str, percent: float) -> list[int]:
    """So many per cent, one at least where there is anybody, in the order of a hash over the seed."""
    ordered = sorted(
        set(person_ids), key=lambda one: (hashlib.sha256(f"{seed}:{one}".encode()).digest(), one)
    )
    if not ordered or not percent:
        return []
    return ordered[: max(1, -int(-len(ordered) * percent // 100))]


def outlying(one: Worked, month: Sequence[Worked], policy: Policy) -> list[str]:
    """In which figures somebody stands out from the others: of the team, or where it is too small of the township."""
    team = [other for other in month if other.group == one.group]
    among = team if len(team) >= policy.outlier_least else month
    if len(among) < policy.outlier_least:
        return []
    found = []
    rates = [other.an_hour for other in among if other.an_hour is not None]
    if one.an_hour is not None and abs(robust_z(one.an_hour, rates)) > policy.outlier_z:
        found.append("hours")
    if abs(robust_z(one.half, [other.half for other in among])) > policy.outlier_z:
        found.append("total")
    return found


def robust_z(value: float, values: Sequence[float]) -> float:
    """How many robust standard deviations from the median. Where most are alike, the mean deviation measures."""
    if not values:
        return 0.0
    middle = median(values)
    away = [abs(one - middle) for one in values]
    scale = OF_MEDIAN * median(away) or OF_MEAN * fmean(away)
    return (value - middle) / scale if scale else 0.0


# --- working days ---------------------------------------------------------------------------------


def is_working_day(day: date, holidays: Collection[date] = ()) -> bool:
    return day.weekday() < 5 and day not in holidays


def working_days_after(day: date, n: int, holidays: Collection[date] = ()) -> date:
    """The n-th working day after a day: the day itself does not count, for it is not a whole one any more."""
    while n > 0:
        day += ONE_DAY
        n -= is_working_day(day, holidays)
    return day


# --- what stands in the way -----------------------------------------------------------------------


def why_not_open(states: Collection[str], audits_open: int, *, is_over: bool, is_open: bool) -> str | None:
    """None, or why no notice of the month can be opened now."""
    if is_open:
        return "notice_open_already"
    if not is_over:
        return "month_still_runs"
    if any(state not in DECIDED for state in states):
        return "notice_undecided"
    if audits_open:
        return "notice_audits_open"
    return None if "approved" in states else "notice_of_nobody"


@dataclass(frozen=True)
class Waiting:
    """What a month waits for. `closes_at`: the end of its notice, None before there is one. `returned`: persons whose
    approval was taken back and who are not decided anew."""

    closes_at: datetime | None
    objections: int
    returned: int
    audits: int


def why_not_final(waiting: Waiting, now: datetime) -> str | None:
    """None, or why the month cannot be frozen: never before its notice and all objections are over."""
    if waiting.closes_at is None:
        return "notice_missing"
    if now < waiting.closes_at:
        return "notice_runs"
    if waiting.objections:
        return "objections_open"
    if waiting.returned:
        return "returned_open"
    return "notice_audits_open" if waiting.audits else None


def points(half: int) -> int:
    """Whole points: half points are kept and rounded down at the end, towards zero where something is taken back."""
    return half // 2 if half >= 0 else -(-half // 2)


__all__ = ["Policy", "Standing", "Waiting", "Worked", "drawn", "state_of"]
