"""flask import incidents: kind, place and time of what happened; nothing else of a file comes in."""

from __future__ import annotations

import csv
import zipfile
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from shapely.geometry import Point
from sqlalchemy import select

from app.db import db
from app.incidents.models import EVENTS, RecordedIncident
from app.incidents.queries import blurred
from app.teams.scope import scope_of
from tests import places
from tests.cli.conftest import codes, feature

HEADS = ("类别", "发生时间", "结束时间", "编号", "经度", "纬度", "当事人备注")
WGS = ("--crs", "EPSG:4326")


def line(x=300, y=305, category="扒窃", at="2026-11-20 22:30", until="", number="", note="机密"):
    return (category, at, until, number, *places.here(x, y), note)


@pytest.fixture
def table(tmp_path):
    """table(line, …, kind="csv") → the file's path, with headings as an office has them."""

    def write(*lines, kind="csv", heads=HEADS, encoding="utf-8"):
        path = tmp_path / f"events.{kind}"
        if kind == "csv":
            with path.open("w", encoding=encoding, newline="") as out:
                csv.writer(out).writerows([heads, *lines])
        else:
            book = openpyxl.Workbook()
            for cells in (heads, *lines):
                book.active.append(cells)
            book.save(path)
        return path

    return write


def kept():
    return db.session.scalars(select(RecordedIncident).order_by(RecordedIncident.happened_from)).all()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_table_comes_in_with_kind_time_and_street_and_nothing_else(into_town, people, table, evening, kind):
    result = into_town("incidents", table(line(), line(x=390, y=395, at="2026-11-21"), kind=kind), *WGS)
    assert result.exit_code == 0, result.output
    assert "当事人备注" in result.output and "机密" not in result.output
    one, day = kept()
    assert (one.category, one.source) == ("theft_public", "test")
    assert one.happened_from == one.happened_to == datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    assert (day.happened_from, day.happened_to) == (
        datetime(2026, 11, 20, 16, tzinfo=UTC), datetime(2026, 11, 21, 16, tzinfo=UTC),
    )  # fmt: skip
    assert one.street_id is not None and day.street_id is None  # 5 m, and 95 m from the nearest
    everything = [str(getattr(one, column.name)) for column in RecordedIncident.__table__.columns]
    assert "机密" not in " ".join(everything)


def test_a_span_and_a_time_with_an_offset_are_read(into_town, people, table, evening):
    lines = (
        line(category="burglary_shop", at="2026年11月20日 22时", until="2026/11/21 06:15"),
        line(x=800, at="2026-11-22T10:00:00Z"),
    )
    assert into_town("incidents", table(*lines), *WGS).exit_code == 0
    burglary, other = kept()
    assert burglary.happened_to - burglary.happened_from == timedelta(hours=8, minutes=15)
    assert other.happened_from == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_an_excel_date_and_an_old_encoding_are_read(into_town, people, table, evening):
    cells = list(line())
    cells[1] = datetime(2026, 11, 20, 22, 30)
    assert into_town("incidents", table(cells, kind="xlsx"), *WGS).exit_code == 0
    assert kept()[0].happened_from == datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    assert into_town("incidents", table(line(x=700), encoding="gb18030"), *WGS).exit_code == 0
    assert len(kept()) == 2


def test_geojson_comes_in_by_the_reader_of_maps(into_town, people, geojson, evening):
    spot = feature(Point(places.here(300, 305)), category="fire", happened_from="2026-11-20T20:00:00+08:00")
    assert into_town("incidents", geojson(spot)).exit_code == 0
    assert kept()[0].happened_from == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_gcj_02_is_shifted_back(into_town, people, table, evening):
    assert into_town("incidents", table(line(x=900)), "--crs", "gcj02").exit_code == 0
    lon = db.session.scalar(select(db.func.ST_X(RecordedIncident.place)))
    assert 0.003 < places.here(900, 305)[0] - lon < 0.008


def test_the_same_number_or_the_same_event_counts_once_and_is_said(into_town, people, table, evening):
    lines = (
        line(number="A1"), line(x=330, at="2026-11-20 22:50"), line(x=360), line(at="2026-11-20 23:05"),
        line(x=900, number="A1"), line(category="损坏"),
    )  # fmt: skip
    result = into_town("incidents", table(*lines), *WGS)
    assert result.exit_code == 0
    assert "第 3 行" in result.output and "第 6 行" in result.output
    assert [row.category for row in kept()].count("theft_public") == 3
    again = into_town("incidents", table(*lines), *WGS)
    assert again.exit_code == 0 and len(kept()) == 4


