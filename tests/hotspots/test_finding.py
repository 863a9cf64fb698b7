"""Published methods against their published answers (measures.md), planted truth, and the libraries beside."""

from __future__ import annotations

import itertools

import geopandas
import libpysal
import numpy as np
import pytest
import shapely
from esda.getisord import G_Local

from app.hotspots import finding, rules


def example(name):
    return geopandas.read_file(libpysal.examples.get_path(name))


def points_of(frame):
    return np.column_stack([frame.geometry.x, frame.geometry.y])


@pytest.fixture(scope="module")
def crimes():
    return points_of(example("crimes.shp"))


# --- known answers --------------------------------------------------------------------------------


def test_gi_star_of_six_points():
    xy = [(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)]
    star = finding.gi_star(np.array([2, 3, 3.2, 5, 8, 7]), finding.near(np.array(xy), 15))
    known = [-1.397276, -0.289178, 0.650650, -0.289178, 1.234521, 2.024243]
    assert star.z == pytest.approx(known, abs=5e-7)


def test_17_of_293_streets_hold_half_of_287_crimes(crimes):
    streets = example("streets.shp").geometry.values
    nearest = shapely.STRtree(streets).nearest(shapely.points(crimes))
    counts = np.bincount(nearest, minlength=len(streets)).tolist()
    assert (len(counts), sum(counts)) == (293, 287)
    assert abs(rules.places_with_half(counts) - 17) <= 1


def test_knox_of_burkitts_lymphoma():
    cases = example("burkitt.shp")
    found = finding.knox(np.column_stack([cases.X, cases.Y]), cases["T"].to_numpy(), 20, 5, 99, 1)
    assert found.table == ((13, 3416), (39, 14110))
    assert 0.01 <= found.p <= 0.5 and found.expected == pytest.approx(3429 * 52 / 17578, rel=1e-6)


def test_the_quartic_kernel_at_its_point():
    here = np.array([[0.0, 0.0]])
    assert finding.kde(here, here, 250)[0] == pytest.approx(15.27887, abs=1e-5)
    assert finding.kde(here, np.array([[250.0, 0.0]]), 250)[0] == 0


def test_the_kernels_steps_lie_in_one_another_and_hold_the_events():
    xy = np.random.default_rng(3).normal(0, 100, (60, 2))
    steps = finding.kde_steps(xy, 250, 25)
    assert len(steps) == 5 and [step for step, _ in steps] == sorted(step for step, _ in steps)
    for (_, outer), (_, inner) in itertools.pairwise(steps):
        assert outer.buffer(0.01).covers(inner)
    assert shapely.contains_xy(steps[0][1], *xy.T).all()


def test_bayes_rates_draw_small_places_to_the_rate_of_all():
    events, at_risk = [1, 10, 100], [10, 200, 1000]
    raw, smooth = np.divide(events, at_risk), finding.bayes_rates(np.array(events), np.array(at_risk))
    mean = sum(events) / sum(at_risk)
    assert np.all(np.abs(smooth - mean) <= np.abs(raw - mean) + 1e-12)
    assert abs(smooth[0] - raw[0]) > abs(smooth[2] - raw[2])


# --- beside the library, on data that measures.md does not name -----------------------------------


def test_gi_star_is_esdas_on_the_homicides_around_st_louis():
    frame = example("stl_hom.shp")
    xy = np.column_stack([frame.geometry.centroid.x, frame.geometry.centroid.y])
    weights = libpysal.weights.DistanceBand(xy, threshold=0.8, binary=True, silence_warnings=True)
    star = finding.gi_star(frame.HR8893.to_numpy(), finding.near(xy, 0.8))
    theirs = G_Local(frame.HR8893.to_numpy(), weights, transform="B", star=True, permutations=0, seed=1).Zs
    assert star.z == pytest.approx(theirs)
    y, near = frame.HR8893.to_numpy(), ((xy[:, None] - xy[None]) ** 2).sum(axis=2) <= 0.8**2
    n, s = len(y), y.std()
    by_hand = (near @ y - near.sum(1) * y.mean()) / (
        s * np.sqrt((n * near.sum(1) - near.sum(1) ** 2) / (n - 1))
    )
    assert star.z == pytest.approx(by_hand)
    assert 0 < star.hot.sum() < len(y) / 4


# --- planted truth --------------------------------------------------------------------------------


def planted(seed=7):
    """Four gatherings of 40 events in a town of 4 km, thin noise around; the truth of each point."""
    draw = np.random.default_rng(seed)
    centres = np.array([[700, 700], [3200, 800], [1500, 2900], [3300, 3300]])
    clouds = [draw.normal(centre, 45, (40, 2)) for centre in centres]
    noise = draw.uniform(0, 4000, (60, 2))
    return np.vstack([*clouds, noise]), np.repeat([0, 1, 2, 3, -1], [40, 40, 40, 40, 60]), centres


def test_gi_star_marks_the_planted_cells_and_leaves_the_blind_ones_alone():
    xy, _, centres = planted()
    at = np.stack(np.meshgrid(np.arange(100, 4000, 200), np.arange(100, 4000, 200)), axis=-1).reshape(-1, 2)
    counts = np.array([(np.abs(xy - cell) <= 100).all(axis=1).sum() for cell in at])
    star = finding.gi_star(counts, finding.near(at, 290))
    away = np.sqrt(((at[:, None] - centres[None]) ** 2).sum(axis=2)).min(axis=1)
    assert star.hot[away < 140].all()
    assert not star.hot[away > 520].any()


def test_where_events_are_scattered_nothing_is_hot():
    draw = np.random.default_rng(11)
    at = np.stack(np.meshgrid(np.arange(20), np.arange(20)), axis=-1).reshape(-1, 2) * 200.0
    hot = [finding.gi_star(draw.poisson(0.5, len(at)), finding.near(at, 290)).hot.sum() for _ in range(20)]
    assert np.mean(np.array(hot) > 0) <= 0.2


# --- outlines -------------------------------------------------------------------------------------


def test_every_outline_is_valid_holds_its_events_and_is_no_house():
    spot = np.array([[0.0, 0.0], [1, 0], [0, 1], [1, 1], [0.5, 0.5]])
    street = shapely.LineString([(-200, 5), (200, 5)])
    found = finding.outlines(spot, [street])
    assert set(found) == {"hull", "circles", "streets"}
    for shape in found.values():
        assert shape.is_valid and shape.geom_type == "MultiPolygon"
        assert shape.area >= rules.MIN_AREA_M2 and shapely.contains_xy(shape, *spot.T).all()


def test_places_that_touch_are_one_group():
    cells = [
        shapely.box(0, 0, 1, 1),
        shapely.box(5, 5, 6, 6),
        shapely.box(1, 0, 2, 1),
        shapely.box(2, 1, 3, 2),
    ]
    assert finding.groups_of(cells) == [[0, 2, 3], [1]]
