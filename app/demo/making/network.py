"""The demo's streets: a cut of the real network, tidied, and the graph to walk on. Metres are EPSG:4547."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyogrio.raw
import shapely
from pyproj import Transformer
from shapely import LineString, Polygon

METRES = "EPSG:4547"
TO_METRES = Transformer.from_crs("EPSG:4326", METRES, always_xy=True)
TO_DEGREES = Transformer.from_crs(METRES, "EPSG:4326", always_xy=True)


def to_metres(lonlat: np.ndarray) -> np.ndarray:
    return np.column_stack(TO_METRES.transform(lonlat[:, 0], lonlat[:, 1]))


def to_degrees(xy: np.ndarray) -> np.ndarray:
    return np.column_stack(TO_DEGREES.transform(xy[:, 0], xy[:, 1]))


# Ramps and expressways are not walked; a patrol has no business there.
NOT_WALKED = {"primary_link", "secondary_link", "tertiary_link", "trunk", "trunk_link"}
SHORTEST_STUB_M = 15.0


@dataclass(frozen=True)
class Edge:
    id: int
    u: int
    v: int
    highway: str
    line: LineString
    name: str = ""

    @property
    def length_m(self) -> float:
        return float(self.line.length)

    def other(self, node: int) -> int:
        return self.v if node == self.u else self.u

    def from_node(self, node: int) -> list[tuple[float, float]]:
        """The coordinates, starting at `node`."""
        coords = list(self.line.coords)
        return coords if node == self.u else coords[::-1]


def read_cut(path: Path, cut: Polygon) -> list[Edge]:
    """Streets wholly inside `cut` (metres), without ramps, the largest connected part, tidied."""
    _, _, shapes, (ids, us, vs, highways) = pyogrio.raw.read(path, columns=["id", "u", "v", "highway"])
    edges = []
    for i, u, v, highway, wkb in zip(ids, us, vs, highways, shapes, strict=True):
        if highway in NOT_WALKED:
            continue
        line = shapely.transform(shapely.from_wkb(wkb), to_metres)
        if cut.contains(line):
            edges.append(Edge(int(i), int(u), int(v), str(highway), line))
    edges = [_facing(e) for e in edges]
    return join_pairs(drop_stubs(join_pairs(largest_part(edges))))


def _facing(edge: Edge) -> Edge:
    """Shape and (u, v) agree by construction of the graph: nodes are named by their place."""
    first, last = edge.line.coords[0], edge.line.coords[-1]
    return replace(edge, u=_node(first), v=_node(last))


def _node(xy: tuple[float, ...]) -> int:
    return round(xy[0] * 2) * 100_000_000 + round(xy[1] * 2)


def incident(edges: Iterable[Edge]) -> dict[int, list[Edge]]:
    at: dict[int, list[Edge]] = defaultdict(list)
    for e in edges:
        at[e.u].append(e)
        if e.v != e.u:
            at[e.v].append(e)
    return at


def largest_part(edges: list[Edge]) -> list[Edge]:
    """The connected part with the most metres."""
    at, part = incident(edges), {}
    for start in at:
        if start in part:
            continue
        stack = [start]
        while stack:
            node = stack.pop()
            if node in part:
                continue
            part[node] = start
            stack.extend(e.other(node) for e in at[node])
    metres: Counter[int] = Counter()
    for e in edges:
        metres[part[e.u]] += round(e.length_m)
    best = metres.most_common(1)[0][0]
    return [e for e in edges if part[e.u] == best]


def drop_stubs(edges: list[Edge]) -> list[Edge]:
    """Without dead ends so short that nobody would call them a street."""
    at = incident(edges)
    return [e for e in edges if e.length_m >= SHORTEST_STUB_M or (len(at[e.u]) > 1 and len(at[e.v]) > 1)]


def join_pairs(edges: list[Edge]) -> list[Edge]:
    """Joins two streets of one class that meet where nothing else does: a street runs between junctions."""
    by_id = {e.id: e for e in edges}
    at = {node: {e.id for e in here} for node, here in incident(edges).items()}
    for node in list(at):
        if len(at[node]) != 2:
            continue
        a, b = (by_id[i] for i in sorted(at[node]))
        if a.highway != b.highway or a.u == a.v or b.u == b.v:
            continue
        coords = a.from_node(a.other(node)) + b.from_node(node)[1:]
        joined = Edge(a.id, a.other(node), b.other(node), a.highway, LineString(coords))
        del by_id[b.id]
        by_id[a.id] = joined
        at[b.other(node)].discard(b.id)
        at[b.other(node)].add(a.id)
        del at[node]
    return sorted(by_id.values(), key=lambda e: e.id)


class Graph:
    """Shortest walks on the streets; what was walked before costs more, so that a round is a round."""

    def __init__(self, edges: list[Edge]) -> None:
        self.edges = {e.id: e for e in edges}
        self.at = incident(edges)
        self.place = {e.u: e.line.coords[0] for e in edges} | {e.v: e.line.coords[-1] for e in edges}

    def nearest(self, x: float, y: float, least_degree: int = 1) -> int:
        nodes = [n for n in self.place if len(self.at[n]) >= least_degree]
        xy = np.array([self.place[n] for n in nodes])
        return nodes[int(np.argmin(np.hypot(xy[:, 0] - x, xy[:, 1] - y)))]

    def walk(self, start: int, goal: int, used: Counter[int], dear: set[int]) -> list[tuple[int, int]]:
        """The cheapest walk as (edge id, node it is left by); edges in `dear` are never taken."""
        best: dict[int, float] = {start: 0.0}
        came: dict[int, tuple[int, int]] = {}
        heap = [(0.0, start)]
        while heap:
            cost, node = heapq.heappop(heap)
            if node == goal:
                break
            if cost > best[node]:
                continue
            for e in self.at[node]:
                if e.id in dear:
                    continue
                total = cost + e.length_m * (1 + 4 * used[e.id])
                after = e.other(node)
                if total < best.get(after, float("inf")):
                    best[after] = total
                    came[after] = (e.id, node)
                    heapq.heappush(heap, (total, after))
        steps = []
        node = goal
        while node != start:
            edge_id, before = came[node]
            steps.append((edge_id, node))
            node = before
        return steps[::-1]

    def line(self, start: int, steps: list[tuple[int, int]]) -> LineString:
        coords = [self.place[start]]
        node = start
        for edge_id, after in steps:
            coords += self.edges[edge_id].from_node(node)[1:]
            node = after
        return LineString(coords)
