"""A township's full-time members and volunteers beside their targets, by village, today and over the last year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from app.areas.models import Area
from app.areas.policies import policies_in_force
from app.strength import queries, rules
from app.strength.queries import TeamRow
from app.strength.rules import KINDS, Cost, Counts, Demand, Kind, Policy, Standing, Village

GIVEN_DAYS = 30


@dataclass(frozen=True)
class Line:
    """One village. `trend`: each kind's counts at the ends of the months and today, as far as the tables tell."""

    village: Village
    standing: dict[Kind, Standing]
    needs_joint: bool
    joint_teams: list[str]
    cost: Cost
    trend: dict[Kind, list[Counts]]


@dataclass(frozen=True)
class Shared:
    """A team of several villages (or of the township), and how many of it count in each."""

    team: TeamRow
    registered: Fraction
    parts: list[tuple[Village, Fraction]]


@dataclass(frozen=True)
class Strength:
    """`unknown`: villages without a population, or without what the volunteer target is taken of. `joint`: neighbours
    that could have a full-time team together, since one of them wants too few for one of its own."""

    township: Area
    day: date
    policy: Policy
    lines: list[Line]
    days: list[date]
    shared: list[Shared]
    demand: Demand
    given_h: Fraction
    unknown: list[Village]
    joint: list[list[Village]]

    def target(self, kind: Kind) -> int:
        return sum(line.standing[kind].target for line in self.lines)

    def wanted(self, villages: Sequence[Village]) -> int:
        """Full-time members of these villages together."""
        return sum(line.standing["full_time"].target for line in self.lines if line.village in villages)

    def counts(self, kind: Kind) -> Counts:
        return rules.total_of(line.standing[kind].counts for line in self.lines)

    def gap(self, kind: Kind) -> Fraction:
        """The gaps of the villages together: more than enough in one fills none in another."""
        return sum((line.standing[kind].gap for line in self.lines), rules.NOBODY)

    def trend(self, kind: Kind) -> list[Counts]:
        return [rules.total_of(line.trend[kind][n] for line in self.lines) for n in range(len(self.days))]

    @property
    def cost(self) -> Cost:
        return sum((line.cost for line in self.lines), Cost())

    @property
    def people(self) -> int:
        return sum(line.village.population or 0 for line in self.lines)


def strength_of(township: Area, day: date) -> Strength:
    """Of a township that the caller has reached, as of a day."""
    found = policies_in_force(township.id, day)
    policy = rules.policy_from(found.body("staffing"), found.body("redemption"))
    villages, teams, days = (
        queries.villages_of(township.id),
        queries.teams_of(township.id),
        rules.month_ends(day),
    )
    counts = queries.counts_of(township.id, days, policy.active_days)
    shares = {team.id: rules.team_shares(villages, team.villages) for team in teams}
    targets = rules.targets(villages, policy)
    trends = [_trend(village.id, days, counts, shares) for village in villages]
    return Strength(
        township, day, policy, _lines(villages, teams, targets, trends, policy), days,
        _shared(villages, teams, shares, counts, day),
        rules.demand_of(villages, sum(targets["volunteer"]), policy),
        queries.volunteer_hours(township.id, day - timedelta(days=GIVEN_DAYS - 1), day),
        [v for v in villages if v.population is None or getattr(v, policy.volunteer_base) is None],
        _could_join(township.id, villages, targets["full_time"], policy),
    )  # fmt: skip


def _could_join(
    township_id: int, villages: Sequence[Village], targets: Sequence[int], policy: Policy
) -> list[list[Village]]:
    """Of villages that are known to want somebody: what nobody has counted, or where nobody is wanted, joins nobody."""
    wants = {v: target for v, target in zip(villages, targets, strict=True) if v.population}
    if not any(wants.values()) or all(target >= policy.joint_below for target in wants.values()):
        return []
    near = queries.neighbours_of(township_id)
    return rules.joint_groups([*wants], [*wants.values()], near, policy.joint_below)


Found = Mapping[tuple[date, str], Mapping[int, Counts]]
Shares = Mapping[int, Mapping[int, Fraction]]


def _trend(village_id: int, days: Sequence[date], found: Found, shares: Shares) -> dict[Kind, list[Counts]]:
    return {
        kind: [
            rules.total_of(
                counts.times(shares[team_id][village_id])
                for team_id, counts in found.get((day, kind), {}).items()
                if village_id in shares[team_id]
            )
            for day in days
        ]
        for kind in KINDS
    }


def _lines(
    villages: Sequence[Village], teams: Sequence[TeamRow], targets: Mapping[Kind, Sequence[int]],
    trends: Sequence[dict[Kind, list[Counts]]], policy: Policy,
) -> list[Line]:  # fmt: skip
    standings = [
        {kind: Standing(targets[kind][n], trend[kind][-1]) for kind in KINDS}
        for n, trend in enumerate(trends)
    ]
    costs, is_wanted = rules.costs_of(villages, standings, policy), any(targets["full_time"])
    return [
        Line(v, of, _is_short(v, of, policy) and is_wanted, _joint(v, teams), cost, trend)
        for v, of, cost, trend in zip(villages, standings, costs, trends, strict=True)
    ]


def _is_short(village: Village, of: Mapping[Kind, Standing], policy: Policy) -> bool:
    return bool(village.population) and of["full_time"].target < policy.joint_below


def _joint(village: Village, teams: Sequence[TeamRow]) -> list[str]:
    return [t.name for t in teams if village.id in t.villages and len(t.villages) > 1]


def _shared(
    villages: Sequence[Village], teams: Sequence[TeamRow], shares: Shares, found: Found, day: date
) -> list[Shared]:
    """Teams of more than one village, joint teams before those of the township."""
    rows = []
    for team in teams:
        counts = found.get((day, team.kind), {}).get(team.id, Counts())
        parts = [(v, counts.registered * shares[team.id][v.id]) for v in villages if v.id in shares[team.id]]
        if len(parts) > 1:
            rows.append(Shared(team, counts.registered, parts))
    return sorted(rows, key=lambda one: (one.team.whole_township, one.team.kind, one.team.name))
