"""Tiles of the town's streets: ours through gunicorn with sign-in, scope and ETag, beside bare ST_AsMVT, beside tipg.

The bare statement cuts the same shapes with the same attributes, which a table has ready for it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import mapbox_vector_tile

from bench.clients import Client, times, together
from bench.figures import Bench, Line, Pair, cpu_s, must_be_same, parent_of, percentile
from bench.town import Server, Town, client

CLIENTS, EACH = 8, 50
MANY, TILES_EACH = 64, 6
LAYER = "streets"
SQL = """
SELECT ST_AsMVT(q, 'streets', 4096, 'shape') FROM (
  SELECT id, name, covered, shifts, last, fresh, grade, last_grade,
    ST_AsMVTGeom(ST_Simplify(ST_Transform(geom, 3857), 78271.5 / 2 ^ %(z)s), ST_TileEnvelope(%(z)s, %(x)s, %(y)s),
      4096, 64, true) AS shape
  FROM bench.streets
  WHERE geom && ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.015625), 4326) OFFSET 0
) q WHERE shape IS NOT NULL
"""
DENSEST = """
SELECT x, y, count(*) FROM bench.streets,
  LATERAL (SELECT ST_X(ST_Centroid(geom)) AS lon, radians(ST_Y(ST_Centroid(geom))) AS lat) c,
  LATERAL (SELECT floor((lon + 180) / 360 * 2 ^ %(z)s)::int AS x,
                  floor((1 - asinh(tan(lat)) / pi()) / 2 * 2 ^ %(z)s)::int AS y) t
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""
Tile = dict[str, int]


def tiles_of(ground: Town, z: int) -> list[Tile]:
    """The zoom's tiles that streets have their middle in, the fullest first."""
    with ground.raw() as link:
        return [{"z": z, "x": x, "y": y} for x, y, _ in link.execute(DENSEST, {"z": z})]


def path(ground: Town, tile: Tile) -> str:
    return f"/api/v1/tiles/streets/{tile['z']}/{tile['x']}/{tile['y']}.mvt?{ground.days}"


def tipg_path(tile: Tile) -> str:
    return f"/collections/bench.streets/tiles/WebMercatorQuad/{tile['z']}/{tile['x']}/{tile['y']}"


def features_of(body: bytes, shapes: bool = True) -> dict[int, Any]:
    """What a tile says, by the street's id: its attributes, and its shape."""
    (layer,) = mapbox_vector_tile.decode(body).values() if body else ({"features": []},)
    found = layer["features"]
    return {f["properties"]["id"]: (f["properties"], f["geometry"] if shapes else None) for f in found}


# --- beside the bare statement ------------------------------------------------------------------------------------


class Beside:
    """Clients of ours and plain connections, made once, all for the fullest tile of a zoom."""

    def __init__(self, ground: Town, server: Server, z: int) -> None:
        self.tile = tiles_of(ground, z)[0]
        self.path = path(ground, self.tile)
        self.clients = [client(server, reader) for reader in ground.readers(CLIENTS)]
        self.links = links_to(ground)
        ours, theirs = self.clients[0].ok(self.path), self.links[0].execute(SQL, self.tile).fetchone()
        assert theirs
        must_be_same(features_of(ours), features_of(bytes(theirs[0])))

    def raw(self) -> list[Callable[[], Any]]:
        return [lambda link=link: link.execute(SQL, self.tile).fetchone() for link in self.links]  # type: ignore[misc]

    def ours(self, **more: str) -> list[Callable[[], Any]]:
        status = 304 if more else 200
        return [lambda c=c: c.ok(self.path, status, **more) for c in self.clients]  # type: ignore[misc]


_links: list[Any] = []


def links_to(ground: Town) -> list[Any]:
    if not _links:
        _links.extend(ground.raw() for _ in range(CLIENTS))
    return _links


_made: dict[tuple[str, int], Beside] = {}


def beside(ground: Town, name: str, z: int) -> Beside:
    if (name, z) not in _made:
        _made[name, z] = Beside(ground, getattr(ground, name), z)
    return _made[name, z]


def cut(ground: Town, z: int) -> tuple[Pair, ...]:
    """Tiles a second, every one of ours cut for the request."""
    both = beside(ground, "unkept", z)
    return ((rate(both.ours()), rate(both.raw())),)


def rate(jobs: list[Callable[[], Any]]) -> float:
    return len(jobs) * EACH / together([lambda job=job: [job() for _ in range(EACH)] for job in jobs])  # type: ignore[misc]


def asked_again(ground: Town, z: int) -> tuple[Pair, ...]:
    """Milliseconds that 95 of 100 requests stay under: the kept tile with 200, the same unchanged with 304."""
    both = beside(ground, "ours", z)
    status, headers, _ = both.clients[0].get(both.path)
    assert status == 200
    for _ in range(3):  # every process of the server has it
        together(both.ours())
    kept, raw = times(both.ours(), EACH), times(both.raw(), EACH)
    unchanged = times(both.ours(If_None_Match=headers["ETag"]), EACH)
    p95 = [percentile(found, 0.95) * 1000 for found in (kept, raw, unchanged)]
    return (p95[0], p95[1]), (p95[2], p95[1])


