"""Pieces covered and stays made by a track: known answers, an independent buffer, and any cut in any order."""

import math
import random
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Point, Polygon, box

from app.coverage import rules
from app.coverage.pieces import (
    Contribution,
    PieceIndex,
    Policy,
    contributions,
    cut,
    from_bits,
    to_bits,
    track_lengths,
)
from app.tracks.rules import Fix
from app.tracks.rules import Policy as TrackPolicy

POLICY = Policy()
ALWAYS = [(0.0, 1e10)]
LON0, LAT0 = 114.0, 30.0
T0 = 1_795_521_600  # a full hour
LOOSE = Policy(track=TrackPolicy(max_speed_m_s=1000))


def to_xy(lon, lat):
    """A made-up projection: 1e-5 degrees are a metre both ways."""
    return (lon - LON0) * 1e5, (lat - LAT0) * 1e5


def at(x: float, y: float, t: float, accuracy: int = 8) -> Fix:
    return Fix(round(LON0 * 1e7 + x * 100), round(LAT0 * 1e7 + y * 100), accuracy, T0 + int(t))


def walk(*points: tuple[float, float, float]) -> list[Fix]:
    return [at(x, y, t) for x, y, t in points]


def line(*xy: tuple[float, float]) -> PieceIndex:
    return PieceIndex.build([(1, LineString(xy))])


def contribution(fixes, index=None, polygons=None, allowed=ALWAYS, before=None, after=None, policy=POLICY):
    return contributions(fixes, before, after, to_xy, index, polygons or {}, allowed, policy)


def covered_m(found: Contribution, index: PieceIndex) -> float:
    pieces = {int(p) for hour in found.pieces_by_hour.values() for p in hour}
    return float(index.piece_m[sorted(pieces)].sum()) if pieces else 0.0


def clock(found: Contribution, key: int = 1) -> list[tuple[float, float]]:
    return [(start - T0, end - T0) for start, end in found.stays.get(key, ())]


# Pieces of lines


@pytest.mark.parametrize(
    ("length_m", "expected"), [(0, 4), (3, 4), (20, 4), (20.01, 5), (25, 5), (1000, 200), (1001, 201)]
)
def test_a_line_is_cut_into_pieces_of_at_most_five_metres_and_at_least_four(length_m, expected):
    assert cut(length_m) == expected


def test_pieces_are_numbered_in_the_order_of_the_lines():
    index = PieceIndex.build([(7, LineString([(0, 0), (12, 0)])), (3, LineString([(0, 9), (0, 59)]))])
    assert index.keys == (7, 3)
    assert index.n_pieces.tolist() == [4, 10]
    assert index.first_piece.tolist() == [0, 4]
    assert index.n == 14
    assert index.mid[:2].tolist() == [[1.5, 0], [4.5, 0]]
    assert index.mid[4].tolist() == [0, 11.5]
    assert index.piece_m.sum() == pytest.approx(62)
    assert index.line_of.tolist() == [0] * 4 + [1] * 10


def test_a_network_without_lines_is_refused():
    with pytest.raises(ValueError, match="lines"):
        PieceIndex.build([])


# Known answers


def test_a_track_parallel_at_10_m_over_the_first_600_m_of_1000_covers_600_m():
    index = line((0, 0), (1000, 0))
    fixes = walk(*[(x, 10, x / 1.25) for x in range(0, 601, 20)])
    assert covered_m(contribution(fixes, index), index) == pytest.approx(600, abs=5)


@pytest.mark.parametrize(("offset", "expected"), [(24.9, 600), (25.1, 0)])
def test_coverage_ends_at_25_m(offset, expected):
    index = line((0, 0), (1000, 0))
    fixes = walk(*[(x, offset, x / 1.25) for x in range(0, 601, 20)])
    assert covered_m(contribution(fixes, index), index) == pytest.approx(expected, abs=5)


def test_nothing_is_covered_beyond_the_ends_of_a_track():
    index = line((0, 0), (100, 0))
    found = contribution(walk((40, 0, 0), (60, 0, 15)), index)
    assert covered_m(found, index) == pytest.approx(20, abs=5)


def test_the_outside_of_a_corner_is_round():
    index = line((5, -5), (17, -17))
    corner = walk((-50, 0, 0), (0, 0, 40), (0, 50, 80))
    assert covered_m(contribution(corner, index), index) == pytest.approx(17.0, abs=4.3)
    assert covered_m(contribution(corner[:2], index), index) == 0


