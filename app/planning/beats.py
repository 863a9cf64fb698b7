"""Beats: which hotspots' slots a shift could serve and how much they are needed, what is asked, and what is kept.

A slot is worth its hotspot's weight, and as much again for each of the last four weeks in which nobody served the same
slot. A slot that another crew plans to visit is given to that crew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.accounts.models import Person
from app.areas.policies import place_of
from app.clock import local_day, rfc3339
from app.coverage import attendance, facts, rules
from app.coverage.facts import HotspotFact
from app.coverage.numbers import policies_of
from app.coverage.queries import Period
from app.db import db
from app.errors import DomainError, FieldError
from app.hotspots.models import Hotspot
from app.planning import crews, queries, runs
from app.planning.crews import Given, Start
from app.planning.models import PlanRun
from app.planning.puzzles import APART_MIN, Beat, Chance, clear_of
from app.planning.rules import Minutes
from app.planning.travel import Times, times_of
from app.teams.models import Team, TeamArea
from app.teams.scope import descendants

WEEKS_BACK = 4
SHORTEST_MIN, LONGEST_MIN = 30, 480
MOST_PAIRS = 6
DAYS_AHEAD = 60
# A two-hour slot reaches so far beyond a shift, with a rest of less than an hour joined to it.
AROUND = timedelta(hours=3)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Asked:
    """A shift that a beat is wanted for."""

    starts_at: datetime
    minutes: int
    pairs: int

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + self.minutes * MINUTE


def ask(person: Person, team: Team, asked: Asked, now: datetime) -> PlanRun:
    """Raises DomainError `invalid` with a FieldError for each thing that is wrong."""
    faults = []
    if not now - timedelta(hours=1) <= asked.starts_at <= now + timedelta(days=DAYS_AHEAD):
        faults.append(FieldError("/day", "beat_day", {"days": DAYS_AHEAD}))
    if not SHORTEST_MIN <= asked.minutes <= LONGEST_MIN:
        faults.append(
            FieldError("/minutes", "number_out_of_range", {"least": SHORTEST_MIN, "most": LONGEST_MIN})
        )
    if not 1 <= asked.pairs <= MOST_PAIRS:
        faults.append(FieldError("/pairs", "number_out_of_range", {"least": 1, "most": MOST_PAIRS}))
    if faults:
        raise DomainError("invalid", faults)
    parameters = {"starts_at": rfc3339(asked.starts_at), "minutes": asked.minutes, "pairs": asked.pairs}
    return runs.ask(person, team, "beats", parameters, now)


def asked_in(run: PlanRun) -> Asked:
    said = run.parameters
    return Asked(datetime.fromisoformat(said["starts_at"]), int(said["minutes"]), int(said["pairs"]))


# --- what is needed -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Needs:
    """The chances of a shift, and why the other hotspots of the team offer none: `no_hours`, `served`, `given`,
    `too_short`; how long visits and ways take there, the first way from the start among them; what others plan."""

    start: Start
    first_ways: Mapping[int, Minutes]
    times: Times
    chances: list[Chance]
    without: dict[int, str]
    given: list[Given]

    def first_way(self, hotspot_id: int) -> float:
        return self.first_ways[hotspot_id].minutes


def needs_of(team: Team, asked: Asked, now: datetime) -> Needs:
    """Of the hotspots in the team's areas that are in force on the day of the shift."""
    zone = place_of(team.township_id).zone
    first, last = local_day(asked.starts_at, zone), local_day(asked.ends_at, zone)
    hotspots = hotspots_of(team, Period(first, first))
    period = Period(first - timedelta(days=7 * WEEKS_BACK + 1), last)
    stays = attendance.stays_of(hotspots, period)
    policy = policies_of([team.township_id], period)[team.township_id]
    weights = _weights([hotspot.id for hotspot in hotspots])
    needs = _no_needs_yet(team, asked, hotspots, local_day(now, zone), policy)
    given = crews.by_hotspot(planned_by_others(team, [hotspot.id for hotspot in hotspots], asked))
    for hotspot in hotspots:
        ranges = rules.union((s.start, s.end) for s in stays[hotspot.id])
        slots = rules.risk_slots(hotspot.windows, period.first, period.last, zone, policy)
        served = rules.attained_slots(ranges, slots, policy)
        kept = _Kept(hotspot, slots, served, now, given.get(hotspot.id, ()), needs.times.stay(hotspot.id))
        chances, why = _chances(kept, asked, weights[hotspot.id])
        needs.chances.extend(chances)
        needs.given.extend(kept.given_in(asked))
        if not chances:
            needs.without[hotspot.id] = why
    return needs


