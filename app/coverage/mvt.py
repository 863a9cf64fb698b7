"""Figures written into a tile of shapes.

Where a street lies never changes, what is known of it with every walk. So PostGIS cuts the shapes of a tile once, and
the figures are written beside them whenever they are others: a fraction of what cutting anew costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mapbox_vector_tile.Mapbox.vector_tile_pb2 import tile as Message

Figures = tuple[float | int | str | None, ...]


@dataclass(frozen=True)
class Shapes:
    """A tile of one layer, and the `id` of each of its features."""

    body: bytes
    ids: tuple[int, ...]


def shapes_of(body: bytes) -> Shapes:
    """Of a tile whose features have an attribute `id`."""
    if not body:
        return Shapes(b"", ())
    layer = Message.FromString(body).layers[0]
    key = list(layer.keys).index("id")
    return Shapes(
        body, tuple(_number(layer.values[_value_at(feature.tags, key)]) for feature in layer.features)
    )


def _value_at(tags: Sequence[int], key: int) -> int:
    return next(tags[n + 1] for n in range(0, len(tags), 2) if tags[n] == key)


def _number(value: Any) -> int:
    kind = next(name for name in ("uint_value", "int_value", "sint_value") if value.HasField(name))
    return int(getattr(value, kind))


def with_figures(
    shapes: Shapes, names: Sequence[str], figures: Sequence[Figures], of: Sequence[int]
) -> bytes:
    """The tile with an attribute for each name: feature n has `figures[of[n]]`. Many streets have the same: each of
    these is written once. None is left out, as PostGIS leaves it out."""
    message = Message.FromString(shapes.body)
    layer = message.layers[0]
    first = len(layer.keys)
    layer.keys.extend(names)
    places: dict[tuple[type, Any], int] = {}
    tags = {n: _tags(layer, first, figures[n], places) for n in set(of)}
    for feature, n in zip(layer.features, of, strict=True):
        feature.tags.extend(tags[n])
    return message.SerializeToString()  # type: ignore[no-any-return]


def _tags(layer: Any, first: int, figures: Figures, places: dict[tuple[type, Any], int]) -> list[int]:
    found: list[int] = []
    for key, figure in enumerate(figures, first):
        if figure is not None:
            at = places.get((type(figure), figure))
            if at is None:
                at = places[type(figure), figure] = len(layer.values)
                setattr(layer.values.add(), _FIELDS[type(figure)], figure)
            found += key, at
    return found


_FIELDS: Mapping[type, str] = {float: "double_value", int: "int_value", str: "string_value"}
