"""Tiles that were cut once: never out of date, never somebody else's, and not too many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.coverage import queries, sheets, streets
from app.coverage.kept import Newest, key_of
from tests import make
from tests.api.test_tiles import DAY, address, tile_at
from tests.exports.walked import evening_items

WHERE, COLUMNS = {"z": 14, "x": 1, "y": 2, "datum": "wgs84"}, {"ids": [1, 2], "covered": [0.5, None]}


def kept_bytes(most):
    return Newest(most, len)


def test_what_is_kept_is_not_cut_again():
    kept, cuts = kept_bytes(100), []
    for _ in range(3):
        assert kept.made(b"a", lambda: cuts.append(1) or b"tile") == b"tile"
    assert len(cuts) == 1


def test_what_was_not_asked_for_longest_goes_first():
    kept, cuts = kept_bytes(10), []

    def ask(key):
        return kept.made(key, lambda: cuts.append(key) or b"1234")

    for key in (b"a", b"b", b"a", b"c", b"a", b"b"):
        ask(key)
    assert cuts == [b"a", b"b", b"c", b"b"]


def test_one_that_is_larger_than_all_the_room_is_given_and_not_kept():
    kept, cuts = kept_bytes(3), []
    for _ in range(2):
        assert kept.made(b"a", lambda: cuts.append(1) or b"1234") == b"1234"
    assert len(cuts) == 2


def test_a_cut_that_failed_is_tried_again():
    kept = kept_bytes(100)
    with pytest.raises(ZeroDivisionError):
        kept.made(b"a", lambda: 1 // 0)
    assert kept.made(b"a", lambda: b"tile") == b"tile"


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
    assert reviewer.data != first.data, "whoever sees figures gets a tile with figures"
    assert cuts == ["streets"], "figures are written beside shapes that were cut"
    assert as_person(people.member).get(path).data == first.data
    moved = as_person(people.member).get(address("streets", *tile_at(600, 600), DAY + "&datum=gcj02"))
    assert len(cuts) == 2 and moved.data != first.data
    assert as_person(people.outsider).get(path).status_code == 204


def test_where_streets_lie_is_read_once(people, as_person, monkeypatch):
    sheets._lines.cache_clear()
    path = address("streets", *tile_at(600, 600))
    tiles = {as_person(who).get(path).data for who in (people.reviewer, people.admin) for _ in range(3)}
    assert len(tiles) == 1
    assert sheets._lines.cache_info().misses == 2, "one for each township that the admin sees"


def test_only_townships_that_the_tile_touches_are_asked_about(people, as_person, monkeypatch):
    asked, stamp = [], queries.presence_stamp
    monkeypatch.setattr(queries, "presence_stamp", lambda n, p: asked.append(n.township_id) or stamp(n, p))
    assert as_person(people.admin).get(address("streets", *tile_at(600, 600))).status_code == 200
    assert asked == [people.town.township.id]


def test_a_street_that_grows_stale_makes_another_tile(walked, as_person, at):
    path = address("streets", *tile_at(600, 600))
    today = as_person(walked.reviewer).get(path).data
    at(make.EVENING + timedelta(hours=8))
    assert as_person(walked.reviewer).get(path).data == today
    at(make.EVENING + timedelta(days=2))
    assert as_person(walked.reviewer).get(path).data != today


def test_a_walk_that_comes_in_is_on_the_map_at_once(people, as_person, phone, sync, at):
    path = address("streets", *tile_at(600, 600))
    before = as_person(people.reviewer).get(path).data
    sync(as_person(people.member), evening_items(people, phone), make.EVENING + timedelta(minutes=61))
    assert as_person(people.reviewer).get(path).data != before


def test_the_next_step_is_the_first_limit_that_a_street_will_pass():
    now, hour = datetime(2026, 11, 24, 12, 30, tzinfo=UTC), 3600
    noon = int(now.timestamp()) // hour * hour
    ends = noon + hour
    assert streets.next_step(np.array([noon, 0]), (1, 3), now) == ends + 86_400
    assert streets.next_step(np.array([noon - 2 * 86_400, noon]), (1, 3), now) == ends + 86_400
    assert (
        streets.next_step(np.array([noon - 2 * 86_400]), (1, 3), now + timedelta(minutes=30)) == ends + 86_400
    )
    assert streets.next_step(np.array([0, noon - 9 * 86_400]), (1, 3), now) == 0
    assert streets.next_step(np.array([], np.int64), (1, 3), now) == 0
