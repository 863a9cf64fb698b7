"""Pricing a judged duty in points: base, night, holiday, all checkpoints, hotspot visits, hard-to-fill, hazards, caps.
What is earned or lost beside a duty is in row_rules.py.

Amounts are whole *half points* (48.5 points = 97). Order: minutes x factor, flat bonuses, caps; half points are kept
and rounded down at the end. Nothing here reads kilometres, arrests or incidents: they are never paid.
Source: duty-incentives.md ("Points"), decisions.md ("Ledger").
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo

Range = tuple[datetime, datetime]
Key = tuple[str, str]
RuleName = Literal[
    "base", "night", "holiday", "all_checkpoints", "hotspot_visits", "hard_to_fill", "hazard", "training",
    "on_time_month", "no_show", "false_checkin",
]  # fmt: skip
# The only rule by which approved points may fall below zero: what is taken back is earned back, never paid.
MAY_OVERDRAW = "false_checkin"
ZERO = timedelta()
# What depends on others (sharers, late phones, anybody's last visit) is settled so long after a duty's end.
SETTLES_AFTER = timedelta(hours=72)
# Of a rule's function; the version of its numbers is the policy's.
RULE_VERSIONS: dict[str, int] = {
    "base": 1, "night": 1, "holiday": 1, "all_checkpoints": 1, "hotspot_visits": 1, "hard_to_fill": 1,
    "hazard": 1, "training": 1, "on_time_month": 1, "no_show": 1, "false_checkin": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Policy:
    """Numbers of the point rules; points are whole points, minutes of the day are local."""

    base_per_hour: int = 10
    step_min: int = 15
    shift_max_min: int = 240
    day_max_min: int = 360
    night_from_min: int = 1320
    night_to_min: int = 360
    night_factor: float = 1.5
    holiday_factor: float = 1.5
    factor_cap: float = 2.0
    all_checkpoints: int = 10
    checkpoints_may_miss: int = 1
    checkpoints_least: int = 2
    visit: int = 3
    visits_a_shift: int = 4
    visit_gap_min: int = 45
    hard_to_fill_max: int = 10
    hazard_low: int = 5
    hazard_medium: int = 10
    hazard_high: int = 20
    hazards_a_shift: int = 2
    training_per_hour: int = 10
    training_a_quarter: int = 40
    on_time_month: int = 20
    on_time_shifts: int = 4
    on_time_percent: int = 90
    late_min: int = 15
    no_show: int = 10
    notice_min: int = 0
    false_checkin: int = 50
    reply_days: int = 5
    month_cap: int = 400
    year_cap: int = 3000


@dataclass(frozen=True)
class QualifiedVisit:
    """A visit of at least 10 observed minutes; `since_last_min` is the time since anybody was last there before it,
    None where nobody was (or nothing is known)."""

    hotspot_id: int
    start: datetime
    since_last_min: float | None = None


@dataclass(frozen=True)
class Hazard:
    """A verified hazard that the member was the first to report; `severity` low, medium or high. What was taken back is
    worth nothing and leaves its place to the next."""

    incident_id: str
    severity: str
    reported_at: datetime
    taken_back: bool = False


@dataclass(frozen=True)
class JudgedDuty:
    """What a duty is priced on. `worked` ranges do not overlap; `bonus` is the hard-to-fill bonus set before;
    `minutes_credited_today` are base minutes of the person's earlier duties of the same day."""

    id: str
    worked: tuple[Range, ...]
    zone: str = "Asia/Shanghai"
    holidays: frozenset[date] = frozenset()
    checkpoints_counted: int = 0
    checkpoints_required: int = 0
    qualified_visits: tuple[QualifiedVisit, ...] = ()
    bonus: int = 0
    minutes_credited_today: int = 0
    hazards: tuple[Hazard, ...] = ()


@dataclass(frozen=True)
class Line:
    """One entry to be: half points by a rule for a cause; unique per (rule, cause). `detail` explains it."""

    rule: RuleName
    cause: str
    amount_half: int
    detail: dict[str, Any] = field(default_factory=dict)


def policy_from(mapping: Mapping[str, Any]) -> Policy:
    """A Policy from a stored mapping; keys it does not know are ignored."""
    known = {item.name for item in fields(Policy)}
    return Policy(**{key: value for key, value in mapping.items() if key in known})


def price_duty(duty: JudgedDuty, policy: Policy) -> tuple[Line, ...]:
    """The lines of a duty before caps, in the order of RuleName; only those that are worth something."""
    credited = credited_ranges(duty, policy)
    lines = (
        price_base(duty, credited, policy),
        *price_factors(duty, credited, policy),
        price_checkpoints(duty, policy),
        price_visits(duty, policy),
        price_hard_to_fill(duty, credited, policy),
        *price_hazards(duty, policy),
    )
    return tuple(line for line in lines if line.amount_half > 0)


