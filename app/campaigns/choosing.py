"""Help in choosing: the hotspots that may be treated, and the places most like them that may stand beside them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from shapely.geometry import MultiPolygon, box

from app.areas.models import Area
from app.campaigns import queries, rules
from app.campaigns.queries import Place
from app.clock import day_span, local_day
from app.geo import projector, shape_in_degrees
from app.incidents.queries import recorded_between

LEAST_SIDE_M = 50.0


@dataclass(frozen=True)
class Wanted:
    """What is to be treated, when, and which kinds of events it is about."""

    hotspot_ids: tuple[int, ...]
    categories: tuple[str, ...]
    first: date
    last: date
    ring_m: int


@dataclass(frozen=True)
class Counted:
    """A place with its events in each block of four weeks, oldest first, and how far it is from the treated ones."""

    place: Place
    counts: tuple[int, ...]
    difference: float


@dataclass(frozen=True)
class Offer:
    """`edges` bound the blocks; `typical` is the mean of the treated places; `others` the most like it first."""

    edges: tuple[date, ...]
    treated: list[Counted]
    typical: list[float]
    others: list[Counted]

    def chosen(self, keys: Sequence[str]) -> list[Counted]:
        return [one for one in self.others if one.place.key in keys]


def offer(township: Area, wanted: Wanted, now: datetime) -> Offer:
    """Other hotspots and squares as large as the treated places, by the difference of their events in the year before
    the start; none that touches the treated ones, their rings, or what another campaign compares meanwhile."""
    today = local_day(now, township.time_zone)
    edges = rules.block_edges(min(today, wanted.first))
    spots = queries.hotspots_in_force(township.id, today)
    treated = [one for one in spots if one.hotspot_id in wanted.hotspot_ids]
    if not treated:
        return Offer(tuple(edges), [], [], [])
    others = [one for one in spots if one not in treated] + _squares(township, wanted, treated, edges)
    free = _free(township, wanted, treated, others, today)
    counts = _counts(township, wanted, [*treated, *free], edges)
    like = rules.typical(counts[: len(treated)])
    found = [
        Counted(place, tuple(row), rules.difference(row, like))
        for place, row in zip([*treated, *free], counts, strict=True)
    ]
    ranked = sorted(found[len(treated) :], key=lambda one: (one.difference, one.place.name))
    return Offer(tuple(edges), found[: len(treated)], like, ranked[: rules.OFFERED])


def _counts(
    township: Area, wanted: Wanted, places: Sequence[Place], edges: Sequence[date]
) -> list[list[int]]:
    instants = [day_span(day, day, township.time_zone)[0] for day in edges]
    return queries.counts_by_block(township.id, [one.wkb for one in places], instants, wanted.categories)


def _squares(township: Area, wanted: Wanted, treated: Sequence[Place], edges: Sequence[date]) -> list[Place]:
    """Squares of a fixed net with enough events for nobody's household to be meant."""
    mean_m2 = sum(one.area_m2 for one in treated) / len(treated)
    side = max(LEAST_SIDE_M, round(math.sqrt(mean_m2)))
    since = day_span(edges[0], edges[0], township.time_zone)[0]
    until = day_span(edges[-1], edges[-1], township.time_zone)[0]
    events = recorded_between(township.id, since, until, wanted.categories)
    ended = [one for one in events if since <= one.end < until]
    x, y = projector(township.metres_crs)([one.lon for one in ended], [one.lat for one in ended])
    counts = Counter((int(a // side), int(b // side)) for a, b in zip(x, y, strict=True))
    full = sorted(square for square, n in counts.items() if n >= rules.LEAST_EVENTS)
    return [_square(column, row, side, township.metres_crs) for column, row in full]


def _square(column: int, row: int, side: float, crs: str) -> Place:
    shape = box(column * side, row * side, (column + 1) * side, (row + 1) * side)
    wkb = MultiPolygon([shape_in_degrees(shape, crs)]).wkb
    return Place(f"s{column}.{row}.{side:g}", f"{column % 1000}-{row % 1000}", None, wkb, side * side)


def _free(
    township: Area, wanted: Wanted, treated: Sequence[Place], others: Sequence[Place], today: date
) -> list[Place]:
    """Those that may be compared with; a square is named by its village and its place in the net."""
    ground = queries.ground_of(
        township.id, [one.wkb for one in others], [one.wkb for one in treated], wanted.ring_m,
        (wanted.first, wanted.last), today,
    )  # fmt: skip
    found = []
    for place, here in zip(others, ground, strict=True):
        is_square = place.hotspot_id is None
        if here.taken or not here.clear or (is_square and (here.on_hotspot or not here.inside)):
            continue
        name = f"{here.village or township.name} {place.name}" if is_square else place.name
        found.append(Place(place.key, name, place.hotspot_id, place.wkb, here.area_m2))
    return found
