"""The journey of the issue over real HTTP: sign in, plan, sync, coverage, tile, and the outsider who sees nothing."""

from __future__ import annotations

import gzip
import http.cookiejar
import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import mapbox_vector_tile
from sqlalchemy import select

from app.accounts.models import Person
from app.db import db
from app.duty.models import Shift
from app.routes.models import Checkpoint
from tests.conftest import PASSWORD
from tests.phone import Phone, walk


class Browser:
    """Cookies, JSON and the client header over urllib."""

    def __init__(self, url: str) -> None:
        self.url = url
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data=data, method=method)
        for key, value in {
            "Content-Type": "application/json",
            "X-Xunfang-Client": "journey/1",
            **headers,
        }.items():
            request.add_header(key.replace("_", "-"), value)
        try:
            with self.opener.open(request, timeout=30) as answer:
                return answer.status, parsed(answer.read(), answer.headers), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, parsed(error.read(), error.headers), error.headers

    def sign_in(self, login: str) -> Any:
        status, body, _ = self.call("POST", "/api/v1/session", {"login": login, "password": PASSWORD})
        assert status == 200, body
        return body


def parsed(data: bytes, headers: Any) -> Any:
    return json.loads(data) if "json" in headers.get("Content-Type", "") else data


def test_from_sign_in_to_a_street_on_the_map(live):
    now = datetime.now(UTC)
    member = Browser(live.url)
    session = member.sign_in("member")
    assert session["roles"] == ["member"]
    status, plan, headers = member.call("GET", "/api/v1/field/plan")
    assert status == 200 and [s["mine"] for s in plan["shifts"]] == [True]
    anchor = headers["X-Xunfang-Anchor"]
    status, _, headers = member.call("GET", "/api/v1/field/plan", If_None_Match=headers["ETag"])
    assert status == 304 and headers["X-Xunfang-Anchor"]

    before = coverage(live, "reviewer")
    items, expected = the_patrol(live, anchor, now)
    batch = {"sent_at": now.isoformat(), "items": items}
    status, body, _ = member.call(
        "POST", "/api/v1/field/sync", gzip.compress(json.dumps(batch).encode()), Content_Encoding="gzip"
    )
    assert status == 200, body
    got = [(r["result"], r["verdict"]) for r in body["receipts"]]
    assert got == expected
    assert "too_far_from_checkpoint" in body["receipts"][3]["reasons"]
    assert "time_bracket_only" in body["receipts"][4]["reasons"]
    status, body, _ = member.call("POST", "/api/v1/field/sync", batch)
    assert {r["result"] for r in body["receipts"]} == {"duplicate"}

    after = coverage(live, "reviewer")
    assert after["measures"]["street_coverage"]["value"] > (
        before["measures"]["street_coverage"]["value"] or 0
    )
    assert streets_with_presence(live, "reviewer") > 0
    status, hours, _ = member.call("GET", "/api/v1/field/hours")
    assert status == 200 and hours["points_pending"] > 0 and hours["minutes"] >= 9
    outsider_sees_nothing(live)


def the_patrol(live, anchor: str, now: datetime) -> tuple[list[Any], list[Any]]:
    with live.app.app_context():
        shift = db.session.scalar(select(Shift).where(Shift.id == live.ids["shift"]))
        points = db.session.scalars(
            select(Checkpoint.id)
            .where(Checkpoint.route_version_id == live.ids["route"])
            .order_by(Checkpoint.seq)
        ).all()
        phone = Phone(db.session.get(Person, live.ids["member"]), now, anchor=anchor)
        began = now - timedelta(minutes=10)
        first = phone.checkin(shift, points[0], 102, 501, began + timedelta(seconds=20))
        late = phone.checkin(shift, points[1], 601, 500, began + timedelta(seconds=420))
        phone.off = timedelta(hours=5)
        wrong_clock = phone.checkin(shift, points[2], 1098, 500, began + timedelta(seconds=500))
        phone.off = timedelta()
        items = [
            phone.start(shift, began), first, first,
            phone.checkin(shift, points[1], 300, 500, began + timedelta(seconds=170)),
            wrong_clock,
            late,
            phone.segment(shift, walk([(100, 500), (700, 500)], began, 1.2)),
            phone.end(shift, now),
        ]  # fmt: skip
    expected = [
        ("stored", None), ("stored", "counted"), ("duplicate", "counted"), ("stored", "not_counted"),
        ("stored", "held"), ("stored", "counted"), ("stored", None), ("stored", None),
    ]  # fmt: skip
    return items, expected


def coverage(live, login: str) -> Any:
    browser = Browser(live.url)
    browser.sign_in(login)
    status, body, _ = browser.call("GET", f"/api/v1/coverage/areas/{live.codes['town']}")
    assert status == 200, body
    return body


def tile_path(live, layer: str) -> str:
    """The z14 tile over the town's corner."""
    from math import asinh, pi, radians, tan

    from tests.places import here

    lon, lat = here(400, 500)
    n = 2**14
    x, y = int((lon + 180) / 360 * n), int((1 - asinh(tan(radians(lat))) / pi) / 2 * n)
    return f"/api/v1/tiles/{layer}/14/{x}/{y}.mvt"


def streets_with_presence(live, login: str) -> int:
    browser = Browser(live.url)
    browser.sign_in(login)
    status, body, _ = browser.call("GET", tile_path(live, "streets"))
    assert status == 200
    layer = mapbox_vector_tile.decode(body)["streets"]
    return sum(1 for f in layer["features"] if f["properties"].get("covered", 0) > 0)


def outsider_sees_nothing(live) -> None:
    browser = Browser(live.url)
    browser.sign_in("outsider")
    town = live.codes["town"]
    status, body, _ = browser.call("GET", f"/api/v1/coverage/areas/{town}")
    assert status == 404 and body["code"] == "not_found"
    for kind in ("streets", "hotspots", "routes"):
        status, _, _ = browser.call("GET", f"/api/v1/coverage/{kind}/{live.ids['hotspot']}")
        assert status in (403, 404)
    for layer in ("streets", "cells", "hotspots", "routes", "areas"):
        status, body, _ = browser.call("GET", tile_path(live, layer))
        assert status == 204 and body == b"", layer