def cause_of(duty: JudgedDuty) -> str:
    """The cause that every line of a duty names."""
    return f"duty:{duty.id}"


def credited_minutes(duty: JudgedDuty, policy: Policy) -> int:
    """Base minutes of a duty: whole 15-minute steps, at most 4 h a shift and what is left of 6 h a day."""
    worked = sum((end - start for start, end in duty.worked), ZERO)
    left = max(0, policy.day_max_min - duty.minutes_credited_today)
    allowed = min(int(worked // timedelta(minutes=1)), policy.shift_max_min, left)
    return allowed // policy.step_min * policy.step_min


def credited_ranges(duty: JudgedDuty, policy: Policy) -> tuple[Range, ...]:
    """The worked time that is credited: from the beginning, as much as `credited_minutes`."""
    left = timedelta(minutes=credited_minutes(duty, policy))
    kept = []
    for start, end in sorted(duty.worked):
        part = min(left, end - start)
        if part > ZERO:
            kept.append((start, start + part))
        left -= part
    return tuple(kept)


def price_base(duty: JudgedDuty, credited: Sequence[Range], policy: Policy) -> Line:
    """10 points an hour."""
    minutes = sum((end - start for start, end in credited), ZERO) // timedelta(minutes=1)
    return Line("base", cause_of(duty), _half(minutes, Fraction(1), policy), {"minutes": minutes})


def price_factors(duty: JudgedDuty, credited: Sequence[Range], policy: Policy) -> tuple[Line, Line]:
    """What night minutes (22-06 local) and holiday minutes earn beyond the base; the larger factor only."""
    night = min(policy.night_factor, policy.factor_cap)
    holiday = min(policy.holiday_factor, policy.factor_cap)
    at_night = on_holiday = ZERO  # exact: seconds as floats would lose a minute where pauses cut them
    for start, end in _local_parts(credited, duty.zone, policy):
        is_night = _is_night(start, policy)
        is_holiday = start.date() in duty.holidays
        if is_night and (night >= holiday or not is_holiday):
            at_night += end - start
        elif is_holiday:
            on_holiday += end - start
    return (
        _factor_line("night", duty, at_night // timedelta(minutes=1), night, policy),
        _factor_line("holiday", duty, on_holiday // timedelta(minutes=1), holiday, policy),
    )


def price_checkpoints(duty: JudgedDuty, policy: Policy) -> Line:
    """A bonus when all required checkpoints, or all but one, are counted; a route needs at least two."""
    required, counted = duty.checkpoints_required, duty.checkpoints_counted
    enough = max(1, required - policy.checkpoints_may_miss)
    is_earned = required >= policy.checkpoints_least and counted >= enough
    detail = {"counted": counted, "required": required}
    return Line("all_checkpoints", cause_of(duty), 2 * policy.all_checkpoints if is_earned else 0, detail)


def price_visits(duty: JudgedDuty, policy: Policy) -> Line:
    """3 points a qualified hotspot visit, at most 4 a shift, 45 minutes or more since anybody's last visit."""
    paid = payable_visits(duty, policy)
    # How many, not where: a ledger is kept for ever, whereabouts are not.
    detail = {"visits": len(paid), "qualified": len(duty.qualified_visits)}
    return Line("hotspot_visits", cause_of(duty), 2 * policy.visit * len(paid), detail)


def payable_visits(duty: JudgedDuty, policy: Policy) -> tuple[QualifiedVisit, ...]:
    """The visits that are paid: the first four, in time, that come late enough after the last one there."""
    spaced = [
        visit
        for visit in sorted(duty.qualified_visits, key=lambda visit: (visit.start, visit.hotspot_id))
        if visit.since_last_min is None or visit.since_last_min >= policy.visit_gap_min
    ]
    return tuple(spaced[: policy.visits_a_shift])


def price_hard_to_fill(duty: JudgedDuty, credited: Sequence[Range], policy: Policy) -> Line:
    """The bonus set on the shift before it began; nothing for a shift that earned no minutes."""
    bonus = min(max(0, duty.bonus), policy.hard_to_fill_max) if credited else 0
    return Line("hard_to_fill", cause_of(duty), 2 * bonus, {"bonus": bonus})


def price_hazards(duty: JudgedDuty, policy: Policy) -> tuple[Line, ...]:
    """5, 10 or 20 points by severity for the first two, in the order of their reports; each names its report."""
    worth = {"low": policy.hazard_low, "medium": policy.hazard_medium, "high": policy.hazard_high}
    standing = [hazard for hazard in duty.hazards if not hazard.taken_back]
    first = sorted(standing, key=lambda hazard: (hazard.reported_at, hazard.incident_id))
    return tuple(
        Line(
            "hazard", f"incident:{hazard.incident_id}", 2 * worth[hazard.severity],
            {"incident_id": hazard.incident_id, "severity": hazard.severity, "nth": nth},
        )
        for nth, hazard in enumerate(first[: policy.hazards_a_shift], start=1)
    )  # fmt: skip


def apply_caps(
    lines: Sequence[Line], month_so_far_half: int, year_so_far_half: int, policy: Policy
) -> tuple[Line, ...]:
    """The lines as far as the month's and year's caps leave room (all in half points), in their order.

    A line that is cut keeps what it would have been under `uncapped_half` in its detail, and under `cap` which of the
    two took it (the month's where both would); one with nothing left goes.
    """
    of_month, of_year = 2 * policy.month_cap - month_so_far_half, 2 * policy.year_cap - year_so_far_half
    room, cap = min(of_month, of_year), "year" if of_year < of_month else "month"
    kept = []
    for line in lines:
        amount = max(0, min(line.amount_half, room))
        room -= amount
        if amount == line.amount_half:
            kept.append(line)
        elif amount > 0:
            full = line.detail.get("uncapped_half", line.amount_half)  # of one that its own limit cut before
            detail = {**line.detail, "uncapped_half": full, "cap": cap}
            kept.append(replace(line, amount_half=amount, detail=detail))
    return tuple(kept)


def why_changed(
    posted: tuple[int, Mapping[str, Any]] | None, worth: Line | None, *, same_numbers: bool
) -> str:
    """Why what was posted (half points and detail) no longer is what a rule says, as a code of models.WHY. `worth` is
    what the rule says before caps."""
    if posted is None:
        return "came_late"
    if not same_numbers:
        return "rule_changed"
    amount_half, detail = posted
    full_half = detail.get("uncapped_half", amount_half)
    facts = {key: value for key, value in detail.items() if key not in ("uncapped_half", "cap")}
    is_same = worth is not None and (worth.amount_half, worth.detail) == (full_half, facts)
    return "cap_moved" if is_same else "facts_changed"


def first_open_month(month: date, frozen: Collection[date]) -> date:
    """The month (its first day) that takes what is posted for work of `month`: itself, or the next that is open."""
    while month in frozen:
        month = (month + timedelta(days=32)).replace(day=1)
    return month


def why_not_frozen(
    month_ends_at: datetime, last_settles_at: datetime | None, is_frozen: bool, now: datetime
) -> str | None:
    """None, or why a month cannot be frozen now: it must be over, and all of its duties settled."""
    if is_frozen:
        return "month_frozen"
    if now < month_ends_at:
        return "month_still_runs"
    if last_settles_at is not None and now < last_settles_at:
        return "month_not_settled"
    return None


def total_points(lines: Iterable[Line]) -> int:
    """Whole points of lines: half points are kept in them and rounded down here, once."""
    return sum(line.amount_half for line in lines) // 2


def _half(minutes: int, factor: Fraction, policy: Policy) -> int:
    """Half points for minutes at a factor, rounded down to the half point."""
    return int(Fraction(2 * policy.base_per_hour * minutes, 60) * factor)


def _factor_line(
    rule: Literal["night", "holiday"], duty: JudgedDuty, minutes: int, factor: float, policy: Policy
) -> Line:
    beyond = Fraction(str(factor)) - 1
    return Line(
        rule, cause_of(duty), _half(minutes, beyond, policy), {"minutes": minutes, "factor": str(factor)}
    )


def _local_parts(ranges: Sequence[Range], zone: str, policy: Policy) -> list[Range]:
    """The ranges cut where night or the local day changes; each part is of one kind. Times are local and aware."""
    parts: list[Range] = []
    for start, end in ranges:
        edges = [start, *_edges(start, end, zone, policy), end]
        parts.extend(pairwise(edges))
    tz = ZoneInfo(zone)
    return [(low.astimezone(tz), high.astimezone(tz)) for low, high in parts]


def _edges(start: datetime, end: datetime, zone: str, policy: Policy) -> list[datetime]:
    """The moments strictly inside a range at which night begins or ends, or the local day changes (aware UTC)."""
    tz, utc = ZoneInfo(zone), ZoneInfo("UTC")
    day = start.astimezone(tz).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    days = (end - start).days + 2
    walls = (
        day + timedelta(days=n, minutes=minute)
        for n in range(days)
        for minute in (0, policy.night_from_min, policy.night_to_min)
    )
    moments = {wall.replace(tzinfo=tz).astimezone(utc) for wall in walls}
    return sorted(moment for moment in moments if start < moment < end)


def _is_night(local: datetime, policy: Policy) -> bool:
    minute = local.hour * 60 + local.minute
    if policy.night_from_min <= policy.night_to_min:
        return policy.night_from_min <= minute < policy.night_to_min
    return minute >= policy.night_from_min or minute < policy.night_to_min
