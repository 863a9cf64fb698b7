"""Invented street names: the source has none. The same streets always get the same names."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace

from shapely import MultiLineString, unary_union

from app.demo.making.network import Edge, incident

STRAIGHT_DEG = 35.0
WORD = {
    "primary": "大道",
    "secondary": "路",
    "tertiary": "路",
    "residential": "街",
    "unclassified": "街",
    "living_street": "巷",
    "pedestrian": "步行街",
}
STEMS = (
    "清禾 文昌 永宁 长安 迎春 安澜 望江 稻香 景云 和顺 丰乐 瑞祥 明德 朝晖 青枫 桂园 书院 仓前 渔光 竹溪 "
    "同庆 万寿 春和 泰安 松鹤 石桥 柳荫 荷塘 梅岭 兰亭 云锦 星河 晴川 白鹭 银杏 玉带 金谷 德胜 仁和 义安 "
    "礼贤 智远 信义 福临 禄源 康宁 宝善 乐业 安居 尚学 崇文 尊贤 思源 致和 博雅 静安 新禾 东禾 西禾 南禾 "
    "北禾 前进 团圆 采莲 听涛 观澜 临水 依江 望月 揽星 沁芳 含翠 漱玉 流霞 飞虹 落雁 鸣泉 栖霞 映雪 凌云"
).split()
OTHER_STEMS = (
    "云渡 渡口 帆影 橹声 苇岸 沙洲 月塘 晓渡 江枫 鸥鹭 潮生 锚地 船坞 泊云 远帆 浅滩 芦花 归舟 星渡 晚汀"
).split()
NUMBERS = "一二三四五六七八九"


def number(n: int) -> str:
    """1 → 一, 12 → 十二, 20 → 二十 (up to 99)."""
    tens, ones = divmod(n, 10)
    word = "" if not tens else ("十" if tens == 1 else NUMBERS[tens - 1] + "十")
    return word + (NUMBERS[ones - 1] if ones else "")


def name_streets(edges: list[Edge], stems: list[str]) -> list[Edge]:
    """Long chains get a name of their own; a short one is numbered after the street it leaves."""
    chains = _parallel_as_one(_chains(edges))
    chains.sort(key=lambda c: (-sum(e.length_m for e in c), c[0].id))
    names: dict[int, str] = {}
    for stem, chain in zip(stems, chains, strict=False):
        kind = max(chain, key=lambda e: e.length_m).highway
        names |= {e.id: stem + WORD[kind] for e in chain}
    _number_the_rest(chains[len(stems) :], edges, names)
    return [replace(e, name=names[e.id]) for e in edges]


def _number_the_rest(chains: list[list[Edge]], edges: list[Edge], names: dict[int, str]) -> None:
    at = incident(edges)
    taken: dict[str, int] = defaultdict(int)
    waiting = chains
    while waiting:
        later = []
        for chain in waiting:
            nodes = {n for e in chain for n in (e.u, e.v)}
            beside = [e for n in sorted(nodes) for e in at[n] if e.id in names]
            if not beside:
                later.append(chain)
                continue
            parent = names[max(beside, key=lambda e: (e.length_m, e.id)).id]
            stem = parent[:2]
            taken[stem] += 1
            suffix = "支路" if chain[0].highway in ("primary", "secondary", "tertiary") else "巷"
            names |= {e.id: f"{stem}{number(taken[stem])}{suffix}" for e in chain}
        if len(later) == len(waiting):
            raise ValueError("streets that touch no named street: the cut is not connected")
        waiting = later


def _bearing(edge: Edge, node: int) -> float:
    coords = edge.from_node(node)
    (x0, y0), (x1, y1) = coords[0], coords[min(1, len(coords) - 1)]
    return math.degrees(math.atan2(y1 - y0, x1 - x0))


def _chains(edges: list[Edge]) -> list[list[Edge]]:
    """Groups of edges of one class that go on straight ahead."""
    parent = {e.id: e.id for e in edges}

    def root(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    for node, here in incident(edges).items():
        pairs = []
        for i, a in enumerate(here):
            for b in here[i + 1 :]:
                if a.highway == b.highway:
                    turn = abs(abs(_bearing(a, node) - _bearing(b, node)) - 180)
                    pairs.append((turn, a.id, b.id))
        gone: set[int] = set()
        for turn, a_id, b_id in sorted(pairs):
            if turn <= STRAIGHT_DEG and not {a_id, b_id} & gone:
                parent[root(a_id)] = root(b_id)
                gone |= {a_id, b_id}
    groups: dict[int, list[Edge]] = defaultdict(list)
    for e in edges:
        groups[root(e.id)].append(e)
    return list(groups.values())


def _parallel_as_one(chains: list[list[Edge]]) -> list[list[Edge]]:
    """The two carriageways of one road carry one name."""
    chains = sorted(chains, key=lambda c: (-sum(e.length_m for e in c), c[0].id))
    out: list[list[Edge]] = []
    shapes: list[MultiLineString] = []
    for chain in chains:
        shape = unary_union([e.line for e in chain])
        wide = chain[0].highway in ("primary", "secondary")
        home = next(
            (
                i
                for i, other in enumerate(shapes)
                if wide
                and out[i][0].highway == chain[0].highway
                and shape.distance(other) < 40
                and shape.intersection(other.buffer(40)).length >= 0.7 * shape.length
            ),
            None,
        )
        if home is None:
            out.append(list(chain))
            shapes.append(shape)
        else:
            out[home] += chain
            shapes[home] = unary_union([shapes[home], shape])
    return out
