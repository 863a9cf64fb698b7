"""Why this number: the duties and visits behind a street's, hotspot's, route's or area's figures.

Shifts are named by day, times, team, crew size and evidence; never a person, never a trail. A leader reads the shifts
of the teams led; of others only how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select

from app import clock
from app.areas.models import Area
from app.checkins.models import Checkin
from app.coverage import attendance, facts, queries, rules, series, streets, taps
from app.coverage.attendance import Attended, HotspotFigures
from app.coverage.facts import ShiftFact
from app.coverage.hours import WindowKept
from app.coverage.measures import (
    Measure,
    Measures,
    coverage_of,
    merged,
    minutes,
    percent,
    period_of,
    rhythm_measures,
    route_measures,
    shifts_kept,
)
from app.coverage.models import StreetDay
from app.coverage.numbers import policies_of
from app.coverage.queries import STANDS, Period, in_areas, measured_ids
from app.coverage.rules import MergedGrade
from app.db import db
from app.duty.models import Duty, Shift
from app.errors import Forbidden, NotFound
from app.hotspots.models import Hotspot
from app.routes.models import Route, Street
from app.teams.models import Team
from app.teams.scope import Criterion, Scope, team_rows

MOST_LINES = 200


@dataclass(frozen=True)
class Line:
    """A shift behind a number. `value` is its part in it, in `unit`."""

    day: date
    starts_at: datetime
    ends_at: datetime
    team: str
    crew: int
    grade: MergedGrade | None
    value: float | None
    unit: str


@dataclass(frozen=True)
class Folded:
    """A day of a street after 30 days: how many shifts and the share covered, and no more."""

    day: date
    shifts: int
    value: float


@dataclass(frozen=True)
class Why:
    """`main` names the measure asked about; `elsewhere` counts shifts of teams that the caller does not read."""

    kind: str
    id: int | str
    name: str | None
    detail: str | None
    zone: str
    period: Period
    main: str
    measures: Measures
    duties: list[Line]
    elsewhere: int = 0
    visits: list[Attended] = field(default_factory=list)
    folded: list[Folded] = field(default_factory=list)
    last_at: datetime | None = None
    held: int = 0


def reach(model: Any, object_id: int, scope: Scope) -> Any:
    """A street or hotspot whose figures the caller may read: outside NotFound, at home without the role Forbidden."""
    seen = in_areas(scope.visible_area_ids, model.township_id, model.village_id)
    row = db.session.scalar(select(model).where(model.id == object_id, seen))
    if row is None:
        raise NotFound()
    if not {row.township_id, row.village_id} & measured_ids(scope):
        raise Forbidden()
    return row


def why(
    kind: str,
    scope: Scope,
    object_id: int,
    first: date | None,
    last: date | None,
    now: datetime,
    times: int = 1,
) -> Why:
    """Of a street, hotspot or route. Days are those of its township; raises NotFound, Forbidden, DomainError."""
    period = period_of(first, last, queries.zone_of(scope.visible_area_ids), now, times)
    return {"street": why_street, "hotspot": why_hotspot, "route": why_route}[kind](
        scope, object_id, period, now
    )


def zone_of(township_id: int) -> str:
    return queries.zone_of([township_id])


def _facts(scope: Scope, which: Criterion, period: Period, now: datetime) -> list[ShiftFact]:
    """Shifts that the caller reads, newest first."""
    mine = and_(which, team_rows(scope, Shift.township_id, Shift.team_id))
    found = facts.shifts_of(mine, period, shifts_kept(now))
    return [s for s in reversed(found) if s.starts_at <= now]


def _lines(shifts: Sequence[ShiftFact], value: Callable[[ShiftFact], float | None], unit: str) -> list[Line]:
    names = team_names({s.team_id for s in shifts})
    return [
        Line(s.day, s.starts_at, s.ends_at, names[s.team_id], s.crew, merged(s.grades), value(s), unit)
        for s in shifts[:MOST_LINES]
    ]


def team_names(ids: Iterable[int]) -> dict[int, str]:
    return {
        row.id: row.name
        for row in db.session.execute(select(Team.id, Team.name).where(Team.id.in_(set(ids))))
    }


# --- streets ----------------------------------------------------------------------------------------------------


def why_street(scope: Scope, street_id: int, period: Period, now: datetime) -> Why:
    street: Street = reach(Street, street_id, scope)
    network = queries.network_of(street.network_version_id)
    tracked = queries.shifts_on_street(street, period)
    tapped = taps.shifts_on_street(network, street.first_piece, street.n_pieces, period)
    shares = {**tracked, **tapped}
    which = and_(Shift.township_id == street.township_id, Shift.id.in_(shares))
    facts_here = _facts(scope, which, period, now)
    duties = _lines(facts_here, lambda s: percent(shares[s.id]), "%")
    # On this street, whatever else the crew's other duties rest on.
    grades: list[MergedGrade] = ["single" if s.id in tapped else "track" for s in facts_here]
    duties = [replace(line, grade=grade) for line, grade in zip(duties, grades, strict=False)]
    figures = _street_row(street, network, period)
    shifts, folded = int(figures.shifts[0]), _folded(street, period)
    by_shift = rules.merged_grade(
        {*(("track",) if tracked or folded else ()), *(("single",) if tapped else ())}
    )
    measures = {
        "street_share": Measure(percent(float(figures.covered[0])), "%", figures.grades[0], shifts),
        "street_shifts": Measure(float(shifts), "shifts", by_shift, shifts),
        "street_km_total": Measure(round(street.length_m / 1000, 3), "km", None, 1),
    }
    return Why(
        "street", street.id, street.name, street.highway, zone_of(street.township_id), period, "street_share",
        measures, duties, max(0, len(shares) - len(duties)), folded=folded,
        last_at=streets.last_at(int(figures.last_s[0]), now),
    )  # fmt: skip


def _street_row(street: Street, network: queries.Network, period: Period) -> streets.StreetFigures:
    figures = streets.street_figures(network, period)
    return figures.where(figures.ids == street.id)


def _folded(street: Street, period: Period) -> list[Folded]:
    rows = db.session.scalars(
        select(StreetDay)
        .where(
            StreetDay.township_id == street.township_id, StreetDay.street_id == street.id,
            StreetDay.day.between(period.first, period.last),
        )
        .order_by(StreetDay.day.desc())
    )  # fmt: skip
    return [Folded(row.day, row.shifts, percent(row.covered_share) or 0.0) for row in rows]


# --- hotspots ---------------------------------------------------------------------------------------------------


def why_hotspot(scope: Scope, hotspot_id: int, period: Period, now: datetime) -> Why:
    hotspot: Hotspot = reach(Hotspot, hotspot_id, scope)
    found = facts.hotspots_of(Hotspot.id == hotspot.id, period)
    if not found:
        raise NotFound()
    figures = attendance.hotspot_figures(found, period, policies_of([hotspot.township_id], period), now)[0]
    readable = [v for v in figures.visits if _reads(scope, hotspot.township_id, v)]
    spent = _minutes_by_shift(figures, period, now)
    which = and_(Shift.township_id == hotspot.township_id, Shift.id.in_(spent))
    whole = Period(period.first - timedelta(days=1), period.last)
    duties = _lines(_facts(scope, which, whole, now), lambda s: minutes(spent[s.id]), "min")
    return Why(
        "hotspot", hotspot.id, hotspot.name, hotspot.category, found[0].zone, period, "dosage_attainment",
        _hotspot_measures(figures), duties, max(0, len(spent) - len(duties)), visits=readable[::-1][:MOST_LINES],
        last_at=figures.last_at, held=_held_at(hotspot, period),
    )  # fmt: skip


def hotspot_week(
    hotspot_id: int, period: Period, now: datetime
) -> tuple[series.Week, tuple[WindowKept, ...]]:
    """The hours of the week of a hotspot that the caller has reached, and its risk windows each for itself."""
    (fact,) = facts.hotspots_of(Hotspot.id == hotspot_id, period)
    policies = policies_of([fact.township_id], period)
    (figures,) = attendance.hotspot_figures([fact], period, policies, now)
    week = series.week_at(fact, period, policies[fact.township_id], now)
    return week, series.windows_of(figures, period, now)


def _reads(scope: Scope, township_id: int, visit: Attended) -> bool:
    return township_id in scope.township_ids or bool(visit.team_ids & scope.team_ids)


def _minutes_by_shift(figures: HotspotFigures, period: Period, now: datetime) -> dict[int, float]:
    """Minutes at the hotspot of each shift's crew together; single taps are there with none."""
    start, end = clock.day_span(period.first, period.last, figures.hotspot.zone)
    spans: dict[int, list[rules.Range]] = {}
    for stay in facts.stays_at([figures.hotspot], start, end):
        if start <= stay.start < end:
            spans.setdefault(stay.shift[1], []).append((stay.start, stay.end))
    return {shift_id: rules.total_min(found) for shift_id, found in spans.items()}


