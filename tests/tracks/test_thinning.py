"""What the phone leaves out of a track changes no measure beyond its tolerance (decisions.md, "Presence").

The phone's own sampler (static/js/domain/track.js) thins a track of one fix a second; both it and the whole track
go through the real endpoint, and what the server then knows is compared: totals within 1 %, a street within 10 % or
3 m, minutes within 1 %. Where a street runs along the very edge of what is reached, half a metre of error decides
about all of it; so a street is asked about where such an error would not.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, MultiPolygon, Point
from shapely.ops import substring
from sqlalchemy import select

from app.coverage.models import PlacePresence, RoutePresence, StreetPresence
from app.coverage.pieces import PieceIndex, from_bits
from app.db import db
from app.duty.models import Duty
from app.geo import projector
from app.geofiles.gpx import read_gpx
from app.tracks.rules import Fix, valid_steps
from app.tracks.rules import Policy as TrackPolicy
from tests import make, places
from tests.cli import recordings
from tests.phone import Phone

HERE = Path(__file__).parent
NODE = shutil.which("node")
MINUTE = timedelta(minutes=1)


def thinned(fixes):
    """[lon_e7, lat_e7, accuracy_m, t_ms] a second → segments, by the phone's own code."""
    assert NODE, "node is needed: the sampler is the phone's own"
    run = subprocess.run(
        [NODE, str(HERE / "thin.mjs")], input=json.dumps(fixes), capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)["segments"]


def whole(fixes):
    return [fixes[i : i + 400] for i in range(0, len(fixes) - 1, 399)]


@dataclass
class Known:
    """What the server knows of a duty: pieces of the route and of the streets, minutes at each hotspot, metres."""

    route: np.ndarray
    streets: np.ndarray
    minutes: dict[int, float]


@dataclass
class Ground:
    shift: object
    lines: list[LineString]


def send(sync, caller, person, ground, segments):
    phone, shift = Phone(person, ground.shift.starts_at), ground.shift
    items = [phone.start(shift, shift.starts_at)]
    for fixes in segments:
        items.append(
            phone.item("segment", {"shift_id": shift.id, "source": "pwa", "fixes": fixes}, shift.ends_at)
        )
    items.append(phone.end(shift, shift.ends_at))
    for n in range(0, len(items), 50):
        receipts = sync(caller, items[n : n + 50], shift.ends_at + 5 * MINUTE)
        assert {r["result"] for r in receipts.values()} == {"stored"}
    return known()


def known():
    db.session.expire_all()
    assert db.session.scalar(select(Duty)).fixes

    def bits(model):
        rows = [from_bits(str(b)) for b in db.session.scalars(select(model.bits))]
        return np.logical_or.reduce(rows)

    minutes: dict[int, float] = {}
    for place, during in db.session.execute(select(PlacePresence.place_id, PlacePresence.during)):
        minutes[place] = sum((r.upper - r.lower).total_seconds() for r in during) / 60
    return Known(bits(RoutePresence), bits(StreetPresence), minutes)


def both_ways(sync, caller, person, ground, fixes, aside):
    with aside():
        full = send(sync, caller, person, ground, whole(fixes))
    kept = thinned(fixes)
    return full, send(sync, caller, person, ground, kept), sum(len(s) for s in kept)


def by_street(index, bits):
    """Metres covered, and length, a street."""
    metres = np.add.reduceat(bits * index.piece_m, index.first_piece)
    return metres, np.add.reduceat(index.piece_m, index.first_piece)


