"""Vector tiles: scoped to the caller, decoded and held against what was walked."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from sqlalchemy import select, text

from app.coverage.cutting import Tile
from app.db import db
from app.geofiles.datum import wgs84_to_gcj02
from app.routes.models import Checkpoint, Street
from tests import make, places
from tests.phone import Phone, walk

LAYERS = ("streets", "cells", "hotspots", "routes", "areas")
EMPTY = {"zoom": 14}
DAY = "?from=2026-11-24&to=2026-11-24"


def tile_at(x_m: float, y_m: float, z: int = 14) -> tuple[int, int, int]:
    lon, lat = places.here(x_m, y_m)
    n = 2**z
    x = int((lon + 180) / 360 * n)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n)
    return z, x, y


def address(layer: str, z: int, x: int, y: int, query: str = DAY) -> str:
    return f"/api/v1/tiles/{layer}/{z}/{x}/{y}.mvt{query}"


def around(x0: float, y0: float, x1: float, y1: float, z: int = 14) -> list[tuple[int, int, int]]:
    _, west, north = tile_at(x0, y1, z)
    _, east, south = tile_at(x1, y0, z)
    return [(z, x, y) for x in range(west, east + 1) for y in range(north, south + 1)]


def features(
    caller: Any, layer: str, z: int = 14, within: str | None = None, query: str = DAY
) -> dict[Any, dict[str, Any]]:
    """id (or code) → properties of everything on the tiles over the home township."""
    found: dict[Any, dict[str, Any]] = {}
    for tile in around(0, 0, 1200, 1200, z):
        answer = caller.get(address(layer, *tile, query))
        assert answer.status_code in (200, 204), answer.get_data(as_text=True)
        if answer.status_code == 200:
            decoded = mapbox_vector_tile.decode(answer.data)
            for feature in decoded.get(within or layer, {"features": []})["features"]:
                found[feature["properties"].get("id", feature["properties"].get("code"))] = feature[
                    "properties"
                ]
    return found


@pytest.fixture
def walked(people: Any, as_person: Any, phone: Phone, sync: Any) -> Any:
    """The member walks the street y = 500 from x = 80 to x = 720 within the evening's shift."""
    start, track = make.EVENING, walk([(80, 500), (720, 500)], make.EVENING + timedelta(minutes=5))
    items = [phone.start(people.shift, start), phone.segment(people.shift, track)]
    end = track[-1][2] + timedelta(minutes=1)
    items.append(phone.end(people.shift, end))
    sync(as_person(people.member), items, end + timedelta(minutes=1))
    return people


def test_streets_carry_what_was_walked(walked: Any, as_person: Any) -> None:
    streets = features(as_person(walked.reviewer), "streets")
    assert len(streets) == 60
    whole = [s for s in streets.values() if s["covered"] == 1]
    assert len(whole) == 3
    assert all(s["shifts"] == 1 and s["fresh"] == 0 and s["last"] == make.EVENING.timestamp() for s in whole)
    never = [s for s in streets.values() if s["covered"] == 0]
    # three whole, 20 m of the next, and the 25 m next to the walk of the eight that cross it
    assert len(never) == 60 - 3 - 1 - 8
    assert all(s["fresh"] == 5 and s["shifts"] == 0 and "last" not in s for s in never)


def test_streets_say_what_they_rest_on(walked: Any, as_person: Any, sync: Any) -> None:
    """The walk of one shift, and a check-in of another 1,020 m further east, where three streets meet."""
    found = features(as_person(walked.reviewer), "streets").values()
    assert {(s.get("grade"), s.get("last_grade")) for s in found} == {(None, None), ("track", "track")}
    later = make.make_shift(
        walked.town.team, walked.town.route, [walked.mate], starts_at=make.EVENING + timedelta(hours=3)
    )
    last = db.session.scalars(
        select(Checkpoint).filter_by(route_version_id=later.route_version_id, seq=3)
    ).one()
    mate = Phone(walked.mate, later.starts_at)
    items = [
        mate.start(later),
        mate.checkin(later, last.id, 1100, 504, later.starts_at + timedelta(minutes=5)),
    ]
    sync(as_person(walked.mate), items, later.starts_at + timedelta(minutes=6))
    found = features(as_person(walked.reviewer), "streets").values()
    weak = [s for s in found if s.get("grade") == "single"]
    assert [(s["covered"], s["shifts"], s["last_grade"]) for s in weak] == [(0.125, 1, "single")] * 3
    assert len(features(as_person(walked.reviewer), "streets")) == 60
    for tile in around(0, 0, 1200, 1200):
        assert as_person(walked.outsider).get(address("streets", *tile)).status_code == 204


