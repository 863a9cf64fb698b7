"""Figures written beside shapes say the same as a tile that PostGIS cuts with the figures in it."""

from __future__ import annotations

from typing import Any

import mapbox_vector_tile
import pytest

from app.coverage import queries
from app.coverage.mvt import shapes_of, with_figures
from app.coverage.sheets import FIGURES
from app.db import db
from app.routes.models import Street
from tests.api.test_tiles import tile_at

ROWS = (
    (None,) * 6,
    (0.5, 3, 1_764_000_000, 0, "track", "single"),
    (0.0, 0, None, 5, None, None),
    (1.0, 1, 1_764_000_000, 1, "mixed", "track"),
)


def cut(ids: list[int], figures: list[tuple[Any, ...]]) -> bytes:
    z, x, y = tile_at(600, 600)
    columns = dict(zip(FIGURES, map(list, zip(*figures, strict=True)), strict=True))
    return queries.cut_tile("streets", {"z": z, "x": x, "y": y}, {"ids": ids, **columns})


def said(tile: bytes) -> dict[int, Any]:
    features = mapbox_vector_tile.decode(tile)["streets"]["features"]
    return {f["properties"]["id"]: (f["properties"], f["geometry"]) for f in features}


@pytest.fixture
def ids(people: Any) -> list[int]:
    return list(db.session.scalars(db.select(Street.id).where(Street.township_id == people.town.township.id)))


def test_they_say_what_postgis_would_have_said(ids: list[int]) -> None:
    shapes = shapes_of(cut(ids, [ROWS[0]] * len(ids)))
    of = [n % len(ROWS) for n, _ in enumerate(shapes.ids)]
    row_of = {street: ROWS[n] for street, n in zip(shapes.ids, of, strict=True)}
    written = said(with_figures(shapes, FIGURES, ROWS, of))
    assert len(written) > 10 and written == said(cut(ids, [row_of.get(street, ROWS[0]) for street in ids]))
    values = {name: {type(p.get(name)) for p, _ in written.values()} for name in FIGURES}
    assert values["covered"] == {float, type(None)} and values["shifts"] == {int, type(None)}


def test_without_figures_the_shapes_are_as_they_were(ids: list[int]) -> None:
    bare = cut(ids, [ROWS[0]] * len(ids))
    shapes = shapes_of(bare)
    assert said(with_figures(shapes, FIGURES, ROWS, [0] * len(shapes.ids))) == said(bare)


def test_of_nothing_there_are_no_shapes() -> None:
    assert shapes_of(b"").ids == ()
