"""The journey of the issue over real HTTP: sign in, plan, sync, coverage, tile, and the outsider who sees nothing."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from math import asinh, pi, radians, tan
from typing import Any

import mapbox_vector_tile
from sqlalchemy import select

from app.accounts.models import Person
from app.db import db
from app.duty.models import Shift
from app.routes.models import Checkpoint
from tests.browserless import Browser
from tests.phone import Phone, walk
from tests.places import here


def test_from_sign_in_to_a_street_on_the_map(live):
    now = datetime.now(UTC)
    member = Browser(live.url)
    session = member.sign_in("member")
    assert session["roles"] == ["member"]
    status, plan, headers = member.call("GET", "/api/v1/field/plan")
    assert status == 200 and [s["mine"] for s in plan["shifts"]] == [True]
    status, _, headers = member.call("GET", "/api/v1/field/plan", If_None_Match=headers["ETag"])
    assert status == 304 and headers["X-Xunfang-Anchor"]

    before = coverage(live, "reviewer")
    items, expected = the_patrol(live, now)
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


def the_patrol(live, now: datetime) -> tuple[list[Any], list[Any]]:
    with live.app.app_context():
        shift = db.session.scalar(select(Shift).where(Shift.id == live.ids["shift"]))
        points = db.session.scalars(
            select(Checkpoint.id)
            .where(Checkpoint.route_version_id == live.ids["route"])
            .order_by(Checkpoint.seq)
        ).all()
        phone = Phone(db.session.get(Person, live.ids["member"]), now)
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


def tile_at(x_m: float, y_m: float) -> tuple[int, int]:
    """Column and row of the z14 tile over a point of the town."""
    lon, lat = here(x_m, y_m)
    n = 2**14
    return int((lon + 180) / 360 * n), int((1 - asinh(tan(radians(lat))) / pi) / 2 * n)


def tile_path(live, layer: str) -> str:
    x, y = tile_at(400, 500)
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
