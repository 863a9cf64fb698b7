"""How well visits are told from a track that is seen every 15 s, and every 60 s: against the walk second by second."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import numpy as np
import pytest

from app.coverage import rules
from app.coverage.pieces import Policy, contributions
from app.demo.duties import Outing, motion_of, outings
from app.demo.truth import visits_of
from app.demo.walk import take_fixes
from app.demo.world import World
from app.geo import projector
from app.tracks.rules import Fix

WEEK = date(2026, 11, 16), date(2026, 11, 22)


def told(world: World, outing: Outing, every_s: int) -> dict[str, list[float]]:
    """Minutes of each visit that a phone's track of the outing shows, by hotspot."""
    motion = motion_of(world, outing)
    taken = take_fixes(motion, every_s, random.Random(f"{outing.key}:{every_s}"))
    degrees = np.round(world.plane.to_degrees([(f.x, f.y) for f in taken]) * 1e7).astype(int)
    fixes = [
        Fix(int(lon), int(lat), f.accuracy_m, round(f.t_s))
        for f, (lon, lat) in zip(taken, degrees, strict=True)
    ]
    shapes = {n: spot.metres for n, spot in enumerate(world.hotspots.values())}
    found = contributions(
        fixes, None, None, projector(world.metres_crs), None, shapes, [(0.0, motion.seconds + 1)], Policy()
    )
    keys = list(world.hotspots)
    return {
        keys[n]: [end - start for start, end in merged(stays) if end - start >= rules.Policy().visit_min_s]
        for n, stays in found.stays.items()
    }


def merged(stays: Any) -> list[tuple[float, float]]:
    """Stays two minutes apart at most are one visit, here from its first second to its last, as the truth has it."""
    out: list[tuple[float, float]] = []
    for start, end in sorted(stays):
        if out and start - out[-1][1] <= rules.Policy().merge_gap_s:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


@pytest.mark.parametrize(("every_s", "most_min"), [(15, 1.5), (60, 3.0)])
def test_the_minutes_of_a_visit_are_the_true_ones(world: World, every_s: int, most_min: float) -> None:
    """1.5 minutes on average is what measures must keep at 15 s; at 60 s, which some loggers send, it is told and held
    to twice as much."""
    errors: list[float] = []
    lost = 0
    for outing in outings(world, *WEEK):
        seen = told(world, outing, every_s)
        true: dict[str, list[float]] = {}
        for visit in visits_of(world, outing, motion_of(world, outing)):
            true.setdefault(visit.hotspot, []).append((visit.to_at - visit.from_at).total_seconds())
        for key, spans in true.items():
            found = seen.get(key, [])
            lost += max(0, len(spans) - len(found))
            errors += [abs(a - b) / 60 for a, b in zip(sorted(spans), sorted(found), strict=False)]
    print(f"every {every_s} s: {len(errors)} visits, mean error {np.mean(errors):.2f} min, {lost} not seen")
    assert len(errors) > 20 and float(np.mean(errors)) <= most_min
    assert lost <= 0.1 * len(errors)
