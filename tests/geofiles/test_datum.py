"""GCJ-02 and BD-09 against a package of others, known values and the border."""

import json
import re
from pathlib import Path

import eviltransform
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.geofiles import datum, mainland

ROOT = Path(__file__).resolve().parents[2]

# Known answers of coord-convert 0.2.1 (PyPI): WGS-84, GCJ-02, BD-09.
KNOWN = [
    (
        (116.391276, 39.907356),
        (116.3975171506682, 39.9087572583864),
        (116.40389006013017, 39.915100632959025),
    ),
    ((120.1551, 30.2741), (120.15979447929637, 30.271771223200254), (120.16635834855023, 30.27759921816922)),
    ((114.3, 30.6), (114.30543824023968, 30.597584196497422), (114.31202389903855, 30.603254435806953)),
    ((75.99, 39.47), (75.9929556381645, 39.47022749677051), (75.99946519930792, 39.476187842272964)),
    ((126.63, 45.75), (126.6359423904876, 45.751935204908385), (126.6425031244059, 45.757825658267144)),
]
MAINLAND = {
    "Shenzhen, Futian": (114.055, 22.535), "Shenzhen, Luohu port": (114.117, 22.533), "Shekou": (113.915, 22.485),
    "Yantian": (114.26, 22.575), "Dapeng": (114.49, 22.57), "Zhuhai, Gongbei": (113.549, 22.221),
    "Hengqin": (113.53, 22.13), "Xiamen": (118.09, 24.46), "Pingtan": (119.79, 25.5), "Zhoushan": (122.2, 30.0),
    "Sanya": (109.5, 18.25), "Dandong": (124.35, 40.12), "Hunchun": (130.37, 42.86), "Mohe": (122.54, 52.97),
    "Kashgar": (75.99, 39.47), "Ruili": (97.85, 24.01), "Lhasa": (91.1, 29.65), "Tianjin": (117.2, 39.1),
}  # fmt: skip
ABROAD = {
    "Hong Kong": (114.17, 22.3), "Sheung Shui": (114.128, 22.502), "Lo Wu": (114.113, 22.526),
    "Tung Ping Chau": (114.43, 22.545), "Tin Shui Wai": (114.0, 22.46), "Macau": (113.54, 22.195),
    "Taipa": (113.557, 22.155), "Taipei": (121.56, 25.03), "Kaohsiung": (120.3, 22.62), "Kinmen": (118.32, 24.44),
    "Matsu": (119.95, 26.16), "Penghu": (119.56, 23.57), "Seoul": (126.97, 37.56), "Pyongyang": (125.75, 39.03),
    "Hanoi": (105.85, 21.03), "Ulaanbaatar": (106.9, 47.9), "Vladivostok": (131.9, 43.1), "Paris": (2.35, 48.85),
    "Almaty": (76.9, 43.25), "Kathmandu": (85.32, 27.7), "Tempe": (-111.9, 33.4),
}  # fmt: skip


def one(function, lonlat):
    lon, lat = function(np.array([lonlat[0]]), np.array([lonlat[1]]))
    return float(lon[0]), float(lat[0])


@pytest.mark.parametrize(("wgs", "gcj", "bd"), KNOWN)
def test_known_places_come_out_as_coord_convert_has_them(wgs, gcj, bd):
    assert one(datum.wgs84_to_gcj02, wgs) == pytest.approx(gcj, abs=1e-9)
    assert one(datum.wgs84_to_bd09, wgs) == pytest.approx(bd, abs=1e-9)
    assert one(datum.gcj02_to_wgs84, gcj) == pytest.approx(wgs, abs=1e-7)
    assert one(datum.bd09_to_wgs84, bd) == pytest.approx(wgs, abs=1e-7)


@given(st.floats(100, 118), st.floats(25, 39))
def test_it_agrees_with_eviltransform_within_its_rounder_earth(lon, lat):
    # eviltransform takes 6,378,137 m for the earth where GCJ-02 has 6,378,245 m: 1.7e-5 of a shift of 0.006 degrees.
    theirs = eviltransform.wgs2gcj(lat, lon)[::-1]
    assert one(datum.wgs84_to_gcj02, (lon, lat)) == pytest.approx(theirs, abs=3e-7)


@given(st.floats(100, 118), st.floats(25, 39))
def test_there_and_back_is_the_same_place(lon, lat):
    for there, back in (
        (datum.wgs84_to_gcj02, datum.gcj02_to_wgs84),
        (datum.wgs84_to_bd09, datum.bd09_to_wgs84),
        (datum.gcj02_to_bd09, datum.bd09_to_gcj02),
    ):
        assert one(back, one(there, (lon, lat))) == pytest.approx((lon, lat), abs=1e-7)


@pytest.mark.parametrize("place", MAINLAND)
def test_places_in_the_mainland_are_shifted(place):
    lon, lat = one(datum.wgs84_to_gcj02, MAINLAND[place])
    metres = np.hypot(
        (lon - MAINLAND[place][0]) * 111e3 * np.cos(np.radians(lat)), (lat - MAINLAND[place][1]) * 111e3
    )
    assert 50 < metres < 900
    assert one(datum.gcj02_to_wgs84, (lon, lat)) == pytest.approx(MAINLAND[place], abs=1e-7)


@pytest.mark.parametrize("place", ABROAD)
def test_places_elsewhere_stay_where_they_are(place):
    assert one(datum.wgs84_to_gcj02, ABROAD[place]) == ABROAD[place]


@pytest.mark.parametrize("place", ["Hong Kong", "Macau", "Taipei", "Seoul", "Paris"])
def test_the_way_back_does_not_shift_them_either(place):
    assert one(datum.gcj02_to_wgs84, ABROAD[place]) == ABROAD[place]


def test_the_outline_is_a_valid_polygon():
    assert datum.mainland().is_valid


def test_the_phone_has_the_same_outline():
    numbers = re.findall(r"\[(-?[\d.]+), (-?[\d.]+)\]", (ROOT / "static/js/domain/mainland.js").read_text())
    corners = [corner for ring in (mainland.OUTLINE, *mainland.HOLES) for corner in ring]
    assert [(float(lon), float(lat)) for lon, lat in numbers] == corners


def test_the_table_that_the_phone_is_held_to_is_true_here():
    """tests/js/base.test.js reads the same: WGS-84, its GCJ-02, and what that is taken for on the way back."""
    for wgs, gcj, back in json.loads((ROOT / "tests/geofiles/datum_cases.json").read_text()):
        assert one(datum.wgs84_to_gcj02, wgs) == pytest.approx(gcj, abs=2e-9)
        assert one(datum.gcj02_to_wgs84, gcj) == pytest.approx(back, abs=2e-9)
