"""What lies under the maps: an archive in parts, what the phone is told, and the hosts that pages with maps may ask."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

from app.config import read_settings

TOLD, ARCHIVE = "/api/v1/base-map", "/api/v1/base-map/archive.pmtiles"
BYTES = b"PMTiles\x03" + bytes(range(200))
KEY = "canary-key-0123"
TIANDITU = {
    "BASE_MAP": "https://t0.maps.example/vec_w?x={x}&y={y}&l={z}&tk={key} https://t1.maps.example/cva?x={x}&y={y}&l={z}",
    "BASE_MAP_DATUM": "wgs84", "BASE_MAP_CREDIT": "© 天地图", "BASE_MAP_KEY": KEY,
}  # fmt: skip


@pytest.fixture
def lies_under(app, monkeypatch):
    """lies_under(**env): that base map is set up for this test."""

    def set_up(**env):
        given = {"DATABASE_URL": "postgresql+psycopg://a@b/c", "SECRET_KEY": "s" * 32, **env}
        base = read_settings(given).base_map
        monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], base_map=base))

    return set_up


@pytest.fixture
def archive(lies_under, tmp_path):
    path = tmp_path / "county.pmtiles"
    path.write_bytes(BYTES)
    lies_under(BASE_MAP=str(path), BASE_MAP_DATUM="wgs84", BASE_MAP_CREDIT="© Surveyor")
    return path


@pytest.mark.parametrize("path", [TOLD, ARCHIVE])
def test_where_nothing_is_set_up_there_is_nothing(people, as_person, path):
    assert as_person(people.member).get(path).status_code == 404


@pytest.mark.parametrize("path", [TOLD, ARCHIVE])
def test_who_is_not_signed_in_gets_nothing_of_it(client, archive, path):
    assert client.get(path).status_code == 401


def test_an_archive_is_told_by_our_own_address(people, as_person, archive):
    answer = as_person(people.outsider).get(TOLD)
    assert answer.get_json() == {
        "kind": "pmtiles", "addresses": [ARCHIVE], "datum": "wgs84", "credit": "© Surveyor", "last_zoom": 18,
    }  # fmt: skip
    assert str(archive) not in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"


def test_parts_of_an_archive_come_as_they_are_asked_for(people, as_person, archive):
    caller = as_person(people.member)
    whole = caller.get(ARCHIVE)
    assert (whole.status_code, whole.data) == (200, BYTES)
    assert whole.headers["Accept-Ranges"] == "bytes"
    part = caller.get(ARCHIVE, headers={"Range": "bytes=7-16"})
    assert (part.status_code, part.data) == (206, BYTES[7:17])
    assert part.headers["Content-Range"] == f"bytes 7-16/{len(BYTES)}"
    assert part.headers["ETag"] == whole.headers["ETag"] and not part.headers["ETag"].startswith("W/")
    assert part.headers["Cache-Control"].startswith("private")
    end = caller.get(ARCHIVE, headers={"Range": "bytes=200-9999"})
    assert (end.status_code, end.data) == (206, BYTES[200:])


def test_bytes_that_are_not_there_are_416(people, as_person, archive):
    answer = as_person(people.member).get(ARCHIVE, headers={"Range": "bytes=9000-9010"})
    assert answer.status_code == 416 and answer.headers["Content-Range"] == f"bytes */{len(BYTES)}"


def test_an_unchanged_archive_is_not_sent_again_and_a_new_one_is(people, as_person, archive):
    caller = as_person(people.member)
    etag = caller.get(ARCHIVE).headers["ETag"]
    again = caller.get(ARCHIVE, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    archive.write_bytes(BYTES + b"more")
    newer = caller.get(ARCHIVE, headers={"If-None-Match": etag, "Range": "bytes=0-6"})
    assert (newer.status_code, newer.data) == (206, b"PMTiles") and newer.headers["ETag"] != etag
    stale = caller.get(ARCHIVE, headers={"If-Range": etag, "Range": "bytes=0-6"})
    assert stale.status_code == 200, "bytes of two archives are never put together"


def test_an_archive_that_went_away_is_not_found(people, as_person, archive):
    archive.unlink()
    assert as_person(people.member).get(ARCHIVE).status_code == 404


def test_tiles_of_a_host_are_told_with_their_key_to_whoever_is_signed_in(people, as_person, lies_under):
    lies_under(**TIANDITU)
    caller = as_person(people.member)
    told = caller.get(TOLD).get_json()
    assert told["kind"] == "raster" and told["credit"] == "© 天地图"
    assert told["addresses"][0] == f"https://t0.maps.example/vec_w?x={{x}}&y={{y}}&l={{z}}&tk={KEY}"
    assert len(told["addresses"]) == 2
    assert caller.get(ARCHIVE).status_code == 404


PAGES = ("/m/", "/desk/coverage", "/desk/hotspots")
OTHERS = ("/desk/people", "/desk/sessions", "/sign-in", "/sw.js", "/api/v1/session", TOLD)


def policy_of(answer):
    assert answer.status_code == 200, answer.status
    return {
        part.split()[0]: part.split()[1:] for part in answer.headers["Content-Security-Policy"].split(";")
    }


def two(as_person, people):
    """The page's caller: desk pages for the reviewer, People for the leader."""
    return lambda path: as_person(people.leader if path == "/desk/people" else people.reviewer)


