"""Judging check-ins: a verdict with every reason, a pure function of the set of a duty's claims.

The order of arrival never matters: neighbours are neighbours in (effective_at, id), and a claim is judged again when
another of its duty comes. Source: field-protocol.md ("Verdicts on a check-in"), the reason codes of the catalogue.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo

Outcome = Literal["counted", "held", "not_counted"]

# In the order in which a person reads them: what does not count, what a person must look at, what is only marked.
NOT_COUNTED = ("too_far_from_checkpoint", "accuracy_too_low")
HELD = (
    "not_on_duty",
    "outside_area",
    "impossible_speed",
    "mocked_position",
    "wrong_code",
    "code_already_used",
    "time_bracket_only",
    "repeated_coordinates",
    "constant_accuracy",
    "shared_coordinates",
)
FLAGGED = (
    "fast_movement",
    "old_fix",
    "clock_corrected",
    "out_of_window",
    "out_of_order",
    "off_roster",
    "sequence_gap",
    "constant_offset",
    "weaker_than_asked",
)
REASONS = NOT_COUNTED + HELD + FLAGGED

EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True)
class Policy:
    """Numbers of the check-in rules; names carry the unit."""

    allowance_m: int = 30
    max_accuracy_m: int = 100
    grace_min: int = 15
    open_duty_min: int = 60
    flag_speed_kmh: float = 60
    hold_speed_kmh: float = 150
    old_fix_s: int = 60
    window_grace_min: int = 10
    repeated_n: int = 3
    repeated_span_s: int = 600
    constant_accuracy_n: int = 10
    constant_accuracy_span_s: int = 1800
    constant_offset_n: int = 3
    constant_offset_min_m: float = 100
    constant_offset_spread_m: float = 30
    pair_max_min: int = 240
    code_reuse_min: int = 10
    cosign_within_min: int = 15
    min_level_for_points: int = 0


@dataclass(frozen=True)
class Claim:
    """One check-in as measured. `place_id` is the checkpoint or hotspot; `distance_m` is metres to it (0 inside a
    hotspot, None where there is no position to measure from); `window` is local minutes of the day (from, to)
    and may pass midnight; `code_ok` is None where none was given; `asked` is what the checkpoint asks for; `seq` is the
    checkpoint's place on the route; `offset_m` is (east, north) from the checkpoint to the claim."""

    id: str
    kind: Literal["checkpoint", "hotspot"]
    place_id: int
    phase: Literal["here", "arrive", "leave"]
    method: Literal["gps", "code", "nfc"]
    effective_at: datetime
    time_quality: Literal["good", "corrected", "bracket_only"]
    accuracy_m: int
    age_ms: int
    mocked: bool
    lon_e7: int
    lat_e7: int
    distance_m: float | None
    route_distance_m: float | None = None
    inside_area: bool = True
    radius_m: int = 0
    seq_gap: bool = False
    code_ok: bool | None = None
    code_reused: bool = False
    window: tuple[int, int] | None = None
    shared_coordinates: bool = False
    seq: int | None = None
    offset_m: tuple[float, float] | None = None
    asked: str = "gps"
    cosigned: bool = False


@dataclass(frozen=True)
class DutyWindow:
    """When the author was on duty, as far as known: start, end, closed pauses; and the shift's plan."""

    started_at: datetime | None
    ended_at: datetime | None
    pauses: tuple[tuple[datetime, datetime], ...]
    planned_start: datetime
    planned_end: datetime
    on_roster: bool = True
    shift_ordered: bool = False
    zone: str = "Asia/Shanghai"


@dataclass(frozen=True)
class Verdict:
    """Outcome with all reasons (in the order of REASONS), evidence level E0..E4, and the speed to the faster
    neighbour where it has one."""

    outcome: Outcome
    reasons: tuple[str, ...]
    evidence_level: int
    speed_kmh: float | None


@dataclass(frozen=True)
class Pair:
    """An arrive and a leave at one hotspot: presence from start to end (half-open)."""

    hotspot_id: int
    start: datetime
    end: datetime


def policy_from(mapping: Mapping[str, Any]) -> Policy:
    """A Policy from a stored mapping; keys it does not know are ignored."""
    known = {field.name for field in fields(Policy)}
    return Policy(**{key: value for key, value in mapping.items() if key in known})