def _no_needs_yet(
    team: Team, asked: Asked, hotspots: Sequence[HotspotFact], today: date, policy: rules.Policy
) -> Needs:
    """Where the crew begins and how long all takes."""
    ids = [hotspot.id for hotspot in hotspots]
    start = crews.start_of(team, asked.starts_at, asked.ends_at, today)
    times = times_of(team.township_id, hotspots, today, policy)
    return Needs(start, crews.ways_from(start, ids, policy), times, [], {}, [])


def hotspots_of(team: Team, period: Period) -> list[HotspotFact]:
    areas = db.session.scalars(select(TeamArea.area_id).where(TeamArea.team_id == team.id))
    return facts.hotspots_of(facts.hotspots_within(descendants(list(areas))), period)


def _weights(hotspot_ids: Sequence[int]) -> dict[int, float]:
    rows = db.session.execute(select(Hotspot.id, Hotspot.weight).where(Hotspot.id.in_(hotspot_ids)))
    return {row[0]: float(row[1]) for row in rows}


@dataclass(frozen=True)
class _Kept:
    """A hotspot's slots of the last weeks and of the shift, `served` by position, and what others plan there."""

    hotspot: HotspotFact
    slots: Sequence[rules.Range]
    served: frozenset[int]
    now: datetime
    planned: Sequence[Given]
    stay_min: float

    @property
    def given(self) -> frozenset[int | None]:
        """The slots that others' visits fill, by position."""
        return frozenset(crews.slot_of(self.slots, one, self.stay_min) for one in self.planned)

    def given_in(self, asked: Asked) -> list[Given]:
        """The visits that leave the asked shift less to do: in one of its slots, or too near its hours."""
        return [one for one in self.planned if self._is_in(asked, one) or _is_near(asked, one)]

    def _is_in(self, asked: Asked, one: Given) -> bool:
        n = crews.slot_of(self.slots, one, self.stay_min)
        return n is not None and self.slots[n][0] < asked.ends_at and self.slots[n][1] > asked.starts_at

    def missed(self, n: int) -> int:
        """In how many of the last weeks nobody served the slot of the same weekday and hour."""
        tz = ZoneInfo(self.hotspot.zone)
        at = {slot[0].astimezone(tz).replace(tzinfo=None): i for i, slot in enumerate(self.slots)}
        begins = self.slots[n][0].astimezone(tz).replace(tzinfo=None)
        earlier = [at.get(begins - timedelta(weeks=w)) for w in range(1, WEEKS_BACK + 1)]
        return sum(i is not None and i not in self.served and self._was_due(i) for i in earlier)

    def _was_due(self, i: int) -> bool:
        start, end = self.slots[i]
        return end <= self.now and local_day(start, self.hotspot.zone) >= self.hotspot.valid_from


def _is_near(asked: Asked, one: Given) -> bool:
    apart = APART_MIN * MINUTE
    return one.by == "beat" and asked.starts_at - apart < one.start < asked.ends_at + apart


def _chances(kept: _Kept, asked: Asked, weight: float) -> tuple[list[Chance], str]:
    found, why = [], "no_hours"
    given = kept.given
    for n, (start, end) in enumerate(kept.slots):
        opens, closes = max(start, asked.starts_at), min(end, asked.ends_at)
        if opens >= closes:
            continue
        first, last = (opens - asked.starts_at) / MINUTE, (closes - asked.starts_at) / MINUTE - kept.stay_min
        if n in kept.served or n in given:
            why = "served" if n in kept.served else "given"
        elif first > last:
            why = "too_short"
        else:
            missed = kept.missed(n)
            chance = Chance(kept.hotspot.id, round(100 * weight * (1 + missed)), missed, first, last)
            chance = _clear_of_others(chance, kept.planned, asked)
            if chance.opens_min <= chance.closes_min:
                found.append(chance)
            else:
                why = "given"
    return found, why


