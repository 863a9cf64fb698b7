"""GIS files as they really come, and as nobody should send them."""

import json
import shutil
import zipfile
from pathlib import Path

import libpysal
import numpy as np
import pyogrio
import pyproj
import pytest
import shapely

from app.geofiles import datum, reader, zips
from app.geofiles.guard import LINES, POLYGONS
from app.geofiles.problems import FileRefused
from app.geofiles.reader import read

FIELDS = {"name": ("名称",), "code": ()}
SQUARE = shapely.box(120.0, 30.0, 120.01, 30.01)


def write(path, shapes, crs="EPSG:4326", names=None, encoding=None, layer=None, append=False):
    """A file by pyogrio's own writer: one text field, `name`."""
    names = names if names is not None else [f"area {i}" for i in range(len(shapes))]
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array(shapes, dtype=object)), [np.array(names, dtype=object)], ["name"], crs=crs,
        geometry_type=shapes[0].geom_type, encoding=encoding, layer=layer, append=append,
    )  # fmt: skip
    return Path(path)


def projected(shape, crs):
    move = pyproj.Transformer.from_crs(4326, crs, always_xy=True)
    return shapely.transform(shape, lambda xy: np.stack(move.transform(xy[:, 0], xy[:, 1]), axis=1))


def code_of(path, crs=None, layer=None, types=POLYGONS):
    with pytest.raises(FileRefused) as refused:
        read(path, crs, layer, types, FIELDS)
    return refused.value.problem.code


@pytest.mark.parametrize(
    ("suffix", "crs"),
    [(".geojson", "EPSG:4326"), (".gpkg", "EPSG:4549"), (".gpkg", "EPSG:4490"), (".shp", "EPSG:4549")],
)
def test_every_kind_of_file_comes_out_in_wgs84(tmp_path, suffix, crs):
    path = write(tmp_path / f"areas{suffix}", [projected(SQUARE, crs), projected(SQUARE, crs)], crs)
    reading = read(path, None, None, POLYGONS, FIELDS)
    assert [row.line for row in reading] == [1, 2]
    assert reading.rows[0].attributes["name"] == "area 0"
    assert reading.rows[0].geometry.hausdorff_distance(SQUARE) < 1e-8


def test_the_system_may_be_said_when_the_file_says_nothing(tmp_path):
    path = write(tmp_path / "areas.shp", [projected(SQUARE, "EPSG:4549")], "EPSG:4549")
    path.with_suffix(".prj").unlink()
    assert code_of(path) == "crs_missing"
    assert read(path, "EPSG:4549", None, POLYGONS, FIELDS).rows[0].geometry.hausdorff_distance(SQUARE) < 1e-8


def test_what_is_said_must_not_contradict_the_file(tmp_path):
    path = write(tmp_path / "areas.gpkg", [projected(SQUARE, "EPSG:4549")], "EPSG:4549")
    assert code_of(path, "EPSG:4547") == "crs_contradicts"
    assert code_of(path, "gcj02") == "crs_contradicts"
    assert read(path, "EPSG:4549", None, POLYGONS, FIELDS).rows


def test_a_wrong_system_is_noticed_by_where_things_land(tmp_path):
    path = write(tmp_path / "areas.geojson", [SQUARE])
    assert {p.code for p in read(path, "EPSG:4549", None, POLYGONS, FIELDS).problems} == {
        "outside_area_of_crs"
    }
    metres = write(tmp_path / "metres.geojson", [projected(SQUARE, "EPSG:4549")])
    assert [p.code for p in read(metres, None, None, POLYGONS, FIELDS).problems] == [
        "coordinates_out_of_range"
    ]
    assert (
        read(metres, "EPSG:4549", None, POLYGONS, FIELDS).rows[0].geometry.hausdorff_distance(SQUARE) < 1e-6
    )


