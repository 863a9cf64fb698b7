"""The guard refuses what would harm PostGIS, and stays alive whatever its child meets."""

import struct

import numpy as np
import pytest
import shapely

from app.geofiles import child
from app.geofiles.guard import LINES, POLYGONS, Guard, refuse_drawn

SQUARE = shapely.box(114.0, 30.0, 114.1, 30.1)
BOW_TIE = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])


def star(vertices):
    """A polygon that crosses itself again and again: the kind that crashes GEOS 3.11.1 in the server."""
    return shapely.Polygon(np.random.default_rng(2).random((vertices, 2)))


def nested(depth):
    return struct.pack("<BII", 1, 7, 1) * depth + shapely.Point(1, 1).wkb


def open_ring():
    return struct.pack("<BIII", 1, 3, 1, 4) + struct.pack("<8d", 0, 0, 1, 1, 2, 0, 3, 3)


HOSTILE = {
    "bow-tie": (BOW_TIE.wkb, "geometry_invalid"),
    "bow-tie of 2,000 vertices": (star(2_000).wkb, "geometry_invalid"),
    "bow-tie of 20,000 vertices": (star(19_999).wkb, "geometry_invalid"),
    "more vertices than allowed": (SQUARE.segmentize(0.00001).wkb, "too_many_vertices"),
    "far more bytes than allowed": (b"\x01\x03" + bytes(30_000_000), "too_many_vertices"),
    "NaN": (shapely.from_wkt("POLYGON ((0 0, 1 NaN, 1 1, 0 0))").wkb, "coordinates_not_finite"),
    "infinite": (shapely.from_wkt("POLYGON ((0 0, 1 Inf, 1 1, 0 0))").wkb, "coordinates_not_finite"),
    "metres for degrees": (shapely.box(500_000, 3_000_000, 500_100, 3_000_100).wkb, "coordinates_out_of_range"),
    "another type": (shapely.Point(1, 1).wkb, "geometry_type"),
    "a collection": (shapely.GeometryCollection([SQUARE]).wkb, "geometry_type"),
    "collections nested 20 deep": (nested(20), "geometry_type"),
    "collections nested 80,000 deep": (nested(80_000), "check_crashed"),
    "empty": (shapely.Polygon().wkb, "geometry_empty"),
    "an empty part": (shapely.from_wkt("MULTIPOLYGON (((0 0,1 0,1 1,0 0)),EMPTY)").wkb, "geometry_empty"),
    "heights": (shapely.force_3d(SQUARE, 5).wkb, "geometry_has_height"),
    "open ring": (open_ring(), "ring_not_closed"),
    "cut off": (SQUARE.wkb[:40], "geometry_unreadable"),
    "claims four billion rings": (struct.pack("<BII", 1, 3, 0xFFFFFFFF), "geometry_unreadable"),
    "no geometry at all": (b"DROP TABLE areas", "geometry_unreadable"),
    "nothing": (b"", "geometry_unreadable"),
    "a hole outside": (
        shapely.from_wkt("POLYGON ((0 0,1 0,1 1,0 1,0 0),(5 5,6 5,6 6,5 6,5 5))").wkb, "geometry_invalid",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def guard():
    with Guard(POLYGONS) as guard:
        yield guard


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_geometry_is_refused_and_the_next_one_is_taken(guard, name):
    wkb, code = HOSTILE[name]
    refusal = guard.check(wkb)
    assert refusal is not None
    assert refusal.code == code
    assert guard.check(SQUARE.wkb) is None


def test_the_refusal_says_why_and_where():
    with Guard(POLYGONS) as guard:
        refusal = guard.check(BOW_TIE.wkb)
    assert refusal.values == {"reason": "Self-intersection", "place": "0.5 0.5"}


def test_a_line_on_one_spot_is_refused():
    with Guard(LINES) as guard:
        assert guard.check(shapely.LineString([(1, 1), (1, 1)]).wkb).code in (
            "geometry_invalid",
            "line_without_length",
        )


def test_a_drawn_shape_has_at_most_2000_vertices():
    circle = shapely.Point(114, 30).buffer(0.01, quad_segs=600)
    assert refuse_drawn(circle.wkb, POLYGONS).code == "too_many_vertices"
    assert refuse_drawn(SQUARE.wkb, POLYGONS) is None


def test_a_check_that_takes_too_long_is_ended():
    with Guard(POLYGONS, wall_s=0.001) as guard:
        assert guard.check(SQUARE.wkb).code == "check_took_too_long"


MISBEHAVES = {
    "spins": ("while True: pass", "check_took_too_long"),
    "eats": ("bytearray(900 << 20)", "check_crashed"),
    "dies": ("os.abort()", "check_crashed"),
    "exits": ("os._exit(0)", "check_crashed"),
    "talks nonsense": ("print('ok', flush=True)", "check_crashed"),
    "answers a list": ("print('[]', flush=True)", "check_crashed"),
    "says no word of its verdict": ("print('{}', flush=True)", "check_crashed"),
    "writes a file": ("open('/tmp/xunfang-guard-test', 'w').write('x' * 100_000)", "check_crashed"),
}


@pytest.mark.parametrize("how", MISBEHAVES)
def test_whatever_the_child_does_the_parent_gets_a_code(monkeypatch, how):
    script, code = MISBEHAVES[how]
    load = f"""
import os
from app.geofiles.child import serve
def main(frame):
    {script}
    return {{}}
serve(main, options["cpu_s"])
"""
    monkeypatch.setattr(child, "LOAD", load)
    with Guard(POLYGONS, cpu_s=1) as guard:
        assert guard.check(b"x").code == code
        monkeypatch.undo()
        assert guard.check(SQUARE.wkb) is None


def test_the_child_knows_no_address_and_no_secret(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_KEY", "s" * 40)
    load = """
import os
from app.geofiles.child import serve
serve(lambda frame: {"code": " ".join(sorted(os.environ)), "values": {}})
"""
    monkeypatch.setattr(child, "LOAD", load)
    with Guard(POLYGONS) as guard:
        assert "SECRET" not in guard.check(b"x").code
