"""A team's month on the leader's page: the spread of points and of hard shifts, what an hour was worth, the ranking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.areas.policies import policies_in_force
from app.clock import local_day
from app.duty.models import Duty, Shift
from app.fairness import queries, rules, spread
from app.fairness.queries import Earned, Place
from app.fairness.spread import Entry, Paid, Ranking, Share, Spread, Value
from app.incentives.operations import month_of


@dataclass(frozen=True)
class Facts:
    """A township's month up to today: duties that are over, what they earned, places on shifts."""

    first: date
    last: date
    zone: str
    duties: list[tuple[Duty, Shift]]
    earned: list[Earned]
    places: list[Place]


def facts_of(township_id: int, month: date, zone: str, now: datetime) -> Facts:
    first, last = month_of(month)
    last = min(last, local_day(now, zone))
    return Facts(
        first, last, zone, queries.duties_of(township_id, first, last), queries.earned_of(township_id, first, last),
        queries.planned_of(township_id, first, last),
    )  # fmt: skip


@dataclass(frozen=True)
class TeamMonth:
    """`names` by person; `offered` places on the team's shifts, `done` duties of its members."""

    names: dict[int, str]
    shares: list[Share]
    spread: Spread
    curve: list[tuple[float, float]]
    values: list[Value]
    dearest: float | None

    @property
    def offered(self) -> int:
        return sum(share.offered for share in self.shares)

    @property
    def done(self) -> int:
        return sum(share.done for share in self.shares)


def team_months(facts: Facts, team_ids: Collection[int]) -> dict[int, TeamMonth]:
    """Of each team; who is in them is asked once."""
    members = queries.members_of(team_ids, facts.first, facts.last)
    away = {duty.person_id for duty, _ in facts.duties} - {who for own in members.values() for who in own}
    names = queries.names_of(away) | {who: name for own in members.values() for who, name in own.items()}
    return {team_id: _team_month(facts, team_id, members[team_id], names) for team_id in team_ids}


def _team_month(
    facts: Facts, team_id: int, members: Mapping[int, str], known: Mapping[int, str]
) -> TeamMonth:
    """With those who came from elsewhere, too."""
    duties = [pair for pair in facts.duties if pair[0].team_id == team_id]
    paid = paid_of(duties, facts.earned, facts.zone)
    names = {**members, **{p.person_id: known[p.person_id] for p in paid if p.person_id not in members}}
    offered = Counter(place.person_id for place in facts.places if place.team_id == team_id)
    shares = spread.shares_of(names, paid, offered, _half(facts.earned, duties))
    points = [share.half / 2 for share in shares]
    values = spread.values_of(paid)
    return TeamMonth(
        names, shares, spread.spread_of(points), spread.lorenz(points), values, spread.dearest(values)
    )


def paid_of(duties: list[tuple[Duty, Shift]], earned: list[Earned], zone: str) -> list[Paid]:
    half: Counter[int] = Counter()
    minutes: Counter[int] = Counter()
    hard = {e.duty_id for e in earned if e.rule == "hard_to_fill"}
    for e in earned:
        if e.duty_id is not None:
            half[e.duty_id] += e.half
            minutes[e.duty_id] += e.minutes
    return [
        Paid(
            duty.person_id, half[duty.id], minutes[duty.id], _middle(duty, shift).astimezone(ZoneInfo(zone)),
            duty.id in hard,
        )
        for duty, shift in duties
    ]  # fmt: skip


def _middle(duty: Duty, shift: Shift) -> datetime:
    low, high = (
        (duty.worked.lower, duty.worked.upper)
        if duty.worked is not None
        else (shift.starts_at, shift.ends_at)
    )
    return low + (high - low) / 2


def _half(earned: list[Earned], duties: list[tuple[Duty, Shift]]) -> dict[int, int]:
    """What each earned with this team: of its duties, and what hangs on no duty."""
    own = {duty.id for duty, _ in duties}
    half: Counter[int] = Counter()
    for e in earned:
        if e.duty_id is None or e.duty_id in own:
            half[e.person_id] += e.half
    return half


# --- a ranking ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TeamStanding:
    """A team's ranking of a month: None while the team has not said yes."""

    team_id: int
    team: str
    measure: str
    ranking: Ranking | None


def standing_of(
    township_id: int, team_id: int, name: str, month: date, zone: str, now: datetime
) -> TeamStanding:
    """Of those alone who said yes: nothing about anybody else is even asked for."""
    setting = queries.rankings_of([team_id]).get(team_id)
    if setting is None or not setting.shown:
        return TeamStanding(team_id, name, setting.measure if setting else "points", None)
    first, last = month_of(month)
    people = queries.said_yes(team_id)
    least = rules.policy_from(
        policies_in_force(township_id, local_day(now, zone)).body("fairness")
    ).rank_least
    if len(people) < least:
        return TeamStanding(team_id, name, setting.measure, Ranking(few=True))
    duties = [
        one
        for one in queries.duties_of(township_id, first, last)
        if one[0].team_id == team_id and one[0].person_id in people
    ]
    values = _values(setting.measure, queries.earned_of(township_id, first, last, list(people)), duties)
    entries = [Entry(who, words, values.get(who, 0)) for who, words in people.items()]
    return TeamStanding(team_id, name, setting.measure, spread.rank(entries, least))


def _values(measure: str, earned: list[Earned], duties: list[tuple[Duty, Shift]]) -> dict[int, float]:
    """Whole points, or hours in tenths."""
    if measure == "points":
        return {who: max(0, half) // 2 for who, half in _half(earned, duties).items()}
    seconds: Counter[int] = Counter()
    for duty, _ in duties:
        seconds[duty.person_id] += duty.worked_s
    return {who: round(s / 3600, 1) for who, s in seconds.items()}


def months_before(today: date, n: int) -> list[date]:
    """The first day of this month and of those before it."""
    found = [today.replace(day=1)]
    while len(found) < n:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found
