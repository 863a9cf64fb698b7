"""Where a team's crew begins, and which visits the routes of other crews plan in the same hours. Places and minutes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from app.coverage.rules import Policy, Range
from app.planning import queries, rules
from app.planning.queries import Pass
from app.planning.rules import MINUTE, Minutes
from app.teams.models import Team

WEEKS_BACK = 8


@dataclass(frozen=True)
class Start:
    """`kind`: the first checkpoint of a route, the beginning of its line, or the middle of areas; `ids` are theirs.
    `why`: the team's shift in these hours walks that route (`shift`), the team has it most of late, in `n` shifts
    (`usual`), it is the team's but was not walked of late (`route`), or the team has no route (`areas`)."""

    kind: Literal["checkpoint", "route", "areas"]
    ids: tuple[int, ...]
    why: Literal["shift", "usual", "route", "areas"]
    n: int = 0


def start_of(team: Team, start: datetime, end: datetime, today: date) -> Start:
    """Of a crew of this team in these hours."""
    version_id = queries.route_at(team, start, end)
    if version_id is not None:
        return _on_route(version_id, "shift")
    usual = queries.usual_route(team, today - timedelta(days=7 * WEEKS_BACK - 1), today)
    if usual is not None:
        version_id, n = usual
        return _on_route(version_id, "usual" if n else "route", n)
    return Start("areas", tuple(queries.areas_of(team)), "areas")


def _on_route(version_id: int, why: Literal["shift", "usual", "route"], n: int = 0) -> Start:
    point_id = queries.first_checkpoint(version_id)
    if point_id is None:
        return Start("route", (version_id,), why, n)
    return Start("checkpoint", (point_id,), why, n)


def ways_from(start: Start, hotspot_ids: Collection[int], policy: Policy) -> dict[int, Minutes]:
    """On foot to each hotspot; always an estimate, since crews patrol on the way and nothing measures it alone."""
    metres = queries.metres_from(start.kind, start.ids, hotspot_ids)
    return {hotspot_id: rules.estimated_way(metre, policy) for hotspot_id, metre in metres.items()}


# --- what other crews plan ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Given:
    """A visit that another crew plans. `beat`: proposed to begin at the first instant; `route`: its shift's route has
    a checkpoint in the hotspot, to be passed at any time between the two."""

    hotspot_id: int
    start: datetime
    end: datetime
    by: Literal["beat", "route"]


def passes_of_others(
    team: Team, hotspot_ids: Collection[int], start: datetime, end: datetime, zone: str
) -> list[Given]:
    """One visit to a hotspot for each shift, however many checkpoints lie in it."""
    spans: dict[tuple[int, int], list[Range]] = defaultdict(list)
    for one in queries.passes_at(team, hotspot_ids, start, end):
        spans[one.shift_id, one.hotspot_id] += _when(one, zone)
    return [
        Given(hotspot_id, min(first for first, _ in own), max(last for _, last in own), "route")
        for (_, hotspot_id), own in spans.items()
        if own
    ]


def _when(one: Pass, zone: str) -> list[Range]:
    """The checkpoint's hours as far as the shift has them; the whole shift where it has none of its own."""
    if one.from_min is None or one.to_min is None:
        return [(one.starts_at, one.ends_at)]
    length = (one.to_min - one.from_min) % 1440 or 1440
    found = []
    for day in (one.day - timedelta(days=1), one.day, one.day + timedelta(days=1)):
        first = datetime.combine(day, time(), ZoneInfo(zone)) + one.from_min * MINUTE
        start, end = max(first, one.starts_at), min(first + length * MINUTE, one.ends_at)
        if start < end:
            found.append((start, end))
    return found


def slot_of(slots: Sequence[Range], one: Given, stay_min: float) -> int | None:
    """Which slot of the hotspot (by position) a visit fills: a beat's the one in which it begins, a route's the one
    with which its hours share most, if a visit finds room there."""
    if one.by == "beat":
        return next((n for n, (start, end) in enumerate(slots) if start <= one.start < end), None)
    n = max(range(len(slots)), key=lambda n: _shared_min(slots[n], one), default=None)
    return n if n is not None and _shared_min(slots[n], one) >= stay_min else None


def _shared_min(slot: Range, one: Given) -> float:
    return max(0.0, (min(slot[1], one.end) - max(slot[0], one.start)) / MINUTE)


def by_hotspot(given: Sequence[Given]) -> Mapping[int, list[Given]]:
    found: dict[int, list[Given]] = defaultdict(list)
    for one in given:
        found[one.hotspot_id].append(one)
    return found
