"""A township's month: street coverage and route completion as the page asks for them, beside movingpandas.

Both begin with the database and nothing in memory. Ours counts pieces of at most 5 m, theirs cuts every street exactly:
how far that is apart is our error. How far both are from the walk that the demo's phones recorded is the phones' error.
"""

from __future__ import annotations

import json
import subprocess
import time
from functools import cache

import numpy as np
import shapely

from app import clock
from app.areas.models import Area
from app.coverage import cells, ground, measures, queries, streets
from app.db import db
from app.demo.duties import motion_of, outings
from app.demo.plan import open_book
from app.demo.truth import NEAR_M, seen_path
from app.demo.world import load_streets, load_world
from bench.figures import Bench, Line, Pair
from bench.town import PEERS, ROOT, Town, reviewer

MEASURED = ("street_coverage", "route_completion")


def month(town: Town) -> tuple[Pair, ...]:
    """Seconds; how far the streets and the routes are from the exact answer; how far both sides are from the walk."""
    mine, other, true = ours(town), theirs(town), truth(town)
    off = {name: (abs(mine[name] - true[name]), abs(other[name] - true[name])) for name in MEASURED}
    exact = [(abs(mine[name] - other[name]), off[name][1]) for name in MEASURED]
    return (mine["seconds"], other["seconds"]), *exact, *off.values()


def ours(town: Town) -> dict[str, float]:
    """What GET /api/v1/coverage/areas/<code> works out for the township, with nothing kept from before."""
    with town.app.app_context():
        for kept in (streets._kept, cells._kept, ground._kept):
            kept.clear()
        begun = time.perf_counter()
        area, scope = db.session.get_one(Area, town.township_id), reviewer()
        found = measures.coverage_of(scope, area, town.period, clock.now()).measures
        took = time.perf_counter() - begun
        tracked = share_of_tracks(town)
        db.session.remove()
    return {
        "seconds": took, "street_coverage": tracked, "route_completion": float(found["route_completion"].value or 0)
    }  # fmt: skip


def share_of_tracks(town: Town) -> float:
    """Per cent of the streets' length by tracks alone: the other side knows no check-ins, by which crews without a
    track count."""
    (network,) = queries.networks_in_force([town.township_id], town.period.last)
    figures = streets.street_figures(network, town.period)
    return 100 * figures.tracked_m / figures.total_m


def theirs(town: Town) -> dict[str, float]:
    asked = [
        town.dsn(),
        str(town.township_id),
        str(town.period.first),
        str(town.period.last),
        load_world().metres_crs,
    ]
    done = subprocess.run(
        [PEERS / "python", ROOT / "bench/theirs/month.py", *asked], capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"✗ movingpandas gave no answer:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


@cache
def _true(database: str, township_id: int, first: object, last: object) -> dict[str, float]:
    world, book = load_world(), open_book(load_world())
    shifts = {
        (team, starts): planned.id
        for (team, starts), planned in book.shifts.items()
        if planned.id in book.walked
    }
    paths = {}
    for outing in outings(world, first, last):  # type: ignore[arg-type]
        team_id, of = book.teams[outing.team]
        if of == township_id and (team_id, outing.starts_at) in shifts:
            path = seen_path(world, outing, motion_of(world, outing))
            if not path.is_empty:
                paths[outing] = path
    # Each way by itself: lines that are joined first are cut where they cross, and every end would be a flat one.
    reach = shapely.union_all([path.buffer(NEAR_M, cap_style="flat") for path in paths.values()])
    town = [s.metres for s in load_streets("qinghe")]
    near = float(shapely.length(shapely.intersection(town, reach)).sum() / shapely.length(town).sum())
    whole = walked = 0.0
    for outing, path in paths.items():
        line = world.routes[outing.route].xy
        legs = shapely.linestrings(np.stack([line[:-1], line[1:]], axis=1))
        inside = shapely.intersection(legs, path.buffer(NEAR_M, cap_style="flat"))
        whole, walked = whole + shapely.length(legs).sum(), walked + shapely.length(inside).sum()
    return {"street_coverage": 100 * near, "route_completion": 100 * float(walked / whole)}


def truth(town: Town) -> dict[str, float]:
    with town.app.app_context():
        found = _true(town.database, town.township_id, town.period.first, town.period.last)
        db.session.remove()
    return found


AGAINST = "movingpandas and geopandas from the same fixes, loading included, one process each"
EXACT = "the exact overlay of the same fixes; beside it how far that is from the walk, for a phone errs"
OFF = "the same by movingpandas; both held against the walk itself, which has no phone's error"
BENCHES = (
    Bench(
        (
            Line("coverage.month.vs_movingpandas", "s", AGAINST),
            Line("coverage.error_points", "points", f"street coverage off {EXACT}"),
            Line("coverage.error_points.routes", "points", f"route completion off {EXACT}"),
            Line("coverage.walk_points", "points", f"street coverage, {OFF}"),
            Line("coverage.walk_points.routes", "points", f"route completion, {OFF}"),
        ),
        month,
    ),
)