def test_two_shops_of_one_night_with_numbers_of_their_own_are_two(into_town, people, table, evening):
    night = {"category": "盗窃商铺", "at": "2026-11-20 22:00", "until": "2026-11-21 06:00"}
    assert (
        into_town("incidents", table(line(number="1", **night), line(number="2", **night)), *WGS).exit_code
        == 0
    )
    assert len(kept()) == 2


REFUSED = {
    "outside": ({"x": 9000}, "outside_township"),
    "the future": ({"at": "2026-11-25 08:00"}, "time_in_future"),
    "no time": ({"at": ""}, "value_missing"),
    "no date": ({"at": "昨晚"}, "date_wrong"),
    "the 31st of November": ({"at": "2026-11-31"}, "date_wrong"),
    "a kind about people": ({"category": "信访"}, "choice_wrong"),
    "an end before the beginning": ({"until": "2026-11-20 21:00"}, "span_wrong"),
    "a span of two months": ({"at": "2026-09-01", "until": "2026-11-01"}, "span_wrong"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_wrong_is_named_by_its_line_and_nothing_is_written(into_town, people, table, evening, what):
    changes, code = REFUSED[what]
    result = into_town("incidents", table(line(x=700), line(**changes)), *WGS)
    assert result.exit_code == 1
    assert (3, code) in codes(result)
    assert not kept()


def test_a_formula_is_not_worked_out(into_town, people, table, evening):
    cells = list(line())
    cells[4] = "=114+0.3"
    assert codes(into_town("incidents", table(cells, kind="xlsx"), *WGS)) == [(2, "coordinates_unreadable")]


def test_a_table_says_its_system(into_town, people, table, evening):
    assert codes(into_town("incidents", table(line()))) == [(0, "crs_missing")]


def test_a_table_without_coordinates_is_refused(into_town, people, table, evening):
    heads = ("类别", "发生时间", "结束时间", "编号", "东", "北", "备注")
    assert codes(into_town("incidents", table(line(), heads=heads), *WGS)) == [(0, "columns_of_coordinates")]


def book_with(path, name, content):
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr(name, content)
    return path


def test_a_bomb_in_a_book_is_refused(into_town, people, table, evening):
    bomb = book_with(table(line(), kind="xlsx"), "xl/worksheets/sheet9.xml", b"0" * (120 << 20))
    assert codes(into_town("incidents", bomb, *WGS)) == [(0, "zip_too_big")]


def test_a_book_with_a_way_out_or_entities_is_refused(into_town, people, table, evening, tmp_path):
    escape = book_with(table(line(), kind="xlsx"), "../../out.xml", b"x")
    assert codes(into_town("incidents", escape, *WGS)) == [(0, "zip_path")]
    path = tmp_path / "laughs.xlsx"
    source = table(line(), kind="xlsx")
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "xl/workbook.xml":
                text = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + text
            new.writestr(name, text)
    assert codes(into_town("incidents", path, *WGS)) == [(0, "file_unreadable")]


def test_a_zip_that_is_no_book_is_refused(into_town, people, evening, tmp_path):
    path = tmp_path / "other.xlsx"
    with zipfile.ZipFile(path, "w") as other:
        other.writestr("readme.txt", "x")
    assert codes(into_town("incidents", path, *WGS)) == [(0, "file_is_not_what_its_name_says")]


def test_events_are_blurred_to_the_street_or_50_metres_for_everybody_who_is_no_reviewer(
    into_town, people, table, evening
):
    lines = (
        line(x=301, y=307),
        line(x=388, y=391, at="2026-11-21 08:00"),
        line(x=402, y=399, at="2026-11-21 09:00"),
    )
    assert into_town("incidents", table(*lines), *WGS).exit_code == 0
    since, until = evening - timedelta(days=30), evening
    told = blurred(scope_of(people.member), since, until)
    assert len(told) == 3
    on_street = [row for row in told if row.street_id is not None]
    assert [(row.lon, row.lat) for row in on_street] == [(None, None)]
    squares = {(row.lon, row.lat) for row in told if row.street_id is None}
    true = {places.here(388, 391), places.here(402, 399)}
    assert all(min(abs(lon - x) + abs(lat - y) for x, y in true) > 1e-5 for lon, lat in squares)
    assert {row.month for row in told} == {"2026-11"}
    assert not blurred(scope_of(people.outsider), since, until)


def test_every_kind_is_an_event_and_says_nothing_of_a_dwelling():
    assert not [kind for kind in EVENTS if any(word in kind for word in ("home", "house", "flat", "person"))]
