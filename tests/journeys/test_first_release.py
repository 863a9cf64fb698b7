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
from app.areas.models import Area
from app.db import db
from app.duty.models import Shift
from app.routes.models import Checkpoint, Route, Street
from tests.browserless import Browser
from tests.phone import Phone, walk
from tests.places import here

AHEAD = timedelta(hours=5)


def test_from_sign_in_to_a_street_on_the_map(live):
    now = datetime.now(UTC)
    member = Browser(live.url)
    session = member.sign_in("member")
    assert session["roles"] == ["member"]
    status, plan, headers = member.call("GET", "/api/v1/field/plan")
    assert status == 200 and [s["mine"] for s in plan["shifts"]] == [True]
    status, _, headers = member.call("GET", "/api/v1/field/plan", If_None_Match=headers["ETag"])
    assert status == 304 and headers["X-Xunfang-Anchor"]

    before, seen_before = coverage(live, "reviewer"), streets_with_presence(live, "reviewer")
    items, expected, by_wrong_clock = the_patrol(live, now)
    batch = {"sent_at": now.isoformat(), "items": items}
    status, body, _ = member.call(
        "POST", "/api/v1/field/sync", gzip.compress(json.dumps(batch).encode()), Content_Encoding="gzip"
    )
    assert status == 200, body
    got = [(r["result"], r["verdict"]) for r in body["receipts"]]
    assert got == expected
    assert "too_far_from_checkpoint" in body["receipts"][3]["reasons"]
    assert "time_bracket_only" in body["receipts"][4]["reasons"]
    # A phone whose clock is 5 h ahead says so by when it sends: its check-in is put right and counts.
    wrong_batch = {"sent_at": (now + AHEAD).isoformat(), "items": [by_wrong_clock]}
    status, body, _ = member.call("POST", "/api/v1/field/sync", wrong_batch)
    [receipt] = body["receipts"]
    assert (receipt["result"], receipt["verdict"]) == ("stored", "counted"), receipt
    assert "clock_corrected" in receipt["reasons"]
    true_at = datetime.fromisoformat(by_wrong_clock["device_at"]) - AHEAD
    assert abs(datetime.fromisoformat(receipt["effective_at"]) - true_at) < timedelta(seconds=30)
    for again in (batch, wrong_batch):
        status, body, _ = member.call("POST", "/api/v1/field/sync", again)
        assert status == 200 and {r["result"] for r in body["receipts"]} == {"duplicate"}

    after = coverage(live, "reviewer")
    assert after["measures"]["street_coverage"]["value"] > (
        before["measures"]["street_coverage"]["value"] or 0
    )
    assert streets_with_presence(live, "reviewer") > seen_before
    status, hours, _ = member.call("GET", "/api/v1/field/hours")
    assert status == 200 and hours["points_pending"] > 0 and hours["minutes"] >= 9
    [duty] = hours["duties"]
    assert duty["checkpoints"]["counted"] == 3
    assert sum(line["points"] for line in duty["lines"]) == hours["points_pending"]
    outsider_sees_nothing(live)


def the_patrol(live, now: datetime) -> tuple[list[Any], list[Any], Any]:
    """A batch, what it is answered, and a check-in that is sent by its phone's wrong clock."""
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
        phone.off = AHEAD
        wrong_clock = phone.checkin(shift, points[2], 1098, 500, began + timedelta(seconds=500))
        by_wrong_clock = phone.checkin(shift, points[2], 1097, 501, began + timedelta(seconds=585))
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
    return items, expected, by_wrong_clock


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


def named(live) -> list[str]:
    """The addresses of everything in the town that has one under coverage."""
    with live.app.app_context():
        town = live.ids["township"]
        villages = db.session.scalars(select(Area.code).where(Area.parent_id == town)).all()
        things = [
            *(f"streets/{id_}" for id_ in db.session.scalars(select(Street.id).where(Street.township_id == town))),
            *(f"routes/{id_}" for id_ in db.session.scalars(select(Route.id).where(Route.township_id == town))),
            f"hotspots/{live.ids['hotspot']}",
            *(f"areas/{code}" for code in (live.codes["town"], *villages)),
        ]  # fmt: skip
    assert len(things) > 5 and villages
    return [f"/api/v1/coverage/{thing}" for thing in things]


def outsider_sees_nothing(live) -> None:
    outsider, reviewer = Browser(live.url), Browser(live.url)
    outsider.sign_in("outsider")
    reviewer.sign_in("reviewer")
    for path in named(live):
        assert reviewer.call("GET", path)[0] == 200, path
        status, body, _ = outsider.call("GET", path)
        assert (status, body["code"]) == (404, "not_found"), path
    for layer in ("streets", "cells", "hotspots", "routes", "areas"):
        status, body, _ = outsider.call("GET", tile_path(live, layer))
        assert status == 204 and body == b"", layer