def _clear_of_others(chance: Chance, planned: Sequence[Given], asked: Asked) -> Chance:
    """Three quarters of an hour from the visits that other crews' beats plan in the slots beside it."""
    for one in planned:
        if one.by == "beat":
            chance = clear_of(chance, (one.start - asked.starts_at) / MINUTE)
    return chance


# --- what others plan ---------------------------------------------------------------------------------------------


def planned_by_others(team: Team, hotspot_ids: Collection[int], asked: Asked) -> list[Given]:
    """The visits of other crews to these hotspots that touch the asked hours, or the three hours around them."""
    start, end = asked.starts_at - AROUND, asked.ends_at + AROUND
    beats = [
        visit
        for run in _standing(queries.answered_beats(team))
        for visit in visits_in(run)
        if visit.hotspot_id in hotspot_ids and visit.start < end and visit.end > start
    ]
    zone = place_of(team.township_id).zone
    return beats + crews.passes_of_others(team, hotspot_ids, start, end, zone)


def _standing(newest_first: Sequence[PlanRun]) -> list[PlanRun]:
    """A team that asked anew for the same hours has changed its mind: its older beat for them counts no more."""
    kept: list[PlanRun] = []
    for run in newest_first:
        mine = asked_in(run)
        same_team = [asked_in(one) for one in kept if one.team_id == run.team_id]
        if not any(mine.starts_at < one.ends_at and one.starts_at < mine.ends_at for one in same_team):
            kept.append(run)
    return kept


def visits_in(run: PlanRun) -> list[Given]:
    """What an answered beat proposes."""
    starts_at = asked_in(run).starts_at
    visits = []
    for pair in (run.result or {}).get("pairs", []):
        for stop in pair["stops"]:
            arrives = starts_at + stop["arrive_min"] * MINUTE
            visits.append(Given(stop["hotspot"], arrives, arrives + stop["stay_min"] * MINUTE, "beat"))
    return visits


# --- what is kept -------------------------------------------------------------------------------------------------


def taken_of(beat: Beat, chances: Sequence[Chance]) -> dict[int, tuple[Chance, float]]:
    """By position: the chances of a beat, with the minute of each visit, in their order."""
    return {i - 1: (chances[i - 1], at) for i, at in zip(beat.order[1:-1], beat.at_min[1:-1], strict=True)}


def pair_of(beat: Beat, chances: Sequence[Chance], needs: Needs) -> dict[str, Any]:
    """A pair's beat as it is kept: ids of hotspots and minutes, each with what it rests on, and nothing else."""
    stops: list[dict[str, Any]] = []
    for chance, at in taken_of(beat, chances).values():
        way = _way_to(chance.hotspot_id, stops, needs)
        stay = needs.times.visit[chance.hotspot_id]
        stops.append(
            {
                "hotspot": chance.hotspot_id, "arrive_min": round(at, 1), "missed": chance.missed,
                "stay_min": round(stay.minutes, 1), "stay_basis": stay.basis,
                "way_min": round(way.minutes, 1) if way else 0, "way_basis": way.basis if way else None,
            }
        )  # fmt: skip
    return {"stops": stops, "proved": beat.proved}


def _way_to(here: int, before: Sequence[Mapping[str, Any]], needs: Needs) -> Minutes | None:
    """From the start, or from the place before; none where the pair stays."""
    if not before:
        return needs.first_ways[here]
    return None if before[-1]["hotspot"] == here else needs.times.travel[before[-1]["hotspot"], here]


def result_of(pairs: Sequence[dict[str, Any]], needs: Needs, asked: Asked) -> dict[str, Any]:
    """What is left unvisited has its reason: no time for it, or no chance at all. `given` are others' visits, in
    minutes from the asked beginning."""
    visited = {stop["hotspot"] for pair in pairs for stop in pair["stops"]}
    short = {chance.hotspot_id: "no_time" for chance in needs.chances if chance.hotspot_id not in visited}
    left = [{"hotspot": hotspot_id, "why": why} for hotspot_id, why in {**short, **needs.without}.items()]
    given = [
        {
            "hotspot": one.hotspot_id, "by": one.by, "from_min": round((one.start - asked.starts_at) / MINUTE, 1),
            "to_min": round((one.end - asked.starts_at) / MINUTE, 1),
        }
        for one in sorted(needs.given, key=lambda one: (one.start, one.hotspot_id))
    ]  # fmt: skip
    return {"start": asdict(needs.start), "given": given, "pairs": list(pairs), "left": left}