def _hotspot_measures(f: HotspotFigures) -> Measures:
    fresh = rules.share(f.fresh_min, f.risk_min)
    idle = (f.idle_mean_min, f.idle_worst_min)
    mean, worst = (None if value is None else minutes(value) for value in idle)
    return {
        "dosage_attainment": Measure(percent(f.attainment), "%", f.grade, f.slots),
        "dosage_observed": Measure(minutes(f.observed_min), "min", f.grade, len(f.visits)),
        "dosage_credited": Measure(minutes(f.credited_min), "min", f.grade, len(f.visits)),
        "qualified_visits": Measure(float(f.qualified), "visits", f.grade, len(f.visits)),
        "two_hour_compliance": Measure(percent(fresh), "%", f.grade, round(f.risk_min)),
        "idleness_mean": Measure(mean, "min", f.grade, 1),
        "idleness_worst": Measure(worst, "min", f.grade, 1),
        **rhythm_measures([f], f.grade, len(f.visits)),
    }


def _held_at(hotspot: Hotspot, period: Period) -> int:
    held = (
        select(func.count())
        .select_from(Checkin)
        .join(Duty, and_(Duty.township_id == Checkin.township_id, Duty.id == Checkin.duty_id))
        .where(
            Checkin.township_id == hotspot.township_id, Checkin.hotspot_id == hotspot.id, facts.VERDICT == "held",
            Duty.day.between(period.first, period.last), STANDS,
        )
    )  # fmt: skip
    return int(db.session.scalar(held) or 0)


