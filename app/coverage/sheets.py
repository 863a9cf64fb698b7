"""Streets on a map, from which tiles are cut: what a caller sees of them over a period, read once for all its tiles.

An atlas is what the caller sees at all; a sheet of it the figures of some networks, as of now. Where an imported street
lies, and in which village, never changes, so that is read once per process. A sheet is good for as long as what it was
read from, and until `good_until`, when the first street is a step less fresh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any

import numpy as np
from sqlalchemy import exists, func, select

from app.coverage import cutting, queries, streets
from app.coverage.cutting import Tile
from app.coverage.kept import Cut, Newest, cut_of, key_of
from app.coverage.mvt import Figures, Shapes, shapes_of, with_figures
from app.coverage.numbers import policies_of
from app.coverage.queries import Box, Network, Period
from app.coverage.rules import Policy
from app.coverage.streets import Bools, Floats, Ints
from app.db import db
from app.geo import box_of, touches_box
from app.routes.models import NetworkVersion, Street
from app.teams.scope import Scope, within

# Of more townships than these, which ones a tile needs is asked of the database.
MOST_AT_HAND = 40
# A street that lies so far from a tile may still be in one of its hexagons.
MARGIN_M = {"streets": 0.0, "cells": 400.0}
FIGURES = ("covered", "shifts", "last", "fresh", "grade", "last_grade")
NO_FIGURES: Figures = (None,) * len(FIGURES)
KEPT: Newest[Cut] = Newest(32_000_000, lambda cut: len(cut.body))


@dataclass(frozen=True)
class Placed(Shapes):
    """`places`: of each feature's street among the streets of all parts."""

    places: Ints


SHAPES: Newest[Placed] = Newest(32_000_000, lambda shapes: len(shapes.body) + 64 * len(shapes.ids))


# --- where streets lie ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lines:
    """A network's streets by their first piece: `village_ids` 0 = none; `boxes` (n, 4) degrees west, south, east,
    north."""

    ids: Ints
    village_ids: Ints
    boxes: Floats

    @cached_property
    def box(self) -> Box | None:
        if not len(self.ids):
            return None
        low, high = self.boxes.min(axis=0), self.boxes.max(axis=0)
        return float(low[0]), float(low[1]), float(high[2]), float(high[3])

    def meets(self, box: Box) -> Bools:
        west, south, east, north = self.boxes.T
        found: Bools = (west <= box[2]) & (east >= box[0]) & (south <= box[3]) & (north >= box[1])
        return found

    def among(self, ids: frozenset[int], township_id: int) -> Bools:
        """Those of a township that is among the areas, or of a village that is."""
        if township_id in ids:
            return np.ones(len(self.ids), np.bool_)
        return streets.among(self.village_ids, set(ids))


def lines_of(network: Network) -> Lines:
    return _lines(str(db.engine.engine.url), network.id)


@lru_cache(maxsize=4 * MOST_AT_HAND)
def _lines(_database: str, network_id: int) -> Lines:
    columns = (Street.id, func.coalesce(Street.village_id, 0), *box_of(Street.geom))
    rows = db.session.execute(
        select(*columns).where(Street.network_version_id == network_id).order_by(Street.first_piece)
    ).all()
    table = np.array([tuple(row) for row in rows], np.float64).reshape(-1, 6)
    return Lines(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2:])


@dataclass(frozen=True)
class Rows:
    """What is known of streets, by name in FIGURES: each row once, and which one is each street's; the first says
    nothing."""

    rows: tuple[Figures, ...]
    of: Ints


# --- what a caller sees of them -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Atlas:
    """The networks in force at the end of the period, of all townships that the caller sees anything of."""

    visible: frozenset[int]
    measured: frozenset[int]
    period: Period
    networks: tuple[Network, ...]

    @cached_property
    def boxes(self) -> tuple[Box | None, ...] | None:
        """Of each network; None where there are too many to have them all at hand."""
        if len(self.networks) > MOST_AT_HAND:
            return None
        return tuple(lines_of(network).box for network in self.networks)

    def around(self, layer: str, tile: Tile) -> tuple[Network, ...]:
        """Those whose streets the tile may need."""
        box = tile.box(MARGIN_M[layer])
        if self.boxes is None:
            return tuple(_networks_in_box(self.networks, box))
        return tuple(
            n for n, of_it in zip(self.networks, self.boxes, strict=True) if of_it and _meet(of_it, box)
        )

    def sheet(self, networks: Sequence[Network], now: datetime) -> Sheet:
        policies = policies_of([n.township_id for n in networks], self.period)
        return Sheet(tuple(self._part(n, policies[n.township_id], now) for n in networks))

    def _part(self, network: Network, policy: Policy, now: datetime) -> Part:
        lines = lines_of(network)
        seen, opened = (lines.among(ids, network.township_id) for ids in (self.visible, self.measured))
        opened &= seen
        shapes = key_of(queries.database(), network.id, _of(seen))
        if not opened.any():
            return Part(
                lines, seen, opened, Rows((NO_FIGURES,), np.zeros(len(seen), np.int64)), shapes, shapes
            )
        evidence = streets.evidence_of(network, self.period)
        figures = streets.figures_of(evidence)
        turn = streets.next_step(figures.last_s, policy.fresh_days, now)
        key = key_of(shapes.hex(), _of(opened), [*map(str, evidence.key)], policy.fresh_days, turn)
        return Part(lines, seen, opened, _rows(figures, policy, now, opened), shapes, key, turn or None)


