"""flask import areas: the tree, its figures and its map, all or nothing."""

import numpy as np
import pyogrio
import pytest
import shapely
from sqlalchemy import func, select

from app.accounts.models import Audit
from app.areas.models import Area
from app.db import db
from tests import places
from tests.cli.conftest import codes, feature

COUNTY, TOWN, WEST, EAST = "330199000000", "330199101000", "330199101201", "330199101202"
COUNTED = {"population": 32000, "population_source": "2025 年人口统计", "population_on": "2025-11-01"}


def square(x0, y0, x1, y1):
    return places.square(x0, y0, x1, y1).geoms[0]


def tree(**changes):
    """A county, a township, two villages and a grid that fit together; `changes` by code replace properties."""
    rows = {
        COUNTY: (square(0, 0, 4000, 4000), {"name": "临江县", "level": "county"}),
        TOWN: (square(0, 0, 2000, 2000), {"name": "清禾镇", "level": "镇", "parent_code": COUNTY, **COUNTED}),
        WEST: (
            square(0, 0, 1000, 2000),
            {"name": "西村", "level": "village", "parent_code": TOWN, "weight": 1.5},
        ),
        EAST: (square(1000, 0, 2000, 2000), {"name": "东村", "level": "社区", "parent_code": TOWN}),
        WEST + "001": (square(0, 0, 1000, 1000), {"name": "一网格", "level": "grid", "parent_code": WEST}),
    }
    return [
        feature(shape, **{"code": code, **values, **changes.get(code, {})})
        for code, (shape, values) in rows.items()
    ]


def stored():
    return {area.code: area for area in db.session.scalars(select(Area).where(Area.code.like("3301%")))}


def count():
    return db.session.scalar(select(func.count()).select_from(Area))


def test_a_whole_tree_comes_in_from_one_file_in_any_order(run_import, geojson):
    result = run_import("areas", geojson(*reversed(tree())), "--county-crs", "EPSG:4549")
    assert result.exit_code == 0, result.output
    areas = stored()
    town, west, grid = areas[TOWN], areas[WEST], areas[WEST + "001"]
    assert (town.parent_id, town.county_id, town.township_id) == (areas[COUNTY].id, areas[COUNTY].id, town.id)
    assert (west.parent_id, west.township_id, grid.parent_id, grid.township_id) == (
        town.id,
        town.id,
        west.id,
        town.id,
    )
    assert {area.metres_crs for area in areas.values()} == {"EPSG:4549"}
    assert (town.population, town.population_source, str(town.population_on)) == (
        32000,
        "2025 年人口统计",
        "2025-11-01",
    )
    assert float(west.priority_weight) == 1.5
    assert "第 1 条  通过" in result.output
    assert (
        db.session.scalar(select(func.count()).select_from(Audit).where(Audit.action == "areas.import")) == 2
    )


def test_a_second_import_brings_the_same_areas_up_to_date(run_import, geojson):
    run_import("areas", geojson(*tree()), "--county-crs", "EPSG:4549")
    ids = {code: area.id for code, area in stored().items()}
    result = run_import("areas", geojson(*tree(**{WEST: {"name": "西岸村", "population": None}})))
    assert result.exit_code == 0, result.output
    assert {code: area.id for code, area in stored().items()} == ids
    assert stored()[WEST].name == "西岸村"


def test_a_rehearsal_writes_nothing(run_import, geojson):
    before = count()
    result = run_import("areas", geojson(*tree()), "--county-crs", "EPSG:4549", "--dry-run", "--lang", "en")
    assert result.exit_code == 0
    assert "nothing was written" in result.output
    assert count() == before


def test_a_shapefile_with_short_names_in_gbk_comes_in(run_import, geojson, tmp_path):
    run_import("areas", geojson(*tree()), "--county-crs", "EPSG:4549")
    fields = {"code": ["330199102000"], "name": ["云渡镇"], "level": ["乡镇"], "parent_cod": [COUNTY],
              "population": [np.int64(8000)], "populati_1": ["台账"], "populati_2": ["2026/1/31"]}  # fmt: skip
    path = tmp_path / "towns.shp"
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array([square(2000, 2000, 4000, 4000)])), [np.array(v) for v in fields.values()],
        list(fields), crs="EPSG:4326", geometry_type="Polygon", encoding="GBK",
    )  # fmt: skip
    path.with_suffix(".cpg").unlink()
    assert run_import("areas", path).exit_code == 0
    town = stored()["330199102000"]
    assert (town.name, town.population, str(town.population_on)) == ("云渡镇", 8000, "2026-01-31")


