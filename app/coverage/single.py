"""One hotspot, route or street by day, week or month: the same measures as of the whole period, part by part.

Streets keep holding after the fold: a folded day is in the part that it lies in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from app.coverage import attendance, behind, facts, hours, queries, series, streets
from app.coverage.behind import Why
from app.coverage.hours import By
from app.coverage.measures import Measure, Measures, hotspot_measures, percent, route_measures, shifts_kept
from app.coverage.numbers import policies_of
from app.coverage.queries import Period
from app.coverage.series import Point
from app.hotspots.models import Hotspot
from app.routes.models import Route, Street
from app.teams.scope import Scope

KINDS = ("hotspot", "route", "street")


def points_of(kind: str, scope: Scope, why: Why, by: By, now: datetime) -> list[Point]:
    """`why` is of an object that the caller has reached; its period is cut up."""
    parts = [Period(*days) for days in hours.cut(why.period.first, why.period.last, by)]
    return _BY_KIND[kind](scope, int(why.id), parts, now)


def _hotspot(scope: Scope, hotspot_id: int, parts: list[Period], now: datetime) -> list[Point]:
    hotspot: Hotspot = behind.reach(Hotspot, hotspot_id, scope)
    whole = Period(parts[0].first, parts[-1].last)
    found = facts.hotspots_of(Hotspot.id == hotspot.id, whole)
    policies = policies_of([hotspot.township_id], whole)
    figures = attendance.figures_by_period(found, parts, policies, now)
    return [Point(part, hotspot_measures(some)) for part, some in zip(parts, figures, strict=True)]


def _route(scope: Scope, route_id: int, parts: list[Period], now: datetime) -> list[Point]:
    route: Route = behind.reach_route(scope, route_id)
    whole = Period(parts[0].first, parts[-1].last)
    every = facts.shifts_of(facts.shifts_on_route(route.id), whole, shifts_kept(now))
    done = [s for s in every if s.crew and s.starts_at <= now]
    policies = policies_of([route.township_id], whole)
    return [
        Point(part, route_measures([s for s in done if part.first <= s.day <= part.last], policies))
        for part in parts
    ]


def _street(scope: Scope, street_id: int, parts: list[Period], now: datetime) -> list[Point]:
    street: Street = behind.reach(Street, street_id, scope)
    network = queries.network_of(street.network_version_id)
    figures = streets.street_figures(network, Period(parts[0].first, parts[-1].last))
    here = figures.where(figures.ids == street.id)
    by_part = series.walked(here, [street.township_id], parts)
    return [Point(part, _share(found)) for part, found in zip(parts, by_part, strict=True)]


def _share(found: streets.StreetFigures) -> Measures:
    covered = float(found.covered[0]) if len(found.covered) else None
    grades = found.grades
    return {"street_share": Measure(percent(covered), "%", grades[0] if grades else None, 1)}


_BY_KIND: dict[str, Callable[[Scope, int, list[Period], datetime], list[Point]]] = {
    "hotspot": _hotspot,
    "route": _route,
    "street": _street,
}
