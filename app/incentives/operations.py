"""Posting points. A person's month is priced as a whole, in time order, so that the daily limit and the monthly cap
fall the same whatever order the phones' items came in. What changed is reversed and posted anew; nothing is edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from app.areas.policies import InForce, PoliciesOf
from app.checkins import queries as checkins
from app.checkins import rules as checkin_rules
from app.coverage import rules as coverage
from app.db import db
from app.duty import queries as duties
from app.duty import rules as duty_rules
from app.duty.models import Duty, Shift
from app.duty.operations import worked_ranges
from app.incentives import queries
from app.incentives.models import PointEntry
from app.incentives.rules import (
    JudgedDuty,
    Line,
    Policy,
    QualifiedVisit,
    apply_caps,
    credited_minutes,
    policy_from,
    price_duty,
)  # fmt: skip


def post_month(township_id: int, person_id: int, day: date, zone: str, now: datetime) -> bool:
    """Bring the journal in line with the person's finished duties of the day's month; True when anything changed. Then
    the later months of the year follow, whose cap hangs on what was earned before them."""
    queries.lock_journal(township_id, person_id)
    if not _post_one(township_id, person_id, day, zone, now):
        return False
    for later in duties.months_worked(
        township_id, person_id, month_of(day)[1], day.replace(month=12, day=31)
    ):
        _post_one(township_id, person_id, later, zone, now)
    return True


def _post_one(township_id: int, person_id: int, day: date, zone: str, now: datetime) -> bool:
    """One month's finished duties, each by the numbers in force on its own day."""
    first, last = month_of(day)
    policies = PoliciesOf(township_id, first, last)
    worked = duties.ended_duties(township_id, person_id, first, last)
    causes = {f"duty:{duty.id}": duty for duty, _ in worked}
    wanted = price_month(township_id, person_id, first, worked, zone, policies)
    standing = queries.standing_entries(township_id, list(causes))
    n_used = queries.last_n(township_id, list(causes))
    changed = False
    for key in sorted(set(wanted) | set(standing)):
        line, posted = wanted.get(key), standing.get(key)
        if line and posted and line.amount_half == posted.amount_half:
            continue
        duty = causes[key[1]]
        policy_id = policies.on(duty.day).ids.get("incentives")
        n = n_used.get(key, 0)
        if posted:
            n += 1
            _post(
                township_id, duty, key, n, posted.amount_half, now, policy_id, reverses=posted.id, detail={}
            )
        if line:
            _post(
                township_id,
                duty,
                key,
                n + 1,
                line.amount_half,
                now,
                policy_id,
                reverses=None,
                detail=line.detail,
            )
        changed = True
    return changed


def price_month(
    township_id: int,
    person_id: int,
    first: date,
    worked: Sequence[tuple[Duty, Shift]],
    zone: str,
    policies: PoliciesOf,
) -> dict[tuple[str, str], Line]:
    """What the month's finished duties are worth: (rule, cause) → line, caps applied in time order."""
    lines: dict[tuple[str, str], Line] = {}
    month_half = 0
    before = first - timedelta(days=1)
    year_half = queries.pending_half(township_id, person_id, first.replace(month=1, day=1), before)
    minutes_of_day: dict[date, int] = {}
    judged_days = [
        (*one, policy_from(in_force.body("incentives")))
        for in_force, part in _by_policy(worked, policies)
        for one in judged_duties(township_id, part, zone, in_force)
    ]
    for judged, day, policy in judged_days:
        spent = minutes_of_day.get(day, 0)
        judged = JudgedDuty(**{**judged.__dict__, "minutes_credited_today": spent})
        minutes_of_day[day] = spent + credited_minutes(judged, policy)
        for line in apply_caps(price_duty(judged, policy), month_half, year_half + month_half, policy):
            lines[(line.rule, line.cause)] = line
            month_half += line.amount_half
    return lines


def _by_policy(
    worked: Sequence[tuple[Duty, Shift]], policies: PoliciesOf
) -> list[tuple[InForce, list[tuple[Duty, Shift]]]]:
    """Duties in time order, those under the same numbers together."""
    parts: list[tuple[InForce, list[tuple[Duty, Shift]]]] = []
    for duty, shift in worked:
        in_force = policies.on(duty.day)
        if not parts or parts[-1][0] is not in_force:
            parts.append((in_force, []))
        parts[-1][1].append((duty, shift))
    return parts