def atlas_of(scope: Scope, period: Period) -> Atlas:
    townships = queries.townships_of(scope.visible_area_ids)
    networks = tuple(queries.networks_in_force(townships, period.last))
    return Atlas(scope.visible_area_ids, queries.measured_ids(scope), period, networks)


def _of(which: Bools) -> str:
    return np.packbits(which).tobytes().hex()


def _meet(a: Box, b: Box) -> bool:
    return a[0] <= b[2] and a[2] >= b[0] and a[1] <= b[3] and a[3] >= b[1]


def _networks_in_box(networks: Sequence[Network], box: Box) -> list[Network]:
    meets = exists().where(Street.network_version_id == NetworkVersion.id, touches_box(Street.geom, *box))
    wanted = within(NetworkVersion.id, [n.id for n in networks])
    ids = set(db.session.scalars(select(NetworkVersion.id).where(wanted, meets)))
    return [network for network in networks if network.id in ids]


def _rows(figures: streets.StreetFigures, policy: Policy, now: datetime, opened: Bools) -> Rows:
    """Share covered, shifts, epoch second last walked, step of freshness, what the share rests on and what the last
    time does; nothing where the caller reads no figures."""
    times, at = np.unique(figures.last_s, return_inverse=True)
    steps = [streets.freshness(int(s), policy, now) for s in times]
    columns = (
        figures.covered.round(4).tolist(), figures.shifts.tolist(), [s or None for s in figures.last_s.tolist()],
        [steps[n] for n in at.tolist()], figures.grades, figures.last_grades,
    )  # fmt: skip
    places: dict[Figures, int] = {NO_FIGURES: 0}
    of = [places.setdefault(row, len(places)) if mine else 0
          for row, mine in zip(zip(*columns, strict=True), opened.tolist(), strict=True)]  # fmt: skip
    return Rows(tuple(places), np.array(of, np.int64))


# --- a sheet --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One network of a sheet: which of its streets are seen, and of which figures are. `shapes` is the same for as long
    as the same streets are seen, `key` for as long as they look the same; `turn` the epoch second after which they
    don't."""

    lines: Lines
    seen: Bools
    opened: Bools
    rows: Rows
    shapes: bytes
    key: bytes
    turn: int | None = None


@dataclass(frozen=True)
class Sheet:
    parts: tuple[Part, ...]

    @property
    def good_until(self) -> datetime | None:
        turns = [part.turn for part in self.parts if part.turn is not None]
        return datetime.fromtimestamp(min(turns), UTC) if turns else None

    def cut(self, layer: str, tile: Tile, on: Any = None) -> Cut:
        """Of "streets", or of "cells": hexagons of the streets whose figures are read. `on`: the connection that is
        asked, where it is not the session's."""
        key = (layer, tile, *(part.key for part in self.parts))
        return KEPT.made(key, lambda: cut_of(_BY_LAYER[layer](self, tile, on)))

    @cached_property
    def _rows(self) -> Rows:
        """Of all parts, one behind the other."""
        before = np.cumsum([0, *(len(part.rows.rows) for part in self.parts)])
        of = [part.rows.of + n for part, n in zip(self.parts, before, strict=False)]
        return Rows(
            tuple(chain.from_iterable(part.rows.rows for part in self.parts)),
            np.concatenate(of) if of else np.zeros(0, np.int64),
        )

    def _streets(self, tile: Tile, on: Any) -> bytes:
        key = (tile, *(part.shapes for part in self.parts))
        shapes = SHAPES.made(key, lambda: self._shapes(tile, on))
        of = self._rows.of[shapes.places].tolist()
        body = with_figures(shapes, FIGURES, self._rows.rows, of) if shapes.body else b""
        if len(body) <= cutting.MOST_BYTES:
            return body
        columns = zip(*(self._rows.rows[n] for n in of), strict=True)
        named = dict(zip(FIGURES, map(list, columns), strict=True))
        return cutting.cut("streets", tile, {"ids": list(shapes.ids), **named}, on=on)

    def _shapes(self, tile: Tile, on: Any) -> Placed:
        ids = list(
            chain.from_iterable(part.lines.ids[at].tolist() for part, at in self._in("streets", tile, "seen"))
        )
        nothing = {name: [None] * len(ids) for name in FIGURES}
        body = (
            queries.cut_tile("streets", tile.where, {"ids": ids, **nothing}, tile.datum, on=on)
            if ids
            else b""
        )
        shapes = shapes_of(body)
        place = {
            n: at for at, n in enumerate(chain.from_iterable(part.lines.ids.tolist() for part in self.parts))
        }
        return Placed(shapes.body, shapes.ids, np.array([place[n] for n in shapes.ids], np.int64))

    def _cells(self, tile: Tile, on: Any) -> bytes:
        found = self._in("cells", tile, "opened")
        ids = chain.from_iterable(part.lines.ids[at].tolist() for part, at in found)
        covered = chain.from_iterable(
            (part.rows.rows[n][0] for n in part.rows.of[at].tolist()) for part, at in found
        )
        columns = {"ids": list(ids), "covered": list(covered)}
        return queries.cut_tile("cells", tile.where, columns, tile.datum, on=on) if columns["ids"] else b""

    def _in(self, layer: str, tile: Tile, which: str) -> list[tuple[Part, Any]]:
        """Each part with the places of its streets that the tile may need."""
        box = tile.box(MARGIN_M[layer])
        return [(part, np.flatnonzero(getattr(part, which) & part.lines.meets(box))) for part in self.parts]


_BY_LAYER = {"streets": Sheet._streets, "cells": Sheet._cells}
