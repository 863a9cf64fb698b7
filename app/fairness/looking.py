"""Runs every check over a township's month: gathers the facts, asks the rules, keeps nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from app.areas.policies import InForce, place_of, policies_in_force
from app.checkins.queries import AT_THE_POINT_M
from app.clock import day_span, local_day
from app.coverage import rules as coverage
from app.duty import pairs
from app.duty import rules as duty_rules
from app.duty.models import Duty, Shift
from app.fairness import camping, copies, queries, rules, rushes
from app.fairness.camping import Visit
from app.fairness.copies import Tap
from app.fairness.queries import Earned, Place
from app.fairness.rules import Flag, Outing, Pair, Report, Vouching
from app.fairness.rushes import Work
from app.incentives import queries as points
from app.incentives import rules as pricing
from app.incentives.operations import month_of
from app.incidents.rules import SAME_WITHIN, SAME_WITHIN_M


@dataclass(frozen=True)
class Month:
    """A township's month with the facts that several checks share; each is asked for once."""

    township_id: int
    first: date
    last: date
    zone: str
    is_over: bool
    in_force: InForce

    @property
    def policy(self) -> rules.Policy:
        return rules.policy_from(self.in_force.body("fairness"))

    @cached_property
    def duties(self) -> list[tuple[Duty, Shift]]:
        return queries.duties_of(self.township_id, self.first, self.last)

    @cached_property
    def earned(self) -> list[Earned]:
        return queries.earned_of(self.township_id, self.first, self.last)

    @cached_property
    def planned(self) -> list[Place]:
        return [p for p in queries.planned_of(self.township_id, self.first, self.last) if p.active]

    @cached_property
    def stays(self) -> dict[tuple[int, int, int], tuple[tuple[datetime, datetime], ...]]:
        """(person, duty, hotspot) → the time there."""
        found = points.stays_of(self.township_id, [duty.id for duty, _ in self.duties])
        return {
            (duty.person_id, duty.id, hotspot_id): coverage.union(ranges)
            for duty, _ in self.duties
            for hotspot_id, ranges in found.get(duty.id, {}).items()
        }

    @cached_property
    def visits(self) -> list[Visit]:
        """Qualified ones."""
        policy = coverage.policy_from(self.in_force.body("coverage"))
        return [
            Visit(*key, visit.start, visit.end)
            for key, ranges in self.stays.items()
            for visit in coverage.visits(ranges, policy)
            if coverage.is_qualified(visit, policy)
        ]


def month_at(township_id: int, month: date, now: datetime) -> Month:
    """Judged by the numbers in force on its last day, or today while it runs."""
    first, last = month_of(month)
    zone = place_of(township_id).zone
    today = local_day(now, zone)
    in_force = policies_in_force(township_id, min(last, today))
    return Month(township_id, first, last, zone, today > last, in_force)


def flags_of(month: Month) -> list[Flag]:
    """One for each kind and subject, each with the team by which its leader finds it."""
    found = [*_of_taps(month), *_of_reports(month), *_of_pairs(month), *_of_rush(month), *_of_places(month)]
    teams = {duty.person_id: duty.team_id for duty, _ in month.duties}
    return [_with_team(flag, teams) for flag in rules.one_each(found)]


def _with_team(flag: Flag, teams: Mapping[int, int]) -> Flag:
    team = flag.team_id or next((teams[who] for who in flag.people if who in teams), None)
    return replace(flag, team_id=team)


# --- where and when -------------------------------------------------------------------------------


def _of_taps(month: Month) -> list[Flag]:
    taps = [
        Tap(
            str(r.id), r.duty_id, r.person_id, str(r.device_id), r.effective_at, round(r.lon * 1e7),
            round(r.lat * 1e7), r.accuracy_m, r.time_quality == "good",
            r.checkpoint_id is not None and (r.distance_m or 0) < AT_THE_POINT_M, r.team_id,
        )
        for r in queries.taps_of(month.township_id, month.first, month.last)
    ]  # fmt: skip
    checks = (copies.same_walk, copies.shared_phone, copies.two_places)
    return [flag for check in checks for flag in check(taps, month.policy)]


# --- reports --------------------------------------------------------------------------------------


def _of_reports(month: Month) -> list[Flag]:
    since, until = day_span(month.first, month.last, month.zone)
    told = [
        Report(
            str(r.id), r.category, r.reporter_id, r.reported_at, r.team_id, r.decided_by, r.closing,
            None if r.lon is None else round(r.lon * 1e7), None if r.lat is None else round(r.lat * 1e7),
        )
        for r in queries.reports_of(month.township_id, since - timedelta(days=month.policy.split_days), until)
    ]  # fmt: skip
    here = [report for report in told if report.at >= since]
    return [
        *rules.self_closed(here, month.policy),
        *rules.closed_for(here, month.policy),
        *rules.split_reports(told, since, SAME_WITHIN_M, SAME_WITHIN, month.policy),
    ]


# --- pairs ----------------------------------------------------------------------------------------


