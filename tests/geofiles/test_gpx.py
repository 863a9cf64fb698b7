"""GPX as devices write it, and as nobody should."""

from datetime import UTC, datetime

import numpy as np
import pytest

from app.geofiles import datum
from app.geofiles.gpx import read_gpx
from app.geofiles.problems import FileRefused

V11 = 'version="1.1" xmlns="http://www.topografix.com/GPX/1/1"'
V10 = 'version="1.0" xmlns="http://www.topografix.com/GPX/1/0"'


def write(tmp_path, content, encoding="utf-8"):
    path = tmp_path / "file.gpx"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def points(*times, tag="trkpt"):
    stamps = [f"<time>{t}</time>" if t else "" for t in times]
    return "".join(f'<{tag} lat="30.{i}" lon="114.{i}">{s}</{tag}>' for i, s in enumerate(stamps))


@pytest.mark.parametrize("version", [V10, V11, 'version="1.1"'])
def test_tracks_routes_and_waypoints_are_read_from_both_versions(tmp_path, version):
    two = points("2026-11-24T12:00:00Z", "2026-11-24T12:00:15Z")
    gpx = read_gpx(
        write(
            tmp_path,
            f"<gpx {version}><wpt lat='30' lon='114'><name>东门</name></wpt>"
            f"<rte><name>河街</name>{points('', '', tag='rtept')}</rte>"
            f"<trk><name>夜巡</name><trkseg>{two}</trkseg></trk></gpx>",
        )
    )
    assert [(t.kind, t.name) for t in gpx.traces] == [("track", "夜巡"), ("route", "河街")]
    assert [w.name for w in gpx.waypoints] == ["东门"]
    assert gpx.traces[0].parts[0][1].at == datetime(2026, 11, 24, 12, 0, 15, tzinfo=UTC)


def test_a_new_segment_is_a_new_part_never_joined(tmp_path):
    gpx = read_gpx(
        write(
            tmp_path,
            f"<gpx {V11}><trk><trkseg>{points('', '')}</trkseg><trkseg>{points('')}</trkseg></trk></gpx>",
        )
    )
    assert [len(part) for part in gpx.traces[0].parts] == [2, 1]


def test_an_offset_is_understood_and_a_time_without_one_is_utc(tmp_path):
    gpx = read_gpx(
        write(tmp_path, f"<gpx {V11}><trk><trkseg>{points('2021-07-28T09:19:04+02:00', '2021-07-28T07:19:05')}"
                        "</trkseg></trk></gpx>")
    )  # fmt: skip
    assert [fix.at.hour for fix in gpx.traces[0].parts[0]] == [7, 7]


def test_missing_duplicate_and_decreasing_times_are_counted(tmp_path):
    times = (
        "2026-01-01T00:00:10Z",
        "2026-01-01T00:00:10Z",
        "",
        "2026-01-01T00:00:05Z",
        "2026-01-01T00:00:06Z",
    )
    gpx = read_gpx(write(tmp_path, f"<gpx {V11}><trk><trkseg>{points(*times)}</trkseg></trk></gpx>"))
    assert [(note.code, note.values["n"]) for note in gpx.notes] == [
        ("times_missing", 1), ("times_duplicate", 1), ("times_decreasing", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("prefix", "encoding"),
    [("\ufeff", "utf-8"), ('<?xml version="1.0" encoding="GBK"?>', "gbk"), ("", "utf-16"),
     ('<?xml version="1.0" encoding="GB18030"?>', "gb18030"), ("", "utf-8")],
)  # fmt: skip
def test_the_name_survives_the_encodings_of_chinese_files(tmp_path, prefix, encoding):
    content = f"{prefix}<gpx {V11}><wpt lat='30' lon='114'><name>清禾镇东门</name></wpt></gpx>"
    assert read_gpx(write(tmp_path, content, encoding)).waypoints[0].name == "清禾镇东门"


def test_gcj02_is_taken_back_to_wgs84(tmp_path):
    lon, lat = datum.wgs84_to_gcj02(np.array([114.3]), np.array([30.6]))
    gpx = read_gpx(
        write(tmp_path, f"<gpx {V11}><wpt lat='{float(lat[0])}' lon='{float(lon[0])}'/></gpx>"), "gcj02"
    )
    assert (gpx.waypoints[0].fix.lon, gpx.waypoints[0].fix.lat) == pytest.approx((114.3, 30.6), abs=1e-7)


def test_a_position_off_the_earth_is_a_problem_of_its_line(tmp_path):
    gpx = read_gpx(write(tmp_path, f"<gpx {V11}><wpt lat='91' lon='114'/><wpt lat='nan' lon='1'/></gpx>"))
    assert [(p.line, p.code) for p in gpx.problems] == [
        (1, "coordinates_out_of_range"),
        (2, "coordinates_out_of_range"),
    ]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + f"]><gpx {V11}><trk><name>&j;</name></trk></gpx>"
)
HOSTILE = {
    "billion laughs": (BOMB, "xml_dtd"),
    "an outside entity": ('<!DOCTYPE gpx [<!ENTITY x SYSTEM "file:///etc/passwd">]><gpx>&x;</gpx>', "xml_dtd"),
    "only a DTD": ('<!DOCTYPE gpx SYSTEM "http://127.0.0.1/x.dtd"><gpx/>', "xml_dtd"),
    "nested 100,000 deep": (f"<gpx {V11}>" + "<a>" * 100_000, "xml_too_deep"),
    "60,000 points": (f"<gpx {V11}>" + '<wpt lat="1" lon="1"/>' * 60_000 + "</gpx>", "too_many_points"),
    "6 MB": (f"<gpx {V11}>" + " " * 6_000_000 + "</gpx>", "file_too_big"),
    "cut off": (f"<gpx {V11}><trk>", "xml_malformed"),
    "empty": ("", "xml_malformed"),
    "a page": ("<html><body/></html>", "gpx_unreadable"),
    "no latitude": (f"<gpx {V11}><wpt lon='1'/></gpx>", "gpx_unreadable"),
    "a word for latitude": (f"<gpx {V11}><wpt lat='north' lon='1'/></gpx>", "gpx_unreadable"),
    "wrong encoding": (b"<?xml version='1.0' encoding='utf-8'?><gpx>\xff\xfe\xff</gpx>", "gpx_encoding"),
    "unknown encoding": (f"<?xml version='1.0' encoding='utf-7'?><gpx {V11}/>", "encoding_unknown"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_with_a_code(tmp_path, name):
    content, code = HOSTILE[name]
    with pytest.raises(FileRefused) as refused:
        read_gpx(write(tmp_path, content))
    assert refused.value.problem.code == code


def test_a_projected_system_is_not_for_gpx(tmp_path):
    with pytest.raises(FileRefused) as refused:
        read_gpx(write(tmp_path, f"<gpx {V11}/>"), "EPSG:4549")
    assert refused.value.problem.code == "gpx_is_wgs84"
