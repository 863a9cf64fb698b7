"""A member's own month: duties, minutes, what was counted, and the points with the rule behind each line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from app.accounts.models import Person
from app.areas.policies import place_of
from app.checkins import queries as checkins
from app.checkins.models import Checkin
from app.clock import local_day, rfc3339
from app.coverage import rules as coverage
from app.db import db
from app.duty.models import Duty, Shift
from app.incentives import queries as incentives
from app.incentives.operations import month_of
from app.incentives.rows import CAUSES
from app.incentives.rules import MAY_OVERDRAW, RULE_VERSIONS
from app.teams.models import Team


def month_at(person: Person, now: datetime) -> date:
    """A day of the month that it is in the person's township; without one they have no hours in any month."""
    home = person.home_township_id
    return local_day(now, place_of(home).zone if home else "UTC")


def hours_of(person: Person, month: date) -> dict[str, Any]:
    """The contract of GET /api/v1/field/hours. Kilometres are shown and never paid."""
    first, last = month_of(month)
    township_id = person.home_township_id or 0
    rows = _duties(township_id, person.id, first, last)
    ids = [duty.id for duty, _, _ in rows]
    standing = incentives.standing_entries(township_id, [f"duty:{i}" for i in ids]).values() if ids else []
    beside = rows_beside(township_id, person.id, first, last)
    half = sum(entry.amount_half for entry in (*standing, *beside) if entry.rule != MAY_OVERDRAW)
    counted = checkins.counted_checkpoints([duty for duty, _, _ in rows])
    required = checkins.required_checkpoints([s.route_version_id for _, s, _ in rows if s.route_version_id])
    visits = _visits(township_id, ids)
    return {
        "month": f"{first:%Y-%m}",
        "minutes": sum(duty.worked_s for duty, _, _ in rows if duty.voided_at is None) // 60,
        "points_pending": half // 2,
        "verified_minutes": verified_minutes(township_id, person.id),
        "duties": [
            {
                **_duty_doc(duty, shift, team),
                "checkpoints": {
                    "counted": counted.get(duty.id, 0), "required": required.get(shift.route_version_id or 0, 0),
                },
                "visits": visits.get(duty.id, 0),
                "lines": [
                    {
                        "rule": e.rule, "points": e.amount_half / 2, "detail": e.detail,
                        "settles_at": rfc3339(e.settles_at),
                    }
                    for e in sorted(standing, key=lambda e: e.id) if e.cause == f"duty:{duty.id}"
                ],
            }
            for duty, shift, team in rows
        ],
        "beside": [
            {
                "rule": e.rule, "points": e.amount_half / 2, "detail": e.detail, "day": e.earned_on.isoformat(),
                "settles_at": rfc3339(e.settles_at),
            }
            for e in beside
        ],
    }  # fmt: skip


def rows_beside(township_id: int, person_id: int, first: date, last: date) -> list[incentives.Standing]:
    """Lines of these days that stand and belong to no duty's own list, by day."""
    kinds = [kind for kind in CAUSES if kind != "duty"]
    found = incentives.standing_of_person(township_id, person_id, kinds, RULE_VERSIONS).values()
    return sorted((e for e in found if first <= e.earned_on <= last), key=lambda e: (e.earned_on, e.id))


def verified_minutes(township_id: int, person_id: int) -> int:
    """Of all time, for the stars."""
    seconds = db.session.scalar(
        select(func.coalesce(func.sum(Duty.worked_s), 0)).where(
            Duty.township_id == township_id, Duty.person_id == person_id, is_verified()
        )
    )
    return int(seconds or 0) // 60


def is_verified() -> ColumnElement[bool]:
    """Duties that are over and known by more than their two taps: only these count for stars and certificates."""
    counted = exists().where(
        Checkin.township_id == Duty.township_id, Checkin.duty_id == Duty.id, Checkin.verdict == "counted"
    )
    is_known = or_(counted, Duty.fixes > 0, Duty.entered_by.is_not(None))
    return and_(Duty.state.in_(("ended", "attended")), is_known, Duty.voided_at.is_(None))


def _duties(township_id: int, person_id: int, first: date, last: date) -> list[tuple[Duty, Shift, str]]:
    rows = db.session.execute(
        select(Duty, Shift, Team.name)
        .join(Shift, (Shift.township_id == Duty.township_id) & (Shift.id == Duty.shift_id))
        .join(Team, Team.id == Duty.team_id)
        .where(
            Duty.township_id == township_id,
            Duty.person_id == person_id,
            Duty.day.between(first, last),
            Duty.started_at.is_not(None),
        )
        .order_by(Shift.starts_at.desc(), Duty.id)
    ).all()
    return [(r[0], r[1], r[2]) for r in rows]


def _duty_doc(duty: Duty, shift: Shift, team: str) -> dict[str, Any]:
    return {
        "duty_id": duty.id, "shift_id": shift.id, "day": duty.day.isoformat(), "starts_at": rfc3339(shift.starts_at),
        "ends_at": rfc3339(shift.ends_at), "team": team, "state": duty.state,
        "started_at": rfc3339(duty.started_at), "ended_at": rfc3339(duty.ended_at),
        "minutes": duty.worked_s // 60, "grade": grade_of(duty), "km": round(duty.track_m / 1000, 1),
        "flags": list(duty.flags), "is_void": duty.voided_at is not None,
    }  # fmt: skip


def grade_of(duty: Duty) -> str:
    """How well a duty's time is known: by a track, by taps, or by a leader's entry."""
    if duty.entered_by is not None:
        return "declared"
    return "track" if duty.fixes else "single"


def _visits(township_id: int, duty_ids: Sequence[int]) -> dict[int, int]:
    """Qualified hotspot visits by duty."""
    policy = coverage.Policy()
    found: dict[int, int] = {}
    for duty_id, places in incentives.stays_of(township_id, duty_ids).items() if duty_ids else ():
        for ranges in places.values():
            visits = coverage.visits(coverage.union(ranges), policy)
            found[duty_id] = found.get(duty_id, 0) + sum(coverage.is_qualified(v, policy) for v in visits)
    return found
