"""Areas, hotspots, routes and streets as features: a shape in WGS 84 with the figures of a period.

The same features go to programs that read (/ogc) and into files. Figures only of what the caller reads in full, as on
the coverage page; no person, no position, no duty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from app.areas.models import Area
from app.clock import rfc3339
from app.coverage import attendance, facts, measures, streets
from app.coverage.measures import Coverage, Measures, percent
from app.coverage.numbers import policies_of
from app.coverage.queries import Period, measured_ids
from app.db import db
from app.exports import queries
from app.exports.queries import Boxes
from app.teams.scope import Scope

# What is not expected to change sooner is looked at again after so long.
LONGEST = timedelta(days=1)
COLLECTIONS = ("areas", "hotspots", "routes", "streets")


@dataclass(frozen=True)
class Asked:
    """Who asks, of which period, and where: boxes in degrees, or everywhere."""

    scope: Scope
    period: Period
    now: datetime
    boxes: Boxes | None = None

    @property
    def days(self) -> dict[str, str]:
        return {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}


@dataclass(frozen=True)
class Feature:
    """`shape` is GeoJSON as text, made by PostGIS and never taken apart on its way."""

    id: int | str
    shape: str
    properties: dict[str, Any]


@dataclass(frozen=True)
class Page:
    """A stretch of a collection, and how many features match in all; `until` when time alone changes nothing of it,
    where that is known."""

    matched: int
    features: list[Feature]
    until: datetime | None = None


def page_of(collection: str, asked: Asked, offset: int, limit: int) -> Page:
    return _PAGES[collection](asked, offset, limit)


def feature_of(collection: str, asked: Asked, fid: str) -> Feature | None:
    """One feature by its id; None where there is none, or none that the caller may see."""
    if collection != "areas" and not (fid.isascii() and fid.isdigit() and len(fid) < 16):
        return None
    found = _ONES[collection](asked, fid)
    return found[0] if found else None


# --- areas --------------------------------------------------------------------------------------------------------


def areas(ids: Sequence[int], asked: Asked) -> list[Feature]:
    rows = queries.area_rows(ids)
    return _areas(rows, _figures_of([row.Area for row in rows], asked), asked)


def areas_with(coverage: Coverage, asked: Asked) -> list[Feature]:
    """An area and what it is made of, with figures that are known already."""
    figures = {coverage.area.id: coverage.measures, **{area.id: of_it for area, of_it in coverage.children}}
    return _areas(queries.area_rows(list(figures)), figures, asked)


def _areas(rows: Sequence[Any], figures: Mapping[int, Measures], asked: Asked) -> list[Feature]:
    return [
        Feature(
            row.Area.code, row.shape,
            {
                "code": row.Area.code, "name": row.Area.name, "level": row.Area.level, "parent": row.parent,
                "population": row.Area.population, **asked.days, **flat(figures[row.Area.id]),
            },
        )
        for row in rows
    ]  # fmt: skip


def flat(found: Measures) -> dict[str, Any]:
    """Each measure in three columns: its value, the evidence it rests on, and how many."""
    columns: dict[str, Any] = {}
    for key, measure in found.items():
        columns |= {key: measure.value, f"{key}_grade": measure.grade, f"{key}_n": measure.n}
    return columns


def _figures_of(wanted: Sequence[Area], asked: Asked) -> dict[int, Measures]:
    """What lies in one township is counted together, and a county's townships with the county."""
    found: dict[int, Measures] = {}
    scope, period, now, mine = asked.scope, asked.period, asked.now, measured_ids(asked.scope)
    for township_id in {area.township_id for area in wanted} & mine:
        township = db.session.get_one(Area, township_id)
        some = [area for area in wanted if area.township_id == township_id]
        found |= measures.measures_of(scope, township, some, period, now)
    for area in wanted:
        if area.id not in found:
            with_children = area.level == "county"
            coverage = measures.coverage_of(scope, area, period, now, with_children=with_children)
            found |= {child.id: of_child for child, of_child in coverage.children} if with_children else {}
            found[area.id] = coverage.measures
    return found


def _areas_page(asked: Asked, offset: int, limit: int) -> Page:
    found = queries.areas_in(asked.scope, asked.period, asked.boxes, offset, limit)
    return Page(found.matched, areas(found.ids, asked))


def _area(asked: Asked, code: str) -> list[Feature]:
    area_id = queries.area_of(asked.scope, code)
    return areas([area_id], asked) if area_id else []


# --- streets ------------------------------------------------------------------------------------------------------


def streets_of(ids: Sequence[int], asked: Asked) -> list[Feature]:
    return _streets(ids, asked)[0]


def _streets(ids: Sequence[int], asked: Asked) -> tuple[list[Feature], datetime]:
    """The features, and until when time alone changes nothing of them."""
    rows = queries.street_rows(ids)
    found, until = _street_figures({row.network_version_id for row in rows}, {row.id for row in rows}, asked)
    return [
        Feature(
            row.id, row.shape,
            {
                "name": row.name, "highway": row.highway, "length_m": round(row.length_m, 1), "village": row.village,
                "township": row.township, **asked.days, **found[row.id],
            },
        )
        for row in rows
    ], until  # fmt: skip