# The verdict ----------------------------------------------------------------------------------------------------


def judge_checkins(claims: Iterable[Claim], duty: DutyWindow, policy: Policy) -> dict[str, Verdict]:
    """A verdict for each claim of one duty, by its id. Reads the claims as a set."""
    ordered = sorted(claims, key=_by_time)
    speeds = _speeds(ordered, policy)
    series = _series_reasons(ordered, duty, policy)
    return {claim.id: _verdict(claim, duty, policy, speeds[claim.id], series[claim.id]) for claim in ordered}


def outcome_of(reasons: Iterable[str]) -> Outcome:
    """What a set of reasons makes of a claim: the hardest class among them; none, or flags only, is counted."""
    given = set(reasons)
    if given & set(NOT_COUNTED):
        return "not_counted"
    return "held" if given & set(HELD) else "counted"


def _verdict(
    claim: Claim, duty: DutyWindow, policy: Policy, speed_kmh: float | None, series: set[str]
) -> Verdict:
    found = series | _own_reasons(claim, duty, policy) | _speed_reasons(speed_kmh, policy)
    reasons = tuple(reason for reason in REASONS if reason in found)
    return Verdict(outcome_of(reasons), reasons, _evidence_level(claim, speed_kmh, policy), speed_kmh)


def _by_time(claim: Claim) -> tuple[datetime, str]:
    return claim.effective_at, claim.id


def _own_reasons(claim: Claim, duty: DutyWindow, policy: Policy) -> set[str]:
    """Reasons that need no other claim."""
    facts = {
        "too_far_from_checkpoint": not is_near_enough(claim, policy),
        "accuracy_too_low": not 0 <= claim.accuracy_m <= policy.max_accuracy_m,
        "not_on_duty": not is_on_duty(claim.effective_at, duty, policy),
        "outside_area": not claim.inside_area,
        "mocked_position": claim.mocked,
        "wrong_code": claim.code_ok is False,
        "code_already_used": claim.code_reused,
        "time_bracket_only": claim.time_quality == "bracket_only",
        "shared_coordinates": claim.shared_coordinates,
        "old_fix": claim.age_ms > policy.old_fix_s * 1000,
        "clock_corrected": claim.time_quality == "corrected",
        "out_of_window": not is_in_window(claim, duty.zone, policy),
        "off_roster": not duty.on_roster,
        "sequence_gap": claim.seq_gap,
        "weaker_than_asked": is_weaker_than_asked(claim),
    }
    return {reason for reason, holds in facts.items() if holds}


def is_weaker_than_asked(claim: Claim) -> bool:
    """The checkpoint asks for a code or a tag, and there is neither that nor a co-signature. A right code does where a
    tag is asked: not every phone reads tags. (A wrong one is `wrong_code` already.)"""
    return claim.asked in ("code", "nfc") and claim.code_ok is None and not claim.cosigned


def is_near_enough(claim: Claim, policy: Policy) -> bool:
    """Within the radius, after an allowance for a weak signal that is never more than 30 m."""
    return is_within_radius(claim.distance_m, claim.accuracy_m, claim.radius_m, policy)


def is_within_radius(distance_m: float | None, accuracy_m: int, radius_m: int, policy: Policy) -> bool:
    slack_m = max(0, min(accuracy_m, policy.allowance_m))
    return distance_m is not None and distance_m - slack_m <= radius_m


def _slack_m(claim: Claim, policy: Policy) -> int:
    return max(0, min(claim.accuracy_m, policy.allowance_m))


def is_on_duty(at: datetime, duty: DutyWindow, policy: Policy) -> bool:
    """Between start and end and not paused, 15 minutes' grace at every edge.

    A duty without an end lasts until 60 minutes after the planned end.
    """
    if duty.started_at is None:
        return False
    grace = timedelta(minutes=policy.grace_min)
    end = duty.ended_at or duty.planned_end + timedelta(minutes=policy.open_duty_min)
    if not duty.started_at - grace <= at <= end + grace:
        return False
    return not any(start + grace < at < stop - grace for start, stop in duty.pauses)


