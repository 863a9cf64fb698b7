"""Tiles that were cut, kept in the memory of the process by what they were cut from.

An imported street never changes its shape or name: a further import makes new ones. So a tile of streets is the same
for as long as what the caller sees, the networks there and the evidence behind their figures are: those are the key,
and what is kept is never out of date. Nothing has to be told that somebody walked, no street is read for a tile that is
kept, and people who see the same share it.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, NamedTuple, TypeVar

Thing = TypeVar("Thing")


class Cut(NamedTuple):
    """A tile's bytes and their strong ETag, without its quotes."""

    body: bytes
    etag: str


def cut_of(body: bytes) -> Cut:
    return Cut(body, hashlib.sha256(body).hexdigest()[:32])


class Newest(Generic[Thing]):
    """The things asked for last, up to so many, or to so much where they are weighed."""

    def __init__(self, room: int, weigh: Callable[[Thing], int] = lambda _: 1) -> None:
        self._things: OrderedDict[Hashable, Thing] = OrderedDict()
        self._room, self._weigh, self._lock = room, weigh, Lock()

    def get(self, key: Hashable) -> Thing | None:
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
            return self._things.get(key)

    def put(self, key: Hashable, thing: Thing) -> None:
        with self._lock:
            if key in self._things:
                self._room += self._weigh(self._things.pop(key))
            self._things[key] = thing
            self._room -= self._weigh(thing)
            while self._room < 0:
                self._room += self._weigh(self._things.popitem(last=False)[1])

    def clear(self) -> None:
        with self._lock:
            self._room += sum(map(self._weigh, self._things.values()))
            self._things.clear()

    def made(self, key: Hashable, make: Callable[[], Thing]) -> Thing:
        """The one kept under the key, or made now and kept."""
        found = self.get(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found


def key_of(*made_from: Any) -> bytes:
    """Of all that decides what a tile says; other sets of it have other keys."""
    return hashlib.sha256(json.dumps(made_from, default=str).encode()).digest()
