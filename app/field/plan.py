"""What a phone carries with it: the member's shifts for eight days, their routes, checkpoints and hotspots."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from app.accounts.consents import answers_of
from app.accounts.models import Person
from app.alarms.phone import plan_part
from app.alarms.rules import policy_from as alarm_policy
from app.areas.models import Area
from app.areas.policies import InForce, policies_in_force
from app.checkins.rules import policy_from as checkin_policy
from app.clock import local_day, rfc3339
from app.coverage.rules import policy_from as coverage_policy
from app.db import db
from app.duty.models import Assignment, Shift
from app.duty.rules import policy_from as duty_policy
from app.field.crew_plan import colleagues_of, crew_parts, leave_of
from app.geo import as_geojson, box_of, meets
from app.hotspots.models import Hotspot, RiskWindow
from app.incentives import cases
from app.routes.models import Checkpoint, Route, RouteVersion
from app.teams.models import Team, TeamArea, TeamMember
from app.tracks.rules import policy_from as track_policy

DAYS = 8


def plan_of(person: Person, now: datetime) -> dict[str, Any]:
    """The plan as the contract of the field protocol has it; the same data gives the same document."""
    township = db.session.get(Area, person.home_township_id) if person.home_township_id else None
    if township is None:
        return _empty(person)
    day = local_day(now, township.time_zone)
    in_force = policies_in_force(township.id, day)
    teams = _teams(person.id, township.id)
    shifts = _shifts(person.id, [t.id for t in teams], township.id, day)
    hotspots = _hotspots([t.id for t in teams], township.id, day)
    rows = [s for s, _ in shifts]
    return {
        "person": {
            "id": person.id, "name": person.name, "language": person.language,
            "township": {"code": township.code, "name": township.name, "zone": township.time_zone},
        },
        "teams": [{"id": t.id, "name": t.name, "kind": t.kind} for t in teams],
        "policy": _policy(in_force),
        "shifts": _with_hotspots(_shift_docs(person.id, shifts, township.id, now), {h["id"] for h in hotspots}),
        "routes": _routes({s.route_version_id for s in rows if s.route_version_id}),
        "hotspots": hotspots,
        "places": {"bounds": _bounds(township.id)},
        "colleagues": colleagues_of(person.id, [t.id for t in teams]),
        "leave": leave_of(person.id, township.id, day),
        "cases": [
            {"id": case.id, "answer_until": rfc3339(case.answer_until), "answered": case.answer is not None}
            for case in cases.to_answer(township.id, person.id, now)
        ],
        "consents": answers_of(person.id),
        "alarm": plan_part(
            person.id, township.id, alarm_policy(in_force.body("alarms")), {s.id: s.fit_for_one for s in rows}
        ),
    }  # fmt: skip


def _empty(person: Person) -> dict[str, Any]:
    doc = {"id": person.id, "name": person.name, "language": person.language, "township": None}
    nothing: dict[str, Any] = {
        "teams": [],
        "shifts": [],
        "routes": [],
        "hotspots": [],
        "places": {"bounds": None},
        "colleagues": [],
        "leave": [],
        "cases": [],
        "consents": answers_of(person.id),
        "alarm": plan_part(person.id, 0, alarm_policy({}), {}),
    }
    return {"person": doc, "policy": _policy(InForce({}, {})), **nothing}


def _policy(in_force: InForce) -> dict[str, Any]:
    duty, checkin = duty_policy(in_force.body("duty")), checkin_policy(in_force.body("checkins"))
    track, visit = track_policy(in_force.body("tracks")), coverage_policy(in_force.body("coverage"))
    return {
        "version": "-".join(f"{k}{v}" for k, v in sorted(in_force.ids.items())) or "default",
        "grace_min": duty.grace_min, "late_after_min": duty.late_after_min,
        "max_accuracy_m": checkin.max_accuracy_m, "accuracy_allowance_m": checkin.allowance_m,
        "min_level_for_points": checkin.min_level_for_points,
        "visit_min_s": visit.visit_min_s, "visit_full_min": visit.visit_qualified_min,
        "track_every_s": 15, "track_every_m": 20, "max_gap_s": track.max_gap_s, "segment_fixes": 40,
    }  # fmt: skip


def _teams(person_id: int, township_id: int) -> list[Team]:
    return list(
        db.session.scalars(
            select(Team)
            .join(TeamMember, TeamMember.team_id == Team.id)
            .where(
                TeamMember.person_id == person_id, TeamMember.left_on.is_(None), Team.active,
                Team.township_id == township_id,
            )
            .order_by(Team.id)
        )
    )  # fmt: skip


def _shifts(person_id: int, team_ids: Sequence[int], township_id: int, day: date) -> list[tuple[Shift, bool]]:
    """My shifts, cancelled ones too, and those of my teams that I might join; from yesterday (a night shift may still
    run) to a week ahead."""
    last = day + timedelta(days=DAYS - 1)
    mine = (
        select(Assignment.id)
        .where(
            Assignment.township_id == Shift.township_id, Assignment.shift_id == Shift.id,
            Assignment.person_id == person_id, Assignment.active,
        )
        .exists()
    )  # fmt: skip
    rows = db.session.execute(
        select(Shift, mine)
        .where(
            Shift.township_id == township_id, Shift.day.between(day - timedelta(days=1), last),
            or_(mine, Shift.team_id.in_(list(team_ids))),
        )
        .order_by(Shift.starts_at, Shift.id)
    ).all()  # fmt: skip
    return [(r[0], bool(r[1])) for r in rows]


def _shift_docs(
    person_id: int, shifts: Sequence[tuple[Shift, bool]], township_id: int, now: datetime
) -> list[dict[str, Any]]:
    parts = crew_parts(person_id, [s for s, _ in shifts], township_id, now)
    teams = {t.id: t.name for t in db.session.scalars(select(Team).where(Team.township_id == township_id))}
    return [{**_shift_doc(s, mine, teams[s.team_id]), **parts[s.id]} for s, mine in shifts]


def _with_hotspots(docs: list[dict[str, Any]], known: set[int]) -> list[dict[str, Any]]:
    """Each shift names the hotspots of the plan that its route comes near to."""
    versions = {d["route_version_id"] for d in docs if d["route_version_id"]}
    near: dict[int, list[int]] = {}
    for version_id, hotspot_id in db.session.execute(
        select(RouteVersion.id, Hotspot.id)
        .join(Hotspot, meets(Hotspot.geom, RouteVersion.geom, within_degrees=0.0005))
        .where(RouteVersion.id.in_(versions), Hotspot.id.in_(known))
        .order_by(RouteVersion.id, Hotspot.id)
    ):
        near.setdefault(version_id, []).append(hotspot_id)
    return [{**d, "hotspot_ids": near.get(d["route_version_id"] or 0, [])} for d in docs]


def _shift_doc(s: Shift, mine: bool, team: str) -> dict[str, Any]:
    return {
        "id": s.id, "version": s.version, "status": s.status, "day": s.day.isoformat(),
        "starts_at": rfc3339(s.starts_at), "ends_at": rfc3339(s.ends_at), "team": {"id": s.team_id, "name": team},
        "meeting_place": s.meeting_place, "route_version_id": s.route_version_id, "mine": mine,
        "bonus": s.bonus,
    }  # fmt: skip


def _routes(version_ids: set[int]) -> list[dict[str, Any]]:
    points: dict[int, list[dict[str, Any]]] = {}
    for c, geom in db.session.execute(
        select(Checkpoint, as_geojson(Checkpoint.geom))
        .where(Checkpoint.route_version_id.in_(version_ids))
        .order_by(Checkpoint.route_version_id, Checkpoint.seq)
    ):
        points.setdefault(c.route_version_id, []).append(_checkpoint(c, json.loads(geom)["coordinates"]))
    rows = db.session.execute(
        select(RouteVersion, Route.name, as_geojson(RouteVersion.geom))
        .join(Route, Route.id == RouteVersion.route_id)
        .where(RouteVersion.id.in_(version_ids))
        .order_by(RouteVersion.id)
    )
    return [
        {
            "version_id": v.id, "route_id": v.route_id, "version": v.version, "name": name, "ordered": v.ordered,
            "length_m": round(v.length_m), "line": json.loads(geom), "checkpoints": points.get(v.id, []),
        }
        for v, name, geom in rows
    ]  # fmt: skip


def _checkpoint(c: Checkpoint, position: list[float]) -> dict[str, Any]:
    window = None
    if c.window_from_min is not None and c.window_to_min is not None:
        window = {"from": _hhmm(c.window_from_min), "to": _hhmm(c.window_to_min)}
    return {
        "id": c.id, "seq": c.seq, "name": c.name, "position": position, "radius_m": c.radius_m, "method": c.method,
        "required": c.required, "window": window,
    }  # fmt: skip


def _hotspots(team_ids: Sequence[int], township_id: int, day: date) -> list[dict[str, Any]]:
    """Hotspots in force that meet the teams' areas."""
    ground = (
        select(Area.id)
        .join(TeamArea, TeamArea.area_id == Area.id)
        .where(TeamArea.team_id.in_(list(team_ids)), meets(Area.geom, Hotspot.geom))
        .exists()
    )
    rows = db.session.execute(
        select(Hotspot, as_geojson(Hotspot.geom))
        .where(
            Hotspot.township_id == township_id, Hotspot.approved_by.is_not(None), Hotspot.valid_from <= day,
            or_(Hotspot.valid_to.is_(None), Hotspot.valid_to >= day), ground,
        )
        .order_by(Hotspot.id)
    ).all()  # fmt: skip
    windows: dict[int, list[dict[str, Any]]] = {}
    for w in db.session.scalars(
        select(RiskWindow)
        .where(RiskWindow.hotspot_id.in_([h.id for h, _ in rows]))
        .order_by(RiskWindow.weekday, RiskWindow.from_min)
    ):
        doc = {"weekday": w.weekday, "from": _hhmm(w.from_min), "to": _hhmm(w.to_min)}
        windows.setdefault(w.hotspot_id, []).append(doc)
    return [
        {
            "id": h.id, "name": h.name, "category": h.category, "polygon": json.loads(geom),
            "windows": windows.get(h.id, []), "target_min": 10,
        }
        for h, geom in rows
    ]  # fmt: skip


def _bounds(township_id: int) -> list[float] | None:
    row = db.session.execute(select(*box_of(Area.geom)).where(Area.id == township_id)).one()
    return [float(v) for v in row] if row[0] is not None else None


def _hhmm(minute: int) -> str:
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"
