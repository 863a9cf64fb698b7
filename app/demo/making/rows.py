"""A township as the rows of world.json."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapely import Point, Polygon

from app.demo.making import people
from app.demo.making.areas import outline
from app.demo.making.names import NUMBERS
from app.demo.making.places import deepest_m

if TYPE_CHECKING:
    from app.demo.making.town import Town

Degrees = Callable[[Any], list[list[float]]]
COUNTY = "420199000000"


def town_rows(town: Town, degrees: Degrees) -> dict[str, Any]:
    """The township's share of each part of world.json; `degrees` turns metres into [lon, lat]."""
    return {
        "areas": _area_rows(town),
        "hotspots": [_hotspot_row(town, k, degrees) for k in range(len(town.hotspots))],
        "routes": [_route_row(town, k, degrees) for k in range(len(town.rounds))],
        "teams": town.teams,
        "people": town.people,
        "roles": _role_rows(town),
        "never_walked": {town.plan.key: {"street": town.never.name, "id": town.never.id}},
    }


def _area_rows(town: Town) -> list[dict[str, Any]]:
    plan = town.plan
    whole = outline([g.shape for v in town.villages for g in v.grids])
    rows = [
        _area(
            plan.code,
            plan.name,
            "township",
            COUNTY,
            whole,
            sum(plan.populations),
            plan.households,
            1.0,
        )
    ]
    for v in sorted(town.villages, key=lambda v: v.code):
        shape = outline([g.shape for g in v.grids])
        rows.append(_area(v.code, v.name, "village", plan.code, shape, v.population, v.households, v.weight))
        streets = [sum(e.line.intersection(g.metres).length for e in town.edges) + 1 for g in v.grids]
        heads = people.share(v.population, streets)
        homes = people.share(v.households, streets)
        for k, g in enumerate(v.grids):
            name = f"{v.name}第{NUMBERS[k]}网格"
            rows.append(
                _area(f"{v.code}{k + 1:03d}", name, "grid", v.code, g.shape, heads[k], homes[k], v.weight)
            )
    return rows


def _area(
    code: str,
    name: str,
    level: str,
    parent: str,
    shape: Polygon,
    population: int,
    households: int,
    weight: float,
) -> dict[str, Any]:
    return {
        "code": code, "name": name, "level": level, "parent": parent, "priority_weight": str(weight),
        "population": population, "households": households,
        "polygon": [[float(x), float(y)] for x, y in shape.exterior.coords],
    }  # fmt: skip


def _hotspot_row(town: Town, k: int, degrees: Degrees) -> dict[str, Any]:
    kind, _, shape = town.hotspots[k]
    village = next(v for v in town.villages if v.metres.contains(shape.centroid))
    windows = [
        {"weekday": day, "from_min": start, "to_min": end}
        for days, start, end in kind.windows
        for day in days
    ]
    return {
        "key": f"{town.plan.key}.h{k + 1:02d}", "name": kind.name, "category": kind.category,
        "township": town.plan.code, "village": village.code, "weight": kind.weight, "evidence": kind.evidence,
        "windows": windows, "polygon": degrees(shape.exterior),
    }  # fmt: skip


def _route_row(town: Town, k: int, degrees: Degrees) -> dict[str, Any]:
    plan, (v, made) = town.plan, town.rounds[k]
    village = town.villages[v]
    # Every so-many-th route belongs to the full-time team, so that it has some in every part of the town.
    full_time = k % (plan.routes // plan.full_time_routes) == 1 % plan.routes
    team = town.teams[0] if full_time else next(t for t in town.teams[1:] if village.code in t["areas"])
    nth = sum(1 for w, _ in town.rounds[:k] if w == v) + 1
    return {
        "key": f"{plan.key}.r{k + 1:02d}", "name": f"{village.name}{NUMBERS[nth - 1]}号线",
        "township": plan.code, "village": village.code, "team": team["key"], "ordered": False,
        "length_m": round(made.line.length), "line": degrees(made.line),
        "checkpoints": [
            {"seq": n + 1, "name": s.name, "category": s.category, "at": degrees(Point(s.at))[0],
             "at_m": round(s.measure_m, 1)}
            for n, s in enumerate(made.spots)
        ],
        "hotspots": [
            {"key": f"{plan.key}.h{h + 1:02d}", "at_m": deepest_m(made.line, shape)}
            for h, (_, _, shape) in enumerate(town.hotspots) if made.line.intersection(shape).length > 60
        ],
    }  # fmt: skip


def _role_rows(town: Town) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"person": t["leader"], "role": "leader", "team": t["key"], "area": None} for t in town.teams
    ]
    for official in town.plan.officials:
        role = "admin" if official == "admin" else "reviewer"
        area = COUNTY if official == "admin" else town.plan.code
        rows.append({"person": f"{town.plan.key}.{official}", "role": role, "team": None, "area": area})
    return rows