def test_a_gap_is_never_bridged():
    index = line((0, 0), (300, 0))
    found = contribution(walk((0, 0, 0), (60, 0, 60), (200, 0, 200), (260, 0, 260)), index)
    assert covered_m(found, index) == pytest.approx(120, abs=10)


def test_a_piece_belongs_to_the_hour_of_the_steps_start():
    index = line((0, 0), (100, 0))
    found = contribution(walk((0, 0, 3550), (50, 0, 3590), (100, 0, 3630)), index)
    assert sorted(found.pieces_by_hour) == [T0]
    found = contribution(walk((0, 0, 3560), (50, 0, 3600), (100, 0, 3640)), index)
    assert {hour - T0: found.pieces_by_hour[hour].tolist() for hour in found.pieces_by_hour} == {
        0: list(range(0, 10)),
        3600: list(range(10, 20)),
    }


def test_the_outside_of_a_bend_belongs_to_the_hour_of_its_fix():
    index = line((5, -5), (17, -17))
    corner = walk((-50, 0, 3550), (0, 0, 3600), (0, 50, 3640))
    assert list(contribution(corner, index).pieces_by_hour) == [T0 + 3600]


def test_a_bend_just_before_the_end_of_a_track_does_not_reach_beyond_the_end():
    index = line((0, 0), (100, 0))
    found = contribution(walk((0, 0, 0), (50, 1, 50), (55, 0, 55)), index)
    assert covered_m(found, index) == pytest.approx(55, abs=2.5)


def test_standing_still_at_the_end_does_not_reach_beyond_it():
    index = line((0, 0), (100, 0))
    found = contribution(walk((0, 0, 0), (50, 0, 50), (50, 0, 65)), index)
    assert covered_m(found, index) == pytest.approx(50, abs=2.5)


def test_a_bend_at_which_duty_begins_is_a_flat_end():
    index = line((5, -5), (17, -17))
    corner = walk((-50, 0, 0), (0, 0, 40), (0, 50, 80))
    assert contribution(corner, index, allowed=[(T0 + 40.0, T0 + 99.0)]).pieces_by_hour == {}
    assert contribution(corner, index, allowed=[(T0 + 39.0, T0 + 99.0)]).pieces_by_hour != {}


def test_a_step_partly_off_duty_is_cut_by_its_time_with_a_flat_cap():
    index = line((0, 0), (100, 0))
    fixes = walk((0, 0, 0), (100, 0, 100))
    found = contribution(fixes, index, allowed=[(T0 + 20.0, T0 + 40.0), (T0 + 80.0, T0 + 500.0)])
    assert found.pieces_by_hour[T0].tolist() == [4, 5, 6, 7, 16, 17, 18, 19]


def test_nothing_counts_while_paused():
    index = line((0, 0), (100, 0))
    fixes = walk((0, 0, 0), (50, 0, 50), (100, 0, 100))
    found = contribution(fixes, index, {1: box(-10, -10, 110, 10)}, allowed=[(T0 + 200.0, T0 + 300.0)])
    assert found == Contribution({}, {})


def test_windows_that_touch_are_one():
    index = line((0, 0), (100, 0))
    fixes = walk((0, 0, 0), (50, 0, 50), (100, 0, 100))
    whole = contribution(fixes, index)
    halves = contribution(fixes, index, allowed=[(T0 + 50.0, T0 + 500.0), (T0 - 9.0, T0 + 50.0)])
    assert whole.pieces_by_hour[T0].tolist() == halves.pieces_by_hour[T0].tolist()


# Stays


def test_a_pass_60_m_off_the_centre_of_a_circle_of_100_m_lasts_133_s_and_is_no_visit():
    circle = Point(0, 0).buffer(100, quad_segs=512)
    fixes = walk(*[(-150 + 1.2 * t, 60, t) for t in range(0, 251, 10)])
    stays = contribution(fixes, polygons={1: circle}).stays[1]
    assert [end - start for start, end in stays] == [pytest.approx(133.33, abs=0.1)]
    as_seconds = [(start - T0, end - T0) for start, end in stays]
    assert as_seconds == [(pytest.approx(58.33, abs=0.1), pytest.approx(191.67, abs=0.1))]
    assert all(end - start < rules.Policy().visit_min_s for start, end in stays)