def test_streets_walked_twice_are_drawn_from_two_shifts(walked: Any, as_person: Any, sync: Any) -> None:
    later = make.make_shift(
        walked.town.team, None, [walked.mate], starts_at=make.EVENING + timedelta(hours=3)
    )
    mate, track = Phone(walked.mate, later.starts_at), walk([(305, 500), (405, 500)], later.starts_at)
    items = [mate.start(later), mate.segment(later, track), mate.end(later, track[-1][2])]
    sync(as_person(walked.mate), items, later.starts_at + timedelta(minutes=10))
    found = features(as_person(walked.reviewer), "streets", query=f"{DAY}&times=2").values()
    # 100 m of the one street; how many shifts came to a street stays what it is
    assert sorted((s["covered"], s["shifts"]) for s in found if s["covered"]) == [(0.5, 2)]
    assert sum(s["shifts"] == 1 for s in found) == 3 - 1 + 1 + 8


def test_a_member_gets_shapes_and_names_without_figures(walked: Any, as_person: Any) -> None:
    caller = as_person(walked.member)
    streets = features(caller, "streets")
    assert len(streets) == 60
    assert all(set(s) == {"id", "name"} for s in streets.values())
    assert all(set(h) == {"id", "name", "category"} for h in features(caller, "hotspots").values())
    assert features(caller, "cells") == {}


def test_hotspots_carry_minutes_attainment_and_evidence(walked: Any, as_person: Any, at: Any) -> None:
    at(make.EVENING + timedelta(hours=3))
    caller = as_person(walked.reviewer)
    found = features(caller, "hotspots")[walked.town.hotspot.id]
    # 100 m at 1.2 m/s is 83 s: no visit, and the one slot of 20:00-22:00 not attained
    assert (found["minutes"], found["attainment"], found["grade"]) == (0, 0, "track")
    assert features(caller, "hotspots", within="hotspot_fill") == {}


def test_routes_carry_their_completion(walked: Any, as_person: Any) -> None:
    found = features(as_person(walked.reviewer), "routes")
    assert found[walked.town.route.route_id]["completion"] == pytest.approx(0.62, abs=0.005)


def test_areas_come_by_zoom_with_a_point_for_the_name(walked: Any, as_person: Any) -> None:
    caller = as_person(walked.reviewer)
    levels = {code: a["level"] for code, a in features(caller, "areas").items()}
    assert sorted(levels.values()) == ["township", "village", "village"]
    assert features(caller, "areas", within="area_names").keys() == levels.keys()
    assert {a["level"] for a in features(caller, "areas", z=8).values()} == {"township"}


def test_cells_carry_the_share_of_their_streets(walked: Any, as_person: Any) -> None:
    cells = features(as_person(walked.reviewer), "cells")
    covered = sum(c["share"] * c["metres"] for c in cells.values())
    # three streets of 200 m, 20 m of the next, and 25 m of each of the eight that cross them
    assert covered == pytest.approx(600 + 20 + 8 * 25, rel=0.01)
    assert sum(c["metres"] for c in cells.values()) == pytest.approx(12_000, rel=0.02)


@pytest.mark.parametrize("layer", LAYERS)
def test_an_outsider_gets_empty_tiles(walked: Any, as_person: Any, layer: str) -> None:
    caller = as_person(walked.outsider)
    for tile in around(0, 0, 1200, 1200):
        answer = caller.get(address(layer, *tile))
        assert (answer.status_code, answer.data) == (204, b"")


@pytest.mark.parametrize("layer", LAYERS)
def test_tiles_need_a_sign_in(people: Any, client: Any, layer: str) -> None:
    assert client.get(address(layer, *tile_at(600, 600))).status_code == 401


