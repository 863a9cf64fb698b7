"""What shifts did and when hotspots were attended, as plain facts of a period; measures are made of them.

Each answers only for shifts and hotspots of the given areas. No fact names a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, cast, exists, func, or_, select
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range

from app.areas.models import Area
from app.checkins.models import Checkin
from app.coverage.models import PlacePresence, RoutePresence
from app.coverage.queries import STANDS, Period, in_areas
from app.coverage.rules import Grade, RiskWindow
from app.db import db
from app.duty.models import Assignment, Duty, Shift
from app.hotspots.models import Hotspot
from app.hotspots.models import RiskWindow as Window
from app.routes.models import Checkpoint, RouteVersion
from app.teams.models import TeamArea
from app.teams.scope import Criterion, within

VERDICT = func.coalesce(Checkin.review_verdict, Checkin.verdict)
Key = tuple[int, int]


@dataclass
class ShiftFact:
    """A shift that was not cancelled. `grades` is one a duty; `route_share` the crew's, None without its track;
    `planned` how many people; `windowed` (local minute, window from, to) of check-ins at places with a window."""

    township_id: int
    id: int
    team_id: int
    day: date
    starts_at: datetime
    ends_at: datetime
    route_id: int | None
    route_m: float
    grades: list[Grade] = field(default_factory=list)
    planned: int = 0
    member_s: int = 0
    track_m: float = 0.0
    near_m: float = 0.0
    route_share: float | None = None
    required: frozenset[int] = frozenset()
    counted_ids: frozenset[int] = frozenset()
    checkins: dict[str, int] = field(default_factory=dict)
    windowed: list[tuple[float, int, int]] = field(default_factory=list)

    @property
    def planned_h(self) -> float:
        return self.planned * ((self.ends_at - self.starts_at) / timedelta(hours=1))

    @property
    def crew(self) -> int:
        return len(self.grades)

    @property
    def by_phone(self) -> bool:
        """Somebody of the crew had a phone, so that check-ins could be made at all."""
        return any(grade != "declared" for grade in self.grades)


def shifts_of(which: Criterion, period: Period, tracks_kept_from: date) -> list[ShiftFact]:
    """The planned shifts of the period with what their crews did; a cancelled one only where somebody was on it.

    Where tracks are gone (days before `tracks_kept_from`), so is route completion.
    """
    on_it = exists().where(Duty.township_id == Shift.township_id, Duty.shift_id == Shift.id, STANDS)
    rows = db.session.execute(
        select(Shift, RouteVersion.route_id, RouteVersion.length_m)
        .outerjoin(RouteVersion, RouteVersion.id == Shift.route_version_id)
        .where(
            which, or_(Shift.status == "planned", on_it), Shift.day.between(period.first, period.last),
        )
        .order_by(Shift.starts_at, Shift.id)
    )  # fmt: skip
    facts: dict[Key, ShiftFact] = {}
    versions: dict[Key, int] = {}
    for shift, route_id, length_m in rows:
        key = (shift.township_id, shift.id)
        facts[key] = ShiftFact(
            *key, shift.team_id, shift.day, shift.starts_at, shift.ends_at, route_id, length_m or 0.0
        )
        if shift.route_version_id:
            versions[key] = shift.route_version_id
    _add_planned(facts, which, period)
    _add_checkins(facts, which, period)
    _add_windowed(facts, which, period)
    _add_duties(facts, which, period)
    _add_routes(facts, versions, which, period, tracks_kept_from)
    return list(facts.values())


def shifts_in(ids: frozenset[int]) -> Criterion:
    """Shifts of whole townships among the areas, or of teams that look after one of them."""
    looking_after = select(TeamArea.team_id).where(within(TeamArea.area_id, ids))
    return or_(within(Shift.township_id, ids), Shift.team_id.in_(looking_after))


def shifts_on_route(route_id: int) -> Criterion:
    return Shift.route_version_id.in_(select(RouteVersion.id).where(RouteVersion.route_id == route_id))


def _of_shift(which: Criterion) -> Criterion:
    """The same shifts, for statements that start from duties."""
    shift = and_(Shift.township_id == Duty.township_id, Shift.id == Duty.shift_id)
    return exists().where(shift, which)


def _add_planned(facts: dict[Key, ShiftFact], which: Criterion, period: Period) -> None:
    rows = db.session.execute(
        select(Assignment.township_id, Assignment.shift_id, func.count())
        .join(Shift, and_(Shift.township_id == Assignment.township_id, Shift.id == Assignment.shift_id))
        .where(which, Assignment.active, Shift.day.between(period.first, period.last))
        .group_by(Assignment.township_id, Assignment.shift_id)
    )
    for township_id, shift_id, people in rows:
        fact = facts.get((township_id, shift_id))
        if fact is not None:
            fact.planned = people


def _add_windowed(facts: dict[Key, ShiftFact], which: Criterion, period: Period) -> None:
    """Check-ins that count, at checkpoints with a window; to be out of it is a flag, not a refusal."""
    rows = db.session.execute(
        select(
            Duty.township_id, Duty.shift_id, Checkin.effective_at, Area.time_zone, Checkpoint.window_from_min,
            Checkpoint.window_to_min,
        )
        .join(Checkin, and_(Checkin.township_id == Duty.township_id, Checkin.duty_id == Duty.id))
        .join(Checkpoint, Checkpoint.id == Checkin.checkpoint_id)
        .join(Area, Area.id == Duty.township_id)
        .where(
            _of_shift(which), Duty.day.between(period.first, period.last),
            Checkpoint.window_from_min.is_not(None), Checkpoint.window_to_min.is_not(None),
            VERDICT == "counted", STANDS,
        )
    )  # fmt: skip
    for township_id, shift_id, at, zone, from_min, to_min in rows:
        fact = facts.get((township_id, shift_id))
        if fact is not None:
            fact.windowed.append((_minute(at, zone), from_min, to_min))


def _minute(at: datetime, zone: str) -> float:
    local = at.astimezone(ZoneInfo(zone))
    return local.hour * 60 + local.minute + local.second / 60


def _add_duties(facts: dict[Key, ShiftFact], which: Criterion, period: Period) -> None:
    rows = db.session.execute(
        select(
            Duty.township_id, Duty.shift_id, Duty.worked_s, Duty.track_m, Duty.near_m, Duty.fixes,
            Duty.entered_by.is_not(None).label("declared"), has_pair().label("pair"),
        ).where(
            _of_shift(which), Duty.day.between(period.first, period.last), Duty.started_at.is_not(None), STANDS
        )
    )  # fmt: skip
    for row in rows:
        fact = facts.get((row.township_id, row.shift_id))
        if fact is None:
            continue
        fact.grades.append(grade_of(row.declared, row.fixes, row.pair))
        fact.member_s += row.worked_s
        fact.track_m += row.track_m
        fact.near_m += row.near_m


def has_pair() -> Criterion:
    """The duty left a pair of check-ins somewhere."""
    return exists().where(
        PlacePresence.township_id == Duty.township_id,
        PlacePresence.duty_id == Duty.id,
        PlacePresence.grade == "pair",
    )


def grade_of(declared: bool, fixes: int, pair: bool) -> Grade:
    """What a duty rests on: its track, a pair of check-ins, single taps of the phone, or the leader's word."""
    if declared:
        return "declared"
    if fixes:
        return "track"
    return "pair" if pair else "single"