@pytest.mark.parametrize("path", PAGES)
def test_pages_with_a_map_may_ask_the_hosts_that_are_set_up_and_know_that_there_is_something(
    people, as_person, lies_under, path
):
    lies_under(**TIANDITU, BASE_MAP_HOSTS="*.more.example")
    answer = as_person(people.reviewer).get(path)
    hosts = ["https://t0.maps.example", "https://t1.maps.example", "https://*.more.example"]
    policy = policy_of(answer)
    assert policy["connect-src"] == ["'self'", *hosts]
    assert all("example" not in " ".join(where) for what, where in policy.items() if what != "connect-src")
    page = answer.get_data(as_text=True)
    assert '<meta name="base-map" content="/api/v1/base-map">' in page
    assert KEY not in page and "maps.example" not in page


@pytest.mark.parametrize("path", OTHERS)
def test_no_other_page_may(client, people, as_person, lies_under, path):
    lies_under(**TIANDITU)
    caller = client if path == "/sign-in" else two(as_person, people)(path)
    answer = caller.get(path)
    assert answer.status_code in (200, 404), answer.status  # /sw.js is there only where it was built
    assert "example" not in answer.headers["Content-Security-Policy"]
    assert 'name="base-map"' not in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", [*PAGES, *OTHERS[:-1]])
def test_without_a_base_map_nobody_outside_is_asked(client, people, as_person, path):
    caller = client if path == "/sign-in" else two(as_person, people)(path)
    answer = caller.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "connect-src 'self';" in policy and "http" not in policy and "*" not in policy
    assert 'name="base-map"' not in answer.get_data(as_text=True)


def test_an_archive_of_our_own_opens_to_nobody_outside(people, as_person, archive):
    assert policy_of(as_person(people.reviewer).get("/desk/coverage"))["connect-src"] == ["'self'"]


def test_a_phone_fetches_its_page_anew_when_the_hosts_change(app, client, lies_under, tmp_path, monkeypatch):
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "sw.js").write_text("// built")
    monkeypatch.setattr(app, "static_folder", str(tmp_path))
    none = client.get("/sw.js").data
    lies_under(**TIANDITU)
    one = client.get("/sw.js").data
    lies_under(**TIANDITU, BASE_MAP_HOSTS="more.example")
    assert len({none, one, client.get("/sw.js").data}) == 3


def test_every_page_that_draws_a_map_may_ask_for_what_lies_under_it():
    root = Path(__file__).resolve().parents[2] / "app"
    drawn = {
        page.name for page in (root / "templates/desk").glob("*.html")
        if "maplibre-gl.css" in page.read_text() or 'id="alarm-map"' in page.read_text()
    }  # fmt: skip
    assert {"coverage.html", "hotspots.html", "alarm.html", "report.html"} <= drawn
    shown = set()
    for module in (root / "web").glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            words = ast.unparse(node) if isinstance(node, ast.FunctionDef) else ""
            shown |= set(re.findall(r"'desk/(\w+\.html)'", words)) if "shows_map()" in words else set()
    assert drawn == shown