def _street_figures(
    network_ids: set[int], wanted: set[int], asked: Asked
) -> tuple[dict[int, dict[str, Any]], datetime]:
    found: dict[int, dict[str, Any]] = {}
    until = asked.now + LONGEST
    networks = [n for n in queries.networks(asked.scope, asked.period) if n.id in network_ids]
    policies = policies_of([n.township_id for n in networks], asked.period)
    for network in networks:
        policy = policies[network.township_id]
        figures = streets.street_figures(network, asked.period)
        until = min(until, streets.good_until(figures.last_s, policy.fresh_days, asked.now) or until)
        some = figures.where(np.isin(figures.ids, np.fromiter(wanted, np.int64, len(wanted))))
        columns = (
            some.ids.tolist(),
            some.covered.tolist(),
            some.shifts.tolist(),
            some.last_s.tolist(),
            some.grades,
        )
        for street_id, covered, shifts, last_s, grade in zip(*columns, strict=True):
            found[street_id] = {
                "covered_percent": round(covered * 100, 2), "shifts": shifts,
                "last_at": minute_of(streets.last_at(last_s, asked.now)),
                "freshness": streets.freshness(last_s, policy, asked.now), "grade": grade,
            }  # fmt: skip
    return found, until


def _streets_page(asked: Asked, offset: int, limit: int) -> Page:
    found = queries.streets_in(asked.scope, asked.period, asked.boxes, offset, limit)
    features, until = _streets(found.ids, asked)
    return Page(found.matched, features, until)


def _street(asked: Asked, fid: str) -> list[Feature]:
    street_id = queries.street_of(asked.scope, int(fid), asked.period)
    return streets_of([street_id], asked) if street_id else []


# --- hotspots -----------------------------------------------------------------------------------------------------


def hotspots(found: Sequence[facts.HotspotFact], asked: Asked) -> list[Feature]:
    policies = policies_of({h.township_id for h in found}, asked.period)
    figures = attendance.hotspot_figures(found, asked.period, policies, asked.now)
    by_id = {f.hotspot.id: f for f in figures}
    rows = queries.hotspot_rows(list(by_id))
    return [Feature(row.id, row.shape, _hotspot(row, by_id[row.id], asked)) for row in rows]


def _hotspot(row: Any, figures: attendance.HotspotFigures, asked: Asked) -> dict[str, Any]:
    hotspot = figures.hotspot
    return {
        "name": hotspot.name, "category": hotspot.category, "village": row.village, "township": row.township,
        "area_m2": round(row.area_m2, 1), "valid_from": hotspot.valid_from.isoformat(),
        "valid_to": hotspot.valid_to and hotspot.valid_to.isoformat(), "review_by": row.review_by.isoformat(),
        **asked.days, "attainment_percent": percent(figures.attainment), "slots": figures.slots,
        "slots_attended": figures.attained, "visits": len(figures.visits), "qualified_visits": figures.qualified,
        "observed_min": round(figures.observed_min, 2), "credited_min": round(figures.credited_min, 2),
        "idle_mean_min": _rounded(figures.idle_mean_min), "idle_worst_min": _rounded(figures.idle_worst_min),
        "last_at": minute_of(figures.last_at), "grade": figures.grade,
    }  # fmt: skip


def minute_of(at: datetime | None) -> str | None:
    """To the minute, as the page says it: nobody's steps are to be told by the second."""
    return rfc3339(at and at.replace(second=0, microsecond=0))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _hotspots_page(asked: Asked, offset: int, limit: int) -> Page:
    found = queries.hotspots_in(asked.scope, asked.period, asked.boxes)
    return Page(len(found), hotspots(found[offset : offset + limit], asked))


def _one_hotspot(asked: Asked, fid: str) -> list[Feature]:
    found = queries.hotspots_in(asked.scope, asked.period, None)
    return hotspots([h for h in found if h.id == int(fid)], asked)


# --- routes -------------------------------------------------------------------------------------------------------


def routes(ids: Sequence[int], asked: Asked) -> list[Feature]:
    shares: dict[int, list[float]] = {}
    for route_id, share in facts.shares_of_routes(ids, asked.period):
        shares.setdefault(route_id, []).append(share)
    return [
        Feature(
            row.id, row.shape,
            {
                "name": row.name, "team": row.team, "township": row.township, "version": row.version,
                "length_m": round(row.length_m, 1), **asked.days, **_walked(shares.get(row.id, [])),
            },
        )
        for row in queries.route_rows(ids)
    ]  # fmt: skip


def _walked(shares: Sequence[float]) -> dict[str, Any]:
    """Of the shifts that left a track on it."""
    mean = sum(shares) / len(shares) if shares else None
    return {"completion_percent": percent(mean), "shifts": len(shares), "grade": "track" if shares else None}


def _routes_page(asked: Asked, offset: int, limit: int) -> Page:
    found = queries.routes_in(asked.scope, asked.boxes, offset, limit)
    return Page(found.matched, routes(found.ids, asked))


def _route(asked: Asked, fid: str) -> list[Feature]:
    route_id = queries.route_of(asked.scope, int(fid))
    return routes([route_id], asked) if route_id else []


_PAGES: dict[str, Callable[[Asked, int, int], Page]] = {
    "areas": _areas_page, "hotspots": _hotspots_page, "routes": _routes_page, "streets": _streets_page,
}  # fmt: skip
_ONES: dict[str, Callable[[Asked, str], list[Feature]]] = {
    "areas": _area, "hotspots": _one_hotspot, "routes": _route, "streets": _street,
}  # fmt: skip