SQUARE = {1: box(0, 0, 100, 100)}


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param([(-50, 50, 0), (50, 50, 100), (150, 50, 200)], [], id="one fix inside is no entry"),
        pytest.param([(-50, 50, 0), (150, 50, 100)], [], id="both ends outside never count"),
        pytest.param([(-50, 50, 0), (50, 50, 100)], [], id="an entry not yet confirmed"),
        pytest.param([(-50, 50, 0), (50, 50, 100), (60, 50, 120)], [(50, 120)], id="two fixes enter"),
        pytest.param(
            [(-50, 50, 0), (40, 50, 90), (60, 50, 110), (150, 50, 200)], [(50, 150)], id="in and out again"
        ),
        pytest.param(
            [(40, 50, 0), (60, 50, 100), (70, 50, 300), (80, 50, 360)], [(0, 100), (300, 360)], id="gap"
        ),
        pytest.param([(50, 50, 0), (50, 50, 60), (50, 50, 120)], [(0, 120)], id="standing still"),
        pytest.param([(-50, 50, 0), (50, 50, 100), (50, 50, 100)], [], id="a fix sent twice is one fix"),
        pytest.param([(50, 50, 0), (50, 50, 0)], [], id="no time, no range"),
    ],
)
def test_stays(points, expected):
    assert clock(contribution(walk(*points), polygons=SQUARE)) == expected


def test_a_confirming_fix_must_be_a_valid_step_away():
    fixes = [at(-50, 50, 0), at(50, 50, 100), at(60, 50, 120, accuracy=80)]
    assert contribution(fixes, polygons=SQUARE).stays == {}


def test_the_next_segments_first_fix_confirms_an_entry_whichever_comes_second():
    fixes = walk((-50, 50, 0), (50, 50, 100), (60, 50, 120))
    first, second = fixes[:2], fixes[1:]
    assert clock(contribution(first, polygons=SQUARE)) == []
    assert clock(contribution(second, polygons=SQUARE, before=fixes[0])) == [(50, 120)]
    assert clock(contribution(first, polygons=SQUARE, after=fixes[2])) == [(50, 120)]


def test_a_stay_is_cut_at_the_start_of_duty():
    fixes = walk((40, 50, 0), (60, 50, 100))
    found = contribution(fixes, polygons=SQUARE, allowed=[(T0 + 30.25, T0 + 60.0)])
    assert clock(found) == [(30.25, 60.0)]


def test_a_straight_way_out_of_and_into_a_u_shaped_place_counts_only_inside():
    u_shape = Polygon([(0, 0), (100, 0), (100, 100), (70, 100), (70, 30), (30, 30), (30, 100), (0, 100)])
    fixes = walk((10, 80, 0), (90, 80, 80))
    assert clock(contribution(fixes, polygons={1: u_shape})) == [(0, 20), (60, 80)]


def test_a_place_of_several_parts_and_a_place_far_away():
    places = {1: MultiPolygon([box(0, 0, 50, 100), box(80, 0, 120, 100)]), 2: box(5000, 5000, 5100, 5100)}
    found = contribution(walk((10, 50, 0), (110, 50, 100)), polygons=places)
    assert list(found.stays) == [1]
    assert clock(found) == [(0, 40), (70, 100)]


# Against an independent computation


def street_grid() -> list[tuple[int, LineString]]:
    """A town of 30 x 20 blocks with short and crooked streets among them."""
    wobble = random.Random(5)
    nodes = {
        (i, j): (i * 80 + wobble.uniform(-15, 15), j * 60 + wobble.uniform(-15, 15))
        for i in range(31)
        for j in range(21)
    }
    edges = [((i, j), (i + 1, j)) for i in range(30) for j in range(21)]
    edges += [((i, j), (i, j + 1)) for i in range(31) for j in range(20)]
    return [(n, LineString([nodes[a], nodes[b]])) for n, (a, b) in enumerate(edges)]


def street_walk(seed: int, steps: int) -> list[Fix]:
    """A walk along the grid with receiver noise."""
    rnd = random.Random(seed)
    x, y, t, fixes = 400.0, 300.0, 0.0, []
    goal = (480.0, 300.0)
    for _ in range(steps):
        if math.hypot(goal[0] - x, goal[1] - y) < 15:
            dx, dy = rnd.choice([(80, 0), (-80, 0), (0, 60), (0, -60)])
            goal = (min(2300, max(100, goal[0] + dx)), min(1100, max(100, goal[1] + dy)))
        way = math.hypot(goal[0] - x, goal[1] - y) or 1
        x, y, t = x + 15 * (goal[0] - x) / way, y + 15 * (goal[1] - y) / way, t + 12
        fixes.append(
            at(x + rnd.gauss(0, 3), y + rnd.gauss(0, 3), t, accuracy=60 if rnd.random() < 0.04 else 9)
        )
    return fixes