def judged_duties(
    township_id: int, worked: Sequence[tuple[Duty, Shift]], zone: str, in_force: InForce
) -> list[tuple[JudgedDuty, date]]:
    ids = [duty.id for duty, _ in worked]
    if not ids:
        return []
    least = checkin_rules.policy_from(in_force.body("checkins")).min_level_for_points
    counted = checkins.counted_checkpoints([duty for duty, _ in worked], least)
    versions = [shift.route_version_id for _, shift in worked if shift.route_version_id is not None]
    required = checkins.required_checkpoints(versions)
    visits = qualified_visits(township_id, worked, in_force)
    duty_policy = duty_rules.policy_from(in_force.body("duty"))
    return [
        (
            JudgedDuty(
                id=str(duty.id),
                worked=worked_ranges(duty, shift, duty_policy),
                zone=zone,
                checkpoints_counted=counted.get(duty.id, 0),
                checkpoints_required=required.get(shift.route_version_id or 0, 0),
                qualified_visits=tuple(visits.get(duty.id, ())),
            ),
            duty.day,
        )
        for duty, shift in worked
    ]


def qualified_visits(
    township_id: int, worked: Sequence[tuple[Duty, Shift]], in_force: InForce
) -> dict[int, list[QualifiedVisit]]:
    """Each duty's qualified visits with the minutes since anybody was last there (a crew together is one visit)."""
    policy = coverage.policy_from(in_force.body("coverage"))
    stays = queries.stays_of(township_id, [duty.id for duty, _ in worked])
    found: dict[int, list[QualifiedVisit]] = {}
    for duty, _shift in worked:
        for hotspot_id, ranges in stays.get(duty.id, {}).items():
            good = [
                v for v in coverage.visits(coverage.union(ranges), policy) if coverage.is_qualified(v, policy)
            ]
            found.setdefault(duty.id, []).extend(QualifiedVisit(hotspot_id, v.start) for v in good)
    return _with_last_visits(township_id, worked, found, policy)


def _with_last_visits(
    township_id: int, worked: Sequence[tuple[Duty, Shift]], found: dict[int, list[QualifiedVisit]],
    policy: coverage.Policy,
) -> dict[int, list[QualifiedVisit]]:  # fmt: skip
    every = [v for visits in found.values() for v in visits]
    if not every:
        return found
    span = (min(v.start for v in every), max(v.start for v in every))
    hotspots = sorted({v.hotspot_id for v in every})
    visits = [
        Stay(shift_id, hotspot_id, v.start, v.end)
        for (shift_id, _), (hotspot_id, ranges) in queries.shift_stays(township_id, hotspots, *span).items()
        for v in coverage.visits(coverage.union(ranges), policy)
    ]
    shift_of = {duty.id: shift.id for duty, shift in worked}
    return {
        duty_id: [_since_last(v, shift_of[duty_id], visits) for v in own] for duty_id, own in found.items()
    }


@dataclass(frozen=True)
class Stay:
    """A crew's visit to a hotspot."""

    shift_id: int
    hotspot_id: int
    start: datetime
    end: datetime


def _since_last(visit: QualifiedVisit, shift_id: int, visits: Sequence[Stay]) -> QualifiedVisit:
    """Anybody's: other shifts', the crew's and one's own earlier visit count alike. While another crew is still there
    it is no time at all; the own crew is one visit, whoever of it came first."""
    earlier = [
        min(v.end, visit.start)
        for v in visits
        if v.hotspot_id == visit.hotspot_id
        and (v.end <= visit.start or (v.shift_id != shift_id and v.start < visit.start))
    ]
    since = (visit.start - max(earlier)).total_seconds() / 60 if earlier else None
    return QualifiedVisit(visit.hotspot_id, visit.start, since)


def _post(
    township_id: int, duty: Duty, key: tuple[str, str], n: int, amount_half: int, now: datetime,
    policy_id: int | None, *, reverses: int | None, detail: dict[str, Any],
) -> None:  # fmt: skip
    issue, pending = "issue", f"person:{duty.person_id}:pending"
    debit, credit = (pending, issue) if reverses else (issue, pending)
    db.session.execute(
        insert(PointEntry).values(
            township_id=township_id, person_id=duty.person_id, rule=key[0], cause=key[1], n=n, reverses_id=reverses,
            amount_half=amount_half, debit_account=debit, credit_account=credit, policy_version_id=policy_id,
            earned_on=duty.day, detail=detail, made_at=now,
        )
    )  # fmt: skip


def month_of(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return first, following - timedelta(days=1)


__all__ = ["Policy", "month_of", "post_month", "price_month"]
