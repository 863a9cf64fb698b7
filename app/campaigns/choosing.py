"""Help in choosing: what may be treated (hotspots, grids, places drawn by hand), and the places most like them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from shapely.geometry import MultiPolygon, box

from app.areas.models import Area
from app.campaigns import queries, rules
from app.campaigns.queries import Place
from app.clock import day_span, local_day
from app.geo import projector, shape_in_degrees
from app.hotspots.drawing import parts_of, shape_from
from app.incidents.queries import recorded_between

LEAST_SIDE_M = 50.0


class Side(NamedTuple):
    """What a place that was drawn is for: the beginning of its key, and its field."""

    key: str
    pointer: str


TREATED, CONTROL = Side("t", "/treated_corners"), Side("c", "/control_corners")


@dataclass(frozen=True)
class Wanted:
    """What is to be treated, when, and which kinds of events it is about. `drawn` and `drawn_control` are corners as
    text (app/hotspots/corners.py), each part a place: to be treated, and to be compared with."""

    hotspot_ids: tuple[int, ...]
    categories: tuple[str, ...]
    first: date
    last: date
    ring_m: int
    grid_ids: tuple[int, ...] = ()
    drawn: str = ""
    drawn_control: str = ""

    @property
    def n_chosen(self) -> int:
        """How many hotspots and grids; how many are drawn is known once the text is read."""
        return len(set(self.hotspot_ids)) + len(set(self.grid_ids))


@dataclass(frozen=True)
class Counted:
    """A place with its events in each block of four weeks, oldest first, and how far it is from the treated ones."""

    place: Place
    counts: tuple[int, ...]
    difference: float


@dataclass(frozen=True)
class Offer:
    """`edges` bound the blocks; `typical` is the mean of the treated places; `others` the most like it first, after
    those that were drawn to be compared with. `unfit`: of these, what may not be, being too near or taken."""

    edges: tuple[date, ...]
    treated: list[Counted]
    typical: list[float]
    others: list[Counted]
    unfit: list[Place]

    def chosen(self, keys: Sequence[str]) -> list[Counted]:
        return [one for one in self.others if one.place.key in keys]


def offer(township: Area, wanted: Wanted, now: datetime) -> Offer:
    """Other hotspots and squares as large as the treated places, by the difference of their events in the year before
    the start; none that touches the treated ones, their rings, or what another campaign compares meanwhile."""
    today = local_day(now, township.time_zone)
    edges = rules.block_edges(min(today, wanted.first))
    spots = queries.hotspots_in_force(township.id, today)
    grids = queries.grids_of(township.id, today)
    treated = [one for one in spots if one.hotspot_id in wanted.hotspot_ids]
    treated += _measured(
        township,
        wanted,
        [one for one in grids if one.area_id in wanted.grid_ids] + _drawn(wanted.drawn, TREATED),
        today,
    )
    if not treated:
        return Offer(tuple(edges), [], [], [], [])
    own = _drawn(wanted.drawn_control, CONTROL)
    chosen = {one.key for one in treated}
    others = (
        [one for one in spots if one.key not in chosen] + _squares(township, wanted, treated, edges) + own
    )
    if len(treated) > len(
        wanted.hotspot_ids
    ):  # a grid is like a grid; beside hotspots alone it would only be large
        others += [one for one in grids if one.key not in chosen]
    free = _free(township, wanted, treated, others, today)
    counts = _counts(township, wanted, [*treated, *free], edges)
    like = rules.typical(counts[: len(treated)])
    found = [
        Counted(place, tuple(row), rules.difference(row, like))
        for place, row in zip([*treated, *free], counts, strict=True)
    ]
    return Offer(tuple(edges), found[: len(treated)], like, *_ranked(found[len(treated) :], own))


def _ranked(found: Sequence[Counted], own: Sequence[Place]) -> tuple[list[Counted], list[Place]]:
    """What was drawn to be compared with comes first; of the rest the most like that have enough events."""
    keys = {one.key for one in own}
    drawn = [one for one in found if one.place.key in keys]
    rest = [one for one in found if one.place.key not in keys and is_enough(one)]
    ranked = sorted(rest, key=lambda one: (one.difference, one.place.name))
    kept = {one.place.key for one in drawn}
    return [*drawn, *ranked[: rules.OFFERED]], [one for one in own if one.key not in kept]


def is_enough(one: Counted) -> bool:
    """Whether no household is meant: a hotspot was looked at before it became one."""
    return one.place.kind == "hotspot" or sum(one.counts) >= rules.LEAST_EVENTS


def _drawn(text: str, side: Side) -> list[Place]:
    """Each part of the text as a place of its own. Raises DomainError at its field."""
    if not text.strip():
        return []
    return [
        Place(f"{side.key}{n}", str(n), None, shape_from([part], side.pointer).wkb, 0.0, "drawn")
        for n, part in enumerate(parts_of(text, side.pointer), start=1)
    ]


def _measured(township: Area, wanted: Wanted, places: Sequence[Place], today: date) -> list[Place]:
    """With their size, and the village's name before the number of what was drawn."""
    if not places:
        return []
    ground = queries.ground_of(
        township.id, [one.wkb for one in places], [], wanted.ring_m, (wanted.first, wanted.last), today
    )
    return [_named(township, place, here) for place, here in zip(places, ground, strict=True)]


def _named(township: Area, place: Place, here: queries.Ground) -> Place:
    """A square and what was drawn are named by their village."""
    name = (
        f"{here.village or township.name} {place.name}" if place.kind in ("square", "drawn") else place.name
    )
    return replace(place, name=name, area_m2=here.area_m2)


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
    name = f"{column % 1000}-{row % 1000}"
    return Place(f"s{column}.{row}.{side:g}", name, None, wkb, side * side, "square")


def _free(
    township: Area, wanted: Wanted, treated: Sequence[Place], others: Sequence[Place], today: date
) -> list[Place]:
    """Those that may be compared with."""
    ground = queries.ground_of(
        township.id, [one.wkb for one in others], [one.wkb for one in treated], wanted.ring_m,
        (wanted.first, wanted.last), today,
    )  # fmt: skip
    found = []
    for place, here in zip(others, ground, strict=True):
        is_square = place.kind == "square"
        if not here.taken and here.clear and not (is_square and (here.on_hotspot or not here.inside)):
            found.append(_named(township, place, here))
    return found