def _of_pairs(month: Month) -> list[Flag]:
    before = queries.duties_of(
        month.township_id, month.first - pairs.LOOK_AROUND, month.first - timedelta(days=1)
    )
    outings = _outings([*before, *month.duties])
    most = duty_rules.policy_from(month.in_force.body("duty")).pair_in_a_row
    flags: list[Flag] = []
    for own in _by_team(outings).values():
        flags += rules.same_pair(own, _in_a_row(own, _begin(month)), most, month.policy)
    given = [
        Vouching(str(r.id), r.shift_id, r.person_id, r.by)
        for r in queries.cosigns_of(month.township_id, month.first, month.last)
    ]
    return flags + rules.cosign_pair(
        given, [o for o in outings if o.starts_at >= _begin(month)], month.policy
    )


def _begin(month: Month) -> datetime:
    return day_span(month.first, month.first, month.zone)[0]


def _outings(duties: Iterable[tuple[Duty, Shift]]) -> list[Outing]:
    found: dict[int, tuple[Shift, dict[int, int]]] = {}
    for duty, shift in duties:
        found.setdefault(shift.id, (shift, {}))[1][duty.person_id] = duty.id
    return [Outing(s.id, s.team_id, s.starts_at, own) for s, own in found.values()]


def _by_team(outings: Iterable[Outing]) -> dict[int, list[Outing]]:
    found: dict[int, list[Outing]] = defaultdict(list)
    for one in outings:
        found[one.team_id].append(one)
    return found


def _in_a_row(outings: Sequence[Outing], begins_at: datetime) -> dict[Pair, int]:
    """The longest row of each pair that reaches into the month."""
    most: dict[Pair, int] = {}
    crews = [(one, pairs.Crew(one.starts_at, one.people)) for one in outings]
    for one, _ in crews:
        if one.starts_at < begins_at:
            continue
        others = [crew for other, crew in crews if other is not one]
        for pair, times in pairs.too_often(sorted(one.people), one.starts_at, others, 0).items():
            most[pair] = max(times, most.get(pair, 0))
    return most


# --- the end of the month, and its beginning ------------------------------------------------------


def _of_rush(month: Month) -> list[Flag]:
    """Only once the month is over: before, its last days are always most of it."""
    if not month.is_over:
        return []
    policy, flags = month.policy, list[Flag]()
    capped = _capped(month)
    for who, work in _works(month, by_team=False).items():
        flags += rushes.month_end_rush(who, work, month.last, policy)
        flags += rushes.after_cap_rush(who, work, month.first, who in capped, policy)
    for team_id, work in _works(month, by_team=True).items():
        flags += rushes.team_rush(team_id, work, month.last, policy)
    return flags


def _works(month: Month, *, by_team: bool) -> dict[int, Work]:
    """By person, or by team; what hangs on no duty is a person's only."""
    duty_of = {duty.id: duty for duty, _ in month.duties}
    half: dict[int, Counter[date]] = defaultdict(Counter)
    visits: dict[int, Counter[date]] = defaultdict(Counter)
    planned: dict[int, list[date]] = defaultdict(list)
    duties: dict[int, dict[date, tuple[int, ...]]] = defaultdict(dict)
    for e in month.earned:
        duty = duty_of.get(e.duty_id or 0)
        if duty is not None or not by_team:
            half[duty.team_id if by_team and duty else e.person_id][e.day] += e.half
    for visit in month.visits:
        duty = duty_of[visit.duty_id]
        visits[duty.team_id if by_team else visit.person_id][duty.day] += 1
    for place in month.planned:
        planned[place.team_id if by_team else place.person_id].append(place.day)
    for duty in duty_of.values():
        own = duties[duty.team_id if by_team else duty.person_id]
        own[duty.day] = (*own.get(duty.day, ()), duty.id)
    return {who: Work(half[who], visits[who], planned[who], duties[who]) for who in {*half, *visits}}


def _capped(month: Month) -> set[int]:
    """Who had reached the cap of the month before, by the rules of then; what is taken afterwards makes no room."""
    first, last = month_of(month.first - timedelta(days=1))
    cap = 2 * pricing.policy_from(policies_in_force(month.township_id, last).body("incentives")).month_cap
    half: Counter[int] = Counter()
    for e in queries.earned_of(month.township_id, first, last):
        half[e.person_id] += max(0, e.half)
    return {who for who, n in half.items() if n >= cap}


# --- places ---------------------------------------------------------------------------------------


def _of_places(month: Month) -> list[Flag]:
    paid = pricing.policy_from(month.in_force.body("incentives"))
    qualified = coverage.policy_from(month.in_force.body("coverage")).visit_qualified_min
    stays = {key: coverage.total_min(ranges) for key, ranges in month.stays.items()}
    worked = {duty.id: duty.worked_s / 60 for duty, _ in month.duties}
    return [
        *camping.thin_visits(month.visits, qualified, month.policy),
        *camping.paid_rhythm(month.visits, paid.visit_gap_min, month.policy),
        *camping.long_standing(stays, worked, month.policy),
    ]
