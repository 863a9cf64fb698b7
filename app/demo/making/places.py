"""Hotspots of the demo: twelve invented places on real junctions, from the closed list of categories."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np
from shapely import LineString, Point, Polygon

from app.demo.making.network import Graph

ALL_WEEK = [0, 1, 2, 3, 4, 5, 6]
SCHOOL_DAYS = [0, 1, 2, 3, 4]


@dataclass(frozen=True)
class Kind:
    """What is invented: words, category and risk windows as (weekdays, from_min, to_min)."""

    name: str
    category: str
    radius_m: float
    weight: str
    windows: tuple[tuple[list[int], int, int], ...]
    evidence: str


FIRST = (
    Kind("老街菜市场", "market", 48, "1.0", ((ALL_WEEK, 960, 1140),), "近12个月8起扒窃、占道警情"),
    Kind(
        "夜市街", "night_economy", 52, "1.5", ((ALL_WEEK, 1140, 1380),), "近12个月14起纠纷警情,多在周末夜间"
    ),
    Kind(
        "实验小学门口",
        "school_gate",
        42,
        "1.0",
        ((SCHOOL_DAYS, 960, 1080),),
        "放学时段交通拥堵,近12个月5起剐蹭",
    ),
    Kind("客运站前广场", "station", 55, "1.5", ((ALL_WEEK, 1080, 1320),), "近12个月11起扒窃警情"),
    Kind("中心广场", "square", 58, "1.0", ((ALL_WEEK, 1140, 1320),), "近12个月6起噪声、走失求助"),
    Kind("望江堤口", "waterside", 60, "1.5", ((ALL_WEEK, 1020, 1260),), "夏季溺水风险,近12个月5起落水求助"),
    Kind("地面停车场", "parking", 45, "1.0", ((ALL_WEEK, 1200, 1440),), "近12个月9起砸窗盗窃"),
    Kind("青枫公园", "park", 60, "1.0", ((ALL_WEEK, 1140, 1320),), "照明不足,近12个月5起警情"),
    Kind("大道北口", "road_danger", 40, "1.0", ((ALL_WEEK, 1020, 1200),), "近12个月7起交通事故"),
    Kind("旧改工地周边", "works", 54, "1.0", ((ALL_WEEK, 1200, 1440),), "近12个月6起建材失窃"),
    Kind("老巷片", "fire_risk", 56, "1.5", ((ALL_WEEK, 1080, 1320),), "巷窄、飞线充电,近12个月5起火情"),
    Kind(
        "电动车停放街", "theft_prone_street", 44, "1.0", ((ALL_WEEK, 1140, 1380),), "近12个月10起电动车失窃"
    ),
)
SECOND = (Kind("渡口码头", "waterside", 50, "1.0", ((ALL_WEEK, 1080, 1260),), "近12个月5起落水求助"),)
LEAST_APART_M = 430.0


def place_hotspots(
    graph: Graph, border: Polygon, kinds: tuple[Kind, ...], banned: set[int], rng: random.Random
) -> list[tuple[Kind, int, Polygon]]:
    """(kind, junction, polygon in metres); junctions of three streets, apart from one another and the border."""
    inner = border.buffer(-110)
    junctions = [
        n
        for n, xy in graph.place.items()
        if len(graph.at[n]) >= 3
        and inner.contains(Point(xy))
        and not any(e.id in banned for e in graph.at[n])
    ]
    junctions.sort()
    rng.shuffle(junctions)
    chosen: list[int] = []
    for node in junctions:
        if len(chosen) < len(kinds) and all(
            math.dist(graph.place[node], graph.place[other]) >= LEAST_APART_M for other in chosen
        ):
            chosen.append(node)
    if len(chosen) < len(kinds):
        raise ValueError("too few junctions that lie apart")
    # The quay lies by the river, which runs along the south-east of both townships.
    quay = next((k for k, kind in enumerate(kinds) if kind.category == "waterside"), 0)
    wet = max(range(len(kinds)), key=lambda k: graph.place[chosen[k]][0] - 0.45 * graph.place[chosen[k]][1])
    chosen[quay], chosen[wet] = chosen[wet], chosen[quay]
    return [
        (kind, node, _outline(graph.place[node], kind.radius_m, rng))
        for kind, node in zip(kinds, chosen, strict=True)
    ]


def _outline(centre: tuple[float, float], radius_m: float, rng: random.Random) -> Polygon:
    """A plot of ten corners, longer than wide and a little uneven; convex enough to be walked through."""
    turn = rng.uniform(0, math.pi)
    corners = []
    for k in range(10):
        angle = 2 * math.pi * k / 10
        r = radius_m * rng.uniform(0.94, 1.06)
        x, y = 1.25 * r * math.cos(angle), 0.9 * r * math.sin(angle)
        corners.append(
            (
                centre[0] + x * math.cos(turn) - y * math.sin(turn),
                centre[1] + x * math.sin(turn) + y * math.cos(turn),
            )
        )
    return Polygon(corners)


def deepest_m(line: LineString, place: Polygon) -> float:
    """The metre of the line farthest inside the place: a few metres of noise cannot throw one out of it there."""
    along = [float(m) for m in np.arange(0.0, line.length, 2.0) if place.contains(line.interpolate(m))]
    return round(max(along, key=lambda m: place.exterior.distance(line.interpolate(m))), 1)