REFUSED = {
    "a short code": ({TOWN: {"code": "330199"}}, (2, "area_code_wrong")),
    "a code with letters": ({EAST: {"code": "33019910120A"}}, (4, "area_code_wrong")),
    "no name": ({WEST: {"name": " "}}, (3, "value_missing")),
    "an unknown level": ({WEST: {"level": "street"}}, (3, "choice_wrong")),
    "an unknown parent": ({WEST: {"parent_code": "330199999000"}}, (3, "parent_unknown")),
    "a parent of a wrong level": ({WEST: {"parent_code": COUNTY}}, (3, "parent_level")),
    "a county with a parent": ({COUNTY: {"parent_code": TOWN}}, (1, "county_has_parent")),
    "a code twice": ({EAST: {"code": WEST}}, (4, "code_twice")),
    "people without a source": ({TOWN: {"population_source": None}}, (2, "population_without_source")),
    "people below nothing": ({TOWN: {"population": -1}}, (2, "number_wrong")),
    "a weight of nothing": ({WEST: {"weight": 0}}, (3, "number_wrong")),
    "a day that isn't": ({TOWN: {"population_on": "2025-02-30"}}, (2, "date_wrong")),
    "a formula for a name": ({WEST: {"name": '=HYPERLINK("http://x","y")'}}, (3, "text_not_allowed")),
    "another formula": ({WEST: {"name": "@SUM(1+1)*cmd|' /C calc'!A0"}}, (3, "text_not_allowed")),
    "a name that turns round": ({WEST: {"name": "村\u202egnp.exe"}}, (3, "text_not_allowed")),
    "a name with a line in it": ({WEST: {"name": "村\nSet-Cookie: x"}}, (3, "text_not_allowed")),
    "a name of a novel": ({WEST: {"name": "村" * 100}}, (3, "text_too_long")),
}


@pytest.mark.parametrize("what", REFUSED)
def test_one_bad_line_is_named_and_nothing_is_written(run_import, geojson, what):
    changes, expected = REFUSED[what]
    before = count()
    result = run_import("areas", geojson(*tree(**changes)), "--county-crs", "EPSG:4549")
    assert result.exit_code == 1
    assert expected in codes(result)
    assert count() == before


def test_names_that_look_like_code_are_only_names(run_import, geojson):
    name = "'); DROP TABLE areas; --<script>alert(1)</script>{{7*7}}%(x)s"
    result = run_import("areas", geojson(*tree(**{WEST: {"name": name}})), "--county-crs", "EPSG:4549")
    assert result.exit_code == 0
    assert stored()[WEST].name == name


def test_siblings_that_overlap_by_more_than_a_hundredth_are_refused(run_import, geojson):
    rows = tree()
    rows[3] = feature(square(990, 0, 2000, 2000), **rows[3]["properties"])
    assert run_import("areas", geojson(*rows), "--county-crs", "EPSG:4549").exit_code == 0
    rows[3] = feature(square(950, 0, 2000, 2000), **rows[3]["properties"])
    result = run_import("areas", geojson(*rows), "--county-crs", "EPSG:4549")
    assert result.exit_code == 1
    assert codes(result) == [(4, "overlaps_sibling")]


def test_an_area_that_overlaps_one_already_there_is_refused(run_import, geojson):
    run_import("areas", geojson(*tree()), "--county-crs", "EPSG:4549")
    row = feature(square(900, 0, 1500, 900), code="330199101203", name="新村", level="村", parent_code=TOWN)
    assert {code for _, code in codes(run_import("areas", geojson(row)))} == {"overlaps_sibling"}


def test_an_area_outside_its_parent_is_refused(run_import, geojson):
    rows = tree()
    rows[3] = feature(square(2100, 0, 3000, 2000), **rows[3]["properties"])
    result = run_import("areas", geojson(*rows), "--county-crs", "EPSG:4549")
    assert codes(result) == [(4, "outside_parent")]


def test_an_area_that_moved_to_another_parent_is_not_an_import(run_import, geojson):
    run_import("areas", geojson(*tree()), "--county-crs", "EPSG:4549")
    result = run_import("areas", geojson(feature(square(0, 0, 900, 900), code=WEST, name="西村", level="township",
                                                 parent_code=COUNTY)))  # fmt: skip
    assert codes(result) == [(1, "area_moved")]


@pytest.mark.parametrize(
    ("options", "code"),
    [((), "county_crs_missing"), (("--county-crs", "EPSG:4326"), "county_crs_wrong"),
     (("--county-crs", "EPSG:4549", "--by", "nobody"), "person_unknown"),
     (("--county-crs", "EPSG:4549", "--crs", "EPSG:4549"), "outside_area_of_crs")],
)  # fmt: skip
def test_what_the_command_line_must_say(run_import, geojson, options, code):
    result = run_import("areas", geojson(*tree()), *options)
    assert result.exit_code == 1
    assert code in {found for _, found in codes(result)}


def test_bad_shapes_are_listed_by_line_in_both_languages(run_import, geojson):
    bow_tie = shapely.Polygon([places.here(0, 0), places.here(9, 9), places.here(9, 0), places.here(0, 9)])
    path = geojson(*tree(), feature(bow_tie, code="1"), feature(None), feature(shapely.Point(114.3, 30.58)))
    chinese = run_import("areas", path, "--county-crs", "EPSG:4549")
    assert codes(chinese) == [(6, "geometry_invalid"), (7, "geometry_missing"), (8, "geometry_type")]
    english = run_import("areas", path, "--county-crs", "EPSG:4549", "--lang", "en")
    assert "geometry is invalid: Self-intersection at 114.3" in english.stderr
    assert "图形无效" in chinese.stderr
