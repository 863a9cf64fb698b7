"""Vector tiles of the map: what the caller may see in a tile, with figures only where the caller may read them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Any

import numpy as np
from sqlalchemy import exists, select

from app.areas.models import LEVELS
from app.areas.policies import policies_in_force
from app.coverage import attendance, facts, queries, rules, streets
from app.coverage.kept import KeptTiles, key_of
from app.coverage.queries import Box, Network, Period
from app.coverage.rules import MergedGrade, Policy
from app.coverage.streets import StreetFigures
from app.db import db
from app.geo import SHIFT_M, touches_box
from app.routes.models import NetworkVersion, Street
from app.teams.scope import Scope, within

LAYERS = ("streets", "cells", "hotspots", "routes", "areas")
# Below these zooms a layer would be a smudge, and a county's tile too heavy.
FIRST_ZOOM = {"streets": 9, "cells": 11, "hotspots": 9, "routes": 9, "areas": 0}
AREA_ZOOM = {"county": 0, "township": 0, "village": 9, "grid": 13}
NEVER = 5
CELL_M = 400
MARGIN = 64 / 4096
# A phone on a poor line waits for no more. Hexagons have no need of it: 2,700 fit into a tile of their first zoom.
MOST_BYTES = 500_000
_KEPT = KeptTiles()
# Share covered, shifts, epoch second last walked, step of freshness (5 = never), what the share rests on and what the
# last time does.
StreetColumns = tuple[float, int, int | None, int, MergedGrade | None, MergedGrade | None]


@dataclass(frozen=True)
class Tile:
    z: int
    x: int
    y: int
    datum: str = "wgs84"  # of the base map that it is laid over

    @property
    def where(self) -> dict[str, int]:
        return {"z": self.z, "x": self.x, "y": self.y}

    def box(self, margin_m: float = 0.0) -> Box:
        """Degrees west, south, east, north, with the tile's own margin and some metres more."""
        n, margin_m = 2**self.z, margin_m + (0.0 if self.datum == "wgs84" else SHIFT_M)
        extra = MARGIN + margin_m * n / (40_000_000 * math.cos(math.radians(self._lat(self.y + 0.5))))
        west, east = (((x / n) * 360 - 180) for x in (self.x - extra, self.x + 1 + extra))
        return max(west, -180), self._lat(self.y + 1 + extra), min(east, 180), self._lat(self.y - extra)

    def _lat(self, y: float) -> float:
        y = min(max(y, 0), 2**self.z)
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / 2**self.z))))


def tile_of(layer: str, scope: Scope, tile: Tile, period: Period, now: datetime) -> bytes:
    """The tile's bytes; empty when it holds nothing that the caller may see."""
    if tile.z < FIRST_ZOOM[layer] or not scope.visible_area_ids:
        return b""
    return _BY_LAYER[layer](scope, tile, period, now)


def policies_of(township_ids: Collection[int], period: Period) -> dict[int, Policy]:
    """The coverage numbers in force at the end of the period, by township."""
    return {
        t: rules.policy_from(policies_in_force(t, period.last).body("coverage")) for t in set(township_ids)
    }


@dataclass(frozen=True)
class Shown:
    """A network whose figures the caller may read, as of now."""

    network: queries.Network
    evidence: streets.Evidence
    figures: StreetFigures
    policy: Policy

    def key(self, now: datetime) -> list[Any]:
        """The same for as long as its streets look the same."""
        turn = streets.next_step(self.figures.last_s, self.policy.fresh_days, now)
        return [*map(str, self.evidence.key), self.policy.fresh_days, turn]


def _streets(scope: Scope, tile: Tile, period: Period, now: datetime) -> bytes:
    networks = queries.networks_in_force(_townships(scope), period.last)
    networks = networks_in_box(networks, tile.box())
    measured = queries.measured_ids(scope)
    shown = _shown(networks, period) if measured else []
    seen = {
        "visible": sorted(scope.visible_area_ids), "measured": sorted(measured), "networks": [n.id for n in networks],
        "figures": [one.key(now) for one in shown],
    }  # fmt: skip
    key = key_of(queries.database(), {**tile.where, "datum": tile.datum}, seen)
    return _KEPT.get(key, lambda: _cut_streets(scope, tile, networks, shown, now))


def _shown(networks: Sequence[queries.Network], period: Period) -> list[Shown]:
    policies = policies_of([n.township_id for n in networks], period)
    evidence = [streets.evidence_of(network, period) for network in networks]
    return [Shown(e.network, e, streets.figures_of(e), policies[e.network.township_id]) for e in evidence]


def _cut_streets(
    scope: Scope, tile: Tile, networks: Sequence[queries.Network], shown: Sequence[Shown], now: datetime
) -> bytes:
    rows = queries.streets_in_box(scope, [n.id for n in networks], tile.box())
    if not rows:
        return b""
    measured = queries.measured_ids(scope)
    open_rows = [r for r in rows if r.township_id in measured or r.village_id in measured]
    known = _street_columns(open_rows, shown, now)
    hidden = [r.id for r in rows if r.id not in known]
    columns = {
        "ids": [*known, *hidden],
        **{
            name: [*(values[i] for values in known.values()), *([None] * len(hidden))]
            for i, name in enumerate(("covered", "shifts", "last", "fresh", "grades", "last_grades"))
        },
    }
    return _cut("streets", tile, columns)


