"""The measures of an area that somebody drew: its streets piece by piece, and the hotspots in it.

No re-identification (product.md): at least a hectare, and an answer only where at least three different shifts stand
behind it; a shift is at least one duty. No shift is named. What lies outside what the caller reads is cut away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import and_

from app.areas.policies import place_of
from app.coverage import attendance, cells, facts, ground, queries, rules, taps
from app.coverage.attendance import HotspotFigures
from app.coverage.measures import Measure, Measures, hotspot_measures, merged, percent, tapped_share
from app.coverage.numbers import policies_of
from app.coverage.pieces import Bools, Floats, Ints
from app.coverage.queries import Network, Period, measured_ids
from app.coverage.rules import MergedGrade, share
from app.errors import DomainError, FieldError
from app.geo import shape_in_metres
from app.geofiles.drawn import Ring, polygon_wkb
from app.hotspots.models import Hotspot
from app.teams.scope import Scope

LEAST_M2 = 10_000
LEAST_SHIFTS = 3


@dataclass(frozen=True)
class Drawn:
    """`clipped`: a part of it lay outside what the caller reads. `shifts` is the least number that stands behind it."""

    period: Period
    area_m2: float
    clipped: bool
    shifts: int
    measures: Measures
    hotspots: list[HotspotFigures]


@dataclass
class Inside:
    """What of the streets and hexagons lies inside, in metres and in number, and the shifts that were there."""

    streets: int = 0
    total_m: float = 0.0
    covered_m: float = 0.0
    tracked_m: float = 0.0
    folded_shifts: int = 0
    cells: int = 0
    attended_cells: float = 0.0

    @property
    def grade(self) -> MergedGrade | None:
        if not self.covered_m:
            return None
        if not self.tracked_m:
            return "single"
        return "track" if self.tracked_m >= self.covered_m else "mixed"


def measure(scope: Scope, rings: Sequence[Ring], period: Period, now: datetime) -> Drawn:
    """Of rings of lon, lat. Raises DomainError: no area, outside, too small, too few duties."""
    inner, area_m2, asked_m2 = _clipped(scope, _looked_at(rings))
    townships = queries.townships_of(measured_ids(scope))
    inside, shifts = Inside(), set[tuple[int, int]]()
    for network in queries.networks_in_force(townships, period.last):
        shifts |= _streets_inside(network, inner, period, inside)
    hotspots = _hotspots_inside(inner, scope, period, now)
    shifts |= {key for f in hotspots for visit in f.visits for key in visit.shifts}
    # Folded shifts are not known apart from the others of their days, nor from hotspot visits: the larger is certain.
    certain = max(len(shifts), inside.folded_shifts)
    if certain < LEAST_SHIFTS:
        raise DomainError("too_few_duties", least=LEAST_SHIFTS)
    found = {**_street_measures(inside), **hotspot_measures(hotspots)}
    return Drawn(period, area_m2, area_m2 < asked_m2 * 0.999, certain, found, hotspots)


def _looked_at(rings: Sequence[Ring]) -> bytes:
    wkb = polygon_wkb(rings)
    if isinstance(wkb, bytes):
        return wkb
    if wkb.code == "too_many_vertices":
        raise refused("polygon_too_many_vertices", limit=wkb.values["limit"])
    raise refused("polygon_unusable")


def _clipped(scope: Scope, wkb: bytes) -> tuple[bytes, float, float]:
    """(the part that the caller reads, its square metres, those asked for)."""
    part = queries.part_inside(measured_ids(scope), wkb)
    if part is None:
        raise refused("polygon_outside")
    if part[1] < LEAST_M2:
        raise refused("polygon_too_small")
    return part


def refused(code: str, **figures: Any) -> DomainError:
    return DomainError(code, [FieldError("/polygon", code, figures)], **figures)


# --- streets ----------------------------------------------------------------------------------------------------


def _streets_inside(network: Network, wkb: bytes, period: Period, inside: Inside) -> set[tuple[int, int]]:
    """Adds the network's part; answers (township, shift) of those that walked in it."""
    crs = place_of(network.township_id).crs
    index = ground.network_index(network.id, crs)
    here = _within(shape_in_metres(wkb, crs), index.mid)
    if not here.any():
        return set()
    tracks = queries.bits_by_shift(network, period)
    tapped = taps.bits_by_shift(network, taps.taps_of(network, period.first, period.last)).items()
    by_track, shifts = _union(tracks, here)
    by_tap, more = _union(tapped, here)
    folded, inside.folded_shifts = _folded(
        network, period, index.line_of, index.piece_m, here, inside.folded_shifts
    )
    _add_cells(network, period, here, inside)
    track_m = np.maximum(_by_street(index, by_track), folded)
    inside.streets += len(np.unique(index.line_of[here]))
    inside.total_m += float(index.piece_m[here].sum())
    inside.tracked_m += float(track_m.sum())
    inside.covered_m += float(np.maximum(_by_street(index, by_track | by_tap), folded).sum())
    return {(network.township_id, shift) for shift in shifts | more}


