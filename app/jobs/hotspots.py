"""The search for hotspots, step by step with its progress; the libraries of the field are loaded here and nowhere else.

One search runs at a time. It begins anew when its worker dies, and what it found is kept in one transaction at its end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from shapely.geometry import mapping

from app import clock
from app.areas.policies import place_of
from app.areas.queries import township_and_villages
from app.db import db
from app.errors import trace_of
from app.geo import projector, shape_in_degrees, shape_in_metres
from app.hotspots import proposing, rules
from app.hotspots import queries as hotspots
from app.hotspots.models import AnalysisRun
from app.hotspots.proposing import Found
from app.incidents import queries as incidents
from app.incidents.queries import PlaceEvent
from app.jobs.queue import BACK_OFF, QUEUE, queue
from app.routes.queries import nearest_streets, streets_in_force

log = logging.getLogger("xunfang.hotspots")
TO_STREET_M = 50.0
# A figure of two or three events says nothing, and a picture of them says too much.
LEAST = rules.LEAST_EVENTS
PERMUTATIONS = 199
ACCURACY_EDGE_M = 100.0
Step = Callable[[int], None]
Answer = tuple[dict[str, Any], list[Found]]


@dataclass(frozen=True)
class Ground:
    """A township in metres with what happened in it."""

    crs: str
    zone: str
    township_id: int
    shape: Any
    villages: list[tuple[int, str, int | None, Any]]
    street_names: list[str]
    streets: list[Any]
    events: list[PlaceEvent]
    xy: Any
    street_of: list[int | None]

    def spans(self, members: tuple[int, ...]) -> list[tuple[datetime, datetime]]:
        """Local times without their zone."""
        tz = ZoneInfo(self.zone)
        return [
            (
                self.events[i].start.astimezone(tz).replace(tzinfo=None),
                self.events[i].end.astimezone(tz).replace(tzinfo=None),
            )
            for i in members
        ]

    def day(self, i: int) -> date:
        return clock.local_day(self.events[i].start, self.zone)

    def degrees(self, shape: Any) -> Any:
        return shape_in_degrees(shape, self.crs)


@queue.task(name=proposing.TASK, queue=QUEUE, retry=BACK_OFF, lock=proposing.TASK)
def find_hotspots(township_id: int, run_id: str) -> None:
    """A search that fails says so on the desk and is not tried again: the same data would fail the same way."""
    run = proposing.begin(township_id, UUID(run_id), clock.now())
    db.session.commit()
    if run is None:
        return
    try:
        _search(run)
        db.session.commit()
    except Exception as error:
        db.session.rollback()
        log.error("a search failed: %s", trace_of(error))
        proposing.fail(township_id, UUID(run_id), "search_failed", clock.now())
        db.session.commit()


def _search(run: AnalysisRun) -> None:
    def step(percent: int) -> None:
        proposing.advance(run, percent)
        db.session.commit()

    ground = _ground(run)
    step(20)
    if len(ground.events) < LEAST:
        proposing.finish(run, len(ground.events), {"few": True}, [], clock.now())
        return
    result, found = METHODS[run.method](ground, run, step)
    step(90)
    proposing.finish(run, len(ground.events), result, found, clock.now())


def _ground(run: AnalysisRun) -> Ground:
    place = place_of(run.township_id)
    since, until = clock.day_span(run.first_on, run.last_on, place.zone)
    asked = list(run.parameters["categories"])
    events = incidents.recorded_between(run.township_id, since, until, asked)
    events += incidents.reported_between(run.township_id, since, until, asked)
    lons, lats = [e.lon for e in events], [e.lat for e in events]
    streets = streets_in_force(run.township_id)
    at = {street_id: n for n, (street_id, _, _) in enumerate(streets)}
    nearest = nearest_streets(run.township_id, lons, lats, TO_STREET_M)
    areas = township_and_villages(run.township_id)
    return Ground(
        place.crs, place.zone, run.township_id,
        next(shape_in_metres(wkb, place.crs) for _, level, _, _, wkb in areas if level == "township"),
        [(i, name, people, shape_in_metres(wkb, place.crs)) for i, level, name, people, wkb in areas
         if level == "village"],
        [name for _, name, _ in streets], [shape_in_metres(wkb, place.crs) for _, _, wkb in streets],
        events, np.column_stack(projector(place.crs)(lons, lats)),
        [None if street_id is None else at[street_id] for street_id in nearest],
    )  # fmt: skip


# --- methods that propose places ----------------------------------------------------------------------------------


def _gi_cells(ground: Ground, run: AnalysisRun, step: Step) -> Answer:
    from app.hotspots import finding

    found = finding.gather_by_cells(
        ground.xy, ground.shape, ground.streets, float(run.parameters["distance_m"])
    )
    step(70)
    return {"gatherings": len(found)}, [_found(ground, one) for one in found]


def _gi_streets(ground: Ground, run: AnalysisRun, step: Step) -> Answer:
    from app.hotspots import finding

    if not ground.streets:
        return {"no_streets": True}, []
    found = finding.gather_by_streets(
        ground.xy, ground.street_of, ground.streets, float(run.parameters["distance_m"])
    )
    step(70)
    return {"gatherings": len(found)}, [_found(ground, one) for one in found]


def _dbscan(ground: Ground, run: AnalysisRun, step: Step) -> Answer:
    from app.hotspots import finding

    numbers = run.parameters
    labels = hotspots.clusters(
        ground.xy[:, 0].tolist(), ground.xy[:, 1].tolist(), numbers["distance_m"], numbers["least"]
    )
    step(50)
    found = finding.gather_by_clusters(ground.xy, labels, ground.shape, ground.streets)
    noise = sum(label is None for label in labels)
    return {"gatherings": len(found), "noise": noise}, [_found(ground, one) for one in found]


def _found(ground: Ground, gathering: Any) -> Found:
    inside = {
        name: ground.degrees(_polygons(shapely.intersection(shape, ground.shape)))
        for name, shape in gathering.shapes.items()
    }
    kept = {name: shape for name, shape in inside.items() if not shape.is_empty}
    return Found(
        tuple(ground.day(i) for i in gathering.members), kept, gathering.score,
        rules.risk_windows(ground.spans(gathering.members)),
    )  # fmt: skip


def _polygons(shape: Any) -> Any:
    """What of a shape has an area."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


