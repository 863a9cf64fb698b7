"""The crew's part of a phone's plan: who is here, the code's secret, handover, swaps, leave, what a duty gave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.checkins import queries as checkins
from app.clock import rfc3339
from app.db import db
from app.duty import leave, queries, swaps
from app.duty.models import Assignment, Duty, Handover, Shift
from app.incentives import queries as incentives
from app.routes.models import RouteVersion
from app.teams.models import Team, TeamMember

HANDOVER_FOR = timedelta(hours=24)
Doc = dict[str, Any]


def crew_parts(person_id: int, shifts: Sequence[Shift], township_id: int, now: datetime) -> dict[int, Doc]:
    """By shift id: `crew`, `duty`, `crew_secret`, `handover`, `swaps`."""
    ids = [shift.id for shift in shifts]
    duties = _duties(township_id, ids)
    crews = _crews(township_id, ids, duties)
    shown = {s for s, p in queries.crew_leaders(township_id, ids) if p == person_id}
    secrets = queries.crew_secrets(township_id, sorted(shown))
    handovers = _handovers(township_id, shifts)
    asked = _swaps(person_id, township_id, ids, now)
    mine = _own(township_id, [duty for duty in duties if duty.person_id == person_id], shifts)
    return {
        s.id: {
            "changed_at": rfc3339(s.changed_at), "crew": crews.get(s.id, []), "duty": mine.get(s.id),
            "crew_secret": secrets[s.id].hex() if s.id in secrets else None, "handover": handovers.get(s.id),
            "swaps": asked.get(s.id, []),
        }
        for s in shifts
    }  # fmt: skip


def _duties(township_id: int, shift_ids: Sequence[int]) -> list[Duty]:
    """Those that have begun: an attendance that was taken back is none."""
    which = select(Duty).where(
        Duty.township_id == township_id, Duty.shift_id.in_(shift_ids), Duty.started_at.is_not(None)
    )
    return list(db.session.scalars(which.order_by(Duty.id)))


def _crews(township_id: int, shift_ids: Sequence[int], duties: Sequence[Duty]) -> dict[int, list[Doc]]:
    """The planned in their order, then who joined on the spot."""
    states = {(duty.shift_id, duty.person_id): duty.state for duty in duties}
    planned = select(Assignment.shift_id, Assignment.person_id).where(
        Assignment.township_id == township_id, Assignment.shift_id.in_(shift_ids), Assignment.active
    )
    keys = [(r[0], r[1]) for r in db.session.execute(planned.order_by(Assignment.id))]
    joined = [key for key in states if key not in set(keys)]
    people = _people({person_id for _, person_id in [*keys, *joined]}, shift_ids, township_id)
    crews: dict[int, list[Doc]] = {}
    for key, is_planned in [*((k, True) for k in keys), *((k, False) for k in joined)]:
        name, has_phone = people[key[1]]
        doc = {
            "person_id": key[1], "name": name, "has_phone": has_phone, "planned": is_planned,
            "state": states.get(key),
        }  # fmt: skip
        crews.setdefault(key[0], []).append(doc)
    return crews


def _people(ids: set[int], shift_ids: Sequence[int], township_id: int) -> dict[int, tuple[str, bool]]:
    teams = select(Shift.team_id).where(Shift.township_id == township_id, Shift.id.in_(shift_ids))
    without = select(TeamMember.person_id).where(
        TeamMember.has_phone.is_(False), TeamMember.left_on.is_(None), TeamMember.team_id.in_(teams)
    )
    lacking = set(db.session.scalars(without))
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return {row[0]: (row[1], row[0] not in lacking) for row in rows}


def _own(township_id: int, duties: Sequence[Duty], shifts: Sequence[Shift]) -> dict[int, Doc]:
    """What my duties came to so far; points are pending until they are approved."""
    if not duties:
        return {}
    versions = {s.id: s.route_version_id or 0 for s in shifts}
    counted = checkins.counted_checkpoints(duties)
    required = checkins.required_checkpoints([v for v in versions.values() if v])
    points = {duty.id: 0 for duty in duties}
    for entry in incentives.standing_entries(township_id, [f"duty:{i}" for i in points]).values():
        points[int(entry.cause.split(":")[1])] += entry.amount_half
    return {
        duty.shift_id: {
            "state": duty.state, "started_at": rfc3339(duty.started_at), "ended_at": rfc3339(duty.ended_at),
            "minutes": duty.worked_s // 60, "points_pending": points[duty.id] // 2, "flags": list(duty.flags),
            "with_crew": duty.with_crew,
            "checkpoints": {
                "counted": counted.get(duty.id, 0), "required": required.get(versions[duty.shift_id], 0),
            },
        }
        for duty in duties
    }  # fmt: skip


def _handovers(township_id: int, shifts: Sequence[Shift]) -> dict[int, Doc]:
    """The last word from an earlier shift on the same route, said in the 24 hours before."""
    said = _said_around(township_id, shifts)
    routes = _routes_of({shift.route_version_id for shift in shifts if shift.route_version_id})
    found: dict[int, Doc] = {}
    for shift in shifts:
        for note, began_at, version_id, team in said:
            on_my_route = version_id in routes.get(shift.route_version_id or 0, set())
            in_time = shift.starts_at - HANDOVER_FOR < note.said_at < shift.ends_at
            if on_my_route and in_time and began_at < shift.starts_at:
                found[shift.id] = {
                    "phrase": note.phrase, "text": note.text, "at": rfc3339(note.said_at), "by_team": team,
                }  # fmt: skip
    return found


def _said_around(township_id: int, shifts: Sequence[Shift]) -> Sequence[Any]:
    """(words, start and route version of their shift, team) of the days of these shifts, oldest first: few enough to
    be told apart here, where a join of shifts with shifts by their routes is at the mercy of its plan."""
    if not shifts:
        return []
    since, until = min(s.starts_at for s in shifts) - HANDOVER_FOR, max(s.ends_at for s in shifts)
    return db.session.execute(
        select(Handover, Shift.starts_at, Shift.route_version_id, Team.name)
        .join(Shift, and_(Shift.township_id == Handover.township_id, Shift.id == Handover.shift_id))
        .join(Team, Team.id == Shift.team_id)
        .where(
            Handover.township_id == township_id, Shift.township_id == township_id, Handover.said_at > since,
            Handover.said_at < until,
        )
        .order_by(Handover.said_at, Handover.id)
    ).all()  # fmt: skip


def _routes_of(version_ids: set[int]) -> dict[int, set[int]]:
    """Each version → all versions of the same route."""
    same = aliased(RouteVersion)
    rows = db.session.execute(
        select(RouteVersion.id, same.id)
        .join(same, same.route_id == RouteVersion.route_id)
        .where(RouteVersion.id.in_(version_ids))
    )
    found: dict[int, set[int]] = {}
    for version_id, other in rows:
        found.setdefault(version_id, set()).add(other)
    return found


# --- swaps and leave ------------------------------------------------------------------------------


def _swaps(person_id: int, township_id: int, shift_ids: Sequence[int], now: datetime) -> dict[int, list[Doc]]:
    """My askings, those that I may take, and those that I offered to take. Why is the leader's to know."""
    found: dict[int, list[Doc]] = {}
    for asking in swaps.askings_on(township_id, shift_ids, now):
        if _is_mine_to_see(asking, person_id):
            found.setdefault(asking.shift.id, []).append(_swap_doc(asking, person_id))
    return found