def runs(fixes: list[Fix]) -> MultiLineString:
    """The contiguous valid lines of a track, found without our step rule."""
    lines: list[list[tuple[float, float]]] = [[]]
    for one, two in pairwise(fixes):
        a, b = (np.array([(f.lon_e7 / 1e7 - LON0) * 1e5, (f.lat_e7 / 1e7 - LAT0) * 1e5]) for f in (one, two))
        if max(one.accuracy_m, two.accuracy_m) > 50:
            lines.append([])
            continue
        lines[-1] = [*(lines[-1] or [tuple(a)]), tuple(b)]
    return MultiLineString([run for run in lines if len(run) > 1])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_covered_lengths_agree_with_a_flat_buffer_by_shapely(seed):
    streets = street_grid()
    index = PieceIndex.build(streets)
    fixes = street_walk(seed, 400)
    found = contribution(fixes, index)
    buffers = [
        shapely.buffer(run, 25, cap_style="flat", join_style="round", quad_segs=32)
        for run in runs(fixes).geoms
    ]
    area = shapely.union_all(buffers)
    exact = np.array([street.intersection(area).length for _, street in streets])
    pieces = sorted({int(p) for hour in found.pieces_by_hour.values() for p in hour})
    ours = np.bincount(index.line_of[pieces], weights=index.piece_m[pieces], minlength=len(streets))
    assert exact.sum() > 2000
    assert ours.sum() == pytest.approx(exact.sum(), rel=0.01)
    lengths = np.array([street.length for _, street in streets])
    assert (np.abs(ours - exact) <= np.maximum(3.0, 0.1 * lengths)).all()


def test_the_plain_covered_agrees_with_contributions():
    index = PieceIndex.build(street_grid())
    fixes = street_walk(4, 200)
    xy = np.column_stack(
        to_xy(np.array([f.lon_e7 / 1e7 for f in fixes]), np.array([f.lat_e7 / 1e7 for f in fixes]))
    )
    good = np.array([f.accuracy_m <= 50 for f in fixes])
    found = contribution(fixes, index)
    pieces = sorted({int(p) for hour in found.pieces_by_hour.values() for p in hour})
    assert index.covered(xy, good[:-1] & good[1:]).tolist() == pieces


def test_stay_times_agree_with_dense_sampling():
    place = Point(700, 400).buffer(180)
    fixes = [f for f in street_walk(2, 400) if f.accuracy_m <= 50]
    steps = list(pairwise(fixes))
    seconds = 0.0
    for a, b in steps:
        shares = (np.arange(100) + 0.5) / 100
        xs, ys = to_xy(
            (a.lon_e7 + shares * (b.lon_e7 - a.lon_e7)) / 1e7,
            (a.lat_e7 + shares * (b.lat_e7 - a.lat_e7)) / 1e7,
        )
        seconds += shapely.contains_xy(place, xs, ys).mean() * (b.t_s - a.t_s)
    found = contribution(fixes, polygons={1: place}).stays.get(1, ())
    # Two fixes to enter: each crossing may lose at most the parts of two steps.
    assert sum(end - start for start, end in found) <= seconds + 1
    assert sum(end - start for start, end in found) == pytest.approx(seconds, abs=12 * 12)
    assert seconds > 100


# Any cut, any order, twice

INDEX = PieceIndex.build(
    [
        (1, LineString([(0, 0), (400, 0)])),
        (2, LineString([(0, 0), (0, 400)])),
        (3, LineString([(-300, -300), (300, 300)])),
        (4, LineString([(20, 10), (31, 12)])),
    ]
)
PLACES = {
    1: box(-60, -60, 60, 60),
    2: Polygon([(0, 0), (200, 0), (200, 200), (140, 200), (140, 60), (60, 60), (60, 200), (0, 200)]),
    3: Point(100, 0).buffer(90),
}


