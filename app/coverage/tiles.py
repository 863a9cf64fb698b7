"""Vector tiles of the map: what the caller may see in a tile, with figures only where the caller may read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.areas.models import LEVELS
from app.coverage import attendance, facts, queries
from app.coverage.cutting import Tile, cut
from app.coverage.kept import Cut, cut_of
from app.coverage.numbers import policies_of
from app.coverage.queries import Period
from app.coverage.sheets import atlas_of
from app.teams.scope import Scope

# Those of the first are cut from sheets.
SHEETS = ("streets", "cells")
LAYERS = (*SHEETS, "hotspots", "routes", "areas")
# Below these zooms a layer would be a smudge, and a county's tile too heavy.
FIRST_ZOOM = {"streets": 9, "cells": 11, "hotspots": 9, "routes": 9, "areas": 0}
AREA_ZOOM = {"county": 0, "township": 0, "village": 9, "grid": 13}


def tile_of(layer: str, scope: Scope, tile: Tile, period: Period, now: datetime) -> Cut:
    """The tile; its body is empty when it holds nothing that the caller may see."""
    if is_empty(layer, scope, tile):
        return cut_of(b"")
    if layer in SHEETS:
        atlas = atlas_of(scope, period)
        return atlas.sheet(atlas.around(layer, tile), now).cut(layer, tile)
    return cut_of(_BY_LAYER[layer](scope, tile, period, now))


def is_empty(layer: str, scope: Scope, tile: Tile) -> bool:
    return tile.z < FIRST_ZOOM[layer] or not scope.visible_area_ids


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
    return cut("hotspots", tile, columns, day=period.last)


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
    return cut("routes", tile, columns, "versions")


def route_completions(route_ids: Sequence[int], period: Period) -> dict[int, float]:
    """route → mean share of its length that its shifts walked, of those with a track."""
    shares: dict[int, list[float]] = {}
    for route_id, share in facts.shares_of_routes(route_ids, period):
        shares.setdefault(route_id, []).append(share)
    return {route_id: sum(found) / len(found) for route_id, found in shares.items()}


def _areas(scope: Scope, tile: Tile, period: Period, now: datetime) -> bytes:
    levels = [level for level in LEVELS if tile.z >= AREA_ZOOM[level]]
    ids = queries.areas_in_box(scope, tile.box(), levels)
    return cut("areas", tile, {"ids": ids}) if ids else b""


_BY_LAYER = {"hotspots": _hotspots, "routes": _routes, "areas": _areas}
