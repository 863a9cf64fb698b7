"""A street tile through gunicorn, beside the bare ST_AsMVT of the same geometry."""

from __future__ import annotations

from bench.sync import together
from bench.world import World, raw_connection
from tests.browserless import Browser
from tests.journeys.test_first_release import tile_at

CLIENTS = 8
EACH = 10
SQL = """
SELECT ST_AsMVT(t, 'streets') FROM (
  SELECT id, name, ST_AsMVTGeom(ST_Transform(geom, 3857), ST_TileEnvelope(14, %s, %s)) AS geom
  FROM streets WHERE geom && ST_Transform(ST_TileEnvelope(14, %s, %s), 4326)
) t
"""


def streets(ground: World) -> tuple[float, float]:
    """Tiles a second, presence joined in on our side and left out on the other."""
    x, y = tile_at(400, 500)
    browsers = [Browser(ground.url) for _ in range(CLIENTS)]
    for browser in browsers:
        browser.sign_in("reviewer")
    path = f"/api/v1/tiles/streets/14/{x}/{y}.mvt"
    jobs = [lambda b=b: [b.call("GET", path) for _ in range(EACH)] for b in browsers]
    mine = CLIENTS * EACH / together(jobs)
    links = [raw_connection(ground) for _ in range(CLIENTS)]
    bare = [lambda c=c: [c.execute(SQL, [x, y, x, y]).fetchone() for _ in range(EACH)] for c in links]
    theirs = CLIENTS * EACH / together(bare)
    for link in links:
        link.close()
    return mine, theirs


BENCHES = (
    (
        "tiles.streets.vs_sql",
        "tiles/s",
        "raw PostGIS: ST_AsMVT of the same streets without presence, 8 clients",
        streets,
    ),
)
