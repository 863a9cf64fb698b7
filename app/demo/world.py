"""The demo's world as committed in data/: read once, never written here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import Transformer
from shapely import LineString, Polygon

from app.accounts.operations import DEMO_PASSWORD

DATA = Path(__file__).parent / "data"
TIME_ZONE = "Asia/Shanghai"
MEMBER, LEADER = "qinghe.t03.p01", "qinghe.t03.p00"
# Who can sign in; everybody else of the demo has no password.
LOGINS = {
    "member": MEMBER, "leader": LEADER, "reviewer": "qinghe.reviewer",
    "admin": "qinghe.admin", "outsider": "yundu.t01.p01",
}  # fmt: skip
PASSWORD = DEMO_PASSWORD


@dataclass(frozen=True)
class Plane:
    """The county's metres and back. Arrays are (n, 2): x, y in metres or lon, lat in degrees."""

    forward: Transformer
    back: Transformer

    def to_metres(self, lonlat: Any) -> np.ndarray:
        a = np.asarray(lonlat, float)
        return np.column_stack(self.forward.transform(a[:, 0], a[:, 1]))

    def to_degrees(self, xy: Any) -> np.ndarray:
        a = np.asarray(xy, float)
        return np.column_stack(self.back.transform(a[:, 0], a[:, 1]))


@dataclass(frozen=True)
class Checkpoint:
    seq: int
    name: str
    category: str
    lonlat: tuple[float, float]
    xy: tuple[float, float]
    at_m: float  # along the route


@dataclass(frozen=True)
class Route:
    """`xy` is the line in metres, a closed round; `hotspots` are those that it crosses, with the metre to stop at."""

    key: str
    name: str
    township: str
    team: str
    lonlat: list[list[float]]
    xy: np.ndarray
    length_m: float
    ordered: bool
    checkpoints: tuple[Checkpoint, ...]
    hotspots: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Hotspot:
    key: str
    name: str
    township: str
    village: str
    metres: Polygon
    row: dict[str, Any]


@dataclass(frozen=True)
class Team:
    key: str
    name: str
    kind: str
    township: str
    areas: tuple[str, ...]
    leader: str
    members: tuple[str, ...]
    without_phone: frozenset[str]


@dataclass(frozen=True)
class Street:
    id: int
    name: str
    highway: str
    lonlat: list[list[float]]
    metres: LineString


@dataclass(frozen=True)
class World:
    attribution: str
    metres_crs: str
    plane: Plane
    areas: list[dict[str, Any]]
    people: list[dict[str, Any]]
    roles: list[dict[str, Any]]
    teams: dict[str, Team]
    routes: dict[str, Route]
    hotspots: dict[str, Hotspot]
    never_walked: dict[str, dict[str, Any]]

    def routes_of(self, team: str) -> list[Route]:
        return [r for r in self.routes.values() if r.team == team]


@lru_cache(maxsize=1)
def load_world() -> World:
    raw = json.loads((DATA / "world.json").read_text(encoding="utf-8"))
    plane = Plane(
        Transformer.from_crs("EPSG:4326", raw["metres_crs"], always_xy=True),
        Transformer.from_crs(raw["metres_crs"], "EPSG:4326", always_xy=True),
    )
    hotspots = {
        h["key"]: Hotspot(h["key"], h["name"], h["township"], h["village"],
                          Polygon(plane.to_metres(h["polygon"])), h)
        for h in raw["hotspots"]
    }  # fmt: skip
    return World(
        attribution=raw["attribution"], metres_crs=raw["metres_crs"], plane=plane, areas=raw["areas"],
        people=raw["people"], roles=raw["roles"], teams={t["key"]: _team(t) for t in raw["teams"]},
        routes={r["key"]: _route(r, plane) for r in raw["routes"]}, hotspots=hotspots,
        never_walked=raw["never_walked"],
    )  # fmt: skip


def streets_file(township: str) -> Path:
    """The streets of a township ("qinghe" or "yundu"): GeoJSON, WGS-84, with the attribution inside."""
    return DATA / f"streets_{township}.geojson"


@lru_cache(maxsize=4)
def load_streets(township: str) -> list[Street]:
    plane = load_world().plane
    raw = json.loads(streets_file(township).read_text(encoding="utf-8"))
    out = []
    for f in raw["features"]:
        at, said = f["geometry"]["coordinates"], f["properties"]
        out.append(Street(said["id"], said["name"], said["highway"], at, LineString(plane.to_metres(at))))
    return out


def _team(t: dict[str, Any]) -> Team:
    return Team(t["key"], t["name"], t["kind"], t["township"], tuple(t["areas"]), t["leader"],
                tuple(t["members"]), frozenset(t["without_phone"]))  # fmt: skip


def _route(r: dict[str, Any], plane: Plane) -> Route:
    xy = plane.to_metres(r["line"])
    places = plane.to_metres([c["at"] for c in r["checkpoints"]])
    points = tuple(
        Checkpoint(c["seq"], c["name"], c["category"], tuple(c["at"]), (float(x), float(y)), c["at_m"])
        for c, (x, y) in zip(r["checkpoints"], places, strict=True)
    )
    stops = tuple((h["key"], float(h["at_m"])) for h in r["hotspots"])
    length_m = float(LineString(xy).length)
    return Route(
        r["key"], r["name"], r["township"], r["team"], r["line"], xy, length_m, r["ordered"], points, stops
    )