def _add_checkins(facts: dict[Key, ShiftFact], which: Criterion, period: Period) -> None:
    counted = VERDICT == "counted"
    rows = db.session.execute(
        select(
            Duty.township_id, Duty.shift_id, func.count().filter(counted).label("counted"),
            func.count().filter(VERDICT == "held").label("held"),
            func.count().filter(VERDICT == "not_counted").label("not_counted"),
            func.array_agg(Checkin.checkpoint_id.distinct()).filter(counted).label("ids"),
        )
        .join(Checkin, and_(Checkin.township_id == Duty.township_id, Checkin.duty_id == Duty.id))
        .where(_of_shift(which), Duty.day.between(period.first, period.last), STANDS)
        .group_by(Duty.township_id, Duty.shift_id)
    )  # fmt: skip
    for row in rows:
        fact = facts.get((row.township_id, row.shift_id))
        if fact is not None:
            fact.counted_ids = frozenset(i for i in row.ids or () if i is not None)
            fact.checkins = {"counted": row.counted, "held": row.held, "not_counted": row.not_counted}


def _add_routes(
    facts: dict[Key, ShiftFact], versions: dict[Key, int], which: Criterion, period: Period, kept_from: date
) -> None:
    required = required_checkpoints(set(versions.values()))
    shares = route_shares(_of_shift(which), period)
    for key, version in versions.items():
        fact = facts[key]
        fact.required = required.get(version, frozenset())
        walked = "track" in fact.grades and fact.day >= kept_from
        fact.route_share = shares.get(key, 0.0 if walked else None)


