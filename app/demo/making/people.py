"""Invented people, teams and figures of the demo. Any likeness is chance."""

from __future__ import annotations

import random

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
)
GIVEN = (
    "建国 桂英 秀兰 志强 丽华 国庆 玉梅 海燕 春生 小红 文斌 雪梅 永福 淑珍 立新 晓东 爱民 金凤 卫东 美玲 "
    "和平 银花 长青 冬梅 继红 福生 彩霞 正明 桂芳 天佑 素云 家兴 玉兰 大勇 月娥 新民 凤英 世杰 红霞 德贵"
).split()

# Sum 32,000; the small ones come out below two full-time members and share a team.
POPULATIONS = [4200, 3600, 3100, 2900, 2600, 2400, 2200, 2000, 1800, 1600, 1400, 1200, 1000, 800, 700, 500]
HOUSEHOLDS = 11_400
OTHER_POPULATIONS = [2600, 1900, 1100, 800]
OTHER_HOUSEHOLDS = 2_300
FULL_TIME_PER_MILLE = 1.5


def names(count: int, rng: random.Random, taken: set[str]) -> list[str]:
    """`count` different names, none of them in `taken` (which grows)."""
    found = []
    while len(found) < count:
        name = rng.choice(SURNAMES) + rng.choice(GIVEN)
        if name not in taken:
            taken.add(name)
            found.append(name)
    return found


def share(total: int, weights: list[float]) -> list[int]:
    """Whole parts of `total` by largest remainder; ties by the larger weight, then the earlier."""
    exact = [total * w / sum(weights) for w in weights]
    parts = [int(x) for x in exact]
    order = sorted(range(len(weights)), key=lambda i: (-(exact[i] - parts[i]), -weights[i], i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts


def joint_teams(targets: list[int], touching: list[set[int]], populations: list[int]) -> list[list[int]]:
    """Villages by team: one with a target below two joins its smallest neighbour that can carry a team."""
    teams = {v: [v] for v, t in enumerate(targets) if t >= 2}
    for village in (v for v, t in enumerate(targets) if t < 2):
        near = [n for n in touching[village] if n in teams] or list(teams)
        home = min(near, key=lambda n: (len(teams[n]), populations[n], n))
        teams[home].append(village)
    return [sorted(members) for _, members in sorted(teams.items())]