def neighbours(index, fixes):
    """The pieces that the whole track covers with half a metre more of error, or with a reach of 23 or 27 m."""
    x, y = projector(places.CRS)([f[0] / 1e7 for f in fixes], [f[1] / 1e7 for f in fixes])
    xy = np.column_stack((x, y))
    listed = [Fix(f[0], f[1], f[2], f[3] // 1000) for f in fixes]
    found = []
    for seed, reach in [(0, 23), (0, 27), *((seed, 25) for seed in range(1, 9))]:
        moved = xy + 0.5 * drift(np.random.default_rng(seed), len(xy)) * (seed > 0)
        valid = valid_steps(listed, np.hypot(*np.diff(moved, axis=0).T), TrackPolicy())
        found.append(np.isin(np.arange(index.n), index.covered(moved, valid, reach)))
    return np.array(found)


def drift(rng, n):
    """An error of one metre that changes slowly."""
    error = np.zeros((n, 2))
    for i in range(1, n):
        error[i] = 0.97 * error[i - 1] + rng.normal(0, np.sqrt(1 - 0.97**2), 2)
    return error


def index_of(lines):
    return PieceIndex.build(list(enumerate(make.metres(line) for line in lines)))


def assert_total(thin, full, beside):
    """Within 1 % of the whole track's total, or of one that an error of half a metre would have given."""
    totals = [full.sum(), *beside.sum(axis=1)]
    assert 0.99 * min(totals) <= thin.sum() <= 1.01 * max(totals)


def assert_within_tolerance(full, thin, lines, route, fixes):
    assert_total(thin.route, full.route, neighbours(index_of([route]), fixes))
    index = index_of(lines)
    beside = neighbours(index, fixes)
    assert_total(thin.streets, full.streets, beside)
    a, lengths = by_street(index, full.streets)
    b, _ = by_street(index, thin.streets)
    around = np.array([by_street(index, one)[0] for one in beside])
    tolerance = np.maximum(3.0, 0.1 * lengths) + 1e-6
    clear = (np.abs(around - a) <= tolerance).all(axis=0)
    assert clear.sum() >= 10 and a[clear].any(), "too few streets to say anything"
    off = (np.abs(a - b) > tolerance) & clear
    assert not off.any(), list(zip(a[off], b[off], strict=True))
    assert set(thin.minutes) == set(full.minutes) and full.minutes
    for place, minutes in full.minutes.items():
        assert thin.minutes[place] == pytest.approx(minutes, rel=0.01, abs=0.05)


# --- walks made here: known ways, and the error of a receiver -------------------------------------


def walked(points, seed, noise_m, m_per_s=1.2, wanders=False):
    """A fix a second along points (x, y, seconds to stand there), with an error that changes slowly on the way.

    A receiver at rest holds its place; one that `wanders` does not.
    """
    rng = np.random.default_rng(seed)
    way: list[tuple[float, float]] = []
    moves: list[bool] = []
    for (x0, y0, stay), (x1, y1, _) in zip(points, [*points[1:], points[-1]], strict=True):
        way += [(x0, y0)] * stay
        n = max(1, round(np.hypot(x1 - x0, y1 - y0) / m_per_s))
        moves += [wanders] * stay + [True] * n
        way += [(x0 + (x1 - x0) * i / n, y0 + (y1 - y0) * i / n) for i in range(n)]
    error = noise_m * drift(rng, len(way))
    for i in range(1, len(way)):
        if not moves[i]:
            error[i:] += error[i - 1] - error[i]
    return np.array(way) + error


ROUTE = places.way((100, 500), (1100, 500))
# Turns lie some metres beside the crossings: a street that ends exactly where somebody turned is covered or not by
# the last bit of a float.
PATROL = [
    (94, 503, 5), (400, 503, 700), (507, 503, 0), (507, 640, 60), (505, 497, 0), (909, 497, 0), (909, 893, 200),
    (1107, 893, 0), (1107, 503, 240), (611, 503, 0), (611, 420, 30), (609, 503, 0), (391, 508, 400),
]  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("noise_m", [0.0, 1.0, 2.5])
def test_a_patrol_with_stops_and_turns_measures_the_same_when_thinned(
    people, as_person, sync, aside, seed, noise_m
):
    if noise_m == 0 and seed > 1:
        pytest.skip("without noise every seed is the same")
    t0 = int(people.shift.starts_at.timestamp()) + 5
    xy = walked(PATROL, seed, noise_m)
    fixes = [[*places.here_e7(x, y), 8, (t0 + n) * 1000] for n, (x, y) in enumerate(xy)]
    lines = places.street_grid(100, 100, 6, 200)
    ground = Ground(people.shift, lines)
    full, thin, kept = both_ways(sync, as_person(people.member), people.member, ground, fixes, aside)
    assert kept < len(fixes) / (15 if noise_m == 0 else 6), f"{kept} of {len(fixes)} is no thinning"
    assert_within_tolerance(full, thin, lines, ROUTE, fixes)


def test_a_night_at_one_gate_costs_few_fixes_and_no_minute(people, as_person, sync, aside):
    t0 = int(people.shift.starts_at.timestamp()) + 5
    xy = walked([(100, 500, 0), (400, 500, 7200), (420, 500, 0)], 4, 1.0, wanders=True)
    fixes = [[*places.here_e7(x, y), 8, (t0 + n) * 1000] for n, (x, y) in enumerate(xy)]
    ground = Ground(people.shift, places.street_grid(100, 100, 6, 200))
    full, thin, kept = both_ways(sync, as_person(people.member), people.member, ground, fixes, aside)
    (a,), (b,) = full.minutes.values(), thin.minutes.values()
    assert a > 120 and b == pytest.approx(a, rel=0.01)
    assert kept < len(fixes) / 15


def test_vague_fixes_bridge_nothing_and_cost_nothing(people, as_person, sync, aside):
    """Two minutes in an archway on the way: the same steps are missing in both."""
    t0 = int(people.shift.starts_at.timestamp()) + 5
    xy = walked([(100, 500, 0), (1100, 500, 0), (400, 500, 400)], 5, 1.0)
    fixes = [[*places.here_e7(x, y), 8, (t0 + n) * 1000] for n, (x, y) in enumerate(xy)]
    for n in (*range(200, 320), *range(500, 503), 700):
        fixes[n][2] = 180
    lines = places.street_grid(100, 100, 6, 200)
    ground = Ground(people.shift, lines)
    full, thin, _ = both_ways(sync, as_person(people.member), people.member, ground, fixes, aside)
    assert_within_tolerance(full, thin, lines, ROUTE, fixes)


def test_a_receiver_that_wanders_at_rest_claims_no_street_by_its_error(people, as_person, sync, aside):
    """What the thinned track lacks lies about the places where the member stood; the minutes there are the same."""
    t0 = int(people.shift.starts_at.timestamp()) + 5
    xy = walked(PATROL, 6, 2.0, wanders=True)
    fixes = [[*places.here_e7(x, y), 8, (t0 + n) * 1000] for n, (x, y) in enumerate(xy)]
    lines = places.street_grid(100, 100, 6, 200)
    ground = Ground(people.shift, lines)
    full, thin, _ = both_ways(sync, as_person(people.member), people.member, ground, fixes, aside)
    index = index_of(lines)
    stands = np.array([make.metres(as_line([(x, y), (x, y)])).coords[0] for x, y, s in PATROL if s])
    beside = neighbours(index, fixes)
    lacking = full.streets & ~thin.streets & beside.all(axis=0)
    far = [np.hypot(*(index.mid[p] - stands).T).min() for p in np.flatnonzero(lacking)]
    assert not [d for d in far if d > 25 + 3 * 2.0]
    assert thin.route.sum() == pytest.approx(full.route.sum(), rel=0.01)
    assert list(thin.minutes.values()) == pytest.approx(list(full.minutes.values()), rel=0.01)


# --- real recordings, laid into the town ----------------------------------------------------------


def laid_here(path, centre):
    """A recording in the town's metres: shape and error are the receiver's own. (x, y, seconds from its first fix)"""
    fixes = [f for trace in read_gpx(path).traces for part in trace.parts for f in part]
    x, y = projector(recordings.METRES_CRS)([f.lon for f in fixes], [f.lat for f in fixes])
    t = np.array([f.at.timestamp() for f in fixes])
    later = np.concatenate(([True], np.diff(np.maximum.accumulate(t)) > 0))
    return np.column_stack((np.array(x) - centre[0] + 600, np.array(y) - centre[1] + 600, t - t[0]))[later]


def as_line(xy):
    return LineString([places.here(x, y) for x, y in xy])


@pytest.mark.parametrize("run", ["FC2", "FC"])
@pytest.mark.parametrize("which", [0, 1])
def test_a_real_recording_measures_the_same_when_thinned(
    people, as_person, sync, aside, tmp_path, run, which
):
    """One receiver's line is the route and, cut up, the streets; the other's recording is the walk."""
    pair = recordings.pair(tmp_path, run)
    centre = np.median(laid_here(pair[0], (600, 600))[:, :2], axis=0)
    walk, other = (laid_here(pair[n], centre) for n in (which, 1 - which))
    route = LineString(other[::3, :2])
    cuts = [substring(route, d, d + 60) for d in range(0, int(route.length) - 60, 60)]
    aside_of = [c.parallel_offset(14, "right") for c in cuts]
    lines = [as_line(c.coords) for c in (*cuts, *aside_of) if c.geom_type == "LineString" and c.length > 5]
    town = people.town
    make.make_network(town.township, lines)
    version = make.make_route(town.team, as_line(route.coords), name=f"录{run}")
    for x, y in (other[len(other) // 5, :2], other[len(other) // 2, :2]):
        ring = [places.here(*p) for p in Point(x, y).buffer(120).exterior.coords]
        make.make_hotspot(town.township, MultiPolygon([shapely.Polygon(ring)]), people.leader, people.admin)
    shift = make.make_shift(town.team, version, [people.leader], starts_at=make.EVENING, hours=3)
    t0 = int(shift.starts_at.timestamp()) + 30
    fixes = [[*places.here_e7(x, y), 8, (t0 + int(s)) * 1000] for x, y, s in walk]
    full, thin, kept = both_ways(
        sync, as_person(people.leader), people.leader, Ground(shift, lines), fixes, aside
    )
    assert kept < len(fixes) / 5
    assert_within_tolerance(full, thin, lines, as_line(route.coords), fixes)
