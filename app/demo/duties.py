"""Which duties the demo has, and what is wrong with some of them. Pure: a day in, outings out; the same every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.demo.walk import Motion, Stop, walk_rounds
from app.demo.world import TIME_ZONE, Route, Team, World

SEED = 20261
DAYS_BACK = 28
FRIDAY = 4
# Nobody walks the streets at the same moments on every day.
FULL_TIME_SLOTS = (time(8, 30), time(15, 30), time(20, 30))


@dataclass(frozen=True)
class Defect:
    """A planted fault: `where` is the key (or street name) of the thing that has it."""

    code: str
    where: str
    says: str


DEFECTS = (
    Defect("no_friday_nights", "qinghe.h02", "周五夜间无人到访"),
    Defect("never_finished", "qinghe.r34", "每次只走前七成"),
    Defect("forgotten_ends", "qinghe.t05.p02", "常忘记点结束"),
    Defect("teleports", "qinghe.t03.p03", "签到点之间快于汽车"),
    Defect("wrong_clock", "qinghe.t07.p01", "手机时钟快5小时"),
    Defect("day_only", "qinghe.t10", "只在白天出勤"),
    Defect("street_never_walked", "qinghe", "此街从未走到"),
    Defect("track_gaps", "qinghe.t04.p01", "中途收不到定位20分钟"),
    Defect("sent_twice", "qinghe.t09.p02", "同一批上传两次"),
    Defect("out_of_range", "qinghe.t01.p03", "离签到点一百多米就签到"),
    Defect("no_tracks", "qinghe.t11", "全队不同意记录轨迹,只用签到"),
    Defect("no_phone", "without_phone", "没有手机,由队长登记"),
)
WHERE = {d.code: d.where for d in DEFECTS}
FAULTY = [d.where for d in DEFECTS if ".p" in d.where]
CLOCK_AHEAD_S = 5 * 3600
REACH = 0.7
CUT_SHORT = 0.15
SILENT_S = (2400.0, 3600.0)


@dataclass(frozen=True)
class Outing:
    """A shift as it was planned and walked. Times are aware UTC; `key` seeds everything random about it."""

    key: str
    day: date
    team: str
    route: str
    starts_at: datetime
    ends_at: datetime
    crew: tuple[str, ...]
    late_s: int
    walked_s: int

    def rng(self, part: str) -> random.Random:
        return random.Random(f"{SEED}:{self.key}:{part}")

    @property
    def began_at(self) -> datetime:
        return self.starts_at + timedelta(seconds=self.late_s)

    @property
    def ended_at(self) -> datetime:
        return self.began_at + timedelta(seconds=self.walked_s)


def outings(world: World, first: date, last: date) -> Iterator[Outing]:
    """Every outing of the days first..last (local), in order of day and team."""
    day = first
    while day <= last:
        for n, team in enumerate(world.teams.values()):
            for k, begins in enumerate(_slots(n, team, day)):
                yield _outing(world, team, day, k, begins)
        day += timedelta(days=1)


def _slots(n: int, team: Team, day: date) -> tuple[time, ...]:
    if team.key == "qinghe.t00":
        # The afternoon round only where the week is busiest.
        return FULL_TIME_SLOTS if day.weekday() in (4, 5) else (FULL_TIME_SLOTS[0], FULL_TIME_SLOTS[2])
    if day.weekday() not in _weekdays(n, team):
        return ()
    if team.key == WHERE["day_only"]:
        return (time(14, 0),)
    # Weekend nights are walked late, by those who opted in.
    late = day.weekday() in (4, 5) and n % 3 == 0
    return (time(21, 0),) if late else (time(19, 0),)


def _weekdays(n: int, team: Team) -> set[int]:
    if team.key.startswith("qinghe.t03"):
        return {0, 2, FRIDAY, 5}
    return {n % 7, (n + 3) % 7}


def _outing(world: World, team: Team, day: date, k: int, begins: time) -> Outing:
    key = f"{day.isoformat()}/{team.key}/{k}"
    rng = random.Random(f"{SEED}:{key}:plan")
    starts = datetime.combine(day, begins, ZoneInfo(TIME_ZONE)).astimezone(UTC)
    minutes = 150 if begins.hour == 21 else 120
    return Outing(
        key=key, day=day, team=team.key, route=_route(world, team, day, k, begins).key,
        starts_at=starts, ends_at=starts + timedelta(minutes=minutes), crew=_crew(team, day, k),
        late_s=rng.choice((-240, -90, 0, 60, 150, 300, 420, 1080)),
        walked_s=minutes * 60 - rng.randint(0, 600),
    )  # fmt: skip


def _route(world: World, team: Team, day: date, k: int, begins: time) -> Route:
    routes = world.routes_of(team.key)
    if day.weekday() == FRIDAY and begins.hour >= 18:
        calm = [r for r in routes if WHERE["no_friday_nights"] not in dict(r.hotspots)]
        routes = calm or routes
    return routes[(day.toordinal() * (3 if k or len(routes) > 4 else 1) + k) % len(routes)]


def _crew(team: Team, day: date, k: int) -> tuple[str, ...]:
    """Two at a time, in turn through the team; the first has a phone that records the way.

    Whoever has a planted fault goes on every second day of the team, so that the fault can be seen.
    """
    n = len(team.members)
    turn = day.toordinal() * 5 + k * 7
    pair = [team.members[turn % n], team.members[(turn + 1 + (turn // n) % (n - 1)) % n]]
    faulty = next((p for p in FAULTY if p in team.members and day.toordinal() % 2), None)
    if faulty and faulty not in pair:
        pair[1] = faulty
    pair.sort(key=lambda p: (p in team.without_phone or p == WHERE["teleports"], p != faulty))
    if pair[0] in team.without_phone:
        pair[0] = next(p for p in team.members if p not in team.without_phone)
    return tuple(pair)


def motion_of(world: World, outing: Outing) -> Motion:
    """The true walk of an outing's crew (they walk together)."""
    route, rng = world.routes[outing.route], outing.rng("walk")
    reach = 1.0
    if route.key == WHERE["never_finished"]:
        reach = REACH
    elif rng.random() < CUT_SHORT:
        # Rain, a call, sore feet: no fault, and every town's figures have it.
        reach = rng.uniform(0.55, 0.9)
    rounds = [_stops(route, rng, first=True), _stops(route, rng, first=False)]
    return walk_rounds(route.xy, rounds, outing.walked_s, rng, reach)


def _stops(route: Route, rng: random.Random, first: bool) -> list[Stop]:
    """A minute at each checkpoint; ten to sixteen at a hotspot, on later rounds sometimes only a look."""
    stops = [Stop(c.at_m, rng.randint(30, 75), f"c{c.seq}") for c in route.checkpoints]
    for key, at_m in route.hotspots:
        seconds = rng.randint(640, 980) if first or rng.random() < 0.6 else rng.randint(240, 480)
        stops.append(Stop(at_m, seconds, key))
    return stops
