"""Beats: which hotspots' slots a shift could serve and how much they are needed, what is asked, and what is kept.

A slot is worth its hotspot's weight, and as much again for each of the last four weeks in which nobody served the same
slot. What others plan to do in the same hours is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from app.planning import runs
from app.planning.models import PlanRun
from app.planning.puzzles import Beat, Chance
from app.planning.travel import Times, times_of
from app.teams.models import Team, TeamArea
from app.teams.scope import descendants

WEEKS_BACK = 4
SHORTEST_MIN, LONGEST_MIN = 30, 480
MOST_PAIRS = 6
DAYS_AHEAD = 60
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
    """The chances of a shift, and why the other hotspots of the team offer none: `no_hours`, `served`, `too_short`;
    how long visits and ways take there."""

    chances: list[Chance]
    without: dict[int, str]
    times: Times


def needs_of(team: Team, asked: Asked, now: datetime) -> Needs:
    """Of the hotspots in the team's areas that are in force on the day of the shift."""
    zone = place_of(team.township_id).zone
    first, last = local_day(asked.starts_at, zone), local_day(asked.ends_at, zone)
    hotspots = hotspots_of(team, Period(first, first))
    period = Period(first - timedelta(days=7 * WEEKS_BACK + 1), last)
    stays = attendance.stays_of(hotspots, period)
    policy = policies_of([team.township_id], period)[team.township_id]
    weights = _weights([hotspot.id for hotspot in hotspots])
    needs = Needs([], {}, times_of(team.township_id, hotspots, local_day(now, zone), policy))
    for hotspot in hotspots:
        ranges = rules.union((s.start, s.end) for s in stays[hotspot.id])
        slots = rules.risk_slots(hotspot.windows, period.first, period.last, zone, policy)
        kept = _Kept(hotspot, slots, rules.attained_slots(ranges, slots, policy), now)
        chances, why = _chances(kept, asked, needs.times.stay(hotspot.id), weights[hotspot.id])
        needs.chances.extend(chances)
        if not chances:
            needs.without[hotspot.id] = why
    return needs


def hotspots_of(team: Team, period: Period) -> list[HotspotFact]:
    areas = db.session.scalars(select(TeamArea.area_id).where(TeamArea.team_id == team.id))
    return facts.hotspots_of(facts.hotspots_within(descendants(list(areas))), period)


def _weights(hotspot_ids: Sequence[int]) -> dict[int, float]:
    rows = db.session.execute(select(Hotspot.id, Hotspot.weight).where(Hotspot.id.in_(hotspot_ids)))
    return {row[0]: float(row[1]) for row in rows}


@dataclass(frozen=True)
class _Kept:
    """A hotspot's slots of the last weeks and of the shift; `served` by position."""

    hotspot: HotspotFact
    slots: Sequence[rules.Range]
    served: frozenset[int]
    now: datetime

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


def _chances(kept: _Kept, asked: Asked, stay_min: float, weight: float) -> tuple[list[Chance], str]:
    found, why = [], "no_hours"
    for n, (start, end) in enumerate(kept.slots):
        opens, closes = max(start, asked.starts_at), min(end, asked.ends_at)
        if opens >= closes:
            continue
        first, last = (opens - asked.starts_at) / MINUTE, (closes - asked.starts_at) / MINUTE - stay_min
        if n in kept.served:
            why = "served"
        elif first > last:
            why = "too_short"
        else:
            missed = kept.missed(n)
            value = round(100 * weight * (1 + missed))
            found.append(Chance(kept.hotspot.id, value, missed, first, last))
    return found, why


# --- what is kept -------------------------------------------------------------------------------------------------


def taken_of(beat: Beat, chances: Sequence[Chance]) -> dict[int, tuple[Chance, float]]:
    """By position: the chances of a beat, with the minute of each visit, in their order."""
    return {i - 1: (chances[i - 1], at) for i, at in zip(beat.order[1:-1], beat.at_min[1:-1], strict=True)}


def pair_of(beat: Beat, chances: Sequence[Chance], times: Times) -> dict[str, Any]:
    """A pair's beat as it is kept: ids of hotspots and minutes, each with what it rests on, and nothing else."""
    stops: list[dict[str, Any]] = []
    for chance, at in taken_of(beat, chances).values():
        here, before = chance.hotspot_id, stops[-1]["hotspot"] if stops else chance.hotspot_id
        way = None if here == before else times.travel[before, here]
        stay = times.visit[here]
        stops.append(
            {
                "hotspot": here, "arrive_min": round(at, 1), "missed": chance.missed,
                "stay_min": round(stay.minutes, 1), "stay_basis": stay.basis,
                "way_min": round(way.minutes, 1) if way else 0, "way_basis": way.basis if way else None,
            }
        )  # fmt: skip
    return {"stops": stops, "proved": beat.proved}


def result_of(pairs: Sequence[dict[str, Any]], needs: Needs) -> dict[str, Any]:
    """What is left unvisited has its reason: no time for it, or no chance at all."""
    visited = {stop["hotspot"] for pair in pairs for stop in pair["stops"]}
    short = {chance.hotspot_id: "no_time" for chance in needs.chances if chance.hotspot_id not in visited}
    left = [{"hotspot": hotspot_id, "why": why} for hotspot_id, why in {**short, **needs.without}.items()]
    return {"pairs": list(pairs), "left": left}
