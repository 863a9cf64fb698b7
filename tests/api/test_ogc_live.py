"""OGC API – Features as its clients use it: OWSLib and GDAL's OAPIF driver, over HTTP, against a running server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pyogrio
import pytest
from owslib.ogcapi.features import Features
from owslib.util import Authentication

from app import clock
from app.accounts import tokens
from app.accounts.models import Person
from app.areas.models import Area
from app.db import db
from tests import make, places
from tests.browserless import Browser
from tests.exports.walked import evening_items
from tests.phone import Phone

COLLECTIONS = {"areas": 3, "hotspots": 1, "routes": 1, "streets": 60}
DAY = "2026-11-24"
HERE = [*places.here(50, 50), *places.here(250, 250)]


class Named(SimpleNamespace):
    """A row by its id alone."""

    def __init__(self, number: int) -> None:
        super().__init__(id=number)


@pytest.fixture(scope="module")
def shown(live: Any) -> dict[str, str]:
    """The evening's patrol sent by the phone, and a token each for the township's reviewer and the next one's."""
    with live.app.app_context():
        cast = _cast(live)
        items = evening_items(cast, Phone(Named(live.ids["member"]), make.EVENING))
        other = db.session.scalar(db.select(Area).where(Area.code == live.codes["other"]))
        stranger = make.make_person("邻镇审核员", other)
        make.grant(stranger, "reviewer", area=other)
        reviewer = db.session.get_one(Person, live.ids["reviewer"])
        made = {
            n: tokens.make(p, "GIS", 30, clock.now()) for n, p in (("ours", reviewer), ("theirs", stranger))
        }
        db.session.commit()
        db.session.remove()
    browser = Browser(live.url)
    browser.sign_in("member")
    status, body, _ = browser.call(
        "POST", "/api/v1/field/sync", {"sent_at": clock.rfc3339(clock.now()), "items": items}
    )
    assert status == 200 and {r["result"] for r in body["receipts"]} == {"stored"}
    return made


def _cast(live: Any) -> Any:
    """As much of the cast as the evening needs."""
    town = SimpleNamespace(route=Named(live.ids["route"]), hotspot=Named(live.ids["hotspot"]))
    return SimpleNamespace(town=town, shift=Named(live.ids["shift"]))


# --- OWSLib ---------------------------------------------------------------------------------------


def owslib(live: Any, token: str) -> Features:
    return Features(f"{live.url}/ogc", auth=Authentication(username="any", password=token))


def all_of(client: Features, name: str, **more: Any) -> tuple[list[Any], int]:
    found: list[Any] = []
    while True:
        page = client.collection_items(name, limit=7, offset=len(found), **more)
        found += page["features"]
        if not [one for one in page["links"] if one["rel"] == "next"]:
            return found, page["numberMatched"]


def test_owslib_reads_every_collection_past_page_one(live: Any, shown: Any) -> None:
    client = owslib(live, shown["ours"])
    assert sorted(client.feature_collections()) == sorted(COLLECTIONS)
    assert client.api()["openapi"] == "3.0.3"
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in client.conformance()["conformsTo"]
    for name, n in COLLECTIONS.items():
        found, matched = all_of(client, name)
        assert len({f["id"] for f in found}) == len(found) == matched == n
        one = client.collection_item(name, str(found[-1]["id"]))
        assert one["id"] == found[-1]["id"] and one["geometry"] == found[-1]["geometry"]
        assert client.collection(name)["id"] == name


def test_owslib_asks_by_place_and_time(live: Any, shown: Any) -> None:
    client = owslib(live, shown["ours"])
    near, matched = all_of(client, "streets", bbox=HERE)
    assert 0 < matched == len(near) < 60
    then, _ = all_of(client, "streets", datetime_="2026-11-20/2026-11-30")
    before, _ = all_of(client, "streets", datetime_="2026-01-01/2026-01-07")
    assert any(f["properties"]["shifts"] for f in then) and not any(f["properties"]["shifts"] for f in before)


def test_owslib_is_told_of_what_it_may_not(live: Any, shown: Any) -> None:
    client = owslib(live, shown["ours"])
    with pytest.raises(RuntimeError, match="unknown_parameter"):
        client.collection_items("streets", colour="red")
    with pytest.raises(Exception):  # noqa: B017  no landing page for it
        owslib(live, "xf_nothing").collections()
    for name in COLLECTIONS:
        assert all_of(owslib(live, shown["theirs"]), name, bbox=HERE) == ([], 0)


# --- GDAL -----------------------------------------------------------------------------------------


def gdal(live: Any, token: str, layer: str, **more: Any) -> Any:
    assert pyogrio.list_drivers().get("OAPIF"), "this GDAL has no OAPIF driver"
    return pyogrio.read_dataframe(
        f"OAPIF:{live.url}/ogc", layer=layer, USERPWD=f"any:{token}", PAGE_SIZE=7, use_arrow=False, **more
    )


@pytest.mark.parametrize("name", COLLECTIONS)
def test_gdal_reads_every_collection_past_page_one(live: Any, shown: Any, name: str) -> None:
    frame = gdal(live, shown["ours"], name)
    assert len(frame) == COLLECTIONS[name] and frame.geometry.is_valid.all()
    assert "CRS84" in frame.crs.to_string()
    west, south, east, north = frame.total_bounds
    assert 114 < west <= east < 115 and 30 < south <= north < 31, "longitude first"
    assert {"from", "to"} <= set(frame.columns)


def test_gdal_lists_the_layers(live: Any, shown: Any) -> None:
    listed = pyogrio.list_layers(f"OAPIF:{live.url}/ogc?token={shown['ours']}")
    assert sorted(row[0] for row in listed) == sorted(COLLECTIONS)


def test_gdal_asks_by_place_and_time_and_pages_with_a_token_in_the_address(live: Any, shown: Any) -> None:
    address = f"OAPIF:{live.url}/ogc?token={shown['ours']}"
    near = pyogrio.read_dataframe(address, layer="streets", bbox=tuple(HERE), use_arrow=False)
    every = pyogrio.read_dataframe(address, layer="streets", PAGE_SIZE=7, use_arrow=False)
    assert 0 < len(near) < len(every) == 60
    then = gdal(live, shown["ours"], "streets", DATETIME="2026-11-20/2026-11-30")
    before = gdal(live, shown["ours"], "streets", DATETIME="2026-01-01/2026-01-07")
    assert then["shifts"].sum() > 0 == before["shifts"].sum()


def test_gdal_sees_nothing_with_the_next_townships_token(live: Any, shown: Any) -> None:
    for name in COLLECTIONS:
        frame = gdal(live, shown["theirs"], name, bbox=tuple(HERE))
        assert len(frame) == 0
    with pytest.raises(pyogrio.errors.DataSourceError):
        gdal(live, "xf_nothing", "streets")