# --- routes and areas -------------------------------------------------------------------------------------------


def reach_route(scope: Scope, route_id: int) -> Route:
    """A route whose figures the caller may read: outside NotFound, at home without the role Forbidden."""
    mine = team_rows(scope, Route.township_id, Route.team_id)
    route = db.session.scalar(select(Route).where(Route.id == route_id, mine))
    if route is None:
        raise NotFound()
    if route.township_id not in measured_ids(scope):
        raise Forbidden()
    return route


def why_route(scope: Scope, route_id: int, period: Period, now: datetime) -> Why:
    route = reach_route(scope, route_id)
    every = facts.shifts_of(facts.shifts_on_route(route.id), period, shifts_kept(now))
    done = [s for s in every if s.crew and s.starts_at <= now]
    readable = [s for s in reversed(done) if reads_team(scope, s)]
    duties = _lines(readable, lambda s: percent(s.route_share), "%")
    held = sum(s.checkins.get("held", 0) for s in done)
    return Why(
        "route", route.id, route.name, None, zone_of(route.township_id), period, "route_completion",
        route_measures(done, policies_of([route.township_id], period)), duties, len(done) - len(readable), held=held,
    )  # fmt: skip


def reads_team(scope: Scope, shift: ShiftFact) -> bool:
    return shift.township_id in scope.township_ids or shift.team_id in scope.team_ids


def why_area(scope: Scope, area: Area, period: Period, now: datetime) -> Why:
    """The area's measures and the shifts of the teams that look after it; the caller has reached the area."""
    if area.id not in measured_ids(scope):
        raise Forbidden()
    measures = coverage_of(scope, area, period, now, with_children=False).measures
    duties: list[Line] = []
    total = measures["shifts_done"].value or 0.0
    if area.level != "grid":
        shifts = _facts(scope, facts.shifts_in(frozenset([area.id])), period, now)
        duties = _lines([s for s in shifts if s.crew], lambda s: round(s.member_s / 3600, 2), "h")
        total -= sum(bool(s.crew) for s in shifts)
    held = int(measures["checkins_held"].value or 0)
    return Why(
        "area", area.code, area.name, area.level, area.time_zone, period, "street_coverage", measures, duties,
        max(0, int(total)), held=held,
    )  # fmt: skip
