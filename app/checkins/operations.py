"""Taking a check-in, and judging all check-ins of a duty as a set."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app.areas.policies import place_of
from app.checkins import queries
from app.checkins.evidence import CodeUse, Vouching, is_cosigned, reused_codes
from app.checkins.models import Checkin, Cosign
from app.checkins.rules import (
    Claim,
    DutyWindow,
    Policy,
    Verdict,
    is_within_radius,
    judge_checkins,
    presence_pairs,
)
from app.clock import local_day
from app.db import db
from app.duty.models import Duty, Shift
from app.duty.rules import Window
from app.errors import DomainError
from app.geo import E7
from app.routes.codes import said_code


@dataclass(frozen=True)
class Sender:
    """Which device said it, when it counts and when it came. `between` is what can be proved of its time: the time
    itself, or a bracket."""

    item_id: UUID
    device_id: UUID
    device_seq: int
    effective_at: datetime
    time_quality: str
    received_at: datetime
    between: tuple[datetime, datetime]


def record_checkin(duty: Duty, shift: Shift, sender: Sender, body: dict[str, Any]) -> None:
    """Measure and store the claim; its verdict comes when the duty's set is judged. Raises unknown_place."""
    fix = body["fix"]
    lon, lat = fix["lon_e7"] / E7, fix["lat_e7"] / E7
    checkpoint_id, hotspot_id = body.get("checkpoint_id"), body.get("hotspot_id")
    measured = queries.measure_claim(
        duty.township_id, checkpoint_id, hotspot_id, shift.route_version_id, lon, lat
    )
    if not measured.place_known:
        raise DomainError("unknown_place")
    db.session.execute(
        insert(Checkin)
        .values(
            township_id=duty.township_id, id=sender.item_id, duty_id=duty.id, person_id=duty.person_id,
            device_id=sender.device_id, device_seq=sender.device_seq, checkpoint_id=checkpoint_id,
            hotspot_id=hotspot_id, phase=body["phase"], method=body["method"], position=queries.point(lon, lat),
            accuracy_m=fix["accuracy_m"], age_ms=fix["age_ms"], mocked=bool(fix.get("mocked", False)),
            distance_m=measured.distance_m, route_distance_m=measured.route_distance_m,
            inside_area=measured.inside_area, effective_at=sender.effective_at,
            time_quality=sender.time_quality, received_at=sender.received_at, verdict="held", reasons=[],
            **_code_values(duty, sender, body),
        )
        .on_conflict_do_nothing()
    )  # fmt: skip


def _code_values(duty: Duty, sender: Sender, body: dict[str, Any]) -> dict[str, Any]:
    """What its code was worth when it was said. A code that came with a position only is not looked at."""
    said, checkpoint_id = (body.get("code") or "").strip(), body.get("checkpoint_id")
    if body["method"] == "gps" or not said or checkpoint_id is None:
        return {}
    # A night shift keeps its day's sheet past midnight; somebody may have put up the new day's.
    days = {duty.day, local_day(sender.effective_at, place_of(duty.township_id).zone)}
    found = said_code(checkpoint_id, body["method"], said, *sender.between, days)
    return {"code_form": found.form, "code_right": found.right, "code_step": found.step}


