"""Something under the maps, in Chromium: of each kind, from another host or our own, with its credit, under the page's
rules; ours lies over it in its datum, and what is drawn by hand goes out in WGS-84."""

from __future__ import annotations

import io
import json
import re
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import mapbox_vector_tile
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.test_coverage_page import SOFTWARE_GL, browser_with, desk  # noqa: F401
from tests.places import CORNER

pytestmark = pytest.mark.browser
PINK = (255, 0, 255)
GROUND = [{"geometry": "POLYGON((0 0, 4096 0, 4096 4096, 0 4096, 0 0))", "properties": {}}]
STYLE = {
    "version": 8, "glyphs": "https://fonts.invalid/{fontstack}/{range}.pbf",
    "sources": {"all": {"type": "vector", "tiles": ["{z}/{x}/{y}.pbf"], "maxzoom": 10}},
    "layers": [
        {"id": "ground", "type": "fill", "source": "all", "source-layer": "ground", "paint": {"fill-color": "#ff00ff"}}
    ],
}  # fmt: skip


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (256, 256), PINK).save(out, "PNG")
    return out.getvalue()


def archive_of(tile: bytes) -> bytes:
    """PMTiles 3 of one PNG at zoom 0: header, root directory of one entry, metadata, tile; nothing packed."""
    length = bytes([len(tile) & 127 | 128, len(tile) >> 7]) if len(tile) > 127 else bytes([len(tile)])
    root, words = b"\x01\x00\x01" + length + b"\x01", b"{}"
    at = [127, len(root), 127 + len(root), len(words), 127 + len(root) + len(words), 0]
    data = at[4]
    numbers = struct.pack("<11Q", *at, data, len(tile), 1, 1, 1)
    # clustered, nothing packed twice, PNG, zooms 0 to 0, the whole world, its middle
    rest = bytes([1, 1, 1, 2, 0, 0]) + struct.pack(
        "<4iB2i", -1800000000, -850000000, 1800000000, 850000000, 0, 0, 0
    )
    return b"PMTiles\x03" + numbers + rest + root + words + tile


@pytest.fixture(scope="module")
def outside() -> Iterator[Any]:
    """Another host: pictures, shapes and a style. It remembers what it was asked."""

    class Host(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, dict(self.headers)))
            shapes = mapbox_vector_tile.encode([{"name": "ground", "features": GROUND}])
            kind = self.path.split("?")[0].rsplit(".", 1)[1]
            body = {"png": picture(), "pbf": shapes, "json": json.dumps(STYLE).encode()}[kind]
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    asked: list[tuple[str, dict[str, str]]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield url, asked
    server.shutdown()


@pytest.fixture
def lies_under(live: Any) -> Iterator[Any]:
    before = dict(live.env)

    def set_up(value: str, datum: str) -> None:
        live.env.update(BASE_MAP=value, BASE_MAP_DATUM=datum, BASE_MAP_CREDIT="© Canary Maps")
        live.start()

    yield set_up
    live.env.clear()
    live.env.update(before)
    live.start()


def is_pink(page: Page) -> bool:
    image = Image.open(io.BytesIO(page.locator("#map").screenshot())).convert("RGB")
    found = sum(n for n, colour in image.getcolors(1 << 24) or [] if colour == PINK)
    return found > 0.2 * image.width * image.height


def wait_for_pink(page: Page) -> bool:
    for _ in range(60):
        if is_pink(page):
            return True
        page.wait_for_timeout(500)
    return False


@pytest.mark.parametrize(("kind", "datum"), [("raster", "gcj02"), ("style", "wgs84"), ("archive", "wgs84")])
def test_a_base_map_lies_under_ours_with_its_credit(
    browser_with: Any, live: Any, lies_under: Any, outside: Any, tmp_path: Path, kind: str, datum: str  # noqa: F811
) -> None:  # fmt: skip
    url, asked = outside
    asked.clear()
    (tmp_path / "one.pmtiles").write_bytes(archive_of(picture()))
    lies_under(
        {"raster": url + "/{z}/{x}/{y}.png", "style": url + "/style.json"}.get(kind, str(tmp_path / "one.pmtiles")),
        datum,
    )  # fmt: skip
    ours: list[str] = []
    with desk(browser_with(SOFTWARE_GL), live) as page:
        page.on("request", lambda request: ours.append(request.url))
        page.reload()
        page.locator("#map-wait").wait_for(state="detached")
        assert wait_for_pink(page)
        assert page.locator(".credit").inner_text().startswith("© Canary Maps")
        if datum == "gcj02":
            draw_three_corners(page)
    tiles = [one for one in ours if "/api/v1/tiles/" in one]
    assert tiles and {"datum=gcj02" in one for one in tiles} == {datum == "gcj02"}
    assert {urlsplit(one).hostname for one in ours if not one.startswith(("data:", "blob:"))} == {"127.0.0.1"}
    assert bool(asked) is (kind != "archive")
    assert not [head for _, head in asked if "Cookie" in head or "Referer" in head]


def draw_three_corners(page: Page) -> None:
    """Tapped round the middle of the map, which shows the township: what goes out is its WGS-84, not what is drawn."""
    page.locator("#draw summary").click()
    page.locator("#draw-start").click()
    canvas = page.locator("#map canvas")
    box = canvas.bounding_box()
    assert box
    for x, y in ((-60, -60), (60, -60), (0, 60)):
        canvas.click(position={"x": box["width"] / 2 + x, "y": box["height"] / 2 + y}, force=True)
        page.wait_for_timeout(600)  # no double click
    page.locator("#draw-done").click()
    page.wait_for_url(re.compile("why=drawn"))
    text = parse_qs(urlsplit(page.url).query)["why"][0].removeprefix("drawn:")
    corners = [[float(n) for n in corner.split(",")] for corner in text.split(";")]
    assert len(corners) == 3
    lon, lat = (sum(c[i] for c in corners) / 3 for i in (0, 1))
    # the middle of the township, 600 m from the corner; GCJ-02 would be 0.0054 degrees farther east
    assert abs(lon - CORNER[0] - 0.0063) < 0.003 and abs(lat - CORNER[1] - 0.0054) < 0.003