def route_shares(shift_keys: Criterion, period: Period) -> dict[tuple[int, int], float]:
    """(township, shift) → share of the route version that the crew covered together."""
    covered = func.bit_count(func.bit_or(RoutePresence.bits))
    rows = db.session.execute(
        select(Duty.township_id, Duty.shift_id, covered, RouteVersion.n_pieces)
        .join(Duty, and_(Duty.township_id == RoutePresence.township_id, Duty.id == RoutePresence.duty_id))
        .join(RouteVersion, RouteVersion.id == RoutePresence.route_version_id)
        .where(shift_keys, Duty.day.between(period.first, period.last), STANDS)
        .group_by(Duty.township_id, Duty.shift_id, RouteVersion.id)
    )
    return {(row[0], row[1]): row[2] / row[3] for row in rows}


def shares_of_routes(route_ids: Collection[int], period: Period) -> list[tuple[int, float]]:
    """(route, share covered) for each shift of the period that has presence on a version of the route."""
    covered = func.bit_count(func.bit_or(RoutePresence.bits))
    rows = db.session.execute(
        select(RouteVersion.route_id, covered, RouteVersion.n_pieces)
        .join(Duty, and_(Duty.township_id == RoutePresence.township_id, Duty.id == RoutePresence.duty_id))
        .join(RouteVersion, RouteVersion.id == RoutePresence.route_version_id)
        .where(RouteVersion.route_id.in_(route_ids), Duty.day.between(period.first, period.last), STANDS)
        .group_by(Duty.township_id, Duty.shift_id, RouteVersion.id)
    )
    return [(row[0], row[1] / row[2]) for row in rows]


def required_checkpoints(version_ids: Collection[int]) -> dict[int, frozenset[int]]:
    rows = db.session.execute(
        select(Checkpoint.route_version_id, func.array_agg(Checkpoint.id))
        .where(Checkpoint.route_version_id.in_(version_ids), Checkpoint.required)
        .group_by(Checkpoint.route_version_id)
    )
    return {row[0]: frozenset(row[1]) for row in rows}


def areas_of_teams(township_ids: Collection[int]) -> dict[int, set[int]]:
    """area → teams that look after it."""
    rows = db.session.execute(
        select(TeamArea.area_id, TeamArea.team_id)
        .join(Area, Area.id == TeamArea.area_id)
        .where(or_(Area.township_id.in_(township_ids), Area.id.in_(township_ids)))
    )
    found: dict[int, set[int]] = defaultdict(set)
    for area_id, team_id in rows:
        found[area_id].add(team_id)
    return found


# --- hotspots ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class HotspotFact:
    id: int
    township_id: int
    village_id: int | None
    name: str
    category: str
    zone: str
    valid_from: date
    valid_to: date | None
    windows: tuple[RiskWindow, ...]


@dataclass(frozen=True)
class Stay:
    """Somebody's observed presence at a hotspot; `single` is an instant."""

    hotspot_id: int
    shift: Key
    team_id: int
    grade: Grade
    start: datetime
    end: datetime


