"""OGC API – Features and Tiles: what is asked, what is answered, and nothing else. Real clients: test_ogc_live.py."""

from __future__ import annotations

import base64
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, validate

from app import clock
from app.accounts import tokens
from app.coverage import measures
from app.coverage.queries import Period
from app.db import db
from app.teams.scope import scope_of
from tests import make, places
from tests.api.test_tiles import tile_at
from tests.conftest import Caller
from tests.exports.walked import DAY

COLLECTIONS = ("areas", "hotspots", "routes", "streets")
GEOJSON = "application/geo+json"


def items(caller: Any, name: str, query: str = f"datetime={DAY}") -> Any:
    answer = caller.get(f"/ogc/collections/{name}/items?{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def link(doc: Any, rel: str) -> str | None:
    return next((one["href"] for one in doc["links"] if one["rel"] == rel), None)


def local(href: str) -> str:
    parts = urlsplit(href)
    return f"{parts.path}?{parts.query}"


# --- the documents --------------------------------------------------------------------------------


def test_the_landing_page_leads_to_everything(walked: Any, reading: Any) -> None:
    caller = reading(walked.reviewer)
    for address in ("/ogc", "/ogc/"):
        doc = caller.get(address).get_json()
        assert {one["rel"] for one in doc["links"]} >= {
            "self", "alternate", "service-desc", "service-doc", "conformance", "data"
        }  # fmt: skip
        for one in doc["links"]:
            assert caller.get(local(one["href"])).content_type.split(";")[0] == one["type"].split(";")[0]


def test_every_link_of_every_document_opens_and_is_of_its_kind(walked: Any, reading: Any) -> None:
    caller, seen, left = reading(walked.reviewer), set(), ["/ogc?f=json"]
    while left:
        address = left.pop()
        answer = caller.get(address)
        assert answer.status_code == 200, address
        doc = answer.get_json() if "json" in answer.content_type else {}
        for holder in [doc, *doc.get("collections", []), *doc.get("tilesets", [])]:
            for one in holder.get("links", []) if not doc.get("openapi") else []:
                if not one.get("templated") and one["href"] not in seen:
                    seen.add(one["href"])
                    left.append(local(one["href"]))
    assert len(seen) > 30


def test_it_describes_itself_in_valid_openapi(walked: Any, reading: Any) -> None:
    doc = reading(walked.reviewer).get("/ogc/api").get_json()
    validate(doc, cls=OpenAPIV30SpecValidator)
    limit = doc["components"]["parameters"]["limit"]["schema"]
    assert limit == {"type": "integer", "minimum": 1, "maximum": 2000, "default": 100}
    asked = [p["$ref"] for p in doc["paths"]["/collections/streets/items"]["get"]["parameters"]]
    assert "#/components/parameters/token" in asked
    assert {s["type"] for s in doc["components"]["securitySchemes"].values()} == {"http", "apiKey"}


def test_every_described_address_is_there(app: Any, walked: Any, reading: Any) -> None:
    described = set(reading(walked.reviewer).get("/ogc/api").get_json()["paths"])
    rules = {r.rule for r in app.url_map.iter_rules() if r.rule.startswith("/ogc")}
    shapes = {
        "name": "collectionId",
        "fid": "featureId",
        "int:z": "tileMatrix",
        "int:y": "tileRow",
        "int:x": "tileCol",
    }
    there = set()
    for rule in rules:
        for ours, theirs in shapes.items():
            rule = rule.replace(f"<{ours}>", f"{{{theirs}}}")
        there.add(rule.removeprefix("/ogc") or "/")
    assert there == {path for path in described if not any(f"/{name}/" in path for name in COLLECTIONS)}


def test_a_person_gets_a_page_and_a_program_json(walked: Any, as_person: Any) -> None:
    caller = as_person(walked.reviewer)
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path in (
        "",
        "/api",
        "/collections",
        "/collections/streets",
        "/collections/streets/items",
        "/conformance",
    ):
        page = caller.get(f"/ogc{path}", headers=browser)
        assert page.content_type.startswith("text/html"), path
        assert "ogc." not in page.get_data(as_text=True).replace("/ogc", ""), "a code without words"
        assert "json" in caller.get(f"/ogc{path}").content_type
        assert "json" in caller.get(f"/ogc{path}?f=json", headers=browser).content_type
        assert caller.get(f"/ogc{path}?f=html").content_type.startswith("text/html")


# --- features -------------------------------------------------------------------------------------


def test_streets_carry_the_figures_of_the_period(walked: Any, reading: Any) -> None:
    doc = items(reading(walked.reviewer), "streets")
    assert doc["type"] == "FeatureCollection" and doc["numberMatched"] == doc["numberReturned"] == 60
    on_it = [f["properties"] for f in doc["features"] if f["properties"]["shifts"]]
    metres = sum(p["length_m"] * p["covered_percent"] / 100 for p in on_it)
    assert metres == pytest.approx(820, abs=5)  # as the coverage page says
    assert {p["grade"] for p in on_it} == {"track"} and all(p["last_at"] for p in on_it)
    assert {p["freshness"] for p in on_it} == {0}
    never = [f["properties"] for f in doc["features"] if not f["properties"]["shifts"]]
    assert {(p["covered_percent"], p["last_at"], p["freshness"], p["grade"]) for p in never} == {
        (0.0, None, 5, None)
    }


def test_the_period_is_the_datetime(walked: Any, reading: Any) -> None:
    caller = reading(walked.reviewer)
    for query, walked_then in (
        (f"datetime={DAY}", True), ("datetime=2026-11-23", False), ("datetime=2026-11-01/2026-11-30", True),
        ("datetime=../2026-11-23", False), ("datetime=2026-11-24/..", True), ("datetime=2026-11-24/", True),
        ("datetime=2026-11-24T12:30:00Z", True), ("datetime=2026-11-24T16:30:00Z", False),  # the 25th there
        ("datetime=2026-11-24T00:00:00%2B08:00/2026-11-24T23:59:59%2B08:00", True), ("", True),
    ):  # fmt: skip
        doc = items(caller, "streets", f"{query}&limit=1000")
        assert any(f["properties"]["covered_percent"] for f in doc["features"]) == walked_then, query


def test_areas_carry_every_measure_with_its_evidence(walked: Any, reading: Any) -> None:
    caller = reading(walked.reviewer)
    doc = items(caller, "areas")
    page = measured(walked.reviewer, walked.town.township)
    found = {f["id"]: f["properties"] for f in doc["features"]}
    assert set(found) == {walked.town.township.code, *(v.code for v in walked.town.villages)}
    mine = found[walked.town.township.code]
    for key, measure in page.items():
        assert (mine[key], mine[f"{key}_grade"], mine[f"{key}_n"]) == (
            measure.value,
            measure.grade,
            measure.n,
        ), key
    assert mine["dosage_observed"] == 12.0 and mine["level"] == "township"


def measured(person: Any, area: Any) -> Any:
    """As the coverage page counts it."""
    day = Period(date(2026, 11, 24), date(2026, 11, 24))
    return measures.coverage_of(scope_of(person), area, day, clock.now()).measures


def test_an_admins_areas_are_those_of_the_whole_county(walked: Any, reading: Any) -> None:
    doc = items(reading(walked.admin), "areas")
    assert [f["properties"]["level"] for f in doc["features"]].count("township") == 2
    assert doc["numberMatched"] == 7
    by_code = {f["id"]: f["properties"] for f in doc["features"]}
    county, town = by_code[walked.county.code], by_code[walked.town.township.code]
    assert county["street_km_total"] == pytest.approx(24.0) and town["street_km_total"] == pytest.approx(12.0)


def test_grids_and_villages_are_counted_as_the_page_counts_them(walked: Any, reading: Any) -> None:
    grid = make.make_area("grid", "一网格", places.square(0, 410, 590, 590), walked.town.villages[0])
    caller = reading(walked.reviewer)
    found = {f["id"]: f["properties"] for f in items(caller, "areas")["features"]}
    for area in (grid, *walked.town.villages):
        with_page = measured(walked.reviewer, area)
        said = {key: found[area.code][key] for key in with_page}
        assert said == {key: measure.value for key, measure in with_page.items()}, area.name
    assert found[grid.code]["street_km_total"] < found[walked.town.villages[0].code]["street_km_total"]


def test_hotspots_and_routes_carry_theirs(walked: Any, reading: Any) -> None:
    caller = reading(walked.reviewer)
    (hotspot,) = items(caller, "hotspots")["features"]
    p = hotspot["properties"]
    assert (p["name"], p["category"], p["grade"]) == (walked.town.hotspot.name, "market", "mixed")
    assert (p["attainment_percent"], p["slots"], p["observed_min"]) == (100.0, 1, 12.0)
    assert hotspot["geometry"]["type"] == "MultiPolygon"
    assert p["last_at"].endswith(":00.000Z"), "to the minute"
    (route,) = items(caller, "routes")["features"]
    assert route["properties"]["completion_percent"] == pytest.approx(62, abs=0.5)
    assert (route["properties"]["shifts"], route["properties"]["grade"]) == (1, "track")


@pytest.mark.parametrize("name", COLLECTIONS)
def test_one_feature_is_the_same_as_in_its_collection(walked: Any, reading: Any, name: str) -> None:
    caller = reading(walked.reviewer)
    first = items(caller, name)["features"][0]
    answer = caller.get(f"/ogc/collections/{name}/items/{first['id']}?datetime={DAY}")
    doc = answer.get_json()
    assert answer.content_type == GEOJSON
    assert {k: doc[k] for k in ("id", "geometry", "properties")} == {
        k: first[k] for k in ("id", "geometry", "properties")
    }
    assert link(doc, "collection") and link(doc, "self")


@pytest.mark.parametrize("name", COLLECTIONS)
def test_paging_reads_each_feature_once_and_as_many_as_are_said(walked: Any, reading: Any, name: str) -> None:
    caller, found, pages = reading(walked.admin), [], 0
    address: str | None = f"/ogc/collections/{name}/items?limit=7&datetime={DAY}"
    while address:
        doc = caller.get(address).get_json()
        assert doc["numberReturned"] == len(doc["features"]) <= 7
        found += [f["id"] for f in doc["features"]]
        matched, pages = doc["numberMatched"], pages + 1
        after = link(doc, "next")
        address = local(after) if after else None
    assert len(found) == len(set(found)) == matched
    assert pages == -(-matched // 7), "no page too many: `next` is gone on the last one"


def test_next_keeps_everything_that_was_asked(walked: Any, token_for: Any, client: Any) -> None:
    token = token_for(walked.reviewer)
    west, south = places.here(0, 0)
    east, north = places.here(1200, 1200)
    asked = f"bbox={west},{south},{east},{north}&datetime={DAY}&limit=5&f=json&token={token}"
    doc = items(client, "streets", asked)
    wanted = {k: v[0] for k, v in parse_qs(asked).items()}
    got = {k: v[0] for k, v in parse_qs(urlsplit(link(doc, "next") or "").query).items()}
    assert got == {**wanted, "offset": "5"}
    assert all("token=" + token in one["href"] for one in doc["links"])
    second = client.get(local(link(doc, "next") or "")).get_json()
    assert second["numberReturned"] == 5 and parse_qs(urlsplit(link(second, "prev") or "").query)[
        "offset"
    ] == ["0"]


def test_a_limit_above_the_most_is_the_most(walked: Any, reading: Any) -> None:
    assert items(reading(walked.reviewer), "streets", "limit=100000")["numberReturned"] == 60


def test_a_bbox_takes_what_meets_it_and_not_what_lies_in_its_box(walked: Any, reading: Any) -> None:
    caller = reading(walked.reviewer)
    # a slanting street whose own box covers this square, which it does not touch
    network = make.make_network(walked.town.township, [places.way((0, 0), (1000, 1000))])
    network.made_at = make.EVENING + timedelta(hours=1)
    db.session.commit()
    assert items(caller, "streets")["numberMatched"] == 1
    west, south = places.here(100, 800)
    east, north = places.here(200, 900)
    box = f"{west},{south},{east},{north}"
    assert items(caller, "streets", f"bbox={box}")["numberMatched"] == 0
    assert items(caller, "areas", f"bbox={box}")["numberMatched"] == 2  # the township and its western village
    assert items(caller, "areas", f"bbox={west},{south},-5,{east},{north},50")["numberMatched"] == 2
    assert items(caller, "areas", f"bbox={box}&bbox-crs=http://www.opengis.net/def/crs/OGC/1.3/CRS84")[
        "numberMatched"
    ]


def test_a_bbox_may_cross_180_degrees(walked: Any, reading: Any) -> None:
    caller = reading(walked.reviewer)
    assert (
        items(caller, "areas", "bbox=114,30,-170,31")["numberMatched"] == 3
    )  # eastwards round to the Pacific
    assert items(caller, "areas", "bbox=170,30,-170,31")["numberMatched"] == 0


@pytest.mark.parametrize(
    "query",
    [
        "colour=red", "limit=0", "limit=-1", "limit=x", "limit=", "offset=-1", "offset=x", "bbox=1,2,3", "bbox=a,b,c,d",
        "bbox=1,2,3,4,5", "bbox=0,9,1,8", "bbox=0,nan,1,8", "bbox=0,0,inf,8", "bbox=200,0,201,1",
        "bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4490", "bbox=0,0,1,1&bbox=0,0,1,1",
        "datetime=yesterday", "datetime=2026-11-24T10:00:00", "datetime=../..", "datetime=/", "datetime=2026-13-01",
        "datetime=2026-11-24/2026-11-20", "datetime=2020-01-01/2026-11-24", "datetime=1/2/3", "f=xml", "F=json",
        "limit=١",
    ],
)  # fmt: skip
def test_what_is_not_known_is_said(walked: Any, reading: Any, query: str) -> None:
    answer = reading(walked.reviewer).get(f"/ogc/collections/streets/items?{query}")
    assert answer.status_code == 400, answer.get_data(as_text=True)
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["errors"][0]["pointer"]


@pytest.mark.parametrize(
    "path", ["", "/api", "/conformance", "/collections", "/collections/areas", "/collections/areas/tiles"]
)
def test_documents_refuse_unknown_parameters_too(walked: Any, reading: Any, path: str) -> None:
    assert reading(walked.reviewer).get(f"/ogc{path}?limit=3").status_code == 400


@pytest.mark.parametrize(
    "path", ["/collections/people", "/collections/people/items", "/collections/streets/items/0",
             "/collections/streets/items/x", "/collections/hotspots/items/-1", "/collections/areas/items/x",
             "/collections/streets/items/99999999999999999999", "/collections/streets/tiles/WorldCRS84Quad"]
)  # fmt: skip
def test_what_is_not_there_is_not_found(walked: Any, reading: Any, path: str) -> None:
    assert reading(walked.reviewer).get(f"/ogc{path}").status_code == 404


def test_tiles_are_the_maps_own(walked: Any, reading: Any, as_person: Any) -> None:
    caller = reading(walked.reviewer)
    z, x, y = tile_at(500, 500)
    ours = caller.get(f"/ogc/collections/streets/tiles/WebMercatorQuad/{z}/{y}/{x}?datetime={DAY}")
    maps = as_person(walked.reviewer).get(f"/api/v1/tiles/streets/{z}/{x}/{y}.mvt?from={DAY}&to={DAY}")
    assert ours.status_code == 200, (z, y, x, ours.get_data(as_text=True))
    assert ours.data == maps.data and len(ours.data) > 100
    again = caller.get(
        f"/ogc/collections/streets/tiles/WebMercatorQuad/{z}/{y}/{x}?datetime={DAY}",
        headers={"If-None-Match": ours.headers["ETag"]},
    )
    assert again.status_code == 304
    assert caller.get("/ogc/collections/streets/tiles/WebMercatorQuad/2/9/1").status_code == 404
    doc = caller.get("/ogc/collections/streets/tiles/WebMercatorQuad").get_json()
    assert "{tileMatrix}/{tileRow}/{tileCol}" in link(doc, "item")


# --- who may ---------------------------------------------------------------------------------------


def shown_ways(token: str) -> list[dict[str, Any]]:
    basic = base64.b64encode(f"anybody:{token}".encode()).decode()
    return [
        {"headers": {"Authorization": f"Bearer {token}"}},
        {"headers": {"Authorization": f"Basic {basic}"}},
        {"query_string": {"token": token}},
    ]


def test_a_token_is_shown_in_three_ways(walked: Any, client: Any, token_for: Any) -> None:
    for way in shown_ways(token_for(walked.reviewer)):
        assert client.get("/ogc/collections/areas/items", **way).get_json()["numberMatched"] == 3
    assert client.get("/ogc").status_code == 401


def test_a_wrong_revoked_or_expired_token_is_401_in_each_way(
    walked: Any, client: Any, token_for: Any, at: Any
) -> None:
    revoked, short = token_for(walked.reviewer), token_for(walked.reviewer, 30)
    newest = tokens.tokens_of(walked.reviewer, clock.now())
    tokens.revoke(walked.reviewer, newest[1].id, clock.now())
    db.session.commit()
    for way in [*shown_ways(revoked), *shown_ways("xf_nothing"), *shown_ways("")]:
        answer = client.get("/ogc/collections/areas/items", **way)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "unknown_token")
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert client.get("/ogc", **shown_ways(short)[0]).status_code == 200
    at(clock.now() + timedelta(days=30, seconds=1))
    assert client.get("/ogc", **shown_ways(short)[0]).status_code == 401


def test_a_wrong_token_is_not_made_good_by_a_cookie(walked: Any, as_person: Any) -> None:
    caller = as_person(walked.reviewer)
    assert caller.get("/ogc").status_code == 200
    assert caller.get("/ogc?token=xf_nothing").status_code == 401


def test_a_token_of_somebody_who_left_opens_nothing(walked: Any, client: Any, token_for: Any) -> None:
    token = token_for(walked.reviewer)
    walked.reviewer.active = False
    db.session.commit()
    assert client.get("/ogc", **shown_ways(token)[0]).status_code == 401


def test_a_token_opens_nothing_but_ogc(app: Any, walked: Any, client: Any, token_for: Any) -> None:
    """Every other address that can be read without naming anything, in each of the three ways."""
    token = token_for(walked.admin)
    read = [
        r.rule for r in app.url_map.iter_rules()
        if "GET" in (r.methods or set()) and not r.arguments and not r.rule.startswith("/ogc")
    ]  # fmt: skip
    assert len(read) > 15
    for rule in read:
        bare = client.get(rule)
        for way in shown_ways(token):
            answer = client.get(rule, **way)
            assert (answer.status_code, len(answer.data) > 0) == (bare.status_code, len(bare.data) > 0), rule


def test_members_have_no_token_and_a_role_that_ended_ends_it(
    walked: Any, client: Any, token_for: Any
) -> None:
    assert client.get("/ogc", **shown_ways(token_for(walked.member))[0]).status_code == 403


@pytest.mark.parametrize("name", COLLECTIONS)
def test_another_townships_token_sees_nothing_of_this_one(walked: Any, reading: Any, name: str) -> None:
    reviewer = make.make_person("邻镇审核员", walked.other.township)
    make.grant(reviewer, "reviewer", area=walked.other.township)
    theirs, ours = reading(reviewer), items(reading(walked.reviewer), name)
    west, south = places.here(-500, -500)
    east, north = places.here(1500, 1500)
    assert items(theirs, name)["numberMatched"] == len(ours["features"])  # of their own, which looks the same
    assert items(theirs, name, f"bbox={west},{south},{east},{north}")["numberMatched"] == 0
    for feature in ours["features"][:5]:
        assert theirs.get(f"/ogc/collections/{name}/items/{feature['id']}").status_code == 404
    text = theirs.get(f"/ogc/collections/{name}/items?limit=1000").get_data(as_text=True)
    assert "清禾" not in text and walked.town.township.code not in text


@pytest.mark.parametrize("name", COLLECTIONS)
def test_no_answer_names_a_person(walked: Any, reading: Any, name: str) -> None:
    text = reading(walked.admin).get(f"/ogc/collections/{name}/items?limit=1000").get_data(as_text=True)
    assert not [who for who in ("王队员", "李队员", "陈队长", "镇审核员") if who in text]


def test_who_asks_too_often_waits(walked: Any, reading: Any, monkeypatch: Any) -> None:
    from app.api import ogc

    monkeypatch.setattr(ogc, "MOST_A_MINUTE", 3)
    caller = reading(walked.reviewer)
    assert [caller.get("/ogc").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_who_tries_tokens_waits(walked: Any, client: Any, monkeypatch: Any) -> None:
    from app.api import ogc

    monkeypatch.setattr(ogc, "WRONG_TOKENS_AN_HOUR", 3)
    answers = [client.get(f"/ogc?token=xf_{n}") for n in range(4)]
    assert [a.status_code for a in answers] == [401, 401, 401, 429] and answers[3].headers["Retry-After"]


def test_it_can_only_be_read(walked: Any, app: Any, token_for: Any) -> None:
    token = token_for(walked.admin)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = Caller(app).open(
            "/ogc/collections/streets/items", method=method, json={}, **shown_ways(token)[0]
        )
        assert answer.status_code == 405
