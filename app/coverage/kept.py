"""Tiles of streets that were cut, kept in the memory of the process by what they were cut from.

An imported street never changes its shape or name: a further import makes new ones. So a tile of streets is the same
for as long as what the caller sees, the networks there and the evidence behind their figures are: those are the key,
read anew for every request, and what is kept is never out of date. Nothing has to be told that somebody walked, no
street is read for a tile that is kept, and people who see the same share it.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

MOST_KEPT_BYTES = 32_000_000


class KeptTiles:
    """The tiles asked for last, up to so many bytes."""

    def __init__(self, most_bytes: int = MOST_KEPT_BYTES) -> None:
        self._tiles: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = Lock()
        self._room = most_bytes

    def get(self, key: bytes, cut: Callable[[], bytes]) -> bytes:
        """The tile kept under the key, or cut now and kept."""
        with self._lock:
            if key in self._tiles:
                self._tiles.move_to_end(key)
                return self._tiles[key]
        tile = cut()
        with self._lock:
            if key not in self._tiles:
                self._tiles[key] = tile
                self._room -= len(tile)
            while self._room < 0:
                self._room += len(self._tiles.popitem(last=False)[1])
        return tile


def key_of(database: str, tile: Mapping[str, Any], made_from: Mapping[str, Sequence[Any]]) -> bytes:
    """`tile`: where it lies and in which datum; `made_from`: all that decides what it says of its streets."""
    return hashlib.sha256(json.dumps([database, tile, made_from]).encode()).digest()