# --- beside tipg --------------------------------------------------------------------------------------------------


class Trips:
    """Clients of ours and of tipg, made once; every one has made its trip once before it counts."""

    def __init__(self, ground: Town) -> None:
        self.trips, readers = trips_of(ground), ground.readers(MANY)
        self.kept = [client(ground.ours, reader) for reader in readers]
        self.unkept = [client(ground.unkept, reader) for reader in readers]
        self.plain = [Client(ground.tipg.url) for _ in readers]
        same_streets(ground, self.kept[0], self.plain[0], self.trips[0][0])
        self.measure(ground)

    def measure(self, ground: Town) -> tuple[Pair, ...]:
        mine = [[path(ground, t) for t in trip] for trip in self.trips]
        ours = spent(ground, ground.ours, self.kept, mine)
        theirs = spent(ground, ground.tipg, self.plain, [[tipg_path(t) for t in trip] for trip in self.trips])
        cut_anew = spent(ground, ground.unkept, self.unkept, mine)
        return (sum(ours), sum(theirs)), (ours[0], theirs[0]), (sum(cut_anew), sum(theirs))


_trips: list[Trips] = []


def beside_tipg(ground: Town) -> tuple[Pair, ...]:
    """Processor seconds a tile with 64 clients: servers and PostgreSQL, the servers alone, and with nothing kept."""
    if not _trips:
        _trips.append(Trips(ground))
    return _trips[0].measure(ground)


def trips_of(ground: Town) -> list[list[Tile]]:
    """For each client tiles of zooms 13 to 16 near each other, as a map asks for them; the same in every run."""
    rng, zooms = random.Random(64), [tiles_of(ground, z) for z in (13, 14, 15, 16)]
    return [[rng.choice(rng.choice(zooms)) for _ in range(TILES_EACH)] for _ in range(MANY)]


def same_streets(ground: Town, ours: Client, theirs: Client, tile: Tile) -> None:
    """The same streets with the same attributes. tipg does not simplify, so the shapes are not held together."""
    mine = features_of(ours.ok(path(ground, tile)), shapes=False)
    other = features_of(theirs.ok(tipg_path(tile)), shapes=False)
    # What is smaller than a pixel leaves one side sooner than the other.
    both = mine.keys() & other.keys()
    if len(both) < 0.9 * max(len(mine), len(other)):
        raise SystemExit(f"✗ {len(mine)} streets beside {len(other)} of tipg")
    must_be_same({key: mine[key] for key in both}, {key: other[key] for key in both})


def spent(ground: Town, server: Server, clients: list[Client], paths: list[list[str]]) -> tuple[float, float]:
    """Seconds a tile that the server's processes and PostgreSQL's computed."""
    postmaster = _postmaster(ground)

    def now() -> tuple[float, float]:
        return cpu_s(server.process.pid), cpu_s(postmaster)

    before = now()
    jobs = [lambda c=c, p=p: [c.ok(one) for one in p] for c, p in zip(clients, paths, strict=True)]  # type: ignore[misc]
    together(jobs)
    n = sum(map(len, paths))
    return tuple((after - was) / n for after, was in zip(now(), before, strict=True))  # type: ignore[return-value]


def _postmaster(ground: Town) -> int:
    with ground.raw() as link:
        return parent_of(link.info.backend_pid)


RAW = "raw PostGIS: ST_AsMVT of the same streets with the same attributes from a finished table, 8 clients"
TIPG = (
    "tipg under uvicorn, 2 processes each, the same streets and attributes from a finished table, 64 clients"
)


def beside_sql(z: int, more: str, holds: str) -> tuple[Bench, Bench]:
    against = f"{RAW}, {holds}"
    return (
        Bench(
            (Line(f"tiles.streets.vs_sql{more}", "tiles/s", f"{against}; each of ours cut for the request"),),
            lambda ground: cut(ground, z),
        ),
        Bench(
            (
                Line(
                    f"tiles.cached.p95{more}",
                    "ms",
                    f"{against}; ours kept since it was cut, answered with 200",
                ),
                Line(
                    f"tiles.unchanged.p95{more}",
                    "ms",
                    f"{against}; ours asked with If-None-Match, answered with 304",
                ),
            ),
            lambda ground: asked_again(ground, z),
        ),
    )


BENCHES = (
    *beside_sql(13, "", "the fullest tile there is, of zoom 13 with all streets of the town"),
    *beside_sql(14, ".zoom_14", "the fullest tile of zoom 14, about half of them"),
    Bench(
        (
            Line("tiles.streets.vs_tipg", "s/tile", f"{TIPG}; processor time of servers and PostgreSQL"),
            Line("tiles.streets.vs_tipg.servers", "s/tile", f"{TIPG}; processor time of the servers alone"),
            Line(
                "tiles.streets.vs_tipg.unkept", "s/tile", f"{TIPG}; servers and PostgreSQL, none of ours kept"
            ),
        ),
        beside_tipg,
    ),
)