def hotspots_of(which: Criterion, period: Period) -> list[HotspotFact]:
    """Approved hotspots in force at any time of the period."""
    rows = db.session.execute(
        select(Hotspot, Area.time_zone)
        .join(Area, Area.id == Hotspot.township_id)
        .where(
            which, Hotspot.approved_by.is_not(None), Hotspot.valid_from <= period.last,
            or_(Hotspot.valid_to.is_(None), Hotspot.valid_to >= period.first),
        )
        .order_by(Hotspot.name, Hotspot.id)
    ).all()  # fmt: skip
    windows = _windows_of([h.id for h, _ in rows])
    return [
        HotspotFact(
            h.id,
            h.township_id,
            h.village_id,
            h.name,
            h.category,
            zone,
            h.valid_from,
            h.valid_to,
            tuple(windows[h.id]),
        )
        for h, zone in rows
    ]


def hotspots_within(ids: frozenset[int]) -> Criterion:
    return in_areas(ids, Hotspot.township_id, Hotspot.village_id)


def _windows_of(hotspot_ids: Sequence[int]) -> dict[int, list[RiskWindow]]:
    found: dict[int, list[RiskWindow]] = defaultdict(list)
    rows = db.session.scalars(
        select(Window).where(Window.hotspot_id.in_(hotspot_ids)).order_by(Window.from_min)
    )
    for row in rows:
        # Stored past 1440 where it runs over midnight; the rule reads an end that is not after the start so.
        found[row.hotspot_id].append(
            RiskWindow(row.weekday, row.from_min, clock_minute(row.from_min, row.to_min))
        )
    return found


def clock_minute(from_min: int, to_min: int) -> int:
    """The end of a window as the rules take it: `to_min` <= `from_min` means the next day."""
    return to_min if to_min <= 1440 else to_min - 1440


def stays_at(hotspots: Sequence[HotspotFact], start: datetime, end: datetime) -> list[Stay]:
    """Observed stays that touch the span, tracks and pairs, and counted check-ins as instants."""
    if not hotspots:
        return []
    ids, townships = [h.id for h in hotspots], {h.township_id for h in hotspots}
    return [*_ranges_at(ids, townships, start, end), *_instants_at(ids, townships, start, end)]


def _ranges_at(ids: Sequence[int], townships: set[int], start: datetime, end: datetime) -> Iterable[Stay]:
    during = func.unnest(PlacePresence.during).label("during")
    rows: Any = (
        select(PlacePresence.place_id, PlacePresence.grade, Duty.township_id, Duty.shift_id, Duty.team_id, during)
        .join(Duty, and_(Duty.township_id == PlacePresence.township_id, Duty.id == PlacePresence.duty_id))
        .where(
            PlacePresence.township_id.in_(townships), PlacePresence.place_kind == "hotspot",
            PlacePresence.place_id.in_(ids), PlacePresence.during.op("&&")(cast(Range(start, end), TSTZRANGE)),
            Duty.day.between(start.date() - timedelta(days=2), end.date() + timedelta(days=1)), STANDS,
        )
    ).subquery()  # fmt: skip
    c = rows.c
    found = db.session.execute(
        select(
            c.place_id,
            c.township_id,
            c.shift_id,
            c.team_id,
            c.grade,
            func.lower(c.during),
            func.upper(c.during),
        )
    )
    return (Stay(r[0], (r[1], r[2]), r[3], r[4], r[5], r[6]) for r in found)


def _instants_at(ids: Sequence[int], townships: set[int], start: datetime, end: datetime) -> Iterable[Stay]:
    found = db.session.execute(
        select(Checkin.hotspot_id, Duty.township_id, Duty.shift_id, Duty.team_id, Checkin.effective_at)
        .join(Duty, and_(Duty.township_id == Checkin.township_id, Duty.id == Checkin.duty_id))
        .where(
            Checkin.township_id.in_(townships), Checkin.hotspot_id.in_(ids), VERDICT == "counted",
            Checkin.effective_at.between(start, end),
            Duty.day.between(start.date() - timedelta(days=2), end.date() + timedelta(days=1)), STANDS,
        )
    )  # fmt: skip
    return (Stay(r[0], (r[1], r[2]), r[3], "single", r[4], r[4]) for r in found)