@st.composite
def tracks(draw):
    """A random walk with gaps, bad fixes, jumps and repeats across a change of hour, its cuts and an order."""
    rnd = random.Random(draw(st.integers(0, 2**32)))
    n = draw(st.integers(2, 150))
    x, y, t = rnd.uniform(-100, 100), rnd.uniform(-100, 100), 3600 - rnd.randrange(600)
    fixes = [at(x, y, t)]
    while len(fixes) < n:
        kind = rnd.random()
        if kind < 0.05:
            fixes.append(fixes[-1])
            continue
        t += rnd.choice([0, 121, 300]) if kind < 0.12 else rnd.randint(1, 40)
        far = 400 if kind > 0.97 else 25
        x, y = x + rnd.uniform(-far, far), y + rnd.uniform(-far, far)
        x, y = max(-250, min(400, x)), max(-250, min(400, y))
        fixes.append(at(x, y, t, accuracy=80 if 0.12 <= kind < 0.16 else 10))
    segments, first = [], 0
    while first < n - 1:
        last = min(n - 1, first + rnd.randint(1, 59))
        segments.append((first, last))
        first = last
    order = segments * 2
    rnd.shuffle(order)
    span = t - 3000
    allowed = [
        (T0 + 3000 + rnd.uniform(0, span), T0 + 3000 + rnd.uniform(0, span)) for _ in range(rnd.randint(0, 3))
    ]
    allowed = [(min(w), max(w)) for w in allowed] or ALWAYS
    return fixes, order, allowed


def stored(fixes, order, allowed):
    """Takes segments one by one as the server does: only neighbours already stored give context."""
    known: set[tuple[int, int]] = set()
    pieces: dict[int, set[int]] = {}
    stays: dict[int, list[tuple[float, float]]] = {}
    for first, last in order:
        before = next((fixes[b - 1] for a, b in known if b == first), None)
        after = next((fixes[a + 1] for a, b in known if a == last), None)
        known.add((first, last))
        found = contribution(fixes[first : last + 1], INDEX, PLACES, allowed, before, after)
        for hour, new in found.pieces_by_hour.items():
            pieces.setdefault(hour, set()).update(int(p) for p in new)
        for key, ranges in found.stays.items():
            stays.setdefault(key, []).extend(ranges)
    return pieces, {key: rules.union(ranges) for key, ranges in stays.items()}


@settings(max_examples=150)
@given(tracks())
def test_segments_of_any_size_in_any_order_and_twice_make_what_the_whole_track_makes(case):
    fixes, order, allowed = case
    whole = contribution(fixes, INDEX, PLACES, allowed)
    pieces, stays = stored(fixes, order, allowed)
    assert pieces == {hour: set(found.tolist()) for hour, found in whole.pieces_by_hour.items()}
    assert stays == whole.stays


def test_without_the_neighbours_context_the_property_would_not_hold():
    """The negative control: the property test is able to see a missing joint and a missing confirmation."""
    fixes = walk((-50, 50, 0), (50, 50, 90), (60, 70, 120))
    whole = contribution(fixes, INDEX, {1: box(0, 0, 100, 100)})
    parts = [contribution(part, INDEX, {1: box(0, 0, 100, 100)}) for part in (fixes[:2], fixes[1:])]
    assert rules.union([r for part in parts for r in part.stays.get(1, ())]) != whole.stays[1]


# Lengths, bits, speed


def test_track_lengths_add_up_over_segments_and_see_what_lay_beside_the_route():
    route = LineString([(0, 0), (300, 0)])
    fixes = walk((0, 10, 0), (100, 10, 80), (200, 10, 160), (200, 110, 240))
    whole = track_lengths(fixes, to_xy, route, ALWAYS, LOOSE)
    assert whole == (pytest.approx(300), pytest.approx(215))
    parts = [track_lengths(part, to_xy, route, ALWAYS, LOOSE) for part in (fixes[:2], fixes[1:])]
    assert [sum(values) for values in zip(*parts, strict=True)] == pytest.approx(list(whole))
    assert track_lengths(fixes, to_xy, None, ALWAYS, LOOSE) == (pytest.approx(300), 0.0)
    assert track_lengths(fixes, to_xy, route, [], LOOSE) == (0.0, 0.0)


def test_bits_have_index_0_at_the_left():
    assert to_bits([0, 3], 6) == "100100"
    assert to_bits(np.array([], dtype=np.int64), 3) == "000"
    assert from_bits("100100").tolist() == [True, False, False, True, False, False]


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)))))
def test_bits_read_back(case):
    n, indices = case
    assert set(np.flatnonzero(from_bits(to_bits(sorted(indices), n))).tolist()) == indices
