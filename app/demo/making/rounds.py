"""Routes: rounds of 1.5 to 4 km on the real street graph, with checkpoints at places a person would name."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass

from shapely import LineString, Point, Polygon

from app.demo.making.network import Edge, Graph

SHORTEST_M, LONGEST_M = 1500.0, 3900.0
CHECKPOINTS_APART_M = 95.0
SPOTS = (
    ("东门", "gate"),
    ("菜市场口", "market"),
    ("小学门口", "school"),
    ("卫生站", "clinic"),
    ("公交站", "station"),
    ("文化广场", "square"),
    ("老桥头", "bridge"),
    ("停车场入口", "parking"),
    ("商铺街口", "shop_row"),
    ("社区服务站", "office"),
    ("西门", "gate"),
    ("口袋公园", "park"),
    ("警务亭", "office"),
    ("工地围挡", "works"),
)


@dataclass(frozen=True)
class Spot:
    name: str
    category: str
    at: Point  # metres, on the route
    measure_m: float


@dataclass(frozen=True)
class Round:
    line: LineString
    edges: list[int]
    spots: list[Spot]


def make_round(
    graph: Graph,
    ground: Polygon,
    through: list[int],
    banned: set[int],
    walked: Counter[int],
    rng: random.Random,
) -> Round:
    """The best of many random rounds in `ground` that pass the junctions `through`.

    Best: little walked twice in itself, much that no earlier route walks (`walked`).
    """
    nodes = sorted(n for n, xy in graph.place.items() if ground.contains(Point(xy)) and len(graph.at[n]) >= 2)
    best: tuple[float, list[tuple[int, int]], int] | None = None
    for _ in range(60):
        tour = _tour(graph, nodes, through, banned, rng)
        if tour is None:
            continue
        start, steps = tour
        length = sum(graph.edges[i].length_m for i, _ in steps)
        fresh = sum(graph.edges[i].length_m for i in {i for i, _ in steps} if not walked[i])
        twice = length - sum(graph.edges[i].length_m for i in {i for i, _ in steps})
        score = fresh - 3 * twice - 0.2 * length
        if best is None or score > best[0]:
            best = (score, steps, start)
    if best is None:
        raise ValueError("no round of the right length here")
    _, steps, start = best
    line = graph.line(start, steps)
    return Round(line, [i for i, _ in steps], _spots(graph, line, rng))


def _tour(
    graph: Graph, nodes: list[int], through: list[int], banned: set[int], rng: random.Random
) -> tuple[int, list[tuple[int, int]]] | None:
    start = rng.choice(nodes)
    stops = [*through, *rng.sample(nodes, min(len(nodes), rng.choice((2, 3, 4))))]
    around = [graph.place[n] for n in stops]
    cx, cy = (sum(p[k] for p in around) / len(around) for k in (0, 1))
    stops.sort(key=lambda n: math.atan2(graph.place[n][1] - cy, graph.place[n][0] - cx))
    used: Counter[int] = Counter()
    steps: list[tuple[int, int]] = []
    node = start
    for stop in [*stops, start]:
        if stop == node:
            continue
        try:
            leg = graph.walk(node, stop, used, banned)
        except KeyError:
            return None
        used.update(i for i, _ in leg)
        steps += leg
        node = stop
    length = sum(graph.edges[i].length_m for i, _ in steps)
    return (start, steps) if SHORTEST_M <= length <= LONGEST_M else None


def _spots(graph: Graph, line: LineString, rng: random.Random) -> list[Spot]:
    """Five to eight checkpoints, evenly along the line, at a junction where one is near."""
    count = max(5, min(8, round(line.length / 420)))
    junctions = [
        Point(xy) for n, xy in graph.place.items() if len(graph.at[n]) >= 3 and line.distance(Point(xy)) < 1
    ]
    words = list(SPOTS)
    rng.shuffle(words)
    found: list[Spot] = []
    tries = [(k + 0.5) * line.length / count for k in range(count)]
    for k, wanted in enumerate(tries):
        spot = _free_place(line, wanted, line.length / count * 0.45, junctions, found)
        if spot is None:
            continue
        at, measure = spot
        name, category = words.pop() if k % 2 == 0 else _corner(graph, at)
        if any(name == other.name for other in found):
            name, category = words.pop()
        found.append(Spot(name, category, at, measure))
    if len(found) < 5:
        raise ValueError("a round too tangled for five checkpoints")
    return found


def _free_place(
    line: LineString, wanted: float, slack: float, junctions: list[Point], taken: list[Spot]
) -> tuple[Point, float] | None:
    """The junction nearest to the wanted metre, else the metre itself; far enough from the others."""
    near = sorted(
        (abs(line.project(j) - wanted), line.project(j))
        for j in junctions
        if abs(line.project(j) - wanted) <= slack
    )
    for measure in [m for _, m in near] + [wanted, wanted - slack, wanted + slack]:
        at = line.interpolate(measure)
        if all(at.distance(s.at) >= CHECKPOINTS_APART_M for s in taken):
            return at, measure
    return None


def _corner(graph: Graph, at: Point) -> tuple[str, str]:
    node = graph.nearest(at.x, at.y)
    here: list[Edge] = graph.at[node]
    if math.dist(graph.place[node], (at.x, at.y)) < 5:
        names = sorted({e.name for e in here}, key=lambda n: (len(n), n))
        if len(names) >= 2:
            return f"{names[0]}{names[1]}口", "crossing"
    street = min(graph.edges.values(), key=lambda e: e.line.distance(at))
    return f"{street.name}中段", "street"