def is_in_window(claim: Claim, zone: str, policy: Policy) -> bool:
    """In the checkpoint's window, 10 minutes either side allowed; true where there is no window."""
    if claim.window is None:
        return True
    local = claim.effective_at.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute + local.second / 60
    start, stop = claim.window
    length = (stop - start) % 1440 + 2 * policy.window_grace_min
    return (minute - start + policy.window_grace_min) % 1440 <= length


def _evidence_level(claim: Claim, speed_kmh: float | None, policy: Policy) -> int:
    """E4 co-signed, E3 a good NFC tag, E2 a good rotating code, E1 plausible neighbours, E0 a position alone."""
    if claim.cosigned:
        return 4
    if claim.code_ok and not claim.code_reused and claim.method in ("nfc", "code"):
        return 3 if claim.method == "nfc" else 2
    plausible = speed_kmh is not None and speed_kmh <= policy.flag_speed_kmh and not claim.mocked
    return 1 if plausible else 0


# Speed to the neighbours ----------------------------------------------------------------------------------------


def _speeds(ordered: Sequence[Claim], policy: Policy) -> dict[str, float | None]:
    """The speed to the faster neighbour. A time known only by its bracket says nothing about speed."""
    timed = [claim for claim in ordered if claim.time_quality != "bracket_only"]
    between = [_speed_kmh(a, b, policy) for a, b in pairwise(timed)]
    speeds: dict[str, float | None] = {claim.id: None for claim in ordered}
    for n, claim in enumerate(timed):
        speeds[claim.id] = max(between[max(0, n - 1) : n + 1], default=None)
    return speeds


def _speed_kmh(a: Claim, b: Claim, policy: Policy) -> float:
    """Implied speed, after each end's own uncertainty; claims in the same second are a second apart."""
    metres = metres_between(a.lon_e7, a.lat_e7, b.lon_e7, b.lat_e7)
    metres = max(0.0, metres - _slack_m(a, policy) - _slack_m(b, policy))
    seconds = max(1.0, abs((b.effective_at - a.effective_at).total_seconds()))
    return metres / seconds * 3.6


def metres_between(lon_a_e7: int, lat_a_e7: int, lon_b_e7: int, lat_b_e7: int) -> float:
    """Great-circle metres on the mean sphere (within 0.6 % of the ellipsoid, enough for a speed)."""
    lon_a, lat_a, lon_b, lat_b = (math.radians(v / 1e7) for v in (lon_a_e7, lat_a_e7, lon_b_e7, lat_b_e7))
    h = math.sin((lat_b - lat_a) / 2) ** 2
    h += math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def _speed_reasons(speed_kmh: float | None, policy: Policy) -> set[str]:
    if speed_kmh is None or speed_kmh <= policy.flag_speed_kmh:
        return set()
    return {"impossible_speed" if speed_kmh > policy.hold_speed_kmh else "fast_movement"}


# Patterns over the whole duty -----------------------------------------------------------------------------------


def _series_reasons(ordered: Sequence[Claim], duty: DutyWindow, policy: Policy) -> dict[str, set[str]]:
    patterns: dict[str, set[str]] = {
        "repeated_coordinates": _repeated(ordered, policy),
        "constant_accuracy": _constant_accuracy(ordered, policy),
        "constant_offset": _constant_offset(ordered, policy),
        "out_of_order": _out_of_order(ordered, policy) if duty.shift_ordered else set(),
    }
    return {claim.id: {name for name, ids in patterns.items() if claim.id in ids} for claim in ordered}


def _span_s(ordered: Sequence[Claim]) -> float:
    return (ordered[-1].effective_at - ordered[0].effective_at).total_seconds()


def _groups(ordered: Iterable[Claim], key: Callable[[Claim], object]) -> list[list[Claim]]:
    groups: dict[object, list[Claim]] = {}
    for claim in ordered:
        groups.setdefault(key(claim), []).append(claim)
    return list(groups.values())


