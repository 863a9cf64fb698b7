"""Makes app/demo/data from the cut of Hankou's streets. Run by hand, seldom; the result is committed:

python -m app.demo.make_world ../shared/data/hankou_roads.gpkg
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import shapely
from shapely import LineString, Polygon

from app.demo.making import people, places
from app.demo.making.names import OTHER_STEMS, STEMS, name_streets
from app.demo.making.network import METRES, Edge, read_cut, to_degrees
from app.demo.making.rows import COUNTY, town_rows
from app.demo.making.town import Plan, Town, make_town

DATA = Path(__file__).parent / "data"
ATTRIBUTION = (
    "Street geometry © OpenStreetMap contributors, ODbL 1.0 (https://www.openstreetmap.org/copyright)"
)
NOTE = (
    "Cut from the Hankou streets in the source archive of the PyPI package neatnet 0.1.6; tidied. "
    "The street names, and everything else of this town, are invented."
)
FIRST = Plan(
    key="qinghe", code="420199101000", name="清禾镇", seed=7, margin_m=45.0,
    cut=[(526100, 3383200), (527650, 3383200), (528350, 3384800), (528880, 3385950), (526100, 3385950)],
    populations=people.POPULATIONS, households=people.HOUSEHOLDS, grids=42, routes=36, priority=4,
    full_time_routes=8, kinds=places.FIRST, full_time=24, officials=["admin", "reviewer", "approver"],
)  # fmt: skip
SECOND = Plan(
    key="yundu", code="420199102000", name="云渡镇", seed=3, margin_m=45.0,
    cut=[(531000, 3384150), (531700, 3384150), (531700, 3384950), (531000, 3384950)],
    populations=people.OTHER_POPULATIONS, households=people.OTHER_HOUSEHOLDS, grids=8, routes=2, priority=1,
    full_time_routes=1, kinds=places.SECOND, full_time=6, officials=["reviewer", "approver"],
)  # fmt: skip


def degrees(shape: Any) -> list[list[float]]:
    """Coordinates of a line or ring as [lon, lat], 6 decimals (a decimetre)."""
    line = shapely.transform(shape, to_degrees)
    return [[round(x, 6), round(y, 6)] for x, y in line.coords]


def write_streets(name: str, edges: list[Edge]) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"id": e.id, "name": e.name, "highway": e.highway},
            "geometry": {"type": "LineString", "coordinates": degrees(e.line)},
        }
        for e in edges
    ]
    head = {"type": "FeatureCollection", "name": name, "attribution": ATTRIBUTION, "note": NOTE}
    body = ",\n".join(json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features)
    text = json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [\n' + body + "\n]}\n"
    (DATA / f"streets_{name}.geojson").write_text(text, encoding="utf-8")


def county(towns: list[Town]) -> dict[str, Any]:
    """The county's outline: a plain shape around both townships, the river between them included."""
    every = [c for t in towns for c in t.border.exterior.coords]
    around = LineString(every).convex_hull.buffer(600).simplify(60)
    return {
        "code": COUNTY, "name": "临江县", "level": "county", "parent": None, "priority_weight": "1.0",
        "population": None, "households": None, "polygon": degrees(around.exterior),
    }  # fmt: skip


def main(source: Path) -> None:
    DATA.mkdir(exist_ok=True)
    towns = []
    taken: set[str] = set()
    for plan, stems in ((FIRST, STEMS), (SECOND, OTHER_STEMS)):
        edges = name_streets(read_cut(source, Polygon(plan.cut)), stems)
        town = make_town(plan, edges, taken)
        write_streets(plan.key, edges)
        towns.append(town)
    world: dict[str, Any] = {
        "attribution": ATTRIBUTION, "note": NOTE, "metres_crs": METRES, "areas": [county(towns)],
        "people": [], "teams": [], "roles": [], "hotspots": [], "routes": [], "never_walked": {},
    }  # fmt: skip
    for town in towns:
        for part, rows in town_rows(town, degrees).items():
            if isinstance(rows, list):
                world[part] += rows
            else:
                world[part] |= rows
    lines = ",\n".join(f"{json.dumps(k)}: {_rows(v)}" for k, v in world.items())
    (DATA / "world.json").write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    (DATA / "ATTRIBUTION").write_text(f"{ATTRIBUTION}\n{NOTE}\n", encoding="utf-8")


def _rows(value: Any) -> str:
    """One row a line, so that a change of the world reads as one."""
    dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    if not isinstance(value, list) or not value:
        return dumps(value)
    return "[\n" + ",\n".join(dumps(v) for v in value) + "\n]"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