@pytest.mark.parametrize(
    ("path", "status", "pointer"),
    [
        ("/api/v1/tiles/people/14/1/1.mvt", 404, None),
        ("/api/v1/tiles/streets/21/1/1.mvt", 422, "/z"),
        ("/api/v1/tiles/streets/3/8/1.mvt", 422, "/x"),
        ("/api/v1/tiles/streets/3/1/8.mvt", 422, "/y"),
        ("/api/v1/tiles/streets/-1/1/1.mvt", 404, None),
        ("/api/v1/tiles/streets/3/1/1.mvt?from=yesterday", 422, "/from"),
        ("/api/v1/tiles/streets/3/1/1.mvt?from=2026-11-24&to=2026-11-23", 422, "/to"),
        ("/api/v1/tiles/streets/3/1/1.mvt?from=2024-11-24&to=2026-11-23", 422, "/from"),
        ("/api/v1/tiles/streets/3/1/1.mvt?datum=bd09", 422, "/datum"),
        ("/api/v1/tiles/streets/3/1/1.mvt?times=0", 422, "/times"),
        ("/api/v1/tiles/cells/3/1/1.mvt?times=21", 422, "/times"),
    ],
)
def test_a_wrong_address_is_a_problem(
    people: Any, as_person: Any, path: str, status: int, pointer: str | None
) -> None:
    answer = as_person(people.reviewer).get(path)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert [e["pointer"] for e in answer.get_json()["errors"]] == ([pointer] if pointer else [])


def test_an_unchanged_tile_is_not_sent_again(walked: Any, as_person: Any) -> None:
    caller, path = as_person(walked.reviewer), address("streets", *tile_at(300, 500))
    first = caller.get(path)
    etag = first.headers["ETag"]
    assert not etag.startswith("W/")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.content_type == "application/vnd.mapbox-vector-tile"
    again = caller.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert caller.get(path).data == first.data


def test_a_new_walk_changes_the_tile(walked: Any, as_person: Any, sync: Any) -> None:
    caller, path = as_person(walked.reviewer), address("streets", *tile_at(300, 300))
    before = caller.get(path)
    start = make.EVENING + timedelta(minutes=30)
    mate = Phone(walked.mate, start)
    items = [
        mate.start(walked.shift, start),
        mate.segment(walked.shift, walk([(100, 300), (500, 300)], start)),
    ]
    sync(as_person(walked.mate), items, start + timedelta(minutes=10))
    after = caller.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.headers["ETag"] != before.headers["ETag"]


def test_a_tiles_box_is_that_of_the_grid() -> None:
    west, south, east, north = Tile(1, 0, 0).box()
    assert (west, north) == pytest.approx((-180, 85.05112878), abs=1e-6)
    assert (south, east) == pytest.approx((0, 0), abs=3)
    z, x, y = tile_at(600, 600)
    west, south, east, north = Tile(z, x, y).box()
    lon, lat = places.here(600, 600)
    assert west < lon < east and south < lat < north


def corners(
    caller: Any, layer: str, within: str | None = None, query: str = DAY, z: int = 16
) -> dict[Any, set[Any]]:
    """id (or code) → lon, lat of every corner that lies inside a tile."""
    found: dict[Any, set[Any]] = {}
    for z_, x, y in around(-700, -700, 1900, 1900, z):
        answer = caller.get(address(layer, z_, x, y, query))
        decoded = mapbox_vector_tile.decode(answer.data) if answer.status_code == 200 else {}
        for feature in decoded.get(within or layer, {"features": []})["features"]:
            key = feature["properties"].get("id", feature["properties"].get("code"))
            for px, py in shapely.get_coordinates(shapely.geometry.shape(feature["geometry"])):
                if 0 <= px < 4096 and 0 <= py < 4096:
                    lat = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * (y + 1 - py / 4096) / 2**z))))
                    found.setdefault(key, set()).add(((x + px / 4096) / 2**z * 360 - 180, lat))
    return found


@pytest.mark.parametrize(
    ("layer", "within"),
    [("streets", None), ("cells", None), ("hotspots", None), ("hotspots", "hotspot_names"), ("routes", None),
     ("areas", "area_names")],
)  # fmt: skip
def test_over_a_gcj02_base_each_shape_lies_where_that_base_has_it(
    walked: Any, as_person: Any, layer: str, within: str | None
) -> None:
    caller = as_person(walked.reviewer)
    plain, moved = (corners(caller, layer, within, DAY + more) for more in ("", "&datum=gcj02"))
    assert plain and plain.keys() == moved.keys()
    for key, points in plain.items():
        lon, lat = np.array(sorted(points)).T
        boxes = [np.array(wgs84_to_gcj02(lon, lat)).T, np.array(sorted(moved[key]))]
        # the ends of what is drawn, to two steps of a tile's grid: 0.3 m
        assert boxes[1].min(0) == pytest.approx(boxes[0].min(0), abs=4e-6)
        assert boxes[1].max(0) == pytest.approx(boxes[0].max(0), abs=4e-6)
        assert abs(boxes[1].min(0) - np.array([lon, lat]).min(1)).max() > 0.002, "some 500 m away from WGS-84"