def _repeated(ordered: Sequence[Claim], policy: Policy) -> set[str]:
    """Claims at coordinates that came up three times over ten minutes, equal to six decimals."""
    same = _groups(ordered, lambda claim: ((claim.lon_e7 + 5) // 10, (claim.lat_e7 + 5) // 10))
    hits = [g for g in same if len(g) >= policy.repeated_n and _span_s(g) >= policy.repeated_span_s]
    return {claim.id for group in hits for claim in group}


def _constant_accuracy(ordered: Sequence[Claim], policy: Policy) -> set[str]:
    """All claims of a long duty with one accuracy to the metre; a few alike are ordinary."""
    enough = len(ordered) >= policy.constant_accuracy_n
    if not enough or _span_s(ordered) < policy.constant_accuracy_span_s:
        return set()
    constant = len({claim.accuracy_m for claim in ordered}) == 1
    return {claim.id for claim in ordered} if constant else set()


def _constant_offset(ordered: Sequence[Claim], policy: Policy) -> set[str]:
    """All claims off their checkpoints by one vector: a map or phone in the wrong datum, nobody's cheating."""
    off = [(claim, claim.offset_m) for claim in ordered if claim.offset_m is not None]
    if len({claim.place_id for claim, _ in off}) < policy.constant_offset_n:
        return set()
    east = sum(offset[0] for _, offset in off) / len(off)
    north = sum(offset[1] for _, offset in off) / len(off)
    spread = max(math.hypot(offset[0] - east, offset[1] - north) for _, offset in off)
    far = math.hypot(east, north) >= policy.constant_offset_min_m
    return {claim.id for claim, _ in off} if far and spread <= policy.constant_offset_spread_m else set()


def _out_of_order(ordered: Sequence[Claim], policy: Policy) -> set[str]:
    """First claims at a checkpoint after a later one of a fixed order was reached; leaving one out is not it."""
    reached: set[int] = set()
    found = set()
    for claim in ordered:
        if claim.seq is None or claim.seq in reached or not is_near_enough(claim, policy):
            continue
        if reached and claim.seq < max(reached):
            found.add(claim.id)
        reached.add(claim.seq)
    return found


# What follows from verdicts -------------------------------------------------------------------------------------


def words_figures(claim: Claim, policy: Policy) -> dict[str, int]:
    """The figures of the sentence "86 m from the east gate; counts within 40 m, plus up to 30 m".

    Whole metres, the distance rounded up so that a refused claim never reads as if it were inside.
    """
    figures = {
        "radius_m": claim.radius_m,
        "allowance_m": policy.allowance_m,
        "accuracy_m": claim.accuracy_m,
        "max_accuracy_m": policy.max_accuracy_m,
    }
    if claim.distance_m is not None:
        figures["distance_m"] = math.ceil(claim.distance_m - 1e-9)
    return figures


def counted_checkpoints(judged: Iterable[tuple[Claim, Verdict]]) -> frozenset[int]:
    """The distinct checkpoints with a counted claim."""
    return frozenset(
        claim.place_id
        for claim, verdict in judged
        if claim.kind == "checkpoint" and verdict.outcome == "counted"
    )


def presence_pairs(judged: Iterable[tuple[Claim, Verdict]], policy: Policy = Policy()) -> tuple[Pair, ...]:
    """Presence from hotspot taps: a counted arrive and the next counted leave there, at most four hours apart.

    An arrive after an arrive: the later one pairs. One alone never becomes minutes.
    """
    counted = [c for c, verdict in judged if c.kind == "hotspot" and verdict.outcome == "counted"]
    at_places = _groups(sorted(counted, key=_by_time), lambda claim: claim.place_id)
    pairs = (pair for taps in at_places for pair in _pairs_at(taps, policy))
    return tuple(sorted(pairs, key=lambda pair: (pair.start, pair.hotspot_id)))


def _pairs_at(taps: Sequence[Claim], policy: Policy) -> list[Pair]:
    pairs = []
    arrived: datetime | None = None
    for tap in taps:
        if tap.phase == "arrive":
            arrived = tap.effective_at
        elif tap.phase == "leave":
            if arrived is not None and _is_stay(arrived, tap.effective_at, policy):
                pairs.append(Pair(tap.place_id, arrived, tap.effective_at))
            arrived = None
    return pairs


def _is_stay(arrived: datetime, left: datetime, policy: Policy) -> bool:
    return timedelta() < left - arrived <= timedelta(minutes=policy.pair_max_min)