@pytest.mark.parametrize(("code", "there"), [("gcj02", datum.wgs84_to_gcj02), ("BD09", datum.wgs84_to_bd09)])
def test_shifted_coordinates_come_back(tmp_path, code, there):
    shifted = shapely.transform(SQUARE, lambda xy: np.stack(there(xy[:, 0], xy[:, 1]), axis=1))
    path = write(tmp_path / "areas.geojson", [shifted])
    back = read(path, code, None, POLYGONS, FIELDS).rows[0].geometry
    # GeoJSON is written with 7 decimals.
    assert back.hausdorff_distance(SQUARE) < 2e-7


@pytest.mark.parametrize("code", ["EPSG:999999", "nonsense", "EPSG:5773", "'; DROP TABLE areas; --"])
def test_an_unknown_system_is_refused(tmp_path, code):
    assert code_of(write(tmp_path / "areas.geojson", [SQUARE]), code) == "crs_unknown"


@pytest.mark.parametrize(
    ("encoding", "cpg", "expected"),
    [
        ("GBK", None, "gb18030"),
        ("UTF-8", None, "utf-8"),
        ("GBK", "GBK", "gb18030"),
        ("UTF-8", "UTF-8", "utf-8"),
    ],
)
def test_the_names_of_a_dbf_are_read_whatever_they_are_in(tmp_path, encoding, cpg, expected):
    path = write(tmp_path / "areas.shp", [SQUARE, SQUARE], names=["清禾镇", "桥头村"], encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg:
        path.with_suffix(".cpg").write_text(cpg)
    reading = read(path, None, None, POLYGONS, FIELDS)
    assert [row.attributes["name"] for row in reading] == ["清禾镇", "桥头村"]
    assert reading.encoding == expected


def test_a_text_in_another_encoding_than_the_cpg_says_is_a_problem_of_its_line(tmp_path):
    path = write(tmp_path / "areas.shp", [SQUARE, SQUARE], names=["plain", "桥头村"], encoding="GBK")
    path.with_suffix(".cpg").write_text("UTF-8")
    reading = read(path, None, None, POLYGONS, FIELDS)
    assert [(p.line, p.code) for p in reading.problems] == [(2, "attribute_encoding")]
    path.with_suffix(".cpg").write_text("EBCDIC-OF-MARS")
    assert code_of(path) == "encoding_unknown"


def test_unknown_attributes_are_dropped_and_counted(tmp_path):
    path = tmp_path / "areas.geojson"
    feature = {"type": "Feature", "geometry": shapely.geometry.mapping(SQUARE),
               "properties": {"名称": "清禾镇", "owner_phone": "13800000000", "remark": "x"}}  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    reading = read(path, None, None, POLYGONS, FIELDS)
    assert dict(reading.rows[0].attributes) == {"name": "清禾镇"}
    assert set(reading.dropped) == {"owner_phone", "remark"}


def test_a_file_with_several_layers_wants_to_be_told_which(tmp_path):
    path = write(tmp_path / "areas.gpkg", [SQUARE], layer="villages")
    write(path, [SQUARE, SQUARE], layer="grids", append=True)
    assert code_of(path) == "layer_ambiguous"
    assert code_of(path, layer="streets") == "layer_unknown"
    assert len(read(path, None, "grids", POLYGONS, FIELDS).rows) == 2


def test_a_real_network_in_feet_comes_out_in_tempe():
    streets = Path(libpysal.examples.get_path("streets.shp"))
    stated = read(streets, None, None, LINES, {})
    said = read(streets, "ESRI:102649", None, LINES, {})
    assert len(stated.rows) == len(said.rows) == 293
    west, south, east, north = shapely.total_bounds([row.geometry for row in said])
    assert -111.93 < west < east < -111.80 and 33.37 < south < north < 33.44


def test_bad_features_are_named_by_line_and_good_ones_still_read(tmp_path):
    path = tmp_path / "areas.geojson"
    ring = [[120, 30], [121, 31], [121, 30], [120, 31], [120, 30]]
    shapes = [
        shapely.geometry.mapping(SQUARE),
        {"type": "Polygon", "coordinates": [ring]},
        None,
        {"type": "Point", "coordinates": [120, 30]},
        {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [120, 30]}]},
        {"type": "Polygon", "coordinates": [[[120, 30], [121, 30], [121, 31]]]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[1e300, 30], [121, 30], [121, 31], [1e300, 30]]]},
        shapely.geometry.mapping(SQUARE),
    ]
    features = [{"type": "Feature", "geometry": shape, "properties": {"name": "x"}} for shape in shapes]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    reading = read(path, None, None, POLYGONS, FIELDS)
    assert [row.line for row in reading] == [1, 9]
    found = {problem.line: problem.code for problem in reading.problems}
    assert found.keys() == set(range(2, 9))
    assert found[2] == "geometry_invalid"
    assert found[3] == "geometry_missing"
    assert found[4] == found[5] == "geometry_type"
    assert found[6] in ("ring_not_closed", "geometry_unreadable", "geometry_missing")
    assert found[8] in ("coordinates_out_of_range", "outside_area_of_crs")


