"""Tiles that were cut once: never out of date, never somebody else's, and not too many."""

from __future__ import annotations

import pytest

from app.coverage import queries
from app.coverage.kept import KeptTiles, key_of
from tests.api.test_tiles import DAY, address, tile_at

WHERE, COLUMNS = {"z": 14, "x": 1, "y": 2, "datum": "wgs84"}, {"ids": [1, 2], "covered": [0.5, None]}


def test_what_is_kept_is_not_cut_again():
    kept, cuts = KeptTiles(), []
    for _ in range(3):
        assert kept.get(b"a", lambda: cuts.append(1) or b"tile") == b"tile"
    assert len(cuts) == 1


def test_what_was_not_asked_for_longest_goes_first():
    kept, cuts = KeptTiles(10), []

    def ask(key):
        return kept.get(key, lambda: cuts.append(key) or b"1234")

    for key in (b"a", b"b", b"a", b"c", b"a", b"b"):
        ask(key)
    assert cuts == [b"a", b"b", b"c", b"b"]


def test_one_that_is_larger_than_all_the_room_is_given_and_not_kept():
    kept, cuts = KeptTiles(3), []
    for _ in range(2):
        assert kept.get(b"a", lambda: cuts.append(1) or b"1234") == b"1234"
    assert len(cuts) == 2


def test_a_cut_that_failed_is_tried_again():
    kept = KeptTiles()
    with pytest.raises(ZeroDivisionError):
        kept.get(b"a", lambda: 1 // 0)
    assert kept.get(b"a", lambda: b"tile") == b"tile"


@pytest.mark.parametrize(
    "other",
    [
        ("another", WHERE, COLUMNS),
        ("db", {**WHERE, "x": 2}, COLUMNS),
        ("db", {**WHERE, "datum": "gcj02"}, COLUMNS),
        ("db", WHERE, {**COLUMNS, "ids": [1, 3]}),
        ("db", WHERE, {**COLUMNS, "covered": [0.5, 0.0]}),
    ],
)
def test_whatever_differs_is_another_tile(other):
    assert key_of("db", WHERE, COLUMNS) == key_of("db", dict(WHERE), dict(COLUMNS)) != key_of(*other)


def test_an_unchanged_tile_is_cut_once_for_all_who_see_the_same(people, as_person, monkeypatch):
    cuts = []
    cut = queries.cut_tile
    monkeypatch.setattr(queries, "cut_tile", lambda *a, **k: cuts.append(a[0]) or cut(*a, **k))
    path = address("streets", *tile_at(600, 600))
    first, again, mate = (as_person(who).get(path) for who in (people.member, people.member, people.mate))
    assert cuts == ["streets"] and first.status_code == 200
    assert first.data == again.data == mate.data and first.headers["ETag"] == mate.headers["ETag"]
    reviewer = as_person(people.reviewer).get(path)
    assert len(cuts) == 2 and reviewer.data != first.data, "whoever sees figures gets a tile with figures"
    assert as_person(people.member).get(path).data == first.data
    moved = as_person(people.member).get(address("streets", *tile_at(600, 600), DAY + "&datum=gcj02"))
    assert len(cuts) == 3 and moved.data != first.data
    assert as_person(people.outsider).get(path).status_code == 204
