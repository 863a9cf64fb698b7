"""What is committed in app/demo/data: a town that fits together."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from shapely import LineString, Point, Polygon, STRtree

from app.demo.world import DATA, World, load_streets, streets_file
from app.hotspots.models import HOTSPOT_CATEGORIES
from app.routes.models import CHECKPOINT_CATEGORIES

FIRST, SECOND = "420199101000", "420199102000"


def rows(world: World, level: str, prefix: str = FIRST[:9]) -> list[dict]:
    return [a for a in world.areas if a["level"] == level and a["code"].startswith(prefix)]


def test_the_first_township_has_its_16_villages_42_grids_36_routes_and_12_hotspots(world: World) -> None:
    assert (len(rows(world, "village")), len(rows(world, "grid"))) == (16, 42)
    assert sum(r.township == FIRST for r in world.routes.values()) == 36
    assert sum(h.township == FIRST for h in world.hotspots.values()) == 12


@pytest.mark.parametrize("level", ["village", "grid"])
def test_32000_people_and_11400_households_are_divided_without_rest(world: World, level: str) -> None:
    assert sum(a["population"] for a in rows(world, level)) == 32_000
    assert sum(a["households"] for a in rows(world, level)) == 11_400


@pytest.mark.parametrize("prefix", [FIRST[:9], SECOND[:9]])
@pytest.mark.parametrize("level", ["village", "grid"])
def test_villages_and_grids_tile_their_township_without_gap_or_overlap(
    world: World, level: str, prefix: str
) -> None:
    pieces = [Polygon(a["polygon"]) for a in rows(world, level, prefix)]
    township = Polygon(rows(world, "township", prefix)[0]["polygon"])
    assert all(p.is_valid for p in pieces)
    assert shapely.coverage_is_valid(pieces)
    assert shapely.coverage_union_all(pieces).equals(township)


def test_every_grid_lies_in_the_village_that_its_code_names(world: World) -> None:
    villages = {a["code"]: Polygon(a["polygon"]) for a in rows(world, "village")}
    for grid in rows(world, "grid"):
        assert grid["parent"] == grid["code"][:12]
        assert villages[grid["parent"]].covers(Polygon(grid["polygon"]))


def test_routes_are_rounds_of_one_and_a_half_to_four_kilometres_on_the_streets(world: World) -> None:
    streets = {n: STRtree([s.metres for s in load_streets(n)]) for n in ("qinghe", "yundu")}
    lines = {n: np.array([s.metres for s in load_streets(n)]) for n in ("qinghe", "yundu")}
    for route in world.routes.values():
        town = route.key.split(".")[0]
        line = LineString(route.xy)
        assert 1500 <= route.length_m <= 4000
        assert np.hypot(*(route.xy[0] - route.xy[-1])) < 0.2
        near = lines[town][streets[town].query(line, predicate="dwithin", distance=1.0)]
        assert shapely.union_all(near).buffer(0.5).covers(line.buffer(0.01))


def test_every_route_has_five_to_eight_named_checkpoints_on_a_public_way(world: World) -> None:
    for route in world.routes.values():
        line = LineString(route.xy)
        names = [c.name for c in route.checkpoints]
        assert 5 <= len(names) <= 8 and len(set(names)) == len(names)
        assert all(c.category in CHECKPOINT_CATEGORIES for c in route.checkpoints)
        assert all(line.distance(Point(c.xy)) < 1 for c in route.checkpoints)


def test_hotspots_are_large_enough_of_a_known_category_and_on_a_route(world: World) -> None:
    on_routes = {key for r in world.routes.values() for key, _ in r.hotspots}
    for spot in world.hotspots.values():
        assert spot.metres.is_valid and spot.metres.area >= 2000
        assert spot.row["category"] in HOTSPOT_CATEGORIES
        assert spot.key in on_routes


def test_the_second_township_shares_no_street_and_no_person_with_the_first(world: World) -> None:
    one, two = (shapely.union_all([s.metres for s in load_streets(n)]) for n in ("qinghe", "yundu"))
    assert one.distance(two) > 1000
    members = [set(t.members) for t in world.teams.values()]
    assert sum(map(len, members)) == len(set().union(*members))


def test_the_attribution_stands_inside_the_street_files_and_beside_them() -> None:
    for town in ("qinghe", "yundu"):
        head = json.loads(streets_file(town).read_text(encoding="utf-8"))
        assert "OpenStreetMap contributors" in head["attribution"] and "ODbL" in head["attribution"]
        assert "invented" in head["note"]
    assert "ODbL" in (DATA / "ATTRIBUTION").read_text(encoding="utf-8")


def test_the_data_stays_small() -> None:
    assert sum(f.stat().st_size for f in DATA.iterdir()) < 400_000
