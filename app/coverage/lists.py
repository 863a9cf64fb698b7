"""The same figures as lists, for those who read no map: hotspots, routes, and the streets longest not walked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.areas.models import Area
from app.coverage import streets
from app.coverage.facts import ShiftFact
from app.coverage.queries import in_areas, measured_ids
from app.coverage.rules import MergedGrade, Policy
from app.coverage.streets import StreetFigures, freshness
from app.db import db
from app.routes.models import Route, Street
from app.teams.scope import Scope, team_rows

MOST_STREETS = 30
# A street is a blind spot when hardly more than its mouth was walked: most are passed at their mouths.
BLIND_SHARE, BLIND_M = 0.2, 50.0


@dataclass(frozen=True)
class StreetItem:
    """`fresh` is the step 0–4 of the freshness scale, 5 = never; `grade` is what the last time rests on."""

    id: int
    name: str | None
    village: str | None
    length_m: float
    covered: float
    last_at: datetime | None
    fresh: int
    grade: MergedGrade | None


@dataclass(frozen=True)
class RouteItem:
    """`completion` is None where no shift of the period left a track."""

    id: int
    name: str
    shifts: int
    completion: float | None


def stalest_streets(scope: Scope, figures: StreetFigures, policy: Policy, now: datetime) -> list[StreetItem]:
    """Never walked first, then those walked longest ago; the longer street before the shorter."""
    order = np.lexsort((-figures.length_m, figures.last_s))[:MOST_STREETS].tolist()
    return _items(scope, figures, order, policy, now)


def blind_streets(
    scope: Scope, figures: StreetFigures, policy: Policy, now: datetime
) -> tuple[list[StreetItem], int]:
    """(the streets with the most metres unseen, how many there are in all) of which hardly anything was walked."""
    unseen = figures.length_m * (1 - figures.covered)
    blind = np.flatnonzero((figures.covered < BLIND_SHARE) & (figures.length_m >= BLIND_M))
    order = blind[np.argsort(-unseen[blind], kind="stable")]
    return _items(scope, figures, order[:MOST_STREETS].tolist(), policy, now), len(order)


def _items(
    scope: Scope, figures: StreetFigures, order: Sequence[int], policy: Policy, now: datetime
) -> list[StreetItem]:
    ids = [int(figures.ids[at]) for at in order]
    village = aliased(Area)
    rows = db.session.execute(
        select(Street.id, Street.name, village.name.label("village"))
        .outerjoin(village, village.id == Street.village_id)
        .where(Street.id.in_(ids), in_areas(measured_ids(scope), Street.township_id, Street.village_id))
    )
    known, last_grades = {row.id: row for row in rows}, figures.last_grades
    return [
        StreetItem(
            known[i].id, known[i].name, known[i].village, float(figures.length_m[at]), float(figures.covered[at]),
            streets.last_at(int(figures.last_s[at]), now), freshness(int(figures.last_s[at]), policy, now),
            last_grades[at],
        )
        for i, at in zip(ids, order, strict=True)
        if i in known
    ]  # fmt: skip


def routes_walked(scope: Scope, shifts: Sequence[ShiftFact]) -> list[RouteItem]:
    """The routes of these shifts that the caller may read, the least completed first."""
    shares: dict[int, list[float]] = {}
    for shift in shifts:
        if shift.route_id is not None and shift.crew:
            found = shares.setdefault(shift.route_id, [])
            found.extend([] if shift.route_share is None else [shift.route_share])
    rows = db.session.execute(
        select(Route.id, Route.name).where(
            Route.id.in_(shares), team_rows(scope, Route.township_id, Route.team_id)
        )
    )
    items = [RouteItem(r.id, r.name, len(shares[r.id]), _mean(shares[r.id])) for r in rows]
    return sorted(items, key=lambda item: (item.completion is None, item.completion or 0.0, item.name))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
