"""One township of the demo put together: streets → grids and villages → hotspots → routes → teams and people."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from shapely import Polygon, unary_union

from app.demo.making import people
from app.demo.making.areas import Grid, hull, tile
from app.demo.making.network import Edge, Graph
from app.demo.making.places import Kind, place_hotspots
from app.demo.making.rounds import Round, make_round


@dataclass(frozen=True)
class Plan:
    """What a township should have; `populations` is one figure a village, the largest first."""

    key: str
    code: str
    name: str
    seed: int
    margin_m: float
    cut: list[tuple[float, float]]
    populations: list[int]
    households: int
    grids: int
    routes: int
    priority: int
    full_time_routes: int
    kinds: tuple[Kind, ...]
    full_time: int
    officials: list[str]


@dataclass
class Village:
    code: str
    name: str
    metres: Polygon
    grids: list[Grid]
    population: int
    households: int
    weight: float


@dataclass
class Town:
    plan: Plan
    edges: list[Edge]
    border: Polygon
    villages: list[Village]
    hotspots: list[tuple[Kind, int, Polygon]]
    never: Edge
    rounds: list[tuple[int, Round]] = field(default_factory=list)  # (village, round)
    teams: list[dict[str, Any]] = field(default_factory=list)
    people: list[dict[str, Any]] = field(default_factory=list)


def make_town(plan: Plan, edges: list[Edge], taken: set[str]) -> Town:
    rng = random.Random(plan.seed)
    graph = Graph(edges)
    border = hull(edges, plan.margin_m)
    grids = tile(edges, border, len(plan.populations), plan.grids, plan.seed)
    villages = _villages(plan, edges, grids)
    never = _never_walked(graph)
    hotspots = place_hotspots(graph, border, plan.kinds, {never.id}, rng)
    town = Town(plan, edges, border, villages, hotspots, never)
    _walk_rounds(town, graph, rng)
    _staff(town, rng, taken)
    return town


def _villages(plan: Plan, edges: list[Edge], grids: list[Grid]) -> list[Village]:
    """The denser the streets, the more people; the largest are communities, the others villages."""
    count = len(plan.populations)
    shapes = [unary_union([g.metres for g in grids if g.village == v]) for v in range(count)]
    metres = [sum(e.line.intersection(s).length for e in edges) / s.area for s in shapes]
    rank = sorted(range(count), key=lambda v: -metres[v])
    population = {v: plan.populations[k] for k, v in enumerate(rank)}
    households = people.share(plan.households, [float(population[v]) for v in range(count)])
    found, taken = [], set()
    towns = count * 9 // 16
    numbers = {v: (k + 1 if k < towns else 200 + k + 1 - towns) for k, v in enumerate(rank)}
    for v in range(count):
        stem = _stem(edges, shapes[v], taken)
        found.append(Village(
            code=f"{plan.code[:9]}{numbers[v]:03d}",
            name=stem + ("社区" if numbers[v] < 200 else "村"),
            metres=shapes[v], grids=[g for g in grids if g.village == v],
            population=population[v], households=households[v],
            weight=1.5 if rank.index(v) < plan.priority else 1.0,
        ))  # fmt: skip
    return found


def _stem(edges: list[Edge], shape: Polygon, taken: set[str]) -> str:
    """A village is called after the longest street in it whose name no other village has."""
    metres: Counter[str] = Counter()
    for e in edges:
        if "支路" not in e.name and not any(c in e.name for c in "一二三四五六七八九十"):
            metres[e.name[:2]] += round(e.line.intersection(shape).length)
    for stem, _ in metres.most_common():
        if stem not in taken:
            taken.add(stem)
            return stem
    raise ValueError("a village without a street of its own")


def _never_walked(graph: Graph) -> Edge:
    """The dead end that goes farthest from every other street: no walk passes it by chance."""
    ends = [
        e
        for e in graph.edges.values()
        if e.u != e.v and 1 in (len(graph.at[e.u]), len(graph.at[e.v])) and e.length_m > 100
    ]

    def alone(e: Edge) -> float:
        others = unary_union(
            [o.line for o in graph.edges.values() if o.id != e.id and o.line.distance(e.line) < 60]
        )
        return float(e.line.difference(others.buffer(45)).length)

    return max(ends, key=lambda e: (alone(e), e.id))


def _walk_rounds(town: Town, graph: Graph, rng: random.Random) -> None:
    plan = town.plan
    by_people = sorted(range(len(town.villages)), key=lambda v: -town.villages[v].population)
    each, extra = divmod(plan.routes, len(town.villages))
    walked: Counter[int] = Counter()
    for v, village in enumerate(town.villages):
        count = each + (by_people.index(v) < extra)
        near = [node for _, node, shape in town.hotspots if village.metres.contains(shape.centroid)]
        for k in range(count):
            through = [near[k % len(near)]] if near else []
            made = _one_round(town, graph, village, through, walked, rng)
            walked.update(made.edges)
            town.rounds.append((v, made))


def _one_round(
    town: Town, graph: Graph, village: Village, through: list[int], walked: Counter[int], rng: random.Random
) -> Round:
    for reach in (60, 150, 300, 450, 600):
        try:
            ground = village.metres.buffer(reach)
            return make_round(graph, ground, through, {town.never.id}, walked, rng)
        except ValueError:
            continue
    raise ValueError(f"no round for {village.name}")


def _staff(town: Town, rng: random.Random, taken: set[str]) -> None:
    plan, villages = town.plan, town.villages
    target = round(sum(v.population for v in villages) * people.FULL_TIME_PER_MILLE / 1000)
    targets = people.share(target, [v.weight * v.population for v in villages])
    touching = [
        {j for j, b in enumerate(villages) if i != j and a.metres.intersection(b.metres).length > 20}
        for i, a in enumerate(villages)
    ]
    joint = people.joint_teams(targets, touching, [v.population for v in villages])
    if len(villages) < 10:
        joint = [sorted(v for team in joint for v in team)]
    _team(town, f"{plan.name}专职巡防队", "full_time", list(range(len(villages))), plan.full_time, rng, taken)
    for members in joint:
        words = "、".join(villages[v].name.removesuffix("社区").removesuffix("村") for v in members)
        name = f"{words}联合志愿队" if len(members) > 1 else f"{villages[members[0]].name}志愿队"
        _team(town, name, "volunteer", members, 5 + len(members), rng, taken)
    for k, name in enumerate(people.names(len(plan.officials), rng, taken)):
        town.people.append({"key": f"{plan.key}.{plan.officials[k]}", "name": name, "township": plan.code})


def _team(
    town: Town, name: str, kind: str, villages: list[int], size: int, rng: random.Random, taken: set[str]
) -> None:
    key = f"{town.plan.key}.t{len(town.teams):02d}"
    members = [f"{key}.p{k:02d}" for k in range(size)]
    town.people += [
        {"key": k, "name": n, "township": town.plan.code}
        for k, n in zip(members, people.names(size, rng, taken), strict=True)
    ]
    town.teams.append({
        "key": key, "name": name, "kind": kind, "township": town.plan.code,
        "areas": [town.plan.code] if kind == "full_time" else [town.villages[v].code for v in villages],
        "leader": members[0], "members": members,
        # One in six has no phone: the leader enters the attendance.
        "without_phone": members[5::6],
    })  # fmt: skip
