"""Qualified hotspot visits of duties, each with the time since anybody's last visit there: as it is known now, or as it
was settled 72 h after the duty. Who was elsewhere without a signal takes nothing from others after that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.dialects.postgresql import insert

from app.areas.policies import InForce
from app.coverage import rules as coverage
from app.db import db
from app.duty.models import Duty, Shift
from app.incentives import queries
from app.incentives.models import SettledVisit
from app.incentives.rules import QualifiedVisit

# A visit with its end.
Ending = tuple[QualifiedVisit, datetime]


@dataclass(frozen=True)
class Stay:
    """A crew's visit to a hotspot."""

    shift_id: int
    hotspot_id: int
    start: datetime
    end: datetime


def qualified_visits(
    township_id: int, worked: Sequence[tuple[Duty, Shift]], in_force: InForce
) -> dict[int, list[QualifiedVisit]]:
    """By duty. What was settled counts as it was settled, but for what a duty found false since took; what the own
    phone brought later is measured now."""
    policy = coverage.policy_from(in_force.body("coverage"))
    found = _own_visits(township_id, worked, policy)
    settled = queries.settled_visits(township_id, list(found)) if found else {}
    known: dict[int, list[Ending]] = {}
    still_open: dict[int, list[Ending]] = {}
    for duty_id, visits in found.items():
        for visit, end in visits:
            row = _settled_as(visit, settled.get(duty_id, ()))
            if row is None:
                still_open.setdefault(duty_id, []).append((visit, end))
            else:
                known.setdefault(duty_id, []).append((replace(visit, since_last_min=row.since_last_min), end))
    known = _given_back(township_id, worked, known, policy)
    for duty_id, visits in _with_last_visits(township_id, worked, still_open, policy).items():
        known.setdefault(duty_id, []).extend(visits)
    return {duty_id: [visit for visit, _ in visits] for duty_id, visits in known.items()}


def _given_back(
    township_id: int, worked: Sequence[tuple[Duty, Shift]], known: dict[int, list[Ending]], policy: coverage.Policy
) -> dict[int, list[Ending]]:  # fmt: skip
    """Nobody was there in a duty found false: where one stood before a visit, the time is measured anew without it.
    What came late in between takes nothing: the longer time counts."""
    every = [v for visits in known.values() for v, _ in visits if v.since_last_min is not None]
    near = queries.shift_stays(
        township_id, sorted({v.hotspot_id for v in every}), [v.start for v in every], are_void=True
    )
    if not near:
        return known
    void: dict[int, list[queries.Range]] = {}
    for hotspot_id, ranges in near.values():
        void.setdefault(hotspot_id, []).extend(ranges)
    now = _with_last_visits(township_id, worked, known, policy)
    return {
        duty_id: [
            (_longer(v, anew) if _is_behind(v, void) else v, end)
            for (v, end), (anew, _) in zip(visits, now[duty_id], strict=True)
        ]
        for duty_id, visits in known.items()
    }


def _is_behind(visit: QualifiedVisit, void: dict[int, list[queries.Range]]) -> bool:
    ranges = void.get(visit.hotspot_id, ())
    return any(start <= visit.start <= end + queries.LOOK_BACK for start, end in ranges)


def _longer(one: QualifiedVisit, other: QualifiedVisit) -> QualifiedVisit:
    """The one whose last visit is longer ago; nobody there before is longest."""
    return max(one, other, key=lambda v: float("inf") if v.since_last_min is None else v.since_last_min)


def months_after(duty: Duty) -> list[tuple[int, date]]:
    """(person, month) of those whose visits came after the duty's, and who get back what it took if it is void."""
    stays = queries.stays_of(duty.township_id, [duty.id]).get(duty.id)
    found = queries.there_after(duty, stays) if stays else set()
    return sorted({(person_id, day.replace(day=1)) for person_id, day in found})


def _settled_as(visit: QualifiedVisit, settled: Sequence[SettledVisit]) -> SettledVisit | None:
    here = (row for row in settled if row.hotspot_id == visit.hotspot_id)
    return next((row for row in here if row.starts_at <= visit.start <= row.ends_at), None)


def settle_visits(duty: Duty, shift: Shift, in_force: InForce, now: datetime) -> None:
    """Write down how a duty's visits stand; what was written down before stays."""
    rows = [
        {
            "township_id": duty.township_id, "duty_id": duty.id, "hotspot_id": visit.hotspot_id,
            "starts_at": visit.start, "ends_at": end, "since_last_min": visit.since_last_min, "settled_at": now,
        }
        for visits in visits_with_ends(duty.township_id, [(duty, shift)], in_force).values()
        for visit, end in visits
    ]  # fmt: skip
    if rows:
        db.session.execute(insert(SettledVisit).values(rows).on_conflict_do_nothing())


def visits_with_ends(
    township_id: int, worked: Sequence[tuple[Duty, Shift]], in_force: InForce
) -> dict[int, list[Ending]]:
    """Each duty's qualified visits with the minutes since anybody was last there (a crew together is one visit), as all
    that has come in says now; and when each ended."""
    policy = coverage.policy_from(in_force.body("coverage"))
    return _with_last_visits(township_id, worked, _own_visits(township_id, worked, policy), policy)


def _own_visits(
    township_id: int, worked: Sequence[tuple[Duty, Shift]], policy: coverage.Policy
) -> dict[int, list[Ending]]:
    stays = queries.stays_of(township_id, [duty.id for duty, _ in worked])
    found: dict[int, list[Ending]] = {}
    for duty, _shift in worked:
        for hotspot_id, ranges in stays.get(duty.id, {}).items():
            good = [
                v for v in coverage.visits(coverage.union(ranges), policy) if coverage.is_qualified(v, policy)
            ]
            found.setdefault(duty.id, []).extend((QualifiedVisit(hotspot_id, v.start), v.end) for v in good)
    return found


def _with_last_visits(
    township_id: int, worked: Sequence[tuple[Duty, Shift]], found: dict[int, list[Ending]], policy: coverage.Policy
) -> dict[int, list[Ending]]:  # fmt: skip
    every = [v for visits in found.values() for v, _ in visits]
    if not every:
        return found
    hotspots = sorted({v.hotspot_id for v in every})
    near = queries.shift_stays(township_id, hotspots, [v.start for v in every])
    stays: dict[int, list[Stay]] = {}
    for (shift_id, _), (hotspot_id, ranges) in near.items():
        for v in coverage.visits(coverage.union(ranges), policy):
            stays.setdefault(hotspot_id, []).append(Stay(shift_id, hotspot_id, v.start, v.end))
    shift_of = {duty.id: shift.id for duty, shift in worked}
    return {
        duty_id: [(since_last(v, shift_of[duty_id], stays.get(v.hotspot_id, ())), end) for v, end in own]
        for duty_id, own in found.items()
    }


def since_last(visit: QualifiedVisit, shift_id: int, visits: Sequence[Stay]) -> QualifiedVisit:
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