def networks_in_box(networks: Sequence[Network], box: Box) -> list[Network]:
    """Those with a street whose box meets the box; a single one is not asked about."""
    if len(networks) < 2:
        return list(networks)
    meets = exists().where(Street.network_version_id == NetworkVersion.id, touches_box(Street.geom, *box))
    ids = set(
        db.session.scalars(
            select(NetworkVersion.id).where(within(NetworkVersion.id, [n.id for n in networks]), meets)
        )
    )
    return [network for network in networks if network.id in ids]


def _street_columns(rows: Sequence[Any], shown: Sequence[Shown], now: datetime) -> dict[int, StreetColumns]:
    found: dict[int, StreetColumns] = {}
    wanted = np.fromiter((row.id for row in rows), np.int64, len(rows))
    for one in shown:
        figures = one.figures.where(np.isin(one.figures.ids, wanted))
        steps = {s: freshness(s, one.policy, now) for s in set(figures.last_s.tolist())}
        columns = (figures.ids, figures.covered.round(4), figures.shifts, figures.last_s)
        plain = (*(c.tolist() for c in columns), figures.grades, figures.last_grades)
        for street_id, covered, shifts, last, *grades in zip(*plain, strict=True):
            found[street_id] = (covered, shifts, last or None, steps[last], *grades)
    return found


def freshness(last_s: int, policy: Policy, now: datetime) -> int:
    step = rules.freshness(streets.last_at(last_s, now), now, policy)
    return NEVER if step is None else step


def _cells(scope: Scope, tile: Tile, period: Period, now: datetime) -> bytes:
    measured = queries.measured_ids(scope)
    networks = queries.networks_in_force(_townships(scope), period.last)
    rows = queries.streets_in_box(scope, [n.id for n in networks], tile.box(CELL_M))
    rows = [r for r in rows if r.township_id in measured or r.village_id in measured]
    townships = {r.township_id for r in rows}
    known = _street_columns(rows, _shown([n for n in networks if n.township_id in townships], period), now)
    if not known:
        return b""
    columns = {"ids": list(known), "covered": [values[0] for values in known.values()]}
    return queries.cut_tile("cells", tile.where, columns, tile.datum)


def _hotspots(scope: Scope, tile: Tile, period: Period, now: datetime) -> bytes:
    seen = facts.hotspots_of(queries.hotspots_in_box(scope, tile.box()), period)
    if not seen:
        return b""
    measured = queries.measured_ids(scope)
    open_to_me = [h for h in seen if h.township_id in measured or h.village_id in measured]
    policies = policies_of({h.township_id for h in open_to_me}, period)
    figures = {f.hotspot.id: f for f in attendance.hotspot_figures(open_to_me, period, policies, now)}
    some = [figures.get(h.id) for h in seen]
    columns = {
        "ids": [h.id for h in seen],
        "attainment": [f and f.attainment for f in some],
        "minutes": [f and round(f.observed_min, 1) for f in some],
        "grades": [f and f.grade for f in some],
    }
    # What was not looked at again in time fades, and says so on its page.
    return _cut("hotspots", tile, columns, day=period.last)


def _routes(scope: Scope, tile: Tile, period: Period, now: datetime) -> bytes:
    rows = queries.routes_in_box(scope, tile.box())
    if not rows:
        return b""
    shares = route_completions([r.id for r in rows if r.township_id in queries.measured_ids(scope)], period)
    columns = {
        "ids": [r.id for r in rows],
        "versions": [r.version_id for r in rows],
        "completion": [shares.get(r.id) for r in rows],
    }
    return _cut("routes", tile, columns, "versions")


def route_completions(route_ids: Sequence[int], period: Period) -> dict[int, float]:
    """route → mean share of its length that its shifts walked, of those with a track."""
    shares: dict[int, list[float]] = {}
    for route_id, share in facts.shares_of_routes(route_ids, period):
        shares.setdefault(route_id, []).append(share)
    return {route_id: sum(found) / len(found) for route_id, found in shares.items()}


def _cut(layer: str, tile: Tile, columns: dict[str, Sequence[Any]], by: str = "ids", **values: Any) -> bytes:
    """The tile, never heavier than MOST_BYTES: what would be too much is left out, the smallest shapes first. `by` is
    the column that names the shapes."""
    body = queries.cut_tile(layer, tile.where, columns, tile.datum, **values)
    while len(body) > MOST_BYTES and len(columns[by]) > 1:
        room = int(len(columns[by]) * 0.9 * MOST_BYTES / len(body))
        kept = set(queries.widest_first(layer, columns[by])[: max(room, 1)])
        left = [shape in kept for shape in columns[by]]
        columns = {name: list(compress(column, left)) for name, column in columns.items()}
        body = queries.cut_tile(layer, tile.where, columns, tile.datum, **values)
    return body


def _areas(scope: Scope, tile: Tile, period: Period, now: datetime) -> bytes:
    levels = [level for level in LEVELS if tile.z >= AREA_ZOOM[level]]
    ids = queries.areas_in_box(scope, tile.box(), levels)
    return _cut("areas", tile, {"ids": ids}) if ids else b""


def _townships(scope: Scope) -> frozenset[int]:
    return queries.townships_of(scope.visible_area_ids)


_BY_LAYER = {"streets": _streets, "cells": _cells, "hotspots": _hotspots, "routes": _routes, "areas": _areas}