def record_cosign(
    township_id: int, shift_id: int, person_id: int, item_id: UUID, checkin_id: UUID, at: datetime
) -> None:
    """Somebody's word for a check-in; what it is worth is judged with the check-in, whichever comes first."""
    db.session.execute(
        insert(Cosign)
        .values(
            township_id=township_id, id=item_id, person_id=person_id, checkin_id=checkin_id, shift_id=shift_id,
            said_at=at,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """What judging a duty's check-ins gave: those whose answer may have changed, and the pairs that count.

    `sharers` are the duties of others whose verdicts hang on this one: the same coordinates at the same time, the same
    code, or check-ins that this person has co-signed.
    `is_whole` is False once retention has taken positions: then the pairs that stand are left alone.
    """

    changed: tuple[Checkin, ...]
    is_whole: bool
    sharers: frozenset[int]
    pairs: dict[int, tuple[tuple[float, float], ...]]


def judge_duty(
    duty: Duty, shift: Shift, window: Window, gaps: frozenset[UUID], policy: Policy, zone: str
) -> Judged:
    """Judge the set and write down what changed. A person's decision stands; the reasons stay those of the machine."""
    rows = queries.rows_of_duty(duty)
    live = [row for row in rows if row.lon is not None]
    shared = _same_spots(duty, live)
    reused, code_sharers = _reused(duty, live, policy)
    vouched = _vouched(duty, shift, live, zone, policy)
    marks = Marks(gaps, shared, reused, vouched.checkins)
    claims = [_claim(row, marks) for row in live]
    verdicts = judge_checkins(claims, _duty_window(duty, shift, window, zone), policy)
    changed = [
        row.checkin
        for row in live
        if _write(row.checkin, verdicts[str(row.checkin.id)]) or row.checkin.reviewed_at
    ]
    db.session.flush()
    sharers = {other for others in shared.values() for other in others} | code_sharers | vouched.given_to
    pairs = _pairs(rows, claims, verdicts, policy)
    return Judged(tuple(changed), len(live) == len(rows), frozenset(sharers), pairs)


@dataclass(frozen=True)
class Marks:
    """Check-ins of which something is known beyond their own row."""

    gaps: Container[UUID]
    shared: Container[UUID]
    reused: Container[str]
    cosigned: Container[UUID]


def _same_spots(duty: Duty, live: list[queries.Row]) -> dict[UUID, list[int]]:
    """By check-in: other people's duties at its coordinates and time. One equal point may be chance; a series of them
    is one device's track sent by two, so fewer than two are none."""
    times = [row.checkin.effective_at for row in live]
    found: dict[UUID, list[int]] = {}
    for checkin_id, other in queries.same_spots(duty, min(times), max(times)) if times else ():
        found.setdefault(checkin_id, []).append(other)
    return found if len(found) >= 2 else {}


def _reused(duty: Duty, live: list[queries.Row], policy: Policy) -> tuple[frozenset[str], set[int]]:
    """Check-ins whose minute's code was used before, and the duties of those who used the same."""
    own = [
        CodeUse(str(c.id), c.checkpoint_id or 0, c.code_step, c.effective_at)
        for c in (row.checkin for row in live)
        if c.code_right and c.code_step is not None
    ]
    if not own:
        return frozenset(), set()
    others = queries.same_codes(duty, sorted({(use.place_id, use.step) for use in own}))
    uses = [
        CodeUse(
            str(o.checkin.id), o.checkin.checkpoint_id or 0, o.checkin.code_step or 0, o.checkin.effective_at,
            is_within_radius(o.checkin.distance_m, o.checkin.accuracy_m, o.radius_m, policy),
        )
        for o in others
    ]  # fmt: skip
    return reused_codes(own, uses, policy), {other.duty_id for other in others}


@dataclass(frozen=True)
class Vouched:
    """Check-ins of a duty that somebody of the shift co-signed, and the duties whose check-ins its own person did."""

    checkins: frozenset[UUID] = frozenset()
    given_to: frozenset[int] = frozenset()


def _vouched(duty: Duty, shift: Shift, live: list[queries.Row], zone: str, policy: Policy) -> Vouched:
    cosigns = queries.cosigns_on(shift)
    if not cosigns:
        return Vouched()
    words: dict[UUID, list[Vouching]] = {}
    for cosign, theirs in cosigns:
        if cosign.person_id != duty.person_id and theirs is not None:
            window = _vouching_window(theirs, shift, zone)
            words.setdefault(cosign.checkin_id, []).append(Vouching(cosign.said_at, window))
    good = {
        row.checkin.id
        for row in live
        if is_cosigned(row.checkin.effective_at, words.get(row.checkin.id, ()), policy)
    }
    given = [cosign.checkin_id for cosign, _ in cosigns if cosign.person_id == duty.person_id]
    others = queries.duties_of_checkins(duty.township_id, given) - {duty.id} if given else set()
    return Vouched(frozenset(good), frozenset(others))


def _vouching_window(theirs: Duty, shift: Shift, zone: str) -> DutyWindow:
    pauses = tuple((r.lower, r.upper) for r in theirs.pauses or ())
    return DutyWindow(theirs.started_at, theirs.ended_at, pauses, shift.starts_at, shift.ends_at, zone=zone)


def _write(checkin: Checkin, verdict: Verdict) -> bool:
    outcome = checkin.review_verdict or verdict.outcome
    before = (checkin.verdict, list(checkin.reasons), checkin.evidence_level)
    checkin.verdict, checkin.reasons = outcome, list(verdict.reasons)
    checkin.evidence_level, checkin.speed_kmh = verdict.evidence_level, verdict.speed_kmh
    return before != (checkin.verdict, checkin.reasons, checkin.evidence_level)


def _claim(row: queries.Row, marks: Marks) -> Claim:
    c = row.checkin
    assert row.lon is not None and row.lat is not None
    return Claim(
        id=str(c.id),
        kind="checkpoint" if c.checkpoint_id is not None else "hotspot",
        place_id=c.checkpoint_id or c.hotspot_id or 0,
        phase=c.phase,  # type: ignore[arg-type]
        method=c.method,  # type: ignore[arg-type]
        effective_at=c.effective_at,
        time_quality=c.time_quality,  # type: ignore[arg-type]
        accuracy_m=c.accuracy_m,
        age_ms=c.age_ms,
        mocked=c.mocked,
        lon_e7=round(row.lon * E7),
        lat_e7=round(row.lat * E7),
        distance_m=c.distance_m,
        route_distance_m=c.route_distance_m,
        inside_area=c.inside_area,
        radius_m=row.radius_m,
        seq_gap=c.id in marks.gaps,
        code_ok=c.code_right,
        code_reused=str(c.id) in marks.reused,
        window=row.window,
        shared_coordinates=c.id in marks.shared,
        seq=row.seq,
        offset_m=row.offset_m,
        asked=row.asked,
        cosigned=c.id in marks.cosigned,
    )


def _duty_window(duty: Duty, shift: Shift, window: Window, zone: str) -> DutyWindow:
    return DutyWindow(
        started_at=window.started_at, ended_at=window.ended_at, pauses=window.pauses, planned_start=shift.starts_at,
        planned_end=shift.ends_at, on_roster=duty.on_roster or duty.with_crew, zone=zone,
        shift_ordered=queries.is_ordered(shift),
    )  # fmt: skip


def _pairs(
    rows: list[queries.Row], claims: list[Claim], verdicts: dict[str, Verdict], policy: Policy
) -> dict[int, tuple[tuple[float, float], ...]]:
    """Arrive-and-leave spans (epoch seconds) by hotspot, from the check-ins that count now, reviews included."""
    decided = {str(r.checkin.id): r.checkin.verdict for r in rows}
    final = [
        (c, Verdict(decided[c.id], v.reasons, v.evidence_level, v.speed_kmh))  # type: ignore[arg-type]
        for c, v in ((c, verdicts[c.id]) for c in claims)
    ]
    stays: dict[int, list[tuple[float, float]]] = {}
    for pair in presence_pairs(final, policy):
        stays.setdefault(pair.hotspot_id, []).append((pair.start.timestamp(), pair.end.timestamp()))
    return {hotspot_id: tuple(spans) for hotspot_id, spans in stays.items()}