# --- methods that answer with a picture or a figure ---------------------------------------------------------------


def _kde(ground: Ground, run: AnalysisRun, step: Step) -> Answer:
    from app.hotspots import finding

    h_m = float(run.parameters["distance_m"])
    steps = finding.kde_steps(ground.xy, h_m, max(25.0, h_m / 10))
    step(70)
    shapes = [
        {
            "type": "Feature",
            "properties": {"step": n, "per_km2": round(least, 2)},
            "geometry": mapping(shapely.set_precision(ground.degrees(shape), 1e-6)),
        }
        for n, (least, shape) in enumerate(steps, 1)
    ]
    return {"steps": {"type": "FeatureCollection", "features": shapes}}, []


def _knox(ground: Ground, run: AnalysisRun, step: Step) -> Answer:
    from app.hotspots import finding

    days = np.array([event.start.timestamp() / 86_400 for event in ground.events])
    numbers = run.parameters
    found = finding.knox(ground.xy, days, numbers["distance_m"], numbers["days"], PERMUTATIONS, seed=1)
    ratio = found.table[0][0] / found.expected if found.expected else None
    return {
        "table": [list(row) for row in found.table], "expected": round(found.expected, 2), "p": round(found.p, 4),
        "ratio": ratio and round(ratio, 2), "permutations": PERMUTATIONS,
    }, []  # fmt: skip


def _rates(ground: Ground, run: AnalysisRun, step: Step) -> Answer:
    """Events per 1,000 people of a village, drawn to the township's rate where a village is small."""
    from app.hotspots import finding

    peopled = [(name, people, shape) for _, name, people, shape in ground.villages if people]
    counts = [int(shapely.intersects_xy(shape, *ground.xy.T).sum()) for _, _, shape in peopled]
    if len(peopled) < 2:
        return {"villages": []}, []
    smooth = finding.bayes_rates(np.array(counts), np.array([people for _, people, _ in peopled]))
    lines = [
        {"name": name, "n": n, "population": people, "rate": round(1000 * n / people, 3), "bayes": round(1000 * b, 3)}
        for (name, people, _), n, b in zip(peopled, counts, smooth.tolist(), strict=True)
    ]  # fmt: skip
    return {"villages": sorted(lines, key=lambda line: -line["bayes"])}, []


def _concentration(ground: Ground, run: AnalysisRun, step: Step) -> Answer:
    counts = [0] * len(ground.streets)
    for street in ground.street_of:
        if street is not None:
            counts[street] += 1
    on_streets, half = sum(counts), rules.places_with_half(counts)
    if not on_streets:
        return {"no_streets": True}, []
    fullest = sorted(range(len(counts)), key=lambda i: -counts[i])[:10]
    # A street with fewer is not named: its few events could point at one door.
    named = [{"name": ground.street_names[i], "n": counts[i]} for i in fullest if counts[i] >= LEAST]
    return {
        "streets": len(counts), "on_streets": on_streets, "half": half, "share": round(half / len(counts), 4),
        "gini": round(rules.gini(counts), 4), "gini_prime": round(rules.gini_prime(counts), 4), "fullest": named,
    }, []  # fmt: skip


def _accuracy(ground: Ground, run: AnalysisRun, step: Step) -> Answer:
    """The hotspots in force when the period began, against what happened in it."""
    from app.hotspots import finding

    shapes = [
        shape_in_metres(wkb, ground.crs) for _, wkb in hotspots.in_force_on(ground.township_id, run.first_on)
    ]
    if not shapes:
        return {"hotspots": 0}, []
    held = shapely.intersection(shapely.union_all(shapes), ground.shape)
    hits = int(shapely.intersects_xy(held, *ground.xy.T).sum())
    step(50)
    cells = finding.hexagons(ground.shape, ACCURACY_EDGE_M)
    counts = [len(one) for one in finding.count_in(cells, ground.xy)]
    places = max(1, round(held.area / cells[0].area))
    n, found = len(ground.events), rules.pai(hits, len(ground.events), held.area, ground.shape.area)
    best = rules.best_hits(counts, places)
    efficiency = rules.pei(hits, best)
    return {
        "hotspots": len(shapes), "hits": hits, "n": n, "area_share": round(held.area / ground.shape.area, 6),
        "pai": found and round(found, 3), "best": best, "places": places,
        "pei": None if efficiency is None else round(efficiency, 3),
    }, []  # fmt: skip


METHODS: dict[str, Callable[[Ground, AnalysisRun, Step], Answer]] = {
    "gi_cells": _gi_cells, "gi_streets": _gi_streets, "dbscan": _dbscan, "kde": _kde, "knox": _knox,
    "rates": _rates, "concentration": _concentration, "accuracy": _accuracy,
}  # fmt: skip
