"""A roster for a week's empty places: asked by who steers the team, solved by the worker, taken shift by shift through
the roster's own operations, which refuse whom they would refuse by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.accounts.models import Person
from app.clock import local_day
from app.duty import board, choices, pairs, rules
from app.duty import roster as duty_roster
from app.duty.board import CrewShift
from app.duty.choices import LedTeam
from app.duty.models import Shift
from app.duty.objections import Objection, Plan, duty_policy, objections_to
from app.errors import DomainError, FieldError, NotFound
from app.planning import runs
from app.planning.models import PlanRun
from app.planning.puzzles import Limits, Member, Roster, Slot
from app.teams.scope import Scope, reach_team

MOST_EACH = 7
WEEK = timedelta(days=6)
# What the solver weighs itself, between the shifts that it may fill.
WEIGHED = frozenset({"shift_too_long", "too_many_nights", "same_pair"})


def ask(person: Person, scope: Scope, team_id: int, monday: date, most: int, now: datetime) -> PlanRun:
    """`most` shifts a week each. Raises DomainError `invalid`, or `no_places` where there is nothing to fill."""
    team = reach_team(scope, team_id, to_lead=True)
    if not 1 <= most <= MOST_EACH:
        raise DomainError(
            "invalid", [FieldError("/most", "number_out_of_range", {"least": 1, "most": MOST_EACH})]
        )
    if not _open_shifts(board.crews_between(scope, monday, monday + WEEK), team_id, now):
        raise DomainError("no_places")
    return runs.ask(person, team, "roster", {"week": monday.isoformat(), "most": most}, now)


def _open_shifts(shifts: Sequence[CrewShift], team_id: int, now: datetime) -> list[CrewShift]:
    return [s for s in shifts if s.team_id == team_id and s.open_places and s.starts_at > now]


# --- what the solver is asked -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Week:
    members: list[Member]
    slots: list[Slot]
    limits: Limits
    versions: dict[int, int]


def week_of(scope: Scope, run: PlanRun, now: datetime) -> Week:
    """The team's shifts and members as they are now, for who asked; NotFound where that person steers it no more."""
    monday, most = date.fromisoformat(run.parameters["week"]), int(run.parameters["most"])
    team = next((one for one in choices.led_teams(scope) if one.id == run.team_id), None)
    if team is None:
        raise NotFound()
    # Who is with whom, and when people have their rest, reaches into the weeks before and after.
    around = board.crews_between(scope, monday - pairs.LOOK_AROUND, monday + WEEK + pairs.LOOK_AROUND)
    shifts = [s for s in around if s.team_id == team.id and s.status == "planned"]
    to_fill = _open_shifts([s for s in shifts if monday <= s.day <= monday + WEEK], team.id, now)
    return Week(
        _members(scope, team, to_fill, monday),
        [_slot(s, team, s in to_fill) for s in shifts],
        _limits(team, monday, most),
        {s.id: s.version for s in to_fill},
    )


def _slot(shift: CrewShift, team: LedTeam, is_open: bool) -> Slot:
    start, end = (round(at.timestamp() / 60) for at in (shift.starts_at, shift.ends_at))
    crew = frozenset(mate.person_id for mate in shift.planned_mates)
    is_night = _is_night((shift.starts_at, shift.ends_at), team)
    places = shift.open_places if is_open else 0
    return Slot(shift.id, start, end, places, _week(shift.day), is_night, crew)


def _is_night(span: rules.Range, team: LedTeam) -> bool:
    return rules.is_night(span, team.zone, duty_policy(team.township_id, local_day(span[0], team.zone)))


def _week(day: date) -> int:
    year, week, _ = day.isocalendar()
    return year * 100 + week


def _limits(team: LedTeam, monday: date, most: int) -> Limits:
    """Nights and the longest shift are limits of volunteers."""
    policy = duty_policy(team.township_id, monday)
    found = Limits(rest_min=policy.rest_min, pair_in_a_row=policy.pair_in_a_row, most_a_week=most)
    if team.kind != "volunteer":
        return found
    return replace(found, nights_a_week=policy.nights_a_week, longest_min=policy.volunteer_shift_max_min)


def _members(scope: Scope, team: LedTeam, to_fill: Sequence[CrewShift], monday: date) -> list[Member]:
    people = [member.person_id for member in choices.members_of(scope, team.id)]
    barred = Counter(
        (objection.person_id, shift.id)
        for shift in to_fill
        for objection in _objections(scope, team, shift, people)
        if _bars(objection, team)
    )
    nights = _nights_elsewhere(scope, team, people, monday)
    return [
        Member(one, frozenset(s.id for s in to_fill if barred[one, s.id]), {_week(monday): nights[one]})
        for one in people
    ]


def _objections(scope: Scope, team: LedTeam, shift: CrewShift, people: Sequence[int]) -> list[Objection]:
    plan = Plan(
        shift.day, shift.starts_at, shift.ends_at, shift.route_version_id, shift.meeting_place, shift.crew_wanted,
        shift.fit_for_one, tuple(people),
    )  # fmt: skip
    return objections_to(scope, team, plan, shift.id)


def _bars(objection: Objection, team: LedTeam) -> bool:
    """Rest between shifts of this team is the solver's own; a shift for another team it does not see."""
    if objection.code == "too_little_rest":
        return objection.other is not None and objection.other.team_id != team.id
    return objection.code not in WEIGHED


def _nights_elsewhere(scope: Scope, team: LedTeam, people: Sequence[int], monday: date) -> Counter[int]:
    """Night shifts for other teams in the week."""
    first = datetime.combine(monday, datetime.min.time(), ZoneInfo(team.zone))
    booked = choices.bookings_of(scope, team.township_id, people, first, first + timedelta(days=8), None)
    return Counter(
        one.person_id
        for one in booked
        if one.team_id != team.id and _week(one.day) == _week(monday) and _is_night(one.span, team)
    )


# --- what is kept, and taken --------------------------------------------------------------------------------------


def result_of(found: Roster, week: Week) -> dict[str, Any]:
    """Ids of shifts and members; `version` is the shift as it was when the solver saw it."""
    return {
        "crews": [
            {"shift": shift_id, "version": week.versions[shift_id], "people": list(people)}
            for shift_id, people in found.crews.items()
            if people
        ],
        "empty": [{"shift": shift_id, "n": n} for shift_id, n in found.empty.items()],
        "why": list(found.why),
        "proved": found.proved,
    }


def take(person: Person, scope: Scope, one: dict[str, Any], now: datetime) -> Shift | None:
    """Plan the people proposed for one shift; None when they are on it already. Raises as `assign` does: whoever was
    booked elsewhere or went on leave meanwhile is refused, and so is a shift that somebody changed."""
    shift = board.crew_of(scope, one["shift"])
    crew = {mate.person_id for mate in shift.planned_mates}
    if set(one["people"]) <= crew:
        return None
    wanted = sorted(crew | set(one["people"]))
    return duty_roster.assign(person, scope, shift.id, one["version"], wanted, now)
