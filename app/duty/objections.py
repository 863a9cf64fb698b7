"""Whether a plan can stand: its fields, its route, and for each of its people whom and why not.

Source: duty-incentives.md ("Duty rules"); the judgements are in `rules`, this asks the questions they need.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app import clock
from app.areas.policies import policies_in_force
from app.duty import choices, leave, pairs, rules
from app.duty.models import Leave
from app.errors import Conflict, DomainError, FieldError, NotFound
from app.teams.scope import Scope

SHORTEST, LONGEST = timedelta(minutes=15), timedelta(hours=16)
DAYS_BACK, DAYS_AHEAD = 14, 180
MOST_PEOPLE = 20
# What advises against a person: the leader sees it, and may still decide for it.
WARNINGS = frozenset({"shift_too_long", "too_little_rest", "too_many_nights", "same_pair"})


@dataclass(frozen=True)
class Plan:
    """What a leader wants: aware instants, the duty day in the township's zone, ids of people."""

    day: date
    starts_at: datetime
    ends_at: datetime
    route_version_id: int | None
    meeting_place: str
    crew_wanted: int
    fit_for_one: bool
    crew: tuple[int, ...]

    @property
    def span(self) -> rules.Range:
        return self.starts_at, self.ends_at


@dataclass(frozen=True)
class Objection:
    """Why somebody cannot, or should not, be on a shift; `other` is the shift that it collides with.

    `mate` is of `same_pair`: whom this person would be with for the `times`-th time in a row, where `most` are meant.
    """

    person_id: int
    name: str
    code: str
    other: choices.Booking | None = None
    away: Leave | None = None
    mate: choices.Choice | None = None
    times: int = 0
    most: int = 0

    @property
    def is_warning(self) -> bool:
        return self.code in WARNINGS

    @property
    def people(self) -> frozenset[int]:
        """Whom it is about."""
        return frozenset({self.person_id, self.mate.person_id} if self.mate else {self.person_id})

    def as_field_error(self) -> FieldError:
        figures: dict[str, Any] = {"name": self.name}
        if self.other is not None:
            figures |= {
                "team": self.other.team,
                "starts_at": self.other.starts_at,
                "ends_at": self.other.ends_at,
            }
        if self.away is not None:
            figures |= {"from_on": f"{self.away.from_on:%m-%d}", "to_on": f"{self.away.to_on:%m-%d}"}
        if self.mate is not None:
            figures |= {"mate": self.mate.name, "n": self.times, "most": self.most}
        return FieldError("/crew", self.code, figures)


def duty_policy(township_id: int, day: date) -> rules.Policy:
    return rules.policy_from(policies_in_force(township_id, day).body("duty"))


def refuse_bad_plan(
    scope: Scope, team: choices.LedTeam, plan: Plan, now: datetime, keeps_route: int | None = None
) -> None:
    """Raises one DomainError with a sentence for each field that cannot stand; NotFound for what is not the team's."""
    policy = duty_policy(team.township_id, plan.day)
    today = clock.local_day(now, team.zone)
    wrong: list[FieldError] = []
    if not today - timedelta(days=DAYS_BACK) <= plan.day <= today + timedelta(days=DAYS_AHEAD):
        wrong.append(FieldError("/day", "day_out_of_reach", {"back": DAYS_BACK, "ahead": DAYS_AHEAD}))
    if not SHORTEST <= plan.ends_at - plan.starts_at <= LONGEST:
        wrong.append(FieldError("/ends", "shift_length"))
    if plan.fit_for_one and rules.is_night(plan.span, team.zone, policy):
        wrong.append(FieldError("/fit_for_one", "one_by_day_only"))
    if not 1 <= plan.crew_wanted <= MOST_PEOPLE:
        wrong.append(FieldError("/crew_wanted", "crew_wanted_range"))
    elif plan.crew_wanted < (1 if plan.fit_for_one else policy.min_crew):
        wrong.append(FieldError("/crew_wanted", "two_at_least"))
    if len(plan.crew) > MOST_PEOPLE:
        wrong.append(FieldError("/crew", "crew_too_large"))
    if wrong:
        raise DomainError("invalid", wrong)
    if plan.route_version_id not in {
        None,
        keeps_route,
        *(r.version_id for r in choices.routes_of(scope, team.id)),
    }:
        raise NotFound()
    refuse_strangers(scope, team, plan.crew)