def geojson(coordinates):
    return (
        f'{{"type":"Feature","properties":{{}},"geometry":{{"type":"Polygon","coordinates":{coordinates}}}}}'
    )


STAR = np.add(np.random.default_rng(3).random((2_000, 2)), [120, 30])
ROUND = [list(place) for place in shapely.Point(120, 30).buffer(1, quad_segs=7_500).exterior.coords]
HEAD, NEST = '{"type":"Feature","properties":{},"geometry":', '{"type":"GeometryCollection","geometries":['
HOSTILE = {
    "bow-tie of 2,000 vertices": geojson([[*STAR.tolist(), STAR[0].tolist()]]),
    "NaN": geojson("[[[NaN,30],[121,30],[121,31],[NaN,30]]]"),
    "infinity": geojson("[[[1e999,30],[121,30],[121,31],[1e999,30]]]"),
    "words": geojson('[[["a","b"],[121,30],[121,31],["a","b"]]]'),
    "30,000 vertices": geojson([ROUND]),
    "collections nested 40 deep": HEAD + NEST * 40 + '{"type":"Point","coordinates":[1,1]}' + "]}" * 40 + "}",
    "collections nested 50,000 deep": HEAD + NEST * 50_000 + "]}" * 50_000 + "}",
    "lists nested 100,000 deep": geojson("[" * 100_000 + "]" * 100_000),
    "10 MB of attribute": '{"type":"Feature","properties":{"name":"' + "x" * 10_000_000 + '"},"geometry":null}',
    "10 MB of coordinates": geojson([[[120 + i * 1e-6, 30] for i in range(400_000)]]),
    "cut off": geojson("[[[120,30],[121,"),
    "not JSON": "PK\x03\x04",
    "empty": "",
    "a script": "<script>alert(1)</script>",
    "another JSON": '{"type":"Topology","objects":{},"arcs":[]}',
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_geojson_is_refused_and_we_live(tmp_path, name):
    """How long and how much it may take, its child process is told by the kernel (tests/geofiles/test_guard.py)."""
    path = tmp_path / "areas.geojson"
    path.write_text(HOSTILE[name])
    try:
        reading = read(path, None, None, POLYGONS, FIELDS)
    except FileRefused as refused:
        assert refused.problem.code
    else:
        assert reading.problems and not reading.rows


def test_other_files_under_a_good_name_are_refused(tmp_path):
    gpkg = write(tmp_path / "areas.gpkg", [SQUARE])
    shutil.copy(gpkg, tmp_path / "areas.geojson")
    assert code_of(tmp_path / "areas.geojson") in ("file_is_not_what_its_name_says", "file_unreadable")
    (tmp_path / "random.gpkg").write_bytes(b"SQLite format 3\0" + bytes(5000))
    assert code_of(tmp_path / "random.gpkg") == "file_unreadable"
    (tmp_path / "broken.shp").write_bytes(b"\x00\x00\x27\x0a" + bytes(200))
    assert code_of(tmp_path / "broken.shp") == "file_unreadable"
    (tmp_path / "areas.vrt").write_text("<OGRVRTDataSource/>")
    assert code_of(tmp_path / "areas.vrt") == "file_kind_unknown"
    (tmp_path / "areas.json").write_text(f'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>{gpkg}'
                                         "</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>")  # fmt: skip
    assert code_of(tmp_path / "areas.json") in ("file_is_not_what_its_name_says", "file_unreadable")


def test_a_file_over_its_size_is_not_even_opened(tmp_path, monkeypatch):
    monkeypatch.setitem(reader.MAX_BYTES, ".geojson", 1000)
    path = tmp_path / "areas.geojson"
    path.write_text(" " * 1001)
    assert code_of(path) == "file_too_big"


def test_a_reader_without_time_is_a_code(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "WALL_S", 0.001)
    assert code_of(write(tmp_path / "areas.gpkg", [SQUARE])) == "file_takes_too_long"


# --- zipped Shapefiles


def zipped(tmp_path, names=None, extra=(), folder=""):
    source = write(tmp_path / "areas.shp", [SQUARE], names=names or ["清禾镇"], encoding="GBK")
    source.with_suffix(".cpg").unlink(missing_ok=True)
    path = tmp_path / "areas.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for part in sorted(tmp_path.glob("areas.*")):
            if part.suffix != ".zip":
                out.write(part, folder + part.name)
        for name, content in extra:
            out.writestr(name, content)
    return path


@pytest.mark.parametrize("folder", ["", "数据/"])
def test_a_zipped_shapefile_is_read(tmp_path, folder):
    reading = read(zipped(tmp_path, folder=folder), None, None, POLYGONS, FIELDS)
    assert reading.rows[0].attributes["name"] == "清禾镇"


LINK = zipfile.ZipInfo("link.dbf")
LINK.external_attr = 0o120777 << 16
BAD_MEMBERS = {
    "a way out": ("../../evil.shp", b"x", "zip_path"),
    "an absolute path": ("/etc/evil.shp", b"x", "zip_path"),
    "a backslash": ("..\\evil.shp", b"x", "zip_path"),
    "a drive": ("C:evil.shp", b"x", "zip_path"),
    "a symbolic link": (LINK, b"/etc/passwd", "zip_member_not_allowed"),
    "a script": ("run.sh", b"x", "zip_member_not_allowed"),
    "a zip in the zip": ("more.zip", b"x", "zip_member_not_allowed"),
    "a second Shapefile": ("other.shp", b"x", "zip_not_one_shapefile"),
}


@pytest.mark.parametrize("name", BAD_MEMBERS)
def test_a_zip_with_anything_else_in_it_is_refused(tmp_path, name):
    member, content, code = BAD_MEMBERS[name]
    before = set(tmp_path.parent.rglob("evil*"))
    assert code_of(zipped(tmp_path, extra=[(member, content)])) == code
    assert set(tmp_path.parent.rglob("evil*")) == before


def test_a_zip_bomb_is_stopped_while_it_unpacks(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("areas.dbf", bytes(60_000_000))
        out.writestr("areas.shp", b"x")
    assert path.stat().st_size < 100_000
    assert code_of(path) == "zip_too_big"


def test_a_zip_that_unpacks_to_more_than_all_may_have_is_stopped_too(tmp_path, monkeypatch):
    monkeypatch.setattr(zips, "MAX_BYTES", 300)
    assert code_of(zipped(tmp_path)) == "zip_too_big"


def test_a_zip_with_too_many_members_or_no_zip_at_all(tmp_path):
    assert code_of(zipped(tmp_path, extra=[(f"a{i}.xml", b"") for i in range(30)])) == "zip_too_many_members"
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04nothing")
    assert code_of(tmp_path / "no.zip") == "zip_unreadable"
