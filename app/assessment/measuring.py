"""What a quarter was like, village by village, from places and the team's own work.

Nothing else can come in: the tables read are INPUTS, and a test listens to every statement of a computation. Recorded
events, reports of order, answers and objections, and people's names are not among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from app import clock
from app.areas.models import Area
from app.assessment import queries
from app.assessment.models import AssessmentNotice
from app.assessment.queries import Hazard
from app.assessment.rules import Measured, Place, Policy, Quarter, due_for
from app.coverage import cells, measures
from app.coverage.facts import ShiftFact
from app.coverage.measures import Ground
from app.coverage.queries import Period
from app.incidents.rules import SAME_WITHIN
from app.strength import figures as strength
from app.strength.rules import KINDS, total_of
from app.strength.rules import Standing as Strength
from app.teams.scope import scope_of_township

# Tables of places, of the teams' work and of the numbers in force. `audits`: when a report was first decided about.
INPUTS = frozenset({
    "areas", "policy_versions", "teams", "team_areas", "team_members",
    "hotspots", "risk_windows", "network_versions", "streets", "routes", "route_versions", "checkpoints",
    "shifts", "assignments", "duties", "checkins", "place_presences", "route_presences", "street_presences",
    "street_days", "incidents", "audits", "assessment_notices",
})  # fmt: skip
MOST_EVIDENCE = 40
CENTI = 100

Evidence = list[dict[str, Any]]
Found = dict[str, tuple[Measured, Evidence]]


@dataclass(frozen=True)
class Asked:
    """All that is read once for the township and divided among its villages."""

    township: Area
    quarter: Quarter
    policy: Policy
    period: Period
    ground: Ground
    hazards: Sequence[Hazard]
    wanted: Mapping[int, int]
    routes: Mapping[int, str]
    notices: Sequence[AssessmentNotice]
    strength: strength.Strength
    start: datetime
    end: datetime
    now: datetime

    def runs_out(self, at: datetime | None) -> bool:
        """Whether a time ran out in the quarter, as far as it has come."""
        return at is not None and self.start <= at < self.end


@dataclass(frozen=True)
class Surveyed:
    """A place with its measures, and what each rests on."""

    place: Place
    evidence: Mapping[str, Evidence]


def survey(
    township: Area, quarter: Quarter, policy: Policy, now: datetime
) -> tuple[Surveyed, list[Surveyed]]:
    """The township and its villages in force, as far as the quarter has come."""
    asked = gather(township, quarter, policy, now)
    whole = Place(township.id, township.code, township.name, "township", Fraction(0), {})
    villages = {area.id: area for area in queries.villages_of(township.id)}
    found = []
    for line in asked.strength.lines:
        v = line.village
        tier = "priority" if v.priority_weight > 1 else "ordinary"
        place = Place(v.id, v.code, v.name, tier, v.weight, {})
        found.append(_surveyed(place, _measure(villages[v.id], line.standing, asked)))
    return _surveyed(whole, _measure(township, _of_all(asked.strength), asked)), found


def gather(township: Area, quarter: Quarter, policy: Policy, now: datetime) -> Asked:
    today = clock.local_day(now, township.time_zone)
    last = max(quarter.first, min(quarter.last, today))
    period = Period(quarter.first, last)
    start, end = clock.day_span(quarter.first, last, township.time_zone)
    ground = measures.coverage_of(scope_of_township(township.id), township, period, now).ground
    end, reopened = min(end, now), timedelta(days=policy.reopen_days)
    return Asked(
        township, quarter, policy, period, ground,
        queries.hazards_of(township.id, start - longest_clock(policy), end, reopened),
        queries.crews_wanted(township.id, quarter.first, last),
        queries.route_names({s.route_id for s in ground.shifts if s.route_id is not None}),
        queries.notices_of(township.id, quarter.months), strength.strength_of(township, last), start, end,
        now,
    )  # fmt: skip


def longest_clock(policy: Policy) -> timedelta:
    """How long before the quarter a hazard may have been told whose time runs out in it."""
    again = SAME_WITHIN + timedelta(hours=policy.follow_up_h)
    return max(timedelta(days=max(policy.hazard_days, policy.mend_days)), again)


def _of_all(found: strength.Strength) -> dict[Any, Strength]:
    return {
        kind: Strength(found.target(kind), total_of(line.standing[kind].counts for line in found.lines))
        for kind in KINDS
    }


def _surveyed(place: Place, found: Found) -> Surveyed:
    measured = {key: one for key, (one, _) in found.items()}
    with_measures = Place(place.id, place.code, place.name, place.tier, place.weight, measured)
    return Surveyed(with_measures, {key: worst(evidence) for key, (_, evidence) in found.items()})


def worst(evidence: Evidence) -> Evidence:
    """The lowest first, and no more than a page holds."""
    return sorted(evidence, key=lambda e: (e["num"] / e["den"] if e["den"] else 0, str(e["id"])))[
        :MOST_EVIDENCE
    ]


def _measure(area: Area, standing: Mapping[Any, Strength], asked: Asked) -> Found:
    shifts = measures.shifts_of(area, asked.ground)
    hazards = [h for h in asked.hazards if area.level == "township" or h.village_id == area.id]
    return {
        **_of_hotspots(area, asked),
        "route": _of_routes(shifts, asked),
        "cells": _of_cells(area, asked),
        "hazards": _of_hazards(hazards, asked),
        "near_repeat": _of_repeats(hazards, asked),
        "environment": _of_mending(hazards, asked),
        "staffing": _of_staffing(area, standing),
        "training": _of_training(area, standing),
        "roster": _of_rosters(shifts, asked),
        "checkins": _of_checkins(shifts, asked),
        "publicity": _of_notices(area, asked),
    }


def _amount(value: float) -> Fraction:
    """Metres and the like, to a hundredth: stored as it is computed with."""
    return Fraction(round(value * CENTI), CENTI)


def measured(num: Fraction | int, den: Fraction | int, n: int, why: str) -> Measured:
    """`why` it is missing, where there is nothing to measure."""
    return Measured(Fraction(num), Fraction(den), n) if den and n else Measured(why=why)


def _line(kind: str, id_: object, name: str, num: float, den: float) -> dict[str, Any]:
    return {"kind": kind, "id": id_, "name": name, "num": round(num, 2), "den": round(den, 2)}


# --- presence -----------------------------------------------------------------------------------------------------


def _of_hotspots(area: Area, asked: Asked) -> Found:
    figures = measures.hotspots_of(area, asked.ground)
    why = "no_window" if figures else "no_hotspot"
    slots, over = sum(f.slots for f in figures), sum(f.risk_windows for f in figures)
    return {
        "dosage": (
            measured(sum(f.attained for f in figures), slots, slots, why),
            [_line("hotspot", f.hotspot.id, f.hotspot.name, f.attained, f.slots) for f in figures if f.slots],
        ),
        "worst_gap": (
            measured(sum(f.gaps_kept for f in figures), over, over, why),
            [
                _line("hotspot", f.hotspot.id, f.hotspot.name, f.gaps_kept, f.risk_windows)
                for f in figures
                if f.risk_windows
            ],
        ),
    }


def _of_routes(shifts: Sequence[ShiftFact], asked: Asked) -> tuple[Measured, Evidence]:
    walked = [s for s in shifts if s.crew and s.route_share is not None and s.route_m > 0]
    num = sum(s.route_m * (s.route_share or 0.0) for s in walked)
    den = sum(s.route_m for s in walked)
    routes = {s.route_id for s in walked if s.route_id is not None}
    lines = [
        _by_shift(
            "route", route, asked.routes.get(route, ""), [s for s in walked if s.route_id == route],
            lambda s: (s.route_m * (s.route_share or 0.0), s.route_m),
        )
        for route in routes
    ]  # fmt: skip
    return measured(_amount(num), _amount(den), len(walked), "no_track"), lines


def _by_shift(
    kind: str,
    id_: object,
    name: str,
    shifts: Iterable[ShiftFact],
    of: Callable[[ShiftFact], tuple[float, float]],
) -> dict[str, Any]:
    pairs = [of(shift) for shift in shifts]
    return _line(kind, id_, name, sum(a for a, _ in pairs), sum(b for _, b in pairs))


def _of_cells(area: Area, asked: Asked) -> tuple[Measured, Evidence]:
    streets = measures.streets_of(area, asked.ground)
    there = all_ = 0
    for township_id, found in asked.ground.cells.items():
        policy = asked.ground.policies[township_id]
        minutes = cells.minutes(found, streets.ids, policy)
        there += sum(m >= policy.cell_min for m in minutes)
        all_ += len(minutes)
    return measured(there, all_, all_, "no_street"), [_line("cells", area.code, area.name, there, all_)]


# --- hazards ------------------------------------------------------------------------------------------------------


def _judged(
    hazards: Iterable[Hazard], is_due: Callable[[Hazard], bool], is_good: Callable[[Hazard], bool], why: str
) -> tuple[Measured, Evidence]:
    """Those whose time ran out in the quarter, good ones and others alike: each is judged once, in one quarter. Of what
    may still come right nothing is said, and what came right early is not said before."""
    judged = [h for h in hazards if is_due(h)]
    good = [h for h in judged if is_good(h)]
    lines = [
        _line("report", str(h.id), f"{h.category}.{h.phrase or ''}", float(is_good(h)), 1) for h in judged
    ]
    return measured(len(good), len(judged), len(judged), why), lines


def _of_hazards(hazards: Sequence[Hazard], asked: Asked) -> tuple[Measured, Evidence]:
    limit = timedelta(days=asked.policy.hazard_days)
    return _judged(
        hazards,
        lambda h: asked.runs_out(h.reported_at + limit),
        lambda h: h.closed_at is not None and h.closed_at <= h.reported_at + limit and not h.is_reopened,
        "no_hazard",
    )


def _of_repeats(hazards: Sequence[Hazard], asked: Asked) -> tuple[Measured, Evidence]:
    limit = timedelta(hours=asked.policy.follow_up_h)
    return _judged(
        hazards,
        lambda h: h.repeated_at is not None and asked.runs_out(h.repeated_at + limit),
        lambda h: (
            h.repeated_at is not None and h.decided_at is not None and h.decided_at <= h.repeated_at + limit
        ),
        "no_repeat",
    )


def _of_mending(hazards: Sequence[Hazard], asked: Asked) -> tuple[Measured, Evidence]:
    limit = timedelta(days=asked.policy.mend_days)
    return _judged(
        hazards,
        lambda h: asked.runs_out(h.reported_at + limit),
        lambda h: h.closing == "mended" and h.closed_at is not None and h.closed_at <= h.reported_at + limit,
        "no_hazard",
    )


# --- people of the teams, as counts -------------------------------------------------------------------------------


def _of_staffing(area: Area, standing: Mapping[Any, Strength]) -> tuple[Measured, Evidence]:
    """Of both targets together; more than enough of one kind fills nothing of the other."""
    target = sum(one.target for one in standing.values())
    there = sum((min(one.counts.active, Fraction(one.target)) for one in standing.values()), Fraction(0))
    lines = [
        _line("strength", area.code, kind, float(one.counts.active), one.target)
        for kind, one in standing.items()
    ]
    return measured(there, target, target, "no_target"), lines


def _of_training(area: Area, standing: Mapping[Any, Strength]) -> tuple[Measured, Evidence]:
    counts = total_of(one.counts for one in standing.values())
    lines = [
        _line("trained", area.code, area.name, float(counts.trained), float(counts.registered)),
        _line("insured", area.code, area.name, float(counts.insured), float(counts.registered)),
    ]
    both = counts.trained + counts.insured
    n = max(1, round(counts.registered)) if counts.registered else 0
    return measured(both, 2 * counts.registered, n, "no_member"), lines


# --- shifts -------------------------------------------------------------------------------------------------------


def _of_rosters(shifts: Sequence[ShiftFact], asked: Asked) -> tuple[Measured, Evidence]:
    """Places in the crews that somebody filled and came for, of all that were wanted on shifts that are over."""

    def places(shift: ShiftFact) -> tuple[float, float]:
        wanted = asked.wanted.get(shift.id, 0)
        return min(shift.crew, wanted), wanted

    shifts = [s for s in shifts if s.ends_at <= asked.now]
    line = _by_shift("shifts", asked.township.code, "", shifts, places)
    return measured(int(line["num"]), int(line["den"]), len(shifts), "no_shift"), [line] if shifts else []


def _of_checkins(shifts: Sequence[ShiftFact], asked: Asked) -> tuple[Measured, Evidence]:
    """Of those decided; what waits for a person is neither."""
    good = sum(s.checkins.get("counted", 0) for s in shifts)
    all_ = good + sum(s.checkins.get("not_counted", 0) for s in shifts)
    lines = [_line("checkins", asked.township.code, "", good, all_)] if all_ else []
    return measured(good, all_, all_, "no_checkin"), lines


# --- notices ------------------------------------------------------------------------------------------------------


def _of_notices(area: Area, asked: Asked) -> tuple[Measured, Evidence]:
    """The newest confirmed entry of each village and month. What nobody entered is not known."""
    newest: dict[tuple[int, Any], AssessmentNotice] = {}
    for notice in asked.notices:
        if notice.confirmed_by is not None and area.id in (notice.village_id, asked.township.id):
            newest.setdefault((notice.village_id, notice.month), notice)
    lines = [
        _line("notice", str(one.id), f"{one.month:%Y-%m}", float(is_on_time(one, asked.policy)), 1)
        for one in newest.values()
    ]
    return measured(int(sum(line["num"] for line in lines)), len(lines), len(lines), "no_notice"), lines


def is_on_time(notice: AssessmentNotice, policy: Policy) -> bool:
    return notice.published_on is not None and notice.published_on <= due_for(notice.month, policy)