@pytest.mark.parametrize("layer", LAYERS)
def test_over_a_gcj02_base_the_same_is_said_of_each_shape(walked: Any, as_person: Any, layer: str) -> None:
    caller = as_person(walked.reviewer)
    assert features(caller, layer, z=12, query=DAY + "&datum=gcj02") == features(caller, layer, z=12)


@pytest.mark.parametrize("layer", LAYERS)
def test_an_outsider_gets_empty_tiles_over_any_base(walked: Any, as_person: Any, layer: str) -> None:
    caller = as_person(walked.outsider)
    for tile in around(-700, -700, 1900, 1900):
        assert caller.get(address(layer, *tile, DAY + "&datum=gcj02")).status_code == 204


def test_a_tile_of_each_datum_has_an_etag_of_its_own(walked: Any, as_person: Any) -> None:
    caller, tile = as_person(walked.reviewer), tile_at(600, 500, 12)
    plain, moved = (
        caller.get(address("streets", *tile, DAY + f"&datum={one}")) for one in ("wgs84", "gcj02")
    )
    assert plain.headers["ETag"] != moved.headers["ETag"] and plain.data != moved.data
    assert plain.data == caller.get(address("streets", *tile)).data
    again = caller.get(
        address("streets", *tile, DAY + "&datum=gcj02"), headers={"If-None-Match": plain.headers["ETag"]}
    )
    assert again.status_code == 200


DENSE = text("""
    INSERT INTO streets (network_version_id, township_id, name, geom, length_m, first_piece, n_pieces)
    SELECT v.network_version_id, v.township_id, '密' || n, ST_SetSRID(ST_MakeLine(ARRAY(
            SELECT ST_MakePoint(:lon + (k - 20) * (20 + n % 997) * 4e-8 + n * 1e-9, :lat + (k * 7919 % 101 - 50) * 5e-5)
            FROM generate_series(0, 40) AS k)), 4326), 1, 100000 + n, 1
    FROM generate_series(1, 6000) AS n, (SELECT network_version_id, township_id FROM streets WHERE id = :like) v
""")  # fmt: skip


@pytest.mark.parametrize("datum", ["wgs84", "gcj02"])
def test_a_tile_of_very_many_streets_stays_under_500_kb_and_leaves_out_the_smallest(
    people: Any, as_person: Any, datum: str
) -> None:
    home = db.session.scalars(select(Street).where(Street.township_id == people.town.township.id)).first()
    # the middle of a tile at zoom 15, so that all of each lies in it
    z, x, y = tile_at(600, 600, 15)
    west, south, east, north = Tile(z, x, y).box()
    lon, lat = (west + east) / 2, (south + north) / 2
    shift = [float(a[0]) for a in wgs84_to_gcj02(np.array([lon]), np.array([lat]))]
    if datum == "gcj02":
        lon, lat = 2 * lon - shift[0], 2 * lat - shift[1]
    db.session.execute(DENSE, {"lon": lon, "lat": lat, "like": home.id})
    db.session.commit()
    caller = as_person(people.member)
    answer = caller.get(address("streets", z, x, y, f"{DAY}&datum={datum}"))
    assert answer.status_code == 200 and 350_000 < len(answer.data) <= 500_000
    seen = [f["properties"] for f in mapbox_vector_tile.decode(answer.data)["streets"]["features"]]
    planted = [int(s["name"][1:]) % 997 for s in seen if s.get("name", "").startswith("密")]
    assert 500 < len(planted) < 6000
    widths = sorted((n % 997 for n in range(1, 6001)), reverse=True)
    assert min(planted) >= widths[len(planted)] - 1
    etag = answer.headers["ETag"]
    assert caller.get(address("streets", z, x, y, f"{DAY}&datum={datum}")).headers["ETag"] == etag