def _is_mine_to_see(asking: swaps.Asking, person_id: int) -> bool:
    swap = asking.swap
    if swap.person_id == person_id:
        return asking.state not in ("withdrawn", "closed")
    if person_id in {p for p, _ in asking.offers}:
        return asking.state != "withdrawn"
    return asking.is_open and swap.to_person_id in (None, person_id)


def _swap_doc(asking: swaps.Asking, person_id: int) -> Doc:
    swap = asking.swap
    is_mine = swap.person_id == person_id
    offers = [{"id": p, "name": name} for p, name in asking.offers if is_mine or p == person_id]
    return {
        "id": str(swap.id), "state": asking.state, "person_id": swap.person_id, "name": asking.asker,
        "to": asking.colleague, "to_me": swap.to_person_id == person_id, "offers": offers,
        "taken_by": asking.taker, "taken_by_me": swap.taken_by == person_id, "why": swap.decided_why,
    }  # fmt: skip


def colleagues_of(person_id: int, team_ids: Sequence[int]) -> list[Doc]:
    """The other members of my teams, whom I may ask."""
    rows = db.session.execute(
        select(Person.id, Person.name, TeamMember.team_id, TeamMember.has_phone)
        .join(TeamMember, TeamMember.person_id == Person.id)
        .where(
            TeamMember.team_id.in_(team_ids),
            TeamMember.left_on.is_(None),
            Person.active,
            Person.id != person_id,
        )
        .order_by(TeamMember.team_id, Person.name, Person.id)
    )
    return [{"id": r[0], "name": r[1], "team_id": r[2], "has_phone": r[3]} for r in rows]


def leave_of(person_id: int, township_id: int, day: date) -> list[Doc]:
    return [
        {
            "id": str(one.id), "from_on": one.from_on.isoformat(), "to_on": one.to_on.isoformat(),
            "phrase": one.phrase, "state": leave.state_of(one), "why": one.decided_why,
        }
        for one in leave.own_leaves(township_id, person_id, day)
    ]  # fmt: skip
