"""What is left of a duty to play back: its line with gaps as gaps, and what happened on it, in order of time.

Only what lies in the spans that are asked for. Of a duty that is not shown whole (a mate's), no reason, no pause and no
position of a check-in: what is doubted about somebody, and when they rested, is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from json import loads
from typing import Any

import numpy as np
from sqlalchemy import select

from app.accounts.models import Person
from app.areas.policies import Place, place_of, policies_in_force
from app.checkins.models import Checkin
from app.clock import rfc3339
from app.db import db
from app.duty import queries as duties
from app.duty.models import Duty, Shift
from app.geo import E7, as_geojson, lon_lat, projector
from app.hotspots.models import Hotspot
from app.routes.models import Checkpoint, Route, RouteVersion
from app.teams.models import Team
from app.tracks.queries import Stored, segments_of
from app.tracks.rules import Fix, Policy, kind_of_step, policy_from

Spans = tuple[tuple[float, float], ...]
Lines = list[list[Fix]]


def of_duty(duty: Duty, shift: Shift, spans: Spans, *, is_whole: bool) -> dict[str, Any]:
    place = place_of(duty.township_id)
    policy = policy_from(policies_in_force(duty.township_id, duty.day).body("tracks"))
    segments = segments_of(duty)
    lines = _lines(segments, spans)
    found = [
        *_bounds(duty, is_whole), *_gaps(lines, spans, policy), *_checkins(duty, spans, is_whole),
    ]  # fmt: skip
    return {
        "duty_id": duty.id, "day": duty.day.isoformat(), "zone": place.zone, "state": duty.state,
        "member": names_of([duty.person_id])[duty.person_id], "team": _team(duty),
        "starts_at": rfc3339(shift.starts_at), "ends_at": rfc3339(shift.ends_at), "route": _route(shift),
        "track": {"state": _state(duty, segments, lines), "lines": [_line(one, spans, place, policy) for one in lines]},
        "events": sorted(found, key=lambda event: (event["at"], event["kind"])),
    }  # fmt: skip


def names_of(person_ids: Sequence[int]) -> dict[int, str]:
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    return {row[0]: row[1] for row in rows}


def _team(duty: Duty) -> str:
    return db.session.scalars(select(Team.name).where(Team.id == duty.team_id)).one()


# --- the line -------------------------------------------------------------------------------------


def _lines(segments: Sequence[Stored], spans: Spans) -> Lines:
    """One for each source (the phone's page, a logger), each fix once, in order of time."""
    by: dict[int, set[Fix]] = {}
    for stored in segments:
        by.setdefault(stored.by, set()).update(f for f in stored.fixes if _span_at(f.t_s, spans) is not None)
    ordered = [sorted(fixes, key=lambda f: (f.t_s, f.lon_e7, f.lat_e7)) for _, fixes in sorted(by.items())]
    return [one for one in ordered if one]


def _span_at(t_s: float, spans: Spans) -> int | None:
    return next((n for n, (low, high) in enumerate(spans) if low <= t_s <= high), None)


def _state(duty: Duty, segments: Sequence[Stored], lines: Lines) -> str:
    """`gone`: there was a track, and after its days, or by its member's word, there is none any more."""
    if lines:
        return "kept"
    return "gone" if duty.fixes and not segments else "none"


def _line(fixes: Sequence[Fix], spans: Spans, place: Place, policy: Policy) -> dict[str, Any]:
    """`steps[i]` is how the way from point i to the next is shown."""
    lon, lat = np.array([(f.lon_e7 / E7, f.lat_e7 / E7) for f in fixes]).T
    metres = np.hypot(*np.diff(np.column_stack(projector(place.crs)(lon, lat)), axis=0).T)
    steps = [
        kind_of_step(a, b, float(m), policy) if _span_at(a.t_s, spans) == _span_at(b.t_s, spans) else "gap"
        for (a, b), m in zip(pairwise(fixes), metres, strict=True)
    ]
    return {"points": [[f.lon_e7 / E7, f.lat_e7 / E7, f.t_s] for f in fixes], "steps": steps}


# --- what happened --------------------------------------------------------------------------------


def _event(kind: str, at: datetime, until: datetime | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "at": rfc3339(at), "until": rfc3339(until) if until else None, **more}


def _bounds(duty: Duty, is_whole: bool) -> Iterator[dict[str, Any]]:
    if not is_whole:
        return
    if duty.started_at:
        yield _event("start", duty.started_at)
    for pause in duty.pauses or ():
        yield _event("pause", pause.lower, pause.upper)
    if duty.ended_at:
        yield _event("end", duty.ended_at)


def _gaps(lines: Lines, spans: Spans, policy: Policy) -> Iterator[dict[str, Any]]:
    """Where no source has anything for too long, within one span."""
    times = sorted({f.t_s for fixes in lines for f in fixes})
    for low, high in pairwise(times):
        if high - low > policy.max_gap_s and _span_at(low, spans) == _span_at(high, spans):
            yield _event("gap", datetime.fromtimestamp(low, UTC), datetime.fromtimestamp(high, UTC))


def _checkins(duty: Duty, spans: Spans, is_whole: bool) -> Iterator[dict[str, Any]]:
    rows = db.session.execute(
        select(Checkin, Checkpoint.name, Hotspot.name, *lon_lat(Checkin.position))
        .outerjoin(Checkpoint, Checkpoint.id == Checkin.checkpoint_id)
        .outerjoin(Hotspot, Hotspot.id == Checkin.hotspot_id)
        .where(duties.of_duty(Checkin, duty))
        .execution_options(populate_existing=True)
    )
    for c, checkpoint, hotspot, lon, lat in rows:
        if is_whole or _span_at(c.effective_at.timestamp(), spans) is not None:
            yield _event("checkin", c.effective_at, checkin={
                "id": str(c.id), "place": checkpoint or hotspot, "phase": c.phase, "method": c.method,
                "verdict": c.verdict, "reasons": list(c.reasons) if is_whole else [],
                "position": [lon, lat] if is_whole and lon is not None else None,
            })  # fmt: skip


# --- where it was to go ---------------------------------------------------------------------------


def _route(shift: Shift) -> dict[str, Any] | None:
    found = db.session.execute(
        select(Route.name, as_geojson(RouteVersion.geom), RouteVersion.id)
        .join(Route, Route.id == RouteVersion.route_id)
        .where(RouteVersion.id == shift.route_version_id)
    ).first()
    if found is None:
        return None
    return {"name": found[0], "line": loads(found[1]), "checkpoints": _checkpoints(found[2])}


def _checkpoints(route_version_id: int) -> list[dict[str, Any]]:
    rows = db.session.execute(
        select(Checkpoint.id, Checkpoint.seq, Checkpoint.name, *lon_lat(Checkpoint.geom))
        .where(Checkpoint.route_version_id == route_version_id)
        .order_by(Checkpoint.seq)
    )
    return [{"id": r[0], "seq": r[1], "name": r[2], "position": [r[3], r[4]]} for r in rows]
