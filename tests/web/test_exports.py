"""The coverage page as files: read back by other programs, equal to the page, and running nothing."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import openpyxl
import pyogrio
import pytest
from sqlalchemy import select

from app.accounts.models import Audit
from app.db import db
from app.routes.models import Street
from tests import make, places
from tests.exports.walked import DAY

FORMULAS = (
    "=1+1", "@SUM(A1)", "-2+3", "+3", "=HYPERLINK(\"http://x\")", "=cmd|' /C calc'!A0", "\t=1", "＝1＋1", "−1",
    "http://example.org", "{=1+1}",
)  # fmt: skip


def take(caller: Any, kind: str, query: str = f"?from={DAY}&to={DAY}") -> bytes:
    answer = caller.get(f"/desk/coverage/files/{kind}{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return bytes(answer.data)


def sheets(raw: bytes) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(raw))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def csvs(raw: bytes) -> dict[str, list[list[str]]]:
    with zipfile.ZipFile(io.BytesIO(raw)) as parcel:
        found = {name: parcel.read(name) for name in parcel.namelist()}
    assert all(raw.startswith(b"\xef\xbb\xbf") for raw in found.values())
    return {n: list(csv.reader(io.StringIO(raw.decode("utf-8-sig")))) for n, raw in found.items()}


def test_the_workbook_holds_what_the_page_says(walked: Any, as_person: Any) -> None:
    caller = as_person(walked.reviewer)
    book = sheets(take(caller, "xlsx"))
    assert list(book) == ["汇总", "村（社区）", "重点部位", "街道", "路线", "说明"]
    doc = caller.get(f"/api/v1/coverage/areas/{walked.town.township.code}?from={DAY}&to={DAY}").get_json()
    said = {row[0]: row[1:5] for row in book["汇总"][1:]}
    assert len(said) == len(doc["measures"])
    observed = doc["measures"]["dosage_observed"]
    assert [row for row in said.values() if row[0] == observed["value"] and row[1] == "分钟"]
    assert ("混合" in str(said)) or ("轨迹" in str(said))
    assert [row[1] for row in book["村（社区）"][1:]] == ["清禾镇", "清禾镇西村", "清禾镇东村"]
    streets = book["街道"]
    covered, length = (streets[0].index(name) for name in ("走到比例（百分比）", "长度（米）"))
    assert len(streets) == 61
    assert sum(r[length] * r[covered] / 100 for r in streets[1:]) == pytest.approx(820, abs=5)
    assert f"{DAY} – {DAY}" in str(book["说明"])


def test_it_is_whole_in_english_and_for_one_village(walked: Any, as_person: Any) -> None:
    caller = as_person(walked.reviewer)
    caller.set_cookie("lang", "en", domain="localhost")
    village = walked.town.villages[0]
    book = sheets(take(caller, "xlsx", f"?area={village.code}&from={DAY}&to={DAY}"))
    assert list(book) == ["Summary", "Villages", "Hotspots", "Streets", "Routes", "Notes"]
    assert len(book["Villages"]) == 2
    ids = set(db.session.scalars(select(Street.id).where(Street.village_id == village.id)))
    assert {row[0] for row in book["Streets"][1:]} == ids
    text = str(book)
    assert "file." not in text and "coverage." not in text, "a code without words"


def test_nothing_in_a_file_is_a_formula(walked: Any, as_person: Any) -> None:
    for n, name in enumerate(FORMULAS):
        make.make_area("village", name, places.square(n, 0, n + 1, 10), walked.town.township)
    walked.town.hotspot.name = "=1+1"
    for n, street in enumerate(db.session.scalars(select(Street).order_by(Street.id).limit(len(FORMULAS)))):
        street.name = FORMULAS[n]
    db.session.commit()
    caller = as_person(walked.reviewer)
    book = openpyxl.load_workbook(io.BytesIO(take(caller, "xlsx")))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    values = [cell.value for cell in cells]
    assert all(values.count(name) >= 2 for name in FORMULAS), "the text itself is not touched"
    for rows in csvs(take(caller, "csv")).values():
        texts = [v for row in rows for v in row if v and not _is_number(v)]
        assert not [
            v for v in texts if v.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", "−"))
        ]
    assert "'=1+1" in str(csvs(take(caller, "csv")))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii()


def test_the_geopackage_has_a_layer_each(walked: Any, as_person: Any, tmp_path: Any) -> None:
    path = tmp_path / "x.gpkg"
    path.write_bytes(take(as_person(walked.reviewer), "gpkg"))
    assert {row[0] for row in pyogrio.list_layers(path)} == {"streets", "hotspots", "routes", "areas"}
    streets = pyogrio.read_dataframe(path, layer="streets")
    assert len(streets) == 60 and streets.crs.to_epsg() == 4326 and streets.geometry.is_valid.all()
    assert (streets.length_m * streets.covered_percent).sum() / 100 == pytest.approx(820, abs=5)
    assert set(streets.grade.dropna()) == {"track"}
    (hotspot,) = pyogrio.read_dataframe(path, layer="hotspots").to_dict("records")
    assert (hotspot["observed_min"], hotspot["name"]) == (12.0, walked.town.hotspot.name)
    areas = pyogrio.read_dataframe(path, layer="areas").set_index("feature_id")
    assert areas.loc[walked.town.township.code, "dosage_observed"] == 12.0
    assert (
        areas.loc[walked.town.villages[1].code, "idleness_mean"]
        != areas.loc[walked.town.villages[1].code, "idleness_mean"]
    ), "nothing to measure is no number"


def test_the_geojson_says_of_each_feature_what_it_is(walked: Any, as_person: Any, tmp_path: Any) -> None:
    path = tmp_path / "x.geojson"
    path.write_bytes(take(as_person(walked.reviewer), "geojson"))
    frame = pyogrio.read_dataframe(path)
    assert frame.layer.value_counts().to_dict() == {"streets": 60, "areas": 3, "hotspots": 1, "routes": 1}


@pytest.mark.parametrize("kind", ["xlsx", "csv", "gpkg", "geojson"])
def test_a_file_names_nobody_and_nothing_of_others_and_leaves_a_line(
    walked: Any, as_person: Any, kind: str
) -> None:
    raw = take(as_person(walked.reviewer), kind)
    if kind in ("xlsx", "csv"):
        with zipfile.ZipFile(io.BytesIO(raw)) as parcel:
            raw = b"".join(parcel.read(name) for name in parcel.namelist())
    text = raw.decode("utf-8", "replace")
    assert not [who for who in ("王队员", "李队员", "陈队长", "云渡") if who in text]
    assert "清禾" in text
    line = db.session.execute(
        select(Audit.actor_id, Audit.detail).where(Audit.action == "figures.exported")
    ).one()
    assert line.actor_id == walked.reviewer.id and line.detail["file"] == kind


@pytest.mark.parametrize("kind", ["xlsx", "csv", "gpkg", "geojson"])
def test_an_empty_township_makes_a_file_too(people: Any, as_person: Any, evening: Any, kind: str) -> None:
    bare = make.make_area("township", "空镇", places.square(9000, 0, 9100, 100), people.county)
    assert take(as_person(people.admin), kind, f"?area={bare.code}")


def test_who_may_not_gets_none(walked: Any, as_person: Any, client: Any) -> None:
    path = "/desk/coverage/files/xlsx"
    assert client.get(path).status_code == 302
    assert as_person(walked.member).get(path).status_code == 403
    assert as_person(walked.reviewer).get(f"{path}?area={walked.other.township.code}").status_code == 404
    assert as_person(walked.reviewer).get("/desk/coverage/files/exe").status_code == 404