def refuse_strangers(scope: Scope, team: choices.LedTeam, crew: Iterable[int]) -> None:
    if not set(crew) <= {member.person_id for member in choices.members_of(scope, team.id)}:
        raise NotFound()


def refuse_objections(
    scope: Scope,
    team: choices.LedTeam,
    plan: Plan,
    but_shift: int | None,
    *,
    settled: frozenset[int],
    accepted: bool,
) -> None:
    """Whom and why: what forbids a person always, what advises against one until the leader has `accepted` it.

    `settled` are people who were on this shift at these times already; they are not asked about again.
    """
    objections = objections_to(scope, team, plan, but_shift)
    hard = [o for o in objections if not o.is_warning]
    if hard:
        kind = Conflict if all(o.code == "double_booked" for o in hard) else DomainError
        raise kind("crew_refused", [o.as_field_error() for o in hard])
    soft = [o for o in objections if not o.people <= settled]
    if soft and not accepted:
        raise DomainError("crew_warned", [o.as_field_error() for o in soft])


def objections_to(scope: Scope, team: choices.LedTeam, plan: Plan, but_shift: int | None) -> list[Objection]:
    """Every reason against every person of a plan's crew, in the order of their names."""
    week = timedelta(days=8)
    bookings = choices.bookings_of(
        scope, team.township_id, plan.crew, plan.starts_at - week, plan.ends_at + week, but_shift
    )
    policy = duty_policy(team.township_id, plan.day)
    last_day = clock.local_day(plan.ends_at - timedelta(seconds=1), team.zone)
    away = leave.people_away(team.township_id, plan.crew, plan.day, last_day)
    crew = [member for member in choices.members_of(scope, team.id) if member.person_id in plan.crew]
    found = []
    for member in crew:
        own = [b for b in bookings if b.person_id == member.person_id]
        candidate = rules.Candidate(
            True,
            member.adult,
            member.is_insured_on(plan.day),
            team.kind == "volunteer",
            tuple(b.span for b in own),
        )
        codes = list(rules.can_assign(candidate, plan.span))
        if "double_booked" not in codes:
            codes += rules.roster_warnings(candidate, plan.span, team.zone, policy)
        found += [
            Objection(member.person_id, member.name, code, _collides(code, own, plan.span)) for code in codes
        ]
        if member.person_id in away:
            found.append(Objection(member.person_id, member.name, "on_leave", away=away[member.person_id]))
    return found + _pairs_too_often(team, plan, crew, but_shift, policy.pair_in_a_row)


def _pairs_too_often(
    team: choices.LedTeam, plan: Plan, crew: Sequence[choices.Choice], but_shift: int | None, most: int
) -> list[Objection]:
    """Of each pair against the second of the two: to leave out one of them is enough."""
    members = {member.person_id: member for member in crew}
    others = pairs.crews_around(team.township_id, team.id, plan.starts_at, but_shift)
    found = pairs.too_often(list(members), plan.starts_at, others, most)
    return [
        Objection(b, members[b].name, "same_pair", mate=members[a], times=n, most=most)
        for (a, b), n in found.items()
    ]


def _collides(code: str, own: Sequence[choices.Booking], span: rules.Range) -> choices.Booking | None:
    if code == "double_booked":
        return next((b for b in own if rules.crosses(b.span, span)), None)
    if code == "too_little_rest":
        return min(own, key=lambda b: max(b.starts_at - span[1], span[0] - b.ends_at))
    return None
