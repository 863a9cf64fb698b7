"""Taking a check-in, and judging all check-ins of a duty as a set."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app.checkins import queries
from app.checkins.models import Checkin
from app.checkins.rules import Claim, DutyWindow, Policy, Verdict, judge_checkins, presence_pairs
from app.db import db
from app.duty.models import Duty, Shift
from app.duty.rules import Window
from app.errors import DomainError
from app.geo import E7


@dataclass(frozen=True)
class Sender:
    """Which device said it, when it counts and when it came."""

    item_id: UUID
    device_id: UUID
    device_seq: int
    effective_at: datetime
    time_quality: str
    received_at: datetime


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
        )
        .on_conflict_do_nothing()
    )  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """What judging a duty's check-ins gave: those whose answer may have changed, and the pairs that count.

    `sharers` are the duties of others with the same coordinates at the same time.
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
    claims = [_claim(row, gaps, shared) for row in live]
    verdicts = judge_checkins(claims, _duty_window(duty, shift, window, zone), policy)
    changed = [
        row.checkin
        for row in live
        if _write(row.checkin, verdicts[str(row.checkin.id)]) or row.checkin.reviewed_at
    ]
    db.session.flush()
    sharers = frozenset(other for others in shared.values() for other in others)
    pairs = _pairs(rows, claims, verdicts, policy)
    return Judged(tuple(changed), len(live) == len(rows), sharers, pairs)


def _same_spots(duty: Duty, live: list[queries.Row]) -> dict[UUID, list[int]]:
    """By check-in: other people's duties at its coordinates and time. One equal point may be chance; a series of them
    is one device's track sent by two, so fewer than two are none."""
    times = [row.checkin.effective_at for row in live]
    found: dict[UUID, list[int]] = {}
    for checkin_id, other in queries.same_spots(duty, min(times), max(times)) if times else ():
        found.setdefault(checkin_id, []).append(other)
    return found if len(found) >= 2 else {}


def _write(checkin: Checkin, verdict: Verdict) -> bool:
    outcome = checkin.review_verdict or verdict.outcome
    before = (checkin.verdict, list(checkin.reasons), checkin.evidence_level)
    checkin.verdict, checkin.reasons = outcome, list(verdict.reasons)
    checkin.evidence_level, checkin.speed_kmh = verdict.evidence_level, verdict.speed_kmh
    return before != (checkin.verdict, checkin.reasons, checkin.evidence_level)


def _claim(row: queries.Row, gaps: frozenset[UUID], shared: Container[UUID]) -> Claim:
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
        seq_gap=c.id in gaps,
        window=row.window,
        shared_coordinates=c.id in shared,
        seq=row.seq,
        offset_m=row.offset_m,
    )


def _duty_window(duty: Duty, shift: Shift, window: Window, zone: str) -> DutyWindow:
    return DutyWindow(
        started_at=window.started_at, ended_at=window.ended_at, pauses=window.pauses, planned_start=shift.starts_at,
        planned_end=shift.ends_at, on_roster=duty.on_roster, zone=zone,
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
