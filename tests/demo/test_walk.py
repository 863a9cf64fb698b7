"""A walk is exact where it should be, and the same every time."""

from __future__ import annotations

import random
from datetime import date
from itertools import pairwise

import numpy as np

from app.demo.duties import FRIDAY, WHERE, outings
from app.demo.walk import SPEED_M_S, Stop, cut_segments, take_fixes, walk_rounds
from app.demo.world import World

SQUARE = np.array([(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)], float)


def test_a_stop_lasts_as_long_as_it_says_and_where_it_says() -> None:
    motion = walk_rounds(SQUARE, [[Stop(150, 600, "h")]], 3600, random.Random(1))
    stay = motion.stays[0]
    assert round(stay.to_s - stay.from_s, 6) == 600
    assert np.allclose(motion.at(np.array([stay.from_s, stay.to_s])), [(100, 50), (100, 50)])


def test_between_stops_one_walks_at_a_walking_pace() -> None:
    motion = walk_rounds(SQUARE, [[Stop(10, 30, "c1")]], 1800, random.Random(2))
    speeds = np.diff(motion.m) / np.diff(motion.t)
    moving = speeds[speeds > 0]
    assert (moving > 0.8 * SPEED_M_S).all() and (moving < 1.2 * SPEED_M_S).all()


def test_who_turns_back_never_sees_the_last_part() -> None:
    motion = walk_rounds(SQUARE, [[]], 7200, random.Random(3), reach=0.7)
    assert motion.m.max() <= 280 and motion.m.min() >= 0


def test_a_phone_is_off_by_a_few_metres_and_silent_where_it_has_no_signal() -> None:
    motion = walk_rounds(SQUARE, [[]], 7200, random.Random(4))
    fixes = take_fixes(motion, 25, random.Random(5), [(1000, 2000)])
    true = motion.at(np.array([f.t_s for f in fixes], float))
    off = np.hypot(*(np.array([(f.x, f.y) for f in fixes]) - true).T)
    assert 2 < off.mean() < 8 and off.max() < 20
    assert not any(1000 <= f.t_s < 2000 for f in fixes)


def test_each_segment_begins_with_the_last_fix_of_the_one_before() -> None:
    fixes = take_fixes(walk_rounds(SQUARE, [[]], 3600, random.Random(6)), 25, random.Random(6))
    parts = cut_segments(fixes, 40)
    assert all(a[-1] == b[0] for a, b in pairwise(parts))
    assert [f for n, p in enumerate(parts) for f in p[min(n, 1) :]] == fixes


def test_the_same_days_give_the_same_outings(world: World) -> None:
    first, last = date(2026, 11, 1), date(2026, 11, 28)
    assert list(outings(world, first, last)) == list(outings(world, first, last))


def test_nobody_is_planned_at_the_night_market_on_friday_nights(world: World) -> None:
    spot = WHERE["no_friday_nights"]
    for outing in outings(world, date(2026, 1, 1), date(2026, 12, 31)):
        if outing.day.weekday() == FRIDAY and outing.starts_at.hour >= 10:
            assert spot not in dict(world.routes[outing.route].hotspots)


def test_one_team_walks_by_day_only(world: World) -> None:
    mine = [o for o in outings(world, date(2026, 11, 1), date(2026, 11, 28)) if o.team == WHERE["day_only"]]
    assert mine and all(o.starts_at.hour == 6 for o in mine)
