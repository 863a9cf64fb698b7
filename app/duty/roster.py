"""Planning: shifts, crews, copying a week. Every change names the version it saw; a double booking is impossible.

Sources: duty-incentives.md ("Duty rules"), quality.md ("two leaders, one roster"). Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from psycopg.errors import ExclusionViolation
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError

from app import stream
from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.db import db
from app.duty import board, choices
from app.duty.models import Assignment, Shift
from app.duty.objections import (
    Objection,
    Plan,
    objections_to,
    refuse_bad_plan,
    refuse_objections,
    refuse_strangers,
)  # fmt: skip
from app.errors import Conflict, DomainError, FieldError, NotFound
from app.teams.scope import Scope, led_team_rows, reach_team

CANCEL_REASONS = ("weather", "too_few", "merged", "other_task", "planned_wrong")
SAME_TAP = timedelta(minutes=10)


def plan_shift(
    person: Person, scope: Scope, team_id: int, plan: Plan, now: datetime, *, accepted: bool = False
) -> Shift:
    """A new shift with its crew. The same plan of the same leader sent again within ten minutes is the same shift.

    Raises DomainError `invalid`, `crew_refused` or `crew_warned` (until `accepted`), each with its fields.
    """
    team = _led_team(scope, team_id)
    choices.lock_roster(team.township_id, team_id)
    again = _sent_before(person, team, plan, now)
    if again is not None:
        return again
    refuse_bad_plan(scope, team, plan, now)
    refuse_objections(scope, team, plan, None, settled=frozenset(), accepted=accepted)
    return _new_shift(person, team, plan, now)


def change_shift(
    person: Person, scope: Scope, shift_id: int, expected_version: int, plan: Plan, now: datetime, *,
    accepted: bool = False,
) -> Shift:  # fmt: skip
    """Time, route, place and crew of a shift that nobody has begun. Raises Conflict when it was changed meanwhile."""
    shift = _shift_to_change(scope, shift_id, expected_version)
    if choices.people_on_duty(shift.township_id, shift.id):
        raise Conflict("shift_has_begun")
    team = _led_team(scope, shift.team_id)
    refuse_bad_plan(scope, team, plan, now, keeps_route=shift.route_version_id)
    same_times = (shift.starts_at, shift.ends_at) == plan.span
    settled = frozenset(_crew_of(shift)) if same_times else frozenset()
    refuse_objections(scope, team, plan, shift.id, settled=settled, accepted=accepted)
    _write(shift, plan)
    _set_crew(person, shift, plan.crew, now)
    return _changed(person, shift, "shift.change", now)


def assign(
    person: Person, scope: Scope, shift_id: int, expected_version: int, crew: Sequence[int], now: datetime, *,
    accepted: bool = False,
) -> Shift:  # fmt: skip
    """Another crew for a shift, begun or not; who is already on duty stays. Raises Conflict as `change_shift`."""
    shift = _shift_to_change(scope, shift_id, expected_version)
    team = _led_team(scope, shift.team_id)
    before = _crew_of(shift)
    begun = choices.people_on_duty(shift.township_id, shift.id)
    gone = [name for person_id, name in begun.items() if person_id in before and person_id not in crew]
    if gone:
        raise DomainError(
            "crew_refused", [FieldError("/crew", "already_on_duty", {"name": name}) for name in gone]
        )
    plan = replace(plan_of(shift), crew=tuple(crew))
    refuse_strangers(scope, team, set(crew) - set(before))
    refuse_objections(scope, team, plan, shift.id, settled=frozenset(before), accepted=accepted)
    _set_crew(person, shift, plan.crew, now)
    return _changed(person, shift, "shift.crew", now)


def cancel_shift(
    person: Person, scope: Scope, shift_id: int, expected_version: int, reason: str, now: datetime
) -> Shift:
    """No shift after all; its people are free again. One that somebody has begun is not cancelled."""
    if reason not in CANCEL_REASONS:
        raise DomainError("invalid", [FieldError("/reason", "field_needed")])
    shift = _reach_shift(scope, shift_id)
    if shift.status == "cancelled" and shift.cancel_reason == reason:
        return shift
    _refuse_stale(shift, expected_version)
    if choices.people_on_duty(shift.township_id, shift.id):
        raise Conflict("shift_has_begun")
    shift.status, shift.cancel_reason = "cancelled", reason
    for row in _assignments(shift):
        # They stay its crew, so that their phones show what was cancelled; an empty time collides with nothing.
        row.during = Range(empty=True)
    _tell(shift, {row.person_id for row in _assignments(shift) if row.active})
    return _changed(person, shift, "shift.cancel", now)


def exchange(
    person: Person, scope: Scope, shift_id: int, leaver_id: int, taker_id: int, now: datetime, *,
    accepted: bool = False,
) -> Shift:  # fmt: skip
    """One goes and another comes, on a shift that has not begun. Raises as `assign`, and Conflict for one that has."""
    shift = _reach_shift(scope, shift_id)
    if shift.status != "planned":
        raise Conflict("shift_cancelled")
    if now >= shift.starts_at or choices.people_on_duty(shift.township_id, shift.id):
        raise Conflict("swap_shift_has_begun")
    before = _crew_of(shift)
    if leaver_id not in before:
        raise Conflict("asker_not_planned")
    crew = tuple(sorted({*before, taker_id} - {leaver_id}))
    team = _led_team(scope, shift.team_id)
    plan = replace(plan_of(shift), crew=crew)
    refuse_strangers(scope, team, {taker_id})
    refuse_objections(scope, team, plan, shift.id, settled=frozenset(before), accepted=accepted)
    _set_crew(person, shift, crew, now)
    return _changed(person, shift, "shift.swap", now)


def free_place(person: Person, township_id: int, shift_id: int, now: datetime) -> bool:
    """A planned member goes by themselves. False, and nothing changed, once the shift has begun for them or by time."""
    shift = db.session.get(Shift, (township_id, shift_id), with_for_update=True, populate_existing=True)
    if shift is None or shift.status != "planned" or now >= shift.starts_at:
        return False
    crew = _crew_of(shift)
    if person.id not in crew or person.id in choices.people_on_duty(township_id, shift_id):
        return False
    _set_crew(person, shift, [p for p in crew if p != person.id], now)
    _changed(person, shift, "shift.decline", now)
    return True


@dataclass(frozen=True)
class Copied:
    """How many shifts were copied, and who was left out of which, with the reason."""

    shifts: int
    left_out: tuple[tuple[board.CrewShift, Objection], ...]


def copy_week(person: Person, scope: Scope, monday: date, now: datetime) -> Copied:
    """The shifts of the week before, once more in the week from `monday`; what is there already stays as it is."""
    teams = {team.id: team for team in choices.led_teams(scope)}
    for led in teams.values():
        choices.lock_roster(led.township_id, led.id)
    week = timedelta(days=7)
    there = {
        (s.team_id, s.starts_at, s.route)
        for s in board.crews_between(scope, monday, monday + timedelta(days=6))
    }
    copied, left_out = 0, []
    for old in board.crews_between(scope, monday - week, monday - timedelta(days=1)):
        zone = ZoneInfo(old.zone)
        start, end = ((at.astimezone(zone) + week) for at in (old.starts_at, old.ends_at))
        if old.status != "planned" or old.team_id not in teams or (old.team_id, start, old.route) in there:
            continue
        team = teams[old.team_id]
        route = choices.newest_version_of(old.route_version_id)
        crew = tuple(mate.person_id for mate in old.planned_mates)
        plan = Plan(
            old.day + week, start, end, route, old.meeting_place, old.crew_wanted, old.fit_for_one, crew
        )
        members = {member.person_id for member in choices.members_of(scope, team.id)}
        against = objections_to(scope, team, plan, None)
        left_out += [(old, objection) for objection in against]
        refused = {objection.person_id for objection in against}
        _new_shift(person, team, replace(plan, crew=tuple(p for p in crew if p in members - refused)), now)
        copied += 1
    return Copied(copied, tuple(left_out))


# --- rows -----------------------------------------------------------------------------------------


def _led_team(scope: Scope, team_id: int) -> choices.LedTeam:
    reach_team(scope, team_id, to_lead=True)
    return next(team for team in choices.led_teams(scope) if team.id == team_id)


def _reach_shift(scope: Scope, shift_id: int) -> Shift:
    shift = db.session.scalar(
        select(Shift)
        .where(Shift.id == shift_id, led_team_rows(scope, Shift.township_id, Shift.team_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if shift is None:
        raise NotFound()
    return shift


def _shift_to_change(scope: Scope, shift_id: int, expected_version: int) -> Shift:
    shift = _reach_shift(scope, shift_id)
    _refuse_stale(shift, expected_version)
    if shift.status != "planned":
        raise Conflict("shift_cancelled")
    return shift


def _refuse_stale(shift: Shift, expected_version: int) -> None:
    if shift.version != expected_version:
        raise Conflict("changed_meanwhile", yours=expected_version, theirs=shift.version)


def plan_of(shift: Shift) -> Plan:
    return Plan(
        shift.day, shift.starts_at, shift.ends_at, shift.route_version_id, shift.meeting_place, shift.crew_wanted,
        shift.fit_for_one, _crew_of(shift),
    )  # fmt: skip


def _new_shift(person: Person, team: choices.LedTeam, plan: Plan, now: datetime) -> Shift:
    shift = Shift(
        township_id=team.township_id, team_id=team.id, version=1, status="planned", made_by=person.id,
        changed_by=person.id, changed_at=now,
    )  # fmt: skip
    _write(shift, plan)
    db.session.add(shift)
    db.session.flush()
    _set_crew(person, shift, plan.crew, now)
    record_audit(shift.township_id, person.id, "shift.plan", "shift", shift.id, now)
    return shift


def _write(shift: Shift, plan: Plan) -> None:
    shift.day, shift.starts_at, shift.ends_at = plan.day, plan.starts_at, plan.ends_at
    shift.route_version_id, shift.meeting_place = plan.route_version_id, plan.meeting_place.strip()
    shift.crew_wanted, shift.fit_for_one = plan.crew_wanted, plan.fit_for_one


def _changed(person: Person, shift: Shift, action: str, now: datetime) -> Shift:
    shift.version += 1
    shift.changed_by, shift.changed_at = person.id, now
    record_audit(shift.township_id, person.id, action, "shift", shift.id, now, version=shift.version)
    db.session.flush()
    return shift


def _assignments(shift: Shift) -> list[Assignment]:
    return list(
        db.session.scalars(
            select(Assignment).where(
                Assignment.township_id == shift.township_id, Assignment.shift_id == shift.id
            )
        )
    )


def _crew_of(shift: Shift) -> tuple[int, ...]:
    return tuple(sorted(row.person_id for row in _assignments(shift) if row.active))


def _set_crew(person: Person, shift: Shift, crew: Sequence[int], now: datetime) -> None:
    """The crew is these people; the constraint refuses whom another shift took a moment ago."""
    during = Range(shift.starts_at, shift.ends_at, bounds="[)")
    rows = {row.person_id: row for row in _assignments(shift)}
    _tell(shift, {p for p, row in rows.items() if row.active} | set(crew))
    try:
        with db.session.begin_nested():
            for person_id, row in rows.items():
                row.during, row.active = during, person_id in crew
            for person_id in sorted(set(crew) - set(rows)):
                db.session.add(
                    Assignment(
                        township_id=shift.township_id, shift_id=shift.id, person_id=person_id, during=during,
                        active=True, made_by=person.id, made_at=now,
                    )
                )  # fmt: skip
            db.session.flush()
    except IntegrityError as error:
        if not isinstance(error.orig, ExclusionViolation):
            raise
        raise Conflict("crew_refused", [FieldError("/crew", "just_booked")]) from error


def _tell(shift: Shift, people: set[int]) -> None:
    """The phones of those who are concerned fetch their plan again."""
    stream.tell("plan", people=people, teams=[shift.team_id], shift_id=shift.id)


def _sent_before(person: Person, team: choices.LedTeam, plan: Plan, now: datetime) -> Shift | None:
    """The shift that this very plan made a moment ago: a second tap, or a page sent again."""
    same = replace(plan, crew=tuple(sorted(plan.crew)), meeting_place=plan.meeting_place.strip())
    made = select(Shift).where(
        Shift.township_id == team.township_id, Shift.team_id == team.id, Shift.made_by == person.id,
        Shift.status == "planned", Shift.version == 1, Shift.starts_at == plan.starts_at,
        Shift.changed_at > now - SAME_TAP,
    )  # fmt: skip
    return next((shift for shift in db.session.scalars(made) if plan_of(shift) == same), None)