def _add_cells(network: Network, period: Period, here: Bools, inside: Inside) -> None:
    """The hexagons by what of their streets lies inside."""
    policy = policies_of([network.township_id], period)[network.township_id]
    each = cells.minutes_of(cells.cell_figures(network, period), here, policy)
    inside.cells += len(each)
    inside.attended_cells += (rules.cell_coverage(each, policy) or 0.0) * len(each)


def _within(shape: BaseGeometry, points: Floats) -> Bools:
    shapely.prepare(shape)
    return np.asarray(shapely.contains_xy(shape, points[:, 0], points[:, 1]), np.bool_)


def _union(rows: Iterable[tuple[int, bytes]], here: Bools) -> tuple[Bools, set[int]]:
    """Pieces inside that anybody has, and the shifts that have any."""
    found, shifts = np.zeros(len(here), np.bool_), set()
    for shift, bits in rows:
        walked = np.unpackbits(np.frombuffer(bits, np.uint8), count=len(here)).astype(np.bool_) & here
        if walked.any():
            shifts.add(shift)
            found |= walked
    return found, shifts


def _by_street(index: Any, flags: Bools) -> Floats:
    return np.bincount(index.line_of, index.piece_m * flags, minlength=len(index.keys))


def _folded(
    network: Network, period: Period, line_of: Ints, piece_m: Floats, here: Bools, shifts: int
) -> tuple[Floats, int]:
    """What is certain of folded days, by street: the metres that must lie inside, and the least number of shifts."""
    rows = queries.folded_by_day(network, period)
    place = {r.id: at for at, r in enumerate(queries.streets_of(network.id))}
    length = np.bincount(line_of, piece_m, minlength=len(place))
    within = np.bincount(line_of, piece_m * here, minlength=len(place))
    certain = np.zeros(len(place))
    most: dict[date, int] = defaultdict(int)
    for row in rows:
        at = place[row.street_id]
        metres = row.covered_share * length[at] - (length[at] - within[at])
        if metres > 0:
            certain[at] = max(certain[at], metres)
            most[row.day] = max(most[row.day], row.shifts)
    return certain, shifts + sum(most.values())


def _street_measures(inside: Inside) -> Measures:
    grade = merged([inside.grade])
    return {
        "street_coverage": Measure(
            percent(share(inside.covered_m, inside.total_m)), "%", grade, inside.streets
        ),
        "street_km_total": Measure(round(inside.total_m / 1000, 3), "km", None, inside.streets),
        "street_km_covered": Measure(round(inside.covered_m / 1000, 3), "km", grade, inside.streets),
        "street_tapped": Measure(
            percent(tapped_share(inside.covered_m, inside.tracked_m)),
            "%",
            grade,
            inside.streets if inside.covered_m else 0,
        ),
        "cell_coverage": Measure(
            percent(share(inside.attended_cells, inside.cells)), "%", grade, inside.cells
        ),
    }


# --- hotspots ---------------------------------------------------------------------------------------------------


def _hotspots_inside(wkb: bytes, scope: Scope, period: Period, now: datetime) -> list[HotspotFigures]:
    mine = queries.in_areas(measured_ids(scope), Hotspot.township_id, Hotspot.village_id)
    found = facts.hotspots_of(and_(queries.hotspots_lying_in(wkb), mine), period)
    return attendance.hotspot_figures(found, period, policies_of({h.township_id for h in found}, period), now)
